"""The page's plots as bokeh models without data: the page fills, colours and labels them by their names."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from typing import Any

import numpy as np
from bokeh.models import (
    BoxSelectTool,
    ColumnDataSource,
    FixedTicker,
    HoverTool,
    PanTool,
    Range1d,
    ResetTool,
    WheelZoomTool,
)
from bokeh.plotting import figure

from landfront.report.style import ACCENT, ALERT, FAINT, INK, MUTED

MOST_PAIRS = 6
"""Pairs of criteria that get a plot of their own: those of four criteria. Parallel axes show all."""
OTHER = "#009E73"
"""Colour of the second plan; with `ACCENT` and `ALERT` of Okabe and Ito's palette."""
ALONE, TOGETHER = 400, 310
"""Heights of the plot of a pair, alone and beside others."""
MARGIN = 0.16
"""Room around the dots, as a share of their range, for the numbers beside them."""
FONT = "13px"
TOUCH = ":host { touch-action: pan-y; }"


def plots_of(content: dict[str, Any], arrays: dict[str, Any]) -> list[Any]:
    """The plots of a page: each pair of the front's criteria, parallel axes, rates, map, abatement costs."""
    front = content["front"]
    count = len(content["criteria"])
    columns = [f"c{place}" for place in range(count)]
    points = _source("points", *columns, "fill", "alpha", "size", "tip")
    chosen = _source("chosen", *columns, "line")
    named = _source("named", *columns, "text")
    pairs = list(combinations(front["criteria"], 2))[:MOST_PAIRS]
    high = ALONE if len(pairs) == 1 else TOGETHER
    found = [_pair(pair, high, (points, chosen, named), joined=_joined(front)) for pair in pairs]
    if count > 2:
        found.append(_parallel(count))
    if content["rates"].get("edges"):
        found.append(_rates())
    if len(content["levels"]) > 1:
        found.append(_bars())
    if content["map"]:
        found += _maps(content["map"], arrays["picture"].shape)
    if content["solved"]["mac"].get("steps"):
        found.append(_mac())
    return found


def _source(name: str, *columns: str) -> ColumnDataSource:
    """Empty columns, which the page fills."""
    return ColumnDataSource({column: [] for column in columns}, name=name)


def _joined(front: dict[str, Any]) -> bool:
    """Whether there is a plan on the line between two neighbours."""
    return not front["whole"] and len(front["criteria"]) == 2


def _plain(name: str, height: int, **more: Any) -> Any:
    plot = figure(
        name=name, height=height, sizing_mode="stretch_width", min_width=200, tools="",
        toolbar_location=more.pop("toolbar", "above"), output_backend="canvas", **more,
    )  # fmt: skip
    plot.toolbar.logo = None
    plot.toolbar.autohide = False
    plot.outline_line_color = None
    plot.background_fill_color = plot.border_fill_color = "#FFFFFF"
    plot.stylesheets = [TOUCH]
    for axis in (*plot.xaxis, *plot.yaxis):
        axis.axis_line_color = axis.major_tick_line_color = FAINT
        axis.minor_tick_line_color = None
        axis.axis_label_text_color = axis.major_label_text_color = INK
        axis.axis_label_text_font_style = "normal"
        axis.axis_label_text_font_size = axis.major_label_text_font_size = FONT
    for grid in (*plot.xgrid, *plot.ygrid):
        grid.grid_line_color = "#EEEEEE"
    return plot


def _brush(plot: Any) -> BoxSelectTool:
    brush = BoxSelectTool(persistent=False)
    plot.add_tools(brush, PanTool(), WheelZoomTool(), ResetTool())
    plot.toolbar.active_drag = brush
    plot.toolbar.active_scroll = None
    return brush


def _pair(pair: Sequence[int], high: int, sources: tuple[Any, Any, Any], *, joined: bool) -> Any:
    points, chosen, named = sources
    x, y = (f"c{place}" for place in pair)
    plot = _plain(f"front_{pair[0]}_{pair[1]}", high)
    plot.xaxis.name, plot.yaxis.name = f"{plot.name}_x", f"{plot.name}_y"
    plot.x_range.range_padding = plot.y_range.range_padding = MARGIN
    if joined:
        plot.line(x, y, source=points, color=ACCENT, alpha=0.5, line_width=1.2)
    dots = plot.scatter(
        x, y, source=points, size="size", fill_color="fill", fill_alpha="alpha", line_color="#FFFFFF",
        line_width=0.5,
    )  # fmt: skip
    dots.nonselection_glyph = None
    dots.selection_glyph = None
    plot.scatter(x, y, source=chosen, size=19, fill_color=None, line_color="line", line_width=3.5)
    plot.text(
        x, y, text="text", source=named, x_offset=9, y_offset=-8, text_font_size="13px", text_color=INK,
        text_font_style="bold",
    )  # fmt: skip
    _brush(plot)
    plot.add_tools(HoverTool(renderers=[dots], tooltips=[("", "@tip")]))
    return plot


