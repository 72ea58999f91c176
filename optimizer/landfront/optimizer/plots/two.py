"""The figure of a front of two criteria: what is reached, what no proof has closed, ideal, nadir and knee."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from landfront.optimizer.front import Floats, Front
from landfront.optimizer.outer import Outer, outer
from landfront.optimizer.plots.sheet import (
    ACCENT,
    ALERT,
    Scale,
    finish,
    landmarks,
    new_figure,
    plain,
    scales,
    thousands,
)
from landfront.optimizer.segments import minimised

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SAMPLES = 800
VISIBLE = 0.002
"""An open area thinner than this share of the range cannot be seen."""

BEYOND = 0.03
"""Where no fact bounds a criterion, the open area ends this share of the range beyond the ideal."""


def two_figure(front: Front, title: str, *, mixes: bool) -> Figure:
    """Draw a front of two criteria."""
    figure = new_figure(front, title, (7.2, 5.6 if title else 5.2))
    axes = figure.add_subplot()
    plain(axes)
    both = scales(front)
    if len(front) > 1:
        _open_area(axes, front, both, mixes=mixes)
        _reached(axes, front, both, mixes=mixes)
        _segments(axes, front, both)
    factors = _factors(both)
    x, y = (front.values / factors).T
    axes.plot(x, y, color=ACCENT, marker="o", markersize=4.5, linewidth=0, zorder=3, label="points")
    landmarks(axes, front, factors, (0, 1))
    axes.set_xlabel(both[0].label(), fontsize=10)
    axes.set_ylabel(both[1].label(48), fontsize=10)
    for axis in (axes.xaxis, axes.yaxis):
        thousands(axis)
    axes.margins(0.07)
    axes.legend(loc="best", fontsize=8, frameon=True, framealpha=0.9, edgecolor="#DDDDDD")
    return finish(figure)


def _factors(scales_: list[Scale]) -> Floats:
    return np.array([scale.factor for scale in scales_])


def _reached(axes: Axes, front: Front, both: list[Scale], *, mixes: bool) -> None:
    """The chain of mixes, or the edge of what points and segments dominate."""
    y = _sorted(front)
    if front.segments:
        levels = _levels(y, outer(()), minimised(front.segments, front.senses))
        y = np.column_stack([_attained(front, levels, mixes=False), levels])
    elif not mixes:
        corners = np.column_stack([y[1:, 0], y[:-1, 1]])
        y = np.insert(y, np.arange(1, len(y)), corners, axis=0)
    line = y * front.senses / _factors(both)
    label = "mixes of neighbours" if mixes else "edge of what is dominated"
    axes.plot(line[:, 0], line[:, 1], color=ACCENT, linewidth=1.3 if mixes else 0.8, zorder=2, label=label)


def _segments(axes: Axes, front: Front, both: list[Scale]) -> None:
    """Segments as thick lines; an open end is a hollow mark."""
    factors = _factors(both)
    lines = np.array([segment.values for segment in front.segments]).reshape(-1, 2, 2) / factors
    for place, line in enumerate(lines):
        label = "segments: mixes on the front" if place == 0 else "_"
        axes.plot(line[:, 0], line[:, 1], color=ACCENT, linewidth=2.2, zorder=3, label=label)
    open_ = [not closed for segment in front.segments for closed in segment.closed]
    ends = lines.reshape(-1, 2)[np.array(open_, dtype=bool)]
    if len(ends):
        axes.scatter(
            ends[:, 0], ends[:, 1], s=22, facecolors="white", edgecolors=ACCENT, linewidths=1.2, zorder=4,
            label="open ends",
        )  # fmt: skip


def _sorted(front: Front) -> Floats:
    """Values in minimisation form by the first, ascending."""
    y = front.values * front.senses
    return np.asarray(y[np.argsort(y[:, 0])], dtype=np.float64)


def _open_area(axes: Axes, front: Front, both: list[Scale], *, mixes: bool) -> None:
    """Shade where a solution may still lie, unless the front is complete or the area too thin to see."""
    y = _sorted(front)
    span = float(np.ptp(y[:, 0]))
    if front.complete or np.any(np.ptp(y, axis=0) <= 0):
        return
    bound = outer(front.facts)
    levels = _levels(y, bound, minimised(front.segments, front.senses))
    reached = _attained(front, levels, mixes=mixes)
    left = np.clip(bound.below(levels), y[0, 0] - BEYOND * span, reached)
    if np.max(reached - left) < VISIBLE * span:
        return
    factors, senses = _factors(both), front.senses.astype(np.float64)
    axes.fill_betweenx(
        levels * senses[1] / factors[1], left * senses[0] / factors[0], reached * senses[0] / factors[0],
        color=ALERT, alpha=0.2, linewidth=0, zorder=1, label="open: better ones not ruled out",
    )  # fmt: skip


def _levels(y: Floats, bound: Outer, ends: Floats) -> Floats:
    """Levels of the second value at which to sample, with both sides of every jump."""
    low, high = float(y[-1, 1]), float(y[0, 1])
    jumps = np.concatenate([y[:, 1], ends[..., 1].ravel(), bound.level[np.isfinite(bound.level)]])
    beside = 1e-9 * (high - low)
    levels = np.concatenate([np.linspace(low, high, SAMPLES), jumps, jumps - beside, jumps + beside])
    return np.unique(np.clip(levels, low, high))


def _attained(front: Front, levels: Floats, *, mixes: bool) -> Floats:
    """Best first value of a known solution whose second value is at most the level, shape (k,)."""
    y = _sorted(front)
    if mixes:
        return np.interp(levels, y[::-1, 1], y[::-1, 0])
    best = np.where(y[None, :, 1] <= levels[:, None], y[None, :, 0], np.inf).min(axis=1)
    for upper, lower in minimised(front.segments, front.senses):
        along = np.interp(levels, [lower[1], upper[1]], [lower[0], upper[0]], left=np.inf)
        best = np.minimum(best, along)
    return np.asarray(best)
