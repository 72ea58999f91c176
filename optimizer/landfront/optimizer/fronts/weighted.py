"""Weighted sums: for each vector of weights the solution with the best weighted sum, a supported point.

With positive weights no solution beats the result; where a weight is zero it is polished until none does.
Points inside dents of the front of an integer program are found by no weights: see `boxes` and `zones`.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence

import numpy as np

from landfront.optimizer.engine import Engine
from landfront.optimizer.front import Floats, Front
from landfront.optimizer.fronts.classic import by_axis, end, polish, run_method, scales
from landfront.optimizer.fronts.pool import MakeEngine
from landfront.optimizer.fronts.search import Accuracy, Job, Search
from landfront.optimizer.program import Program
from landfront.optimizer.task import Solve


def solve_weighted(
    program: Program,
    weights: Sequence[Mapping[str, float]],
    *,
    normalise: bool = True,
    ranges: Mapping[str, float] | None = None,
    gap: float = 1e-4,
    time_limit: float | None = None,
    engine: Engine | MakeEngine | None = None,
) -> Front:
    """The best solutions by weighted sums of the objectives.

    Parameters
    ----------
    program
        With two objectives or more.
    weights
        One mapping per point, from names of objectives to how much they count; what is not named counts
        nothing. Weights are not negative: the senses say what is better.
    normalise
        Whether a weight is for the whole range of an objective; otherwise it is for one unit of it.
    ranges
        The range of each objective; without it that of the relaxation's best solutions.
    gap
        Share of the range of the objective that counts most to which each point is proven; of its value
        where ranges play no part.
    time_limit
        Seconds for everything.
    engine
        Instead of the one that fits the program.

    Returns
    -------
    Front
        Of as many points as differ.

    Raises
    ------
    Infeasible, Unbounded, SolverError
        From the first solve.
    ValueError
        For unknown names, weights that are negative or not numbers, or none that is positive.
    """
    rows = [np.nan_to_num(by_axis(program, row, what="weight", least=0.0)) for row in weights]
    if not rows or not all(row.any() for row in rows):
        raise ValueError("give at least one weight that is not zero for each point")
    given = by_axis(program, ranges or {}, what="range", least=np.finfo(np.float64).tiny)
    if not normalise:
        given = np.ones(len(program.senses))
    words = f"weighted sums: {len(rows)} {'of ranges' if normalise else 'of units'}"
    return run_method(
        program,
        lambda search: _method(search, rows, given, normalise=normalise),
        words,
        gap=gap,
        time_limit=time_limit,
        engine=engine,
    )


def _method(
    search: Search, rows: Sequence[Floats], given: Floats, *, normalise: bool
) -> Generator[Job | None, None, str]:
    """The ranges first, then every vector of weights on its own."""
    scale: list[Floats] = []
    solves: list[Solve] = []
    yield _ranges(search, given, scale)
    yield from search.idle()
    for row in rows:
        weights = row / scale[0]
        main = int(np.argmax(weights * search.program.objective_span))
        yield _job(search, weights / weights[main], solves, scale[0] if normalise else None, main=main)
    yield from search.idle()
    count = len(search.archive)
    raise end(solves, f"{len(rows)} weighted sums gave {count} different point{'s' * (count > 1)}")


def _ranges(search: Search, given: Floats, scale: list[Floats]) -> Job:
    scale.append((yield from scales(search, given)))


def _job(search: Search, weights: Floats, solves: list[Solve], scale: Floats | None, *, main: int) -> Job:
    gap = search.request.gap
    how = Accuracy(share=gap) if scale is None else Accuracy(gap=gap * float(scale[main]))
    solve = yield from search.solve(weights, main=main, accuracy=how)
    solves.append(solve)
    if np.any(weights == 0):
        solve = yield from polish(search, solve, scale)
        solves.append(solve)
    search.keep(solve)
