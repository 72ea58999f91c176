"""The trade-off figure: what happens to every other criterion along the front."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from landfront.report.canvas import caption, place_letters, plain, sheet, thousands
from landfront.report.front_figure import axis_scale, badges
from landfront.report.result import Result
from landfront.report.style import ACCENT, FAINT, Labels

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COLUMNS = 3


def tradeoff_figure(result: Result, labels: Labels) -> Figure:
    """One small plot per other criterion against the first one; up is always better."""
    first, *others = [*result.front.criteria, *_rest(result)]
    rows = -(-len(others) // COLUMNS)
    height = 1.6 + 2.9 * rows
    figure = sheet(
        f"{labels.text(result.formulation.study.title, 'Study')}: trade-offs along the front", height=height
    )
    width = min(COLUMNS, len(others))
    grid = figure.add_gridspec(
        rows, width, left=0.09, right=0.975, top=1 - 0.62 / height, bottom=1.15 / height,
        wspace=0.36, hspace=0.42,
    )  # fmt: skip
    for place, name in enumerate(others):
        axes = figure.add_subplot(grid[divmod(place, width)])
        _panel(axes, result, (first, name), labels)
    letters = "; ".join(
        f"{letter}: {', '.join(named.label for named in group)}" for letter, group in badges(result).items()
    )
    caption(figure, f"{letters}. Up is better in every plot. The front was searched for {_searched(result)}.")
    return figure


def _rest(result: Result) -> list[str]:
    return [name for name in result.criteria if name not in result.front.criteria]


def _searched(result: Result) -> str:
    return " and ".join(result.label(name) for name in result.front.criteria)


def _panel(axes: Axes, result: Result, pair: tuple[str, str], labels: Labels) -> None:
    scales = [axis_scale(result, name) for name in pair]
    x, y = (
        result.values[:, result.criteria.index(name)] / entry.factor
        for name, entry in zip(pair, scales, strict=True)
    )
    plain(axes)
    line = not result.program.integer.any()
    axes.plot(x, y, color=ACCENT, linewidth=1.0 if line else 0, marker="o", markersize=3)
    base = result.baseline[pair[1]] / scales[1].factor
    if y.min() <= base <= y.max() and not result.constant(pair[1]):
        axes.axhline(base, color=FAINT, linewidth=0.9, linestyle=":")
        axes.annotate(
            "today",
            (1, base),
            xycoords=("axes fraction", "data"),
            fontsize=7,
            color="#666666",
            ha="right",
            va="bottom",
        )
    axes.set_xlabel(f"{labels.text(result.label(pair[0]), pair[0])} ({scales[0].unit})", fontsize=8.5)
    axes.set_ylabel(f"{labels.text(result.label(pair[1]), pair[1])}\n({scales[1].unit})", fontsize=8.5)
    thousands(axes)
    axes.tick_params(labelsize=7.5)
    axes.margins(0.12)
    if result.constant(pair[1]):
        middle = float(y.mean())
        axes.set_ylim(middle - 0.1 * abs(middle) - 1e-9, middle + 0.1 * abs(middle) + 1e-9)
        axes.annotate(
            "the same in every plan", (0.03, 0.9), xycoords="axes fraction", fontsize=7.5, color="#555555"
        )
    if result.formulation.study.criteria[pair[1]].sense == "min":
        axes.invert_yaxis()
    spots = [
        (letter, float(x[group[0].point]), float(y[group[0].point]))
        for letter, group in badges(result).items()
    ]
    place_letters(axes, spots, np.column_stack([x, y]), size=8)
