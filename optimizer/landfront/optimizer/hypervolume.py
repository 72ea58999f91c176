"""The hypervolume of a front between its proven bounds: what points dominate, and what facts leave."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from landfront.optimizer.front import Fact, Floats
from landfront.optimizer.outer import Outer, outer
from landfront.optimizer.quality import ideal_nadir

GRID = 2048
"""Slices of the outer hypervolume: each is bounded at its middle, which is sound as the bound is convex."""


def hypervolume_bracket(values: Floats, facts: Sequence[Fact], *, mixes: bool) -> Floats:
    """Proven inner and outer hypervolume as shares of the ideal-nadir box, shape (2,).

    Parameters
    ----------
    values
        Nondominated values in minimisation form, sorted by the first, shape (s, p).
    facts
        What is proven.
    mixes
        Whether mixes of neighbouring points are solutions too (two objectives without integers).
    """
    ideal, nadir = ideal_nadir(values)
    if np.any(nadir - ideal <= 0):
        return np.ones(2)
    unit = (values - ideal) / (nadir - ideal)
    inner = _chain_area(unit) if mixes and values.shape[1] == 2 else _point_volume(unit)
    upper = _outer_area(outer(facts), ideal, nadir, values) if values.shape[1] == 2 else 1.0
    return np.array([inner, max(inner, upper)])


def _point_volume(unit: Floats) -> float:
    import moocore

    return float(moocore.hypervolume(unit, ref=np.ones(unit.shape[1])))


def _chain_area(unit: Floats) -> float:
    """Area above the chain of segments: a mix of neighbours is a solution, so all of it is dominated."""
    width, height = np.diff(unit[:, 0]), 1.0 - unit[:, 1]
    return float(np.sum(width * (height[:-1] + height[1:]) / 2))


def _outer_area(bound: Outer, ideal: Floats, nadir: Floats, values: Floats) -> float:
    """Area that the facts leave: the bound falls with the second value, so slices above it are all there is.

    Between two levels the bound on the first value is convex, hence its mean is at least its value at the
    middle of a slice; slices are cut at every level. A slice in which the bound leaves the box takes its end,
    where the bound is least.
    """
    levels = bound.level[(bound.level > ideal[1]) & (bound.level < nadir[1])]
    edges = np.unique(np.concatenate([np.linspace(ideal[1], nadir[1], GRID), levels, values[:, 1]]))
    middle = (edges[:-1] + edges[1:]) / 2
    crossing = bound.at(edges[:-1], edges[1:]) > nadir[0]
    first = np.where(crossing, bound.at(edges[1:], edges[1:]), bound.at(middle, edges[1:]))
    first = np.clip(first, ideal[0], nadir[0])
    area = np.sum(np.diff(edges) * (nadir[0] - first))
    return float(area / np.prod(nadir - ideal))
