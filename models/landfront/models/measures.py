r"""Measures: criteria that are no plain sums, such as the worst-off region, shortfalls and differences.

Formula, for the amounts q_r = (b_r + change_r) / d_r of regions or features r = 1..R (changes: without b_r):

    smallest           max t        with t <= q_r
    largest            min t        with t >= q_r
    shortfall          min sum of s_r        with s_r >= T_r - q_r, s_r >= 0
    largest_shortfall  min t        with t >= T_r - q_r, t >= 0
    reached            max sum of z_r        with q_r >= low_r + (T_r - low_r) z_r, z_r in {0, 1}
    mean_deviation     min (1 / R) sum of |q_r - (1 / R) sum of q_s|
    mean_difference    min (1 / R ** 2) sum over r and s of |q_r - q_s|        (Gini: over twice the mean)

| symbol | meaning |
|---|---|
| b_r, change_r | baseline and change of the effect in r |
| d_r | what amounts are counted per: 1, area, baseline, the attainable change, or the target |
| T_r | target of r, as for a limit |
| low_r | the least that q_r can be |
| t, s_r, z_r | linking columns, with finite bounds |

The absolute values are columns e with ``e >= q_r - q_s`` and ``e >= q_s - q_r``; amounts then are columns
too, so that each option stands in one more row only.

>>> spread = np.array([1.0, 2.0, 6.0])
>>> mean_deviation(spread), round(mean_difference(spread), 6)
(2.0, 2.222222)
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import Protocol

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from landfront.instances.faults import Fault, InputError, refuse
from landfront.instances.schema import some
from landfront.instances.study import Study
from landfront.instances.study_rules import Criterion, Limit
from landfront.models import bounds
from landfront.models.blocks import scaled
from landfront.models.limits import LimitRow, on_measure, sums_of
from landfront.models.registry import Effects
from landfront.models.widening import Linking, Part
from landfront.optimizer.program import Block

Floats = NDArray[np.float64]
MOST_PAIRED = 64
"""Regions whose differences are taken in pairs; more would be thousands of columns."""
REACHED = 1e-9
"""Share of a target that may lack where it is called reached: what solvers leave of a row."""


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
class Measure:
    """A criterion that is no plain sum.

    Attributes
    ----------
    name, kind
        The criterion, and its measure.
    amounts
        What it looks at.
    linking
        Its columns and rows.
    """

    name: str
    kind: str
    amounts: Amounts
    linking: Linking

    @property
    def part(self) -> Part:
        """Its columns and rows as a part of a program."""
        return Part(self.name, self.amounts.rows, self.amounts.labels, self.linking)

    @property
    def note(self) -> str:
        """What a user should know of regions or features that have no amount, or nothing."""
        left = self.amounts.left_out
        return f"{self.name}: no amount for {some(left)}, where what it is counted per is 0" if left else ""

    @property
    def unit(self) -> str:
        """Unit of its values."""
        return "targets" if self.kind == "reached" else self.amounts.unit

    def amounts_of(self, x: NDArray[np.floating]) -> Floats:
        """Amounts of the options ``x``, shape (R,)."""
        return np.asarray(self.amounts.rows.dot(x) + self.amounts.constant)

    def value(self, amounts: Floats) -> float:
        """Value of the measure."""
        return VALUES[self.kind](amounts, self.amounts.target)

    def columns_of(self, amounts: Floats) -> Floats:
        """The best linking columns for these amounts, shape (L,)."""
        return COLUMNS[self.kind](amounts, self.amounts.target)


def measure_of(name: str, entry: Criterion, effects: Effects) -> Measure:
    """A criterion's measure.

    Raises
    ------
    InputError
        If its effect, level, target or what it is counted per do not fit.
    """
    amounts = _amounts(name, entry, effects)
    return Measure(name, entry.measure, amounts, LINKINGS[entry.measure](amounts))


OF_THE_CRITERION = ("by", "regions", "interventions", "of", "milestone", "period", "bounds", "unit", "demand")
"""Keys of a limit that a measure has itself, or that need a sum."""


class Measured(Protocol):
    """What a limit on a measure asks of it."""

    @property
    def unit(self) -> str:
        """Unit of its values."""
        ...


def measure_limits(study: Study, measures: Mapping[str, Measured]) -> tuple[LimitRow, ...]:
    """Limits on measures, each a row over the measure's linking columns.

    A measure can be bounded only where more of it is no better: its columns may say less than it is, so that
    a bound on the other side would hold for every plan.

    Raises
    ------
    InputError
        With every limit that asks for what a measure has not.
    """
    found = [limit for limit in study.limits if on_measure(study, limit)]
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


def _amounts(name: str, entry: Criterion, effects: Effects) -> Amounts:
    """The amounts of a measure, as the sums of a limit of the same words."""
    limit = Limit(
        name=name, criterion=entry.effect or name, min=0.0 if entry.target is None else entry.target,
        by=entry.by, regions=entry.regions, interventions=entry.interventions, of=entry.of,
        milestone=entry.milestone, unit=entry.unit if entry.target is not None else None,
    )  # fmt: skip
    sums = sums_of(limit, effects, key=name)
    target = np.full(len(sums.baseline), np.nan)
    if entry.target is not None:
        target = bounds.bounds_of(limit, sums, effects.sources.inputs)[0]
    constant = sums.baseline if entry.of == "total" else np.zeros(len(sums.baseline))
    per, unit = _per(name, entry, sums, target)
    low, high = sums.reach(False), sums.reach(True)
    kept = np.flatnonzero(per > 0)
    if not len(kept):
        raise InputError([_fault(name, "per", f"{entry.per} is zero everywhere", "Take another one.")])
    scale = 1.0 / per[kept]
    return Amounts(
        scaled(sums.block.take(kept.tolist()), scale),
        constant[kept] * scale,
        (constant + low)[kept] * scale,
        (constant + high)[kept] * scale,
        target[kept] * scale,
        tuple(sums.labels[r] or "everywhere" for r in kept),
        unit,
        tuple(sums.labels[r] for r in np.flatnonzero(per <= 0)),
    )


def _per(name: str, entry: Criterion, sums: bounds.Sums, target: Floats) -> tuple[Floats, str]:
    """What amounts are counted per, shape (rows,), and the unit that they have then."""
    if entry.per is None:
        return np.ones(len(sums.baseline)), sums.unit
    if entry.per == "area":
        return sums.land, f"{sums.unit}/ha"
    if entry.per == "attainable":
        return np.abs(sums.reach(sums.largest)), "share"
    if entry.per == "target":
        if entry.target is None:
            raise InputError(
                [_fault(name, "target", 'missing, but per = "target" needs it', "Give a target.")]
            )
        return np.maximum(target, 0.0), "share"
    return np.abs(sums.baseline), "share"


def _fault(name: str, key: str, rule: str, fix: str) -> Fault:
    return Fault("study.toml", f"criteria.{name}.{key}", rule, fix)


def _nothing(columns: int) -> sp.csr_array:
    return sp.csr_array((0, columns))


def _one(amounts: Amounts, *, lower: float, upper: float, sign: float, between: Floats) -> Linking:
    """One column that stands in the row of every amount with the same coefficient."""
    count = len(amounts.constant)
    return Linking(
        np.array([lower]), np.array([upper]), np.zeros(1, dtype=bool),
        sp.csr_array(np.full((count, 1), sign)), between,
        _nothing(1), np.zeros((2, 0)), np.ones(1),
    )  # fmt: skip


def _smallest(amounts: Amounts) -> Linking:
    between = np.stack([-amounts.constant, np.full(len(amounts.constant), np.inf)])
    return _one(amounts, lower=amounts.low.min(), upper=amounts.high.min(), sign=-1.0, between=between)


def _largest(amounts: Amounts) -> Linking:
    between = np.stack([np.full(len(amounts.constant), -np.inf), -amounts.constant])
    return _one(amounts, lower=amounts.low.max(), upper=amounts.high.max(), sign=-1.0, between=between)


def _missing(amounts: Amounts) -> tuple[Floats, Floats, Floats]:
    """Bounds of ``change + shortfall``, and the smallest and largest shortfall of each."""
    between = np.stack([amounts.target - amounts.constant, np.full(len(amounts.constant), np.inf)])
    least, most = (np.maximum(amounts.target - reach, 0.0) for reach in (amounts.high, amounts.low))
    return between, least, most


def _largest_shortfall(amounts: Amounts) -> Linking:
    between, least, most = _missing(amounts)
    return _one(amounts, lower=float(least.max()), upper=float(most.max()), sign=1.0, between=between)


def _shortfall(amounts: Amounts) -> Linking:
    between, least, most = _missing(amounts)
    count = len(most)
    return Linking(
        least, most, np.zeros(count, dtype=bool), sp.eye_array(count, format="csr"), between,
        _nothing(count), np.zeros((2, 0)), np.ones(count),
    )  # fmt: skip


def _reached(amounts: Amounts) -> Linking:
    """A target that cannot be missed needs no room; one out of reach is never counted."""
    room = np.maximum(amounts.target - amounts.low, 0.0)
    possible = amounts.target <= amounts.high + REACHED * np.abs(amounts.target)
    between = np.stack([amounts.low - amounts.constant, np.full(len(room), np.inf)])
    between[0] = np.where(room > 0, between[0], -np.inf)
    return Linking(
        np.zeros(len(room)), possible.astype(np.float64), np.ones(len(room), dtype=bool),
        sp.csr_array(sp.diags_array(-room)), between, _nothing(len(room)), np.zeros((2, 0)),
        np.ones(len(room)),
    )  # fmt: skip


def _levels(amounts: Amounts, more: int) -> tuple[sp.csr_array, Floats]:
    """Amounts as columns, before `more` others: ``change - column = -constant``."""
    count = len(amounts.constant)
    coupling = sp.hstack([-sp.eye_array(count), sp.csr_array((count, more))], format="csr")
    return sp.csr_array(coupling), np.stack([-amounts.constant, -amounts.constant])


def _mean_deviation(amounts: Amounts) -> Linking:
    count = len(amounts.constant)
    coupling, between = _levels(amounts, 1 + count)
    eye = sp.eye_array(count)
    mean = sp.csr_array(np.concatenate([np.full(count, 1.0 / count), [-1.0], np.zeros(count)])[None, :])
    minus, plus = sp.csr_array(np.full((count, 1), -1.0)), sp.csr_array(np.full((count, 1), 1.0))
    above, below = sp.hstack([-eye, plus, eye]), sp.hstack([eye, minus, eye])
    lower = np.concatenate([[0.0], np.zeros(2 * count)])
    upper = np.concatenate([[0.0], np.full(2 * count, np.inf)])
    span = float(amounts.high.max() - amounts.low.min())
    return Linking(
        np.concatenate([amounts.low, [amounts.low.mean()], np.zeros(count)]),
        np.concatenate([amounts.high, [amounts.high.mean()], np.full(count, span)]),
        np.zeros(2 * count + 1, dtype=bool), coupling, between,
        sp.csr_array(sp.vstack([mean, above, below], format="csr")), np.stack([lower, upper]),
        np.concatenate([np.zeros(count + 1), np.full(count, 1.0 / count)]),
    )  # fmt: skip


def _mean_difference(amounts: Amounts) -> Linking:
    count = len(amounts.constant)
    if count > MOST_PAIRED:
        rule = f"mean_difference of {count} regions compares too many pairs (at most {MOST_PAIRED} regions)"
        raise InputError([Fault("study.toml", "criteria", rule, "Take mean_deviation, or a coarser level.")])
    pairs = np.array(list(combinations(range(count), 2)), dtype=np.int64).reshape(-1, 2)
    each, many = np.arange(len(pairs)), len(pairs)
    coupling, between = _levels(amounts, many)
    signs = np.tile([1.0, -1.0], many)
    apart = sp.csr_array((signs, (np.repeat(each, 2), pairs.ravel())), shape=(many, count))
    rows = sp.vstack([sp.hstack([-apart, sp.eye_array(many)]), sp.hstack([apart, sp.eye_array(many)])])
    r, s = pairs.T
    span = np.maximum(amounts.high[r] - amounts.low[s], amounts.high[s] - amounts.low[r])
    return Linking(
        np.concatenate([amounts.low, np.zeros(many)]), np.concatenate([amounts.high, np.maximum(span, 0.0)]),
        np.zeros(count + many, dtype=bool), coupling, between,
        sp.csr_array(rows), np.stack([np.zeros(2 * many), np.full(2 * many, np.inf)]),
        np.concatenate([np.zeros(count), np.full(many, 2.0 / count**2)]),
    )  # fmt: skip


def mean_deviation(amounts: Floats) -> float:
    """Mean absolute deviation from the mean."""
    return float(np.abs(amounts - amounts.mean()).mean())


def mean_difference(amounts: Floats) -> float:
    """Mean absolute difference of all pairs, each with itself among them."""
    return float(np.abs(amounts[:, None] - amounts[None, :]).mean())


def _short(amounts: Floats, target: Floats) -> Floats:
    return np.maximum(target - amounts, 0.0)


def _met(amounts: Floats, target: Floats) -> Floats:
    return (amounts >= target - REACHED * np.abs(target)).astype(np.float64)


def _deviations(amounts: Floats) -> Floats:
    mean = amounts.mean()
    return np.concatenate([amounts, [mean], np.abs(amounts - mean)])


def _differences(amounts: Floats) -> Floats:
    r, s = np.triu_indices(len(amounts), 1)
    return np.concatenate([amounts, np.abs(amounts[r] - amounts[s])])


LINKINGS: Mapping[str, Callable[[Amounts], Linking]] = {
    "smallest": _smallest,
    "largest": _largest,
    "shortfall": _shortfall,
    "largest_shortfall": _largest_shortfall,
    "reached": _reached,
    "mean_deviation": _mean_deviation,
    "mean_difference": _mean_difference,
}
VALUES: Mapping[str, Callable[[Floats, Floats], float]] = {
    "smallest": lambda amounts, _: float(amounts.min()),
    "largest": lambda amounts, _: float(amounts.max()),
    "shortfall": lambda amounts, target: float(_short(amounts, target).sum()),
    "largest_shortfall": lambda amounts, target: float(_short(amounts, target).max()),
    "reached": lambda amounts, target: float(_met(amounts, target).sum()),
    "mean_deviation": lambda amounts, _: mean_deviation(amounts),
    "mean_difference": lambda amounts, _: mean_difference(amounts),
}
COLUMNS: Mapping[str, Callable[[Floats, Floats], Floats]] = {
    "smallest": lambda amounts, _: amounts.min(keepdims=True),
    "largest": lambda amounts, _: amounts.max(keepdims=True),
    "shortfall": _short,
    "largest_shortfall": lambda amounts, target: _short(amounts, target).max(keepdims=True),
    "reached": _met,
    "mean_deviation": lambda amounts, _: _deviations(amounts),
    "mean_difference": lambda amounts, _: _differences(amounts),
}
