"""What facts leave open below a front of segments and points: how far an unseen plan can be from it.

Pure geometry in minimisation form, no solver. The front is a `segments.Staircase`; y is *missed* by t when no
solution of the front is within t ranges of it. All such y are the boxes ``{y < c - t s}`` of the front's
corners c, with s the ranges: every point of a segment is a corner, and between two parts there is the one
with the first value of the right part and the second value of the left part. What a fact excludes, the set
``{y <= v, w @ y < b}``, is convex and holds every y below any of its own, hence

* a box is excluded if and only if the top of it is excluded by one fact: at a corner by

      size(c) = min over facts of max(0, max_i (c_i - v_i) / s_i, (w @ c - b) / (w @ s)),

* and along a segment the size that one fact leaves is convex, at most the larger of those at its ends.

Segments are cut where a cap crosses them and halved where the bound may be too large, so that the largest
size is proven and nearly exact.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from landfront.optimizer.excluded import Excluded
from landfront.optimizer.front import Floats
from landfront.optimizer.segments import Staircase, dominated_area, nondominated

HALVINGS = 6
"""Times that a part of a segment is halved where several facts together may bound it better."""

LOOSE = 1.25
"""A bound along a part is good enough when it is at most this many times what holds at the part's ends."""

TINY = 1e-9
"""Sizes below this share of the range are as good as zero: values are not known better."""


@dataclass(frozen=True)
class OpenParts:
    """How far a front may be from an unseen y, part by part; inf where nothing is proven.

    Attributes
    ----------
    piece
        Index of the staircase's segment (or point) that each part lies on, shape (n,), ascending.
    share
        From and to which share of the piece, shape (n, 2).
    size
        Largest size along the part, shape (n,).
    corner
        Size at the corner between each two pieces, shape (j - 1,).
    end
        Size beyond the ends: of the first objective at the upper left, of the second at the lower right.
    """

    piece: NDArray[np.int64]
    share: Floats
    size: Floats
    corner: Floats
    end: Floats

    @property
    def coverage(self) -> float:
        """Every feasible y is within this share of the range of a solution of the front."""
        return float(max(array.max(initial=0.0) for array in (self.size, self.corner, self.end)))


