"""The page of a run in a real browser, without a network: what a reader clicks, drags, types and reads."""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest

import landfront.api as lf
from landfront.report.quantities import quantity
from landfront.report.style import typeset

from .conftest import write_squares

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
CHROMIUM = shutil.which("chromium") or "/usr/bin/chromium"
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not Path(CHROMIUM).exists(), reason="no chromium here (apt-get install chromium)"),
    # Its event loop is closed by playwright itself, later than the interpreter would like.
    pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::DeprecationWarning"),
]  # fmt: skip
HOSTILE = '<img src=x onerror="window.hacked=1">'
SCRIPT = "</script><script>window.hacked=2</script>"
DESK, PHONE = {"width": 1366, "height": 768}, {"width": 390, "height": 844}


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with playwright.sync_playwright() as driver:
        found = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield found
        found.close()


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of whole parcels with its page."""
    base = tmp_path_factory.mktemp("report")
    write_squares(base / "study", decision="whole", title="Squares")
    lf.run(base / "study", base / "run", ["carbon", "food", "cost"], 12)
    lf.report(base / "run")
    return base / "run"


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of two criteria with its page."""
    base = tmp_path_factory.mktemp("pair")
    write_squares(base / "study", decision="whole")
    lf.run(base / "study", base / "run", points=12)
    lf.report(base / "run")
    return base / "run"


class Reader:
    """A page that is open, and what went wrong on it."""

    def __init__(self, browser: Any, run: Path, fragment: str = "", size: dict[str, int] = DESK) -> None:
        self.context = browser.new_context(viewport=size, locale="en-US", offline=True)
        self.page = self.context.new_page()
        self.faults: list[str] = []
        self.asked: list[str] = []
        self.page.on("pageerror", lambda error: self.faults.append(str(error)))
        self.page.on("console", self._said)
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.page.on("dialog", lambda dialog: self.faults.append(dialog.message))
        self.page.goto((run / "report.html").as_uri() + fragment)
        self.page.wait_for_selector("body[data-ready]", timeout=30_000)

    def _said(self, message: Any) -> None:
        if message.type == "error":
            self.faults.append(message.text)

    def wait(self, condition: str) -> None:
        """Until a condition holds; asked from outside, as the page's policy forbids to poll by a string."""
        for _ in range(200):
            if self.page.evaluate(condition):
                return
            self.page.wait_for_timeout(25)
        raise AssertionError(condition)

    def text(self, selector: str) -> str:
        # What is off the screen is not laid out, and has no inner text.
        return str(self.page.text_content(selector))

    def rows(self, table: str) -> list[list[str]]:
        found = self.page.evaluate(
            """id => [...document.querySelectorAll(`#${id} tbody tr`)]
                .map(row => [...row.children].map(cell => cell.textContent))""",
            table,
        )
        return [[str(cell) for cell in row] for row in found]

    @property
    def plan(self) -> int:
        return int(self.page.input_value("#step"))

    @property
    def within(self) -> int:
        return int(re.findall(r"\d+", self.text("#passing"))[0])

    def spot(self, plot: str, x: float, y: float) -> tuple[float, float]:
        """Where a place of a plot is on the screen."""
        self.page.locator(f"#plot-{plot}").scroll_into_view_if_needed()
        at = self.page.evaluate(
            """([name, x, y]) => {
                const model = Bokeh.documents[0].get_model_by_name(name), view = Bokeh.index.find_one(model);
                const box = view.canvas.el.getBoundingClientRect(), { frame } = view;
                return [box.x + frame.x_scale.compute(x), box.y + frame.y_scale.compute(y)];
            }""",
            [plot, x, y],
        )
        return float(at[0]), float(at[1])

    def dot(self, plot: str, point: int) -> tuple[float, float]:
        """Where the dot of a plan is on the screen."""
        _, i, j = plot.split("_")
        x, y = self.page.evaluate(
            """([i, j, point]) => {
                const { data } = Bokeh.documents[0].get_model_by_name("points");
                return [data[`c${i}`][point], data[`c${j}`][point]];
            }""",
            [i, j, point],
        )
        return self.spot(plot, x, y)

    def drag(self, start: tuple[float, float], end: tuple[float, float]) -> None:
        self.page.mouse.move(*start)
        self.page.mouse.down()
        self.page.mouse.move((start[0] + end[0]) / 2, (start[1] + end[1]) / 2, steps=4)
        self.page.mouse.move(*end, steps=4)
        self.page.mouse.up()

    def cells(self, name: str) -> dict[int, int]:
        """How many cells of a map have each colour."""
        found = self.page.evaluate(
            """name => {
                const found = {}, source = Bokeh.documents[0].get_model_by_name(`${name}_picture`);
                for (const colour of source.data.image[0]) found[colour] = (found[colour] ?? 0) + 1;
                return found;
            }""",
            name,
        )
        return {int(colour): int(count) for colour, count in found.items()}

    def close(self) -> None:
        self.context.close()


