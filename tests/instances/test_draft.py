"""Drafted studies: they load, say every guess and gap, and leave what is there alone."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from landfront.instances.draft import PLACEHOLDER, draft_study
from landfront.instances.faults import InputError
from landfront.instances.generate import generate_county
from landfront.instances.guess import guess
from landfront.instances.load import load_inputs
from landfront.instances.study import read_study
from landfront.instances.study_rules import Share


def write(path: Path, columns: dict[str, list[object]]) -> Path:
    pd.DataFrame(columns).to_csv(path, index=False)
    return path


@pytest.mark.parametrize(
    ("layer", "name"), [("gpkg", "parcels.gpkg"), ("parquet", "parcels.parquet"), ("shp", "parcels.shp")]
)
def test_a_generated_county_is_understood(tmp_path: Path, layer: str, name: str) -> None:
    generate_county(tmp_path / "county", 1000, 3, layer=layer)  # type: ignore[arg-type]
    path, notes = draft_study(tmp_path / "county" / name, tmp_path / "draft")
    parcels = read_study(path).parcels
    assert (parcels.id, parcels.area.column, parcels.area.unit) == ("BSM", "TBDLMJ", "m2")
    assert parcels.cover is not None
    assert (parcels.cover.column, parcels.cover.code_system) == ("DLBM", "TD/T 1055")
    assert parcels.slope is not None
    assert parcels.slope.unit == "deg"
    assert parcels.precipitation is not None
    assert parcels.elevation is not None
    assert parcels.grain_yield is not None
    assert parcels.grain_yield.unit == "kg/mu"
    assert parcels.regions == ("TOWNSHIP",)
    study = read_study(path)
    assert [(limit.name, limit.criterion) for limit in study.limits] == [("no_net_loss", "biodiversity")]
    assert {mask.column for mask in study.masks} == {"LINE_EP", "LINE_PF", "LINE_UD"}
    assert study.consent is not None
    assert study.front.criteria == ("carbon", "food")
    assert (path.parent / name).exists()
    assert any(note.startswith("area: TBDLMJ in m2") for note in notes)


def test_every_guess_is_a_comment_and_a_note(tmp_path: Path) -> None:
    layer = write(tmp_path / "land.csv", {"plot": ["a", "b"], "area": [1.0, 2.0], "rain": [500, 600]})
    path, notes = draft_study(layer, tmp_path / "draft")
    text = path.read_text(encoding="utf-8")
    study = read_study(path)
    assert study.parcels.id == "plot"
    assert study.parcels.area.unit == "ha"
    assert "NO UNIT IN THE NAME" in text
    assert any("NO UNIT IN THE NAME" in note for note in notes)
    for gap in ("slope", "cover", "grain_yield", "elevation", "regions"):
        assert any(note.startswith(f"missing {gap}") for note in notes), gap
        assert f"# missing {gap}" in text
    guessed = [line for line in text.splitlines() if line.startswith(("id =", "area =", "precipitation ="))]
    lines = text.splitlines()
    assert all(lines[lines.index(line) - 1].startswith("# guessed:") for line in guessed)
    assert study.front.criteria == ("carbon", "cost")


@pytest.mark.parametrize("columns", [{"DLBM": ["0101", "0301"]}, {"msa": [0.1, 0.9]}])
def test_no_net_loss_is_the_default_where_intactness_is_known(
    tmp_path: Path, columns: dict[str, list[object]]
) -> None:
    layer = write(tmp_path / "land.csv", {"plot": ["a", "b"], "area_ha": [1.0, 2.0], **columns})
    path, notes = draft_study(layer, tmp_path / "draft")
    study = read_study(path)
    (limit,) = study.limits
    assert (limit.name, limit.criterion, limit.owner) == ("no_net_loss", "biodiversity", "environment bureau")
    assert limit.min == Share(share=1.0, of="baseline")
    assert "no net loss" in limit.reason
    assert "biodiversity" in study.criteria
    assert "intactness" in load_inputs(study).landscape.covariates
    assert "limit no_net_loss: biodiversity stays at least what it is today, by default" in notes


def test_without_intactness_there_is_no_such_limit(tmp_path: Path) -> None:
    layer = write(tmp_path / "land.csv", {"plot": ["a", "b"], "area_ha": [1.0, 2.0]})
    path, notes = draft_study(layer, tmp_path / "draft")
    assert read_study(path).limits == ()
    assert not any("no_net_loss" in note for note in notes)


def test_a_layer_without_area_says_so(tmp_path: Path) -> None:
    layer = write(tmp_path / "land.csv", {"id": [1, 2, 3], "DLBM": ["0101", "0103", "0301"]})
    path, notes = draft_study(layer, tmp_path / "draft")
    assert read_study(path).parcels.area.column == PLACEHOLDER
    assert any(note.startswith("missing area") for note in notes)
    assert "# MISSING: no area column" in path.read_text(encoding="utf-8")


def test_codes_of_another_system_are_not_guessed(tmp_path: Path) -> None:
    layer = write(
        tmp_path / "clc.csv", {"id": [1, 2, 3], "area_ha": [1, 2, 3], "code": ["211", "311", "512"]}
    )
    path, notes = draft_study(layer, tmp_path / "draft")
    assert read_study(path).parcels.cover is None
    assert any("neither TD/T 1055 codes nor plain names" in note for note in notes)


def test_unknown_codes_among_known_ones_are_named() -> None:
    frame = pd.DataFrame({"id": range(4), "DLBM": ["0101", "0103", "0301", "9999"]})
    assert "9999" in guess(frame).why["cover"]


def test_plain_names_are_recognised() -> None:
    frame = pd.DataFrame({"id": range(3), "landuse": ["forest", "grassland", "paddy"]})
    found = guess(frame)
    assert (found.columns["cover"][0], found.code_system) == ("landuse", "plain")


def test_slope_classes_stand_in_for_slopes() -> None:
    found = guess(pd.DataFrame({"id": range(3), "GDPDJB": ["1", "2", ""]}))
    assert found.columns["slope_class"] == ("GDPDJB", "")
    assert "slope" not in found.missing


def test_regions_are_nested_outermost_first() -> None:
    rng = np.random.default_rng(0)
    town = rng.integers(0, 20, 500)
    frame = pd.DataFrame({"uid": np.arange(500), "town": town, "county": town // 5, "province": town // 10})
    assert guess(frame).regions == ("province", "county", "town")
    crossing = frame.assign(county=rng.integers(0, 4, 500))
    assert guess(crossing).regions == ("province", "town")


def test_an_id_without_a_telling_name_is_found() -> None:
    found = guess(pd.DataFrame({"key": ["x", "y", "z"], "area_mu": [1.0, 2.0, 2.0]}))
    assert found.columns["id"][0] == "key"
    assert "its name says nothing" in found.why["id"]
    assert found.columns["area"] == ("area_mu", "mu")


def test_flags_need_zeros_and_ones() -> None:
    found = guess(
        pd.DataFrame(
            {"id": [1, 2, 3], "park_a": [0, 1, 0], "park_b": ["x", "y", "z"], "LINE_EP": [True, False, True]}
        )
    )
    assert set(found.masks) == {"park_a", "LINE_EP"}


def test_names_that_are_no_words_make_valid_toml(tmp_path: Path) -> None:
    layer = write(
        tmp_path / "land.csv",
        {
            "id": [1, 2],
            'area "official" ha': [1, 2],
            "area_ha": [1, 2],
            "park-国家 1": [0, 1],
            "county": ["a\\b", 'c"d'],
        },
    )
    study = read_study(draft_study(layer, tmp_path / "draft")[0])
    assert study.masks[0].column == "park-国家 1"


def test_a_layer_inside_the_folder_stays_where_it_is(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    layer = write(tmp_path / "data" / "land.csv", {"id": [1, 2], "area_ha": [1, 2]})
    path, _ = draft_study(layer, tmp_path)
    assert read_study(path).parcels.source == "data/land.csv"
    assert sorted(item.name for item in tmp_path.iterdir()) == ["data", "study.toml"]


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    layer = write(tmp_path / "land.csv", {"id": [1, 2], "area_ha": [1, 2]})
    folder = tmp_path / "draft"
    draft_study(layer, folder)
    before = (folder / "study.toml").read_bytes()
    with pytest.raises(InputError, match="already holds"):
        draft_study(layer, folder)
    assert (folder / "study.toml").read_bytes() == before


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("land.dwg", b"x", "is not read"),
        ("land.gpkg", b"not a database", "cannot be read"),
        ("land.csv", b"id,area_ha\n", "holds no rows"),
    ],
)
def test_unreadable_layers_leave_nothing_behind(
    tmp_path: Path, name: str, content: bytes, message: str
) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError, match=message):
        draft_study(tmp_path / name, tmp_path / "draft")
    assert not (tmp_path / "draft").exists()


def test_a_missing_layer_is_one_clear_message(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such file"):
        draft_study(tmp_path / "nowhere.gpkg", tmp_path / "draft")


def test_without_land_cover_nothing_is_drafted_that_needs_it(tmp_path: Path) -> None:
    columns: dict[str, list[object]] = {
        "id": ["a", "b"],
        "area_ha": [1.0, 2.0],
        "yield_t_ha": [3.0, 4.0],
        "Code_18": ["211", "311"],
    }
    path, notes = draft_study(write(tmp_path / "clc.csv", columns), tmp_path / "draft")
    assert list(read_study(path).criteria) == ["carbon", "cost"]
    assert 'criterion = "food"' not in path.read_text(encoding="utf-8")
    assert any("Code_18 holds 211, 311" in note for note in notes)
    load_inputs(read_study(path))


def test_plain_land_cover_may_be_written_with_spaces_and_capitals(tmp_path: Path) -> None:
    cover: list[object] = ["Dry cropland", "paddy", "other-forest"]
    layer = write(tmp_path / "land.csv", {"id": [1, 2, 3], "area_ha": [1, 1, 1], "landuse": cover})
    study = read_study(draft_study(layer, tmp_path / "draft")[0])
    assert load_inputs(study).landscape.cover_codes == ("0101", "0103", "0307")
