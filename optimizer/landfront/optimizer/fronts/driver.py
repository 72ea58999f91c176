"""The driver of every method: runs its jobs, keeps budget and journal, and builds the front.

A front is called complete only when `proof` derives from the archive and the facts that nothing is missing.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from concurrent.futures import Executor
from dataclasses import replace
from functools import partial
from math import inf
from time import monotonic
from typing import Literal

from landfront.optimizer.engine import Doubling, Engine, choose_engine
from landfront.optimizer.front import Front, Reason
from landfront.optimizer.fronts.choose import choose_method
from landfront.optimizer.fronts.pool import Abreast, Here, MakeEngine, Pool, There
from landfront.optimizer.fronts.search import (
    Failed,
    Job,
    Journal,
    Method,
    OnPoint,
    OnProgress,
    OnSolve,
    Request,
    Search,
    Stop,
)
from landfront.optimizer.program import Program
from landfront.optimizer.proof import prove
from landfront.optimizer.sane import check_program
from landfront.optimizer.scalarize import failure
from landfront.optimizer.segments import minimised
from landfront.optimizer.task import Solve, Task


def solve_front(
    program: Program,
    *,
    points: int | Literal["all"] = 40,
    gap: float = 1e-4,
    time_limit: float | None = None,
    max_solves: int | None = None,
    coverage: float = 0.0,
    method: str = "auto",
    on_point: OnPoint | None = None,
    on_progress: OnProgress | None = None,
    on_solve: OnSolve | None = None,
    engine: Engine | MakeEngine | None = None,
    solver: str | None = None,
    executor: Executor | None = None,
    workers: int | None = None,
    resume: Front | Iterable[Solve] = (),
    also: Collection[str] = (),
) -> Front:
    """The front of a program with two objectives or more.

    Parameters
    ----------
    program
        With two objectives or more.
    points
        How many points, at least 2; "all" for the complete front: every vertex without integers, every
        nondominated point (up to the gap where values are real) with them.
    gap
        A point is proven within this share of its value; a complete front within this share of its range.
    time_limit
        Seconds for everything. What was found by then is returned.
    max_solves
        Most scalar problems to solve; what was resumed counts.
    coverage
        Stop once every nondominated point is proven to lie within this share of the range of a point.
    method
        "auto" or a name from `choose.METHODS`.
    on_point
        Called with each new point and the facts that its solve proved. A point may be beaten later.
    on_progress
        Called with the number of points, the number asked for (None for all) and a word.
    on_solve
        Called with each answer that enters the journal, resumed ones too, before anything is made of it: who
        keeps them can resume.
    engine
        Instead of the one that `choose_engine` takes; with an executor, a function of the program that
        makes one in each process.
    solver
        Name of a solver to use through Pyomo, such as "scip"; see `engine.choose_engine`.
    executor
        Solve several problems at once through it; it stays open.
    workers
        How many at once, where the executor does not say.
    resume
        A front of the same program, or its journal: what is known is not solved again. The result is the
        same as that of one uninterrupted run, so that points can be added to a finished front too.
    also
        Keys of tasks in `resume` that somebody asked beside the method: their points and facts join the front
        once the method has ended, beyond the number of points.

    Returns
    -------
    Front
        Interrupted, timed out or failed searches return what was found, with the reason.

    Raises
    ------
    Infeasible, Unbounded, SolverError
        From the first solves.
    ValueError
        If the program is not fit for a front, or the method cannot take it.
    """
    _check(program, points, gap)
    run, method_words = choose_method(program, method, points)
    began = monotonic()
    request = Request(
        points=None if points == "all" else int(points),
        gap=gap,
        solves=max_solves,
        coverage=coverage,
        deadline=inf if time_limit is None else began + time_limit,
        on_point=on_point,
        on_progress=on_progress,
        on_solve=on_solve,
    )
    if engine is None and solver is not None:
        engine = partial(make_engine, solver=solver)
    asked, engine_words = _engine(program, engine)
    journal = resume.journal if isinstance(resume, Front) else tuple(resume)
    pool = _pool(program, asked, engine, executor=executor, workers=workers)
    search = Search(program, request)
    driver = Driver(search, pool, {solve.task.key: solve for solve in journal})
    try:
        reason, detail = driver.run(run)
        driver.join(also)
    except Failed as failed:
        raise failure(failed.solve, asked, program) from None
    words = f"{method_words}; {engine_words}"
    return build_front(driver, reason, detail, seconds=monotonic() - began, method=words, solver=asked.name)


def _check(program: Program, points: int | str, gap: float) -> None:
    check_program(program)
    if points != "all" and (not isinstance(points, int) or points < 2):
        raise ValueError(f'points must be "all" or a whole number from 2 on, not {points!r}')
    if not 0 < gap < 1:
        raise ValueError(f"gap must lie between 0 and 1, not {gap!r}")


def make_engine(program: Program, *, solver: str) -> Engine:
    """The engine of a solver by its name."""
    return choose_engine(program, solver)[0]


def _engine(program: Program, engine: Engine | MakeEngine | None) -> tuple[Engine, str]:
    if engine is None:
        return choose_engine(program)
    made = engine(program) if callable(engine) else engine
    return made, made.name


def _pool(
    program: Program,
    engine: Engine,
    asked: Engine | MakeEngine | None,
    *,
    executor: Executor | None,
    workers: int | None,
) -> Pool:
    if executor is None:
        make = asked if callable(asked) else None
        if isinstance(engine, Doubling) and (other := engine.beside()) is not None:
            return Abreast(program, [engine, other], make)
        return Here(program, engine, make)
    if asked is not None and not callable(asked):
        raise ValueError("with an executor give a function that makes the engine, not an engine")
    return There(program, executor, workers=workers, make=asked)


class Driver:
    """Runs the jobs of a method through a pool, with the journal's answers where it has them."""

    def __init__(self, search: Search, pool: Pool, journal: Journal) -> None:
        self.search, self._pool, self._known = search, pool, journal
        self._waiting: dict[str, list[Job]] = {}
        self.journal: dict[str, Solve] = {}

    def run(self, method: Method) -> tuple[Reason, str]:
        """Run a method to its end, and say why it ended."""
        try:
            return self._finish(self._run(method))
        except Stop as stop:
            return stop.reason, stop.detail
        except KeyboardInterrupt:
            return "interrupted", "interrupted from the keyboard"
        finally:
            self._pool.drop()

    def join(self, keys: Collection[str]) -> None:
        """Take answers that somebody asked beside the method."""
        for key in keys:
            solve = self._known.get(key)
            if solve is not None and key not in self.journal:
                self._note(solve)
                self.search.join(solve)

    def _finish(self, detail: str) -> tuple[Reason, str]:
        return ("points reached" if self.search.enough else "optimal"), detail

    def _run(self, method: Method) -> str:
        jobs = method(self.search)
        detail: str | None = None
        while detail is None or self._waiting:
            while detail is None and len(self._waiting) < self._pool.width:
                try:
                    job = next(jobs)
                except StopIteration as end:
                    detail = str(end.value)
                    break
                if job is None:
                    break
                self._advance(job, None)
            if self._waiting:
                self._take()
        return detail

    def _take(self) -> None:
        """Wait for an answer, and hand it to those who asked."""
        try:
            task, solve = self._pool.next_done()
        except Exception as error:
            raise Stop("error", f"a worker failed: {error}") from error
        self._note(solve)
        for job in self._waiting.pop(task.key):
            self._advance(job, solve)

    def _advance(self, job: Job, answer: Solve | None) -> None:
        """Send a job the answer that it waited for, if any; unless it ends, it asks the next question."""
        try:
            task = next(job) if answer is None else job.send(answer)
        except StopIteration:
            return
        finally:
            self.search.running = len(self._waiting)
        self._submit(task, job)

    def _submit(self, task: Task, job: Job) -> None:
        if task.key in self._waiting:
            self._waiting[task.key].append(job)
            return
        if (known := self._known.get(task.key)) is not None:
            self._waiting[task.key] = [job]
            self.search.running = len(self._waiting)
            self._pool.known(task, known)
            return
        request = self.search.request
        if monotonic() >= request.deadline:
            raise Stop("time limit", "the time limit was reached")
        if request.solves is not None and len(self.journal) + len(self._waiting) >= request.solves:
            raise Stop("points reached", f"the asked number of {request.solves} solves was reached")
        self._waiting[task.key] = [job]
        self.search.running = len(self._waiting)
        self._pool.submit(replace(task, deadline=request.deadline))

    def _note(self, solve: Solve) -> None:
        """Answers that the deadline cut short are no part of the journal: they would be another's later."""
        if solve.reason not in ("interrupted", "error") and solve.task.seconds > 0:
            self.journal[solve.task.key] = solve
            if self.search.request.on_solve is not None:
                self.search.request.on_solve(solve)


