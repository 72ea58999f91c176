"""First edition, 6.2: what is excluded and why, who would pay whom, and what was asked for."""

from __future__ import annotations

from collections.abc import Iterator

from landfront.instances.faults import InputError
from landfront.report.bars import level_of
from landfront.report.compensation import compensate
from landfront.report.criterion6.asked import Source
from landfront.report.criterion6.document import Blank, Block, Heading, Table, Text
from landfront.report.explain_text import rule_words
from landfront.report.page.solved import cost_of
from landfront.report.tables import menu_table

MOST_TRANSFERS = 20


def rights(source: Source) -> Iterator[Block]:
    """The whole indicator."""
    yield from _excluded(source)
    yield Blank(source.words("rights_who"))
    yield from _transfers(source)
    yield from _requests(source)
    yield Blank(source.words("rights_duty"))


def _excluded(source: Source) -> Iterator[Block]:
    words, formulation = source.words, source.result.formulation
    consent = formulation.study.consent
    said = words("consent_yes", column=consent.column) if consent else words("consent_no")
    yield Heading(words("excluded_head"), 2)
    yield Text(words("excluded_text", consent=said))
    behind = {f"mask:{mask.name}": mask for mask in formulation.study.masks}
    rows = []
    for reason, part in menu_table(formulation).groupby("reason", sort=False):
        mask = behind.get(str(reason))
        why = rule_words(str(reason), source.language)
        rows.append([
            why, str(part["intervention"].nunique()), f"{part['parcels'].max():,}",
            source.land(float(part["area_ha"].max())),
            (mask.owner if mask else "") or "-", (mask.reason if mask else "") or "-",
        ])  # fmt: skip
    head = [words(key) for key in ("rule", "interventions", "most_parcels", "most_area", "owner", "reason")]
    yield Table(head, rows, right=(1, 2, 3), widths=(2, 1, 1, 1.8, 1.3, 2))


def _transfers(source: Source) -> Iterator[Block]:
    words, result = source.words, source.result
    level = level_of(result.formulation.landscape)
    if level is None:
        return
    yield Heading(words("pays_head"), 2)
    try:
        cost = cost_of(result) or "cost"
        found = compensate(source.plan, level, cost=cost, traded=result.front.criteria)
    except InputError as error:
        yield Text(words("pays_no", why=error.faults[0].rule))
        return
    unit = result.units[cost]
    moved, fund = source.quantity(found.moved, unit), source.quantity(float(found.fund.sum()), unit)
    yield Text(words("pays_text", level=level, moved=moved, fund=fund))
    rows = [
        [str(row.payer), str(row.receiver), source.quantity(float(str(row.amount)), unit)]
        for row in found.transfers_frame().head(MOST_TRANSFERS).itertuples()
    ]
    if rows:
        yield Table([words(key) for key in ("payer", "receiver", "money")], rows, right=(2,))


def _requests(source: Source) -> Iterator[Block]:
    words, formulation = source.words, source.result.formulation
    yield Heading(words("requests_head"), 2)
    granted, asked = formulation.landscape.granted, formulation.study.requests
    if granted is None or asked is None:
        yield Text(words("requests_none"))
        return
    locks = int(granted.lock.sum())
    yield Text(words("requests_some", source=asked.source, locks=locks, rejects=len(granted.lock) - locks))
