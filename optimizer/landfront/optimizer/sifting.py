"""Sifting: a linear program of many groups, solved over a core of columns that grows until none is missing.

At given prices of the rows each group has a best column, its reference, and every other column a loss
against it. Few groups are near a tie, so few columns besides the references can be in an optimal solution:
the core. A linear program over the core gives new prices; a column outside that is better than its group's
best at these prices joins the core (J. J. Forrest's sifting: R. E. Bixby et al., Very large-scale linear
programming, Operations Research 40, 1992). When there is none, the solution and the prices are optimal for
all columns. Rows may be missed in the core at a high price, so that a core is always feasible.

Every core is a model of its own, so an answer depends on the first prices alone. They come from a stored
solve, or from the same program over a sample of its groups.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import inf
from time import monotonic

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from landfront.optimizer import tolerances
from landfront.optimizer.engine import Answer, Basis
from landfront.optimizer.front import Floats
from landfront.optimizer.program import Program
from landfront.optimizer.session import Limits, Model, Outcome, Session, Settings, power_of_two

Ints = NDArray[np.int64]

FEWEST_GROUPS = 1500
"""Programs with fewer groups are solved at once. With 1,000 the whole model took 6 ms from a near start and
sifting 8, with 2,000 it took 15 and sifting 11, with 10,000 some 30 and sifting 7."""

MOST_LOOSE = 0.1
"""Columns outside groups, as a share of the groups, up to which sifting is used: they are in every core."""

CORE = 800
"""Columns in the first core, besides the references. With 10,000 groups 400 took a third more rounds, and
1600 no fewer."""

SAMPLE = 1000
"""Groups in the sample that gives the first prices."""

FAR = 4 * CORE
"""Columns that the first core may miss; beyond that a sample leads to the optimum sooner than the start."""

PENALTY = 1e4
"""Price of missing a row by its own size, in units of the largest cost."""

BETTER = 1e-10
"""A column joins the core when it is better by this share of the largest cost: the solver's own tolerance."""

QUICK = Settings(presolve=False, interruptible=False)
"""A core takes milliseconds."""

ROUNDS = 40
"""Most cores of one solve; then the whole model is solved."""


@dataclass(frozen=True)
class _Problem:
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


@dataclass(frozen=True)
class _Core:
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


def can_sift(program: Program) -> bool:
    """Whether groups are many, their columns free between 0 and 1 or closed, and other columns few."""
    grouped = int(program.starts[-1])
    lower, upper = program.lower[:grouped], program.upper[:grouped]
    return bool(
        program.groups >= FEWEST_GROUPS
        and program.columns - grouped <= MOST_LOOSE * program.groups
        and np.all(lower == 0)
        and np.all((upper >= 1) | (upper == 0))
        and np.all(np.maximum.reduceat(upper, program.starts[:-1]) >= 1)
    )


