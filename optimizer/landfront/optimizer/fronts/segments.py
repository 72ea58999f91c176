"""Method (b) for mixed programs of two objectives: the exact front as segments and points, slice by slice.

A slice holds all solutions with the same whole numbers, and its own front is a chain of segments that linear
programs find. The front of the program is the nondominated part of the chains of some slices. As in the boxed
line method (T. Perini, N. Boland, D. Pecin, M. Savelsbergh, A criterion space method for biobjective mixed
integer programming: the boxed line method, INFORMS Journal on Computing 32, 2020), it is found and proven
segment by segment. Every integer search is put where the facts leave most open below what is known
(`open_parts`):

* below a segment s, ``min w_s @ y`` in the box of s: nothing below s, or a better solution of another slice;
* at a corner between two parts, ``min y_1`` with y_2 just below the left part: nothing, or the next slice;
  before that, where much is open, the best along the chord of the corner.

Departures: boxes are not kept, as they follow from facts and segments; the widest open part comes first, so
that an early stop is useful; a chain is computed only where nothing known beats it; and where the upper part
of a gap would be cut by a solver's tolerance, the box stops a margin short of it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Generator
from dataclasses import dataclass
from math import inf

import numpy as np

from landfront.optimizer import certify, tolerances
from landfront.optimizer.excluded import excluded
from landfront.optimizer.front import Floats
from landfront.optimizer.fronts.chains import Chain, Chains
from landfront.optimizer.fronts.search import Accuracy, Job, Search
from landfront.optimizer.open_parts import OpenParts, open_parts
from landfront.optimizer.proof import ranges
from landfront.optimizer.task import Solve, Task

CLOSE = 0.9
"""A part is closed at this share of the gap: the rest is room for the noise of the proof."""

FINEST = 1e-6
"""Where it takes no more searches than the gap did, parts are closed to this share of the range, so that
nothing that a solver can tell apart is missing."""

PROVEN = 1.0 / 8
"""Share of the finest size to which an integer search is proven: what it leaves does not keep a part open."""

MARGIN = 0.5
"""Share of the finest size by which a box stops short of an end that another solution beats."""

WIDER = 4.0
"""Factor on the margin for every search that left its gap open."""

WIDE = 1.0 / 4
"""At corners more open than this share of the range the best along the chord is asked for first: it finds
what matters most, while the least first value only finds the next solution."""

END_SHARE = 0.01
"""The first ends are proven to this share of the gap of their value, as the range is not known yet."""


def segments(search: Search) -> Generator[Job | None, None, str]:
    """Fill the archive with the front's segments and points; returns what was reached, in words."""
    front = Outline(search)
    for axis in (0, 1):
        yield front.end(axis, Accuracy(share=END_SHARE * search.request.gap))
    yield from search.idle()
    while not front.enough():
        job = front.next_job()
        if job is not None:
            yield job
        elif search.running:
            yield None
        elif not front.refine():
            return front.words()
    yield from search.idle()
    return front.thin()


@dataclass(frozen=True)
class Gap:
    """Where something may hide: below a part of the staircase, at the corner after it, or beyond an end.

    Attributes
    ----------
    kind
        "part", "corner" or "end".
    index
        The part, or the objective of the end.
    size
        How far an unseen y may be, as a share of the range.
    low, high
        From and to which share of the part.
    """

    kind: str
    index: int
    size: float
    low: float = 0.0
    high: float = 1.0


@dataclass(frozen=True)
class Problem:
    """An integer search for one gap.

    Attributes
    ----------
    weights, upper
        As in `Task`.
    start
        A known solution that satisfies the caps.
    place
        The gap that it is for: when nothing came of it, the next one for this gap keeps a wider margin.
    """

    weights: Floats
    upper: Floats
    start: Solve
    place: tuple[object, ...] = ()

    @property
    def key(self) -> tuple[float, ...]:
        """Its numbers: an answer depends on them alone, so that no problem is solved twice."""
        return (*self.weights.tolist(), *self.upper.tolist())


