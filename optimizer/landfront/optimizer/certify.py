"""Proofs recomputed from the data: feasibility of a solution, and bounds that hold for any multipliers.

Nothing here asks a solver. A bound is the least value of the Lagrangian
``(w + s)(C x + d) - s u - l (A x) + l b`` over the groups and the column bounds, which is one independent
choice per group, so that any multipliers ``l`` and ``s >= 0`` prove a bound and good ones prove a tight one.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from math import fsum, inf
from typing import Any

import numpy as np
from numpy.typing import NDArray

from landfront.optimizer import tolerances
from landfront.optimizer.blocks import LARGE
from landfront.optimizer.front import Fact, Floats, Point
from landfront.optimizer.passes import Slab, priced_slabs, terms_of
from landfront.optimizer.program import Program

Ints = NDArray[np.int64]

EPSILON = float(np.finfo(np.float64).eps)


@dataclass(frozen=True)
class Residuals:
    """How far a solution is from feasible, and its values.

    Attributes
    ----------
    values
        Objective values in own senses, shape (p,).
    rows
        Amount by which each coupling row is missed, in the row's unit, 0 where it holds, shape (r,).
    group, column, integer
        Largest miss of a group's sum, of a column bound and of a whole number.
    """

    values: Floats
    rows: Floats
    group: float
    column: float
    integer: float


def group_sums(program: Program, x: Floats) -> Floats:
    """Sum of each group's columns, shape (groups,)."""
    if program.groups == 0:
        return np.zeros(0)
    return np.asarray(np.add.reduceat(x[: program.starts[-1]], program.starts[:-1]))


def residuals(program: Program, x: NDArray[Any]) -> Residuals:
    """Recompute the values and every miss of ``x``, shape (m,), from the data."""
    activity = program.rows.dot(x)
    missed = np.maximum(np.maximum(program.row_lower - activity, activity - program.row_upper), 0.0)
    group, column, integer = _misses(program, x)
    return Residuals(program.values(x), missed, group, column, integer)


def _misses(program: Program, x: NDArray[Any]) -> tuple[float, float, float]:
    """Largest miss of a group's sum, of a column bound and of a whole number."""
    if program.columns >= LARGE:
        from landfront.optimizer import kernels

        return kernels.misses(program.starts, x, program.lower, program.upper, program.integer)
    outside = np.maximum(program.lower - x, x - program.upper)
    return (
        float(np.abs(group_sums(program, x) - 1.0).max(initial=0.0)),
        float(outside.max(initial=0.0)),
        float(np.abs(x - np.rint(x))[program.integer].max(initial=0.0)),
    )


def is_integral(program: Program, x: NDArray[Any]) -> bool:
    """Whether whole columns have whole numbers, within the tolerance."""
    return bool(_misses(program, x)[2] <= tolerances.INTEGER)


def row_tolerance(program: Program) -> Floats:
    """By how much each coupling row may be missed, in the row's unit, shape (r,)."""
    bound = np.maximum(_finite(program.row_lower), _finite(program.row_upper))
    return np.asarray(tolerances.ROW * program.row_scale + tolerances.ROW_RELATIVE * bound)


def value_noise(program: Program) -> Floats:
    """How exactly each objective can be imposed as a limit, in its own unit, shape (p,)."""
    noise = tolerances.ROW * program.objective_scale
    finest = np.where(program.steps > 0, tolerances.LATTICE_SHARE * program.steps, np.inf)
    return np.asarray(np.minimum(noise, finest))


def faults(program: Program, x: NDArray[Any]) -> list[str]:
    """What is wrong with ``x`` as a solution, in words; empty when it is feasible within the tolerances."""
    return words_of(program, residuals(program, x))


