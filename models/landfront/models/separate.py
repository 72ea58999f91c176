r"""Separate: the treated land that is not connected to a core (connectivity).

Formula, for the set C of core parcels, the other parcels O that may be treated, and areas a_p:

    S = sum over p in O of a_p * [t_p = 1 and no path of neighbours leads from p to C over treated land]

    min sum over p in O of a_p s_p    with
        n_p * (g_p + sum over q of f_qp - sum over q of f_pq) = t_p - s_p        each connected parcel takes one unit
        g_p + sum over q of f_qp <= t_p - s_p                                    and only connected land passes on
        t_p - s_p <= sum over q beside p of (t_q - s_q)                          whole parcels that touch no core

| symbol | meaning |
|---|---|
| t_p | 1 where p has one of the interventions, or the share of it that has |
| s_p | linking column: 1 where p is treated and connected to no core |
| f_pq | linking column from 0 to 1: units that go from p to its neighbour q, in n_p |
| g_p | the same from a core to p, where p lies beside one |
| n_p | parcels of O that hang together with p by neighbours of O |

Without cores the land is connected that hangs together with one parcel, the root, which the program chooses:
R_p is 1 from the root on, in the order of the parcels, g_p <= R_p - R_(p-1), and t_p - s_p <= R_p since the
first parcel of what is connected may be its root. S then is all that lies outside the largest connected set.

This is the flow of one commodity (J. M. Conrad, C. P. Gomes, W.-J. van Hoeve, A. Sabharwal and J. F. Suter,
Wildlife corridors as a connected subgraph problem, Journal of Environmental Economics and Management 63, 2012). For whole parcels it is exact. The
connected share of a parcel passes on that share of n_p units, so that a small share connects much: with shares S is what these
rows say.

>>> ends = np.array([0, 1, 3]), np.array([1, 2, 4])
>>> cut_off(np.array([0, 1, 1, 1, 1]) > 0, ends, np.arange(5) == 0).tolist()
[False, False, False, True, True]
"""  # noqa: E501

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from scipy.optimize import linprog
from scipy.sparse.csgraph import connected_components

from landfront.instances.faults import Fault, refuse
from landfront.instances.landscape import Landscape
from landfront.instances.schema import near, some
from landfront.instances.study_rules import Criterion
from landfront.instances.study_space import Core
from landfront.models.appended import Added, OnMap, treated_kinds
from landfront.models.menu import Menu
from landfront.optimizer.joined import Joined, units
from landfront.optimizer.program import Program

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]
Ends = tuple[Ints, Ints]
"""Two ends of each edge."""
Rows = tuple[Any, list[Any], float]
"""Rows over amounts, over each kind of columns, and their lower bound."""

WHOLE = 1e-6
"""Amounts this near to 0 or 1 are whole: solvers are as exact as that."""


def cut_off(treated: Flags, ends: Ends, core: Flags) -> Flags:
    """Treated parcels from which treated land leads to no core, shape (n,)."""
    label = labels(treated | core, ends)
    return np.asarray(treated & ~core & ~np.isin(label, label[core]))


def outside_largest(treated: Flags, ends: Ends, area: Floats) -> Flags:
    """Treated parcels outside the largest connected set of them, shape (n,).

    >>> ends = np.array([0, 2]), np.array([1, 3])
    >>> outside_largest(np.ones(4, dtype=bool), ends, np.array([1.0, 1, 2, 1])).tolist()
    [True, True, False, False]
    """
    label = labels(treated, ends)
    largest = np.bincount(label, weights=area * treated).argmax()
    return np.asarray(treated & (label != largest))


def labels(inside: Flags, ends: Ends) -> Ints:
    """Which connected set of the parcels inside each is in; every other parcel is one, shape (n,)."""
    a, b = ends
    kept, n = inside[a] & inside[b], len(inside)
    graph = sp.csr_array((np.ones(int(kept.sum())), (a[kept], b[kept])), shape=(n, n))
    return np.asarray(connected_components(graph, directed=False)[1], dtype=np.int64)


