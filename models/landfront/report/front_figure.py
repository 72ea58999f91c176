"""The front figure: two criteria as totals and as changes, with ideal, nadir, named plans and proof."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from landfront.optimizer.outer import outer
from landfront.report.canvas import KeyRow, key, key_height, place_letters, plain, sheet, thousands
from landfront.report.proof_words import statement
from landfront.report.quantities import Scale, scale
from landfront.report.result import Named, Result
from landfront.report.style import ACCENT, ALERT, FAINT, INK, MUTED
from landfront.report.wrapping import lines_of, width_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Floats = NDArray[np.float64]
BADGES = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
SAMPLES = 300
VISIBLE = 0.01
KEY = 3.05


def front_figure(result: Result) -> Figure:
    """Draw the front."""
    front, groups = result.front, badges(result)
    rows = [key_row(result, *group) for group in groups.items()]
    body = max(4.7, key_height(rows, KEY) + 0.2)
    page = sheet(result.formulation.study.title, "What is possible", statement(result), body=body)
    first, second = (bool(result.baseline[name]) for name in front.criteria)
    axes = page.axes(0.95, 0.55, 5.05 if second else 5.6, body - (1.1 if first else 0.6))
    scales = [axis_scale(result, name) for name in front.criteria]
    values = front.values / [entry.factor for entry in scales]
    plain(axes)
    _outer(axes, result, scales)
    # Between the plans of a front over whole parcels there is nothing.
    line = 0.0 if result.program.integer.any() else 1.3
    axes.plot(
        values[:, 0], values[:, 1], color=ACCENT, marker="o", markersize=4.5, linewidth=line, zorder=3,
        label="plans of the front",
    )  # fmt: skip
    _corners(axes, result, scales)
    _axes_labels(axes, result, scales)
    _mark(axes, values, groups)
    axes.legend(loc="best", fontsize=8, frameon=True, framealpha=0.9, edgecolor="#DDDDDD")
    key(page.axes(page.width - KEY - 0.15, 0, KEY, body), "Plans", rows)
    return page.figure


def axis_scale(result: Result, criterion: str) -> Scale:
    """The scale of a criterion's axis."""
    column = result.values[:, result.criteria.index(criterion)]
    return scale(float(np.abs(column).max(initial=0.0)), result.units[criterion])


def badges(result: Result) -> dict[str, tuple[Named, ...]]:
    """A letter for each point that has a name, in the order of the names."""
    if len(result.front) == 1:
        return {"A": (replace(result.named[0], label="the only plan of the front"),)}
    groups: dict[int, list[Named]] = {}
    for named in result.named:
        # To be best in what is the same in every plan says nothing.
        if named.name == "knee" or not result.steady(named.name[4:]):
            groups.setdefault(named.point, []).append(named)
    return {BADGES[place]: tuple(group) for place, group in enumerate(groups.values())}


def _outer(axes: Axes, result: Result, scales: list[Scale]) -> None:
    """Draw the limit beyond which nothing is possible, where it can be told from the front itself."""
    front = result.front
    senses = front.senses.astype(np.float64)
    best, worst = front.ideal[1] * senses[1], front.nadir[1] * senses[1]
    if not np.isfinite([best, worst]).all() or best >= worst:
        return
    levels = np.linspace(best, worst, SAMPLES)
    bound = outer(front.facts).below(levels)
    found = _attained(result, levels)
    span = abs(front.ideal[0] - front.nadir[0])
    if not np.isfinite(bound).all() or np.max(found - bound) < VISIBLE * span:
        return
    axes.plot(
        bound * senses[0] / scales[0].factor, levels * senses[1] / scales[1].factor,
        color=ALERT, linewidth=1.0, linestyle="--", zorder=1, label="proven: nothing beyond",
    )  # fmt: skip


def _attained(result: Result, levels: Floats) -> Floats:
    """Best first objective found at each level of the second (minimisation form)."""
    y = result.front.values * result.front.senses
    if not result.program.integer.any():
        order = np.argsort(y[:, 1])
        return np.asarray(np.interp(levels, y[order, 1], y[order, 0]))
    allowed = np.where(
        y[None, :, 1] <= levels[:, None] + 1e-9 * np.abs(levels[:, None]), y[None, :, 0], np.inf
    )
    return np.asarray(allowed.min(axis=1))


