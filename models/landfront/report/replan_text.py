"""A replan in words: the plan before under old and new data, the new plan, and what its stability costs."""

from __future__ import annotations

import math
from collections.abc import Iterator

from landfront.optimizer.show import table
from landfront.report.diff import diff
from landfront.report.quantities import area, percent, quantity
from landfront.report.replan import CHANGE, Replan

SHOWN = 10


def replan_text(found: Replan) -> str:
    """The whole of it."""
    lines = [found.plan.formulation.study.title, *_asked(found), "", _values(found), *_proof(found), ""]
    lines += [*_before(found), "", *_price(found), *_triggers(found), ""]
    return "\n".join([*lines, str(diff(found.before, found.plan, names=("the plan before", "the new plan")))])


def _asked(found: Replan) -> Iterator[str]:
    study = found.plan.formulation.study
    unit, history = found.plan.formulation.units[found.criterion], study.history
    since = f" Nothing starts before {history.year} any more; what is done stays." if history else ""
    word = "most" if study.criteria[found.criterion].sense == "max" else "least"
    if found.weight:
        price = f"{quantity(found.weight, unit)} for each ha of change"
        yield f"The new plan has the {word} {found.criterion} less {price}.{since}"
    else:
        yield f"The new plan has the {word} {found.criterion}, with no more change than that needs.{since}"


def _values(found: Replan) -> str:
    """Criteria of the plan before and of the new one."""
    units = found.plan.formulation.units
    head = ["criterion", *(["before, old data"] if found.old else []), "before, new data", "new plan"]
    rows = []
    for name, value in found.plan.values.items():
        old = [quantity(found.old[name], units[name]) if name in found.old else "-"] if found.old else []
        rows.append(
            [name, *old, quantity(found.before.values[name], units[name]), quantity(value, units[name])]
        )
    return table(head, rows)


def _proof(found: Replan) -> Iterator[str]:
    unit = found.plan.formulation.units[found.criterion]
    if found.weight:
        yield (
            f"Proven: no plan is better in {found.criterion} and weighed change together, up to a gap of "
            f"{percent(found.new.gap)} (ended: {found.new.termination})."
        )
    else:
        point = found.free.plan.point
        assert point is not None
        yield (
            f"Proven: {found.criterion} cannot be better than {quantity(float(point.bound), unit, digits=7)} "
            f"(gap {percent(float(point.gap))}; ended: {found.free.termination}), and at that level at least "
            f"{quantity(found.new.bound, 'ha')} must change."
        )


def _before(found: Replan) -> Iterator[str]:
    """Whether the plan before still meets the limits, and what of it cannot be carried over."""
    broken, count = found.broken, len(found.before.formulation.limits)
    forbidden = float(sum(entry.area for entry in found.before.violations))
    if broken.empty:
        yield f"The plan before still meets all {count} limits under the new data."
    else:
        yield f"The plan before breaks {len(broken)} of {count} limits under the new data:"
        shown = broken[["name", "value", "margin", "unit"]].head(SHOWN)
        for name, value, margin, unit in shown.itertuples(index=False):
            yield f"  - {name}: {quantity(value, unit)}, {quantity(-margin, unit)} off"
    if forbidden:
        yield f"On {quantity(forbidden, 'ha')} it has options that rules now forbid."
    for note in found.notes:
        yield f"  - {note}"


def _price(found: Replan) -> Iterator[str]:
    """What stability costs, and how much change the new data force."""
    mu = found.plan.formulation.study.study.currency == "CNY"
    unit = found.plan.formulation.units[found.criterion]
    now, free = found.plan.values[CHANGE], found.free.plan.values[CHANGE]
    yield (
        f"Change: {area(now, mu=mu)}; the best plan without regard to it changes {area(free, mu=mu)}, and at "
        f"least {area(max(found.least.bound, 0.0), mu=mu)} must change to meet the limits."
    )
    low, high = (quantity(value, unit) for value in found.price)
    size = low if low == high else f"{low} to {high}"
    yield f"What this stability costs: {size} of {found.criterion}."


def _triggers(found: Replan) -> Iterator[str]:
    """Declared triggers that the plan before sets off under the new data."""
    from landfront.report.monitor import monitored_by_study
    from landfront.report.triggers import triggers

    entries = triggers(found.before, found.old).entries
    fired = [entry for entry in entries if entry.fired]
    seen = monitored_by_study(found.before)
    if seen is not None:
        yield f"Observed, against the plan before under the new data: {seen}"
    for entry in fired[:SHOWN]:
        yield f"Trigger {entry.name} is set off: {entry.said}; {entry.action}{entry.by_whom}."
    for entry in entries:
        if math.isnan(entry.threshold):
            where = f" in {entry.region}" if entry.region else ""
            yield (
                f"Trigger {entry.name} cannot be held against the plan before: the {entry.criterion}{where} "
                "that was expected of it is not known."
            )
