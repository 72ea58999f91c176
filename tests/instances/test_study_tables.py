"""Studies: tables become a landscape with the right numbers, whatever file they come in."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from landfront.instances.catalogue import load_catalogue
from landfront.instances.faults import InputError
from landfront.instances.landscape import Landscape
from landfront.instances.load import (
    input_files,
    load_baselines,
    load_effect_table,
    load_feature_effects,
    load_inputs,
    load_landscape,
)
from landfront.instances.study import Study, read_study, study_from

Make = Callable[..., Study]
Said = Callable[[str], dict[str, Any]]
SHARED = Path(__file__).resolve().parents[2].parent / "shared" / "data"


def test_landscape(make: Make) -> None:
    landscape = load_landscape(make())
    assert len(landscape) == 6
    assert landscape.ids.tolist()[0] == 110101080000000001
    np.testing.assert_allclose(landscape.area, [15, 2, 3, 0.4, 6.6666, 0.1])
    assert [landscape.cover_codes[i] for i in landscape.cover] == [
        "0103",
        "0101",
        "0404",
        "0307K",
        "0301",
        "0103",
    ]
    assert landscape.levels == ("PROVINCE", "COUNTY")
    assert landscape.region_names == (("云南",), ("甲县", "乙县"))
    assert landscape.regions.tolist() == [[0, 0], [0, 0], [0, 0], [0, 1], [0, 1], [0, 1]]
    np.testing.assert_allclose(landscape.covariates["grain_yield"], [6, 7.5, 0, 0, 0, 3])
    np.testing.assert_allclose(landscape.covariates["intactness"], [0.1, 0.1, 0.5, 0.3, 0.5, 0.1])
    assert set(landscape.covariates) == {"slope", "precipitation", "grain_yield", "intactness"}
    assert any("intactness by land cover" in note for note in landscape.notes)
    assert landscape.geometry is None
    assert landscape.masks == {}


def test_every_file_gives_the_same_landscape(table: pd.DataFrame, said: Said, tmp_path: Path) -> None:
    import geopandas as gpd
    import shapely

    layer = gpd.GeoDataFrame(table, geometry=[shapely.box(i, 0, i + 1, 1) for i in range(6)], crs="EPSG:4526")
    table.to_csv(tmp_path / "p.csv", index=False)
    table.to_csv(tmp_path / "gbk.csv", index=False, encoding="gbk")
    layer.to_parquet(tmp_path / "p.parquet")
    layer.to_feather(tmp_path / "p.feather")
    table.to_feather(tmp_path / "p.arrow", compression="uncompressed")
    layer.to_file(tmp_path / "p.gpkg", layer="DLTB")
    layer.to_file(tmp_path / "p.shp", encoding="GBK")
    (tmp_path / "p.cpg").unlink()
    first, *others = (
        load_landscape(study_from(said(name), tmp_path / "study.toml"))
        for name in ("p.csv", "gbk.csv", "p.arrow", "p.feather", "p.parquet", "p.gpkg", "p.shp")
    )
    for other in others:
        assert_same(first, other)
    assert [bool(one.geometry) for one in (first, *others)] == [False] * 3 + [True] * 4
    assert others[-1].geometry is not None
    assert others[-1].geometry.encoding == "GB18030"
    assert any("GB18030" in note for note in others[-1].notes)


def assert_same(a: Landscape, b: Landscape) -> None:
    assert a.ids.tolist() == b.ids.tolist()
    assert a.region_names == b.region_names
    assert a.cover_codes == b.cover_codes
    np.testing.assert_array_equal(a.area, b.area)
    np.testing.assert_array_equal(a.regions, b.regions)
    np.testing.assert_array_equal(a.cover, b.cover)
    for name, values in a.covariates.items():
        np.testing.assert_array_equal(values, b.covariates[name])


def test_geometry_can_be_declined_and_demanded(table: pd.DataFrame, make: Make) -> None:
    with pytest.raises(InputError, match=r"parcels.csv: holds no geometry, but parcels.geometry = true"):
        load_landscape(make(table, lambda data: data["parcels"].update(geometry=True)))


def test_codes_of_plain_names_and_unlisted_suffixes(table: pd.DataFrame, make: Make) -> None:
    table["DLBM"] = ["dry_cropland", "paddy", "other_grassland", "other_forest", "forest", "cropland"]
    cover = {"column": "DLBM", "code_system": "plain"}
    plain = load_landscape(make(table, lambda data: data["parcels"].update(cover=cover)))
    assert [plain.cover_codes[i] for i in plain.cover] == ["0103", "0101", "0404", "0307", "0301", "0103"]
    table["DLBM"] = ["0103K", "0101", "0404", "0307", "0301", "0103"]
    suffixed = load_landscape(make(table))
    np.testing.assert_array_equal(plain.cover, suffixed.cover)
    assert any("read 0103K as 0103" in note for note in suffixed.notes)


def test_slope_class_wins_over_slope(table: pd.DataFrame, make: Make) -> None:
    table["GDPDJB"] = ["2", "1", "", "", "", "5"]
    both = load_landscape(make(table, lambda data: data["parcels"].update(slope_class="GDPDJB")))
    np.testing.assert_allclose(both.covariates["slope"], [4, 1, 12, 20, 33, 30])

    def only_class(data: dict[str, Any]) -> None:
        del data["parcels"]["slope"]
        data["parcels"]["slope_class"] = "GDPDJB"

    np.testing.assert_allclose(
        load_landscape(make(table, only_class)).covariates["slope"], [4, 1, np.nan, np.nan, np.nan, 30]
    )


def test_yield_may_be_empty_off_cropland(table: pd.DataFrame, make: Make) -> None:
    table["YIELD"] = table["YIELD"].where(table["YIELD"] > 0)
    landscape = load_landscape(make(table))
    np.testing.assert_allclose(landscape.covariates["grain_yield"], [6, 7.5, 0, 0, 0, 3])
    assert any("YIELD is empty on 3 parcels off cropland; read as 0" in note for note in landscape.notes)


def test_masks_and_consent(table: pd.DataFrame, make: Make) -> None:
    def say(data: dict[str, Any]) -> None:
        data["masks"] = [
            {"name": "farmland", "column": "LINE", "forbid": ["conversions", "bamboo"]},
            {"name": "nothing", "column": "LINE", "when": [7], "forbid": ["*"]},
        ]
        data["consent"] = {"column": "CONSENT"}

    landscape = load_landscape(make(table, say))
    assert {name: mask.tolist() for name, mask in landscape.masks.items()} == {
        "farmland": [False, True, False, False, False, False],
        "nothing": [False] * 6,
        "no_consent": [False, False, False, True, False, False],
    }
    assert any("mask 'nothing' applies to no parcel; LINE holds 0, 1" in note for note in landscape.notes)


def test_growth_zones(table: pd.DataFrame, make: Make) -> None:
    table["ZONE"] = ["tropical", "tropical", "warm_temperate_34-42N", "tropical_<23.5N", "china", "china"]
    landscape = load_landscape(make(table, lambda data: data["parcels"].update(growth_zone="ZONE")))
    assert landscape.growth_zones == ("tropical", "warm_temperate", "china")
    assert landscape.zone_share.argmax(axis=1).tolist() == [0, 0, 1, 0, 2, 2]
    assert (landscape.zone_share.sum(axis=1) == 1).all()
    table["T"], table["S"] = 0.25, 0.75
    shares = {"tropical": "T", "south_subtropical": "S"}
    landscape = load_landscape(make(table, lambda data: data["parcels"].update(growth_zone_shares=shares)))
    np.testing.assert_allclose(landscape.zone_share, [[0.25, 0.75]] * 6)


def test_an_unlikely_area_is_a_note(table: pd.DataFrame, make: Make) -> None:
    def kha(data: dict[str, Any]) -> None:
        data["parcels"]["area"]["unit"] = "kha"

    assert any("is the unit of TBMJ right?" in note for note in load_landscape(make(table, kha)).notes)


def wide(data: dict[str, Any]) -> None:
    columns = {"carbon": "c", "cost": "usd", "jobs": "j"}
    units = {"carbon": "kt CO2e", "cost": "万元"}
    data["effects"] = {
        "source": "e.csv", "layout": "wide", "parcel": "pid", "intervention": "iv",
        "columns": columns, "units": units
    }  # fmt: skip


def options(table: pd.DataFrame) -> pd.DataFrame:
    ids = table["BSM"]
    return pd.DataFrame(
        {
            "pid": [ids[3], ids[3], ids[0], ids[0]],
            "iv": ["bamboo", "keep", "rice_water", "my own"],
            "c": [1.5, 0.0, -0.25, 2.0],
            "usd": [3.0, 0.0, 1.0, 0.0],
            "j": [1.0, 0.0, 2.0, 3.0],
        }
    )


def test_effect_table_wide(table: pd.DataFrame, make: Make, tmp_path: Path) -> None:
    options(table).to_csv(tmp_path / "e.csv", index=False)
    effects = load_effect_table(make(table, wide))
    assert effects["parcel"].tolist() == [3, 0, 0]
    assert effects["parcel"].dtype == np.int32
    assert effects["intervention"].tolist() == ["bamboo", "rice_water", "my own"]
    np.testing.assert_allclose(effects["carbon"], [1500, -250, 2000])
    np.testing.assert_allclose(effects["cost"], [30000, 10000, 0])
    np.testing.assert_allclose(effects["jobs"], [1, 2, 3])


def test_effect_table_long_equals_wide(table: pd.DataFrame, make: Make, tmp_path: Path) -> None:
    frame = options(table)
    frame.to_csv(tmp_path / "e.csv", index=False)
    expected = load_effect_table(make(table, wide))
    pieces = [frame[["pid", "iv"]].assign(criterion=name, value=frame[name]) for name in ("c", "usd", "j")]
    pd.concat(pieces).sample(frac=1, random_state=1).to_csv(tmp_path / "e.csv", index=False)

    def long(data: dict[str, Any]) -> None:
        wide(data)
        data["effects"]["layout"] = "long"

    found = load_effect_table(make(table, long))
    # The order of the names is that of the file, which was shuffled.
    found, expected = (frame.astype({"intervention": "str"}) for frame in (found, expected))
    keys = ["parcel", "intervention"]
    pd.testing.assert_frame_equal(
        found.sort_values(keys, ignore_index=True), expected.sort_values(keys, ignore_index=True)
    )


def test_use_restricts_an_effect_table(table: pd.DataFrame, make: Make, tmp_path: Path) -> None:
    options(table).to_csv(tmp_path / "e.csv", index=False)

    def some(data: dict[str, Any]) -> None:
        wide(data)
        data["interventions"] = {"use": ["rice_water", "bamboo"]}

    inputs = load_inputs(make(table, some))
    assert inputs.catalogue.interventions == ("keep", "rice_water", "bamboo")
    assert inputs.effects is not None
    assert inputs.effects["intervention"].tolist() == ["bamboo", "rice_water"]


def test_costs_of_a_table_in_another_currency(table: pd.DataFrame, make: Make, tmp_path: Path) -> None:
    options(table).to_csv(tmp_path / "e.csv", index=False)

    def dollars(data: dict[str, Any]) -> None:
        wide(data)
        data["study"].update(currency="USD", exchange_rate=0.14)

    np.testing.assert_allclose(load_effect_table(make(table, dollars))["cost"], [4200, 1400, 0])


@pytest.mark.parametrize("kind", ["parquet", "feather"])
def test_ids_match_as_text_and_number(table: pd.DataFrame, make: Make, tmp_path: Path, kind: str) -> None:
    frame = options(table)
    frame["pid"] = frame["pid"].astype(str)
    getattr(frame, f"to_{kind}")(tmp_path / f"e.{kind}")

    def by_columns(data: dict[str, Any]) -> None:
        wide(data)
        data["effects"]["source"] = f"e.{kind}"

    assert load_effect_table(make(table, by_columns))["parcel"].tolist() == [3, 0, 0]


def features(data: dict[str, Any]) -> None:
    data["features"] = {"source": "f.csv", "unit": "mu", "effects": "fe.csv"}


def test_features(table: pd.DataFrame, make: Make, tmp_path: Path) -> None:
    ids = table["BSM"]
    amounts = {
        "parcel": [ids[2], ids[4], ids[4]],
        "feature": ["crane", "crane", "yew"],
        "amount": [15, 30, 3],
    }
    pd.DataFrame(amounts).to_csv(tmp_path / "f.csv", index=False)
    changes = {"feature": ["yew", "crane"], "intervention": ["bamboo", "mangrove"], "change": [-1.0, 0.5]}
    pd.DataFrame(changes).to_csv(tmp_path / "fe.csv", index=False)

    def say(data: dict[str, Any]) -> None:
        features(data)
        data["interventions"] = {"use": ["rice_water", "bamboo"]}

    study = make(table, say)
    landscape = load_landscape(study)
    assert landscape.feature_names == ("crane", "yew")
    expected = np.zeros((6, 2))
    expected[2, 0], expected[4] = 1.0, (2.0, 0.2)
    np.testing.assert_allclose(landscape.features.toarray(), expected)
    change = load_feature_effects(study, landscape, load_catalogue(study))
    np.testing.assert_array_equal(change, [[0, 0, 0], [0, 0, -1]])


def test_baseline_totals_are_spread_by_area(make: Make) -> None:
    study = make(change=lambda data: data.update(baseline={"food": 5040.0}))
    landscape = load_landscape(study)
    baseline = load_baselines(study, landscape)
    np.testing.assert_allclose(baseline["food"], 5040 * landscape.area / landscape.area.sum())
    assert baseline.get("carbon") is None


def test_baseline_table_by_region(make: Make, tmp_path: Path) -> None:
    rows = [
        "criterion,level,region,value,unit",
        "food,COUNTY,甲县,3,kt",
        "food,COUNTY,乙县,500,t",
        "water,,,7,万立方米",
    ]
    (tmp_path / "b.csv").write_text("\n".join(rows), encoding="utf-8")
    study = make(change=lambda data: data.update(baseline="b.csv"))
    landscape = load_landscape(study)
    baseline = load_baselines(study, landscape)
    assert baseline["food"][:3].sum() == pytest.approx(3000)
    assert baseline["food"][3:].sum() == pytest.approx(500)
    assert baseline["water"].sum() == pytest.approx(70000)
    assert baseline["food"][0] / baseline["food"][1] == pytest.approx(7.5)


def test_input_files_are_listed(table: pd.DataFrame, make: Make, tmp_path: Path) -> None:
    options(table).to_csv(tmp_path / "e.csv", index=False)
    (tmp_path / "study.toml").write_text("")
    (tmp_path / "elsewhere.csv").write_text("")

    def say(data: dict[str, Any]) -> None:
        wide(data)
        data["limits"] = [{"name": "grain", "criterion": "food", "bounds": "sub/bounds.csv"}]

    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "bounds.csv").write_text("region,min,max\n")
    files = input_files(make(table, say))
    assert list(files) == ["study.toml", "parcels.csv", "e.csv", "sub/bounds.csv"]
    assert all(path.is_file() for path in files.values())


def test_links_inside_the_folder_may_point_outside(table: pd.DataFrame, said: Said, tmp_path: Path) -> None:
    outside, folder = tmp_path / "outside", tmp_path / "study"
    outside.mkdir()
    folder.mkdir()
    table.to_csv(outside / "p.csv", index=False)
    os.symlink(outside / "p.csv", folder / "p.csv")
    assert len(load_landscape(study_from(said("p.csv"), folder / "study.toml"))) == 6
    for name in ("../outside/p.csv", str(outside / "p.csv"), "x/../../outside/p.csv"):
        with pytest.raises(InputError, match=r"study.toml: parcels.source: .* lies outside the study folder"):
            load_landscape(study_from(said(name), folder / "study.toml"))
    inner = study_from(said(str(folder / "p.csv")), folder / "study.toml")
    assert len(load_landscape(inner)) == 6


def test_order_of_rows_is_kept_and_does_not_matter(table: pd.DataFrame, make: Make) -> None:
    forth = load_landscape(make(table))
    back = load_landscape(make(table.iloc[::-1]))
    assert back.ids.tolist() == forth.ids.tolist()[::-1]
    np.testing.assert_array_equal(back.area, forth.area[::-1])
    for name, values in forth.covariates.items():
        np.testing.assert_array_equal(back.covariates[name], values[::-1])


@pytest.mark.skipif(not SHARED.exists(), reason="the shared data are not on this machine")
def test_sibuyan(tmp_path: Path) -> None:
    for name in ("showcase_parcels.csv", "showcase_options.csv"):
        os.symlink(SHARED / "sibuyan" / name, tmp_path / name)
    columns = {
        "carbon": "carbon_tCO2e_20yr",
        "cost": "cost_usd_20yr",
        "food": "food_t_yr",
        "biodiversity": "msa_ha",
    }
    data = {
        "study": {"title": "Sibuyan", "currency": "USD"},
        "parcels": {
            "source": "showcase_parcels.csv",
            "id": "parcel_id",
            "area": {"column": "area_ha", "unit": "ha"},
            "regions": ["admin"],
        },
        "effects": {
            "source": "showcase_options.csv",
            "layout": "wide",
            "parcel": "parcel_id",
            "intervention": "intervention_id",
            "columns": columns,
        },
        "criteria": {"carbon": {"sense": "max"}},
    }
    inputs = load_inputs(study_from(data, tmp_path / "study.toml"))
    assert inputs.effects is not None
    assert (len(inputs.landscape), len(inputs.effects), len(inputs.catalogue)) == (7226, 5651, 11)
    raw = pd.read_csv(SHARED / "sibuyan" / "showcase_options.csv")
    for effect, column in columns.items():
        np.testing.assert_array_equal(inputs.effects[effect], raw[column])
    ids = inputs.landscape.ids.to_numpy()[inputs.effects["parcel"]]
    np.testing.assert_array_equal(ids, raw["parcel_id"])


def test_read_study_from_folder_and_file(tmp_path: Path) -> None:
    text = (
        '[study]\ntitle = "t"\n[parcels]\nsource = "p.csv"\nid = "id"\narea = { column = "a", unit = "ha" }\n'
    )
    (tmp_path / "study.toml").write_text(text + '[criteria]\ncarbon = { sense = "max" }\n', encoding="utf-8")
    study = read_study(tmp_path)
    assert study.folder == tmp_path
    assert study.digest == read_study(tmp_path / "study.toml").digest
    other = study.model_copy(update={"study": study.study.model_copy(update={"title": "u"})})
    assert other.digest != study.digest
    assert study.effect_of("carbon") == "carbon"
    assert study.milestone_of("carbon") == 2060


def test_landscape_is_frozen(make: Make) -> None:
    landscape = load_landscape(make())
    with pytest.raises(AttributeError):
        landscape.area = landscape.area  # type: ignore[misc]
    assert len(replace(landscape, notes=())) == 6
