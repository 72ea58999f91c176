"""A program without the flows that show groups to hang together, and the way back.

What is left are the program's other columns and rows, and for each node of a `Joined` one column z, what of
it is joined: ``z = t - s`` where one flow goes to all nodes, and ``z = t`` else. In these columns a cut for a
target v, with the nodes S beyond it, is the row

    z_v <= sum of z over nodes that lead into S + sum over S of (R_q - R_(q-1))       one flow
    1 - s_v <= sum of z over nodes that lead into S                                   one for each target
    1 - s_v <= sum of y over arcs that lead into S                                    the same, stronger

where the columns y are the arcs of a tree, ``sum of y into q <= z_q``: what goes to several targets comes to
q over one arc. Whole choices satisfy the program, with some flow, exactly where they satisfy all such rows
over nodes; then some y satisfies those over arcs.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from landfront.optimizer.joined import Joined, paths
from landfront.optimizer.joins.network import Network, NodeCuts
from landfront.optimizer.names import Names
from landfront.optimizer.program import Csr, Program, Stack

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]
Entries = list[tuple[NDArray[Any], NDArray[Any], float]]
"""Rows, columns, and the entry at all of them."""


def kept_parts(program: Program) -> tuple[Flags, Flags]:
    """Which columns are none of flows, and which rows say nothing of flows."""
    columns = np.ones(program.columns, dtype=bool)
    for net in program.joined:
        columns[net.column : net.column + net.columns] = False
    touched = abs(program.row_matrix) @ (~columns).astype(np.float64)
    return columns, touched == 0


@dataclass(frozen=True)
class Place:
    """Where a `Joined` lies in the program without flows.

    Attributes
    ----------
    z
        The column z of each node, -1 where it may always be passed, shape (V,).
    apart
        The column s of each node, -1 where it has none, shape (V,).
    root
        The first column R, -1 without.
    arc
        The first of the columns y of arcs, -1 where one flow goes to all nodes.
    """

    net: Joined
    z: Ints
    apart: Ints
    root: int
    arc: int

    @property
    def more(self) -> tuple[tuple[int, bool], ...]:
        """How many columns z and y it has, and whether they are whole."""
        return (int((self.z >= 0).sum()), True), (len(self.net.tail) if self.arc >= 0 else 0, False)

    @cached_property
    def network(self) -> Network:
        """Its network."""
        return Network(self.net)

    def missed(self, x: Floats, *, arcs: bool) -> NodeCuts:
        """Cuts that the columns miss, over nodes, or over arcs where each target has a flow of its own."""
        net, n, free = self.net, len(self.z), np.full(len(self.net.tail), np.inf)
        entry = np.zeros(n)
        if self.root >= 0:
            entry = np.diff(x[self.root : self.root + n], prepend=0.0)
        else:
            entry[net.doors] = np.inf
        if net.single:
            z = x[self.z]
            return self.network.missed(np.concatenate([z, free]), entry, z)
        if arcs:
            passed = np.concatenate([np.full(n, np.inf), x[self.arc : self.arc + len(free)]])
        else:
            passed = np.concatenate([np.where(self.z >= 0, x[self.z], np.inf), free])
        return self.network.missed(passed, entry, np.where(self.apart >= 0, 1.0 - x[self.apart], 0.0))

    def rows(self, cuts: NodeCuts, columns: int) -> tuple[sp.csr_array, Floats]:
        """Cuts as rows over the columns, and their lower bounds."""
        net, each = self.net, np.arange(len(cuts))
        column_of = np.concatenate([self.z, self.arc + np.arange(len(net.tail))])
        crossed = sp.coo_array(cuts.arcs)
        target, sign = (self.z, -1.0) if net.single else (self.apart, 1.0)
        entries: Entries = [
            (crossed.row, column_of[crossed.col], 1.0),
            (each, target[cuts.target], sign),
        ]
        if self.root >= 0:
            far = sp.coo_array(cuts.far)
            after = far.col > 0
            entries.append((far.row, self.root + far.col, 1.0))
            entries.append((far.row[after], self.root + far.col[after] - 1, -1.0))
        return matrix_of(entries, (len(cuts), columns)), np.full(len(cuts), 0.0 if net.single else 1.0)

    def chosen(self, x: Floats, whole: Floats, starts: Ints) -> None:
        """Fill in z, and y of a tree of shortest paths, for columns of the program with flows."""
        net, inside = self.net, self.z >= 0
        counted = np.where(net.inside, whole[: starts[-1]], 0.0)
        amount = np.add.reduceat(counted, starts[:-1])[net.group[inside]]
        x[self.z[inside]] = amount - whole[net.apart[inside]] if net.single else amount
        if not net.single:
            on = paths(net, net.open(whole, starts)) * (whole[net.apart[net.targets]] < 0.5)
            x[self.arc : self.arc + len(on)] = on.max(axis=1, initial=0.0)


def matrix_of(entries: Entries, shape: tuple[int, int]) -> sp.csr_array:
    """A matrix from rows and columns with the entry that all of them have, summed up."""
    data = np.concatenate([np.full(len(row), sign) for row, _, sign in entries])
    row, column = (np.concatenate([entry[k] for entry in entries]) for k in (0, 1))
    matrix = sp.csr_array((data, (row, column)), shape=shape)
    matrix.sum_duplicates()
    matrix.eliminate_zeros()
    return matrix


@dataclass(frozen=True)
class Projection:
    """A program without flows.

    Attributes
    ----------
    whole
        The program with flows.
    program
        The one without.
    columns, rows
        Of the program with flows, the columns and rows that are the first ones of the other.
    places
        Where what hangs together lies.
    """

    whole: Program
    program: Program
    columns: Ints
    rows: Ints
    places: tuple[Place, ...]

    def down(self, x: Floats) -> Floats:
        """Columns without flows."""
        found = np.zeros(self.program.columns)
        found[: len(self.columns)] = x[self.columns]
        for place in self.places:
            place.chosen(found, x, self.whole.starts)
        return found

    def up(self, x: Floats) -> Floats:
        """All columns, with the flows of whole choices; without them where choices are not whole."""
        found = np.zeros(self.whole.columns)
        found[self.columns] = x[: len(self.columns)]
        whole = found[self.whole.integer]
        if np.abs(whole - np.rint(whole)).max(initial=0.0) > WHOLE:
            return found
        found[self.whole.integer] = np.rint(whole)
        for place in self.places:
            found = place.net.filled(found, self.whole.starts)
        return found

    def missed(self, x: Floats, *, arcs: bool = False) -> tuple[sp.csr_array, Floats]:
        """Rows of cuts over nodes, or arcs, that the columns miss, and their lower bounds.

        Whole choices that miss none over nodes satisfy the program.
        """
        parts = [place.rows(place.missed(x, arcs=arcs), self.program.columns) for place in self.places]
        matrix = sp.vstack([rows for rows, _ in parts], format="csr")
        return sp.csr_array(matrix), np.concatenate([lower for _, lower in parts])

    def with_cuts(self, matrix: sp.csr_array, lower: Floats) -> Program:
        """The program without flows and with these rows."""
        return with_rows(self.program, matrix, lower, np.full(len(lower), np.inf), stem="cut")


WHOLE = 1e-5
"""Integer columns this near to whole numbers are whole; see `tolerances.INTEGER`."""


def with_rows(program: Program, matrix: sp.csr_array, lower: Floats, upper: Floats, *, stem: str) -> Program:
    """A program with more rows behind its own."""
    return replace(
        program,
        rows=Stack((*program.rows.blocks, Csr(matrix)), program.columns),
        row_lower=np.concatenate([program.row_lower, lower]),
        row_upper=np.concatenate([program.row_upper, upper]),
        row_names=Names(program.row_names, stem, len(lower)),
    )


def projected(program: Program) -> Projection:
    """A program without its flows."""
    keep_columns, keep_rows = kept_parts(program)
    columns, rows = np.flatnonzero(keep_columns), np.flatnonzero(keep_rows)
    at = np.cumsum(keep_columns) - 1
    places, total = [], len(columns)
    for net in program.joined:
        inside = net.group >= 0
        z = np.where(inside, total + np.cumsum(inside) - 1, -1)
        total += int(inside.sum())
        arc = -1 if net.single else total
        total += 0 if net.single else len(net.tail)
        apart = np.where(net.apart >= 0, at[net.apart], -1)
        places.append(Place(net, z, apart, int(at[net.root]) if net.root >= 0 else -1, arc))
    more = total - len(columns)
    matrix = sp.csr_array(program.row_matrix[rows][:, columns])
    parts = [(_wider(matrix, more), program.row_lower[rows], program.row_upper[rows])]
    parts += [_links(program, place, total) for place in places]
    parts += [_steps(place, total) for place in places if place.root >= 0]
    parts += [_tree(place, total) for place in places if place.arc >= 0]
    kinds = [np.full(part, kind) for place in places for part, kind in place.more]
    objectives = sp.csr_array(program.objectives.to_csr()[:, columns])
    upper = np.concatenate([program.upper[columns], *(_most(program, net) for net in program.joined)])
    lean = replace(
        program,
        objectives=Stack((Csr(_wider(objectives, more)),), total),
        rows=Stack((Csr(sp.csr_array(sp.vstack([part for part, _, _ in parts], format="csr"))),), total),
        row_lower=np.concatenate([low for _, low, _ in parts]),
        row_upper=np.concatenate([high for _, _, high in parts]),
        lower=np.concatenate([program.lower[columns], np.zeros(more)]),
        upper=np.minimum(upper, closed(parts[0][0], parts[0][2], program.lower[columns])),
        integer=np.concatenate([program.integer[columns], *kinds]),
        row_names=Names(
            tuple(program.row_names[row] for row in rows.tolist()),
            "joined",
            sum(len(low) for _, low, _ in parts[1:]),
        ),
        edges=None,
        joined=(),
    )
    return Projection(program, lean, columns, rows, tuple(places))


def _most(program: Program, net: Joined) -> Floats:
    """Upper bounds: 1 for z of a group of which a column that counts is open, 0 else, and 1 for each y."""
    counted = np.where(net.inside, program.upper[: program.starts[-1]], 0.0)
    most = np.minimum(np.maximum.reduceat(counted, program.starts[:-1]), 1.0)
    arcs = 0 if net.single else len(net.tail)
    return np.concatenate([most[net.group[net.group >= 0]], np.ones(arcs)])


def closed(matrix: sp.csr_array, upper: Floats, lower: Floats) -> Floats:
    """0 for each column that a row of no negative entries and a bound of 0 closes, else infinite."""
    least = np.zeros(matrix.shape[1])
    least[: len(lower)] = lower
    entries = sp.coo_array(matrix)
    negative = np.zeros(matrix.shape[0], dtype=bool)
    negative[entries.row[(entries.data < 0) | (least[entries.col] < 0)]] = True
    tight = (upper == 0) & ~negative
    found = np.full(matrix.shape[1], np.inf)
    found[entries.col[tight[entries.row] & (entries.data > 0)]] = 0.0
    return found


def _wider(matrix: sp.csr_array, more: int) -> sp.csr_array:
    shape = (matrix.shape[0], matrix.shape[1] + more)
    return sp.csr_array((matrix.data, matrix.indices, matrix.indptr), shape=shape)


def _links(program: Program, place: Place, columns: int) -> tuple[sp.csr_array, Floats, Floats]:
    """``t - s - z = 0`` for each node that is a group."""
    net = place.net
    nodes = np.flatnonzero(place.z >= 0)
    count, each = len(nodes), np.arange(len(nodes))
    option = np.flatnonzero(net.inside)
    group = np.searchsorted(program.starts, option, side="right") - 1
    row_of = np.full(program.groups, -1)
    row_of[net.group[nodes]] = each
    row = row_of[group]
    option, row = option[row >= 0], row[row >= 0]
    entries = [(row, option, 1.0), (each, place.z[nodes], -1.0)]
    if net.single:
        entries.append((each, place.apart[nodes], -1.0))
    return matrix_of(entries, (count, columns)), np.zeros(count), np.zeros(count)


def _steps(place: Place, columns: int) -> tuple[sp.csr_array, Floats, Floats]:
    """R never falls."""
    n = len(place.z)
    each, after = np.arange(n - 1), place.root + np.arange(1, n)
    entries: Entries = [(each, after, 1.0), (each, after - 1, -1.0)]
    return matrix_of(entries, (n - 1, columns)), np.zeros(n - 1), np.full(n - 1, np.inf)


def _tree(place: Place, columns: int) -> tuple[sp.csr_array, Floats, Floats]:
    """One arc of a tree leads to a node at most, and only where it may be passed; none ends at a group."""
    net, n, arc = place.net, len(place.z), place.arc + np.arange(len(place.net.tail))
    group = np.flatnonzero(place.z >= 0)
    over: Entries = [(net.head, arc, 1.0), (group, place.z[group], -1.0)]
    row_of = np.full(n, -1)
    row_of[group] = n + np.arange(len(group))
    into, out = row_of[net.head] >= 0, row_of[net.tail] >= 0
    on: Entries = [(row_of[net.head[into]], arc[into], 1.0), (row_of[net.tail[out]], arc[out], -1.0)]
    rows = n + len(group)
    upper = np.zeros(rows)
    upper[:n] = place.z < 0
    return matrix_of([*over, *on], (rows, columns)), np.full(rows, -np.inf), upper
