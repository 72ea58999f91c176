"""Breaking text into lines of a given width, in Latin and in Chinese, which has no spaces and is wider."""

from __future__ import annotations

import re
from unicodedata import east_asian_width

# A Chinese letter is about 1.9 times as wide as the mean Latin one of the same size.
WIDE = 1.9
# A word with the space after it, or one wide letter with the marks that must not begin a line.
PIECES = re.compile(r"[⺀-鿿豈-﫿][、-】！-～]*[ ]?|[^ ⺀-鿿豈-﫿]+[ ]?")
MORE, TIE = "…", "\N{NO-BREAK SPACE}"


def tied(text: str) -> str:
    """The text on one line: a number is not parted from its unit."""
    return text.replace(" ", TIE)


def width_of(text: str) -> float:
    """Width in mean Latin letters.

    >>> width_of("abc"), width_of("粮食")
    (3.0, 3.8)
    """
    return sum(WIDE if east_asian_width(letter) in "WF" else 1.0 for letter in text)


def lines_of(text: str, width: float, *, most: int | None = None) -> list[str]:
    """Lines no wider than this; with `most`, what does not fit is cut and ends in an ellipsis.

    >>> lines_of("grain floor of 95 %", 11), lines_of("粮食安全底线", 6)
    (['grain floor', 'of 95 %'], ['粮食安', '全底线'])
    >>> lines_of("one two three", 5, most=2)
    ['one', 'two…']
    """
    lines = [""]
    for piece in _pieces(text, width):
        if lines[-1] and width_of((lines[-1] + piece).rstrip()) > width:
            lines.append("")
        lines[-1] += piece
    lines = [line.rstrip() for line in lines]
    if most is None or len(lines) <= most:
        return lines
    return [*lines[: most - 1], _cut(lines[most - 1], width)]


def _cut(line: str, width: float) -> str:
    """A line that goes on, ended by an ellipsis after a whole word where it has several."""
    left = line
    while left and width_of(left + MORE) > width:
        left = left[:-1]
    if left != line and " " in left and line[len(left)].isascii() and not line[len(left)].isspace():
        left = left.rsplit(" ", 1)[0]
    return left.rstrip(" ,;:(") + MORE


def wrapped(text: str, width: float, *, most: int | None = None) -> str:
    """The lines as one text."""
    return "\n".join(lines_of(text, width, most=most))


def _pieces(text: str, width: float) -> list[str]:
    """Words and wide letters; words wider than a line are broken."""
    size = max(int(width), 1)
    pieces = []
    for piece in PIECES.findall(" ".join(re.split(r"[ \t\n]+", text.strip()))):
        pieces += [piece[at : at + size] for at in range(0, len(piece), size)]
    return pieces
