"""Boundary of treated land: brute force on small graphs and grids, limits, locks, fronts, off the menu."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from landfront.instances.faults import InputError
from landfront.instances.landscape import Locked
from landfront.instances.neighbours import grid_neighbours
from landfront.models.boundary import Boundary
from landfront.models.formulate import Formulation
from landfront.models.plan import Plan, plan_from_frame
from landfront.models.pyomo_view import to_pyomo
from landfront.optimizer.certify import faults
from landfront.optimizer.engine import choose_engine
from landfront.optimizer.fronts import solve_front
from landfront.optimizer.scalarize import Scalarizer, solve_single
from landfront.optimizer.task import Task
from tests.models import builders as b
from tests.models.brute import best_plan, plans

EDGE: dict[str, Any] = {"measure": "boundary", "sense": "min"}
BOTH: dict[str, Any] = {"carbon": {"sense": "max"}, "edge": EDGE}


def found(criteria: dict[str, Any] = BOTH, *, locks: Any = None, **sections: Any) -> Formulation:
    land = b.landscape(neighbours=b.neighbours(), locks=locks or {})
    return b.formulation(criteria, land=land, **sections)


def by_hand(formulation: Formulation, x: Any, kinds: tuple[str, ...] = ()) -> float:
    """The sum over all edges and sides, one at a time."""
    menu, near = formulation.menu, formulation.landscape.neighbours
    assert near is not None
    names = [menu.interventions[k] for k in menu.kind]
    treated = np.zeros(len(near.outer))
    for j in np.flatnonzero(x[: len(menu)]):
        if names[j] in kinds or (not kinds and names[j] != "keep"):
            treated[menu.parcel[j]] += x[j]
    total = float(near.outer @ treated)
    for p, q, metres in zip(*near.edges, strict=True):
        total += metres * abs(treated[p] - treated[q])
    return total


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10_000), decision=st.sampled_from(["whole", "share"]), locked=st.booleans())
def test_values_and_columns_are_those_by_hand(seed: int, decision: str, locked: bool) -> None:
    rng = np.random.default_rng(seed)
    given_ = Locked(np.array([0, -1, 1, -1, -1], dtype=np.int16), ("cropland_to_forest", "keep"))
    more = {"locks": {"agreed": given_}} if locked else {}
    said: dict[str, Any] = {"locks": [{"name": "agreed", "from": "A"}]} if locked else {}
    land = b.landscape(neighbours=b.neighbours(), **more)
    few = {**EDGE, "interventions": ["conservation_tillage"]}
    formulation = b.formulation(
        {"edge": EDGE, "few": few, "km": {**EDGE, "unit": "km"}},
        land=land,
        about={"decision": decision},
        **said,
    )
    every = plans(formulation.program)
    weight = (
        rng.dirichlet(np.ones(len(every))) if decision == "share" else np.eye(len(every))[seed % len(every)]
    )
    x = weight @ every
    values = dict(zip(formulation.study.criteria, formulation.values(x), strict=True))
    assert values["edge"] == pytest.approx(by_hand(formulation, x))
    assert values["few"] == pytest.approx(by_hand(formulation, x, ("conservation_tillage",)))
    assert values["km"] == pytest.approx(values["edge"] / 1000)
    full = formulation.completed(x)
    assert faults(formulation.program, full) == []
    assert formulation.program.values(full) == pytest.approx(list(values.values()))


@pytest.mark.parametrize("most", [80, 120, 150, 260])
def test_a_limit_costs_what_brute_force_says(most: float) -> None:
    limits = [
        {"name": "sink", "criterion": "carbon", "min": 900},
        {"name": "near", "criterion": "edge", "max": most},
    ]
    formulation = found(limits=limits)
    for place in (0, 1):
        try:
            best = best_plan(formulation, place)
        except ValueError:
            continue
        plan = Plan(formulation, solve_single(formulation.program, place, gap=1e-9).x)
        assert list(plan.values.values())[place] == pytest.approx(best)
        row = plan.limits().set_index("name").loc["near"]
        assert row["value"] == pytest.approx(by_hand(formulation, plan.x))
        assert row["holds"]


@settings(max_examples=8, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_cuts_find_what_highs_finds_on_a_grid(seed: int) -> None:
    """Nine cells, six of which may be one of two things: every plan is tried, too."""
    rng = np.random.default_rng(seed)
    cells = np.arange(5)
    land = b.landscape(neighbours=grid_neighbours(cells // 3, cells % 3, 100.0), area=rng.uniform(5, 60, 5))
    limits = [{"name": "budget", "criterion": "cost", "max": 3e5}]
    formulation = b.formulation({**BOTH, "cost": {"sense": "min"}}, land=land, limits=limits)
    program = formulation.program
    for weights in ([1.0, 0.0, 0.0], [1.0, 1.5, 0.0], [0.1, 1.0, 1e-4]):
        task = Task(np.array(weights), np.array([np.inf, 900.0, np.inf]), gap=1e-6)
        solves = [
            Scalarizer(program, choose_engine(program, name)[0]).solve(task) for name in ("cuts", "highs")
        ]
        every = [
            x
            for x in plans(program)
            if formulation.values(x)[2] <= 3e5 + 1e-9 and formulation.values(x)[1] <= 900
        ]
        best = min(float(np.array(weights) @ (program.senses * formulation.values(x))) for x in every)
        for solve in solves:
            assert solve.y is not None
            assert float(np.array(weights) @ solve.y) == pytest.approx(best, rel=1e-6)


def test_a_front_of_carbon_and_boundary_is_complete() -> None:
    formulation = found()
    front = solve_front(formulation.program, points="all", gap=1e-9)
    every = np.array([formulation.values(x) for x in plans(formulation.program)])
    better = [
        (other[0] >= one[0]) & (other[1] <= one[1]) & (other != one).any() for one in every for other in every
    ]
    kept = every[~np.array(better).reshape(len(every), -1).any(axis=1)]
    assert front.complete
    assert np.unique(front.values.round(6), axis=0) == pytest.approx(np.unique(kept.round(6), axis=0))


def test_only_edges_that_may_differ_have_columns() -> None:
    formulation = found()
    edge = formulation.measures["edge"]
    assert isinstance(edge, Boundary)
    assert list(zip(*edge.open, strict=True)) == [(0, 1, 100.0), (0, 2, 50.0), (1, 2, 70.0), (2, 3, 30.0)]
    assert edge.linear[0].tolist() == [10, 20, 30, 40 + 20, 0]  # g2 can only be kept: too steep and too dry
    assert formulation.program.columns == len(formulation.menu) + 8


def test_pyomo_says_the_same() -> None:
    import pyomo.environ as pyo

    formulation = found(limits=[{"name": "near", "criterion": "edge", "max": 120}])
    model = to_pyomo(formulation)
    pyo.SolverFactory("appsi_highs").solve(model)
    assert pyo.value(model.carbon) == pytest.approx(best_plan(formulation))


def test_a_brought_plan_off_the_menu_counts() -> None:
    formulation = found()
    done = ["cropland_to_forest", "keep", "keep", "keep", "natural_forest_restoration"]
    frame = pd.DataFrame({"parcel": b.IDS, "intervention": done})
    plan = plan_from_frame(formulation, frame)
    assert plan.off_menu.kind.size == 1
    assert plan.values["edge"] == pytest.approx(100 + 50 + 10 + 20 + 50)


def test_a_brought_plan_off_the_menu_counts_in_limits() -> None:
    """Rows that are widened by the boundary's columns, and limits around parcels."""
    near = {"name": "near", "criterion": "area", "interventions": ["natural_forest_restoration"],
            "around": {"steps": 1}, "max": 30}  # fmt: skip
    formulation = found(limits=[{"name": "all", "criterion": "area", "max": 45}, near])
    done = ["cropland_to_forest", "keep", "keep", "keep", "natural_forest_restoration"]
    plan = plan_from_frame(formulation, pd.DataFrame({"parcel": b.IDS, "intervention": done}))
    told = plan.limits().set_index("name")
    area = dict(zip(b.IDS, formulation.landscape.area, strict=True))
    assert told.loc["all", "value"] == pytest.approx(area["f1"] + area["g2"])
    around = told[told.index.str.startswith("near[")]
    assert around["value"].max() == pytest.approx(area["g2"])


