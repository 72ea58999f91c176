"""The sheet that every figure is drawn on: title, plot, key beside it, caption under it; PNG and SVG."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from landfront.optimizer.plots.fonts import quiet_fonts
from landfront.report.style import FAINT, INK, MUTED, Labels
from landfront.report.wrapping import TIE, lines_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis
    from matplotlib.figure import Figure

DPI = 170
# Inches: a line of the key, the gap after a row, a column of numbers, a line of the caption.
LINE, GAP, COLUMN, NOTE = 0.155, 0.055, 0.68, 0.155
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
MINUS = "\N{MINUS SIGN}"
SVG_RC: Any = {"svg.hashsalt": "landfront", "svg.fonttype": "path"}


@dataclass(frozen=True)
class KeyRow:
    """A line of the key: a colour swatch or a badge, a text, fainter lines under it, numbers flush right."""

    text: str
    colour: str = ""
    badge: str = ""
    details: tuple[str, ...] = ()
    numbers: tuple[str, ...] = ()

    def lines(self, room: float) -> tuple[list[str], list[str]]:
        """Lines of the text and of the details."""
        return lines_of(self.text, room), [line for text in self.details for line in lines_of(text, room)]


@dataclass(frozen=True)
class Sheet:
    """A figure with room between its heading and its caption, measured in inches.

    Attributes
    ----------
    figure
        The figure.
    width, body
        Size of the room.
    foot
        Height of the caption below the room.
    """

    figure: Figure
    width: float
    body: float
    foot: float

    def box(self, left: float, bottom: float, width: float, height: float) -> tuple[float, ...]:
        """Inches from the lower left of the room, as shares of the figure."""
        across, up = self.figure.get_size_inches()
        return left / across, (self.foot + bottom) / up, width / across, height / up

    def axes(self, left: float, bottom: float, width: float, height: float) -> Axes:
        """Axes at a place in the room."""
        return self.figure.add_axes(self.box(left, bottom, width, height))  # type: ignore[arg-type]


def sheet(title: str, subject: str, note: str, *, width: float = 10.0, body: float = 4.6) -> Sheet:
    """A figure with its study and subject above a room of this size, and a caption below it."""
    from matplotlib.figure import Figure

    heads = lines_of(title, width * 9.0, most=2)
    # A number is not parted from its percent sign.
    notes = lines_of(note.replace(" %", f"{TIE}%"), width * 15.4)
    head, foot = 0.62 + 0.24 * len(heads), 0.3 + NOTE * (len(notes) + 1)
    height = head + body + foot
    figure = Figure(figsize=(width, height), facecolor="white")
    figure.text(
        0.2 / width, 1 - 0.16 / height, "\n".join(heads), fontsize=13, weight="bold", color=INK, va="top"
    )
    below = 0.21 + 0.24 * len(heads)
    figure.text(0.2 / width, 1 - below / height, subject, fontsize=11, color=MUTED, va="top")
    figure.text(
        0.2 / width,
        (0.12 + NOTE) / height,
        "\n".join(notes),
        fontsize=8.5,
        color=MUTED,
        va="bottom",
        linespacing=1.3,
    )
    return Sheet(figure, width, body, foot)


def plain(axes: Axes) -> None:
    """Take away what is not data: upper and right frame, dark grid."""
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[["left", "bottom"]].set_color(FAINT)
    axes.tick_params(colors=INK, labelsize=9)
    axes.grid(color="#EEEEEE", linewidth=0.8)
    axes.set_axisbelow(True)


def thousands(axes: Axes, which: str = "both", *, most: int = 6) -> None:
    """Round steps, thousands separated, as many decimals as the steps need, no offset and no exponent."""
    from matplotlib.ticker import MaxNLocator

    for name in ("x", "y"):
        if which in (name, "both"):
            axis = getattr(axes, f"{name}axis")
            axis.set_major_locator(MaxNLocator(most, steps=[1, 2, 2.5, 5, 10], min_n_ticks=min(3, most)))
            axis.set_major_formatter(partial(_tick, axis))


def ticks_between(low: float, high: float, *, most: int = 7) -> list[tuple[float, str]]:
    """Round values in a range with their texts.

    >>> [text for value, text in ticks_between(0.0, 1.0, most=2)]
    ['0.0', '0.5', '1.0']
    """
    from matplotlib.ticker import MaxNLocator

    ticks = [float(value) for value in MaxNLocator(most, steps=[1, 2, 2.5, 5, 10]).tick_values(low, high)]
    return [(value, _tick_text(value, ticks)) for value in ticks]


def _tick(axis: Axis, value: float, position: int | None = None) -> str:
    return _tick_text(value, axis.get_majorticklocs())


def _tick_text(value: float, ticks: Sequence[float] | Floats) -> str:
    shown = f"{value:,.{decimals(ticks)}f}"
    return shown.replace("-", MINUS) if shown.strip("-0.") else shown.lstrip("-")


def decimals(ticks: Sequence[float] | Floats) -> int:
    """Decimals with which evenly spaced ticks can be told apart and are exact.

    >>> decimals([0, 0.25, 0.5]), decimals([7.2, 8.0]), decimals([0, 500]), decimals([3.0])
    (2, 1, 0, 0)
    """
    if len(ticks) < 2:
        return 0
    step = abs(ticks[1] - ticks[0])
    exact = (places for places in range(12) if abs(round(step, places) - step) <= 1e-6 * step)
    return next(exact, 12)


def key_height(rows: Sequence[KeyRow], width: float, columns: int = 0) -> float:
    """Inches that a key takes up at a width in inches."""
    room = _room_for_text(width, columns)
    counts = [sum(map(len, row.lines(room))) for row in rows]
    return LINE * (1.7 + sum(counts)) + GAP * len(rows)


def key(axes: Axes, heading: str, rows: Sequence[KeyRow], columns: Sequence[str] = ()) -> None:
    """Fill an empty axes with a key: swatch or badge, text, numbers."""
    place, figure = axes.get_position(), axes.get_figure()
    width, height = (place.width, place.height) * figure.get_size_inches()  # type: ignore[union-attr]
    # From here on the axes are measured in inches.
    axes.set(xlim=(0, width), ylim=(0, height))
    axes.set_axis_off()
    ends = [width - COLUMN * (len(columns) - 1 - place) for place in range(len(columns))]
    axes.text(0, height, heading, fontsize=9, weight="bold", va="top", color=INK)
    for end, name in zip(ends, columns, strict=True):
        axes.text(end, height, name, fontsize=8, ha="right", va="top", color=MUTED)
    top = height - 1.7 * LINE
    for row in rows:
        top = _key_row(axes, row, top, (_room_for_text(width, len(columns)), ends))


def _key_row(axes: Axes, row: KeyRow, top: float, shape: tuple[float, list[float]]) -> float:
    """Write a row below `top`; returns where the next one begins."""
    room, ends = shape
    texts, details = row.lines(room)
    _swatch(axes, row, top)
    for end, number in zip(ends, row.numbers, strict=False):
        axes.text(end, top - LINE, number, fontsize=8, ha="right", va="baseline", color=INK)
    for place, line in enumerate([*texts, *details]):
        colour = INK if place < len(texts) else MUTED
        top -= LINE
        # Baselines, since letters with and without descenders differ in their tops.
        axes.text(0.24, top, line, fontsize=8, va="baseline", color=colour)
    return top - GAP


def _swatch(axes: Axes, row: KeyRow, top: float) -> None:
    from matplotlib.patches import Rectangle

    if row.colour:
        box = Rectangle((0, top - LINE - 0.015), 0.15, 0.12, facecolor=row.colour, edgecolor=FAINT, lw=0.4)
        axes.add_patch(box)
    if row.badge:
        axes.text(0, top - LINE, row.badge, fontsize=8.5, weight="bold", va="baseline", color=INK)


def _room_for_text(width: float, columns: int) -> float:
    """Letters of a key's text that fit beside the swatch and the numbers."""
    return max((width - 0.24 - COLUMN * columns) * 15.4, 12.0)