@dataclass(frozen=True)
class Net:
    """The net that units flow through.

    Attributes
    ----------
    open
        Parcels that may be treated and are no core, shape (m,).
    doors
        Those of them that units come into from a core, or from the root, as places in `open`, shape (d,).
    tail, head
        The ends of each arc, as places in `open`; every edge is two arcs, shape (A,).
    most
        How many of them hang together with each, shape (m,).
    rooted
        Whether the program chooses a root.
    """

    open: Ints
    doors: Ints
    tail: Ints
    head: Ints
    most: Floats
    rooted: bool

    @property
    def parts(self) -> tuple[int, int, int, int]:
        """How many columns s, g, f and R there are."""
        m = len(self.open)
        return m, len(self.doors), len(self.tail), m if self.rooted else 0

    @cached_property
    def into(self) -> tuple[sp.csr_array, sp.csr_array]:
        """What comes into each of the parcels by columns g and by columns f."""
        m, d, arcs, _ = self.parts
        by_door = sp.csr_array((np.ones(d), (self.doors, np.arange(d))), shape=(m, d))
        return by_door, sp.csr_array((np.ones(arcs), (self.head, np.arange(arcs))), shape=(m, arcs))

    def rows(self, n: int, *, whole: bool) -> tuple[sp.csr_array, sp.csr_array, Floats]:
        """Rows over the amounts of all parcels, and over the columns; lower bounds, 0 being the upper one."""
        m, _, arcs, roots = self.parts
        door, arc = self.into
        amount = sp.csr_array((np.ones(m), (np.arange(m), self.open)), shape=(m, n))
        one, none = sp.eye_array(m), sp.csr_array((m, roots))
        most = sp.dia_array((self.most[None], 0), shape=(m, m))
        out = sp.csr_array((np.ones(arcs), (self.tail, np.arange(arcs))), shape=(m, arcs))
        blocks: list[Rows] = [
            (-amount, [one, most @ door, most @ (arc - out), none], 0.0),
            (-amount, [one, door, arc, none], -np.inf),
        ]
        if self.rooted:
            blocks += self._rooted(amount)
        elif whole:
            blocks.append(self._beside(amount, arc @ out.T))
        own = sp.block_array([block for _, block, _ in blocks], format="csr")
        lower = np.concatenate([np.full(rows.shape[0], low) for rows, _, low in blocks])
        return sp.csr_array(sp.vstack([rows for rows, _, _ in blocks])), sp.csr_array(own), lower

    def _beside(self, amount: sp.csr_array, near: sp.csr_array) -> Rows:
        """What is connected and touches no core has something connected beside it."""
        m, d, arcs, roots = self.parts
        inner = np.setdiff1d(np.arange(m), self.doors)
        beside = sp.csr_array(near - sp.eye_array(m))[inner]
        none = [sp.csr_array((len(inner), many)) for many in (d, arcs, roots)]
        return -beside @ amount, [beside, *none], -np.inf

    def _rooted(self, amount: sp.csr_array) -> list[Rows]:
        """Units come in at the root, and nothing before it is connected."""
        m, d, arcs, _ = self.parts
        one, step = sp.eye_array(m), sp.eye_array(m, k=-1) - sp.eye_array(m)
        no_s, no_f = sp.csr_array((m, m)), sp.csr_array((m, arcs))
        return [
            (sp.csr_array(amount.shape), [no_s, self.into[0], no_f, step], -np.inf),
            (amount, [-one, sp.csr_array((m, d)), no_f, -one], -np.inf),
        ]


def net_of(can: Flags, ends: Ends, core: Flags | None) -> Net:
    """The net of the parcels that can be treated."""
    a, b = ends
    inside = can if core is None else can & ~core
    found = np.flatnonzero(inside)
    place = np.cumsum(inside) - 1
    kept = inside[a] & inside[b]
    p, q = place[a[kept]], place[b[kept]]
    label = labels(inside, ends)[found]
    if core is None:
        doors = np.arange(len(found))
    else:
        beside = np.concatenate([a[core[b] & inside[a]], b[core[a] & inside[b]]])
        doors = place[np.unique(beside)]
    most = np.bincount(label)[label] if len(found) else np.zeros(0)
    return Net(
        found, doors, np.concatenate([p, q]), np.concatenate([q, p]), most.astype(np.float64), core is None
    )


