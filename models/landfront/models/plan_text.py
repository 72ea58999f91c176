"""How a plan prints: title, criteria with units, interventions, limits that are broken."""

from __future__ import annotations

from html import escape
from math import isfinite
from typing import TYPE_CHECKING

from landfront.optimizer.show import share

if TYPE_CHECKING:
    from landfront.models.plan import Plan

SHOWN = 10


def number(value: float) -> str:
    """A number that a person can read.

    >>> number(1234567.8), number(0.1234567), number(-0.0)
    ('1,234,568', '0.1235', '0')
    """
    if value == 0:
        return "0"
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"


def _criteria(plan: Plan) -> list[tuple[str, ...]]:
    return [
        (
            name,
            number(value),
            f"{'+' if plan.changes[name] > 0 else ''}{number(plan.changes[name])}",
            plan.formulation.units[name],
        )
        for name, value in plan.values.items()
    ]


def _options(plan: Plan) -> list[tuple[str, ...]]:
    return [
        (name, number(entry["parcels"]), number(entry["area_ha"]), number(entry["area_ha"] * 15))
        for name, entry in plan.options.items()
    ]


def _broken(plan: Plan) -> list[str]:
    limits = plan.limits()
    broken = limits[~limits["holds"].astype(bool)]
    lines = [
        f"limit {name} is broken by {number(-float(margin))} {unit}".rstrip()
        for name, margin, unit in zip(broken["name"], broken["margin"], broken["unit"], strict=True)
    ]
    lines += [f"{v.intervention} on parcel {v.parcel} is not on the menu" for v in plan.violations]
    more = len(lines) - SHOWN
    return [*lines[:SHOWN], f"... and {more} more"] if more > 0 else lines


TABLES = (
    (("criterion", "total", "change", "unit"), _criteria),
    (("intervention", "parcels", "ha", "mu"), _options),
)


def _proof(plan: Plan) -> list[str]:
    """What is proven of a plan that came from a solver."""
    point = plan.point
    if point is None:
        return []
    if not isfinite(point.gap):
        return [f"nothing is proven of it (ended: {point.termination})"]
    return [f"proven within {share(point.gap)} of the best that is possible (ended: {point.termination})"]


def _funds(plan: Plan) -> list[str]:
    """What each fund pays, and what none does."""
    currency = plan.formulation.study.study.currency
    lines = []
    for fund, period, amount, paid, _ in plan.funds().itertuples(index=False):
        if fund == "unpaid":
            lines.append(f"no fund pays {number(paid)} {currency} of the costs")
        else:
            name = f"{fund} {period}".rstrip()
            lines.append(f"fund {name} pays {number(paid)} of {number(amount)} {currency}")
    return lines


def as_text(plan: Plan, *, proof: bool = True) -> str:
    """The plan as lines of text, with what is proven of it unless said elsewhere."""
    lines = [f"Plan: {plan.formulation.study.title}"]
    for head, rows in TABLES:
        cells = [head, *rows(plan)]
        widths = [max(len(row[c]) for row in cells) for c in range(len(head))]
        lines.append("")
        for row in cells:
            numbers = [text.rjust(width) for text, width in zip(row[1:], widths[1:], strict=True)]
            lines.append("  ".join([row[0].ljust(widths[0]), *numbers]).rstrip())
    broken = _broken(plan)
    if broken or plan.formulation.limits:
        count = len(plan.formulation.limits)
        lines += ["", *(broken or ["the limit holds" if count == 1 else f"all {count} limits hold"])]
    if plan.formulation.payments is not None:
        lines += ["", *_funds(plan)]
    if proof and plan.point is not None:
        lines += ["", *_proof(plan)]
    return "\n".join(lines)


def as_html(plan: Plan) -> str:
    """The plan as tables for notebooks."""
    parts = [f"<h4>{escape(plan.formulation.study.title)}</h4>"]
    for head, rows in TABLES:
        lines = ["".join(f"<th>{escape(text)}</th>" for text in head)]
        lines += ["".join(f"<td>{escape(text)}</td>" for text in row) for row in rows(plan)]
        parts.append(f"<table>{''.join(f'<tr>{line}</tr>' for line in lines)}</table>")
    parts += [f"<p>{escape(line)}</p>" for line in [*_broken(plan), *_proof(plan)]]
    return "".join(parts)
