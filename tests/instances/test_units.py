"""Units: conversions that a planner can check by hand, round trips, and faults that say what is known."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from landfront.instances.schema import rows
from landfront.instances.units import UnitError, convert, known, same_kind, unit

NAMES = [row["unit"] for row in rows("units")]
COMPOUND = [
    "kg/mu",
    "t/ha",
    "jin/mu",
    "kg/ha",
    "CNY/mu/yr",
    "10k CNY/ha",
    "t CO2e/ha/yr",
    "t C/ha/yr",
    "%/yr",
]


@pytest.mark.parametrize(
    ("value", "source", "to", "result"),
    [
        (15, "亩", "公顷", 1),
        (1, "万亩", "ha", 10000 / 15),
        (1, "亿亩", "Mha", 20 / 3),
        (400, "公斤/亩", "t/ha", 6),
        (800, "斤/亩", "t/ha", 6),
        (6000, "kg/ha", "t/ha", 6),
        (250000, "m2", "ha", 25),
        (2, "km2", "ha", 200),
        (3, "万元", "CNY", 30000),
        (1500, "元/亩", "CNY/ha", 22500),
        (7.65, "CNY/mu/yr", "CNY/ha/yr", 114.75),
        (1, "t C/ha/yr", "t CO2e/ha/yr", 44 / 12),
        (36.8, "Mt C", "Mt CO2e", 36.8 * 44 / 12),
        (5, "万吨", "t", 50000),
        (0.9, "m", "mm", 900),
        (900, "mm/yr", "mm", 900),
        (1, "亿立方米", "m3", 1e8),
        (100, "%", "deg", 45),
        (5, "%", "share", 0.05),
        (5, "class", "deg", 30),
        (15.0, "deg", "class", 3),
        (15.1, "deg", "class", 4),
    ],
)
def test_known_values(value: float, source: str, to: str, result: float) -> None:
    assert convert(value, source, to) == pytest.approx(result, rel=1e-12)


@given(st.floats(-1e12, 1e12), st.sampled_from(NAMES + COMPOUND), st.sampled_from(NAMES + COMPOUND))
def test_round_trip(value: float, a: str, b: str) -> None:
    if "class" in (a, b) or not same_kind(a, b) or {unit(a).above, unit(b).above} == {"share", "slope"}:
        return
    assert convert(convert(value, a, b), b, a) == pytest.approx(value, rel=1e-12, abs=1e-300)


@given(st.floats(0, 89.9))
def test_slope_round_trip(degrees: float) -> None:
    assert convert(convert(degrees, "deg", "%"), "%", "deg") == pytest.approx(degrees, rel=1e-9, abs=1e-9)


@given(st.sampled_from(NAMES), st.sampled_from(NAMES), st.sampled_from(NAMES))
def test_conversion_is_transitive(a: str, b: str, c: str) -> None:
    if "class" in (a, b, c) or len({unit(x).above for x in (a, b, c)}) != 1:
        return
    assert convert(convert(2.5, a, b), b, c) == pytest.approx(convert(2.5, a, c), rel=1e-12)


def test_arrays_keep_shape_and_nan() -> None:
    result = convert(np.array([[15.0, np.nan]]), "mu", "ha")
    np.testing.assert_array_equal(result, [[1.0, np.nan]])


def test_every_spelling_of_every_unit_is_one_unit() -> None:
    for row in rows("units"):
        for spelling in filter(None, row["aliases"].split("|")):
            assert unit(spelling) == unit(row["unit"]), spelling


def test_no_spelling_stands_for_two_units() -> None:
    spellings = [s for row in rows("units") for s in (row["unit"], *filter(None, row["aliases"].split("|")))]
    assert len(spellings) == len(set(spellings))


@pytest.mark.parametrize("name", ["acre", "mt", "kg/acre", "", "/", "ha/", "t//ha"])
def test_unknown_unit_lists_what_is_known(name: str) -> None:
    with pytest.raises(UnitError, match=r"unknown unit.*ha, m2"):
        convert(1.0, name, "ha")
    with pytest.raises(UnitError, match="unknown unit"):
        unit(name)


def test_another_kind_is_refused() -> None:
    with pytest.raises(UnitError, match=r"'ha' does not measure the same as 't/ha'; give one of t, kg"):
        convert(1.0, "ha", "t/ha")
    with pytest.raises(UnitError, match="CNY"):
        convert(1.0, "USD", "CNY")
    assert not same_kind("t", "t CO2e")


def test_known_by_dimension() -> None:
    assert "mu" in known("area")
    assert "t" not in known("area")
