"""What every engine promises: answers of their arguments alone, proofs by multipliers, sloped caps."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from math import inf

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from landfront.optimizer import certify, scalarize
from landfront.optimizer.engine import Answer, Basis, Part, choose_engine
from landfront.optimizer.front import Fact, Floats
from landfront.optimizer.highs import HighsEngine
from landfront.optimizer.program import Program

from .conftest import make_program, random_program

Make = Callable[..., Program]


def loose_program(build: Make, seed: int, *, p: int = 2) -> Program:
    """No groups: a few columns between bounds, rows around a feasible point."""
    rng = np.random.default_rng(seed)
    columns, rows = int(rng.integers(2, 9)), int(rng.integers(0, 4))
    matrix = np.round(rng.normal(0, 3, (rows, columns)))
    used = matrix @ np.full(columns, 0.5)
    program = build(
        rng.normal(0, 4, (p, columns)),
        matrix,
        used - rng.random(rows),
        used + 2,
        senses=(1,) * p,
        whole=False,
    )
    return replace(program, upper=rng.integers(1, 4, columns).astype(float))


def questions(rng: np.random.Generator, program: Program) -> Iterator[tuple[Floats, Floats, Floats | None]]:
    """Weights, caps and slopes, some of them infeasible."""
    p = len(program.senses)
    middle = program.senses * program.values(np.full(program.columns, 0.4))
    for _ in range(6):
        weights = rng.random(p) * (rng.random(p) < 0.8)
        caps = np.where(rng.random(p) < 0.5, inf, middle + rng.normal(0, 3, p))
        yield weights, caps, rng.random(p) + 0.1 if rng.random() < 0.4 else None


def same(one: Answer, two: Answer) -> bool:
    """Bitwise equality of all but the solver's words."""
    if (one.x is None) != (two.x is None):
        return False
    arrays = [(one.row_prices, two.row_prices), (one.cap_prices, two.cap_prices)]
    if one.x is not None and two.x is not None:
        arrays.append((one.x, two.x))
    return (
        (one.reason, one.bound, one.stretch, one.basis) == (two.reason, two.bound, two.stretch, two.basis)
    ) and all(a.tobytes() == b.tobytes() for a, b in arrays)


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000), grouped=st.booleans())
def test_an_answer_depends_on_its_arguments_alone(seed: int, grouped: bool) -> None:
    program = random_program(seed, whole=False) if grouped else loose_program(make_program, seed)
    rng = np.random.default_rng(seed)
    used = HighsEngine(program)
    bases: list[Basis | None] = [None]
    for weights, upper, slope in questions(rng, program):
        start = bases[int(rng.integers(len(bases)))] if slope is None else None
        answer = used.relax(weights, upper, seconds=10, start=start, slope=slope)
        fresh = HighsEngine(program).relax(weights, upper, seconds=10, start=start, slope=slope)
        assert same(answer, fresh)
        if answer.basis is not None and slope is None:
            bases.append(answer.basis)


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10_000), grouped=st.booleans(), p=st.integers(2, 4))
def test_a_sloped_cap_is_solved_and_proven(seed: int, grouped: bool, p: int) -> None:
    rng = np.random.default_rng(seed)
    program = random_program(seed, whole=False) if grouped else loose_program(make_program, seed, p=p)
    p = len(program.senses)
    weights = rng.random(p) * 0.1
    slope = (rng.random(p) + 0.1) * 10.0 ** rng.integers(-3, 4, p)
    upper = rng.normal(0, 3, p)
    answer = choose_engine(program)[0].relax(weights, upper, seconds=10, slope=slope)
    assert answer.reason == "optimal"
    assert answer.x is not None
    y = program.senses * program.values(answer.x)
    size = 1 + np.abs(y) + slope * abs(answer.stretch)
    assert np.all(y <= upper + slope * answer.stretch + 1e-5 * size)
    assert answer.bound == pytest.approx(weights @ y + answer.stretch, rel=1e-6, abs=1e-6)
    assert np.all(answer.cap_prices >= -1e-9)
    assert answer.cap_prices @ slope == pytest.approx(1, rel=1e-6)
    plane = Fact(
        weights + answer.cap_prices, np.full(p, inf), 0.0, "recomputed", answer.row_prices, np.zeros(p)
    )
    proven = certify.lagrangian_bound(program, plane)
    assert proven == pytest.approx(answer.bound + answer.cap_prices @ upper, rel=1e-6, abs=1e-6)


def test_a_basis_survives_storing(rand: Make) -> None:
    program = rand(3, whole=False)
    engine = HighsEngine(program)
    free = np.full(2, inf)
    first = engine.relax(np.array([1.0, 0.5]), free, seconds=10)
    assert first.basis is not None
    stored = Basis.from_bytes(first.basis.to_bytes())
    assert stored == first.basis
    assert hash(stored) == hash(first.basis)
    assert len(stored.key) == 16
    other = engine.relax(np.array([0.1, 1.0]), free, seconds=10, start=first.basis)
    assert same(other, engine.relax(np.array([0.1, 1.0]), free, seconds=10, start=stored))


def test_large_programs_answer_the_same_from_any_start(big: Make) -> None:
    program = big(600, whole=False)
    engine = HighsEngine(program)
    free = np.full(2, inf)
    ends = [engine.relax(np.eye(2)[axis], free, seconds=60) for axis in (0, 1)]
    cold = engine.relax(np.array([1.0, 1.0]), free, seconds=60)
    for end in ends:
        warm = engine.relax(np.array([1.0, 1.0]), free, seconds=60, start=end.basis)
        assert warm.bound == pytest.approx(cold.bound, rel=1e-9)
        again = HighsEngine(program).relax(np.array([1.0, 1.0]), free, seconds=60, start=end.basis)
        assert same(warm, again)


@pytest.mark.parametrize(("limit", "longest"), [(None, 120.0), (5000.0, 5000.0)])
def test_a_stated_time_is_that_of_the_whole_search(
    big: Make, monkeypatch: pytest.MonkeyPatch, limit: float | None, longest: float
) -> None:
    """Who says how long one problem may take gets all of it; else a search of many groups is cut."""
    asked: list[float] = []

    def search(self: HighsEngine, weights: Floats, upper: Floats, *, part: Part, seconds: float) -> Answer:
        asked.append(seconds)
        return found(self, weights, upper, part=part, seconds=seconds)

    found = HighsEngine.search
    monkeypatch.setattr(HighsEngine, "search", search)
    monkeypatch.setattr(HighsEngine, "round", lambda *_, **__: None)
    monkeypatch.setattr(scalarize, "CORE_GROUPS", 1)
    monkeypatch.setattr(scalarize, "CORE_SIZES", ())
    scalarize.solve_single(big(30, rows=4), 0, gap=0.0, time_limit=limit)
    assert asked
    assert max(asked) == pytest.approx(longest, rel=0.05)
