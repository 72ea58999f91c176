r"""The best value of a relaxation as a function of one row's bound: its slopes beside the bound, and how far.

Formula, in minimisation form, with all other rows as they are:

    phi(u) = min c x   s.t.   g x <= u

phi is convex, falls, and is linear between kinks. Each solve at u gives phi(u) and a slope -price. From u_0
to one side, a bound u_1 beyond the first kink is drawn in: the tangents at u_0 and u_1 cross at u_2, where
phi is solved for; when phi(u_2) is on the first tangent, u_2 is the kink (Eisner and Severance, Journal of
the ACM 23, 1976, 619-635). A tangent at u_0 itself may be any between the two slopes there, so the slope
beside u_0 is looked for first: that of a bound whose tangent meets phi(u_0).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from math import inf

import numpy as np
from numpy.typing import NDArray

from landfront.optimizer.engine import Basis, Engine, Infeasible, SolverError, choose_engine
from landfront.optimizer.front import Floats
from landfront.optimizer.program import Program, Stack

MOST = 60
"""Solves for one side of one bound: each finds another piece of phi, which has few near a bound."""

MET = 1e-7
"""Share of what phi changes by at which it is on a tangent: a hundred times what solvers are asked for."""

EXACT = 1e-10
"""Share of phi below which a difference is rounding."""


@dataclass(frozen=True)
class Side:
    """The price of one bound on one of its sides.

    Attributes
    ----------
    price
        What a unit of the bound costs, at least 0; infinite where the bound cannot be any tighter.
    end
        The bound to which it holds, infinite where it holds without end.
    open
        Whether it holds further than `end`: the search for its end was given up.
    """

    price: float
    end: float
    open: bool = False


@dataclass(frozen=True)
class Sides:
    """The prices of one bound of a row.

    Attributes
    ----------
    row, lower, bound
        The row, whether its lower bound is meant, and what it is.
    tighter, looser
        On each side.
    """

    row: int
    lower: bool
    bound: float
    tighter: Side
    looser: Side

    @property
    def price(self) -> float:
        """The larger of both prices."""
        return max(self.tighter.price, self.looser.price)


@dataclass(frozen=True)
class Relaxed:
    """The best value of a relaxation in minimisation form, and the prices of all bounds that bind."""

    value: float
    rows: tuple[Sides, ...]


@dataclass(frozen=True)
class _At:
    """phi at a bound: its value and a slope."""

    bound: float
    value: float
    slope: float

    def tangent(self, bound: float) -> float:
        """The tangent at another bound."""
        return self.value + self.slope * (bound - self.bound)


def sides_of(program: Program, *, least: float, rows: NDArray[np.bool_] | None = None) -> Relaxed:
    """Prices of every bound that binds in the relaxation of a program with one objective.

    Parameters
    ----------
    least
        Share of the best value that a bound must cost per size of its row to bind.
    rows
        Which rows are asked for, shape (r,); all when left out.

    Raises
    ------
    Infeasible, SolverError
        If the relaxation has no solution, or none was found.
    """
    relaxed = program.relaxed()
    answer = choose_engine(relaxed)[0].relax(np.ones(1), np.full(1, inf), seconds=inf)
    if answer.x is None:
        raise Infeasible((), ()) if answer.reason == "infeasible" else SolverError(answer.detail)
    value = float((program.senses * program.values(answer.x))[0])
    wanted = np.ones(len(program.row_lower), dtype=bool) if rows is None else rows
    pressed = _pressed(relaxed, answer.x, answer.row_prices)
    found = (
        _Phi(relaxed, row, lower=lower).sides()
        for lower, flags in zip((True, False), pressed, strict=True)
        for row in np.flatnonzero(flags & wanted).tolist()
    )
    enough = least * max(abs(value), 1.0) / relaxed.row_scale
    return Relaxed(value, tuple(side for side in found if side.price > enough[side.row]))


def _pressed(program: Program, x: Floats, prices: Floats) -> list[NDArray[np.bool_]]:
    """Rows whose lower, and whose upper bound is met; of an equation the one that its price presses on."""
    activity, equal = program.rows.dot(x), program.row_lower == program.row_upper
    found = []
    for bounds, sign in ((program.row_lower, 1.0), (program.row_upper, -1.0)):
        size = program.row_scale + np.where(np.isfinite(bounds), np.abs(bounds), 0.0)
        met = np.isfinite(bounds) & (np.abs(activity - bounds) <= MET * size)
        found.append(met & (~equal | (sign * prices > 0)))
    return found


class _Phi:
    """phi of one row's bound, in a program that has the row as an objective with a cap.

    A lower bound is the upper bound of the negative. An equation is the bound that its price presses on.
    """

    def __init__(self, program: Program, row: int, *, lower: bool) -> None:
        self.row, self.lower = row, lower
        self.sign = -1.0 if lower else 1.0
        self.bound = float((program.row_lower if lower else program.row_upper)[row])
        low, high = program.row_lower.copy(), program.row_upper.copy()
        # Where an equation presses on one side, the other one does not count.
        if lower or low[row] == high[row]:
            low[row] = -inf
        if not lower or program.row_lower[row] == high[row]:
            high[row] = inf
        blocks = (*program.objectives.blocks, *program.rows.take([row]).blocks)
        self.program = replace(
            program,
            objectives=Stack(blocks, program.columns),
            senses=np.array([program.senses[0], -1 if lower else 1], dtype=np.int8),
            offsets=np.append(program.offsets, 0.0),
            objective_names=(*program.objective_names, program.row_names[row]),
            row_lower=low,
            row_upper=high,
        )
        self._basis: Basis | None = None

    @cached_property
    def _engine(self) -> Engine:
        return choose_engine(self.program)[0]

    def sides(self) -> Sides:
        """Both sides of the bound as it is."""
        start = self.at(self.sign * self.bound)
        assert start is not None
        loose, tight = (self._side(start, self._end(looser), looser=looser) for looser in (True, False))
        return Sides(self.row, self.lower, self.bound, self._own(tight), self._own(loose))

    def _own(self, side: Side) -> Side:
        """The end as the row counts it."""
        return replace(side, end=self.sign * side.end)

    def _end(self, looser: bool) -> float:
        """What the row is where its bound does not count, or the least that it can be."""
        weights = np.array([1.0, 0.0]) if looser else np.array([0.0, 1.0])
        answer = self._engine.relax(weights, np.full(2, inf), seconds=inf)
        if answer.x is None:
            return inf if looser else -inf
        return float((self.program.senses * self.program.values(answer.x))[1])

    def at(self, bound: float) -> _At | None:
        """phi at a bound; None where it has no solution."""
        upper = np.array([inf, bound])
        answer = self._engine.relax(np.array([1.0, 0.0]), upper, seconds=inf, start=self._basis)
        if answer.x is None:
            return None
        self._basis = answer.basis
        value = float((self.program.senses * self.program.values(answer.x))[0])
        return _At(bound, value, -float(answer.cap_prices[1]))

    def _side(self, start: _At, end: float, *, looser: bool) -> Side:
        """The slope beside a bound on the side of `end`, and where it ends."""
        if abs(end - start.bound) <= EXACT * max(abs(end), abs(start.bound), 1.0):
            # Nothing is looser than what the row is at its best, nothing tighter than its least.
            return Side(0.0, inf) if looser else Side(inf, start.bound)
        found = self.at(end)
        if found is None:
            return Side(-start.slope, start.bound, open=True)
        if looser:
            # Past the end the row costs nothing more.
            found = replace(found, slope=0.0)
        near, far, tried = self._adjacent(start, found)
        if near is None:
            return Side(-start.slope, start.bound, open=True)
        at, open_ = self._kink(near, far, tried)
        if looser and near.slope == 0.0:
            return Side(0.0, inf)
        return Side(max(-near.slope, 0.0), at, open_)

    def _adjacent(self, start: _At, end: _At) -> tuple[_At | None, _At, int]:
        """The start with the slope beside it towards `end`, a bound beyond its piece, and solves so far."""
        far, outer = end, end
        for tried in range(MOST):
            if _meets(far, start):
                slope = far.slope if far is not start else start.slope
                return replace(start, slope=slope), outer, tried
            outer = far
            cross = _crossing(start, far)
            at = None if cross is None else self.at(cross)
            if at is None:
                return None, far, tried
            if _meets(start, at) and not _same(start.bound, at.bound):
                return start, outer if outer is not at else at, tried
            if _same(at.bound, start.bound) or _same(at.bound, far.bound):
                middle = self.at((start.bound + far.bound) / 2)
                if middle is None or _same(middle.bound, start.bound):
                    return None, far, tried
                at = middle
            far = at
        return None, far, MOST

    def _kink(self, near: _At, far: _At, tried: int) -> tuple[float, bool]:
        """Where the piece beside a bound ends."""
        for _ in range(MOST - tried):
            if _meets(near, far):
                return far.bound, False
            cross = _crossing(near, far)
            if cross is None:
                return near.bound, True
            at = self.at(cross)
            if at is None:
                return near.bound, True
            if _meets(near, at):
                return at.bound, False
            if _same(at.bound, far.bound):
                return near.bound, True
            far = at
        return near.bound, True


def _meets(one: _At, other: _At) -> bool:
    """Whether the tangent of one point goes through the other."""
    line = one.tangent(other.bound)
    moved = abs(one.slope * (other.bound - one.bound)) + abs(other.value - one.value)
    return abs(other.value - line) <= MET * moved + EXACT * max(abs(other.value), abs(one.value))


def _same(one: float, other: float) -> bool:
    return abs(one - other) <= EXACT * max(abs(one), abs(other), 1.0)


def _crossing(one: _At, other: _At) -> float | None:
    """Where the tangents of two points cross, between them; None where they are the same or parallel."""
    lean = one.slope - other.slope
    if lean == 0.0:
        return None
    cross = (other.value - other.slope * other.bound - one.value + one.slope * one.bound) / lean
    low, high = sorted((one.bound, other.bound))
    return float(np.clip(cross, low, high))
