"""All criteria side by side: an axis each with the better end on top, a line per plan of the front."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from landfront.report.canvas import sheet, ticks_between
from landfront.report.front_figure import axis_name, axis_scale, badges
from landfront.report.proof_words import listed
from landfront.report.quantities import Scale, number
from landfront.report.result import Result
from landfront.report.style import ALERT, INK, MUTED
from landfront.report.wrapping import lines_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Floats = NDArray[np.float64]
BODY, ROOM = 4.9, 0.045
"""Inches; share of an axis that ticks keep from its ends, where the best and the worst value stand."""
CROWD = 60
BRIGHTEST = 0.9
"""Share of the colours that lines use: the brightest cannot be seen on white."""


def parallel_figure(result: Result) -> Figure:
    """Draw the front's criteria, then the others that differ between its plans."""
    names = shown(result)
    page = sheet(
        result.formulation.study.title, "All criteria, plan by plan", _note(result, names), body=BODY
    )
    axes = page.axes(0.35, 0.75, page.width - 0.55, BODY - 0.8)
    axes.set(xlim=(-0.3, len(names) - 0.45), ylim=(-0.09, 1.12))
    axes.set_axis_off()
    heights = _heights(result, names)
    _lines(axes, result, heights)
    width = (page.width - 0.55) / len(names)
    for place, name in enumerate(names):
        _axis(axes, result, place, name)
        _heading(axes, result, place, name, letters=width * 13.0)
    _letters(axes, result, names)
    return page.figure


def shown(result: Result) -> list[str]:
    """Criteria with an axis: those of the front, and others that differ between its plans."""
    others = [name for name in result.criteria if name not in result.front.criteria]
    return [*result.front.criteria, *(name for name in others if not result.steady(name))]


def _note(result: Result, names: list[str]) -> str:
    letters = "; ".join(
        f"{letter}: {', '.join(named.label for named in group)}" for letter, group in badges(result).items()
    )
    first = result.word(result.front.criteria[0])
    text = f"{letters}. Up is better on every axis. Each line is a plan; dark ones have little {first}"
    text += f". The front was searched for {listed([result.word(name) for name in result.front.criteria])}"
    alike = [result.word(name) for name in result.criteria if name not in names]
    return f"{text}; {listed(alike)} is nearly the same in every plan." if alike else f"{text}."


def _columns(result: Result, name: str) -> Floats:
    return np.asarray(result.values[:, result.criteria.index(name)])


def _up(result: Result, name: str) -> bool:
    return result.formulation.study.criteria[name].sense == "max"


def _heights(result: Result, names: list[str]) -> Floats:
    """0 for the worst and 1 for the best value of each criterion, shape (s, q)."""
    found = []
    for name in names:
        column = _columns(result, name)
        span = float(np.ptp(column)) or 1.0
        share = (column - column.min()) / span
        found.append(share if _up(result, name) else 1.0 - share)
    return np.array(found).T


def _lines(axes: Axes, result: Result, heights: Floats) -> None:
    import matplotlib as mpl

    places = np.arange(heights.shape[1])
    width = 1.1 if len(heights) < CROWD else 0.6
    first = result.front.values[:, 0]
    share = (first - first.min()) / (float(np.ptp(first)) or 1.0)
    for line, colour in zip(heights, mpl.colormaps["cividis"](BRIGHTEST * share), strict=True):
        axes.plot(places, line, color=colour, linewidth=width, alpha=0.75, zorder=1)
    if result.knee is not None:
        axes.plot(
            places, heights[result.knee], color=ALERT, linewidth=2.2, marker="D", markersize=4.5, zorder=2,
            label="knee",
        )  # fmt: skip
        axes.legend(loc="upper right", bbox_to_anchor=(1.0, 1.12), fontsize=8.5, frameon=False)


def _axis(axes: Axes, result: Result, place: int, name: str) -> None:
    """An axis with round values, the best above it and the worst below."""
    scale = axis_scale(result, name)
    column = _columns(result, name) / scale.factor
    low, high = float(column.min()), float(column.max())
    axes.plot([place, place], [0, 1], color=INK, linewidth=0.9, zorder=3)
    if high <= low:
        _tick(axes, place, 0.5, number(low))
        return
    best, worst = (high, low) if _up(result, name) else (low, high)
    for height, value in ((1.045, best), (-0.05, worst)):
        axes.text(
            place, height, number(value), fontsize=8, weight="bold", color=INK, ha="center", va="center"
        )
    for value, text in ticks_between(low, high):
        share = (value - low) / (high - low)
        if ROOM <= share <= 1 - ROOM:
            _tick(axes, place, share if _up(result, name) else 1.0 - share, text)


def _tick(axes: Axes, place: int, height: float, text: str) -> None:
    """A tick with its value: left of the first axis, where no line is in the way, right of the others."""
    side = -1 if place == 0 else 1
    axes.plot([place, place + 0.02 * side], [height, height], color=INK, linewidth=0.9, zorder=3)
    axes.text(
        place + 0.04 * side, height, text, fontsize=7.5, color=INK, va="center", zorder=4,
        ha="right" if place == 0 else "left",
        bbox={"boxstyle": "square,pad=0.1", "facecolor": "white", "edgecolor": "none", "alpha": 0.8},
    )  # fmt: skip


def _heading(axes: Axes, result: Result, place: int, name: str, *, letters: float) -> None:
    """Name, unit and direction under an axis; criteria that were not searched for are fainter."""
    scale: Scale = axis_scale(result, name)
    direction = "more is better" if _up(result, name) else "less is better"
    unit = f"({scale.unit})" if scale.unit else ""
    lines = [*lines_of(axis_name(result, name), letters, most=2), *lines_of(unit, letters, most=2)]
    searched = name in result.front.criteria
    axes.text(
        place, -0.1, "\n".join([*(line for line in lines if line), direction]), fontsize=8, va="top",
        ha="center", color=INK if searched else MUTED, weight="bold" if searched else "normal",
    )  # fmt: skip


def _letters(axes: Axes, result: Result, names: list[str]) -> None:
    """The letter of the plan that is best in a criterion, on top of its axis."""
    for letter, group in badges(result).items():
        for named in group:
            if named.name != "knee" and named.name[4:] in names:
                place = names.index(named.name[4:])
                axes.text(
                    place, 1.095, letter, fontsize=9, weight="bold", color=INK, ha="center", va="center"
                )
