"""Method (a): the dual sandwich for two objectives without integers, largest certified gap first.

Dichotomic search (J. L. Cohon, R. L. Church, D. P. Sheer, Generating multiobjective trade-offs, Water
Resources Research 15, 1979) in the order of the largest possible distance of an unseen point to the chord of
two neighbours, which the facts of all earlier solves bound. Each solve gives a vertex or proves an edge; N
points leave an error of the order 1/N^2. Two departures. The gap is certified from multipliers, so inexact
solves only leave a wider gap. And where N points are asked for, the problem is an epsilon constraint through
the worst apex of the facts instead of a weighted sum: its multipliers prove a half-plane just as well, and
only a right-hand side changes, which the dual simplex takes up an order of magnitude faster.
"""

from __future__ import annotations

import numpy as np

from landfront.optimizer import tolerances
from landfront.optimizer.front import Floats
from landfront.optimizer.fronts.search import Search
from landfront.optimizer.outer import chord_gaps, outer, worst_level
from landfront.optimizer.scalarize import Solve

EDGE = 1e-9
"""A chord whose certified gap is below this share of the range is an edge: finer is the solver's noise."""


def sandwich(search: Search) -> str:
    """Fill the archive with vertices of the front; returns what was reached, in words."""
    scale = anchors(search)
    if scale is None:
        return "one point is best in both objectives"
    proven: set[tuple[float, float]] = set()
    while not search.enough:
        chord = _widest(search, scale, proven)
        if chord is None:
            return "all vertices were found"
        split = _split if search.request.points is None else _cut
        if split(search, chord, scale):
            proven.add((float(search.values[chord, 0]), float(search.values[chord + 1, 0])))
    return "the asked number of points was reached"


def anchors(search: Search) -> Floats | None:
    """The two ends, and the range between them; None when one point is best in both objectives.

    Plain minima first, for the ranges and for facts on each objective alone. Then the first objective with a
    weight on the second so small that it may cost `tolerances.AUGMENT` of the range: its solutions are
    nondominated, once free and once with the second objective held at its minimum.
    """
    second, first = (search.solve(np.eye(2)[axis], main=axis) for axis in (1, 0))
    assert second.y is not None
    scale = np.abs(np.asarray(first.y) - second.y)
    size = np.where(scale > 0, scale, search.program.objective_scale)
    weights = np.array([1.0, tolerances.AUGMENT * size[0] / size[1]])
    search.keep(search.solve(weights, main=0))
    search.keep(search.solve(weights, main=0, upper=np.array([np.inf, second.y[1]])))
    if len(search.archive) < 2:
        return None
    return np.asarray(np.abs(search.values[-1] - search.values[0]))


def _widest(search: Search, scale: Floats, proven: set[tuple[float, float]]) -> int | None:
    values = search.values
    gaps = chord_gaps(values, outer(search.facts), scale)
    for index, pair in enumerate(zip(values[:-1, 0].tolist(), values[1:, 0].tolist(), strict=True)):
        if pair in proven:
            gaps[index] = 0.0
    widest = int(np.argmax(gaps))
    return widest if gaps[widest] > EDGE else None


def _cut(search: Search, chord: int, scale: Floats) -> bool:
    """Solve at the level of the worst apex below a chord; True when no new point comes of it."""
    a, b = search.values[chord], search.values[chord + 1]
    level = worst_level(a, b, outer(search.facts))
    solve = search.solve(np.eye(2)[0], main=0, upper=np.array([np.inf, level]))
    return not search.keep(solve)


def _split(search: Search, chord: int, scale: Floats) -> bool:
    """Solve along the normal of a chord; True when no vertex lies beyond it."""
    a, b = search.values[chord], search.values[chord + 1]
    w = np.array([a[1] - b[1], b[0] - a[0]])
    unit = w * scale
    if unit.min() < tolerances.FLAT * unit.sum():
        return True
    w = w / w[0]
    solve: Solve = search.solve(w, main=0)
    assert solve.y is not None
    noise = tolerances.NOISE * float(w @ (np.abs(a) + scale))
    return bool(w @ solve.y >= w @ a - noise) or not search.keep(solve)
