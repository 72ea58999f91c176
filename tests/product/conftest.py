"""Studies small enough to solve in a blink, and a finished run of each, made once."""

import shutil
from importlib.resources import files
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import landfront.api as lf
from landfront.report.lineage import parent_of

TITLE = "Squares"
STUDY = """
[study]
title = "{title}"
currency = "CNY"
decision = "{decision}"
start_year = 2025
milestones = [2060]

[parcels]
source = "parcels.gpkg"
id = "id"
area = {{ column = "area_ha", unit = "ha" }}
regions = ["town"]

[effects]
source = "effects.csv"
layout = "wide"
parcel = "id"
intervention = "intervention"
columns = {{ carbon = "carbon", cost = "cost", food = "food" }}

[criteria]
carbon = {{ sense = "max" }}
food = {{ sense = "max" }}
cost = {{ sense = "min" }}

[baseline]
food = 1000.0

[[limits]]
name = "budget"
criterion = "cost"
max = {budget}
owner = "finance bureau"
reason = "funds"

[front]
criteria = ["carbon", "food"]
points = 6
"""


def write_squares(
    folder: Path, *, title: str = TITLE, decision: str = "share", budget: float = 4e5, side: int = 6
) -> Path:
    """A study of side x side squares of 100 m with a table of effects; towns are named in Chinese."""
    import geopandas as gpd
    import shapely

    folder.mkdir(parents=True, exist_ok=True)
    x, y = (grid.ravel() * 100.0 for grid in np.meshgrid(np.arange(side), np.arange(side)))
    ids = [f"p{number:03d}" for number in range(side * side)]
    layer = gpd.GeoDataFrame(
        {"id": ids, "area_ha": 1.0, "town": np.where(x < side * 50, "东镇", "西镇")},
        geometry=shapely.box(x + 5e5, y + 3e6, x + 5e5 + 100, y + 3e6 + 100),
        crs="EPSG:32650",
    )
    layer.to_file(folder / "parcels.gpkg", layer="parcels", driver="GPKG")
    rng = np.random.default_rng(1)
    options = [
        pd.DataFrame(
            {
                "id": ids,
                "intervention": name,
                "carbon": gain * rng.uniform(50, 150, len(ids)),
                "cost": price * rng.uniform(8e3, 12e3, len(ids)),
                "food": -loss * rng.uniform(1, 5, len(ids)),
            }
        )
        for name, gain, price, loss in (("mixed_plantation", 2.0, 2.0, 2.0), ("agroforestry", 1.0, 1.0, -0.4))
    ]
    pd.concat(options).to_csv(folder / "effects.csv", index=False)
    text = STUDY.format(title=title, decision=decision, budget=budget)
    (folder / "study.toml").write_text(text, encoding="utf-8")
    return folder


def copy_tiny(folder: Path) -> Path:
    """The bundled study of twelve parcels, without geometry."""
    shutil.copytree(str(files("landfront.instances") / "examples" / "tiny"), folder)
    return folder


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return copy_tiny(tmp_path_factory.mktemp("tiny") / "study")


@pytest.fixture(scope="session")
def tiny_run(tiny: Path) -> Path:
    folder = tiny.parent / "run"
    lf.run(tiny, folder)
    return folder


@pytest.fixture(scope="session")
def squares(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_squares(tmp_path_factory.mktemp("squares") / "study", title="方格 Squares, $1 = 7 CNY")


@pytest.fixture(scope="session")
def squares_run(squares: Path) -> Path:
    folder = squares.parent / "run"
    lf.run(squares, folder)
    return folder


@pytest.fixture
def copied(squares_run: Path, tmp_path: Path) -> Path:
    """A copy of the run with its study beside it, to tamper with."""
    shutil.copytree(squares_run.parent, tmp_path / "copy")
    return tmp_path / "copy" / "run"


HISTORY = '\n[history]\nsource = "history.csv"\nyear = 2028\n'


@pytest.fixture(scope="session")
def old_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A front of whole squares."""
    base = tmp_path_factory.mktemp("replan")
    write_squares(base / "study", decision="whole")
    lf.run(base / "study", base / "run")
    return base / "run"


def renewed(old_run: Path, folder: Path, *, done: int = 4, more: str = "") -> Path:
    """The study with dearer plantations that bring less, and a history of some of the plan's parcels."""
    shutil.copytree(old_run.parent / "study", folder)
    effects = pd.read_csv(folder / "effects.csv")
    dear = effects["intervention"] == "mixed_plantation"
    effects.loc[dear, "cost"] *= 1.3
    effects.loc[dear, "carbon"] *= 0.8
    effects.to_csv(folder / "effects.csv", index=False)
    plan = pd.read_parquet(parent_of(old_run).file)
    treated = plan[plan["intervention"] != "keep"].head(done)
    history = treated[["parcel", "intervention"]].assign(year=2026, status="done")
    history.to_csv(folder / "history.csv", index=False)
    with (folder / "study.toml").open("a", encoding="utf-8") as file:
        file.write(HISTORY + more)
    return folder
