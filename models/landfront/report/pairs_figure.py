"""The front of three criteria or more: each pair of them, coloured by the first one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from landfront.report.canvas import KeyRow, Sheet, key, key_height, place_letters, plain, sheet, thousands
from landfront.report.front_figure import axis_name, axis_scale, badges, key_row
from landfront.report.proof_words import statement
from landfront.report.quantities import Scale
from landfront.report.result import Result
from landfront.report.style import ALERT, FAINT, INK, MUTED
from landfront.report.wrapping import lines_of, width_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Floats = NDArray[np.float64]
KEY = 2.7
LEFT, BOTTOM, GAP = 0.85, 0.6, 0.22
TALLEST = 2.6
CROWD = 60
EDGE, NARROW = 0.26, 1.8
"""Inches beside the outermost points, for their letters; width of a panel below which ticks are few."""
LETTERS_PER_INCH = 14.0


def pairs_figure(result: Result) -> Figure:
    """Draw a panel per pair of criteria, the lower half of a square of panels."""
    count = len(result.front.criteria)
    rows = [key_row(result, *group) for group in badges(result).items()]
    wide = (10.0 - KEY - 0.3 - LEFT) / (count - 1) - GAP
    tall = min(wide, TALLEST)
    body = max(BOTTOM + (tall + GAP) * (count - 1), key_height(rows, KEY) + 0.2)
    title = result.formulation.study.title
    page = sheet(title, "What is possible, two criteria at a time", _note(result), body=body)
    scales = [axis_scale(result, name) for name in result.front.criteria]
    for row in range(1, count):
        for column in range(row):
            left = LEFT + (wide + GAP) * column
            bottom = body - (tall + GAP) * row + GAP / 2
            axes = page.axes(left, bottom, wide, tall)
            _panel(axes, result, (column, row), scales, size=(wide, tall))
            _label(axes, result, (column, row), scales, size=(wide, tall))
    top = (LEFT + wide + GAP, body - 0.1)
    _legend(page, page.figure.axes[0], result, top=top, wide=wide)
    _key(page, rows)
    return page.figure


def _note(result: Result) -> str:
    return f"{statement(result)} Right and up are better in every panel."


def _panel(
    axes: Axes, result: Result, pair: tuple[int, int], scales: list[Scale], *, size: tuple[float, float]
) -> None:
    """Points of one pair, the better ends to the right and on top."""
    values = result.front.values / [entry.factor for entry in scales]
    x, y = values[:, pair[0]], values[:, pair[1]]
    plain(axes)
    dot = 22 if len(result.front) < CROWD else 9
    axes.scatter(x, y, s=dot, zorder=3, **colouring(result))
    _corners(axes, result, pair, scales)
    axes.tick_params(labelsize=7.5)
    axes.margins(*(EDGE / inches for inches in size))
    for which, axis in zip("xy", pair, strict=True):
        thousands(axes, which, most=5 if size[0] > NARROW else 3)
        if result.front.senses[axis] > 0:
            getattr(axes, f"invert_{which}axis")()
    spots = [
        (letter, float(x[group[0].point]), float(y[group[0].point]))
        for letter, group in badges(result).items()
    ]
    place_letters(axes, spots, np.column_stack([x, y]), size=8, joined=False)


def colouring(result: Result) -> dict[str, Any]:
    """Colours of the points by the first criterion, as options of a scatter plot."""
    return {
        "c": result.front.values[:, 0], "cmap": "cividis", "linewidths": 0.3, "edgecolors": INK,
    }  # fmt: skip


def _corners(axes: Axes, result: Result, pair: tuple[int, int], scales: list[Scale]) -> None:
    """Ideal, nadir and knee, as in the figure of two criteria."""
    front, chosen = result.front, list(pair)
    factors = np.array([scales[axis].factor for axis in pair])
    if len(front) > 1:
        for corner, name, marker in ((front.ideal, "ideal (out of reach)", "*"), (front.nadir, "nadir", "X")):
            x, y = corner[chosen] / factors
            axes.scatter(
                x, y, marker=marker, s=55, color=FAINT, edgecolors=INK, linewidths=0.5, zorder=2, label=name
            )
    if result.knee is not None:
        x, y = front.values[result.knee, chosen] / factors
        axes.scatter(
            x, y, marker="D", s=60, facecolors="none", edgecolors=ALERT, linewidths=1.5, zorder=4,
            label="knee",
        )  # fmt: skip


def _label(
    axes: Axes, result: Result, pair: tuple[int, int], scales: list[Scale], *, size: tuple[float, float]
) -> None:
    """Labels on the outer panels only: panels below each other share an axis, and so do those in a row."""
    last = len(result.front.criteria) - 1
    if pair[1] == last:
        axes.set_xlabel(_axis_text(result, pair[0], scales, size[0]), fontsize=8.5)
    else:
        axes.tick_params(labelbottom=False)
    if pair[0] == 0:
        axes.set_ylabel(_axis_text(result, pair[1], scales, size[1]), fontsize=8.5)
    else:
        axes.tick_params(labelleft=False)


def _axis_text(result: Result, axis: int, scales: list[Scale], inches: float) -> str:
    """Criterion over its unit, as wide as a panel."""
    name = axis_name(result, result.front.criteria[axis])
    unit = f"({scales[axis].unit})" if scales[axis].unit else ""
    width = inches * LETTERS_PER_INCH
    if width_of(f"{name} {unit}") <= width:
        return f"{name} {unit}".rstrip()
    return f"{lines_of(name, width, most=1)[0]}\n{unit}"


def _legend(page: Sheet, panel: Axes, result: Result, *, top: tuple[float, float], wide: float) -> None:
    """What the marks and colours mean, where the upper half of the square is empty."""
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    left, height = top
    axes = page.axes(left, height - 0.7, wide, 0.7)
    axes.set_axis_off()
    handles, labels = panel.get_legend_handles_labels()
    axes.legend(handles, labels, loc="upper left", fontsize=8, frameon=False, borderaxespad=0)
    # With three criteria there is one empty panel: the colours go below the marks.
    below = len(result.front.criteria) == 3
    place = (left + 0.1, height - 1.1) if below else (left + wide + GAP, height - 0.25)
    spots = next(entry for entry in panel.collections if entry.get_array() is not None)
    entry = axis_scale(result, result.front.criteria[0])
    bar = page.figure.colorbar(
        spots, cax=page.axes(*place, min(wide, 2.2) - 0.2, 0.1), orientation="horizontal"
    )
    bar.locator = MaxNLocator(4 if wide > NARROW else 2)
    bar.formatter = FuncFormatter(lambda value, position: f"{value / entry.factor:,g}")
    bar.update_ticks()
    bar.set_label(_axis_text(result, 0, [entry], min(wide, 2.2)), fontsize=8, color=MUTED)
    bar.ax.tick_params(labelsize=7.5)
    bar.outline.set_visible(False)


def _key(page: Sheet, rows: list[KeyRow]) -> None:
    key(page.axes(page.width - KEY - 0.1, 0, KEY, page.body), "Plans", rows)
