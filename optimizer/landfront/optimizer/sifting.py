"""Sifting: a linear program of many groups, solved over a core of columns that grows until none is missing.

At given prices of the rows each group has a best column, its reference, and every other column a loss
against it. Few groups are near a tie, so few columns besides the references can be in an optimal solution:
the core. A linear program over the core gives new prices; a column outside that is better than its group's
best at these prices joins the core (J. J. Forrest's sifting: R. E. Bixby et al., Very large-scale linear
programming, Operations Research 40, 1992). When there is none, the solution and the prices are optimal for
all columns. Rows may be missed in the core at a high price, so that a core is always feasible.

Every core is a model of its own, so an answer depends on the first prices alone. They come from a stored
solve, or from the same program over samples of its groups.
"""

from __future__ import annotations

from dataclasses import replace
from math import inf
from time import monotonic

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from landfront.optimizer import tolerances
from landfront.optimizer.core_model import PENALTY, Columns, Core, Problem
from landfront.optimizer.engine import Answer, Basis
from landfront.optimizer.front import Floats, Reason
from landfront.optimizer.program import Program
from landfront.optimizer.session import QUICK, Limits, Outcome, Session

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
"""Groups in the first sample."""

LARGER = 10
"""Each further sample has so many times more groups. With 100,000 groups and 120 rows a cold solve took
0.6 s, and 2.3 s where the first sample was the only one."""

FAR = 1 / 3
"""Columns that the first core may miss, as a share of the groups; beyond it samples lead to the optimum
sooner than the start."""

BETTER = 1e-10
"""A column joins the core when it is better by this share of the largest cost: the solver's own tolerance."""

CERTAIN = 10 * tolerances.SOLVER_FEASIBILITY
"""A row that must be missed by more than this share of its size makes a contradiction for certain."""

