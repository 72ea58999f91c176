"""Which columns an integer search needs: a core around the relaxation's ties, or all that can still win.

Core problems: E. Balas and E. Zemel, An algorithm for large zero-one knapsack problems, Operations Research
28 (1980), here for groups of which one column is chosen and any number of coupling rows.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from landfront.optimizer import tolerances
from landfront.optimizer.certify import half_plane
from landfront.optimizer.engine import Part
from landfront.optimizer.front import Fact, Floats
from landfront.optimizer.program import Program

LOSS_SHARE = 4.0
"""A column of a core group takes part when it loses at most this many times the core's largest gap."""


def reduced_costs(program: Program, fact: Fact) -> Floats:
    """Loss of each column against the best of its group under the fact's prices, shape (m,); 0 when loose."""
    weights, _ = half_plane(fact)
    reduced = weights @ program.minimised - program.rows.tdot(fact.row_prices)
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

    A solution that holds a column is worse than the bound by at least the column's loss, so columns that lose
    more than incumbent minus bound are left out; the incumbent itself stays in.
    """
    free = (loss <= gap * (1 + tolerances.NOISE) + tolerances.NOISE) | (program.lower > 0)
    return Part(free, np.zeros(program.columns))


def core_part(program: Program, loss: Floats, x: Floats, *, size: int) -> Part:
    """The groups whose two best columns are closest; the others keep the relaxation's choice.

    Parameters
    ----------
    program
        With groups.
    loss
        From `reduced_costs`, shape (m,).
    x
        Solution of the relaxation, shape (m,); its fractional groups are always in.
    size
        Number of groups in the core.
    """
    grouped = int(program.starts[-1])
    group = np.repeat(np.arange(program.groups), np.diff(program.starts))
    chosen = _largest(program, x[:grouped], group)
    tie = np.full(program.groups, np.inf)
    others = np.ones(grouped, dtype=bool)
    others[chosen] = False
    np.minimum.at(tie, group[others], loss[:grouped][others])
    tie[x[chosen] < 1.0 - tolerances.COLUMN] = 0.0
    tie = np.maximum(tie, loss[chosen])
    members = np.argsort(tie, kind="stable")[:size]
    inside = np.zeros(program.groups, dtype=bool)
    inside[members] = True
    base = np.zeros(program.columns)
    base[chosen] = 1.0
    finite = tie[members][np.isfinite(tie[members])]
    cutoff = LOSS_SHARE * float(finite.max(initial=0.0))
    return Part(_free(program, inside[group] & (loss[:grouped] <= cutoff), base), base)


def _free(program: Program, near: NDArray[np.bool_], base: Floats) -> NDArray[np.bool_]:
    free = np.ones(program.columns, dtype=bool)
    free[: len(near)] = near | (program.lower[: len(near)] > 0)
    group = np.repeat(np.arange(program.groups), np.diff(program.starts))
    inside = np.zeros(program.groups, dtype=bool)
    np.logical_or.at(inside, group[near], True)
    free[: len(near)] |= inside[group] & (base[: len(near)] > 0)
    return free


def _largest(program: Program, x: Floats, group: NDArray[np.int64]) -> NDArray[np.int64]:
    """Column with the largest share in each group, shape (groups,)."""
    order = np.lexsort((x, group))
    return np.asarray(order[program.starts[1:] - 1])
