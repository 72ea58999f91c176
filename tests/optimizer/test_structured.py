"""The structured engine against HiGHS and enumeration: every form of program that it takes."""

from __future__ import annotations

from dataclasses import replace
from math import inf
from typing import Any

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from landfront.optimizer import certify
from landfront.optimizer.front import Fact, Floats
from landfront.optimizer.highs import HighsEngine
from landfront.optimizer.program import Block, Csr, Factored, Program, Stack
from landfront.optimizer.structured.engine import StructuredEngine
from landfront.optimizer.structured.support import unfit_bounds


@st.composite
def structured(draw: st.DrawFn, *, whole: bool = False) -> Program:
    """A feasible program of groups, with all kinds of rows, blocks, bounds and loose columns."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    groups = draw(st.integers(1, 60))
    kinds = draw(st.sampled_from([1, 2, 5, 8, 9, 20, 64]))
    sizes = rng.integers(1, min(kinds, draw(st.sampled_from([2, 6, 64]))) + 1, groups)
    starts = np.concatenate([[0], np.cumsum(sizes)])
    kind = np.concatenate([np.sort(rng.choice(kinds, size, replace=False)) for size in sizes])
    group = np.repeat(np.arange(groups), sizes)
    grouped, loose = int(starts[-1]), draw(st.integers(0, 2))
    m = grouped + loose
    scale = draw(st.sampled_from([1.0, 1e-3, 1e4]))
    tied = draw(st.booleans())

    def numbers(*shape: int) -> Floats:
        drawn = rng.integers(-4, 5, shape).astype(float) if tied else rng.normal(0, 2, shape)
        return drawn * scale

    def factored(rows: int) -> Factored:
        terms = rows + 1
        amount = rng.uniform(0, 3, (groups, terms)) * (rng.random((groups, terms)) < 0.5)
        return Factored(
            np.concatenate([group, np.zeros(loose)]).astype(np.int32),
            np.concatenate([kind, np.full(loose, kinds)]).astype(np.int16),
            sp.csr_array(amount),
            np.column_stack([numbers(terms, kinds), np.zeros(terms)]),
            np.concatenate([np.arange(rows), [0]]),
            rows,
        )

    def plain(rows: int, density: float) -> Csr:
        matrix = numbers(rows, m) * (rng.random((rows, m)) < density)
        return Csr(sp.csr_array(matrix))

    p = draw(st.integers(1, 3))
    objectives: tuple[Block, ...] = draw(
        st.sampled_from([(plain(p, 1.0),), (factored(p),), (factored(1), plain(1, 0.9))])
    )
    p = sum(block.shape[0] for block in objectives)
    rows: tuple[Block, ...] = draw(
        st.sampled_from([(), (plain(3, 0.2),), (factored(4),), (plain(1, 1.0), factored(3), plain(2, 0.1))])
    )
    stack = Stack(tuple(rows), m)
    lower = np.concatenate([np.zeros(grouped), rng.integers(-3, 1, loose)]).astype(float)
    upper = np.concatenate([np.ones(grouped), lower[grouped:] + rng.integers(0, 4, loose)])
    x = np.concatenate([np.zeros(grouped), lower[grouped:]])
    x[starts[:-1] + (rng.random(groups) * sizes).astype(int)] = 1
    closed = (rng.random(grouped) < draw(st.sampled_from([0.0, 0.3]))) & (x[:grouped] == 0)
    upper[:grouped][closed] = 0
    used = stack.dot(x) if rows else np.zeros(0)
    room = rng.choice([0.0, 1.0, 8.0], (2, len(used))) * scale
    side = rng.integers(0, 4, len(used))
    return Program(
        objectives=Stack(objectives, m),
        senses=rng.choice([-1, 1], p).astype(np.int8),
        offsets=rng.normal(0, 10, p) * scale,
        rows=stack,
        row_lower=np.where(side == 0, -inf, used - room[0] * (side < 3)),
        row_upper=np.where(side == 1, inf, used + room[1] * (side < 3)),
        lower=lower,
        upper=upper,
        integer=np.full(m, whole) & (np.arange(m) < grouped),
        starts=starts,
        objective_names=tuple(f"f{i}" for i in range(p)),
        row_names=tuple(f"row {i}" for i in range(len(used))),
    )


def proven(program: Program, weights: Floats, upper: Floats, answer: Any) -> float:
    """The bound that the answer's multipliers prove."""
    fact = Fact(weights, upper, -inf, "recomputed", answer.row_prices, answer.cap_prices)
    return certify.lagrangian_bound(program, fact)


