"""A document as a PDF file (ReportLab), with the letters of its fonts inside."""

from __future__ import annotations

import re
from functools import cache
from itertools import zip_longest
from pathlib import Path
from xml.sax.saxutils import escape

from reportlab.lib import colors
from reportlab.lib.enums import TA_RIGHT
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.lib.utils import ImageReader
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfbase.ttfonts import TTFError, TTFont
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import (
    Flowable,
    Image,
    KeepTogether,
    Paragraph,
    SimpleDocTemplate,
    Spacer,
)
from reportlab.platypus import Table as Grid

from landfront.optimizer.plots.fonts import LATIN_FONT, cjk_font, quiet_fonts
from landfront.report.criterion6.document import (
    Blank,
    Block,
    Bullets,
    Document,
    Heading,
    Picture,
    Table,
    Text,
)
from landfront.report.criterion6.word_file import widths_of

MARGIN = 18 * mm
MOST_HIGH = 95 * mm
"""Highest picture."""
CHINESE = re.compile("[\u2e80-\u9fff\uf900-\ufaff\uff00-\uffef\u3000-\u303f]+")
"""Runs of letters that Latin fonts lack."""
UNEMBEDDED = "STSong-Light"
"""Named in the file where no Chinese font is installed: readers put in their own."""
SHADE, OPEN_SHADE, LINE, GREY = (
    colors.HexColor(code) for code in ("#E8EEF4", "#FFF6D6", "#9AA5B1", "#555555")
)


def write_pdf(document: Document, path: Path) -> None:
    """Write a document as .pdf."""
    page = SimpleDocTemplate(
        str(path), pagesize=A4, leftMargin=MARGIN, rightMargin=MARGIN, topMargin=MARGIN,
        bottomMargin=MARGIN, title=document.title, author="landfront",
        lang={"en": "en-GB", "zh": "zh-CN"}[document.language],
    )  # fmt: skip
    styles = Styles(document.language)
    story: list[Flowable] = [Paragraph(styles.text(document.title), styles.title)]
    for block, after in zip_longest(document.blocks, document.blocks[1:]):
        story += _flowables(block, document, styles, width=page.width, leads=isinstance(after, Table))
    page.build(story, onFirstPage=_numbered, onLaterPages=_numbered)


def chinese_is_embedded() -> bool:
    """Whether an installed Chinese font goes into the file."""
    return _chinese() != UNEMBEDDED


class Styles:
    """Paragraph styles of a language, and texts as ReportLab's markup."""

    def __init__(self, language: str) -> None:
        _latin()
        main = _chinese() if language == "zh" else "Latin"
        wrap = "CJK" if language == "zh" else None
        bold = main if language == "zh" else "LatinBold"
        self._language = language
        self.body = ParagraphStyle(
            "body", fontName=main, fontSize=9.5, leading=13.5, spaceAfter=5, wordWrap=wrap
        )
        self.lead = ParagraphStyle("lead", self.body, keepWithNext=1)
        self.quiet = ParagraphStyle("quiet", self.body, fontSize=8, leading=11, textColor=GREY)
        self.title = ParagraphStyle("title", self.body, fontName=bold, fontSize=19, leading=25, spaceAfter=10)
        head = ParagraphStyle("head 1", self.title, fontSize=14, leading=19, spaceBefore=12, keepWithNext=1)
        self.heads = (
            head, ParagraphStyle("head 2", head, fontSize=11, leading=15, spaceBefore=8, spaceAfter=4)
        )  # fmt: skip
        self.item = ParagraphStyle("item", self.body, leftIndent=12, bulletFontName="Latin")
        self.cell = ParagraphStyle("cell", self.body, fontSize=8, leading=10.5, spaceAfter=0)
        self.number = ParagraphStyle("number", self.cell, alignment=TA_RIGHT)
        self.head = ParagraphStyle("head", self.cell, fontName=bold)

    def text(self, text: str) -> str:
        """A text with its letters escaped, and with the Chinese font where a Latin one is the main one."""
        safe = escape(text)
        if self._language == "zh":
            return safe
        return CHINESE.sub(lambda found: f'<font name="{_chinese()}">{found.group()}</font>', safe)


