"""Feasible solutions with a forced column, near a whole solution that is known: exchanges that mend its rows.

A forced column changes what its group uses of each row. Rows that it breaks are mended, and what it sets free
is used again, by exchanges: another group takes another column. They are chosen one after the other from a
pool of those that lose least at the rows' prices: the cheapest one that mends all that is missed, then those
that gain most and fit. Every solution found is feasible, so its value bounds the best one from above; that
none is found says nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp

from landfront.optimizer.certify import row_tolerance
from landfront.optimizer.core import cheapest_of_each, directions
from landfront.optimizer.front import Floats
from landfront.optimizer.program import Ints, Program

POOL = 6000
"""Exchanges that are looked at: on counties of 100,000 parcels more of them mended no row more cheaply."""

POOL_ENTRIES = 2_000_000
"""Largest pool, in coefficients: it must stay in the processor's cache."""

DEPTH = 6
"""Exchanges for one forced column: each of the later ones uses up what the earlier ones left of rows."""

DEAR = 4.0
"""Worth of a missed row in units of its price: mending comes before gaining."""


@dataclass(frozen=True)
class Exchanges:
    """Exchanges of the current column of a group for another one, by rising cost.

    Attributes
    ----------
    column, group
        The column that is taken, and its group, shape (q,).
    gain
        Change of the objective in minimisation form, shape (q,).
    change
        Change of the rows that can break, shape (q, rows).
    """

    column: Ints
    group: Ints
    gain: Floats
    change: Floats


@dataclass(frozen=True)
class Repairs:
    """What forcing columns costs with exchanges that keep every row.

    Attributes
    ----------
    targets
        The forced columns, shape (t,).
    cost
        Change of the objective in minimisation form, infinite where no repair was found, shape (t,).
    made
        Columns that other groups take instead, -1 for none, shape (t, depth).
    """

    targets: Ints
    cost: Floats
    made: Ints

    def solution(self, program: Program, x: Floats, place: int) -> Floats:
        """The whole solution with a forced column, shape (m,)."""
        found = np.asarray(x, dtype=np.float64).copy()
        for column in [self.targets[place], *self.made[place][self.made[place] >= 0]]:
            group = int(np.searchsorted(program.starts, column, side="right")) - 1
            found[program.starts[group] : program.starts[group + 1]] = 0.0
            found[column] = 1.0
        return found


@dataclass(frozen=True)
class _Rows:
    """Rows that a few exchanges can break: room down and up, size, and entries by column."""

    low: Floats
    high: Floats
    size: Floats
    entries: sp.csc_array
    price: Floats


def repair(
    program: Program, x: Floats, prices: Floats, loss: Floats, *, current: Ints, targets: Ints
) -> Repairs:
    """Feasible solutions with each of the forced columns.

    Parameters
    ----------
    program
        One objective, every column of a group whole and no others.
    x
        A feasible solution, shape (m,).
    prices, loss
        Prices of the rows, shape (r,), and what each column loses at them, shape (m,).
    current
        Column of each group in `x`.
    targets
        Columns to force.
    """
    from landfront.optimizer.exchange_kernels import repaired

    group = np.repeat(np.arange(program.groups), np.diff(program.starts))
    cost = program.senses[0] * program.coefficients(0)
    rows = _rows(program, x, prices)
    pool = _pool(program, rows, cost, loss, current[group])
    worth = np.abs(rows.price) * rows.size
    dear = DEAR * float(worth.max(initial=0.0)) + float(np.abs(pool.gain).max(initial=0.0))
    found, made = repaired(
        targets, group, current, cost, rows.entries.indptr.astype(np.int64), rows.entries.indices,
        rows.entries.data, rows.low, rows.high, rows.size, pool.group, pool.gain, pool.change, dear, DEPTH,
    )  # fmt: skip
    columns = np.append(pool.column, -1)[made]
    return Repairs(targets, found, columns)


def _rows(program: Program, x: Floats, prices: Floats) -> _Rows:
    """Rows that a forced column and its exchanges can break, the tightest ones first."""
    activity = program.rows.dot(x)
    low, high = activity - program.row_lower, program.row_upper - activity
    # What the solution itself misses within its tolerance stays missed, and no more.
    within = row_tolerance(program)
    assert np.all(np.minimum(low, high) >= -within)
    low, high = np.maximum(low, 0.0), np.maximum(high, 0.0)
    reach = 2 * (DEPTH + 1) * program.row_scale
    room = np.minimum(low, high)
    breaking = np.flatnonzero(room < reach)
    order = breaking[np.argsort(room[breaking] / program.row_scale[breaking], kind="stable")]
    entries = sp.csc_array(program.rows.take(order.tolist()).to_csr()) if len(order) else _none(program)
    return _Rows(low[order], high[order], program.row_scale[order], entries, prices[order])


def _none(program: Program) -> sp.csc_array:
    return sp.csc_array((0, program.columns))


def _pool(program: Program, rows: _Rows, cost: Floats, loss: Floats, origin: Ints) -> Exchanges:
    """Exchanges that lose least: half of them whatever they do, half of them of every direction."""
    most = min(POOL, max(POOL_ENTRIES // max(len(rows.size), 1), 1))
    moves = np.flatnonzero((origin != np.arange(len(origin))) & np.isfinite(loss))
    extra = loss - loss[origin]
    if len(moves) > most:
        near = moves[np.argpartition(extra[moves], 4 * most)[: 4 * most]] if len(moves) > 4 * most else moves
        order = near[np.argsort(extra[near], kind="stable")]
        classes = np.zeros(len(origin), dtype=np.int64)
        classes[near] = directions(rows.entries[:, near] - rows.entries[:, origin[near]])
        some = cheapest_of_each(classes, extra, near, most // 2)
        moves = np.unique(np.concatenate([order[: most // 2], some[:most]]))
    gain = cost[moves] - cost[origin[moves]]
    moves = moves[np.argsort(gain, kind="stable")]
    change = (rows.entries[:, moves] - rows.entries[:, origin[moves]]).T.toarray()
    group = np.searchsorted(program.starts, moves, side="right") - 1
    return Exchanges(moves, group, np.sort(gain), np.ascontiguousarray(change))
