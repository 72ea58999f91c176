"""One scalar problem, ``min weights @ y`` subject to ``y <= upper``: a checked solution and proven facts.

Everything is in minimisation form. Nothing else asks an engine for solutions. A solution counts only after
its columns were cleaned, its feasibility checked and its values recomputed from the data; a bound counts as
"recomputed" only when `certify.lagrangian_bound` gave it from the multipliers.
"""

from __future__ import annotations

from dataclasses import replace
from math import inf
from time import monotonic

import numpy as np

from landfront.optimizer import certify, tolerances
from landfront.optimizer.attempt import Attempt, beyond, claim, clean
from landfront.optimizer.core import whole_part
from landfront.optimizer.engine import (
    Answer,
    Engine,
    Infeasible,
    Part,
    SolverError,
    Unbounded,
    choose_engine,
)
from landfront.optimizer.front import Fact, Floats, Point
from landfront.optimizer.points import make_point
from landfront.optimizer.program import Program
from landfront.optimizer.task import Solve, Task

CORE_GROUPS = 400
"""Programs with fewer groups than this go to the integer search at once: a core would be all of it."""

CORE_SIZES = (400, 1500)
"""Moves in the core, small first: larger cores cost more and are not always better."""

CORE_SECONDS = 6.0
"""Longest search in one core: what is not found by then is found sooner in the next one."""

BETTERED = 2.0
"""Longest search in one core that is only to better a solution that is known."""

FULL_SECONDS = 120.0
"""Longest search over all columns of many groups where nothing else is said: past it, gaps close slowly."""

CLASH_SECONDS = 30.0
"""Longest search for the fewest limits that clash."""

TARGET_SHARE = 0.9
"""Share of the allowed gap at which a search stops, so that rounding does not push the result over it."""


class Scalarizer:
    """Solves scalar problems over one program with one engine.

    Attributes
    ----------
    longest
        Longest search over all columns of many groups, in seconds: one problem of many is not worth all the
        time that there is.
    """

    def __init__(self, program: Program, engine: Engine, *, longest: float = FULL_SECONDS) -> None:
        self.program = program
        self.engine = engine
        self.longest = longest

    def solve(self, task: Task) -> Solve:
        """Solve one scalar problem; a solver's failure is a reason, never an exception."""
        began = monotonic()
        relaxed, facts = self._relax(task)
        attempt = Attempt(self.program, task, facts)
        if relaxed.x is not None and relaxed.reason == "optimal":
            attempt.relax_to(self.program.senses * self.program.values(relaxed.x), relaxed.basis)
        if not task.relaxed:
            relaxed = self._solve(task, attempt, relaxed)
            if relaxed.reason == "infeasible" and attempt.x is None:
                attempt.facts.extend(self._emptiness(task, searched=attempt.searches > 0))
        return attempt.result(relaxed, seconds=monotonic() - began)

    def _solve(self, task: Task, attempt: Attempt, relaxed: Answer) -> Answer:
        """From the relaxation to a solution."""
        whole = bool(self.program.integer.any())
        if relaxed.x is not None:
            finished = relaxed.reason == "optimal"
            attempt.offer(clean(self.program, relaxed.x), integral=finished and not whole, exact=whole)
        if task.start is not None:
            attempt.offer(np.asarray(task.start, dtype=np.float64))
        if relaxed.x is not None and whole and not attempt.closed:
            return self._search(task, attempt, relaxed)
        return relaxed

    def _relax(self, task: Task) -> tuple[Answer, tuple[Fact, ...]]:
        """The relaxation's answer, the fact about the task first, and what else its multipliers say."""
        if task.slope is not None:
            return self._stretch(task)
        answer = self._ask_relax(task)
        fact = Fact(task.weights, task.upper, -inf, "recomputed", answer.row_prices, answer.cap_prices)
        if answer.reason not in ("optimal", "time limit"):
            return answer, (fact,)
        fact = certify.recomputed(self.program, fact)
        if answer.reason == "time limit":
            return answer, (fact,)
        if fact.beta > -inf:
            return answer, (fact, *self._alone(task, fact))
        # A column without an end and a reduced cost of 1e-17 leave nothing to recompute.
        fact = claim(task, answer.bound, self.program)
        priced = np.isfinite(task.upper) & (answer.cap_prices > 0)
        return answer, (fact, beyond(fact, np.where(priced, answer.cap_prices, 0.0))) if priced.any() else (
            fact,
        )

    def _alone(self, task: Task, fact: Fact) -> tuple[Fact, ...]:
        """What the multipliers of very many groups say of the main objective alone, where others only help.

        Without it nothing would bound an objective that never is asked for alone.
        """
        others = np.arange(len(task.weights)) != task.main
        if self.program.groups < tolerances.MANY_GROUPS or not task.weights[others].any():
            return ()
        if np.isfinite(task.upper).any():
            return ()
        weights = np.where(others, 0.0, task.weights)
        return (certify.recomputed(self.program, replace(fact, weights=weights)),)

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

    def _search(self, task: Task, attempt: Attempt, relaxed: Answer) -> Answer:
        """Near the relaxation first, then cores, then everything; the last answer says why it ended."""
        assert relaxed.x is not None
        last = relaxed
        if self.program.groups >= CORE_GROUPS:
            # Cores move linking columns, which finds most that is dear to find with tighter rows.
            linked = self.program.columns > self.program.starts[-1]
            self._round(task, attempt, relaxed.x)
            if attempt.x is None and not linked:
                self._round(task, attempt, relaxed.x, tighter=True)
            for size in CORE_SIZES:
                if attempt.closed or task.seconds <= 0 or size >= self.program.groups:
                    break
                part = self.engine.core(attempt.fact, relaxed.x, size=size)
                if part is None:
                    break
                last = self._core(task, attempt, part)
                if attempt.x is None and linked and size == CORE_SIZES[0]:
                    self._round(task, attempt, relaxed.x, tighter=True)
        if attempt.closed:
            return last
        return self._full(task, attempt, last)

    def _round(self, task: Task, attempt: Attempt, x: Floats, *, tighter: bool = False) -> None:
        """Offer what is found without a tree; what the engine raises is worth a tree."""
        target = attempt.fact.beta + TARGET_SHARE * attempt.allowed
        try:
            rounded = self.engine.round(
                task.weights,
                task.upper,
                attempt.fact,
                x,
                target=target,
                seconds=task.seconds,
                tighter=tighter,
            )
        except Exception:
            return
        if rounded is not None:
            attempt.offer(rounded)

    def _core(self, task: Task, attempt: Attempt, part: Part) -> Answer:
        allowed = TARGET_SHARE * attempt.allowed
        seconds = min(task.seconds, CORE_SECONDS if attempt.x is None else BETTERED)
        part = attempt.prepare(part, gap=allowed / 4, target=attempt.fact.beta + allowed)
        answer = self._ask_search(task, part, seconds)
        attempt.offer_answer(answer)
        return answer

    def _full(self, task: Task, attempt: Attempt, last: Answer) -> Answer:
        program = self.program
        seconds = task.seconds
        part = whole_part(program)
        if program.groups >= CORE_GROUPS:
            seconds = min(seconds, self.longest)
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
    # Who says how long it may take means this one problem.
    longest = FULL_SECONDS if time_limit is None else inf
    solve = Scalarizer(program, engine, longest=longest).solve(task)
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
