"""Which letters the fonts of this system can draw: what they cannot is written otherwise, never as a box."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path

LATIN_FONT = "DejaVu Sans"
CHINESE = ("CJK SC", "CJK", "WenQuanYi", "YaHei", "SimHei", "PingFang", "Heiti", "Source Han", "SimSun")
"""Parts of the names of fonts with Chinese letters, those that look best first."""


def families(texts: Iterable[str]) -> list[str]:
    """Font families for texts, tried in this order for each letter; one where it is enough."""
    latin = all(ord(letter) < 0x2E80 for text in texts for letter in text)
    return [LATIN_FONT] if latin else [LATIN_FONT, *chinese_font()]


def drawable(text: str) -> bool:
    """Whether every letter has a glyph in a font at hand."""
    return drawn(text) == text


def drawn(text: str, fallback: str = "") -> str:
    """The text when it can be drawn, else the fallback, else what is left of the text."""
    known = _glyphs(LATIN_FONT)
    if all(letter.isspace() or ord(letter) in known for letter in text):
        return text
    known = known.union(*(_glyphs(name) for name in chinese_font()))
    left = "".join(letter for letter in text if letter.isspace() or ord(letter) in known)
    return text if left == text else fallback or left.strip(" ,;")


def warning(texts: Iterable[str]) -> str:
    """One sentence when some texts cannot be drawn, else nothing."""
    lost = [text for text in texts if not drawable(text)]
    if not lost:
        return ""
    return (
        f"no font on this system can draw {lost[0]!r}, so the figure shows other words: install a font that "
        "has these letters, for example Noto Sans CJK"
    )


@cache
def chinese_font() -> tuple[str, ...]:
    """An installed font with Chinese letters, if there is one."""
    from matplotlib.font_manager import findSystemFonts, fontManager

    known = {entry.fname for entry in fontManager.ttflist}
    # matplotlib keeps the list of fonts that it once made: what was installed since is added.
    for path in findSystemFonts():
        # A broken or exotic font file is no reason to draw no figure.
        with suppress(OSError, RuntimeError, ValueError):
            if path not in known:
                fontManager.addfont(path)
    names = sorted({entry.name for entry in fontManager.ttflist})
    return tuple(name for mark in CHINESE for name in names if mark in name)[:1]


@cache
def _glyphs(family: str) -> frozenset[int]:
    from matplotlib.font_manager import findfont, get_font

    try:
        path = Path(findfont(family, fallback_to_default=False))
    except ValueError:
        return frozenset()
    return frozenset(get_font(str(path)).get_charmap())


@contextmanager
def quiet_fonts() -> Iterator[None]:
    """Keep matplotlib from telling that a Chinese font has only one weight."""
    log = logging.getLogger("matplotlib.font_manager")
    level = log.level
    log.setLevel(logging.ERROR)
    try:
        yield
    finally:
        log.setLevel(level)
