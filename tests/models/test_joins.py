"""Node cuts instead of flows: the same optima, limits of time, files, what does not fit."""

from __future__ import annotations

from dataclasses import replace
from math import inf
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from landfront.instances.neighbours import grid_neighbours
from landfront.models.formulate import Formulation
from landfront.optimizer.certify import check_point, faults
from landfront.optimizer.core import whole_part
from landfront.optimizer.engine import choose_engine
from landfront.optimizer.files import read_model, write_program
from landfront.optimizer.highs import HighsEngine
from landfront.optimizer.joins.engine import JoinEngine
from landfront.optimizer.joins.support import unfit
from landfront.optimizer.program import Program
from landfront.optimizer.scalarize import Scalarizer, solve_single
from landfront.optimizer.task import Solve, Task
from tests.models import builders as b
from tests.models.test_separate import nine
from tests.models.test_separate import row_of_four as row
from tests.models.test_unlinked import ten

KINDS = ("cores", "itself", "corridors")
APART = {"cores": "apart", "itself": "apart", "corridors": "islands"}


def study(kind: str, seed: int, *, most: float | None = None, sink: float | None = None) -> Formulation:
    """Nine or ten parcels, with a limit on what is apart, and one on carbon."""
    name = APART[kind]
    limits: list[dict[str, Any]] = []
    if most is not None:
        limits.append({"name": "joined", "criterion": name, "max": most})
    if sink is not None:
        limits.append({"name": "some", "criterion": "carbon", "max": sink})
    if kind == "corridors":
        return ten(seed, grid=bool(seed % 2), limits=limits)
    return nine(seed, cores=kind == "cores", grid=bool(seed % 2), limits=limits)


def solved(program: Program, engine: Any, weights: Any, upper: Any) -> Solve:
    return Scalarizer(program, engine).solve(Task(np.asarray(weights, dtype=float), np.asarray(upper)))


@settings(max_examples=12, deadline=None)
@given(kind=st.sampled_from(KINDS), seed=st.integers(0, 10_000), most=st.sampled_from([None, 0.0, 1.0, 12.0]))
def test_optima_are_those_of_the_flows(kind: str, seed: int, most: float | None) -> None:
    rng = np.random.default_rng(seed)
    sink = float(rng.uniform(0.3, 0.8)) * float(solve_single(study(kind, seed).program, 0).values[0])
    program = study(kind, seed, most=most, sink=sink).program
    p = len(program.senses)
    for weights in (np.eye(p)[0], rng.uniform(0.1, 1.0, p) / program.objective_span):
        flows = solved(program, HighsEngine(program), weights, np.full(p, inf))
        cuts = solved(program, JoinEngine(program), weights, np.full(p, inf))
        assert (cuts.x is None, cuts.reason) == (flows.x is None, flows.reason)
        if flows.x is None or cuts.x is None:
            continue
        assert faults(program, cuts.x.astype(float)) == []
        assert flows.y is not None
        assert cuts.y is not None
        value = float(weights @ flows.y)
        noise = 1e-6 * float(np.abs(weights) @ program.objective_span)
        assert float(weights @ cuts.y) == pytest.approx(value, abs=noise)
        assert cuts.beta == pytest.approx(value, abs=noise)


@settings(max_examples=6, deadline=None)
@given(kind=st.sampled_from(KINDS), seed=st.integers(0, 10_000))
def test_caps_cutoffs_and_corners_are_kept(kind: str, seed: int) -> None:
    """What a front asks for: caps on what is apart, nothing below a cutoff, one of several corners."""
    program = study(kind, seed).program
    p, at = len(program.senses), program.objective_names.index(APART[kind])
    free, weights, engine = np.full(p, inf), np.eye(p)[0], JoinEngine(program)
    best = solved(program, engine, weights, free)
    assert best.y is not None
    capped = free.copy()
    capped[at] = max(best.y[at] - 1.0, 0.0)
    wanted = solved(program, HighsEngine(program), weights, capped)
    found = solved(program, engine, weights, capped)
    assert wanted.y is not None
    assert found.y is not None
    assert found.y[0] == pytest.approx(wanted.y[0])
    assert found.beta == pytest.approx(wanted.y[0])
    part = whole_part(program)
    nothing = engine.search(weights, capped, part=replace(part, cutoff=found.y[0] - 1e-3), seconds=inf)
    assert (nothing.reason, nothing.x) == ("optimal", None)
    assert nothing.bound == pytest.approx(found.y[0] - 1e-3)
    loose = np.where(np.arange(p) == at, max(best.y[at], 1.0), inf)
    among = engine.search(weights, loose, part=replace(part, among=np.stack([capped, capped])), seconds=inf)
    assert among.x is not None
    assert program.senses[0] * program.values(among.x)[0] == pytest.approx(found.y[0])


