r"""Reversal: the store that is left to be expected when a share of it is lost every year.

Formula, for one intervention and its age T, with ``[carbon] reversal = true``:

    dS/dt = f(t) - r * S,  S(0) = 0
    S(T)  = sum over phases [b, e) of f * H(min(max(T, b), e) - b) * exp(-r * max(T - e, 0))
    H(t)  = (1 - exp(-r * t)) / r,  or t where r = 0
    S(T)  = C(T) - r * (integral over t = 0..T of C(t) * exp(-r * (T - t)))          for a curve C

| symbol | meaning | unit |
|---|---|---|
| f(t) | flux of the phase that is under way, 0 after the last one | t CO2e/ha/yr |
| b, e | age at which a phase begins and ends | yr |
| r | ``reversal`` of the intervention / 100: share lost per year to fire, pests, drought or a stop | 1/yr |
| C | store of a growth curve without loss (`carbon`) | t CO2e/ha |

What is lost is lost of the whole store, so that a debt of a first phase with emissions shrinks as well: where
the practice stops, both its gains and its losses end. Phases of any sign follow one another.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
NODES, BEND = 48, 4
"""Points of the quadrature, and the power by which they crowd at the start, where curves may be steep."""


def left(
    flux: Floats | float, begin: Floats | float, end: Floats | float, *, years: Floats, rate: Floats
) -> Floats:
    """What a flux between two ages has left in the store at the age `years`, t CO2e per ha, shape (S,).

    >>> one, rate = np.array([1.0]), np.array([0.1])
    >>> left(2 * one, 0 * one, 10 * one, years=10 * one, rate=rate).round(4).tolist()  # 20 * (1 - exp(-1))
    [12.6424]
    >>> left(2 * one, 0 * one, 10 * one, years=20 * one, rate=rate).round(4).tolist()  # times exp(-1)
    [4.6509]
    >>> left(2 * one, 0 * one, 10 * one, years=20 * one, rate=0 * one).tolist()
    [20.0]
    """
    active = np.clip(years, begin, end) - begin
    lossless = rate == 0
    held = np.where(lossless, active, -np.expm1(-rate * active) / np.where(lossless, 1.0, rate))
    return np.asarray(flux * held * np.exp(-rate * np.maximum(years - end, 0.0)))


def two_phases(
    flux_1: Floats, years_1: Floats, flux_2: Floats, years_2: Floats, *, years: Floats, rate: Floats
) -> Floats:
    """What two phases have left in the store, t CO2e per ha, shape (S,).

    A debt of ten years that shrinks by a tenth a year, and a gain of ten years after it:

    >>> ten, age = np.array([10.0]), np.array([20.0])
    >>> store = two_phases(np.array([-1.0]), ten, np.array([3.0]), ten, years=age, rate=np.array([0.1]))
    >>> round(float(store[0]), 4)  # (1 - exp(-1)) * (30 - 10 * exp(-1))
    16.6382
    """
    first = left(flux_1, np.zeros_like(years_1), years_1, years=years, rate=rate)
    return first + left(flux_2, years_1, years_1 + years_2, years=years, rate=rate)


def of_curve(curve: Callable[[Floats], Floats], *, years: Floats, rate: Floats) -> Floats:
    """What is left of a store that a curve gives for each age, t CO2e per ha, shape (S,).

    >>> store = of_curve(lambda age: 2 * age, years=np.array([10.0, 10.0]), rate=np.array([0.1, 0.0]))
    >>> store.round(4).tolist()  # 20 * (1 - exp(-1)), as of a flux of 2; and no loss
    [12.6424, 20.0]
    """
    place, weight = np.polynomial.legendre.leggauss(NODES)
    unit = (place + 1.0) / 2.0
    ages = unit**BEND * years[..., None]
    step = years[..., None] * BEND * unit ** (BEND - 1) * weight / 2.0
    lost = rate[..., None] * curve(ages) * np.exp(-rate[..., None] * (years[..., None] - ages)) * step
    return np.asarray(curve(years) - lost.sum(axis=-1))
