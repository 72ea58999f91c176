"""Maps of plans: polygons for small studies, a raster for large ones, with legend, areas and scale bar."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from landfront.report.canvas import KeyRow, Sheet, key, key_height, sheet
from landfront.report.ground import Ground
from landfront.report.quantities import HA_PER_MU, number, percent, quantity
from landfront.report.result import Named, Result
from landfront.report.shares import agreed_share, by_intervention, main_choice, range_of_shares
from landfront.report.style import INK, MUTED, colours
from landfront.report.wrapping import tied

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Floats = NDArray[np.float64]
CONTESTED = "#BCAC9C"
AGREED = 1 - 1e-6
WIDTH, LEFT, KEY = 11.0, 6.4, 3.95
TALLEST, LOWEST, UNDER = 7.2, 2.4, 0.42
# Above these the borders of parcels would hide their colours, and outlines would make an SVG too large.
MOST_OUTLINED, MOST_VERTICES = 4_000, 40_000
MOST_NAMES = 25


def plan_map(result: Result, ground: Ground, group: tuple[Named, ...], letter: str = "") -> Figure:
    """Map of a named plan, coloured by intervention."""
    menu = result.formulation.menu
    point = group[0].point
    shares = np.asarray(result.front.points[point].x[: len(menu)], dtype=np.float64)
    palette = colours(menu.interventions)
    areas = by_intervention(result, shares)
    names = "; ".join(named.label for named in group)
    subject = f"Plan {letter}: {names}" if letter else names
    rows = [*_rows(result, areas), KeyRow("Total", numbers=numbers_of(float(areas.sum()), result.in_yuan))]
    page, axes = page_of(result, ground, (subject, _plan_caption(result, ground, point)), rows)
    draw(axes, ground, main_choice(result, shares), [palette[name] for name in menu.interventions])
    return page.figure


def no_regret_map(result: Result, ground: Ground) -> Figure:
    """Map of the parcels that get the same intervention in every plan of the front."""
    menu, area = result.formulation.menu, result.formulation.landscape.area
    agreed = agreed_share(result) >= AGREED
    choice = np.where(agreed, main_choice(result, range_of_shares(result)[0]), len(menu.interventions))
    areas = np.bincount(choice, weights=area, minlength=len(menu.interventions) + 1).astype(np.float64)
    rows = [
        KeyRow("Differs between plans", CONTESTED, numbers=numbers_of(float(areas[-1]), result.in_yuan)),
        *_rows(result, areas[:-1]),
        KeyRow("Total", numbers=numbers_of(float(areas.sum()), result.in_yuan)),
    ]
    share = percent(float(area[agreed].sum() / area.sum()))
    note = f"{share} of the land gets the same choice in all {len(result.front)} plans of the front."
    page, axes = page_of(result, ground, ("What every plan of the front agrees on", note), rows)
    palette = colours(menu.interventions)
    draw(axes, ground, choice, [*(palette[name] for name in menu.interventions), CONTESTED])
    return page.figure


def page_of(
    result: Result,
    ground: Ground,
    texts: tuple[str, str],
    rows: list[KeyRow],
    heading: str = "Area by intervention",
) -> tuple[Sheet, Axes]:
    """A page shaped to the study's extent, with its key, and an axes for the map."""
    columns = ("ha", "mu") if result.in_yuan else ("ha",)
    west, south, east, north = ground.bounds
    shape = (north - south) * ground.aspect / max(east - west, 1e-12)
    height = float(np.clip(LEFT * shape, LOWEST, TALLEST))
    body = max(height + UNDER, key_height(rows, KEY, len(columns)))
    page = sheet(result.formulation.study.title, *texts, width=WIDTH, body=body)
    axes = page.axes(0.2, body - height, LEFT, height)
    axes.set_axis_off()
    axes.set(xlim=(west, east), ylim=(south, north))
    axes.set_aspect(ground.aspect, anchor="NW")
    key(page.axes(WIDTH - KEY - 0.2, 0, KEY, body), heading, rows, columns)
    return page, axes


def draw(axes: Axes, ground: Ground, choice: NDArray[Any], palette: list[str]) -> None:
    """Fill each parcel with the colour of its choice; then regions, scale bar and north."""
    if ground.large or ground.points:
        _draw_cells(axes, ground, choice, palette)
    else:
        _draw_polygons(axes, ground, choice, palette)
    _draw_regions(axes, ground)
    _scale_bar(axes, ground)


def _draw_cells(axes: Axes, ground: Ground, choice: NDArray[Any], palette: list[str]) -> None:
    from matplotlib.colors import to_rgba_array

    rgba = to_rgba_array(palette)
    limits = axes.get_xlim(), axes.get_ylim()
    if ground.large:
        picture, extent = ground.raster.picture(choice, rgba)
        axes.imshow(picture, extent=extent, interpolation="nearest", aspect=axes.get_aspect(), origin="upper")
    else:
        size = float(np.clip(9e4 / len(choice), 2, 60))
        axes.scatter(
            ground.centres[:, 0], ground.centres[:, 1], s=size, color=rgba[choice],
            edgecolors=MUTED, linewidths=0.2, clip_on=False, rasterized=len(choice) > MOST_OUTLINED,
        )  # fmt: skip
    axes.set(xlim=limits[0], ylim=limits[1])


