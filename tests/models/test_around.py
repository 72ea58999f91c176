"""Limits around parcels and contiguous blocks: rows by hand, optima by brute force, bad input."""

from __future__ import annotations

from typing import Any

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from landfront.instances.contiguous import blocks_of
from landfront.instances.faults import InputError
from landfront.instances.neighbours import grid_neighbours, neighbours_of
from landfront.models.around import within
from landfront.models.formulate import Formulation
from landfront.models.plan import Plan
from landfront.models.pyomo_view import to_pyomo
from landfront.optimizer.engine import Infeasible
from landfront.optimizer.scalarize import solve_single
from tests.models import builders as b
from tests.models.brute import best_plan, plans

MOSAIC: dict[str, Any] = {
    "name": "mosaic", "criterion": "area", "interventions": ["cropland_to_forest"],
    "around": {"cover": ["0103"], "existing": ["0404"]}, "min": {"share": 0.1, "of": "land"},
}  # fmt: skip


def found(*limits: dict[str, Any], **sections: Any) -> Formulation:
    return b.formulation(
        ["carbon"], land=b.landscape(neighbours=b.neighbours()), limits=list(limits), **sections
    )


def random_graph(seed: int, n: int) -> Any:
    return nx.gnp_random_graph(n, 0.15, seed=seed)


def of_graph(graph: Any) -> Any:
    ends = np.array(sorted(map(sorted, graph.edges)), dtype=np.int64).reshape(-1, 2)
    return neighbours_of(len(graph), (ends[:, 0], ends[:, 1], np.ones(len(ends))), np.zeros(len(graph)))


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10_000), steps=st.integers(1, 5))
def test_steps_and_blocks_are_those_of_networkx(seed: int, steps: int) -> None:
    graph = random_graph(seed, 20)
    found_ = within(of_graph(graph), steps).toarray() > 0
    near = dict(nx.all_pairs_shortest_path_length(graph, cutoff=steps))
    assert [set(np.flatnonzero(row).tolist()) for row in found_] == [set(near[p]) for p in range(20)]
    classes = np.random.default_rng(seed).integers(-1, 2, 20)
    kept = [(p, q) for p, q in graph.edges if classes[p] == classes[q] >= 0]
    alone = nx.Graph(kept)
    alone.add_nodes_from(np.flatnonzero(classes >= 0).tolist())
    blocks = blocks_of(of_graph(graph), classes)
    parts = sorted((sorted(part) for part in nx.connected_components(alone)), key=lambda part: part[0])
    assert [np.flatnonzero(blocks == k).tolist() for k in range(len(parts))] == parts
    assert (blocks[classes < 0] == -1).all()


def test_rows_by_hand() -> None:
    """Around f1 lie f1, f2 and f3, 60 ha; around f2 the same: neither has grassland. 6 ha are asked."""
    formulation = found(MOSAIC)
    assert [row.name for row in formulation.limits] == ["mosaic[f1]", "mosaic[f2]"]
    assert [(row.lower, row.baseline) for row in formulation.limits] == [(6.0, 0.0), (6.0, 0.0)]
    plan = Plan(formulation, solve_single(formulation.program, 0).x)
    assert plan.limits()["value"].tolist() == [10.0, 10.0]  # only f1 is steep enough for forest
    assert plan.values["carbon"] == pytest.approx(best_plan(formulation))


def test_what_exists_counts_and_rows_that_always_hold_are_left_out() -> None:
    around = {**MOSAIC["around"], "cover": ["0101"]}
    formulation = found({**MOSAIC, "around": around, "min": {"share": 0.41, "of": "land"}})
    (row,) = formulation.limits  # f3 and g1 beside f1 and f2: 100 ha, of which g1 is 40
    assert (row.region, row.baseline) == ("f3", 40.0)
    assert row.lower == pytest.approx(41.0)
    assert not found({**MOSAIC, "around": around, "min": {"share": 0.4, "of": "land"}}).limits


