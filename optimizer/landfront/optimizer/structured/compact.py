"""A program's groups as arrays that the kernels read: every coefficient once, in the form it is stored in.

Coupling rows and objectives are rows alike here: first the r coupling rows, then the p objectives in
minimisation form. Columns that are closed (upper bound 0) are left out.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from landfront.optimizer.program import Block, Factored, Floats, Ints, Program

DENSE = 0.4
"""Share of a row's columns that have a coefficient from which on it is kept for all columns: an entry then
costs 8 bytes instead of 12, and needs no look-up."""

Reals = NDArray[np.float64] | NDArray[np.float32]

LANES = 8
"""Columns and kinds that the kernels take at once: tables are filled up to a multiple of it."""


class Arrays(NamedTuple):
    """What the kernels read. n groups, m columns, k rows.

    ``starts`` (n + 1,) and ``kind`` (m + LANES,) as in `Program` and `Factored`; ``dense`` (d, m + LANES) are
    rows ``dense_row`` (d,) with a coefficient almost everywhere, filled up as the kernels look at `LANES`
    columns from each group's first one on; ``amount_start`` (n + 1,), ``term`` and
    ``amount`` are amounts per group, whose products with ``table`` (terms, kinds) are coefficients of the
    rows ``term_row`` (terms,); ``entry_start`` (m + 1,), ``entry_row`` and ``entry`` are single coefficients.
    Where there are no amounts or entries, their starts have length 0. ``largest`` is the size of the
    largest group. ``number`` (n,) are the groups' numbers in the arrays that they were taken from, of length
    0 where they have their own. Coefficients are of single precision where they were given so.
    """

    largest: int
    starts: Ints
    kind: NDArray[np.int16]
    dense: Reals
    dense_row: Ints
    amount_start: Ints
    term: NDArray[np.int32]
    amount: Reals
    table: Floats
    term_row: Ints
    idle: NDArray[np.bool_]
    entry_start: Ints
    entry_row: NDArray[np.int32]
    entry: Reals
    number: Ints


NO_NUMBERS = np.zeros(0, dtype=np.int64)


@dataclass(frozen=True)
class Compact:
    """The groups of a program for the kernels, and its loose columns.

    Attributes
    ----------
    arrays
        The open columns in groups.
    open_columns
        Their indices in the program, or None when all grouped columns are open.
    grouped
        Number of grouped columns of the program.
    loose
        Coefficients of the loose columns, shape (k, loose), minimisation form.
    """

    arrays: Arrays
    open_columns: Ints | None
    grouped: int
    loose: sp.csc_array

    @property
    def groups(self) -> int:
        """Number of groups."""
        return len(self.arrays.starts) - 1

    @property
    def rows(self) -> int:
        """Number of rows: coupling rows and objectives."""
        return int(self.loose.shape[0])

    @property
    def linked(self) -> bool:
        """Whether the program has loose columns of its own, besides that of levels that move."""
        return bool(self.loose.shape[1])

    def index(self, columns: Ints) -> Ints:
        """Indices in the program of open columns."""
        return columns if self.open_columns is None else self.open_columns[columns]


def compact(program: Program) -> Compact:
    """The groups of a program as arrays; products stay products."""
    grouped = int(program.starts[-1])
    open_columns = None
    starts = program.starts
    closed = program.upper[:grouped] == 0
    if closed.any():
        open_columns = np.flatnonzero(~closed)
        starts = np.concatenate([[0], np.cumsum(np.add.reduceat((~closed).astype(np.int64), starts[:-1]))])
    parts = _Parts(program.starts, open_columns)
    loose = []
    first = 0
    for block, sign in [*((b, None) for b in program.rows.blocks), *_signed(program)]:
        loose.append(parts.add(block, first, sign))
        first += block.shape[0]
    arrays = parts.arrays(np.ascontiguousarray(starts, dtype=np.int64))
    none = sp.csc_array((0, program.columns - grouped))
    return Compact(
        arrays=arrays,
        open_columns=open_columns,
        grouped=grouped,
        loose=sp.csc_array(sp.vstack([none, *loose], format="csc")),
    )


def _signed(program: Program) -> list[tuple[Block, Floats]]:
    """Blocks of the objectives with the sign of each row that turns it into minimisation form."""
    ends = np.cumsum([block.shape[0] for block in program.objectives.blocks])
    signs = np.split(program.senses.astype(np.float64), ends[:-1])
    return list(zip(program.objectives.blocks, signs, strict=True))


class _Parts:
    """Collects blocks as dense rows, amounts and entries."""

    def __init__(self, starts: Ints, open_columns: Ints | None) -> None:
        self._groups, self._grouped, self._open = len(starts) - 1, int(starts[-1]), open_columns
        self._group = np.repeat(np.arange(self._groups, dtype=np.int32), np.diff(starts))
        self._dense: list[Reals] = []
        self._dense_row: list[int] = []
        self._entries: list[sp.csr_array] = []
        self._entry_row: list[Ints] = []
        self._factors: list[tuple[sp.csr_array, Floats, Ints]] = []
        self._of_kind: Factored | None = None

    def add(self, block: Block, first: int, sign: Floats | None) -> sp.csc_array:
        """Take the rows of a block, the first of which is row `first`; the loose columns' part comes back."""
        if isinstance(block, Factored) and self._same_columns(block):
            table = block.table if sign is None else block.table * sign[block.row][:, None]
            self._factors.append((block.amount, table, block.row + first))
            return _loose_of(block, self._grouped, sign)
        matrix = block.to_csr()
        if sign is not None:
            matrix = sp.csr_array(sp.diags_array(sign.astype(matrix.dtype)) @ matrix)
        self._add_matrix(sp.csr_array(matrix[:, : self._grouped]), first)
        return sp.csc_array(matrix[:, self._grouped :])

    def _same_columns(self, block: Factored) -> bool:
        """Whether a factored block can share the kinds: its columns have the groups of the program."""
        if self._of_kind is not None:
            same = block.kind is self._of_kind.kind or np.array_equal(block.kind, self._of_kind.kind)
            if not same or block.table.shape[1] != self._of_kind.table.shape[1]:
                return False
        if block.amount.shape[0] != self._groups:
            return False
        if not np.array_equal(block.group[: self._grouped], self._group):
            return False
        if self._of_kind is None:
            self._of_kind = block
        return True

    def _add_matrix(self, matrix: sp.csr_array, first: int) -> None:
        if self._open is not None:
            matrix = sp.csr_array(matrix[:, self._open])
        filled = np.diff(matrix.indptr) >= DENSE * matrix.shape[1]
        for row in np.flatnonzero(filled).tolist():
            self._dense.append(_real(matrix[[row]].toarray().ravel()))
            self._dense_row.append(first + row)
        rest = np.flatnonzero(~filled)
        if matrix.nnz and len(rest):
            self._entries.append(sp.csr_array(matrix[rest]))
            self._entry_row.append(first + rest)

    def arrays(self, starts: Ints) -> Arrays:
        """Everything collected."""
        columns = int(starts[-1])
        kind = np.zeros(columns + LANES, dtype=np.int16)
        if self._of_kind is not None:
            kinds = self._of_kind.kind[: self._grouped]
            kind[:columns] = kinds if self._open is None else kinds[self._open]
        dense = np.zeros((len(self._dense), columns + LANES), np.result_type(*(self._dense or [np.zeros(0)])))
        for row, values in zip(dense, self._dense, strict=True):
            row[:columns] = values
        return Arrays(
            int(np.diff(starts).max(initial=1)),
            starts,
            kind,
            dense,
            np.array(self._dense_row, dtype=np.int64),
            *self._amounts(),
            *self._single(),
            NO_NUMBERS,
        )

    def _amounts(self) -> tuple[Ints, NDArray[np.int32], Reals, Floats, Ints, NDArray[np.bool_]]:
        if not self._factors:
            none = np.zeros(0, dtype=np.int64)
            return none, none.astype(np.int32), np.zeros(0), np.zeros((0, LANES)), none, np.zeros(0, bool)
        amount = self._factors[0][0]
        if len(self._factors) > 1:
            amount = sp.csr_array(sp.hstack([factor[0] for factor in self._factors], format="csr"))
        table = np.concatenate([factor[1] for factor in self._factors])
        row = np.concatenate([factor[2] for factor in self._factors]).astype(np.int64)
        assert self._of_kind is not None
        # Linking columns have kinds of their own, which no pass over the groups should look at.
        table = table[:, : int(self._of_kind.kind[: self._grouped].max(initial=0)) + 1]
        said = table.any(axis=1)
        if not said.all():
            kept = np.flatnonzero(said)
            amount, table, row = sp.csr_array(amount[:, kept]), table[kept], row[kept]
        table = np.pad(table, [(0, 0), (0, -table.shape[1] % LANES)])
        return (
            amount.indptr.astype(np.int64),
            amount.indices.astype(np.int32, copy=False),
            _real(amount.data),
            np.ascontiguousarray(table, dtype=np.float64),
            row,
            np.all(table == 0, axis=0),
        )

    def _single(self) -> tuple[Ints, NDArray[np.int32], Reals]:
        if not self._entries:
            none = np.zeros(0, dtype=np.int64)
            return none, none.astype(np.int32), np.zeros(0)
        by_column = sp.csc_array(sp.vstack(self._entries, format="csr"))
        row = np.concatenate(self._entry_row).astype(np.int32)
        return by_column.indptr.astype(np.int64), row[by_column.indices], _real(by_column.data)


def _real(values: NDArray[Any]) -> Reals:
    """Numbers of single precision as they are, others in double precision."""
    return values if values.dtype == np.float32 else values.astype(np.float64, copy=False)


def _loose_of(block: Factored, grouped: int, sign: Floats | None) -> sp.csc_array:
    """Coefficients of a factored block at the columns outside groups."""
    rest = Factored(
        block.group[grouped:], block.kind[grouped:], block.amount, block.table, block.row, block.rows
    )
    matrix = rest.to_csr() if len(rest.group) else sp.csr_array((block.rows, 0))
    return sp.csc_array(matrix if sign is None else sp.diags_array(sign) @ matrix)
