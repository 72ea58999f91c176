"""Linear programs over a core of a program's columns: changes against one reference column per group.

Where the references are taken out, a group needs a row only if the core holds two or more of its columns.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import inf

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from landfront.optimizer.front import Floats
from landfront.optimizer.program import Program
from landfront.optimizer.session import Model, power_of_two

Ints = NDArray[np.int64]

PENALTY = 1e4
"""Price of missing a row by its own size, in units of the largest cost."""


@dataclass(frozen=True)
class Problem:
    """One scalar problem over all columns.

    Attributes
    ----------
    cost
        Of the grouped columns, infinite where closed.
    lower, upper
        Bounds of the coupling rows and caps, shape (k,), offsets moved over.
    size
        The largest cost.
    other
        The columns that are in every core, shape (k, others): the loose ones, t, and last those that make
        good a missed row.
    other_cost, other_lower, other_upper
        Their costs and bounds.
    missed
        How many of them make good a missed row.
    """

    cost: Floats
    lower: Floats
    upper: Floats
    size: float
    other: sp.csc_array
    other_cost: Floats
    other_lower: Floats
    other_upper: Floats
    missed: int

    def misses_only(self) -> Problem:
        """The same rows at no cost but that of missing them, 1 by a row's own size."""
        prices = np.concatenate([np.zeros(len(self.other_cost) - self.missed), np.ones(self.missed)])
        cost = np.where(np.isinf(self.cost), inf, 0.0)
        return replace(self, cost=cost, size=1.0, other_cost=prices)

    def largest_miss(self, x: Floats) -> float:
        """The largest miss of a row, by its own size, in a core's solution."""
        return float(np.max(x[len(x) - self.missed :], initial=0.0))


@dataclass(frozen=True)
class Core:
    """Columns that may change against a reference per group.

    Attributes
    ----------
    reference
        Column per group, shape (groups,).
    used
        What the references use of each row, shape (k,).
    columns
        Of the core, sorted, without references.
    """

    reference: Ints
    used: Floats
    columns: Ints


class Columns:
    """The grouped columns of a program in the rows that couple them: coupling rows, then caps.

    Attributes
    ----------
    starts, sizes, group
        Of the groups, and the group of each grouped column.
    rows
        Coefficients, shape (k, grouped columns).
    closed
        Grouped columns whose upper bound is 0.
    """

    def __init__(self, program: Program) -> None:
        self._program = program
        self.starts = program.starts
        grouped = int(program.starts[-1])
        self.sizes = np.diff(program.starts)
        self.group = np.repeat(np.arange(program.groups), self.sizes)
        rows = sp.vstack([program.row_matrix, sp.csr_array(program.minimised)], format="csc")
        self.rows = sp.csc_array(rows[:, :grouped])
        self._loose = sp.csc_array(rows[:, grouped:])
        self._row_size = 1 / power_of_two(np.concatenate([program.row_scale, program.objective_scale]))
        self.closed = np.flatnonzero(program.upper[:grouped] == 0)

    def problem(self, weights: Floats, upper: Floats, slope: Floats | None) -> Problem:
        """``min weights @ y`` subject to ``y <= upper``, or with t for a slope, over all columns."""
        program = self._program
        cost = weights @ program.minimised
        size = float(np.abs(cost[: len(self.group)]).max(initial=0.0))
        loose, low, high = (values[len(self.group) :] for values in (cost, program.lower, program.upper))
        blocks = [self._loose]
        if slope is not None:
            column = np.concatenate([np.zeros(len(program.row_lower)), -slope])
            blocks.append(sp.csc_array(column[:, None]))
            loose, low, high = np.append(loose, 1.0), np.append(low, -inf), np.append(high, inf)
            steepest = float(np.max(slope / self._row_size[-len(slope) :]))
            size = max(size, 1 / steepest) if steepest > 0 else size
        size = size if size > 0 else 1.0
        row_lower = np.concatenate([program.row_lower, np.full(len(upper), -inf)])
        row_upper = np.concatenate([program.row_upper, upper - program.minimised_offsets])
        blocks.append(_missed_rows(self._row_size, row_lower, row_upper))
        missed = blocks[-1].shape[1]
        cost = cost[: len(self.group)]
        cost[self.closed] = inf
        return Problem(
            cost=cost,
            lower=row_lower,
            upper=row_upper,
            size=size,
            other=sp.csc_array(sp.hstack(blocks, format="csc")),
            other_cost=np.concatenate([loose, np.full(missed, PENALTY * size)]),
            other_lower=np.concatenate([low, np.zeros(missed)]),
            other_upper=np.concatenate([high, np.full(missed, inf)]),
            missed=missed,
        )

    def model(self, problem: Problem, core: Core) -> Model:
        """A problem over the columns of a core, then the other columns."""
        group = self.group[core.columns]
        reference = core.reference[group]
        change = sp.csc_array(self.rows[:, core.columns] - self.rows[:, reference])
        inside, starts = _crowded(group)
        grouped, crowds, rows = len(group), len(starts), len(problem.lower)
        row_of = np.repeat(np.arange(rows, rows + crowds), np.diff(starts, append=len(inside)))
        others = problem.other.shape[1]
        entries = [
            (change.data, change.indices, _columns_of(change)),
            (problem.other.data, problem.other.indices, grouped + _columns_of(problem.other)),
            (np.ones(len(inside)), row_of, inside),
        ]
        values, at, columns = (np.concatenate(parts) for parts in zip(*entries, strict=True))
        shape = (rows + crowds, grouped + others)
        return Model(
            cost=np.concatenate([problem.cost[core.columns] - problem.cost[reference], problem.other_cost]),
            lower=np.concatenate([np.zeros(grouped), problem.other_lower]),
            upper=np.concatenate([np.ones(grouped), problem.other_upper]),
            integer=np.zeros(grouped + others, dtype=bool),
            matrix=sp.csr_array((values, (at, columns)), shape=shape),
            row_lower=np.concatenate([problem.lower - core.used, np.full(crowds, -inf)]),
            row_upper=np.concatenate([problem.upper - core.used, np.ones(crowds)]),
        )


def _missed_rows(size: Floats, lower: Floats, upper: Floats) -> sp.csc_array:
    """Columns that make good a missed row, one per finite bound, in units of the rows' sizes."""
    below, above = np.flatnonzero(lower > -inf), np.flatnonzero(upper < inf)
    rows = np.concatenate([below, above])
    values = np.concatenate([size[below], -size[above]])
    return sp.csc_array((values, rows, np.arange(len(rows) + 1)), shape=(len(size), len(rows)))


def _crowded(group: Ints) -> tuple[Ints, Ints]:
    """Positions of columns that share their group with another one, and where each such group starts in them.

    A column that is alone in its group has its bound of 1; two or more need a row for their sum.
    """
    first = np.flatnonzero(np.diff(group, prepend=-1))
    size = np.diff(first, append=len(group))
    inside = np.flatnonzero(np.repeat(size > 1, size))
    return inside, np.flatnonzero(np.diff(group[inside], prepend=-1))


def _columns_of(matrix: sp.csc_array) -> Ints:
    """Column of each stored entry."""
    return np.repeat(np.arange(matrix.shape[1]), np.diff(matrix.indptr))
