"""Small random programs with their fronts by enumeration, and larger synthetic ones."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pytest
import scipy.sparse as sp

from landfront.optimizer.front import Floats
from landfront.optimizer.program import Csr, Program, Stack


def make_program(
    objectives: Floats,
    rows: Floats,
    row_lower: Floats,
    row_upper: Floats,
    *,
    senses: tuple[int, ...] = (1, 1),
    starts: Floats | None = None,
    whole: bool = True,
    offsets: Floats | None = None,
    upper: float = 1.0,
) -> Program:
    columns = objectives.shape[1]
    matrix = sp.csr_array(np.asarray(rows, dtype=float).reshape(-1, columns))
    return Program(
        objectives=Stack((Csr(sp.csr_array(np.asarray(objectives, dtype=float))),), columns),
        senses=np.array(senses, dtype=np.int8),
        offsets=np.zeros(len(objectives)) if offsets is None else offsets,
        rows=Stack((Csr(matrix),), columns),
        row_lower=np.asarray(row_lower, dtype=float),
        row_upper=np.asarray(row_upper, dtype=float),
        lower=np.zeros(columns),
        upper=np.full(columns, upper),
        integer=np.full(columns, whole),
        starts=np.zeros(1, dtype=np.int64) if starts is None else np.asarray(starts, dtype=np.int64),
        objective_names=tuple("abcdef"[: len(objectives)]),
        row_names=tuple(f"row {index}" for index in range(matrix.shape[0])),
    )


def random_program(seed: int, *, whole: bool = True) -> Program:
    """Two to five groups, up to three rows around a feasible choice, real or integral objectives."""
    rng = np.random.default_rng(seed)
    sizes = rng.integers(1, 5, rng.integers(2, 6))
    starts = np.concatenate([[0], np.cumsum(sizes)])
    m, r = int(starts[-1]), int(rng.integers(0, 4))
    integral = rng.random(2) < 0.5
    objectives = np.array(
        [np.round(row) if i else row for i, row in zip(integral, rng.normal(0, 4, (2, m)), strict=True)]
    )
    rows = np.round(rng.normal(0, 3, (r, m)))
    choice = np.zeros(m)
    choice[rng.integers(starts[:-1], starts[1:])] = 1
    used = rows @ choice
    lower = np.where(rng.random(r) < 0.5, used - rng.integers(0, 4, r), -np.inf)
    upper = np.where(np.isinf(lower) | (rng.random(r) < 0.3), used + rng.integers(0, 5, r), np.inf)
    senses = tuple(int(sense) for sense in rng.choice([-1, 1], 2))
    offsets = np.round(rng.normal(0, 5, 2))
    return make_program(
        objectives, rows, lower, upper, senses=senses, starts=starts, whole=whole, offsets=offsets
    )


def synthetic(groups: int, *, rows: int = 10, seed: int = 0, whole: bool = True) -> Program:
    """About five columns per group, a budget, a cap and regional floors; each group's first column is 0."""
    rng = np.random.default_rng(seed)
    sizes = rng.integers(3, 8, groups)
    starts = np.concatenate([[0], np.cumsum(sizes)])
    m = int(starts[-1])
    group = np.repeat(np.arange(groups), sizes)
    area = rng.lognormal(0, 1, groups)[group]
    gain, loss = area * rng.gamma(2, 2, m), -area * rng.gamma(2, 1, m)
    cost, water = area * rng.gamma(2, 1, m) + 0.2 * gain, area * rng.normal(0.2, 1, m)
    for effect in (gain, loss, cost, water):
        effect[starts[:-1]] = 0
    region = rng.integers(0, rows - 2, groups)[group]
    regional = np.where(region[None, :] == np.arange(rows - 2)[:, None], loss, 0.0)
    upper = np.concatenate([[0.07 * cost.sum(), 0.01 * np.abs(water).sum()], np.full(rows - 2, np.inf)])
    lower = np.concatenate([[-np.inf, -np.inf], 0.1 * regional.sum(axis=1)])
    matrix = np.vstack([cost, water, regional])
    return make_program(
        np.array([gain, loss]),
        matrix,
        lower,
        upper,
        senses=(-1, -1),
        starts=starts,
        whole=whole,
        offsets=np.array([0, 5e3]),
    )


@dataclass(frozen=True)
class Enumerated:
    """Every feasible solution of a small whole program; values in minimisation form, shape (k, 2)."""

    values: Floats

    @property
    def front(self) -> Floats:
        """Nondominated values, sorted, shape (s, 2)."""
        unique = np.unique(np.round(self.values, 9), axis=0)
        worse = [np.any(np.all(unique <= y, axis=1) & np.any(unique < y - 1e-9, axis=1)) for y in unique]
        return np.asarray(unique[~np.array(worse, dtype=bool)])


def enumerate_program(program: Program) -> Enumerated:
    ranges = [range(a, b) for a, b in itertools.pairwise(program.starts.tolist())]
    choices = np.array(list(itertools.product(*ranges)))
    x = np.zeros((len(choices), program.columns))
    x[np.arange(len(choices))[:, None], choices] = 1
    used = np.asarray((program.row_matrix @ x.T).T)
    feasible = np.all((used >= program.row_lower - 1e-9) & (used <= program.row_upper + 1e-9), axis=1)
    return Enumerated((x[feasible] @ program.objective_matrix.T + program.offsets) * program.senses)


@pytest.fixture
def build() -> Callable[..., Program]:
    return make_program


@pytest.fixture
def rand() -> Callable[..., Program]:
    return random_program


@pytest.fixture
def big() -> Callable[..., Program]:
    return synthetic


@pytest.fixture
def brute() -> Callable[[Program], Enumerated]:
    return enumerate_program
