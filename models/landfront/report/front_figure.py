"""The front figure: two criteria as totals and as changes, with ideal, nadir, named plans and proof."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from landfront.optimizer.outer import outer
from landfront.report.canvas import KeyRow, caption, key, plain, sheet, thousands
from landfront.report.quantities import Scale, percent, scale
from landfront.report.result import Named, Result
from landfront.report.style import ACCENT, ALERT, FAINT, INK, Labels

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Floats = NDArray[np.float64]
BADGES = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
SAMPLES = 300
VISIBLE = 0.01


def front_figure(result: Result, labels: Labels) -> Figure:
    """Draw the front."""
    front = result.front
    figure = sheet(f"{labels.text(result.formulation.study.title, 'Study')}: what is possible", height=6.6)
    axes = figure.add_axes((0.085, 0.2, 0.52, 0.6))
    scales = [axis_scale(result, name) for name in front.criteria]
    values = front.values / [entry.factor for entry in scales]
    plain(axes)
    _outer(axes, result, scales)
    if not result.program.integer.any():
        axes.plot(values[:, 0], values[:, 1], color=ACCENT, linewidth=1.3, zorder=2)
    axes.scatter(values[:, 0], values[:, 1], s=22, color=ACCENT, zorder=3, label="plans of the front")
    _corners(axes, result, scales)
    groups = badges(result)
    _mark(axes, values, groups)
    _axes_labels(axes, result, scales, labels)
    axes.legend(loc="best", fontsize=8, frameon=True, framealpha=0.9, edgecolor="#DDDDDD")
    panel = figure.add_axes((0.66, 0.2, 0.32, 0.66))
    key(panel, "Plans", [row for group in groups.items() for row in _rows(result, *group)])
    caption(figure, statement(result))
    return figure


def axis_scale(result: Result, criterion: str) -> Scale:
    """The scale of a criterion's axis."""
    column = result.values[:, result.criteria.index(criterion)]
    return scale(float(np.abs(column).max(initial=0.0)), result.units[criterion])


def badges(result: Result) -> dict[str, tuple[Named, ...]]:
    """A letter for each point that has a name, in the order of the names."""
    groups: dict[int, list[Named]] = {}
    for named in result.named:
        groups.setdefault(named.point, []).append(named)
    return {BADGES[place]: tuple(group) for place, group in enumerate(groups.values())}


def statement(result: Result) -> str:
    """What is proven of the front, in one paragraph."""
    front = result.front
    first = result.label(front.criteria[0])
    shape = (
        "a mix of neighbouring plans is a plan too"
        if not result.program.integer.any()
        else "each a whole plan"
    )
    text = f"{len(front)} plans, {shape}. "
    if np.isfinite(front.gap):
        text += f"Proven: no plan that is as good in the other criterion has more than {_gap(front.gap)} "
        text += f"better {first}. "
    if front.complete:
        text += "The front is complete: nothing better was missed up to the asked gap."
    else:
        text += f"The front is not proven complete ({front.detail or front.reason})."
        if np.isfinite(front.coverage):
            text += f" No missed plan is further than {percent(front.coverage)} of the range from one shown."
    return text


def _gap(gap: float) -> str:
    return "0 %" if gap <= 0 else percent(gap)


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
        return np.interp(levels, y[order, 1], y[order, 0])
    allowed = np.where(
        y[None, :, 1] <= levels[:, None] + 1e-9 * np.abs(levels[:, None]), y[None, :, 0], np.inf
    )
    return np.asarray(allowed.min(axis=1))


def _corners(axes: Axes, result: Result, scales: list[Scale]) -> None:
    front = result.front
    for corner, name, marker in ((front.ideal, "ideal (out of reach)", "*"), (front.nadir, "nadir", "X")):
        x, y = corner / [entry.factor for entry in scales]
        axes.scatter(
            x, y, marker=marker, s=70, color=FAINT, edgecolors=INK, linewidths=0.5, zorder=3, label=name
        )
    if result.knee is not None:
        x, y = front.values[result.knee] / [entry.factor for entry in scales]
        axes.scatter(
            x,
            y,
            marker="D",
            s=70,
            facecolors="none",
            edgecolors=ALERT,
            linewidths=1.6,
            zorder=4,
            label="knee",
        )


def _mark(axes: Axes, values: Floats, groups: dict[str, tuple[Named, ...]]) -> None:
    """Put a letter beside each named point, on the side that is away from the front's middle."""
    for letter, group in groups.items():
        point = values[group[0].point]
        axes.annotate(
            letter, point, xytext=(-9, -12), textcoords="offset points", fontsize=10, weight="bold",
            color=INK, ha="center", zorder=5,
            bbox={"boxstyle": "circle,pad=0.15", "facecolor": "white", "edgecolor": "none", "alpha": 0.75},
        )  # fmt: skip


def _axes_labels(axes: Axes, result: Result, scales: list[Scale], labels: Labels) -> None:
    first, second = result.front.criteria
    axes.set_xlabel(_axis_text(result, first, scales[0], labels), fontsize=10)
    axes.set_ylabel(_axis_text(result, second, scales[1], labels), fontsize=10)
    thousands(axes)
    axes.margins(0.07)
    _change_axis(axes, "x", result.baseline[first] / scales[0].factor, scales[0])
    _change_axis(axes, "y", result.baseline[second] / scales[1].factor, scales[1])


def _axis_text(result: Result, criterion: str, entry: Scale, labels: Labels) -> str:
    sense = "more" if result.formulation.study.criteria[criterion].sense == "max" else "less"
    return f"{labels.text(result.label(criterion), criterion)} ({entry.unit}), {sense} is better"


def _change_axis(axes: Axes, which: str, baseline: float, entry: Scale) -> None:
    """A second axis with the change against today; without a baseline it would only repeat the first."""
    if baseline == 0:
        return

    def change(value: Floats) -> Floats:
        return value - baseline

    def total(value: Floats) -> Floats:
        return value + baseline

    functions: tuple[Callable[[Floats], Floats], Callable[[Floats], Floats]] = (change, total)
    if which == "x":
        other = axes.secondary_xaxis("top", functions=functions)
        other.set_xlabel(f"change against today ({entry.unit})", fontsize=8.5, color="#555555")
    else:
        other = axes.secondary_yaxis("right", functions=functions)
        other.set_ylabel(f"change against today ({entry.unit})", fontsize=8.5, color="#555555")
    other.tick_params(labelsize=8, colors="#555555")
    thousands(other, which)  # type: ignore[arg-type]


def _rows(result: Result, letter: str, group: tuple[Named, ...]) -> list[KeyRow]:
    head = [KeyRow("; ".join(named.label for named in group), badge=letter)]
    facts = [
        KeyRow(f"{result.label(name)}: {axis_scale(result, name).text(result.total(group[0].point, name))}")
        for name in result.criteria
    ]
    return [*head, *facts, KeyRow("")]
