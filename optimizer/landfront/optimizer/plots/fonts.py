"""Which letters the fonts of this system can draw: what they cannot is written otherwise, never as a box."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path

LATIN_FONT = "DejaVu Sans"
CJK_FONTS = (
    "Noto Sans CJK SC",
    "Noto Sans SC",
    "Source Han Sans SC",
    "Source Han Sans CN",
    "WenQuanYi Micro Hei",
    "WenQuanYi Zen Hei",
    "Microsoft YaHei",
    "SimHei",
    "PingFang SC",
    "Heiti SC",
    "STHeiti",
    "Hiragino Sans GB",
    "Arial Unicode MS",
    "Droid Sans Fallback",
    "SimSun",
    "AR PL UMing CN",
)
SAMPLE = "碳粮省县林"


def families(texts: Iterable[str]) -> tuple[str, ...]:
    """Font families for texts, tried in this order for each letter; one where it is enough."""
    texts = list(texts)
    if all(drawable(text, (LATIN_FONT,)) for text in texts):
        return (LATIN_FONT,)
    found = cjk_font()
    return (LATIN_FONT, found) if found else (LATIN_FONT,)


def drawn(text: str, fallback: str = "") -> str:
    """The text when it can be drawn, else the fallback, else what is left of the text."""
    at_hand = families([text])
    if drawable(text, at_hand):
        return text
    left = "".join(letter for letter in text if drawable(letter, at_hand))
    return fallback or left.strip(" ,;")


def warning(texts: Iterable[str]) -> str:
    """One sentence when some texts cannot be drawn, else nothing."""
    lost = [text for text in texts if drawn(text) != text]
    if not lost:
        return ""
    return (
        f"no font on this system can draw {lost[0]!r}, so the figure shows other words: install a font that "
        "has these letters, for example Noto Sans CJK"
    )


def drawable(text: str, families: tuple[str, ...]) -> bool:
    """True when every character has a glyph in one of the families."""
    return all(letter.isspace() or any(_has(letter, family) for family in families) for letter in text)


@cache
def cjk_font() -> str | None:
    """Name of an installed font that has Chinese glyphs: a well-known one first, else any."""
    with quiet_fonts():
        return _chinese_font() or (_chinese_font() if _find_new_fonts() else None)


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


def _chinese_font() -> str | None:
    from matplotlib.font_manager import fontManager

    installed = {entry.name for entry in fontManager.ttflist}
    known = [name for name in CJK_FONTS if name in installed]
    others = sorted(name for name in installed if "CJK" in name or "Han" in name)
    return next((name for name in [*known, *others] if all(_has(letter, name) for letter in SAMPLE)), None)


def _find_new_fonts() -> bool:
    """Tell matplotlib of fonts installed since it made its list, which it keeps for good."""
    from matplotlib.font_manager import findSystemFonts, fontManager

    listed = {entry.fname for entry in fontManager.ttflist}
    new = [path for path in findSystemFonts() if path not in listed]
    for path in new:
        # A broken or exotic font file is no reason to draw no figure.
        with suppress(OSError, RuntimeError, ValueError):
            fontManager.addfont(path)
    return bool(new)


@cache
def _has(letter: str, family: str) -> bool:
    return ord(letter) in _glyphs(family)


@cache
def _glyphs(family: str) -> frozenset[int]:
    from matplotlib.font_manager import findfont, get_font

    try:
        path = Path(findfont(family, fallback_to_default=False))
    except ValueError:
        return frozenset()
    return frozenset(get_font(str(path)).get_charmap())
