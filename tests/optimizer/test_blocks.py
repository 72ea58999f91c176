"""Compiled passes and those of numpy and scipy give the same: activities, prices, bounds, cleaning."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import scipy.sparse as sp

from landfront.optimizer import attempt, blocks, certify, passes
from landfront.optimizer.front import Fact, Floats
from landfront.optimizer.program import Csr, Factored, Program, Stack
from tests.optimizer import national


def twice(seed: int = 0, *, loose: int = 0, plain: bool = True) -> Program:
    """Two programs' worth of blocks: factored rows with several terms each, single and double precision."""
    program = national.national(3_000, 12, seed=seed)
    amounts = program.rows.blocks[-1]
    assert isinstance(amounts, Factored)
    pooled = dataclasses.replace(amounts, row=np.arange(len(amounts.row)) % 7, rows=7)
    rng = np.random.default_rng(seed)
    noise = Csr(sp.csr_array(sp.random_array((3, program.columns), density=0.1, rng=rng)))
    more = (*program.rows.blocks, pooled, noise)
    count = sum(block.shape[0] for block in more)
    lower = rng.random(program.columns) * (0.0 if plain else 0.05)
    upper = np.where(rng.random(program.columns) < 0.05, 0.0, 1.0)
    upper[program.starts[:-1]] = 1.0
    grouped = int(program.starts[-1])
    starts = program.starts[program.starts <= grouped - loose] if loose else program.starts
    return dataclasses.replace(
        program,
        rows=Stack(more, program.columns),
        row_lower=np.append(program.row_lower, np.full(count - len(program.row_lower), -5.0)),
        row_upper=np.append(program.row_upper, np.full(count - len(program.row_upper), 5.0)),
        row_names=tuple(f"row {r}" for r in range(count)),
        lower=np.where(upper == 0, 0.0, lower),
        upper=upper,
        starts=starts,
    )


def compiled(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let everything count as large, and slabs be small."""
    for module in (blocks, certify, passes, attempt):
        monkeypatch.setattr(module, "LARGE", 0)
    monkeypatch.setattr(passes, "SLAB", 1000)


def multipliers(program: Program, seed: int) -> Fact:
    rng = np.random.default_rng(seed)
    p, r = len(program.senses), len(program.row_lower)
    return Fact(rng.random(p), np.full(p, np.inf), 0.0, "recomputed", rng.normal(size=r), np.zeros(p))


def test_activities_and_prices(monkeypatch: pytest.MonkeyPatch) -> None:
    program = twice()
    rng = np.random.default_rng(1)
    x, prices = (
        rng.random(program.columns) * (rng.random(program.columns) < 0.3),
        rng.normal(size=len(program.row_lower)),
    )
    bytes_ = (x > 0).astype(np.uint8)
    expected = [
        program.rows.dot(x),
        program.rows.dot(bytes_),
        program.rows.tdot(prices),
        program.rows.largest(),
    ]
    compiled(monkeypatch)
    found = [program.rows.dot(x), program.rows.dot(bytes_), program.rows.tdot(prices), program.rows.largest()]
    for one, two in zip(expected, found, strict=True):
        np.testing.assert_allclose(one, two, rtol=1e-6, atol=1e-6)
    matrix = program.row_matrix.astype(np.float64)
    np.testing.assert_allclose(found[0], matrix @ x, rtol=1e-9)
    np.testing.assert_allclose(found[2], matrix.T @ prices, rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(found[3], abs(matrix).max(axis=1).toarray().ravel(), rtol=1e-12)


@pytest.mark.parametrize("loose", [0, 40])
@pytest.mark.parametrize("plain", [True, False])
@pytest.mark.parametrize("seed", range(3))
def test_bounds_are_below_the_exact_ones_by_little(
    monkeypatch: pytest.MonkeyPatch, seed: int, plain: bool, loose: int
) -> None:
    program = twice(seed, loose=loose, plain=plain)
    fact = multipliers(program, seed)
    bounds = [certify.lagrangian_bound(program, fact)]
    compiled(monkeypatch)
    bounds.append(certify.lagrangian_bound(dataclasses.replace(program), fact))
    if plain:
        exact = exact_bound(program, fact)
        assert max(bounds) < exact
    assert bounds[0] == pytest.approx(bounds[1], rel=1e-10)


def exact_bound(program: Program, fact: Fact) -> float:
    """The bound with long doubles, which know eleven bits more."""
    long = np.longdouble
    prices, weights = certify.row_multipliers(program, fact).astype(long), fact.weights.astype(long)
    matrix, costs = program.row_matrix.tocoo(), program.minimised.astype(long)
    reduced = weights @ costs
    np.subtract.at(reduced, matrix.coords[1], prices[matrix.coords[0]] * matrix.data.astype(long))
    grouped = int(program.starts[-1])
    open_ = np.where(program.upper[:grouped] == 0, long(np.inf), reduced[:grouped])
    total = np.minimum.reduceat(open_, program.starts[:-1]).sum()
    total += np.minimum(reduced[grouped:], 0)[program.upper[grouped:] > 0].sum()
    bound = np.where(prices > 0, program.row_lower, program.row_upper).astype(long)
    return float(total + np.where(prices == 0, long(0), prices * np.where(prices == 0, 0, bound)).sum()
                 + weights @ program.minimised_offsets)  # fmt: skip


def test_a_number_that_is_none_proves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    compiled(monkeypatch)
    program = twice()
    fact = dataclasses.replace(multipliers(program, 0), weights=np.array([np.nan, 1.0, 1.0]))
    assert certify.lagrangian_bound(program, fact) == -np.inf


def noisy(program: Program) -> Floats:
    rng = np.random.default_rng(2)
    x = np.zeros(program.columns)
    x[rng.integers(program.starts[:-1], program.starts[1:])] = 1.0
    return np.asarray(x + rng.normal(0, 1e-7, program.columns))


@pytest.mark.parametrize("whole", [True, False])
def test_cleaning_and_misses(monkeypatch: pytest.MonkeyPatch, whole: bool) -> None:
    program = national.national(3_000, 12, whole=whole)
    x = noisy(program)
    expected, missed = attempt.clean(program, x), certify.residuals(program, x)
    compiled(monkeypatch)
    found, again = attempt.clean(program, x), certify.residuals(program, x)
    np.testing.assert_allclose(found, expected, atol=1e-15)
    np.testing.assert_allclose(
        [again.group, again.column, again.integer], [missed.group, missed.column, missed.integer]
    )
    np.testing.assert_allclose(again.rows, missed.rows, rtol=1e-9, atol=1e-9)


def test_rows_are_taken_in_any_order() -> None:
    program = twice()
    index = [54, 3, 4, 1, 0, 50, 49]
    np.testing.assert_array_equal(
        program.rows.take(index).to_csr().toarray(), program.row_matrix.toarray()[index]
    )
    chosen = program.select([2, 0])
    np.testing.assert_array_equal(chosen.objective_matrix, program.objective_matrix[[2, 0]])
    assert all(isinstance(block, Factored | Csr) for block in chosen.objectives.blocks)
