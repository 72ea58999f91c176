"""Figures of fronts: what is drawn, that nothing runs into anything, and files that do not change."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import PolyCollection
from matplotlib.figure import Figure
from matplotlib.text import Text

from landfront.optimizer.front import Front
from landfront.optimizer.fronts import solve_front
from landfront.optimizer.plots import Kind, fonts, plot
from landfront.optimizer.program import Program
from landfront.optimizer.quality import knee
from tests.optimizer.test_quality import bare, mixed, with_open_end

Make = Callable[..., Program]
LONG = (
    "net removal of greenhouse gases by 2060",
    "total yield of grain",
    "water use in dry years",
    "cost of everything",
    "$ and $",
)


def many(p: int, *, count: int = 40, seed: int = 0) -> Front:
    """Points of a sphere with long names and units; the second criterion is minimised."""
    rng = np.random.default_rng(seed)
    rays = np.abs(rng.normal(size=(count, p)))
    rays /= np.linalg.norm(rays, axis=1)[:, None]
    sizes = np.array([2.5e9, 3e4, 7, 0.02, 1e6])[:p]
    rays[:, 1] = 1 - rays[:, 1]
    front = bare(rays * sizes, senses=(-1, 1, -1, -1, -1)[:p])
    return replace(front, criteria=LONG[:p], units=("t CO2e", "t/yr", "million m3", "", "CNY")[:p])


def overlaps(figure: Figure) -> list[tuple[str, str]]:
    """Texts that run over one another or over the edge of the page."""
    FigureCanvasAgg(figure)
    figure.draw_without_rendering()
    page = figure.bbox.padded(2)
    texts = [*figure.texts, figure._suptitle, figure._supxlabel]  # type: ignore[attr-defined]
    for axes in figure.axes:
        texts += [axes.xaxis.label, axes.yaxis.label, *axes.texts]
        for axis, (low, high) in ((axes.xaxis, axes.get_xlim()), (axes.yaxis, axes.get_ylim())):
            inside = [tick for tick in axis.get_major_ticks() if low <= tick.get_loc() <= high]
            texts += [label for tick in inside for label in (tick.label1, tick.label2)]
    shown = {id(text): text for text in texts if text and text.get_visible() and text.get_text()}
    boxes = [(text.get_text(), text.get_window_extent()) for text in shown.values()]
    outside = [
        (text, "the page")
        for text, box in boxes
        if not (page.x0 <= box.x0 and box.x1 <= page.x1 and page.y0 <= box.y0 and box.y1 <= page.y1)
    ]
    return outside + [
        (one, two)
        for (one, first), (two, second) in combinations(boxes, 2)
        if first.shrunk(0.98, 0.9).overlaps(second.shrunk(0.98, 0.9))
    ]


def labels(axes: Axes) -> list[str]:
    return [str(label) for label in axes.get_legend_handles_labels()[1]]


def open_areas(figure: Figure) -> list[PolyCollection]:
    return [area for area in figure.axes[0].collections if isinstance(area, PolyCollection)]


@pytest.mark.parametrize("whole", [True, False])
def test_two_criteria_in_their_own_senses(whole: bool, big: Make) -> None:
    program = big(30, whole=whole)
    front = replace(solve_front(program, points=6), units=("t CO2e", "t/yr"))
    figure = plot(front, program=program, title="A study")
    axes = figure.axes[0]
    assert axes.get_xlabel() == "a (t CO₂e), more is better"
    line, points = axes.get_lines()
    assert np.allclose(points.get_xydata(), front.values)
    drawn = np.asarray(line.get_xydata())
    assert len(drawn) == (2 * len(front) - 1 if whole else len(front))
    # A staircase turns at the worse of two neighbours, so that nothing on it is better than a point.
    for spot in drawn:
        if whole:
            assert np.any(np.all(front.values >= spot - 1e-9, axis=1))
    assert {"points", "knee", "nadir", "ideal (out of reach)"} <= set(labels(axes))
    assert overlaps(figure) == []


@pytest.mark.parametrize("whole", [True, False])
def test_the_open_area_holds_what_is_unseen(whole: bool, big: Make) -> None:
    program = big(12, whole=whole)
    front, truth = solve_front(program, points=4), solve_front(program, points="all")
    figure = plot(front, program=program)
    (area,) = open_areas(figure)
    path = area.get_paths()[0]
    grown = 1e-3 * np.ptp(front.values, axis=0)
    low, high = front.values.min(axis=0), front.values.max(axis=0)
    unseen = [y for y in truth.values if np.abs(front.values - y).sum(axis=1).min() > 1e-6]
    inside = [y for y in unseen if np.all((y > low) & (y < high))]
    assert inside
    # A step inwards from the proven edge lies in the area.
    assert all(path.contains_point(y - grown) for y in inside)


def test_a_complete_front_has_no_open_area(big: Make) -> None:
    for whole in (True, False):
        program = big(10, whole=whole)
        front = solve_front(program, points="all")
        assert front.complete
        figure = plot(front, program=program)
        assert open_areas(figure) == []
        assert "nothing is missing" in figure._supxlabel.get_text()  # type: ignore[attr-defined]


def test_segments_are_drawn_with_their_open_ends(build: Make) -> None:
    program = mixed(build)
    figure = plot(solve_front(program, points="all"), program=program)
    assert "segments: mixes on the front" in labels(figure.axes[0])
    assert "open ends" not in labels(figure.axes[0])
    lines = [np.asarray(line.get_xydata()) for line in figure.axes[0].get_lines()]
    assert sum(len(line) == 2 for line in lines) == 3
    # The edge of what is dominated follows a segment and then turns at its end.
    edge = lines[0]
    assert np.interp(9.0, edge[:, 1], edge[:, 0]) == pytest.approx(3.1)
    assert np.interp(11.85, edge[:, 1], edge[:, 0]) == pytest.approx(2.05 / 2, abs=1e-3)
    figure = plot(with_open_end())
    assert "open ends" in labels(figure.axes[0])
    assert overlaps(figure) == []


def test_minimised_criteria_point_the_other_way() -> None:
    front = bare([[0, 10], [2, 3], [10, 0]])
    figure = plot(front)
    assert figure.axes[0].get_xlabel() == "a, less is better"
    drawn = np.asarray(figure.axes[0].get_lines()[0].get_xydata())
    assert drawn.tolist() == [[0, 10], [2, 10], [2, 3], [10, 3], [10, 0]]


@pytest.mark.parametrize("count", [2, 3, 40, 90])
def test_three_criteria_are_pairs_coloured_by_the_third(count: int) -> None:
    front = many(3, count=count)
    figure = plot(front, title="Three criteria " * 6)
    panels = figure.axes[:3]
    spots = [panel.collections[0] for panel in panels]
    values = front.values / [1e9 if np.abs(front.values[:, 0]).max() >= 1e9 else 1e6, 1e3, 1]
    for drawn, (first, second, third) in zip(spots, ((0, 1, 2), (0, 2, 1), (1, 2, 0)), strict=True):
        assert np.allclose(np.asarray(drawn.get_offsets()), values[:, [first, second]])
        assert np.allclose(np.asarray(drawn.get_array()), values[:, third])
    assert panels[0].get_ylabel().replace("\n", " ") == "total yield of grain (thousand t/yr), less is better"
    assert ("knee" in labels(panels[0])) == (count > 2)
    assert overlaps(figure) == []


def chinese(p: int) -> Front:
    front = many(p)
    return replace(front, criteria=(front.criteria[0], "粮食总产量", *front.criteria[2:]))


@pytest.mark.skipif(fonts.cjk_font() is None, reason="no font with Chinese letters is installed")
@pytest.mark.parametrize("p", [2, 3, 5])
def test_chinese_names_are_drawn_where_a_font_has_them(p: int, tmp_path: Path) -> None:
    figure = plot(chinese(p), tmp_path / "figure.png", title="粮食")
    assert any("粮食总产量" in text for text in words(figure))
    assert overlaps(figure) == []


@pytest.mark.parametrize("p", [2, 3, 5])
def test_without_a_font_names_are_replaced_and_it_is_said(
    p: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fonts, "cjk_font", lambda: None)
    with pytest.warns(UserWarning, match="no font on this system can draw '粮食, A to Z'") as said:
        figure = plot(chinese(p), tmp_path / "figure.png", title="粮食, A to Z")
    assert len(said) == 1
    shown = words(figure)
    assert all(fonts.drawable(text, (fonts.LATIN_FONT,)) for text in shown)
    assert any(text.startswith("criterion 2") for text in shown)
    assert "A to Z" in shown
    assert overlaps(figure) == []


def words(figure: Figure) -> list[str]:
    """Every text of a figure that is not empty."""
    texts = [text.get_text() for text in figure.findobj(Text) if isinstance(text, Text)]
    return [text for text in texts if text]


@pytest.mark.parametrize("p", [2, 3, 4, 5])
def test_parallel_axes_have_the_better_end_on_top(p: int) -> None:
    front = many(p)
    figure = plot(front, kind="parallel", title="Many criteria")
    axes = figure.axes[0]
    lines = np.array([line.get_ydata() for line in axes.get_lines()[: len(front)]])
    best = np.where(front.senses < 0, front.values.argmax(axis=0), front.values.argmin(axis=0))
    assert lines.argmax(axis=0).tolist() == best.tolist()
    assert np.all((lines >= 0) & (lines <= 1))
    middle = axes.get_lines()[len(front)]
    assert np.allclose(middle.get_ydata(), lines[knee(front).index])
    assert "Up is better" in figure._supxlabel.get_text()  # type: ignore[attr-defined]
    assert overlaps(figure) == []


@pytest.mark.parametrize("kind", ["auto", "parallel"])
@pytest.mark.parametrize("values", [[[3, 4.0]], [[3, 4, 5.0]], [[0, 4, 7], [1, 2, 7.0]], [[0, 0], [0, 0]]])
def test_fronts_without_a_range_are_drawn(values: list[list[float]], kind: Kind) -> None:
    figure = plot(bare(values), kind=kind)
    assert overlaps(figure) == []


def test_files_are_the_same_each_time(tmp_path: Path) -> None:
    front = many(3)
    for name in ("one.svg", "two.svg", "one.png", "deep/er/one.pdf"):
        plot(front, tmp_path / name)
    assert (tmp_path / "one.svg").read_bytes() == (tmp_path / "two.svg").read_bytes()
    assert (tmp_path / "one.png").read_bytes()[:4] == b"\x89PNG"
    assert (tmp_path / "deep/er/one.pdf").exists()


def test_careless_requests_are_refused() -> None:
    with pytest.raises(ValueError, match="empty"):
        plot(bare(np.zeros((0, 2))))
    with pytest.raises(ValueError, match="unknown kind"):
        plot(many(3), kind="pie")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="3 criteria cannot be drawn"):
        plot(many(3), kind="two")
