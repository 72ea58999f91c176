"""A criterion that is no plain sum: what it looks at, its columns and rows, its value; and limits on such.

`measures` has those over regions and features, `risk` those over scenarios of coefficients.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from landfront.instances.faults import Fault, refuse
from landfront.instances.schema import some
from landfront.instances.study import Study
from landfront.instances.study_rules import Criterion, Limit
from landfront.models.limits import LimitRow, on_measure
from landfront.models.widening import Linking, Part
from landfront.optimizer.program import Block

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Amounts:
    """What a measure looks at: ``rows.dot(x) + constant``, shape (R,).

    Attributes
    ----------
    rows
        Changes per region or feature, over the options, divided by what they are counted per.
    constant
        Baselines, likewise; 0 for changes.
    low, high
        Least and most that each amount can be when limits are ignored.
    target
        Target of each, nan without one.
    labels
        Region or feature of each.
    unit
        Unit of the amounts.
    left_out
        Regions or features that have nothing of what amounts are counted per, and so no amount.
    """

    rows: Block
    constant: Floats
    low: Floats
    high: Floats
    target: Floats
    labels: tuple[str, ...]
    unit: str
    left_out: tuple[str, ...] = ()


@dataclass(frozen=True)
class Statistic:
    """What a measure says of its amounts, shape (R,).

    Attributes
    ----------
    value
        Its value.
    columns
        The best linking columns for them, shape (L,).
    """

    value: Callable[[Floats], float]
    columns: Callable[[Floats], Floats]


@dataclass(frozen=True)
class Measure:
    """A criterion that is no plain sum.

    Attributes
    ----------
    name, unit
        The criterion, and the unit of its values.
    amounts
        What it looks at.
    linking
        Its columns and rows.
    statistic
        Its value and columns.
    said
        What a user should know of it.
    """

    name: str
    unit: str
    amounts: Amounts
    linking: Linking
    statistic: Statistic
    said: str = ""

    @property
    def part(self) -> Part:
        """Its columns and rows as a part of a program."""
        return Part(self.name, self.amounts.rows, self.amounts.labels, self.linking)

    @property
    def note(self) -> str:
        """What a user should know of regions or features that have no amount, or nothing."""
        left = self.amounts.left_out
        gone = f"no amount for {some(left)}, where what it is counted per is 0" if left else ""
        return f"{self.name}: {gone or self.said}" if gone or self.said else ""

    def amounts_of(self, x: NDArray[np.floating]) -> Floats:
        """Amounts of the options ``x``, shape (R,)."""
        return np.asarray(self.amounts.rows.dot(x) + self.amounts.constant)

    def value(self, amounts: Floats) -> float:
        """Value of the measure."""
        return self.statistic.value(amounts)

    def columns_of(self, amounts: Floats) -> Floats:
        """The best linking columns for these amounts, shape (L,)."""
        return self.statistic.columns(amounts)


class Measured(Protocol):
    """What a limit on a measure asks of it."""

    @property
    def unit(self) -> str:
        """Unit of its values."""
        ...


OF_THE_CRITERION = ("by", "regions", "interventions", "of", "milestone", "period", "bounds", "unit", "demand")
"""Keys of a limit that a measure has itself, or that need a sum."""


def measure_limits(study: Study, measures: Mapping[str, Measured]) -> tuple[LimitRow, ...]:
    """Limits on these measures, each a row over the measure's linking columns.

    A measure can be bounded only where more of it is no better: its columns may say less than it is, so that
    a bound on the other side would hold for every plan.

    Raises
    ------
    InputError
        With every limit that asks for what a measure has not.
    """
    found = [limit for limit in study.limits if on_measure(study, limit) and limit.criterion in measures]
    refuse(
        *(
            fault
            for limit in found
            for fault in _unfit(limit, study.criteria[limit.criterion], measures[limit.criterion].unit)
        )
    )
    return tuple(_limit_row(limit, measures[limit.criterion]) for limit in found)


def _unfit(limit: Limit, entry: Criterion, unit: str) -> Iterator[Fault]:
    place = f"limits.{limit.name}"
    side, other = ("min", "max") if entry.sense == "max" else ("max", "min")
    for key in OF_THE_CRITERION:
        if getattr(limit, key) != Limit.model_fields[key].default:
            rule = f"{limit.criterion!r} is a measure, whose criterion says that"
            fix = f"Leave it out; the bound is in {unit}." if key == "unit" else "Leave it out."
            yield Fault("study.toml", f"{place}.{key}", rule, fix)
    for key in (other, "equal", "tolerance"):
        if getattr(limit, key) is not None:
            rule = f"{limit.criterion!r} has sense = {entry.sense!r}: it can be bounded by {side} only"
            yield Fault("study.toml", f"{place}.{key}", rule, f"Give {side}.")
    bound = getattr(limit, side)
    if bound is not None and not isinstance(bound, float | int):
        rule = "a limit on a measure takes a number"
        yield Fault("study.toml", f"{place}.{side}", rule, f"Give it in {unit}.")


def _limit_row(limit: Limit, measure: Measured) -> LimitRow:
    def number(bound: object, otherwise: float) -> float:
        return float(bound) if isinstance(bound, float | int) else otherwise

    return LimitRow(
        name=limit.name, criterion=limit.criterion, effect=limit.criterion, region="", level="",
        unit=measure.unit, lower=number(limit.min, -np.inf), upper=number(limit.max, np.inf), of="total",
        baseline=0.0, owner=limit.owner, reason=limit.reason, limit=limit.name,
    )  # fmt: skip
