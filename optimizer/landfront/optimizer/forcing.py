r"""The best solution with each column forced, as a proven interval for all columns at once.

Formula, in minimisation form, for a feasible solution of value v, a proven bound b and prices p of the rows:

    max(b, bound(p) + loss_j) <= min of the solutions with x_j = 1 <= value of a feasible one with x_j = 1

The left side is one pass over the columns (`reduced`), the right side an exchange near the known solution
(`exchange`), or another solve. The optimum is known within v and b only, so what forcing j costs lies in

    [max(low_j - v, 0), high_j - b]
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import inf
from time import monotonic

import numpy as np
from numpy.typing import NDArray

from landfront.optimizer.certify import recomputed
from landfront.optimizer.engine import choose_engine
from landfront.optimizer.exchange import Repairs, repair
from landfront.optimizer.front import Fact, Floats
from landfront.optimizer.program import Ints, Program
from landfront.optimizer.reduced import Reduced, current_of, reduced
from landfront.optimizer.scalarize import Scalarizer, failure
from landfront.optimizer.task import Solve, Task


@dataclass(frozen=True)
class Best:
    """A solution of a program with one objective, with what is proven of the best one.

    Attributes
    ----------
    program
        One objective.
    x
        The solution, shape (m,).
    value, bound
        In minimisation form: of the solution, and what no solution is below.
    fact
        Prices of the rows, which prove a bound of their own.
    reason
        Why the solve ended.
    """

    program: Program
    x: NDArray[np.float64]
    value: float
    bound: float
    fact: Fact
    reason: str

    @property
    def gap(self) -> float:
        """What is not known of the optimum, in the objective's unit."""
        return self.value - self.bound


@dataclass(frozen=True)
class Forced:
    """What is proven of the best solution with each column forced, in minimisation form.

    Attributes
    ----------
    best
        The best solution without anything forced.
    current
        Column of each group in it, the largest share, shape (groups,).
    low, high
        The best value with the column forced lies between, shape (grouped columns,): `low` is infinite where
        there is no such solution, `high` where none was found.
    reduced
        What the prices alone prove.
    repairs
        The solutions that exchanges gave; None where the method has none.
    """

    best: Best
    current: Ints
    low: Floats
    high: Floats
    reduced: Reduced
    repairs: Repairs | None = None

    @property
    def least(self) -> Floats:
        """What forcing each column costs at least, shape (grouped columns,)."""
        return np.maximum(self.low - self.best.value, 0.0)

    @property
    def most(self) -> Floats:
        """What it costs at most; infinite where no such solution was found."""
        return np.where(np.isinf(self.low), inf, np.maximum(self.high - self.best.bound, self.least))


def solve_best(program: Program, *, share: float, seconds: float = inf, x: Floats | None = None) -> Best:
    """The best solution of a program with one objective; or what is proven of the one that is given.

    Parameters
    ----------
    program
        One objective.
    share
        Gap as a share of the value.
    seconds
        For the solve.
    x
        A feasible solution of which only the bound is asked, shape (m,).

    Raises
    ------
    Infeasible, Unbounded, SolverError
        If there is no solution.
    """
    engine, _ = choose_engine(program)
    task = Task(np.ones(1), np.full(1, inf), share=share, deadline=monotonic() + seconds, start=x)
    solve = Scalarizer(program, engine).solve(replace(task, relaxed=x is not None))
    if x is None and (solve.x is None or solve.reason == "unbounded"):
        raise failure(solve, engine, program)
    known = np.asarray(solve.x if x is None else x, dtype=np.float64)
    value = float((program.senses * program.values(known))[0])
    fact = recomputed(
        program, Fact(task.weights, task.upper, -inf, "recomputed", solve.row_prices, np.zeros(1))
    )
    return Best(program, known, value, min(max(solve.beta, fact.beta), value), fact, solve.reason)


def force(best: Best, *, targets: Ints) -> Forced:
    """Intervals for all columns by one pass; from above for the columns `targets`, where a method has it.

    From above it knows programs of whole columns in groups alone; `resolved` does what is left.
    """
    program = best.program
    found = reduced(program, best.fact)
    current = current_of(program, best.x)
    low = np.where(can_be_whole(program), np.maximum(found.bound + found.loss, best.bound), inf)
    high = np.full(len(low), inf)
    repairs = None
    whole = program.is_plain and program.integer.all() and program.columns == program.starts[-1]
    if len(targets) and whole:
        prices = best.fact.row_prices
        repairs = repair(program, best.x, prices, found.loss, current=current, targets=targets)
        high[targets] = best.value + repairs.cost
    held = current[best.x[current] == 1]
    high[held] = best.value
    return Forced(best, current, low, np.where(np.isinf(low), inf, high), found, repairs)


def can_be_whole(program: Program) -> NDArray[np.bool_]:
    """Whether the bounds of its group let a column be whole, shape (grouped columns,)."""
    grouped, starts = int(program.starts[-1]), program.starts
    lower, upper = program.lower[:grouped], program.upper[:grouped]
    held = np.add.reduceat((lower > 0).astype(np.int64), starts[:-1])
    return np.asarray((upper >= 1) & (np.repeat(held, np.diff(starts)) - (lower > 0) == 0))


def resolved(
    forced: Forced, targets: Ints, *, share: float, seconds: float, enough: float | None = None
) -> Forced:
    """The same with columns solved again, the widest intervals first, while time lasts.

    A column is left as it is where its interval is no wider than `enough`; than twice what is not known of
    the optimum where that is left out.
    """
    deadline = monotonic() + seconds
    low, high = forced.low.copy(), forced.high.copy()
    program, best = forced.best.program, forced.best
    if enough is None:
        enough = 2 * max(best.gap, share * abs(best.value))
    targets = targets[np.isfinite(low[targets])]
    width = high[targets] - low[targets]
    for column in targets[np.argsort(-width, kind="stable")].tolist():
        if high[column] - low[column] <= enough or monotonic() >= deadline:
            continue
        left = deadline - monotonic()
        solve = solve_forced(program, column, share=share, seconds=left, start=repaired(forced, column))
        if solve is None:
            low[column] = high[column] = inf
            continue
        low[column] = max(low[column], solve.beta)
        if solve.y is not None:
            high[column] = min(high[column], float(solve.y[0]))
    return replace(forced, low=low, high=np.maximum(high, low))


def repaired(forced: Forced, column: int) -> Floats | None:
    """The solution with a column that exchanges gave, shape (m,); None where they gave none."""
    if forced.repairs is None:
        return None
    place = np.flatnonzero(forced.repairs.targets == column)
    if not len(place) or np.isinf(forced.repairs.cost[place[0]]):
        return None
    return forced.repairs.solution(forced.best.program, forced.best.x, int(place[0]))


def solve_forced(
    program: Program, column: int, *, share: float, seconds: float = inf, start: Floats | None = None
) -> Solve | None:
    """The best solution with a whole column, by a solve; None where it is proven that there is none.

    With a solution to start from, which has the column, none that is worse is given.
    """
    if not can_be_whole(program)[column]:
        return None
    group = int(np.searchsorted(program.starts, column, side="right")) - 1
    upper = np.array(program.upper, dtype=np.float64)
    upper[program.starts[group] : program.starts[group + 1]] = 0.0
    upper[column] = program.upper[column]
    closed = replace(program, upper=upper)
    deadline = monotonic() + seconds
    task = Task(np.ones(1), np.full(1, inf), share=share, deadline=deadline, start=start)
    solve = Scalarizer(closed, choose_engine(closed)[0]).solve(task)
    return None if solve.reason == "infeasible" and solve.x is None else solve
