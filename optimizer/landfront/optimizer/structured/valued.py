"""Blocks of linking columns that hang together: what they are worth beside what options use of their rows.

`projected` has cuts in place of their rows. The value of a block is what it adds to an objective, or what
rows bound: convex in the use, as the least of a linear program over its columns is.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from math import inf
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from scipy.sparse.csgraph import connected_components

from landfront.optimizer.program import Factored, Floats, Ints, Program, Stack

MANY_ROWS = 128
"""Rows of linking columns that hang together from which cuts lead to prices sooner than Newton steps over all
rows: with 85 they took two to ten times as long, with 216 half as long."""


@dataclass(frozen=True)
class Block:
    """Linking columns that hang together and see the options through their rows.

    Attributes
    ----------
    columns, rows
        Its columns (from the first linking column on) and the rows that cuts replace.
    weights
        Of the columns in their value, which is to be small: in the objective where they stand in one, in
        minimisation form, else in the rows that bound it; 0 where nothing asks for a value.
    inner
        Coefficients of the columns in these rows.
    lower, upper, row_lower, row_upper
        Bounds of columns and rows.
    """

    columns: Ints
    rows: Ints
    weights: Floats
    inner: sp.csr_array
    lower: Floats
    upper: Floats
    row_lower: Floats
    row_upper: Floats

    @property
    def valued(self) -> bool:
        """Whether it has a value, which cuts can bound."""
        return bool(self.weights.any())

    @property
    def lead(self) -> int:
        """Place of the column that stands for the value."""
        return int(np.argmax(np.abs(self.weights)))

    @cached_property
    def ends(self) -> tuple[float, float]:
        """Bounds of the value."""
        one, two = self.weights * self.lower, self.weights * self.upper
        return float(np.minimum(one, two).sum()), float(np.maximum(one, two).sum())

    @cached_property
    def defined(self) -> NDArray[np.bool_]:
        """Columns that an equation sets equal to what options use, shape (L,).

        Their bounds follow from the options'. Without them prices are those of the equation alone; else a
        column at its bound would leave a choice among prices, and cuts be weak.
        """
        return _defined(self.inner, self.row_lower == self.row_upper)

    def level(self, prices: Floats) -> float:
        """What prices of the rows prove of ``value + prices @ use`` for every use of the rows."""
        side = np.where(prices > 0, self.row_lower, self.row_upper)
        paid = float(prices @ np.where(prices == 0, 0.0, side))
        rest = self.weights - prices @ self.inner
        return paid + float(np.minimum(rest * self.lower, rest * self.upper).sum())

    def best(self, use: Floats) -> tuple[Floats, Floats] | None:
        """The best columns beside what options use, and prices that prove it; None without any."""
        from scipy.optimize import linprog

        same = self.row_lower == self.row_upper
        low, high = ~same & np.isfinite(self.row_lower), ~same & np.isfinite(self.row_upper)
        above, below = self.row_lower - use, self.row_upper - use
        asked: dict[str, Any] = {
            "A_eq": self.inner[same] if same.any() else None,
            "b_eq": above[same] if same.any() else None,
            "A_ub": sp.vstack([-self.inner[low], self.inner[high]], format="csr"),
            "b_ub": np.concatenate([-above[low], below[high]]),
            "bounds": np.column_stack(
                [np.where(self.defined, -inf, self.lower), np.where(self.defined, inf, self.upper)]
            ),
        }
        found = linprog(self.weights, **asked)
        if found.x is None or found.status != 0:
            return None
        prices, unequal = np.zeros(len(use)), found.ineqlin.marginals
        prices[same] = found.eqlin.marginals if same.any() else 0.0
        prices[low] -= unequal[: low.sum()]
        prices[high] += unequal[low.sum() :]
        return np.asarray(found.x), prices


def blocks_of(program: Program) -> tuple[Block, ...]:
    """Blocks of linking columns, none where they are whole or have no finite value.

    Those of few rows stay as they are, but for a column that is equal to a sum, such as a mean: whole choices
    do not keep such a row with the value of shares. All do where none has many rows.
    """
    grouped = int(program.starts[-1])
    loose = loose_of(program.rows, grouped)
    count = loose.shape[1]
    if not count or not program.groups:
        return ()
    weights = loose_of(program.objectives, grouped).toarray() * program.senses[:, None]
    touching = sp.csr_array(abs(loose))
    graph = sp.csr_array(touching.T @ touching)
    parts, of_column = connected_components(graph, directed=False)
    same, found = program.row_lower == program.row_upper, []
    for part in range(parts):
        columns = np.flatnonzero(of_column == part)
        rows = np.unique(sp.csr_array(loose[:, columns]).nonzero()[0]).astype(np.int64)
        used = np.flatnonzero(weights[:, columns].any(axis=1))
        if len(used) > 1 or program.integer[grouped + columns].any():
            continue
        inner = sp.csr_array(sp.csr_array(loose[rows])[:, columns])
        if len(rows) < MANY_ROWS and not (len(columns) == 1 and _defined(inner, same[rows]).all()):
            continue
        own = weights[used[0], columns] if len(used) else _bounded(program, inner, rows)
        block = _block(program, inner, own, columns, rows)
        if len(block.rows) and np.isfinite(block.ends).all():
            found.append(block)
    return tuple(found) if any(len(block.rows) >= MANY_ROWS for block in found) else ()


def _defined(inner: sp.csr_array, same: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Columns that stand alone in a row that is an equation, shape (L,)."""
    single = np.flatnonzero((np.diff(inner.indptr) == 1) & same)
    found = np.zeros(inner.shape[1], dtype=bool)
    found[inner.indices[inner.indptr[single]]] = True
    return found


