"""A red line as a layer and parcels that are settled, all the way to plans, a run and its check."""

from collections.abc import Mapping
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

import landfront.api as lf

from .conftest import write_squares

SECTIONS = """
[[masks]]
name = "生态保护红线"
source = "红线.shp"
where = { column = "类型", in = ["核心区"] }
share = 0.5
forbid = ["mixed_plantation"]
owner = "自然资源局"

[[locks]]
name = "contracts"
from = "contract"
owner = "forestry bureau"
reason = "Signed"

[criteria]
"""
SETTLED = {"p000": "agroforestry", "p001": "keep", "p035": "mixed_plantation"}
"""Parcels 000 to 005 are the southern row, under the red line, and 035 is the last in the north."""


@pytest.fixture(scope="module", params=["share", "whole"])
def study(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Path:
    folder = write_squares(tmp_path_factory.mktemp("settled") / "study", decision=request.param)
    settle(folder, SETTLED)
    row = [shapely.box(5e5 + 100 * i - 50, 3e6 - 10, 5e5 + 100 * i + 60, 3e6 + 55) for i in range(7)]
    line = gpd.GeoDataFrame(
        {"类型": ["核心区"] * 7 + ["其他"]}, geometry=[*row, row[0].buffer(900)], crs=32650
    )
    line.to_crs("EPSG:4490").to_file(folder / "红线.shp", encoding="GBK")
    (folder / "红线.cpg").unlink()
    return folder


def settle(folder: Path, given: Mapping[str, str]) -> None:
    """Write what parcels are given into the layer, and the sections into study.toml."""
    layer = gpd.read_file(folder / "parcels.gpkg")
    layer["contract"] = layer["id"].map(given).astype(object)
    layer.to_file(folder / "parcels.gpkg", layer="parcels", driver="GPKG")
    text = (folder / "study.toml").read_text(encoding="utf-8")
    (folder / "study.toml").write_text(text.replace("[criteria]\n", SECTIONS.lstrip(), 1), encoding="utf-8")


def test_the_best_plan_obeys_both(study: Path) -> None:
    plan = lf.plan(lf.read(study), maximise="carbon")
    frame = plan.to_frame()
    for parcel, name in SETTLED.items():
        assert frame.loc[frame["parcel"] == parcel, "intervention"].tolist() == [name]
        assert frame.loc[frame["parcel"] == parcel, "share"].tolist() == [1.0]
    south = frame["parcel"].isin([f"p{number:03d}" for number in range(6)])
    assert "mixed_plantation" not in set(frame.loc[south, "intervention"])
    assert "mixed_plantation" in set(frame.loc[~south, "intervention"])


def test_a_run_is_found_right_and_tells_who_settled_what(study: Path) -> None:
    folder = study.parent / "run"
    lf.run(study, folder, points=4)
    assert lf.verify(folder).holds
    menu = pd.read_csv(folder / "menu.csv").set_index(["reason", "intervention"])["parcels"].to_dict()
    assert menu["mask:生态保护红线", "mixed_plantation"] == 6
    assert menu["lock:contracts", "keep"] == 2
    text = (folder / "run.toml").read_text(encoding="utf-8")
    assert '"红线.shp"' in text
    assert 'from = "contract"' in text
    plans = [pd.read_parquet(path) for path in (folder / "plans").glob("*.parquet")]
    assert all(
        SETTLED.items() <= dict(zip(plan["parcel"], plan["intervention"], strict=True)).items()
        for plan in plans
    )


def test_a_plan_that_breaks_a_lock_is_scored(study: Path, tmp_path: Path) -> None:
    ids = [f"p{number:03d}" for number in range(36)]
    frame = pd.DataFrame(
        {"parcel": ids, "intervention": np.where(np.array(ids) == "p035", "mixed_plantation", "keep")}
    )
    frame.to_csv(tmp_path / "plan.csv", index=False)
    found = lf.score(study, tmp_path / "plan.csv")
    assert [(v.parcel, v.intervention) for v in found.plan.violations] == [("p000", "keep")]
    assert "Not admissible: 1 choices" in str(found)
    assert found.plan.values["food"] < 1000
