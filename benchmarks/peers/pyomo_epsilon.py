"""The plain way: the textbook model in Pyomo, and an epsilon-constraint loop that solves it with HiGHS."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

import numpy as np
import pyomo.environ as pyo
from pyomo.contrib.appsi.solvers import Highs

from landfront.optimizer.program import Program


def build(program: Program) -> Any:
    """A model with one variable per option, one constraint per parcel and per limit."""
    model = pyo.ConcreteModel()
    columns, rows = range(program.columns), program.row_matrix
    domain = pyo.Binary if program.integer.any() else pyo.NonNegativeReals
    model.x = pyo.Var(columns, domain=domain, bounds=(0, 1))
    starts = program.starts
    model.one_option = pyo.Constraint(
        range(program.groups), rule=lambda m, g: sum(m.x[j] for j in range(starts[g], starts[g + 1])) == 1
    )
    model.limit = pyo.ConstraintList()
    for row in range(rows.shape[0]):
        part = slice(rows.indptr[row], rows.indptr[row + 1])
        if part.start == part.stop:
            continue
        terms = zip(rows.indices[part].tolist(), rows.data[part].tolist(), strict=True)
        total = sum(value * model.x[column] for column, value in terms)
        lower, upper = (None if np.isinf(v) else v for v in (program.row_lower[row], program.row_upper[row]))
        model.limit.add(pyo.inequality(lower, total, upper))
    return model


def epsilon_loop(
    program: Program, levels: Sequence[float], gap: float, *, seconds_per_level: float, fresh: bool
) -> dict[str, Any]:
    """The payoff table, then the best first objective at each level of the second.

    Parameters
    ----------
    program
        Two objectives, any senses.
    levels
        Values that the second objective must reach, in its own sense and unit (offset included).
    fresh
        A new solver object per level, as when the loop calls a function that solves the model; otherwise one
        object is kept, which Pyomo edits and HiGHS starts from its last basis.

    Returns
    -------
    dict
        ``values`` (one per level, None where no plan was found), ``unproven`` (levels at which the time
        per level ran out before the gap was reached), ``build_seconds``, ``solve_seconds``.
    """
    start = time.perf_counter()
    model = build(program)
    add_objectives(model, program)
    built = time.perf_counter()
    solve = _Solver(model, gap, seconds_per_level)
    for name in ("second", "first"):  # the payoff table, whose range gives a loop its levels
        model.first.deactivate()
        model.second.deactivate()
        getattr(model, name).activate()
        solve()
    values: list[float | None] = []
    unproven = 0
    model.epsilon.activate()
    for level in levels:
        model.level.set_value(level - program.offsets[1])
        if fresh:
            solve = _Solver(model, gap, seconds_per_level)
        best, proven = solve()
        unproven += not proven
        values.append(None if best is None else best + float(program.offsets[0]))
    return {
        "values": values,
        "unproven": unproven,
        "build_seconds": round(built - start, 3),
        "solve_seconds": round(time.perf_counter() - built, 3),
    }


def add_objectives(model: Any, program: Program) -> None:
    """Both objectives, and the second one as a constraint with a mutable level."""

    def total(row: Any) -> Any:
        return sum(float(row[j]) * model.x[j] for j in np.flatnonzero(row).tolist())

    first, second = program.objective_matrix
    senses = [pyo.maximize if sense < 0 else pyo.minimize for sense in program.senses]
    model.first = pyo.Objective(expr=total(first), sense=senses[0])
    model.second = pyo.Objective(expr=total(second), sense=senses[1])
    model.level = pyo.Param(mutable=True, initialize=0.0)
    body = total(second)
    model.epsilon = pyo.Constraint(expr=body >= model.level if program.senses[1] < 0 else body <= model.level)
    model.epsilon.deactivate()


class _Solver:
    """One HiGHS object of Pyomo's, kept between calls."""

    def __init__(self, model: Any, gap: float, seconds: float) -> None:
        self.model, self.highs = model, Highs()
        self.highs.config.mip_gap = gap
        self.highs.config.time_limit = seconds
        self.highs.config.load_solution = False

    def __call__(self) -> tuple[float | None, bool]:
        """Best value found, and whether it was proven within the gap."""
        result = self.highs.solve(self.model)
        best = result.best_feasible_objective
        return None if best is None else float(best), result.termination_condition.name == "optimal"
