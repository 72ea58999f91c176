"""Maps of plans: polygons for small studies, a raster for large ones, with legend, areas and scale bar."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from landfront.report.canvas import KeyRow, caption, key, sheet
from landfront.report.layers import parcel_geometry
from landfront.report.quantities import HA_PER_MU, number, percent
from landfront.report.raster import Raster, rasterise
from landfront.report.result import Named, Result
from landfront.report.shares import agreed_share, by_intervention, main_choice, range_of_shares
from landfront.report.style import INK, Labels, colours

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Floats = NDArray[np.float64]
RASTER_FROM = 50_000
METRES_PER_DEGREE = 111_320.0
CONTESTED = "#8C8C8C"
AGREED = 1 - 1e-6


@dataclass(frozen=True)
class Ground:
    """The geometry of a study, read once for all its maps.

    Attributes
    ----------
    layer
        GeoDataFrame of the parcels in the landscape's order.
    """

    layer: Any

    @classmethod
    def of(cls, result: Result) -> Ground:
        """Read the geometry of a study that has one."""
        return cls(parcel_geometry(result.formulation.landscape))

    @cached_property
    def centres(self) -> Floats:
        """Centroid of each parcel, shape (n, 2)."""
        import shapely

        return np.asarray(shapely.get_coordinates(shapely.centroid(self.layer.geometry.to_numpy())))

    @cached_property
    def raster(self) -> Raster:
        """Grid on which large studies are drawn."""
        return rasterise(self.centres)

    @property
    def large(self) -> bool:
        """True when the parcels are too many to draw one by one."""
        return len(self.layer) > RASTER_FROM

    @cached_property
    def bounds(self) -> tuple[float, float, float, float]:
        """West, south, east, north."""
        west, south, east, north = self.layer.total_bounds
        return float(west), float(south), float(east), float(north)

    @cached_property
    def geographic(self) -> bool:
        """True when coordinates are degrees."""
        return bool(self.layer.crs is not None and self.layer.crs.is_geographic)


def plan_map(result: Result, ground: Ground, named: Named, labels: Labels) -> Figure:
    """Map of a named plan, coloured by intervention."""
    menu = result.formulation.menu
    shares = np.asarray(result.front.points[named.point].x[: len(menu)], dtype=np.float64)
    palette = colours(menu.interventions)
    choice = main_choice(result, shares)
    title = f"{labels.text(result.formulation.study.title, 'Study')}: {named.label}"
    figure, axes, panel = _frame(ground, title)
    _draw(axes, ground, choice, [palette[name] for name in menu.interventions])
    _key(panel, result, by_intervention(result, shares), palette)
    caption(figure, _plan_caption(result, ground, named))
    return figure


def no_regret_map(result: Result, ground: Ground, labels: Labels) -> Figure:
    """Map of the parcels that get the same intervention in every plan of the front."""
    menu = result.formulation.menu
    least = range_of_shares(result)[0]
    palette = colours(menu.interventions)
    agreed = agreed_share(result) >= AGREED
    choice = np.where(agreed, main_choice(result, least), len(menu.interventions))
    title = f"{labels.text(result.formulation.study.title, 'Study')}: what every plan of the front agrees on"
    figure, axes, panel = _frame(ground, title)
    _draw(axes, ground, choice, [*(palette[name] for name in menu.interventions), CONTESTED])
    area = result.formulation.landscape.area
    areas = np.bincount(choice, weights=area, minlength=len(menu.interventions) + 1).astype(np.float64)
    _key(panel, result, areas[:-1], palette, contested=float(areas[-1]))
    share = percent(float(area[agreed].sum() / area.sum()))
    caption(
        figure, f"{share} of the land gets the same choice in all {len(result.front)} plans of the front."
    )
    return figure


def _frame(ground: Ground, title: str) -> tuple[Figure, Axes, Axes]:
    """A figure shaped to the study's extent, an axes for the map and one for the key."""
    west, south, east, north = ground.bounds
    stretch = _aspect(ground)
    shape = (north - south) * stretch / max(east - west, 1e-12)
    height = float(np.clip(6.3 * shape + 1.75, 5.0, 9.0))
    figure = sheet(title, width=11, height=height)
    axes = figure.add_axes((0.02, 1.0 / height, 0.58, 1 - 1.7 / height))
    axes.set_axis_off()
    axes.set_xlim(west, east)
    axes.set_ylim(south, north)
    axes.set_aspect(stretch, anchor="NW")
    panel = figure.add_axes((0.63, 0.85 / height, 0.35, 1 - 1.55 / height))
    return figure, axes, panel


