"""Two solves at a time in threads: the same front whichever ends first, in one run or resumed."""

from __future__ import annotations

from functools import partial
from time import sleep
from typing import Any

import numpy as np
import pytest

from landfront.optimizer import tolerances
from landfront.optimizer.engine import Answer
from landfront.optimizer.fronts import pool, solve_front
from landfront.optimizer.highs import HighsEngine
from landfront.optimizer.program import Program
from landfront.optimizer.structured.engine import StructuredEngine
from tests.optimizer.contract import assert_same_run
from tests.optimizer.test_contract import SERIAL, Case, given
from tests.optimizer.test_structured_large import some


class Pair(HighsEngine):
    """HiGHS twice, at a pace that is another one in each run."""

    chance = np.random.default_rng()

    def beside(self) -> Pair:
        return Pair(self._program)

    def relax(self, *arguments: Any, **more: Any) -> Answer:
        sleep(float(self.chance.uniform(0, 0.004)))
        return super().relax(*arguments, **more)


@pytest.fixture
def two_at_a_time(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many problems were under way whenever one more was asked for."""
    asked: list[int] = []
    submit = pool.Abreast.submit

    def counted(self: Any, task: Any) -> None:
        submit(self, task)
        asked.append(len(self._asked))

    monkeypatch.setattr(pool.Abreast, "submit", counted)
    return asked


@pytest.mark.parametrize("case", SERIAL, ids=lambda case: "-".join(map(str, case)))
def test_the_clock_decides_nothing(case: Case, two_at_a_time: list[int]) -> None:
    program, _, gap = given(case)
    solve = partial(solve_front, program, points="all", method=case[-1], gap=gap, engine=Pair)
    whole = solve()
    assert max(two_at_a_time) == 2 or case[-1] in ("sandwich", "facets")  # these may have one open end
    assert_same_run(solve(), whole)
    cut = solve(max_solves=max(whole.solves // 3, 3))
    assert_same_run(solve(resume=cut), whole)


def test_points_added_later_are_those_of_one_run() -> None:
    program, _, gap = given(next(case for case in SERIAL if case[-1] == "boxes"))
    solve = partial(solve_front, program, method="boxes", gap=gap, engine=Pair)
    assert_same_run(solve(points=6, resume=solve(points=3)), solve(points=6))


def large(monkeypatch: pytest.MonkeyPatch) -> Program:
    """A program that counts as one of very many groups."""
    monkeypatch.setattr(tolerances, "MANY_GROUPS", 3000)
    return some(whole=True)


def test_the_structured_engine_solves_two_at_a_time(
    monkeypatch: pytest.MonkeyPatch, two_at_a_time: list[int]
) -> None:
    program = large(monkeypatch)
    solve = partial(solve_front, program, points=6, gap=1e-3, engine=StructuredEngine)
    front = solve()
    assert max(two_at_a_time) == 2
    assert_same_run(solve(), front)


def test_few_groups_are_solved_one_by_one() -> None:
    assert StructuredEngine(some(parcels=500)).beside() is None


def test_an_interruption_keeps_what_was_found(monkeypatch: pytest.MonkeyPatch) -> None:
    program = large(monkeypatch)
    found: list[Any] = []

    def stop(point: Any, facts: Any) -> None:
        found.append(point)
        if len(found) == 3:
            raise KeyboardInterrupt

    front = solve_front(program, points=40, gap=1e-3, engine=StructuredEngine, on_point=stop)
    assert front.reason == "interrupted"
    assert len(front) >= 2
