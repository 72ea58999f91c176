"""An engine that asks any solver that Pyomo can call: SCIP, Gurobi, CPLEX, CBC and others."""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property
from math import inf
from time import monotonic
from typing import TYPE_CHECKING, Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from landfront.optimizer.engine import Answer, Basis, Part
from landfront.optimizer.front import Fact, Floats
from landfront.optimizer.highs import HighsEngine
from landfront.optimizer.layout import Layout, best_of, lay_out
from landfront.optimizer.program import Program
from landfront.optimizer.pyomo_doors import Door, Found
from landfront.optimizer.session import COST_TOP, power_of_two

if TYPE_CHECKING:
    from pyomo.core.expr import LinearExpression


class Rendering:
    """A program as a Pyomo model, made once; each question sets its objective, caps and fixed columns.

    Attributes
    ----------
    model
        Variables ``x`` by column and ``t``, constraints ``rows`` (groups, then coupling rows) and ``caps`` by
        objective, objective ``goal``, Suffix ``dual``.
    """

    def __init__(self, layout: Layout, integer: NDArray[np.bool_]) -> None:
        import pyomo.environ as pyo

        self._program = program = layout.program
        domains = np.where(integer, pyo.Integers, pyo.Reals)
        self.model = model = pyo.ConcreteModel()
        model.x = pyo.Var(range(program.columns), domain=lambda _, column: domains[column])
        model.t = pyo.Var()
        self._variables = list(model.x.values())
        self._bound_columns(np.ones(program.columns, dtype=bool), program.lower, program.upper)
        matrix = sp.csr_array(layout.matrix)
        used = np.flatnonzero(np.diff(matrix.indptr)[: layout.caps]).tolist()
        model.rows = pyo.Constraint(
            used,
            rule=lambda _, row: _sides(
                float(layout.lower[row]), self._sum(*_entries(matrix, row)), float(layout.upper[row])
            ),
        )
        self._caps = [self._sum(*_entries(matrix, row)) for row in range(layout.caps, matrix.shape[0])]
        model.caps = pyo.Constraint(pyo.Any)
        model.goal = pyo.Objective(expr=0.0)
        asked = pyo.Suffix.LOCAL if integer.any() else pyo.Suffix.IMPORT  # an integer program has no duals
        model.dual = pyo.Suffix(direction=asked)
        self._fixed = np.zeros(program.columns, dtype=bool)

    def _sum(self, columns: NDArray[Any], coefficients: Floats) -> LinearExpression:
        from pyomo.core.expr import LinearExpression

        return LinearExpression(
            constant=0.0,
            linear_coefs=coefficients.tolist(),
            linear_vars=[self._variables[column] for column in columns.tolist()],
        )

    def ask(self, cost: Floats, caps: Floats, slope: Floats | None) -> float:
        """Set the objective and the caps; by how much the objective is multiplied.

        Costs are scaled as in `session`, so that the solver's absolute tolerances mean the same.
        """
        top = max(float(np.abs(cost).max(initial=0.0)), 0.0 if slope is None else 1.0)
        scale = float(power_of_two(np.array([top]))[0]) * COST_TOP if top > 0 else 1.0
        columns = np.flatnonzero(cost)
        goal: Any = self._sum(columns, cost[columns] * scale) if len(columns) else 0.0
        self.model.goal.set_value(goal if slope is None else goal + scale * self.model.t)
        self.model.caps.clear()
        for index in np.flatnonzero(np.isfinite(caps)).tolist():
            if len(self._caps[index].args) == 0:
                continue
            body = (
                self._caps[index] if slope is None else self._caps[index] - float(slope[index]) * self.model.t
            )
            self.model.caps[index] = (None, body, float(caps[index]))
        return scale

    def restrict(self, part: Part) -> None:
        """Close the columns that may not change on their value, and open those that may again."""
        closed = ~part.free
        self._bound_columns(closed, part.base, part.base)
        self._bound_columns(self._fixed & ~closed, self._program.lower, self._program.upper)
        self._fixed = closed

    def start_from(self, x: Floats) -> None:
        """Put a solution on the variables, as a start for the solver."""
        for variable, value in zip(self._variables, x.tolist(), strict=True):
            variable.set_value(value, skip_validation=True)

    def _bound_columns(self, which: NDArray[np.bool_], lower: Floats, upper: Floats) -> None:
        for column in np.flatnonzero(which).tolist():
            variable, low, high = self._variables[column], float(lower[column]), float(upper[column])
            variable.setlb(low if low > -inf else None)
            variable.setub(high if high < inf else None)


