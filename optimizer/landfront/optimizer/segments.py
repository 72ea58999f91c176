"""Segments of a two-objective front, and the plane geometry of sets of segments and points.

A segment holds all mixes of two solutions that agree in every whole number, so that each mix is a solution.
The geometry is in minimisation form: `ends` has shape (k, 2, 2) and holds the upper left end (least first
value) and the lower right end of each segment; both are the same for a single point.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from landfront.optimizer.front import Floats

BLOCK = 1 << 18
"""Pairs of segments that are looked at together: more would not fit the processor's cache."""

SAME = 4.0
"""Points closer than this many times the noise are the same point."""


@dataclass(frozen=True)
class Segment:
    """Two solutions with the same whole numbers; every mix of them is a solution.

    Attributes
    ----------
    values
        Objective values at the two ends in own senses and units, by the first ascending, shape (2, 2).
    x
        The solution at each end, shape (2, m).
    closed
        Whether each end is nondominated itself. An open end is beaten by another solution with the same value
        of one objective; the mixes next to it are not.
    """

    values: Floats
    x: Floats
    closed: tuple[bool, bool]

    def mix(self, share: float) -> tuple[Floats, Floats]:
        """The solution that has this share of the second end, and its values, shapes (m,) and (2,).

        Raises
        ------
        ValueError
            If the share does not lie between 0 and 1.
        """
        if not 0 <= share <= 1:
            raise ValueError(f"a share lies between 0 and 1, not {share!r}")
        part = np.array([1.0 - share, share])
        return np.asarray(part @ self.x), np.asarray(part @ self.values)

    @property
    def rate(self) -> float:
        """Change of the second objective per unit of the first along the segment, own units."""
        step = self.values[1] - self.values[0]
        return float(step[1] / step[0])


def minimised(segments: Sequence[Segment], senses: NDArray[np.int8]) -> Floats:
    """Ends of segments in minimisation form, shape (k, 2, 2)."""
    ends = np.array([segment.values for segment in segments]).reshape(-1, 2, 2) * senses
    return np.asarray(ends[:, ::-1] if senses[0] < 0 else ends)


@dataclass(frozen=True)
class Staircase:
    """The nondominated parts of segments and points, from the upper left to the lower right.

    Attributes
    ----------
    ends
        Shape (j, 2, 2).
    source
        Which of the given segments or points each part is of, shape (j,).
    share
        Share of the source's second end at both ends of the part, shape (j, 2).
    closed
        Whether both ends are nondominated themselves, shape (j, 2).
    """

    ends: Floats
    source: NDArray[np.int64]
    share: Floats
    closed: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.ends)

    @property
    def proper(self) -> NDArray[np.bool_]:
        """Which parts are more than one point, shape (j,)."""
        return np.asarray(self.share[:, 1] > self.share[:, 0])


def nondominated(ends: Floats, noise: Floats) -> Staircase:
    """The parts of segments and points that none of them dominates.

    Where several are the same, up to the noise, the first one stays, and a segment before a point.

    Parameters
    ----------
    ends
        Minimisation form, shape (k, 2, 2); segments fall from left to right.
    noise
        Values this close are the same, shape (2,).
    """
    origin = ends.reshape(-1, 2).min(axis=0) if len(ends) else np.zeros(2)
    unit = (ends - origin) / noise
    proper = np.any(np.abs(unit[:, 1] - unit[:, 0]) > 1.0, axis=1)
    order = np.argsort(~proper, kind="stable")
    order = order[~_hopeless(unit[order])]
    unit, proper = unit[order], proper[order]
    source, share = _left_over(unit, proper)
    parts = _between(unit[source], share)
    closed = ~_beaten(parts.reshape(-1, 2), unit).reshape(-1, 2)
    source = order[source]
    sort = np.lexsort((-parts[:, 0, 1], parts[:, 0, 0]))
    return Staircase(_between(ends[source], share)[sort], source[sort], share[sort], closed[sort])


def _hopeless(unit: Floats) -> NDArray[np.bool_]:
    """Which segments have no point that one end of another does not dominate, shape (k,); noise is 1."""
    ends = unit.reshape(-1, 2)
    ends = ends[np.lexsort((ends[:, 1], ends[:, 0]))]
    lowest = np.minimum.accumulate(ends[:, 1])
    at = np.searchsorted(ends[:, 0], unit[:, 0, 0] - 1.0, side="right")
    before = np.append(np.inf, lowest)[at]
    return np.asarray(before < unit[:, 1, 1] - 1.0)


