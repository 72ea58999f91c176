"""The state of a front search: an archive of solutions, a list of facts that only grows, and the clock."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from math import inf
from time import monotonic

import numpy as np

from landfront.optimizer import certify, tolerances
from landfront.optimizer.engine import Engine
from landfront.optimizer.front import Fact, Floats, Point, Reason
from landfront.optimizer.points import make_point
from landfront.optimizer.program import Program
from landfront.optimizer.scalarize import Scalarizer, Solve, Task, failure

OnPoint = Callable[[Point, tuple[Fact, ...]], None]
OnProgress = Callable[[int, int | None, str], None]


class Stop(Exception):
    """The search cannot go on; what was found stands."""

    def __init__(self, reason: Reason, detail: str) -> None:
        self.reason, self.detail = reason, detail
        super().__init__(detail)


@dataclass(frozen=True)
class Request:
    """What is asked of a front.

    Attributes
    ----------
    points
        How many points, or None for all.
    gap
        Share of a value (of a point) and of a range (of the front).
    deadline
        On the `time.monotonic` clock.
    """

    points: int | None
    gap: float
    deadline: float = inf
    on_point: OnPoint | None = field(default=None, repr=False)
    on_progress: OnProgress | None = field(default=None, repr=False)


@dataclass(frozen=True)
class Accuracy:
    """Gap of a scalar problem, as in `scalarize.Task`."""

    gap: float = 0.0
    share: float = 0.0
    most: float = inf


class Search:
    """Archive, facts, clock and callbacks of one search; the methods decide what to solve next."""

    def __init__(self, program: Program, engine: Engine, request: Request) -> None:
        self.program, self.engine, self.request = program, engine, request
        self.scalarizer = Scalarizer(program, engine)
        self.steps = program.steps
        self.archive: list[Solve] = []
        self.facts: list[Fact] = []
        self.weak = ""

    @property
    def values(self) -> Floats:
        """Values of the archive in minimisation form, sorted by the first, shape (s, p)."""
        return np.array([solve.y for solve in self.archive]).reshape(-1, len(self.program.senses))

    @property
    def integers(self) -> bool:
        """Whether mixes of solutions may not be solutions."""
        return bool(self.program.integer.any())

    @property
    def enough(self) -> bool:
        """Whether the asked number of points is there."""
        return self.request.points is not None and len(self.archive) >= self.request.points

    def solve(
        self,
        weights: Floats,
        *,
        main: int,
        upper: Floats | None = None,
        start: Floats | None = None,
        accuracy: Accuracy | None = None,
        polish: bool = False,
    ) -> Solve:
        """Solve a scalar problem and keep its facts; its point enters the archive only by `keep`.

        A solve that only polishes `start` may fail: the start then stands.

        Raises
        ------
        Stop
            When the clock ran out or the solver failed. A solution found by then is kept first.
        """
        if monotonic() >= self.request.deadline:
            raise Stop("time limit", "the time limit was reached")
        caps = np.full(len(weights), inf) if upper is None else upper
        how = accuracy or Accuracy(share=self.request.gap)
        task = Task(weights, caps, how.gap, how.share, main, how.most, self.request.deadline, start)
        solve = self.scalarizer.solve(task)
        self.facts.extend(solve.facts)
        if solve.reason == "optimal" or (polish and solve.x is not None):
            return solve
        self._unfinished(solve)
        return solve

    def relax(self, weights: Floats, *, main: int) -> Floats:
        """Values of the relaxation's solution, in minimisation form; its fact is kept."""
        task = Task(weights, np.full(len(weights), inf), main=main, deadline=self.request.deadline)
        values, solve = self.scalarizer.relax(task)
        self.facts.extend(solve.facts)
        if values is None:
            self._unfinished(solve)
        assert values is not None
        return values

    def _unfinished(self, solve: Solve) -> None:
        """A solve that is not proven never ends as one: go on with a note, or stop."""
        timed_out = monotonic() >= self.request.deadline
        if solve.reason == "time limit" and solve.x is not None and not timed_out:
            self.weak = "a point was not proven within the asked gap in the time that one search may take"
            return
        unknown = solve.reason == "infeasible" and solve.x is None and not self.archive
        if unknown or solve.reason == "unbounded":
            raise failure(solve, self.engine, self.program)
        if solve.x is not None:
            self.keep(solve)
        if timed_out or solve.reason == "time limit":
            raise Stop("time limit", "the time limit was reached")
        raise Stop("error", f"a solve failed: {solve.reason}, {solve.detail}")

    def keep(self, solve: Solve) -> bool:
        """Put a solution in the archive unless it is dominated or there already; drop what it dominates."""
        assert solve.y is not None
        noise = tolerances.NOISE * (np.abs(solve.y) + self.program.objective_scale)
        values = self.values
        if np.any(np.all(values <= solve.y + noise, axis=1)):
            return False
        beaten = np.all(solve.y <= values + noise, axis=1)
        self.archive = [kept for kept, gone in zip(self.archive, beaten, strict=True) if not gone]
        self.archive.append(solve)
        self.archive.sort(key=lambda kept: float(kept.y[0]) if kept.y is not None else inf)
        self._report(solve)
        return True

    def _report(self, solve: Solve) -> None:
        if self.request.on_point is not None:
            self.request.on_point(self.point(solve), solve.facts)
        if self.request.on_progress is not None:
            self.request.on_progress(len(self.archive), self.request.points, "points")

    def point(self, solve: Solve) -> Point:
        """The point of a solution, with the best bound that all facts so far prove."""
        assert solve.y is not None
        bound = certify.point_bound(self.facts, solve.y, certify.value_noise(self.program))
        return make_point(self.program, solve, bound)
