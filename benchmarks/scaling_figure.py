"""Seconds against parcels as a figure, from the results of `national.py`."""

from __future__ import annotations

from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes

from measure import ROOT, stored

SIZES = (10_000, 100_000, 1_000_000, 10_000_000)
TARGET = ROOT / "docs" / "figures" / "scaling.png"
# Okabe and Ito's colours; markers differ as well.
LINES = {"share": ("#0072B2", "o", "landfront: relaxation with prices"),
         "whole": ("#009E73", "s", "landfront: certified plan of whole parcels")}  # fmt: skip


def peers(axes: Axes) -> None:
    """Single relaxations by others: HiGHS on the whole matrix, and HiGHS through modelling tools."""
    result = stored("national")
    seconds = result["beside_highs"]["peer"]["solve_cpu_seconds"]
    axes.plot([100_000], [seconds], "D", color="#D55E00", label="HiGHS on the whole matrix (133 rows)")
    marks = {"pyomo": ("^", "#CC79A7", "HiGHS through Pyomo, one level (133 rows)"),
             "linopy": ("v", "#E69F00", "HiGHS through linopy, one level (133 rows)")}  # fmt: skip
    for tool, (mark, colour, label) in marks.items():
        rows = [row for row in result["modelled"] if row["tool"] == tool]
        sizes = [row["arguments"][0] for row in rows]
        each = [float(np.mean(row["level_cpu_seconds_of_each"])) for row in rows]
        axes.plot(sizes, each, mark, linestyle=":", color=colour, label=label)


def main() -> Path:
    """Draw it."""
    rows = stored("national")["scaling"]
    figure, axes = plt.subplots(figsize=(7.6, 4.6), layout="constrained")
    for kind, (colour, mark, label) in LINES.items():
        seconds = [row[kind]["solve_cpu_seconds"] for row in rows]
        axes.loglog(SIZES, seconds, marker=mark, color=colour, label=f"{label} (83 rows)")
    peers(axes)
    axes.set(
        xlabel="parcels, at most eight options each", ylabel="seconds of the processors, one solve",
        title="One problem of national size, from nothing",
    )  # fmt: skip
    axes.grid(alpha=0.3, which="major")
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False, fontsize=8, loc="upper right")
    figure.savefig(TARGET, dpi=110)
    return TARGET


if __name__ == "__main__":
    print(main())
