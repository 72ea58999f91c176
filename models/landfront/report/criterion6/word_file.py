"""A document as a Word file (python-docx)."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import docx
from docx.enum.section import WD_ORIENT
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Mm, Pt, RGBColor

from landfront.report.criterion6.document import Blank, Bullets, Document, Heading, Picture, Table, Text

if TYPE_CHECKING:
    from landfront.report.criterion6.document import Block

LATIN, CHINESE = "Calibri", "Microsoft YaHei"
"""Fonts of the text; Word takes another one where a system lacks them."""

PAGE = (210.0, 297.0)
MARGIN = 18.0
MOST_HIGH = 95.0
"""Page, margin and highest picture, mm."""
SHADE, OPEN_SHADE = "E8EEF4", "FFF6D6"


def write_word(document: Document, path: Path) -> None:
    """Write a document as .docx."""
    word = docx.Document()
    section = word.sections[0]
    section.orientation = WD_ORIENT.PORTRAIT
    section.page_width, section.page_height = Mm(PAGE[0]), Mm(PAGE[1])
    for side in ("left_margin", "right_margin", "top_margin", "bottom_margin"):
        setattr(section, side, Mm(MARGIN))
    _fonts(word)
    word.core_properties.title = document.title
    word.core_properties.author = "landfront"
    word.core_properties.language = {"en": "en-GB", "zh": "zh-CN"}[document.language]
    word.add_heading(document.title, level=0)
    for block in document.blocks:
        _add(word, block, document)
    word.save(str(path))


def _fonts(word: Any) -> None:
    """Letters of both scripts in every style that is used, and sizes that fit tables."""
    for name, size in (("Normal", 10), ("Title", 20), ("Heading 1", 15), ("Heading 2", 12)):
        style = word.styles[name]
        style.font.name, style.font.size = LATIN, Pt(size)
        fonts = style.element.get_or_add_rPr().get_or_add_rFonts()
        fonts.set(qn("w:eastAsia"), CHINESE)
        for theme in ("w:asciiTheme", "w:hAnsiTheme", "w:eastAsiaTheme"):
            fonts.attrib.pop(qn(theme), None)


def _add(word: Any, block: Block, document: Document) -> None:
    match block:
        case Heading(text, level):
            word.add_heading(text, level=level)
        case Text(text, quiet):
            run = word.add_paragraph().add_run(text)
            if quiet:
                run.font.size, run.font.color.rgb = Pt(8.5), RGBColor(0x55, 0x55, 0x55)
        case Bullets(items):
            for item in items:
                word.add_paragraph(item, style="List Bullet")
        case Picture(path, caption):
            shown = word.add_picture(str(path))
            scale = min(Mm(PAGE[0] - 2 * MARGIN) / shown.width, Mm(MOST_HIGH) / shown.height)
            shown.width, shown.height = int(shown.width * scale), int(shown.height * scale)
            word.add_paragraph().add_run(caption).italic = True
        case Table():
            _table(word, block)
        case Blank(question):
            _blank(word, question, document.open_field)


def _table(word: Any, table: Table) -> None:
    made = word.add_table(rows=1, cols=len(table.head), style="Table Grid")
    made.autofit = False
    widths = [Mm((PAGE[0] - 2 * MARGIN) * share) for share in widths_of(table)]
    for rows in ([table.head], table.rows):
        for row in rows:
            cells = made.rows[0].cells if row is table.head else made.add_row().cells
            for place, (cell, text) in enumerate(zip(cells, row, strict=True)):
                cell.width = widths[place]
                paragraph = cell.paragraphs[0]
                run = paragraph.add_run(text)
                run.font.size = Pt(8.5)
                if row is table.head:
                    run.bold = True
                    _shade(cell, SHADE)
                if place in table.right:
                    paragraph.alignment = WD_ALIGN_PARAGRAPH.RIGHT
    for column, width in zip(made.columns, widths, strict=True):
        column.width = width
    for row in made.rows:
        row._tr.get_or_add_trPr().append(OxmlElement("w:cantSplit"))
    made.rows[0]._tr.get_or_add_trPr().append(OxmlElement("w:tblHeader"))
    word.add_paragraph()


def widths_of(table: Table) -> list[float]:
    """Widths of the columns as shares that sum to 1."""
    widths = list(table.widths) or [1.0] * len(table.head)
    return [width / sum(widths) for width in widths]


def _blank(word: Any, question: str, mark: str) -> None:
    """One shaded cell: the question, and an empty line for the answer."""
    cell = word.add_table(rows=1, cols=1, style="Table Grid").rows[0].cells[0]
    _shade(cell, OPEN_SHADE)
    paragraph = cell.paragraphs[0]
    paragraph.add_run(f"{mark} ").bold = True
    paragraph.add_run(question)
    cell.add_paragraph("")
    word.add_paragraph()


def _shade(cell: Any, colour: str) -> None:
    shade = OxmlElement("w:shd")
    shade.set(qn("w:val"), "clear")
    shade.set(qn("w:fill"), colour)
    cell._tc.get_or_add_tcPr().append(shade)
