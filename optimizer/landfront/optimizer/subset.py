"""Parts of a front: the points in a region of criterion space, or a few that stand for all.

What was proven of the whole front is never copied to a part: coverage, hypervolume and completeness are
derived again from the points that are left and from the facts, or stated as unknown.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from landfront.optimizer import certify
from landfront.optimizer.front import Fact, Floats, Front, Point
from landfront.optimizer.points import compact, key_of, relative_gap, settled
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
        that lie inside the limits. A segment of a mixed program that a limit cuts ends in a new point.

    Raises
    ------
    ValueError
        For an unknown criterion, a limit that is not a number, or limits that exclude each other.
    """
    low, high = _region(front, limits)
    ends = np.sort(np.array([low, high]) * front.senses, axis=0)
    facts = [known for fact in front.facts for known in _inside(fact, *ends)]
    facts += _floors(ends[0])
    words = f"only points with {_words(front, limits)}, and what is stated is of this region"
    points = [point for point in front if np.all((point.values >= low) & (point.values <= high))]
    pieces = [piece for segment in front.segments for piece in _pieces(segment, low, high)]
    if program is None:
        # Where a segment is cut a point begins, and nothing says how good it is.
        pieces = [piece for piece in pieces if not piece.cuts]
    else:
        points += [_new_point(front, piece.segment, end, program) for piece in pieces for end in piece.cuts]
        points.sort(key=lambda point: tuple(point.values.tolist()))
    part = replace(front, points=tuple(points), segments=tuple(piece.segment for piece in pieces))
    return _part(part, facts, words, program=program, gap=gap)


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


@dataclass(frozen=True)
class Piece:
    """What limits leave of a segment, and which of its ends (0, 1) are cuts."""

    segment: Segment
    cuts: tuple[int, ...]


def _pieces(segment: Segment, low: Floats, high: Floats) -> Iterator[Piece]:
    """The part of a segment with ``low <= values <= high``, if there is one."""
    start, step = segment.values[0], segment.values[1] - segment.values[0]
    # Along a segment both values change.
    shares = np.array([low - start, high - start]) / step
    first = max(0.0, float(shares.min(axis=0).max()))
    last = min(1.0, float(shares.max(axis=0).min()))
    if first >= last:
        return
    (x, values), (other_x, other) = segment.mix(first), segment.mix(last)
    cuts = tuple(end for end, cut in enumerate((first > 0, last < 1)) if cut)
    closed = (segment.closed[0] or 0 in cuts, segment.closed[1] or 1 in cuts)
    yield Piece(Segment(np.array([values, other]), np.array([x, other_x]), closed), cuts)


def _new_point(front: Front, segment: Segment, end: int, program: Program) -> Point:
    """The point where a limit cuts a segment; its values are recomputed, its bound follows from the facts."""
    x = segment.x[end]
    values = program.values(x)
    y, sense = values * program.senses, float(program.senses[0])
    bound = certify.point_bound(front.facts, y, certify.value_noise(program))
    bound = settled(program, bound, float(y[0]), objective=0)
    unknown = np.full(len(values), np.nan)
    return replace(
        front[0],
        values=values,
        x=compact(x),
        key=key_of(x),
        bound=sense * bound,
        gap=relative_gap(sense * bound, float(values[0]), float(program.offsets[0])),
        termination="optimal",
        row_prices=np.full(program.rows.shape[0], np.nan),
        rate=np.append(1.0, unknown[1:]),
        seconds=0.0,
    )


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
    points = tuple(front[int(index)] for index in np.sort(chosen))
    part = replace(front, points=points, segments=())
    return _part(part, front.facts, words, program=program, gap=gap)


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


def _part(part: Front, facts: Sequence[Fact], words: str, *, program: Program | None, gap: float) -> Front:
    """The part with what is proven of it, by facts that hold where it speaks of."""
    proven = _unknown(part) if program is None else _proven(part, facts, program=program, gap=gap)
    reason = "points reached" if part.reason == "optimal" and not proven.complete else part.reason
    return replace(part, reason=reason, detail=f"{part.detail}; {words}", **proven.stated(part.senses))


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
