"""The engine that lays a program out for HiGHS: groups, coupling rows and caps on the objectives as rows."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from math import inf
from time import monotonic

import numpy as np
import scipy.sparse as sp

from landfront.optimizer.eliminate import Elimination, eliminate
from landfront.optimizer.engine import Answer, Part
from landfront.optimizer.front import Floats
from landfront.optimizer.program import Program
from landfront.optimizer.session import Limits, Model, Outcome, Session, solver_version

TURN = 0.995
"""Cosine between two objectives, in units of their spans, below which solving afresh by the dual simplex beat
the primal simplex from the last basis (0.4 s against 0.6 to 2 s with 10,000 groups)."""


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


class HighsEngine:
    """Solves any program: a persistent session for relaxations, a fresh one for each integer search."""

    def __init__(self, program: Program) -> None:
        self._program = program
        self._weights: Floats | None = None
        self._upper = np.full(len(program.senses), inf)
        self._constant = 0.0

    @property
    def name(self) -> str:
        """Name and version of the solver."""
        return solver_version()

    @cached_property
    def _layout(self) -> Layout:
        return lay_out(self._program)

    @cached_property
    def _relaxed(self) -> tuple[Session, Elimination | None, Floats]:
        """The session of the relaxation, what undoes its elimination, and what that moved to the bounds."""
        model = self._model(np.zeros(self._program.columns), integer=False)
        if self._program.groups == 0:
            return Session(model), None, np.zeros(len(model.row_lower))
        smaller, undo, moved = eliminate(model, self._program.starts)
        return Session(smaller), undo, moved

    def _model(self, cost: Floats, *, integer: bool) -> Model:
        layout, program = self._layout, self._program
        whole = program.integer if integer else np.zeros(program.columns, dtype=bool)
        return Model(cost, program.lower, program.upper, whole, layout.matrix, layout.lower, layout.upper)

    def relax(self, weights: Floats, upper: Floats, *, seconds: float) -> Answer:
        """Solve without integrality, from where the last solve ended."""
        session, undo, _ = self._relaxed
        self._edit(weights, upper)
        outcome = session.run(Limits(seconds=seconds))
        x = outcome.x if outcome.x is None or undo is None else undo.restore(outcome.x)
        return self._answer(outcome, self._constant, x)

    def _edit(self, weights: Floats, upper: Floats) -> None:
        session, undo, moved = self._relaxed
        if self._weights is None or not np.array_equal(weights, self._weights):
            cost, self._constant = self._layout.opportunity_cost(weights)
            if undo is not None:
                cost, constant = undo.cost(cost)
                self._constant += constant
            session.edit_cost(cost, fresh=self._turned(weights))
            self._weights = weights.copy()
        caps = self._layout.caps
        bounds = self._layout.cap_bounds(upper) - moved[caps:]
        for index in np.flatnonzero(upper != self._upper):
            session.edit_row(caps + int(index), -inf, float(bounds[index]))
        self._upper = upper.copy()

    def _turned(self, weights: Floats) -> bool:
        """Whether the objective turned so far that the last basis is no help."""
        if self._weights is None:
            return True
        new, old = weights * self._program.objective_span, self._weights * self._program.objective_span
        cosine = float(new @ old) / float(np.linalg.norm(new) * np.linalg.norm(old))
        return cosine < TURN

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
        return self._answer(outcome, shift, x)

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

    def _answer(self, outcome: Outcome, constant: float, x: Floats | None) -> Answer:
        duals, layout = outcome.duals, self._layout
        whole = len(duals) == len(layout.lower)
        r, p = self._program.rows.shape[0], len(self._program.senses)
        return Answer(
            reason=outcome.reason,
            x=x,
            bound=outcome.bound + constant,
            row_prices=duals[layout.coupling : layout.caps] if whole else np.zeros(r),
            cap_prices=-duals[layout.caps :] if whole else np.zeros(p),
            detail=outcome.detail,
        )

    def clash(self, *, seconds: float) -> tuple[int, ...]:
        """Coupling rows that clash: free them one at a time, keep free what leaves the rest infeasible."""
        end = monotonic() + seconds
        cost = np.zeros(self._program.columns)
        session = Session(self._model(cost, integer=False))
        if session.run(Limits(seconds=seconds)).reason != "infeasible":
            session = Session(self._model(cost, integer=True))
        return clashing_rows(session, self._layout, seconds=max(end - monotonic(), 0.0))


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
