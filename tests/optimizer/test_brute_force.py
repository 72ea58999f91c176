"""Fronts of small random programs against everything that is feasible in them, without a solver.

Each drawn program is solved for its complete front and for a few points. Whatever a front states is held
against the enumeration: its points, every fact, coverage, hypervolume and completeness.
"""

from __future__ import annotations

from math import inf
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from landfront.optimizer.checker import check_front
from landfront.optimizer.front import Fact, Floats, Front
from landfront.optimizer.fronts import solve_front
from landfront.optimizer.program import Program
from landfront.optimizer.proof import ranges
from tests.strategies import Everything, Kind, everything, programs, reach

EVERY: list[tuple[int, Kind]] = [(p, kind) for p in (2, 3, 4) for kind in ("whole", "mixed", "linear")]

EXACT_GAP = 1e-5
"""Values of whole programs differ by a seventh of a unit or not at all: at this gap none may be missing."""

COARSE_GAP = {2: 1e-3, 3: 0.05, 4: 0.15}
"""Gap of mixed programs by number of objectives: three or more are covered by points, and not by few."""

MOST = {2: 400, 3: 60, 4: 40}
"""Fronts with more points than this are left to the known cases: here many small ones matter."""

NOISE = 1e-6
"""Values are computed twice, and rows may be missed by a solver's tolerance: shares of a range."""


def solvable(program: Program, kind: Kind) -> Everything:
    """Everything feasible, where a complete front can be had in little time."""
    found = everything(program)
    p = len(program.senses)
    assume(kind == "linear" or len(found.front) <= MOST[p])
    return found


def assert_facts(program: Program, front: Front, found: Everything) -> None:
    """No feasible solution contradicts a fact, up to the noise of the rows."""
    for fact in front.facts:
        upper = fact.upper - NOISE * found.span
        if fact.beta == inf:
            assert found.beats(upper, found.span) <= 0
        else:
            least = found.lowest(fact.weights, upper)
            assert least >= fact.beta - NOISE * size(fact, found)


def size(fact: Fact, found: Everything) -> float:
    """Size of the weighted values of a fact."""
    return float(np.abs(fact.weights) @ (found.span + np.abs(found.values).max(axis=0)))


def pieces(front: Front, program: Program) -> list[Floats]:
    """Sets of returned values whose mixes are solutions, in minimisation form, shapes (k, p)."""
    y = front.values * front.senses
    if not program.integer.any():
        return [y]
    return [*(segment.values * front.senses for segment in front.segments), *y[:, None]]


def assert_covered(program: Program, front: Front, found: Everything, share: float) -> None:
    """Everything feasible, ends and middles of slices, is within a share of the range of what is returned."""
    scale = ranges(program, front.values * front.senses)
    returned = pieces(front, program)
    for v in samples(found):
        near = max(float(np.max(np.min((v - piece) / scale, axis=1))) for piece in returned)
        if near < -share - NOISE:
            near = max(reach(piece, v, scale) for piece in returned)
        assert near >= -share - NOISE


def samples(found: Everything) -> Floats:
    """The vertices that no vertex is better than, and a mix of those of each slice."""
    if found.single:
        return found.front
    best = [found.front]
    for index in range(len(found.starts) - 1):
        vertices = found.slice(index)
        if np.any(np.all(found.least[index] <= found.front, axis=1)):
            shares = np.random.default_rng(index).dirichlet(np.ones(len(vertices)), 3)
            best.append(shares @ vertices)
    return np.concatenate(best)


def assert_points(program: Program, front: Front, found: Everything, share: float) -> None:
    """No feasible solution is better than a point in every value by more than a share of the range."""
    scale = ranges(program, front.values * front.senses)
    for y in front.values * front.senses:
        assert found.beats(y, scale) <= share + NOISE


def assert_complete(program: Program, front: Front, found: Everything, gap: float) -> None:
    assert front.complete, front.detail
    assert front.reason == "optimal"
    assert_covered(program, front, found, gap)
    assert_points(program, front, found, gap)
    if found.single:
        y = front.values * front.senses
        apart = np.abs(found.front[:, None] - y[None, :]) / found.span
        assert len(y) == len(found.front)
        assert np.all(apart.max(axis=2).min(axis=1) <= NOISE)


def assert_sound(program: Program, front: Front, found: Everything, gap: float) -> None:
    assert check_front(program, front, gap=gap) == []
    assert_facts(program, front, found)
    if front.coverage < inf:
        assert_covered(program, front, found, front.coverage)
    assert 0 <= front.hypervolume[0] <= front.hypervolume[1] <= 1


def check(program: Program, kind: Kind, points: Any) -> None:
    found = solvable(program, kind)
    gap = EXACT_GAP if kind != "mixed" else COARSE_GAP[len(program.senses)]
    front = solve_front(program, points=points, gap=gap)
    assert_sound(program, front, found, gap)
    if points == "all":
        assert_complete(program, front, found, gap)
    else:
        assert len(front) <= points
        assert_points(program, front, found, gap)


few = settings(
    max_examples=5, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.filter_too_much]
)
many = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.filter_too_much])


@pytest.mark.parametrize(("p", "kind"), EVERY)
@few
@given(data=st.data())
def test_fronts_agree_with_enumeration(p: int, kind: Kind, data: st.DataObject) -> None:
    check(data.draw(programs(p=p, kind=kind)), kind, "all")


@pytest.mark.slow
@pytest.mark.parametrize(("p", "kind"), EVERY)
@many
@given(data=st.data())
def test_many_fronts_agree_with_enumeration(p: int, kind: Kind, data: st.DataObject) -> None:
    check(data.draw(programs(p=p, kind=kind)), kind, "all")


@pytest.mark.slow
@pytest.mark.parametrize(("p", "kind"), EVERY)
@many
@given(data=st.data())
def test_few_points_state_what_is_true(p: int, kind: Kind, data: st.DataObject) -> None:
    check(data.draw(programs(p=p, kind=kind)), kind, data.draw(st.integers(2, 8)))
