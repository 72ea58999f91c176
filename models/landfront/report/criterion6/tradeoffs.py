"""First edition, 6.1: what can be had, what each step costs, who gains and loses, prices of safeguards."""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import pairwise

import numpy as np
import pandas as pd

from landfront.models.formulate import LimitRow
from landfront.report.bars import level_of
from landfront.report.criterion6.asked import Source
from landfront.report.criterion6.document import Blank, Block, Heading, Picture, Table, Text
from landfront.report.safeguards import NOTHING
from landfront.report.summary import binding_limits
from landfront.report.tables import coefficients_table

STEPS, MOST_REGIONS = 4, 12


def today(source: Source) -> Iterator[Block]:
    """The question and the baseline."""
    words, result = source.words, source.result
    study, landscape = result.formulation.study, result.formulation.landscape
    yield Heading(words("today"))
    yield Text(
        words(
            "today_text",
            parcels=f"{len(landscape):,}",
            land=source.land(float(landscape.area.sum())),
            whole=words("whole" if study.study.decision == "whole" else "shares"),
            options=f"{len(result.formulation.menu):,}",
        )
    )
    rows = []
    for place, name in enumerate(result.criteria):
        column, sense = result.values[:, place], study.criteria[name].sense
        ends = (column.max(), column.min()) if sense == "max" else (column.min(), column.max())
        now = source.amount(result.baseline[name], name)
        rows.append(
            [source.label(name), words(sense), now, *(source.amount(float(end), name) for end in ends)]
        )
    head = [words(key) for key in ("criterion", "aim", "baseline", "best", "worst")]
    yield Table(head, rows, right=(2, 3, 4), widths=(3, 1.2, 2, 2, 2))


def possible(source: Source) -> Iterator[Block]:
    """The front, its proof, the named plans, and the rates between them."""
    words, result = source.words, source.result
    yield Heading(words("front_head"), 2)
    picture = source.folder / "figures" / "front.png"
    if picture.is_file():
        yield Picture(picture, words("front_caption"))
    front = result.front
    if front.complete:
        whole = words("complete")
    elif math.isfinite(front.coverage):
        whole = words("covered", coverage=source.share(front.coverage))
    else:
        whole = words("uncovered")
    first, gap = source.label(front.criteria[0]), source.share(float(front.gap))
    yield Text(words("proof", count=len(front), first=first, gap=gap, whole=whole))
    yield Heading(words("plans_head"), 2)
    head = [words("plan"), *(source.label(name) for name in result.criteria)]
    rows = [
        [
            f"{source.name(named)} ({named.point})",
            *(source.amount(result.total(named.point, name), name) for name in result.criteria),
        ]
        for named in result.named
    ]
    yield Table(head, rows, right=range(1, len(head)), widths=(1.6, *[1.0] * (len(head) - 1)))
    yield Heading(words("steps_head"), 2)
    yield from _steps(source)


def _steps(source: Source) -> Iterator[Block]:
    """Rates between some points from one end of the front to the other, sorted by its first criterion."""
    words, result = source.words, source.result
    if len(result.front) < 2:
        yield Text(words("one_plan"))
        return
    first, *others = result.front.criteria
    stops = np.unique(np.linspace(0, len(result.front) - 1, STEPS + 1).round().astype(int))
    stops = stops if result.formulation.study.criteria[first].sense == "max" else stops[::-1]
    rows = []
    for start, end in pairwise(stops.tolist()):
        gain = abs(result.total(end, first) - result.total(start, first))
        given, rates = [], []
        for name in others:
            loss = result.total(start, name) - result.total(end, name)
            loss *= 1 if result.formulation.study.criteria[name].sense == "max" else -1
            if loss <= 0:
                continue
            given.append(f"{source.label(name)}: {source.amount(loss, name)}")
            if len(others) == 1 and gain > 0:  # what several give up together has no rate of its own
                each, unit = source.amount(gain / loss, first), source.unit(result.units[name])
                rates.append(words("per", gain=each, unit=unit, criterion=source.label(name)))
        rows.append(
            [f"{start} → {end}", source.amount(gain, first), "\n".join(given) or "0", "\n".join(rates) or "-"]
        )
    better = "gained" if result.formulation.study.criteria[first].sense == "max" else "saved"
    gained = words(better, criterion=source.label(first))
    yield Table(
        [words("from_to"), gained, words("given"), words("rate")], rows, right=(1,), widths=(1, 1.5, 2, 2)
    )


