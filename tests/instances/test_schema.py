"""The data dictionary: tables that agree with the code, and land codes as the survey writes them."""

from __future__ import annotations

import doctest
import importlib

import pandas as pd
import pytest

from landfront.instances import codes
from landfront.instances.masks import flagged
from landfront.instances.parcels import COVARIATES
from landfront.instances.schema import by_key, dictionary, near, rows, some
from landfront.instances.study_land import Parcels
from landfront.instances.units import unit


@pytest.mark.parametrize("name", ["units", "schema", "codes", "sheet", "masks", "overlay"])
def test_doctests(name: str) -> None:
    result = doctest.testmod(importlib.import_module(f"landfront.instances.{name}"))
    assert result.failed == 0
    assert result.attempted > 0


def test_dictionary_lists_what_a_study_may_say_about_parcels() -> None:
    about_the_file = {"source", "layer", "encoding", "geometry"}
    assert set(by_key("parcels")) == set(Parcels.model_fields) - about_the_file
    assert set(COVARIATES) < set(by_key("parcels"))


@pytest.mark.parametrize("name", ["parcels", "effects", "coefficients"])
def test_canonical_units_are_known(name: str) -> None:
    for row in rows(name):
        for text in (row["unit"], *row.get("unit_aliases", "").split("|")):
            if text and text != "currency":
                assert unit(text)


def test_dictionary_types() -> None:
    land = dictionary("land_codes")
    assert land["code"].iloc[0] == "0101"
    assert land["intactness"].dtype == float
    assert dictionary("effects").set_index("effect").loc["cost", "unit"] == "currency"
    assert dictionary("parcels").set_index("name")["default"].isna()["slope"]


def test_land_codes_are_complete() -> None:
    land = dictionary("land_codes")
    assert land["code"].is_unique
    assert (land[["name_zh", "name_en", "source"]] != "").all(axis=None)
    assert land["intactness"].between(0, 1).all()
    assert set(land["mark"]) <= {"verified", "recalled", "assumed"}
    assert set(land["class"]) == {
        "cropland", "orchard", "forest", "grassland", "wetland", "water", "built", "other",
    }  # fmt: skip
    wetland = {"0303", "0304", "0306", "0402", "0603", "1105", "1106", "1108"}
    assert set(land["code"][land["is_wetland"] == 1]) == wetland
    assert set(land["code"][land["is_cropland"] == 1]) == {"0101", "0102", "0103"}


def test_plain_covers_point_to_listed_codes() -> None:
    assert {row["code"] for row in rows("plain_covers")} <= set(codes.listed())


@pytest.mark.parametrize(
    ("text", "system", "code"),
    [
        ("0103", "TD/T 1055", "0103"),
        (" 0103 ", "TD/T 1055", "0103"),
        ("0103k", "TD/T 1055", "0103"),
        ("0307K", "TD/T 1055", "0307K"),
        ("1104A", "TD/T 1055", "1104A"),
        ("103", "TD/T 1055", None),
        ("paddy", "TD/T 1055", None),
        ("paddy", "plain", "0101"),
        ("0101", "plain", None),
    ],
)
def test_read_code(text: str, system: str, code: str | None) -> None:
    assert codes.read_code(text, system) == code


def test_rules_reach_suffixed_codes_but_not_back() -> None:
    assert codes.with_suffixes({"0307"}) == {"0307", "0307K"}
    assert codes.with_suffixes({"1104K"}) == {"1104K"}


def test_hints() -> None:
    assert near("tbmj", ["TBMJ", "BSM"]) == "Did you mean 'TBMJ'?"
    assert near("zzz", ["TBMJ"]) == ""
    assert some(range(20), 3) == "0, 1, 2, ... (20 in all)"


@pytest.mark.parametrize(
    ("values", "when", "expected"),
    [
        ([1, 0, 2], (1, True, "1", "yes"), [True, False, False]),
        ([1.0, float("nan"), 0.0], (1,), [True, False, False]),
        ([True, False], (True,), [True, False]),
        (["YES", "no", None, " 1"], (1, "yes"), [True, False, False, True]),
        (["红线", "其他"], ("红线",), [True, False]),
        (["true", "false"], (True,), [True, False]),
    ],
)
def test_flags(values: list[object], when: tuple[object, ...], expected: list[bool]) -> None:
    assert flagged(pd.Series(values), when).tolist() == expected  # type: ignore[arg-type]
