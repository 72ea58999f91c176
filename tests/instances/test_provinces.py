"""The study china-provinces: margins and totals hold, every unit is marked, nothing is invented twice."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from landfront.instances.faults import InputError
from landfront.instances.provinces import (
    PACKAGED,
    SLOPE_COLUMNS,
    ZONES,
    joint_areas,
    strata,
    write_provinces,
)
from landfront.instances.schema import dictionary
from landfront.instances.study import read_study

MARKS = {"seen", "inferred", "recalled", "assumed"}
KINDS = {"0101": "cropland_paddy_kha", "0102": "cropland_irrigated_kha", "0103": "cropland_dry_kha"}
ROUNDING = 0.11


@pytest.fixture(scope="module")
def units() -> pd.DataFrame:
    return strata()


@pytest.fixture(scope="module")
def provinces() -> pd.DataFrame:
    return pd.read_csv(PACKAGED / "provinces.csv").set_index("province")


@given(
    kinds=st.lists(st.floats(0, 1e4), min_size=3, max_size=3),
    slopes=st.lists(st.floats(0, 1e4), min_size=5, max_size=5),
)
def test_joint_areas_keep_both_margins(kinds: list[float], slopes: list[float]) -> None:
    kind, slope = np.array([kinds]) + 0.01, np.array([slopes]) + 0.01
    areas = joint_areas(kind, slope)[0]
    assert (areas >= 0).all()
    np.testing.assert_allclose(areas.sum(axis=1), kind[0], rtol=1e-9, atol=1e-9)
    scaled = slope[0] * kind.sum() / slope.sum()
    np.testing.assert_allclose(areas.sum(axis=0), scaled, rtol=1e-9, atol=1e-9)


def test_joint_areas_fill_the_flattest_first() -> None:
    areas = joint_areas(np.array([[3.0, 2.0, 1.0]]), np.array([[4.0, 1.0, 0.5, 0.3, 0.2]]))[0]
    np.testing.assert_allclose(areas[0], [3, 0, 0, 0, 0])
    np.testing.assert_allclose(areas[1], [1, 1, 0, 0, 0], atol=1e-12)
    np.testing.assert_allclose(areas[2], [0, 0, 0.5, 0.3, 0.2], atol=1e-12)


def test_cropland_by_kind_and_by_slope_class_is_the_published(
    units: pd.DataFrame, provinces: pd.DataFrame
) -> None:
    cropland = units[units["slope_class"] > 0]
    by_kind = cropland.pivot_table(
        index="province", columns="code", values="area_kha", aggfunc="sum", fill_value=0
    )
    by_slope = cropland.pivot_table(
        index="province", columns="slope_class", values="area_kha", aggfunc="sum", fill_value=0
    )
    np.testing.assert_allclose(by_kind.loc[provinces.index], provinces[list(KINDS.values())], atol=1e-5)
    np.testing.assert_allclose(by_slope.loc[provinces.index], provinces[list(SLOPE_COLUMNS)], atol=ROUNDING)


def test_other_land_is_the_published(units: pd.DataFrame, provinces: pd.DataFrame) -> None:
    other = units[units["slope_class"] == 0].groupby("province")["area_kha"].sum()
    columns = provinces.columns[provinces.columns.str.match(r"(orchard|forest_.*|grassland_.*|wetland)_kha")]
    np.testing.assert_allclose(other[provinces.index], provinces[columns].sum(axis=1), atol=1e-4)


def test_harvest_of_each_province_is_exact(units: pd.DataFrame, provinces: pd.DataFrame) -> None:
    harvest = (units["area_kha"] * units["grain_yield_t_ha"]).groupby(units["province"]).sum()
    np.testing.assert_allclose(harvest[provinces.index], provinces["grain_output_kt"], rtol=1e-12)
    assert units.loc[units["slope_class"] == 0, "grain_yield_t_ha"].eq(0).all()
    assert units["grain_yield_t_ha"].max() < 15


def test_the_nation_closes(units: pd.DataFrame) -> None:
    nation = pd.read_csv(PACKAGED / "national.csv").set_index("column")["national"]
    area = units.groupby(units["code"].str[:2])["area_kha"].sum()
    assert area["01"] == pytest.approx(nation["cropland_kha"], rel=1e-4)
    assert area["04"] == pytest.approx(
        nation[["grassland_natural_kha", "grassland_artificial_kha", "grassland_other_kha"]].sum(), rel=1e-4
    )
    assert (units["area_kha"] * units["grain_yield_t_ha"]).sum() == pytest.approx(
        nation["grain_output_kt"], rel=1e-4
    )


def test_units_are_clean(units: pd.DataFrame) -> None:
    assert units["unit"].is_unique
    assert (units["area_kha"] > 0).all()
    assert units["province"].nunique() == 31
    assert units["region"].nunique() == 7
    assert (units.groupby("province")["region"].nunique() == 1).all()
    assert set(units["code"]) <= set(dictionary("land_codes")["code"])
    np.testing.assert_allclose(units[[f"zone_{zone}" for zone in ZONES]].sum(axis=1), 1.0)
    assert units.notna().all(axis=None)


def test_every_unit_is_marked(units: pd.DataFrame) -> None:
    assert set(units["area_mark"]) <= MARKS
    assert set(units["slope_mark"]) <= MARKS
    cropland = units["slope_class"] > 0
    assert (units.loc[cropland, "yield_mark"] == "assumed").all()
    assert (units.loc[~cropland, "yield_mark"] == "").all()
    anhui = units.set_index("unit")["area_mark"]
    assert anhui["Anhui-0201"] == "seen"
    assert anhui["Anhui-0103-s5"] == "assumed"
    assert anhui["Beijing-0201"] == "recalled"


def test_the_written_study_loads_and_its_tables_agree(tmp_path: Path, units: pd.DataFrame) -> None:
    study = read_study(write_provinces(tmp_path / "china"))
    folder = study.folder
    table = pd.read_csv(folder / study.parcels.source, dtype={"code": str})
    named = [study.parcels.id, study.parcels.area.column, *study.parcels.regions]
    named += [*study.parcels.growth_zone_shares.values(), *(str(mask.column) for mask in study.masks)]
    assert set(named) <= set(table.columns)
    np.testing.assert_allclose(table["area_kha"], units["area_kha"], rtol=1e-11)
    assert study.parcels.geometry is False
    marks = pd.read_csv(folder / "marks.csv")
    area = marks[marks["columns"] == "area"]
    assert area["units"].sum() == len(units)
    assert area["area_kha"].sum() == pytest.approx(units["area_kha"].sum())
    for limit in study.limits:
        if limit.bounds:
            bounds = pd.read_csv(folder / limit.bounds)
            assert list(bounds.columns) == ["region", "min", "max"]
            assert set(bounds["region"]) <= set(table["province"])


def test_retention_targets_are_within_reach(tmp_path: Path, units: pd.DataFrame) -> None:
    folder = write_provinces(tmp_path).parent
    bounds = pd.read_csv(folder / "cropland_2035.csv").set_index("region")["min"]
    cropland = units[units["slope_class"] > 0].groupby("province")["area_kha"].sum() * 1e3
    assert (bounds <= cropland[bounds.index]).all()
    assert len(bounds) == 31


def test_a_folder_with_a_study_is_refused(tmp_path: Path) -> None:
    write_provinces(tmp_path)
    with pytest.raises(InputError, match="already holds"):
        write_provinces(tmp_path)