def regions(source: Source) -> Iterator[Block]:
    """Who gains and who loses."""
    words, result = source.words, source.result
    level = level_of(result.formulation.landscape)
    if level is None:
        yield Text(words("no_regions"))
        return
    yield Heading(words("regions_head", level=level), 2)
    table = source.plan.balance(level)
    sums = [name for name in result.criteria if name in table.columns]
    worst = _dearest(source, table, sums)
    sign = 1 if result.formulation.study.criteria[worst].sense == "max" else -1
    change = table[worst].to_numpy(np.float64) * sign
    losers = int((change < 0).sum())
    said = "regions_text" if losers else "regions_none"
    yield Text(words(said, criterion=source.label(worst), losers=losers, count=len(table)))
    shown = table.iloc[np.argsort(change, kind="stable")[:MOST_REGIONS]]
    rows = [
        [
            str(row["region"]),
            source.land(float(row["treated_ha"])),
            *(source.amount(float(row[name]), name, signed=True) for name in sums),
        ]
        for _, row in shown.iterrows()
    ]
    head = [words("region"), words("treated"), *(source.label(name) for name in sums)]
    yield Table(head, rows, right=range(1, len(head)), widths=(1.3, 1.4, *[1.0] * len(sums)))


def _dearest(source: Source, table: pd.DataFrame, sums: list[str]) -> str:
    """The criterion of the front of which some region loses the largest share, else the last of them."""
    criteria = source.result.formulation.study.criteria
    traded = [name for name in source.result.front.criteria if name in sums] or sums
    sign = {name: 1 if criteria[name].sense == "max" else -1 for name in traded}
    loss = {name: float((table[f"{name}_share"] * sign[name]).min()) for name in traded}
    known = {name: value for name, value in loss.items() if math.isfinite(value) and value < 0}
    return min(known, key=known.__getitem__) if known else traded[-1]


def uncertain(source: Source) -> Iterator[Block]:
    """How many numbers have which mark, and a range."""
    words = source.words
    table = coefficients_table(source.result.formulation)
    if not len(table):
        return
    yield Heading(words("uncertain_head"), 2)
    ranged = int((table["low"].notna() & table["high"].notna()).sum())
    yield Text(words("uncertain_text", count=len(table), ranged=ranged))
    marks = table["verified"].value_counts()
    rows = [
        [source.mark(str(mark)), f"{count:,}", source.share(count / len(table))]
        for mark, count in marks.items()
    ]
    yield Table([words("mark"), words("coefficients"), words("share")], rows, right=(1, 2))
    yield Blank(words("band"))


def safeguards(source: Source) -> Iterator[Block]:
    """Every limit: bound, owner, margin, and what it costs."""
    words, limits = source.words, source.result.formulation.limits
    yield Heading(words("safeguards_head"), 2)
    if not limits:
        yield Text(words("no_limits"))
        return
    if source.prices is None:
        yield Text(words("safeguards_unpriced"))
    else:
        yield Text(words("safeguards_text", criterion=source.label(source.prices.criterion)))
    state = source.plan.limits()
    names = list(dict.fromkeys(row.limit for row in limits))
    binding = set(binding_limits(source.result, source.point)["row"].tolist())
    rows = [_safeguard(source, name, state, binding) for name in names]
    keys = ("limit", "bound", "owner", "reason", "binds", "margin", "price")
    head = [words(key) for key in keys]
    yield Table(head, rows, right=(5, 6), widths=(1.3, 2, 1.2, 2, 1, 1, 1.4))
    if lone := [name for name in names if not next(row.owner for row in limits if row.limit == name)]:
        yield Blank(words("no_owner", limits=", ".join(lone)))


def _safeguard(source: Source, name: str, state: pd.DataFrame, binding: set[int]) -> list[str]:
    """One limit with all its rows."""
    words, limits = source.words, source.result.formulation.limits
    at = [place for place, row in enumerate(limits) if row.limit == name]
    bound = bound_text(source, limits[at[0]])
    if len(at) > 1:
        bound = words("rows", count=len(at), bound=bound)
    margin = state["margin"].to_numpy(np.float64)[at]
    size = np.array([_size(limits[place]) for place in at])
    share = margin / size
    missed = int((~state["holds"].to_numpy(bool)[at]).sum())
    tight = len(set(at) & binding)
    binds = words("broken", count=missed) if missed else words("binding", binding=tight, count=len(at))
    least = source.share(max(float(share.min()), 0.0) if not missed else float(share.min()))
    first = limits[at[0]]
    return [name, bound, first.owner or "-", first.reason or "-", binds, least, _price(source, name)]


def bound_text(source: Source, row: LimitRow) -> str:
    """What a limit demands."""
    parts = []
    for key, bound in (("at_least", row.lower), ("at_most", row.upper)):
        if math.isfinite(bound):
            amount = source.quantity(bound, row.unit)
            label = source.label(row.criterion)
            label = source.words("change_of", criterion=label) if row.of == "change" else label
            parts.append(source.words(key, criterion=label, amount=amount))
    return "; ".join(parts)


def _size(row: LimitRow) -> float:
    return max(abs(b) for b in (row.lower, row.upper, row.baseline) if math.isfinite(b)) or 1.0


def _price(source: Source, name: str) -> str:
    found = source.prices
    if found is None:
        return "-"
    price = next((entry for entry in found.prices if entry.limit == name), None)
    if price is None or price.plan is None:
        return source.words("unknown")
    if price.most <= NOTHING * abs(found.best):
        return source.quantity(0.0, found.unit)
    low, high = (source.quantity(value, found.unit) for value in (price.least, price.most))
    return low if low == high else source.words("between", least=low, most=high)
