"""Effects as rows of a program: factored where they are products, sparse where they come from a table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import groupby

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from landfront.models.effects import Effect
from landfront.models.menu import Menu
from landfront.optimizer.program import Block, Csr, Factored, Stack

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

STRIP = 1 << 18
"""Parcels that are gathered at a time."""


def spread(amount: sp.csr_array | sp.csc_array, scope: Ints, count: int) -> sp.csr_array:
    """Amounts per parcel and term, (n, T), as amounts per parcel and (term, row), (n, T * count).

    Parcel p belongs to row ``scope[p]`` of each term, to none where that is -1.

    >>> spread(sp.csr_array(np.array([[5.0], [7.0], [9.0]])), np.array([1, -1, 0]), 2).toarray().tolist()
    [[0.0, 5.0], [0.0, 0.0], [9.0, 0.0]]
    """
    entries = sp.coo_array(amount)
    parcel, term = entries.coords
    inside = np.flatnonzero((scope[parcel] >= 0) & (entries.data != 0))
    parcel, term = parcel[inside], term[inside]
    shape = (amount.shape[0], amount.shape[1] * count)
    return narrow(sp.csr_array((entries.data[inside], (parcel, term * count + scope[parcel])), shape=shape))


def spread_terms(terms: Sequence[Floats], scope: Ints, count: int) -> sp.csr_array:
    """As `spread`, of amounts that are given for every parcel, without a matrix in another order between.

    >>> terms = [np.array([5.0, 7.0, 9.0]), np.array([1.0, 1.0, 0.0])]
    >>> spread_terms(terms, np.array([1, -1, 0]), 2).toarray().tolist()
    [[0.0, 5.0, 0.0, 1.0], [0.0, 0.0, 0.0, 0.0], [9.0, 0.0, 0.0, 0.0]]
    """
    here, n = scope >= 0, len(scope)
    ends = np.zeros(n + 1, dtype=np.int64)
    for amount in terms:
        ends[1:] += (amount != 0) & here
    np.cumsum(ends, out=ends)
    data, place = np.empty(ends[-1]), np.empty(ends[-1], dtype=np.int32)
    first = np.arange(len(terms), dtype=np.int32) * np.int32(count)
    for start in range(0, n, STRIP):
        rows = slice(start, min(start + STRIP, n))
        amounts = np.column_stack([amount[rows] for amount in terms])
        inside = (amounts != 0) & here[rows, None]
        at = slice(ends[rows.start], ends[rows.stop])
        data[at] = amounts[inside]
        place[at] = (scope[rows].astype(np.int32)[:, None] + first)[inside]
    return narrow(sp.csr_array((data, place, ends), shape=(n, len(terms) * count)))


def narrow(matrix: sp.csr_array) -> sp.csr_array:
    """The matrix with indices of 32 bits where they suffice."""
    if matrix.nnz < 2**31 and max(matrix.shape) < 2**31:
        matrix.indices = matrix.indices.astype(np.int32, copy=False)
        matrix.indptr = matrix.indptr.astype(np.int32, copy=False)
    return matrix


def factored(
    menu: Menu, amount: sp.csr_array | sp.csc_array, table: Floats, *, scope: Ints, count: int
) -> Factored:
    """Terms with amounts (n, T) and tables (T, K): term t and region r are row ``t * count + r``."""
    rows, spaced = len(table) * count, spread(amount, scope, count)
    return Factored(menu.parcel, menu.kind, spaced, np.repeat(table, count, axis=0), np.arange(rows), rows)


def effect_rows(menu: Menu, effect: Effect, *, scope: Ints, count: int, kinds: NDArray[np.bool_]) -> Block:
    """One row per region: the sum of an effect over the options of the region's parcels with these kinds."""
    if effect.column is not None:
        return Csr(_table_rows(menu, effect, scope=scope, count=count, kinds=kinds))
    if not effect.terms:
        return Csr(sp.csr_array((count, len(menu))))
    return _term_rows(menu, [effect], scope=scope, count=count, kinds=kinds)