def field(kind: str, *, width: int = 10, seed: int = 3) -> Formulation:
    """A square of cells with a core in two corners, what is treated being joined."""
    rng, n = np.random.default_rng(seed), width * width
    near = grid_neighbours(np.arange(n) // width, np.arange(n) % width, 100.0)
    ends = {"core": {"mask": "nature"}}
    measure: dict[str, Any] = {"measure": "separate", "sense": "min"}
    if kind == "cores":
        measure |= ends
    if kind == "corridors":
        measure = {"measure": "unlinked", "sense": "min", **ends}
    plain = b.landscape()
    land = b.landscape(
        ids=pd.Index([f"p{k}" for k in range(n)]), area=rng.integers(5, 60, n).astype(np.float64),
        cover=np.zeros(n, dtype=np.int16), cover_codes=("0101",),
        masks={"nature": np.isin(np.arange(n), [0, n - 1])},
        levels=(), regions=np.zeros((n, 0), dtype=np.int32), region_names=(),
        covariates={
            "slope": np.full(n, 30, dtype=np.float32), "precipitation": np.full(n, 500, dtype=np.float32),
            "grain_yield": rng.uniform(1, 6, n).astype(np.float32),
        },
        zone_share=np.tile(np.array([[1, 0]], dtype=np.float32), (n, 1)),
        features=plain.features[np.zeros(n, dtype=int)], neighbours=near,
    )  # fmt: skip
    limits = [
        {"name": "joined", "criterion": APART[kind], "max": 0},
        {"name": "budget", "criterion": "cost", "max": 1e6},
    ]
    criteria = {"carbon": {"sense": "max"}, "cost": {"sense": "min"}, APART[kind]: measure}
    return b.formulation(criteria, land=land, limits=limits)


@pytest.mark.parametrize("kind", KINDS)
def test_a_field_of_cells_is_proven_and_without_time_it_is_told(kind: str) -> None:
    found = field(kind)
    program = found.program
    engine, reason = choose_engine(program)
    assert isinstance(engine, JoinEngine)
    assert "hang together" in reason
    point = solve_single(program, 0, gap=1e-3)
    assert check_point(program, point) == []
    assert point.termination == "optimal"
    assert point.gap <= 1e-3
    assert found.values(point.x[: len(found.menu)])[2] == 0
    treated = found.measures[APART[kind]].amounts_of(point.x[: len(found.menu)].astype(float))
    assert treated.sum() > 1
    p = len(program.senses)
    answer = engine.search(np.eye(p)[0], np.full(p, inf), part=whole_part(program), seconds=0.0)
    assert answer.reason == "time limit"
    assert answer.bound <= program.senses[0] * point.values[0]


@pytest.mark.parametrize("kind", KINDS)
def test_a_program_survives_its_file(kind: str, tmp_path: Path) -> None:
    program = study(kind, 2, most=0.0).program
    write_program(program, tmp_path / "joined.arrow")
    back: Any = read_model(tmp_path / "joined.arrow")
    assert len(back.joined) == 1
    for name in ("group", "apart", "tail", "head", "doors", "inside", "most"):
        assert np.array_equal(getattr(back.joined[0], name), getattr(program.joined[0], name))
    for name in ("root", "row", "rows", "column", "columns"):
        assert getattr(back.joined[0], name) == getattr(program.joined[0], name)


def test_what_node_cuts_do_not_take() -> None:
    program = study("cores", 2, most=0.0).program
    net = program.joined[0]
    assert unfit(program) == ""
    assert "says nothing" in unfit(replace(program, joined=()))
    with pytest.raises(ValueError, match="node cuts cannot take this program: it says nothing"):
        choose_engine(replace(program, joined=()), "joins")
    assert "not whole" in unfit(row(decision="share").program)
    free = program.row_upper.copy()
    free[net.row + net.rows - 1] = inf
    assert "were changed" in unfit(replace(program, row_upper=free))
    less = program.with_rows(np.delete(np.arange(len(free)), net.row))
    assert less.joined == ()
    kept = program.with_rows(np.arange(net.row, len(free)))
    assert kept.joined[0].row == 0
