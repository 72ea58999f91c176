"""The tables of a cascade, and the folder that they are written to."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from landfront.report.folder import new_folder

if TYPE_CHECKING:
    from landfront.report.cascade import Cascade, Split

AGAINST = "_against_least_cost"


def splits_table(found: Cascade) -> pd.DataFrame:
    """One row per split: what it costs, what is proven of that, and the change of every criterion.

    ``largest_burden`` is the largest cost per unit of reference of any region, ``burden_gap`` the proven gap
    to the smallest that can be (summed over outer regions). ``bound`` is the proven least change of the cost.
    """
    return pd.DataFrame([_split_row(found, split) for split in found.splits])


def _split_row(found: Cascade, split: Split) -> dict[str, object]:
    minimise, setting = found.asked.minimise, found.setting
    base = float(setting.program.offsets[setting.index(minimise)])
    cost = float(split.changes[minimise].sum())
    least = float(found.split("least_cost", split.level.name).changes[minimise].sum())
    burden = found.burden(split)
    return {
        "split": split.rule,
        "level": split.level.name,
        "cost": cost,
        "bound": split.point.bound - base,
        "gap": split.point.gap,
        "termination": split.point.termination,
        "extra_cost": cost - least,
        "largest_burden": float(np.nanmax(burden)) if np.isfinite(burden).any() else float("nan"),
        "burden_gap": split.burden_gap,
        "feasible": split.feasible,
        "shortfall": float(split.shortfall.sum()),
        "short_regions": int(np.count_nonzero(split.shortfall)),
        **{f"change_{name}": float(change.sum()) for name, change in split.changes.items()},
    }


def regions_table(found: Cascade) -> pd.DataFrame:
    """One row per split and region.

    ``target``, ``achieved``, ``reach`` (alone, under the region's own limits) and ``shortfall`` are gains in
    the criterion's unit; ``price`` is what one unit more of the target would cost; ``change_...`` is the
    change of a criterion, and ``..._against_least_cost`` what it is more than in the least-cost split.
    """
    return pd.concat([_regions(found, split) for split in found.splits], ignore_index=True)


def _regions(found: Cascade, split: Split) -> pd.DataFrame:
    level, asked = split.level, found.asked
    place = found.levels.index(level)
    outer = found.levels[place - 1]
    least = found.split("least_cost", level.name)
    changes = {f"change_{name}": change for name, change in split.changes.items()}
    apart = {
        f"change_{name}{AGAINST}": change - least.changes[name] for name, change in split.changes.items()
    }
    return pd.DataFrame(
        {
            "split": split.rule,
            "level": level.name,
            "region": level.regions,
            "outer": [outer.regions[parent] for parent in level.parent],
            "target": split.targets,
            "achieved": found.setting.sign * split.changes[asked.criterion],
            "reach": found.reach[place],
            "shortfall": split.shortfall,
            "cost": split.changes[asked.minimise],
            "reference": found.reference[place],
            "burden": found.burden(split),
            "price": _prices(found, split),
            **changes,
            **apart,
        }
    )


def _prices(found: Cascade, split: Split) -> NDArray[np.float64]:
    """What one unit more of a target would cost: of the region's own, its outer one's, or the nation's."""
    prices = np.asarray(split.point.row_prices, dtype=np.float64)
    own = len(found.setting.program.row_lower)
    asked = prices[own : own + len(split.level)] if split.rule == "pro_rata" else prices[own : own + 1]
    if split.rule == "equity":
        outer = found.levels[found.levels.index(split.level) - 1]
        asked = prices[own : own + len(outer)][split.level.parent]
    return np.broadcast_to(found.setting.sign * asked, len(split.level))


def write_cascade(found: Cascade, folder: Path) -> Path:
    """Write ``splits.csv``, ``regions.csv``, ``supply.csv``, ``summary.txt`` and the figure to a new folder.

    Raises
    ------
    InputError
        If the folder is not new, cannot be written, or the disk is full.
    """
    from landfront.report.canvas import save
    from landfront.report.cascade_figure import cascade_figure
    from landfront.report.cascade_text import as_text
    from landfront.report.style import Labels

    with new_folder(folder):
        splits_table(found).to_csv(folder / "splits.csv", index=False)
        regions_table(found).to_csv(folder / "regions.csv", index=False)
        found.supply.to_csv(folder / "supply.csv", index=False)
        labels = Labels.of_system(found.setting.formulation.study)
        save(cascade_figure(found), folder, "cascade", labels)
        words = [as_text(found), *([labels.warning] if labels.warning else [])]
        (folder / "summary.txt").write_text("\n\n".join(words) + "\n", encoding="utf-8")
    return folder
