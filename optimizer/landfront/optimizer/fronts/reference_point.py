"""Reference point: the solution that comes closest to an aspiration, or passes it furthest.

The achievement function of A. P. Wierzbicki (The use of reference objectives in multiobjective optimization,
Lecture Notes in Economics and Mathematical Systems 177, 1980) in its augmented form (R. E. Steuer and E.-U.
Choo, Mathematical Programming 26, 1983):

    min  t + rho * sum_i l_i (y_i - a_i)    subject to   l_i (y_i - a_i) <= t   for all i

with the aspiration a, l_i one over the range of objective i, and t a linking column. So any engine takes it,
and t is in shares of the range: what the objective that is furthest from its aspiration lacks, or has to
spare where t is negative. A second solve, with the result as caps, proves that nothing beats it.

What is proven of the achievement is carried over to the program itself: the multipliers of the relaxation
prove a half-plane, and a bound b of a search proves that no solution has ``l_i (y_i - a_i) <= s`` for all i
where ``s (1 + rho k) < b``, with k objectives: their sum there is at most k s.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from math import inf

import numpy as np
import scipy.sparse as sp

from landfront.optimizer import certify, show, tolerances
from landfront.optimizer.blocks import Csr, Stack, Wider
from landfront.optimizer.front import Fact, Floats, Front
from landfront.optimizer.fronts.classic import (
    by_axis,
    end,
    make_engine,
    one_job,
    polish,
    replace_by,
    run_method,
    scales,
)
from landfront.optimizer.fronts.pool import MakeEngine
from landfront.optimizer.fronts.search import Failed, Job, Search, Stop
from landfront.optimizer.program import Program
from landfront.optimizer.scalarize import Scalarizer
from landfront.optimizer.task import Solve, Task

RHO = 1e-4
"""Weight of the sum beside the largest miss: a solution may miss by a ten-thousandth of a range more than
another to be better by a whole range in the sum."""


def solve_reference(
    program: Program,
    aspiration: Mapping[str, float],
    *,
    ranges: Mapping[str, float] | None = None,
    gap: float = 1e-4,
    time_limit: float | None = None,
    engine: MakeEngine | None = None,
) -> Front:
    """The solution closest to an aspiration point, which nothing beats.

    Parameters
    ----------
    program
        With two objectives or more.
    aspiration
        Wanted value by objective, own sense and unit; may be out of reach, or too modest. Objectives that are
        not named only decide between solutions that are equal in the others.
    ranges
        Range of each objective, which makes misses comparable; without it that of the relaxation's best
        solutions.
    gap
        Share of the ranges to which the miss is proven.
    time_limit
        Seconds for everything.
    engine
        A function of a program that makes its engine, instead of the one that fits.

    Returns
    -------
    Front
        Of one point; `Front.detail` says by how much it misses or passes the aspiration.

    Raises
    ------
    Infeasible, Unbounded, SolverError
        From the first solves.
    ValueError
        For unknown names, values that are not numbers, or an aspiration that names nothing.
    """
    if not aspiration:
        raise ValueError("an aspiration names at least one objective and its wanted value")
    target = program.senses * by_axis(program, aspiration, what="aspiration")
    given = by_axis(program, ranges or {}, what="range", least=np.finfo(np.float64).tiny)
    achieved: list[Solve] = []

    def achieve(search: Search, goal: Goal) -> Solve:
        achieved.append(_achieve(search, goal, engine))
        return achieved[-1]

    front = run_method(
        program,
        lambda search: one_job(_job(search, target, given, achieve)),
        f"reference point: {', '.join(f'{name} {show.number(value)}' for name, value in aspiration.items())}",
        gap=gap,
        time_limit=time_limit,
        engine=engine,
    )
    searches = sum(solve.searches for solve in achieved)
    return replace(front, solves=front.solves + len(achieved), searches=front.searches + searches)


def _job(search: Search, target: Floats, given: Floats, achieve: Callable[[Search, Goal], Solve]) -> Job:
    scale = yield from scales(search, given)
    goal = Goal(target, np.where(np.isnan(target), 0.0, 1.0 / scale))
    solve = achieve(search, goal)
    search.facts.extend(solve.facts)
    if solve.x is None:
        raise _failed(solve)
    search.keep(solve)
    final = yield from polish(search, solve, scale)
    replace_by(search, final)
    raise end([solve, final], _words(search, goal, final))


def _failed(solve: Solve) -> Exception:
    if solve.reason in ("infeasible", "unbounded"):
        return Failed(solve)
    return Stop(solve.reason, solve.detail)


@dataclass(frozen=True)
class Goal:
    """An aspiration with the weight of each miss, in minimisation form.

    Attributes
    ----------
    target
        Shape (p,); nan where nothing is aspired.
    weights
        One over the range, shape (p,); 0 where nothing is aspired.
    """

    target: Floats
    weights: Floats

    @property
    def axes(self) -> list[int]:
        """Objectives with an aspiration."""
        return [int(axis) for axis in np.flatnonzero(self.weights > 0)]

    def miss(self, y: Floats) -> Floats:
        """What each objective lacks, as a share of its range, shape (k,)."""
        return np.asarray(((y - self.target) * self.weights)[self.axes])


def widened(program: Program, goal: Goal) -> Program:
    """The program with the achievement as its last objective: a column t after all others, a row per miss."""
    axes, weights = goal.axes, goal.weights[goal.axes]
    miss = sp.csr_array(sp.diags_array(weights) @ sp.csr_array(program.minimised[axes]))
    minus = sp.csr_array(np.full((len(axes), 1), -1.0))
    rows = sp.csr_array(sp.hstack([miss, minus], format="csr"))
    slack = weights * (goal.target - program.minimised_offsets)[axes]
    total = sp.csr_array(np.append(RHO * (weights @ program.minimised[axes]), 1.0)[None, :])
    columns = program.columns + 1
    reach = _reach(program, goal)
    return Program(
        objectives=Stack((*map(Wider, program.objectives.blocks), Csr(total)), columns),
        senses=np.append(program.senses, np.int8(1)).astype(np.int8),
        offsets=np.append(program.offsets, -RHO * slack.sum()),
        rows=Stack((*map(Wider, program.rows.blocks), Csr(rows)), columns),
        row_lower=np.concatenate([program.row_lower, np.full(len(axes), -inf)]),
        row_upper=np.concatenate([program.row_upper, slack]),
        lower=np.append(program.lower, -reach),
        upper=np.append(program.upper, reach),
        integer=np.append(program.integer, False),
        starts=program.starts,
        objective_names=(*program.objective_names, "achievement"),
        row_names=(*program.row_names, *(f"miss of {program.objective_names[axis]}" for axis in axes)),
    )


def _reach(program: Program, goal: Goal) -> float:
    """A bound on the size of any miss; infinite where a column without an end has a part in it."""
    axes = goal.axes
    endless = ~(np.isfinite(program.lower) & np.isfinite(program.upper))
    endless[: int(program.starts[-1])] = False
    if np.any(program.minimised[axes][:, endless]):
        return inf
    size = program.objective_span[axes] + np.abs((program.minimised_offsets - goal.target)[axes])
    return float((size * goal.weights[axes]).max())


def _achieve(search: Search, goal: Goal, engine: MakeEngine | None) -> Solve:
    """Solve the achievement, and say what it gave in terms of the program itself."""
    wide, request = widened(search.program, goal), search.request
    weights = np.eye(len(wide.senses))[-1]
    task = Task(weights, np.full(len(weights), inf), gap=request.gap, deadline=request.deadline)
    solve = Scalarizer(wide, make_engine(wide, engine)).solve(task)
    plane = _plane(search.program, goal, solve)
    facts = [plane] if plane.beta > -inf else []
    if solve.beta > -inf and all(
        fact.beta < solve.beta for fact in solve.facts if fact.proof == "recomputed"
    ):
        facts.append(_corner(search.program, goal, solve.beta))
    x = None if solve.x is None else solve.x[:-1]
    return replace(
        solve,
        task=replace(task, weights=plane.weights, upper=plane.upper),
        x=x,
        y=None if x is None else search.program.senses * search.program.values(x),
        facts=tuple(facts),
        beta=plane.beta,
        row_prices=plane.row_prices,
        cap_prices=plane.cap_prices,
        relaxed=None,
    )


def _plane(program: Program, goal: Goal, solve: Solve) -> Fact:
    """The half-plane that the multipliers of the relaxation prove: those of the misses are its weights."""
    rows, p = program.rows.shape[0], len(program.senses)
    shares = np.maximum(-solve.row_prices[rows:], 0.0)
    weights = goal.weights.copy()
    weights[goal.axes] *= RHO + (shares if shares.any() else np.full(len(shares), 1.0))
    fact = Fact(weights, np.full(p, inf), -inf, "recomputed", solve.row_prices[:rows], np.zeros(p))
    return certify.recomputed(program, fact)


def _corner(program: Program, goal: Goal, beta: float) -> Fact:
    """That no solution is so close to the aspiration in all of its objectives."""
    rows, p, k = program.rows.shape[0], len(program.senses), len(goal.axes)
    least = beta / (1.0 + RHO * k)
    least -= tolerances.NOISE * (abs(least) + 1.0)
    upper = np.full(p, inf)
    # Facts are used at points that exceed their caps by noise, so the caps stay below the corner by as much.
    caps = goal.target + least / np.where(goal.weights > 0, goal.weights, 1.0) - certify.value_noise(program)
    upper[goal.axes] = caps[goal.axes]
    return Fact(np.full(p, 1.0), upper, inf, "claimed", np.zeros(rows), np.zeros(p))


def _words(search: Search, goal: Goal, solve: Solve) -> str:
    assert solve.y is not None
    miss = goal.miss(solve.y)
    worst = int(np.argmax(miss))
    name = search.program.objective_names[goal.axes[worst]]
    share = show.share(abs(float(miss[worst])))
    others = len(miss) > 1
    if miss[worst] > 0:
        return f"{name} misses the aspiration by {share} of its range{', the others by no more' * others}"
    spare = f"{share} of its range to spare{', the others with no less' * others}"
    return f"every aspiration is met, {name} with {spare}"
