"""One pass over the columns of a program under prices, a slab of whole groups at a time.

Large programs are never held as a matrix: each slab is priced block by block by compiled code, and is gone
before the next one comes. Small programs are one slab, priced by numpy and scipy.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from landfront.optimizer.blocks import LARGE, Block, Csr, Factored, Floats, Wider, columns_of
from landfront.optimizer.program import Program

Adder = Callable[[int, Floats, Floats], None]
"""Adds the priced columns from the first one on to values, and sums of their absolute terms to sizes."""

SLAB = 1 << 17
"""Columns of a slab, about: its values stay in the processor's cache."""


@dataclass(frozen=True)
class Slab:
    """Some columns under prices.

    Attributes
    ----------
    groups
        First and last group, exclusive; both the number of groups for linking columns.
    columns
        First and last column, exclusive.
    values
        ``weights @ C - prices @ A`` of each, C in minimisation form.
    sizes
        Sum of the absolute terms of each value, up to rounding.
    """

    groups: tuple[int, int]
    columns: tuple[int, int]
    values: Floats
    sizes: Floats


def priced_slabs(program: Program, weights: Floats, prices: Floats) -> Iterator[Slab]:
    """All columns in order, those of groups first.

    Parameters
    ----------
    weights
        Of the objectives in minimisation form, shape (p,).
    prices
        Of the coupling rows, shape (r,).
    """
    parts = [*program.objectives.priced(weights * program.senses), *program.rows.priced(-prices)]
    parts = [(block, part) for block, part in parts if part.any()]
    if program.columns < LARGE:
        yield from _at_once(program, parts)
        return
    adders = [compiled_adder(block, part) for block, part in parts]
    for groups, columns in _slabs(program):
        values, sizes = np.zeros((2, columns[1] - columns[0]))
        for add in adders:
            add(columns[0], values, sizes)
        yield Slab(groups, columns, values, sizes)


def priced(program: Program, weights: Floats, prices: Floats) -> Floats:
    """``weights @ C - prices @ A`` of every column, C in minimisation form, shape (m,)."""
    return program.objectives.tdot(weights * program.senses) - program.rows.tdot(prices)


def terms_of(program: Program) -> int:
    """At least the number of products that a column's value is the sum of."""
    blocks = [*program.objectives.blocks, *program.rows.blocks]
    blocks = [block.block if isinstance(block, Wider) else block for block in blocks]
    return sum(b.amount.shape[1] if isinstance(b, Factored) else b.shape[0] for b in blocks)


def _at_once(program: Program, parts: list[tuple[Block, Floats]]) -> Iterator[Slab]:
    values, sizes = np.zeros((2, program.columns))
    for block, part in parts:
        values += block.tdot(part)
        sizes += block.absolute.tdot(np.abs(part))
    grouped, groups = int(program.starts[-1]), program.groups
    yield Slab((0, groups), (0, grouped), values[:grouped], sizes[:grouped])
    if grouped < program.columns:
        yield Slab((groups, groups), (grouped, program.columns), values[grouped:], sizes[grouped:])


def _slabs(program: Program) -> Iterator[tuple[tuple[int, int], tuple[int, int]]]:
    """Groups and columns of each slab: as many whole groups as fit, at least one; then linking columns."""
    starts, first = program.starts, 0
    while first < program.groups:
        last = int(np.searchsorted(starts, starts[first] + SLAB, side="right")) - 1
        last = max(last, first + 1)
        yield (first, last), (int(starts[first]), int(starts[last]))
        first = last
    for column in range(int(starts[-1]), program.columns, SLAB):
        yield (program.groups, program.groups), (column, min(column + SLAB, program.columns))


def compiled_adder(block: Block, prices: Floats) -> Adder:
    """The compiled pass over a block; slabs must be asked for in the order of their columns."""
    from landfront.optimizer import kernels

    if isinstance(block, Wider):
        inner, end = compiled_adder(block.block, prices), block.block.shape[1]
        return lambda first, values, sizes: inner(
            first, values[: max(end - first, 0)], sizes[: max(end - first, 0)]
        )
    if isinstance(block, Factored):
        table = np.ascontiguousarray(prices[block.row][:, None] * block.table)
        parts = columns_of(block)
        return lambda first, values, sizes: kernels.factored_add(*parts, table, first, values, sizes)
    matrix = (block if isinstance(block, Csr) else Csr(block.to_csr())).ordered
    sparse = matrix.indices, matrix.data, matrix.indptr, np.ascontiguousarray(prices)
    at = matrix.indptr[:-1].astype(np.int64)
    return lambda first, values, sizes: kernels.csr_add(*sparse, at, first, values, sizes)
