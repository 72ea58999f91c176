"""The front figure: two criteria as totals and as changes, with ideal, nadir, named plans and proof."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from landfront.optimizer.outer import outer
from landfront.report.canvas import KeyRow, caption, key, place_letters, plain, sheet, thousands
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
ROUNDING = 1e-9
SMALLEST = 1e-4


def front_figure(result: Result, labels: Labels) -> Figure:
    """Draw the front."""
    front = result.front
    figure = sheet(f"{labels.text(result.formulation.study.title, 'Study')}: what is possible", height=6.6)
    top = 0.8 if result.baseline[front.criteria[0]] else 0.88
    axes = figure.add_axes((0.085, 0.2, 0.52, top - 0.2))
    scales = [axis_scale(result, name) for name in front.criteria]
    values = front.values / [entry.factor for entry in scales]
    plain(axes)
    _outer(axes, result, scales)
    if not result.program.integer.any():
        axes.plot(values[:, 0], values[:, 1], color=ACCENT, linewidth=1.3, zorder=2)
    axes.scatter(values[:, 0], values[:, 1], s=22, color=ACCENT, zorder=3, label="plans of the front")
    _corners(axes, result, scales)
    groups = badges(result)
    _axes_labels(axes, result, scales, labels)
    _mark(axes, values, groups)
    axes.legend(loc="best", fontsize=8, frameon=True, framealpha=0.9, edgecolor="#DDDDDD")
    panel = figure.add_axes((0.67, 0.18, 0.31, 0.7))
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
        # To be best in what is the same in every plan says nothing.
        if named.name == "knee" or not result.constant(named.name[4:]):
            groups.setdefault(named.point, []).append(named)
    return {BADGES[place]: tuple(group) for place, group in enumerate(groups.values())}


def statement(result: Result) -> str:
    """What is proven of the front, in one paragraph."""
    front = result.front
    first, second = (result.word(name) for name in front.criteria)
    mixes = "" if result.program.integer.any() else ", and every mix of neighbours is a plan too"
    text = f"{len(front)} plans{mixes}. "
    if np.isfinite(front.gap):
        text += f"Each is proven best in {first} among all plans at least as good in {second}, "
        text += f"{_within(front.gap)}. "
    return text + _whole(result)


def _within(gap: float) -> str:
    return "up to rounding" if gap < ROUNDING else f"to within {percent(max(gap, SMALLEST))}"


def _whole(result: Result) -> str:
    """What is proven of the plans that are not shown."""
    front = result.front
    if front.complete:
        return "The front is complete: no better plan was missed, up to the asked gap."
    why = (
        "more points were not asked for" if front.reason == "points reached" else front.detail or front.reason
    )
    text = f"Not every plan of the front is shown ({why})"
    if np.isfinite(front.coverage):
        return f"{text}; none lies further than {percent(front.coverage)} of the range beyond those shown."
    return f"{text}; how far others lie beyond those shown is not proven."


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
    """Put a letter beside each named point."""
    spots = [(letter, *values[group[0].point].tolist()) for letter, group in groups.items()]
    place_letters(axes, spots, values)


def _axes_labels(axes: Axes, result: Result, scales: list[Scale], labels: Labels) -> None:
    first, second = result.front.criteria
    axes.set_xlabel(_axis_text(result, first, scales[0], labels), fontsize=10)
    axes.set_ylabel(_axis_text(result, second, scales[1], labels), fontsize=10)
    thousands(axes)
    axes.margins(0.07)
    _change_axis(axes, "x", result, first, scales[0])
    _change_axis(axes, "y", result, second, scales[1])


def _axis_text(result: Result, criterion: str, entry: Scale, labels: Labels) -> str:
    sense = "more" if result.formulation.study.criteria[criterion].sense == "max" else "less"
    return f"{labels.text(result.label(criterion), criterion)} ({entry.unit}), {sense} is better"


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
        other.set_xlabel(f"change against today ({entry.unit})", fontsize=8.5, color="#555555")
    else:
        other = axes.secondary_yaxis("right", functions=functions)
        other.set_ylabel(f"change against today ({entry.unit})", fontsize=8.5, color="#555555")
    other.tick_params(labelsize=8, colors="#555555")
    other.spines[["top", "right"]].set_color(FAINT)
    thousands(other, which)  # type: ignore[arg-type]


def _rows(result: Result, letter: str, group: tuple[Named, ...]) -> list[KeyRow]:
    head = [KeyRow("; ".join(named.label for named in group), badge=letter)]
    facts = [
        KeyRow(f"{result.label(name)}: {axis_scale(result, name).text(result.total(group[0].point, name))}")
        for name in result.front.criteria
    ]
    return [*head, *facts]