def size_of(program: Program, weights: Floats) -> float:
    """Size of the weighted values."""
    return float(np.abs(weights) @ (program.objective_span + program.objective_scale))


@settings(max_examples=200, deadline=None)
@given(program=structured(), data=st.data())
def test_relaxations_equal_those_of_highs(program: Program, data: st.DataObject) -> None:
    p = len(program.senses)
    rng = np.random.default_rng(data.draw(st.integers(0, 1000)))
    weights = rng.choice([0.0, 1.0, 0.3], p)
    weights[rng.integers(p)] = 1.0
    free = np.full(p, inf)
    engine, other = StructuredEngine(program), HighsEngine(program)
    assert unfit_bounds(program) == ""
    first = engine.relax(weights, free, seconds=inf)
    truth = other.relax(weights, free, seconds=inf)
    assert first.reason == truth.reason == "optimal"
    size = size_of(program, weights)
    assert abs(first.bound - truth.bound) <= 1e-7 * size
    assert first.x is not None
    y = program.senses * program.values(first.x)
    assert weights @ y <= truth.bound + 1e-7 * size
    assert certify.faults(program, first.x) == []
    assert proven(program, weights, free, first) >= truth.bound - 1e-7 * size
    caps = np.where(rng.random(p) < 0.7, y + rng.uniform(-1, 1, p) * 0.1 * program.objective_span, inf)
    for start in (None, first.basis):
        capped = engine.relax(weights, caps, seconds=inf, start=start)
        known = other.relax(weights, caps, seconds=inf)
        assert capped.reason == known.reason
        if known.reason == "optimal":
            assert abs(capped.bound - known.bound) <= 1e-6 * size
            assert proven(program, weights, caps, capped) >= known.bound - 1e-6 * size


@settings(max_examples=60, deadline=None)
@given(program=structured(), data=st.data())
def test_slopes_equal_those_of_highs(program: Program, data: st.DataObject) -> None:
    p = len(program.senses)
    weights, slope = np.zeros(p), program.objective_span
    engine, other = StructuredEngine(program), HighsEngine(program)
    first = engine.relax(np.ones(p), np.full(p, inf), seconds=inf)
    assert first.x is not None
    start = program.senses * program.values(first.x)
    caps = start - 0.3 * program.objective_span
    one = engine.relax(weights, caps, seconds=inf, slope=slope)
    two = other.relax(weights, caps, seconds=inf, slope=slope)
    assert one.reason == two.reason == "optimal"
    assert one.stretch == pytest.approx(two.stretch, abs=1e-6)
    assert one.bound == pytest.approx(two.bound, abs=1e-6)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.filter_too_much])
@given(structured(), st.integers(0, 2**32 - 1))
def test_rows_that_clash_are_as_few_as_can_be(program: Program, seed: int) -> None:
    """Rows are pushed from the solution that the program was made around until they clash."""
    assume(len(program.row_lower) > 0)
    rng = np.random.default_rng(seed)
    push = rng.choice([0.0, 3.0, 30.0], len(program.row_lower)) * np.maximum(program.row_scale, 1e-9)
    up = rng.random(len(push)) < 0.5
    clashing = replace(
        program,
        row_lower=np.where(up, program.row_lower + push, program.row_lower - 2 * push),
        row_upper=np.where(up, program.row_upper + 2 * push, program.row_upper - push),
    )
    weights = np.zeros(len(program.senses))
    free = np.full(len(weights), inf)

    def has_solution(rows: set[int]) -> bool:
        kept = np.isin(np.arange(len(push)), list(rows))
        some = replace(
            clashing,
            row_lower=np.where(kept, clashing.row_lower, -inf),
            row_upper=np.where(kept, clashing.row_upper, inf),
        )
        return HighsEngine(some).relax(weights, free, seconds=inf).reason == "optimal"

    assume(not has_solution(set(range(len(push)))))
    rows = set(StructuredEngine(clashing).clash(seconds=60.0))
    assert rows
    assert not has_solution(rows)
    for row in rows:
        assert has_solution(rows - {row})
