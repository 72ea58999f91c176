"""The figure of robust fronts: the front of each case, and the band of the first one's plans by all cases."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from landfront.report.canvas import plain, sheet
from landfront.report.quantities import Scale, scale
from landfront.report.style import FAINT, STRONG_FIRST, Labels

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from landfront.report.robust import Robust

WIDTH, BODY, KEY = 9.6, 4.8, 2.5
"""Inches: the page, the panel's height, and what stands beside it."""
MARKS = "osD^vP*Xh<>"
MOST = 8
"""Cases with a line of their own in the key; of more, lines would not be told apart."""


def robust_figure(found: Robust, labels: Labels) -> Figure:
    """Fronts over the first two criteria; the band is that of the case in the middle of the list."""
    study = next(iter(found.results.values())).formulation.study
    first, second = found.criteria[:2]
    middle = found.cases[len(found.cases) // 2]
    note = (
        f"Each line is the proven front of one case. The band shows what the plans of {middle!r} would bring "
        f"in {first} by all cases, at the {second} that they have by {middle!r}."
    )
    page = sheet(labels.text(study.title, "Study"), "Robust fronts", note, width=WIDTH, body=BODY)
    axes = page.axes(1.0, 0.6, WIDTH - KEY - 1.2, BODY - 0.8)
    plain(axes)
    scales = [_scale(found, place) for place in (0, 1)]
    _band(axes, found, middle, scales)
    for place, name in enumerate(found.cases[:MOST]):
        values = found.results[name].front.values
        axes.plot(
            values[:, 1] / scales[1].factor, values[:, 0] / scales[0].factor, color=STRONG_FIRST[place],
            marker=MARKS[place], markersize=5, linewidth=1.3, label=labels.text(name, f"case {place + 1}"),
        )  # fmt: skip
    units = [f"{name} ({entry.unit})" for name, entry in zip((first, second), scales, strict=True)]
    axes.set_ylabel(units[0], fontsize=10)
    axes.set_xlabel(units[1], fontsize=10)
    axes.legend(loc="upper left", bbox_to_anchor=(1.02, 1.0), fontsize=9, frameon=False, title="Coefficients")
    return page.figure


def _scale(found: Robust, place: int) -> Scale:
    largest = max(float(np.abs(values[:, :, place]).max()) for values in found.values.values())
    return scale(largest, found.units[found.criteria[place]])


def _band(axes: Axes, found: Robust, middle: str, scales: list[Scale]) -> None:
    """Least and most of the middle case's plans by all cases."""
    values, at = found.values[middle], found.cases.index(middle)
    order = np.argsort(values[:, at, 1])
    across = values[order, at, 1] / scales[1].factor
    least, most = (end(values[order, :, 0], axis=1) / scales[0].factor for end in (np.min, np.max))
    axes.fill_between(
        across, least, most, color=FAINT, alpha=0.3, linewidth=0, label=f"plans of {middle}, by all"
    )
