r"""Carbon: the net sink increment of an option, in t CO2e of all gases, from the start year to a milestone.

Formula, for an option (p, i) and T years from its start to the milestone:

    carbon(p, i) = a_p * S_i(T)
    S_i(T)       = f1_i * min(T, y1_i) + f2_i * min(max(T - y1_i, 0), y2_i)          (piecewise, saturating)

For ``natural_forest_restoration`` the study may ask for a growth curve instead (``[carbon] curve``):

    S_p(T) = sum_z w_pz * A_z * (1 - exp(-k_z * T)) ** p_z                            (zone)
    S_p(T) = exp(-3.994) * T ** 0.738 * MAP_p ** 0.913                                (precipitation)

For the interventions of ``[carbon] profiles`` the table's curve is taken instead of any of these:

    S_i(T)       = the straight line between its points (year, stock), from (0, 0) on, constant after the last

| symbol | meaning | unit |
|---|---|---|
| a_p | area of the parcel | ha |
| f1, f2 | flux of the first and the second phase (``flux_1``, ``flux_2``), removal positive | t CO2e/ha/yr |
| y1, y2 | length of the phases (``years_1``, ``years_2``); afterwards the store is full | yr |
| w_pz | share of the parcel in growth zone z | 1 |
| A, k, p | growth curve of the zone, fitted to GROA plots (Cook-Patton et al. 2020) | t CO2/ha, 1/yr, 1 |
| MAP_p | yearly precipitation | mm |

The baseline is 0: only the increment counts. With ``[carbon] soil`` the part of it that is soil carbon is
capped by what the soil lacks (`soil`), and with ``[carbon] reversal`` every store loses a share of itself
each year (`decay`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

import numpy as np
from numpy.typing import NDArray

from landfront.instances.catalogue import Catalogue, GrowthCurve
from landfront.instances.faults import Fault, InputError
from landfront.instances.study import Study
from landfront.models import decay, soil
from landfront.models.component import Component, Inputs, coefficient, covariate, difference, no_baseline
from landfront.models.effects import Term
from landfront.models.kinds import interventions_of

Floats = NDArray[np.float64]
REGROWTH = "natural_forest_restoration"
# ln stock = -3.994 + 0.738 ln age + 0.913 ln MAP: 511 sites of GROA in China, R2 = 0.37.
INTERCEPT, AGE_POWER, RAIN_POWER = -3.994, 0.738, 0.913


def saturating(flux_1: Floats, years_1: Floats, flux_2: Floats, years_2: Floats, *, years: Floats) -> Floats:
    """Sum of a flux in two phases over `years`, t CO2e per ha, shape (S,).

    >>> age = np.array([35.0])
    >>> flux = saturating(np.array([4.6]), np.array([30.0]), np.array([1.98]), np.array([30.0]), years=age)
    >>> round(float(flux[0]), 6)  # 30 * 4.6 + 5 * 1.98
    147.9
    """
    first = flux_1 * np.minimum(years, years_1)
    return np.asarray(first + flux_2 * np.minimum(np.maximum(years - years_1, 0), years_2))


def growth(years: Floats, A: float, k: float, p: float) -> Floats:
    """Stock of the Chapman-Richards curve after `years`, t CO2 per ha.

    >>> growth(np.array([30.0]), 242.4, 0.028, 1.0).round(1).tolist()
    [137.8]
    """
    return np.asarray(A * (1.0 - np.exp(-k * years)) ** p)


def _terms(inputs: Inputs, year: int) -> tuple[Term, ...]:
    return soil.outside(inputs, stock(inputs, year))


def _in_soil(inputs: Inputs, year: int) -> Floats | None:
    return None if inputs.study.carbon.soil is None else soil.inside(inputs, stock(inputs, year), "carbon")


def stock(inputs: Inputs, year: int) -> tuple[Term, ...]:
    """Carbon of single interventions by a year, without any cap."""
    table = _two_phases(inputs, year) + _profiled(inputs, year)
    curve = inputs.study.carbon.curve
    regrowth = _is(inputs, REGROWTH) * (REGROWTH not in inputs.catalogue.profiles)
    if curve == "piecewise" or not regrowth.any():
        return (Term(inputs.landscape.area, table),)
    special = _zone if curve == "zone" else _precipitation
    return (Term(inputs.landscape.area, table * (1.0 - regrowth)), *special(inputs, year, regrowth))


def _is(inputs: Inputs, intervention: str) -> Floats:
    """1 for the single interventions of that name, else 0, shape (S,)."""
    names = inputs.menu.interventions[: inputs.singles]
    return np.array([interventions_of(name) == (intervention,) for name in names], dtype=np.float64)


def _profiled(inputs: Inputs, year: int) -> Floats:
    """Store per ha of the study's own curves, 0 for other interventions, whose fluxes count; shape (S,)."""
    age, rate, total = inputs.age(year), _rate(inputs), np.zeros(inputs.singles)
    for name, profile in inputs.catalogue.profiles.items():
        here = _is(inputs, name)
        if not inputs.study.carbon.reversal:
            total += here * np.interp(age, profile.years, profile.stock)
            continue
        flux = np.diff(profile.stock) / np.diff(profile.years)
        parts = zip(flux, profile.years[:-1], profile.years[1:], strict=True)
        total += here * sum(decay.left(f, b, e, years=age, rate=rate) for f, b, e in parts)
    return total