def _aspect(ground: Ground) -> float:
    """Height of a unit of latitude over the width of a unit of longitude; 1 for projected coordinates."""
    if not ground.geographic:
        return 1.0
    _, south, _, north = ground.bounds
    return float(1 / np.cos(np.radians((south + north) / 2)))


def _draw(axes: Axes, ground: Ground, choice: NDArray[Any], palette: list[str]) -> None:
    """Fill each parcel with the colour of its choice, and put the scale bar under the map."""
    from matplotlib.colors import to_rgba_array

    rgba = to_rgba_array(palette)
    if ground.large:
        picture, extent = ground.raster.picture(choice, rgba)
        axes.imshow(picture, extent=extent, interpolation="nearest", aspect=axes.get_aspect(), origin="upper")
        west, south, east, north = ground.bounds
        axes.set_xlim(west, east)
        axes.set_ylim(south, north)
    else:
        thin = float(np.clip(30 / np.sqrt(len(choice)), 0.05, 0.4))
        ground.layer.plot(
            ax=axes, color=rgba[choice], edgecolor="#FFFFFF", linewidth=thin,
            aspect=None, rasterized=len(choice) > 3000,
        )  # fmt: skip
    _scale_bar(axes, ground)


def _scale_bar(axes: Axes, ground: Ground) -> None:
    """A bar of a round length, about a fifth of the map's width, below its lower left corner."""
    if ground.layer.crs is None:
        return
    west, south, east, north = ground.bounds
    metres = METRES_PER_DEGREE / _aspect(ground) if ground.geographic else _unit_metres(ground)
    length = _round_down((east - west) * metres / 4)
    end = west + length / metres
    drop = south - 0.025 * (north - south)
    axes.plot([west, end], [drop, drop], color=INK, linewidth=2.5, solid_capstyle="butt", clip_on=False)
    text = f"{number(length / 1000)} km" if length >= 1000 else f"{number(length)} m"
    axes.annotate(
        text, (end, drop), xytext=(5, 0), textcoords="offset points", fontsize=8, va="center",
        color=INK, annotation_clip=False,
    )  # fmt: skip


def _unit_metres(ground: Ground) -> float:
    return float(ground.layer.crs.axis_info[0].unit_conversion_factor or 1.0)


def _round_down(length: float) -> float:
    """The largest of 1, 2, 5 times a power of ten that is no longer than this."""
    power = 10.0 ** np.floor(np.log10(max(length, 1e-9)))
    return float(max(step * power for step in (1, 2, 5) if step * power <= length))


def _key(
    panel: Axes, result: Result, areas: Floats, palette: dict[str, str], contested: float | None = None
) -> None:
    names = result.formulation.menu.interventions
    entries = [
        (result.intervention_labels[names[k]], palette[names[k]], float(areas[k]))
        for k in np.argsort(-areas, kind="stable")
        if areas[k] > 0
    ]
    if contested is not None:
        entries.insert(0, ("Differs between plans", CONTESTED, contested))
    rows = [
        KeyRow(text, colour, numbers=_numbers(hectares, result.in_yuan)) for text, colour, hectares in entries
    ]
    key(panel, "Area by intervention", rows, ("ha", "mu") if result.in_yuan else ("ha",))


def _numbers(hectares: float, mu: bool) -> tuple[str, ...]:
    values = (hectares, hectares / HA_PER_MU) if mu else (hectares,)
    return tuple(number(value, digits=3) if value < 100 else f"{value:,.0f}" for value in values)


def _plan_caption(result: Result, ground: Ground, named: Named) -> str:
    facts = ", ".join(f"{result.label(name)} {_total(result, named.point, name)}" for name in result.criteria)
    text = f"Point {named.point} of the front: {facts}."
    if not result.program.integer.all():
        text += " Parcels that are shared between interventions show the largest."
    if ground.large:
        text += f" {len(ground.layer):,} parcels drawn as a raster: each cell shows one of its parcels."
    return text


def _total(result: Result, point: int, name: str) -> str:
    from landfront.report.quantities import quantity

    return quantity(result.total(point, name), result.units[name])
