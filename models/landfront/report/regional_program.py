r"""Programs of a regional split: a study's program with regional rows, burdens and shortfalls.

| program | formula |
|---|---|
| `asking` | the study's, and g_r(x) >= T_r for each region r |
| `own` | the study's limits that lie inside one region each, no other |
| `burdens` | min sum over outer regions o of ref_o z_o, s.t. cost_r(x) <= ref_r z_o(r), g_o(x) >= T_o |
| `capped` | the study's, cost_r(x) <= cap_r for each region r, and g_o(x) >= T_o |
| `shortfalls` | min sum over r of s_r, s.t. g_r(x) + s_r >= T_r, s >= 0 |

g_r is the gain of the criterion in region r: its change, or the negative of it where less is better.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from math import inf
from time import monotonic

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from landfront.models.blocks import best_change, effect_rows
from landfront.models.formulate import Formulation, LimitRow
from landfront.optimizer.engine import choose_engine
from landfront.optimizer.front import Point
from landfront.optimizer.points import make_point
from landfront.optimizer.program import Block, Program
from landfront.optimizer.scalarize import Scalarizer
from landfront.optimizer.task import Task
from landfront.report.extended import linked, with_rows
from landfront.report.region_levels import RegionLevel
from landfront.report.search import NothingFoundError

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Setting:
    """What is split, and over which program.

    Attributes
    ----------
    formulation
        The study.
    criterion, minimise
        The criterion whose target is split, and the one that is minimised.
    program
        The study's program, without integrality where shares of parcels are allowed.
    gap, time_limit
        For each program: relative gap, and seconds or None.
    """

    formulation: Formulation
    criterion: str
    minimise: str
    program: Program
    gap: float = 1e-4
    time_limit: float | None = None

    @cached_property
    def sign(self) -> float:
        """1 where more of the criterion is better, -1 where less is."""
        return 1.0 if self.formulation.study.criteria[self.criterion].sense == "max" else -1.0

    def index(self, criterion: str) -> int:
        """Position of a criterion among the objectives."""
        return list(self.formulation.study.criteria).index(criterion)

    def changes(self, x: NDArray[np.generic], level: RegionLevel) -> dict[str, Floats]:
        """Change of every criterion by region, shape (R,), of a solution of the study's columns."""
        menu, effects = self.formulation.menu, self.formulation.effects
        used = np.flatnonzero(x[: len(menu)])
        share, parcel = x[used].astype(np.float64), menu.parcel[used]
        return {
            name: level.sum(effects[name].values(menu)[used] * share, parcel)
            for name in self.formulation.study.criteria
        }

    def gains(self, x: NDArray[np.generic], level: RegionLevel) -> Floats:
        """Gain of the criterion by region, shape (R,)."""
        return self.sign * self.changes(x, level)[self.criterion]

    def rows(self, criterion: str, level: RegionLevel) -> Block:
        """One row per region: the change of a criterion."""
        menu, effect = self.formulation.menu, self.formulation.effects[criterion]
        kinds = np.ones(len(menu.interventions), dtype=bool)
        return effect_rows(menu, effect, scope=level.of, count=len(level), kinds=kinds)

    def solve(
        self, program: Program, objective: int, *, known: NDArray[np.generic] | None = None
    ) -> Point | None:
        """The best solution for an objective, None where there is none.

        `known` is a solution that is returned, with the bound that was proven, where the search finds none.

        Raises
        ------
        NothingFoundError
            If the time was over before one was found and none is known.
        """
        solver = Scalarizer(program, choose_engine(program)[0])
        deadline = inf if self.time_limit is None else monotonic() + self.time_limit
        p = len(program.senses)
        weights = np.zeros(p)
        weights[objective] = 1.0
        task = Task(weights, np.full(p, inf), share=self.gap, main=objective, start=known, deadline=deadline)
        solve = solver.solve(task)
        if solve.x is not None:
            return make_point(program, solve, solve.beta, objective=objective)
        if solve.reason == "infeasible":
            return None
        words = "Allow more time, or let parcels be shared (relaxed)."
        raise NothingFoundError(f"A split was not solved ({solve.reason}: {solve.detail}). {words}")


def asking(setting: Setting, level: RegionLevel, gains: Floats) -> Program:
    """The study's program with a least gain for each region of a level."""
    block = setting.rows(setting.criterion, level)
    lower, upper = _at_least(setting.sign, gains)
    return with_rows(setting.program, block, lower, upper, names=_names(setting.criterion, level))


def own(setting: Setting, level: RegionLevel) -> Program:
    """The program with only those limits that lie inside one region of a level."""
    rows = own_rows(setting.formulation, level)
    return setting.program.with_rows(np.array(rows, dtype=np.int64))


