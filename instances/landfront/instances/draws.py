r"""Scenarios drawn from low, mean and high of coefficients: marginals joined by a Gaussian copula.

Formula, for the factor of an effect e by an intervention i in a region r:

    m_s(e, i, r) = F_ei^-1(Phi(z_s(e, i, r))) / mean_ei
    corr(z(e, i, r), z(e', i', r')) = rho_e ^ [e != e'] * rho_i ^ [i != i'] * rho_r ^ [r != r']

    pert         Beta on [low, high] with a = 1 + 4 (mean - low) / (high - low), b = 6 - a
    triangular   on [low, high] with its top at mean
    quantiles    mean + (low - mean) z / z_l for z < 0, mean + (high - mean) z / z_h else: low and high are
                 the quantiles l and h, mean is the median

| symbol | meaning |
|---|---|
| low, mean, high | of what stands for the effect (`[risk.draw] coefficients`), or of `ranges` |
| Phi, z_l | the normal distribution, and its quantile l |
| rho | `[risk.draw.correlation]`: effects, interventions, regions |

PERT is Malcolm et al. (1959), where the catalogue's mean is the most likely value. The scores are a sum of
normal numbers that belong to what factors share and to each alone. They depend on seed and names only, so
that one more effect or intervention leaves all others as they were.

>>> ppf("triangular", np.array([0.5]), (0.5, 1.0, 1.5), (0.25, 0.75)).tolist()
[1.0]
>>> ppf("quantiles", np.array([0.25, 0.5, 0.75]), (0.6, 1.0, 1.8), (0.25, 0.75)).round(6).tolist()
[0.6, 1.0, 1.8]
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import product
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from landfront.instances.catalogue import Catalogue
from landfront.instances.faults import Fault, refuse
from landfront.instances.scenarios import EVERY, Scenarios
from landfront.instances.schema import by_key, near, some
from landfront.instances.study import Study
from landfront.instances.study_risk import Correlation, Draw

Floats = NDArray[np.float64]
Triple = tuple[float, float, float]
STANDS_FOR = {
    "carbon": "flux_1",
    "cost": "establishment",
    "food": "food_effect",
    "calories": "food_effect",
    "water": "water_yield",
}
"""Coefficient whose range stands for an effect where the study does not say one."""


def drawn(study: Study, regions: tuple[str, ...], catalogue: Catalogue) -> Scenarios:
    """Scenarios of ``[risk.draw]``.

    Raises
    ------
    InputError
        If a coefficient or an intervention is not known, or the study takes coefficients at low or high.
    """
    assert study.risk is not None
    draw = study.risk.draw
    assert draw is not None
    refuse(*_faults(study, draw, catalogue))
    stands = {**STANDS_FOR, **draw.coefficients}
    effects = tuple(dict.fromkeys((*stands, *(entry.effect for entry in draw.ranges))))
    scores = _scores(draw, effects, catalogue.interventions, len(regions))
    factors, flat = {}, []
    for effect, score in zip(effects, scores, strict=True):
        table = np.ones((draw.count, len(catalogue), len(regions)))
        ranges = _ranges(effect, draw, catalogue, stands.get(effect))
        for kind, found in enumerate(ranges):
            if found is not None:
                table[:, kind] = _of_scores(draw, score[kind], found)
        if any(ranges):
            factors[effect] = table
            flat += [f"{effect} of {catalogue.interventions[k]}" for k, r in enumerate(ranges) if k and not r]
    names = tuple(f"draw {place + 1}" for place in range(draw.count))
    notes = (f"risk: no range, so one factor of 1, for {some(flat)}",) if flat else ()
    even = np.full(draw.count, 1.0 / draw.count)
    return Scenarios(names, even, study.risk.by or "", regions, factors, notes)


def _of_scores(draw: Draw, scores: Floats, found: Triple) -> Floats:
    """Factors of normal scores."""
    from scipy.special import ndtr

    return ppf(draw.distribution, ndtr(scores), found, draw.quantiles) / found[1]


def ppf(distribution: str, share: Floats, found: Triple, quantiles: tuple[float, float]) -> Floats:
    """Values below which a coefficient with this low, mean and high is with these probabilities."""
    from scipy import stats

    low, mean, high = found
    if low == high:
        return np.full(share.shape, mean)
    if distribution == "quantiles":
        score, (below, above) = stats.norm.ppf(share), map(float, stats.norm.ppf(np.array(quantiles)))
        slope = np.where(score < 0, (low - mean) / below, (high - mean) / above)
        return np.asarray(mean + slope * score)
    width = high - low
    if distribution == "triangular":
        return np.asarray(stats.triang.ppf(share, (mean - low) / width, loc=low, scale=width))
    a = 1.0 + 4.0 * (mean - low) / width
    return np.asarray(stats.beta.ppf(share, a, 6.0 - a, loc=low, scale=width))


def _scores(draw: Draw, effects: Sequence[str], interventions: Sequence[str], regions: int) -> list[Floats]:
    """Normal scores of each effect, shape (I, S, R): what factors share, and what each has alone."""
    found = []
    for effect in effects:
        kinds = [sum(_shared(draw, effect, kind, regions)) for kind in interventions]
        found.append(np.stack(kinds))
    return found


def _shared(draw: Draw, effect: str, intervention: str, regions: int) -> Iterator[Floats]:
    """Independent parts of the scores of one effect and intervention, shape (S, R) or (S, 1)."""
    rho: Correlation = draw.correlation
    for one, own, apart in product((True, False), repeat=3):
        weight = (
            (1 - rho.effects if one else rho.effects)
            * (1 - rho.interventions if own else rho.interventions)
            * (1 - rho.regions if apart else rho.regions)
        )
        if weight > 0:
            words = (effect if one else EVERY, intervention if own else EVERY)
            key = [draw.seed, *(crc32(word.encode()) for word in words), int(apart)]
            rng = np.random.default_rng(key)
            yield np.sqrt(weight) * rng.standard_normal((draw.count, regions if apart else 1))


def _ranges(effect: str, draw: Draw, catalogue: Catalogue, coefficient: str | None) -> list[Triple | None]:
    """Low, mean and high of an effect by each intervention; None where there is no range, shape (I,)."""
    given = {entry.intervention: (entry.low, entry.mean, entry.high)
             for entry in draw.ranges if entry.effect == effect}  # fmt: skip
    known: dict[str, Triple] = {}
    rows = catalogue.evidence
    if coefficient is not None and len(rows):
        rows = rows[(rows["parameter"] == coefficient) & rows["low"].notna() & rows["high"].notna()]
        numbers = rows[["low", "value", "high"]].to_numpy(np.float64)
        for name, (low, value, high) in zip(rows["intervention"], numbers.tolist(), strict=True):
            if value != 0 and low <= value <= high:
                known[str(name)] = (low, value, high)
    names = catalogue.interventions
    return [None, *(given.get(name) or known.get(name) or given.get(EVERY) for name in names[1:])]


def _faults(study: Study, draw: Draw, catalogue: Catalogue) -> Iterator[Fault]:
    if study.interventions.level != "mean":
        rule = f"scenarios are drawn about the mean, but interventions.level is {study.interventions.level!r}"
        yield Fault("study.toml", "risk.draw", rule, 'Set interventions.level to "mean", or leave it out.')
    known = list(by_key("coefficients"))
    for effect, name in draw.coefficients.items():
        if name not in known:
            fix = f"{near(name, known)} Known: {some(known, 40)}.".strip()
            yield Fault(
                "study.toml", f"risk.draw.coefficients.{effect}", f"unknown coefficient {name!r}", fix
            )
    interventions = sorted({*catalogue.interventions[1:], *catalogue.known})
    for entry in draw.ranges:
        if entry.intervention not in (EVERY, *interventions):
            fix = f"{near(entry.intervention, interventions)} Known: {some(interventions, 30)}.".strip()
            rule = f"unknown intervention {entry.intervention!r}"
            yield Fault("study.toml", "risk.draw.ranges", rule, fix)
        if entry.mean == 0:
            rule = f"factors of {entry.effect} are counted per mean, which is 0"
            yield Fault("study.toml", "risk.draw.ranges", rule, "Give a mean other than 0; 1 is usual.")
