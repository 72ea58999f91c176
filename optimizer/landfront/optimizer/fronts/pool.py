"""Where scalar problems are solved: in this process one after the other, or through any executor.

An executor is anything with the ``concurrent.futures.Executor`` interface: threads, processes, a Dask
client's executor. The program travels as bytes with each problem and is unpacked once per process.
"""

from __future__ import annotations

import os
import pickle
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Executor, Future, wait
from dataclasses import dataclass, replace
from functools import lru_cache
from hashlib import blake2b
from math import inf
from time import monotonic

from landfront.optimizer.engine import Engine, choose_engine
from landfront.optimizer.program import Program
from landfront.optimizer.scalarize import Solve, Task
from landfront.optimizer.slices import Slices

MakeEngine = Callable[[Program], Engine]


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
    solver = _unpack(shared.digest, _Bytes(shared.packed))
    return solver.solve(replace(task, deadline=monotonic() + seconds))


class _Bytes:
    """Bytes that all count as equal, so that the digest alone is the key of the cache."""

    def __init__(self, data: bytes) -> None:
        self.data = data

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Bytes)

    def __hash__(self) -> int:
        return 0


@lru_cache(maxsize=2)
def _unpack(digest: bytes, packed: _Bytes) -> Slices:
    program, make = pickle.loads(packed.data)
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

    def next_done(self) -> tuple[Task, Solve]:
        """The oldest answer that was not fetched yet."""
        return self._done.pop(0)

    def drop(self) -> None:
        """Nothing is ever under way."""


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

    def submit(self, task: Task) -> None:
        """Hand a problem to the executor."""
        seconds = task.seconds if task.deadline < inf else inf
        self._tasks[self._executor.submit(solve_shared, self._shared, task, seconds)] = task

    def next_done(self) -> tuple[Task, Solve]:
        """Wait for the next answer; a worker's exception is raised here."""
        done, _ = wait(self._tasks, return_when=FIRST_COMPLETED)
        future = next(iter(done))
        task = self._tasks.pop(future)
        return task, replace(future.result(), task=task)

    def drop(self) -> None:
        """Give up what has not begun."""
        for future in self._tasks:
            future.cancel()
        self._tasks.clear()


Pool = Here | There
