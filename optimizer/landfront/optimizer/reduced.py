r"""What forcing a column must cost at least: reduced values at given prices, with their rounding.

Formula, for prices p of the rows and weights w, in minimisation form:

    r_j         = (w C)_j - (p A)_j
    loss_j      = r_j - min over the columns k of j's group of r_k
    bound_j     = bound + loss_j

where ``bound`` is the Lagrangian bound that the same prices prove. ``bound_j`` bounds every solution with
``x_j = 1``: the group's least term is replaced by j's own, the others stay (reduced-cost fixing; Nemhauser
and Wolsey, Integer and Combinatorial Optimization, 1988, section II.5.3). It holds for any prices.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import inf

import numpy as np

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
        (grouped columns,); infinite for columns that are closed.
    """

    bound: float
    loss: Floats


def reduced(program: Program, fact: Fact) -> Reduced:
    """Losses of all columns of groups at the prices of a fact without caps.

    Raises
    ------
    ValueError
        If a column of a group has bounds other than 0 and 1, or the fact has caps on objectives.
    """
    if not program.is_plain:
        raise ValueError("columns of groups need bounds of 0 and 1, or to be closed")
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
        values = np.where(program.upper[first:last] == 0, inf, slab.values)
        width = np.diff(starts)
        best = np.minimum.reduceat(values, starts[:-1])
        error = share * np.maximum.reduceat(slab.sizes, starts[:-1])
        loss[first:last] = np.maximum(values - np.repeat(best + 2 * error, width), 0.0)
    return Reduced(certify.lagrangian_bound(program, fact), loss)


def current_of(program: Program, x: Floats) -> Ints:
    """Column with the largest share of each group, the first of equal ones, shape (groups,)."""
    grouped = np.asarray(x[: program.starts[-1]], dtype=np.float64)
    group = np.repeat(np.arange(program.groups), np.diff(program.starts))
    largest = np.maximum.reduceat(grouped, program.starts[:-1])
    place = np.where(grouped >= largest[group], np.arange(len(grouped)), len(grouped))
    return np.asarray(np.minimum.reduceat(place, program.starts[:-1]), dtype=np.int64)
