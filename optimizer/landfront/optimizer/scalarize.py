"""One scalar problem, ``min weights @ y`` subject to ``y <= upper``: a checked solution and proven facts.

Everything is in minimisation form. Nothing else asks an engine for solutions. A solution counts only after
its columns were cleaned, its feasibility checked and its values recomputed from the data; a bound counts as
"recomputed" only when `certify.lagrangian_bound` gave it from the multipliers.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from hashlib import blake2b
from math import inf
from time import monotonic
from typing import Any

import numpy as np
from numpy.typing import NDArray

from landfront.optimizer import certify, tolerances
from landfront.optimizer.blocks import LARGE
from landfront.optimizer.core import largest_of_group, whole_part
from landfront.optimizer.engine import (
    Answer,
    Basis,
    Engine,
    Infeasible,
    Part,
    SolverError,
    Unbounded,
    choose_engine,
)
from landfront.optimizer.front import Fact, Floats, Point, Reason
from landfront.optimizer.points import compact, key_of, make_point
from landfront.optimizer.program import Program

CORE_GROUPS = 400
"""Programs with fewer groups than this go to the integer search at once: a core would be all of it."""

CORE_SIZES = (400, 1500)
"""Moves in the core, small first: larger cores cost more and are not always better."""

CORE_SECONDS = 6.0
"""Longest search in one core: what is not found by then is found sooner in the next one."""

FULL_SECONDS = 120.0
"""Longest search over all columns when groups are many and no limit was asked: past it, gaps close slowly."""

CLASH_SECONDS = 30.0
"""Longest search for the fewest limits that clash."""

TARGET_SHARE = 0.9
"""Share of the allowed gap at which a search stops, so that rounding does not push the result over it."""


@dataclass(frozen=True)
class Task:
    """A scalar problem: everything that its answer depends on, and a deadline.

    Attributes
    ----------
    weights, upper
        Minimisation form, shape (p,); ``upper`` infinite where free.
    gap
        Absolute gap of ``weights @ y`` that is good enough.
    share, main, most
        The gap may also be this share of the value, or of the change, of objective `main`, up to `most`.
    deadline
        When to stop, on the `time.monotonic` clock; no part of the problem's identity.
    start
        A solution known to satisfy the caps, or None.
    relaxed
        Only the relaxation is wanted: its values and its proof, no solution.
    cutoff
        Solutions with ``weights @ y`` at or above it are not wanted: that there are no others is enough.
    slope
        With it the relaxation minimises ``weights @ y + t`` subject to ``y <= upper + slope * t``.
    basis
        Where the relaxation starts; None for a cold start.
    fixed
        Only solutions with these values of the integer columns count, shape (k,); None for all. What is
        proven then holds for them alone (see `slices`).
    among
        Solutions must lie below one of these corners, too, shape (k, p); infinite on an axis for all or none.
        What an integer search proves is a fact for each corner.
    """

    weights: Floats
    upper: Floats
    gap: float = 0.0
    share: float = 0.0
    main: int = 0
    most: float = inf
    deadline: float = inf
    start: NDArray[Any] | None = field(default=None, repr=False)
    relaxed: bool = False
    cutoff: float = inf
    slope: Floats | None = None
    basis: Basis | None = field(default=None, repr=False)
    fixed: Floats | None = field(default=None, repr=False)
    among: Floats | None = field(default=None, repr=False)

    @property
    def corners(self) -> Floats:
        """Below one of which solutions must lie, shape (k, p)."""
        return self.upper[None] if self.among is None else np.minimum(self.among, self.upper)

    @property
    def seconds(self) -> float:
        """Seconds left."""
        return max(self.deadline - monotonic(), 0.0)

    @cached_property
    def key(self) -> str:
        """Digest of the problem, without its deadline, 16 hexadecimal digits."""
        numbers = np.array([self.gap, self.share, self.main, self.most, self.relaxed, self.cutoff])
        slope = np.zeros(0) if self.slope is None else self.slope
        start = "" if self.start is None else key_of(self.start)
        start += "" if self.basis is None else self.basis.key
        parts = [
            self.weights.tobytes(),
            self.upper.tobytes(),
            numbers.tobytes(),
            slope.tobytes(),
            start.encode(),
            b"" if self.fixed is None else self.fixed.tobytes(),
            *(() if self.among is None else (self.among.tobytes(),)),
        ]
        return blake2b(b"|".join(parts), digest_size=8).hexdigest()


@dataclass(frozen=True)
class Solve:
    """What a scalar problem gave.

    Attributes
    ----------
    x, y
        A feasible solution, shape (m,), as bytes when all is 0 or 1, and its values in minimisation form,
        shape (p,); or None.
    facts
        What was proven, whatever the reason.
    beta
        The best proven bound of ``weights @ y``.
    reason, detail
        Why it ended. "optimal" means proven within the gap of the task.
    row_prices, cap_prices
        Multipliers of the relaxation, shapes (r,) and (p,).
    relaxed
        Values of the relaxation's solution in minimisation form, shape (p,), or None.
    searches
        Integer searches that were run.
    basis
        Where the relaxation ended.
    """

    task: Task
    x: NDArray[Any] | None
    y: Floats | None
    facts: tuple[Fact, ...]
    beta: float
    reason: Reason
    detail: str
    row_prices: Floats
    cap_prices: Floats
    seconds: float
    relaxed: Floats | None = None
    searches: int = 0
    basis: Basis | None = field(default=None, repr=False)


class Scalarizer:
    """Solves scalar problems over one program with one engine."""

    def __init__(self, program: Program, engine: Engine) -> None:
        self.program = program
        self.engine = engine

    def solve(self, task: Task) -> Solve:
        """Solve one scalar problem; a solver's failure is a reason, never an exception."""
        began = monotonic()
        relaxed, facts = self._relax(task)
        attempt = _Attempt(self.program, task, facts)
        if relaxed.x is not None:
            attempt.relax_to(self.program.senses * self.program.values(relaxed.x), relaxed.basis)
        if not task.relaxed:
            relaxed = self._solve(task, attempt, relaxed)
            if relaxed.reason == "infeasible" and attempt.x is None:
                attempt.facts.extend(self._emptiness(task, searched=attempt.searches > 0))
        return attempt.result(relaxed, seconds=monotonic() - began)

    def _solve(self, task: Task, attempt: _Attempt, relaxed: Answer) -> Answer:
        """From the relaxation to a solution."""
        whole = bool(self.program.integer.any())
        if relaxed.x is not None:
            attempt.offer(clean(self.program, relaxed.x), integral=not whole, exact=whole)
        if task.start is not None:
            attempt.offer(np.asarray(task.start, dtype=np.float64))
        if relaxed.reason == "optimal" and whole and not attempt.closed:
            return self._search(task, attempt, relaxed)
        return relaxed

    def _relax(self, task: Task) -> tuple[Answer, tuple[Fact, ...]]:
        """The relaxation's answer, the fact about the task first, and what else its multipliers say."""
        if task.slope is not None:
            return self._stretch(task)
        answer = self._ask_relax(task)
        fact = Fact(task.weights, task.upper, -inf, "recomputed", answer.row_prices, answer.cap_prices)
        if answer.reason != "optimal":
            return answer, (fact,)
        fact = certify.recomputed(self.program, fact)
        if fact.beta > -inf:
            return answer, (fact,)
        # A column without an end and a reduced cost of 1e-17 leave nothing to recompute.
        fact = claim(task, answer.bound, self.program)
        priced = np.isfinite(task.upper) & (answer.cap_prices > 0)
        return answer, (fact, beyond(fact, np.where(priced, answer.cap_prices, 0.0))) if priced.any() else (
            fact,
        )

    def _ask_relax(self, task: Task) -> Answer:
        """Ask the engine; what it raises is an answer too, so that a search keeps what it has."""
        try:
            answer = self.engine.relax(
                task.weights, task.upper, seconds=task.seconds, start=task.basis, slope=task.slope
            )
        except Exception as error:
            return self._no_answer(error)
        if answer.reason == "optimal" and answer.x is None:
            return replace(answer, reason="error", detail=f"no solution came with {answer.detail!r}")
        return answer

    def _ask_search(self, task: Task, part: Part, seconds: float) -> Answer:
        """The engine's answer; continuous columns are solved again where rounding whole ones breaks a row."""
        answer, loose = self._searched(task, part, seconds), ~self.program.integer
        if answer.x is None or not loose.any():
            return answer
        x = clean(self.program, answer.x)
        if certify.is_exact(self.program, x, task.upper):
            return answer
        again = self._searched(task, Part(loose, x), task.seconds)
        return answer if again.x is None else replace(answer, x=again.x)

    def _searched(self, task: Task, part: Part, seconds: float) -> Answer:
        try:
            return self.engine.search(task.weights, task.upper, part=part, seconds=seconds)
        except Exception as error:
            return self._no_answer(error)

    def _no_answer(self, error: Exception) -> Answer:
        rows, p = self.program.rows.shape[0], len(self.program.senses)
        words = f"{type(error).__name__}: {error}"
        return Answer("error", None, -inf, np.zeros(rows), np.zeros(p), words)

    def _stretch(self, task: Task) -> tuple[Answer, tuple[Fact, ...]]:
        """The relaxation with movable caps; the prices of the caps are weights of a half-plane."""
        answer = self._ask_relax(task)
        prices = np.maximum(np.nan_to_num(answer.cap_prices), 0.0)
        free, none = np.full(len(prices), inf), np.zeros(len(prices))
        fact = Fact(task.weights + prices, free, -inf, "recomputed", answer.row_prices, none)
        return answer, (certify.recomputed(self.program, fact) if answer.reason == "optimal" else fact,)

    def _emptiness(self, task: Task, *, searched: bool) -> tuple[Fact, ...]:
        """That nothing lies below the caps: by the search's word, or by a half-plane's multipliers.

        Without such a proof, as in an infeasible program, there is no fact.
        """
        if not np.isfinite(task.upper).any():
            return ()
        none = np.zeros(len(task.upper))
        if searched:
            rows = np.zeros(self.program.rows.shape[0])
            return tuple(Fact(task.weights, upper, inf, "claimed", rows, none) for upper in task.corners)
        _, facts = self._stretch(replace(task, weights=none, slope=self.program.objective_span))
        reach = np.where(facts[0].weights > 0, task.upper, 0.0)
        return facts if float(facts[0].weights @ reach) < facts[0].beta else ()

    def _search(self, task: Task, attempt: _Attempt, relaxed: Answer) -> Answer:
        """Near the relaxation first, then cores, then everything; the last answer says why it ended."""
        assert relaxed.x is not None
        last = relaxed
        if self.program.groups >= CORE_GROUPS:
            self._round(task, attempt, relaxed.x)
            for size in CORE_SIZES:
                if attempt.closed or task.seconds <= 0 or size >= self.program.groups:
                    break
                last = self._core(task, attempt, self.engine.core(attempt.fact, relaxed.x, size=size))
        if attempt.closed:
            return last
        return self._full(task, attempt, last)

    def _round(self, task: Task, attempt: _Attempt, x: Floats) -> None:
        """What is found without a tree; what the engine raises is worth a tree."""
        target = attempt.fact.beta + TARGET_SHARE * attempt.allowed
        try:
            rounded = self.engine.round(
                task.weights, task.upper, attempt.fact, x, target=target, seconds=task.seconds
            )
        except Exception:
            return
        if rounded is not None:
            attempt.offer(rounded)

    def _core(self, task: Task, attempt: _Attempt, part: Part) -> Answer:
        allowed = TARGET_SHARE * attempt.allowed
        seconds = min(task.seconds, CORE_SECONDS)
        part = attempt.prepare(part, gap=allowed / 4, target=attempt.fact.beta + allowed)
        answer = self._ask_search(task, part, seconds)
        attempt.offer_answer(answer)
        return answer

    def _full(self, task: Task, attempt: _Attempt, last: Answer) -> Answer:
        program = self.program
        seconds = task.seconds
        part = whole_part(program)
        if program.groups >= CORE_GROUPS:
            seconds = min(seconds, FULL_SECONDS)
        # What a column loses says nothing against a bound that its prices do not prove.
        if program.groups >= CORE_GROUPS and attempt.fact.proof == "recomputed":
            rest = self.engine.rest(attempt.fact, attempt.value - attempt.fact.beta)
            if rest is None:
                words = "too many columns can still win for a search of all of them"
                return replace(last, reason="time limit", detail=words)
            part = rest
        part = attempt.prepare(part, gap=TARGET_SHARE * attempt.allowed, target=-inf)
        answer = self._ask_search(task, part, seconds)
        attempt.offer_answer(answer)
        if answer.reason in ("optimal", "time limit") and answer.bound > -inf:
            attempt.claim(min(answer.bound, attempt.value))
        return answer


