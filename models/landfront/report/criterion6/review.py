"""First edition, 6.3, both indicators of the second edition, and criterion 7."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from landfront.report.criterion6.asked import Source
from landfront.report.criterion6.document import Blank, Block, Bullets, Heading, Table, Text
from landfront.report.criterion6.tradeoffs import bound_text
from landfront.report.languages import criterion_label
from landfront.report.quantities import number
from landfront.report.result import labels_in
from landfront.report.tables import coefficients_table
from landfront.report.triggers import ACTIONS, Entry, next_review, triggers

MOST_TRIGGERS, MOST_NUMBERS, DIGITS = 15, 40, 16
UNREAD = ("recalled", "assumed")


def reviewed(source: Source) -> Iterator[Block]:
    """Triggers, versions, and what it takes to compute all of it again."""
    words, study = source.words, source.result.formulation.study
    yield Heading(words("triggers_head"), 2)
    entries = sorted(triggers(source.plan).entries, key=lambda entry: (not entry.fired, _room(entry)))
    yield Text(words("triggers_text", count=len(entries), year=next_review(study)))
    if entries:
        rows = [
            [
                entry.name,
                *(source.quantity(v, entry.unit) for v in (entry.value, entry.review_at, entry.threshold)),
                _action(source, entry),
                entry.owner or "-",
            ]
            for entry in entries[:MOST_TRIGGERS]
        ]
        head = [words(key) for key in ("trigger", "now", "review_at", "act_at", "action", "owner")]
        yield Table(head, rows, right=(1, 2, 3), widths=(1.6, 1.2, 1.2, 1.2, 2, 1.3))
    yield Blank(words("agreed"))
    yield Blank(words("periodic"))
    yield Heading(words("chain_head"), 2)
    yield from _chain(source)
    yield Heading(words("bundle_head"), 2)
    proof = source.record["certificate"]
    keys = ("facts", "facts_recomputed", "facts_claimed")
    facts, recomputed, claimed = (proof.get(key, 0) for key in keys)
    yield Text(words("bundle_text", facts=facts, recomputed=recomputed, claimed=claimed))
    inputs = [[name, digest[:DIGITS]] for name, digest in source.record["inputs"].items()]
    yield Table([words("file"), words("digest")], inputs, widths=(2, 1))


def _chain(source: Source) -> Iterator[Block]:
    from landfront.report.versions import versions

    found = versions(source.folder)
    if len(found.steps) < 2:
        yield Text(source.words("chain_none"))
        return
    frame = found.to_frame().astype(str)
    yield Table(list(frame.columns), frame.to_numpy().tolist())


def _room(entry: Entry) -> float:
    """Margin as a share of the threshold."""
    value, threshold = entry.value, entry.threshold
    return abs(value - threshold) / max(abs(value), abs(threshold), 1e-12)


def _action(source: Source, entry: Entry) -> str:
    """What is to be done: about a limit in the document's language, else in the study's own words."""
    known = next((key for key, action in ACTIONS.items() if action == entry.action), None)
    return entry.action if known is None else source.words(f"action_{known}")


def process(source: Source) -> Iterator[Block]:
    """Second edition, 6.1: who stands behind each limit, and what the alternatives were."""
    words, result = source.words, source.result
    limits = result.formulation.limits
    yield Text(words("log_text"))
    first = {row.limit: row for row in reversed(limits)}
    rows = [
        [row.limit, bound_text(source, row), row.owner or "-", row.reason or "-"]
        for row in reversed(first.values())
    ]
    masks = [
        [mask.name, "-", mask.owner or "-", mask.reason or "-"] for mask in result.formulation.study.masks
    ]
    head = [words(key) for key in ("limit", "bound", "owner", "reason")]
    yield Table(head, [*rows, *masks], widths=(1.3, 2, 1.2, 2))
    yield Blank(words("process_who"))
    yield Heading(words("refused_head"), 2)
    yield Text(words("refused_text"))
    here = result.values[source.point]
    others = {named.point: named for named in reversed(result.named) if named.point != source.point}
    rows = [
        [f"{source.name(named)} ({point})",
         *(source.amount(float(change), name, signed=True)
           for name, change in zip(result.criteria, result.values[point] - here, strict=True))]
        for point, named in sorted(others.items())
    ]  # fmt: skip
    head = [
        words("plan"),
        *(criterion_label(result.formulation.study, name, source.language) for name in result.criteria),
    ]
    yield Table(head, rows, right=range(1, len(head)), widths=(1.6, *[1.0] * len(result.criteria)))
    yield Blank(words("refused_why"))
    yield Blank(words("corrective"))


def access(source: Source) -> Iterator[Block]:
    """Second edition, 6.2: what is open to whom, and whether limits hold."""
    words = source.words
    yield Text(words("access_text"))
    shown = ["access_front", *(["access_map"] if (source.folder / "plans.gpkg").is_file() else [])]
    yield Bullets([words(key) for key in (*shown, "access_sheet", "access_request")])
    holds = source.plan.limits()["holds"].to_numpy(bool)
    yield Text(words("held", held=int(holds.sum()), count=len(holds)))
    yield Blank(words("grievance"))
    yield Blank(words("published"))


def assumptions(source: Source) -> Iterator[Block]:
    """Criterion 7: numbers that nobody has read in a source."""
    words = source.words
    table = coefficients_table(source.result.formulation)
    unread = table[table["verified"].isin(UNREAD)] if len(table) else table
    if len(unread):
        yield Text(words("e7_text", shown=min(len(unread), MOST_NUMBERS), count=len(unread)))
        labels = labels_in(source.result.formulation, source.language)
        rows = [
            [labels.get(str(row["intervention"]), str(row["intervention"])), str(row["parameter"]),
             f"{number(float(np.float64(row['value'])))} {row['unit']}", source.mark(str(row["verified"])),
             str(row["source"])]
            for _, row in unread.head(MOST_NUMBERS).iterrows()
        ]  # fmt: skip
        head = [words(key) for key in ("intervention", "parameter", "value", "mark", "source")]
        yield Table(head, rows, widths=(1.6, 1.3, 1.3, 0.8, 2.5))
    else:
        yield Text(words("e7_all_known"))
    yield Blank(words("tested"))
