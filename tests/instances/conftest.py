"""A small study folder in the land-survey schema, to be bent by the tests."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from landfront.instances.study import Study, study_from

Make = Callable[..., Study]


def parcels() -> pd.DataFrame:
    """Six parcels in two counties of one province; areas in m2, yields in kg/mu."""
    return pd.DataFrame(
        {
            "BSM": [110101080000000001 + i for i in range(6)],
            "DLBM": ["0103", "0101", "0404", "0307K", "0301", "0103"],
            "TBMJ": [150000.0, 20000.0, 30000.0, 4000.0, 66666.0, 1000.0],
            "PROVINCE": ["云南"] * 6,
            "COUNTY": ["甲县", "甲县", "甲县", "乙县", "乙县", "乙县"],
            "SLOPE": [3.0, 1.0, 12.0, 20.0, 33.0, 26.5],
            "MAP": [900.0, 1000.0, 800.0, 850.0, 950.0, 700.0],
            "YIELD": [400.0, 500.0, 0.0, 0.0, 0.0, 200.0],
            "LINE": [0, 1, 0, 0, 0, 0],
            "CONSENT": [1, 1, 1, 0, 1, 1],
        }
    )


def says(source: str) -> dict[str, Any]:
    """What study.toml says about them."""
    return {
        "study": {"title": "test"},
        "parcels": {
            "source": source,
            "id": "BSM",
            "area": {"column": "TBMJ", "unit": "m2"},
            "regions": ["PROVINCE", "COUNTY"],
            "cover": {"column": "DLBM", "code_system": "TD/T 1055"},
            "slope": {"column": "SLOPE", "unit": "deg"},
            "precipitation": {"column": "MAP", "unit": "mm"},
            "grain_yield": {"column": "YIELD", "unit": "公斤/亩"},
        },
        "criteria": {"carbon": {"sense": "max"}, "food": {"sense": "max"}},
    }


@pytest.fixture
def make(tmp_path: Path) -> Make:
    """Write a table of parcels as CSV and give its study; `change` edits the dict of study.toml."""

    def build(
        frame: pd.DataFrame | None = None, change: Callable[[dict[str, Any]], object] | None = None
    ) -> Study:
        (parcels() if frame is None else frame).to_csv(tmp_path / "parcels.csv", index=False)
        data = says("parcels.csv")
        if change is not None:
            change(data)
        return study_from(data, tmp_path / "study.toml")

    return build


@pytest.fixture
def table() -> pd.DataFrame:
    """Give the six parcels."""
    return parcels()


@pytest.fixture
def said() -> Callable[[str], dict[str, Any]]:
    """Give what study.toml says, for a source."""
    return says
