"""The canonical program: choose one column per group, additive rows, several objectives.

Every question is the same program, ``min/max C x`` subject to ``lo <= A x <= hi``, ``l <= x <= u`` and, for
each group of columns, ``sum x = 1``. Rows are kept in the form in which they are cheapest (`Csr` or
`Factored`); `to_csr` materialises them for solvers that need a matrix, and nothing else does.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from landfront.optimizer.blocks import Block, Csr, Factored, Stack
from landfront.optimizer.edges import Edges
from landfront.optimizer.joined import Joined
from landfront.optimizer.lattice import lattice_step

__all__ = ["Block", "Csr", "Factored", "Program", "Stack"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Program:
    """A multi-objective linear or mixed-integer program with exactly-one groups.

    Attributes
    ----------
    objectives
        p rows over the m columns.
    senses
        -1 for maximise, +1 for minimise, shape (p,). Multiplying values by it gives the minimisation form.
    offsets
        Constant of each objective (a baseline total), shape (p,); ``values = objectives.dot(x) + offsets``.
    rows
        r coupling rows; ``row_lower <= rows.dot(x) <= row_upper`` with infinities where one-sided.
    lower, upper
        Column bounds, shape (m,).
    integer
        True where a column is integer, shape (m,).
    starts
        Group g holds the columns ``starts[g]:starts[g + 1]``, which sum to 1; columns from ``starts[-1]`` on
        are in no group (linking columns). Shape (groups + 1,).
    objective_names, row_names
        Labels, one per objective and per coupling row; those of very many rows are made when asked for.
    edges
        Which rows and columns say where neighbouring groups differ, if any do.
    joined
        Which rows and columns say that groups hang together.
    """

    objectives: Stack
    senses: NDArray[np.int8]
    offsets: Floats
    rows: Stack
    row_lower: Floats
    row_upper: Floats
    lower: Floats
    upper: Floats
    integer: NDArray[np.bool_]
    starts: Ints
    objective_names: tuple[str, ...]
    row_names: Sequence[str]
    edges: Edges | None = None
    joined: tuple[Joined, ...] = ()

    @property
    def columns(self) -> int:
        """Number of columns."""
        return len(self.lower)

    @property
    def groups(self) -> int:
        """Number of exactly-one groups."""
        return len(self.starts) - 1

    @cached_property
    def objective_matrix(self) -> Floats:
        """Objectives as a dense array in their own senses, shape (p, m)."""
        return np.asarray(self.objectives.to_csr().toarray(), dtype=np.float64)

    @cached_property
    def row_matrix(self) -> sp.csr_array:
        """Coupling rows as one sparse matrix, shape (r, m)."""
        return self.rows.to_csr()

    @cached_property
    def minimised(self) -> Floats:
        """Objectives as a dense array in minimisation form (maximised ones negated), shape (p, m)."""
        return np.asarray(self.senses[:, None] * self.objective_matrix, dtype=np.float64)

    @cached_property
    def minimised_offsets(self) -> Floats:
        """Offsets in minimisation form, shape (p,)."""
        return np.asarray(self.senses * self.offsets, dtype=np.float64)

    @cached_property
    def objective_scale(self) -> Floats:
        """Largest absolute coefficient of each objective, 1 where all are zero, shape (p,)."""
        return _scale(self.objectives.largest())

    @cached_property
    def objective_span(self) -> Floats:
        """At least the size that each objective can reach without offset: the sum of the groups' largest
        absolute coefficients, and of the loose columns' at their bounds, shape (p,).
        """
        return _scale(np.array([self._span(np.abs(self.coefficients(i))) for i in range(len(self.senses))]))

    def _span(self, size: Floats) -> float:
        grouped = int(self.starts[-1])
        bounds = np.maximum(np.abs(self.lower[grouped:]), np.abs(self.upper[grouped:]))
        loose = float(size[grouped:] @ np.where(np.isfinite(bounds), bounds, 1.0))
        if self.groups == 0:
            return loose
        return float(np.maximum.reduceat(size[:grouped], self.starts[:-1]).sum()) + loose

    @cached_property
    def steps(self) -> Floats:
        """Step between values of each objective where they lie on a lattice, 0 elsewhere, shape (p,)."""
        rows = range(len(self.senses))
        return np.array([lattice_step(self.coefficients(row), self.integer) for row in rows])

    @cached_property
    def row_scale(self) -> Floats:
        """Largest absolute coefficient of each coupling row, 1 where all are zero, shape (r,)."""
        return _scale(self.rows.largest())

    @cached_property
    def is_plain(self) -> bool:
        """Whether every column of a group is free between 0 and at least 1, or closed at 0."""
        grouped = int(self.starts[-1])
        lower, upper = self.lower[:grouped], self.upper[:grouped]
        return bool(np.all(lower == 0) and np.all((upper >= 1) | (upper == 0)))

    def coefficients(self, objective: int) -> Floats:
        """Coefficients of one objective in its own sense, shape (m,)."""
        unit = np.zeros(len(self.senses))
        unit[objective] = 1.0
        return self.objectives.tdot(unit)

    def values(self, x: NDArray[Any]) -> Floats:
        """Objective values with offsets, in their own senses, shape (p,)."""
        return self.objectives.dot(x) + self.offsets

    def select(self, objectives: Sequence[int]) -> Program:
        """The same program with only these objectives, in this order."""
        index = list(objectives)
        return replace(
            self,
            objectives=self.objectives.take(index),
            senses=self.senses[index],
            offsets=self.offsets[index],
            objective_names=tuple(self.objective_names[i] for i in index),
        )

    def with_rows(self, kept: Ints) -> Program:
        """The same program with these coupling rows only, in this order."""
        edges, joined = self.edges, []
        if edges is not None:
            first = _first_of(kept, edges.row, len(edges))
            edges = None if first is None else replace(edges, row=first)
        for net in self.joined:
            first = _first_of(kept, net.row, net.rows)
            joined += [] if first is None else [replace(net, row=first)]
        return replace(
            self,
            rows=self.rows.take(kept.tolist()) if len(kept) else Stack((), self.columns),
            row_lower=self.row_lower[kept],
            row_upper=self.row_upper[kept],
            row_names=tuple(self.row_names[row] for row in kept.tolist()),
            edges=edges,
            joined=tuple(joined),
        )

    def relaxed(self) -> Program:
        """The same program without integrality."""
        return replace(self, integer=np.zeros(self.columns, dtype=bool))


def _first_of(kept: Ints, row: int, count: int) -> int | None:
    """Where `count` rows from `row` on lie among those kept; None unless they are all there, in order."""
    place = np.flatnonzero(kept == row)
    first = int(place[0]) if len(place) else 0
    whole = len(place) == 1 and np.array_equal(kept[first : first + count], row + np.arange(count))
    return first if whole else None


def _scale(largest: Floats) -> Floats:
    return np.where(largest > 0, largest, 1.0)
