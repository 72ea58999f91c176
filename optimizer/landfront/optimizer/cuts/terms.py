"""A program with edges as few rows over many columns: objectives in minimisation form, then other rows."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from math import inf

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from landfront.optimizer.cuts.network import Cut, Network
from landfront.optimizer.edges import Edges
from landfront.optimizer.program import Program

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Priced:
    """The best choice under multipliers of the rows.

    Attributes
    ----------
    cut
        Which groups are inside.
    best
        The cheapest column of each group outside and inside, shape (n, 2).
    """

    cut: Cut
    best: Ints

    @property
    def plans(self) -> tuple[Ints, ...]:
        """Chosen columns of the plans with the fewest and with the most groups inside, shape (n,) each."""
        few, many = self.cut.few, self.cut.many
        sets = (few,) if np.array_equal(few, many) else (few, many)
        return tuple(np.where(inside, self.best[:, 1], self.best[:, 0]) for inside in sets)


@dataclass(frozen=True)
class Terms:
    """What the engine reads of a program: K rows, the p objectives before the others, without those of edges.

    Attributes
    ----------
    program
        With edges.
    edges
        Its edges.
    """

    program: Program
    edges: Edges

    @cached_property
    def other_rows(self) -> Ints:
        """Coupling rows that are no edges'."""
        every = np.arange(self.program.rows.shape[0])
        return every[(every < self.edges.row) | (every >= self.edges.row + len(self.edges))]

    @cached_property
    def rows(self) -> sp.csr_array:
        """Objectives in minimisation form, then the other rows, shape (K, columns)."""
        program = self.program
        objectives = sp.diags_array(program.senses.astype(np.float64)) @ program.objectives.to_csr()
        others = program.rows.take(self.other_rows.tolist()).to_csr()
        return sp.csr_array(sp.vstack([objectives, others], format="csr"))

    @cached_property
    def columns(self) -> sp.csr_array:
        """The same by columns, shape (columns, K)."""
        found = sp.csr_array(self.rows.T)
        found.indices, found.indptr = found.indices.astype(np.int32), found.indptr.astype(np.int32)
        return found

    @cached_property
    def upper(self) -> NDArray[np.float64]:
        """Upper bounds of the columns of groups."""
        return np.ascontiguousarray(self.program.upper[: self.program.starts[-1]])

    @cached_property
    def network(self) -> Network:
        """The graph."""
        return Network(self.program.groups, self.edges)

    def bounds(self, upper: Floats) -> tuple[Floats, Floats]:
        """Bounds of the K rows, those of objectives from caps ``y <= upper``."""
        program, other = self.program, self.other_rows
        low = np.concatenate([np.full(len(upper), -inf), program.row_lower[other]])
        return low, np.concatenate([upper - program.minimised_offsets, program.row_upper[other]])

    def price(self, multipliers: Floats, flow: Floats | None) -> Priced:
        """The best plans under multipliers of the K rows, shape (K,), from a flow on."""
        from landfront.optimizer.cuts.kernels import sides

        values = self.columns @ multipliers
        first, count = self.edges.column, len(self.edges)
        # One way or the other costs the same; what rounding makes negative is nothing.
        cost = np.maximum(values[first : first + count], 0.0)
        best, least = sides(self.program.starts, values, self.upper, self.edges.inside)
        apart = np.where(
            np.isinf(least[:, 0]), -inf, least[:, 1] - np.where(np.isinf(least[:, 0]), 0.0, least[:, 0])
        )
        return Priced(self.network.cut(apart, cost, flow), best)

    def solution(self, plans: list[Ints], shares: Floats) -> Floats:
        """All columns of a mixture of plans, shape (columns,)."""
        program, edges = self.program, self.edges
        x = np.zeros(program.columns)
        for plan, share in zip(plans, shares, strict=True):
            x[plan] += share
        ends = slice(edges.column, edges.column + 2 * len(edges))
        x[ends] = edges.columns_of(edges.chosen(x, program.starts))
        return x

    def activity(self, plan: Ints) -> Floats:
        """What a plan makes of the K rows, shape (K,)."""
        from landfront.optimizer.cuts import kernels

        entries, edges = (self.columns.indptr, self.columns.indices, self.columns.data), self.edges
        return kernels.activity(
            self.rows.shape[0], *entries, plan, edges.inside, edges.a, edges.b, edges.column
        )
