r"""Boundary: the length of the line between land that is treated and land that is not.

Formula, for a set I of interventions:

    B = sum over edges (p, q) of l_pq * |t_p - t_q|  +  sum over p of o_p * t_p
    t_p = sum over i in I of x(p, i)

    min B    with    t_p - t_q - u_pq + v_pq = 0,    |t_p - t_q| = u_pq + v_pq at its least

| symbol | meaning |
|---|---|
| l_pq | length of the boundary that p and q share, in m (``[space]``) |
| o_p | length of the boundary of p with what is no parcel, in m; 0 with ``space.outer = false`` |
| t_p | 1 where p is treated, or the share of it that is |
| u_pq, v_pq | linking columns in {0, 1}, or [0, 1] for shares; only for edges whose two ends may differ |

An edge of a parcel that cannot be treated, or must be, needs no columns: what it adds is linear in the other
end. A limit on the boundary is a row over the same columns.

>>> length_of(np.array([1.0, 0.0]), (np.array([0]), np.array([1]), np.array([30.0])), np.array([90.0, 60.0]))
120.0
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from landfront.instances.faults import Fault, refuse
from landfront.instances.landscape import Landscape
from landfront.instances.neighbours import Neighbours
from landfront.instances.study_rules import Criterion
from landfront.instances.study_space import METRES
from landfront.models.appended import Added, OnMap, treated_kinds
from landfront.models.menu import Menu
from landfront.optimizer.edges import Edges
from landfront.optimizer.program import Program

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]
Pairs = tuple[Ints, Ints, Floats]
"""Two ends and a length of each edge."""

KIND = "boundary"


def length_of(treated: Floats, edges: Pairs, outer: Floats) -> float:
    """Length of the boundary of treated land, in the unit of its edges; `treated` has shape (n,)."""
    a, b, length = edges
    return float(length @ np.abs(treated[a] - treated[b]) + outer @ treated)


@dataclass(frozen=True)
class Boundary(OnMap):
    """A criterion that is the boundary of treated land.

    Attributes
    ----------
    edges, outer
        Of all parcels, lengths in `unit`, which is ``m`` or ``km``.
    """

    edges: Pairs
    outer: Floats

    kind = KIND

    def value(self, amounts: Floats) -> float:
        """Length of the boundary."""
        return length_of(amounts, self.edges, self.outer)

    @cached_property
    def free(self) -> Flags:
        """Parcels that may be treated or not, shape (n,)."""
        some = np.logical_or.reduceat(self.inside, self.menu.starts[:-1])
        every = np.logical_and.reduceat(self.inside, self.menu.starts[:-1])
        return np.asarray(some & ~every)

    @cached_property
    def open(self) -> Pairs:
        """Edges whose two ends may differ or not."""
        a, b, length = self.edges
        kept = self.free[a] & self.free[b] & (length > 0)
        return a[kept], b[kept], length[kept]

    @cached_property
    def linear(self) -> tuple[Floats, float]:
        """What treating each free parcel adds besides open edges, shape (n,), and what is there anyway."""
        a, b, length = self.edges
        fixed = np.logical_and.reduceat(self.inside, self.menu.starts[:-1]).astype(np.float64)
        own = self.outer * self.free
        constant = float(self.outer @ (fixed * ~self.free))
        for p, q in ((a, b), (b, a)):
            lone = self.free[p] & ~self.free[q]
            own += np.bincount(p[lone], weights=(length * (1 - 2 * fixed[q]))[lone], minlength=len(own))
            constant += float(length[lone] @ fixed[q[lone]])
        both = ~self.free[a] & ~self.free[b]
        return own, constant + float(length[both] @ np.abs(fixed[a] - fixed[b])[both])

    @property
    def extra(self) -> int:
        """Two columns for each open edge."""
        return 2 * len(self.open[2])

    @property
    def constant(self) -> float:
        """What is there anyway."""
        return self.linear[1]

    def added(self, program: Program) -> Added:
        """A row for each open edge."""
        a, b, length = self.open
        # Whatever stands between the options and these columns counts in no parcel.
        edges = Edges(a, b, self.inside, program.rows.shape[0], program.columns)
        matrix = edges.matrix(program.starts, program.columns + self.extra)
        zero = np.zeros(len(length))
        return Added(matrix, zero, zero, "edge", edges if len(length) else None)

    def columns_of(self, amounts: Floats) -> Floats:
        """The linking columns for these amounts, shape (2 E,)."""
        a, b, _ = self.open
        apart = amounts[a] - amounts[b]
        return np.concatenate([np.maximum(apart, 0.0), np.maximum(-apart, 0.0)])

    def coefficients(self, columns: int, first: int) -> sp.csr_array:
        """The boundary as a row over all columns, its own from `first` on, without what is there anyway."""
        own, _ = self.linear
        at = np.flatnonzero(self.inside & (own != 0)[self.menu.parcel])
        length = self.open[2]
        data = np.concatenate([own[self.menu.parcel[at]], length, length])
        place = np.concatenate([at, first + np.arange(2 * len(length))]).astype(np.int32)
        ends = np.array([0, len(place)], dtype=np.int32)
        return sp.csr_array((data, place, ends), shape=(1, columns))


def boundary_of(name: str, entry: Criterion, landscape: Landscape, menu: Menu) -> Boundary:
    """A criterion's boundary.

    Raises
    ------
    InputError
        If the study says nothing of neighbours, or an intervention is not known.
    """
    if landscape.neighbours is None:
        fix = "Give [space] with geometry = true, grid or edges."
        refuse(Fault("study.toml", "space", f"missing, but criteria.{name} needs neighbours", fix))
    assert landscape.neighbours is not None
    kinds = treated_kinds(name, entry, menu)
    unit = entry.unit or "m"
    return Boundary(name, unit, menu, kinds, *_in(landscape.neighbours, METRES[unit]))


def _in(neighbours: Neighbours, metres: float) -> tuple[Pairs, Floats]:
    a, b, length = neighbours.edges
    return (a, b, length / metres), neighbours.outer / metres