class _Attempt:
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


def solve_single(
    program: Program, objective: int, *, gap: float = 1e-4, time_limit: float | None = None
) -> Point:
    """The best solution for one objective.

    Parameters
    ----------
    program
        Any number of objectives; the point carries the values of all.
    objective
        Which one to optimise.
    gap
        Largest gap, as a share of the value or of its change.
    time_limit
        Seconds.

    Returns
    -------
    Point
        With `bound` and `gap` of the objective asked for. ``termination`` says whether the gap was reached.

    Raises
    ------
    Infeasible, Unbounded, SolverError
    """
    engine, _ = choose_engine(program)
    deadline = monotonic() + time_limit if time_limit is not None else inf
    weights = np.zeros(len(program.senses))
    weights[objective] = 1.0
    task = Task(weights, np.full(len(weights), inf), share=gap, main=objective, deadline=deadline)
    solve = Scalarizer(program, engine).solve(task)
    if solve.x is None or solve.reason == "unbounded":
        raise failure(solve, engine, program)
    return make_point(program, solve, solve.beta, objective=objective)


def failure(solve: Solve, engine: Engine, program: Program) -> Exception:
    """The exception for a solve without a solution."""
    if solve.reason == "infeasible":
        rows = engine.clash(seconds=min(max(solve.task.seconds, 1.0), CLASH_SECONDS))
        return Infeasible(rows, tuple(program.row_names[row] for row in rows))
    if solve.reason == "unbounded":
        return Unbounded("an objective can be improved without end: bound its columns or add a limit")
    return SolverError(f"no solution was found: {solve.reason}, {solve.detail}")