def _draw_polygons(axes: Axes, ground: Ground, choice: NDArray[Any], palette: list[str]) -> None:
    from matplotlib.patches import PathPatch

    outlined = len(choice) <= MOST_OUTLINED
    for kind in np.unique(choice):
        patch = PathPatch(
            ground.filled(choice == kind), facecolor=palette[kind],
            # A line in the colour of the fill closes the hair lines between neighbours.
            edgecolor="white" if outlined else palette[kind],
            linewidth=float(np.clip(30 / np.sqrt(len(choice)), 0.2, 0.4)) if outlined else 0.25,
            rasterized=ground.vertices > MOST_VERTICES, clip_on=False,
        )  # fmt: skip
        axes.add_artist(patch)


def _draw_regions(axes: Axes, ground: Ground) -> None:
    """Lines around the regions, and the names of those that have room for one."""
    from matplotlib.collections import LineCollection
    from matplotlib.patheffects import withStroke

    if ground.borders:
        lines = LineCollection(ground.borders, colors=INK, linewidths=0.55, alpha=0.75, clip_on=False)
        # As a collection it would change the limits of the axes, which are those of the study.
        axes.add_collection(lines, autolim=False)
    if not 1 < len(ground.names) <= MOST_NAMES:
        return
    halo = [withStroke(linewidth=2.2, foreground="white", alpha=0.85)]
    for region in _apart(axes, ground):
        x, y = ground.places[region]
        axes.text(
            x, y, ground.names[region], fontsize=7.5, color=INK, ha="center", va="center",
            path_effects=halo, clip_on=False, zorder=5,
        )  # fmt: skip


def _apart(axes: Axes, ground: Ground) -> list[int]:
    """Regions whose names do not run into one another, in file order."""
    pixels = axes.transData.transform(ground.places) / axes.figure.dpi
    reach = np.array([0.062 * max(map(len, ground.names)) + 0.25, 0.16])
    kept: list[int] = []
    for region in range(len(ground.names)):
        near = np.abs(pixels[kept] - pixels[region]) < reach
        if not near.all(axis=1).any():
            kept.append(region)
    return kept


def _scale_bar(axes: Axes, ground: Ground) -> None:
    """A bar of a round length below the map's lower left corner, and an arrow to the north beside it."""
    if ground.metres is None:
        return
    west, south, east, north = ground.bounds
    length = _round_down((east - west) * ground.metres / 4)
    end = west + length / ground.metres
    drop = south - 0.03 * (north - south)
    axes.plot([west, end], [drop, drop], color=INK, linewidth=2.5, solid_capstyle="butt", clip_on=False)
    text = f"{number(length / 1000)} km" if length >= 1000 else f"{number(length)} m"
    axes.annotate(
        f"{text}      N ▲", (end, drop), xytext=(5, 0), textcoords="offset points", fontsize=8, va="center",
        color=INK, annotation_clip=False,
    )  # fmt: skip


def _round_down(length: float) -> float:
    """The largest of 1, 2, 5 times a power of ten that is no longer than this."""
    power = 10.0 ** np.floor(np.log10(max(length, 1e-9)))
    return float(max(step * power for step in (1, 2, 5) if step * power <= length))


def _rows(result: Result, areas: Floats) -> list[KeyRow]:
    """A row for each intervention in use, the largest first."""
    names = result.formulation.menu.interventions
    palette = colours(names)
    return [
        KeyRow(
            result.intervention_labels[names[k]],
            palette[names[k]],
            numbers=numbers_of(float(areas[k]), result.in_yuan),
        )
        for k in np.argsort(-areas, kind="stable")
        if areas[k] > 0
    ]


def numbers_of(hectares: float, mu: bool) -> tuple[str, ...]:
    """An area in ha, and in mu where that is asked for, as a key shows it."""
    values = (hectares, hectares / HA_PER_MU) if mu else (hectares,)
    return tuple(number(value, digits=3) if value < 100 else f"{value:,.0f}" for value in values)


def _plan_caption(result: Result, ground: Ground, point: int) -> str:
    facts = ", ".join(
        f"{result.word(name)} {tied(quantity(result.total(point, name), result.units[name]))}"
        for name in result.criteria
    )
    text = f"Point {point} of the front: {facts}."
    if not result.program.integer.all():
        text += " Parcels that are shared between interventions show the largest."
    if ground.large:
        text += f" {len(ground.layer):,} parcels drawn as a raster: each cell shows one of its parcels."
    return text