def _two_phases(inputs: Inputs, year: int) -> Floats:
    """Store per ha of the catalogue's two phases, shape (S,)."""
    flux_1, years_1 = coefficient(inputs, "flux_1"), coefficient(inputs, "years_1")
    flux_2, years_2 = (coefficient(inputs, name, default=0.0) for name in ("flux_2", "years_2"))
    if not inputs.study.carbon.reversal:
        return saturating(flux_1, years_1, flux_2, years_2, years=inputs.age(year))
    return decay.two_phases(flux_1, years_1, flux_2, years_2, years=inputs.age(year), rate=_rate(inputs))


def _rate(inputs: Inputs) -> Floats:
    """Share of the store that each single intervention loses per year, shape (S,)."""
    return coefficient(inputs, "reversal", default=0.0) / 100.0


def _grown(inputs: Inputs, year: int, curve: Callable[[Floats], Floats]) -> Floats:
    """Store per ha of a growth curve by a year, shape (S,)."""
    if not inputs.study.carbon.reversal:
        return curve(inputs.age(year))
    return decay.of_curve(curve, years=inputs.age(year), rate=_rate(inputs))


def _zone(inputs: Inputs, year: int, regrowth: Floats) -> tuple[Term, ...]:
    landscape, curves = inputs.landscape, {curve.zone: curve for curve in inputs.catalogue.curves}
    if not landscape.growth_zones:
        fix = "Name the column under parcels.growth_zone, or take another carbon.curve."
        raise InputError(
            [Fault("study.toml", "parcels.growth_zone", "missing, but carbon.curve needs it", fix)]
        )
    unknown = [zone for zone in landscape.growth_zones if zone not in curves]
    if unknown:
        fix = f"Known zones: {', '.join(curves)}."
        raise InputError([Fault("parcels", "growth_zone", f"no growth curve for {', '.join(unknown)}", fix)])
    return tuple(
        Term(
            landscape.area * landscape.zone_share[:, z],
            regrowth * _grown(inputs, year, partial(_of_zone, curves[zone])),
        )
        for z, zone in enumerate(landscape.growth_zones)
    )


def _of_zone(curve: GrowthCurve, years: Floats) -> Floats:
    return growth(years, curve.A, curve.k, curve.p)


def _precipitation(inputs: Inputs, year: int, regrowth: Floats) -> tuple[Term, ...]:
    rain = covariate(inputs, "precipitation", needed_by='carbon.curve = "precipitation"')
    amount = inputs.landscape.area * rain**RAIN_POWER
    curve = _grown(inputs, year, lambda years: np.asarray(np.exp(INTERCEPT) * years**AGE_POWER))
    return (Term(amount, regrowth * curve),)


def carbon_notes(study: Study, catalogue: Catalogue) -> Iterator[str]:
    """What a user should know of how ``[carbon]`` was read."""
    curved = [name for name in catalogue.interventions if name in catalogue.profiles]
    if curved:
        yield f"carbon of {', '.join(curved)} follows {study.carbon.profiles} instead of fluxes"
    asked = study.carbon.soil
    if asked is not None:
        words = [f"{name} {getattr(asked, name):g}" for name in ("technical", "beyond")
                 if name not in asked.model_fields_set]  # fmt: skip
        if words:
            yield f"carbon.soil: {' and '.join(words)} not given, so assumed"
    net = study.carbon.net
    if net is not None and not net.baseline and study.parcels.baseline_flux is None:
        yield "carbon.net: no baseline given, so land that is kept is taken to store and lose nothing"


CARBON = Component(
    "carbon",
    "t CO2e",
    no_baseline,
    _terms,
    by_milestone=True,
    within=difference(_terms),
    beyond=_in_soil,
)
