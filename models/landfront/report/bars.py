"""Bar figures: what each named plan does in each region, and which choices every plan shares."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from landfront.report.canvas import KeyRow, key, key_height, plain, sheet, thousands
from landfront.report.front_figure import badges
from landfront.report.quantities import HA_PER_MU, Scale, area, percent, scale
from landfront.report.result import Named, Result
from landfront.report.shares import by_intervention, range_of_shares
from landfront.report.style import FAINT, MUTED, colours
from landfront.report.wrapping import lines_of, width_of, wrapped

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from landfront.instances.landscape import Landscape

MOST_REGIONS = 40
MOST_PLANS = 5
KEEP = "keep"
WHOLE = "whole study"
WIDTH, KEY, BAR = 12.0, 2.5, 0.21


def region_figure(result: Result) -> Figure:
    """Stacked bars: area of each intervention by region, one panel per named plan."""
    level = region_level(result)
    plans = _plans(result)
    tables = {letter: _areas(result, group[0].point, level) for letter, group in plans.items()}
    regions = _regions(tables, result, level)
    palette = colours(result.formulation.menu.interventions)
    used = [name for name in palette if any(name in table.columns for table in tables.values())]
    rows = [KeyRow(result.intervention_labels[name], palette[name]) for name in used]
    bars = max(BAR * len(regions), 0.5)
    names = [lines_of(name, 26, most=1)[0] for name in regions]
    left = 0.35 + 0.072 * max(width_of(name) for name in names)
    wide = (WIDTH - KEY - 0.35 - left) / len(plans)
    heads = {letter: _head(letter, group, wide) for letter, group in plans.items()}
    top = 0.45 + 0.15 * max(map(len, heads.values()))
    body = max(bars + top + 0.5, key_height(rows, KEY))
    subject = f"Area changed by {level.lower()}" if level else "Area changed"
    page = sheet(result.formulation.study.title, subject, _note(result, plans), width=WIDTH, body=body)
    largest = max((float(table.sum(axis=1).max()) for table in tables.values() if len(table)), default=0.0)
    entry = scale(largest, "ha")
    for place, (letter, table) in enumerate(tables.items()):
        axes = page.axes(left + wide * place, body - top - bars, wide - 0.2, bars)
        _stack(axes, _fold(table, regions)[[n for n in used if n in table.columns]] / entry.factor, palette)
        axes.set(xlim=(0, 1.1 * largest / entry.factor or 1.0), ylim=(len(regions) - 0.4, -0.6))
        axes.set_yticks(range(len(regions)), names if place == 0 else [""] * len(regions), fontsize=8)
        changed = area(float(table.to_numpy().sum()), mu=result.in_yuan).replace(" (", "\n(")
        _panel_head(axes, "\n".join(heads[letter]), changed)
        axes.set_xlabel(entry.unit, fontsize=8.5)
        thousands(axes, "x", most=3)
    key(page.axes(page.width - KEY - 0.15, 0, KEY, body), "Interventions", rows)
    return page.figure


def _head(letter: str, group: tuple[Named, ...], wide: float) -> list[str]:
    """What the plan of a panel is, on lines that fit above it."""
    text = f"{letter}: {'; '.join(named.label for named in group)}"
    return lines_of(text, (wide - 0.2) * 12.5, most=6)


def _panel_head(axes: Axes, head: str, changed: str) -> None:
    """What the plan of a panel is, and how much land it changes."""
    place: Any = {"xycoords": "axes fraction", "textcoords": "offset points", "va": "bottom"}
    axes.annotate(changed, (0, 1), xytext=(0, 4), fontsize=7.5, color=MUTED, **place)
    lift = 6 + 10 * len(changed.split("\n"))
    axes.annotate(head, (0, 1), xytext=(0, lift), fontsize=8.5, **place)


def no_regret_figure(result: Result) -> Figure:
    """Bars: area of each intervention in every plan of the front, and in at least one."""
    least, most = (by_intervention(result, shares) for shares in range_of_shares(result))
    names = result.formulation.menu.interventions
    shown = [k for k in np.argsort(-most, kind="stable") if most[k] > 0]
    top = 0.5 if result.in_yuan else 0.05
    body = max(1.6, 0.38 * len(shown)) + 0.5 + top
    page = sheet(
        result.formulation.study.title, "What every plan agrees on", no_regret_statement(result), body=body
    )
    axes = page.axes(3.3, 0.5, 6.4, body - 0.5 - top)
    plain(axes)
    axes.grid(visible=False, axis="y")
    entry = scale(float(most.max(initial=0.0)), "ha")
    spots = np.arange(len(shown))
    axes.barh(spots, most[shown] / entry.factor, color="white", edgecolor=FAINT, label="in at least one plan")
    axes.barh(
        spots, least[shown] / entry.factor, color=[colours(names)[names[k]] for k in shown], edgecolor=FAINT,
        linewidth=0.6, label="in every plan (no regret)",
    )  # fmt: skip
    ticks = [wrapped(result.intervention_labels[names[k]], 38, most=2) for k in shown]
    axes.set_yticks(spots, ticks, fontsize=8.5)
    axes.set_ylim(len(shown) - 0.4, -0.6)
    axes.set_xlabel(entry.unit, fontsize=9)
    if result.in_yuan:
        _mu_axis(axes, entry)
    thousands(axes, "x")
    axes.legend(loc="lower right", fontsize=8, edgecolor="#DDDDDD")
    return page.figure


def no_regret_statement(result: Result) -> str:
    """How much of the land gets the same choice in every plan of the front, in words."""
    least = by_intervention(result, range_of_shares(result)[0])
    total = float(result.formulation.landscape.area.sum())
    same, keep = float(least.sum()), float(least[0])
    return (
        f"In all {len(result.front)} plans of the front, {percent(same / total)} of the land gets the same "
        f"choice: {area(same - keep, mu=result.in_yuan)} always gets the same intervention and "
        f"{area(keep, mu=result.in_yuan)} is always kept as it is. "
        f"The other {area(total - same, mu=result.in_yuan)} depends on what is wanted more."
    )


def _mu_axis(axes: Axes, entry: Scale) -> None:
    """The same areas in mu, in a scale of their own."""
    mu = scale(entry.factor * axes.get_xlim()[1] / HA_PER_MU, "mu")
    ratio = entry.factor / HA_PER_MU / mu.factor

    def to_mu(hectares: Any) -> Any:
        return hectares * ratio

    def to_hectares(mu: Any) -> Any:
        return mu / ratio

    other = axes.secondary_xaxis("top", functions=(to_mu, to_hectares))
    other.set_xlabel(mu.unit, fontsize=8.5, color=MUTED)
    other.tick_params(labelsize=8, colors=MUTED)
    other.spines["top"].set_color(FAINT)
    thousands(other, "x")  # type: ignore[arg-type]


def _plans(result: Result) -> dict[str, tuple[Named, ...]]:
    """The plans of the panels by letter, at most five."""
    groups = badges(result)
    # The ends of the front and the knee come before the plans that it was not searched for.
    ends = ("knee", *result.front.criteria)

    def rank(letter: str) -> int:
        return 0 if any(named.name == "knee" or named.name[4:] in ends for named in groups[letter]) else 1

    chosen = sorted(sorted(groups, key=rank)[:MOST_PLANS])
    return {letter: groups[letter] for letter in chosen}


def _note(result: Result, plans: dict[str, tuple[Named, ...]]) -> str:
    text = "Land that is kept as it is, is left out."
    left_out = len(badges(result)) - len(plans)
    if left_out:
        text += f" {left_out} more named plans are in totals.csv."
    return f"{text} {len(result.formulation.landscape):,} parcels."


def region_level(result: Result) -> str | None:
    """The finest region level that fits the page, else the outermost one with several regions."""
    return level_of(result.formulation.landscape)


def level_of(landscape: Landscape) -> str | None:
    """The same of a landscape."""
    pairs = zip(landscape.nested, landscape.region_names, strict=False)
    several = [(level, len(names)) for level, names in pairs if len(names) > 1]
    fitting = [level for level, count in several if count <= MOST_REGIONS]
    return fitting[-1] if fitting else next((level for level, _ in several), None)


def _areas(result: Result, point: int, level: str | None) -> pd.DataFrame:
    """Changed area in ha, one row per region, one column per intervention."""
    frame = result.plan(point).areas(level)
    if level is None:
        frame = frame.assign(region=WHOLE)
    frame = frame.assign(region=frame["region"].astype(str), intervention=frame["intervention"].astype(str))
    wide = frame.pivot_table(
        index="region", columns="intervention", values="area_ha", aggfunc="sum", fill_value=0.0
    )
    return wide.drop(columns=KEEP, errors="ignore")


def _regions(tables: dict[str, pd.DataFrame], result: Result, level: str | None) -> list[str]:
    """Regions from the most changed to the least; beyond forty the rest are folded into one."""
    if level is None:
        return [WHOLE]
    names = list(result.formulation.landscape.region_names[result.formulation.landscape.levels.index(level)])
    if len(names) <= MOST_REGIONS:
        return names
    changed = sum(
        (table.sum(axis=1).reindex(names, fill_value=0.0) for table in tables.values()),
        pd.Series(0.0, index=names),
    )
    top = changed.sort_values(ascending=False, kind="stable").index[: MOST_REGIONS - 1]
    return [*map(str, top), f"{len(names) - len(top)} others"]


def _fold(table: pd.DataFrame, regions: list[str]) -> pd.DataFrame:
    """The table's rows in the order of the regions; what is not among them is added up in the last one."""
    folded = table.reindex(regions, fill_value=0.0)
    outside = table.loc[~table.index.isin(regions)]
    if len(outside):
        folded.loc[regions[-1]] = outside.sum()
    return folded


def _stack(axes: Axes, table: pd.DataFrame, palette: dict[str, str]) -> None:
    plain(axes)
    axes.grid(visible=False, axis="y")
    left = np.zeros(len(table))
    for name in table.columns:
        widths = table[name].to_numpy()
        axes.barh(
            range(len(table)),
            widths,
            left=left,
            color=palette[name],
            height=0.78,
            edgecolor="white",
            linewidth=0.3,
        )
        left += widths
