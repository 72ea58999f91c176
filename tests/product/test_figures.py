"""Figures exist, say what they show in fonts that can draw it, and keep colours apart for every eye."""

from dataclasses import replace
from itertools import chain, combinations
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import shapely
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.text import Text

import landfront.api as lf
from landfront.models.formulate import formulate
from landfront.optimizer.plots.fonts import LATIN_FONT, cjk_font, drawable
from landfront.report.bars import region_figure
from landfront.report.canvas import KeyRow, key, key_height, save, sheet
from landfront.report.figures import drawable_result, write_figures
from landfront.report.front_figure import badges, front_figure
from landfront.report.ground import Ground
from landfront.report.maps import CONTESTED, no_regret_map, plan_map
from landfront.report.proof_words import statement
from landfront.report.raster import rasterise
from landfront.report.result import Result
from landfront.report.stored import read_run, result_of
from landfront.report.style import COLOURS, Labels, colours, typeset
from landfront.report.tradeoffs import tradeoff_figure
from landfront.report.wrapping import lines_of, tied, width_of

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
    assert len(COLOURS) == 24
    seen = {name: lab(colour, VISIONS[vision]) for name, colour in COLOURS.items()}
    seen["differs between plans"] = lab(CONTESTED, VISIONS[vision])
    closest = min(float(np.linalg.norm(seen[a] - seen[b])) for a, b in combinations(seen, 2))
    assert closest > 10


def test_unknown_interventions_get_colours_of_their_own() -> None:
    names = ["keep", "mixed_plantation", *(f"own_{number}" for number in range(15))]
    assert len(set(colours(names).values())) == len(names)
    assert len(colours([f"own_{number}" for number in range(60)])) == 60


