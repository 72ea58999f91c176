r"""Unlinked: the cores to which no corridor leads from the largest of them.

Formula, for the contiguous blocks of core land, the largest of which is the root, and every other block k:

    U = number of blocks k such that no path of neighbours leads from the root to k over treated and core land

    min sum over k of s_k    with, for each k,
        sum over q of f_k,qv - sum over q of f_k,vq = (1 - s_k) * [v = k]    at each parcel or block v but the root
        sum over q of f_k,qp <= t_p                                          at each parcel p that is no core

| symbol | meaning |
|---|---|
| t_p | 1 where p has one of the interventions, or the share of it that has |
| s_k | linking column: 1 where block k is not linked |
| f_k,pq | linking column from 0 to 1: what goes from p to its neighbour q on the way to block k |

Each block has a flow of its own, which makes the relaxation as strong as all cuts between the root and the
block (S. Chopra and M. R. Rao, The Steiner tree problem I, Mathematical Programming 64, 1994). With shares
1 - s_k is the largest flow to k where each parcel lets through as much as is treated of it, at most 1.

>>> ends = np.array([0, 1, 2, 3]), np.array([1, 2, 3, 4])
>>> not_reached(np.array([0, 1, 0, 0, 0]) > 0, ends, np.array([0, -1, 1, -1, 2]), 0).tolist()
[False, False, True]
"""  # noqa: E501

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import scipy.sparse as sp
from scipy.optimize import linprog

from landfront.instances.contiguous import blocks_of
from landfront.instances.faults import Fault, refuse
from landfront.instances.landscape import Landscape
from landfront.instances.study_rules import Criterion
from landfront.models.appended import Added, OnMap, treated_kinds
from landfront.models.menu import Menu
from landfront.models.separate import Ends, Flags, Floats, Ints, core_of, is_whole, labels
from landfront.optimizer.joined import Joined, paths
from landfront.optimizer.program import Program

MOST_FLOWS = 1_000_000
"""Columns of flows at most: an arc between two parcels has one for each block."""


def not_reached(treated: Flags, ends: Ends, block: Ints, root: int) -> Flags:
    """Blocks to which treated and core land does not lead from the root, shape (blocks,)."""
    label = labels(treated | (block >= 0), ends)
    first = np.unique(block[block >= 0], return_index=True)[1]
    of_block = label[np.flatnonzero(block >= 0)[first]]
    return np.asarray(of_block != of_block[root])


@dataclass(frozen=True)
class Ways:
    """What flows go through: parcels that may be treated, then blocks.

    Attributes
    ----------
    open
        Parcels that may be treated and are no core, shape (m,).
    tail, head
        The ends of each arc, blocks counted behind the m parcels; none leads into the root, shape (A,).
    root, blocks
        Which block is the root, and how many there are.
    """

    open: Ints
    tail: Ints
    head: Ints
    root: int
    blocks: int

    @property
    def parts(self) -> tuple[int, int]:
        """How many columns s and f there are."""
        return self.blocks - 1, (self.blocks - 1) * len(self.tail)

    @property
    def nodes(self) -> int:
        """Parcels and blocks."""
        return len(self.open) + self.blocks

    @property
    def doors(self) -> Ints:
        """The root, as a node."""
        return np.array([len(self.open) + self.root])

    @property
    def targets(self) -> Ints:
        """Every block but the root, as a node."""
        return len(self.open) + np.delete(np.arange(self.blocks), self.root)

    def rows(self, treated: sp.csr_array) -> tuple[sp.csr_array, sp.csr_array, Floats, Floats]:
        """Rows over what `treated` has columns for, and over the flows' columns, and their bounds."""
        arcs, count, m = len(self.tail), self.blocks - 1, len(self.open)
        one, each = np.ones(arcs), np.arange(arcs)
        into = sp.csr_array((one, (self.head, each)), shape=(self.nodes, arcs))
        out = sp.csr_array((one, (self.tail, each)), shape=(self.nodes, arcs))
        kept = np.delete(np.arange(self.nodes), m + self.root)
        apart, flow = sp.eye_array(count, format="csr"), sp.csr_array((into - out)[kept])
        at = (np.arange(count) * (self.nodes - 1) + m + np.arange(count), np.arange(count))
        linked = sp.csr_array((np.ones(count), at), shape=(count * (self.nodes - 1), count))
        through = sp.kron(apart, into[:m], format="csr")
        own = sp.block_array(
            [[linked, sp.kron(apart, flow, format="csr")], [sp.csr_array((count * m, count)), through]],
            format="csr",
        )
        limits = sp.kron(np.ones((count, 1)), -treated[self.open], format="csr")
        over = sp.vstack([sp.csr_array((linked.shape[0], treated.shape[1])), limits], format="csr")
        equal = linked @ np.ones(count)
        lower = np.concatenate([equal, np.full(count * m, -np.inf)])
        return sp.csr_array(over), sp.csr_array(own), lower, np.concatenate([equal, np.zeros(count * m)])


def ways_of(can: Flags, ends: Ends, block: Ints, root: int) -> Ways:
    """What flows go through, of the parcels that can be treated."""
    inside = can & (block < 0)
    found, blocks = np.flatnonzero(inside), int(block.max()) + 1
    node = np.where(inside, np.cumsum(inside) - 1, np.where(block >= 0, len(found) + block, -1))
    p, q = (node[end] for end in ends)
    kept = (p >= 0) & (q >= 0) & (p != q)
    pairs = np.stack([np.concatenate([p[kept], q[kept]]), np.concatenate([q[kept], p[kept]])], axis=1)
    tail, head = np.unique(pairs[pairs[:, 1] != len(found) + root], axis=0).T
    return Ways(found, tail, head, root, blocks)


