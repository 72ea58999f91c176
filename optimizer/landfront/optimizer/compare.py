"""Two fronts side by side, and two points of a front: how much better, how far apart."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from landfront.optimizer import certify, show, tolerances
from landfront.optimizer.front import Floats, Front, Point
from landfront.optimizer.program import Program
from landfront.optimizer.subset import REFERENCE

Pair = tuple[float, float]


@dataclass(frozen=True)
class Comparison:
    """How two fronts of the same criteria compare; each pair holds a number for the first and the second.

    Ranges are those of the nondominated points of both together, so that neither front sets the scale. All
    indicators count the points alone, not mixes of them.

    Attributes
    ----------
    criteria
        Names.
    points
        How many points each has.
    covered
        Share of the *other* front's points that a point of this one equals or beats in every criterion.
    epsilon
        Smallest share of the range by which this front, if better by it in every criterion, would cover all
        of the other; 0 or less when it does already.
    factor
        The same as a factor on the values; 1 or less when it does already, nan where a value is not positive.
    igd_plus
        Mean distance from the nondominated points of both to what this front covers, in shares of the range
        (H. Ishibuchi and others, Modified distance calculation in generational distance and inverted
        generational distance, EMO 2015); 0 when nothing is missing.
    hypervolume
        Share of the box between ideal and reference point that each front dominates.
    reference
        The reference point, own senses: a tenth of the range beyond the worst values of the nondominated
        points of both, shape (p,).
    """

    criteria: tuple[str, ...]
    points: tuple[int, int]
    covered: Pair
    epsilon: Pair
    factor: Pair
    igd_plus: Pair
    hypervolume: Pair
    reference: Floats

    def __str__(self) -> str:
        rows = [
            ["points", *map(str, self.points)],
            ["covers of the other", *map(show.share, self.covered)],
            ["would cover all if better by", *map(show.share, self.epsilon)],
            ["the same as a factor", *map(show.number, self.factor)],
            ["mean distance to the best of both", *map(show.share, self.igd_plus)],
            ["hypervolume", *map(show.share, self.hypervolume)],
        ]
        return show.table([", ".join(self.criteria), "first", "second"], rows)

    def __repr__(self) -> str:
        return str(self)


def compare(first: Front, second: Front) -> Comparison:
    """Compare two fronts of the same criteria.

    Raises
    ------
    ValueError
        If a front is empty, or the two differ in criteria, their order, senses or units.
    """
    import moocore

    _comparable(first, second)
    senses = first.senses.astype(np.float64)
    values = [front.values * senses for front in (first, second)]
    best = moocore.filter_dominated(np.concatenate(values))
    ideal, scale = best.min(axis=0), _scale(best, np.concatenate(values))
    reference = (np.ptp(best, axis=0) + REFERENCE * scale) / scale
    box = float(np.prod(reference))
    one, two, all_ = ((found - ideal) / scale for found in (*values, best))
    return Comparison(
        criteria=first.criteria,
        points=(len(first), len(second)),
        covered=(_covered(one, two), _covered(two, one)),
        epsilon=(
            _number(moocore.epsilon_additive(one, ref=two)),
            _number(moocore.epsilon_additive(two, ref=one)),
        ),
        factor=(_factor(first, second), _factor(second, first)),
        igd_plus=(_number(moocore.igd_plus(one, ref=all_)), _number(moocore.igd_plus(two, ref=all_))),
        hypervolume=(
            float(moocore.hypervolume(one, ref=reference)) / box,
            float(moocore.hypervolume(two, ref=reference)) / box,
        ),
        reference=np.asarray(senses * (ideal + reference * scale)),
    )


def _comparable(first: Front, second: Front) -> None:
    for what, one, two in (
        ("criteria", first.criteria, second.criteria),
        ("senses", first.senses.tolist(), second.senses.tolist()),
        ("units", first.units, second.units),
    ):
        if one != two and (what != "units" or (one and two)):
            raise ValueError(f"fronts of other {what} cannot be compared: {one} and {two}")
    if len(first) == 0 or len(second) == 0:
        raise ValueError("an empty front cannot be compared")


def _scale(best: Floats, everything: Floats) -> Floats:
    """Range of the best points; where they share a value, the range of all, or the size of the value."""
    scale = np.ptp(best, axis=0)
    for fallback in (np.ptp(everything, axis=0), np.abs(best).max(axis=0), np.ones(len(scale))):
        scale = np.where(scale > 0, scale, fallback)
    return np.asarray(scale)


def _number(value: float) -> float:
    """The same without the noise of values that are equal."""
    return 0.0 if abs(value) <= tolerances.NOISE else float(value)


def _covered(mine: Floats, other: Floats) -> float:
    """Share of the other's points that one of mine equals or beats in everything; values in ranges."""
    return float(np.mean([np.any(np.all(mine <= y + tolerances.NOISE, axis=1)) for y in other]))


def _factor(mine: Front, other: Front) -> float:
    import moocore

    if mine.values.min() <= 0 or other.values.min() <= 0:
        return float("nan")
    return float(moocore.epsilon_mult(mine.values, ref=other.values, maximise=(mine.senses < 0).tolist()))


@dataclass(frozen=True)
class Distance:
    """How far two points are apart, in criteria and in decisions.

    Attributes
    ----------
    values
        Second minus first, own senses and units, shape (p,).
    ranges
        The same as a share of the front's range, shape (p,); nan without a front.
    groups
        Share of the choices that differ: of each group the share that would have to change, on average over
        the groups; nan without groups.
    columns
        Share of the columns that differ.
    """

    values: Floats
    ranges: Floats
    groups: float
    columns: float

    def __str__(self) -> str:
        shares = ", ".join(show.share(value) for value in self.ranges)
        return (
            f"criteria: {', '.join(show.number(value) for value in self.values)} ({shares} of the range); "
            f"choices that differ: {show.share(self.groups)}; columns: {show.share(self.columns)}"
        )


def distance(
    first: Point, second: Point, *, front: Front | None = None, program: Program | None = None
) -> Distance:
    """How far two points of the same program are apart.

    Parameters
    ----------
    first, second
        Points.
    front
        Gives the ranges.
    program
        Gives the groups.

    Raises
    ------
    ValueError
        If the points have another number of columns or criteria.
    """
    if first.x.shape != second.x.shape or first.values.shape != second.values.shape:
        raise ValueError(
            "these points belong to different programs: their columns or criteria differ in number"
        )
    change = second.values - first.values
    ranges = np.full(len(change), np.nan)
    if front is not None and len(front):
        span = np.ptp(front.values, axis=0)
        ranges = change / np.where(span > 0, span, np.nan)
    moved = np.abs(second.x.astype(np.float64) - first.x.astype(np.float64))
    groups = float("nan")
    if program is not None and program.groups:
        # What one column of a group gains others lose.
        groups = float(certify.group_sums(program, moved).mean() / 2)
    columns = float(np.mean(moved > tolerances.COLUMN)) if len(moved) else 0.0
    return Distance(change, np.asarray(ranges), groups, columns)
