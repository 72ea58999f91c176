r"""Scattered: the treated land that lies in no patch of the smallest size (smallest patch).

Formula, for the sets P of parcels that are smallest patches, and areas a_p:

    S = sum over p of a_p * [t_p = 1 and no P with p in P has t_q = 1 for all q in P]

    min sum of a_p s_p    with    t_p - sum over P with p in P of z_P - s_p <= 0,    z_P - t_q <= 0 for q in P

and, where parcels are whole,    t_p - sum over q in H of t_q - s_p <= 0

| symbol | meaning |
|---|---|
| t_p | 1 where p has one of the interventions, or the share of it that has |
| P | with ``patch.parcels = n``: every set of n parcels that hang together; with ``patch.square = b``: every square of b x b cells of a grid |
| z_P, s_p | linking columns from 0 to 1 |
| H | parcels without p, at least one of which is in every P with p in P: all neighbours of p, and with n > 2 all of p and one neighbour of it; two cells of a row or column, b apart, with p between them |

Sets of n parcels that hang together cover exactly the treated parcels whose contiguous patch has n parcels or
more, so that a limit ``max = 0`` says that no patch is smaller. Squares cover what a tool of b cells can
reach: patches are unions of squares. The rows of H say nothing new of whole parcels, but let no relaxation spread
one patch thinly over many.

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
    around
        The sets H: a parcel p and, by rows of a matrix, what is around it, shapes (k,) and (k, n).
    """

    area: Floats
    patches: Ints
    around: tuple[Ints, sp.csr_array]

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
        """A row for each parcel that may be treated, for each parcel of each patch, and for each set H."""
        options, n = self.amounts.rows.matrix, len(self.area)
        treated = sp.csr_array((options.data, options.indices, options.indptr), shape=(n, program.columns))
        count, many = len(self.patches), len(self.open)
        member, patch = self.patches.ravel(), np.repeat(np.arange(count), self.patches.shape[1])
        cover = sp.csr_array((-np.ones(len(member)), (member, patch)), shape=(n, count))[self.open]
        each = sp.csr_array((np.ones(len(patch)), (np.arange(len(patch)), patch)), shape=(len(patch), count))
        alone = -sp.csr_array(sp.eye_array(many))
        blocks: list[list[sp.csr_array | None]] = [
            [treated[self.open], cover, alone],
            [-treated[member], each, None],
        ]
        if program.integer[:1].all():  # shares may be spread over patches
            of, around = self.around
            place = np.searchsorted(self.open, of)
            blocks.append([treated[of] - around @ treated, None, alone[place]])
        matrix = sp.csr_array(sp.block_array(blocks, format="csr"))
        rows = matrix.shape[0]
        return Added(matrix, np.full(rows, -np.inf), np.zeros(rows), "row")


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
        around = across(*neighbours.cells, entry.patch.square, can)
    else:
        assert entry.patch.parcels is not None
        a, b, _ = neighbours.edges
        kept = can[a] & can[b]
        patches = connected_sets(a[kept], b[kept], len(can), entry.patch.parcels, key=key)
        around = enclosing(a[kept], b[kept], can, entry.patch.parcels)
    return Scattered(name, "ha", menu, kinds, landscape.area, patches, around)


def squares(row: Ints, column: Ints, side: int) -> Ints:
    """Cells of every square of this many cells that is there as a whole, shape (squares, side ** 2).

    >>> squares(np.array([0, 0, 1, 1, 1]), np.array([0, 1, 0, 1, 2]), 2).tolist()
    [[0, 1, 2, 3]]
    """
    steps = np.divmod(np.arange(side * side), side)
    found = _cells_at(row[:, None] + steps[0], column[:, None] + steps[1], (row, column))
    return found[(found >= 0).all(axis=1)]


def across(row: Ints, column: Ints, side: int, can: NDArray[np.bool_]) -> tuple[Ints, sp.csr_array]:
    """Cells that may be treated, and two of which every square with such a cell has one.

    As in `Scattered.around`.

    >>> of, around = across(np.zeros(3, dtype=int), np.arange(3), 2, np.ones(3, dtype=bool))
    >>> of.tolist(), around.toarray().astype(int).tolist()
    ([0, 1, 2, 0, 1, 2], [[0, 1, 0], [1, 0, 1], [0, 1, 0], [0, 0, 0], [0, 0, 0], [0, 0, 0]])
    """
    open_cells = np.flatnonzero(can)
    before = np.repeat(np.arange(1, side), len(open_cells))
    of = np.tile(open_cells, side - 1)
    ends = np.stack([-before, side - before], axis=1)
    level = np.zeros_like(ends)
    steps = np.concatenate([level, ends]), np.concatenate([ends, level])
    of = np.tile(of, 2)
    found = _cells_at(row[of, None] + steps[0], column[of, None] + steps[1], (row, column))
    there = (found >= 0) & can[found]
    place = np.nonzero(there)[0]
    return of, sp.csr_array((np.ones(len(place)), (place, found[there])), shape=(len(of), len(can)))


def _cells_at(row: Ints, column: Ints, cells: tuple[Ints, Ints]) -> Ints:
    """The cell at each place, -1 where there is none, of the shape of the places."""
    first = min(row.min(), cells[0].min()), min(column.min(), cells[1].min())
    width = int(max(column.max(), cells[1].max()) - first[1]) + 1
    code, wanted = ((r - first[0]) * width + c - first[1] for r, c in (cells, (row, column)))
    order = np.argsort(code)
    at = order[np.minimum(np.searchsorted(code[order], wanted), len(code) - 1)]
    return np.where(code[at] == wanted, at, -1)


def enclosing(a: Ints, b: Ints, can: NDArray[np.bool_], size: int) -> tuple[Ints, sp.csr_array]:
    """Parcels that may be treated, and all neighbours of each, then of each together with one neighbour.

    Of a patch of more parcels than these at least one is beside them. As in `Scattered.around`.

    >>> of, around = enclosing(np.array([0, 1]), np.array([1, 2]), np.ones(3, dtype=bool), 3)
    >>> of.tolist(), around.toarray().astype(int).tolist()
    ([0, 1, 2, 0, 1, 1, 2], [[0, 1, 0], [1, 0, 1], [0, 1, 0], [0, 0, 1], [0, 0, 1], [1, 0, 0], [1, 0, 0]])
    """
    n = len(can)
    ends = np.concatenate([a, b]), np.concatenate([b, a])
    beside = sp.csr_array((np.ones(len(ends[0])), ends), shape=(n, n))
    of = np.flatnonzero(can)
    if size == 2:
        return of, beside[of]
    one = np.repeat(np.arange(n), np.diff(beside.indptr))
    other = beside.indices.astype(np.int64)
    each = np.arange(len(one))
    both = sp.csr_array(
        (np.ones(2 * len(one)), (np.tile(each, 2), np.concatenate([one, other]))), shape=(len(one), n)
    )
    pair = beside[one] + beside[other]
    outside = pair.astype(bool).astype(np.float64)
    outside = sp.csr_array(outside - outside.multiply(both))
    outside.eliminate_zeros()
    return np.concatenate([of, one]), sp.csr_array(sp.vstack([beside[of], outside], format="csr"))


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