class Sifting:
    """Relaxations of one program by sifting; see `can_sift`."""

    def __init__(self, program: Program) -> None:
        self._program = program
        self._grouped = int(program.starts[-1])
        self._sizes = np.diff(program.starts)
        self._group = np.repeat(np.arange(program.groups), self._sizes)
        rows = sp.vstack([program.row_matrix, sp.csr_array(program.minimised)], format="csc")
        self._rows = sp.csc_array(rows[:, : self._grouped])
        self._loose = sp.csc_array(rows[:, self._grouped :])
        self._row_size = 1 / power_of_two(np.concatenate([program.row_scale, program.objective_scale]))
        self._closed = np.flatnonzero(program.upper[: self._grouped] == 0)

    def relax(
        self, weights: Floats, upper: Floats, slope: Floats | None, *, start: Basis | None, seconds: float
    ) -> Answer | None:
        """Solve from the prices of a basis, or of a sample; None where only the whole model can tell.

        That is when the rows seem to contradict, or a column seems to be without an end.
        """
        deadline = monotonic() + seconds
        problem = self._problem(weights, upper, slope)
        grown = None
        if start is not None:
            prices = _carried(start, weights, upper, slope)
            grown = self._grow(problem, prices, deadline=deadline, far=FAR)
        if grown is None:
            prices = self._sampled_prices(problem, deadline)
            grown = self._grow(problem, prices, deadline=deadline)
        return None if grown is None else self._answer(problem, *grown, weights, slope)

    def _grow(
        self, problem: _Problem, prices: Floats, *, deadline: float, far: float = inf
    ) -> tuple[_Core, Outcome] | None:
        """A core that misses no column and its outcome; None without one, or if the first misses too many."""
        core = self._nearest(problem, prices)
        for round_ in range(ROUNDS):
            outcome = self._solve(problem, core, seconds=deadline - monotonic())
            if outcome.reason == "time limit":
                return core, outcome
            if outcome.reason != "optimal" or outcome.x is None:
                return None
            missing = self._missing(problem, core, outcome.duals[: len(prices)])
            if len(missing) == 0:
                return core, outcome
            if round_ == 0 and len(missing) > far:
                return None
            core = replace(core, columns=np.union1d(core.columns, missing[: CORE << round_]))
        return None

    def _problem(self, weights: Floats, upper: Floats, slope: Floats | None) -> _Problem:
        program = self._program
        cost = weights @ program.minimised
        size = float(np.abs(cost[: self._grouped]).max(initial=0.0))
        loose, low, high = (values[self._grouped :] for values in (cost, program.lower, program.upper))
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
        cost = cost[: self._grouped]
        cost[self._closed] = inf
        return _Problem(
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

    def _nearest(self, problem: _Problem, prices: Floats) -> _Core:
        """The columns with the smallest losses at some prices, and as reference the best of each group."""
        reduced = problem.cost - self._rows.T @ prices
        best = np.minimum.reduceat(reduced, self._program.starts[:-1])
        loss = reduced - np.repeat(best, self._sizes)
        zero = np.flatnonzero(loss == 0)
        reference = zero[np.flatnonzero(np.diff(self._group[zero], prepend=-1))]
        loss[reference] = inf
        size = min(CORE, len(loss) - 1)
        columns = np.sort(np.argpartition(loss, size)[:size])
        chosen = np.zeros(self._grouped)
        chosen[reference] = 1.0
        return _Core(reference, self._rows @ chosen, columns[loss[columns] < inf])

    def _sampled_prices(self, problem: _Problem, deadline: float) -> Floats:
        """Prices of the rows from a sample of the groups, the rows' bounds reduced to its share; or zeros.

        The share is that of the size of a row's coefficients.
        """
        groups = self._program.groups
        picked = np.zeros(groups, dtype=bool)
        picked[np.random.default_rng(0).choice(groups, min(SAMPLE, groups), replace=False)] = True
        inside = picked[self._group]
        size = abs(self._rows)
        whole = size.sum(axis=1)
        share = np.where(whole > 0, (size @ inside) / np.where(whole > 0, whole, 1.0), 1.0)
        share = np.maximum(share, 1 / groups)
        core = self._nearest(problem, np.zeros(len(share)))
        inside[core.reference] = False
        inside[self._closed] = False
        core = replace(core, columns=np.flatnonzero(inside))
        small = replace(
            problem,
            lower=core.used + (problem.lower - core.used) * share,
            upper=core.used + (problem.upper - core.used) * share,
            other=sp.csc_array(sp.diags_array(share) @ problem.other),
            other_cost=problem.other_cost * min(SAMPLE / groups, 1.0),
        )
        outcome = self._solve(small, core, seconds=deadline - monotonic())
        return outcome.duals[: len(share)]

    def _solve(self, problem: _Problem, core: _Core, *, seconds: float) -> Outcome:
        """Solve over a core: changes against the references, loose columns, and rows missed at a price."""
        model = self._model(problem, core)
        return Session(model, QUICK, cost_size=problem.size).run(Limits(seconds=seconds))

    def _model(self, problem: _Problem, core: _Core) -> Model:
        group = self._group[core.columns]
        reference = core.reference[group]
        change = sp.csc_array(self._rows[:, core.columns] - self._rows[:, reference])
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

    def _missing(self, problem: _Problem, core: _Core, prices: Floats) -> Ints:
        """Columns better than the best of their group in the core, the best first."""
        reduced = problem.cost - self._rows.T @ prices
        inside = np.full(self._grouped, inf)
        inside[core.reference] = reduced[core.reference]
        inside[core.columns] = reduced[core.columns]
        best = np.minimum.reduceat(inside, self._program.starts[:-1])
        gain = np.repeat(best, self._sizes) - reduced
        missing = np.flatnonzero(gain > BETTER * problem.size)
        return missing[np.argsort(-gain[missing], kind="stable")]

    def _answer(
        self, problem: _Problem, core: _Core, outcome: Outcome, weights: Floats, slope: Floats | None
    ) -> Answer | None:
        """The solution of all columns, None where a row is missed."""
        if outcome.x is None:
            return self._unfinished(outcome)
        found, end = len(core.columns), len(outcome.x) - problem.missed
        if np.max(outcome.x[end:], initial=0.0) > tolerances.SOLVER_FEASIBILITY:
            return None
        x = np.zeros(self._program.columns + (slope is not None))
        x[core.reference] = 1.0
        x[core.columns] = outcome.x[:found]
        np.subtract.at(x, core.reference[self._group[core.columns]], outcome.x[:found])
        x[self._grouped :] = outcome.x[found:end]
        stretch = float(x[-1]) if slope is not None else 0.0
        constant = float(problem.cost[core.reference].sum() + weights @ self._program.minimised_offsets)
        rows = len(self._program.row_lower)
        prices, caps = outcome.duals[:rows], np.maximum(-outcome.duals[rows : len(problem.lower)], 0.0)
        return Answer(
            reason="optimal",
            x=x[: self._program.columns],
            bound=outcome.bound + constant,
            row_prices=prices,
            cap_prices=caps,
            detail=outcome.detail,
            basis=Basis(np.concatenate([weights + caps, prices])),
            stretch=stretch,
        )

    def _unfinished(self, outcome: Outcome) -> Answer:
        rows, p = self._program.rows.shape[0], len(self._program.senses)
        return Answer("time limit", None, -inf, np.zeros(rows), np.zeros(p), outcome.detail)


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


def _carried(start: Basis, weights: Floats, upper: Floats, slope: Floats | None) -> Floats:
    """Prices of rows and caps from those of another solve, in proportion to the weights.

    Objectives without a cap keep their weight; a cap's price is what its weight then lacks.
    """
    p = len(weights)
    total, prices = start.prices[:p], start.prices[p:]
    free = np.isinf(upper)
    if slope is not None:
        rate = _ratio(1 + float(weights @ slope), float(total @ slope))
    else:
        rate = _ratio(float(weights[free] @ total[free]), float(total[free] @ total[free]))
    caps = np.where(free, 0.0, np.maximum(rate * total - weights, 0.0))
    return np.concatenate([rate * prices, -caps])


def _ratio(new: float, old: float) -> float:
    return new / old if old > np.finfo(np.float64).tiny else 1.0
