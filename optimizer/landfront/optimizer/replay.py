"""Solves the problem behind a fact again: the proof level "replayed", for what nothing can recompute."""

from __future__ import annotations

from dataclasses import replace
from math import inf
from time import monotonic
from typing import Literal

import numpy as np

from landfront.optimizer import tolerances
from landfront.optimizer.certify import fact_holds
from landfront.optimizer.engine import Engine, choose_engine
from landfront.optimizer.front import Fact
from landfront.optimizer.program import Program
from landfront.optimizer.scalarize import Scalarizer
from landfront.optimizer.task import Solve, Task

FIRST_SHARE = 1e-4
"""The first search may leave this share of the bound open: often that is proof enough, and cheap."""

ROUNDS = 5
"""Searches with ever smaller gaps; the last ones differ by noise only."""


Verdict = Literal["confirmed", "refuted", "open"]
"""Open: the solver failed or was too slow, and found nothing that speaks against the fact."""


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
        False also when the solver finds a solution that refutes the fact, fails or is too slow: `judge` tells
        these apart.
    """
    return judge(program, fact, engine, time_limit=time_limit) == "confirmed"


def judge(program: Program, fact: Fact, engine: Engine | None = None, *, time_limit: float = inf) -> Verdict:
    """What a solver says of a fact, or its multipliers; parameters as of `replay`."""
    if fact.proof == "recomputed":
        return "confirmed" if fact_holds(program, fact) else "refuted"
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
    return "open"


def _judge(program: Program, fact: Fact, solve: Solve) -> Verdict | None:
    """What an answer says of a fact; None when a finer answer may say more."""
    if solve.reason == "infeasible" and solve.x is None:
        return "confirmed"
    if fact.beta == inf:
        return "open" if solve.x is None else "refuted"
    size = abs(fact.beta) + float(np.abs(fact.weights) @ program.objective_scale)
    # Both bounds were lowered by the noise of a solver's arithmetic.
    if solve.beta >= fact.beta - 2 * tolerances.NOISE * size:
        return "confirmed"
    if solve.y is None:
        return "open"
    if float(fact.weights @ solve.y) < fact.beta - tolerances.NOISE * size:
        return "refuted"
    return None if solve.reason == "optimal" else "open"