def _flowables(
    block: Block, document: Document, styles: Styles, *, width: float, leads: bool
) -> list[Flowable]:
    """What a block is on the page; a text that leads to a table stays with it."""
    match block:
        case Heading(text, level):
            return [Paragraph(styles.text(text), styles.heads[level - 1])]
        case Text(text, quiet):
            style = styles.quiet if quiet else styles.lead if leads else styles.body
            return [Paragraph(styles.text(text), style)]
        case Bullets(items):
            return [Paragraph(styles.text(item), styles.item, bulletText="•") for item in items]
        case Picture(path, caption):
            wide, high = ImageReader(str(path)).getSize()
            shown = min(width, MOST_HIGH * wide / high)
            size = (shown, shown * high / wide)
            return [KeepTogether([Image(str(path), *size), Paragraph(styles.text(caption), styles.quiet)])]
        case Table():
            return [_grid(block, styles, width=width), Spacer(1, 8)]
        case Blank(question):
            return [_blank(question, document.open_field, styles, width=width), Spacer(1, 8)]


def _grid(table: Table, styles: Styles, *, width: float) -> Grid:
    cells = [[Paragraph(styles.text(text), styles.head) for text in table.head]]
    cells += [
        [
            Paragraph(styles.text(text), styles.number if place in table.right else styles.cell)
            for place, text in enumerate(row)
        ]
        for row in table.rows
    ]
    made = Grid(cells, colWidths=[share * width for share in widths_of(table)], repeatRows=1)
    made.setStyle(
        [
            ("GRID", (0, 0), (-1, -1), 0.4, LINE),
            ("BACKGROUND", (0, 0), (-1, 0), SHADE),
            ("VALIGN", (0, 0), (-1, -1), "TOP"),
        ]
    )
    return made


def _blank(question: str, mark: str, styles: Styles, *, width: float) -> Grid:
    said = Paragraph(f"<b>{styles.text(mark)}</b> {styles.text(question)}", styles.body)
    made = Grid([[[said, Spacer(1, 26)]]], colWidths=[width])
    made.setStyle([("BOX", (0, 0), (-1, -1), 0.6, LINE), ("BACKGROUND", (0, 0), (-1, -1), OPEN_SHADE)])
    return made


def _numbered(canvas: Canvas, page: SimpleDocTemplate) -> None:
    canvas.setFont("Latin", 8)
    canvas.drawRightString(A4[0] - MARGIN, MARGIN / 2, str(canvas.getPageNumber()))


@cache
def _latin() -> None:
    """Make the fonts that matplotlib brings known to ReportLab."""
    from matplotlib.font_manager import FontProperties, findfont

    for name, weight in (("Latin", "normal"), ("LatinBold", "bold")):
        path = findfont(FontProperties(family=LATIN_FONT, weight=weight))
        pdfmetrics.registerFont(TTFont(name, path))
    _family(UNEMBEDDED)


def _family(name: str, *, bold: str | None = None) -> None:
    """A family whose slanted letters are upright: no other are needed."""
    bold = bold or name
    pdfmetrics.registerFontFamily(name, normal=name, bold=bold, italic=name, boldItalic=bold)


@cache
def _chinese() -> str:
    """Name of a font with Chinese letters: an installed one whose outlines ReportLab can embed, else a name
    for which readers of the file put in their own.
    """
    from matplotlib.font_manager import findfont

    family = cjk_font()
    if family is not None:
        try:
            with quiet_fonts():
                path = findfont(family)
            pdfmetrics.registerFont(TTFont("Chinese", path, subfontIndex=0))
        except TTFError:  # outlines of PostScript, as in Noto Sans CJK
            pass
        else:
            _family("Chinese")
            return "Chinese"
    pdfmetrics.registerFont(UnicodeCIDFont(UNEMBEDDED))
    _family(UNEMBEDDED)
    return UNEMBEDDED
