r"""A national target split among nested regions three ways, with the cheapest plan for each split.

Formula, for a gain T of a criterion (its change, or the negative of it where less is better), regions r of a
level inside outer regions o, weights w and references ref:

    pro_rata      T_r = T_o * w_r / sum of w over the regions of o
    least_cost    T_r = g_r(x) of the plan x that minimises the cost, s.t. g(x) >= T
    equity        T_r = g_r(x) of the cheapest plan x among those whose largest burden in each o,
                  max over r of cost_r(x) / ref_r, is as small as can be, s.t. g_o(x) >= T_o

each under the study's limits. T_o is the target of the same split one level further out. The plan of a split
is the cheapest one with g_r(x) >= T_r for every region; for equity it is the plan that gave the targets.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from landfront.instances.faults import refuse
from landfront.models.formulate import Formulation
from landfront.models.plan import Plan
from landfront.optimizer.front import Point
from landfront.report.cascade_asked import Asked, asked_faults, gain_asked
from landfront.report.region_levels import RegionLevel, region_levels, weights_of
from landfront.report.regional_program import Setting, asking, burdens, capped, own, shortfalls
from landfront.report.search import NothingFoundError, find_plan
from landfront.report.supply import supply_curves

if TYPE_CHECKING:
    import pandas as pd

Floats = NDArray[np.float64]
RULES = ("pro_rata", "least_cost", "equity")
NOISE = 1e-6
"""Share of a target below which nothing is a shortfall."""
Stage = Callable[[str], None]


@dataclass(frozen=True)
class Split:
    """One way to split the target at one level, and its cheapest plan.

    Attributes
    ----------
    rule, level
        One of `RULES`, and the regions.
    targets, shortfall
        Gain asked of each region, and what the plan lacks of it, shape (R,); 0 but for infeasible splits.
    changes
        Change of every criterion by region, shape (R,).
    plan
        The plan; `plan.point` has its bound, gap and termination. Of an infeasible split: the cheapest one
        among those that lack least in sum.
    burden_gap
        Proven gap of the largest burden, nan but for equity.
    """

    rule: str
    level: RegionLevel
    targets: Floats
    shortfall: Floats
    changes: Mapping[str, Floats]
    plan: Plan
    burden_gap: float = float("nan")

    @property
    def feasible(self) -> bool:
        """Whether every region reaches its target."""
        return not self.shortfall.any()

    @property
    def point(self) -> Point:
        """What is proven of the plan."""
        assert self.plan.point is not None
        return self.plan.point


@dataclass(frozen=True)
class Cascade:
    """The splits of a target, level by level.

    Attributes
    ----------
    asked
        What was asked for.
    setting
        The study, its program and the criteria.
    levels
        The whole study, then the levels asked for.
    gain
        The target as a gain of the whole study.
    attainable
        The best plan for the criterion under the study's limits.
    reach, reference
        By level (the whole study first): what each region could reach alone under its own limits, and what
        its burden is measured by, shape (R,).
    splits
        For each level its `RULES` in order.
    supply
        ``level, region, price, gain, cost``: what each region offers at a price under its own limits.
    """

    asked: Asked
    setting: Setting
    levels: tuple[RegionLevel, ...]
    gain: float
    attainable: Point
    reach: tuple[Floats, ...]
    reference: tuple[Floats, ...]
    splits: tuple[Split, ...]
    supply: pd.DataFrame = field(repr=False)

    def split(self, rule: str, level: str | None = None) -> Split:
        """One of the splits; of the innermost level where none is named."""
        name = level or self.asked.levels[-1]
        return next(one for one in self.splits if (one.rule, one.level.name) == (rule, name))

    def burden(self, split: Split) -> Floats:
        """Cost per unit of reference by region, shape (R,); nan where there is no reference."""
        reference = self.reference[self.levels.index(split.level)]
        cost = split.changes[self.asked.minimise]
        return np.asarray(np.divide(cost, reference, out=np.full(len(cost), np.nan), where=reference > 0))

    @cached_property
    def early(self) -> bool:
        """Whether some plan, or the burden that it keeps to, was not proven to the gap asked for."""
        loose = any(split.burden_gap > self.asked.gap for split in self.splits)
        return loose or any(split.point.termination != "optimal" for split in self.splits)

    def splits_frame(self) -> pd.DataFrame:
        """One row per split: cost, bound, gap, largest burden, shortfall, change of every criterion."""
        from landfront.report.cascade_tables import splits_table

        return splits_table(self)

    def regions_frame(self) -> pd.DataFrame:
        """One row per split and region: target, achieved, cost, changes, and all of it against least cost."""
        from landfront.report.cascade_tables import regions_table

        return regions_table(self)

    def write(self, folder: str | Path) -> Path:
        """Write tables, text and figure to a new folder.

        Raises
        ------
        InputError
            If the folder is not new or cannot be written.
        """
        from landfront.report.cascade_tables import write_cascade

        return write_cascade(self, Path(folder))

    def __str__(self) -> str:
        """Say it in words."""
        from landfront.report.cascade_text import as_text

        return as_text(self)


def cascade(
    formulation: Formulation,
    criterion: str,
    target: float | str,
    levels: Sequence[str],
    *,
    stage: Stage = lambda text: None,
    **asked: Any,
) -> Cascade:
    """Split a target of a criterion among regions, level by level, in three ways.

    `asked` are further fields of `Asked`; `stage` is told what is done next.

    Raises
    ------
    InputError
        If what is asked is at fault, or the target is beyond what is attainable; it says what is.
    InfeasibleError
        If no plan meets the study's limits.
    NothingFoundError
        If the time was over before a plan was found.
    """
    wanted = Asked(criterion, target, tuple(levels), **asked)
    refuse(*asked_faults(formulation, wanted))
    nested = region_levels(formulation.landscape, wanted.levels, command="cascade")
    given = weights_of(wanted.weights, nested[-1]) if wanted.weights is not None else None
    program = formulation.program.relaxed() if wanted.relaxed else formulation.program
    setting = Setting(formulation, criterion, wanted.minimise, program, wanted.gap, wanted.time_limit)
    stage(
        f"searching for the most {criterion}" if setting.sign > 0 else f"searching for the least {criterion}"
    )
    best = _attainable(setting)
    return _Splitter(wanted, setting, nested, gain_asked(wanted, setting, best), best, given, stage).run()


@dataclass(frozen=True)
class _Splitter:
    """Makes the splits of one cascade."""

    asked: Asked
    setting: Setting
    levels: tuple[RegionLevel, ...]
    gain: float
    best: Point
    given: Floats | None
    stage: Stage

    def run(self) -> Cascade:
        self.stage("finding what each region could reach alone")
        reach = tuple(self._reach(level) for level in self.levels)
        rata = [self._basis(self.asked.pro_rata, place, reach) for place in range(len(self.levels))]
        reference = tuple(self._basis(self.asked.burden, place, reach) for place in range(len(self.levels)))
        cheapest = self._cheapest()
        shares, fair = np.array([self.gain]), np.array([self.gain])
        known = cheapest.x
        splits: list[Split] = []
        for place, level in enumerate(self.levels[1:], start=1):
            outer = self.levels[place - 1]
            shares = _shared(shares, rata[place], level)
            splits.append(self._pro_rata(level, shares))
            gains = self.setting.gains(cheapest.x, level)
            splits.append(self._split("least_cost", level, gains, cheapest))
            pair = (reference[place], reference[place - 1])
            splits.append(self._equity(level, outer, fair, reference=pair, known=known))
            fair, known = splits[-1].targets, splits[-1].point.x
        self.stage("drawing supply curves")
        supply = supply_curves(self.setting, self.levels[1:], self._prices(cheapest))
        return Cascade(
            self.asked,
            self.setting,
            self.levels,
            self.gain,
            self.best,
            reach,
            reference,
            tuple(splits),
            supply,
        )

    def _reach(self, level: RegionLevel) -> Floats:
        """What each region could reach alone: without wider limits regions are apart, and one solve tells."""
        if len(level) == 1:
            return np.array([self.setting.gains(self.best.x, level).sum()])
        point = self.setting.solve(own(self.setting, level), self.setting.index(self.asked.criterion))
        return self.setting.gains(_found(point).x, level)

    def _basis(self, kind: str, place: int, reach: tuple[Floats, ...]) -> Floats:
        """Weights of the regions of a level, shape (R,)."""
        level = self.levels[place]
        if kind == "attainable":
            return np.maximum(reach[place], 0.0)
        if kind == "area":
            return level.sum(self.setting.formulation.landscape.area)
        assert self.given is not None
        found = self.given
        for inner in range(len(self.levels) - 1, place, -1):
            found = self.levels[inner].sum_outer(found, len(self.levels[inner - 1]))
        return found

    def _cheapest(self) -> Point:
        self.stage("searching for the least cost")
        program = asking(self.setting, self.levels[0], np.array([self.gain]))
        return _found(self.setting.solve(program, self.setting.index(self.asked.minimise)))

    def _pro_rata(self, level: RegionLevel, targets: Floats) -> Split:
        self.stage(f"splitting pro rata by {level.name}")
        point, short = self._meet(level, targets)
        return self._split("pro_rata", level, targets, point, shortfall=short)

    def _meet(self, level: RegionLevel, targets: Floats) -> tuple[Point, Floats]:
        """The cheapest plan that meets targets, and what it lacks of them where none meets all."""
        setting, cost = self.setting, self.setting.index(self.asked.minimise)
        if not (targets > self._most(level) * (1 + NOISE)).any():
            point = setting.solve(asking(setting, level, targets), cost)
            if point is not None:
                return point, np.zeros(len(level))
        nearest = _found(setting.solve(shortfalls(setting, level, targets), 0))
        possible = np.minimum(targets, setting.gains(nearest.x, level))
        known = nearest.x[: setting.program.columns]
        point = _found(setting.solve(asking(setting, level, possible), cost, known=known))
        short = np.maximum(targets - setting.gains(point.x, level), 0.0)
        return point, np.where(short > NOISE * np.abs(targets), short, 0.0)

    def _most(self, level: RegionLevel) -> Floats:
        """More than this no region reaches, not even with shares of parcels."""
        setting = Setting(
            self.setting.formulation,
            self.asked.criterion,
            self.asked.minimise,
            self.setting.program.relaxed(),
        )
        point = setting.solve(own(setting, level), setting.index(self.asked.criterion))
        return np.maximum(setting.gains(_found(point).x, level), 0.0)

    def _equity(
        self,
        level: RegionLevel,
        outer: RegionLevel,
        gains: Floats,
        *,
        reference: tuple[Floats, Floats],
        known: NDArray[np.generic],
    ) -> Split:
        """The split by burden; `known` is a plan with these gains of the outer regions."""
        self.stage(f"splitting by burden by {level.name}")
        setting, inner = self.setting, reference[0]
        program = burdens(setting, level, outer, gains=gains, reference=reference)
        start = np.concatenate([known, self._largest(level, len(outer), inner, known)])
        first = _found(setting.solve(program, 0, known=start))
        largest = first.x[setting.program.columns :].astype(np.float64)
        paid = setting.changes(first.x, level)[self.asked.minimise]
        # What the first plan pays, to the last digit, must stay allowed.
        caps = np.maximum(largest[level.parent] * inner, paid)
        caps += 1e-9 * np.abs(paid).max(initial=0.0)
        second = setting.solve(
            capped(setting, level, outer, gains=gains, caps=caps),
            setting.index(self.asked.minimise),
            known=first.x[: setting.program.columns],
        )
        point = _found(second)
        return self._split("equity", level, setting.gains(point.x, level), point, burden_gap=first.gap)

    def _largest(self, level: RegionLevel, outer: int, reference: Floats, x: NDArray[np.generic]) -> Floats:
        """The largest burden in each outer region under a plan."""
        cost = self.setting.changes(x, level)[self.asked.minimise]
        burden = np.divide(cost, reference, out=np.full(len(cost), -np.inf), where=reference > 0)
        largest = np.full(outer, -np.inf)
        np.maximum.at(largest, level.parent, burden)
        return np.where(np.isfinite(largest), largest, 0.0)

    def _split(self, rule: str, level: RegionLevel, targets: Floats, point: Point, **more: Any) -> Split:
        plan = Plan(self.setting.formulation, point.x, point=point)
        named = {"shortfall": np.zeros(len(level)), **more}
        return Split(rule, level, targets, changes=self.setting.changes(point.x, level), plan=plan, **named)

    def _prices(self, cheapest: Point) -> tuple[float, ...]:
        """Prices around the one at which the whole study offers the target."""
        if self.asked.prices:
            return self.asked.prices
        price = abs(float(cheapest.row_prices[-1]))
        if not np.isfinite(price) or price == 0:
            cost = abs(float(cheapest.values[self.setting.index(self.asked.minimise)]))
            price = cost / self.gain or 1.0
        return tuple(price * share for share in (0, 0.25, 0.5, 0.75, 1, 1.25, 1.5, 2, 3, 5))


def _found(point: Point | None) -> Point:
    """A solution that must exist, since another one is known that proves it."""
    if point is None:
        raise NothingFoundError("A split was not solved: the solver found no plan where there is one.")
    return point


def _shared(outer: Floats, weight: Floats, level: RegionLevel) -> Floats:
    """Targets of outer regions, shared among their regions by weight; equally where all weigh nothing."""
    whole = level.sum_outer(weight, len(outer))
    count = np.bincount(level.parent, minlength=len(outer))
    share = np.where(whole[level.parent] > 0, weight, 1.0)
    total = np.where(whole > 0, whole, count)
    return np.asarray(outer[level.parent] * share / total[level.parent])


def _attainable(setting: Setting) -> Point:
    """The best plan for the criterion under all limits.

    Raises
    ------
    InfeasibleError
        If no plan meets the limits; it names those that clash.
    """
    point = setting.solve(setting.program, setting.index(setting.criterion))
    if point is None:  # says which limits clash
        find_plan(setting.formulation, setting.criterion, gap=setting.gap, time_limit=setting.time_limit)
    return _found(point)
