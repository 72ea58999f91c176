"""The files of a replan beside those of its run: words, the tables of change, the map, the triggers."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from landfront.report.diff import Diff, diff

if TYPE_CHECKING:
    from landfront.report.replan import Replan

FOLDER = "change"
"""Folder of the comparison in a run."""


def write_files(found: Replan, folder: Path) -> None:
    """Write ``change/`` in one go: words, tables, map, triggers of the new plan."""
    from landfront.report.monitor import monitored_by_study
    from landfront.report.triggers import triggers

    seen = monitored_by_study(found.before)
    names = ("the plan before", "the new plan")
    with TemporaryDirectory(prefix=".outputs-", dir=folder) as scratch:
        place = Path(scratch) / FOLDER
        write_diff(diff(found.before, found.plan, names=names), place)
        (place / "replan.txt").write_text(str(found) + "\n", encoding="utf-8")
        found.before.limits().to_csv(place / "limits_before.csv", index=False)
        triggers(found.plan).to_frame().to_csv(place / "triggers.csv", index=False)
        if seen is not None:
            seen.rows.to_csv(place / "monitoring.csv", index=False)
        place.replace(folder / FOLDER)


def write_diff(found: Diff, folder: Path) -> None:
    """Write a difference: words, tables by transition, parcel, region, criterion and limit, and the map."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "diff.txt").write_text(str(found) + "\n", encoding="utf-8")
    found.transitions().to_csv(folder / "transitions.csv", index=False)
    found.matrix.to_csv(folder / "matrix.csv")
    found.by_parcel.to_parquet(folder / "parcels.parquet", index=False)
    found.criteria().to_csv(folder / "criteria.csv", index=False)
    found.limits().to_csv(folder / "limits.csv", index=False)
    own = found.first.formulation.landscape.levels
    for level in found.second.formulation.landscape.levels:
        if level in own:
            found.by_region(level).to_csv(folder / f"by_{level}.csv", index=False)
    if found.second.formulation.landscape.geometry is not None:
        from landfront.report.diff_map import write_diff_map

        write_diff_map(found, folder)