def _term_rows(
    menu: Menu, effects: Sequence[Effect], *, scope: Ints, count: int, kinds: NDArray[np.bool_]
) -> Factored:
    """Rows of effects that are sums of products: effect e and region r are row ``e * count + r``."""
    terms = [term for effect in effects for term in effect.terms]
    owner = np.repeat(np.arange(len(effects)), [len(effect.terms) for effect in effects])
    amount = spread_terms([term.amount for term in terms], scope, count)
    table = np.repeat([np.where(kinds, term.table, 0.0) for term in terms], count, axis=0)
    # The terms of one effect add up in the same row.
    row = (owner[:, None] * count + np.arange(count)).ravel()
    return Factored(menu.parcel, menu.kind, amount, table, row, len(effects) * count)


def _table_rows(
    menu: Menu, effect: Effect, *, scope: Ints, count: int, kinds: NDArray[np.bool_]
) -> sp.csr_array:
    """The rows of an effect that a table gives, as a matrix."""
    options, values = effect.entries
    shape = (count, len(menu))
    if count == 1 and kinds.all() and not scope.any():  # every option counts in the one row
        return sp.csr_array((values, options, np.array([0, len(options)], dtype=np.int32)), shape=shape)
    row = scope[menu.parcel[options]]
    inside = (row >= 0) & kinds[menu.kind[options]]
    if not inside.all():
        options, values, row = options[inside], values[inside], row[inside]
    if (row[1:] < row[:-1]).any():
        return sp.csr_array((values, (row, options)), shape=shape)
    starts = np.searchsorted(row, np.arange(count + 1)).astype(np.int32)  # in order: nothing is moved
    return sp.csr_array((values, options, starts), shape=shape)


def objective_rows(menu: Menu, effects: Sequence[Effect], parcels: int) -> Stack:
    """One row per effect, in order, over all options."""
    everywhere, kinds = np.zeros(parcels, dtype=np.int64), np.ones(len(menu.interventions), dtype=bool)
    blocks: list[Block] = []
    for plain, group in groupby(effects, key=lambda effect: effect.column is None and bool(effect.terms)):
        members = list(group)
        if plain:  # all at once: amounts are not copied from one matrix to the next
            blocks.append(_term_rows(menu, members, scope=everywhere, count=1, kinds=kinds))
        else:
            blocks += [effect_rows(menu, one, scope=everywhere, count=1, kinds=kinds) for one in members]
    return stack(blocks, len(menu))


def stack(blocks: Sequence[Block], columns: int) -> Stack:
    """Blocks one under the other; factored neighbours become one, for one pass over the options."""
    merged: list[Block] = []
    for form, group in groupby(blocks, key=type):
        members = list(group)
        merged.extend([_merge_factored(members)] if form is Factored else members)  # type: ignore[arg-type]
    return Stack(tuple(merged), columns)


def _merge_factored(blocks: Sequence[Factored]) -> Factored:
    if len(blocks) == 1:
        return blocks[0]
    starts = np.cumsum([0, *(block.rows for block in blocks)])
    return Factored(
        blocks[0].group,
        blocks[0].kind,
        narrow(sp.csr_array(sp.hstack([block.amount for block in blocks], format="csr"))),
        np.concatenate([block.table for block in blocks]),
        np.concatenate([block.row + start for block, start in zip(blocks, starts[:-1], strict=True)]),
        int(starts[-1]),
    )


def scaled(block: Block, factor: Floats) -> Block:
    """The rows, each multiplied by its factor, shape (rows,)."""
    if isinstance(block, Factored):
        return replace(block, table=block.table * factor[block.row][:, None])
    return Csr(sp.csr_array(sp.diags_array(factor) @ block.to_csr()))


def best_change(menu: Menu, values: Floats, *, kinds: NDArray[np.bool_], largest: bool) -> Floats:
    """The best that each parcel can add to a sum, shape (n,): its best option of these kinds, or 0.

    >>> from landfront.models.kinds import plain
    >>> parcel, kind = np.array([0, 0, 1], np.int32), np.array([0, 1, 0], np.int16)
    >>> menu = Menu(parcel, kind, np.array([0, 2, 3]), plain(("keep", "a"), 2025))
    >>> best_change(menu, np.array([0.0, 3.0, 0.0]), kinds=np.array([True, True]), largest=True).tolist()
    [3.0, 0.0]
    """
    counted = np.where(kinds[menu.kind], values, 0.0)
    best = np.maximum if largest else np.minimum
    return np.asarray(best.reduceat(counted, menu.starts[:-1]))
