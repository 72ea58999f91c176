"""Sifting finds the same optimum, and prices that prove it, as the whole model; or leaves it to that."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from math import inf

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from landfront.optimizer import certify, sifting
from landfront.optimizer.engine import Answer
from landfront.optimizer.front import Fact, Floats
from landfront.optimizer.highs import HighsEngine
from landfront.optimizer.program import Csr, Program, Stack
from landfront.optimizer.session import Limits, Outcome, Session
from landfront.optimizer.sifting import Sifting, can_sift

from .conftest import random_program, synthetic

Make = Callable[..., Program]


@pytest.fixture(autouse=True)
def tiny_cores() -> Iterator[None]:
    """Cores and samples of a few columns, so that small programs take several rounds."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sifting, "FEWEST_GROUPS", 1)
        patch.setattr(sifting, "CORE", 2)
        patch.setattr(sifting, "SAMPLE", 1)
        patch.setattr(sifting, "LARGER", 2)
        patch.setattr(sifting, "MOST_LOOSE", 10.0)
        yield


def with_loose(program: Program, rng: np.random.Generator, *, loose: int) -> Program:
    """The program with loose columns between bounds, some of them closed grouped columns, wide scales."""

    def widen(stack: Stack) -> Stack:
        matrix = stack.to_csr()
        extra = sp.csr_array(np.round(rng.normal(0, 2, (matrix.shape[0], loose))))
        wide = sp.csr_array(sp.hstack([matrix, extra], format="csr"))
        return Stack((Csr(wide),), program.columns + loose)

    upper = np.where(rng.random(program.columns) < 0.2, 0.0, 1.0)
    upper[program.starts[:-1]] = 1.0
    return replace(
        program,
        objectives=widen(program.objectives),
        rows=widen(program.rows),
        lower=np.append(program.lower, -rng.integers(0, 3, loose)).astype(float),
        upper=np.append(upper, rng.integers(0, 3, loose)).astype(float),
        integer=np.zeros(program.columns + loose, dtype=bool),
    )


def whole_model(program: Program, weights: Floats, upper: Floats, slope: Floats | None) -> Answer:
    engine = HighsEngine(program)
    engine.__dict__["_sifting"] = None
    return engine.relax(weights, upper, seconds=10, slope=slope)


@settings(max_examples=150, deadline=None)
@given(
    seed=st.integers(0, 100_000),
    loose=st.integers(0, 3),
    capped=st.booleans(),
    sloped=st.booleans(),
    exponent=st.integers(-6, 9),
)
def test_same_optimum_as_the_whole_model(
    seed: int, loose: int, capped: bool, sloped: bool, exponent: int
) -> None:
    rng = np.random.default_rng(seed)
    program = with_loose(random_program(seed, whole=False), rng, loose=loose)
    scaled = Csr(program.objectives.to_csr() * 10.0**exponent)
    program = replace(program, objectives=Stack((scaled,), program.columns))
    size = 10.0**exponent
    weights = rng.random(2)
    middle = rng.normal(0, 4, 2) * size + program.minimised_offsets
    upper = np.where(rng.random(2) < 0.5, middle, inf) if capped else np.full(2, inf)
    slope = (rng.random(2) + 0.1) * size if sloped else None
    upper = middle if sloped else upper
    found = Sifting(program).relax(weights, upper, slope, start=None, seconds=10)
    truth = whole_model(program, weights, upper, slope)
    if found is None:
        return
    assert found.reason == truth.reason
    if found.reason == "infeasible":
        return
    assert found.reason == "optimal"
    assert found.x is not None
    noise = 1e-6 * (size + abs(truth.bound))
    assert found.bound == pytest.approx(truth.bound, abs=noise)
    assert certify.faults(program, found.x) == []
    if slope is None:
        fact = Fact(weights, upper, 0.0, "recomputed", found.row_prices, found.cap_prices)
        assert certify.lagrangian_bound(program, fact) == pytest.approx(found.bound, abs=noise)
        return
    assert found.stretch == pytest.approx(truth.stretch, abs=noise)
    plane = Fact(
        weights + found.cap_prices, np.full(2, inf), 0.0, "recomputed", found.row_prices, np.zeros(2)
    )
    proven = certify.lagrangian_bound(program, plane)
    assert proven == pytest.approx(found.bound + found.cap_prices @ upper, abs=noise)


