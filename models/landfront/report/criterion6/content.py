"""The document: one part for each indicator, in the order in which a policy analyst reads."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from landfront.report.criterion6 import review, rights, tradeoffs
from landfront.report.criterion6.asked import Source
from landfront.report.criterion6.document import Blank, Block, Document, Heading, Table, Text
from landfront.report.languages import title_in

PARTS: dict[str, tuple[Callable[[Source], Iterator[Block]], ...]] = {
    "e1_61": (
        tradeoffs.possible, tradeoffs.regions, tradeoffs.uncertain, tradeoffs.safeguards,
    ),
    "e1_62": (rights.rights,),
    "e1_63": (review.reviewed,),
    "e2_61": (review.process,),
    "e2_62": (review.access,),
    "e7": (review.assumptions,),
}  # fmt: skip
"""What answers each indicator."""


def document(source: Source, *, notes: tuple[str, ...] = ()) -> Document:
    """The whole document; `notes` stand after its first paragraph."""
    words = source.words
    title = words("title", title=title_in(source.result.formulation.study, source.language))
    parts = {key: [block for part in build for block in part(source)] for key, build in PARTS.items()}
    blocks: list[Block] = [Text(words("intro")), *(Text(note, quiet=True) for note in notes), _run(source)]
    blocks += tradeoffs.today(source)
    for key, part in parts.items():
        blocks += [Heading(words(key)), *part]
    return Document(title, source.language, words("open"), [*blocks, *_grades(source, parts)])


def _run(source: Source) -> Table:
    """Which run and plan this is about."""
    words, record = source.words, source.record
    point = words("run_point", point=source.point, count=len(source.result.front))
    rows = [
        [words("run_made"), str(record.get("created", "-"))],
        [words("run_study"), str(record.get("study_digest", "-"))],
        [words("run_plan"), point if source.chosen else words("run_knee", point=point)],
        [words("run_version"), f"{record['versions']['landfront']}; {record['certificate']['solver']}"],
    ]
    return Table([words("run"), source.folder.name], rows, widths=(1, 2.5))


def _grades(source: Source, parts: dict[str, list[Block]]) -> Iterator[Block]:
    """A table in which people grade; the tool never does."""
    words = source.words
    yield Heading(words("self"))
    yield Text(words("self_text"))
    rows = [
        [words(key), words(f"self_{key}"), str(sum(isinstance(block, Blank) for block in part)), ""]
        for key, part in parts.items()
    ]
    head = [words(key) for key in ("indicator", "answered", "fields", "grade")]
    yield Table(head, rows, right=(2,), widths=(3, 2, 0.8, 1.2))
