r"""Carbon that can be claimed: less what the land would do anyway, less leakage, less the buffer.

Formula, for an option (p, k) that starts the interventions I_k in the year s_k, by the milestone M, of a study
from the year Y on, with ``[carbon.net]``:

    carbon_net(p, k) = u - h_pk * max(u, 0)
    u                = g - l_k * max(g, 0) - e * max(-food(p, k), 0) * max(M - s_k, 0)
    g                = carbon(p, k) - a_p * b_p * (min(M - Y, T) - min(s_k - Y, T, M - Y))

| symbol | meaning | unit |
|---|---|---|
| g, u | gain over the baseline, and what leakage leaves of it | t CO2e |
| carbon | carbon of the option (`carbon`), with soil caps and reversal where the study has them | t CO2e |
| a_p | area of the parcel | ha |
| b_p | what it would take up anyway, losses below 0: ``parcels.baseline_flux``, or ``baseline`` of its land class | t CO2e/ha/yr |
| T | ``baseline_years``: years from Y on in which it would; without it all of them | yr |
| l_k | ``leakage``, share of the gain that is displaced; the greatest of I_k | 1 |
| e | ``harvest_leakage``, emissions of making a t of lost harvest elsewhere | t CO2e/t |
| food | change of the yearly harvest (`food`), with its joint factors | t/yr |
| h_pk | share held back: that of the scheme that credits (`credits`), else the catalogue's ``buffer``; the greatest of I_k | 1 |

Until an option starts its parcel is kept and follows the baseline, so that what is taken off begins with the
option, and keeping the land claims nothing. The carbon of an option is to be all that its land does then: where
the coefficients are increments over that path already, b_p is 0. Losses are claimed in full: no share of them is
displaced or held back. A better harvest is no gain. Within a period it is the difference of what can be claimed by
its end and by its beginning.

>>> kept(np.array([100.0, -40.0]), 0.25).tolist()
[75.0, -40.0]
"""  # noqa: E501

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from landfront.instances.catalogue import KEEP
from landfront.instances.codes import class_of
from landfront.instances.faults import Fault, InputError, refuse
from landfront.instances.schema import near, some
from landfront.instances.study import Study
from landfront.instances.study_carbon import OTHERS, Levels, Net
from landfront.models.carbon import CARBON
from landfront.models.component import Component, Inputs, coefficient, no_baseline
from landfront.models.credits import held_back, schemes_of
from landfront.models.effects import Effect, Term
from landfront.models.kinds import interventions_of, once
from landfront.models.opportunity import harvest_lost

Floats = NDArray[np.float64]
FLUX = "baseline_flux"


def kept(amount: Floats, share: Floats | float) -> Floats:
    """What is left of amounts when a share of each gain is taken off; losses stay as they are."""
    return np.asarray(amount - share * np.maximum(amount, 0.0))


def net_faults(study: Study, known: Sequence[str]) -> Iterator[Fault]:
    """Interventions that ``[carbon.net]`` names and nobody knows."""
    for name in study.carbon.net.leakage if study.carbon.net else ():
        if name != OTHERS and (name not in known or name == KEEP):
            fix = f"{near(name, known)} Known: {some(known, 30)}.".strip()
            yield Fault("study.toml", f"carbon.net.leakage.{name}", f"unknown intervention {name!r}", fix)


def _said(inputs: Inputs) -> Net:
    """The section that says what is taken off."""
    net = inputs.study.carbon.net
    if net is not None:
        return net
    fix = "Add [carbon.net] with baseline and leakage, or drop carbon_net."
    if inputs.study.effects is not None:
        fix = "Give carbon_net as a column of the table of effects."
    raise InputError([Fault("study.toml", "carbon.net", "missing, but carbon_net needs it", fix)])


def _claimed(inputs: Inputs, year: int) -> Floats:
    """What can be claimed of each option by a year, shape (m,)."""
    net, menu = _said(inputs), inputs.menu
    left = kept(_gain(inputs, year), _displaced(inputs, net)[menu.kind])
    if net.harvest_leakage:
        left -= net.harvest_leakage * _harvest(inputs, year)
    return kept(left, _held(inputs)) if net.buffer else left


