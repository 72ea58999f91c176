"""Which columns an integer search needs: a core around the relaxation's ties, or all that can still win.

Core problems: E. Balas and E. Zemel, An algorithm for large zero-one knapsack problems, Operations Research
28 (1980), here for groups of which one column is chosen and any number of coupling rows.
"""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from landfront.optimizer import tolerances
from landfront.optimizer.certify import half_plane, row_multipliers
from landfront.optimizer.engine import Part
from landfront.optimizer.front import Fact, Floats
from landfront.optimizer.passes import priced
from landfront.optimizer.program import Program

MOVES_OF_CLASS = 8
"""Fewest moves of a class in a core, however many classes there are."""

LOCAL = 50
"""Groups and other columns that a row may hold for what it holds to be near each other: a budget ties all."""

MOST_LOOSE = 0.1
"""Whole columns outside groups, as a share of the groups, from which on they decide what a core must hold."""

SHRUNK = 1600
"""Groups below which a core around what is divided shrinks with their number, so that it stays a part."""

SIGN_DIGITS = 9
"""Digits at which random sums of signs are compared: far above rounding, far below any difference."""


def reduced_costs(program: Program, fact: Fact) -> Floats:
    """Loss of each column against the best of its group under the fact's prices, shape (m,); 0 when loose."""
    weights, _ = half_plane(fact)
    reduced = priced(program, weights, row_multipliers(program, fact))
    grouped = int(program.starts[-1])
    loss = np.zeros(program.columns)
    if program.groups:
        closed = np.where(program.upper[:grouped] == 0, np.inf, reduced[:grouped])
        best = np.minimum.reduceat(closed, program.starts[:-1])
        loss[:grouped] = closed - np.repeat(best, np.diff(program.starts))
    return loss


def whole_part(program: Program) -> Part:
    """All columns."""
    return Part(np.ones(program.columns, dtype=bool), np.zeros(program.columns))


def reduced_part(program: Program, loss: Floats, gap: float) -> Part:
    """All columns that a solution better than the incumbent can hold.

    A solution that holds a whole column is worse than the bound by at least its loss, so whole columns that
    lose more than incumbent minus bound are left out; the incumbent itself stays in. A share of a column may
    be as small as it likes, so columns without integrality stay in too.
    """
    close = loss <= gap * (1 + tolerances.NOISE) + tolerances.NOISE
    free = close | (program.lower > 0) | ~program.integer
    return Part(free, np.zeros(program.columns))


def core_part(program: Program, fact: Fact, x: Floats, *, loss: Floats, size: int) -> Part:
    """The cheapest moves away from the relaxation's choice, some for every direction; the rest is fixed.

    A move replaces the chosen column of a group by another one. Where coefficients repeat, the cheapest moves
    all press on the tight rows in the same proportion, and a core of them alone cannot fill several rows at
    once. So moves are put in classes by the rows that they ease and press, and each class gives as many.

    Parameters
    ----------
    program
        With groups.
    fact
        The relaxation's fact, whose priced caps count as tight rows.
    x
        Solution of the relaxation, shape (m,); its fractional groups are always in.
    loss
        From `reduced_costs`, shape (m,).
    size
        Number of moves, about.
    """
    grouped = int(program.starts[-1])
    group = np.repeat(np.arange(program.groups), np.diff(program.starts))
    chosen = largest_of_group(program, x)
    near = np.zeros(grouped, dtype=bool)
    moves = np.ones(grouped, dtype=bool)
    moves[chosen] = False
    moves &= program.upper[:grouped] > 0
    directions = _directions(program, fact, x, origin=chosen[group])
    near[cheapest_of_each(directions, loss, np.flatnonzero(moves), size)] = True
    near |= (x[chosen] < 1.0 - tolerances.COLUMN)[group] & (program.upper[:grouped] > 0)
    near |= program.lower[:grouped] > 0
    inside = np.zeros(program.groups, dtype=bool)
    inside[group[near]] = True
    near[chosen[inside]] = True
    base = np.zeros(program.columns)
    base[chosen] = 1.0
    free = np.ones(program.columns, dtype=bool)
    free[:grouped] = near
    return Part(free, base)


