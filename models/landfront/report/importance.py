r"""Importance of a parcel: what the best plan loses if the parcel cannot be treated, for all parcels at once.

Formula, for a criterion that is to be maximised, over the plans that meet all limits:

    importance_p = max of the criterion  -  max over the plans that keep parcel p as it is
    forcing_(p,i) = max of the criterion  -  max over the plans that give parcel p the option i

(the replacement cost of K. Cabeza and A. Moilanen, Conservation Biology 20, 2006, 1655-1664). Each is given
as a proven interval; see `landfront.optimizer.forcing`. What is not known of the best plan itself, the gap,
is within each interval.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from landfront.instances.study import Study
from landfront.models.plan import NO_SHARE
from landfront.optimizer.forcing import Forced, force, resolved
from landfront.optimizer.show import table
from landfront.report.quantities import number, quantity
from landfront.report.safeguards import NOTHING
from landfront.report.standing import Asked, Standing, standing_of

if TYPE_CHECKING:
    import pandas as pd

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

SHOWN = 10
"""Parcels that the text names."""

SECONDS = 20.0
"""Longest search for intervals that the passes over all parcels leave wide."""


@dataclass(frozen=True)
class Importance:
    """What the best plan loses without each parcel that it treats.

    Attributes
    ----------
    standing
        The plan.
    forced
        What is proven of every option.
    parcels
        Parcels that the plan treats, as indices, in file order, shape (t,).
    keeps
        Option of each that keeps it as it is, -1 where a lock leaves none, shape (t,).
    """

    standing: Standing
    forced: Forced
    parcels: Ints
    keeps: Ints

    @property
    def least(self) -> Floats:
        """Loss of each parcel at least, in the criterion's unit, shape (t,); infinite where it must be."""
        return np.where(self.keeps >= 0, self.forced.least[self.keeps], np.inf)

    @property
    def most(self) -> Floats:
        """Loss at most; infinite where no plan without the treatment was found."""
        return np.where(self.keeps >= 0, self.forced.most[self.keeps], np.inf)

    @property
    def proven(self) -> bool:
        """Whether the plan is proven within the gap."""
        return self.standing.best.reason == "optimal"

    def to_frame(self) -> pd.DataFrame:
        """``parcel, intervention, area_ha, least, most, unit``, the most important first.

        ``least`` is infinite where there is no plan without the treatment, ``most`` alone where none was
        found.
        """
        import pandas as pd

        formulation = self.standing.formulation
        menu, landscape = formulation.menu, formulation.landscape
        names = np.array(menu.interventions, dtype=object)
        frame = pd.DataFrame(
            {
                "parcel": landscape.ids.take(self.parcels),
                "intervention": names[menu.kind[self._main]],
                "area_ha": landscape.area[self.parcels],
                "least": self.least,
                "most": self.most,
                "unit": self.standing.unit,
            }
        )
        return frame.sort_values(["least", "most"], ascending=False, kind="stable", ignore_index=True)

    @property
    def _main(self) -> Ints:
        """The option that each parcel has most of beside keep."""
        menu, x = self.standing.formulation.menu, self.standing.best.x
        share = np.where(menu.kind > 0, x[: len(menu)], 0.0)
        largest = np.maximum.reduceat(share, menu.starts[:-1])
        at = np.where(share >= largest[menu.parcel], np.arange(len(menu)), len(menu))
        return np.asarray(np.minimum.reduceat(at, menu.starts[:-1])[self.parcels], dtype=np.int64)

    def options_frame(self) -> pd.DataFrame:
        """``parcel, intervention, chosen, least, most``: what forcing each option costs."""
        import pandas as pd

        formulation = self.standing.formulation
        menu, options = formulation.menu, len(formulation.menu)
        return pd.DataFrame(
            {
                "parcel": formulation.landscape.ids.take(menu.parcel),
                "intervention": pd.Categorical.from_codes(menu.kind, pd.Index(menu.interventions)),
                "chosen": self.standing.best.x[:options],
                "least": self.forced.least,
                "most": self.forced.most,
            }
        )

    def to_json(self) -> dict[str, Any]:
        """What ``importance --json`` prints."""
        return {
            "criterion": self.standing.criterion,
            "value": self.standing.value,
            "bound": self.standing.bound,
            "unit": self.standing.unit,
            "termination": self.standing.best.reason,
            "parcels": self.to_frame().to_dict("records"),
        }

    def write(self, folder: str | Path) -> Path:
        """Write ``importance.csv``, ``options.parquet``, ``summary.txt`` and a map to a new folder.

        Raises
        ------
        InputError
            If the folder is not new or cannot be written.
        """
        from landfront.models.plan_write import safe_text
        from landfront.report.choices_figure import importance_map
        from landfront.report.folder import new_folder

        target = Path(folder)
        with new_folder(target):
            safe_text(self.to_frame()).to_csv(target / "importance.csv", index=False, encoding="utf-8-sig")
            self.options_frame().to_parquet(target / "options.parquet", index=False)
            (target / "summary.txt").write_text(f"{self}\n", encoding="utf-8")
            importance_map(self, target)
        return target

    def __str__(self) -> str:
        """Say it in words."""
        return "\n".join([*self._head(), "", *self._counts(), "", *self._first()])

    def _head(self) -> list[str]:
        standing = self.standing
        unit = standing.unit
        kept = f", {' and '.join(standing.beside)} no worse" if standing.beside else ""
        lines = [
            standing.formulation.study.study.title,
            f"What {standing.criterion} loses if a parcel cannot be treated{kept}",
            f"The plan has {quantity(standing.value, unit, digits=6)}; {self._gap()}.",
        ]
        return lines if self.proven else [*lines, f"The search for it ended early ({standing.best.reason})."]

    def _gap(self) -> str:
        best, unit = self.standing.best, self.standing.unit
        if best.gap <= NOTHING * abs(best.value):
            return "proven: none has a better value"
        return (
            f"proven: none has a better value than {quantity(self.standing.bound, unit, digits=6)}. What "
            f"lies between them, {quantity(best.gap, unit)}, is in every interval"
        )

    def _counts(self) -> list[str]:
        least, most, best = self.least, self.most, self.standing.best
        must = int(np.isinf(least).sum())
        lines = [f"{len(least):,} parcels are treated."]
        sure = int((np.isfinite(least) & (least > 0)).sum())
        spare = int((most <= best.gap).sum())
        lines.append(f"{sure:,} of them cost something to leave out, proven.")
        if spare:
            lines.append(f"{spare:,} can be left out at no more than is not known of the best plan.")
        if must:
            lines.append(f"{must:,} must be treated: no plan meets the limits without.")
        open_ = int((np.isinf(most) & np.isfinite(least)).sum())
        if open_:
            lines.append(f"For {open_:,} no plan without the treatment was found: no upper end is known.")
        return lines

    def _first(self) -> list[str]:
        frame = self.to_frame().head(SHOWN)
        names = [
            [str(parcel), str(kind)]
            for parcel, kind in zip(frame["parcel"], frame["intervention"], strict=True)
        ]
        numbers = frame[["area_ha", "least", "most"]].to_numpy(np.float64).tolist()
        rows = [
            [*name, number(area), _end(least), _end(most)]
            for name, (area, least, most) in zip(names, numbers, strict=True)
        ]
        unit = self.standing.unit
        return [table(("parcel", "intervention", "ha", f"least, {unit}", f"most, {unit}"), rows)]


