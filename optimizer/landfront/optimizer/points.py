"""From a scalar solve to a point: own senses, bound and gap, shadow prices, a digest."""

from __future__ import annotations

from hashlib import blake2b
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from landfront.optimizer import certify, tolerances
from landfront.optimizer.front import Point
from landfront.optimizer.program import Program

if TYPE_CHECKING:
    from landfront.optimizer.task import Solve

TINY = 1e-9
"""Smallest size that a gap is a share of: values of exactly zero have no relative gap."""


def compact(x: NDArray[Any]) -> NDArray[Any]:
    """Columns as bytes when all are 0 or 1, shape (m,)."""
    if x.dtype == np.uint8:
        return x
    return x.astype(np.uint8) if np.all((x == 0) | (x == 1)) else x


def key_of(x: NDArray[Any]) -> str:
    """Digest of the columns, 16 hexadecimal digits."""
    return blake2b(np.ascontiguousarray(compact(x)).tobytes(), digest_size=8).hexdigest()


def relative_gap(bound: float, value: float, offset: float) -> float:
    """Distance of the bound from the value, as a share of the value or of the change, whichever is larger."""
    return abs(bound - value) / max(abs(value), abs(value - offset), TINY)


def settled(program: Program, bound: float, value: float, *, objective: int) -> float:
    """A bound on an objective, minimised, beside a solution's value: the value where it passes that by noise.

    It also is the value where it falls short by no more than facts are told apart: a real gap is stated.
    """
    above = tolerances.NOISE * (abs(value) + float(program.objective_span[objective]))
    below = tolerances.NOISE * abs(value) + float(certify.value_noise(program)[objective])
    return value if -below <= bound - value <= above else bound


def make_point(
    program: Program, solve: Solve, bound: float, *, objective: int = 0, seconds: float = 0.0
) -> Point:
    """A point from a solve.

    Parameters
    ----------
    bound
        Proven bound on `objective` in minimisation form.
    """
    assert solve.x is not None
    assert solve.y is not None
    sense = float(program.senses[objective])
    tight = settled(program, bound, float(solve.y[objective]), objective=objective)
    values = program.senses * solve.y
    total = solve.task.weights + solve.cap_prices
    weight = total[objective]
    known = weight > 0
    prices = sense * solve.row_prices / weight if known else np.full(len(solve.row_prices), np.nan)
    rate = -sense * program.senses * total / weight if known else np.full(len(values), np.nan)
    rate[objective] = 1.0
    return Point(
        values=values,
        x=compact(solve.x),
        key=key_of(solve.x),
        bound=sense * tight,
        gap=relative_gap(sense * tight, float(values[objective]), float(program.offsets[objective])),
        termination=solve.reason,
        row_prices=np.asarray(prices),
        rate=np.asarray(rate),
        seconds=seconds or solve.seconds,
    )
