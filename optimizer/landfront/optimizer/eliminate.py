"""Take one column out of each group, because the others say what it is; and put it back.

A group's equation ``sum x = 1`` gives ``x_r = 1 - sum of the others`` for one reference column r. Without r
the equation is ``sum <= 1``, whose slack is a basis to start from, and a solver has fewer columns and cheaper
steps. Where one other column is left, it is a bound of 1, and where none is left, nothing. The reference is a
group's column with the fewest coefficients, so that little fills in.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import inf

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from landfront.optimizer.front import Floats
from landfront.optimizer.session import Model

NONE = -1


@dataclass(frozen=True)
class Elimination:
    """What undoes the elimination.

    Attributes
    ----------
    reference
        Per group the column taken out, -1 where none could be, shape (groups,).
    starts
        As in `Program`.
    kept
        Columns that stay, shape (k,).
    """

    reference: NDArray[np.int64]
    starts: NDArray[np.int64]
    kept: NDArray[np.int64]
    columns: int

    def cost(self, cost: Floats) -> tuple[Floats, float]:
        """Cost of the kept columns, shape (k,), and the constant that comes out."""
        taken = self.reference != NONE
        at = np.where(taken, cost[np.maximum(self.reference, 0)], 0.0)
        lower = cost.copy()
        lower[: self.starts[-1]] -= np.repeat(at, np.diff(self.starts))
        return lower[self.kept], float(at.sum())

    def restore(self, x: Floats) -> Floats:
        """All columns, shape (m,), from the kept ones, shape (k,)."""
        full = np.zeros(self.columns)
        full[self.kept] = x
        sums = np.add.reduceat(full[: self.starts[-1]], self.starts[:-1])
        taken = self.reference != NONE
        full[self.reference[taken]] = 1.0 - sums[taken]
        return full


def eliminate(model: Model, starts: NDArray[np.int64]) -> tuple[Model, Elimination, Floats]:
    """A smaller model without integers that has the same solutions, its last rows those of the model.

    Parameters
    ----------
    model
        Its first rows are the groups' equations, in order.
    starts
        Groups, shape (groups + 1,), at least one.

    Returns
    -------
    Model, Elimination
        The model with zero cost (see `Elimination.cost`), and what undoes it.
    numpy.ndarray
        What the references add to each row of the smaller model; its bounds have it taken off.
    """
    groups = len(starts) - 1
    matrix = sp.csc_array(model.matrix)
    reference = _references(model, np.diff(matrix.indptr), starts)
    taken = np.flatnonzero(reference != NONE)
    kept = np.delete(np.arange(len(model.cost)), reference[taken])
    coupling = sp.csc_array(matrix[groups:])
    per_group = _of_references(coupling, reference)
    grouped = kept[kept < starts[-1]]
    group = np.repeat(np.arange(groups), np.diff(starts))[grouped]
    loose = sp.csc_array((coupling.shape[0], len(kept) - len(grouped)))
    less = sp.hstack([per_group[:, group], loose])
    left = np.bincount(group, minlength=groups)
    alone = grouped[(left == 1)[group] & (reference != NONE)[group]]
    sums = np.flatnonzero((reference == NONE) | (left > 1))
    rows = np.concatenate([sums, np.arange(groups, matrix.shape[0])])
    upper = model.upper.copy()
    upper[alone] = np.minimum(upper[alone], 1.0)
    row_lower = model.row_lower.copy()
    row_lower[taken] = -inf
    moved = np.concatenate([np.zeros(len(sums)), np.asarray(per_group.sum(axis=1)).ravel()])
    blocks = [sp.csc_array(matrix[sums])[:, kept], coupling[:, kept] - less]
    smaller = Model(
        cost=np.zeros(len(kept)),
        lower=model.lower[kept],
        upper=upper[kept],
        integer=np.zeros(len(kept), dtype=bool),
        matrix=sp.csr_array(sp.vstack(blocks, format="csr")),
        row_lower=row_lower[rows] - moved,
        row_upper=model.row_upper[rows] - moved,
    )
    return smaller, Elimination(reference, starts, kept, len(model.cost)), moved


def _of_references(coupling: sp.csc_array, reference: NDArray[np.int64]) -> sp.csc_array:
    """The reference's column per group, empty where there is none."""
    taken = np.flatnonzero(reference != NONE)
    shape = (coupling.shape[1], len(reference))
    return sp.csc_array(
        coupling @ sp.csc_array((np.ones(len(taken)), (reference[taken], taken)), shape=shape)
    )


def _references(model: Model, filled: NDArray[np.int64], starts: NDArray[np.int64]) -> NDArray[np.int64]:
    """The emptiest free column of each group (bounds 0 and at least 1), -1 where there is none.

    One column stays in any case, as a solver says nothing of a model without columns.
    """
    grouped = int(starts[-1])
    free = (model.lower[:grouped] == 0) & (model.upper[:grouped] >= 1)
    group = np.repeat(np.arange(len(starts) - 1), np.diff(starts))
    order = np.lexsort((filled[:grouped], ~free, group))
    first = order[starts[:-1]]
    reference = np.where(free[first], first, NONE)
    if len(model.cost) == np.count_nonzero(reference != NONE):
        reference[0] = NONE
    return reference
