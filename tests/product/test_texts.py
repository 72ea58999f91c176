"""Numbers with units, TOML that reads back, and the summary's words."""

import doctest
import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from landfront.report import quantities, toml
from landfront.report.quantities import area, number, percent, quantity
from landfront.report.summary import mark_counts

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
PLAIN = st.one_of(st.booleans(), st.integers(-(2**63), 2**63 - 1), st.floats(allow_nan=False), TEXT)
LISTS = st.lists(PLAIN, max_size=4)
TABLES = st.recursive(
    st.dictionaries(TEXT, st.one_of(PLAIN, LISTS), max_size=4),
    lambda inner: st.dictionaries(
        TEXT, st.one_of(PLAIN, inner, st.lists(inner, min_size=1, max_size=3)), max_size=4
    ),
    max_leaves=8,
)


@given(TABLES)
def test_whatever_is_written_reads_back(data: dict[str, object]) -> None:
    assert tomllib.loads(toml.dumps(data)) == data


def test_none_is_left_out_and_mixed_lists_are_inline() -> None:
    assert tomllib.loads(toml.dumps({"a": None, "b": [1, {"c": 2, "d": None}]})) == {"b": [1, {"c": 2}]}
    with pytest.raises(TypeError):
        toml.dumps({"a": object()})


@pytest.mark.parametrize("module", [quantities, toml])
def test_the_examples_in_the_docstrings_hold(module: object) -> None:
    assert doctest.testmod(module).failed == 0  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (0.0, "t", "0 t"),
        (1538.4, "t", "1,538 t"),
        (2.6e10, "t CO2e", "26 Gt CO2e"),
        (2e12, "CNY", "2 trillion CNY"),
        (-36.5e9, "m3", "-36.5 billion m3"),
        (12345.0, "MSA-ha", "12.35 thousand MSA-ha"),
        (1e-7, "t", "1e-07 t"),
        (float("inf"), "t", "no bound t"),
        (float("nan"), "t", "unknown t"),
    ],
)
def test_quantities_read_well(value: float, unit: str, text: str) -> None:
    assert quantity(value, unit) == text


@given(st.floats(1e-4, 1e15))
def test_four_digits_are_within_half_a_thousandth(value: float) -> None:
    assert float(number(value).replace(",", "")) == pytest.approx(value, rel=5.1e-4)


def test_areas_and_percentages() -> None:
    assert area(20.0, mu=False) == "20 ha"
    assert area(20.0, mu=True) == "20 ha (300 mu)"
    assert percent(0.0) == "0 %"
    assert percent(float("nan")) == "unknown"
    assert percent(1.5) == "150 %"


def test_marks_are_counted_by_their_first_word() -> None:
    import pandas as pd

    frame = pd.DataFrame({"verified": ["yes (derived)", "verified", "recalled", None, "assumed"]})
    assert mark_counts(frame) == {"verified": 2, "recalled": 1, "unmarked": 1, "assumed": 1}
