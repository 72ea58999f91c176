"""Solves the problem behind a fact again: the proof level "replayed", for what nothing can recompute."""

from __future__ import annotations

from dataclasses import replace
from math import inf
from time import monotonic

import numpy as np

from landfront.optimizer import tolerances
from landfront.optimizer.certify import fact_holds
from landfront.optimizer.engine import Engine, choose_engine
from landfront.optimizer.front import Fact
from landfront.optimizer.program import Program
from landfront.optimizer.scalarize import Scalarizer, Solve, Task

FIRST_SHARE = 1e-4
"""The first search may leave this share of the bound open: often that is proof enough, and cheap."""

ROUNDS = 5
"""Searches with ever smaller gaps; the last ones differ by noise only."""


def replay(program: Program, fact: Fact, engine: Engine | None = None, *, time_limit: float = inf) -> bool:
    """Whether a solver confirms what a fact claims, or its multipliers prove it.

    Parameters
    ----------
    program
        The program that the fact is of.
    fact
        Recomputed ones need no solver.
    engine
        Another one than the first time tells most; `choose_engine` takes one where none is given.
    time_limit
        Seconds; what is not confirmed by then is not.

    Returns
    -------
    bool
        False also when the solver finds a solution that refutes the fact, fails or is too slow.
    """
    if fact.proof == "recomputed":
        return fact_holds(program, fact)
    scalarizer = Scalarizer(program, engine or choose_engine(program)[0])
    gap = 0.0 if fact.beta == inf else FIRST_SHARE * abs(fact.beta)
    task = Task(fact.weights, fact.upper, gap=gap, deadline=monotonic() + time_limit)
    for _ in range(ROUNDS):
        solve = scalarizer.solve(task)
        found = _judge(program, fact, solve)
        if found is not None:
            return found
        assert solve.y is not None
        # What the solution leaves above the claimed bound may stay open.
        left = max(float(fact.weights @ solve.y) - fact.beta, 0.0)
        task = replace(task, gap=min(left, task.gap / 2), start=solve.x)
    return False


def _judge(program: Program, fact: Fact, solve: Solve) -> bool | None:
    """Whether an answer confirms or refutes a fact; None when a finer answer may still do so."""
    if solve.reason == "infeasible" and solve.x is None:
        return True
    if fact.beta == inf:
        return False
    size = abs(fact.beta) + float(np.abs(fact.weights) @ program.objective_scale)
    # Both bounds were lowered by the noise of a solver's arithmetic.
    if solve.beta >= fact.beta - 2 * tolerances.NOISE * size:
        return True
    refuted = solve.y is None or float(fact.weights @ solve.y) < fact.beta - tolerances.NOISE * size
    return False if refuted or solve.reason != "optimal" else None
