"""Corridors: values by graph search, every plan of small graphs and grids, flows of shares, bad input."""

from __future__ import annotations

from typing import Any

import networkx as nx
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from landfront.instances.faults import InputError
from landfront.instances.neighbours import grid_neighbours, neighbours_of
from landfront.models import unlinked
from landfront.models.formulate import Formulation
from landfront.models.plan import Plan, plan_from_frame
from landfront.models.unlinked import Unlinked
from landfront.optimizer.certify import faults
from landfront.optimizer.scalarize import solve_single
from tests.models import builders as b
from tests.models.brute import plans

ISLANDS: dict[str, Any] = {"measure": "unlinked", "sense": "min", "core": {"mask": "nature"}}
BOTH: dict[str, Any] = {"carbon": {"sense": "max"}, "cost": {"sense": "min"}, "islands": ISLANDS}


def ten(seed: int, *, grid: bool, **sections: Any) -> Formulation:
    """Ten fields, three of which are cores: cells of a grid, or with neighbours at random."""
    rng = np.random.default_rng(seed)
    near = grid_neighbours(np.arange(10) // 4, np.arange(10) % 4, 100.0)
    if not grid:
        ends = np.array(list(nx.gnp_random_graph(10, 0.22, seed=seed).edges), dtype=np.int64).reshape(-1, 2)
        near = neighbours_of(10, (ends[:, 0], ends[:, 1], np.ones(len(ends))), np.zeros(10))
    core = np.zeros(10, dtype=bool)
    core[0] = core[9] = core[rng.integers(1, 9)] = True
    if not grid:  # two blocks at least
        apart = (ends != 9).all(axis=1)
        near = neighbours_of(10, (ends[apart, 0], ends[apart, 1], np.ones(apart.sum())), np.zeros(10))
        if seed % 4:
            last = int(rng.choice(np.flatnonzero(~core)))
            more = (np.append(ends[apart, 0], last), np.append(ends[apart, 1], 9), np.ones(apart.sum() + 1))
            near = neighbours_of(10, more, np.zeros(10))
    land = b.landscape(
        ids=pd.Index([f"p{k}" for k in range(10)]), area=rng.integers(5, 60, 10).astype(np.float64),
        cover=np.zeros(10, dtype=np.int16), cover_codes=("0101",), masks={"nature": core},
        levels=(), regions=np.zeros((10, 0), dtype=np.int32), region_names=(), covariates={},
        zone_share=np.tile(np.array([[1, 0]], dtype=np.float32), (10, 1)),
        features=b.landscape().features[np.zeros(10, dtype=int)], neighbours=near,
    )  # fmt: skip
    return b.formulation(BOTH, land=land, **sections)


def by_hand(found: Formulation, treated: Any) -> float:
    """Components of core land that no path over treated and core land leads to from the largest."""
    land, near = found.landscape, found.landscape.neighbours
    assert near is not None
    core = {int(p) for p in np.flatnonzero(land.masks["nature"])}
    kept = core | {int(p) for p in np.flatnonzero(treated > 0.5)}
    graph: Any = nx.Graph()
    graph.add_nodes_from(range(len(land)))
    graph.add_edges_from((int(p), int(q)) for p, q in zip(*near.edges[:2], strict=True))
    cores = sorted(nx.connected_components(graph.subgraph(core)), key=min)
    largest = max(cores, key=lambda part: sum(land.area[p] for p in part))
    reached = nx.node_connected_component(graph.subgraph(kept), min(largest))
    return float(sum(not part & reached for part in cores))


def treated_of(found: Formulation, x: Any) -> Any:
    menu = found.menu
    return np.bincount(menu.parcel, x[: len(menu)] * (menu.kind > 0), minlength=len(found.landscape))


@pytest.mark.slow
@pytest.mark.parametrize("grid", [True, False])
@settings(max_examples=3, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_values_and_optima_are_those_of_every_plan(grid: bool, seed: int) -> None:
    free = ten(seed, grid=grid)
    rng, every = np.random.default_rng(seed), plans(free.program)
    assert len(every) == 2**10
    treated = np.array([treated_of(free, x) for x in every])
    wanted = np.array([by_hand(free, t) for t in treated])
    assert [free.measures["islands"].value(t.astype(float)) for t in treated] == pytest.approx(wanted)
    for x in every[rng.permutation(len(every))[:40]]:
        full = free.completed(x)
        assert faults(free.program, full) == []
        assert free.program.values(full) == pytest.approx(free.values(x))
    cost = np.array([free.values(x)[1] for x in every])
    for most in range(int(wanted.min()), int(wanted.max()) + 1):
        linked = {"name": "corridors", "criterion": "islands", "max": most}
        found = ten(seed, grid=grid, limits=[linked])
        plan = Plan(found, solve_single(found.program, 1, gap=1e-9).x)
        assert plan.values["cost"] == pytest.approx(cost[wanted <= most].min())
        assert by_hand(found, treated_of(found, plan.x)) <= most
        assert plan.limits()["holds"].all()
    budget = float(rng.uniform(0.2, 0.6)) * float(cost.max())
    found = ten(seed, grid=grid, limits=[{"name": "budget", "criterion": "cost", "max": budget}])
    assert solve_single(found.program, 2, gap=1e-9).values[2] == wanted[cost <= budget + 1e-6].min()


@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_shares_let_through_what_is_treated(seed: int) -> None:
    """The value of shares is what the largest flow to each core lacks to 1, each by itself."""
    found = ten(seed, grid=bool(seed % 2), about={"decision": "share"})
    rng, every = np.random.default_rng(seed), plans(found.program)
    x = rng.dirichlet(np.ones(4)) @ every[rng.integers(len(every), size=4)]
    measure = found.measures["islands"]
    assert isinstance(measure, Unlinked)
    treated, near = treated_of(found, x), found.landscape.neighbours
    assert near is not None
    graph: Any = nx.DiGraph()
    for p, share in enumerate(treated):
        graph.add_edge(("in", p), ("out", p), **({} if measure.block[p] >= 0 else {"capacity": float(share)}))
        if measure.block[p] >= 0:  # a block is one place
            graph.add_edge(("block", int(measure.block[p])), ("in", p))
            graph.add_edge(("out", p), ("block", int(measure.block[p])))
    for p, q in zip(*near.edges[:2], strict=True):
        graph.add_edge(("out", int(p)), ("in", int(q)))
        graph.add_edge(("out", int(q)), ("in", int(p)))
    lacking = 0.0
    for k in set(range(int(measure.block.max()) + 1)) - {measure.root}:
        graph.add_edge(("block", k), "sink", capacity=1.0)
        lacking += 1.0 - nx.maximum_flow_value(graph, ("block", measure.root), "sink")
        graph.remove_edge(("block", k), "sink")
    assert found.values(x)[2] == pytest.approx(lacking, abs=1e-6)
    full = found.completed(x)
    assert faults(found.program, full) == []
    assert found.program.values(full)[2] == pytest.approx(lacking, abs=1e-6)


def test_a_brought_plan_off_the_menu_links_too() -> None:
    near = neighbours_of(5, (np.arange(4), np.arange(1, 5), np.ones(4)), np.zeros(5))
    land = b.landscape(neighbours=near, masks={"nature": np.arange(5) % 4 == 0})
    found = b.formulation(BOTH, land=land)
    done = ["keep", "cropland_to_forest", "cropland_to_forest", "natural_forest_restoration", "keep"]
    plan = plan_from_frame(found, pd.DataFrame({"parcel": b.IDS, "intervention": done}))
    assert plan.off_menu.kind.size == 2
    assert plan.values["islands"] == 0
    done[2] = "keep"
    plan = plan_from_frame(found, pd.DataFrame({"parcel": b.IDS, "intervention": done}))
    assert plan.values["islands"] == 1


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        ({"core": None}, "measure 'unlinked' needs core"),
        ({"core": {"mask": "one"}}, "criteria.islands.core: the 2 core parcels hang together"),
        ({"core": {"mask": "none"}}, "no parcel is a core"),
        ({"sense": "max"}, "is for sense = 'min'"),
        ({"unit": "km"}, "unit: not with measure 'unlinked'"),
    ],
)
def test_corridors_that_make_no_sense(entry: dict[str, Any], words: str) -> None:
    masks = {"nature": np.arange(5) % 4 == 0, "one": np.arange(5) < 2, "none": np.zeros(5, dtype=bool)}
    land = b.landscape(neighbours=b.neighbours(), masks=masks)
    with pytest.raises(InputError, match=words):
        b.formulation({"islands": {**ISLANDS, **entry}}, land=land)


def test_without_neighbours_or_with_too_many_flows_it_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(
        InputError, match=r"study.toml: space: missing, but criteria.islands needs neighbours"
    ):
        b.formulation({"islands": ISLANDS})
    monkeypatch.setattr(unlinked, "MOST_FLOWS", 5)
    land = b.landscape(neighbours=b.neighbours(), masks={"nature": np.arange(5) % 4 == 0})
    with pytest.raises(
        InputError, match=r"criteria.islands.core: 2 blocks of core land need \d+ flows, at most 5"
    ):
        b.formulation({"islands": ISLANDS}, land=land)
