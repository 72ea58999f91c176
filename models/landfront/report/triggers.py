"""Triggers: for each indicator of a plan the threshold at which to look again, what to do then, and who.

Limits give a trigger each: the plan ceases to hold where its bound is passed, and is to be reviewed once half
of its margin is used up. ``[[triggers]]`` of study.toml declare others.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from landfront.instances.faults import Fault, refuse
from landfront.instances.schema import near
from landfront.instances.study import Study
from landfront.instances.study_change import Trigger
from landfront.models.formulate import LimitRow
from landfront.models.plan import Plan
from landfront.optimizer.show import table
from landfront.report.quantities import quantity

if TYPE_CHECKING:
    import pandas as pd

REVIEWED = 0.5
"""Share of a limit's margin that may be used up before the plan is reviewed: time is left to act then."""

BINDING = 1e-6
"""A margin below this share of the bound is none: rounding of sums leaves as much."""
SHOWN = 20
ACTIONS = {
    "broken": "replan: the limit is broken",
    "tight": "replan at any fall in what was counted on: the plan has no margin",
    "review": "review the plan; replan where the threshold is passed",
}
"""What is to be done about a limit."""


@dataclass(frozen=True)
class Entry:
    """One trigger.

    Attributes
    ----------
    name, source
        Its name, and whether a ``limit`` or the study (``declared``) gives it.
    criterion, region, unit
        What is watched, where, and in what unit.
    side
        ``below`` or ``above``: which side of the threshold sets it off.
    value
        What the plan has.
    review_at, threshold
        Where the plan is to be reviewed, and where it ceases to hold or the action is due.
    price
        Worth of a unit of the limit in the plan's main criterion, nan where it is not known.
    fired
        Whether the plan's value is past the threshold; never where that is nan, not known.
    action, owner, review
        What is to be done, by whom, and the year of the next review.
    """

    name: str
    source: str
    criterion: str
    region: str
    unit: str
    side: str
    value: float
    review_at: float
    threshold: float
    price: float
    fired: bool
    action: str
    owner: str
    review: int

    @property
    def said(self) -> str:
        """The state in words."""
        where = f" in {self.region}" if self.region else ""
        state = "is" if self.fired else "is not"
        now, bound = quantity(self.value, self.unit), quantity(self.threshold, self.unit)
        return f"{self.criterion}{where} at {now} {state} {self.side} {bound}"

    @property
    def by_whom(self) -> str:
        """Whose task it is."""
        return f" ({self.owner})" if self.owner else ""


@dataclass(frozen=True)
class Triggers:
    """All triggers of a plan, those of limits first."""

    title: str
    entries: tuple[Entry, ...]

    def to_frame(self) -> pd.DataFrame:
        """One row per trigger, with the fields of `Entry`."""
        import pandas as pd

        return pd.DataFrame([vars(entry) for entry in self.entries], columns=list(Entry.__dataclass_fields__))

    def to_json(self) -> list[dict[str, Any]]:
        """The same as plain values."""
        return [dict(vars(entry)) for entry in self.entries]

    def __str__(self) -> str:
        """Say it in words: those that are set off first, then those with the least margin."""
        order = sorted(self.entries, key=lambda entry: (not entry.fired, _room(entry)))
        rows = [
            [entry.name, quantity(entry.value, entry.unit),
             f"{entry.side} {quantity(entry.review_at, entry.unit)}",
             f"{entry.side} {quantity(entry.threshold, entry.unit)}",
             "SET OFF" if entry.fired else "", entry.owner, str(entry.review)]
            for entry in order[:SHOWN]
        ]  # fmt: skip
        head = ("trigger", "plan", "review", "act", "", "owner", "next review")
        more = len(order) - SHOWN
        lines = [f"{self.title}: {len(order)} triggers", table(head, rows)]
        return "\n".join([*lines, *([f"... and {more} more"] if more > 0 else []), *_actions(order[:SHOWN])])


def _room(entry: Entry) -> float:
    """Margin as a share of the threshold."""
    return abs(entry.value - entry.threshold) / max(abs(entry.threshold), abs(entry.value), 1e-12)


def _actions(entries: list[Entry]) -> Iterator[str]:
    for action in dict.fromkeys(entry.action for entry in entries):
        names = ", ".join(entry.name for entry in entries if entry.action == action)
        yield f"{names}: {action}."


def triggers(plan: Plan, expected: Mapping[str, float] | None = None) -> Triggers:
    """The triggers of a plan, of its limits and of its study.

    Parameters
    ----------
    plan
        The plan, under the data that count now.
    expected
        Totals by criterion that were expected of it, as under the data that it was made for; by default those
        that it has. What is not among them, as an amount of one region, sets off no trigger ``of_expected``.

    Raises
    ------
    InputError
        If a declared trigger names an unknown criterion, level or region.
    """
    study = plan.formulation.study
    refuse(*_faults(plan))
    found = [*_of_limits(plan), *(_declared(plan, entry, expected) for entry in study.triggers)]
    return Triggers(study.title, tuple(found))