def test_every_figure_is_there_twice_and_not_empty(squares_run: Path, tiny_run: Path) -> None:
    expected = {"front", "tradeoffs", "plans", "no_regret"}
    for run, extra in (
        (squares_run, {"map_knee", "map_max_carbon", "map_max_food", "map_no_regret"}),
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
    for text in texts(front_figure(drawable_result(result, labels))):
        assert drawable(text, (LATIN_FONT,)), text
    assert drawable_result(result, labels).formulation.landscape.region_names == (("town 1", "town 2"),)
    assert labels.text("东镇", "town 1") == "town 1"
    assert labels.text("方格 Squares") == "Squares"
    assert labels.text("方格") == "(no font for this label)"


@pytest.mark.skipif(cjk_font() is None, reason="this system has no font with Chinese glyphs")
def test_with_a_chinese_font_labels_stay(result: Result) -> None:
    labels = Labels.of_system()
    shown = drawable_result(result, labels)
    assert shown.formulation.landscape.region_names == (("东镇", "西镇"),)
    assert any("方格" in text for text in texts(front_figure(shown)))
    assert labels.warning == ""


def test_the_front_figure_says_units_corners_and_proof(result: Result) -> None:
    shown = "\n".join(texts(front_figure(result)))
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
    shown = texts(plan_map(result, ground, result.named[:1], "A"))
    assert {"ha", "mu", "Total", "东镇", "西镇", "Plan A: most carbon"} <= set(shown)
    assert any(text.startswith("100 m") for text in shown)
    assert any("gets the same choice" in text for text in texts(no_regret_map(result, ground)))


def test_large_studies_are_drawn_as_a_raster(result: Result, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("landfront.report.ground.RASTER_FROM", 10)
    ground = Ground.of(result)
    figure = plan_map(result, ground, result.named[:1])
    picture = figure.axes[0].images[0]
    west, south, east, north = ground.bounds
    np.testing.assert_allclose(picture.get_extent(), (west, east, south, north), atol=50)
    assert "drawn as a raster" in " ".join(" ".join(texts(figure)).split())
    # The two towns meet along one upright line.
    edges = np.array(ground.borders)
    assert len(set(edges[:, :, 0].ravel().round(6))) == 1


def test_a_metre_on_the_map_is_a_metre_on_the_ground(result: Result) -> None:
    ground = Ground.of(result)
    assert ground.metres == pytest.approx(1.0, abs=1e-3)
    for crs, factor in (("EPSG:3857", np.cos(np.radians(27.1))), ("EPSG:4490", 99_150)):
        other = Ground(ground.layer.to_crs(crs), ground.regions, ground.names)
        assert other.metres == pytest.approx(factor, rel=0.01)
    assert Ground(ground.layer.set_crs(None, allow_override=True), ground.regions).metres is None


def test_holes_stay_empty_and_parts_belong_to_their_parcel() -> None:
    outer, hole = shapely.box(0, 0, 10, 10), shapely.box(4, 4, 6, 6)
    two = shapely.MultiPolygon([shapely.box(20, 0, 21, 1), shapely.box(30, 0, 31, 1)])
    layer = gpd.GeoDataFrame(geometry=[outer.difference(hole), two, hole])
    ground = Ground(layer, np.full(3, -1))
    first, second = (ground.filled(np.arange(3) == parcel) for parcel in (0, 1))
    assert first.contains_point((1, 1))
    assert not first.contains_point((20.5, 0.5))
    assert second.contains_points([(20.5, 0.5), (30.5, 0.5)]).all()
    # Rings of opposite turns cancel under the rule by which paths are filled.
    turns = [
        np.sign(shapely.Polygon(np.asarray(ring, dtype=np.float64)).exterior.is_ccw - 0.5)
        for ring in first.to_polygons()
    ]
    assert sum(turns) == 0


def test_what_hardly_moves_is_drawn_flat_with_its_number(result: Result) -> None:
    spent = replace(result)
    values = result.values.copy()
    values[:, 2] = 4e5 - np.random.default_rng(0).uniform(0, 100, len(values))
    # The totals that the result would compute itself.
    spent.__dict__["values"] = values
    assert spent.steady("cost")
    assert not spent.steady("food")
    figure = tradeoff_figure(spent)
    assert any("nearly the same in every plan:\n400 thousand CNY" in text for text in texts(figure))
    panel = next(axes for axes in figure.axes if axes.get_ylabel().startswith("Cost"))
    low, high = sorted(panel.get_ylim())
    np.testing.assert_allclose([low, high], [360, 440], atol=0.1)


def overlaps(figure: Figure) -> list[tuple[str, str]]:
    """Texts that run over one another or over the edge of the page."""
    FigureCanvasAgg(figure)
    figure.draw_without_rendering()
    page = figure.bbox.padded(2)
    labels = [(*axes.texts, axes.xaxis.label, axes.yaxis.label) for axes in figure.axes]
    shown = [text for text in (*figure.texts, *chain(*labels)) if text.get_text()]
    boxes = [text.get_window_extent() for text in shown]
    outside = [
        (text.get_text(), "the page")
        for text, box in zip(shown, boxes, strict=True)
        if not (page.x0 <= box.x0 and box.x1 <= page.x1 and page.y0 <= box.y0 and box.y1 <= page.y1)
    ]
    return outside + [
        (one.get_text(), other.get_text())
        for (one, first), (other, second) in combinations(zip(shown, boxes, strict=True), 2)
        if first.shrunk(0.99, 0.9).overlaps(second.shrunk(0.99, 0.9))
    ]


def test_long_titles_labels_and_many_plans_run_into_nothing(tmp_path: Path) -> None:
    study = write_squares(tmp_path / "study", title="山水林田湖草沙" * 12 + " and a long English title" * 4)
    text = (study / "study.toml").read_text(encoding="utf-8")
    long = "Net removal of greenhouse gases by all land of the county up to the year 2060"
    text = text.replace('carbon = { sense = "max" }', f'carbon = {{ sense = "max", label = "{long}" }}')
    (study / "study.toml").write_text(text, encoding="utf-8")
    found = lf.run(study, tmp_path / "run")
    labels = Labels.of_system()
    result = drawable_result(found, labels)
    for figure in (front_figure(result), tradeoff_figure(result), region_figure(result)):
        labels.apply(figure)
        assert overlaps(figure) == []


def test_a_front_of_thirty_named_plans_keeps_its_list_above_the_caption(result: Result) -> None:
    rows = [KeyRow(f"most benefit {place}", badge="A", details=("1 t", "2 t")) for place in range(30)]
    body = key_height(rows, 3.0)
    page = sheet("Title", "Subject", "A caption. " * 30, body=body)
    axes = page.axes(6.5, 0, 3.0, body)
    key(axes, "Plans", rows)
    assert overlaps(page.figure) == []
    lowest = min(text.get_position()[1] for text in axes.texts)
    assert lowest >= 0


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


def test_figures_write_units_as_they_are_printed() -> None:
    assert typeset("5 t CO2e, -3 m3/yr") == "5 t CO₂e, −3 m³/yr"
    assert typeset("county-2, 2025-2060") == "county-2, 2025-2060"


@pytest.mark.parametrize(
    "text", ["a few words of English", "山水林田湖草沙一体化保护", "x" * 50, "粮食 food, 碳 carbon"]
)
@pytest.mark.parametrize("width", [6, 11, 40])
def test_lines_keep_every_letter_and_their_width(text: str, width: int) -> None:
    lines = lines_of(text, width)
    assert "".join(lines).replace(" ", "") == text.replace(" ", "")
    assert all(width_of(line) <= max(width, 2) for line in lines)
    assert len(lines_of(text, width, most=1)) == 1


def test_a_number_stays_with_its_unit() -> None:
    text = f"cost {tied('47.99 million CNY')}, water {tied('-706 thousand m3')}"
    assert [line.split() for line in lines_of(text, 26)] == [
        ["cost", "47.99", "million", "CNY,"],
        ["water", "-706", "thousand", "m3"],
    ]


def test_every_figure_says_what_it_is_computed_from(squares: Path, tmp_path: Path) -> None:
    study = lf.read(squares)
    page = sheet("Title", "subject", "a note")
    save(page.figure, tmp_path, "figure", Labels.of_system(study))
    source = page.figure.texts[-1]
    assert source.get_text().startswith(
        f"Source: parcels.gpkg, effects.csv; study {study.digest[:8]}; landfront "
    )
    note = page.figure.texts[-2].get_window_extent()
    assert source.get_window_extent().y1 <= note.y0
