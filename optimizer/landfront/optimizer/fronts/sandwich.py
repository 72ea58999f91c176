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

from collections.abc import Generator, Iterator

import numpy as np

from landfront.optimizer import tolerances
from landfront.optimizer.front import Floats
from landfront.optimizer.fronts.search import Job, Search
from landfront.optimizer.outer import chord_gaps, outer, worst_level
from landfront.optimizer.task import Solve, Task

EDGE = 1e-9
"""A chord whose certified gap is below this share of the range is an edge: finer is the solver's noise."""


def sandwich(search: Search) -> Generator[Job | None, None, str]:
    """Fill the archive with vertices of the front; returns what was reached, in words."""
    ends = Ends(search)
    for job in ends.jobs():
        yield job
        yield from search.idle()
    if len(search.archive) < 2:
        return "one point is best in both objectives"
    chords = Chords(search, np.asarray(np.abs(search.values[-1] - search.values[0])))
    while not (search.enough or search.covered):
        chord = chords.widest()
        if chord is not None:
            yield chords.solve(chord)
        elif search.running:
            yield None
        else:
            return "all vertices were found"
    yield from search.idle()
    return "the asked number of points was reached"


class Ends:
    """The two ends of a front, and the range between them.

    Plain minima first, for the ranges and for facts on each objective alone. Then the first objective with a
    weight on the second so small that it may cost `Search.augment` of the range: its solutions are
    nondominated, once free and once with the second objective held at its minimum.
    """

    def __init__(self, search: Search) -> None:
        self.search = search
        self.best: dict[int, Solve] = {}

    def jobs(self) -> Iterator[Job]:
        """One after the other: each needs what those before it found."""
        yield self._plain(1)
        yield self._plain(0)
        yield self._augmented(np.inf, self.best[0])
        yield self._augmented(float(_values(self.best[1])[1]), self.best[1])

    def _plain(self, axis: int) -> Job:
        self.best[axis] = yield from self.search.solve(self.search.alone(axis), main=axis)

    def _augmented(self, level: float, near: Solve) -> Job:
        scale = np.abs(_values(self.best[0]) - _values(self.best[1]))
        size = np.where(scale > 0, scale, self.search.program.objective_scale)
        weights = np.array([1.0, self.search.augment * size[0] / size[1]])
        upper = np.array([np.inf, level])
        self.search.keep((yield from self.search.solve(weights, main=0, upper=upper, basis=near.basis)))


class Chords:
    """Chooses the chord below which most may hide, and solves there."""

    def __init__(self, search: Search, scale: Floats) -> None:
        self.search, self.scale = search, scale
        self.proven: set[tuple[float, float]] = set()
        self.busy: list[tuple[float, float]] = []

    def widest(self) -> int | None:
        """The chord with the largest certified gap that is neither an edge nor worked on."""
        values = self.search.values
        gaps = chord_gaps(values, outer(self.search.facts), self.scale)
        for index, pair in enumerate(zip(values[:-1, 0].tolist(), values[1:, 0].tolist(), strict=True)):
            if pair in self.proven or any(low < pair[1] and pair[0] < high for low, high in self.busy):
                gaps[index] = 0.0
        widest = int(np.argmax(gaps))
        return widest if gaps[widest] > EDGE else None

    def solve(self, chord: int) -> Job:
        """Solve below a chord; what gives no new point is an edge."""
        left, right = self.search.archive[chord : chord + 2]
        pair = (float(_values(left)[0]), float(_values(right)[0]))
        self.busy.append(pair)
        split = self._split if self.search.request.points is None else self._cut
        edge = yield from split(left, right)
        self.busy.remove(pair)
        if edge:
            self.proven.add(pair)

    def _cut(self, left: Solve, right: Solve) -> Generator[Task, Solve, bool]:
        """Solve at the level of the worst apex below a chord; True when no new point comes of it."""
        a, b = _values(left), _values(right)
        level = worst_level(a, b, outer(self.search.facts))
        upper = np.array([np.inf, level])
        near = left if a[1] - level < level - b[1] else right
        solve = yield from self.search.solve(np.eye(2)[0], main=0, upper=upper, basis=near.basis)
        return not self.search.keep(solve)

    def _split(self, left: Solve, right: Solve) -> Generator[Task, Solve, bool]:
        """Solve along the normal of a chord; True when no vertex lies beyond it."""
        a, b = _values(left), _values(right)
        w = np.array([a[1] - b[1], b[0] - a[0]])
        unit = w * self.scale
        if unit.min() < tolerances.FLAT * unit.sum():
            return True
        w = w / w[0]
        solve = yield from self.search.solve(w, main=0, basis=left.basis)
        assert solve.y is not None
        noise = tolerances.NOISE * float(w @ (np.abs(a) + self.scale))
        return bool(w @ solve.y >= w @ a - noise) or not self.search.keep(solve)


def _values(solve: Solve) -> Floats:
    assert solve.y is not None
    return solve.y