def own_rows(formulation: Formulation, level: RegionLevel) -> list[int]:
    """Rows of the limits whose parcels all lie in one region."""
    within: dict[str, dict[str, set[int]]] = {}
    found = []
    for place, limit in enumerate(formulation.limits):
        if limit.level and limit.level not in within:
            within[limit.level] = _regions_within(formulation, limit.level, level)
        if len(level) == 1 or len(_holding(limit, within)) == 1:
            found.append(place)
    return found


def _holding(limit: LimitRow, within: dict[str, dict[str, set[int]]]) -> set[int]:
    """The regions in which a limit has parcels; none for a limit on everything."""
    if not limit.level:
        return set()
    return set().union(*(within[limit.level][name] for name in limit.regions or (limit.region,)))


def _regions_within(formulation: Formulation, limited: str, level: RegionLevel) -> dict[str, set[int]]:
    """For each region that limits may name the regions of the level that it lies in."""
    landscape = formulation.landscape
    place = landscape.levels.index(limited)
    codes, names = landscape.regions[:, place].astype(np.int64), landscape.region_names[place]
    pairs = np.unique(np.stack([codes, level.of], axis=1)[codes >= 0], axis=0)
    found: dict[str, set[int]] = {name: set() for name in names}
    for code, region in pairs.tolist():
        found[names[code]].add(region)
    return found


def burdens(
    setting: Setting,
    level: RegionLevel,
    outer: RegionLevel,
    *,
    gains: Floats,
    reference: tuple[Floats, Floats],
) -> Program:
    """Minimise the largest cost per unit of reference in each outer region, which must reach its gain.

    `reference` is that of the regions and that of the outer ones.
    """
    base = asking(setting, outer, gains)
    inner, whole = reference
    costs = setting.rows(setting.minimise, level).to_csr()
    shape = (len(level), len(outer))
    size = sp.csr_array((-inner, (np.arange(len(level)), level.parent)), shape=shape)
    low, high = _burden_range(setting, level, inner)
    return linked(
        base,
        (costs, size),
        bounds=(np.full(len(level), -inf), np.zeros(len(level))),
        cost=np.maximum(whole, 0.0) / max(float(whole.max(initial=0.0)), 1e-300),
        columns=(np.full(len(outer), low), np.full(len(outer), high)),
        names=_names(setting.minimise, level),
    )


def _burden_range(setting: Setting, level: RegionLevel, reference: Floats) -> tuple[float, float]:
    """Between which numbers every burden lies."""
    menu = setting.formulation.menu
    values = setting.formulation.effects[setting.minimise].values(menu)
    kinds = np.ones(len(menu.interventions), dtype=bool)
    some = reference > 0
    ends = []
    for largest in (False, True):
        cost = level.sum(best_change(menu, values, kinds=kinds, largest=largest))
        ratio = np.divide(cost, reference, out=np.zeros(len(level)), where=some)
        ends.append(float(ratio.max(initial=0.0) if largest else ratio.min(initial=0.0)))
    return ends[0], max(ends[1], ends[0] + 1e-9)


def capped(
    setting: Setting, level: RegionLevel, outer: RegionLevel, *, gains: Floats, caps: Floats
) -> Program:
    """The study's program with a highest cost per region and a least gain per outer region."""
    base = asking(setting, outer, gains)
    block = setting.rows(setting.minimise, level)
    lower = np.full(len(level), -inf)
    return with_rows(base, block, lower, caps, names=_names(setting.minimise, level))


def shortfalls(setting: Setting, level: RegionLevel, gains: Floats) -> Program:
    """Minimise what the regions together lack of their gains."""
    base, block = setting.program, setting.rows(setting.criterion, level).to_csr()
    lower, upper = _at_least(setting.sign, gains)
    lack = sp.csr_array(setting.sign * sp.eye_array(len(level), format="csr"))
    most = np.maximum(gains - _least_gain(setting, level), 0.0)
    return linked(
        base,
        (block, lack),
        bounds=(lower, upper),
        cost=np.ones(len(level)),
        columns=(np.zeros(len(level)), most),
        names=_names(setting.criterion, level),
    )


def _least_gain(setting: Setting, level: RegionLevel) -> Floats:
    menu = setting.formulation.menu
    values = setting.sign * setting.formulation.effects[setting.criterion].values(menu)
    kinds = np.ones(len(menu.interventions), dtype=bool)
    return level.sum(best_change(menu, values, kinds=kinds, largest=False))


def _at_least(sign: float, gains: Floats) -> tuple[Floats, Floats]:
    """Bounds of the change."""
    free = np.full(len(gains), inf)
    return (gains, free) if sign > 0 else (-free, -gains)


def _names(criterion: str, level: RegionLevel) -> list[str]:
    return [f"{criterion}[{name}]" for name in level.regions]