def _corners(axes: Axes, result: Result, scales: list[Scale]) -> None:
    """Ideal, nadir and knee; a front of one plan is its own ideal and nadir."""
    front, factors = result.front, [entry.factor for entry in scales]
    if len(front) > 1:
        for corner, name, marker in ((front.ideal, "ideal (out of reach)", "*"), (front.nadir, "nadir", "X")):
            x, y = corner / factors
            axes.scatter(
                x, y, marker=marker, s=75, color=FAINT, edgecolors=INK, linewidths=0.5, zorder=4, label=name
            )
    if result.knee is not None:
        x, y = front.values[result.knee] / factors
        axes.scatter(
            x, y, marker="D", s=75, facecolors="none", edgecolors=ALERT, linewidths=1.6, zorder=4,
            label="knee",
        )  # fmt: skip


def _mark(axes: Axes, values: Floats, groups: dict[str, tuple[Named, ...]]) -> None:
    """Put a letter beside each named point."""
    spots = [(letter, *values[group[0].point].tolist()) for letter, group in groups.items()]
    place_letters(axes, spots, values)


def _axes_labels(axes: Axes, result: Result, scales: list[Scale]) -> None:
    first, second = result.front.criteria
    axes.set_xlabel(axis_text(result, first, scales[0], 48), fontsize=10)
    axes.set_ylabel(axis_text(result, second, scales[1], 40), fontsize=10)
    thousands(axes)
    axes.margins(0.07)
    _change_axis(axes, "x", result, first, scales[0])
    _change_axis(axes, "y", result, second, scales[1])


def axis_text(result: Result, criterion: str, entry: Scale, width: float) -> str:
    """Criterion, unit and direction, on at most two lines."""
    sense = "more" if result.formulation.study.criteria[criterion].sense == "max" else "less"
    unit = f"({entry.unit})" if entry.unit else ""
    end = f"{unit}, {sense} is better"
    name = axis_name(result, criterion)
    if width_of(f"{name} {end}") <= width:
        return f"{name} {end}" if unit else f"{name}{end}"
    return f"{lines_of(name, width, most=1)[0]}\n{end.lstrip(', ')}"


def axis_name(result: Result, criterion: str) -> str:
    """A criterion's label; where totals below zero can only be changes, it says so."""
    column = result.values[:, result.criteria.index(criterion)]
    change = result.baseline[criterion] == 0 and column.min(initial=0.0) < 0
    label = result.label(criterion)
    return f"{label.capitalize() if label.islower() else label}{', change' if change else ''}"


def _change_axis(axes: Axes, which: str, result: Result, criterion: str, totals: Scale) -> None:
    """A second axis with the change against today; without a baseline it would only repeat the first."""
    baseline = result.baseline[criterion]
    if baseline == 0:
        return
    column = result.values[:, result.criteria.index(criterion)]
    entry = scale(float(np.abs(column - baseline).max(initial=0.0)), result.units[criterion])

    def change(value: Any) -> Any:
        return (value * totals.factor - baseline) / entry.factor

    def total(value: Any) -> Any:
        return (value * entry.factor + baseline) / totals.factor

    functions = (change, total)
    if which == "x":
        other = axes.secondary_xaxis("top", functions=functions)
        other.set_xlabel(f"change against today ({entry.unit})", fontsize=8.5, color=MUTED)
    else:
        other = axes.secondary_yaxis("right", functions=functions)
        other.set_ylabel(f"change against today ({entry.unit})", fontsize=8.5, color=MUTED)
    other.tick_params(labelsize=8, colors=MUTED)
    other.spines[["top", "right"]].set_color(FAINT)
    thousands(other, which)  # type: ignore[arg-type]


def key_row(result: Result, letter: str, group: tuple[Named, ...]) -> KeyRow:
    """A named plan with its totals in the front's criteria."""
    facts = tuple(
        f"{axis_scale(result, name).text(result.total(group[0].point, name))} "
        f"{lines_of(result.word(name), 24, most=1)[0]}"
        for name in result.front.criteria
    )
    return KeyRow("; ".join(named.label for named in group), badge=letter, details=facts)
