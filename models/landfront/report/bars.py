"""Bar figures: what each named plan does in each region, and which choices every plan shares."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from landfront.report.canvas import KeyRow, caption, key, plain, sheet, thousands
from landfront.report.quantities import HA_PER_MU, area, percent, scale
from landfront.report.result import Result
from landfront.report.shares import by_intervention, range_of_shares
from landfront.report.style import FAINT, Labels, colours

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MOST_REGIONS = 40
MOST_PLANS = 5
KEEP = "keep"


def region_figure(result: Result, labels: Labels) -> Figure:
    """Stacked bars: area of each intervention by region, one panel per named plan."""
    plans = _distinct(result)
    level = _level(result)
    tables = {name: _areas(result, point, level) for name, point in plans.items()}
    regions = _regions(tables, result, level)
    height = max(5.2, 1.75 + 0.21 * len(regions))
    head = labels.text(result.formulation.study.title, "Study")
    title = f"{head}: area changed by {(level or 'plan').lower()}"
    figure = sheet(title, width=13, height=height)
    used = [
        name
        for name in result.formulation.menu.interventions
        if name != KEEP and any(name in t.columns for t in tables.values())
    ]
    palette = colours(result.formulation.menu.interventions)
    grid = figure.add_gridspec(
        1, len(plans), left=0.12, right=0.76, top=1 - 0.95 / height, bottom=0.95 / height, wspace=0.09
    )
    largest = max((float(table.sum(axis=1).max()) for table in tables.values() if len(table)), default=0.0)
    entry = scale(largest, "ha")
    first = None
    for place, (name, table) in enumerate(tables.items()):
        axes = figure.add_subplot(grid[place], sharey=first, sharex=first)
        first = first or axes
        _stack(axes, _fold(table, regions)[[n for n in used if n in table.columns]] / entry.factor, palette)
        axes.set_title(_wrapped(name), fontsize=8.5)
        axes.set_xlabel(entry.unit, fontsize=8.5)
        axes.tick_params(axis="y", labelleft=place == 0)
        thousands(axes, "x")
    if first is not None:
        first.set_yticks(range(len(regions)), labels.texts(regions, (level or "region").lower()), fontsize=8)
        first.set_ylim(len(regions) - 0.4, -0.6)
    rows = [KeyRow(result.intervention_labels[name], palette[name]) for name in used]
    key(figure.add_axes((0.785, 0.1, 0.2, 1 - 0.95 / height - 0.1)), "Interventions", rows)
    caption(
        figure, f"Land that is kept as it is, is left out. {len(result.formulation.landscape):,} parcels."
    )
    return figure


def no_regret_figure(result: Result, labels: Labels) -> Figure:
    """Bars: area of each intervention in every plan of the front, and in at least one."""
    least, most = (by_intervention(result, shares) for shares in range_of_shares(result))
    names = result.formulation.menu.interventions
    shown = [k for k in np.argsort(-most) if most[k] > 0]
    title = f"{labels.text(result.formulation.study.title, 'Study')}: what every plan agrees on"
    height = max(4.0, 1.9 + 0.38 * len(shown))
    figure = sheet(title, height=height)
    top = 1.15 if result.in_yuan else 0.7
    axes = figure.add_axes((0.34, 1.05 / height, 0.6, 1 - (1.05 + top) / height))
    plain(axes)
    entry = scale(float(most.max(initial=0.0)), "ha")
    palette = colours(names)
    spots = np.arange(len(shown))
    axes.barh(
        spots,
        most[shown] / entry.factor,
        color="white",
        edgecolor=FAINT,
        linewidth=1,
        label="in at least one plan",
    )
    axes.barh(
        spots, least[shown] / entry.factor, color=[palette[names[k]] for k in shown], edgecolor=FAINT,
        linewidth=0.6, label="in every plan (no regret)",
    )  # fmt: skip
    axes.set_yticks(spots, [_wrapped(result.intervention_labels[names[k]], 38) for k in shown], fontsize=8.5)
    axes.invert_yaxis()
    axes.set_xlabel(entry.unit, fontsize=9)
    if result.in_yuan:
        _mu_axis(axes, entry.unit)
    thousands(axes, "x")
    axes.legend(loc="lower right", fontsize=8)
    caption(figure, no_regret_statement(result))
    return figure


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


def _mu_axis(axes: Axes, unit: str) -> None:
    def to_mu(hectares: Any) -> Any:
        return hectares / HA_PER_MU

    def to_hectares(mu: Any) -> Any:
        return mu * HA_PER_MU

    other = axes.secondary_xaxis("top", functions=(to_mu, to_hectares))
    other.set_xlabel(unit.replace("ha", "mu"), fontsize=8.5, color="#555555")
    other.tick_params(labelsize=8, colors="#555555")
    thousands(other, "x")  # type: ignore[arg-type]


def _distinct(result: Result) -> dict[str, int]:
    """Named plans without repeats of the same point, at most five."""
    plans: dict[int, str] = {}
    # The ends of the front and the knee come before the plans that it was not searched for.
    searched = [
        named for named in result.named if named.name == "knee" or named.name[4:] in result.front.criteria
    ]
    for named in [*searched, *result.named]:
        plans.setdefault(named.point, named.label)
    return {label: point for point, label in list(plans.items())[:MOST_PLANS]}


def _level(result: Result) -> str | None:
    """The finest region level that fits the page, else the outermost one with several regions."""
    landscape = result.formulation.landscape
    pairs = zip(landscape.levels, landscape.region_names, strict=True)
    several = [(level, len(names)) for level, names in pairs if len(names) > 1]
    fitting = [level for level, count in several if count <= MOST_REGIONS]
    return fitting[-1] if fitting else next((level for level, _ in several), None)


def _areas(result: Result, point: int, level: str | None) -> pd.DataFrame:
    """Changed area in ha, one row per region, one column per intervention."""
    frame = result.plan(point).totals(level).reset_index(drop=True)
    if "region" not in frame.columns or level is None:
        frame = frame.assign(region="all")
    frame = frame.assign(region=frame["region"].astype(str), intervention=frame["intervention"].astype(str))
    wide = frame.pivot_table(
        index="region", columns="intervention", values="area_ha", aggfunc="sum", fill_value=0.0
    )
    return wide.drop(columns=KEEP, errors="ignore")


def _regions(tables: dict[str, pd.DataFrame], result: Result, level: str | None) -> list[str]:
    """Regions from the most changed to the least; beyond forty the rest are folded into one."""
    if level is None:
        return ["all"]
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


def _wrapped(text: str, width: int = 26) -> str:
    import textwrap

    return textwrap.fill(text, width)
