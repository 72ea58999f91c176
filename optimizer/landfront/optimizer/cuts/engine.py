"""The engine of minimum cuts: exact relaxations of programs that count where neighbours differ, and plans.

Under prices of all other rows what is left is the best column of each group inside and outside, and one
minimum cut (`network`). Prices come from cutting planes (`prices`), plans from single changes near them
(`rounding`). Every bound is recomputed from prices and flow by `certify`.
"""

from __future__ import annotations

from functools import cached_property
from math import inf
from time import monotonic

import numpy as np

from landfront.optimizer.certify import cap_multipliers, lagrangian_bound, row_multipliers
from landfront.optimizer.core import largest_of_group, reduced_costs, reduced_part
from landfront.optimizer.cuts.prices import MISSED, Found, PriceSearch, Question
from landfront.optimizer.cuts.rounding import Rounding, starts_of
from landfront.optimizer.cuts.terms import Terms
from landfront.optimizer.engine import Answer, Basis, Part
from landfront.optimizer.front import Fact, Floats
from landfront.optimizer.highs import HighsEngine
from landfront.optimizer.program import Program
from landfront.optimizer.session import solver_version

MOST_SEARCHED = 150_000
"""Columns up to which HiGHS is asked for what cuts cannot give: trees, and which rows clash."""

SOUGHT = 0.8
"""Share of the time after which prices are taken as they are: the rest is for a plan near them."""