ROUNDS = 40
"""Most cores of one solve; then the whole model is solved."""


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
        self._columns = Columns(program)
        self._row_sizes = abs(self._columns.rows)

    def relax(
        self, weights: Floats, upper: Floats, slope: Floats | None, *, start: Basis | None, seconds: float
    ) -> Answer | None:
        """Solve from the prices of a basis, or of a sample; None where only the whole model can tell.

        That is when a column seems to be without an end, or a row worth more than `core_model.PENALTY`.
        """
        deadline = monotonic() + seconds
        problem = self._columns.problem(weights, upper, slope)
        grown = None
        if start is not None:
            prices = start.carried(weights, upper, slope)
            grown = self._grow(problem, prices, deadline=deadline, far=FAR * self._program.groups)
        if grown is None:
            prices = self._sampled_prices(problem, deadline)
            grown = self._grow(problem, prices, deadline=deadline)
        if grown is None:
            return None
        core, outcome = grown
        if outcome.x is None:
            return self._without(outcome.reason, outcome.detail)
        answer = self._answer(problem, core, outcome, weights=weights, slope=slope)
        if outcome.reason != "optimal":
            return replace(answer, basis=None)
        if problem.largest_miss(outcome.x) > tolerances.SOLVER_FEASIBILITY:
            return self._contradiction(problem, outcome, deadline)
        return answer

    def _contradiction(self, problem: Problem, outcome: Outcome, deadline: float) -> Answer | None:
        """That some row must be missed, whatever it is worth; None when that is not so."""
        least = problem.misses_only()
        prices = outcome.duals[: len(problem.lower)] / (PENALTY * problem.size)
        grown = self._grow(least, prices, deadline=deadline)
        if grown is None:
            return None
        found = grown[1]
        if found.x is None:
            return self._without(found.reason, found.detail)
        if least.largest_miss(found.x) <= CERTAIN:
            return None
        return self._without("infeasible", f"rows must be missed by {found.bound:.3g} of their size in all")

    def _grow(
        self, problem: Problem, prices: Floats, *, deadline: float, far: float = inf
    ) -> tuple[Core, Outcome] | None:
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

    def _nearest(self, problem: Problem, prices: Floats) -> Core:
        """The columns with the smallest losses at some prices, and as reference the best of each group."""
        reduced = problem.cost - self._columns.rows.T @ prices
        best = np.minimum.reduceat(reduced, self._columns.starts[:-1])
        loss = reduced - np.repeat(best, self._columns.sizes)
        zero = np.flatnonzero(loss == 0)
        reference = zero[np.flatnonzero(np.diff(self._columns.group[zero], prepend=-1))]
        loss[reference] = inf
        size = min(CORE, len(loss) - 1)
        columns = np.sort(np.argpartition(loss, size)[:size])
        chosen = np.zeros(len(self._columns.group))
        chosen[reference] = 1.0
        return Core(reference, self._columns.rows @ chosen, columns[loss[columns] < inf])

    def _sampled_prices(self, problem: Problem, deadline: float) -> Floats:
        """Prices of the rows from a sample of the groups, and then from larger ones; or zeros."""
        groups = self._program.groups
        order = np.random.default_rng(0).permutation(groups)
        start = self._nearest(problem, np.zeros(len(problem.lower)))
        inside, small = self._sample(problem, start, order[:SAMPLE])
        core = replace(start, columns=np.flatnonzero(inside))
        prices = self._solve(small, core, seconds=deadline - monotonic()).duals[: len(problem.lower)]
        size = SAMPLE * LARGER
        while size < groups:
            _, small = self._sample(problem, start, order[:size])
            grown = self._grow(small, prices, deadline=deadline)
            if grown is not None:
                prices = grown[1].duals[: len(problem.lower)]
            size *= LARGER
        return prices

    def _sample(self, problem: Problem, start: Core, groups: Ints) -> tuple[NDArray[np.bool_], Problem]:
        """Columns of some groups, without references, and a problem in which all others are closed.

        What the rows have left is reduced to the sample's share of the size of their coefficients.
        """
        picked = np.zeros(self._program.groups, dtype=bool)
        picked[groups] = True
        inside = picked[self._columns.group]
        whole = self._row_sizes @ np.ones(len(inside))
        share = np.where(whole > 0, (self._row_sizes @ inside) / np.where(whole > 0, whole, 1.0), 1.0)
        share = np.maximum(share, 1 / len(picked))
        cost = np.where(inside, problem.cost, inf)
        cost[start.reference] = problem.cost[start.reference]
        inside[start.reference] = False
        inside[self._columns.closed] = False
        return inside, replace(
            problem,
            cost=cost,
            lower=start.used + (problem.lower - start.used) * share,
            upper=start.used + (problem.upper - start.used) * share,
            other=sp.csc_array(sp.diags_array(share) @ problem.other),
            other_cost=problem.other_cost * min(len(groups) / len(picked), 1.0),
        )

    def _solve(self, problem: Problem, core: Core, *, seconds: float) -> Outcome:
        """Solve over a core: changes against the references, loose columns, and rows missed at a price."""
        model = self._columns.model(problem, core)
        return Session(model, QUICK, cost_size=problem.size).run(Limits(seconds=seconds))

    def _missing(self, problem: Problem, core: Core, prices: Floats) -> Ints:
        """Columns better than the best of their group in the core, the best first."""
        reduced = problem.cost - self._columns.rows.T @ prices
        inside = np.full(len(self._columns.group), inf)
        inside[core.reference] = reduced[core.reference]
        inside[core.columns] = reduced[core.columns]
        best = np.minimum.reduceat(inside, self._columns.starts[:-1])
        gain = np.repeat(best, self._columns.sizes) - reduced
        missing = np.flatnonzero(gain > BETTER * problem.size)
        return missing[np.argsort(-gain[missing], kind="stable")]

    def _answer(
        self, problem: Problem, core: Core, outcome: Outcome, *, weights: Floats, slope: Floats | None
    ) -> Answer:
        """The solution of all columns, and its multipliers."""
        assert outcome.x is not None
        found, end = len(core.columns), len(outcome.x) - problem.missed
        x = np.zeros(self._program.columns + (slope is not None))
        x[core.reference] = 1.0
        x[core.columns] = outcome.x[:found]
        np.subtract.at(x, core.reference[self._columns.group[core.columns]], outcome.x[:found])
        x[len(self._columns.group) :] = outcome.x[found:end]
        stretch = float(x[-1]) if slope is not None else 0.0
        constant = float(problem.cost[core.reference].sum() + weights @ self._program.minimised_offsets)
        rows = len(self._program.row_lower)
        prices, caps = outcome.duals[:rows], np.maximum(-outcome.duals[rows : len(problem.lower)], 0.0)
        return Answer(
            reason=outcome.reason,
            x=x[: self._program.columns],
            bound=outcome.bound + constant,
            row_prices=prices,
            cap_prices=caps,
            detail=outcome.detail,
            basis=Basis(np.concatenate([weights + caps, prices])),
            stretch=stretch,
        )

    def _without(self, reason: Reason, detail: str) -> Answer:
        """No solution."""
        rows, p = self._program.rows.shape[0], len(self._program.senses)
        return Answer(reason, None, -inf, np.zeros(rows), np.zeros(p), detail)