def place_letters(
    axes: Axes, spots: Sequence[Spot], curve: Floats, *, size: float = 10, joined: bool = True
) -> None:
    """Write letters beside points, each where it hides no other letter and as little of the curve as can be.

    Parameters
    ----------
    spots
        Letter, x and y of each point.
    curve
        What is drawn, shape (k, 2), in the units of the axes.
    joined
        Whether a line joins its points.
    """
    # Limits are settled late: until then points have no place on the page.
    axes.autoscale_view()
    unit = axes.get_figure().dpi / 72 * size  # type: ignore[union-attr]
    line = axes.transData.transform(_dense(curve) if joined else curve) / unit
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


def save(figure: Figure, folder: Path, name: str, labels: Labels) -> list[Path]:
    """Save a figure as PNG and SVG."""
    import matplotlib as mpl
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    width, height = figure.get_size_inches()
    figure.text(0.2 / width, 0.1 / height, labels.source, fontsize=7, color=MUTED, va="bottom")
    labels.apply(figure)
    FigureCanvasAgg(figure)
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / f"{name}.png", folder / f"{name}.svg"]
    with quiet_fonts():
        figure.savefig(paths[0], dpi=DPI)
    # Text as outlines, so that an SVG looks the same where the font is missing; no date: runs compare.
    with quiet_fonts(), mpl.rc_context(SVG_RC):
        figure.savefig(paths[1], metadata={"Date": None}, dpi=DPI)
    return paths
