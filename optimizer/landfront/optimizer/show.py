"""Points and fronts as readable tables, in a terminal and in a notebook."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from landfront.optimizer.front import Certificate, Front, Point

SHOWN = 24
"""Points printed before the middle ones are left out."""


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Columns aligned to the right under their heads."""
    widths = [max(len(cell) for cell in column) for column in zip(head, *rows, strict=True)]
    lines = [
        "  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True)) for row in [head, *rows]
    ]
    return "\n".join(lines)


def html_table(head: Sequence[str], rows: Sequence[Sequence[str]], caption: str) -> str:
    """The same as HTML."""
    top = "".join(f"<th>{escape(cell)}</th>" for cell in head)
    body = "".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows)
    note = escape(caption).replace("\n", "<br>")
    return f"<table><caption>{note}</caption><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table>"


def number(value: float) -> str:
    """Seven significant digits, thousands apart."""
    return f"{value:,.7g}" if np.isfinite(value) else "unknown"


def share(value: float) -> str:
    """A share as a percentage."""
    return f"{100 * value:.3g} %" if np.isfinite(value) else "unknown"


def front_rows(front: Front) -> tuple[list[str], list[list[str]]]:
    """Head and rows of a front's table; the middle of a long one is left out."""
    head = ["point", *front.heads, "bound", "gap", "ended"]
    rows = [
        [str(index), *map(number, point.values), number(point.bound), share(point.gap), point.termination]
        for index, point in enumerate(front)
    ]
    if len(rows) > SHOWN:
        rows = [*rows[: SHOWN // 2], ["..."] * len(head), *rows[-SHOWN // 2 :]]
    return head, rows


def front_words(front: Front) -> str:
    """What a front is, in two lines."""
    arrows = [
        f"{'max' if sense < 0 else 'min'} {name}"
        for name, sense in zip(front.criteria, front.senses, strict=True)
    ]
    state = "complete" if front.complete else "not complete"
    segments = f" and {len(front.segments)} segments" if front.segments else ""
    first = f"Front of {len(front)} points{segments}: {', '.join(arrows)}"
    second = (
        f"{state} ({front.reason}: {front.detail}); nothing unseen is further than {share(front.coverage)}"
    )
    return f"{first}\n{second}"


def point_rows(point: Point) -> tuple[list[str], list[list[str]]]:
    """Head and row of one point."""
    head = list(point.heads) or [f"value {index}" for index in range(len(point.values))]
    cells = [*map(number, point.values), number(point.bound), share(point.gap), point.termination]
    return [*head, "bound", "gap", "ended"], [cells]


def certificate_words(certificate: Certificate) -> str:
    """A certificate, one line per statement."""
    inner, outer = certificate.hypervolume
    reference = ", ".join(map(number, certificate.reference))
    state = "yes" if certificate.complete else "no"
    lines = [
        f"complete      {state}: {certificate.reason}, {certificate.detail}",
        f"coverage      every nondominated point within {share(certificate.coverage)} of the range",
        f"largest gap   {share(certificate.gap)}",
        f"bulge         nothing lies further than {share(certificate.bulge)} beyond mixes of the points",
        f"hypervolume   {inner:.6f} to {outer:.6f} of the box from the ideal to ({reference})",
        f"facts         {certificate.recomputed} recomputed, {certificate.claimed} claimed by the solver",
        f"method        {certificate.method}",
        f"solver        {certificate.solver}",
    ]
    return "\n".join(lines)
