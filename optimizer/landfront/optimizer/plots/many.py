"""Figures of fronts of three criteria, as coloured pairs, and of any number, on parallel axes."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from landfront.optimizer.front import Floats, Front
from landfront.optimizer.plots.sheet import (
    ALERT,
    COLOURS,
    INK,
    MUTED,
    Scale,
    finish,
    landmarks,
    new_figure,
    plain,
    scales,
    thousands,
    tick_text,
    typeset,
)
from landfront.optimizer.quality import knee

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

CROWD = 60
"""From so many points on, lines and marks are drawn thinner."""

BRIGHTEST = 0.9
"""Share of the colours that lines use: the brightest cannot be seen on white."""

ROOM = 0.04
"""Ticks keep this share of an axis from its ends, where the best and the worst value stand."""


def three_figure(front: Front, title: str) -> Figure:
    """Each pair of three criteria, coloured by the third."""
    figure = new_figure(front, title, (12.0, 5.1 if title else 4.7))
    panels = figure.subplots(1, 3)
    for axes, pair in zip(panels, ((0, 1), (0, 2), (1, 2)), strict=True):
        _pair(axes, front, pair)
    handles, labels = panels[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower right", ncols=len(labels), fontsize=8.5, frameon=False)
    return finish(figure)


def _pair(axes: Axes, front: Front, pair: tuple[int, int]) -> None:
    first, second = pair
    third = 3 - first - second
    each = scales(front)
    values = front.values / [scale.factor for scale in each]
    plain(axes)
    size = 22 if len(front) < CROWD else 10
    spots = axes.scatter(
        values[:, first], values[:, second], c=values[:, third], cmap=COLOURS, s=size, linewidths=0.3,
        edgecolors=INK, zorder=3,
    )  # fmt: skip
    landmarks(axes, front, np.array([scale.factor for scale in each]), pair)
    axes.set_xlabel(each[first].label(40), fontsize=9)
    axes.set_ylabel(each[second].label(40), fontsize=9)
    axes.margins(0.08)
    for axis in (axes.xaxis, axes.yaxis):
        thousands(axis, 5)
    _colour_bar(axes, spots, each[third])


def _colour_bar(axes: Axes, spots: object, third: Scale) -> None:
    figure = axes.figure
    bar = figure.colorbar(spots, ax=axes, location="top", aspect=30, pad=0.02)  # type: ignore[arg-type]
    bar.set_label(f"colour: {third.label(44)}", fontsize=8.5, color=MUTED)
    thousands(bar.ax.xaxis, 5)
    bar.ax.tick_params(labelsize=8, colors=INK)
    bar.outline.set_visible(False)


def parallel_figure(front: Front, title: str) -> Figure:
    """An axis per criterion with the better end on top, a line per point coloured by the first criterion."""
    count = len(front.criteria)
    size = (max(7.2, 1.9 * count), 5.6 if title else 5.2)
    figure = new_figure(front, title, size, note="Up is better on every axis.")
    axes = figure.add_subplot()
    axes.set(xlim=(-0.25, count - 0.55), ylim=(-0.1, 1.1))
    axes.set_yticks([])
    axes.spines[:].set_visible(False)
    each = scales(front)
    names = [scale.label(int(size[0] / count * 11), direction=False) for scale in each]
    axes.set_xticks(range(count), names, fontsize=9, color=INK)
    axes.tick_params(length=0)
    _lines(axes, _heights(front), knee(front).index)
    for place, scale in enumerate(each):
        axes.plot([place, place], [0, 1], color=INK, linewidth=0.9, zorder=3)
        _ticks(axes, front, place, scale)
    return finish(figure)


def _heights(front: Front) -> Floats:
    """0 for the worst and 1 for the best value of each criterion, shape (s, p); 1/2 where all are equal."""
    y = front.values * front.senses
    span = np.ptp(y, axis=0)
    return np.asarray(np.where(span > 0, (y.max(axis=0) - y) / np.where(span > 0, span, 1.0), 0.5))


def _lines(axes: Axes, height: Floats, middle: int) -> None:
    import matplotlib as mpl

    places = np.arange(height.shape[1])
    width = 1.2 if len(height) < CROWD else 0.6
    for line in height:
        colour = mpl.colormaps[COLOURS](BRIGHTEST * line[0])
        axes.plot(places, line, color=colour, linewidth=width, alpha=0.8, zorder=1)
    if len(height) > 2:
        style = {"color": ALERT, "linewidth": 2.2, "marker": "D", "markersize": 5, "label": "knee"}
        axes.plot(places, height[middle], zorder=2, **style)  # type: ignore[arg-type]
        axes.legend(loc="lower right", bbox_to_anchor=(1.0, 1.0), fontsize=8.5, frameon=False)


def _ticks(axes: Axes, front: Front, place: int, scale: Scale) -> None:
    """Round values beside an axis, the best above it and the worst below, in its own unit."""
    from matplotlib.ticker import MaxNLocator

    column = front.values[:, place] / scale.factor
    low, high = float(column.min()), float(column.max())
    up = front.senses[place] < 0
    if high <= low:
        _tick(axes, place, 0.5, _end_text(low, 0.0))
        return
    for height, value in ((1.05, high if up else low), (-0.05, low if up else high)):
        axes.text(
            place, height, _end_text(value, high - low), fontsize=8, weight="bold", color=INK, ha="center",
            va="center",
        )  # fmt: skip
    ticks = np.asarray(MaxNLocator(7, steps=[1, 2, 2.5, 5, 10]).tick_values(low, high), dtype=np.float64)
    for value in ticks.tolist():
        share = (value - low) / (high - low)
        if ROOM <= share <= 1 - ROOM:
            _tick(axes, place, share if up else 1.0 - share, tick_text(value, ticks))


def _end_text(value: float, span: float) -> str:
    """A number with the decimals that a hundredth of the range needs."""
    if span <= 0:
        return typeset(f"{value:,.6g}")
    text = f"{value:,.{max(0, 2 - math.floor(math.log10(span)))}f}"
    return typeset(text.rstrip("0").rstrip(".") if "." in text else text)


def _tick(axes: Axes, place: int, height: float, text: str) -> None:
    """A tick with its value: left of the first axis, where no line is in the way, right of the others."""
    side = -1 if place == 0 else 1
    axes.plot([place, place + 0.02 * side], [height, height], color=INK, linewidth=0.9, zorder=3)
    axes.text(
        place + 0.04 * side, height, text, fontsize=8, color=INK, va="center", zorder=4,
        ha="right" if place == 0 else "left",
        bbox={"boxstyle": "square,pad=0.1", "facecolor": "white", "edgecolor": "none", "alpha": 0.8},
    )  # fmt: skip
