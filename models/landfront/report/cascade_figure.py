"""The figure of a cascade: target and cost of each region in the three splits."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from landfront.report.canvas import KeyRow, key, key_height, plain, sheet, thousands
from landfront.report.cascade_text import MOST_REGIONS, NAMES, shown_level, unit_of
from landfront.report.quantities import Scale, quantity, scale
from landfront.report.style import FAINT, MUTED
from landfront.report.wrapping import lines_of, width_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from landfront.report.cascade import Cascade, Split
    from landfront.report.region_levels import RegionLevel

Floats = NDArray[np.float64]
LOOKS = {
    "pro_rata": ("#D55E00", "s"),
    "least_cost": ("#222222", "o"),
    "equity": ("#0072B2", "D"),
}
"""Colour and marker of each split: apart in grey as well."""
WIDTH, KEY, ROW = 11.0, 2.6, 0.25


def cascade_figure(found: Cascade) -> Figure:
    """Dots: target and cost by region, one mark per split, regions from the largest target down."""
    level = shown_level(found)
    splits = [split for split in found.splits if split.level is level]
    order = _order(splits)
    names = [lines_of(level.regions[region], 26, most=1)[0] for region in order]
    left = 0.35 + 0.072 * max(width_of(name) for name in names)
    rows = _key_rows(found, splits)
    body = max(ROW * len(order) + 0.95, key_height(rows, KEY))
    subject = f"Three ways to split the target for {found.asked.criterion} by {level.name}"
    page = sheet(
        found.setting.formulation.study.title, subject, _note(found, level, order), width=WIDTH, body=body
    )
    wide = (WIDTH - KEY - 0.45 - left) / 2
    high = ROW * len(order) + 0.1
    for place, (heading, values, entry) in enumerate(_panels(found, splits)):
        axes = page.axes(left + wide * place, body - 0.3 - high, wide - 0.25, high)
        _dots(axes, {rule: part[order] / entry.factor for rule, part in values.items()})
        axes.set_yticks(range(len(order)), names if place == 0 else [""] * len(order), fontsize=8)
        axes.set_xlabel(entry.unit, fontsize=8.5)
        axes.annotate(heading, (0, 1), xytext=(0, 5), xycoords="axes fraction", textcoords="offset points",
                      fontsize=9, color=MUTED)  # fmt: skip
        thousands(axes, "x", most=4)
    key(page.axes(page.width - KEY - 0.1, 0, KEY, body), "Splits", rows)
    return page.figure


def _order(splits: list[Split]) -> NDArray[np.int64]:
    """The regions with the largest targets first, at most forty."""
    largest = np.max([split.targets for split in splits], axis=0)
    return np.argsort(-largest, kind="stable")[:MOST_REGIONS].astype(np.int64)


def _panels(found: Cascade, splits: list[Split]) -> list[tuple[str, dict[str, Floats], Scale]]:
    """Heading, values by split and scale of each panel."""
    asked = found.asked
    amounts = {split.rule: split.targets for split in splits}
    costs = {split.rule: split.changes[asked.minimise] for split in splits}
    label = found.setting.formulation.study.criteria[asked.minimise].label or asked.minimise
    return [
        ("Target", amounts, _scale(amounts, unit_of(found, asked.criterion))),
        (label, costs, _scale(costs, unit_of(found, asked.minimise))),
    ]


def _scale(values: dict[str, Floats], unit: str) -> Scale:
    return scale(max(float(np.abs(part).max(initial=0.0)) for part in values.values()), unit)


def _dots(axes: Axes, values: dict[str, Floats]) -> None:
    plain(axes)
    axes.grid(visible=False, axis="y")
    table = np.array(list(values.values()))
    spots = np.arange(table.shape[1])
    axes.hlines(spots, table.min(axis=0), table.max(axis=0), color=FAINT, linewidth=0.9, zorder=1)
    for rule, part in values.items():
        colour, marker = LOOKS[rule]
        axes.scatter(part, spots, s=20, color=colour, marker=marker, linewidths=0, zorder=3, alpha=0.9)
    axes.set_ylim(table.shape[1] - 0.4, -0.6)
    low = min(float(table.min()), 0.0)
    axes.set_xlim(low * 1.05, float(table.max()) * 1.05 or 1.0)


def _key_rows(found: Cascade, splits: list[Split]) -> list[KeyRow]:
    """Each split with what it costs in all."""
    minimise = found.asked.minimise
    unit = unit_of(found, minimise)
    rows = []
    for split in splits:
        cost = quantity(float(split.changes[minimise].sum()), unit)
        details = [f"{cost} in all", *([] if split.feasible else ["infeasible: see summary.txt"])]
        rows.append(KeyRow(NAMES[split.rule], LOOKS[split.rule][0], details=tuple(details)))
    return rows


def _note(found: Cascade, level: RegionLevel, order: NDArray[np.int64]) -> str:
    unit = unit_of(found, found.asked.criterion)
    text = (
        f"{quantity(found.gain, unit)} are split among {len(level)} regions. Squares: pro rata; circles: "
        "least cost; diamonds: equity, where the largest burden of any region is as small as can be."
    )
    left = len(level) - len(order)
    return text + (f" The {left} regions with the smallest targets are in regions.csv." if left else "")