class CutEngine:
    """Solves programs with edges; see `support.cut_reason`."""

    def __init__(self, program: Program) -> None:
        assert program.edges is not None
        self._program = program
        self._terms = Terms(program, program.edges)

    @property
    def name(self) -> str:
        """Name, and version of the solver of its masters."""
        return f"landfront minimum cuts, masters by {solver_version()}"

    @cached_property
    def _whole(self) -> HighsEngine:
        return HighsEngine(self._program)

    @property
    def _few(self) -> bool:
        return self._program.columns <= MOST_SEARCHED

    def relax(
        self,
        weights: Floats,
        upper: Floats,
        *,
        seconds: float,
        start: Basis | None = None,
        slope: Floats | None = None,
    ) -> Answer:
        """Solve without integrality, from the prices of a basis or from none; see `engine.Engine`."""
        deadline = monotonic() + (SOUGHT * seconds if seconds < inf else inf)
        question = self._question(weights, upper, slope)
        prices, flow = self._start(weights, upper, start=start, slope=slope)
        found = PriceSearch(self._terms, question, deadline).run(prices, flow)
        if found.finished and found.missed > MISSED and slope is None:
            return self._without(question, upper, deadline)
        return self._answer(found, weights)

    def _question(self, weights: Floats, upper: Floats, slope: Floats | None = None) -> Question:
        low, high = self._terms.bounds(upper)
        more = len(low) - len(weights)
        tilted = None if slope is None else np.concatenate([slope, np.zeros(more)])
        return Question(np.concatenate([weights, np.zeros(more)]), low, high, tilted)

    def _start(
        self, weights: Floats, upper: Floats, *, start: Basis | None, slope: Floats | None
    ) -> tuple[Floats, Floats]:
        """Prices and flow to begin with."""
        terms, p = self._terms, len(weights)
        flow, prices = np.zeros(len(terms.edges)), np.zeros(p + len(terms.other_rows))
        if start is not None:
            carried = start.carried(weights, upper, slope)
            rows = carried[: self._program.rows.shape[0]]
            flow = rows[terms.edges.row : terms.edges.row + len(terms.edges)]
            prices = np.concatenate([carried[len(rows) :], rows[terms.other_rows]])
        elif slope is not None:
            # Prices of the caps that give way sum to 1 with their slopes, else t has no end.
            moving = np.isfinite(upper) & (slope > 0)
            prices[:p][moving] = -1.0 / (slope[moving] * moving.sum())
        return prices, flow

    def _without(self, question: Question, upper: Floats, deadline: float) -> Answer:
        """That some row must be missed, if prices prove it when they are recomputed from the data."""
        bare = Question(np.zeros(len(question.weights)), question.lower, question.upper)
        none = np.zeros(len(question.weights)), np.zeros(len(self._terms.edges))
        least = PriceSearch(self._terms, bare, deadline).run(*none)
        rows, p = np.zeros(self._program.rows.shape[0]), len(self._program.senses)
        nothing = np.zeros(len(self._program.senses))
        answer = self._answer(least, nothing)
        fact = Fact(nothing, upper, -inf, "recomputed", answer.row_prices, answer.cap_prices)
        proven = least.finished and lagrangian_bound(self._program, fact) > 0
        if proven and least.missed > MISSED:
            words = f"rows must be missed by {least.missed:.3g} of their size in all"
            return Answer("infeasible", None, -inf, rows, np.zeros(p), words)
        return Answer("error", None, -inf, rows, np.zeros(p), "no mixture of plans meets every row")

    def _answer(self, found: Found, weights: Floats) -> Answer:
        program, terms, p = self._program, self._terms, len(weights)
        rows = np.zeros(program.rows.shape[0])
        rows[terms.other_rows] = found.prices[p:]
        rows[terms.edges.row : terms.edges.row + len(terms.edges)] = found.flow
        caps = np.maximum(-found.prices[:p], 0.0)
        bound = found.bound + float(weights @ program.minimised_offsets)
        x = terms.solution(found.plans, found.shares) if found.missed <= MISSED else None
        basis = Basis(np.concatenate([weights + caps, rows])) if found.finished else None
        reason = "optimal" if found.finished and x is not None else "time limit"
        words = f"{len(found.plans)} plans by minimum cuts"
        return Answer(reason, x, bound, rows, caps, words, basis, found.stretch)  # type: ignore[arg-type]

    def search(self, weights: Floats, upper: Floats, *, part: Part, seconds: float) -> Answer:
        """By HiGHS, where columns are few enough for it."""
        if self._few or part.free.sum() <= MOST_SEARCHED / 4:
            return self._whole.search(weights, upper, part=part, seconds=seconds)
        rows, p = self._program.rows.shape[0], len(weights)
        words = f"{self._program.columns:,} columns are too many for a tree"
        return Answer("time limit", None, -inf, np.zeros(rows), np.zeros(p), words)

    def clash(self, *, seconds: float) -> tuple[int, ...]:
        """By HiGHS, where columns are few enough for it; else all rows that are no edges'."""
        if self._few:
            return self._whole.clash(seconds=seconds)
        return tuple(self._terms.other_rows.tolist())

    def round(
        self,
        weights: Floats,
        upper: Floats,
        fact: Fact,
        x: Floats,
        *,
        target: float,
        seconds: float,
        tighter: bool = False,
    ) -> Floats | None:
        """Plans near the mixture `x`, bettered by single changes."""
        terms = self._terms
        low, high = terms.bounds(upper)
        more = np.zeros(len(terms.other_rows))
        rows = row_multipliers(self._program, fact)[terms.other_rows]
        multipliers = np.concatenate([fact.weights + cap_multipliers(fact), -rows])
        goal = target - float(weights @ self._program.minimised_offsets)
        rounding = Rounding(terms, np.concatenate([weights, more]), multipliers, low, high)
        plans = starts_of(terms, x, multipliers)
        found = rounding.best(plans, target=goal, deadline=monotonic() + seconds)
        return None if found is None else terms.solution([found], np.ones(1))

    def core(self, fact: Fact, x: Floats, *, size: int) -> Part:
        """The groups whose choice is nearest to a tie under the fact's prices, with their edges."""
        program, edges = self._program, self._terms.edges
        grouped = int(program.starts[-1])
        loss = reduced_costs(program, fact)[:grouped]
        chosen = largest_of_group(program, x)
        other = np.where(program.upper[:grouped] > 0, loss, inf)
        other[chosen] = inf
        tie = np.minimum.reduceat(other, program.starts[:-1])
        near = np.zeros(program.groups, dtype=bool)
        near[np.argsort(tie, kind="stable")[:size]] = True
        near |= x[chosen] < 1.0
        free = np.zeros(program.columns, dtype=bool)
        free[:grouped] = np.repeat(near, np.diff(program.starts))
        touched = np.tile(near[edges.a] | near[edges.b], 2)
        free[edges.column : edges.column + len(touched)] = touched
        return Part(free, self._terms.solution([chosen], np.ones(1)))

    def rest(self, fact: Fact, gap: float) -> Part | None:
        """All columns that can still win, where they are few enough for a tree."""
        if not self._few:
            return None
        return reduced_part(self._program, reduced_costs(self._program, fact), gap)
