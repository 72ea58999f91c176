"""Figures exist, say what they show in fonts that can draw it, and keep colours apart for every eye."""

from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from matplotlib.text import Text

import landfront.api as lf
from landfront.models.formulate import formulate
from landfront.report.figures import write_figures
from landfront.report.front_figure import badges, front_figure, statement
from landfront.report.maps import Ground, no_regret_map, plan_map
from landfront.report.raster import rasterise
from landfront.report.result import Result
from landfront.report.stored import read_run, result_of
from landfront.report.style import COLOURS, LATIN_FONT, Labels, cjk_font, colours, drawable

from .conftest import write_squares

# Machado, Oliveira, Fernandes (2009), severity 1; linear RGB.
VISIONS = {
    "normal": np.eye(3),
    "protan": [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
    "deutan": [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.01182, 0.04294, 0.968881],
    ],
    "tritan": [
        [1.255528, -0.076749, -0.178779],
        [-0.078411, 0.930809, 0.147602],
        [0.004733, 0.691367, 0.3039],
    ],
}
XYZ = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])


@pytest.fixture(scope="module")
def result(squares: Path, squares_run: Path) -> Result:
    return result_of(read_run(squares_run), formulate(lf.read(squares)))


def lab(colour: str, vision: object) -> np.ndarray:
    rgb = np.array([int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5)])
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    seen = np.clip(np.asarray(vision) @ linear, 0, 1)
    xyz = XYZ @ seen / np.array([0.9505, 1, 1.089])
    f = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


@pytest.mark.parametrize("vision", VISIONS)
def test_any_two_interventions_have_colours_that_every_eye_tells_apart(vision: str) -> None:
    assert len(COLOURS) == 23
    seen = {name: lab(colour, VISIONS[vision]) for name, colour in COLOURS.items()}
    closest = min(float(np.linalg.norm(seen[a] - seen[b])) for a, b in combinations(seen, 2))
    assert closest > 9


def test_unknown_interventions_get_colours_of_their_own() -> None:
    names = ["keep", "mixed_plantation", *(f"own_{number}" for number in range(15))]
    assert len(set(colours(names).values())) == len(names)
    assert len(colours([f"own_{number}" for number in range(60)])) == 60


def test_every_figure_is_there_twice_and_not_empty(squares_run: Path, tiny_run: Path) -> None:
    expected = {"front", "tradeoffs", "plans", "no_regret"}
    for run, extra in (
        (squares_run, {"map_knee", "map_max_carbon", "map_min_cost", "map_no_regret"}),
        (tiny_run, set()),
    ):
        names = {entry.stem for entry in (run / "figures").glob("*.png")}
        assert expected | extra <= names
        assert names == {entry.stem for entry in (run / "figures").glob("*.svg")}
        assert all(entry.stat().st_size > 5_000 for entry in (run / "figures").iterdir())
    assert not any(entry.stem.startswith("map") for entry in (tiny_run / "figures").iterdir())


def texts(figure: object) -> list[str]:
    return [text.get_text() for text in figure.findobj(Text)]  # type: ignore[attr-defined]


def test_without_a_chinese_font_labels_become_latin(
    result: Result, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("landfront.report.style.cjk_font", lambda: None)
    warnings = write_figures(result, tmp_path)
    assert "方格" in warnings[0]
    assert "Install a CJK font" in warnings[0]
    labels = Labels((LATIN_FONT,))
    for text in texts(front_figure(result, labels)):
        assert drawable(text.replace("\\$", "$"), (LATIN_FONT,)), text
    assert labels.text("东镇", "town 1") == "town 1"
    assert labels.text("方格 Squares") == "Squares"
    assert labels.text("方格") == "(no font for this label)"
    assert labels.text("$1 = 7 CNY") == r"\$1 = 7 CNY"


@pytest.mark.skipif(cjk_font() is None, reason="this system has no font with Chinese glyphs")
def test_with_a_chinese_font_labels_stay(result: Result) -> None:
    labels = Labels.of_system()
    assert any("方格" in text for text in texts(front_figure(result, labels)))
    assert labels.warning == ""


def test_the_front_figure_says_units_corners_and_proof(result: Result) -> None:
    shown = "\n".join(texts(front_figure(result, Labels.of_system())))
    for words in (
        "(t CO2e), more is better",
        "change against today",
        "ideal",
        "nadir",
        "knee",
        "Each is proven best",
    ):
        assert words in shown
    assert {named.name for group in badges(result).values() for named in group} >= {
        "max_carbon",
        "max_food",
        "knee",
    }
    assert "mix of neighbours" in statement(result)


def test_maps_have_a_key_with_ha_and_mu_and_a_scale_bar(result: Result) -> None:
    ground = Ground.of(result)
    shown = texts(plan_map(result, ground, result.named[0], Labels.of_system()))
    assert {"ha", "mu", "100 m"} <= set(shown)
    assert any(
        "gets the same choice" in text for text in texts(no_regret_map(result, ground, Labels.of_system()))
    )


def test_large_studies_are_drawn_as_a_raster(result: Result, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("landfront.report.maps.RASTER_FROM", 10)
    figure = plan_map(result, Ground.of(result), result.named[0], Labels.of_system())
    assert len(figure.axes[0].images) == 1
    assert any("drawn as a raster" in text for text in texts(figure))


def test_a_raster_shows_each_parcel_where_it_lies_and_leaves_the_outside_empty() -> None:
    x, y = np.meshgrid(np.arange(60), np.arange(40))
    centres = np.column_stack([x.ravel(), y.ravel()]).astype(np.float64)
    centres = centres[(centres[:, 0] < 20) | (centres[:, 0] > 40)]
    raster = rasterise(centres)
    shown = raster.parcel[raster.parcel >= 0]
    assert set(shown.tolist()) == set(range(len(centres)))
    rows, columns = raster.parcel.shape
    assert raster.parcel[rows // 2, columns // 2] == -1
    # The first parcel lies in the south-west: bottom left of the picture.
    assert raster.parcel[-1, 0] == 0
    assert max(rasterise(np.random.default_rng(0).uniform(size=(5000, 2)), most=30).parcel.shape) <= 31


def test_a_front_of_one_point_can_be_drawn(tmp_path: Path) -> None:
    study = write_squares(tmp_path / "study", budget=0.0, side=3)
    result = lf.run(study, tmp_path / "run")
    assert len(result.front) == 1
    assert "do not conflict" in (tmp_path / "run" / "summary.txt").read_text(encoding="utf-8")
    assert lf.verify(tmp_path / "run").holds
