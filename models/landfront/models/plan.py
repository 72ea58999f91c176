r"""A plan: a solution of the program as shares per parcel, its totals, and what the limits say of it.

Formula, for a criterion c with baseline b_c and effects e_c:

    value_c = b_c + sum over chosen options (p, i) of e_c(p, i) * x(p, i)
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from landfront.models.appended import OnMap
from landfront.models.effects import Effect
from landfront.models.formulate import Formulation, LimitRow
from landfront.models.measure import Measure
from landfront.optimizer.blocks import Wider
from landfront.optimizer.certify import row_tolerance
from landfront.optimizer.front import Point
from landfront.optimizer.program import Csr, Factored

if TYPE_CHECKING:
    import pandas as pd

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
MU_PER_HA = 15.0
NO_SHARE = 1e-9
"""A smaller share is a solver's rounding, not a decision."""


@dataclass(frozen=True)
class Violation:
    """An option that somebody's plan uses though it is not on the menu, and the rule that forbids it."""

    parcel: object
    intervention: str
    area: float


@dataclass(frozen=True)
class OffMenu:
    """Options of somebody's plan that are not on the menu; parallel arrays, shape (v,).

    Attributes
    ----------
    parcel, kind
        Indices of parcel and intervention.
    share
        Share of the parcel.
    """

    parcel: Ints
    kind: Ints
    share: Floats


NOTHING = OffMenu(np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0))


