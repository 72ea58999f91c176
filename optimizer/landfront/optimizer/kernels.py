"""Compiled passes over the columns of a large program, each in one thread and in a fixed order.

Nothing here allocates more than it returns, and results do not depend on threads. Every function releases
the interpreter's lock. The module brings numba, so it is imported only for programs that are large enough to
gain from it (`passes.LARGE`); below that, numpy and scipy do the same.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Array = NDArray[Any]
Compiled = TypeVar("Compiled", bound=Callable[..., Any])

U = np.uint64
"""Of places in arrays where it matters: those with a sign are looked at for a minus first, which made passes
half as fast."""

RUN = 4096
"""Columns that are summed up before they join a total, so that rounding errors grow with their root."""


def compiled(function: Compiled) -> Compiled:
    """Compile a function and keep the result on disk; without licence to reorder sums."""
    return cast(Compiled, numba.njit(cache=True, nogil=True)(function))


def inlined(function: Compiled) -> Compiled:
    """Put a function into those that call it: a call hands on every array, which may take as long as work."""
    return cast(Compiled, numba.njit(nogil=True, forceinline=True)(function))


@compiled
def factored_dot(
    group: Array, kind: Array, ends: Array, term: Array, amount: Array, table: Floats, row: Array, x: Array,
    rows: int,
) -> Floats:  # fmt: skip
    """Row activities of factored rows; columns that are 0 cost nothing."""
    total, part = np.zeros(rows), np.zeros(rows)
    for start in range(0, len(group), RUN):
        for j in range(start, min(start + RUN, len(group))):
            share = x[U(j)]
            if share == 0:
                continue
            g, k = U(group[U(j)]), U(kind[U(j)])
            for q in range(ends[g], ends[g + U(1)]):
                t = U(term[U(q)])
                part[U(row[t])] += amount[U(q)] * table[t, k] * share
        for r in range(rows):
            total[r] += part[r]
            part[r] = 0.0
    return total


@compiled
def factored_add(
    group: Array, kind: Array, ends: Array, term: Array, amount: Array, priced: Floats, first: int,
    values: Floats, sizes: Floats,
) -> None:  # fmt: skip
    """Add the priced columns from `first` on to `values`, and sums of their absolute terms to `sizes`.

    `priced` is the table times the price of each term's row, shape (terms, kinds). Without `sizes` (empty)
    only values are added.
    """
    sized = len(sizes) > 0
    for i in range(len(values)):
        g, k = U(group[U(first + i)]), U(kind[U(first + i)])
        value = size = 0.0
        for q in range(ends[g], ends[g + U(1)]):
            product = amount[U(q)] * priced[U(term[U(q)]), k]
            value += product
            size += abs(product)
        values[U(i)] += value
        if sized:
            sizes[U(i)] += size


@compiled
def factored_largest(
    group: Array, kind: Array, ends: Array, term: Array, amount: Array, table: Floats, row: Array, rows: int
) -> Floats:
    """Largest absolute entry of each factored row."""
    largest, entry = np.zeros(rows), np.zeros(rows)
    for j in range(len(group)):
        g, k = group[j], kind[j]
        for q in range(ends[g], ends[g + 1]):
            entry[row[term[q]]] = 0.0
        for q in range(ends[g], ends[g + 1]):
            entry[row[term[q]]] += amount[q] * table[term[q], k]
        for q in range(ends[g], ends[g + 1]):
            r = row[term[q]]
            largest[r] = max(largest[r], abs(entry[r]))
    return largest


@compiled
def csr_dot(ends: Array, column: Array, entry: Array, x: Array) -> Floats:
    """Row activities of a sparse matrix."""
    total = np.zeros(len(ends) - 1)
    for r in range(len(total)):
        for start in range(ends[r], ends[r + 1], RUN):
            part = 0.0
            for q in range(start, min(start + RUN, ends[r + 1])):
                part += entry[U(q)] * x[U(column[U(q)])]
            total[r] += part
    return total


@compiled
def csr_add(
    column: Array, entry: Array, ends: Array, prices: Floats, at: Array, first: int, values: Floats,
    sizes: Floats,
) -> None:  # fmt: skip
    """Add the priced columns from `first` on, as `factored_add`; columns of a row must be in order.

    `at` holds where each row was left off, and is moved on: passes go from the first column to the last.
    """
    sized, last = len(sizes) > 0, first + len(values)
    for r in range(len(prices)):
        if prices[r] == 0.0:
            continue
        q = at[r]
        price, end = prices[r], ends[r + 1]
        while q < end and column[U(q)] < last:
            product, place = price * entry[U(q)], U(column[U(q)] - first)
            values[place] += product
            if sized:
                sizes[place] += abs(product)
            q += 1
        at[r] = q


@compiled
def group_minima(
    starts: Array, values: Floats, sizes: Floats, upper: Array
) -> tuple[float, float, float, float]:
    """Sum over groups of the least value of an open column, its correction, sums of |least| and largest size.

    `starts` begins at 0. The first two add up to the exact sum but for a share of ``(n u)^2`` of the sum of
    the absolute values: T. Ogita, S. Rump and S. Oishi, Accurate sum and dot product, SIAM Journal on
    Scientific Computing 26 (2005), algorithm 4.4 (Sum2).
    """
    total = lost = absolute = reach = 0.0
    for g in range(len(starts) - 1):
        least, largest = np.inf, 0.0
        for j in range(starts[U(g)], starts[U(g + 1)]):
            value = values[U(j)]
            if np.isnan(value):
                return np.nan, np.nan, np.nan, np.nan
            if upper[U(j)] > 0.0:
                least = min(least, value)
                largest = max(largest, sizes[U(j)])
        moved = total + least
        other = moved - total
        lost += (total - (moved - other)) + (least - other)
        total = moved
        absolute += abs(least)
        reach += largest
    return total, lost, absolute, reach


@compiled
def misses(starts: Array, x: Array, lower: Array, upper: Array, integer: Array) -> tuple[float, float, float]:
    """Largest miss of a group's sum, of a column bound and of a whole number; nan where `x` has one."""
    group = column = whole = 0.0
    for g in range(len(starts) - 1):
        total = 0.0
        for j in range(starts[U(g)], starts[U(g + 1)]):
            total += x[U(j)]
        group = max(group, abs(total - 1.0))
    for j in range(len(x)):
        value = float(x[U(j)])
        if np.isnan(value):
            return np.nan, np.nan, np.nan
        column = max(column, lower[U(j)] - value, value - upper[U(j)])
        if integer[U(j)]:
            whole = max(whole, abs(value - np.rint(value)))
    return group, column, whole


@compiled
def tidy(
    starts: Array, x: Array, lower: Array, upper: Array, integer: Array, near_whole: float, near: float
) -> Floats:
    """`x` with noise taken out, as `attempt.clean` says."""
    clean = np.empty(len(x))
    for j in range(len(x)):
        value = float(x[j])
        if integer[j] and abs(value - np.rint(value)) <= near_whole:
            value = np.rint(value)
        inside = min(max(value, lower[j]), upper[j])
        clean[j] = (inside if abs(inside - value) <= near else value) + 0.0  # zeros without a sign
    for g in range(len(starts) - 1):
        total, largest = 0.0, starts[g]
        for j in range(starts[g], starts[g + 1]):
            total += clean[j]
            if clean[j] >= clean[largest]:
                largest = j
        if abs(1.0 - total) <= near:
            clean[largest] += 1.0 - total
    return clean
