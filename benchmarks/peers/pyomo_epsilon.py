"""The plain way: the textbook model in Pyomo, and an epsilon-constraint loop that solves it with HiGHS."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

import numpy as np
import pyomo.environ as pyo

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
        terms = zip(rows.indices[part].tolist(), rows.data[part].tolist(), strict=True)
        total = sum(value * model.x[column] for column, value in terms)
        lower, upper = (None if np.isinf(v) else v for v in (program.row_lower[row], program.row_upper[row]))
        model.limit.add(pyo.inequality(lower, total, upper))
    return model


def epsilon_loop(
    program: Program, levels: Sequence[float], gap: float, *, seconds_per_level: float
) -> dict[str, Any]:
    """Best first objective at each level of the second; the solver object is kept, as Pyomo's guide does it.

    Parameters
    ----------
    program
        Two objectives, any senses.
    levels
        Values that the second objective must reach, in its own sense and unit (offset included).

    Returns
    -------
    dict
        ``values`` (one per level, None where no plan was found), ``unproven`` (levels at which the time
        per level ran out before the gap was reached), ``build_seconds``, ``solve_seconds``.
    """
    from pyomo.contrib.appsi.solvers import Highs

    start = time.perf_counter()
    model = build(program)
    first, second = program.objective_matrix

    def total(row: Any) -> Any:
        return sum(float(row[j]) * model.x[j] for j in np.flatnonzero(row).tolist())

    model.first = pyo.Objective(
        expr=total(first), sense=pyo.maximize if program.senses[0] < 0 else pyo.minimize
    )
    model.level = pyo.Param(mutable=True, initialize=0.0)
    at_least = program.senses[1] < 0
    body = total(second)
    model.epsilon = pyo.Constraint(expr=body >= model.level if at_least else body <= model.level)
    built = time.perf_counter()
    solver = Highs()
    solver.config.mip_gap = gap
    solver.config.time_limit = seconds_per_level
    solver.config.load_solution = False
    values: list[float | None] = []
    unproven = 0
    for level in levels:
        model.level.set_value(level - program.offsets[1])
        result = solver.solve(model)
        best = result.best_feasible_objective
        unproven += result.termination_condition.name != "optimal"
        values.append(None if best is None else float(best) + float(program.offsets[0]))
    return {
        "values": values,
        "unproven": unproven,
        "build_seconds": round(built - start, 3),
        "solve_seconds": round(time.perf_counter() - built, 3),
    }