def _bounded(program: Program, inner: sp.csr_array, rows: Ints) -> Floats:
    """The sum of columns that rows on a value bound, in the sense in which it is to be small, shape (L,).

    Such rows look at no column that an equation defines, unlike those that make the value; 0 without any, or
    where they differ.
    """
    lower, upper = program.row_lower[rows], program.row_upper[rows]
    deep = abs(inner) @ _defined(inner, lower == upper).astype(np.float64)
    own = np.flatnonzero(deep == 0)
    if not len(own) or np.isfinite(lower[own] + upper[own]).any():
        return np.zeros(inner.shape[1])
    signed = np.where(np.isfinite(upper[own]), 1.0, -1.0)[:, None] * inner[own].toarray()
    signed /= np.abs(signed).max(axis=1, keepdims=True)
    return np.asarray(signed[0] if (signed == signed[0]).all() else np.zeros(inner.shape[1]))


def _block(program: Program, inner: sp.csr_array, own: Floats, columns: Ints, rows: Ints) -> Block:
    """One block; a row that bounds its value stays as it is, one that says what it is does not."""
    kept = (program.row_lower[rows] == program.row_upper[rows]) | ~_alike(inner, own)
    place = int(program.starts[-1]) + columns
    return Block(
        columns, rows[kept], own, sp.csr_array(inner[kept]),
        program.lower[place].astype(np.float64), program.upper[place].astype(np.float64),
        program.row_lower[rows[kept]], program.row_upper[rows[kept]],
    )  # fmt: skip


def _alike(inner: sp.csr_array, own: Floats) -> NDArray[np.bool_]:
    """Rows that are a multiple of the value, shape (rows,)."""
    if not own.any():
        return np.zeros(inner.shape[0], dtype=bool)
    scale = abs(inner).max(axis=1).toarray().ravel()
    value = sp.csr_array(scale[:, None] * (own / np.abs(own).max()))
    off = [abs(inner - sign * value).max(axis=1).toarray().ravel() for sign in (1.0, -1.0)]
    return np.asarray(np.minimum(*off) == 0)


def loose_of(stack: Stack, grouped: int) -> sp.csr_array:
    """Coefficients of the linking columns, shape (rows, loose)."""
    parts = []
    for block in stack.blocks:
        if isinstance(block, Factored):
            narrow = replace(block, group=block.group[grouped:], kind=block.kind[grouped:])
            parts.append(narrow.to_csr())
        else:
            parts.append(sp.csr_array(block.to_csr()[:, grouped:]))
    empty = sp.csr_array((0, stack.columns - grouped))
    return sp.csr_array(sp.vstack(parts, format="csr")) if parts else empty
