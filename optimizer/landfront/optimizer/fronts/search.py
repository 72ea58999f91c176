"""The state of a front search: an archive of solutions, facts and a journal that only grow, and the budget.

A front method is a generator that hands out jobs; a job is a generator that yields scalar problems (`Task`)
and is sent their answers (`Solve`). Methods decide from the archive and the facts alone, and an answer
depends on its problem alone, so that a search can be replayed from its journal, resumed and run in parallel.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Mapping
from dataclasses import dataclass, field
from math import inf

import numpy as np
from numpy.typing import NDArray

from landfront.optimizer import certify, tolerances
from landfront.optimizer.engine import Basis
from landfront.optimizer.front import Fact, Floats, Point, Reason
from landfront.optimizer.points import make_point
from landfront.optimizer.program import Program
from landfront.optimizer.proof import prove
from landfront.optimizer.segments import Segment
from landfront.optimizer.task import Solve, Task

OnPoint = Callable[[Point, tuple[Fact, ...]], None]
OnProgress = Callable[[int, int | None, str], None]
OnSolve = Callable[[Solve], None]
Job = Generator[Task, Solve, None]


class Stop(Exception):
    """The search cannot go on; what was found stands."""

    def __init__(self, reason: Reason, detail: str) -> None:
        self.reason, self.detail = reason, detail
        super().__init__(detail)


class Failed(Exception):
    """The first solves found nothing at all: the program is infeasible, unbounded, or the solver failed."""

    def __init__(self, solve: Solve) -> None:
        self.solve = solve
        super().__init__(solve.detail)


@dataclass(frozen=True)
class Request:
    """What is asked of a front.

    Attributes
    ----------
    points
        How many points, or None for all.
    gap
        Share of a value (of a point) and of a range (of the front).
    solves
        Most scalar problems to solve, those in the journal included; None for any number.
    coverage
        Stop once every nondominated point is proven to lie within this share of the range of a point.
    deadline
        On the `time.monotonic` clock.
    on_solve
        Called with each answer of the journal, before anything is made of it.
    """

    points: int | None
    gap: float
    solves: int | None = None
    coverage: float = 0.0
    deadline: float = inf
    on_point: OnPoint | None = field(default=None, repr=False)
    on_progress: OnProgress | None = field(default=None, repr=False)
    on_solve: OnSolve | None = field(default=None, repr=False)


@dataclass(frozen=True)
class Accuracy:
    """Gap of a scalar problem, as in `task.Task`."""

    gap: float = 0.0
    share: float = 0.0
    most: float = inf


@dataclass(frozen=True)
class Stretch:
    """Two solutions with the same whole numbers, all mixes of which are solutions that nothing known beats.

    Attributes
    ----------
    ends
        By the first value in minimisation form, ascending.
    closed
        Whether each end is beaten by nothing known itself.
    """

    ends: tuple[Solve, Solve]
    closed: tuple[bool, bool]

    def segment(self, senses: NDArray[np.int8]) -> Segment:
        """The segment in own senses."""
        order = [0, 1] if senses[0] > 0 else [1, 0]
        values = np.array([self.ends[at].y for at in order], dtype=np.float64) * senses
        x = np.array([self.ends[at].x for at in order], dtype=np.float64)
        return Segment(values, x, (self.closed[order[0]], self.closed[order[1]]))


class Search:
    """Archive, facts and callbacks of one search; the methods decide what to solve next.

    Attributes
    ----------
    running
        Number of jobs under way: a method that has nothing else to start waits for them (`idle`).
    stretches
        Where mixes of two solutions are solutions too: set by `hold`.
    reached
        What was reached, in words, once a method does more than was asked: then the clock may stop it.
    """

    def __init__(self, program: Program, request: Request) -> None:
        self.program, self.request = program, request
        self.steps = program.steps
        self.archive: list[Solve] = []
        self.stretches: tuple[Stretch, ...] = ()
        self.facts: list[Fact] = []
        self.weak = ""
        self.reached = ""
        self.running = 0

    @property
    def values(self) -> Floats:
        """Values of the archive in minimisation form, sorted by the first, shape (s, p)."""
        return np.array([solve.y for solve in self.archive]).reshape(-1, len(self.program.senses))

    def alone(self, axis: int) -> Floats:
        """Weights of one objective alone, shape (p,); with very many groups a little of the others.

        There most groups may be indifferent to it, which leaves too many solutions equally good. Ranges are
        not known yet, and spans stand for them. What is proven bounds the objective alone as well
        (`scalarize.Scalarizer`).
        """
        weights = np.eye(len(self.program.senses))[axis]
        if self.program.groups >= tolerances.MANY_GROUPS:
            span = self.program.objective_span
            weights = np.where(weights > 0, 1.0, self.augment * span[axis] / np.where(span > 0, span, 1.0))
        return np.asarray(weights)

    @property
    def augment(self) -> float:
        """Share of an objective's range that the other ones may cost in an augmented weight."""
        many = self.program.groups >= tolerances.MANY_GROUPS
        return tolerances.AUGMENT_MANY if many else tolerances.AUGMENT

    @property
    def enough(self) -> bool:
        """Whether the asked number of points is there."""
        return self.request.points is not None and len(self.archive) >= self.request.points

    @property
    def covered(self) -> bool:
        """Whether the asked coverage is proven."""
        wanted = self.request.coverage
        if wanted <= 0:
            return False
        return prove(self.program, self.values, self.facts, self.request.gap).coverage <= wanted

    def idle(self) -> Iterator[None]:
        """Wait until no job is under way: for a method, ``yield from search.idle()``."""
        while self.running:
            yield None

    def solve(
        self,
        weights: Floats,
        *,
        main: int,
        upper: Floats | None = None,
        start: Floats | None = None,
        basis: Basis | None = None,
        accuracy: Accuracy | None = None,
        cutoff: float = inf,
        polish: bool = False,
        maybe_empty: bool = False,
        among: Floats | None = None,
    ) -> Generator[Task, Solve, Solve]:
        """Solve a scalar problem and keep its facts; its point enters the archive only by `keep`.

        A solve that only polishes `start` may fail: the start then stands. One that is `maybe_empty` may
        find that no solution lies below its caps, or below any of the corners `among`.

        Raises
        ------
        Stop
            When the clock ran out or the solver failed. A solution found by then is kept first.
        Failed
            When nothing was found yet, and there is nothing to be found.
        """
        caps = np.full(len(weights), inf) if upper is None else upper
        how = accuracy or Accuracy(share=self.request.gap)
        solve = yield Task(
            weights,
            caps,
            how.gap,
            how.share,
            main,
            how.most,
            start=start,
            cutoff=cutoff,
            basis=basis,
            among=among,
        )
        self.facts.extend(solve.facts)
        fine = solve.reason == "optimal" or (polish and solve.x is not None)
        empty = maybe_empty and solve.reason == "infeasible" and len(solve.facts) > 0
        if not fine and not empty:
            self._unfinished(solve)
        return solve

    def relax(
        self,
        weights: Floats,
        *,
        main: int,
        upper: Floats | None = None,
        slope: Floats | None = None,
        basis: Basis | None = None,
        may_fail: bool = False,
    ) -> Generator[Task, Solve, Solve]:
        """Solve a relaxation: ``relaxed`` of the result is what it reaches; its fact is kept.

        One that `may_fail` may be unbounded: nothing is proven then.
        """
        caps = np.full(len(weights), inf) if upper is None else upper
        solve = yield Task(weights, caps, main=main, relaxed=True, slope=slope, basis=basis)
        self.facts.extend(solve.facts)
        if solve.relaxed is None and not (may_fail and solve.reason == "unbounded"):
            self._unfinished(solve)
        return solve

    def on_slice(
        self, weights: Floats, fixed: Floats, *, basis: Basis | None = None
    ) -> Generator[Task, Solve, Solve | None]:
        """Solve a linear program among the solutions with these whole numbers, which proves no fact.

        None when there is none: what an integer search found may miss a row by its tolerance.
        """
        free = np.full(len(weights), inf)
        solve = yield Task(weights, free, basis=basis, fixed=fixed)
        if solve.reason == "infeasible":
            return None
        if solve.reason != "optimal" or solve.x is None:
            self._unfinished(solve)
        return solve

    def _unfinished(self, solve: Solve) -> None:
        """A solve that is not proven never ends as one: go on with a note, or stop."""
        timed_out = solve.task.seconds <= 0
        if solve.reason == "time limit" and solve.x is not None and not timed_out:
            self.weak = "a point was not proven within the asked gap in the time that one search may take"
            return
        unknown = solve.reason == "infeasible" and solve.x is None and not self.archive
        if unknown or solve.reason == "unbounded":
            raise Failed(solve)
        if solve.x is not None:
            self.keep(solve)
        if timed_out or solve.reason == "time limit":
            raise Stop("time limit", "the time limit was reached")
        raise Stop("error", f"a solve failed: {solve.reason}, {solve.detail}")

    def join(self, solve: Solve) -> None:
        """Take an answer from outside: what it proved, and its point beyond the number asked for."""
        self.facts.extend(solve.facts)
        if solve.y is not None:
            self.keep(solve, beyond=True)

    def keep(self, solve: Solve, *, beyond: bool = False) -> bool:
        """Put a solution in the archive unless it is dominated or there already; drop what it dominates.

        One that would be more than were asked for is kept only `beyond` them: what its solve proved counts
        all the same.
        Continuous columns beside whole ones reach beyond a row as far as the solver's tolerance lets them:
        solutions that differ by no more are the same one.
        """
        assert solve.y is not None
        noise = tolerances.NOISE * (np.abs(solve.y) + self.program.objective_scale)
        if self.program.integer.any() and not self.program.integer.all():
            noise = np.maximum(noise, 2 * tolerances.SOLVER_FEASIBILITY * self.program.objective_scale)
        values = self.values
        if np.any(np.all(values <= solve.y + noise, axis=1)):
            return False
        beaten = np.all(solve.y <= values + noise, axis=1)
        if self.enough and not beyond and not beaten.any():
            return False
        self.archive = [kept for kept, gone in zip(self.archive, beaten, strict=True) if not gone]
        self.archive.append(solve)
        self.archive.sort(key=_order)
        self._report(solve)
        return True

    def hold(self, solves: list[Solve], stretches: tuple[Stretch, ...]) -> None:
        """Replace the archive by these solutions, of which a method has found that none is beaten."""
        before = {id(solve) for solve in self.archive}
        self.archive = sorted(solves, key=_order)
        self.stretches = stretches
        for solve in self.archive:
            if id(solve) not in before:
                self._report(solve)

    def _report(self, solve: Solve) -> None:
        if self.request.on_point is not None:
            self.request.on_point(self.point(solve, self.bounds()), solve.facts)
        if self.request.on_progress is not None:
            self.request.on_progress(len(self.archive), self.request.points, "points")

    def bounds(self) -> certify.PointBounds:
        """What all facts so far prove of the first objective."""
        return certify.PointBounds(self.facts, certify.value_noise(self.program))

    def point(self, solve: Solve, bounds: certify.PointBounds) -> Point:
        """The point of a solution, with the best bound that is proven."""
        assert solve.y is not None
        return make_point(self.program, solve, bounds.at(solve.y))


def _order(solve: Solve) -> tuple[float, ...]:
    assert solve.y is not None
    return tuple(solve.y.tolist())


Method = Callable[[Search], Generator[Job | None, None, str]]
"""Hands out jobs; ``None`` means that nothing can be started before a job under way has ended. What it
returns says in words how far it came."""

Journal = Mapping[str, Solve]
"""Answers by the key of their problem."""
