"""Integer searches: one persistent model of all columns, or a small one of its own for few of them."""

from __future__ import annotations

from math import inf

import numpy as np
import scipy.sparse as sp

from landfront.optimizer.engine import Part
from landfront.optimizer.front import Floats
from landfront.optimizer.layout import Layout
from landfront.optimizer.session import LEAN, Limits, Model, Outcome, Session, Settings

SMALL = 500
"""Columns up to which the solver is told to hurry; see `session.LEAN`."""

OWN_MODEL = 0.25
"""Share of the columns below which a part gets a model of its own: reading all columns costs more."""


def settings_for(columns: int) -> Settings:
    """How the solver works on so many columns."""
    return LEAN if columns <= SMALL else Settings()


class Whole:
    """The model of all columns; costs, caps, and closed columns are edited by differences."""

    def __init__(self, layout: Layout) -> None:
        program = layout.program
        self._layout = layout
        model = layout.model(np.zeros(program.columns), integer=True)
        self._session = Session(model, settings_for(program.columns))
        self._upper = np.full(len(program.senses), inf)
        self._lower_bounds, self._row_upperbounds = program.lower, program.upper

    def search(self, cost: Floats, upper: Floats, *, part: Part, limits: Limits) -> Outcome:
        """Search over the free columns; the others are closed on their values."""
        session = self._session
        session.edit_cost(cost)
        bounds = self._layout.cap_bounds(upper)
        for index in np.flatnonzero(upper != self._upper).tolist():
            session.edit_row(self._layout.caps + index, -inf, float(bounds[index]))
        self._upper = upper.copy()
        self._close(part)
        session.restart()
        return session.run(limits, part.start)

    def _close(self, part: Part) -> None:
        program = self._layout.program
        lower = np.where(part.free, program.lower, part.base)
        upper = np.where(part.free, program.upper, part.base)
        changed = np.flatnonzero((lower != self._lower_bounds) | (upper != self._row_upperbounds))
        self._session.edit_columns(changed, lower[changed], upper[changed])
        self._lower_bounds, self._row_upperbounds = lower, upper


def search_core(
    layout: Layout, cost: Floats, upper: Floats, *, part: Part, limits: Limits
) -> tuple[Outcome, Floats | None]:
    """Search over the free columns in a model of their own; the others move to the right-hand side.

    Returns
    -------
    Outcome
        Of the free columns, without what the closed ones cost.
    numpy.ndarray or None
        All columns of the solution.
    """
    free = np.flatnonzero(part.free)
    session = Session(_restricted(layout, cost, upper, part), settings_for(len(free)))
    outcome = session.run(limits, None if part.start is None else part.start[free])
    if outcome.x is None:
        return outcome, None
    x = part.base.copy()
    x[free] = outcome.x
    return outcome, x


def search_among(
    layout: Layout, cost: Floats, upper: Floats, *, part: Part, limits: Limits
) -> tuple[Outcome, Floats | None]:
    """Search over the free columns below one of several corners, as `search_core` else.

    One binary column per corner, of which one is 1, lowers the caps from their highest to the corner's.
    """
    assert part.among is not None
    free = np.flatnonzero(part.free)
    session = Session(_with_corners(layout, cost, upper, part), settings_for(len(free)))
    known = None
    if part.start is not None:
        over = (layout.program.senses * layout.program.values(part.start) - part.among).max(axis=1)
        below = np.arange(len(over)) == np.argmin(over)
        known = np.append(part.start[free], below.astype(np.float64))
    outcome = session.run(limits, known)
    if outcome.x is None:
        return outcome, None
    x = part.base.copy()
    x[free] = outcome.x[: len(free)]
    return outcome, x


def _with_corners(layout: Layout, cost: Floats, upper: Floats, part: Part) -> Model:
    assert part.among is not None
    p, corners = len(upper), np.where(np.isfinite(upper), np.minimum(part.among, upper), upper)
    lowered = np.where(np.isfinite(upper), upper, 0.0) - np.where(np.isfinite(upper), corners, 0.0)
    plain = _restricted(layout, cost, np.full(p, inf), part)
    free, k, (rows, m) = np.flatnonzero(part.free), len(corners), plain.matrix.shape
    values = sp.csr_array(layout.program.minimised[:, free])
    used = layout.program.minimised @ np.where(part.free, 0.0, part.base)
    blocks = [
        [plain.matrix, sp.csr_array((rows, k))],
        [values, sp.csr_array(lowered.T)],
        [sp.csr_array((1, m)), sp.csr_array(np.ones((1, k)))],
    ]
    return Model(
        cost=np.append(plain.cost, np.zeros(k)),
        lower=np.append(plain.lower, np.zeros(k)),
        upper=np.append(plain.upper, np.ones(k)),
        integer=np.append(plain.integer, np.ones(k, dtype=bool)),
        matrix=sp.csr_array(sp.block_array(blocks, format="csr")),
        row_lower=np.concatenate([plain.row_lower, np.full(p, -inf), [1.0]]),
        row_upper=np.concatenate([plain.row_upper, layout.cap_bounds(upper) - used, [1.0]]),
    )


def _restricted(layout: Layout, cost: Floats, upper: Floats, part: Part) -> Model:
    program, free = layout.program, np.flatnonzero(part.free)
    used = layout.matrix @ np.where(part.free, 0.0, part.base)
    row_upper = layout.upper.copy()
    row_upper[layout.caps :] = layout.cap_bounds(upper)
    matrix = sp.csr_array(layout.by_column[:, free])
    row_lower, row_upper = layout.lower - used, row_upper - used
    keep = np.flatnonzero((np.diff(matrix.indptr) > 0) | (row_lower > 0) | (row_upper < 0))
    return Model(
        cost=cost[free],
        lower=program.lower[free],
        upper=program.upper[free],
        integer=program.integer[free],
        matrix=sp.csr_array(matrix[keep]),
        row_lower=row_lower[keep],
        row_upper=row_upper[keep],
    )
