"""The sheet that every figure is drawn on: title, plot, key beside it, caption under it; PNG and SVG."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from landfront.report.style import FAINT, INK, Labels

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

DPI = 170
LINE = 0.030
Floats = NDArray[np.float64]
Spot = tuple[str, float, float]
# Offsets of a letter from its point in sizes of a letter: near ones first, below left before others, since
# fronts bulge to the upper right.
AROUND = np.array(
    [
        (dx * reach, dy * reach)
        for reach in (1.3, 1.9, 2.6)
        for dx, dy in ((-0.7, -0.7), (0.7, 0.7), (-1, 0), (0, -1), (1, 0), (0, 1), (-0.7, 0.7), (0.7, -0.7))
    ]
)
SVG_RC: Any = {"svg.hashsalt": "landfront", "svg.fonttype": "path"}


@dataclass(frozen=True)
class KeyRow:
    """A line of the key: a colour swatch or a badge, a text, and numbers set flush right."""

    text: str
    colour: str = ""
    badge: str = ""
    numbers: tuple[str, ...] = ()


def sheet(title: str, *, width: float = 10.0, height: float = 6.4) -> Figure:
    """An empty figure with its title at the top left."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), facecolor="white")
    wrapped = textwrap.fill(title, int(width * 9))
    figure.text(0.02, 1 - 0.18 / height, wrapped, fontsize=13, weight="bold", color=INK, va="top")
    return figure


def caption(figure: Figure, text: str) -> None:
    """Write a wrapped caption at the foot of a figure."""
    width = figure.get_figwidth()
    figure.text(
        0.02, 0.12 / figure.get_figheight(), textwrap.fill(text, int(width * 14.5)),
        fontsize=8.5, color="#555555", va="bottom", linespacing=1.35,
    )  # fmt: skip


def plain(axes: Axes) -> None:
    """Take away what is not data: upper and right frame, dark grid."""
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[["left", "bottom"]].set_color(FAINT)
    axes.tick_params(colors=INK, labelsize=9)
    axes.grid(color="#EEEEEE", linewidth=0.8)
    axes.set_axisbelow(True)


def thousands(axes: Axes, which: str = "both") -> None:
    """Separate the thousands on the axes, and never write an offset or an exponent."""
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    for name in ("x", "y"):
        if which in (name, "both"):
            axis = getattr(axes, f"{name}axis")
            axis.set_major_locator(MaxNLocator(6, min_n_ticks=3))
            axis.set_major_formatter(FuncFormatter(_tick))


def _tick(value: float, position: int | None = None) -> str:
    return f"{value:,.10g}"


def key(axes: Axes, heading: str, rows: Sequence[KeyRow], columns: Sequence[str] = ()) -> None:
    """Fill an empty axes with a key: swatch or badge, text, numbers."""
    axes.set_axis_off()
    axes.set_xlim(0, 1)
    axes.set_ylim(0, 1)
    inches = axes.get_position().height * axes.get_figure().get_figheight()  # type: ignore[union-attr]
    width = axes.get_position().width * axes.get_figure().get_figwidth()  # type: ignore[union-attr]
    line = 0.165 / inches
    ends = [1.0 - 0.62 / width * (len(columns) - 1 - place) for place in range(len(columns))]
    room = int((width - 0.62 * len(columns) - 0.25) * 14.5)
    top = 1.0
    axes.text(0, top, heading, fontsize=9, weight="bold", va="top", color=INK)
    for end, name in zip(ends, columns, strict=True):
        axes.text(end, top, name, fontsize=8, ha="right", va="top", color="#555555")
    top -= 1.7 * line
    for row in rows:
        wrapped = textwrap.wrap(row.text, max(room, 12)) or [""]
        _swatch(axes, row, top, (0.13 / width, 0.11 / inches))
        axes.text(0.22 / width, top, "\n".join(wrapped), fontsize=8, va="top", color=INK, linespacing=1.2)
        for end, number in zip(ends, row.numbers, strict=False):
            axes.text(end, top, number, fontsize=8, ha="right", va="top", color=INK)
        top -= line * (len(wrapped) + 0.28)


def place_letters(axes: Axes, spots: Sequence[Spot], curve: Floats, *, size: float = 10) -> None:
    """Write letters beside points, each where it hides no other letter and as little of the curve as can be.

    Parameters
    ----------
    spots
        Letter, x and y of each point.
    curve
        What is drawn, shape (k, 2), in the units of the axes.
    """
    # Limits are settled late: until then points have no place on the page.
    axes.autoscale_view()
    unit = axes.get_figure().dpi / 72 * size  # type: ignore[union-attr]
    line = axes.transData.transform(_dense(curve)) / unit
    taken = np.empty((0, 2))
    for letter, x, y in spots:
        centre = axes.transData.transform((x, y)) / unit
        rooms = [min(_room(centre + step, taken), _room(centre + step, line) / 0.75) for step in AROUND]
        step = AROUND[int(np.argmax(np.minimum(rooms, 1.0)))]
        taken = np.vstack([taken, centre + step])
        axes.annotate(
            letter, (x, y), xytext=tuple(step * size), textcoords="offset points", fontsize=size,
            weight="bold", color=INK, ha="center", va="center", zorder=6,
        )  # fmt: skip


def _dense(curve: Floats) -> Floats:
    """The curve with steps between its points, so that what lies near a line is seen."""
    share = np.linspace(0, 1, 12)[:, None, None]
    return np.concatenate([curve, (curve[:-1] * (1 - share) + curve[1:] * share).reshape(-1, 2)])


def _room(spot: Floats, taken: Floats) -> float:
    """Distance to the nearest thing in the way, in sizes of a letter."""
    return float(np.hypot(*(taken - spot).T).min(initial=9.0))


def _swatch(axes: Axes, row: KeyRow, top: float, size: tuple[float, float]) -> None:
    from matplotlib.patches import Rectangle

    if row.colour:
        width, height = size
        box = Rectangle(
            (0, top - height * 1.05), width, height, facecolor=row.colour, edgecolor=FAINT, lw=0.4
        )
        axes.add_patch(box)
    if row.badge:
        axes.text(0, top, row.badge, fontsize=8.5, weight="bold", va="top", color=INK)


def save(figure: Figure, folder: Path, name: str, labels: Labels) -> list[Path]:
    """Save a figure as PNG and SVG."""
    import matplotlib as mpl
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    labels.apply(figure)
    FigureCanvasAgg(figure)
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / f"{name}.png", folder / f"{name}.svg"]
    figure.savefig(paths[0], dpi=DPI)
    # Text as outlines, so that an SVG looks the same where the font is missing; no date: runs compare.
    with mpl.rc_context(SVG_RC):
        figure.savefig(paths[1], metadata={"Date": None}, dpi=DPI)
    return paths