def _entries(matrix: sp.csr_array, row: int) -> tuple[NDArray[Any], Floats]:
    """Columns and coefficients of a row."""
    part = slice(int(matrix.indptr[row]), int(matrix.indptr[row + 1]))
    return matrix.indices[part], matrix.data[part]


def _sides(lower: float, body: Any, upper: float) -> Any:
    """A constraint in the form that its bounds ask for."""
    if lower == upper:
        return (body, upper)
    return (lower if lower > -inf else None, body, upper if upper < inf else None)


class PyomoEngine:
    """Solves any program through Pyomo's interface to a solver.

    The program is rendered once as a Pyomo model; each question edits objective, caps and column bounds, and
    is solved by a fresh solver object (see `pyomo_doors` for why). Relaxations go to HiGHS where the
    interface gives no duals (SCIP), as a relaxation without multipliers would prove nothing that can be
    recomputed; so do starting bases, and the search for limits that clash. `name` says which solver does
    what.

    Parameters
    ----------
    program
        Any.
    solver
        "scip", "gurobi", "cplex", "cbc", "highs", or another name of Pyomo's solver factory.

    Raises
    ------
    ValueError
        If the solver is not installed; the text says how to get it.
    """

    def __init__(self, program: Program, solver: str) -> None:
        self._program = program
        self._door = Door(solver)
        self._highs = HighsEngine(program)

    @property
    def name(self) -> str:
        """Name and version of the solver and of Pyomo, and of HiGHS where it does the relaxations."""
        if self._door.kind.duals:
            return self._door.name
        return f"{self._door.name}, relaxations by {self._highs.name}"

    @cached_property
    def _layout(self) -> Layout:
        return lay_out(self._program)

    @cached_property
    def _relaxed(self) -> Rendering:
        return Rendering(self._layout, np.zeros(self._program.columns, dtype=bool))

    @cached_property
    def _whole(self) -> Rendering:
        return Rendering(self._layout, self._program.integer)

    def relax(
        self,
        weights: Floats,
        upper: Floats,
        *,
        seconds: float,
        start: Basis | None = None,
        slope: Floats | None = None,
    ) -> Answer:
        """Solve without integrality; a basis is of use to HiGHS only."""
        if not self._door.kind.duals:
            return self._highs.relax(weights, upper, seconds=seconds, start=start, slope=slope)
        return self._solve(self._relaxed, weights, upper, seconds=seconds, slope=slope)

    def search(self, weights: Floats, upper: Floats, *, part: Part, seconds: float) -> Answer:
        """Solve with integrality over a part of the columns; below several corners one after the other."""
        if part.among is not None:
            below = [
                self.search(
                    weights, np.minimum(corner, upper), part=replace(part, among=None), seconds=seconds
                )
                for corner in part.among
            ]
            return best_of(below)
        rendering = self._whole
        rendering.restrict(part)
        if part.start is not None:
            rendering.start_from(part.start)
        return self._solve(rendering, weights, upper, seconds=seconds, part=part)

    def clash(self, *, seconds: float) -> tuple[int, ...]:
        """Coupling rows that clash, found by HiGHS."""
        return self._highs.clash(seconds=seconds)

    def round(
        self,
        weights: Floats,
        upper: Floats,
        fact: Fact,
        x: Floats,
        *,
        target: float,
        seconds: float,
        tighter: bool = False,
    ) -> Floats | None:
        """As `highs.HighsEngine`."""
        return self._highs.round(weights, upper, fact, x, target=target, seconds=seconds, tighter=tighter)

    def core(self, fact: Fact, x: Floats, *, size: int) -> Part:
        """As `highs.HighsEngine`."""
        return self._highs.core(fact, x, size=size)

    def rest(self, fact: Fact, gap: float) -> Part | None:
        """As `highs.HighsEngine`."""
        return self._highs.rest(fact, gap)

    def _solve(
        self,
        rendering: Rendering,
        weights: Floats,
        upper: Floats,
        *,
        seconds: float,
        slope: Floats | None = None,
        part: Part | None = None,
    ) -> Answer:
        end = monotonic() + seconds
        if seconds <= 0:
            return self._answer(rendering, Found("time limit", detail="no time was left"), part=part)
        layout = self._layout
        if self._impossible(upper):
            return self._answer(rendering, Found("infeasible", detail="a row without variables"), part=part)
        cost, constant = layout.opportunity_cost(weights)
        scale = rendering.ask(cost, layout.cap_bounds(upper), slope)
        gap, start = (part.gap, part.start is not None) if part is not None else (0.0, False)
        found = self._door.solve(rendering.model, seconds=seconds, gap=gap * scale, start=start)
        if found.ending == "infeasible or unbounded":
            rendering.ask(np.zeros_like(cost), layout.cap_bounds(upper), None)
            found = self._settle(rendering, seconds=end - monotonic())
        return self._answer(rendering, found, part=part, scale=scale, constant=constant)

    def _settle(self, rendering: Rendering, *, seconds: float) -> Found:
        """Tell infeasible from unbounded by a solve without an objective."""
        plain = self._door.solve(rendering.model, seconds=max(seconds, 0.0), gap=0.0, start=False)
        if plain.ending == "optimal":
            return Found("unbounded", detail="feasible without an objective, so unbounded")
        if plain.ending == "infeasible":
            return Found("infeasible", detail="infeasible without an objective too")
        return Found("error", detail=f"infeasible or unbounded, then: {plain.detail}")

    def _impossible(self, upper: Floats) -> bool:
        """Whether a row or a cap without variables is violated."""
        layout = self._layout
        empty = np.diff(layout.matrix.indptr) == 0
        high = layout.upper.copy()
        high[layout.caps :] = layout.cap_bounds(upper)
        return bool(np.any(empty & ((layout.lower > 0) | (high < 0))))

    def _answer(
        self,
        rendering: Rendering,
        found: Found,
        *,
        part: Part | None,
        scale: float = 1.0,
        constant: float = 0.0,
    ) -> Answer:
        layout, ending = self._layout, found.ending
        assert ending != "infeasible or unbounded"
        multipliers = np.zeros(len(layout.lower))
        model = rendering.model
        for first, rows in ((0, model.rows), (layout.caps, model.caps)):
            for index, row in rows.items():
                multipliers[first + index] = found.duals.get(row, 0.0) / scale
        return Answer(
            reason=ending,
            x=self._columns(found, part),
            bound=found.bound / scale + constant,
            row_prices=multipliers[layout.coupling : layout.caps],
            cap_prices=-multipliers[layout.caps :],
            detail=found.detail,
            stretch=0.0 if found.values is None else found.values.get(-1, 0.0),
        )

    def _columns(self, found: Found, part: Part | None) -> Floats | None:
        """The solution, shape (m,); a column that stands nowhere may have any value within its bounds."""
        if found.values is None:
            return None
        x = np.clip(np.zeros(self._program.columns), self._program.lower, self._program.upper)
        columns = [column for column in found.values if column >= 0]
        x[columns] = [found.values[column] for column in columns]
        # A solver returns the value of a closed column up to its rounding.
        return x if part is None else np.where(part.free, x, part.base)
