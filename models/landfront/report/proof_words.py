"""What is proven of a front, in plain words."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from landfront.report.quantities import percent
from landfront.report.result import Result

ROUNDING = 1e-9
SMALLEST = 1e-4
COUNTS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")


def listed(words: Sequence[str]) -> str:
    """Words as a list in a sentence.

    >>> listed(["carbon", "food", "water"]), listed(["carbon"])
    ('carbon, food and water', 'carbon')
    """
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


def counted(count: int) -> str:
    """A small number as a word.

    >>> counted(3), counted(20)
    ('three', '20')
    """
    return COUNTS[count] if count < len(COUNTS) else str(count)


def statement(result: Result) -> str:
    """What is proven of the front, in one paragraph."""
    front = result.front
    names = [result.word(name) for name in front.criteria]
    if len(front) == 1:
        return f"One plan is best in {listed(names)} at once. {_whole(result)}"
    mixes = ""
    if not result.program.integer.any():
        mixes = f", and every mix of {'neighbours' if len(names) == 2 else 'them'} is a plan too"
    return " ".join(
        sentence for sentence in (f"{len(front)} plans{mixes}.", _each(result), _whole(result)) if sentence
    )


def _each(result: Result) -> str:
    """How well single plans are proven."""
    front = result.front
    first, *others = (result.word(name) for name in front.criteria)
    best = f"proven best in {first} among all plans at least as good in {listed(others)}"
    gaps = np.array([point.gap for point in front.points])
    tight = gaps <= max(front.asked, SMALLEST)
    if np.isfinite(gaps).all() and (len(others) == 1 or tight.all()):
        return f"Each is {best}, {_within(front.gap)}."
    if len(others) == 1 or not tight.any():
        return ""
    rest = gaps[~tight].max()
    of_rest = f"the others to within {percent(rest)}" if np.isfinite(rest) else "of the others this is open"
    return f"{tight.sum()} of them are {best}, {_within(float(gaps[tight].max()))}; {of_rest}."


def _within(gap: float) -> str:
    return "up to rounding" if gap < ROUNDING else f"to within {percent(max(gap, SMALLEST))}"


def _whole(result: Result) -> str:
    """What is proven of the plans that are not shown."""
    front = result.front
    if front.complete:
        return "The front is complete: no better plan was missed, up to the asked gap."
    why = (
        "more points were not asked for" if front.reason == "points reached" else front.detail or front.reason
    )
    text = f"Not every plan of the front is shown ({why})"
    if not np.isfinite(front.coverage):
        return f"{text}; how far others lie beyond those shown is not proven."
    if len(front.criteria) == 2:
        return f"{text}; none lies further than {percent(front.coverage)} of the range beyond those shown."
    return f"{text}. {covered(result)}"


def covered(result: Result) -> str:
    """Coverage and bulge of a front of three criteria or more."""
    front = result.front
    of_its = f"is worse in none of the {counted(len(front.criteria))} criteria by more than"
    shown = "one of those shown" if result.program.integer.any() else "a mix of those shown"
    text = f"For every possible plan, {shown} {of_its} {percent(front.coverage)} of its range"
    if np.isfinite(front.bulge) and result.program.integer.any():
        text += (
            f", and a mix of them, which need not be a plan itself, by no more than {percent(front.bulge)}"
        )
    return f"{text}."