def is_linked(program: Program) -> bool:
    """Whether whole columns outside groups are so many that moves of single groups seldom stand alone."""
    loose = int(program.integer[program.starts[-1] :].sum())
    return program.groups > 0 and loose > MOST_LOOSE * program.groups


def linked_part(program: Program, x: Floats, size: int) -> Part:
    """What the relaxation divides and what rows tie to it, in rings until `size` groups or so may change.

    The rest is fixed. Relaxation enforced neighbourhoods: T. Berthold, RENS, Mathematical Programming
    Computation 6 (2014), here with columns freed around those that are divided, so that what must change with
    them can.

    Parameters
    ----------
    x
        Solution of the relaxation, shape (m,), which stays possible apart from integrality.
    """
    groups, loose = program.groups, program.columns - int(program.starts[-1])
    node = np.concatenate([np.repeat(np.arange(groups), np.diff(program.starts)), groups + np.arange(loose)])
    join = sp.csr_array((np.ones(len(node)), (np.arange(len(node)), node)))
    ties = sp.csr_array(abs(program.row_matrix).sign() @ join)
    ties = sp.csr_array(ties[np.diff(ties.indptr) <= LOCAL]).sign()
    divided = program.integer & (np.abs(x - np.rint(x)) > tolerances.INTEGER)
    near, enough = np.bincount(node, weights=divided) > 0, size * min(groups / SHRUNK, 1.0)
    while True:
        reached = near | (ties.T @ (ties @ near) > 0)
        grown, near = np.any(reached != near), reached
        if not grown or near[:groups].sum() >= enough:
            return Part(near[node] | ~program.integer, np.rint(x))


def _directions(program: Program, fact: Fact, x: Floats, *, origin: NDArray[np.int64]) -> NDArray[np.int64]:
    """Class of each grouped column by the signs of its change in the tight rows, shape (grouped columns,).

    A row is tight when one move could break it. Signs are told apart by their sum under random weights.
    """
    activity = program.rows.dot(x)
    slack = np.minimum(activity - program.row_lower, program.row_upper - activity)
    rows = [program.row_matrix[np.flatnonzero(slack <= program.row_scale)]]
    rows.append(sp.csr_array(program.minimised[np.flatnonzero(fact.cap_prices > 0)]))
    tight = sp.csc_array(sp.vstack(rows))
    change = tight[:, np.arange(len(origin))] - tight[:, origin]
    return directions(change)


def directions(change: sp.csc_array | sp.csr_array) -> NDArray[np.int64]:
    """Class of each column by the signs of its changes, shape (columns,)."""
    marks = change.sign().T @ np.random.default_rng(0).standard_normal(change.shape[0])
    return np.asarray(np.unique(np.round(marks, SIGN_DIGITS), return_inverse=True)[1])


def cheapest_of_each(
    classes: NDArray[np.int64], loss: Floats, moves: NDArray[np.int64], size: int
) -> NDArray[np.int64]:
    """About ``size`` of the moves, the same number from each class, cheapest first, equal ones at random."""
    if len(moves) == 0:
        return moves
    mixed = np.random.default_rng(0).random(len(moves))
    order = np.lexsort((mixed, loss[moves], classes[moves]))
    moves = moves[order]
    members = np.unique(classes[moves], return_counts=True)[1]
    rank = np.arange(len(moves)) - np.repeat(np.cumsum(members) - members, members)
    return np.asarray(moves[rank < max(MOVES_OF_CLASS, -(-size // len(members)))])


def largest_of_group(program: Program, x: Floats) -> NDArray[np.int64]:
    """Column with the largest share in each group, the last of equal ones, shape (groups,)."""
    group = np.repeat(np.arange(program.groups), np.diff(program.starts))
    order = np.lexsort((x[: program.starts[-1]], group))
    return np.asarray(order[program.starts[1:] - 1])