@dataclass(frozen=True)
class Separate(OnMap):
    """A criterion that is the treated area that is not connected.

    Attributes
    ----------
    area
        ha, shape (n,).
    ends
        Neighbours.
    core
        Which parcels are a core, shape (n,), or None where the largest connected set counts.
    """

    area: Floats
    ends: Ends
    core: Flags | None

    kind = "separate"

    @cached_property
    def net(self) -> Net:
        """The net of its program."""
        can = np.logical_or.reduceat(self.inside, self.menu.starts[:-1])
        return net_of(can, self.ends, self.core)

    @property
    def extra(self) -> int:
        """Columns s, g, f and R."""
        return sum(self.net.parts)

    @property
    def whole(self) -> Flags:
        """All but units are whole."""
        return np.repeat([True, False, False, True], self.net.parts)

    def value(self, amounts: Floats) -> float:
        """Separate area in ha."""
        treated = amounts > 0.5
        if not is_whole(amounts) and self.core is not None:
            net = net_of(self.net_can | (amounts > 0), self.ends, self.core)
            return float(self.area[net.open] @ _least(net, amounts, self.area)[: len(net.open)])
        return float(self.area @ self._apart(treated))

    @property
    def net_can(self) -> Flags:
        """Which parcels are in the net, shape (n,)."""
        found = np.zeros(len(self.area), dtype=bool)
        found[self.net.open] = True
        return found

    def _apart(self, treated: Flags) -> Flags:
        """Which whole parcels are separate, shape (n,)."""
        if self.core is None:
            return outside_largest(treated, self.ends, self.area)
        return cut_off(treated, self.ends, self.core)

    def columns_of(self, amounts: Floats) -> Floats:
        """What is separate, and units along shortest paths."""
        if not is_whole(amounts) and self.core is not None:
            return _least(self.net, amounts, self.area)
        treated, net = amounts > 0.5, self.net
        apart = self._apart(treated)[net.open]
        joined = treated[net.open] & ~apart
        root = np.flatnonzero(joined)[:1]
        door, arc = units(net, joined, root if net.rooted else net.doors)
        after = np.arange(len(joined)) >= (root[0] if len(root) else len(joined))
        return np.concatenate([apart, door, arc, after[: net.parts[3]]]).astype(np.float64)

    def coefficients(self, columns: int, first: int) -> sp.csr_array:
        """The area of each parcel that is separate."""
        at = first + np.arange(len(self.net.open))
        area = self.area[self.net.open]
        return sp.csr_array((area, (np.zeros(len(at), dtype=int), at)), shape=(1, columns))

    def added(self, program: Program) -> Added:
        """Its rows; those that hold for whole parcels alone only where parcels are."""
        treated = self.amounts.rows.matrix
        over, own, lower = self.net.rows(len(self.area), whole=bool(program.integer[:1].all()))
        gap = sp.csr_array((len(lower), program.columns - treated.shape[1]))
        matrix = sp.csr_array(sp.hstack([over @ treated, gap, own], format="csr"))
        return Added(matrix, lower, np.zeros(len(lower)), "row", joined=self._joined(program, len(lower)))

    def _joined(self, program: Program, rows: int) -> Joined:
        """What its rows say of whole parcels."""
        net, first = self.net, program.columns
        m, d, arcs, roots = net.parts
        return Joined(
            group=net.open,
            apart=first + np.arange(m),
            tail=net.tail,
            head=net.head,
            doors=net.doors,
            inside=self.inside,
            most=net.most,
            root=first + m + d + arcs if roots else -1,
            row=program.rows.shape[0],
            rows=rows,
            column=first + m,
            columns=d + arcs,
        )


def is_whole(amounts: Floats) -> bool:
    """Whether no parcel is shared."""
    return bool((np.abs(amounts - np.rint(amounts)) <= WHOLE).all())


def _least(net: Net, amounts: Floats, area: Floats) -> Floats:
    """The columns that leave the least area separate for shares of parcels."""
    own: Any  # scipy's stubs know no sparse arrays here
    over, own, lower = net.rows(len(amounts), whole=False)
    equal = lower == 0
    cost: Any = np.concatenate([area[net.open], np.zeros(own.shape[1] - len(net.open))])
    right = -(over @ amounts)
    found = linprog(
        cost, A_ub=own[~equal], b_ub=right[~equal], A_eq=own[equal], b_eq=right[equal], bounds=(0.0, 1.0)
    )
    assert found.x is not None, found.message  # s = t without any flow meets all rows
    return np.asarray(np.clip(found.x, 0.0, 1.0), dtype=np.float64)


def separate_of(name: str, entry: Criterion, landscape: Landscape, menu: Menu) -> Separate:
    """A criterion's separate area.

    Raises
    ------
    InputError
        If the study says nothing of neighbours, no parcel is a core though cores are named, parcels are
        shared and no core is named, or an intervention is not known.
    """
    neighbours, key = landscape.neighbours, f"criteria.{name}.core"
    if neighbours is None:
        fix = "Give [space] with geometry = true, grid or edges."
        refuse(Fault("study.toml", "space", f"missing, but criteria.{name} needs neighbours", fix))
    assert neighbours is not None
    kinds = treated_kinds(name, entry, menu)
    core = None if entry.core is None else core_of(entry.core, landscape, key)
    a, b, _ = neighbours.edges
    return Separate(name, "ha", menu, kinds, landscape.area, (a, b), core)


def core_of(said: Core, landscape: Landscape, key: str) -> Flags:
    """Which parcels are a core, shape (n,).

    Raises
    ------
    InputError
        If a land cover or a mask is not there, or no parcel is a core.
    """
    codes, masks = landscape.cover_codes, [name for name in landscape.masks if ":" not in name]
    gone = [code for code in said.cover if code not in codes]
    if gone:
        fix = f"Land covers of the parcels: {some(codes, 30) or 'none'}."
        refuse(Fault("study.toml", f"{key}.cover", f"no parcel has {some(gone)}", fix))
    if said.mask is not None and said.mask not in landscape.masks:
        fix = f"{near(said.mask, masks)} Masks: {some(masks, 30) or 'none'}.".strip()
        refuse(Fault("study.toml", f"{key}.mask", f"unknown mask {said.mask!r}", fix))
    found = np.array([*(code in said.cover for code in codes), False])[landscape.cover]
    if said.mask is not None:
        found = found | landscape.masks[said.mask]
    if not found.any():
        why = f": the mask {said.mask!r} applies to none" if said.mask is not None else ""
        rule = f"no parcel is a core{why}"
        refuse(Fault("study.toml", key, rule, "Name other land, or leave core out."))
    return np.asarray(found)
