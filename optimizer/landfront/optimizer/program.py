"""The canonical program: choose one column per group, additive rows, several objectives.

Every question is the same program, ``min/max C x`` subject to ``lo <= A x <= hi``, ``l <= x <= u`` and, for
each group of columns, ``sum x = 1``. Rows are kept in the form in which they are cheapest (`Csr` or
`Factored`); `to_csr` materialises them for solvers that need a matrix.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Protocol

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from landfront.optimizer.lattice import lattice_step

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


class Block(Protocol):
    """A stack of linear rows over the same columns."""

    @property
    def shape(self) -> tuple[int, int]:
        """Number of rows and columns."""
        ...

    def dot(self, x: Floats) -> Floats:
        """Row activities, shape (rows,), of the columns ``x``, shape (columns,)."""
        ...

    def tdot(self, prices: Floats) -> Floats:
        """Column values, shape (columns,), of the row prices, shape (rows,)."""
        ...

    def to_csr(self) -> sp.csr_array:
        """The rows as one sparse matrix."""
        ...


@dataclass(frozen=True)
class Csr:
    """Rows held as a sparse matrix of shape (rows, columns)."""

    matrix: sp.csr_array

    @property
    def shape(self) -> tuple[int, int]:
        """Number of rows and columns."""
        rows, columns = self.matrix.shape
        return int(rows), int(columns)

    def dot(self, x: Floats) -> Floats:
        """Row activities of ``x``."""
        return np.asarray(self.matrix @ x)

    def tdot(self, prices: Floats) -> Floats:
        """Column values of ``prices``."""
        return np.asarray(self.matrix.T @ prices)

    def to_csr(self) -> sp.csr_array:
        """The matrix itself."""
        return self.matrix


@dataclass(frozen=True)
class Factored:
    """Rows whose entries are products of a number per group and a number per kind of column.

    Entry of row r at column j is the sum over terms t with ``row[t] = r`` of
    ``amount[group[j], t] * table[t, kind[j]]``.

    Attributes
    ----------
    group, kind
        Group and kind of each column, shape (columns,).
    amount
        Number per group and term, sparse, shape (groups, terms).
    table
        Number per term and kind, shape (terms, kinds).
    row
        Row to which each term belongs, shape (terms,).
    rows
        Number of rows.
    """

    group: NDArray[np.int32]
    kind: NDArray[np.int16]
    amount: sp.csr_array
    table: Floats
    row: Ints
    rows: int

    @property
    def shape(self) -> tuple[int, int]:
        """Number of rows and columns."""
        return self.rows, len(self.group)

    def dot(self, x: Floats) -> Floats:
        """Row activities of ``x``, without building the matrix."""
        groups, kinds = self.amount.shape[0], self.table.shape[1]
        cell = self.group.astype(np.int64) * kinds + self.kind
        chosen = np.bincount(cell, weights=x, minlength=groups * kinds).reshape(groups, kinds)
        per_term = np.einsum("tk,tk->t", self.amount.T @ chosen, self.table)
        return np.bincount(self.row, weights=per_term, minlength=self.rows).astype(np.float64)

    def tdot(self, prices: Floats) -> Floats:
        """Column values of ``prices``, without building the matrix."""
        per_cell = np.asarray(self.amount @ (prices[self.row][:, None] * self.table))
        return np.asarray(per_cell[self.group, self.kind])

    def to_csr(self) -> sp.csr_array:
        """The rows as one sparse matrix; entries that are zero are dropped."""
        per_option = self.amount[self.group]
        column = np.repeat(np.arange(len(self.group)), np.diff(per_option.indptr))
        data = per_option.data * self.table[per_option.indices, self.kind[column]]
        matrix = sp.csr_array((data, (self.row[per_option.indices], column)), shape=self.shape)
        matrix.sum_duplicates()
        matrix.eliminate_zeros()
        return matrix


@dataclass(frozen=True)
class Stack:
    """Blocks over the same columns, one under the other."""

    blocks: tuple[Block, ...]
    columns: int

    @property
    def shape(self) -> tuple[int, int]:
        """Number of rows and columns."""
        return sum(block.shape[0] for block in self.blocks), self.columns

    @cached_property
    def _ends(self) -> Ints:
        return np.cumsum([block.shape[0] for block in self.blocks], dtype=np.int64)

    def dot(self, x: Floats) -> Floats:
        """Row activities of ``x``."""
        return np.concatenate([block.dot(x) for block in self.blocks] or [np.zeros(0)])

    def tdot(self, prices: Floats) -> Floats:
        """Column values of ``prices``."""
        values = np.zeros(self.columns)
        for block, part in zip(self.blocks, np.split(prices, self._ends[:-1]), strict=False):
            values += block.tdot(part)
        return values

    def to_csr(self) -> sp.csr_array:
        """All rows as one sparse matrix."""
        if not self.blocks:
            return sp.csr_array((0, self.columns))
        if len(self.blocks) == 1:
            return self.blocks[0].to_csr()
        return sp.csr_array(sp.vstack([block.to_csr() for block in self.blocks], format="csr"))


@dataclass(frozen=True)
class Program:
    """A multi-objective linear or mixed-integer program with exactly-one groups.

    Attributes
    ----------
    objectives
        p rows over the m columns.
    senses
        -1 for maximise, +1 for minimise, shape (p,). Multiplying values by it gives the minimisation form.
    offsets
        Constant of each objective (a baseline total), shape (p,); ``values = objectives.dot(x) + offsets``.
    rows
        r coupling rows; ``row_lower <= rows.dot(x) <= row_upper`` with infinities where one-sided.
    lower, upper
        Column bounds, shape (m,).
    integer
        True where a column is integer, shape (m,).
    starts
        Group g holds the columns ``starts[g]:starts[g + 1]``, which sum to 1; columns from ``starts[-1]`` on
        are in no group (linking columns). Shape (groups + 1,).
    objective_names, row_names
        Labels, one per objective and per coupling row.
    """

    objectives: Stack
    senses: NDArray[np.int8]
    offsets: Floats
    rows: Stack
    row_lower: Floats
    row_upper: Floats
    lower: Floats
    upper: Floats
    integer: NDArray[np.bool_]
    starts: Ints
    objective_names: tuple[str, ...]
    row_names: tuple[str, ...]

    @property
    def columns(self) -> int:
        """Number of columns."""
        return len(self.lower)

    @property
    def groups(self) -> int:
        """Number of exactly-one groups."""
        return len(self.starts) - 1

    @cached_property
    def objective_matrix(self) -> Floats:
        """Objectives as a dense array in their own senses, shape (p, m)."""
        return np.asarray(self.objectives.to_csr().toarray(), dtype=np.float64)

    @cached_property
    def row_matrix(self) -> sp.csr_array:
        """Coupling rows as one sparse matrix, shape (r, m)."""
        return self.rows.to_csr()

    @cached_property
    def minimised(self) -> Floats:
        """Objectives as a dense array in minimisation form (maximised ones negated), shape (p, m)."""
        return np.asarray(self.senses[:, None] * self.objective_matrix, dtype=np.float64)

    @cached_property
    def minimised_offsets(self) -> Floats:
        """Offsets in minimisation form, shape (p,)."""
        return np.asarray(self.senses * self.offsets, dtype=np.float64)

    @cached_property
    def objective_scale(self) -> Floats:
        """Largest absolute coefficient of each objective, 1 where all are zero, shape (p,)."""
        return _scale(np.abs(self.objective_matrix).max(axis=1, initial=0.0))

    @cached_property
    def objective_span(self) -> Floats:
        """At least the size that each objective can reach without offset: the sum of the groups' largest
        absolute coefficients, and of the loose columns' at their bounds, shape (p,).
        """
        size = np.abs(self.objective_matrix)
        grouped = int(self.starts[-1])
        bounds = np.maximum(np.abs(self.lower[grouped:]), np.abs(self.upper[grouped:]))
        loose = size[:, grouped:] @ np.where(np.isfinite(bounds), bounds, 1.0)
        if self.groups == 0:
            return _scale(loose)
        return _scale(np.maximum.reduceat(size[:, :grouped], self.starts[:-1], axis=1).sum(axis=1) + loose)

    @cached_property
    def steps(self) -> Floats:
        """Step between values of each objective where they lie on a lattice, 0 elsewhere, shape (p,)."""
        return np.array([lattice_step(row, self.integer) for row in self.objective_matrix])

    @cached_property
    def row_scale(self) -> Floats:
        """Largest absolute coefficient of each coupling row, 1 where all are zero, shape (r,)."""
        largest = np.zeros(self.rows.shape[0])
        row = np.repeat(np.arange(len(largest)), np.diff(self.row_matrix.indptr))
        np.maximum.at(largest, row, np.abs(self.row_matrix.data))
        return _scale(largest)

    def values(self, x: Floats) -> Floats:
        """Objective values with offsets, in their own senses, shape (p,)."""
        return self.objectives.dot(x) + self.offsets

    def select(self, objectives: Sequence[int]) -> Program:
        """The same program with only these objectives, in this order."""
        index = list(objectives)
        return replace(
            self,
            objectives=Stack((Csr(sp.csr_array(self.objectives.to_csr()[index])),), self.columns),
            senses=self.senses[index],
            offsets=self.offsets[index],
            objective_names=tuple(self.objective_names[i] for i in index),
        )

    def relaxed(self) -> Program:
        """The same program without integrality."""
        return replace(self, integer=np.zeros(self.columns, dtype=bool))


def _scale(largest: Floats) -> Floats:
    return np.where(largest > 0, largest, 1.0)
