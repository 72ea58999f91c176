"""One task while it is being solved: the best checked solution, the best bound, and what proves it."""

from __future__ import annotations

from dataclasses import replace
from math import inf
from typing import Any

import numpy as np
from numpy.typing import NDArray

from landfront.optimizer import certify, tolerances
from landfront.optimizer.blocks import LARGE
from landfront.optimizer.core import largest_of_group
from landfront.optimizer.engine import Answer, Basis, Part
from landfront.optimizer.front import Fact, Floats
from landfront.optimizer.points import compact
from landfront.optimizer.program import Program
from landfront.optimizer.task import Solve, Task


class Attempt:
    """The incumbent and the bound of one task while it is being solved."""

    def __init__(self, program: Program, task: Task, facts: tuple[Fact, ...]) -> None:
        fact = facts[0]
        self.program, self.task, self.fact = program, task, fact
        self.facts = [known for known in facts if known.beta > -inf]
        self.beta = fact.beta
        self.x: NDArray[Any] | None = None
        self.y: Floats | None = None
        self.relaxed: Floats | None = None
        self.searches = 0
        self.basis: Basis | None = None
        self.value = inf
        self.fault = ""
        self.allowed = task.gap
        # At least what `claim` takes off a bound: else no solution of large sums is ever within the gap.
        size = program.objective_span + program.objective_scale
        self.noise = tolerances.NOISE * float(task.weights @ size)

    def relax_to(self, y: Floats, basis: Basis | None) -> None:
        """Note the values of the relaxation's solution, shape (p,), and where it ended."""
        self.relaxed, self.basis = y, basis
        self.measure(y)

    def measure(self, y: Floats) -> None:
        """Set the allowed gap by the size of a solution's values, shape (p,)."""
        main = self.task.main
        size = max(abs(y[main]), abs(y[main] - self.program.minimised_offsets[main]))
        self.allowed = max(self.task.gap, min(self.task.share * float(size), self.task.most))

    @property
    def closed(self) -> bool:
        """Whether the incumbent is proven within the gap, or that nothing below the cutoff is left."""
        if self.beta >= self.task.cutoff:
            return True
        return self.x is not None and self.value - self.beta <= self.allowed + self.noise

    def offer_answer(self, answer: Answer) -> None:
        """Consider a search's solution; an infeasible one is an error that the result will carry."""
        self.searches += 1
        if answer.x is None:
            return
        before = self.x
        self.offer(clean(self.program, answer.x), integral=True)
        if before is None and self.x is None and not self.fault:
            self.fault = "the solver returned an infeasible solution"

    def offer(self, x: Floats, *, integral: bool = False, exact: bool = False) -> None:
        """Take ``x`` as the incumbent when it is feasible, as `exact` as a solver's own, and better."""
        if exact and not certify.is_integral(self.program, x):
            return
        found = certify.residuals(self.program, x)
        if exact and not certify.misses_no_more(self.program, found, self.task.upper):
            return
        words = certify.words_of(self.program, found)
        y = np.asarray(self.program.senses * found.values)
        over = y - self.task.corners > certify.value_noise(self.program)
        if over.any(axis=1).all():
            words.append("a cap on an objective is exceeded")
        if words:
            self.fault = "; ".join(words) if integral else self.fault
            return
        value = float(self.task.weights @ y)
        if value < self.value:
            self.x, self.y, self.value = compact(x), y, value
            self.measure(y)

    def prepare(self, part: Part, *, gap: float, target: float) -> Part:
        """Give a part the incumbent as its start where the two agree."""
        start = None
        if self.x is not None and np.array_equal(self.x[~part.free], part.base[~part.free]):
            start = np.asarray(self.x, dtype=np.float64)
        return replace(part, start=start, gap=gap, target=target, among=self.task.among)

    def claim(self, bound: float) -> None:
        """Add the solver's own bound when it is better than the recomputed one."""
        facts = [claim(replace(self.task, upper=upper), bound, self.program) for upper in self.task.corners]
        if facts[0].beta > self.beta:
            self.facts.extend(facts)
            self.beta = facts[0].beta

    def result(self, answer: Answer, *, seconds: float) -> Solve:
        """The outcome, with a reason that is "optimal" only when proven."""
        reason, detail = answer.reason, answer.detail
        if self.task.relaxed:
            pass
        elif self.closed:
            reason, detail = "optimal", "within the gap"
        elif self.fault:
            reason, detail = "error", self.fault
        elif reason == "optimal" and self.x is not None and not self.program.integer.any():
            detail = f"proven up to {self.value - self.beta:.3g} by the solver's multipliers"
        elif reason == "optimal":
            reason = "time limit" if self.task.seconds <= 0 else "error"
            detail = f"not proven within the gap: {self.value - self.beta:.3g} is left"
        elif reason == "infeasible" and self.x is not None:
            reason, detail = "error", "the solver found no solution where one is known"
        return Solve(
            self.task,
            self.x,
            self.y,
            tuple(self.facts),
            self.beta,
            reason,
            detail,
            answer.row_prices if not self.facts else self.facts[0].row_prices,
            answer.cap_prices if not self.facts else self.facts[0].cap_prices,
            seconds,
            self.relaxed,
            self.searches,
            self.basis,
        )


def claim(task: Task, bound: float, program: Program) -> Fact:
    """A fact that rests on the solver's word, lowered by the noise of its arithmetic, without offsets."""
    offset = float(task.weights @ program.minimised_offsets)
    size = abs(bound - offset) + float(np.abs(task.weights) @ program.objective_scale)
    noise = tolerances.NOISE * size + certify.EPSILON * abs(offset)
    rows, p = program.rows.shape[0], len(program.senses)
    return Fact(task.weights, task.upper, bound - noise, "claimed", np.zeros(rows), np.zeros(p))


def beyond(fact: Fact, cap_prices: Floats) -> Fact:
    """What a claimed fact of a linear program says beyond its caps, by the solver's prices of them."""
    paid = cap_prices * np.where(cap_prices > 0, fact.upper, 0.0)
    beta = fact.beta + float(paid.sum()) - tolerances.NOISE * float(np.abs(paid).sum())
    free = np.full(len(fact.upper), inf)
    return replace(fact, weights=fact.weights + cap_prices, upper=free, beta=beta)


def clean(program: Program, x: Floats) -> Floats:
    """Round integer columns, clip the others to their bounds and refill groups to 1; noise only."""
    if program.columns >= LARGE:
        from landfront.optimizer import kernels

        columns = program.lower, program.upper, program.integer
        return kernels.tidy(program.starts, x, *columns, tolerances.INTEGER, tolerances.COLUMN)
    off = np.abs(x - np.rint(x)) <= tolerances.INTEGER
    whole = np.where(program.integer & off, np.rint(x), x)
    inside = np.clip(whole, program.lower, program.upper)
    # Zeros without a sign: a plan that is stored keeps none, and its digest must stay.
    tidy = np.where(np.abs(inside - whole) <= tolerances.COLUMN, inside, whole) + 0.0
    if program.groups == 0:
        return np.asarray(tidy)
    miss = 1.0 - certify.group_sums(program, tidy)
    near = np.abs(miss) <= tolerances.COLUMN
    largest = largest_of_group(program, tidy)
    tidy[largest[near]] += miss[near]
    return np.asarray(tidy)
