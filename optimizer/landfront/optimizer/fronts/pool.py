"""Where scalar problems are solved: in this process one after the other or some at a time, or through any
executor.

An executor is anything with the ``concurrent.futures.Executor`` interface: threads, processes, a Dask
client's executor. The program travels as bytes with each problem and is unpacked once per process.
"""

from __future__ import annotations

import os
import pickle
import threading
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, replace
from hashlib import blake2b
from math import inf
from queue import SimpleQueue
from time import monotonic

from landfront.optimizer.engine import Engine, choose_engine
from landfront.optimizer.program import Program
from landfront.optimizer.slices import Slices
from landfront.optimizer.task import Solve, Task

MakeEngine = Callable[[Program], Engine]

KEPT = 2
"""Programs whose solver a worker keeps."""


@dataclass(frozen=True)
class Shared:
    """A program and its engine's maker as bytes, for processes that do not share memory."""

    digest: bytes
    packed: bytes


def share(program: Program, make: MakeEngine | None) -> Shared:
    """Pack a program without the arrays that can be derived again."""
    packed = pickle.dumps((replace(program), make), protocol=5)
    return Shared(blake2b(packed, digest_size=16).digest(), packed)


def solve_shared(shared: Shared, task: Task, seconds: float) -> Solve:
    """Solve one problem in a worker."""
    return _kept.solver(shared).solve(replace(task, deadline=monotonic() + seconds))


class _Kept(threading.local):
    """Solvers by the digest of their program; each thread has its own, as one does one thing at a time."""

    def __init__(self) -> None:
        self._solvers: dict[bytes, Slices] = {}

    def solver(self, shared: Shared) -> Slices:
        """The solver of a program, made when it is first asked for."""
        found = self._solvers.pop(shared.digest, None)
        self._solvers[shared.digest] = found or _unpack(shared)
        while len(self._solvers) > KEPT:
            del self._solvers[next(iter(self._solvers))]
        return self._solvers[shared.digest]


_kept = _Kept()


def _unpack(shared: Shared) -> Slices:
    program, make = pickle.loads(shared.packed)
    engine = make(program) if make is not None else choose_engine(program)[0]
    return Slices(program, engine, make)


class Here:
    """Solves in this process, one problem at a time."""

    width = 1

    def __init__(self, program: Program, engine: Engine, make: MakeEngine | None = None) -> None:
        self._solver = Slices(program, engine, make)
        self._done: list[tuple[Task, Solve]] = []

    def submit(self, task: Task) -> None:
        """Solve at once; `next_done` gives the answer."""
        self._done.append((task, self._solver.solve(task)))

    def known(self, task: Task, solve: Solve) -> None:
        """Take an answer of before as that of a problem."""
        self._done.append((task, replace(solve, task=task)))

    def next_done(self) -> tuple[Task, Solve]:
        """The oldest answer that was not fetched yet."""
        return self._done.pop(0)

    def drop(self) -> None:
        """Nothing is ever under way."""


class Abreast:
    """Solves in threads of this process, one problem per engine at a time.

    Answers come in the order of the questions, whichever is there first, and those of before take their
    place among them: so what is asked next depends on no clock, and a front that is resumed is the same.

    Parameters
    ----------
    engines
        One for each thread.
    """

    def __init__(self, program: Program, engines: Sequence[Engine], make: MakeEngine | None = None) -> None:
        self.width = len(engines)
        self._idle: SimpleQueue[Slices] = SimpleQueue()
        for engine in engines:
            self._idle.put(Slices(program, engine, make))
        self._threads = ThreadPoolExecutor(self.width, thread_name_prefix="solve")
        self._asked: deque[tuple[Task, Future[Solve]]] = deque()

    def submit(self, task: Task) -> None:
        """Hand a problem to the next idle engine."""
        self._asked.append((task, self._threads.submit(self._solve, task)))

    def _solve(self, task: Task) -> Solve:
        solver = self._idle.get()
        try:
            return solver.solve(task)
        finally:
            self._idle.put(solver)

    def known(self, task: Task, solve: Solve) -> None:
        """Take an answer of before as that of a problem."""
        answer: Future[Solve] = Future()
        answer.set_result(replace(solve, task=task))
        self._asked.append((task, answer))

    def next_done(self) -> tuple[Task, Solve]:
        """The answer to the oldest question that was not fetched yet, once it is there."""
        task, answer = self._asked[0]
        solve = answer.result()
        self._asked.popleft()
        return task, solve

    def drop(self) -> None:
        """Give up what is under way: nobody waits for its end."""
        self._threads.shutdown(wait=False, cancel_futures=True)


class There:
    """Solves through an executor, several problems at a time.

    Parameters
    ----------
    executor
        Stays open: whoever made it closes it.
    workers
        Problems under way at once; without it what the executor says of itself, else the processors.
    """

    def __init__(
        self,
        program: Program,
        executor: Executor,
        *,
        workers: int | None = None,
        make: MakeEngine | None = None,
    ) -> None:
        self._shared = share(program, make)
        self._executor = executor
        self.width = workers or getattr(executor, "_max_workers", None) or os.cpu_count() or 1
        self._tasks: dict[Future[Solve], Task] = {}
        self._known: deque[tuple[Task, Solve]] = deque()

    def submit(self, task: Task) -> None:
        """Hand a problem to the executor."""
        seconds = task.seconds if task.deadline < inf else inf
        self._tasks[self._executor.submit(solve_shared, self._shared, task, seconds)] = task

    def known(self, task: Task, solve: Solve) -> None:
        """Take an answer of before as that of a problem."""
        self._known.append((task, replace(solve, task=task)))

    def next_done(self) -> tuple[Task, Solve]:
        """Wait for the next answer; a worker's exception is raised here."""
        if self._known:
            return self._known.popleft()
        done, _ = wait(self._tasks, return_when=FIRST_COMPLETED)
        future = next(iter(done))
        task = self._tasks.pop(future)
        return task, replace(future.result(), task=task)

    def drop(self) -> None:
        """Give up what has not begun."""
        for future in self._tasks:
            future.cancel()
        self._tasks.clear()


Pool = Here | Abreast | There
