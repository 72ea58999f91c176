"""The map of a difference: parcels coloured by what they change to, the others grey."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from landfront.models.kinds import label_of
from landfront.report.canvas import KeyRow, key, key_height, sheet
from landfront.report.diff import AREA, PARCEL, TO, Diff, labels_of
from landfront.report.ground import Ground, ground_of
from landfront.report.maps import KEY, LEFT, LOWEST, TALLEST, UNDER, WIDTH, draw
from landfront.report.quantities import HA_PER_MU, number, percent
from landfront.report.style import Labels, colours

if TYPE_CHECKING:
    from pathlib import Path

    from matplotlib.figure import Figure

SAME = "#E7E7E7"
"""What does not change: as light as ``keep`` on other maps."""
KEPT = "#8C8C8C"
"""What goes back to being kept as it is: a darker grey than what does not change."""


def diff_map(found: Diff) -> Figure:
    """Map of the changed parcels, coloured by what the second plan does there.

    A parcel with several changes shows the largest.
    """
    formulation = found.second.formulation
    ground = ground_of(formulation)
    names = list(dict.fromkeys(found.transitions()[TO].astype(str)))
    palette = {**colours(formulation.menu.interventions), "keep": KEPT}
    shades = [*(palette.get(name, KEPT) for name in names), SAME]
    words = labels_of(found.second)
    mu = formulation.study.study.currency == "CNY"
    areas = found.changed.groupby(TO, observed=True)[AREA].sum()
    rows = [
        KeyRow(label_of(name, words), palette.get(name, KEPT), numbers=_numbers(float(areas[name]), mu))
        for name in names
    ]
    rows.append(KeyRow("Unchanged", SAME, numbers=_numbers(found.total - found.area, mu)))
    if len(found.only_second):
        rows.append(KeyRow("of which new parcels", "", numbers=_numbers(float(found.only_second.sum()), mu)))
    return _page(found, ground, rows, (_choice(found, names), shades, mu))


def _page(
    found: Diff, ground: Ground, rows: list[KeyRow], drawn: tuple[NDArray[Any], list[str], bool]
) -> Figure:
    choice, shades, mu = drawn
    columns = ("ha", "mu") if mu else ("ha",)
    west, south, east, north = ground.bounds
    shape = (north - south) * ground.aspect / max(east - west, 1e-12)
    height = float(np.clip(LEFT * shape, LOWEST, TALLEST))
    body = max(height + UNDER, key_height(rows, KEY, len(columns)))
    share = percent(found.area / found.total) if found.total else "0 %"
    subject = f"What changes from {found.names[0]} to {found.names[1]}"
    note = f"{number(found.area, digits=4)} ha change, {share} of the land; coloured by what they change to."
    page = sheet(found.second.formulation.study.title, subject, note, width=WIDTH, body=body)
    axes = page.axes(0.2, body - height, LEFT, height)
    axes.set_axis_off()
    axes.set(xlim=(west, east), ylim=(south, north))
    axes.set_aspect(ground.aspect, anchor="NW")
    key(page.axes(WIDTH - KEY - 0.2, 0, KEY, body), "Changed to", rows, columns)
    draw(axes, ground, choice, shades)
    return page.figure


def _choice(found: Diff, names: list[str]) -> NDArray[np.int64]:
    """Which shade each parcel has, shape (n,); the last one where nothing changes."""
    choice = np.full(len(found.second.formulation.landscape), len(names), dtype=np.int64)
    rows = found.changed.sort_values(AREA, kind="stable")
    place = {name: at for at, name in enumerate(names)}
    choice[rows[PARCEL].to_numpy(np.int64)] = [place[str(name)] for name in rows[TO]]
    return choice


def _numbers(hectares: float, mu: bool) -> tuple[str, ...]:
    values = (hectares, hectares / HA_PER_MU) if mu else (hectares,)
    return tuple(number(value, digits=3) if value < 100 else f"{value:,.0f}" for value in values)


def write_diff_map(found: Diff, folder: Path, name: str = "map_change") -> None:
    """Draw the map as PNG and SVG."""
    from landfront.report.canvas import save

    save(diff_map(found), folder, name, Labels.of_system(found.second.formulation.study))