@pytest.fixture
def opened(browser: Any) -> Iterator[Any]:
    readers: list[Reader] = []

    def open_page(run: Path, fragment: str = "", size: dict[str, int] = DESK) -> Reader:
        readers.append(Reader(browser, run, fragment, size))
        return readers[-1]

    yield open_page
    for reader in readers:
        reader.close()
    assert [fault for reader in readers for fault in reader.faults] == []


@pytest.fixture
def shots(tmp_path: Path) -> Path:
    """Where screenshots are kept: LANDFRONT_SCREENSHOTS, or a folder of the test's own."""
    folder = Path(os.environ.get("LANDFRONT_SCREENSHOTS", tmp_path))
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def front_of(run: Path) -> pd.DataFrame:
    return pd.read_csv(run / "front.csv")


def test_the_page_opens_without_a_network_and_asks_for_nothing(opened: Any, pair: Path) -> None:
    reader = opened(pair)
    assert [url for url in reader.asked if not url.startswith(("file:", "data:", "blob:"))] == []
    assert reader.text("h1") == "Squares"
    assert not reader.page.is_visible("#broken")
    assert reader.page.locator("section").count() == 10


def test_tables_tell_the_figures_of_the_run(opened: Any, pair: Path) -> None:
    reader = opened(pair, "#a=3")
    frame, units = front_of(pair), lf.read(pair.parent / "study")
    told = reader.rows("criteria")
    for row, name in zip(told, units.criteria, strict=True):
        unit = {"carbon": "t CO2e", "food": "t/yr", "cost": "CNY"}.get(name, "")
        value = float(frame[name][3])
        assert row[2].split()[0] == typeset(quantity(value, unit)).split()[0]
    assert len(reader.rows("all-plans")) == len(frame)
    totals = pd.read_csv(pair / "totals.csv")
    land = totals[(totals["point"] == 3) & (totals["level"] == "all")].set_index("intervention")["area_ha"]
    shown = sorted(float(row[1].split()[0]) for row in reader.rows("land"))
    assert shown == pytest.approx(sorted(land))


def test_a_click_on_a_dot_chooses_the_plan_everywhere(opened: Any, pair: Path) -> None:
    reader = opened(pair, "#a=3")
    before = reader.rows("criteria"), reader.cells("map_a")
    reader.page.mouse.click(*reader.dot("front_0_1", 9))
    reader.wait("document.getElementById('step').value === '9'")
    assert "Plan 9" in reader.text("#name-a")
    assert "a=9" in reader.page.url
    assert reader.rows("criteria") != before[0]
    assert reader.cells("map_a") != before[1]
    assert "Plan 9" in reader.text("#proof-list")


def test_the_map_shows_each_intervention_on_its_land(opened: Any, pair: Path) -> None:
    reader = opened(pair, "#a=5")
    totals = pd.read_csv(pair / "totals.csv")
    land = totals[(totals["point"] == 5) & (totals["level"] == "all")]["area_ha"]
    cells = np.array(sorted(reader.cells("map_a").values()), dtype=float)
    assert cells / cells.sum() == pytest.approx(np.sort(land / land.sum()), abs=0.01)


def test_a_parcel_on_the_map_tells_what_it_is(opened: Any, pair: Path) -> None:
    reader = opened(pair, "#a=5")
    layer = gpd.read_file(pair.parent / "study" / "parcels.gpkg")
    centre = layer.geometry[7].centroid
    reader.page.mouse.click(*reader.spot("map_a", centre.x, centre.y))
    reader.wait("document.getElementById('parcel').textContent.includes('p007')")
    assert layer["town"][7] in reader.text("#parcel")


def test_a_brush_keeps_the_plans_inside(opened: Any, pair: Path) -> None:
    reader = opened(pair)
    count, frame = reader.within, front_of(pair)
    first, last = reader.dot("front_0_1", 2), reader.dot("front_0_1", 6)
    reader.drag((first[0] - 6, first[1] - 6), (last[0] + 6, last[1] + 6))
    reader.wait("!document.getElementById('undo').disabled")
    assert reader.within == 5 < count == len(frame)
    assert 2 <= reader.plan <= 6
    reader.page.click("#undo")
    assert reader.within == count