def words_of(program: Program, found: Residuals) -> list[str]:
    """What is wrong with a solution of these residuals, as in `faults`."""
    words = [
        f"row {program.row_names[int(row)]} is missed by {found.rows[row]:.3g}"
        for row in np.flatnonzero(~(found.rows <= row_tolerance(program)))
    ]
    for what, miss in (("a group's sum", found.group), ("a column bound", found.column)):
        if not miss <= tolerances.COLUMN:
            words.append(f"{what} is missed by {miss:.3g}")
    if not found.integer <= tolerances.INTEGER:
        words.append(f"an integer column is {found.integer:.3g} from a whole number")
    if not np.all(np.isfinite(found.values)):
        words.append("a value is not a number")
    return words


def is_exact(program: Program, x: Floats, upper: Floats) -> bool:
    """Whether rows, and caps on the values, shape (p,), are missed by no more than was asked of the solver.

    What rounding adds to that is allowed in a solution (`faults`), but not sought: it makes use of the noise.
    """
    return misses_no_more(program, residuals(program, x), upper)


def misses_no_more(program: Program, found: Residuals, upper: Floats) -> bool:
    """Whether a solution of these residuals is exact, as in `is_exact`."""
    share = 2 * tolerances.SOLVER_FEASIBILITY
    bound = np.maximum(_finite(program.row_lower), _finite(program.row_upper))
    over = program.senses * found.values - upper
    rows = found.rows <= share * program.row_scale + tolerances.ROW_RELATIVE * bound
    caps = over <= share * program.objective_scale + tolerances.ROW_RELATIVE * _finite(upper)
    return bool(np.all(rows) and np.all(caps))


def check_point(program: Program, point: Point) -> list[str]:
    """What is wrong with a point: its solution, its stated values; empty when all holds."""
    x = point.x.astype(np.float64)
    if x.shape != (program.columns,):
        return [f"the solution has {x.size} columns, the program {program.columns}"]
    words = faults(program, x)
    values = program.values(x)
    size = np.abs(values) + program.objective_scale
    for index in np.flatnonzero(~(np.abs(values - point.values) <= tolerances.NOISE * size)):
        name = program.objective_names[index]
        words.append(f"{name} is {values[index]:.12g}, but {point.values[index]:.12g} is stated")
    return words


def lagrangian_bound(program: Program, fact: Fact) -> float:
    """What the multipliers of a fact prove: ``weights @ y`` of every feasible y <= upper is at least this.

    Multipliers of the wrong sign, or pressing on an infinite bound, are clipped to zero, so the result holds
    whatever they are. Sums are compensated, and the rounding error of everything is subtracted.
    """
    prices, caps = row_multipliers(program, fact), cap_multipliers(fact)
    weights = fact.weights + caps
    sums = [_least(program, slab) for slab in priced_slabs(program, weights, prices)]
    rest = _rhs_terms(program, fact, prices, weights, caps)
    parts = np.concatenate([rest, *(part.sums for part in sums)])
    if not np.all(np.isfinite(parts)):
        return -inf
    absolute = fsum([*np.abs(rest), *(part.absolute for part in sums)])
    return fsum(parts) - _rounding(program, fsum(part.reach for part in sums), absolute)


def recomputed(program: Program, fact: Fact) -> Fact:
    """The fact with ``beta`` as its multipliers prove it."""
    return replace(fact, beta=lagrangian_bound(program, fact), proof="recomputed")


def fact_holds(program: Program, fact: Fact) -> bool:
    """Whether the multipliers of a fact prove at least its ``beta``; a claimed fact cannot be shown so.

    Another machine may add in another order: it gets the same bound to a thousandth of the noise.
    """
    if fact.proof == "claimed":
        return True
    slack = tolerances.NOISE / 1000 * (abs(fact.beta) + float(np.abs(fact.weights) @ program.objective_scale))
    return fact.beta <= lagrangian_bound(program, fact) + slack


