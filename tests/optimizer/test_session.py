"""Integer searches in one persistent model: exact, the same whatever was searched before, nothing rebuilt."""

from __future__ import annotations

import itertools
import os
import signal
import threading
from dataclasses import replace
from math import inf

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from landfront.optimizer import branching, highs
from landfront.optimizer.core import whole_part
from landfront.optimizer.engine import Answer, Part
from landfront.optimizer.front import Floats
from landfront.optimizer.highs import HighsEngine
from landfront.optimizer.program import Csr, Program, Stack
from landfront.optimizer.session import LEAN, Limits, Model, Session, Settings

from .conftest import make_program, random_program, synthetic

Question = tuple[Floats, Floats, Part]


def solutions(program: Program) -> tuple[Floats, Floats]:
    """Every feasible solution, shape (k, m), and its values in minimisation form, shape (k, 2)."""
    ranges = [range(a, b) for a, b in itertools.pairwise(program.starts.tolist())]
    choices = np.array(list(itertools.product(*ranges)))
    x = np.zeros((len(choices), program.columns))
    x[np.arange(len(choices))[:, None], choices] = 1
    used = np.asarray((program.row_matrix @ x.T).T)
    x = x[np.all((used >= program.row_lower) & (used <= program.row_upper), axis=1)]
    return x, program.senses * (x @ program.objective_matrix.T + program.offsets)


def questions(program: Program, rng: np.random.Generator) -> list[Question]:
    """Weights, caps and parts with closed columns, starts, gaps and cutoffs."""
    x, y = solutions(program)
    asked: list[Question] = []
    for _ in range(6):
        weights, part = rng.random(2), whole_part(program)
        caps = np.where(rng.random(2) < 0.3, np.median(y, axis=0) + 0.1 * rng.random(2), inf)
        at = int(rng.integers(len(x)))
        if np.all(y[at] <= caps) and rng.random() < 0.7:
            part = replace(part, base=x[at], start=x[at] if rng.random() < 0.5 else None)
        if part.base.any() and rng.random() < 0.6:
            part = replace(part, free=rng.random(program.columns) < 0.6)
        if rng.random() < 0.5:
            part = replace(part, cutoff=float(weights @ y[at]) + float(rng.choice([-1.0, 0.5])))
        asked.append((weights, caps, replace(part, gap=float(rng.choice([0.0, 3.0])))))
    return asked


def optimum(program: Program, question: Question) -> float:
    """By enumeration, infinite without a solution."""
    weights, caps, part = question
    x, y = solutions(program)
    allowed = np.all(y <= caps, axis=1) & np.all((x == part.base)[:, ~part.free], axis=1)
    return float(np.min(y[allowed] @ weights, initial=inf))


def same(one: Answer, two: Answer) -> bool:
    equal = (one.x is None and two.x is None) or (
        one.x is not None and two.x is not None and one.x.tobytes() == two.x.tobytes()
    )
    return equal and (one.reason, one.bound) == (two.reason, two.bound)


@pytest.mark.parametrize("own_model", [0.0, 1.1])
@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 100_000), exponent=st.sampled_from([-6, 0, 9]))
def test_search_is_exact_and_depends_on_its_arguments_alone(
    own_model: float, seed: int, exponent: int
) -> None:
    program = random_program(seed)
    scaled = Csr(program.objectives.to_csr() * 10.0**exponent)
    program = replace(
        program,
        objectives=Stack((scaled,), program.columns),
        offsets=program.offsets * 10.0**exponent,
    )
    rng = np.random.default_rng(seed)
    size = 10.0**exponent
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(highs, "OWN_MODEL", own_model)
        used = HighsEngine(program)
        for weights, caps, part in questions(program, rng):
            answer = used.search(weights, caps, part=part, seconds=10)
            assert same(answer, HighsEngine(program).search(weights, caps, part=part, seconds=10))
            truth = optimum(program, (weights, caps, part))
            noise = 1e-6 * size
            if answer.reason == "infeasible":
                assert truth == inf
                continue
            assert answer.reason == "optimal"
            assert answer.bound <= min(truth, part.cutoff) + noise
            if truth < part.cutoff - noise:
                assert answer.x is not None
                value = float(weights @ (program.senses * program.values(np.rint(answer.x))))
                assert truth - noise <= value <= truth + part.gap + noise


