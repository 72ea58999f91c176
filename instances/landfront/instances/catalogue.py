"""The catalogue of interventions: coefficients with unit, range, source and mark."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import pandas as pd

KEEP = "keep"


@dataclass(frozen=True)
class GrowthCurve:
    """Chapman-Richards stock of live biomass, ``A (1 - exp(-k age))^p`` in t CO2e per ha."""

    zone: str
    A: float
    k: float
    p: float


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
    codes
        Land-cover codes (TD/T 1055) on which each intervention is admissible; empty = any.
    curves
        Growth curves by zone.
    evidence
        One row per number in use: intervention, parameter, set, value, low, high, unit, source, verified, note.
    """

    interventions: tuple[str, ...]
    labels: Mapping[str, tuple[str, ...]]
    coefficients: Mapping[str, NDArray[np.float64]]
    codes: tuple[frozenset[str], ...]
    curves: tuple[GrowthCurve, ...]
    evidence: pd.DataFrame

    def __len__(self) -> int:
        return len(self.interventions)