def _between(ends: Floats, share: Floats) -> Floats:
    """Points of segments, shape (j, 2, 2), at two shares each, shape (j, 2)."""
    at = share[:, :, None]
    return np.asarray((1.0 - at) * ends[:, :1] + at * ends[:, 1:])


def _left_over(unit: Floats, proper: NDArray[np.bool_]) -> tuple[NDArray[np.int64], Floats]:
    """Source and shares of what nothing covers; segments stand before points, noise is 1."""
    count = int(np.count_nonzero(proper))
    step = np.abs(unit[:count, 1] - unit[:count, 0]).max(axis=1, initial=0.0)
    rows, shares = [np.zeros(0, dtype=np.int64)], [np.zeros((0, 2))]
    for block in np.array_split(np.arange(count), max(count * len(unit) // BLOCK, 1)):
        row, free = _complement(*_covered(unit, block, proper))
        wide = (free[:, 1] - free[:, 0]) * step[block[row]] > 1.0
        rows.append(block[row[wide]])
        shares.append(free[wide])
    alone = count + np.flatnonzero(~_doubled(unit, count))
    return np.concatenate([*rows, alone]), np.concatenate([*shares, np.zeros((len(alone), 2))])


def _covered(unit: Floats, block: NDArray[np.int64], proper: NDArray[np.bool_]) -> tuple[Floats, Floats]:
    """From and to which share of some segments each other one dominates them, shape (n, k); inf if nowhere.

    A point of the segment is dominated by another segment when it is right of that one's left end, above its
    right end and above the line through both. On the line they are the same, and the earlier one stays.
    """
    start, step = unit[block, 0], unit[block, 1] - unit[block, 0]
    ahead, above = unit[:, 0, 0] - start[:, :1], start[:, 1:] - unit[:, 1, 1]
    normal = _normals(unit)
    base, slope = start @ normal.T - np.sum(normal * unit[:, 0], axis=1), step @ normal.T
    with np.errstate(divide="ignore", invalid="ignore"):
        low = np.where(step[:, :1] > 0, ahead / step[:, :1], np.where(ahead <= 0, 0.0, np.inf))
        high = np.where(step[:, 1:] < 0, above / -step[:, 1:], np.where(above >= 0, 1.0, -np.inf))
        crossing = -base / slope
    low, high = np.clip(low, 0.0, None), np.clip(high, None, 1.0)
    meet = low <= high
    first, last = (base + np.where(meet, at, 0.0) * slope for at in (low, high))
    same = proper & (np.maximum(np.abs(first), np.abs(last)) <= 1.0)
    # Where the same line crosses itself is rounding: it would leave a piece of it twice.
    low = np.where(~same & (first < 0) & (last > 0), crossing, low)
    high = np.where(~same & (first > 0) & (last < 0), crossing, high)
    earlier = np.arange(len(unit)) < block[:, None]
    used = (high - low) * np.abs(step).max(axis=1, keepdims=True) > 1.0
    used &= np.where(same, earlier, ~proper | (np.maximum(first, last) > 0))
    return np.where(used, low, np.inf), np.where(used, high, -np.inf)


def _normals(ends: Floats) -> Floats:
    """Normal of each segment with sum 1, shape (k, 2); 0 of a point."""
    step = ends[:, 1] - ends[:, 0]
    normal = np.column_stack([-step[:, 1], step[:, 0]])
    size = normal.sum(axis=1, keepdims=True)
    return np.asarray(np.divide(normal, size, out=np.zeros_like(normal), where=size > 0))


def _complement(low: Floats, high: Floats) -> tuple[NDArray[np.int64], Floats]:
    """What the intervals of each row leave of [0, 1]: the row, shape (f,), and from where to where."""
    order = np.argsort(low, axis=1)
    low, high = (np.take_along_axis(array, order, axis=1) for array in (low, high))
    edge = np.zeros((len(low), 1))
    reached = np.maximum.accumulate(np.hstack([edge, high]), axis=1)
    starts = np.hstack([np.minimum(low, 1.0), edge + 1.0])
    row, at = np.nonzero(starts > reached)
    # Those after the last interval say the same as the end does.
    new = np.append(True, (np.diff(row) > 0) | (np.diff(reached[row, at]) > 0))[: len(row)]
    row, at = row[new], at[new]
    return row, np.column_stack([reached[row, at], starts[row, at]])


def _doubled(unit: Floats, count: int) -> NDArray[np.bool_]:
    """Which points are dominated, or the same as an earlier point or one of a segment, shape (k - count,).

    The first `count` are segments.
    """
    point, other = np.nonzero(_reaches(unit[count:, 0], unit))
    point = point + count
    far = _apart(unit[point, 0], unit[other]) > SAME
    found = (other != point) & ((other < count) | (other < point) | far)
    doubled = np.zeros(len(unit), dtype=bool)
    doubled[point[found]] = True
    return doubled[count:]


def _beaten(points: Floats, unit: Floats) -> NDArray[np.bool_]:
    """Which points are dominated by something that is not the same point, shape (n,)."""
    point, other = np.nonzero(_reaches(points, unit))
    far = _apart(points[point], unit[other]) > SAME
    beaten = np.zeros(len(points), dtype=bool)
    beaten[point[far]] = True
    return beaten


def _reaches(points: Floats, unit: Floats) -> NDArray[np.bool_]:
    """Whether each segment is nowhere worse than each point by more than the noise, shape (n, k)."""
    normal = _normals(unit)
    above = points @ normal.T - np.sum(normal * unit[:, 0], axis=1) >= -1.0
    right = points[:, :1] >= unit[:, 0, 0] - 1.0
    return np.asarray(above & right & (points[:, 1:] >= unit[:, 1, 1] - 1.0))


def distance(points: Floats, ends: Floats, scale: Floats) -> Floats:
    """How far each point is from the nearest of the segments, as a share of the range, shape (n,).

    The distance of two points is the larger of their two differences.

    Parameters
    ----------
    points
        Shape (n, 2).
    ends
        Shape (k, 2, 2).
    scale
        Range of each objective, shape (2,).
    """
    found = _apart((points / scale)[:, None], (ends / scale)[None])
    return np.asarray(found.min(axis=1, initial=np.inf))


def _apart(points: Floats, ends: Floats) -> Floats:
    """Larger difference between points, shape (..., 2), and the nearest mixes of segments, shape (..., 2, 2).

    It is convex along a segment, with kinks where a difference is zero or both have the same size.
    """
    step = ends[..., 1, :] - ends[..., 0, :]
    offset = points - ends[..., 0, :]
    none, one = np.zeros_like(offset[..., 0]), np.ones_like(offset[..., 0])
    lines = [(offset[..., axis], step[..., axis]) for axis in (0, 1)]
    lines.extend((offset @ np.array([1.0, sign]), step @ np.array([1.0, sign])) for sign in (1, -1))
    least = np.full(offset.shape[:-1], np.inf)
    for ahead, speed in (*lines, (none, one), (one, one)):
        at = np.divide(ahead, speed, out=np.zeros_like(ahead), where=speed != 0)
        apart = np.abs(offset - np.clip(at, 0.0, 1.0)[..., None] * step).max(axis=-1)
        least = np.minimum(least, apart)
    return least


def dominated_area(ends: Floats) -> float:
    """Area of the unit square that segments and points dominate, which are nondominated and sorted."""
    if len(ends) == 0:
        return 0.0
    chain = ends.reshape(-1, 2)
    corners = np.column_stack([chain[1:, 0], chain[:-1, 1]])
    corners[::2] = chain[1::2]
    path = np.insert(chain, np.arange(1, len(chain)), corners, axis=0)
    path = np.concatenate([path, [[max(1.0, float(path[-1, 0])), path[-1, 1]]]])
    return float(np.sum(_areas(path[:-1], path[1:])))


def _areas(left: Floats, right: Floats) -> Floats:
    """Area of the unit square above each stretch of a falling path, shape (n,)."""
    width = right[:, 0] - left[:, 0]
    with np.errstate(divide="ignore", invalid="ignore"):
        inside = [np.clip(np.nan_to_num((edge - left[:, 0]) / width), 0.0, 1.0) for edge in (0.0, 1.0)]
    drop = right[:, 1] - left[:, 1]
    first, last = (left[:, 1] + share * drop for share in inside)
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = np.where(
            last == first, np.clip(first, 0.0, 1.0), (_clipped(last) - _clipped(first)) / (last - first)
        )
    return np.asarray(width * (inside[1] - inside[0]) * (1.0 - mean))


def _clipped(height: Floats) -> Floats:
    """Integral from 0 of a height clipped to [0, 1]."""
    within = np.clip(height, 0.0, 1.0)
    return np.asarray(within**2 / 2 + np.maximum(height - 1.0, 0.0))
