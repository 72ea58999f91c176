"""plans.gpkg opens in GDAL and QGIS: geometry once, a table and a coloured view per named plan."""

import re
import sqlite3
from contextlib import closing
from pathlib import Path
from xml.etree import ElementTree as ET

import geopandas as gpd
import numpy as np
import pyogrio
import pytest

import landfront.api as lf
from landfront.models.formulate import formulate
from landfront.report.result import Result
from landfront.report.stored import read_run, result_of
from landfront.report.style import COLOURS


@pytest.fixture(scope="module")
def result(squares: Path, squares_run: Path) -> Result:
    return result_of(read_run(squares_run), formulate(lf.read(squares)))


def test_every_named_plan_has_a_table_and_a_view(squares_run: Path, result: Result) -> None:
    layers = dict(pyogrio.list_layers(squares_run / "plans.gpkg").tolist())
    assert layers["parcels"] == "Polygon"
    for named in result.named:
        assert layers[f"map_{named.name}"] == "Polygon"
        assert layers[f"plan_{named.name}"] is None


def test_a_view_is_the_plan_on_its_parcels(squares_run: Path, result: Result) -> None:
    named = next(entry for entry in result.named if entry.name == "max_carbon")
    view = gpd.read_file(squares_run / "plans.gpkg", layer="map_max_carbon")
    parcels = gpd.read_file(squares_run / "plans.gpkg", layer="parcels")
    assert len(view) == len(parcels) == 36
    assert view.crs == parcels.crs
    assert view.geometry.geom_equals(parcels.geometry).all()
    assert set(parcels["town"]) == {"东镇", "西镇"}
    np.testing.assert_allclose(parcels["area_mu"], 15.0)
    assert set(view["name_zh"]) <= {"维持现状", "混交造林", "农林复合/农田防护林"}
    assert view["name_en"].notna().all()
    assert view["carbon"].sum() == pytest.approx(result.total(named.point, "carbon"))
    frame = result.plan(named.point).to_frame()
    several = frame[frame.duplicated("parcel", keep=False)]
    assert (view.set_index("parcel")["mix"] != "").sum() == several["parcel"].nunique()


def test_views_carry_a_style_with_one_colour_per_intervention(squares_run: Path, result: Result) -> None:
    with closing(sqlite3.connect(squares_run / "plans.gpkg")) as connection:
        rows = connection.execute(
            "SELECT f_table_name, f_geometry_column, styleQML, useAsDefault FROM layer_styles"
        ).fetchall()
        problems = connection.execute("PRAGMA integrity_check").fetchone()[0]
        version = connection.execute("PRAGMA user_version").fetchone()[0]
        times = connection.execute("SELECT update_time FROM layer_styles").fetchall()
    assert problems == "ok"
    # GeoPackage 1.2, and times as its standard writes them: older readers warn of anything else.
    assert version == 10200
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", time) for (time,) in times)
    assert {row[0] for row in rows} == {f"map_{named.name}" for named in result.named}
    _, geometry, qml, default = rows[0]
    assert (geometry, default) == ("geom", 1)
    root = ET.fromstring(qml.split("\n", 1)[1])
    values = [category.get("value") for category in root.iter("category")]
    assert values == list(result.formulation.menu.interventions)
    shown = [option.get("value") for option in root.iter("Option") if option.get("name") == "color"]
    wanted = COLOURS["mixed_plantation"]
    rgb = ",".join(str(int(wanted[start : start + 2], 16)) for start in (1, 3, 5))
    assert shown[values.index("mixed_plantation")] == f"{rgb},255"
