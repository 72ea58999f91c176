"""What a document consists of, whichever file it becomes: headings, text, tables, pictures, open fields."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Heading:
    """A heading of level 1 or 2."""

    text: str
    level: int = 1


@dataclass(frozen=True)
class Text:
    """A paragraph; a `quiet` one is a note in small letters."""

    text: str
    quiet: bool = False


@dataclass(frozen=True)
class Bullets:
    """A list."""

    items: Sequence[str]


@dataclass(frozen=True)
class Table:
    """A table of texts; columns in `right` hold numbers.

    Attributes
    ----------
    head
        Texts of the first row, which is repeated on each page.
    rows
        As many texts each.
    right
        Positions of columns set to the right.
    widths
        Widths of the columns as shares of the page, by default equal ones.
    """

    head: Sequence[str]
    rows: Sequence[Sequence[str]]
    right: Sequence[int] = ()
    widths: Sequence[float] = ()


@dataclass(frozen=True)
class Picture:
    """A PNG file with its caption."""

    path: Path
    caption: str


@dataclass(frozen=True)
class Blank:
    """A question that only people can answer, with room for the answer."""

    question: str


Block = Heading | Text | Bullets | Table | Picture | Blank


@dataclass(frozen=True)
class Document:
    """A document in one language, ``en`` or ``zh``.

    Attributes
    ----------
    title
        Its title.
    language
        Of everything but what the study says itself.
    open_field
        The words that mark an open field.
    blocks
        What it consists of, in order.
    """

    title: str
    language: str
    open_field: str
    blocks: Sequence[Block]
