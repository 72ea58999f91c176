"""Relaxations of a whole program in one persistent session, started from the statuses of another solve."""

from __future__ import annotations

from dataclasses import replace
from math import inf

import numpy as np
import scipy.sparse as sp

from landfront.optimizer.eliminate import Elimination, eliminate
from landfront.optimizer.engine import NONE, Answer, Basis
from landfront.optimizer.front import Floats
from landfront.optimizer.layout import Layout, answer_of
from landfront.optimizer.session import QUICK, Limits, Model, Outcome, Session, Settings

SMALL = 5000
"""Columns up to which a relaxation takes milliseconds."""


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
        self._session = Session(model, QUICK if len(model.cost) <= SMALL else Settings())
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
        outcome = self._run(start, seconds=seconds)
        x = outcome.x if outcome.x is None or self._undo is None else self._undo.restore(outcome.x)
        stretch = 0.0
        if x is not None and self._sloped:
            x, stretch = x[:-1], float(x[-1])
        answer = replace(answer_of(outcome, constant, x, layout=self._layout, priced=True), stretch=stretch)
        if outcome.reason != "optimal":
            return answer
        prices = np.concatenate([weights + answer.cap_prices, answer.row_prices])
        return replace(answer, basis=Basis(prices, *self._session.statuses()))

    def _run(self, start: Basis | None, *, seconds: float) -> Outcome:
        """Run from a basis, and cold where the solver loses its way from there."""
        self._session.restart(*(NONE, NONE) if start is None else (start.columns, start.rows))
        outcome = self._session.run(Limits(seconds=seconds))
        if outcome.reason == "error" and start is not None:
            self._session.restart()
            outcome = self._session.run(Limits(seconds=seconds - outcome.seconds))
        return outcome

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
        first = len(self._moved) - len(upper)
        bounds = self._layout.cap_bounds(upper) - self._moved[first:]
        for index in np.flatnonzero(upper != self._upper).tolist():
            self._session.edit_row(first + index, -inf, float(bounds[index]))
        self._upper = upper.copy()

    def _edit_slope(self, slope: Floats) -> None:
        """Set the coefficients of t."""
        if np.array_equal(slope, self._slope):
            return
        values = np.zeros(len(self._moved))
        values[len(values) - len(slope) :] = -slope
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
