r"""Scattered: the treated land that lies in no patch of the smallest size (smallest patch).

Formula, for the sets P of parcels that are smallest patches, and areas a_p:

    S = sum over p of a_p * [t_p = 1 and no P with p in P has t_q = 1 for all q in P]

    min sum of a_p s_p    with    t_p - sum over P with p in P of z_P - s_p <= 0,    z_P - t_q <= 0 for q in P

| symbol | meaning |
|---|---|
| t_p | 1 where p has one of the interventions, or the share of it that has |
| P | with ``patch.parcels = n``: every set of n parcels that hang together; with ``patch.square = b``: every square of b x b cells of a grid |
| z_P, s_p | linking columns from 0 to 1 |

Sets of n parcels that hang together cover exactly the treated parcels whose contiguous patch has n parcels or
more, so that a limit ``max = 0`` says that no patch is smaller. Squares cover what a tool of b cells can
reach: patches are unions of squares.

>>> chain = connected_sets(np.array([0, 1, 2]), np.array([1, 2, 3]), 4, 3)
>>> chain.tolist()
[[0, 1, 2], [1, 2, 3]]
"""  # noqa: E501

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from landfront.instances.faults import Fault, refuse
from landfront.instances.landscape import Landscape
from landfront.instances.study_rules import Criterion
from landfront.models.appended import Added, OnMap, treated_kinds
from landfront.models.menu import Menu
from landfront.optimizer.program import Program

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

MOST_SETS = 300_000
"""Smallest patches that are listed at most: each is a column, with a row for each of its parcels."""


@dataclass(frozen=True)
class Scattered(OnMap):
    """A criterion that is the treated area outside patches of the smallest size.

    Attributes
    ----------
    area
        ha, shape (n,).
    patches
        Parcels of each smallest patch, all of which may be treated, shape (m_P, size).
    """

    area: Floats
    patches: Ints

    kind = "scattered"

    @cached_property
    def open(self) -> Ints:
        """Parcels that may be treated."""
        return np.flatnonzero(np.logical_or.reduceat(self.inside, self.menu.starts[:-1]))

    @property
    def extra(self) -> int:
        """A column for each patch, then one for each parcel that may be treated."""
        return len(self.patches) + len(self.open)

    def value(self, amounts: Floats) -> float:
        """Area outside patches in ha."""
        return float(self.area @ np.maximum(amounts - self._covered(amounts), 0.0))

    def _covered(self, amounts: Floats) -> Floats:
        """How much of each parcel its patches cover, shape (n,)."""
        whole = amounts[self.patches].min(axis=1, initial=1.0)
        weights = np.repeat(whole, self.patches.shape[1])
        found = np.bincount(self.patches.ravel(), weights=weights, minlength=len(amounts))
        return found.astype(np.float64)

    def columns_of(self, amounts: Floats) -> Floats:
        """Patches that are treated, and parcels outside of patches."""
        outside = np.maximum(amounts - self._covered(amounts), 0.0)
        return np.concatenate([amounts[self.patches].min(axis=1, initial=1.0), outside[self.open]])

    def coefficients(self, columns: int, first: int) -> sp.csr_array:
        """The area of each parcel outside patches."""
        at = first + len(self.patches) + np.arange(len(self.open))
        return sp.csr_array((self.area[self.open], (np.zeros(len(at), dtype=int), at)), shape=(1, columns))

    def added(self, program: Program) -> Added:
        """A row for each parcel that may be treated, then one for each parcel of each patch."""
        treated, count = self.amounts.rows.matrix, len(self.patches)
        n, size = treated.shape[0], self.patches.shape[1]
        member, patch = self.patches.ravel(), np.repeat(np.arange(count), size)
        cover = sp.csr_array((-np.ones(len(member)), (member, patch)), shape=(n, count))[self.open]
        each = sp.csr_array((np.ones(len(patch)), (np.arange(len(patch)), patch)), shape=(len(patch), count))
        gap = program.columns - treated.shape[1]
        none = sp.csr_array((len(self.open), gap)), sp.csr_array((len(patch), gap))
        alone = -sp.eye_array(len(self.open))
        matrix = sp.block_array(
            [
                [treated[self.open], none[0], cover, alone],
                [-treated[member], none[1], each, sp.csr_array((len(patch), len(self.open)))],
            ],
            format="csr",
        )
        rows = matrix.shape[0]
        return Added(sp.csr_array(matrix), np.full(rows, -np.inf), np.zeros(rows), "row")


