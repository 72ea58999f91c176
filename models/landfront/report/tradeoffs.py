"""The trade-off figure: what happens to every other criterion along the front."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from landfront.report.canvas import place_letters, plain, sheet, thousands
from landfront.report.front_figure import axis_name, axis_scale, badges
from landfront.report.proof_words import listed
from landfront.report.quantities import Scale
from landfront.report.result import Result
from landfront.report.style import ACCENT, FAINT, MUTED
from landfront.report.wrapping import lines_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Floats = NDArray[np.float64]
COLUMNS = 3
ROW = 3.05
NEAR = 0.12
"""Share of the range within which a point stands in the way of a line's name."""


def tradeoff_figure(result: Result) -> Figure:
    """One small plot per other criterion against the first one; up is always better."""
    first, others = result.front.criteria[0], panels(result)
    rows, columns = -(-len(others) // COLUMNS), min(COLUMNS, len(others))
    page = sheet(result.formulation.study.title, "Trade-offs along the front", _note(result), body=ROW * rows)
    wide = (page.width - 0.2) / columns
    for place, name in enumerate(others):
        row, column = divmod(place, columns)
        bottom = page.body - ROW * (row + 1) + 0.55
        axes = page.axes(0.1 + wide * column + 0.8, bottom, wide - 0.95, ROW - 0.75)
        _panel(axes, result, (first, name))
    return page.figure


def panels(result: Result) -> list[str]:
    """Criteria that get a plot: those that the front's own figure does not show, and the second of two."""
    if len(result.criteria) == 2:
        return []
    own = result.front.criteria[1:] if len(result.front.criteria) == 2 else ()
    return [*own, *_rest(result)]


def _note(result: Result) -> str:
    letters = "; ".join(
        f"{letter}: {', '.join(named.label for named in group)}" for letter, group in badges(result).items()
    )
    start = f"{letters}. " if letters else ""
    return f"{start}Up is better in every plot. The front was searched for {_searched(result)}."


def _rest(result: Result) -> list[str]:
    return [name for name in result.criteria if name not in result.front.criteria]


def _searched(result: Result) -> str:
    return listed([result.word(name) for name in result.front.criteria])


def _panel(axes: Axes, result: Result, pair: tuple[str, str]) -> None:
    scales = [axis_scale(result, name) for name in pair]
    x, y = (
        result.values[:, result.criteria.index(name)] / entry.factor
        for name, entry in zip(pair, scales, strict=True)
    )
    plain(axes)
    # Between the plans of a front over whole parcels there is nothing; those of three criteria are no line.
    joined = not result.program.integer.any() and len(result.front.criteria) == 2
    line = 1.0 if joined else 0.0
    axes.plot(x, y, color=ACCENT, linewidth=line, marker="o", markersize=3)
    names = [lines_of(axis_name(result, name), 32, most=1)[0] for name in pair]
    units = [f"({entry.unit})" if entry.unit else "" for entry in scales]
    axes.set_xlabel(f"{names[0]} {units[0]}".rstrip(), fontsize=8.5)
    axes.set_ylabel(f"{names[1]}\n{units[1]}".rstrip(), fontsize=8.5)
    thousands(axes, "x", most=6)
    thousands(axes, "y", most=8)
    axes.tick_params(labelsize=7.5)
    axes.margins(0.12)
    if result.steady(pair[1]):
        _flat(axes, result, pair[1], scales[1])
    else:
        _today(axes, x, y, result.baseline[pair[1]] / scales[1].factor)
    if result.formulation.study.criteria[pair[1]].sense == "min":
        axes.invert_yaxis()
    spots = [
        (letter, float(x[group[0].point]), float(y[group[0].point]))
        for letter, group in badges(result).items()
    ]
    place_letters(axes, spots, np.column_stack([x, y]), size=8, joined=len(result.front.criteria) == 2)


def _flat(axes: Axes, result: Result, name: str, entry: Scale) -> None:
    """An axis wide enough that what is the same in every plan, but for noise, looks the same."""
    values = result.values[:, result.criteria.index(name)] / entry.factor
    middle = float(values.mean())
    half = 0.1 * abs(middle) or 1.0
    axes.set_ylim(middle - half, middle + half)
    about = "" if result.constant(name) else "nearly "
    text = f"{about}the same in every plan:\n{entry.text(middle * entry.factor)}"
    axes.annotate(text, (0.03, 0.97), xycoords="axes fraction", fontsize=7.5, color=MUTED, va="top")


def _today(axes: Axes, x: Floats, y: Floats, base: float) -> None:
    """A line at today's total, where the front is on both sides of it, named where there is room."""
    if not y.min() <= base <= y.max():
        return
    axes.axhline(base, color=FAINT, linewidth=0.9, linestyle=":")
    near = np.abs(y - base) <= NEAR * float(np.ptp(y))
    middle = (float(x.min()) + float(x.max())) / 2
    left = np.count_nonzero(near & (x > middle)) > np.count_nonzero(near & (x <= middle))
    axes.annotate(
        "today", (0 if left else 1, base), xycoords=("axes fraction", "data"), fontsize=7, color=MUTED,
        ha="left" if left else "right", va="bottom",
    )  # fmt: skip
