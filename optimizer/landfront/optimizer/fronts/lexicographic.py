"""Lexicographic and hierarchical optimisation: one objective after the other, within what the last leaves.

Stage k minimises objective ``order[k]`` among the solutions that keep the objectives before it: at their best
value (lexicographic), or with a loss that the caller allows (hierarchical, F. Waltz, An engineering approach:
hierarchical optimization criteria, IEEE Transactions on Automatic Control 12, 1967). A value is kept up to
half a lattice step, or, where values are real, up to the noise with which a limit can be imposed. A real
value held at its best keeps a tiny weight too, so that a steep trade-off cannot make use of that noise.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import inf

import numpy as np

from landfront.optimizer import show, tolerances
from landfront.optimizer.engine import Engine
from landfront.optimizer.front import Floats, Front
from landfront.optimizer.fronts.boxes import LATTICE_GAP
from landfront.optimizer.fronts.classic import (
    axis_of,
    by_axis,
    end,
    held,
    one_job,
    polish,
    replace_by,
    run_method,
)
from landfront.optimizer.fronts.pool import MakeEngine
from landfront.optimizer.fronts.search import Accuracy, Job, Search
from landfront.optimizer.program import Program
from landfront.optimizer.task import Solve


@dataclass(frozen=True)
class Stages:
    """What is asked: the order, and what each objective may lose afterwards.

    Attributes
    ----------
    order
        Positions of objectives.
    share, amount
        Share of the best value, and amount in the objective's unit, shape (p,); 0 where nothing.
    """

    order: tuple[int, ...]
    share: Floats
    amount: Floats

    @property
    def loose(self) -> bool:
        """Whether a solution of the last stage may be beaten in an objective that was not optimised."""
        return len(self.order) < len(self.share) or bool(np.any(self.share + self.amount > 0))


def solve_lexicographic(
    program: Program,
    order: Sequence[str] | None = None,
    *,
    tolerance: Mapping[str, float] | None = None,
    amount: Mapping[str, float] | None = None,
    gap: float = 1e-4,
    time_limit: float | None = None,
    engine: Engine | MakeEngine | None = None,
) -> Front:
    """The best solution by objectives in order of importance.

    Parameters
    ----------
    program
        With two objectives or more.
    order
        Names of objectives, the most important first; without it all, in the order of the program.
    tolerance
        Share of its best value that an objective may lose to those after it, by name.
    amount
        The same as an amount in the objective's own unit.
    gap
        Share of its value to which each objective is proven; lattice values are proven exactly.
    time_limit
        Seconds for everything.
    engine
        Instead of the one that fits the program.

    Returns
    -------
    Front
        Of one point, which no solution beats; `Front.detail` has the best value of each stage.

    Raises
    ------
    Infeasible, Unbounded, SolverError
        From the first stage.
    ValueError
        For unknown or repeated names, or losses that are negative or not numbers.
    """
    axes = tuple(axis_of(program, name) for name in (program.objective_names if order is None else order))
    if not axes or len(set(axes)) < len(axes):
        raise ValueError(f"order must name each objective once, not {list(order or ())}")
    share = np.nan_to_num(by_axis(program, tolerance or {}, what="tolerance", least=0.0))
    lost = np.nan_to_num(by_axis(program, amount or {}, what="amount", least=0.0))
    stages = Stages(axes, share, lost)
    kind = "hierarchical" if np.any(share + lost > 0) else "lexicographic"
    words = f"{kind}: {', then '.join(program.objective_names[axis] for axis in axes)}"
    return run_method(
        program,
        lambda search: one_job(_job(search, stages)),
        words,
        gap=gap,
        time_limit=time_limit,
        engine=engine,
    )


def _job(search: Search, stages: Stages) -> Job:
    """Stage after stage; what a stage found stands until the next one has something better."""
    upper = np.full(len(search.steps), inf)
    solves: list[Solve] = []
    words = []
    for axis in stages.order:
        solve = yield from search.solve(
            _weights(search, stages, upper, axis),
            main=axis,
            upper=upper,
            start=solves[-1].x if solves else None,
            accuracy=_accuracy(search, axis),
            polish=bool(solves),
        )
        assert solve.y is not None
        replace_by(search, solve)
        solves.append(solve)
        words.append(_words(search, axis, solve))
        upper = upper.copy()
        upper[axis] = _level(search, stages, axis, solve.y)
    if stages.loose:
        solves.append((yield from polish(search, solves[-1])))
        replace_by(search, solves[-1])
    raise end(solves, "best in order: " + ", ".join(words))


def _weights(search: Search, stages: Stages, upper: Floats, axis: int) -> Floats:
    """The objective of the stage, and a little of the real-valued ones that are held at their best."""
    weights = np.eye(len(upper))[axis]
    size = search.program.objective_scale
    tight = np.isfinite(upper) & (search.steps == 0) & (stages.share + stages.amount == 0)
    return np.asarray(np.where(tight, search.augment * size[axis] / size, weights))


def _accuracy(search: Search, axis: int) -> Accuracy:
    step = float(search.steps[axis])
    return Accuracy(gap=LATTICE_GAP * step) if step > 0 else Accuracy(share=search.request.gap)


def _level(search: Search, stages: Stages, axis: int, y: Floats) -> float:
    """Where an objective is held after its stage: its best value, what it may lose, and the tolerance."""
    loss = float(stages.share[axis]) * abs(float(y[axis])) + float(stages.amount[axis])
    step = float(search.steps[axis])
    if step > 0:
        # The largest lattice value that loses no more.
        loss = step * float(np.floor(loss / step + tolerances.NOISE))
    return float(held(search, y)[axis]) + loss


def _words(search: Search, axis: int, solve: Solve) -> str:
    assert solve.y is not None
    value = float(search.program.senses[axis] * solve.y[axis])
    proof = "" if solve.reason == "optimal" else " (not proven)"
    return f"{search.program.objective_names[axis]} {show.number(value)}{proof}"
