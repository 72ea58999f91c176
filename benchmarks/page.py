"""The page of a run: size, time to write, time until a browser answers, time that a click takes.

``python benchmarks/page.py [FOLDER]`` keeps its counties and runs in FOLDER, so that a second call measures
the page alone. Needs chromium and playwright.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import landfront.api as lf
from measure import median, save

CASES = ((20_000, 200), (100_000, 200))
LOADS, CLICKS = 5, 12
CHROMIUM = shutil.which("chromium") or "/usr/bin/chromium"
WATCH = """() => {
    window.asked = 0; window.took = [];
    addEventListener("pointerup", (event) => { window.asked = event.timeStamp; }, true);
    new PerformanceObserver((list) => {
        for (const entry of list.getEntriesByName("landfront-answer"))
            window.took.push(entry.startTime + entry.duration - window.asked);
    }).observe({ entryTypes: ["measure"] });
}"""
PLACE = """(point) => {
    const found = Bokeh.documents[0], { data } = found.get_model_by_name("points");
    const { canvas, frame } = Bokeh.index.find_one(found.get_model_by_name("front_0_2"));
    const box = canvas.el.getBoundingClientRect();
    return [box.x + frame.x_scale.compute(data.c0[point]), box.y + frame.y_scale.compute(data.c2[point])];
}"""


def main(folder: Path | None = None) -> Path:
    """Measure every case; each load is a browser context of its own, without a network."""
    with tempfile.TemporaryDirectory() as scratch:
        cases = [measured(folder or Path(scratch), *case) for case in CASES]
    return save("page", {"loads": LOADS, "clicks": CLICKS, "cases": cases})


def measured(folder: Path, parcels: int, points: int) -> dict[str, Any]:
    """One county: its run, the page, and how a browser takes it."""
    run = folder / f"run{parcels}"
    if not (run / "run.toml").is_file():
        lf.generate(folder / f"county{parcels}", parcels, 7)
        lf.run(folder / f"county{parcels}", run, ["carbon", "food"], points)
    wall, cpu = time.perf_counter(), time.process_time()
    page = lf.report(run)
    case = {
        "parcels": parcels,
        "points": points,
        "write_seconds": round(time.perf_counter() - wall, 2),
        "write_processor_seconds": round(time.process_time() - cpu, 2),
        "megabytes": round(page.stat().st_size / 1e6, 2),
    }
    return {**case, **in_browser(page), "load": [round(each, 1) for each in os.getloadavg()]}


def in_browser(page: Path) -> dict[str, Any]:
    """Milliseconds until the first picture of a plan, and from a click to the next one."""
    from playwright.sync_api import sync_playwright

    ready: list[float] = []
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        for _ in range(LOADS):
            context = browser.new_context(viewport={"width": 1366, "height": 768}, offline=True)
            tab = context.new_page()
            tab.goto(page.as_uri())
            tab.wait_for_selector("body[data-ready]", timeout=60_000)
            ready.append(tab.evaluate("performance.getEntriesByName('landfront-ready')[0].startTime"))
            clicks = _clicks(tab) if len(ready) == LOADS else []
            context.close()
        browser.close()
    return {"ready_ms": median(ready), "ready_ms_slowest": max(ready), "click_ms": median(clicks),
            "click_ms_slowest": max(clicks)}  # fmt: skip


def _clicks(tab: Any) -> list[float]:
    """Milliseconds of each click on a dot of the front."""
    tab.locator("#plot-front_0_2").scroll_into_view_if_needed()
    tab.wait_for_timeout(500)
    tab.evaluate(WATCH)
    count = int(tab.get_attribute("#step", "max"))
    for place in range(CLICKS):
        tab.mouse.click(*tab.evaluate(PLACE, round(count * (place + 0.5) / CLICKS)))
        # Longer than two clicks that the browser takes for a double one.
        tab.wait_for_timeout(800)
    took = [round(value, 1) for value in tab.evaluate("window.took")]
    if len(took) != CLICKS:
        raise RuntimeError(f"{len(took)} of {CLICKS} clicks were answered")
    return took


if __name__ == "__main__":
    print(main(Path(sys.argv[1]) if len(sys.argv) > 1 else None).read_text())