@pytest.mark.parametrize("steps", [1, 2])
@pytest.mark.parametrize("side", [{"max": 25}, {"max": {"share": 0.3, "of": "land"}}, {"min": 12, "max": 45}])
def test_the_best_plan_is_that_of_brute_force(steps: int, side: dict[str, Any]) -> None:
    limit = {"name": "near", "criterion": "area", "around": {"steps": steps}, **side}
    formulation = found(limit)
    near = within(b.neighbours(), steps).toarray()
    area, menu = np.array(b.AREA), formulation.menu
    best = -np.inf
    for x in plans(formulation.program):
        treated = np.bincount(menu.parcel, x[: len(menu)] * (menu.kind > 0), minlength=5) * area
        low, high = limit.get("min", -np.inf), limit.get("max", np.inf)
        most = high["share"] * (near @ area) if isinstance(high, dict) else high
        sums = near @ treated
        if (sums >= low - 1e-9).all() and (sums <= most + 1e-9).all():
            best = max(best, float(formulation.values(x)[0]))
    if best == -np.inf:
        with pytest.raises(Infeasible, match=r"near"):
            solve_single(formulation.program, 0)
        return
    plan = Plan(formulation, solve_single(formulation.program, 0, gap=1e-9).x)
    assert plan.values["carbon"] == pytest.approx(best)
    assert plan.limits()["holds"].all()


def test_pyomo_says_the_same() -> None:
    import pyomo.environ as pyo

    formulation = found(MOSAIC, {"name": "near", "criterion": "area", "around": {}, "max": 45})
    model = to_pyomo(formulation)
    pyo.SolverFactory("appsi_highs").solve(model)
    assert pyo.value(model.carbon) == pytest.approx(best_plan(formulation))


def test_a_cap_per_contiguous_block() -> None:
    """Blocks are regions: of two strips of the same use, each may be planted on 40 % at most."""
    neighbours = grid_neighbours(np.zeros(5, dtype=int), np.array([0, 1, 2, 4, 5]), 100.0)
    block = blocks_of(neighbours, np.zeros(5, dtype=np.int64))
    assert block.tolist() == [0, 0, 0, 1, 1]
    land = b.landscape(
        neighbours=neighbours, levels=("county", "block"), groups=1,
        regions=np.stack([b.landscape().regions[:, 0], block.astype(np.int32)], axis=1),
        region_names=(*b.landscape().region_names, ("block f1", "block g1")),
    )  # fmt: skip
    limit = {"name": "mono", "criterion": "area", "by": "block", "max": {"share": 0.4, "of": "land"}}
    formulation = b.formulation(["carbon"], land=land, limits=[limit])
    assert [row.name for row in formulation.limits] == ["mono[block f1]", "mono[block g1]"]
    plan = Plan(formulation, solve_single(formulation.program, 0, gap=1e-9).x)
    assert plan.values["carbon"] == pytest.approx(best_plan(formulation))
    assert (plan.limits()["value"] <= [24.0, 36.0]).all()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"by": "county"}, "by: not with around"),
        ({"of": "change"}, "of: not with around"),
        ({"min": {"share": 0.1}}, "min: with around it is a number or"),
        ({"around": {"steps": 0}}, "around.steps"),
        ({"around": {"cover": ["9999"]}}, "limits.mosaic.around.cover: no parcel has 9999"),
        ({"criterion": "carbon", "min": 3}, "limits.mosaic.around.existing: existing counts land"),
        ({"criterion": "joy"}, "unknown criterion or effect 'joy'"),
        ({"interventions": ["pond"]}, "unknown intervention pond"),
    ],
)
def test_a_limit_that_makes_no_sense(change: dict[str, Any], words: str) -> None:
    with pytest.raises(InputError, match=words):
        found({**MOSAIC, **change})


def test_without_neighbours_nothing_lies_around() -> None:
    with pytest.raises(InputError, match=r"space: missing, but limits.mosaic.around needs neighbours"):
        b.formulation(["carbon"], limits=[MOSAIC])
