"""Slices of a program: all solutions with the same whole numbers, which are a linear program of their own.

What is proven on a slice says nothing of the other slices, so that no fact ever leaves this module.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from landfront.optimizer.engine import Engine, choose_engine
from landfront.optimizer.front import Floats
from landfront.optimizer.program import Program
from landfront.optimizer.scalarize import Scalarizer
from landfront.optimizer.task import Solve, Task

KEPT = 8
"""Slices whose engine is kept: solves come in runs on the same few slices."""


def fixed_part(program: Program, x: Floats) -> Floats:
    """Values of the integer columns of a solution, shape (k,)."""
    return np.asarray(np.rint(x[program.integer]), dtype=np.float64)


def slice_program(program: Program, fixed: Floats) -> Program:
    """The program with its integer columns at these values, shape (k,), and no longer integer."""
    lower, upper = program.lower.copy(), program.upper.copy()
    lower[program.integer] = upper[program.integer] = fixed
    return replace(program, lower=lower, upper=upper, integer=np.zeros(program.columns, dtype=bool))


class Slices:
    """Solves scalar problems over a program and over its slices.

    Parameters
    ----------
    program, engine
        The program, and the engine that solves it as a whole.
    make
        Makes the engine of a slice; `choose_engine` when not given.
    """

    def __init__(
        self, program: Program, engine: Engine, make: Callable[[Program], Engine] | None = None
    ) -> None:
        self._program, self._make = program, make
        self._whole = Scalarizer(program, engine)
        self._slices: dict[bytes, Scalarizer] = {}

    def solve(self, task: Task) -> Solve:
        """Solve a problem where it belongs."""
        if task.fixed is None:
            return self._whole.solve(task)
        solve = self._slice(task.fixed).solve(replace(task, fixed=None))
        return replace(solve, task=task, facts=())

    def _slice(self, fixed: Floats) -> Scalarizer:
        key = fixed.tobytes()
        found = self._slices.pop(key, None)
        if found is None:
            program = slice_program(self._program, fixed)
            made = self._make(program) if self._make is not None else choose_engine(program)[0]
            found = Scalarizer(program, made)
        self._slices[key] = found
        while len(self._slices) > KEPT:
            del self._slices[next(iter(self._slices))]
        return found
