"""Passes over all groups or a sample: kernels in threads, sums in an order that no number of threads
changes."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeVar

import numpy as np
import scipy.sparse as sp

from landfront.optimizer.program import Floats, Ints
from landfront.optimizer.structured import kernels
from landfront.optimizer.structured.compact import Compact

PART = 1 << 15
"""Groups in one part of a pass, at least: some milliseconds of work."""

MOST_PARTS = 32
"""Parts of a pass: each may hold a matrix with a side of the number of rows."""

T = TypeVar("T")


@dataclass(frozen=True)
class Sample:
    """Every ``stride``-th group, from the first on; all with a stride of 1."""

    stride: int = 1

    def share(self, groups: int) -> float:
        """All groups over those in the sample."""
        return groups / max(len(range(0, groups, self.stride)), 1)


ALL = Sample()


class Passes:
    """Passes over the groups of a program.

    With a `noise` each column costs a share of it more, always the same one: so ties are broken.
    """

    def __init__(self, compact: Compact) -> None:
        self.compact = compact
        self.groups, self.rows = compact.groups, compact.rows
        self._arrays = compact.arrays

    def _priced(self, price: Floats) -> Floats:
        table = self._arrays.table
        return np.ascontiguousarray(price[self._arrays.term_row][:, None] * table)

    def _each(self, sample: Sample, work: Callable[[int, int], T]) -> list[T]:
        """Do the parts of a pass, in threads where there are several, and collect in order."""
        step = max(PART, -(-self.groups // (MOST_PARTS * sample.stride))) * sample.stride
        bounds = [(first, min(first + step, self.groups)) for first in range(0, self.groups, step)]
        if len(bounds) == 1:
            return [work(*bounds[0])]
        return list(threads().map(lambda bound: work(*bound), bounds))

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

        done = self._each(ALL, work)
        near = np.concatenate([part[2] for part in done]), np.concatenate([part[3] for part in done])
        return float(sum(part[0] for part in done)), best, np.sum([part[1] for part in done], axis=0), near

    def smooth(
        self, price: Floats, width: float, sample: Sample, *, noise: float = 0.0
    ) -> tuple[float, Floats, Floats, int]:
        """Smoothed least costs of a sample, scaled to all groups: sum, use, curvature, near groups."""
        priced = self._priced(price)

        def work(first: int, last: int) -> tuple[float, int, Floats, Floats]:
            usage, curvature = np.zeros(self.rows), np.zeros((self.rows, self.rows))
            total, near = kernels.smooth(
                self._arrays, price, priced, noise, first, last, sample.stride, width, usage, curvature
            )
            return total, near, usage, curvature

        done = self._each(sample, work)
        share = sample.share(self.groups)
        usage = np.sum([part[2] for part in done], axis=0) * share
        curvature = done[0][3]
        for part in done[1:]:
            curvature += part[3]
        curvature += np.tril(curvature, -1).T
        near = sum(part[1] for part in done)
        return float(sum(part[0] for part in done)) * share, usage, curvature * (share / width), near

    def within(
        self,
        price: Floats,
        most: float,
        reference: Ints | None,
        *,
        sample: Sample = ALL,
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
                    sample.stride,
                    against,
                    most,
                    columns,
                    loss,
                )
                if found <= size:
                    return columns[:found], loss[:found]
                size = found

        done = self._each(sample, work)
        return np.concatenate([part[0] for part in done]), np.concatenate([part[1] for part in done])

    def largest(self, x: Floats) -> Ints:
        """Column with the largest share of each group in a solution of all columns, shape (n,)."""
        best = np.empty(self.groups, dtype=np.int64)
        places = self.compact.open_columns
        places = np.zeros(0, dtype=np.int64) if places is None else places
        self._each(
            ALL, lambda first, last: kernels.largest(self._arrays.starts, places, x, first, last, best)
        )
        return best

    def used_by(self, chosen: Ints) -> Floats:
        """What one column per group, or none (-1), uses of the rows, shape (k,)."""

        def work(first: int, last: int) -> Floats:
            usage = np.zeros(self.rows)
            kernels.use(self._arrays, chosen, first, last, usage)
            return usage

        return np.asarray(np.sum(self._each(ALL, work), axis=0))

    def group_of(self, columns: Ints) -> Ints:
        """Group of each column."""
        return np.asarray(np.searchsorted(self._arrays.starts, columns, side="right") - 1)

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


def threads() -> ThreadPoolExecutor:
    """One per processor; kernels release the interpreter's lock."""
    return _threads_of(os.getpid())


@lru_cache(maxsize=1)
def _threads_of(process: int) -> ThreadPoolExecutor:
    """The threads of a process: one that was forked has none of those of its parent."""
    return ThreadPoolExecutor(os.cpu_count() or 1, thread_name_prefix=f"pass-{process}")