def widest_gaps(parts: OpenParts, size: float, finest: float) -> list[Gap]:
    """The gaps wider than a size, widest first.

    Parts of one piece that touch and are wider than `finest` are one gap, so that one search settles them.
    """
    gaps = [Gap("end", axis, float(parts.end[axis])) for axis in (0, 1)]
    gaps.extend(Gap("corner", at, float(found)) for at, found in enumerate(parts.corner))
    open_ = np.flatnonzero(parts.size > finest)
    apart = (np.diff(open_) > 1) | (np.diff(parts.piece[open_]) > 0)
    for run in np.split(open_, np.flatnonzero(apart) + 1) if len(open_) else []:
        low, high = float(parts.share[run[0], 0]), float(parts.share[run[-1], 1])
        gaps.append(Gap("part", int(parts.piece[run[0]]), float(parts.size[run].max()), low, high))
    return sorted((gap for gap in gaps if gap.size > size), key=lambda gap: -gap.size)


class Outline:
    """The front as far as it is known, what is open below it, and the next problem to solve."""

    def __init__(self, search: Search) -> None:
        self.search = search
        self.chains = Chains(search.program)
        self.tried: set[tuple[float, ...]] = set()
        self.tries: Counter[tuple[object, ...]] = Counter()
        self.busy: list[tuple[float, float]] = []
        self.spent, self.most = 0, inf
        self.size = CLOSE * search.request.gap
        self.known = excluded((), np.zeros(2))
        self._facts = 0
        self._open: tuple[object, OpenParts] | None = None

    @property
    def scale(self) -> Floats:
        """Range of each objective, shape (2,)."""
        return ranges(self.search.program, self.search.values)

    @property
    def margin(self) -> Floats:
        """How far below a value a level is imposed so that the value itself does not meet it, shape (2,).

        A fact counts at values that pass its level by the noise, so that it takes more than that.
        """
        noise = 2 * certify.value_noise(self.search.program)
        return np.maximum(noise, MARGIN * self.finest * self.scale)

    def _margin(self, place: tuple[object, ...]) -> Floats | None:
        """The margin for a gap, wider with every try that left it open; None when it would leave too much.

        A solver may miss a level and rows at once by its tolerances, and so reach what is just above a level.
        """
        margin = self.margin * WIDER ** self.tries[place]
        wide = self.tries[place] > 0 and np.any(margin > self.size * self.scale)
        return None if wide else np.asarray(margin)

    @property
    def finest(self) -> float:
        """The smallest open size to work on, as a share of the range: not below what margins leave open."""
        noise = 2 * certify.value_noise(self.search.program) / self.scale
        return max(min(FINEST, CLOSE * self.search.request.gap), float(noise.max()) / CLOSE)

    def open_parts(self) -> OpenParts:
        """What is open below the known front."""
        stairs, facts = self.chains.stairs, self.search.facts
        if len(facts) > self._facts:
            self.known |= excluded(facts[self._facts :], np.zeros(2))
        elif self._open is not None and self._open[0] is stairs:
            return self._open[1]
        self._facts = len(facts)
        self._open = stairs, open_parts(stairs, self.known, self.scale, fine=self.finest)
        return self._open[1]

    def enough(self) -> bool:
        """Whether the asked coverage is proven, or the asked points are there, spread over all of it."""
        request, coverage = self.search.request, self.open_parts().coverage
        if request.coverage > 0 and coverage <= request.coverage:
            return True
        return self.search.enough and request.points is not None and coverage <= 1.0 / request.points

    def words(self) -> str:
        """What the search came to, once nothing is left to do."""
        coverage = self.open_parts().coverage
        if coverage > self.size and self.finest > self.size:
            return f"values can be told apart to {self.finest:.2g} of the range only"
        if coverage > max(self.size, self.search.request.coverage) and self.spent < self.most:
            return "what is open cannot be closed by another search"
        return f"nothing is further than {coverage:.3g} of the range from the {len(self.chains)} slices seen"

    def refine(self) -> bool:
        """Once the gap is reached, go on to the finest size, for as many searches again at most."""
        if self.size <= self.finest or self.search.weak:
            return False
        self.search.reached = self.words()
        self.size, self.most = self.finest, 2 * self.spent
        return True

    def thin(self) -> str:
        """Keep the asked number of points: both ends, and others as far from each other as can be."""
        wanted, known = self.search.request.points, len(self.search.archive)
        if wanted is None or wanted >= known:
            return self.words()
        unit = self.search.values / self.scale
        chosen = [0, known - 1]
        while len(chosen) < wanted:
            far = np.abs(unit[:, None] - unit[None, chosen]).max(axis=2).min(axis=1)
            chosen.append(int(np.argmax(far)))
        self.search.hold([self.search.archive[at] for at in chosen], self.search.stretches)
        return "the asked number of points was reached"

    def next_job(self) -> Job | None:
        """The job for the widest gap that is not worked on and for which there is one; None if none is."""
        for gap in widest_gaps(self.open_parts(), self.size, min(self.size, self.finest)):
            span = self._span(gap)
            if any(span[0] < high and low < span[1] for low, high in self.busy):
                continue
            job = self._job(gap)
            if job is not None:
                return self._guarded(span, job)
        return None

    def _span(self, gap: Gap) -> tuple[float, float]:
        """The second values between which a gap lies."""
        ends = self.chains.stairs.ends
        if gap.kind == "end":
            return (float(ends[0, 0, 1]), inf) if gap.index == 0 else (-inf, float(ends[-1, 1, 1]))
        if gap.kind == "corner":
            return float(ends[gap.index + 1, 0, 1]), float(ends[gap.index, 1, 1])
        return float(ends[gap.index, 1, 1]), float(ends[gap.index, 0, 1])

    def _guarded(self, span: tuple[float, float], job: Job) -> Job:
        """A job whose span no other one enters."""
        self.busy.append(span)
        yield from job
        self.busy.remove(span)

    def _job(self, gap: Gap) -> Job | None:
        if gap.kind == "end":
            gap_allowed = PROVEN * self.finest * float(self.scale[gap.index])
            problem = Problem(np.eye(2)[gap.index], np.full(2, inf), self.search.archive[-gap.index])
            return (
                self.end(gap.index, Accuracy(gap=gap_allowed), problem.start) if self._new(problem) else None
            )
        if gap.kind == "part" and self.chains.stairs.proper[gap.index]:
            chain, edge = self.chains.owner(gap.index)
            if chain.pair(edge) not in chain.edges:
                return self._refine_part(chain, edge)
        found = self._below(gap) if gap.kind == "part" else self._at_corner(gap)
        return self._search(found) if found is not None and self._new(found) else None

    def _new(self, problem: Problem) -> bool:
        """Whether a problem was not solved before, and may be now; it counts as solved from here on."""
        if problem.key in self.tried or self.spent >= self.most:
            return False
        self.tried.add(problem.key)
        self.tries[problem.place] += 1
        self.spent += 1
        return True

    def end(self, axis: int, accuracy: Accuracy, start: Solve | None = None) -> Job:
        """The best value of one objective."""
        x = None if start is None else start.x
        solve = yield from self.search.solve(np.eye(2)[axis], main=axis, start=x, accuracy=accuracy)
        yield from self._take(solve)

    def _search(self, problem: Problem) -> Job:
        """Search for something below a problem's caps that is better than what is known."""
        how = Accuracy(gap=PROVEN * self.finest * float(problem.weights @ self.scale))
        solve = yield from self.search.solve(
            problem.weights, main=0, upper=problem.upper, start=problem.start.x, accuracy=how
        )
        yield from self._take(solve)

    def _below(self, gap: Gap) -> Problem | None:
        """The best solution along the normal of a part, in its box; None when the margins leave no box."""
        stairs, index = self.chains.stairs, gap.index
        (a, b), (open_a, open_b) = stairs.ends[index], ~stairs.closed[index]
        place = ("below", *a.tolist(), *b.tolist(), gap.low, gap.high)
        step, margin, again = b - a, self._margin(place), self.tries[place] > 0
        if margin is None or (again and not stairs.proper[index]):
            return None
        if not stairs.proper[index]:
            return Problem(self._weights(1.0 / self.scale), a, self.chains.mix(index, 0.0), place)
        upper = np.array([a[0] + gap.high * step[0], a[1] + gap.low * step[1]])
        upper -= margin * np.array([again or (open_b and gap.high == 1), again or (open_a and gap.low == 0)])
        low, high = (upper[1] - a[1]) / step[1], (upper[0] - a[0]) / step[0]
        if not low < high:
            return None
        share = stairs.share[index]
        middle = float(share[0] + (share[1] - share[0]) * (low + high) / 2)
        weights = self._weights(np.array([-step[1], step[0]]))
        return Problem(weights, upper, self.chains.mix(index, middle), place)

    def _at_corner(self, gap: Gap) -> Problem | None:
        """Along the chord of a wide corner once, then the least first value below its upper point's level.

        None when the parts beside the corner are too close for a level between them.
        """
        stairs, scale = self.chains.stairs, self.scale
        p, q = stairs.ends[gap.index, 1], stairs.ends[gap.index + 1, 0]
        place = (*p.tolist(), *q.tolist())
        margin = self._margin(place)
        if margin is None or np.any(np.array([q[0] - p[0], p[1] - q[1]]) <= margin):
            return None
        start = self.chains.mix(gap.index + 1, float(stairs.share[gap.index + 1, 0]))
        chord = Problem(self._weights(np.array([p[1] - q[1], q[0] - p[0]])), np.array([q[0], p[1]]), start)
        if gap.size > WIDE and chord.key not in self.tried:
            return chord
        small = PROVEN * self.finest * float(scale[0] / scale[1])
        level = np.array([inf, p[1] - margin[1]])
        return Problem(self._weights(np.array([1.0, small])), level, start, place)

    def _weights(self, weights: Floats) -> Floats:
        """Weights of a size that does not change with what is known."""
        return np.asarray(weights / (weights @ self.search.program.objective_span))

    def _take(self, solve: Solve) -> Generator[Task, Solve, None]:
        """Follow a solution to its slice: both ends of a new one, and the edges below the solution."""
        assert solve.y is not None
        chain, new = self.chains.chain(solve)
        for axis in (0, 1) if new else ():
            end = yield from self.search.on_slice(np.eye(2)[axis], chain.fixed)
            # Where the slice has no solution within the tolerances of a linear program, this one is all.
            chain.add(solve if end is None else end, self.chains.noise)
        while (edge := chain.above(solve.y, self.chains.noise)) is not None:
            yield from self._refine(chain, edge)
        self._update()

    def _refine_part(self, chain: Chain, edge: int) -> Job:
        yield from self._refine(chain, edge)
        self._update()

    def _refine(self, chain: Chain, edge: int) -> Generator[Task, Solve, None]:
        """Solve along the normal of a chain's edge, in its slice: a new corner, or nothing lies below."""
        left, right = chain.pair(edge)
        weights = self._weights(np.array([left.y[1] - right.y[1], right.y[0] - left.y[0]]))
        solve: Solve | None = None
        size = weights * self.search.program.objective_span
        if size.min() >= tolerances.FLAT * size.sum():
            solve = yield from self.search.on_slice(weights, chain.fixed, basis=left.solve.basis)
        noise = self.chains.noise
        if solve is None or solve.y is None or weights @ solve.y >= weights @ (left.y - noise):
            chain.edges[left, right] = solve or left.solve
        elif not chain.add(solve, noise):
            chain.edges[left, right] = solve

    def _update(self) -> None:
        self.chains.update()
        self.search.hold(*self.chains.parts())