def test_a_cutoff_that_nothing_beats_is_proven() -> None:
    program = random_program(11)
    weights, free = np.array([1.0, 2.0]), np.full(2, inf)
    best = optimum(program, (weights, free, whole_part(program)))
    engine = HighsEngine(program)
    answer = engine.search(weights, free, part=replace(whole_part(program), cutoff=best - 0.5), seconds=10)
    assert (answer.reason, answer.bound, answer.x) == ("optimal", best - 0.5, None)
    answer = engine.search(weights, free, part=whole_part(program), seconds=10)
    assert answer.bound == pytest.approx(best)


def test_models_are_built_once_and_each_rebuild_has_its_reason() -> None:
    program = synthetic(40)
    engine = HighsEngine(program)
    rng = np.random.default_rng(2)
    free = np.full(2, inf)
    x = np.zeros(program.columns)
    for _ in range(5):
        weights = rng.random(2)
        found = engine.search(weights, free, part=whole_part(program), seconds=10).x
        assert found is not None
        x = np.rint(found)
        part = Part(rng.random(program.columns) < 0.5, x)
        engine.search(weights, free, part=part, seconds=10)
        engine.relax(weights, free, seconds=10)
        engine.relax(weights, free, seconds=10, slope=np.ones(2))
    assert sorted(engine.rebuilds.values()) == [1, 1, 1]
    few = Part(np.arange(program.columns) < program.columns * branching.OWN_MODEL / 2, x)
    engine.search(weights, free, part=few, seconds=10)
    assert engine.rebuilds["a search over few of the columns"] == 1


def knapsack(*, whole: bool, size: float = 1.0) -> Model:
    rng = np.random.default_rng(5)
    gain, weight = rng.integers(1, 60, 30).astype(float), rng.integers(1, 60, 30).astype(float)
    return Model(
        cost=-gain * size,
        lower=np.zeros(30),
        upper=np.ones(30),
        integer=np.full(30, whole),
        matrix=sp.csr_array(weight[None, :] * size),
        row_lower=np.array([-inf]),
        row_upper=np.array([weight.sum() * 0.45 * size]),
    )


@pytest.mark.parametrize("how", [Settings(), LEAN, Settings(presolve=False, interruptible=False)])
def test_settings_change_the_way_and_not_the_answer(how: Settings) -> None:
    outcome = Session(knapsack(whole=True), how).run(Limits())
    assert outcome.reason == "optimal"
    assert outcome.x is not None
    assert outcome.bound == pytest.approx(float(knapsack(whole=True).cost @ np.rint(outcome.x)))
    assert outcome.bound == pytest.approx(Session(knapsack(whole=True)).run(Limits()).bound)


@pytest.mark.parametrize("size", [1e-6, 1.0, 1e9])
def test_scale_changes_nothing(size: float) -> None:
    plain, scaled = (Session(knapsack(whole=True, size=s)).run(Limits()) for s in (1.0, size))
    assert plain.x is not None
    assert scaled.x is not None
    assert np.array_equal(np.rint(plain.x), np.rint(scaled.x))
    assert scaled.bound == pytest.approx(plain.bound * size)


def test_columns_are_closed_and_opened_again() -> None:
    model = knapsack(whole=True)
    session = Session(model)
    first = session.run(Limits())
    assert first.x is not None
    taken = np.flatnonzero(first.x > 0.5)[:3]
    session.edit_columns(taken, np.zeros(3), np.zeros(3))
    session.restart()
    without = session.run(Limits())
    assert without.x is not None
    assert np.all(without.x[taken] == 0)
    assert without.bound > first.bound
    session.edit_columns(taken, np.zeros(3), np.ones(3))
    session.restart()
    assert session.run(Limits()).bound == first.bound


def test_an_interrupted_session_can_go_on() -> None:
    rng = np.random.default_rng(0)
    rows = rng.integers(1, 1000, (20, 150)).astype(float)
    gain = rng.integers(1, 1000, (2, 150)).astype(float)
    program = make_program(gain, rows, np.full(20, -inf), rows.sum(axis=1) / 3, senses=(-1, -1))
    engine, free = HighsEngine(program), np.full(2, inf)
    threading.Timer(0.3, lambda: os.kill(os.getpid(), signal.SIGINT)).start()
    with pytest.raises(KeyboardInterrupt):
        engine.search(np.ones(2), free, part=whole_part(program), seconds=60)
    answer = engine.search(np.ones(2), free, part=replace(whole_part(program), gap=1e4), seconds=60)
    assert answer.reason == "optimal"
    assert answer.x is not None
