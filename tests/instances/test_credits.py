"""Columns that say where credit schemes apply, read from the parcel table."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

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
    with pytest.raises(InputError, match="CONSNT: no such column. Did you mean 'CONSENT'"):
        load_landscape(credited(make, column="CONSNT"))


def test_a_column_that_holds_nothing_of_it_is_noted(make: Make) -> None:
    found = load_landscape(credited(make, when=["titled"]))
    assert any("credits:ccer" in note and "no parcel" in note for note in found.notes)
