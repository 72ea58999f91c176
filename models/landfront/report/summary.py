"""The summary of a run in plain words: what is possible, what it costs, what binds, what is proven."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd

from landfront.report.bars import no_regret_statement
from landfront.report.bounds_text import bounds_text
from landfront.report.proof_words import statement
from landfront.report.quantities import area, percent, quantity
from landfront.report.result import Named, Result
from landfront.report.steps import steps
from landfront.report.tables import coefficients_table, limit_prices

WIDTH = 96
NO_BREAK = "\u00a0"
MOST_LIMITS = 8
BINDING = 1e-6


def summary(result: Result, *, warnings: Sequence[str] = ()) -> str:
    """The whole summary, ending in a line break."""
    parts = [
        _heading(result),
        ["What is possible", *_bullets(_possible(result))],
        ["Plans to talk about", *_bullets(_plans(result))],
        ["What each step costs", *_bullets(steps(result))],
        ["What every plan agrees on", *_bullets([no_regret_statement(result)])],
        ["Limits that bind, and what they cost", *_bullets(_binding(result))],
        ["What the figures rest on", *_bullets(_evidence(result))],
        ["What is proven", *_bullets(_proof(result))],
    ]
    if warnings:
        parts.append(["Warnings", *_bullets(warnings)])
    return "\n\n".join("\n".join(part) for part in parts) + "\n"


def _heading(result: Result) -> list[str]:
    study, landscape = result.formulation.study, result.formulation.landscape
    kind = (
        "shared between interventions" if study.study.decision == "share" else "given one intervention each"
    )
    total = area(float(landscape.area.sum()), mu=result.in_yuan)
    options = len(result.formulation.menu)
    text = f"{len(landscape):,} parcels with {total}, {kind}; {options:,} admissible options."
    return [study.title, *_wrap(text)]


def _possible(result: Result) -> Iterable[str]:
    for name in result.criteria:
        column = result.values[:, result.criteria.index(name)]
        unit, base = result.units[name], result.baseline[name]
        low, high = float(column.min()), float(column.max())
        today = f"today {quantity(base, unit)}; " if base else ""
        if quantity(low, unit) == quantity(high, unit):
            change = f" ({_change(high, base, unit)})" if base else ""
            about = "" if result.constant(name) else "about "
            yield f"{result.label(name)}: {today}{about}{quantity(high, unit)}{change} in every plan."
            continue
        changes = f" ({_change(low, base, unit)} to {_change(high, base, unit)})" if base else ""
        yield (
            f"{result.label(name)}: {today}on the front {quantity(low, unit)} to {quantity(high, unit)}"
            f"{changes}."
        )


def _change(value: float, base: float, unit: str) -> str:
    share = (value - base) / abs(base)
    if abs(share) < 1e-9:
        return "no change"
    text = f"{'+' if share >= 0 else '-'}{percent(abs(share))}"
    return f"{quantity(value - base, unit, signed=True)}, {text}"


def _plans(result: Result) -> Iterable[str]:
    # What every plan has alike is no reason to talk about one of them.
    alike = {f"{result.formulation.study.criteria[name].sense}_{name}" for name in _alike(result)}
    for group in _by_point(named for named in result.named if named.name not in alike):
        facts = ", ".join(
            f"{result.word(name)} {quantity(result.total(group[0].point, name), result.units[name])}"
            for name in result.criteria
        )
        yield f"{'; '.join(named.label for named in group).capitalize()} (point {group[0].point}): {facts}."


def _alike(result: Result) -> list[str]:
    """Criteria beside those of the front that have one value in every plan."""
    return [name for name in result.criteria if name not in result.front.criteria and result.constant(name)]


def _by_point(named: Iterable[Named]) -> list[list[Named]]:
    groups: dict[int, list[Named]] = {}
    for entry in named:
        groups.setdefault(entry.point, []).append(entry)
    return list(groups.values())


def _binding(result: Result) -> list[str]:
    """Limits without slack at the knee, or at the middle of the front, by what loosening them would bring."""
    if not result.formulation.limits:
        return ["The study has no limits."]
    point = result.knee if result.knee is not None else len(result.front) // 2
    frame = binding_limits(result, point)
    where = "the knee" if result.knee is not None else f"point {point}"
    if frame.empty:
        return [f"At {where} no limit binds."]
    lines = [_limit_line(result, row) for row in frame.head(MOST_LIMITS).itertuples()]
    if len(frame) > MOST_LIMITS:
        lines.append(f"And {len(frame) - MOST_LIMITS} more: see limits.csv.")
    bind = "binds" if len(frame) == 1 else "bind"
    return [f"At {where}, {len(frame)} of {len(result.formulation.limits)} limits {bind}.", *lines]


def binding_limits(result: Result, point: int) -> pd.DataFrame:
    """Limits without slack or with a price at a point; ``gain`` is what a bound looser by 1 % would bring.

    Whole parcels seldom meet a bound exactly, so there a price alone shows that the limit binds.
    """
    rows = result.formulation.limits
    frame = result.plan(point).limits().reset_index(drop=True)
    value, lower, upper = (frame[name].to_numpy(np.float64) for name in ("value", "lower", "upper"))
    price = np.nan_to_num(limit_prices(result, point))
    bound = np.where(np.abs(value - lower) <= np.abs(upper - value), lower, upper)
    slack = np.abs(value - bound)
    size = np.maximum(np.abs(bound), np.array([abs(row.baseline) for row in rows]) * 1e-3)
    gain = np.abs(price * np.where(np.isfinite(bound), bound, 0.0)) / 100
    frame = frame.assign(row=np.arange(len(rows)), bound=bound, gain=gain)
    worth = gain > BINDING * float(np.ptp(result.front.values[:, 0]))
    binds = (slack <= BINDING * np.maximum(size, 1e-12)) | worth
    found: pd.DataFrame = frame[binds].sort_values("gain", ascending=False, kind="stable")
    return found


def _limit_line(result: Result, row: object) -> str:
    limit = result.formulation.limits[row.row]  # type: ignore[attr-defined]
    first = result.front.criteria[0]
    owner = f" ({limit.owner})" if limit.owner else ""
    text = f"{limit.name}: {bounds_text(limit)}{owner}"
    gain = float(row.gain)  # type: ignore[attr-defined]
    if gain <= 0:
        return f"{text}. Loosening it brings nothing at this point."
    step = quantity(abs(float(row.bound)) / 100, limit.unit)  # type: ignore[attr-defined]
    brings = f"{quantity(gain, result.units[first])} {result.word(first)}"
    return f"{text}. Loosening it by 1 % ({step}) would bring about {brings}."


def _evidence(result: Result) -> Iterable[str]:
    frame = coefficients_table(result.formulation)
    if frame.empty:
        yield "Effects come from the study's own table; the catalogue lends no numbers."
        return
    marks = mark_counts(frame)
    listed = ", ".join(f"{count} {mark}" for mark, count in marks.items())
    yield f"{len(frame)} coefficients from the catalogue: {listed}. coefficients.csv has the sources."
    weak = sum(count for mark, count in marks.items() if mark not in ("verified", "derived"))
    if weak:
        share = percent(weak / len(frame))
        yield f"{share} of them are recalled or assumed, not read in a source: treat results as indicative."


def mark_counts(frame: pd.DataFrame) -> dict[str, int]:
    """How many coefficients carry each mark; the mark is the first word of the column ``verified``."""
    words = frame["verified"].astype(str).str.strip().str.extract(r"^(\w+)", expand=False).fillna("unmarked")
    words = words.str.lower().replace({"yes": "verified", "true": "verified", "no": "unverified"})
    return {str(mark): int(count) for mark, count in words.value_counts().items()}


def _proof(result: Result) -> Iterable[str]:
    front = result.front
    yield statement(result)
    proofs = [fact.proof for fact in front.facts]
    yield (
        f"{len(proofs)} proven facts: {proofs.count('recomputed')} can be recomputed from the data by "
        f"`landfront verify`, {proofs.count('claimed')} rest on the solver's branch and bound."
    )
    ended = front.detail or front.reason
    yield f"Found by {front.method} in {front.seconds:.1f} s with {front.solves} solves; ended: {ended}."


def _bullets(lines: Iterable[str]) -> list[str]:
    return [part for line in lines for part in _wrap(line, "  - ", "    ")]


def _wrap(text: str, first: str = "", rest: str = "") -> list[str]:
    """Lines of a paragraph; a number is never parted from its percent sign."""
    tied = text.replace(" %", NO_BREAK + "%")
    return [
        line.replace(NO_BREAK, " ")
        for line in textwrap.wrap(tied, WIDTH, initial_indent=first, subsequent_indent=rest)
    ]
