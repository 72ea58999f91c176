"""Fronts do not depend on the units of the objectives: a factor from 1e-6 to 1e9 changes nothing."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from landfront.optimizer.front import Floats
from landfront.optimizer.fronts import solve_front
from landfront.optimizer.program import Csr, Program, Stack
from tests.optimizer.contract import KINDS, assert_all_found, assert_contract, fit_methods, gap_for, known
from tests.strategies import Kind

CASES: list[tuple[int, Kind, str]] = [
    (p, kind, method)
    for p in (2, 3, 4)
    for kind in KINDS
    for method in fit_methods(known(p, kind, True)[0], "all")
    if (p, method) != (4, "spread")
]

EXPONENTS = st.lists(st.floats(-6, 9), min_size=4, max_size=4)


def in_units(program: Program, factors: Floats) -> Program:
    """The same program with every objective times a factor, shape (p,)."""
    costs = sp.csr_array(program.objective_matrix * factors[:, None])
    objectives = Stack((Csr(costs),), program.columns)
    return replace(program, objectives=objectives, offsets=program.offsets * factors)


def check(p: int, kind: Kind, method: str, exponents: list[float]) -> None:
    program, found = known(p, kind, True)
    factors = 10.0 ** np.array(exponents[:p])
    scaled, gap = in_units(program, factors), gap_for(program, method)
    front = solve_front(scaled, points="all", method=method, gap=gap)
    assert_contract(scaled, front, found.in_units(factors), gap=gap, points="all")
    assert front.complete, front.detail
    if kind == "whole":
        assert_all_found(front, found.in_units(factors))


@pytest.mark.parametrize(("p", "kind", "method"), CASES)
@settings(max_examples=2, deadline=None)
@given(exponents=EXPONENTS)
def test_units_change_nothing(p: int, kind: Kind, method: str, exponents: list[float]) -> None:
    check(p, kind, method, exponents)


@pytest.mark.parametrize(("p", "kind", "method"), CASES)
@pytest.mark.parametrize("ends", [(-6, 9), (9, -6)])
def test_the_widest_units_change_nothing(p: int, kind: Kind, method: str, ends: tuple[int, int]) -> None:
    check(p, kind, method, [float(ends[axis % 2]) for axis in range(4)])


@pytest.mark.slow
@pytest.mark.parametrize(("p", "kind", "method"), CASES)
@settings(max_examples=6, deadline=None)
@given(exponents=EXPONENTS)
def test_no_units_change_anything(p: int, kind: Kind, method: str, exponents: list[float]) -> None:
    check(p, kind, method, exponents)