def half_plane(fact: Fact) -> tuple[Floats, float]:
    """Weights and bound that hold for every feasible y, whatever ``upper``; only of recomputed facts.

    A Lagrangian bound is affine in the caps: ``weights @ y >= beta`` for ``y <= upper`` came from
    ``(weights + cap_prices) @ y >= beta + cap_prices @ upper`` for all y.
    """
    caps = cap_multipliers(fact)
    shift = fsum(caps * np.where(np.isfinite(fact.upper), fact.upper, 0.0))
    return fact.weights + caps, fact.beta + shift


class PointBounds:
    """Facts as arrays, for the bounds on the first objective that they prove at points.

    Parameters
    ----------
    facts
        In minimisation form.
    noise
        How exactly each value is known, shape (p,), from `value_noise`: a fact claimed for ``y <= upper`` is
        used at a point that exceeds ``upper`` by no more, unless the point refutes it. A recomputed one holds
        everywhere as it is.
    """

    def __init__(self, facts: Iterable[Fact], noise: Floats) -> None:
        rows = [row for fact in facts if (row := self._row(fact)) is not None]
        p = len(noise)
        self._noise = noise
        self._weights = np.array([row[0] for row in rows]).reshape(-1, p)
        self._beta = np.array([row[1] for row in rows])
        self._cap = np.array([row[2] for row in rows]).reshape(-1, p)

    def _row(self, fact: Fact) -> tuple[Floats, float, Floats] | None:
        weights, beta, cap = fact.weights, fact.beta, fact.upper
        if fact.proof == "recomputed":
            (weights, beta), cap = half_plane(fact), np.full(len(cap), inf)
        if not weights[0] > 0 or np.any(weights[1:] < 0):
            return None
        return weights, beta, cap

    def at(self, values: Floats) -> float:
        """Best bound on the first objective among solutions at least as good in the others.

        By a claimed fact that is among those better in the others by more than the noise. A point just above
        a cap that has a better first value than the fact leaves is no such solution: the levels of a search
        may be closer together than the noise, and the fact then speaks of the next one. The point's own value
        is always possible.

        Parameters
        ----------
        values
            Of a feasible solution, in minimisation form, shape (p,).
        """
        over = values[1:] - self._cap[:, 1:]
        bound = (self._beta - self._weights[:, 1:] @ values[1:]) / self._weights[:, 0]
        bound = np.minimum(self._cap[:, 0], bound)
        # That a corner is empty says nothing of a point beside it, however close; other facts do.
        near = np.all(over <= self._noise[1:], axis=1) & (self._beta < inf)
        near &= bound <= values[0] + self._noise[0]
        holds = np.all(over <= 0, axis=1) | near
        return float(min(values[0], bound[holds].max(initial=-inf)))


def point_bound(facts: Iterable[Fact], values: Floats, noise: Floats) -> float:
    """Best proven bound on the first objective at one solution; see `PointBounds.at`."""
    return PointBounds(facts, noise).at(values)


def _finite(values: Floats) -> Floats:
    return np.where(np.isfinite(values), np.abs(values), 0.0)


def row_multipliers(program: Program, fact: Fact) -> Floats:
    """Prices of the coupling rows as they prove something: 0 where they press on no bound, shape (r,)."""
    known = np.nan_to_num(fact.row_prices, nan=0.0, posinf=0.0, neginf=0.0)
    bound = np.where(known > 0, program.row_lower, program.row_upper)
    return np.where(np.isfinite(bound), known, 0.0)


def cap_multipliers(fact: Fact) -> Floats:
    """Prices of the caps as they prove something: 0 where negative or without a cap, shape (p,)."""
    known = np.nan_to_num(fact.cap_prices, nan=0.0, posinf=0.0, neginf=0.0)
    return np.where(np.isfinite(fact.upper), np.maximum(known, 0.0), 0.0)


