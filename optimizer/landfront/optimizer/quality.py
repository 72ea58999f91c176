"""How good a front is: ideal, nadir, and the knee with what is proven of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from landfront.optimizer import tolerances
from landfront.optimizer.certify import half_plane
from landfront.optimizer.front import Fact, Floats, Front
from landfront.optimizer.spans import span_of

FLATTEST = 1e-3
"""A plane through the ends of a front is used when its smallest weight is at least this share of the largest:
a flatter one would make the best value of one objective the knee."""

TIE = 1e-6
"""Distances closer than this share of the range are equal: bounds from a solver are not known better."""


@dataclass(frozen=True)
class Knee:
    """The point furthest from the plane through the ends of the front, and where the knee may lie instead.

    A distance is the share of the range by which a point is better than the plane in every objective at
    once. The ends are the returned points that are best in one objective.

    Attributes
    ----------
    index
        The returned point that is furthest.
    distance
        Its distance. A solution attains it, so it is also the least that the knee of the whole front has.
    highest
        Proven: no solution, seen or not, is further than this; infinite where nothing is known.
    near
        Points near which the knee of the whole front may lie, `index` first: within the front's coverage of
        them there may be a solution at least as far.
    """

    index: int
    distance: float
    highest: float
    near: tuple[int, ...]

    @property
    def interval(self) -> tuple[float, float]:
        """Lowest and highest possible distance of the knee of the whole front."""
        return self.distance, self.highest

    @property
    def certain(self) -> bool:
        """Whether no other solution can be further, but for ties."""
        return self.highest - self.distance <= TIE


def ideal_nadir(values: Floats) -> tuple[Floats, Floats]:
    """Best and worst of each objective over nondominated values in minimisation form, shape (p,) each."""
    return values.min(axis=0), values.max(axis=0)


def knee(front: Front) -> Knee:
    """The knee of a front: with two objectives, the point furthest from the chord of its ends.

    Positive scaling of objectives does not change which point it is. With three or more objectives, where the
    plane through the ends does not slope down in all of them, the plane across the diagonal is used.

    Raises
    ------
    ValueError
        If the front is empty.
    """
    if len(front) == 0:
        raise ValueError("an empty front has no knee")
    values = np.asarray(front.values * front.senses, dtype=np.float64)
    ideal, span = values.min(axis=0), span_of(values, np.zeros(len(front.senses)))
    scale = np.where(span > 0, span, 1.0)
    unit = (values - ideal) / scale
    normal, level = _plane(unit, span > 0)
    distance = (level - unit @ normal) / normal.sum()
    index = int(np.argmax(distance))
    best = float(distance[index])
    weights, beta = half_planes(front.facts, len(ideal))
    least = _least(normal, weights * scale, beta - weights @ ideal)
    # Along a segment the distance is largest at an end, which may be open and then is no point.
    ends = (_segment_ends(front) - ideal) / scale
    furthest = np.concatenate([distance, (level - ends @ normal) / normal.sum()])
    known = float(furthest.max()) + front.coverage
    highest = max(best, min(known, (level - least) / float(normal.sum())))
    # A solution within the coverage of a point is further from the plane by no more than that.
    reach = front.coverage if highest - best > TIE else 0.0
    near = _nearest(unit, np.concatenate([unit, ends])[furthest + reach >= best - TIE])
    return Knee(index, best, highest, (index, *(other for other in near if other != index)))


def _segment_ends(front: Front) -> Floats:
    """Values at both ends of every segment, minimisation form, shape (2 k, p)."""
    ends = [segment.values * front.senses for segment in front.segments]
    return np.concatenate([np.zeros((0, len(front.criteria))), *ends])


def _nearest(points: Floats, others: Floats) -> list[int]:
    """The points that are nearest to any of the others, ascending."""
    apart = np.abs(others[:, None] - points[None]).max(axis=2)
    return np.unique(apart.argmin(axis=1)).tolist() if len(others) else []


def _plane(unit: Floats, active: NDArray[np.bool_]) -> tuple[Floats, float]:
    """Normal, shape (p,), and level of the plane through the ends; 0 for objectives with one value."""
    normal = active.astype(np.float64)
    if not active.any():
        return np.ones(len(active)), 0.0
    columns = unit[:, active]
    # Of equal ends the one that is best in the other objectives.
    ends = columns[[int(np.lexsort((columns.sum(axis=1), column))[0]) for column in columns.T]]
    if np.linalg.matrix_rank(ends) == len(ends):
        through = np.linalg.solve(ends, np.ones(len(ends)))
        if through.min() > FLATTEST * np.abs(through).max():
            normal[active] = through
            return normal, 1.0
    return normal, float((ends @ normal[active]).max())


def half_planes(facts: Iterable[Fact], p: int) -> tuple[Floats, Floats]:
    """Weights, shape (f, p), and bounds, shape (f,), of the facts that hold for every solution."""
    found = [
        half_plane(fact) if fact.proof == "recomputed" else (fact.weights, fact.beta)
        for fact in facts
        if np.isfinite(fact.beta) and (fact.proof == "recomputed" or np.isinf(fact.upper).all())
    ]
    weights = np.array([weights for weights, _ in found]).reshape(len(found), p)
    return weights, np.array([beta for _, beta in found])


def _least(normal: Floats, weights: Floats, beta: Floats) -> float:
    """Proven lower bound of ``normal @ u`` over all u with ``weights @ u >= beta``."""
    size = np.abs(weights).sum(axis=1)
    weights, beta = weights[size > 0] / size[size > 0, None], beta[size > 0] / size[size > 0]
    if len(beta) == 0:
        return -np.inf
    from scipy.optimize import linprog

    found = linprog(normal, A_ub=-weights, b_ub=-beta, bounds=(None, None), method="highs")
    if found.status != 0 or found.fun is None:
        return -np.inf
    return float(found.fun) - tolerances.SOLVER_FEASIBILITY * float(normal.sum())
