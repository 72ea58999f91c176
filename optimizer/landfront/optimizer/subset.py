"""Parts of a front: the points in a region of criterion space, or a few that stand for all.

What was proven of the whole front is never copied to a part: coverage, hypervolume and completeness are
derived again from the points that are left and from the facts, or stated as unknown.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from landfront.optimizer.front import Fact, Floats, Front
from landfront.optimizer.program import Program
from landfront.optimizer.proof import Proven, prove
from landfront.optimizer.quality import knee
from landfront.optimizer.rates import plane
from landfront.optimizer.segments import Segment, minimised

Ints = NDArray[np.int64]
Range = tuple[float | None, float | None]

REFERENCE = 0.1
"""The reference point of a hypervolume lies this share of the range beyond the worst values, so that the ends
of a front count too."""


def within(
    front: Front, limits: Mapping[str, Range], *, program: Program | None = None, gap: float = 1e-4
) -> Front:
    """The points of a front inside limits on its criteria, with what is proven inside these limits.

    Parameters
    ----------
    front
        Any front.
    limits
        Lowest and highest value by criterion, own sense and unit; None where free.
    program
        The program of the front. Without it coverage and hypervolume of the part are unknown.
    gap
        Share of the range (of the part) within which nothing may be missing, for `Front.complete`.

    Returns
    -------
    Front
        With all facts. Its coverage and completeness speak of the nondominated points of the whole program
        that lie inside the limits.

    Raises
    ------
    ValueError
        For an unknown criterion, a limit that is not a number, or limits that exclude each other.
    """
    low, high = _region(front, limits)
    inside = np.all((front.values >= low) & (front.values <= high), axis=1)
    ends = np.sort(np.array([low, high]) * front.senses, axis=0)
    facts = [known for fact in front.facts for known in _inside(fact, *ends)]
    facts += _floors(ends[0])
    words = f"only points with {_words(front, limits)}, and what is stated is of this region"
    part = replace(front, segments=tuple(_clipped(front.segments, low, high)))
    return _part(part, np.flatnonzero(inside), facts, words, program=program, gap=gap)


def _region(front: Front, limits: Mapping[str, Range]) -> tuple[Floats, Floats]:
    low, high = np.full(len(front.criteria), -np.inf), np.full(len(front.criteria), np.inf)
    for name, (least, most) in limits.items():
        if name not in front.criteria:
            raise ValueError(f"the front has no criterion {name!r}: it has {', '.join(front.criteria)}")
        axis = front.criteria.index(name)
        low[axis] = -np.inf if least is None else least
        high[axis] = np.inf if most is None else most
        if not low[axis] <= high[axis]:
            raise ValueError(f"{name}: no value is at least {least} and at most {most}")
    return low, high


def _clipped(segments: Sequence[Segment], low: Floats, high: Floats) -> Iterator[Segment]:
    """The parts of segments with ``low <= values <= high``; where one is cut its end is closed."""
    for segment in segments:
        start, step = segment.values[0], segment.values[1] - segment.values[0]
        with np.errstate(divide="ignore", invalid="ignore"):
            cuts = np.array([low - start, high - start]) / step
        # Along a segment both values change.
        first = max(0.0, float(cuts.min(axis=0).max()))
        last = min(1.0, float(cuts.max(axis=0).min()))
        if first >= last:
            continue
        (x, values), (other_x, other) = segment.mix(first), segment.mix(last)
        closed = (segment.closed[0] or first > 0, segment.closed[1] or last < 1)
        yield Segment(np.array([values, other]), np.array([x, other_x]), closed)


def _words(front: Front, limits: Mapping[str, Range]) -> str:
    heads = dict(zip(front.criteria, front.heads, strict=True))
    parts = []
    for name, (least, most) in limits.items():
        parts += [f"{heads[name]} >= {least:.7g}"] if least is not None else []
        parts += [f"{heads[name]} <= {most:.7g}"] if most is not None else []
    return ", ".join(parts) or "any values"


def _inside(fact: Fact, low: Floats, high: Floats) -> list[Fact]:
    """What a fact says of the y with ``low <= y <= high`` (minimisation form).

    There it holds without the caps that the region implies, and every weight on an objective that the region
    bounds from above may be moved to the right-hand side.
    """
    weights, beta, upper = plane(fact)
    if np.any(upper < low):
        return []
    free = np.where(upper >= high, np.inf, upper)
    if beta == np.inf and np.isinf(free).all():
        # Nothing feasible lies in the region: there is nothing to cover, and no fact to say so without caps.
        free = upper
    known = [replace(fact, weights=weights, beta=beta, upper=free, proof="claimed")]
    for axis in np.flatnonzero(np.isfinite(high) & (weights > 0)):
        others = np.where(np.arange(len(weights)) == axis, 0.0, weights)
        if others.any() and np.isfinite(beta):
            known.append(replace(known[0], weights=others, beta=beta - weights[axis] * high[axis]))
    return known


def _floors(low: Floats) -> list[Fact]:
    """That no y of the region is better than the region's own limit."""
    p = len(low)
    free, none = np.full(p, np.inf), np.zeros(p)
    return [
        Fact(np.eye(p)[axis], free, float(low[axis]), "claimed", np.zeros(0), none)
        for axis in np.flatnonzero(np.isfinite(low))
    ]