def _parallel(count: int) -> Any:
    plot = _plain(
        "parallel", 330, x_range=Range1d(start=-0.4, end=count - 0.6), y_range=Range1d(start=-0.24, end=1.24)
    )
    lines = _source("lines", "xs", "ys", "line", "alpha")
    bold = _source("bold", "xs", "ys", "line")
    ends = _source("ends", "x", "y", "text", "base")
    plot.segment(x0=list(range(count)), x1=list(range(count)), y0=0, y1=1, color=FAINT, line_width=1)
    thin = plot.multi_line("xs", "ys", source=lines, line_color="line", line_alpha="alpha", line_width=1.2)
    thin.nonselection_glyph = thin.selection_glyph = None
    plot.multi_line("xs", "ys", source=bold, line_color="line", line_width=3.5)
    plot.text(
        "x", "y", text="text", source=ends, text_align="center", text_baseline="base",
        text_font_size="12px", text_color=MUTED,
    )  # fmt: skip
    gates = _source("gates", "x", "y0", "y1")
    plot.vbar(x="x", bottom="y0", top="y1", width=0.12, source=gates, fill_color=ALERT, fill_alpha=0.25,
              line_color=ALERT)  # fmt: skip
    plot.xaxis.ticker = FixedTicker(ticks=list(range(count)))
    plot.xaxis.name = "parallel_x"
    plot.yaxis.visible = False
    plot.grid.visible = False
    _brush(plot)
    return plot


def _rates() -> Any:
    plot = _plain("rates", 260, toolbar=None)
    plot.xaxis.name, plot.yaxis.name = "rates_x", "rates_y"
    steps = _source("rate_steps", "x0", "x1", "y", "line")
    plot.segment("x0", "y", "x1", "y", source=steps, line_color="line", line_width=4)
    here = _source("rate_here", "x")
    plot.vspan(x="x", source=here, line_color=ALERT, line_width=2, line_dash="dashed")
    return plot


def _bars() -> Any:
    """Land treated by region, coloured by intervention; the page says which regions, and sets the height."""
    plot = _plain("bars", 300, toolbar=None, y_range=Range1d(start=1.0, end=-0.6))
    plot.xaxis.name, plot.yaxis.name = "bars_x", "bars_y"
    plot.x_range.start = 0
    plot.yaxis.ticker = FixedTicker(ticks=[], name="bars_ticks")
    source = _source("bar_parts", "y", "high", "left", "right", "fill")
    plot.hbar(y="y", height="high", left="left", right="right", fill_color="fill", line_color="#FFFFFF",
              line_width=0.3, source=source)  # fmt: skip
    plot.text("x", "y", text="text", source=_source("bar_names", "x", "y", "text"), x_offset=4,
              text_baseline="middle", text_font_size="11px", text_color=MUTED)  # fmt: skip
    return plot


def _mac() -> Any:
    plot = _plain("mac", 280, toolbar=None)
    plot.xaxis.name, plot.yaxis.name = "mac_x", "mac_y"
    source = _source("mac_steps", "x", "y")
    plot.step("x", "y", source=source, mode="before", line_color=ACCENT, line_width=2.5)
    plot.scatter("x", "y", source=source, size=6, color=ACCENT)
    return plot


def _maps(told: dict[str, Any], shape: tuple[int, int]) -> list[Any]:
    """The map of the chosen plan and that of the second one, which move together."""
    west, east, south, north = told["extent"]
    x = Range1d(start=west, end=east, reset_start=west, reset_end=east)
    y = Range1d(start=south, end=north, reset_start=south, reset_end=north)
    lines = _source("borders", "xs", "ys")
    names = _source("region_names", "x", "y", "text")
    return [_map(name, told, (x, y), (lines, names), shape) for name in ("map_a", "map_b")]


def _map(name: str, told: dict[str, Any], ranges: Any, sources: Any, shape: tuple[int, int]) -> Any:
    west, east, south, north = told["extent"]
    plot = _plain(name, 400, x_range=ranges[0], y_range=ranges[1])
    height, width = (north - south) * told["aspect"], max(east - west, 1e-12)
    # The page sets the height, so that a degree or a metre is as long to the north as to the east.
    plot.tags = [height / width]
    plot.axis.visible = False
    plot.grid.visible = False
    picture = ColumnDataSource({"image": [np.zeros((1, 1), np.uint32)]}, name=f"{name}_picture")
    plot.image_rgba("image", x=west, y=south, dw=east - west, dh=north - south, source=picture)
    plot.multi_line("xs", "ys", source=sources[0], line_color=INK, line_width=1, line_alpha=0.8)
    spot = _source(f"{name}_spot", "x", "y")
    plot.scatter("x", "y", source=spot, marker="cross", size=22, line_color=INK, line_width=2)
    plot.text(
        "x", "y", text="text", source=sources[1], text_align="center", text_baseline="middle",
        text_font_size="12px", text_color=INK, background_fill_color="#FFFFFF", background_fill_alpha=0.75,
    )  # fmt: skip
    pan = PanTool()
    plot.add_tools(pan, WheelZoomTool(), ResetTool())
    plot.toolbar.active_drag = pan
    plot.toolbar.active_scroll = None
    return plot