def test_a_brush_on_the_axes_keeps_the_lines_inside(opened: Any, whole: Path) -> None:
    reader = opened(whole)
    reader.drag(reader.spot("parallel", -0.15, 1.1), reader.spot("parallel", 0.15, 0.5))
    reader.wait("!document.getElementById('undo').disabled")
    carbon = front_of(whole)["carbon"]
    middle = (carbon.min() + carbon.max()) / 2
    assert reader.within == pytest.approx(int((carbon >= middle).sum()), abs=1)
    assert 0 < reader.within < len(carbon)


def test_three_criteria_have_a_plot_for_each_pair(opened: Any, whole: Path) -> None:
    reader = opened(whole)
    assert all(reader.page.locator(f"#plot-front_{i}_{j}").count() == 1 for i, j in ((0, 1), (0, 2), (1, 2)))
    reader.page.mouse.click(*reader.dot("front_1_2", 4))
    reader.wait("document.getElementById('step').value === '4'")


def test_a_threshold_moves_by_keyboard_and_moves_the_choice(opened: Any, pair: Path) -> None:
    reader = opened(pair, "#a=0")
    reader.page.focus("#gate-0")
    for _ in range(30):
        reader.page.keyboard.press("PageUp")
    frame = front_of(pair)
    assert 0 < reader.within < len(frame)
    bound = float(re.findall(r"low\.carbon=([\d.]+)", reader.page.url)[0])
    assert reader.within == int((frame["carbon"] >= bound * (1 - 1e-9)).sum())
    assert frame["carbon"][reader.plan] >= bound * (1 - 1e-9)
    assert "outside the thresholds" in reader.text("#told") or reader.plan != 0


def test_thresholds_that_no_plan_meets_are_told(opened: Any, pair: Path) -> None:
    reader = opened(pair, "#a=2")
    reader.page.evaluate("location.hash = 'a=2&low.carbon=1e30'")
    reader.wait("document.getElementById('told').textContent.includes('No plan')")
    assert reader.within == 0
    assert reader.plan == 2


def test_two_plans_stand_side_by_side(opened: Any, pair: Path) -> None:
    reader = opened(pair, "#a=3")
    assert not reader.page.is_visible("#plot-map_b")
    reader.page.select_option("#second", "8")
    assert reader.page.is_visible("#plot-map_b")
    frame = front_of(pair)
    row = reader.rows("criteria")[0]
    change = float(frame["carbon"][8] - frame["carbon"][3])
    assert (
        row[6].replace("▲ ", "").replace("▼ ", "").split()[0].lstrip("+−")
        == quantity(abs(change), "t CO2e").split()[0]
    )
    assert len(reader.rows("land")[0]) == 5
    assert len(reader.rows("regions-table")[0]) > 4
    reader.page.click("[data-map=change]")
    one, other = reader.cells("map_a"), reader.cells("map_b")
    assert sum(one.values()) == sum(other.values())
    assert one != other


def test_language_and_units_change_all_words(opened: Any, pair: Path) -> None:
    reader = opened(pair)
    english = reader.text("main")
    reader.page.click("#language")
    assert reader.page.get_attribute("html", "lang") == "zh-CN"
    chinese = reader.text("main")
    for word in ("权衡前沿", "边际减排成本曲线", "横向补偿", "已证明", "拐点"):
        assert word in chinese
        assert word not in english
    reader.page.select_option("#units", "cn")
    assert "亩" in reader.text("#land")
    headings = reader.page.locator("h2").all_inner_texts()
    assert all(re.search("[\u4e00-\u9fff]", heading) for heading in headings)
    reader.page.click("#language")
    assert "mu" in reader.text("#land")
    hectares = float(reader.rows("land")[0][1].split()[0].replace(",", "")) / 15
    reader.page.select_option("#units", "si")
    assert float(reader.rows("land")[0][1].split()[0].replace(",", "")) == pytest.approx(hectares, rel=1e-3)


def test_a_link_restores_the_view_and_reset_the_first_one(opened: Any, pair: Path) -> None:
    reader = opened(pair, "#a=3")
    reader.page.select_option("#second", "6")
    reader.page.click("#language")
    reader.page.focus("#gate-1")
    reader.page.keyboard.press("ArrowRight")
    link = reader.page.url
    again = opened(pair, "#" + link.split("#")[1])
    assert again.plan == reader.plan
    assert again.text("main") == reader.text("main")
    again.page.click("#reset")
    assert again.page.input_value("#second") == "-1"
    assert again.within == len(front_of(pair))
    for _ in range(2):
        again.page.keyboard.press("Control+z")
    assert again.page.input_value("#second") == "6"


