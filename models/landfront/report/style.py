"""How figures look: one colour per intervention, and labels that the fonts at hand can draw."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from landfront.models.kinds import AT, start_of
from landfront.optimizer.plots.fonts import LATIN_FONT, cjk_font, drawable

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from landfront.instances.study import Study

SHOWN_DIGEST = 8
"""Digits of a study's digest in the source line of a figure."""

# Chosen from Paul Tol's, Okabe and Ito's and Kelly's palettes so that the smallest colour difference between
# any two, seen with normal vision or with any colour-vision deficiency, is as large as we found (CIE76
# difference 13). Greens are forests, yellows grass, reds and purples cropland, blues water.
COLOURS: Mapping[str, str] = {
    "keep": "#E7E7E7",
    "natural_forest_restoration": "#007D34",
    "mixed_plantation": "#5AAE61",
    "mono_plantation": "#ACD39E",
    "improved_forest_mgmt": "#225522",
    "cropland_to_forest": "#999933",
    "cropland_to_grass": "#EEDD88",
    "grazing_exclusion": "#CCBB44",
    "grazing_balance": "#F4C800",
    "degraded_grass_restoration": "#D55E00",
    "sown_pasture": "#CC6677",
    "conservation_tillage": "#994455",
    "organic_cover": "#762A83",
    "agroforestry": "#CC79A7",
    "rice_water": "#66CCEE",
    "nutrient_mgmt": "#AA3377",
    "wetland_restoration": "#0077BB",
    "peat_rewetting": "#000000",
    "mangrove": "#222255",
    "saltmarsh": "#6699CC",
    "avoided_forest_conv": "#232C16",
    "avoided_grass_conv": "#BBBBBB",
    "bamboo": "#332288",
    "cropland_reclamation": "#7830D8",
}
INK, MUTED, FAINT, ACCENT, ALERT = "#222222", "#555555", "#999999", "#0072B2", "#D55E00"


LIGHTEST = 0.55
"""Share of white in the colour of what starts in the last period."""


def colours(kinds: Sequence[str]) -> dict[str, str]:
    """One colour per kind: that of its interventions, the lighter the later it starts."""
    base = {name: name.rpartition(AT)[0] if start_of(name) else name for name in kinds}
    plain = _plain(tuple(dict.fromkeys(base.values())))
    years = sorted({year for name in kinds if (year := start_of(name)) is not None})
    white = dict(zip(years, np.linspace(0.0, LIGHTEST, max(len(years), 2)), strict=False))
    return {name: _lighter(plain[base[name]], white.get(start_of(name) or 0, 0.0)) for name in kinds}


def _lighter(colour: str, white: float) -> str:
    """A colour mixed with white.

    >>> _lighter("#0077BB", 0.0), _lighter("#000000", 0.5)
    ('#0077BB', '#808080')
    """
    parts = (int(colour[at : at + 2], 16) for at in (1, 3, 5))
    return "#" + "".join(f"{round(part + (255 - part) * white):02X}" for part in parts)


def _plain(interventions: Sequence[str]) -> dict[str, str]:
    """One colour per intervention; names that the palette does not know take colours that are still free."""
    used = {COLOURS[name] for name in interventions if name in COLOURS}
    # Names outside the catalogue start with the strongest colours, not with the greys.
    free = [colour for colour in STRONG_FIRST if colour not in used]
    chosen = dict.fromkeys(interventions, "")
    for position, name in enumerate(name for name in interventions if name not in COLOURS):
        chosen[name] = free[position % len(free)] if free else STRONG_FIRST[position % len(STRONG_FIRST)]
    return {name: COLOURS.get(name) or chosen[name] for name in interventions}


STRONG_FIRST = (
    "#0077BB", "#D55E00", "#007D34", "#CC79A7", "#F4C800", "#66CCEE", "#762A83", "#999933", "#994455",
    "#5AAE61", "#6699CC", "#EEDD88", "#332288", "#CC6677", "#225522", "#ACD39E", "#AA3377", "#CCBB44",
    "#222255", "#BBBBBB", "#232C16", "#000000",
)  # fmt: skip


def source_line(study: Study | None) -> str:
    """What a figure is computed from: the files of the study, its digest, and the program."""
    made = f"landfront {version('landfront')}"
    if study is None:
        return f"Source: {made}"
    read = [study.parcels.source, *([study.effects.source] if study.effects else [])]
    return (
        f"Source: {', '.join(Path(name).name for name in read)}; study {study.digest[:SHOWN_DIGEST]}; {made}"
    )


@dataclass
class Labels:
    """Texts for figures in the fonts found on this system; what they cannot draw becomes Latin.

    Attributes
    ----------
    families
        Font families, tried in this order for each character.
    replaced
        Texts that had to be replaced, for the warning in the summary.
    source
        What figures are computed from, for the line under each.
    """

    families: tuple[str, ...]
    replaced: list[str] = field(default_factory=list)
    source: str = ""

    @classmethod
    def of_system(cls, study: Study | None = None) -> Labels:
        """Labels in the Latin font and, where the system has one, a CJK font; `study` is the source."""
        found = cjk_font()
        return cls((LATIN_FONT, found) if found else (LATIN_FONT,), source=source_line(study))

    def text(self, text: str, fallback: str = "") -> str:
        """The text when every character can be drawn, else the fallback, else what is left of it."""
        return text if drawable(text, self.families) else self._latin(text, fallback)

    def texts(self, texts: Iterable[str], fallback: str) -> list[str]:
        """Each text, or the fallback with its number (``region 3``)."""
        return [self.text(text, f"{fallback} {number}") for number, text in enumerate(texts, start=1)]

    def apply(self, figure: Figure) -> None:
        """Give every text of a figure the fonts, and units as they are printed; nothing becomes a box."""
        from matplotlib.text import Text

        for text in figure.findobj(Text):
            text.set_fontfamily(list(self.families))
            # Two dollar signs would switch matplotlib to formula mode.
            text.set_parse_math(False)
            shown = "\n".join(self.text(line) for line in typeset(text.get_text()).split("\n"))
            if shown != text.get_text():
                text.set_text(shown)

    @property
    def warning(self) -> str:
        """One sentence when texts were replaced, else nothing."""
        if not self.replaced:
            return ""
        return (
            f"No font on this system can draw {len(set(self.replaced))} of the labels (such as "
            f"{self.replaced[0]!r}), so the figures show Latin ones. Install a CJK font, for example "
            "Noto Sans CJK, and run `landfront figures`."
        )

    def _latin(self, text: str, fallback: str) -> str:
        self.replaced.append(text)
        if fallback and drawable(fallback, self.families):
            return fallback
        left = "".join(letter for letter in text if drawable(letter, self.families))
        return " ".join(left.split()).strip(" ,;()[]-") or "(no font for this label)"


def typeset(text: str) -> str:
    """Units as they are printed.

    >>> typeset("26 Gt CO2e at -7 m3/yr")
    '26 Gt CO₂e at −7 m³/yr'
    """
    text = re.sub(r"\bCO2", "CO₂", re.sub(r"\bm3\b", "m³", text))
    return re.sub(r"(?<![\w.)-])-(?=\d)", "−", text)