@dataclass(frozen=True)
class Plan:
    """A plan.

    Attributes
    ----------
    formulation
        The study, formulated.
    x
        The program's columns, shape (m,).
    off_menu
        Options that are not on the menu: only in a plan that somebody brought.
    point
        What a solver says of the plan (bound, gap, termination, prices); None when it did not come from one.
    """

    formulation: Formulation
    x: NDArray[Any]
    off_menu: OffMenu = NOTHING
    point: Point | None = None

    @cached_property
    def chosen(self) -> pd.DataFrame:
        """Chosen options: ``parcel``, ``kind`` and ``option`` (-1 off the menu) as indices, and ``share``."""
        import pandas as pd

        menu, off = self.formulation.menu, self.off_menu
        option = np.flatnonzero(self.x[: len(menu)] > NO_SHARE)
        frame = pd.DataFrame(
            {
                "parcel": np.concatenate([menu.parcel[option], off.parcel]),
                "kind": np.concatenate([menu.kind[option], off.kind]),
                "option": np.concatenate([option, np.full(len(off.share), -1)]),
                "share": np.concatenate([self.x[option].astype(np.float64), off.share]),
            }
        )
        return frame.sort_values(["parcel", "kind"], ignore_index=True) if len(off.share) else frame

    @property
    def violations(self) -> tuple[Violation, ...]:
        """Options that are not on the menu."""
        landscape, names = self.formulation.landscape, self.formulation.menu.interventions
        off = self.off_menu
        return tuple(
            Violation(landscape.ids[p], names[k], float(landscape.area[p] * share))
            for p, k, share in zip(off.parcel, off.kind, off.share, strict=True)
        )

    @cached_property
    def baseline(self) -> dict[str, float]:
        """Value of each criterion as it is today."""
        formulation = self.formulation
        return dict(zip(formulation.study.criteria, formulation.baseline.tolist(), strict=True))

    @cached_property
    def changes(self) -> dict[str, float]:
        """Change of each criterion against the baseline."""
        formulation = self.formulation
        effects, measures = formulation.effects, formulation.measures
        return {
            name: self._measured(measures[name]) - self.baseline[name]
            if name in measures
            else float(self._effect(effects[name]).sum())
            for name in formulation.study.criteria
        }

    def _measured(self, measure: Measure | OnMap) -> float:
        """Value of a criterion that is no plain sum, options off the menu included."""
        options, off = len(self.formulation.menu), self.off_menu
        amounts = measure.amounts_of(np.asarray(self.x[:options], dtype=np.float64))
        if len(off.share) and isinstance(measure, OnMap):
            share = np.where(measure.kinds[off.kind], off.share, 0.0)
            amounts = amounts + np.bincount(off.parcel, weights=share, minlength=len(amounts))
        elif len(off.share):
            amounts = amounts + _off_menu(measure.amounts.rows, off)
        return measure.value(amounts)

    @property
    def values(self) -> dict[str, float]:
        """Total of each criterion: baseline and change."""
        return {name: self.baseline[name] + change for name, change in self.changes.items()}

    @cached_property
    def options(self) -> dict[str, dict[str, float]]:
        """Parcels and area in ha under each intervention that the plan uses; shared parcels count in each."""
        names = self.formulation.menu.interventions
        kind = self.chosen["kind"].to_numpy()
        parcels = np.bincount(kind, minlength=len(names))
        area = np.bincount(kind, weights=self._area, minlength=len(names))
        return {
            names[k]: {"parcels": int(parcels[k]), "area_ha": float(area[k])} for k in np.flatnonzero(parcels)
        }

    def limits(self) -> pd.DataFrame:
        """Every limit: ``name, region, criterion, unit, value, lower, upper, margin, holds``.

        ``value`` is a total or a change, as the limit says; ``margin`` is how far inside its bounds it is,
        negative where it is broken.
        """
        import pandas as pd

        rows, activity = self.formulation.limits, self._activity()
        columns = ("name", "region", "criterion", "unit", "lower", "upper")
        frame = pd.DataFrame([{c: getattr(row, c) for c in columns} for row in rows], columns=list(columns))
        shift = np.array([row.baseline if row.of == "total" else 0.0 for row in rows])
        frame.insert(4, "value", activity + shift)
        frame["margin"] = self._margin(activity)
        frame["holds"] = self._holds(frame["margin"].to_numpy(np.float64))
        return frame

    def funds(self) -> pd.DataFrame:
        """What each fund pays: ``fund, period, amount, paid, left``; no rows where the study has none.

        A row ``unpaid`` stands for what no fund pays: only in a plan that somebody brought.
        """
        import pandas as pd

        payments, options = self.formulation.payments, len(self.formulation.menu)
        if payments is None:
            return pd.DataFrame(columns=["fund", "period", "amount", "paid", "left"])
        own = self.x[self.formulation.paid : self.formulation.paid + len(payments.pairs)]
        found = np.asarray(own, dtype=np.float64) if len(own) == len(payments.pairs) else None
        return payments.to_frame(np.asarray(self.x[:options], dtype=np.float64), found)

    def balance(self, level: str) -> pd.DataFrame:
        """Who gains and who loses: ``region, area_ha, treated_ha``, then change and share of each criterion.

        The share of a criterion is the change over the region's baseline, nan where that is 0.
        """
        import pandas as pd

        region_of, names = self._regions(level)
        landscape, count = self.formulation.landscape, len(names)
        chosen = region_of[self.chosen["parcel"].to_numpy()]
        treated = np.where(self.chosen["kind"].to_numpy() > 0, self._area, 0.0)
        columns: dict[str, Any] = {
            "region": list(names),
            "area_ha": np.bincount(region_of, weights=landscape.area, minlength=count),
            "treated_ha": np.bincount(chosen, weights=treated, minlength=count),
        }
        for name in self.formulation.sums:
            effect = self.formulation.effects[name]
            change = np.bincount(chosen, weights=self._effect(effect), minlength=count)
            base = np.bincount(region_of, weights=effect.baseline, minlength=count)
            columns[name] = change
            columns[f"{name}_share"] = np.divide(change, base, out=np.full(count, np.nan), where=base != 0)
        frame = pd.DataFrame(columns)
        return frame[(frame["region"] != "") | (frame["area_ha"] > 0)].reset_index(drop=True)

    def totals(self, level: str | None = None) -> pd.DataFrame:
        """Region x intervention: ``region, intervention, parcels, area_ha, area_mu``, change of every effect.

        Without `level` there is one region, named ``""``; parcels without a region count under ``""`` too.
        """
        import pandas as pd

        frame, cell = self._areas(level)
        used = frame.index.to_numpy()
        effects = {name: np.bincount(cell, weights=values)[used] for name, values in self._effects.items()}
        return pd.concat([frame, pd.DataFrame(effects, index=frame.index)], axis=1).reset_index(drop=True)

    def areas(self, level: str | None = None) -> pd.DataFrame:
        """The columns of `totals` up to ``area_mu``, without the work that the effects are."""
        return self._areas(level)[0].reset_index(drop=True)

    def _areas(self, level: str | None) -> tuple[pd.DataFrame, Ints]:
        """Areas by region and intervention, each row under the number of its cell, and each option's cell."""
        import pandas as pd

        region_of, names = self._regions(level)
        kinds = self.formulation.menu.interventions
        region = region_of[self.chosen["parcel"].to_numpy()]
        cell = region * len(kinds) + self.chosen["kind"].to_numpy()
        parcels = np.bincount(cell)
        used = np.flatnonzero(parcels)
        area = np.bincount(cell, weights=self._area)[used]
        frame = pd.DataFrame(
            {
                "region": [names[r] for r in used // len(kinds)],
                "intervention": [kinds[k] for k in used % len(kinds)],
                "parcels": parcels[used],
                "area_ha": area,
                "area_mu": area * MU_PER_HA,
            },
            index=used,
        )
        return frame, cell

    def to_frame(self) -> pd.DataFrame:
        """One row per chosen option: ``parcel, intervention, share, area_ha``, change of each criterion."""
        import pandas as pd

        formulation = self.formulation
        names = np.array(formulation.menu.interventions, dtype=object)
        frame = pd.DataFrame(
            {
                "parcel": formulation.landscape.ids.take(self.chosen["parcel"].to_numpy()),
                "intervention": names[self.chosen["kind"].to_numpy()],
                "share": self.chosen["share"],
                "area_ha": self._area,
            }
        )
        for name in formulation.sums:
            frame[name] = self.change_by_option(name)
        return frame

    def change_by_parcel(self, effect: Effect) -> Floats:
        """Change of an effect on each parcel, whether a criterion sums it or not, shape (n,)."""
        parcel, count = self.chosen["parcel"].to_numpy(), len(self.formulation.landscape)
        return np.bincount(parcel, weights=self._effect(effect), minlength=count).astype(np.float64)

    def change_by_option(self, criterion: str | Effect) -> Floats:
        """Change of a criterion, or of an effect, by each chosen option, in the order of `chosen`."""
        return self._effect(self.formulation.effects[criterion] if isinstance(criterion, str) else criterion)

    def to_file(self, path: str | Path) -> Path:
        """Write the plan as .csv, .parquet, .gpkg or .shp, by the suffix of `path`."""
        from landfront.models.plan_write import write_plan

        return write_plan(self, Path(path))

    def __str__(self) -> str:
        """The plan as a person reads it."""
        from landfront.models.plan_text import as_text

        return as_text(self)

    def _repr_html_(self) -> str:
        from landfront.models.plan_text import as_html

        return as_html(self)

    @cached_property
    def _area(self) -> Floats:
        """Area in ha of each chosen option."""
        area = self.formulation.landscape.area[self.chosen["parcel"].to_numpy()]
        return np.asarray(area * self.chosen["share"].to_numpy())

    @cached_property
    def _effects(self) -> dict[str, Floats]:
        """Change of every effect by each chosen option."""
        return {name: self._effect(effect) for name, effect in self.formulation.effects.items()}

    def _effect(self, effect: Effect) -> Floats:
        """Change of an effect by each chosen option."""
        share = self.chosen["share"].to_numpy()
        if effect.column is not None:
            option = self.chosen["option"].to_numpy()
            # Off a table's menu only keep is taken (`plan_read`), and it changes nothing.
            return np.asarray(np.where(option >= 0, effect.column[option], 0.0) * share)
        parcel, kind = self.chosen["parcel"].to_numpy(), self.chosen["kind"].to_numpy()
        values = np.zeros(len(share))
        for term in effect.terms:
            values += term.amount[parcel] * term.table[kind]
        return np.asarray(values * share)

    def _margin(self, activity: Floats) -> Floats:
        """How far each limit is inside its bounds; from changes, which are known better than totals."""
        program, count = self.formulation.program, len(self.formulation.limits)
        lower, upper = program.row_lower[:count], program.row_upper[:count]
        return np.asarray(np.minimum(activity - lower, upper - activity))

    def _holds(self, margin: Floats) -> NDArray[np.bool_]:
        """Whether each limit holds, with the tolerance that solutions of the program are granted."""
        if (margin >= 0).all():
            return np.ones(len(margin), dtype=bool)
        return np.asarray(margin >= -row_tolerance(self.formulation.program)[: len(margin)])

    def _activity(self) -> Floats:
        """Change that each limit sums, or the value of a measure; options off the menu included."""
        rows, off = self.formulation.program.rows, self.off_menu
        x = np.zeros(self.formulation.program.columns)
        x[: len(self.x)] = self.x
        activity = rows.dot(x)
        if len(off.share):
            parts = [_off_menu(block, off) for block in rows.blocks]
            activity = activity + np.concatenate([np.zeros(0), *parts])
            activity[: len(self.formulation.limits)] += self._off_menu_around()
        limits, measures = self.formulation.limits, self.formulation.measures
        for place, limit in enumerate(limits):
            if limit.criterion in measures:  # whose columns may say less than it is
                activity[place] = self._measured(measures[limit.criterion]) - limit.baseline
        return np.asarray(activity[: len(limits)])

    def _off_menu_around(self) -> Floats:
        """What options off the menu add to limits around parcels, 0 for others, shape (limits,)."""
        formulation, off = self.formulation, self.off_menu
        added, known = np.zeros(len(formulation.limits)), {}
        for place, row in enumerate(formulation.limits):
            if row.around:
                if (row.effect, row.interventions) not in known:
                    known[row.effect, row.interventions] = self._off_menu_change(row)
                added[place] = known[row.effect, row.interventions][list(row.around)].sum()
        return added if len(off.share) else np.zeros(len(added))

    def _off_menu_change(self, row: LimitRow) -> Floats:
        """What options off the menu that a limit counts change on each parcel, shape (n,)."""
        off, kinds = self.off_menu, self.formulation.menu.kinds
        counted = [kinds.matching(name) for name in row.interventions]
        share = off.share if not counted else off.share * np.isin(off.kind, np.concatenate(counted))
        values = np.zeros(len(share))
        for term in self.formulation.effects[row.effect].terms:
            values += term.amount[off.parcel] * term.table[off.kind]
        count = len(self.formulation.landscape)
        return np.bincount(off.parcel, weights=values * share, minlength=count).astype(np.float64)

    def _regions(self, level: str | None) -> tuple[Ints, tuple[str, ...]]:
        """Region of each parcel as an index, and the names; index 0 is for no region."""
        landscape = self.formulation.landscape
        if level is None:
            return np.zeros(len(landscape), dtype=np.int64), ("",)
        if level not in landscape.levels:
            raise ValueError(
                f"unknown region level {level!r}; levels: {', '.join(landscape.levels) or 'none'}"
            )
        at = landscape.levels.index(level)
        return landscape.regions[:, at].astype(np.int64) + 1, ("", *landscape.region_names[at])


def _off_menu(block: object, off: OffMenu) -> Floats:
    """What options off the menu add to a block's rows; rows from a table take only ``keep``, which is 0."""
    if isinstance(block, Wider):
        return _off_menu(block.block, off)
    if isinstance(block, Factored):
        group, kind = off.parcel.astype(np.int32), off.kind.astype(np.int16)
        return replace(block, group=group, kind=kind).dot(off.share)
    assert isinstance(block, Csr)
    return np.zeros(block.shape[0])


def plan_from_frame(formulation: Formulation, frame: pd.DataFrame) -> Plan:
    """A plan that somebody already has; see `landfront.models.plan_read.read_plan`."""
    from landfront.models.plan_read import read_plan

    return read_plan(formulation, frame)
