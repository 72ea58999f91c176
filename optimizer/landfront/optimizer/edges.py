"""Edges of a graph of groups whose two ends may be chosen differently: what an engine of minimum cuts reads.

Formula, for groups a and b of an edge, and the sum t of the columns of a group that are `inside`:

    t_a - t_b - u_ab + v_ab = 0,   0 <= u_ab, v_ab <= 1

so that ``u_ab + v_ab`` at its least is ``|t_a - t_b|``. The rows and columns stand in the program like any
other; this description repeats what they say, and nothing that is proven rests on it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Edges:
    """Where a program says that groups differ.

    Attributes
    ----------
    a, b
        Groups at the two ends of each edge, shape (E,).
    inside
        Which columns of groups count, shape (columns of groups,).
    row
        The first of the E rows.
    column
        The first of the E columns u, which those of v follow.
    """

    a: Ints
    b: Ints
    inside: NDArray[np.bool_]
    row: int
    column: int

    def __len__(self) -> int:
        """Number of edges."""
        return len(self.a)

    def chosen(self, x: NDArray[np.generic], starts: Ints) -> Floats:
        """The sum t of each group's columns that count, shape (groups,)."""
        counted = np.where(self.inside, x[: starts[-1]], 0).astype(np.float64)
        return np.asarray(np.add.reduceat(counted, starts[:-1]))

    def columns_of(self, chosen: Floats) -> Floats:
        """The least columns u, then v, for the sums t of the groups, shape (2 E,).

        >>> edges = Edges(np.array([0, 1]), np.array([1, 2]), np.ones(3, dtype=bool), 0, 3)
        >>> edges.columns_of(np.array([1.0, 0.0, 1.0])).tolist()
        [1.0, 0.0, 0.0, 1.0]
        """
        apart = chosen[self.a] - chosen[self.b]
        return np.concatenate([np.maximum(apart, 0.0), np.maximum(-apart, 0.0)])

    def matrix(self, starts: Ints, columns: int) -> sp.csr_array:
        """The E rows over all columns, shape (E, columns)."""
        option = np.flatnonzero(self.inside)
        group = np.searchsorted(starts, option, side="right") - 1
        first = np.searchsorted(group, np.arange(len(starts)))
        size = np.diff(first)
        count, each = len(self), np.arange(len(self))
        ends = []
        for at, sign in ((self.a, 1.0), (self.b, -1.0)):
            many = size[at]
            place = np.arange(int(many.sum())) - np.repeat(np.cumsum(many) - many, many)
            ends.append((np.repeat(each, many), option[np.repeat(first[at], many) + place], sign))
        ends.append((each, self.column + each, -1.0))
        ends.append((each, self.column + count + each, 1.0))
        data = np.concatenate([np.full(len(row), sign) for row, _, sign in ends])
        row, column = (np.concatenate([part[k] for part in ends]) for k in (0, 1))
        matrix = sp.csr_array((data, (row, column)), shape=(count, columns))
        matrix.indices, matrix.indptr = matrix.indices.astype(np.int32), matrix.indptr.astype(np.int32)
        return matrix