def thin(
    front: Front,
    count: int,
    *,
    by: Literal["spread", "hypervolume"] = "spread",
    program: Program | None = None,
    gap: float = 1e-4,
) -> Front:
    """A few points that stand for all of them, with what is proven of the few.

    Parameters
    ----------
    front
        Any front.
    count
        How many points to keep. Segments of a front of a mixed program are left out.
    by
        "spread": the best point of each criterion, the knee, then always the point furthest from those kept
        (largest difference as a share of the range). "hypervolume": always the point that adds most, which
        leaves at most 37 % less than the best choice (G. L. Nemhauser, L. A. Wolsey, M. L. Fisher, An
        analysis of approximations for maximizing submodular set functions, Mathematical Programming 14,
        1978).
    program
        The program of the front. Without it coverage and hypervolume of the few are unknown.
    gap
        Share of the range within which nothing may be missing, for `Front.complete`.

    Raises
    ------
    ValueError
        If `count` is less than 1 or `by` is unknown.
    """
    if count < 1:
        raise ValueError(f"keep at least one point, not {count}")
    if by not in ("spread", "hypervolume"):
        raise ValueError(f'by must be "spread" or "hypervolume", not {by!r}')
    if count >= len(front):
        return front
    chosen = _by_spread(front, count) if by == "spread" else _by_hypervolume(front, count)
    words = f"thinned from {len(front)} to {count} points by {by}"
    return _part(replace(front, segments=()), np.sort(chosen), front.facts, words, program=program, gap=gap)


def _unit_values(front: Front) -> Floats:
    """Values in minimisation form as shares of the range of the points, 0 the best, shape (s, p)."""
    values = front.values * front.senses
    span = np.ptp(values, axis=0)
    return np.asarray((values - values.min(axis=0)) / np.where(span > 0, span, 1.0))


def _by_spread(front: Front, count: int) -> Ints:
    """Farthest first (T. F. Gonzalez, Theoretical Computer Science 38, 1985), from the ends and the knee."""
    unit = _unit_values(front)
    # Of equal ends the one that is best in the other objectives.
    ends = [int(np.lexsort((unit.sum(axis=1), column))[0]) for column in unit.T]
    middle = knee(front).index
    chosen = list(dict.fromkeys([middle] if count == 1 else [*ends, middle]))[:count]
    distance = np.abs(unit[:, None] - unit[None, chosen]).max(axis=2).min(axis=1)
    while len(chosen) < count:
        chosen.append(int(np.argmax(distance)))
        distance = np.minimum(distance, np.abs(unit - unit[chosen[-1]]).max(axis=1))
    return np.array(chosen)


def _by_hypervolume(front: Front, count: int) -> Ints:
    """The point that adds most, again and again.

    What a point adds only falls while others are chosen, so an old figure that still leads needs no other
    to be computed again.
    """
    import moocore

    unit = _unit_values(front)
    volume = moocore.Hypervolume(ref=np.full(unit.shape[1], 1.0 + REFERENCE))
    heap = [(-float(volume(unit[[index]])), index, 0) for index in range(len(unit))]
    heapq.heapify(heap)
    chosen: list[int] = []
    total = 0.0
    while len(chosen) < count:
        added, index, known = heapq.heappop(heap)
        if known < len(chosen):
            added = total - float(volume(unit[[*chosen, index]]))
            heapq.heappush(heap, (added, index, len(chosen)))
            continue
        chosen.append(index)
        total -= added
    return np.array(chosen)


def _part(
    front: Front, kept: Ints, facts: Sequence[Fact], words: str, *, program: Program | None, gap: float
) -> Front:
    """The front of some of the points, and what is proven of it by facts that hold where it speaks of."""
    points = tuple(front.points[index] for index in kept)
    part = replace(front, points=points, detail=f"{front.detail}; {words}")
    proven = _unknown(part) if program is None else _proven(part, facts, program=program, gap=gap)
    if front.reason == "optimal" and not proven.complete:
        part = replace(part, reason="points reached")
    return replace(part, **proven.stated(front.senses))


def _proven(front: Front, facts: Sequence[Fact], *, program: Program, gap: float) -> Proven:
    ends = minimised(front.segments, front.senses) if front.segments else None
    return prove(program, front.values * front.senses, facts, gap, segments=ends)


def _unknown(front: Front) -> Proven:
    """What is known of points without their program: their own range, and nothing of what is unseen."""
    values = front.values * front.senses
    if len(values) == 0:
        none = np.full(len(front.criteria), np.nan)
        return Proven(none, none, np.inf, False, np.array([0.0, 1.0]))
    return Proven(values.min(axis=0), values.max(axis=0), np.inf, False, np.array([0.0, 1.0]))
