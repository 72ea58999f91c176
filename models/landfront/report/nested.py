r"""Nestedness: what it costs at each milestone that there is one plan for all of them.

Formula, for a criterion with the value v_M at the milestone M (for a minimised one with its sign turned):

    v*_M    = max v_M(x)                         over the plans of the study, another one for each milestone
    z       = min over plans x of max over M of (v*_M - v_M(x)) / |v*_M|              the nested plan
    price_M = v*_M - v_M(x)                      of nestedness, at the nested plan

| symbol | meaning |
|---|---|
| x | a plan: what starts in a period stays, so that the plan of a milestone grows into that of the next |
| v*_M | best value alone; what starts later adds nothing by M |
| z | largest relative shortfall, a linking column of the program; its bound proves that no plan has less |

For v*_M alone a limit on a later period or on a later milestone does not count: the plan ends at M. All
other limits hold for every plan. Where v*_M is 0 the largest of the others is the scale. Among plans with the
same z the one with the least sum of relative shortfalls is taken.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import floor, inf
from time import monotonic
from typing import TYPE_CHECKING, Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from landfront.instances.faults import Fault, refuse
from landfront.instances.study import Study
from landfront.instances.study_rules import Criterion
from landfront.models.formulate import Formulation, formulate
from landfront.models.limits import effect_key, spans_of
from landfront.models.plan import Plan
from landfront.models.registry import COMPONENTS
from landfront.optimizer.blocks import Csr, Stack, Wider
from landfront.optimizer.engine import Infeasible, SolverError, choose_engine
from landfront.optimizer.front import Point
from landfront.optimizer.program import Program
from landfront.optimizer.scalarize import Scalarizer, failure, solve_single
from landfront.optimizer.show import share, table
from landfront.optimizer.task import Solve, Task
from landfront.report.infeasible import explain
from landfront.report.quantities import percent, quantity
from landfront.report.search import NothingFoundError, objective

if TYPE_CHECKING:
    import pandas as pd

Floats = NDArray[np.float64]
OPTIMAL = "optimal"
SHOWN = 1e-9
"""Share of the best value below which what a proof leaves open is rounding."""


@dataclass(frozen=True)
class Nested:
    """The nested plan of a study and its price at each milestone.

    Attributes
    ----------
    criterion, sense, unit
        What is asked for, ``"max"`` or ``"min"``, and its unit.
    milestones
        Years, shape (k,).
    alone, alone_bound
        Best value found for each milestone alone, and the proven bound on it, shape (k,).
    values
        Value of the nested plan by each milestone, shape (k,).
    scale
        What shortfalls are a share of, shape (k,).
    bound
        Proven: every plan has a relative shortfall of at least this at some milestone.
    termination
        ``"optimal"`` where every search was proven to the gap, else why one ended.
    plan
        The nested plan.
    """

    criterion: str
    sense: str
    unit: str
    milestones: tuple[int, ...]
    alone: Floats
    alone_bound: Floats
    values: Floats
    scale: Floats
    bound: float
    termination: str
    plan: Plan

    @property
    def price(self) -> Floats:
        """What the nested plan lacks of the best value alone that was found, shape (k,)."""
        return self._sign * (self.alone - self.values)

    @property
    def price_at_most(self) -> Floats:
        """The same of the proven bound: the price lies between the two, shape (k,)."""
        return self._sign * (self.alone_bound - self.values)

    @property
    def share(self) -> Floats:
        """The price as a share of the best value alone, shape (k,)."""
        return self.price / self.scale

    @property
    def shortfall(self) -> float:
        """The largest relative shortfall of the nested plan."""
        return float(self.share.max())

    @property
    def gap(self) -> float:
        """How far the largest shortfall may be above the least possible one, as a share of the best value."""
        return max(self.shortfall - self.bound, 0.0)

    @property
    def _sign(self) -> float:
        return 1.0 if self.sense == "max" else -1.0

    def to_frame(self) -> pd.DataFrame:
        """One row per milestone, as ``landfront nested -o`` writes it."""
        import pandas as pd

        columns = {
            "milestone": list(self.milestones),
            "best_alone": self.alone,
            "best_alone_bound": self.alone_bound,
            "nested": self.values,
            "price": self.price,
            "price_at_most": self.price_at_most,
            "price_share": self.share,
        }
        return pd.DataFrame(columns).assign(unit=self.unit)

    def to_json(self) -> dict[str, Any]:
        """What ``nested --json`` prints."""
        return {
            "criterion": self.criterion,
            "sense": self.sense,
            "unit": self.unit,
            "milestones": self.to_frame().drop(columns="unit").to_dict("records"),
            "shortfall": self.shortfall,
            "bound": self.bound,
            "gap": self.gap,
            "termination": self.termination,
            "options": self.plan.options,
        }

    def __str__(self) -> str:
        """Say it in words."""
        head = ("milestone", "best alone", "nested plan", "price of nestedness", "share")
        numbers = zip(self.alone, self.values, self.price, strict=True)
        rows = [
            [str(year), *(quantity(float(one), self.unit) for one in three), share(float(part))]
            for year, three, part in zip(self.milestones, numbers, self.share, strict=True)
        ]
        least = floor(1e4 * self.bound) / 1e2  # a bound that is rounded up would claim too much
        proof = (
            f"Proven: one plan for all falls short by at least {least:.2f} % at one of them "
            f"(gap {percent(self.gap)}; ended: {self.termination})."
        )
        unsure = float((self.price_at_most - self.price).max())
        if unsure > SHOWN * float(self.scale.max()):
            proof += f" Prices are exact to {quantity(unsure, self.unit)}."
        title = self.plan.formulation.study.title
        return "\n".join([title, f"{self.criterion}, one plan for all milestones", table(head, rows), proof])

    def _repr_html_(self) -> str:
        from html import escape

        return f"<pre>{escape(str(self))}</pre>"


def find_nested(
    study: Study, criterion: str | None = None, *, gap: float = 1e-4, time_limit: float | None = None
) -> Nested:
    """The plan that falls least short, at its worst milestone, of what is best for that milestone alone.

    Parameters
    ----------
    study
        With ``[periods]``.
    criterion
        One of the study's, with an effect that is counted by milestone; the first one when none is named.
    gap
        Relative gap to which best values are proven, and absolute one of the largest relative shortfall.
    time_limit
        Seconds for everything.

    Raises
    ------
    InputError
        If the study has no periods, or the request or a table is at fault.
    InfeasibleError
        If no plan meets the limits; it names those that clash.
    NothingFoundError
        If the time was over before there was a plan.
    """
    name = _checked(study, criterion, gap, time_limit)
    deadline = inf if time_limit is None else monotonic() + time_limit
    wide, names = _by_milestone(study, name)
    axes = [list(wide.study.criteria).index(each) for each in names]
    program = wide.program.select(axes)
    try:
        alone = [
            solve_single(_until(wide, program, axis), 0, gap=gap, time_limit=_left(deadline))
            for axis in range(len(axes))
        ]
        scale = _scale(np.array([point.values[0] for point in alone]))
        solves = _nested(program, _found(alone), scale, gap=gap, deadline=deadline)
    except Infeasible as error:
        raise explain(wide, error) from error
    except SolverError as error:
        raise NothingFoundError(f"The search ended before it found a plan ({error}).") from error
    plan = Plan(_plain(wide, study), solves[-1].x[:-1])  # type: ignore[index]
    return _result(wide, name, plan, alone=alone, scale=scale, solves=solves)


def _checked(study: Study, criterion: str | None, gap: float, time_limit: float | None) -> str:
    """The criterion that is asked for, when nothing is wrong with the request."""
    name = criterion if criterion is not None else next(iter(study.criteria))
    least = name in study.criteria and study.criteria[name].sense == "min"
    objective(study, None if least else name, name if least else None, gap=gap, time_limit=time_limit)
    if study.periods is None:
        rule = "missing, but a plan is nested over the periods in which interventions start"
        refuse(Fault("study.toml", "periods", rule, "Give the years: [periods] with starts = [2025, 2030]."))
    if study.criteria[name].measure != "sum":
        rule = f"{name!r} is a measure ({study.criteria[name].measure}), which no milestone has by itself"
        refuse(Fault("study.toml", f"criteria.{name}", rule, "Choose a criterion that is a sum."))
    if study.effect_of(name) not in COMPONENTS:
        rule = f"{study.effect_of(name)!r} is not counted by milestone"
        fix = f"Choose a criterion of one of these effects: {', '.join(COMPONENTS)}."
        refuse(Fault("study.toml", f"criteria.{name}", rule, fix))
    return name


def _by_milestone(study: Study, name: str) -> tuple[Formulation, list[str]]:
    """The study formulated with the criterion by each milestone as further criteria, and their names."""
    effect, sense = study.effect_of(name), study.criteria[name].sense
    more = {
        f"{name} by {year}": Criterion(effect=effect, sense=sense, milestone=year)
        for year in study.study.milestones
    }
    return formulate(study.model_copy(update={"criteria": {**study.criteria, **more}})), list(more)


def _plain(wide: Formulation, study: Study) -> Formulation:
    """The formulation without the further criteria."""
    return replace(wide, study=study, program=wide.program.select(range(len(study.criteria))))


def _until(wide: Formulation, program: Program, axis: int) -> Program:
    """The program of one milestone: its objective, without limits on what comes later."""
    year = wide.study.study.milestones[axis]
    later = _counts_after(wide) >= year
    return replace(
        program.select([axis]),  # rows keep their places, so that those that clash are found by them
        row_lower=np.where(later, -inf, program.row_lower),
        row_upper=np.where(later, inf, program.row_upper),
    )


def _counts_after(wide: Formulation) -> NDArray[np.int64]:
    """Last year of which each row says nothing, shape (r,); 0 for limits that name no time."""
    study = wide.study
    years: dict[tuple[str, str | None], int] = {}
    for limit in study.limits:
        own = study.criteria[limit.criterion].milestone if limit.criterion in study.criteria else None
        milestone = limit.milestone or own
        years[limit.name, None] = 0 if milestone is None else milestone - 1
        for span in spans_of(study, limit):
            years[limit.name, effect_key(study, limit, span)] = span[0]
    timed = [years.get((row.limit, row.effect), years[row.limit, None]) for row in wide.limits]
    further = len(wide.program.row_names) - len(timed)  # rows of measures and funds name no time
    return np.array(timed + [0] * further, dtype=np.int64)


def _found(alone: list[Point]) -> Floats:
    return np.array([point.values[0] for point in alone])


def _left(deadline: float) -> float | None:
    return None if deadline == inf else max(deadline - monotonic(), 1e-3)


def _scale(best: Floats) -> Floats:
    """Size of each best value; that of the largest one where it is 0."""
    size = np.abs(best)
    return np.where(size > 0, size, size.max() or 1.0)


def _nested(program: Program, best: Floats, scale: Floats, *, gap: float, deadline: float) -> list[Solve]:
    """The least largest shortfall, then among its plans the least sum of shortfalls."""
    wide = _widened(program, program.senses * best, 1.0 / scale)
    engine, _ = choose_engine(wide)
    solver, k = Scalarizer(wide, engine), len(scale)
    free = np.full(k + 1, inf)
    first = solver.solve(Task(np.eye(k + 1)[-1], free, gap=gap, deadline=deadline))
    if first.x is None or first.y is None:
        raise failure(first, engine, wide)
    weights, caps = np.append(1.0 / scale, 0.0), np.append(free[:-1], first.y[-1])
    second = solver.solve(Task(weights, caps, gap=gap, deadline=deadline, start=first.x))
    return [first] if second.x is None else [first, second]


def _widened(program: Program, target: Floats, weights: Floats) -> Program:
    """The program with the largest shortfall as a last column and a last objective; minimisation form."""
    k, columns = len(weights), program.columns + 1
    miss = sp.csr_array(weights[:, None] * program.minimised)
    rows = sp.csr_array(sp.hstack([miss, sp.csr_array(np.full((k, 1), -1.0))], format="csr"))
    lacking = weights * (program.minimised_offsets - target)
    reach = float((weights * program.objective_span + np.abs(lacking)).max())
    last = sp.csr_array(([1.0], ([0], [columns - 1])), shape=(1, columns))
    return replace(
        program,
        objectives=Stack((*map(Wider, program.objectives.blocks), Csr(last)), columns),
        senses=np.append(program.senses, np.int8(1)).astype(np.int8),
        offsets=np.append(program.offsets, 0.0),
        rows=Stack((*map(Wider, program.rows.blocks), Csr(rows)), columns),
        row_lower=np.concatenate([program.row_lower, np.full(k, -inf)]),
        row_upper=np.concatenate([program.row_upper, -lacking]),
        lower=np.append(program.lower, 0.0),
        upper=np.append(program.upper, reach),
        integer=np.append(program.integer, False),
        objective_names=(*program.objective_names, "largest shortfall"),
        row_names=(*program.row_names, *(f"shortfall of {name}" for name in program.objective_names)),
    )


def _result(
    wide: Formulation, name: str, plan: Plan, *, alone: list[Point], scale: Floats, solves: list[Solve]
) -> Nested:
    study = plan.formulation.study
    entry, k = study.criteria[name], len(alone)
    values = wide.program.values(plan.x)[-k:]
    bounds = np.array([point.bound for point in alone])
    better = np.maximum if entry.sense == "max" else np.minimum
    # The nested plan is one of those of every milestone: within the gap it may even be the better one.
    best = better(_found(alone), values)
    ends = [*(point.termination for point in alone), *(solve.reason for solve in solves)]
    return Nested(
        criterion=name,
        sense=entry.sense,
        unit=plan.formulation.effects[name].unit,
        milestones=study.study.milestones,
        alone=best,
        alone_bound=better(bounds, best),
        values=values,
        scale=scale,
        bound=max(solves[0].beta, 0.0),
        termination=next((reason for reason in ends if reason != OPTIMAL), OPTIMAL),
        plan=plan,
    )