@dataclass(frozen=True)
class _Nodes:
    """Points on the pieces of a staircase, by piece and share.

    Attributes
    ----------
    piece, share
        Shape (n,); a single point is one node.
    size
        What each fact leaves open at each node, shape (n, f).
    """

    piece: NDArray[np.int64]
    share: Floats
    size: Floats

    @property
    def parts(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """First and last node of each part, shape (k,): of a single point the same."""
        next_ = np.flatnonzero(np.diff(self.piece) == 0)
        alone = np.ones(len(self.piece), dtype=bool)
        alone[next_] = alone[next_ + 1] = False
        first = np.sort(np.concatenate([next_, np.flatnonzero(alone)]))
        return first, first + ~alone[first]

    def join(self, other: _Nodes) -> _Nodes:
        """Both together."""
        piece, share = np.append(self.piece, other.piece), np.append(self.share, other.share)
        order = np.lexsort((share, piece))
        return _Nodes(piece[order], share[order], np.concatenate([self.size, other.size])[order])


def open_parts(stairs: Staircase, known: Excluded, scale: Floats, *, fine: float = 0.0) -> OpenParts:
    """What facts leave open below a front.

    Parameters
    ----------
    stairs
        At least one part.
    known
        What the facts exclude, of two real-valued objectives.
    scale
        Range of each objective, shape (2,).
    fine
        Sizes up to this need no better bound.
    """
    nodes = _measured(stairs, *_cuts(stairs, known), known, scale)
    for halvings in range(HALVINGS + 1):
        first, last = nodes.parts
        size = np.maximum(nodes.size[first], nodes.size[last]).min(axis=1, initial=np.inf)
        least = nodes.size.min(axis=1, initial=np.inf)
        good = np.maximum(LOOSE * np.maximum(least[first], least[last]), fine) + TINY
        wide = (size > good) & (first < last)
        if halvings == HALVINGS or not wide.any():
            break
        middle = (nodes.share[first[wide]] + nodes.share[last[wide]]) / 2
        nodes = nodes.join(_measured(stairs, nodes.piece[first[wide]], middle, known, scale))
    share = np.column_stack([nodes.share[first], nodes.share[last]])
    corner = _sizes(corners(stairs), known, scale).min(axis=1, initial=np.inf)
    return OpenParts(nodes.piece[first], share, size, corner, _end_sizes(stairs, known, scale))


def corners(stairs: Staircase) -> Floats:
    """The corner between each two pieces, shape (j - 1, 2)."""
    return np.column_stack([stairs.ends[1:, 0, 0], stairs.ends[:-1, 1, 1]])


def _cuts(stairs: Staircase, known: Excluded) -> tuple[NDArray[np.int64], Floats]:
    """Nodes at the ends of each piece and where caps cross it: index of the piece, and share."""
    pieces, shares = [], []
    for index, (left, right) in enumerate(stairs.ends):
        step = right - left
        at = [
            (cap[np.isfinite(cap)] - start) / size
            for cap, start, size in zip(known.upper.T, left, step, strict=True)
            if size != 0
        ]
        inner = np.unique(np.concatenate([*at, np.zeros(0)]))
        inner = inner[(inner > TINY) & (inner < 1.0 - TINY)]
        found = np.concatenate([[0.0], inner, [1.0]]) if stairs.proper[index] else np.zeros(1)
        pieces.append(np.full(len(found), index))
        shares.append(found)
    return np.concatenate(pieces), np.concatenate(shares)


def _measured(
    stairs: Staircase, piece: NDArray[np.int64], share: Floats, known: Excluded, scale: Floats
) -> _Nodes:
    return _Nodes(piece, share, _sizes(_points(stairs, piece, share), known, scale))


def _points(stairs: Staircase, piece: NDArray[np.int64], share: Floats) -> Floats:
    """Points of pieces, shape (n, 2), at a share each."""
    ends = stairs.ends[piece]
    return np.asarray((1.0 - share[:, None]) * ends[:, 0] + share[:, None] * ends[:, 1])


def _sizes(tops: Floats, known: Excluded, scale: Floats) -> Floats:
    """Size that each fact leaves at each corner, shape (n, f)."""
    slope = known.weights @ scale
    size = np.maximum(tops @ known.weights.T - known.beta, 0.0) / np.where(slope > 0, slope, 1.0)
    for axis in (0, 1):
        used = np.isfinite(known.upper[:, axis])
        over = (tops[:, axis, None] - known.upper[used, axis]) / scale[axis]
        size[:, used] = np.maximum(size[:, used], over)
    return size


def _end_sizes(stairs: Staircase, known: Excluded, scale: Floats) -> Floats:
    """Sizes at the two corners that are unbounded on one side, where they end at the largest value."""
    found = np.full(2, np.inf)
    for axis, value in ((0, stairs.ends[0, 0, 0]), (1, stairs.ends[-1, 1, 1])):
        weight, other, top = known.weights[:, axis], known.weights[:, 1 - axis], known.most[1 - axis]
        beside = (
            other * np.where(other > 0, top, 0.0) if np.isfinite(top) else np.where(other > 0, np.inf, 0.0)
        )
        use = (known.upper[:, 1 - axis] >= top) & ((weight > 0) | np.isinf(known.beta)) & np.isfinite(beside)
        excess = np.maximum(weight * value + beside - known.beta, 0.0)[use]
        size = excess / np.where(weight > 0, weight, 1.0)[use] / scale[axis]
        found[axis] = np.maximum(size, (value - known.upper[use, axis]) / scale[axis]).min(initial=np.inf)
    return found


def open_bracket(stairs: Staircase, parts: OpenParts, ideal: Floats, nadir: Floats) -> Floats:
    """Proven inner and outer hypervolume as shares of the ideal-nadir box, shape (2,).

    The outer one is what the excluded boxes leave: seen from the nadir they are a front of their own.
    """
    span = nadir - ideal
    if np.any(span <= 0):
        return np.ones(2)
    inner = dominated_area((stairs.ends - ideal) / span)
    ends = np.stack([_points(stairs, parts.piece, parts.share[:, side]) for side in (0, 1)], axis=1)
    between = corners(stairs)
    ends = np.concatenate([ends, np.repeat(between[:, None], 2, axis=1)])
    size = np.concatenate([parts.size, parts.corner])
    known = np.isfinite(size)
    tops = (ends[known] - ideal) / span - size[known, None, None]
    above = nondominated(1.0 - tops[:, ::-1], np.full(2, TINY))
    return np.array([inner, max(inner, 1.0 - dominated_area(above.ends))])
