"""One plan for a weighted sum of criteria under caps: a solution with the bound of what was asked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import inf
from time import monotonic

import numpy as np

from landfront.models.formulate import Formulation
from landfront.models.plan import Plan
from landfront.optimizer.engine import Infeasible, SolverError, choose_engine
from landfront.optimizer.points import make_point
from landfront.optimizer.program import Program
from landfront.optimizer.scalarize import Scalarizer, failure
from landfront.optimizer.task import Task
from landfront.report.infeasible import explain
from landfront.report.search import NothingFoundError


@dataclass(frozen=True)
class Weighed:
    """A plan that is best for a weighted sum of criteria, each counted so that less is better.

    Attributes
    ----------
    plan
        The plan; ``plan.point.bound`` is of the main criterion, among plans as good in the others.
    criterion
        The first criterion that was asked for.
    value, bound
        Of the weighted sum, in minimisation form.
    termination
        How the search ended.
    """

    plan: Plan
    criterion: str
    value: float
    bound: float
    termination: str

    @property
    def gap(self) -> float:
        """Distance of value and bound as a share of the value."""
        return abs(self.value - self.bound) / max(abs(self.value), 1e-9)


def find_weighed(
    formulation: Formulation,
    weights: Mapping[str, float],
    caps: Mapping[str, float] | None = None,
    *,
    gap: float = 1e-4,
    time_limit: float | None = None,
    program: Program | None = None,
) -> Weighed:
    """The best plan for a weighted sum of criteria, whose first one is the main one.

    Parameters
    ----------
    weights
        By criterion; each counts in its own sense, so that a weight of 1 on ``cost`` and on ``carbon`` asks
        for less cost and more carbon.
    caps
        Worst values allowed, by criterion, in their own units.
    gap
        Relative gap of the main criterion, or of the change of it.
    time_limit
        Seconds.
    program
        The formulation's program with other bounds, where some choice is forced.

    Raises
    ------
    InfeasibleError
        If no plan meets the limits, and nothing was forced.
    Infeasible
        If no plan meets what was forced.
    NothingFoundError
        If the time was over before there was a plan.
    """
    names = list(formulation.study.criteria)
    asked = program or formulation.program
    vector, upper = np.zeros(len(names)), np.full(len(names), inf)
    for name, weight in weights.items():
        vector[names.index(name)] = weight
    for name, cap in (caps or {}).items():
        upper[names.index(name)] = float(asked.senses[names.index(name)]) * cap
    main = names.index(next(iter(weights)))
    engine, _ = choose_engine(asked)
    deadline = inf if time_limit is None else monotonic() + time_limit
    solve = Scalarizer(asked, engine).solve(Task(vector, upper, share=gap, main=main, deadline=deadline))
    if solve.x is None:
        error = failure(solve, engine, asked)
        if isinstance(error, Infeasible) and program is None and not caps:
            raise explain(formulation, error) from error
        if isinstance(error, SolverError):
            raise NothingFoundError(f"The search ended before it found a plan ({error}).") from error
        raise error
    assert solve.y is not None
    value = float(vector @ solve.y)
    beta = min(solve.beta, value)  # a bound may pass the value by rounding
    # Who is no worse in the others has at least the bound less what they count for.
    point = make_point(asked, solve, float(solve.y[main]) - (value - beta), objective=main)
    return Weighed(Plan(formulation, point.x, point=point), names[main], value, beta, solve.reason)