def test_most_programs_are_settled_by_sifting() -> None:
    settled = 0
    for seed in range(60):
        program = random_program(seed, whole=False)
        free = np.full(2, inf)
        settled += Sifting(program).relax(np.ones(2), free, None, start=None, seconds=10) is not None
    assert settled == 60


def test_an_infeasible_cap_is_found_out() -> None:
    program = synthetic(60, whole=False)
    sift = Sifting(program)
    least = sift.relax(np.array([0.0, 1.0]), np.full(2, inf), None, start=None, seconds=10)
    assert least is not None
    for below, reason in ((-1e-3, "infeasible"), (-1e9, "infeasible"), (1e-3, "optimal")):
        upper = np.array([inf, least.bound + below])
        for start in (None, least.basis):
            found = sift.relax(np.ones(2), upper, None, start=start, seconds=10)
            assert found is not None
            assert found.reason == reason
            assert whole_model(program, np.ones(2), upper, None).reason == reason


@pytest.mark.parametrize("share", [0.0, 0.3, 0.9])
def test_any_start_leads_to_the_same_optimum(share: float) -> None:
    program = synthetic(200, whole=False)
    sift = Sifting(program)
    free = np.full(2, inf)
    ends = [sift.relax(weights, free, None, start=None, seconds=10) for weights in np.eye(2)]
    levels = [float((program.senses * program.values(end.x))[1]) for end in ends if end and end.x is not None]
    cap = np.array([inf, levels[1] + share * (levels[0] - levels[1])])
    for weights in (np.array([1.0, 0.0]), np.array([0.2, 1.0]), np.zeros(2)):
        cold = sift.relax(weights, cap, None, start=None, seconds=10)
        assert cold is not None
        for end in ends:
            assert end is not None
            warm = sift.relax(weights, cap, None, start=end.basis, seconds=10)
            assert warm is not None
            assert warm.bound == pytest.approx(cold.bound, rel=1e-9, abs=1e-9)


def test_what_can_be_sifted(build: Make) -> None:
    rows, ones = np.zeros((0, 4)), np.ones((2, 4))
    program = build(ones, rows, [], [], starts=np.array([0, 2, 4]), whole=False)
    assert can_sift(program)
    assert not can_sift(replace(program, upper=np.array([1, 0.5, 1, 1])))
    assert not can_sift(replace(program, lower=np.array([0.1, 0, 0, 0])))
    assert not can_sift(replace(program, upper=np.array([0.0, 0, 1, 1])))
    assert not can_sift(build(ones, rows, [], [], whole=False))


def test_no_time_is_a_time_limit() -> None:
    answer = Sifting(synthetic(20, whole=False)).relax(
        np.ones(2), np.full(2, inf), None, start=None, seconds=0
    )
    assert answer is not None
    assert answer.reason == "time limit"
    assert answer.x is None


def test_a_core_that_ends_early_with_a_feasible_solution_is_no_optimum(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    run = Session.run

    def cut_short(session: Session, limits: Limits) -> Outcome:  # as the solver does between two steps
        return replace(run(session, limits), reason="time limit", bound=-inf)

    program = synthetic(200, whole=False)
    monkeypatch.setattr(Session, "run", cut_short)
    found = Sifting(program).relax(np.ones(2), np.full(2, inf), None, start=None, seconds=10)
    assert found is not None
    assert (found.reason, found.bound, found.basis) == ("time limit", -inf, None)
