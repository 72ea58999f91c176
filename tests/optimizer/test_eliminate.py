"""Taking one column out of each group changes nothing but the size of the model."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from landfront.optimizer.eliminate import NONE, eliminate
from landfront.optimizer.session import Limits, Model, Session


def model_of(seed: int, *, groups: int, rows: int, loose: int) -> tuple[Model, np.ndarray]:
    rng = np.random.default_rng(seed)
    sizes = rng.integers(1, 4, groups)
    starts = np.concatenate([[0], np.cumsum(sizes)])
    grouped, columns = int(starts[-1]), int(starts[-1]) + loose
    equations = sp.csr_array((np.ones(grouped), np.arange(grouped), starts), shape=(groups, columns))
    coupling = sp.random_array((rows, columns), density=0.6, rng=rng, format="csr")
    upper = np.where(rng.random(columns) < 0.1, 0.5, 1.0)
    inside = np.concatenate([np.full(size, 1 / size) for size in sizes] + [np.zeros(loose)])
    activity = coupling @ inside
    return Model(
        cost=rng.normal(size=columns),
        lower=np.zeros(columns),
        upper=np.maximum(upper, inside),
        integer=np.zeros(columns, dtype=bool),
        matrix=sp.csr_array(sp.vstack([equations, coupling], format="csr")),
        row_lower=np.concatenate(
            [np.ones(groups), np.where(rng.random(rows) < 0.5, activity - 0.1, -np.inf)]
        ),
        row_upper=np.concatenate([np.ones(groups), activity + 0.2]),
    ), starts


def optimum(model: Model, cost: np.ndarray) -> np.ndarray:
    session = Session(model)
    session.edit_cost(cost)
    x = session.run(Limits()).x
    assert x is not None
    return x


@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 10_000), groups=st.integers(1, 12), rows=st.integers(0, 4), loose=st.integers(0, 3)
)
def test_same_optimum_and_a_feasible_solution(seed: int, groups: int, rows: int, loose: int) -> None:
    model, starts = model_of(seed, groups=groups, rows=rows, loose=loose)
    smaller, undo, moved = eliminate(model, starts)
    cost, constant = undo.cost(model.cost)
    found = optimum(smaller, cost)
    x = undo.restore(found)
    assert model.cost @ x == pytest.approx(cost @ found + constant, abs=1e-9)
    assert model.cost @ x == pytest.approx(model.cost @ optimum(model, model.cost), abs=1e-6)
    activity = model.matrix @ x
    assert np.all(activity <= model.row_upper + 1e-6)
    assert np.all(activity >= model.row_lower - 1e-6)
    assert (smaller.matrix @ found + moved)[len(moved) - rows :] == pytest.approx(activity[groups:])


def test_a_group_without_a_free_column_keeps_its_equation() -> None:
    model, starts = model_of(3, groups=4, rows=2, loose=0)
    held = Model(
        model.cost, model.lower, np.minimum(model.upper, 0.9), model.integer, model.matrix, model.row_lower,
        model.row_upper,
    )  # fmt: skip
    smaller, undo, moved = eliminate(held, starts)
    assert np.all(undo.reference == NONE)
    assert len(smaller.cost) == len(model.cost)
    assert np.all(moved == 0)
    assert np.all(smaller.row_lower[:4] == 1)


def test_only_crowded_groups_keep_a_row() -> None:
    sizes = np.array([1, 2, 2, 3])
    starts = np.concatenate([[0], np.cumsum(sizes)])
    model = Model(
        cost=np.array([3.0, 1, 2, 5, 4, 1, 2, 3]),
        lower=np.zeros(8),
        upper=np.full(8, 2.0),
        integer=np.zeros(8, dtype=bool),
        matrix=sp.csr_array((np.ones(8), np.arange(8), starts), shape=(4, 8)),
        row_lower=np.ones(4),
        row_upper=np.ones(4),
    )
    smaller, undo, moved = eliminate(model, starts)
    assert smaller.matrix.shape == (1, 4)
    assert len(moved) == 1
    assert smaller.upper[:2].tolist() == [1, 1]
    cost, constant = undo.cost(model.cost)
    found = optimum(smaller, cost)
    assert cost @ found + constant == pytest.approx(3 + 1 + 4 + 1)
    assert undo.restore(found).sum() == pytest.approx(4)


def test_one_column_stays_when_all_are_references() -> None:
    starts = np.arange(4)
    equations = sp.csr_array(np.eye(3))
    ones = np.ones(3)
    model = Model(ones, np.zeros(3), ones, np.zeros(3, dtype=bool), equations, ones, ones)
    smaller, undo, _ = eliminate(model, starts)
    assert undo.restore(optimum(smaller, undo.cost(model.cost)[0])).tolist() == [1, 1, 1]
