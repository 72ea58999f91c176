"""Fronts of small random programs against everything that is feasible in them, without a solver.

Each drawn program is solved for its complete front and for a few points. Whatever a front states is held
against the enumeration: its points, every fact, coverage, hypervolume and completeness.
"""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from landfront.optimizer.fronts import solve_front
from landfront.optimizer.program import Program
from tests.optimizer.contract import EXACT_GAP, KINDS, assert_all_found, assert_contract
from tests.strategies import Everything, Kind, everything, programs

EVERY: list[tuple[int, Kind]] = [(p, kind) for p in (2, 3, 4) for kind in KINDS]

COARSE_GAP = {2: 1e-3, 3: 0.05, 4: 0.15}
"""Gap of mixed programs by number of objectives: three or more are covered by points, and not by few."""

MOST = {2: 400, 3: 60, 4: 40}
"""Fronts with more points than this are left to the known cases: here many small ones matter."""


MOST_SLICES = 400
"""Mixed programs with more choices of their whole numbers take the oracle many linear programs per point."""


def solvable(program: Program, kind: Kind) -> Everything:
    """Everything feasible, where a complete front can be had in little time."""
    found = everything(program)
    p = len(program.senses)
    assume(kind == "linear" or len(found.front) <= MOST[p])
    assume(found.single or len(found.starts) <= MOST_SLICES)
    return found


def check(program: Program, kind: Kind, points: Any) -> None:
    found = solvable(program, kind)
    gap = EXACT_GAP if kind != "mixed" else COARSE_GAP[len(program.senses)]
    front = solve_front(program, points=points, gap=gap)
    assert_contract(program, front, found, gap=gap, points=points)
    if points == "all":
        assert front.complete, front.detail
        assert front.reason == "optimal"
        if kind == "whole":
            assert_all_found(front, found)


few = settings(max_examples=5, deadline=None, suppress_health_check=[HealthCheck.filter_too_much])
many = settings(max_examples=35, deadline=None, suppress_health_check=[HealthCheck.filter_too_much])
"""Nine shapes, each with all points and with few: more than 600 programs in all."""


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
