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

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from landfront.instances.faults import Fault, refuse
from landfront.instances.landscape import Landscape
from landfront.instances.neighbours import Neighbours
from landfront.instances.study_rules import Criterion, Limit
from landfront.instances.study_space import METRES
from landfront.models.limits import LimitRow, kinds_of_limit
from landfront.models.menu import Menu
from landfront.optimizer.blocks import Wider
from landfront.optimizer.edges import Edges
from landfront.optimizer.names import Names
from landfront.optimizer.program import Block, Csr, Program, Stack

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
class Treated:
    """How much of each parcel is treated: what a boundary looks at.

    Attributes
    ----------
    rows
        One per parcel, over the options.
    kinds
        Which kinds count, shape (K,).
    constant
        Zeros: nothing is treated today, shape (n,).
    """

    rows: Csr
    kinds: Flags
    constant: Floats


@dataclass(frozen=True)
class Boundary:
    """A criterion that is the boundary of treated land.

    Attributes
    ----------
    name
        The criterion.
    unit
        ``m`` or ``km``.
    menu
        The options.
    kinds
        Which kinds are a treatment, shape (K,).
    edges, outer
        Of all parcels, lengths in `unit`.
    """

    name: str
    unit: str
    menu: Menu
    kinds: Flags
    edges: Pairs
    outer: Floats

    kind = KIND
    note = ""

    @cached_property
    def inside(self) -> Flags:
        """Which options are a treatment, shape (m,)."""
        return self.kinds[self.menu.kind]

    @cached_property
    def amounts(self) -> Treated:
        """What it looks at."""
        ends, options = self.menu.starts, np.flatnonzero(self.inside)
        starts = np.searchsorted(options, ends)
        shape = (len(ends) - 1, len(self.menu))
        rows = Csr(sp.csr_array((np.ones(len(options)), options, starts), shape=shape))
        return Treated(rows, self.kinds, np.broadcast_to(0.0, len(ends) - 1))

    def amounts_of(self, x: NDArray[np.floating]) -> Floats:
        """How much of each parcel the options ``x`` treat, shape (n,)."""
        return self.amounts.rows.dot(x)

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


def treated_kinds(name: str, entry: Criterion, menu: Menu) -> Flags:
    """Kinds that are a treatment: those with one of the criterion's interventions, or all but ``keep``."""
    asked = Limit(name=name, criterion=name, min=0.0, interventions=entry.interventions)
    kinds = kinds_of_limit(asked, menu.kinds)
    if isinstance(kinds, Fault):
        refuse(replace(kinds, column=f"criteria.{name}.interventions"))
    found = np.array(kinds, dtype=bool)
    found[0] &= bool(entry.interventions)
    return found


def _in(neighbours: Neighbours, metres: float) -> tuple[Pairs, Floats]:
    a, b, length = neighbours.edges
    return (a, b, length / metres), neighbours.outer / metres


def bordered(
    program: Program, boundaries: Sequence[Boundary], limits: Sequence[LimitRow], *, place: int
) -> Program:
    """A program with the columns and rows of boundaries behind its own.

    Parameters
    ----------
    program
        In which the objectives of boundaries are empty.
    limits
        On boundaries, in the order of their rows; their baseline is what there is anyway.
    place
        Where these rows are put in.
    """
    for boundary in boundaries:
        program = _with_columns(program, boundary)
    first = program.columns - sum(2 * len(boundary.open[2]) for boundary in boundaries)
    starts = dict(zip([b.name for b in boundaries], _firsts(first, boundaries), strict=True))
    found = {b.name: b for b in boundaries}
    rows = [found[row.criterion].coefficients(program.columns, starts[row.criterion]) for row in limits]
    return _inserted(program, rows, limits, place=place)


def _firsts(first: int, boundaries: Sequence[Boundary]) -> list[int]:
    sizes = [2 * len(boundary.open[2]) for boundary in boundaries]
    return [first + sum(sizes[:place]) for place in range(len(sizes))]


def _with_columns(program: Program, boundary: Boundary) -> Program:
    """One boundary more: its columns, its rows, its objective."""
    a, b, length = boundary.open
    more, rows = 2 * len(length), program.rows.shape[0]
    columns = program.columns + more
    # Whatever stands between the options and these columns counts in no parcel.
    edges = Edges(a, b, boundary.inside, rows, program.columns)
    at = program.objective_names.index(boundary.name)
    names = Names(program.row_names, f"{boundary.name}: edge", len(length))
    return replace(
        program,
        objectives=_replaced(program.objectives, at, boundary, columns),
        offsets=np.where(np.arange(len(program.offsets)) == at, boundary.linear[1], program.offsets),
        rows=Stack((*_wider(program.rows, more), Csr(edges.matrix(program.starts, columns))), columns),
        row_lower=np.concatenate([program.row_lower, np.zeros(len(length))]),
        row_upper=np.concatenate([program.row_upper, np.zeros(len(length))]),
        lower=np.concatenate([program.lower, np.zeros(more)]),
        upper=np.concatenate([program.upper, np.ones(more)]),
        integer=np.concatenate([program.integer, np.full(more, bool(program.integer[:1].all()))]),
        row_names=names,
        # Cuts decide one set of parcels: of several boundaries none is handed on.
        edges=edges if program.edges is None and len(length) else None,
    )


def _wider(stack: Stack, more: int) -> tuple[Block, ...]:
    return tuple(Wider(block, more) for block in stack.blocks) if more else stack.blocks


def _replaced(objectives: Stack, at: int, boundary: Boundary, columns: int) -> Stack:
    """The objectives over more columns, with the boundary in its place."""
    count, more = objectives.shape[0], columns - objectives.columns
    before, after = (objectives.take(list(part)) for part in (range(at), range(at + 1, count)))
    own = Csr(boundary.coefficients(columns, objectives.columns))
    return Stack((*_wider(before, more), own, *_wider(after, more)), columns)


def _inserted(
    program: Program, rows: Sequence[sp.csr_array], limits: Sequence[LimitRow], *, place: int
) -> Program:
    """The program with rows of limits at a place, without what their boundaries are anyway."""
    if not rows:
        return program
    count, more = program.rows.shape[0], len(rows)
    before, after = (program.rows.take(list(part)) for part in (range(place), range(place, count)))
    own = Csr(sp.csr_array(sp.vstack(list(rows), format="csr")))
    edges = program.edges
    names = program.row_names
    assert isinstance(names, Names)
    named = (*names.named[:place], *(row.name for row in limits), *names.named[place:])
    return replace(
        program,
        rows=Stack((*before.blocks, own, *after.blocks), program.columns),
        row_lower=np.insert(program.row_lower, place, [row.lower - row.baseline for row in limits]),
        row_upper=np.insert(program.row_upper, place, [row.upper - row.baseline for row in limits]),
        row_names=replace(names, named=named),
        edges=edges and replace(edges, row=edges.row + more),
    )