def build_front(
    driver: Driver, reason: Reason, detail: str, *, seconds: float, method: str, solver: str
) -> Front:
    """The front of an archive: own senses, bounds by all facts, and what is proven of the whole."""
    search = driver.search
    program = search.program
    segments = [stretch.segment(program.senses) for stretch in search.stretches]
    segments.sort(key=lambda segment: float(segment.values[0, 0]))
    ends = minimised(segments, program.senses) if segments else None
    proven = prove(program, search.values, search.facts, search.request.gap, segments=ends)
    wanted = search.request.coverage
    if reason == "time limit" and search.reached and proven.complete:
        reason, detail = "optimal", search.reached
    if reason == "optimal" and not proven.complete and proven.coverage <= wanted:
        reason, detail = "points reached", f"the asked coverage of {wanted:.3g} is proven"
    elif reason == "optimal" and not proven.complete:
        reason = "time limit" if search.weak else "error"
    if search.weak and not proven.complete:
        detail = f"{detail}; {search.weak}"
    bounds = search.bounds()
    points = [search.point(solve, bounds) for solve in search.archive]
    points.sort(key=lambda point: tuple(point.values.tolist()))
    return Front(
        criteria=program.objective_names,
        senses=program.senses,
        points=tuple(points),
        facts=tuple(search.facts),
        reason=reason,
        detail=detail,
        seconds=seconds,
        solves=len(driver.journal),
        searches=sum(solve.searches for solve in driver.journal.values()),
        method=method,
        solver=solver,
        segments=tuple(segments),
        journal=tuple(driver.journal.values()),
        program=program,
        asked=search.request.gap,
        **proven.stated(program.senses),
    )
