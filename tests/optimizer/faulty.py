"""Engines that are honest for a while, and then fail, time out, lie or raise."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from math import inf

import numpy as np

from landfront.optimizer.engine import Answer, Basis, Engine, Part, choose_engine
from landfront.optimizer.front import Fact, Floats
from landfront.optimizer.program import Program

Spoil = Callable[[Answer], Answer]


class Faulty:
    """An engine that is honest until call k, and then answers through `spoil` for ever."""

    def __init__(self, program: Program, at: int, spoil: Callable[[Answer], Answer]) -> None:
        self.inner: Engine = choose_engine(program)[0]
        self.name, self.calls, self.at, self.spoil = "faulty", 0, at, spoil

    def _pass(self, answer: Answer) -> Answer:
        self.calls += 1
        return self.spoil(answer) if self.calls > self.at else answer

    def relax(
        self,
        weights: Floats,
        upper: Floats,
        *,
        seconds: float,
        start: Basis | None = None,
        slope: Floats | None = None,
    ) -> Answer:
        return self._pass(self.inner.relax(weights, upper, seconds=seconds, start=start, slope=slope))

    def search(self, weights: Floats, upper: Floats, *, part: Part, seconds: float) -> Answer:
        return self._pass(self.inner.search(weights, upper, part=part, seconds=seconds))

    def clash(self, *, seconds: float) -> tuple[int, ...]:
        return self.inner.clash(seconds=seconds)

    def round(
        self,
        weights: Floats,
        upper: Floats,
        fact: Fact,
        x: Floats,
        *,
        target: float,
        seconds: float,
        tighter: bool = False,
    ) -> Floats | None:
        return self.inner.round(weights, upper, fact, x, target=target, seconds=seconds, tighter=tighter)

    def core(self, fact: Fact, x: Floats, *, size: int) -> Part | None:
        return self.inner.core(fact, x, size=size)

    def rest(self, fact: Fact, gap: float) -> Part | None:
        return self.inner.rest(fact, gap)


def crash(answer: Answer) -> Answer:
    return replace(answer, reason="error", x=None, bound=-inf)


def time_out(answer: Answer) -> Answer:
    return replace(answer, reason="time limit", x=None, bound=-inf)


def says_infeasible(answer: Answer) -> Answer:
    return replace(answer, reason="infeasible", x=None, bound=-inf)


def slightly_infeasible(answer: Answer) -> Answer:
    return answer if answer.x is None else replace(answer, x=answer.x * (1 + 1e-4))


def not_a_number(answer: Answer) -> Answer:
    return answer if answer.x is None else replace(answer, x=np.full_like(answer.x, np.nan))


def bad_multipliers(answer: Answer) -> Answer:
    return replace(answer, row_prices=answer.row_prices * -3 + 1, cap_prices=answer.cap_prices * 5 + 2)


def interrupt(answer: Answer) -> Answer:
    raise KeyboardInterrupt


def raises(answer: Answer) -> Answer:
    raise RuntimeError("the solver broke")


FAILURES = [crash, time_out, says_infeasible, slightly_infeasible, not_a_number, interrupt, raises]


def leaves_a_gap(answer: Answer) -> Answer:
    """An answer proven less well than was asked for; multipliers are as good as they were."""
    return replace(answer, bound=answer.bound - 0.05 * (1 + abs(answer.bound)))


def a_little_infeasible(answer: Answer) -> Answer:
    """A solution that misses what it meets exactly by about 1e-5."""
    return answer if answer.x is None else replace(answer, x=answer.x + 1e-5)


HONEST_FAILURES: dict[str, Spoil] = {
    "fails": crash,
    "times out": time_out,
    "leaves a gap": leaves_a_gap,
    "is a little infeasible": a_little_infeasible,
    "raises": raises,
    "is no number": not_a_number,
    "is interrupted": interrupt,
}
"""What a solver may do without lying: nothing false may follow from it."""


@dataclass
class Failing:
    """Makes engines of programs that together answer `at` calls, and then spoil what they say."""

    at: int
    spoil: Spoil
    calls: int = 0

    def __call__(self, program: Program) -> Engine:
        """The engine of a program, or of a slice of it."""
        return Faulty(program, 0, self._answer)

    def _answer(self, answer: Answer) -> Answer:
        self.calls += 1
        return self.spoil(answer) if self.calls > self.at else answer
