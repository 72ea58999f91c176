"""The engine that lays a program out for HiGHS: groups, coupling rows and caps on the objectives as rows."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from math import inf
from time import monotonic

import numpy as np
import scipy.sparse as sp

from landfront.optimizer.eliminate import Elimination, eliminate
from landfront.optimizer.engine import NONE, Answer, Basis, Part
from landfront.optimizer.front import Floats
from landfront.optimizer.program import Program
from landfront.optimizer.session import Limits, Model, Outcome, Session, solver_version
from landfront.optimizer.sifting import Sifting, can_sift


@dataclass(frozen=True)
class Layout:
    """A program as rows: first the groups, then the coupling rows, then one cap per objective.

    Attributes
    ----------
    matrix
        Shape (groups + r + p, m).
    lower, upper
        Row bounds without caps.
    """

    program: Program
    matrix: sp.csr_array
    lower: Floats
    upper: Floats

    @property
    def coupling(self) -> int:
        """Index of the first coupling row."""
        return self.program.groups

    @property
    def caps(self) -> int:
        """Index of the first cap row."""
        return len(self.lower) - len(self.program.senses)

    def cap_bounds(self, upper: Floats) -> Floats:
        """Upper bounds of the cap rows for ``y <= upper``, offsets moved over."""
        return np.asarray(upper - self.program.minimised_offsets)

    def model(self, cost: Floats, *, integer: bool) -> Model:
        """All columns and rows, without caps."""
        program = self.program
        whole = program.integer if integer else np.zeros(program.columns, dtype=bool)
        return Model(cost, program.lower, program.upper, whole, self.matrix, self.lower, self.upper)

    def opportunity_cost(self, weights: Floats) -> tuple[Floats, float]:
        """Loss of each column against the best of its group, and the constant taken out."""
        program = self.program
        cost = weights @ program.minimised
        constant = float(weights @ program.minimised_offsets)
        if program.groups == 0:
            return cost, constant
        best = np.minimum.reduceat(cost[: program.starts[-1]], program.starts[:-1])
        cost[: program.starts[-1]] -= np.repeat(best, np.diff(program.starts))
        return cost, constant + float(best.sum())


def lay_out(program: Program) -> Layout:
    """Rows of a program for a solver that wants one matrix."""
    grouped, p = int(program.starts[-1]), len(program.senses)
    groups = sp.csr_array(
        (np.ones(grouped), np.arange(grouped), program.starts), shape=(program.groups, program.columns)
    )
    rows = [groups, program.row_matrix, sp.csr_array(program.minimised)]
    ones = np.ones(program.groups)
    return Layout(
        program=program,
        matrix=sp.csr_array(sp.vstack(rows, format="csr")),
        lower=np.concatenate([ones, program.row_lower, np.full(p, -inf)]),
        upper=np.concatenate([ones, program.row_upper, np.full(p, inf)]),
    )


class Relaxation:
    """A persistent session of the program without integrality, its groups' references eliminated.

    With `sloped` it has one more column, t of Pascoletti and Serafini, the last one.
    """

    def __init__(self, layout: Layout, *, sloped: bool) -> None:
        program = layout.program
        self._layout, self._sloped = layout, sloped
        model = layout.model(np.zeros(program.columns), integer=False)
        if sloped:
            model = with_free_column(model)
        self._undo: Elimination | None = None
        self._moved = np.zeros(len(model.row_lower))
        if program.groups:
            model, self._undo, self._moved = eliminate(model, program.starts)
        self._session = Session(model)
        self._upper = np.full(len(program.senses), inf)
        self._slope = np.zeros(0)

    def solve(
        self, weights: Floats, upper: Floats, slope: Floats | None, *, start: Basis | None, seconds: float
    ) -> Answer:
        """Solve from a basis."""
        if slope is not None:
            self._edit_slope(slope)
        constant = self._edit_cost(weights)
        self._edit_caps(upper)
        self._session.restart(*(NONE, NONE) if start is None else (start.columns, start.rows))
        outcome = self._session.run(Limits(seconds=seconds))
        x = outcome.x if outcome.x is None or self._undo is None else self._undo.restore(outcome.x)
        stretch = 0.0
        if x is not None and self._sloped:
            x, stretch = x[:-1], float(x[-1])
        answer = replace(answer_of(outcome, constant, x, self._layout), stretch=stretch)
        if outcome.reason != "optimal":
            return answer
        prices = np.concatenate([weights + answer.cap_prices, answer.row_prices])
        return replace(answer, basis=Basis(prices, *self._session.statuses()))

    def _edit_cost(self, weights: Floats) -> float:
        cost, constant = self._layout.opportunity_cost(weights)
        if self._sloped:
            cost = np.append(cost, 1.0)
        if self._undo is not None:
            cost, moved = self._undo.cost(cost)
            constant += moved
        self._session.edit_cost(cost)
        return constant

    def _edit_caps(self, upper: Floats) -> None:
        caps = self._layout.caps
        bounds = self._layout.cap_bounds(upper) - self._moved[caps:]
        for index in np.flatnonzero(upper != self._upper):
            self._session.edit_row(caps + int(index), -inf, float(bounds[index]))
        self._upper = upper.copy()

    def _edit_slope(self, slope: Floats) -> None:
        """Set the coefficients of t."""
        if np.array_equal(slope, self._slope):
            return
        values = np.zeros(len(self._layout.lower))
        values[self._layout.caps :] = -slope
        self._session.edit_last(values)
        self._slope = slope.copy()


def with_free_column(model: Model) -> Model:
    """The model with one more column, free and empty."""
    rows = len(model.row_lower)
    return Model(
        cost=np.append(model.cost, 0.0),
        lower=np.append(model.lower, -inf),
        upper=np.append(model.upper, inf),
        integer=np.append(model.integer, False),
        matrix=sp.csr_array(sp.hstack([model.matrix, sp.csr_array((rows, 1))], format="csr")),
        row_lower=model.row_lower,
        row_upper=model.row_upper,
    )


class HighsEngine:
    """Solves any program: a persistent session for relaxations, a fresh one for each integer search."""

    def __init__(self, program: Program) -> None:
        self._program = program

    @property
    def name(self) -> str:
        """Name and version of the solver."""
        return solver_version()

    @cached_property
    def _layout(self) -> Layout:
        return lay_out(self._program)

    @cached_property
    def _sifting(self) -> Sifting | None:
        return Sifting(self._program) if can_sift(self._program) else None

    @cached_property
    def _plain(self) -> Relaxation:
        return Relaxation(self._layout, sloped=False)

    @cached_property
    def _sloped(self) -> Relaxation:
        return Relaxation(self._layout, sloped=True)

    def relax(
        self,
        weights: Floats,
        upper: Floats,
        *,
        seconds: float,
        start: Basis | None = None,
        slope: Floats | None = None,
    ) -> Answer:
        """Solve without integrality, from a basis or cold; see `engine.Engine`."""
        if self._sifting is not None:
            answer = self._sifting.relax(weights, upper, slope, start=start, seconds=seconds)
            if answer is not None:
                return answer
        relaxation = self._plain if slope is None else self._sloped
        return relaxation.solve(weights, upper, slope, start=start, seconds=seconds)

    def search(self, weights: Floats, upper: Floats, *, part: Part, seconds: float) -> Answer:
        """Solve with integrality over a part of the columns; the others move to the right-hand side."""
        cost, constant = self._layout.opportunity_cost(weights)
        model, fixed = self._restricted(cost, upper, part)
        session = Session(model)
        if part.start is not None:
            session.start_from(part.start[part.free])
        shift = constant + fixed
        outcome = session.run(Limits(seconds=seconds, gap=part.gap, target=part.target - shift))
        x = None
        if outcome.x is not None:
            x = part.base.copy()
            x[part.free] = outcome.x
        return answer_of(outcome, shift, x, self._layout)

    def _restricted(self, cost: Floats, upper: Floats, part: Part) -> tuple[Model, float]:
        layout, program = self._layout, self._program
        fixed = np.where(part.free, 0.0, part.base)
        used = layout.matrix @ fixed
        row_upper = layout.upper.copy()
        row_upper[layout.caps :] = layout.cap_bounds(upper)
        matrix = sp.csr_array(layout.matrix.tocsc()[:, np.flatnonzero(part.free)].tocsr())
        keep = np.diff(matrix.indptr) > 0
        model = Model(
            cost=cost[part.free],
            lower=program.lower[part.free],
            upper=program.upper[part.free],
            integer=program.integer[part.free],
            matrix=sp.csr_array(matrix[np.flatnonzero(keep)]),
            row_lower=(layout.lower - used)[keep],
            row_upper=(row_upper - used)[keep],
        )
        return model, float(cost @ fixed)

    def clash(self, *, seconds: float) -> tuple[int, ...]:
        """Coupling rows that clash: free them one at a time, keep free what leaves the rest infeasible."""
        end = monotonic() + seconds
        cost = np.zeros(self._program.columns)
        session = Session(self._layout.model(cost, integer=False))
        if session.run(Limits(seconds=seconds)).reason != "infeasible":
            session = Session(self._layout.model(cost, integer=True))
        return clashing_rows(session, self._layout, seconds=max(end - monotonic(), 0.0))


def answer_of(outcome: Outcome, constant: float, x: Floats | None, layout: Layout) -> Answer:
    """The answer in the program's terms; multipliers only where the outcome has one for every row."""
    duals = outcome.duals
    whole = len(duals) == len(layout.lower)
    r, p = layout.caps - layout.coupling, len(layout.lower) - layout.caps
    return Answer(
        reason=outcome.reason,
        x=x,
        bound=outcome.bound + constant,
        row_prices=duals[layout.coupling : layout.caps] if whole else np.zeros(r),
        cap_prices=-duals[layout.caps :] if whole else np.zeros(p),
        detail=outcome.detail,
    )


def clashing_rows(session: Session, layout: Layout, *, seconds: float) -> tuple[int, ...]:
    """The coupling rows of a set that is proven infeasible, irreducible when time suffices."""
    end = monotonic() + seconds
    clashing: list[int] = []
    for row in range(layout.caps - layout.coupling):
        at = layout.coupling + row
        session.edit_row(at, -inf, inf)
        if monotonic() < end and session.run(Limits(seconds=end - monotonic())).reason == "infeasible":
            continue
        session.edit_row(at, float(layout.lower[at]), float(layout.upper[at]))
        clashing.append(row)
    return tuple(clashing)
