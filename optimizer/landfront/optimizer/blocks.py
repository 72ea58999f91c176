"""Stacks of linear rows over the same columns, each in the form in which it is cheapest.

Large ones are passed over by compiled code (`kernels`), small ones by numpy and scipy. The sums are the same
but for their last digits, and a program is always on one side.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import groupby
from typing import Any, Protocol

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

LARGE = 200_000
"""Entries of a matrix, or columns of factored rows, from which compiling a pass is worth its time."""


class Block(Protocol):
    """A stack of linear rows over the same columns."""

    @property
    def shape(self) -> tuple[int, int]:
        """Number of rows and columns."""
        ...

    def dot(self, x: NDArray[Any]) -> Floats:
        """Row activities, shape (rows,), of the columns ``x``, shape (columns,)."""
        ...

    def tdot(self, prices: Floats) -> Floats:
        """Column values, shape (columns,), of the row prices, shape (rows,)."""
        ...

    def to_csr(self) -> sp.csr_array:
        """The rows as one sparse matrix."""
        ...

    def take(self, rows: Sequence[int]) -> Block:
        """Some of the rows, in this order, in the same form."""
        ...

    def largest(self) -> Floats:
        """Largest absolute entry of each row, 0 where there is none, shape (rows,)."""
        ...

    @property
    def absolute(self) -> Block:
        """Rows that are nowhere smaller than the absolute entries of these."""
        ...


@dataclass(frozen=True)
class Csr:
    """Rows held as a sparse matrix of shape (rows, columns), of single or double precision."""

    matrix: sp.csr_array

    @property
    def is_large(self) -> bool:
        """Whether compiled passes are worth their time."""
        return bool(self.matrix.nnz >= LARGE)

    @cached_property
    def ordered(self) -> sp.csr_array:
        """The matrix with the columns of each row in order."""
        if self.matrix.has_sorted_indices:
            return self.matrix
        return self.matrix.sorted_indices()

    @property
    def shape(self) -> tuple[int, int]:
        """Number of rows and columns."""
        rows, columns = self.matrix.shape
        return int(rows), int(columns)

    def dot(self, x: NDArray[Any]) -> Floats:
        """Row activities of ``x``."""
        if not self.is_large:
            return np.asarray(self.matrix @ _real(x))
        from landfront.optimizer import kernels

        return kernels.csr_dot(self.matrix.indptr, self.matrix.indices, self.matrix.data, _plain(x))

    def tdot(self, prices: Floats) -> Floats:
        """Column values of ``prices``."""
        if not self.is_large:
            return np.asarray(self.matrix.T @ prices)
        return _filled(self, prices)

    def to_csr(self) -> sp.csr_array:
        """The matrix itself."""
        return self.matrix

    def take(self, rows: Sequence[int]) -> Csr:
        """Some of the rows, in this order."""
        return Csr(sp.csr_array(self.matrix[list(rows)]))

    def largest(self) -> Floats:
        """Largest absolute entry of each row, 0 where there is none."""
        starts, largest = self.matrix.indptr, np.zeros(self.shape[0])
        filled = np.flatnonzero(np.diff(starts))
        if len(filled):
            data = self.matrix.data
            top, bottom = (f.reduceat(data, starts[filled]) for f in (np.maximum, np.minimum))
            largest[filled] = np.maximum(top, -bottom)
        return largest

    @cached_property
    def absolute(self) -> Csr:
        """The absolute entries."""
        return Csr(abs(self.matrix))


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

    @property
    def is_large(self) -> bool:
        """Whether compiled passes are worth their time."""
        return len(self.group) >= LARGE

    def dot(self, x: NDArray[Any]) -> Floats:
        """Row activities of ``x``, without building the matrix."""
        if self.is_large:
            from landfront.optimizer import kernels

            return kernels.factored_dot(*columns_of(self), *_entries(self), _plain(x), self.rows)
        groups, kinds = self.amount.shape[0], self.table.shape[1]
        cell = self.group.astype(np.int64) * kinds + self.kind
        chosen = np.bincount(cell, weights=x, minlength=groups * kinds).reshape(groups, kinds)
        per_term = np.einsum("tk,tk->t", self.amount.T @ chosen, self.table)
        return np.bincount(self.row, weights=per_term, minlength=self.rows).astype(np.float64)

    def tdot(self, prices: Floats) -> Floats:
        """Column values of ``prices``, without building the matrix."""
        if self.is_large:
            return _filled(self, prices)
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

    def take(self, rows: Sequence[int]) -> Factored:
        """Some of the rows, in this order; amounts of other rows are left out."""
        place = np.full(self.rows, -1, dtype=np.int64)
        place[list(rows)] = np.arange(len(rows))
        terms = np.flatnonzero(place[self.row] >= 0)
        amount = self.amount
        if len(terms) < len(self.row):
            amount = sp.csr_array(amount[:, terms])
        row = place[self.row[terms]]
        return replace(self, amount=amount, table=self.table[terms], row=row, rows=len(rows))

    def largest(self) -> Floats:
        """Largest absolute entry of each row, without building the matrix."""
        if not self.is_large:
            return Csr(self.to_csr()).largest()
        from landfront.optimizer import kernels

        return kernels.factored_largest(*columns_of(self), *_entries(self), self.rows)

    @cached_property
    def absolute(self) -> Factored:
        """Sums of the absolute products of each entry."""
        return replace(self, amount=abs(self.amount), table=np.abs(self.table))


@dataclass(frozen=True)
class Wider:
    """A block with more columns behind its own, which are empty.

    Attributes
    ----------
    block
        The block.
    more
        How many.
    """

    block: Block
    more: int = 1

    @property
    def shape(self) -> tuple[int, int]:
        """Number of rows and columns."""
        rows, columns = self.block.shape
        return rows, columns + self.more

    def dot(self, x: NDArray[Any]) -> Floats:
        """Row activities of ``x``."""
        return self.block.dot(x[: -self.more])

    def tdot(self, prices: Floats) -> Floats:
        """Column values of ``prices``."""
        return np.concatenate([self.block.tdot(prices), np.zeros(self.more)])

    def to_csr(self) -> sp.csr_array:
        """The rows as one sparse matrix."""
        matrix = self.block.to_csr()
        return sp.csr_array((matrix.data, matrix.indices, matrix.indptr), shape=self.shape)

    def take(self, rows: Sequence[int]) -> Wider:
        """Some of the rows, in this order, in the same form."""
        return Wider(self.block.take(rows), self.more)

    def largest(self) -> Floats:
        """Largest absolute entry of each row, 0 where there is none."""
        return self.block.largest()

    @cached_property
    def absolute(self) -> Wider:
        """Rows that are nowhere smaller than the absolute entries of these."""
        return Wider(self.block.absolute, self.more)


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

    def dot(self, x: NDArray[Any]) -> Floats:
        """Row activities of ``x``."""
        return np.concatenate([block.dot(x) for block in self.blocks] or [np.zeros(0)])

    def tdot(self, prices: Floats) -> Floats:
        """Column values of ``prices``."""
        values = np.zeros(self.columns)
        for block, part in self.priced(prices):
            if part.any():
                values += block.tdot(part)
        return values

    def priced(self, prices: Floats) -> list[tuple[Block, Floats]]:
        """Each block with the prices of its rows."""
        return list(zip(self.blocks, np.split(prices, self._ends[:-1]), strict=False))

    def to_csr(self) -> sp.csr_array:
        """All rows as one sparse matrix."""
        if not self.blocks:
            return sp.csr_array((0, self.columns))
        if len(self.blocks) == 1:
            return self.blocks[0].to_csr()
        return sp.csr_array(sp.vstack([block.to_csr() for block in self.blocks], format="csr"))

    def take(self, rows: Sequence[int]) -> Stack:
        """Some of the rows, in this order, in the forms that they have."""
        block = np.searchsorted(self._ends, rows, side="right")
        first = np.append(0, self._ends)[block]
        runs = groupby(
            zip(block.tolist(), (np.asarray(rows) - first).tolist(), strict=True), key=lambda at: at[0]
        )
        taken = [self.blocks[place].take([row for _, row in run]) for place, run in runs]
        return Stack(tuple(taken), self.columns)

    def largest(self) -> Floats:
        """Largest absolute entry of each row, 0 where there is none."""
        return np.concatenate([np.zeros(0), *(block.largest() for block in self.blocks)])

    @cached_property
    def absolute(self) -> Stack:
        """Rows that are nowhere smaller than the absolute entries of these."""
        return Stack(tuple(block.absolute for block in self.blocks), self.columns)


Arrays = tuple[NDArray[Any], NDArray[Any], NDArray[Any], NDArray[Any], NDArray[Any]]


def columns_of(block: Factored) -> Arrays:
    """What compiled passes want of factored rows: group, kind, and the amounts as ends, terms and numbers."""
    amount = block.amount
    return block.group, block.kind, amount.indptr, amount.indices, amount.data


def _entries(block: Factored) -> tuple[Floats, Ints]:
    return np.ascontiguousarray(block.table), block.row


def _real(x: NDArray[Any]) -> Floats:
    return np.asarray(x, dtype=np.float64)


def _plain(x: NDArray[Any]) -> NDArray[Any]:
    """Columns as they are where compiled code takes them: whole plans may be bytes."""
    return x if x.dtype in (np.uint8, np.float64) else _real(x)


def _filled(block: Csr | Factored, prices: Floats) -> Floats:
    from landfront.optimizer.passes import compiled_adder

    values = np.zeros(block.shape[1])
    compiled_adder(block, prices)(0, values, np.zeros(0))
    return values
