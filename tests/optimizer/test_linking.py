"""Columns that link groups, by the structured engine: worst region, tail, shortfall, piecewise cost."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from math import inf
from typing import Any

import numpy as np
import pytest
import scipy.sparse as sp
from numpy.typing import NDArray

from landfront.optimizer import certify
from landfront.optimizer.highs import HighsEngine
from landfront.optimizer.program import Csr, Program, Stack
from landfront.optimizer.scalarize import Scalarizer
from landfront.optimizer.structured.engine import StructuredEngine
from landfront.optimizer.task import Task
from tests.optimizer.national import national

GROUPS, REGIONS, SCENARIOS = 3000, 12, 20
Matrix = NDArray[np.float64]


def linked(
    base: Program,
    objective: Matrix,
    rows: sp.csr_array,
    *,
    lower: Matrix,
    upper: Matrix,
    columns: tuple[Matrix, Matrix],
) -> Program:
    """The rows of a program and more, and columns outside its groups; one objective to be maximised."""
    more = len(columns[0])
    m = base.columns + more
    old = sp.hstack([base.row_matrix, sp.csr_array((base.rows.shape[0], more))], format="csr")
    return replace(
        base,
        objectives=Stack((Csr(sp.csr_array(objective[None, :])),), m),
        senses=np.full(1, -1, dtype=np.int8),
        offsets=np.zeros(1),
        rows=Stack((Csr(sp.csr_array(old)), Csr(rows)), m),
        row_lower=np.concatenate([base.row_lower, lower]),
        row_upper=np.concatenate([base.row_upper, upper]),
        lower=np.concatenate([base.lower, columns[0]]),
        upper=np.concatenate([base.upper, columns[1]]),
        integer=np.concatenate([base.integer, np.zeros(more, dtype=bool)]),
        objective_names=("value",),
        row_names=(*base.row_names, *(f"link {i}" for i in range(len(lower)))),
    )


def carbon(base: Program) -> Matrix:
    """Carbon of every column."""
    values: Matrix = -base.minimised[0]
    return values


def by_group(base: Program, values: NDArray[Any]) -> NDArray[Any]:
    """A value per group as one per column."""
    return np.repeat(values, np.diff(base.starts))


def worst_region(base: Program, rng: np.random.Generator) -> Program:
    """As much carbon as can be in the region that has least."""
    region = by_group(base, rng.integers(0, REGIONS, base.groups))
    inside = (region == np.arange(REGIONS)[:, None]) * carbon(base)
    rows = sp.csr_array(np.hstack([inside, -np.ones((REGIONS, 1))]))
    objective = np.append(np.zeros(base.columns), 1.0)
    return linked(
        base,
        objective,
        rows,
        lower=np.zeros(REGIONS),
        upper=np.full(REGIONS, inf),
        columns=(np.zeros(1), np.full(1, 1e5)),
    )


def tail(base: Program, rng: np.random.Generator) -> Program:
    """Mean carbon of the worst fifth of scenarios (Rockafellar and Uryasev 2000)."""
    share = 0.2
    factor = rng.lognormal(0, 0.4, (SCENARIOS, base.groups))
    value = np.repeat(factor, np.diff(base.starts), axis=1) * carbon(base)
    # short of the threshold by z: value + z - threshold >= 0
    rows = np.hstack([value, np.eye(SCENARIOS), -np.ones((SCENARIOS, 1))])
    objective = np.concatenate(
        [np.zeros(base.columns), np.full(SCENARIOS, -1 / (share * SCENARIOS)), np.ones(1)]
    )
    return linked(
        base,
        objective,
        sp.csr_array(rows),
        lower=np.zeros(SCENARIOS),
        upper=np.full(SCENARIOS, inf),
        columns=(np.zeros(SCENARIOS + 1), np.full(SCENARIOS + 1, 1e6)),
    )


def shortfall(base: Program, rng: np.random.Generator) -> Program:
    """Carbon less what targets out of reach lack, each at a price."""
    habitat = (rng.random((REGIONS, base.columns)) < 0.05) * rng.random((REGIONS, base.columns))
    rows = sp.csr_array(np.hstack([habitat, np.eye(REGIONS)]))
    objective = np.concatenate([carbon(base), np.full(REGIONS, -3.0)])
    return linked(
        base,
        objective,
        rows,
        lower=0.06 * habitat.sum(axis=1),
        upper=np.full(REGIONS, inf),
        columns=(np.zeros(REGIONS), np.full(REGIONS, inf)),
    )


def piecewise(base: Program, rng: np.random.Generator) -> Program:
    """Carbon less the cost of labour, dearer the more of it is used."""
    labour = by_group(base, rng.random(base.groups)) * (carbon(base) > 0)
    ends = np.array([0.1, 0.1, 0.2, 0.6]) * labour.sum()
    rows = sp.csr_array(np.append(labour, -np.ones(4))[None, :])
    objective = np.concatenate([carbon(base), -np.array([0.1, 0.5, 1.0, 3.0])])
    return linked(
        base,
        objective,
        rows,
        lower=np.full(1, -inf),
        upper=np.zeros(1),
        columns=(np.zeros(4), ends),
    )


@pytest.mark.parametrize("link", [worst_region, tail, shortfall, piecewise])
def test_linking_columns(link: Callable[[Program, np.random.Generator], Program]) -> None:
    program = link(national(GROUPS, 20), np.random.default_rng(0))
    one, free = np.ones(1), np.full(1, inf)
    engine = StructuredEngine(program)
    relaxed = engine.relax(one, free, seconds=inf)
    known = HighsEngine(program).relax(one, free, seconds=inf)
    assert relaxed.reason == known.reason == "optimal"
    assert relaxed.bound == pytest.approx(known.bound, rel=1e-9)
    solve = Scalarizer(program, engine).solve(Task(one, free, share=5e-3))
    assert solve.reason == "optimal"
    assert solve.beta >= known.bound - 1e-6 * abs(known.bound)
    x = np.asarray(solve.x, dtype=np.float64)
    assert certify.faults(program, x) == []
    assert (program.senses * program.values(x))[0] - solve.beta <= 5.1e-3 * abs(known.bound)
