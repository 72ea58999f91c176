"""Degenerate fronts by every method: one point, no conflict, objectives in proportion, huge values, ties."""

from __future__ import annotations

from collections.abc import Callable
from math import inf

import numpy as np
import pytest

from landfront.optimizer.front import Floats
from landfront.optimizer.fronts import solve_front
from landfront.optimizer.program import Program
from tests.optimizer.contract import EXACT_GAP, assert_all_found, assert_contract, fit_methods, gap_for
from tests.optimizer.moo import assemble
from tests.strategies import Kind, everything

SIZES = np.array([0, 3, 6, 8])
"""Groups of three, three and two columns, then loose ones."""

COLUMNS = 12


def program_of(costs: Floats, kind: Kind) -> Program:
    """Three groups, two loose binaries and two loose columns that are shares in mixed programs; one row."""
    rng = np.random.default_rng(3)
    starts = SIZES if kind != "linear" else SIZES[:3]
    columns = COLUMNS if kind != "linear" else 8
    row = rng.integers(1, 6, columns).astype(float)
    integer = np.full(columns, kind != "linear")
    if kind == "mixed":
        integer[-2:] = False
    return assemble(
        costs[:, :columns],
        row,
        -inf,
        float(row.sum() / 2),
        senses=[1, -1, 1, -1][: len(costs)],
        integer=integer,
        starts=starts,
    )


def conflicting(p: int, seed: int = 0) -> Floats:
    """Whole coefficients of objectives that conflict in minimisation form, shape (p, COLUMNS)."""
    rng = np.random.default_rng([p, seed])
    shift: Floats = np.array([9.0, -9.0, 0.0, 3.0])[:p, None]
    numbers: Floats = rng.integers(-9, 10, (p, COLUMNS)) + shift * (rng.random(COLUMNS) < 0.5)
    return numbers * signs(p)


def signs(p: int) -> Floats:
    """Senses of the objectives, shape (p, 1)."""
    return np.array([1.0, -1.0, 1.0, -1.0])[:p, None]


def agreeing(p: int) -> Floats:
    """All objectives improve together, in different amounts: one solution is best in all."""
    rng = np.random.default_rng(p)
    direction = rng.permutation(np.arange(1, COLUMNS + 1)) - 4.0
    return np.array([direction * (axis + 1) for axis in range(p)]) * signs(p)


def constant(p: int) -> Floats:
    """The last objective is the same for every solution: one column of each of two groups is chosen."""
    costs = conflicting(p)
    costs[-1] = 0.0
    costs[-1, : SIZES[2]] = 5.0
    return costs


def parallel(p: int) -> Floats:
    """The last objective is three times the first, in another sense or not as their senses say."""
    costs = conflicting(p)
    costs[-1] = 3 * costs[0] * (-1 if p % 2 == 0 else 1)
    return costs


def opposite(p: int) -> Floats:
    """The last objective is the first one turned round: all solutions are nondominated in these two."""
    costs = conflicting(p)
    costs[-1] = -parallel(p)[-1]
    return costs


def huge(p: int) -> Floats:
    """A lattice with steps of 1e12."""
    steps: Floats = np.array([1e12, 1.0, 1e12, 1.0])[:p, None]
    return conflicting(p) * steps


def huge_and_fine(p: int) -> Floats:
    """Whole numbers near 1e12 without a common step: real-valued for any solver."""
    fine = np.random.default_rng(p).integers(-(10**11), 10**11, (p, COLUMNS)).astype(np.float64)
    return np.asarray(conflicting(p) * 1e12 + fine)


def ties(p: int) -> Floats:
    """Coefficients of 0 and 1: many solutions have the same values."""
    return np.where(conflicting(p) > 0, 1.0, 0.0)


MAKERS: list[Callable[[int], Floats]] = [
    agreeing,
    constant,
    parallel,
    opposite,
    huge,
    huge_and_fine,
    ties,
]

KINDS: list[Kind] = ["whole", "mixed", "linear"]

CASES = [
    (make, p, kind, method)
    for make in MAKERS
    for p in (2, 3)
    for kind in KINDS
    for method in fit_methods(program_of(make(p), kind), "all")
]


@pytest.mark.parametrize(
    ("make", "p", "kind", "method"), CASES, ids=lambda value: getattr(value, "__name__", str(value))
)
def test_degenerate_fronts_are_complete(
    make: Callable[[int], Floats], p: int, kind: Kind, method: str
) -> None:
    program = program_of(make(p), kind)
    found, gap = everything(program), gap_for(program, method)
    front = solve_front(program, points="all", method=method, gap=gap)
    assert_contract(program, front, found, gap=gap, points="all")
    assert front.complete, front.detail
    if kind == "whole":
        assert_all_found(front, found)
    if make is agreeing and gap == EXACT_GAP:
        assert len(front) == 1


@pytest.mark.parametrize(("p", "kind"), [(p, kind) for p in (2, 3) for kind in KINDS])
def test_a_program_with_one_solution(p: int, kind: Kind) -> None:
    program = assemble(
        conflicting(p)[:, :4], np.eye(4), np.ones(4), np.ones(4), senses=1, integer=kind != "linear"
    )
    for method in fit_methods(program, "all"):
        front = solve_front(program, points="all", method=method)
        assert front.complete, (method, front.detail)
        assert front.values.tolist() == [conflicting(p)[:, :4].sum(axis=1).tolist()]
