"""What proven facts exclude: sets of values, closed towards better ones, without a feasible y in them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import inf

import numpy as np
from numpy.typing import NDArray

from landfront.optimizer.certify import half_plane
from landfront.optimizer.front import Fact, Floats

Mask = NDArray[np.bool_]
HalfPlanes = tuple[Floats, Floats]
"""Weights, shape (h, p), and bounds, shape (h,): every feasible y has ``weights @ y >= bound``."""

SLACK = 1e-6
"""Share of a lattice step within which two lattice values are the same."""


@dataclass(frozen=True)
class Excluded:
    """Sets without a feasible y: ``{y <= upper, weights @ y < beta}``, one per row.

    Attributes
    ----------
    weights, upper
        Shape (f, p); weights not negative, upper infinite where free.
    beta
        Shape (f,); infinite when there is no feasible y below the cap at all.
    most
        Proven largest value of each objective over all feasible y, shape (p,); infinite where unknown.
    """

    weights: Floats
    upper: Floats
    beta: Floats
    most: Floats

    def __len__(self) -> int:
        return len(self.beta)

    def __getitem__(self, rows: Mask) -> Excluded:
        return Excluded(self.weights[rows], self.upper[rows], self.beta[rows], self.most)

    def __or__(self, other: Excluded) -> Excluded:
        return Excluded(
            np.concatenate([self.weights, other.weights]),
            np.concatenate([self.upper, other.upper]),
            np.concatenate([self.beta, other.beta]),
            np.minimum(self.most, other.most),
        )


def excluded(facts: Iterable[Fact], steps: Floats) -> Excluded:
    """Collect what the facts exclude; those with weights of both signs exclude no box and are left out."""
    p = len(steps)
    rows: list[tuple[Floats, Floats, float]] = []
    most = np.full(p, inf)
    for fact in facts:
        weights, upper, beta = fact.weights, fact.upper, fact.beta
        if beta == inf:
            rows.append((np.zeros(p), upper, inf))
            continue
        if fact.proof == "recomputed":
            (weights, beta), upper = half_plane(fact), np.full(p, inf)
        if np.all(weights >= 0) and np.any(weights > 0) and beta > -inf:
            rows.append((weights, upper, beta))
            rows.extend(_corners(fact, steps))
        elif np.all(weights <= 0) and np.count_nonzero(weights) == 1 and np.all(upper == inf):
            axis = int(np.argmin(weights))
            most[axis] = min(most[axis], beta / weights[axis])
    weights, upper = (np.array([row[part] for row in rows]).reshape(-1, p) for part in (0, 1))
    return Excluded(weights, upper, np.array([row[2] for row in rows]), most)


def half_planes(known: Excluded) -> HalfPlanes:
    """What is known of all feasible y, whatever their values."""
    plain = np.all(np.isinf(known.upper), axis=1) & np.isfinite(known.beta)
    return known.weights[plain], known.beta[plain]


def _corners(fact: Fact, steps: Floats) -> list[tuple[Floats, Floats, float]]:
    """The empty corner on each lattice axis whose value the fact bounds at its cap, just below that bound.

    Continuously the corner is part of what the fact excludes; on a lattice it reaches up to the next value.
    """
    found = []
    for axis in np.flatnonzero((fact.weights > 0) & (steps > 0)):
        others = np.delete(fact.weights * np.where(fact.weights > 0, fact.upper, 0.0), axis)
        bound = (fact.beta - others.sum()) / fact.weights[axis]
        if np.isfinite(bound):
            upper = fact.upper.copy()
            upper[axis] = min(upper[axis], bound - 3 * SLACK * steps[axis])
            found.append((np.zeros(len(steps)), upper, inf))
    return found
