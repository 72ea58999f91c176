"""Passes over all groups or a sample: kernels in threads, sums in an order that no number of threads
changes."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TypeVar

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from landfront.optimizer.program import Floats, Ints
from landfront.optimizer.structured import kernels
from landfront.optimizer.structured.compact import LANES, Compact

PART = 1 << 13
"""Groups in one part of a pass, at least: a millisecond of work."""

MOST_PARTS = 32
"""Parts of a pass: each may hold a matrix with a side of the number of rows."""

T = TypeVar("T")


class Passes:
    """Passes over the groups of a program, or over some of them.

    With a `noise` each column costs a share of it more, always the same one: so ties are broken.

    Attributes
    ----------
    weight
        Groups that each one stands for in smoothed sums.
    """

    def __init__(self, compact: Compact, weight: float = 1.0) -> None:
        self.compact, self.weight = compact, weight
        self.groups, self.rows = compact.groups, compact.rows
        self._arrays = compact.arrays
        self._samples: dict[int, Passes] = {}

    def sample(self, size: int) -> Passes:
        """Passes over at least so many groups from all over, which stand for all."""
        stride = max(self.groups // size, 1)
        if stride == 1:
            return self
        if stride not in self._samples:
            groups = np.arange(0, self.groups, stride)
            self._samples[stride] = self.part(groups, self.groups / len(groups))[0]
        return self._samples[stride]

    def part(self, groups: Ints, weight: float = 1.0) -> tuple[Passes, Ints]:
        """Passes over some groups, in order, with arrays of their own; and which columns they have."""
        a = self._arrays
        starts = _ends(a.starts, groups)
        amount_start = _ends(a.amount_start, groups) if len(a.amount_start) else a.amount_start
        amounts = int(amount_start[-1]) if len(amount_start) else 0
        columns = np.empty(starts[-1], dtype=np.int64)
        wide = len(columns) + LANES
        kind, dense = np.zeros(wide, a.kind.dtype), np.zeros((len(a.dense), wide), a.dense.dtype)
        term, amount = np.empty(amounts, a.term.dtype), np.empty(amounts, a.amount.dtype)
        new = starts, columns, kind, dense, amount_start, term, amount
        _each(len(groups), lambda first, last: kernels.copy(a, groups, first, last, *new))
        arrays = a._replace(
            starts=starts,
            kind=kind,
            dense=dense,
            amount_start=amount_start,
            term=term,
            amount=amount,
            number=a.number[groups] if len(a.number) else groups,
        )
        if len(a.entry_start):
            ends = _ends(a.entry_start, columns)
            inside = np.arange(ends[-1]) + np.repeat(a.entry_start[columns] - ends[:-1], np.diff(ends))
            arrays = arrays._replace(entry_start=ends, entry_row=a.entry_row[inside], entry=a.entry[inside])
        part = replace(self.compact, arrays=arrays, open_columns=self.compact.index(columns))
        return Passes(part, weight), columns

    def _priced(self, price: Floats) -> Floats:
        table = self._arrays.table
        return np.ascontiguousarray(price[self._arrays.term_row][:, None] * table)

    def _each(self, work: Callable[[int, int], T]) -> list[T]:
        return _each(self.groups, work)

    def choose(
        self, price: Floats, most: float = -1.0, *, noise: float = 0.0, room: int = 4096
    ) -> tuple[float, Ints, Floats, tuple[Ints, Floats]]:
        """Least costs at row prices, shape (k,).

        Returns
        -------
        total
            Sum of the least costs.
        best
            Column of each group that has it, shape (n,).
        usage
            What these columns use of the rows, shape (k,).
        near
            Other columns that cost at most `most` more, in order, and how much more.
        """
        priced, best = self._priced(price), np.empty(self.groups, dtype=np.int64)

        def work(first: int, last: int) -> tuple[float, Floats, Ints, Floats]:
            size = room
            while True:
                usage, columns, loss = np.zeros(self.rows), np.empty(size, dtype=np.int64), np.empty(size)
                total, found = kernels.choose(
                    self._arrays, price, priced, noise, first, last, best, usage, most, columns, loss
                )
                if found <= size:
                    return total, usage, columns[:found], loss[:found]
                size = found

        done = self._each(work)
        near = np.concatenate([part[2] for part in done]), np.concatenate([part[3] for part in done])
        return float(sum(part[0] for part in done)), best, np.sum([part[1] for part in done], axis=0), near

    def active(self, price: Floats, most: float, *, noise: float = 0.0) -> Active:
        """The groups with another column that costs at most ``most`` more than the best, by themselves."""
        priced = self._priced(price)
        reference, tied = np.empty(self.groups, dtype=np.int64), np.empty(self.groups, dtype=bool)

        def work(first: int, last: int) -> tuple[float, float, Floats]:
            usage = np.zeros(self.rows)
            sums = kernels.screen(
                self._arrays, price, priced, noise, first, last, most, reference, tied, usage
            )
            return *sums, usage

        done = self._each(work)
        used = np.asarray(np.sum([part[2] for part in done], axis=0))
        kept = float(sum(part[1] for part in done)) - float(price @ used)
        groups = np.flatnonzero(tied)
        return Active(*self.part(groups), groups, reference, used, kept, float(sum(part[0] for part in done)))

    def smooth(
        self,
        price: Floats,
        width: float,
        *,
        noise: float = 0.0,
        bounded: NDArray[np.bool_] | None = None,
    ) -> tuple[float, Floats, Floats, int]:
        """Smoothed least costs, times the weight of a group: sum, use, curvature; and groups near a tie.

        Of rows that are not `bounded` use and curvature may be left out.
        """
        priced = self._priced(price)
        bounded = np.ones(self.rows, dtype=bool) if bounded is None else bounded

        def work(first: int, last: int) -> tuple[float, int, Floats, Floats]:
            usage, curvature = np.zeros(self.rows), np.zeros((self.rows, self.rows))
            total, near = kernels.smooth(
                self._arrays,
                price,
                priced,
                noise,
                first,
                last,
                width,
                bounded,
                usage,
                curvature,
            )
            return total, near, usage, curvature

        done = self._each(work)
        usage = np.sum([part[2] for part in done], axis=0) * self.weight
        curvature = done[0][3]
        for part in done[1:]:
            curvature += part[3]
        curvature += np.tril(curvature, -1).T
        near = sum(part[1] for part in done)
        total = float(sum(part[0] for part in done)) * self.weight
        return total, usage, curvature * (self.weight / width), near

    def within(
        self,
        price: Floats,
        most: float,
        reference: Ints | None,
        *,
        noise: float = 0.0,
        room: int = 4096,
    ) -> tuple[Ints, Floats]:
        """Columns that cost at most ``most`` more than their group's reference (its best without one).

        Returns
        -------
        columns, losses
            In order of the columns, without references.
        """
        priced = self._priced(price)
        against = np.zeros(0, dtype=np.int64) if reference is None else reference

        def work(first: int, last: int) -> tuple[Ints, Floats]:
            size = room
            while True:
                columns, loss = np.empty(size, dtype=np.int64), np.empty(size)
                found = kernels.within(
                    self._arrays,
                    price,
                    priced,
                    noise,
                    first,
                    last,
                    against,
                    most,
                    columns,
                    loss,
                )
                if found <= size:
                    return columns[:found], loss[:found]
                size = found

        done = self._each(work)
        return np.concatenate([part[0] for part in done]), np.concatenate([part[1] for part in done])

    def largest(self, x: Floats) -> Ints:
        """Column with the largest share of each group in a solution of all columns, shape (n,)."""
        best = np.empty(self.groups, dtype=np.int64)
        places = self.compact.open_columns
        places = np.zeros(0, dtype=np.int64) if places is None else places
        self._each(lambda first, last: kernels.largest(self._arrays.starts, places, x, first, last, best))
        return best

    def used_by(self, chosen: Ints) -> Floats:
        """What one column per group, or none (-1), uses of the rows, shape (k,)."""

        def work(first: int, last: int) -> Floats:
            usage = np.zeros(self.rows)
            kernels.use(self._arrays, chosen, first, last, usage)
            return usage

        return np.asarray(np.sum(self._each(work), axis=0))

    def group_of(self, columns: Ints) -> Ints:
        """Group of each column."""
        return np.asarray(np.searchsorted(self._arrays.starts, columns, side="right") - 1)

    def mixed(self, columns: Ints) -> Floats:
        """The share of the noise that some columns cost more."""
        group = self.group_of(columns)
        return np.asarray(kernels.mixed(group, columns - self._arrays.starts[group]))

    def matrix(self, columns: Ints) -> sp.csc_array:
        """Coefficients of some columns, shape (k, columns)."""
        group = self.group_of(columns)
        starts = np.zeros(len(columns) + 1, dtype=np.int64)
        kernels.count_entries(self._arrays, columns, group, starts[1:])
        np.cumsum(starts, out=starts)
        rows, values = np.empty(starts[-1], dtype=np.int32), np.empty(starts[-1])
        kernels.entries(self._arrays, columns, group, starts, rows, values)
        matrix = sp.csc_array((values, rows, starts), shape=(self.rows, len(columns)))
        matrix.sum_duplicates()
        return matrix


@dataclass(frozen=True)
class Active:
    """The groups that may still choose otherwise, as passes over them alone; the others keep their choice.

    Attributes
    ----------
    columns, groups
        Which groups, shape (a,), and which columns of all they have, in order.
    reference
        Column of each group, shape (n,).
    used
        What the groups that keep theirs use of the rows, shape (k,).
    kept
        What they cost besides: their noise.
    least
        Sum of the least costs of the groups that may choose, at the prices that told them apart.
    """

    passes: Passes
    columns: Ints
    groups: Ints
    reference: Ints
    used: Floats
    kept: float
    least: float

    def total(self, price: Floats) -> float:
        """Sum of the least costs of all groups at the prices that told them apart, shape (k,)."""
        return self.least + self.kept + float(price @ self.used)

    def nearer(self, price: Floats, most: float, *, noise: float = 0.0) -> Active:
        """Those of these groups that are near a tie at other prices, see `Passes.active`."""
        inner = self.passes.active(price, most, noise=noise)
        reference = self.reference.copy()
        reference[self.groups] = self.columns[inner.reference]
        return Active(
            inner.passes,
            self.columns[inner.columns],
            self.groups[inner.groups],
            reference,
            self.used + inner.used,
            self.kept + inner.kept,
            inner.least,
        )

    def places(self, reference: Ints) -> Ints:
        """Columns of all groups, shape (n,), as those of these groups, shape (a,)."""
        return np.searchsorted(self.columns, reference[self.groups])


def _ends(starts: Ints, chosen: Ints) -> Ints:
    """Where the chosen ones of some ranges begin and end when they stand in a row."""
    return np.append(0, np.cumsum(starts[chosen + 1] - starts[chosen]))


def _each(count: int, work: Callable[[int, int], T]) -> list[T]:
    """Do the parts of a pass, in threads where there are several, and collect in order."""
    step = max(PART, -(-count // MOST_PARTS))
    bounds = [(first, min(first + step, count)) for first in range(0, count, step)]
    if len(bounds) <= 1:
        return [work(0, count)]
    return list(threads().map(lambda bound: work(*bound), bounds))


def threads() -> ThreadPoolExecutor:
    """One per processor; kernels release the interpreter's lock."""
    return _threads_of(os.getpid())


@lru_cache(maxsize=1)
def _threads_of(process: int) -> ThreadPoolExecutor:
    """The threads of a process: one that was forked has none of those of its parent."""
    return ThreadPoolExecutor(os.cpu_count() or 1, thread_name_prefix=f"pass-{process}")
