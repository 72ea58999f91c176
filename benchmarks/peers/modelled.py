"""The best carbon at some levels of food, through modelling tools and HiGHS, each level from nothing."""

from __future__ import annotations

import time
from typing import Any

import numpy as np

from landfront.optimizer.program import Program
from landfront.optimizer.structured.engine import StructuredEngine

SHARES = (0.35, 0.7, 0.5, 0.2)
"""Levels of food, from its value at the best carbon to its best."""


def solve_levels(program: Program, tool: str, points: int) -> dict[str, Any]:
    """Build once and solve each level with a new solver object.

    Returns
    -------
    dict
        Seconds of building, of each level, their values, and what 20 points would take: extrapolated.
    """
    program = program.select([0, 1])
    levels = food_levels(program)[:points]
    made = {"pyomo": Pyomo, "linopy": Linopy}[tool]
    clock = time.process_time()
    model = made(program)
    build = time.process_time() - clock
    seconds, values = [], []
    for level in levels:
        clock = time.process_time()
        values.append(model.best(level))
        seconds.append(round(time.process_time() - clock, 3))
    twenty = build + 20 * float(np.mean(seconds))
    return {
        "tool": tool,
        "build_cpu_seconds": round(build, 3),
        "level_cpu_seconds_of_each": seconds,
        "values": values,
        "twenty_points_extrapolated": round(twenty, 1),
    }


def food_levels(program: Program) -> list[float]:
    """Levels of the second objective in its own sense, offset left out."""
    engine, free = StructuredEngine(program), np.full(2, np.inf)
    ends = []
    for weights in ([1.0, 1e-3], [1e-3, 1.0]):
        x = engine.relax(np.array(weights), free, seconds=np.inf).x
        assert x is not None
        ends.append(float(program.values(x)[1] - program.offsets[1]))
    return [ends[0] + share * (ends[1] - ends[0]) for share in SHARES]


class Pyomo:
    """The textbook model; HiGHS through Pyomo's persistent interface, a new object per solve."""

    def __init__(self, program: Program) -> None:
        import pyomo.environ as pyo

        from peers.pyomo_epsilon import build

        self._model = build(program)
        own = [program.coefficients(i) for i in range(2)]
        x = self._model.x
        carbon, food = (sum(c * x[j] for j, c in enumerate(row.tolist()) if c) for row in own)
        self._model.carbon = pyo.Objective(expr=carbon, sense=pyo.maximize)
        self._model.level = pyo.Param(initialize=0.0, mutable=True)
        self._model.food = pyo.Constraint(expr=food >= self._model.level)

    def best(self, level: float) -> float:
        """The best carbon at a level of food."""
        import pyomo.environ as pyo
        from pyomo.contrib.appsi.solvers import Highs

        self._model.level = level
        Highs().solve(self._model)
        return float(pyo.value(self._model.carbon))


class Linopy:
    """The model as one block of rows; HiGHS through linopy."""

    def __init__(self, program: Program) -> None:
        import linopy
        import pandas as pd

        own = [program.coefficients(i) for i in range(2)]
        self._own, self._model = own, linopy.Model()
        self._x = self._model.add_variables(
            lower=0.0, upper=1.0, coords=[pd.RangeIndex(program.columns, name="option")], name="x"
        )
        rows = program.row_matrix
        for row in range(rows.shape[0]):
            part = slice(rows.indptr[row], rows.indptr[row + 1])
            if part.start == part.stop:
                continue
            chosen = self._x.isel(option=rows.indices[part])
            total = (chosen * rows.data[part].astype(float)).sum()
            if np.isfinite(program.row_upper[row]):
                self._model.add_constraints(total <= program.row_upper[row], name=f"upper{row}")
            if np.isfinite(program.row_lower[row]):
                self._model.add_constraints(total >= program.row_lower[row], name=f"lower{row}")
        group = pd.Series(np.repeat(np.arange(program.groups), np.diff(program.starts)), name="parcel")
        group.index.name = "option"
        self._model.add_constraints((1.0 * self._x).groupby(group).sum() == 1, name="one option")
        self._model.add_objective((self._x * own[0]).sum(), sense="max")

    def best(self, level: float) -> float:
        """The best carbon at a level of food."""
        if "food" in self._model.constraints:
            self._model.remove_constraints("food")
        self._model.add_constraints((self._x * self._own[1]).sum() >= level, name="food")
        self._model.solve(solver_name="highs", io_api="direct", output_flag=False)
        return float(self._model.objective.value)
