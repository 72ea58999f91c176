"""Plans in a real QGIS: each map layer opens coloured and named (Debian: python3-qgis)."""

import json
import os
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib.image import imread

SCRIPT = Path(__file__).with_name("in_qgis.py")
PYTHON = "/usr/bin/python3"
"""The Python that Debian's QGIS is for."""

OFFSCREEN = {**os.environ, "QT_QPA_PLATFORM": "offscreen", "PYTHONPATH": ""}


def has_qgis() -> bool:
    asked = [PYTHON, "-c", "import qgis.core"]
    try:
        return subprocess.run(asked, capture_output=True, env=OFFSCREEN, check=False).returncode == 0
    except OSError:
        return False


pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not has_qgis(), reason="no QGIS here; Debian: apt-get install python3-qgis"),
]


@pytest.fixture(scope="module")
def opened(squares_run: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Any], Path]:
    picture = tmp_path_factory.mktemp("qgis") / "map.png"
    asked = [PYTHON, str(SCRIPT), str(squares_run / "plans.gpkg"), "map_knee", str(picture)]
    done = subprocess.run(asked, capture_output=True, text=True, env=OFFSCREEN, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout), picture


def test_every_map_is_coloured_and_named(opened: tuple[dict[str, Any], Path], squares_run: Path) -> None:
    with closing(sqlite3.connect(squares_run / "plans.gpkg")) as connection:
        rows = connection.execute(
            "SELECT intervention, name_en, name_zh, colour FROM interventions"
        ).fetchall()
    maps = {name: layer for name, layer in opened[0].items() if name.startswith("map_")}
    assert len(maps) >= 3
    for layer in maps.values():
        assert layer["valid"]
        assert (layer["features"], layer["crs"], layer["by"]) == (36, "EPSG:32650", "intervention")
        assert set(layer["values"]) <= set(layer["kinds"])
        for intervention, english, chinese, colour in rows:
            label, shown = layer["kinds"][intervention]
            assert english in label
            assert chinese in label
            assert shown == colour.lower()


def test_qgis_draws_the_colours_of_the_plan(opened: tuple[dict[str, Any], Path]) -> None:
    layer, picture = opened[0]["map_knee"], imread(opened[1])
    drawn = {tuple(pixel) for pixel in np.round(picture[..., :3] * 255).astype(int).reshape(-1, 3).tolist()}
    for value in layer["values"]:
        colour = layer["kinds"][value][1]
        assert tuple(int(colour[place : place + 2], 16) for place in (1, 3, 5)) in drawn


def test_rasters_are_coloured_and_named(opened: tuple[dict[str, Any], Path], squares_run: Path) -> None:
    with closing(sqlite3.connect(squares_run / "plans.gpkg")) as connection:
        rows = connection.execute(
            "SELECT name_en, name_zh, colour FROM interventions ORDER BY fid"
        ).fetchall()
    rasters = [layer for name, layer in opened[0].items() if name.startswith("raster_")]
    assert len(rasters) >= 3
    for layer in rasters:
        assert (layer["valid"], layer["crs"], layer["type"]) == (True, "EPSG:32650", "paletted")
        shown = {value: (label, colour) for value, label, colour in layer["kinds"]}
        for value, (english, chinese, colour) in enumerate(rows):
            assert shown[value] == (f"{english} / {chinese}", colour.lower())
