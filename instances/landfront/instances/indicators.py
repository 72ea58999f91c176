"""Columns of the parcels that indicators of a study multiply or start from."""

from __future__ import annotations

from landfront.instances.schema import rows
from landfront.instances.sheet import Floats, Sheet
from landfront.instances.study import Study
from landfront.instances.study_indicators import Indicator

PREFIX = "column:"
"""Stands before the names of such columns among the covariates of a landscape."""


def indicator_columns(study: Study) -> list[str]:
    """Columns that the indicators of a study name."""
    named = [column for entry in study.indicators for column in (entry.baseline, entry.weight)]
    return [name for name in dict.fromkeys(named) if name is not None]


def read_indicator_columns(sheet: Sheet, study: Study) -> dict[str, Floats]:
    """These columns as numbers; a missing value is a fault."""
    found = {}
    for name in indicator_columns(study):
        if sheet.has(name):
            found[PREFIX + name] = sheet.number(name)
    return found


def warming_potential(entry: Indicator) -> float:
    """t CO2e per t of the indicator's gas over 100 years; 1 for what is no gas."""
    if entry.gas is None:
        return 1.0
    table = {(row["gas"], row["report"]): float(row["gwp"]) for row in rows("warming_potentials")}
    return table[entry.gas, entry.gwp]
