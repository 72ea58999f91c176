"""The catalogue of interventions: coefficients with unit, range, source and mark."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import pandas as pd

    from landfront.instances.study import Study

KEEP = "keep"
KEEP_LABELS = {"en": "Keep as it is", "zh": "维持现状"}


@dataclass(frozen=True)
class GrowthCurve:
    """Chapman-Richards stock of live biomass, ``A (1 - exp(-k age))^p`` in t CO2e per ha."""

    zone: str
    A: float
    k: float
    p: float


@dataclass(frozen=True)
class Profile:
    """Store over time: linear between its points, constant after the last one.

    Attributes
    ----------
    years
        Years since the start of the intervention, rising from 0, shape (J,).
    stock
        t CO2e per ha that was gained until then, 0 at first, shape (J,).
    """

    years: NDArray[np.float64]
    stock: NDArray[np.float64]


@dataclass(frozen=True)
class Catalogue:
    """Interventions x parameters at the level (low, mean, high) that the study asks for.

    Attributes
    ----------
    interventions
        Ids; index 0 is always ``keep``, whose every coefficient is 0. Index = ``kind`` of an option.
    labels
        Language code ("en", "zh") to one label per intervention.
    coefficients
        Parameter (data dictionary ``coefficients.csv``) to values in canonical unit, shape (K,); nan = none.
        Costs are in the study's currency.
    codes
        Land-cover codes (TD/T 1055) on which each intervention is admissible; empty = any. A listed suffixed
        code (0307K) is among them where its plain code is.
    curves
        Growth curves by zone.
    evidence
        One row per number in use: intervention, parameter, set, value, low, high, unit, period, source,
        verified (one of verified, derived, recalled, assumed), note.
    known
        Every intervention of the catalogue, also those that the study does not use.
    codes_after
        Land-cover code of the land after each intervention, "" where it stays what it is; empty = all stay.
    profiles
        Store over time by intervention, where the study gives it (``[carbon] profiles``) instead of fluxes.
    """

    interventions: tuple[str, ...]
    labels: Mapping[str, tuple[str, ...]]
    coefficients: Mapping[str, NDArray[np.float64]]
    codes: tuple[frozenset[str], ...]
    curves: tuple[GrowthCurve, ...]
    evidence: pd.DataFrame
    known: frozenset[str] = frozenset()
    codes_after: tuple[str, ...] = ()
    profiles: Mapping[str, Profile] = field(default_factory=dict)

    def __len__(self) -> int:
        """Return the number of interventions, ``keep`` included."""
        return len(self.interventions)


def load_catalogue(study: Study, *, named: Sequence[str] | None = None) -> Catalogue:
    """Read the catalogue that a study names, with its coefficient sets, at its level, in its currency.

    Index 0 is ``keep``; the order of ``interventions.use`` is kept, else that of the catalogue. With an
    ``[effects]`` table the interventions are those of the table, and the catalogue gives their labels only;
    `named` are the table's where it is at hand, and it is read otherwise.

    Raises
    ------
    InputError
        If the catalogue cannot be read or has faults, a set or intervention is unknown, an intervention lacks
        a coefficient that is needed, or costs are in another currency and no exchange rate is given.
    """
    from landfront.instances.evidence import build

    return build(study, named)


def describe(study: Study | None = None, language: str = "en") -> pd.DataFrame:
    """Evidence as a table: the numbers that a study uses, or the whole packaged catalogue without one.

    Parameters
    ----------
    study
        A study, or None for every set of the packaged catalogue.
    language
        "en" or "zh", for the names of the interventions.

    Returns
    -------
    Columns intervention, name, parameter, set, value, low, high, unit, period, source, verified, note.
    """
    from landfront.instances.evidence import describe as table

    return table(study, language)
