"""Cores around what a relaxation divides: what is free, and that the relaxation's solution stays possible."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import scipy.sparse as sp

from landfront.optimizer import certify
from landfront.optimizer.core import LOCAL, is_linked, linked_part
from landfront.optimizer.highs import HighsEngine
from landfront.optimizer.program import Csr, Program, Stack

NEVER = np.inf


def chain(groups: int, *, links: bool = True, seed: int = 0) -> Program:
    """Groups of two columns in a row: the second one pays only with that of a neighbour, within a budget."""
    rng = np.random.default_rng(seed)
    pairs = np.arange(groups - 1)
    loose = groups - 1 if links else 0
    second, m = 2 * np.arange(groups) + 1, 2 * groups + loose
    value = np.zeros(m)
    value[second] = rng.uniform(-2.0, 3.0, groups)
    rows = sp.lil_array((1, m))
    rows[0, second] = rng.uniform(1.0, 2.0, groups)
    blocks: list[Any] = [sp.csr_array(rows)]
    if links:
        link = 2 * groups + pairs
        each = sp.lil_array((2 * loose, m))
        for side in (0, 1):
            each[2 * pairs + side, link] = 1.0
            each[2 * pairs + side, second[pairs + side]] = -1.0
        alone = sp.lil_array((groups, m))
        alone[np.arange(groups), second] = 1.0
        alone[pairs, link] = -1.0
        alone[pairs + 1, link] = -1.0
        blocks += [sp.csr_array(each), sp.csr_array(alone)]
    matrix = sp.csr_array(sp.vstack(blocks, format="csr"))
    upper = np.zeros(matrix.shape[0])
    upper[0] = 0.3 * groups
    return Program(
        objectives=Stack((Csr(sp.csr_array(value[None, :])),), m), senses=np.full(1, -1, dtype=np.int8),
        offsets=np.zeros(1), rows=Stack((Csr(matrix),), m), row_lower=np.full(len(upper), -NEVER),
        row_upper=upper, lower=np.zeros(m), upper=np.ones(m), integer=np.ones(m, dtype=bool),
        starts=2 * np.arange(groups + 1), objective_names=("value",),
        row_names=tuple(f"row {i}" for i in range(len(upper))),
    )  # fmt: skip


def test_only_programs_with_many_whole_columns_outside_groups_are_linked() -> None:
    assert is_linked(chain(30))
    assert not is_linked(chain(30).relaxed())
    assert not is_linked(chain(30, links=False))


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("size", [1, 40, 10_000])
def test_what_is_divided_may_change_and_the_rest_keeps_what_the_relaxation_says(size: int, seed: int) -> None:
    program = chain(3 * LOCAL, seed=seed)
    engine = HighsEngine(program)
    weights, upper = np.ones(1), np.full(1, NEVER)
    x = engine.relax(weights, upper, seconds=60.0).x
    assert x is not None
    part = linked_part(program, x, size)
    divided = np.abs(x - np.rint(x)) > 1e-5
    assert divided.any()
    assert part.free[divided].all()
    assert np.abs(part.base - x)[~part.free].max(initial=0.0) <= 1e-5
    grouped = part.free[: 2 * program.groups].reshape(-1, 2)
    assert (grouped[:, 0] == grouped[:, 1]).all()
    apart = np.asarray(divided[: 2 * program.groups].reshape(-1, 2).any(axis=1))
    assert part.free[2 * program.groups :][apart[:-1] | apart[1:]].all()
    if size == 1:  # the budget ties all of them, and leads nowhere
        assert grouped[:, 0].sum() < program.groups / 2
    found = engine.search(weights, upper, part=part, seconds=60.0)
    best = engine.search(weights, upper, part=linked_part(program, x, 10_000), seconds=60.0)
    assert found.x is not None
    assert best.x is not None
    assert certify.faults(program, np.rint(found.x)) == []
    assert program.values(found.x)[0] <= program.values(best.x)[0] + 1e-6
