"""Fronts without a solver: sets of feasible values, and facts that are true of them because all are known."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from landfront.optimizer.front import Fact, Floats

INF = np.inf


def claimed(weights: ArrayLike, upper: ArrayLike, beta: float) -> Fact:
    """A fact on somebody's word."""
    w, cap = np.asarray(weights, dtype=float), np.asarray(upper, dtype=float)
    return Fact(w, cap, beta, "claimed", np.zeros(0), np.zeros(len(w)))


def nondominated(values: Floats) -> Floats:
    """The nondominated ones, sorted, shape (s, p)."""
    unique = np.unique(values, axis=0)
    beaten = [np.any(np.all(unique <= y, axis=1) & np.any(unique < y, axis=1)) for y in unique]
    return np.asarray(unique[~np.array(beaten, dtype=bool)])


@dataclass(frozen=True)
class Invented:
    """All feasible values, what lies on a lattice, and true facts.

    Attributes
    ----------
    values
        Shape (k, p), minimisation form.
    steps
        Lattice steps, 0 where real, shape (p,).
    scale
        Some range of each objective, shape (p,).
    """

    values: Floats
    steps: Floats
    scale: Floats
    facts: list[Fact]

    @property
    def front(self) -> Floats:
        return nondominated(self.values)

    def missed(self, points: Floats, *, exact: bool = False) -> float:
        """How far the worst value is from a point; with `exact` infinite where a lattice value is missed."""
        worse = np.maximum(points[None] - self.front[:, None], 0.0)
        share = worse / self.scale
        if exact:
            share = np.where(self.steps > 0, np.where(worse > 1e-9, INF, 0.0), share)
        return float(share.max(axis=2).min(axis=1).max())


def true_fact(rng: np.random.Generator, values: Floats) -> Fact | None:
    """A random fact that is true of the values, tight or not; None where it would say that there are none."""
    p = values.shape[1]
    weights: Floats = rng.random((p,)) * (rng.random((p,)) < 0.7)
    if rng.random() < 0.5 or not weights.any():
        weights = np.eye(p)[rng.integers(p)] + 1e-3 * rng.random(p) * (rng.random() < 0.5)
    cap = values[rng.integers(len(values))] + rng.normal(0, 0.5, p) * (rng.random() < 0.5)
    cap = np.asarray(np.where(rng.random(p) < 0.5, INF, cap))
    below = np.all(values <= cap, axis=1)
    if not np.any(below) and np.all(np.isinf(cap)):
        return None
    beta = (
        float((values[below] @ weights).min()) - float(rng.choice([0.0, 0.0, 0.3])) if np.any(below) else INF
    )
    return claimed(weights, cap, beta)


def invent(seed: int, *, most: int = 40) -> Invented:
    """Random values of two to four objectives, on a lattice in none, some or all, with up to `most` facts."""
    rng = np.random.default_rng(seed)
    p = int(rng.integers(2, 5))
    whole = rng.random(p) < rng.choice([0.0, 0.5, 1.0])
    steps = np.where(whole, rng.choice([1.0, 2.0, 0.5], p), 0.0)
    values = rng.random((int(rng.integers(1, 30)), p)) * rng.choice([3, 10])
    values = np.where(whole, np.rint(values / np.where(whole, steps, 1.0)) * steps, values)
    free = np.full(p, INF)
    facts = [claimed(axis, free, float((values @ axis).min())) for axis in np.eye(p)]
    if rng.random() < 0.5:
        facts += [claimed(-axis, free, float((-values @ axis).min())) for axis in np.eye(p)]
    drawn = [true_fact(rng, values) for _ in range(int(rng.integers(0, most)))]
    return Invented(
        values, steps, rng.random(p) * 5 + 1, facts + [fact for fact in drawn if fact is not None]
    )


def sweep(values: Floats, step: float) -> list[Fact]:
    """The facts of a complete search over a front on a lattice: one per search zone, the last one dropped.

    The best of the first objective in each zone, the others counted a little, under caps half a step below.
    """
    from landfront.optimizer import zones

    p = values.shape[1]
    free, axis = np.full(p, INF), np.eye(p)
    weights = axis[0] + 1e-5 * (1 - axis[0])
    cost = values @ weights
    facts = [claimed(one, free, float((values @ one).min())) for one in axis]
    facts += [claimed(-one, free, float((-values @ one).min())) for one in axis]
    open_, found = zones.start(free), set()
    while len(open_):
        corner = open_.upper[0]
        cap = np.where(axis[0] > 0, INF, corner - step / 2)
        below = np.flatnonzero(np.all(values <= cap, axis=1))
        best = int(below[np.argmin(cost[below])]) if len(below) else -1
        facts.append(claimed(weights, cap, float(cost[best]) if len(below) else INF))
        if best >= 0 and best not in found:
            found.add(best)
            open_ = zones.insert(open_, values[best], len(found) - 1)
        bound = float(values[best, 0]) if len(below) else INF
        within = np.all(open_.upper[:, 1:] <= corner[1:], axis=1)
        open_ = zones.select(open_, ~(within & (open_.upper[:, 0] <= bound)))
    assert len(found) == len(values)
    return facts