def next_review(study: Study) -> int:
    """Year of the next review: the next start of a period or milestone after now."""
    now = study.history.year if study.history else study.study.start_year
    known = [*(study.periods.starts if study.periods else ()), *study.study.milestones]
    return min((year for year in known if year > now), default=study.study.milestones[-1])


def _of_limits(plan: Plan) -> Iterator[Entry]:
    limits, rows = plan.limits(), plan.formulation.limits
    prices = np.full(len(rows), np.nan) if plan.point is None else plan.point.row_prices[: len(rows)]
    review = next_review(plan.formulation.study)
    for row, value, holds, price in zip(rows, limits["value"], limits["holds"], prices, strict=True):
        for side, bound in (("below", row.lower), ("above", row.upper)):
            if math.isfinite(bound):
                yield _of_limit(row, (side, float(value), bound), bool(holds), (float(price), review))


def _of_limit(row: LimitRow, state: tuple[str, float, float], holds: bool, rest: tuple[float, int]) -> Entry:
    side, value, bound = state
    price, review = rest
    room = value - bound if side == "below" else bound - value
    tight = abs(room) <= BINDING * max(abs(bound), abs(value))
    fired = not holds and room < 0
    action = ACTIONS["broken" if fired else "tight" if tight else "review"]
    return Entry(
        row.name, "limit", row.criterion, row.region, row.unit, side, value,
        bound + (value - bound) * (1 - REVIEWED) if not fired else bound, bound, price, fired, action,
        row.owner, review,
    )  # fmt: skip


def shifted(expected: float, share: float) -> float:
    """An expected value changed to a share of it; below 1 that is less, also of a value below 0.

    >>> shifted(200.0, 0.9), shifted(-200.0, 0.9)
    (180.0, -220.0)
    """
    return expected - (1.0 - share) * abs(expected)


def _declared(plan: Plan, entry: Trigger, expected: Mapping[str, float] | None) -> Entry:
    study = plan.formulation.study
    value = _value(plan, entry)
    side, asked = ("below", entry.below) if entry.below is not None else ("above", entry.above)
    assert asked is not None
    threshold = asked
    if entry.of_expected:
        known = {} if entry.by is not None else expected or {}
        threshold = shifted(value if expected is None else known.get(entry.criterion, math.nan), asked)
    fired = value < threshold if side == "below" else value > threshold
    unit = plan.formulation.units[entry.criterion]
    return Entry(
        entry.name, "declared", entry.criterion, entry.region or "", unit, side, value, threshold, threshold,
        math.nan, fired, f"{entry.kind}: {entry.action}", entry.owner, entry.review or next_review(study),
    )  # fmt: skip


def _value(plan: Plan, entry: Trigger) -> float:
    """Total of the trigger's criterion, everywhere or in its region."""
    if entry.by is None:
        return plan.values[entry.criterion]
    effect = plan.formulation.effects[entry.criterion]
    landscape = plan.formulation.landscape
    level = landscape.levels.index(entry.by)
    here = landscape.regions[:, level] == landscape.region_names[level].index(entry.region or "")
    rows = plan.balance(entry.by).set_index("region")[entry.criterion]
    return float(effect.baseline[here].sum() + rows.get(entry.region, 0.0))


def _faults(plan: Plan) -> Iterator[Fault]:
    formulation = plan.formulation
    study, landscape = formulation.study, formulation.landscape
    names = [entry.name for entry in study.triggers]
    for entry in study.triggers:
        key = f"triggers.{entry.name}"
        if names.count(entry.name) > 1:
            yield Fault("study.toml", key, "two triggers have this name", "Rename one.")
        if entry.criterion not in study.criteria:
            fix = f"{near(entry.criterion, study.criteria)} Criteria: {', '.join(study.criteria)}.".strip()
            yield Fault("study.toml", f"{key}.criterion", f"unknown criterion {entry.criterion!r}", fix)
        elif entry.by is not None and entry.criterion not in formulation.sums:
            yield Fault(
                "study.toml", f"{key}.by", f"{entry.criterion!r} has no amount per region", "Leave it out."
            )
        elif entry.by is not None and entry.by not in landscape.levels:
            fix = f"Levels: {', '.join(landscape.levels) or 'none'}."
            yield Fault("study.toml", f"{key}.by", f"unknown region level {entry.by!r}", fix)
        elif (
            entry.by is not None
            and entry.region not in landscape.region_names[landscape.levels.index(entry.by)]
        ):
            known = landscape.region_names[landscape.levels.index(entry.by)]
            fix = f"{near(entry.region or '', known)} Regions: {', '.join(known[:10])}.".strip()
            yield Fault("study.toml", f"{key}.region", f"unknown region {entry.region!r}", fix)