@dataclass(frozen=True)
class Unlinked(OnMap):
    """A criterion that is the number of cores that are not linked to the largest one.

    Attributes
    ----------
    ends
        Neighbours.
    block
        Which block of core land each parcel is in, -1 for none, shape (n,).
    root
        The largest block.
    """

    ends: Ends
    block: Ints
    root: int

    kind = "unlinked"

    @cached_property
    def can(self) -> Flags:
        """Parcels that may be treated, shape (n,)."""
        return np.asarray(np.logical_or.reduceat(self.inside, self.menu.starts[:-1]))

    @cached_property
    def ways(self) -> Ways:
        """What the program's flows go through."""
        return ways_of(self.can, self.ends, self.block, self.root)

    @property
    def extra(self) -> int:
        """Columns s and f."""
        return sum(self.ways.parts)

    @property
    def whole(self) -> Flags:
        """All but flows are whole."""
        return np.repeat([True, False], self.ways.parts)

    def value(self, amounts: Floats) -> float:
        """How many cores are not linked."""
        if is_whole(amounts):
            return float(not_reached(amounts > 0.5, self.ends, self.block, self.root).sum())
        ways = ways_of(self.can | (amounts > 0), self.ends, self.block, self.root)
        return float(_least(ways, amounts)[: ways.blocks - 1].sum())

    def columns_of(self, amounts: Floats) -> Floats:
        """Which cores are not linked, and flows along shortest paths to the others."""
        ways = self.ways
        if not is_whole(amounts):
            return _least(ways, amounts)
        apart = np.delete(not_reached(amounts > 0.5, self.ends, self.block, self.root), self.root)
        active = np.concatenate([amounts[ways.open] > 0.5, np.ones(ways.blocks, dtype=bool)])
        flows = paths(ways, active) * ~apart
        return np.concatenate([apart, flows.T.ravel()]).astype(np.float64)

    def coefficients(self, columns: int, first: int) -> sp.csr_array:
        """One for each core that is not linked."""
        count = self.ways.blocks - 1
        at = np.zeros(count, dtype=int), first + np.arange(count)
        return sp.csr_array((np.ones(count), at), shape=(1, columns))

    def added(self, program: Program) -> Added:
        """A row for each parcel or block and target, then one for each parcel and target."""
        treated = self.amounts.rows.matrix
        over, own, lower, upper = self.ways.rows(treated)
        gap = sp.csr_array((len(lower), program.columns - treated.shape[1]))
        matrix = sp.csr_array(sp.hstack([over, gap, own], format="csr"))
        return Added(matrix, lower, upper, "row", joined=self._joined(program, len(lower)))

    def _joined(self, program: Program, rows: int) -> Joined:
        """What its rows say of whole parcels."""
        ways, first = self.ways, program.columns
        apart = np.full(ways.nodes, -1)
        apart[ways.targets] = first + np.arange(ways.blocks - 1)
        return Joined(
            group=np.concatenate([ways.open, np.full(ways.blocks, -1)]),
            apart=apart,
            tail=ways.tail,
            head=ways.head,
            doors=ways.doors,
            inside=self.inside,
            most=np.zeros(0),
            root=-1,
            row=program.rows.shape[0],
            rows=rows,
            column=first + ways.blocks - 1,
            columns=ways.parts[1],
        )


def _least(ways: Ways, amounts: Floats) -> Floats:
    """The columns that leave least unlinked for shares of parcels."""
    own: Any  # scipy's stubs know no sparse arrays here
    over, own, lower, upper = ways.rows(sp.dia_array((amounts[None], 0), shape=(len(amounts),) * 2).tocsr())
    equal, right = np.isfinite(lower), upper - over.sum(axis=1)
    cost: Any = np.repeat([1.0, 0.0], ways.parts)
    found = linprog(
        cost, A_ub=own[~equal], b_ub=right[~equal], A_eq=own[equal], b_eq=right[equal], bounds=(0.0, 1.0)
    )
    assert found.x is not None, found.message  # nothing linked and no flow meets all rows
    return np.asarray(np.clip(found.x, 0.0, 1.0), dtype=np.float64)


def unlinked_of(name: str, entry: Criterion, landscape: Landscape, menu: Menu) -> Unlinked:
    """A criterion's unlinked cores.

    Raises
    ------
    InputError
        If the study says nothing of neighbours, core land is not there or is one block, there are too many
        blocks, or an intervention is not known.
    """
    neighbours, key = landscape.neighbours, f"criteria.{name}.core"
    if neighbours is None:
        fix = "Give [space] with geometry = true, grid or edges."
        refuse(Fault("study.toml", "space", f"missing, but criteria.{name} needs neighbours", fix))
    assert neighbours is not None
    assert entry.core is not None
    kinds = treated_kinds(name, entry, menu)
    core = core_of(entry.core, landscape, key)
    block = blocks_of(neighbours, np.where(core, 0, -1))
    if block.max() == 0:
        rule = f"the {int(core.sum()):,} core parcels hang together: there is nothing to link"
        refuse(Fault("study.toml", key, rule, "Name core land that lies apart."))
    sizes = np.bincount(block[core], weights=landscape.area[core])
    a, b, _ = neighbours.edges
    found = Unlinked(name, "cores", menu, kinds, (a, b), block, int(sizes.argmax()))
    if found.ways.parts[1] > MOST_FLOWS:
        flows = found.ways.parts[1]
        rule = f"{len(sizes):,} blocks of core land need {flows:,} flows, at most {MOST_FLOWS:,} are made"
        refuse(Fault("study.toml", key, rule, "Name fewer cores, by a mask, or larger parcels."))
    return found
