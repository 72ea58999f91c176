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

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from landfront.optimizer.excluded import Excluded, excluded
from landfront.optimizer.front import Fact, Floats
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


def open_parts(stairs: Staircase, facts: Iterable[Fact], scale: Floats) -> OpenParts:
    """What facts leave open below a front.

    Parameters
    ----------
    stairs
        At least one part.
    facts
        What is proven.
    scale
        Range of each objective, shape (2,).
    """
    known = excluded(facts, np.zeros(2))
    piece, share = _cuts(stairs, known)
    size = _along(stairs, piece, share, known, scale)
    for _ in range(HALVINGS):
        ends = np.maximum(*(_at(stairs, piece, share[:, side], known, scale) for side in (0, 1)))
        wide = (size > LOOSE * ends + TINY) & (share[:, 1] > share[:, 0])
        if not wide.any():
            break
        piece, share = _halve(piece, share, wide)
        size = _along(stairs, piece, share, known, scale)
    return OpenParts(
        piece, share, size, _corner_sizes(stairs, known, scale), _end_sizes(stairs, known, scale)
    )


def _cuts(stairs: Staircase, known: Excluded) -> tuple[NDArray[np.int64], Floats]:
    """Parts of each piece between the caps that cross it: index of the piece and shares."""
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
        edges = np.concatenate([[0.0], inner, [1.0]]) if stairs.proper[index] else np.zeros(2)
        pieces.append(np.full(len(edges) - 1, index))
        shares.append(np.column_stack([edges[:-1], edges[1:]]))
    return np.concatenate(pieces), np.concatenate(shares)


def _halve(
    piece: NDArray[np.int64], share: Floats, wide: NDArray[np.bool_]
) -> tuple[NDArray[np.int64], Floats]:
    """Cut some parts in the middle."""
    middle = share[wide].mean(axis=1)
    low = np.append(share[:, 0], middle)
    high = np.append(np.where(wide, share.mean(axis=1), share[:, 1]), share[wide, 1])
    both = np.append(piece, piece[wide])
    order = np.lexsort((low, both))
    return both[order], np.column_stack([low, high])[order]


def _points(stairs: Staircase, piece: NDArray[np.int64], share: Floats) -> Floats:
    """Points of pieces, shape (n, 2), at a share each."""
    ends = stairs.ends[piece]
    return np.asarray((1.0 - share[:, None]) * ends[:, 0] + share[:, None] * ends[:, 1])


def _along(
    stairs: Staircase, piece: NDArray[np.int64], share: Floats, known: Excluded, scale: Floats
) -> Floats:
    """Bound of the size along each part, shape (n,): the best that one fact gives."""
    both = [_sizes(_points(stairs, piece, share[:, side]), known, scale) for side in (0, 1)]
    return np.asarray(np.maximum(*both).min(axis=1, initial=np.inf))


def _at(stairs: Staircase, piece: NDArray[np.int64], share: Floats, known: Excluded, scale: Floats) -> Floats:
    """Size at one point of each part, shape (n,)."""
    return np.asarray(_sizes(_points(stairs, piece, share), known, scale).min(axis=1, initial=np.inf))


def _corner_sizes(stairs: Staircase, known: Excluded, scale: Floats) -> Floats:
    corners = np.column_stack([stairs.ends[1:, 0, 0], stairs.ends[:-1, 1, 1]])
    return np.asarray(_sizes(corners, known, scale).min(axis=1, initial=np.inf))


def _end_sizes(stairs: Staircase, known: Excluded, scale: Floats) -> Floats:
    """Sizes at the two corners that are unbounded on one side, shape (2,)."""
    first, last = stairs.ends[0, 0], stairs.ends[-1, 1]
    corners = np.array([[first[0], np.inf], [np.inf, last[1]]])
    free = np.isinf(corners)
    sizes = [
        _sizes(np.where(free[side], known.most, corners[side])[None], known, np.where(free[side], 0.0, scale))
        for side in (0, 1)
    ]
    return np.array([size.min(initial=np.inf) for size in sizes])


def _sizes(corners: Floats, known: Excluded, scale: Floats) -> Floats:
    """Size that each fact leaves at each corner, shape (n, f); no scale where the corner cannot move."""
    weights, beta = known.weights, known.beta
    with np.errstate(divide="ignore", invalid="ignore"):
        over = corners[:, None, :] - known.upper
        caps = np.where(over > 0, over / scale, 0.0).max(axis=2)
        terms = np.where(weights > 0, weights * corners[:, None, :], 0.0)
        excess = np.sum(terms, axis=2) - beta
        beyond = np.where(excess > 0, excess / (weights @ scale), 0.0)
    return np.asarray(np.maximum(caps, beyond))


def open_bracket(stairs: Staircase, parts: OpenParts, ideal: Floats, nadir: Floats) -> Floats:
    """Proven inner and outer hypervolume as shares of the ideal-nadir box, shape (2,).

    The outer one is what the excluded boxes leave: seen from the nadir they are a front of their own.
    """
    span = nadir - ideal
    if np.any(span <= 0):
        return np.ones(2)
    inner = dominated_area((stairs.ends - ideal) / span)
    ends = np.stack([_points(stairs, parts.piece, parts.share[:, side]) for side in (0, 1)], axis=1)
    corners = np.column_stack([stairs.ends[1:, 0, 0], stairs.ends[:-1, 1, 1]])
    ends = np.concatenate([ends, np.repeat(corners[:, None], 2, axis=1)])
    size = np.concatenate([parts.size, parts.corner])
    known = np.isfinite(size)
    tops = (ends[known] - ideal) / span - size[known, None, None]
    above = nondominated(1.0 - tops[:, ::-1], np.full(2, TINY))
    return np.array([inner, max(inner, 1.0 - dominated_area(above.ends))])
