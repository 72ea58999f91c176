r"""What forcing a column must cost at least: reduced values at given prices, with their rounding.

Formula, for prices p of the rows and weights w, in minimisation form:

    r_j         = (w C)_j - (p A)_j
    loss_j      = r_j - min over the columns k of j's group of r_k
    bound_j     = bound + loss_j

where ``bound`` is the Lagrangian bound that the same prices prove. ``bound_j`` bounds every solution with
``x_j = 1``: the group's least term is replaced by j's own, the others stay (reduced-cost fixing; Nemhauser
and Wolsey, Integer and Combinatorial Optimization, 1988, section II.5.3). It holds for any prices. So does
``bound + s * loss_j`` where ``x_j >= s``: the group's term is its least one and s * loss_j, or more. In a
group with other bounds than 0 and 1 the least term is a mix, and 0 stands for the loss of its columns.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import inf

import numpy as np
from numpy.typing import NDArray

from landfront.optimizer import certify
from landfront.optimizer.certify import EPSILON, half_plane, row_multipliers
from landfront.optimizer.front import Fact, Floats
from landfront.optimizer.passes import priced_slabs, terms_of
from landfront.optimizer.program import Ints, Program


@dataclass(frozen=True)
class Reduced:
    """What prices prove of every column of a group.

    Attributes
    ----------
    bound
        Proven bound of ``weights @ y`` over all solutions.
    loss
        At least what a solution with the whole column is worse than `bound`, rounding taken off, shape
        (grouped columns,); infinite for columns that are closed, else 0 where the group has other bounds
        than 0 and 1.
    """

    bound: float
    loss: Floats


def reduced(program: Program, fact: Fact) -> Reduced:
    """Losses of all columns of groups at the prices of a fact without caps.

    Raises
    ------
    ValueError
        If the fact has caps on objectives.
    """
    if np.isfinite(fact.upper).any():
        raise ValueError("a fact with caps speaks only of what lies below them: make the caps rows")
    weights, _ = half_plane(fact)
    loss = np.empty(int(program.starts[-1]))
    share = EPSILON * (terms_of(program) + 6)
    for slab in priced_slabs(program, weights, row_multipliers(program, fact)):
        first, last = slab.columns
        if slab.groups[0] == slab.groups[1]:
            continue
        starts = program.starts[slab.groups[0] : slab.groups[1] + 1] - first
        closed = program.upper[first:last] == 0
        values = np.where(closed, inf, slab.values)
        width = np.diff(starts)
        best = np.minimum.reduceat(values, starts[:-1])
        error = share * np.maximum.reduceat(slab.sizes, starts[:-1])
        found = np.maximum(values - np.repeat(best + 2 * error, width), 0.0)
        mixed = np.repeat(_mixed(program.lower[first:last], program.upper[first:last], starts), width)
        loss[first:last] = np.where(mixed & ~closed, 0.0, found)
    return Reduced(certify.lagrangian_bound(program, fact), loss)


def _mixed(lower: Floats, upper: Floats, starts: Ints) -> NDArray[np.bool_]:
    """Groups with a column of other bounds than 0 and 1 that is not closed, shape (groups,)."""
    plain = (lower == 0) & ((upper >= 1) | (upper == 0))
    return ~np.logical_and.reduceat(plain, starts[:-1])


def current_of(program: Program, x: Floats) -> Ints:
    """Column with the largest share of each group, the first of equal ones, shape (groups,)."""
    grouped = np.asarray(x[: program.starts[-1]], dtype=np.float64)
    group = np.repeat(np.arange(program.groups), np.diff(program.starts))
    largest = np.maximum.reduceat(grouped, program.starts[:-1])
    place = np.where(grouped >= largest[group], np.arange(len(grouped)), len(grouped))
    return np.asarray(np.minimum.reduceat(place, program.starts[:-1]), dtype=np.int64)