@dataclass(frozen=True)
class _Least:
    """The least values of the groups, or of the linking columns, of a slab.

    Attributes
    ----------
    sums
        Numbers whose exact sum is that of the values.
    absolute
        Sum of the absolute values.
    reach
        Sum over groups of the largest sum of absolute terms of a column, and of the same times the largest
        bound over linking columns: rounding errors are a share of it.
    """

    sums: Floats
    absolute: float
    reach: float


def _least(program: Program, slab: Slab) -> _Least:
    first, last = slab.columns
    lower, upper = program.lower[first:last], program.upper[first:last]
    starts = program.starts[slab.groups[0] : slab.groups[1] + 1] - first
    if slab.groups[0] == slab.groups[1]:
        values = _column_minima(slab.values, lower, upper)
        reach = float(slab.sizes @ np.maximum(_finite(lower), _finite(upper)))
    elif program.is_plain and program.columns >= LARGE:
        from landfront.optimizer import kernels

        total, lost, absolute, reach = kernels.group_minima(starts, slab.values, slab.sizes, upper)
        return _Least(np.array([total, lost]), absolute, reach)
    else:
        values = group_minima(program, slab.values, (lower, upper), starts)
        reach = float(np.maximum.reduceat(slab.sizes, starts[:-1]).sum())
    values = values[values != 0]
    return _Least(values, fsum(np.abs(values)), reach)


def group_minima(program: Program, reduced: Floats, bounds: tuple[Floats, Floats], starts: Ints) -> Floats:
    """Least value of each group's choice, or of its shares where the bounds are not 0 and 1."""
    lower, upper = bounds
    if program.is_plain:
        return np.asarray(np.minimum.reduceat(np.where(upper == 0, inf, reduced), starts[:-1]))
    return _filled(reduced, lower, np.minimum(upper, 1.0), starts)


def _filled(reduced: Floats, lower: Floats, upper: Floats, starts: Ints) -> Floats:
    """Cheapest shares per group between the bounds: fill what is left of 1 in order of reduced cost."""
    group = np.repeat(np.arange(len(starts) - 1), np.diff(starts))
    order = np.lexsort((reduced, group))
    room = (upper - lower)[order]
    before = np.cumsum(room) - room
    before -= np.repeat(before[starts[:-1]], np.diff(starts))
    left = 1.0 - np.add.reduceat(lower, starts[:-1])
    taken = np.clip(left[group[order]] - before, 0.0, room)
    return np.asarray(np.add.reduceat(reduced[order] * (lower[order] + taken), starts[:-1]))


def _column_minima(reduced: Floats, lower: Floats, upper: Floats) -> Floats:
    at = np.where(reduced > 0, lower, upper)
    return np.where(reduced == 0, 0.0, reduced * np.where(reduced == 0, 0.0, at))


def _rhs_terms(program: Program, fact: Fact, prices: Floats, weights: Floats, caps: Floats) -> Floats:
    bound = np.where(prices > 0, program.row_lower, program.row_upper)
    rows = prices * np.where(prices == 0, 0.0, bound)
    limits = caps * np.where(np.isfinite(fact.upper), fact.upper, 0.0)
    terms = np.concatenate([rows, -limits, weights * program.minimised_offsets])
    return np.asarray(terms[terms != 0])  # rows with a bound of 0 are many, and exact sums slow


def _rounding(program: Program, reach: float, absolute: float) -> float:
    """At least the rounding error of a bound.

    A column's value is a sum of at most `terms_of` products, each of at most four factors rounded on the way
    (Higham, Accuracy and Stability of Numerical Algorithms, section 3.1): it is off by (terms + 6) unit
    roundings, half of `EPSILON` each, of the sum of its absolute terms. The twofold takes in that this sum is
    rounded too. Where shares fill a group there are as many additions more as its columns. The sum of all
    parts is off by at most two unit roundings of the sum of their absolute values.
    """
    wide = 0 if program.is_plain else int(np.diff(program.starts).max(initial=0))
    return EPSILON * ((terms_of(program) + wide + 6) * reach + 2 * absolute)
