"""A question to the live server about the bundled county of 20,000 parcels: seconds to the certified answer.

    python benchmarks/live.py            five thresholds, three runs each; writes results/live.json

What is counted is the whole way of an answer without the browser: solve, prove, keep in the journal, and take
into the front; then the page with it. A first question loads compiled code and is not counted.
"""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from time import perf_counter

import numpy as np

import landfront.api as lf
from landfront.report.page.live import Live
from measure import RUNS, median, save

KEPT = Path(tempfile.gettempdir()) / "landfront-live"
SHARES = (0.1, 0.3, 0.5, 0.7, 0.9)
"""Thresholds on food, as shares of the front's range."""


def asked() -> dict[str, object]:
    """Median and longest answer, gaps, and the page."""
    run = KEPT / "county"
    if not (run / "run.toml").is_file():
        lf.demo("county", run)
    live = Live(run)
    food = live.result.front.values[:, 1]
    live.page()
    live._answer({"food": float(np.quantile(food, 0.2))})
    seconds, pages, gaps = [], [], []
    for turn in range(RUNS):
        for share in SHARES:
            least = float(food.min() + (share + 0.003 * turn) * np.ptp(food))
            began = perf_counter()
            told = live._answer({"food": least})
            seconds.append(perf_counter() - began)
            gaps.append(told["gap"])
        began = perf_counter()
        live.page()
        pages.append(perf_counter() - began)
    return {
        "parcels": 20_000, "answers": len(seconds), "median_s": round(median(seconds), 2),
        "longest_s": round(max(seconds), 2), "largest_gap": max(gaps), "page_s": round(median(pages), 2),
    }  # fmt: skip


if __name__ == "__main__":
    print(json.dumps(json.loads(save("live", asked()).read_text()), indent=1))