def scattered_of(name: str, entry: Criterion, landscape: Landscape, menu: Menu) -> Scattered:
    """A criterion's scattered area.

    Raises
    ------
    InputError
        If the study says nothing of neighbours, squares are asked for and it is no grid, there are too many
        smallest patches, or an intervention is not known.
    """
    neighbours, key = landscape.neighbours, f"criteria.{name}.patch"
    if neighbours is None:
        fix = "Give [space] with geometry = true, grid or edges."
        refuse(Fault("study.toml", "space", f"missing, but criteria.{name} needs neighbours", fix))
    assert neighbours is not None
    assert entry.patch is not None
    kinds = treated_kinds(name, entry, menu)
    can = np.logical_or.reduceat(kinds[menu.kind], menu.starts[:-1])
    if entry.patch.square is not None:
        if neighbours.cells is None:
            rule = "squares are of cells, but the study has no grid"
            refuse(Fault("study.toml", f"{key}.square", rule, "Give space.grid, or patch.parcels."))
        assert neighbours.cells is not None
        patches = squares(*neighbours.cells, entry.patch.square)
        patches = patches[can[patches].all(axis=1)]
    else:
        assert entry.patch.parcels is not None
        a, b, _ = neighbours.edges
        kept = can[a] & can[b]
        patches = connected_sets(a[kept], b[kept], len(can), entry.patch.parcels, key=key)
    return Scattered(name, "ha", menu, kinds, landscape.area, patches)


def squares(row: Ints, column: Ints, side: int) -> Ints:
    """Cells of every square of this many cells that is there as a whole, shape (squares, side ** 2).

    >>> squares(np.array([0, 0, 1, 1, 1]), np.array([0, 1, 0, 1, 2]), 2).tolist()
    [[0, 1, 2, 3]]
    """
    row, column = row - row.min(), column - column.min()
    width = int(column.max()) + side + 1
    code = row * width + column
    order = np.argsort(code)
    steps = (np.arange(side)[:, None] * width + np.arange(side)).ravel()
    wanted = code[:, None] + steps
    at = np.minimum(np.searchsorted(code[order], wanted), len(code) - 1)
    whole = (code[order][at] == wanted).all(axis=1)
    return np.asarray(order[at[whole]], dtype=np.int64)


def connected_sets(a: Ints, b: Ints, n: int, size: int, *, key: str = "patch") -> Ints:
    """Every set of `size` nodes that hang together by the edges (a, b), in order, shape (sets, size).

    Raises
    ------
    InputError
        If they are more than `MOST_SETS`.
    """
    ends = np.concatenate([a, b]), np.concatenate([b, a])
    graph = sp.csr_array((np.ones(len(ends[0]), dtype=np.int64), ends), shape=(n, n))
    found = np.arange(n, dtype=np.int64)[:, None] if size == 1 else np.stack([a, b], axis=1)
    found = np.sort(found, axis=1)
    for _ in range(size - found.shape[1]):
        degree = np.diff(graph.indptr)[found]
        many = degree.sum(axis=1)
        owner = np.repeat(np.arange(len(found)), many)
        start = np.repeat(graph.indptr[found].ravel(), degree.ravel())
        within = np.arange(len(start)) - np.repeat(np.cumsum(degree.ravel()) - degree.ravel(), degree.ravel())
        new = graph.indices[start + within].astype(np.int64)
        fresh = (found[owner] != new[:, None]).all(axis=1)
        found = np.unique(np.sort(np.column_stack([found[owner[fresh]], new[fresh]]), axis=1), axis=0)
        if len(found) > MOST_SETS:
            rule = f"{len(found):,} sets of parcels hang together, and at most {MOST_SETS:,} are listed"
            refuse(Fault("study.toml", key, rule, "Ask for smaller patches, or fewer interventions."))
    return found
