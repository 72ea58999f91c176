"""The figure of a marginal abatement cost curve: carbon by intervention over the price."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from landfront.report.canvas import KeyRow, key, key_height, plain, sheet, thousands
from landfront.report.quantities import percent, quantity, scale
from landfront.report.result import labels_in
from landfront.report.style import ACCENT, INK, Labels, colours

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from landfront.report.mac import Mac

WIDTH, KEY, LINES = 11.0, 3.1, 1.2
"""Inches: the page, its key, and in the key what the lines need."""


def mac_figure(mac: Mac, labels: Labels) -> Figure:
    """Stacked carbon by intervention at each price, the technical potential, and each alone added up."""
    study, frame = mac.formulation.study, mac.to_frame()
    wide = mac.interventions().pivot_table(
        index="price", columns="intervention", values="carbon", aggfunc="sum", sort=False
    )
    wide = wide.reindex(frame["price"]).fillna(0.0)
    order = [name for name in wide.columns if (wide[name] != 0).any()]
    words, palette = labels_in(mac.formulation, "en"), colours(order)
    rows = [KeyRow(labels.text(words.get(name, name), name), palette[name]) for name in reversed(order)]
    body = max(4.6, key_height(rows, KEY) + LINES)
    title = labels.text(study.title, "Study")
    page = sheet(title, "Carbon at a price: marginal abatement cost", _note(mac), width=WIDTH, body=body)
    axes = page.axes(0.95, 0.6, WIDTH - KEY - 1.45, body - 0.7)
    plain(axes)
    entry = scale(mac.technical.carbon, "t CO2e")
    below, above = (np.where(sign * wide[order] > 0, wide[order], 0.0) / entry.factor for sign in (-1.0, 1.0))
    shades = [palette[name] for name in order]
    for part in (below, above):
        if part.any():
            axes.stackplot(frame["price"], part.T, colors=shades, step="post", alpha=0.9, linewidth=0)
    _lines(axes, mac, entry.factor)
    axes.set_xlabel(f"price ({study.study.currency} per t CO2e)", fontsize=10)
    axes.set_ylabel(f"carbon by {study.milestone_of(mac.asked.carbon)} ({entry.unit})", fontsize=10)
    last = float(frame["price"].iloc[-1])
    axes.set_xlim(float(frame["price"].iloc[0]), last if len(frame) > 1 else last + 1.0)
    axes.set_ylim(bottom=min(0.0, float(below.sum(axis=1).min())))
    thousands(axes)
    # Beside the axes: inside it would hide the areas, which fill any corner.
    axes.legend(loc="lower left", bbox_to_anchor=(1.03, 0.0), fontsize=9, frameon=False)
    key(page.axes(WIDTH - KEY - 0.15, 0, KEY, body), "Interventions", rows)
    return page.figure


def _lines(axes: Axes, mac: Mac, factor: float) -> None:
    frame, pairs = mac.to_frame(), mac.interaction
    axes.step(
        frame["price"], frame["carbon"] / factor, where="post", color=INK, linewidth=1.4, label="all together"
    )
    axes.axhline(
        mac.technical.carbon / factor,
        color=ACCENT,
        linewidth=1.2,
        linestyle="--",
        label="technical potential",
    )
    if len(pairs):
        axes.plot(
            pairs["price"], pairs["alone"] / factor, color=INK, linestyle="none", marker="D", markersize=5,
            markerfacecolor="white", clip_on=False, label="each alone, added up",
        )  # fmt: skip


def _note(mac: Mac) -> str:
    last = mac.to_frame().iloc[-1]
    share = f", {percent(float(last['share']))} of it" if np.isfinite(last["share"]) else ""
    return (
        f"Technical potential {quantity(mac.technical.carbon, 't CO2e')}; at the highest price "
        f"{quantity(float(last['carbon']), 't CO2e')}{share}. A price sweep: each price is proven within its "
        "gap (mac.csv), and a step is drawn from each price to the next. Each alone, added up, is more than "
        "all together where interventions compete for land or limits."
    )
