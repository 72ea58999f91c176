"""The generator of programs of national size: seeded, feasible as shares, its forms equal to its matrices."""

from __future__ import annotations

import numpy as np
import pytest

from landfront.optimizer import certify
from landfront.optimizer.engine import choose_engine
from landfront.optimizer.front import Fact
from landfront.optimizer.program import Factored
from tests.optimizer import national

SMALL = (2_000, 12)


def test_the_same_seed_gives_the_same_program() -> None:
    first, second, other = (national.national(*SMALL, seed=seed) for seed in (3, 3, 4))
    for name in ("row_lower", "row_upper", "offsets"):
        np.testing.assert_array_equal(getattr(first, name), getattr(second, name))
    assert abs(first.row_matrix - second.row_matrix).sum() == 0
    assert first.columns != other.columns


def test_sizes_are_those_of_the_description() -> None:
    program = national.national(20_000, 50)
    assert program.groups == 20_000
    assert program.rows.shape[0] == len(program.row_names) == 3 + 30 + 50
    assert 0.55 < program.columns / (8 * program.groups) < 0.70
    amount = program.rows.blocks[-1]
    assert isinstance(amount, Factored)
    assert 0.01 < (amount.amount[:, 32:].nnz / (20_000 * 50)) < 0.06


def test_factored_rows_are_their_matrices() -> None:
    program = national.national(*SMALL)
    rng = np.random.default_rng(0)
    x, prices = rng.random(program.columns), rng.normal(size=program.rows.shape[0])
    np.testing.assert_allclose(program.rows.dot(x), program.row_matrix @ x, rtol=1e-9)
    np.testing.assert_allclose(program.rows.tdot(prices), program.row_matrix.T @ prices, rtol=1e-6, atol=1e-6)
    np.testing.assert_allclose(program.objectives.dot(x), program.objective_matrix @ x, rtol=1e-9)


@pytest.mark.parametrize("objective", range(3))
def test_shares_are_feasible_and_many_rows_press(objective: int) -> None:
    program = national.national(*SMALL).relaxed()
    weights = np.eye(3)[objective]
    answer = choose_engine(program)[0].relax(weights, np.full(3, np.inf), seconds=60)
    assert answer.reason == "optimal"
    assert answer.x is not None
    assert certify.faults(program, answer.x) == []
    fact = Fact(weights, np.full(3, np.inf), -np.inf, "recomputed", answer.row_prices, answer.cap_prices)
    bound = certify.lagrangian_bound(program, fact)
    assert bound == pytest.approx(answer.bound, rel=1e-9)
    assert np.count_nonzero(answer.row_prices) >= (10 if objective != 1 else 1)


def test_the_older_generator_gives_the_same_form() -> None:
    if not (national.FOLDER / "gen.py").is_file():
        pytest.skip(national.ABSENT)
    program = national.prototype(10_000, 10)
    assert program.rows.shape[0] == len(program.row_names) == 43
    answer = choose_engine(program.relaxed())[0].relax(np.array([1.0, 0, 0]), np.full(3, np.inf), seconds=60)
    assert answer.bound == pytest.approx(-11443.362075, rel=1e-9)


@pytest.mark.slow
def test_the_older_case_has_the_optimum_that_is_known() -> None:
    if not (national.FOLDER / "gen.py").is_file():
        pytest.skip(national.ABSENT)
    program = national.prototype(100_000, 100, whole=False)
    answer = choose_engine(program)[0].relax(np.array([1.0, 0, 0]), np.full(3, np.inf), seconds=300)
    assert answer.bound == pytest.approx(-national.OPTIMUM, rel=1e-11)
