"""The difference of two plans in words."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from landfront.models.kinds import label_of
from landfront.optimizer.show import table
from landfront.report.diff import AREA, FROM, TO, Diff, labels_of
from landfront.report.quantities import area, percent, quantity

SHOWN = 10
"""Transitions, regions and limits that are told; tables have all."""


def diff_text(found: Diff) -> str:
    """What changed, by how much, and who gains and loses by it."""
    mu = found.second.formulation.study.study.currency == "CNY"
    share = percent(found.area / found.total) if found.total else "0 %"
    head = (
        f"From {found.names[0]} to {found.names[1]}: {area(found.area, mu=mu)} change, {share} of the land."
    )
    return "\n".join([head, *_parcels(found, mu), *_transitions(found), *_criteria(found), *_limits(found),
                      *_regions(found)])  # fmt: skip


def _parcels(found: Diff, mu: bool) -> Iterator[str]:
    for gone, words in ((found.only_first, "are gone"), (found.only_second, "are new")):
        if len(gone):
            yield f"{len(gone):,} parcels ({area(float(gone.sum()), mu=mu)}) {words}."


def _transitions(found: Diff) -> Iterator[str]:
    rows = found.transitions()
    if rows.empty:
        yield "Every parcel has the same option in both."
        return
    words = {**labels_of(found.first), **labels_of(found.second)}
    yield ""
    yield table(
        ("from", "to", "parcels", "ha"),
        [
            [label_of(str(a), words), label_of(str(b), words), f"{count:,}", f"{hectares:,.6g}"]
            for a, b, count, hectares in rows[[FROM, TO, "parcels", AREA]].head(SHOWN).itertuples(index=False)
        ],
    )
    if len(rows) > SHOWN:
        yield f"... and {len(rows) - SHOWN} more transitions"


def _criteria(found: Diff) -> Iterator[str]:
    rows = found.criteria()
    if rows.empty:
        return
    words = {1: "better", 0: "same", -1: "worse"}
    yield ""
    yield table(
        ("criterion", "first", "second", "change", ""),
        [
            [
                name,
                quantity(one, unit),
                quantity(two, unit),
                quantity(change, unit, signed=True),
                words[better],
            ]
            for name, unit, one, two, change, better in rows.itertuples(index=False)
        ],
    )


def _limits(found: Diff) -> Iterator[str]:
    rows = found.limits()
    if rows.empty:
        return
    one, two = (rows[f"holds_{which}"].astype(object).eq(False) for which in ("first", "second"))
    yield ""
    states = {
        "breaks, which the first one keeps": two & ~one,
        "keeps, which the first one breaks": one & ~two,
        "breaks as the first one does": one & two,
    }
    for words, where in states.items():
        for name, unit, margin in (
            rows.loc[where, ["name", "unit", "margin_second"]].head(SHOWN).itertuples(index=False)
        ):
            short = f" by {quantity(-float(margin), unit)}" if margin < 0 else ""
            yield f"Limit {name}: the second plan {words}{short}."
    if not (one | two).any():
        yield f"All {len(rows)} limits hold in both plans."
    moved = (rows["margin_second"] - rows["margin_first"]).abs()
    size = rows[["margin_first", "margin_second"]].abs().max(axis=1)
    closer = rows[(rows["margin_second"] < rows["margin_first"]) & (moved > 1e-6 * size) & ~two]
    for name, unit, before, after in (
        closer[["name", "unit", "margin_first", "margin_second"]].head(SHOWN).itertuples(index=False)
    ):
        if np.isfinite(before) and np.isfinite(after):
            yield f"Limit {name}: margin falls from {quantity(before, unit)} to {quantity(after, unit)}."


def _regions(found: Diff) -> Iterator[str]:
    levels = found.second.formulation.landscape.nested
    shared = [level for level in levels if level in found.first.formulation.landscape.levels]
    if not shared or not found.area:
        return
    rows = found.by_region(shared[-1]).sort_values("changed_ha", ascending=False, kind="stable")
    rows = rows[rows["changed_ha"] > 0].head(SHOWN)
    names = [name for name in found.shared if name in rows.columns and (rows[name] != 0).any()]
    units = found.second.formulation.units
    yield ""
    yield table(
        (shared[-1], "changed ha", *names),
        [
            [str(row["region"]) or "-", f"{row['changed_ha']:,.6g}",
             *(quantity(float(row[name]), units[name], signed=True) for name in names)]
            for row in rows.to_dict("records")
        ],
    )  # fmt: skip