@pytest.mark.parametrize(
    "fragment",
    ["a=99999&b=-3", "a=x&low.carbon=&high.nothing=3", "%E0%A4%A", "level=9&map=<b>&mark=__proto__"],
)
def test_a_link_that_makes_no_sense_opens_the_first_view(opened: Any, pair: Path, fragment: str) -> None:
    reader = opened(pair, f"#{fragment}")
    assert reader.within == len(front_of(pair))
    assert 0 <= reader.plan < len(front_of(pair))


def test_all_is_reached_by_keyboard(opened: Any, pair: Path) -> None:
    reader = opened(pair, "#a=3")
    reached: set[str] = set()
    for _ in range(120):
        reader.page.keyboard.press("Tab")
        reached.add(str(reader.page.evaluate("document.activeElement.id")))
    assert {"reset", "link", "units", "language", "next", "step", "second", "gate-0", "gate-1"} <= reached
    reader.page.focus("#step")
    reader.page.keyboard.press("ArrowRight")
    assert reader.plan == 4
    reader.page.focus("#next")
    reader.page.keyboard.press("Enter")
    assert reader.plan == 5
    reader.page.keyboard.press("Control+z")
    assert reader.plan == 4


@pytest.mark.parametrize(("size", "name"), [(DESK, "desk"), (PHONE, "phone")])
def test_nothing_runs_over_the_edge_of_a_screen(
    opened: Any, pair: Path, shots: Path, size: dict[str, int], name: str
) -> None:
    for language in ("en", "zh"):
        reader = opened(pair, f"#a=3&b=8&lang={language}", size)
        wide = reader.page.evaluate("document.documentElement.scrollWidth")
        assert wide <= size["width"]
        reader.page.add_style_tag(content=".scroll { content-visibility: visible !important }")
        reader.page.screenshot(path=str(shots / f"{name}-{language}.png"), full_page=True)
    assert (shots / f"{name}-en.png").stat().st_size > 10_000


@pytest.mark.parametrize("size", [DESK, PHONE])
def test_axe_finds_no_serious_fault(opened: Any, pair: Path, size: dict[str, int]) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe is not installed")
    reader = opened(pair, "#a=3&b=8", size)
    found = axe.Axe().run(reader.page).response["violations"]
    serious = [
        (fault["id"], [node["html"][:200] for node in fault["nodes"]][:3])
        for fault in found
        if fault["impact"] in ("serious", "critical")
    ]
    assert serious == []


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run whose title, labels, towns, parcels, limits and owners try to be HTML."""
    base = tmp_path_factory.mktemp("hostile")
    study = write_squares(base / "study", decision="whole")
    layer = gpd.read_file(study / "parcels.gpkg")
    ids = {name: f"{name}{HOSTILE}" for name in layer["id"]}
    layer["id"] = layer["id"].map(ids)
    layer["town"] = layer["town"] + SCRIPT
    layer.to_file(study / "parcels.gpkg", layer="parcels", driver="GPKG")
    effects = pd.read_csv(study / "effects.csv")
    effects["id"] = effects["id"].map(ids)
    effects.to_csv(study / "effects.csv", index=False)
    text = (study / "study.toml").read_text(encoding="utf-8")
    bad = json.dumps(f"{HOSTILE}{SCRIPT}")
    text = text.replace('title = "Squares"', f"title = {bad}\ntitle_zh = {bad}")
    text = text.replace(
        'carbon = { sense = "max" }', f'carbon = {{ sense = "max", label = {bad}, label_zh = {bad} }}'
    )
    text = text.replace('owner = "finance bureau"', f"owner = {bad}").replace(
        'reason = "funds"', f"reason = {bad}"
    )
    (study / "study.toml").write_text(text, encoding="utf-8")
    lf.run(study, base / "run")
    lf.report(base / "run")
    return base / "run"


def test_names_that_hold_html_are_shown_as_text(opened: Any, hostile: Path) -> None:
    reader = opened(hostile, "#a=1&b=3")
    assert reader.text("h1") == f"{HOSTILE}{SCRIPT}"
    assert SCRIPT in reader.text("#regions-table")
    assert HOSTILE in reader.text("#limits-table")
    centre = gpd.read_file(hostile.parent / "study" / "parcels.gpkg").geometry[7].centroid
    reader.page.mouse.click(*reader.spot("map_a", centre.x, centre.y))
    reader.wait("document.getElementById('parcel').textContent.includes('p007<img')")
    reader.page.mouse.move(*reader.dot("front_0_1", 2))
    reader.page.wait_for_timeout(400)
    reader.page.click("#language")
    assert reader.page.evaluate("window.hacked") is None
    assert reader.page.locator("img[src=x]").count() == 0
    assert reader.page.locator("script").count() == 3
