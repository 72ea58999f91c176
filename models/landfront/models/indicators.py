r"""Indicators: effects that a study defines itself, an amount per ha of each intervention.

Formula, for an option (p, i) and an indicator with amounts k:

    e(p, i)     = g * a_p * w_p * k_i * t_i
    e(p, i)     = g * a_p * w_p * q_p * k_i / 100 * t_i      (relative)
    baseline(p) = g * a_p * q_p                              (0 with each_year, or without the column)

| symbol | meaning | unit |
|---|---|---|
| a_p | area of the parcel | ha |
| w_p | ``weight``, a column of the parcels; 1 without one | 1 |
| q_p | ``baseline``, a column: what is there today | unit/ha |
| k_i | ``per_ha`` of the intervention, or the change in % with ``relative`` | unit/ha or % |
| t_i | 1 once i has begun, else 0; with ``each_year`` the years from its start to the milestone | 1 or yr |
| g | warming potential over 100 years of ``gas`` (``tables/warming_potentials.csv``); 1 without one | 1 |

Interventions that share a parcel add up.

>>> amounts(("keep", "trees", "ponds"), {"trees": 2.0, "*": 0.5}).tolist()
[0.0, 2.0, 0.5]
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial

import numpy as np
from numpy.typing import NDArray

from landfront.instances.catalogue import KEEP
from landfront.instances.faults import Fault
from landfront.instances.indicators import PREFIX, warming_potential
from landfront.instances.schema import near, some
from landfront.instances.study import Study
from landfront.instances.study_indicators import OTHERS, Indicator
from landfront.models.component import Component, Inputs, flow, no_baseline
from landfront.models.effects import Term
from landfront.models.kinds import interventions_of

Floats = NDArray[np.float64]


def indicators_of(study: Study) -> dict[str, Component]:
    """A component for each indicator of a study, by name."""
    return {
        entry.name: Component(
            entry.name,
            entry.unit,
            partial(_baseline, entry),
            partial(_terms, entry),
            by_milestone=entry.each_year,
            within=partial(_within, entry) if entry.each_year else None,
        )
        for entry in study.indicators
    }


def amounts(interventions: Sequence[str], per_ha: Mapping[str, float]) -> Floats:
    """Amount per ha of each intervention, shape (S,): 0 for ``keep`` and where nothing is given."""
    other = per_ha.get(OTHERS, 0.0)
    return np.array([0.0 if name == KEEP else per_ha.get(name, other) for name in interventions])


def indicator_faults(study: Study, known: Sequence[str]) -> Iterator[Fault]:
    """Interventions that indicators name and nobody knows."""
    for entry in study.indicators:
        for name in entry.per_ha:
            if name not in (*known, OTHERS) or name == KEEP:
                place = f"indicators.{entry.name}.per_ha"
                rule = "keep has no effect" if name == KEEP else f"unknown intervention {name!r}"
                fix = (
                    "Leave it out."
                    if name == KEEP
                    else f"{near(name, known)} Known: {some(known, 30)}.".strip()
                )
                yield Fault("study.toml", place, rule, fix)


def indicator_notes(study: Study, used: Sequence[str]) -> Iterator[str]:
    """Interventions that an indicator counts as 0 because it gives no number for them."""
    for entry in study.indicators:
        silent = [name for name in used if name != KEEP and name not in entry.per_ha]
        if silent and OTHERS not in entry.per_ha:
            yield f"{entry.name}: no number for {some(silent)}, counted as 0"


def _table(entry: Indicator, inputs: Inputs) -> Floats:
    """Amount per ha of each single intervention, warming included, shape (S,)."""
    names = [interventions_of(name)[0] for name in inputs.menu.interventions[: inputs.singles]]
    share = 0.01 if entry.relative else 1.0
    return amounts(names, entry.per_ha) * warming_potential(entry) * share


def _column(inputs: Inputs, name: str) -> Floats:
    return np.asarray(inputs.landscape.covariates[PREFIX + name], dtype=np.float64)


def _amount(entry: Indicator, inputs: Inputs) -> Floats:
    """What the table multiplies, shape (n,)."""
    amount = inputs.landscape.area
    if entry.weight is not None:
        amount = amount * _column(inputs, entry.weight)
    if entry.relative and entry.baseline is not None:
        amount = amount * _column(inputs, entry.baseline)
    return amount


def _terms(entry: Indicator, inputs: Inputs, year: int) -> tuple[Term, ...]:
    if entry.each_year:
        return _within(entry, inputs, inputs.first, year)
    return (Term(_amount(entry, inputs), _table(entry, inputs) * inputs.begun(year)),)


def _within(entry: Indicator, inputs: Inputs, first: int, end: int) -> tuple[Term, ...]:
    table = _table(entry, inputs)
    return (Term(_amount(entry, inputs), flow(inputs, np.zeros_like(table), table, first=first, end=end)),)


def _baseline(entry: Indicator, inputs: Inputs) -> Floats:
    if entry.each_year or entry.baseline is None:
        return no_baseline(inputs)
    return inputs.landscape.area * _column(inputs, entry.baseline) * warming_potential(entry)
