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
    unit, proper = unit[order], proper[order]
    source, share = _left_over(unit, proper)
    parts = _between(unit[source], share)
    closed = ~_beaten(parts.reshape(-1, 2), unit).reshape(-1, 2)
    source = order[source]
    sort = np.lexsort((-parts[:, 0, 1], parts[:, 0, 0]))
    return Staircase(_between(ends[source], share)[sort], source[sort], share[sort], closed[sort])


def _between(ends: Floats, share: Floats) -> Floats:
    """Points of segments, shape (j, 2, 2), at two shares each, shape (j, 2)."""
    at = share[:, :, None]
    return np.asarray((1.0 - at) * ends[:, :1] + at * ends[:, 1:])


def _left_over(unit: Floats, proper: NDArray[np.bool_]) -> tuple[NDArray[np.int64], Floats]:
    """Source and shares of what nothing covers; segments stand before points, noise is 1."""
    source, shares = [], []
    for index in np.flatnonzero(proper):
        low, high = _covered(unit[index], unit, proper, int(index))
        step = np.abs(unit[index, 1] - unit[index, 0]).max()
        free = _complement(low, high)
        free = free[(free[:, 1] - free[:, 0]) * step > 1.0]
        source.append(np.full(len(free), index))
        shares.append(free)
    alone = [index for index in np.flatnonzero(~proper) if not _doubled(unit, proper, int(index))]
    source.append(np.array(alone, dtype=np.int64))
    shares.append(np.zeros((len(alone), 2)))
    return np.concatenate(source).astype(np.int64), np.concatenate(shares)


def _covered(one: Floats, all_: Floats, proper: NDArray[np.bool_], index: int) -> tuple[Floats, Floats]:
    """From and to which share of a segment each other one dominates it, shape (k,) each; from > to if none.

    A point of the segment is dominated by another segment when it is right of that one's left end, above its
    right end and above the line through both. On the line they are the same, and the earlier one stays.
    """
    start, step = one[0], one[1] - one[0]
    with np.errstate(divide="ignore", invalid="ignore"):
        low = (all_[:, 0, 0] - start[0]) / step[0]
        high = (start[1] - all_[:, 1, 1]) / -step[1]
    low = np.where(step[0] > 0, low, np.where(all_[:, 0, 0] <= start[0], 0.0, np.inf))
    high = np.where(step[1] < 0, high, np.where(all_[:, 1, 1] <= start[1], 1.0, -np.inf))
    low, high = np.clip(low, 0.0, None), np.clip(high, None, 1.0)
    meet = low <= high
    normal = _normals(all_)
    base, slope = np.sum(normal * (start - all_[:, 0]), axis=1), normal @ step
    first, last = (base + np.where(meet, at, 0.0) * slope for at in (low, high))
    with np.errstate(divide="ignore", invalid="ignore"):
        crossing = -base / slope
    low = np.where(proper & (first < 0) & (last > 0), crossing, low)
    high = np.where(proper & (first > 0) & (last < 0), crossing, high)
    same = proper & (np.maximum(np.abs(first), np.abs(last)) <= 1.0)
    above = np.where(same, np.arange(len(all_)) < index, ~proper | (np.maximum(first, last) > 0))
    return np.where(meet & above, low, np.inf), np.where(meet & above, high, -np.inf)


def _normals(ends: Floats) -> Floats:
    """Normal of each segment with sum 1, shape (k, 2); 0 of a point."""
    step = ends[:, 1] - ends[:, 0]
    normal = np.column_stack([-step[:, 1], step[:, 0]])
    size = normal.sum(axis=1, keepdims=True)
    return np.asarray(np.divide(normal, size, out=np.zeros_like(normal), where=size > 0))


def _complement(low: Floats, high: Floats) -> Floats:
    """What intervals leave of [0, 1], shape (f, 2)."""
    used = low <= high
    order = np.argsort(low[used])
    starts = np.append(low[used][order], 1.0)
    reached = np.maximum.accumulate(np.append(0.0, high[used][order]))
    free = starts > reached
    return np.column_stack([reached[free], starts[free]])


def _doubled(unit: Floats, proper: NDArray[np.bool_], index: int) -> bool:
    """Whether a point is dominated, or the same as an earlier point or one of a segment."""
    point = unit[index : index + 1, 0]
    near = _reaches(point, unit)[0]
    near[index] = False
    far = _distances(point, unit)[0] > SAME
    return bool(np.any(near & (proper | far | (np.arange(len(unit)) < index))))


def _beaten(points: Floats, unit: Floats) -> NDArray[np.bool_]:
    """Which points are dominated by something that is not the same point, shape (n,)."""
    if len(points) == 0:
        return np.zeros(0, dtype=bool)
    return np.asarray(np.any(_reaches(points, unit) & (_distances(points, unit) > SAME), axis=1))


def _reaches(points: Floats, unit: Floats) -> NDArray[np.bool_]:
    """Whether each segment is nowhere worse than each point by more than the noise, shape (n, k)."""
    offset = points[:, None, :] - unit[None, :, 0]
    above = np.sum(offset * _normals(unit), axis=2) >= -1.0
    right = points[:, None, 0] >= unit[None, :, 0, 0] - 1.0
    return np.asarray(above & right & (points[:, None, 1] >= unit[None, :, 1, 1] - 1.0))


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
    found = _distances(points / scale, ends / scale)
    return np.asarray(found.min(axis=1, initial=np.inf))


def _distances(points: Floats, ends: Floats) -> Floats:
    """Larger difference between each point and the nearest mix of each segment, shape (n, k).

    It is convex along a segment, with kinks where a difference is zero or both have the same size.
    """
    step = ends[:, 1] - ends[:, 0]
    offset = points[:, None, :] - ends[None, :, 0]
    least = np.full(offset.shape[:2], np.inf)
    lines = [(offset[..., 0], step[:, 0]), (offset[..., 1], step[:, 1])]
    lines.extend((offset[..., 0] + sign * offset[..., 1], step[:, 0] + sign * step[:, 1]) for sign in (1, -1))
    ones = np.ones_like(least)
    for from_, slope in (*lines, (0.0 * ones, ones), (ones, ones)):
        with np.errstate(divide="ignore", invalid="ignore"):
            at = np.clip(np.nan_to_num(from_ / slope), 0.0, 1.0)
        least = np.minimum(least, np.abs(offset - at[..., None] * step).max(axis=2))
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
