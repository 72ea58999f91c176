"""Columns of the money and food components: where credit schemes apply, and which crop grows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from landfront.instances.faults import InputError
from landfront.instances.load import load_landscape
from landfront.instances.study import Study

Make = Callable[..., Study]


def credited(make: Make, **changes: Any) -> Study:
    credit = {
        "scheme": "ccer",
        "methodology": "ccer_forestation",
        "price": 50.0,
        "column": "CONSENT",
        **changes,
    }
    return make(change=lambda data: data.update(credits=[credit]))


def test_a_column_says_where(make: Make) -> None:
    found = load_landscape(credited(make))
    assert found.masks["credits:ccer"].tolist() == [True, True, True, False, True, True]
    other = load_landscape(credited(make, when=[0]))
    assert other.masks["credits:ccer"].tolist() == [False, False, False, True, False, False]


def test_a_missing_column_is_named(make: Make) -> None:
    with pytest.raises(InputError, match="CONSNT: no such column"):
        load_landscape(credited(make, column="CONSNT"))


def test_a_column_that_holds_nothing_of_it_is_noted(make: Make) -> None:
    found = load_landscape(credited(make, when=["titled"]))
    assert any("credits:ccer" in note and "no parcel" in note for note in found.notes)


def test_crops_are_read_by_any_of_their_names(make: Make, table: pd.DataFrame) -> None:
    table["CROP"] = ["Wheat", "稻谷", None, None, None, "maize"]
    found = load_landscape(make(table, lambda data: data["parcels"].update(crop="CROP")))
    expected = [334 * 0.04184, 280 * 0.04184, np.nan, np.nan, np.nan, 356 * 0.04184]
    np.testing.assert_allclose(found.covariates["crop_energy"], expected, rtol=1e-6)


@pytest.mark.parametrize(
    ("crops", "match"),
    [
        (["wheat", None, None, None, None, "maize"], "CROP: missing value on cropland"),
        (["wheat", "moonflower", None, None, None, "maize"], "CROP: unknown crop"),
    ],
)
def test_crops_that_make_no_sense(make: Make, table: pd.DataFrame, crops: list[Any], match: str) -> None:
    table["CROP"] = crops
    with pytest.raises(InputError, match=match):
        load_landscape(make(table, lambda data: data["parcels"].update(crop="CROP")))


@pytest.mark.parametrize(
    ("unit", "numbers", "expected"),
    [
        ("sheep unit/ha", [2.0, 0.0], [2.0, 0.0]),
        ("sheep unit/mu", [0.2, 0.0], [3.0, 0.0]),
        ("羊单位", [30.0, 5.0], [2.0, 2.5]),  # of parcels with 15 and 2 ha
    ],
)
def test_livestock_is_read_per_area_and_per_parcel(
    make: Make, table: pd.DataFrame, unit: str, numbers: list[float], expected: list[float]
) -> None:
    table["SHEEP"] = [*numbers, 0.0, 0.0, 0.0, 0.0]
    livestock = {"column": "SHEEP", "unit": unit}
    found = load_landscape(make(table, lambda data: data["parcels"].update(livestock=livestock)))
    np.testing.assert_allclose(found.covariates["livestock"][:2], expected, rtol=1e-6)


@pytest.mark.parametrize(
    ("unit", "value", "match"),
    [
        ("sheep unit", -1.0, "SHEEP: negative number of animals"),
        ("sheep unit/ha", -1.0, "SHEEP: outside 0 to 1000"),
        ("sheep unit", None, "SHEEP: missing value"),
        ("t/ha", 1.0, r"parcels\.livestock\.unit"),
    ],
)
def test_livestock_that_makes_no_sense(
    make: Make, table: pd.DataFrame, unit: str, value: float | None, match: str
) -> None:
    table["SHEEP"] = [value, 0.0, 0.0, 0.0, 0.0, 0.0]
    livestock = {"column": "SHEEP", "unit": unit}
    with pytest.raises(InputError, match=match):
        load_landscape(make(table, lambda data: data["parcels"].update(livestock=livestock)))
