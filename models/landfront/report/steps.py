"""What each step along a front costs, in words: what is gained and given up, and at which rate."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise

import numpy as np

from landfront.optimizer.rates import trade_offs
from landfront.report.proof_words import counted, listed
from landfront.report.quantities import quantity
from landfront.report.result import Named, Result

STEPS = 4
SAME = 1e-9
PER = ((1.0, ""), (1e3, "thousand "), (1e6, "million "), (1e9, "billion "))


def steps(result: Result) -> Iterable[str]:
    """Sentences for the summary."""
    count = len(result.front.criteria)
    if len(result.front) < 2:
        yield f"The front has one plan: the {counted(count)} criteria do not conflict."
    elif count == 2:
        yield from _along(result)
    else:
        yield from _to_ends(result)
        yield from _at_knee(result)


def _along(result: Result) -> Iterable[str]:
    """Trade-off rates between a few points from one end of the front to the other."""
    first, second = result.front.criteria
    stops = np.unique(np.linspace(0, len(result.front) - 1, STEPS + 1).round().astype(int))
    # The first criterion gets better from step to step, whatever its sense.
    if result.formulation.study.criteria[first].sense == "min":
        stops = stops[::-1]
    for start, end in pairwise(stops):
        gain = abs(result.total(end, first) - result.total(start, first))
        loss = abs(result.total(end, second) - result.total(start, second))
        if gain == 0 or loss == 0:
            continue
        yield (
            f"From point {start} to point {end}: {_better(result, first)} "
            f"{quantity(gain, result.units[first])}, "
            f"at the price of {_worse(result, second)} {quantity(loss, result.units[second])}: "
            f"{_rate(result, second, gain / loss)}."
        )


def _rate(result: Result, name: str, rate: float, *, at: str = "") -> str:
    """What a unit of a criterion brings of the first, per as many units as make the number readable."""
    first = result.front.criteria[0]
    many, words = next(((many, words) for many, words in PER if rate * many >= 1), PER[-1])
    brings = "brings" if result.formulation.study.criteria[first].sense == "max" else "saves"
    each = f"each {words}{result.units[name]} of {result.word(name)} {_given(result, name)}"
    return f"{each} {brings} {at}{quantity(rate * many, result.units[first], digits=3)}"


def _given(result: Result, name: str) -> str:
    return "given up" if result.formulation.study.criteria[name].sense == "max" else "more"


def _better(result: Result, name: str) -> str:
    word = "more" if result.formulation.study.criteria[name].sense == "max" else "less"
    return f"{word} {result.word(name)} by"


def _worse(result: Result, name: str) -> str:
    word = "less" if result.formulation.study.criteria[name].sense == "max" else "more"
    return f"{word} {result.word(name)} by"


def _to_ends(result: Result) -> Iterable[str]:
    """From the most balanced plan to the best of each criterion."""
    middle = result.knee if result.knee is not None else 0
    start = "the knee" if result.knee is not None else "point 0"
    for named in result.named[: len(result.front.criteria)]:
        if named.point != middle:
            yield f"From {start} to {_end(named)}: {_changes(result, middle, named.point)}."


def _end(named: Named) -> str:
    return f"the {named.label} (point {named.point})"


def _changes(result: Result, start: int, end: int) -> str:
    """What is gained and what is given up between two plans, in the front's criteria."""
    gains: list[str] = []
    losses: list[str] = []
    for axis, name in enumerate(result.front.criteria):
        values = result.front.values[[start, end], axis]
        change = float(values[1] - values[0]) * float(result.front.senses[axis])
        if abs(change) <= SAME * float(np.abs(values).max(initial=0.0)):
            continue
        amount = quantity(abs(change), result.units[name])
        (gains if change < 0 else losses).append(
            f"{(_better if change < 0 else _worse)(result, name)} {amount}"
        )
    if not losses:
        return listed(gains)
    return f"{listed(gains)}, at the price of {listed(losses)}"


def _at_knee(result: Result) -> Iterable[str]:
    """Rates of exchange at the most balanced plan, where a proven half-plane touches it."""
    if result.knee is None:
        return
    rates = trade_offs(result.front, result.knee)
    for name in result.front.criteria[1:]:
        known = np.abs(rates[name].to_numpy(np.float64))
        known = known[np.isfinite(known) & (known > 0)]
        if len(known):
            rate = _rate(result, name, float(known.min()), at="at most ")
            first = result.word(result.front.criteria[0])
            yield f"At the knee, while the other criteria stay, {rate} of {first}."