def test_several_boundaries_stay_with_highs() -> None:
    formulation = found({**BOTH, "few": {**EDGE, "interventions": ["conservation_tillage"]}})
    assert formulation.program.edges is None
    point = solve_single(formulation.program, 2, gap=1e-9)
    assert point.values[2] == 0.0


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        ({"sense": "max"}, "is for sense = 'min'"),
        ({"by": "county"}, "by: not with measure 'boundary'"),
        ({"effect": "carbon"}, "effect: not with measure 'boundary'"),
        ({"target": 3}, "target: not with measure"),
        ({"unit": "ha"}, "a boundary is in m or km, found 'ha'"),
        ({"interventions": ["pond"]}, "criteria.edge.interventions: unknown intervention pond"),
    ],
)
def test_a_boundary_that_makes_no_sense(entry: dict[str, Any], words: str) -> None:
    with pytest.raises(InputError, match=words):
        found({"edge": {**EDGE, **entry}})


def test_without_neighbours_there_is_no_boundary() -> None:
    with pytest.raises(InputError, match=r"study.toml: space: missing, but criteria.edge needs neighbours"):
        b.formulation({"edge": EDGE})
    with pytest.raises(InputError, match="can be bounded by max only"):
        found(limits=[{"name": "near", "criterion": "edge", "min": 3}])
