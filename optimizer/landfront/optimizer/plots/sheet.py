"""How figures of fronts look: colours that colour-blind people tell apart, axes with units and directions."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from textwrap import fill
from typing import TYPE_CHECKING, Any

import numpy as np

from landfront.optimizer import show
from landfront.optimizer.front import Floats, Front
from landfront.optimizer.plots import fonts

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis
    from matplotlib.figure import Figure

INK, MUTED, FAINT, ACCENT, ALERT = "#222222", "#555555", "#999999", "#0072B2", "#D55E00"
COLOURS = "cividis"
DPI = 170
WORDS = ((1e12, "trillion"), (1e9, "billion"), (1e6, "million"), (1e3, "thousand"))
SVG: Any = {"svg.hashsalt": "landfront", "svg.fonttype": "path"}
LETTERS = 14.5
"""Letters of the caption that fit in an inch."""


@dataclass(frozen=True)
class Scale:
    """A criterion on an axis: its name and direction in words, and the divisor of its numbers."""

    name: str
    unit: str
    better: str
    factor: float

    def label(self, width: int = 60, *, direction: bool = True) -> str:
        """Name, unit and direction, on several lines where they are longer than `width` letters."""
        # Spaces that do not break keep a unit on one line.
        fixed = "\N{NO-BREAK SPACE}"
        text = f"{self.name} ({self.unit.replace(' ', fixed)})" if self.unit else self.name
        wrapped = fill(f"{text}, {self.better} is better" if direction else text, width)
        return typeset(wrapped.replace(fixed, " "))


def scales(front: Front) -> list[Scale]:
    """One per criterion; large numbers are counted in thousands, millions and so on."""
    units = front.units or ("",) * len(front.criteria)
    found = []
    columns = zip(front.criteria, units, front.senses, front.values.T, strict=True)
    for number, (name, unit, sense, column) in enumerate(columns, start=1):
        size = float(np.abs(column).max())
        # Ten thousand is still read well as digits.
        factor, word = next(((f, w) for f, w in WORDS if size >= max(f, 1e4)), (1.0, ""))
        better = "more" if sense < 0 else "less"
        name = fonts.drawn(name, f"criterion {number}")
        found.append(Scale(name, f"{word} {fonts.drawn(unit)}".strip(), better, factor))
    return found


def new_figure(front: Front, title: str, size: tuple[float, float], *, note: str = "") -> Figure:
    """A figure with a heading and, below, a note and what is proven of the front."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=size, facecolor="white", layout="constrained")
    if title:
        heading = fill(title, int(size[0] * 9))
        figure.suptitle(heading, x=0.02, ha="left", fontsize=13, weight="bold", color=INK)
    caption = fill(f"{note} {_caption(front)}".strip(), int(size[0] * LETTERS))
    figure.supxlabel(caption, x=0.02, ha="left", fontsize=8.5, color=MUTED)
    return figure


def _caption(front: Front) -> str:
    points = f"{len(front)} points" if len(front) > 1 else "One point"
    if front.complete:
        return f"{points}. Complete: by proof nothing is missing, up to the asked gap."
    if np.isfinite(front.coverage):
        share = show.share(front.coverage)
        return f"{points}. Not complete: nothing unseen lies further than {share} of the range beyond them."
    return f"{points}. Not complete: how far others lie beyond them is not proven."


def plain(axes: Axes) -> None:
    """Take away what is not data: upper and right frame, dark grid."""
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[["left", "bottom"]].set_color(FAINT)
    axes.tick_params(colors=INK, labelsize=9)
    axes.grid(color="#EEEEEE", linewidth=0.8)
    axes.set_axisbelow(True)


def landmarks(axes: Axes, front: Front, factors: Floats, pair: tuple[int, int]) -> None:
    """Ideal, nadir and knee in the plane of two criteria, where the front has room for them."""
    if len(front) < 2:
        return
    for corner, name, marker in ((front.ideal, "ideal (out of reach)", "*"), (front.nadir, "nadir", "X")):
        x, y = (corner / factors)[list(pair)]
        axes.scatter(
            x, y, marker=marker, s=75, color=FAINT, edgecolors=INK, linewidths=0.5, zorder=4, label=name
        )
    if len(front) > 2:
        x, y = (front.knee().values / factors)[list(pair)]
        style = {"facecolors": "none", "edgecolors": ALERT, "linewidths": 1.6, "label": "knee"}
        axes.scatter(x, y, marker="D", s=75, zorder=4, **style)  # type: ignore[arg-type]


def thousands(axis: Axis, most: int = 6) -> None:
    """Round steps, thousands separated, as many decimals as the steps need, no offset and no exponent."""
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    axis.set_major_locator(MaxNLocator(most, steps=[1, 2, 2.5, 5, 10], min_n_ticks=min(3, most)))
    axis.set_major_formatter(FuncFormatter(partial(_tick, axis)))


def _tick(axis: Axis, value: float, position: int | None = None) -> str:
    return tick_text(value, np.asarray(axis.get_majorticklocs(), dtype=np.float64))


def tick_text(value: float, ticks: Floats) -> str:
    """A number with the decimals that tell evenly spaced ticks apart.

    >>> tick_text(0.5, np.array([0, 0.25, 0.5])), tick_text(-1500, np.array([-1500, 0]))
    ('0.50', '−1,500')
    """
    step = abs(float(ticks[1] - ticks[0])) if len(ticks) > 1 else 1.0
    exact = (places for places in range(12) if abs(round(step, places) - step) <= 1e-6 * step)
    shown = f"{value:,.{next(exact, 12)}f}"
    return typeset(shown) if shown.strip("-0.") else shown.lstrip("-")


def typeset(text: str) -> str:
    """Units and signs as they are printed.

    >>> typeset("26 Gt CO2e at -7 m3/yr")
    '26 Gt CO₂e at −7 m³/yr'
    """
    text = re.sub(r"\bCO2", "CO₂", re.sub(r"\bm3\b", "m³", text))
    return re.sub(r"(?<![\w.)-])-(?=\d)", "−", text)


def finish(figure: Figure) -> Figure:
    """Give every text the fonts at hand, no letter that they lack, and take dollar signs as they are."""
    from matplotlib.text import Text

    texts = [text for text in figure.findobj(Text) if isinstance(text, Text)]
    families = fonts.families(text.get_text() for text in texts)
    for text in texts:
        text.set_fontfamily(list(families))
        # Two dollar signs would switch matplotlib to formula mode.
        text.set_parse_math(False)
        shown = fonts.drawn(text.get_text())
        # Ticks make their texts anew, and are numbers.
        if shown != text.get_text():
            text.set_text(shown)
    return figure


def save(figure: Figure, path: Path) -> None:
    """Save a figure, the same bytes each time."""
    import matplotlib as mpl

    # Text as outlines, so that an SVG looks the same where the font is missing; no date: figures compare.
    metadata = {"Date": None} if path.suffix == ".svg" else None
    path.parent.mkdir(parents=True, exist_ok=True)
    with fonts.quiet_fonts(), mpl.rc_context(SVG):
        figure.savefig(path, dpi=DPI, metadata=metadata)
