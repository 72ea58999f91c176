"""The synthetic county: it tiles, meets its calibration, repeats by seed, and its files read back."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from landfront.instances.codes import read_code
from landfront.instances.county.cover import calibration, reached
from landfront.instances.county.mesh import build_mesh
from landfront.instances.faults import InputError
from landfront.instances.generate import draw_county, generate_county
from landfront.instances.readers import read_table
from landfront.instances.study import read_study
from landfront.instances.study_rules import Share


@settings(max_examples=15, deadline=None)
@given(parcels=st.integers(1000, 6000), seed=st.integers(0, 2**32))
def test_parcels_tile_without_gaps_or_overlaps(parcels: int, seed: int) -> None:
    mesh = build_mesh(parcels, np.random.default_rng(seed))
    shapes = mesh.polygons()
    assert len(shapes) == len(mesh) == parcels
    assert shapely.is_valid(shapes).all()
    assert shapely.is_ccw(shapely.get_exterior_ring(shapes)).all()
    np.testing.assert_allclose(shapely.area(shapes), mesh.areas(), rtol=1e-6)
    outline = shapely.Polygon(mesh.outline())
    assert outline.is_valid
    assert mesh.areas().sum() == pytest.approx(outline.area, rel=1e-9)
    assert shapely.union_all(shapes).area == pytest.approx(outline.area, rel=1e-9)


def test_parcels_have_sizes_of_parcels() -> None:
    hectares = build_mesh(5000, np.random.default_rng(3)).areas() / 1e4
    assert 0.5 < hectares.mean() < 3
    assert hectares.std() / hectares.mean() > 0.25


@pytest.mark.parametrize(("parcels", "tolerance"), [(1000, 3.0), (20_000, 0.3)])
def test_shares_meet_the_calibration(parcels: int, tolerance: float) -> None:
    table = reached(draw_county(parcels, seed=11)[1].land)
    heavy = table[table["group"].isin(["cover", "cropland", "forest", "grass", "slope", "rain"])]
    assert (heavy["wanted_pct"] - heavy["reached_pct"]).abs().max() <= tolerance


def test_the_survey_ratio_of_cropland_forest_grass_and_wetland() -> None:
    frame = draw_county(20_000, seed=5)[1].frame()
    kinds = calibration().query("group not in ['cover', 'slope', 'rain']").set_index("class")["group"]
    area = frame.groupby(frame["DLBM"].map(kinds))["TBDLMJ"].sum()
    survey = pd.Series({"cropland": 19.18, "forest": 42.62, "grass": 39.68, "wetland": 3.52})
    ratio = (area[survey.index] / area[survey.index].sum()) / (survey / survey.sum())
    assert ratio.to_numpy() == pytest.approx(1.0, abs=0.01)


def test_the_table_obeys_the_rules_of_the_land_survey() -> None:
    frame = draw_county(3000, seed=1)[1].frame()
    cropland = frame["DLBM"].isin(["0101", "0102", "0103"])
    assert frame["BSM"].is_unique
    assert (frame["BSM"].str.len() == 18).all()
    assert (frame["ZLDWDM"].str.len() == 19).all()
    assert not frame[["ZLDWDM", "TBBH"]].duplicated().any()
    assert all(read_code(code, "TD/T 1055") == code for code in frame["DLBM"].unique())
    np.testing.assert_allclose(frame["TBMJ"] - frame["KCMJ"], frame["TBDLMJ"], atol=0.006)
    assert set(frame.loc[cropland, "GDPDJB"]) == {"1", "2", "3", "4", "5"}
    assert (frame.loc[~cropland, ["KCMJ", "YIELD_KG_MU", "LINE_PF"]] == 0).all(axis=None)
    assert (frame.loc[~cropland, "GDPDJB"] == "").all()
    steep = frame.loc[cropland & (frame["GDPDJB"] == "5"), "SLOPE_DEG"]
    assert steep.min() > 25
    assert (frame["SOC_POT_T_HA"] >= frame["SOC_T_HA"]).all()
    assert frame.loc[cropland, "LINE_PF"].mean() == pytest.approx(0.775, abs=0.05)
    assert not ((frame["LINE_EP"] == 1) & (frame["LINE_UD"] == 1)).any()
    assert frame.notna().all(axis=None)


def test_fields_are_smooth_in_space() -> None:
    mesh, county = draw_county(5000, seed=2)
    value = np.zeros(mesh.shape).ravel()
    value[mesh.first] = county.land.rain
    single = ~mesh.double[:-1] & ~mesh.double[1:] & (np.diff(mesh.first) == 1)
    pairs = np.corrcoef(county.land.rain[:-1][single], county.land.rain[1:][single])
    assert pairs[0, 1] > 0.95


def test_same_seed_same_table_and_another_seed_another() -> None:
    first, again, other = (draw_county(1500, seed)[1].frame() for seed in (4, 4, 5))
    pd.testing.assert_frame_equal(first, again, check_exact=True)
    assert first.to_csv() == again.to_csv()
    assert not first["DLBM"].equals(other["DLBM"])


def test_slices_of_the_table_are_the_table() -> None:
    county = draw_county(1100, seed=6)[1]
    slices = pd.concat([county.frame(0, 400), county.frame(400, 1000), county.frame(1000, 9999)])
    pd.testing.assert_frame_equal(slices.reset_index(drop=True), county.frame())


@pytest.mark.parametrize(
    ("layer", "name"), [("gpkg", "parcels.gpkg"), ("parquet", "parcels.parquet"), ("shp", "parcels.shp")]
)
def test_each_kind_of_layer_reads_back(tmp_path: Path, layer: str, name: str) -> None:
    path = generate_county(tmp_path / "county", 1000, 9, layer=layer)  # type: ignore[arg-type]
    study = read_study(path)
    assert "SYNTHETIC" in study.title
    (floor,) = [limit for limit in study.limits if limit.criterion == "biodiversity"]
    assert (floor.name, floor.min) == ("no_net_loss", Share(share=1.0, of="baseline"))
    assert floor.owner
    assert floor.reason
    assert study.study.title_zh
    assert study.parcels.source == name
    frame = read_table(path.parent / name)
    expected = draw_county(1000, 9)[1].frame()
    assert frame["TOWNSHIP"].tolist() == expected["TOWNSHIP"].tolist()
    assert frame["DLMC"].tolist() == expected["DLMC"].tolist()
    np.testing.assert_allclose(frame["TBDLMJ"], expected["TBDLMJ"])
    named = [study.parcels.id, study.parcels.area.column, *study.parcels.regions]
    named += [str(mask.column) for mask in study.masks]
    assert set(named) <= set(frame.columns)
    assert "SYNTHETIC" in (path.parent / "README.txt").read_text(encoding="utf-8")


def test_the_shapefile_comes_without_a_code_page(tmp_path: Path) -> None:
    generate_county(tmp_path, 1000, 0, layer="shp")
    assert not (tmp_path / "parcels.cpg").exists()
    assert "水田".encode("gbk") in (tmp_path / "parcels.dbf").read_bytes()


def test_a_table_above_the_limit_holds_no_geometry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("landfront.instances.county.writing.WITH_GEOMETRY", 500)
    monkeypatch.setattr("landfront.instances.county.writing.SLICE", 300)
    path = generate_county(tmp_path, 1000, 3, layer="parquet")
    frame = pd.read_parquet(tmp_path / "parcels.parquet")
    assert "geometry" not in frame
    assert len(frame) == 1000
    assert read_study(path).parcels.geometry is False
    assert "no geometry" in (tmp_path / "README.txt").read_text(encoding="utf-8")


def test_bad_requests_are_refused_together(tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        generate_county(tmp_path, 999, -1, layer="dwg")  # type: ignore[arg-type]
    assert [fault.column for fault in caught.value.faults] == ["layer", "parcels", "seed"]
    assert list(tmp_path.iterdir()) == []


def test_a_folder_with_a_study_is_refused(tmp_path: Path) -> None:
    (tmp_path / "study.toml").write_text("mine", encoding="utf-8")
    with pytest.raises(InputError, match="already holds"):
        generate_county(tmp_path, 1000, 1)
    assert (tmp_path / "study.toml").read_text(encoding="utf-8") == "mine"


def test_files_that_are_there_are_not_overwritten(tmp_path: Path) -> None:
    (tmp_path / "parcels.gpkg").write_text("mine", encoding="utf-8")
    with pytest.raises(InputError, match="is there already"):
        generate_county(tmp_path, 1000, 1)
    assert [item.name for item in tmp_path.iterdir()] == ["parcels.gpkg"]
    assert (tmp_path / "parcels.gpkg").read_text(encoding="utf-8") == "mine"


def test_a_full_disk_leaves_nothing_half_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(folder: Path, *_: object, **__: object) -> None:
        (folder / "parcels.gpkg").write_text("half", encoding="utf-8")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("landfront.instances.generate.write_layer", full)
    with pytest.raises(InputError, match="No space left on device"):
        generate_county(tmp_path / "county", 1000, 1)
    assert list(tmp_path.iterdir()) == []


def test_a_layer_that_cannot_be_written_is_a_fault(tmp_path: Path) -> None:
    (tmp_path / "county").write_text("a file", encoding="utf-8")
    with pytest.raises(InputError, match="cannot be written"):
        generate_county(tmp_path / "county", 1000, 1)