def _gain(inputs: Inputs, year: int) -> Floats:
    """Carbon over the baseline, shape (m,)."""
    net, menu = _said(inputs), inputs.menu
    carbon = CARBON.effect(inputs, name=CARBON.name, year=year).values(menu)
    lasting = year if net.baseline_years is None else min(year, inputs.first + net.baseline_years)
    years = np.maximum(lasting - menu.kinds.start.astype(np.float64), 0.0)
    years[0] = 0.0  # keep is the baseline itself
    return carbon - (inputs.landscape.area * _flux(inputs, net))[menu.parcel] * years[menu.kind]


def _harvest(inputs: Inputs, year: int) -> Floats:
    """Harvest lost until a year, shape (m,), t."""
    years = np.maximum(year - inputs.menu.kinds.start.astype(np.float64), 0.0)
    terms = tuple(Term(term.amount, term.table * years) for term in harvest_lost(inputs))
    return Effect("food", "t", no_baseline(inputs), terms).values(inputs.menu)


def _displaced(inputs: Inputs, net: Net) -> Floats:
    """Share of the gain that each kind displaces, shape (K,)."""
    own = coefficient(inputs, "leakage", default=0.0) / 100.0
    names = [interventions_of(name)[0] for name in inputs.menu.interventions[: inputs.singles]]
    said = [
        0.0 if name == KEEP else net.leakage.get(name, net.leakage.get(OTHERS, share))
        for name, share in zip(names, own.tolist(), strict=True)
    ]
    return inputs.menu.kinds.merged(np.array(said), "", once)


def _held(inputs: Inputs) -> Floats:
    """Share that is held back of each option, shape (m,)."""
    menu = inputs.menu
    if not inputs.study.credits:
        return menu.kinds.merged(held_back(inputs), "", once)[menu.kind]
    schemes = schemes_of(inputs)
    shares = np.array([menu.kinds.merged(row, "", once) for row in schemes.held(inputs)])
    return np.asarray(shares[schemes.place[menu.parcel], menu.kind])


def _flux(inputs: Inputs, net: Net) -> Floats:
    """What each parcel would take up per ha and year anyway, shape (n,)."""
    landscape = inputs.landscape
    column = landscape.covariates.get(FLUX)
    if not net.baseline:
        return np.zeros(len(landscape)) if column is None else column.astype(np.float64)
    refuse(*_baseline_faults(inputs, net))
    level = inputs.study.interventions.level
    said = {
        name: flux.beside(level) if isinstance(flux, Levels) else flux for name, flux in net.baseline.items()
    }
    other = said.get(OTHERS, 0.0)
    return np.array([said.get(class_of(code), other) for code in landscape.cover_codes])[landscape.cover]


def _baseline_faults(inputs: Inputs, net: Net) -> Iterator[Fault]:
    landscape, place = inputs.landscape, "carbon.net.baseline"
    if FLUX in landscape.covariates:
        rule = f"a baseline by land class, and one by parcel (parcels.{FLUX})"
        yield Fault("study.toml", place, rule, "Give one of both.")
    if not landscape.cover_codes or (landscape.cover < 0).any():
        fix = "Name the land-cover column, with a code for every parcel."
        yield Fault("study.toml", "parcels.cover", f"missing, but {place} needs it", fix)
        return
    here = tuple(dict.fromkeys(class_of(code) for code in landscape.cover_codes))
    for name in net.baseline:
        if name not in (*here, OTHERS):
            fix = f"{near(name, here)} Classes of the parcels: {some(here)}.".strip()
            yield Fault("study.toml", f"{place}.{name}", f"no parcel is of the land class {name!r}", fix)
    silent = [name for name in here if name not in net.baseline]
    if silent and OTHERS not in net.baseline:
        fix = f'Give a flux in t CO2e/ha/yr, 0 where nothing would change, or one for "{OTHERS}", all others.'
        yield Fault("study.toml", place, f"no number for {some(silent)}", fix)


def _no_terms(inputs: Inputs, year: int) -> tuple[Term, ...]:
    """No products: shares of gains alone are no sum over parcels times kinds."""
    return ()


def _none_within(inputs: Inputs, first: int, end: int) -> tuple[Term, ...]:
    return ()


CARBON_NET = Component(
    "carbon_net",
    CARBON.unit,
    no_baseline,
    _no_terms,
    by_milestone=True,
    within=_none_within,
    beyond=_claimed,
)
