"""Crops: what a tonne of harvest holds in energy (tables/crops.csv)."""

from __future__ import annotations

from functools import cache

from landfront.instances.schema import rows
from landfront.instances.units import convert

DEFAULT = "grain"
"""Stands where a study names no crop."""


def energy(crop: str) -> float | None:
    """Energy of a crop in GJ per t of harvest, by its id or its English or Chinese name; None if unknown.

    Examples
    --------
    >>> round(energy("wheat"), 6), energy("小麦") == energy("Wheat"), energy("moonflower")
    (13.97456, True, None)
    """
    return _energies().get(crop.strip().casefold())


def names() -> tuple[str, ...]:
    """Ids of the crops."""
    return tuple(row["crop"] for row in rows("crops"))


@cache
def _energies() -> dict[str, float]:
    return {
        row[column].casefold(): convert(float(row["kcal_100g"]) * 1e4, "kcal", "GJ")
        for row in rows("crops")
        for column in ("crop", "name_en", "name_zh")
    }