def _end(value: float) -> str:
    return "no plan" if np.isinf(value) else number(value)


def importance(
    study: Study | str | Path,
    *,
    maximise: str | None = None,
    minimise: str | None = None,
    point: int | None = None,
    every: bool = False,
    seconds: float = SECONDS,
    **asked: Any,
) -> Importance:
    """What the best plan loses if a parcel cannot be treated, for all parcels at once.

    Parameters
    ----------
    study
        A study, its folder or file; or a run directory.
    maximise, minimise
        Of a study: the criterion, by default the first one.
    point
        Of a run: position on the front. The other criteria of the front then stay no worse.
    every
        Whether to search for plans with each option of each parcel, too; otherwise these have only what they
        cost at least.
    seconds
        For solving again what passes over all parcels leave wide, the widest intervals first.
    asked
        ``gap``, ``time_limit`` and ``place`` of `standing.Asked`.

    Raises
    ------
    InputError, InfeasibleError, NothingFoundError
        See `standing.standing_of`.
    """
    question = Asked(study, maximise=maximise, minimise=minimise, point=point, **asked)
    return importance_of(standing_of(question), every=every, share=question.gap, seconds=seconds)


def importance_of(
    standing: Standing, *, every: bool = False, share: float = 1e-6, seconds: float = SECONDS
) -> Importance:
    """The same for a plan that is known, with `share` as the gap of what is solved again."""
    parcels, keeps = _treated(standing)
    known = keeps[keeps >= 0]
    targets = np.arange(len(standing.formulation.menu)) if every else known
    forced = resolved(force(standing.best, targets=targets), known, share=share, seconds=seconds)
    return Importance(standing, forced, parcels, keeps)


def _treated(standing: Standing) -> tuple[Ints, Ints]:
    """Parcels that the plan treats, and the option that keeps each as it is, -1 for none."""
    menu, x = standing.formulation.menu, standing.best.x
    treated = np.where(menu.kind > 0, x[: len(menu)], 0.0) > NO_SHARE
    parcels = np.unique(menu.parcel[treated]).astype(np.int64)
    first = menu.starts[:-1][parcels]
    return parcels, np.where(menu.kind[first] == 0, first, -1)
