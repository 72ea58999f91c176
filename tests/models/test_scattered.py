"""Smallest patches: values by graph search, optima by brute force on graphs and grids, bad input."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import networkx as nx
import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial import Delaunay

from landfront.instances.faults import InputError
from landfront.instances.neighbours import Neighbours, grid_neighbours, neighbours_of
from landfront.models.formulate import Formulation, Tables
from landfront.models.plan import Plan
from landfront.models.scattered import Scattered, across, connected_sets, enclosing, squares
from landfront.optimizer.certify import faults
from landfront.optimizer.engine import choose_engine
from landfront.optimizer.fronts import solve_front
from landfront.optimizer.scalarize import solve_single
from tests.models import builders as b
from tests.models import test_pairs
from tests.models.brute import plans

BITS: dict[str, Any] = {"measure": "scattered", "sense": "min", "patch": {"parcels": 2}}


def outside(near: Neighbours, treated: Any, area: Any, patch: dict[str, int]) -> float:
    """Treated area outside patches, by components of a graph or by squares tried one at a time."""
    kept = set(np.flatnonzero(treated > 0.5).tolist())
    if "parcels" in patch:
        graph: Any = nx.Graph()
        graph.add_nodes_from(kept)
        a, b_, _ = near.edges
        graph.add_edges_from((p, q) for p, q in zip(a.tolist(), b_.tolist(), strict=True) if {p, q} <= kept)
        small = [part for part in nx.connected_components(graph) if len(part) < patch["parcels"]]
        return float(sum(area[p] for part in small for p in part))
    assert near.cells is not None
    at = {(r, c): p for p, (r, c) in enumerate(zip(*(x.tolist() for x in near.cells), strict=True))}
    covered: set[int] = set()
    for r, c in at:
        square = [at.get((r + i, c + j), -1) for i in range(patch["square"]) for j in range(patch["square"])]
        covered |= set(square) if set(square) <= kept else set()
    return float(sum(area[p] for p in kept - covered))


def seven(seed: int, patch: dict[str, int], *, grid: bool, **sections: Any) -> Formulation:
    """Seven parcels with neighbours at random, or as cells of a grid."""
    rng = np.random.default_rng(seed)
    land = test_pairs.land(rng)
    if grid:
        place = rng.permutation(9)[:7]
        land = b.landscape(
            **{key: getattr(land, key) for key in ("ids", "area", "cover", "regions", "covariates")},
            zone_share=land.zone_share, features=land.features,
            neighbours=grid_neighbours(place // 3, place % 3, 100.0),
        )  # fmt: skip
    tillage = b.catalogue(slope_min=(np.nan,) * 4, slope_max=(np.nan,) * 4, precipitation_min=(np.nan,) * 4)
    criteria = {"carbon": {"sense": "max"}, "bits": {**BITS, "patch": patch}}
    return b.formulation(criteria, land=land, interventions=tillage, **sections)


PATCHES = [{"parcels": 2}, {"parcels": 3}, {"parcels": 4}, {"square": 2}]


@pytest.mark.parametrize("patch", PATCHES)
@settings(max_examples=6, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_values_and_optima_are_those_of_brute_force(patch: dict[str, int], seed: int) -> None:
    limits = [{"name": "budget", "criterion": "cost", "max": 1.5e5}]
    free = seven(seed, patch, grid="square" in patch, limits=limits)
    near, menu = free.landscape.neighbours, free.menu
    assert near is not None
    every = plans(free.program)
    every = every[np.random.default_rng(seed).permutation(len(every))[:4000]]
    cost = free.program.row_matrix[[0]] @ every.T
    every = every[(cost.ravel() <= free.program.row_upper[0] + 1e-9)]
    treated = np.array(
        [np.bincount(menu.parcel, x[: len(menu)] * (menu.kind > 0), minlength=7) for x in every]
    )
    by_hand = np.array([outside(near, t, free.landscape.area, patch) for t in treated])
    measure = free.measures["bits"]
    assert [measure.value(t) for t in treated.astype(float)] == pytest.approx(by_hand)
    full = free.completed(every[0])
    assert faults(free.program, full) == []
    assert free.program.values(full)[1] == pytest.approx(by_hand[0])
    bound = float(np.quantile(by_hand, 0.2))
    found = seven(
        seed,
        patch,
        grid="square" in patch,
        limits=[*limits, {"name": "whole", "criterion": "bits", "max": bound}],
    )
    plan = Plan(found, solve_single(found.program, 0, gap=1e-9).x)
    carbon = np.array([free.values(x)[0] for x in every])
    assert plan.values["carbon"] >= carbon[by_hand <= bound + 1e-9].max() - 1e-6
    mine = np.bincount(menu.parcel, plan.x[: len(menu)] * (menu.kind > 0), minlength=7)
    assert outside(near, mine, free.landscape.area, patch) <= bound + 1e-6
    assert plan.limits()["holds"].all()
    if len(every) < 4000 and len(plans(free.program)) <= 4000:
        assert plan.values["carbon"] == pytest.approx(carbon[by_hand <= bound + 1e-9].max())


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10_000), size=st.integers(2, 5))
def test_sets_that_hang_together_are_those_of_networkx(seed: int, size: int) -> None:
    graph = nx.gnp_random_graph(9, 0.25, seed=seed)
    ends = np.array(list(graph.edges), dtype=np.int64).reshape(-1, 2)
    found = connected_sets(ends[:, 0], ends[:, 1], 9, size)
    expected = [c for c in combinations(range(9), size) if nx.is_connected(graph.subgraph(c))]
    assert [tuple(row) for row in found.tolist()] == sorted(expected)


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 10_000), size=st.integers(2, 5), share=st.floats(0.2, 0.8))
def test_a_parcel_in_a_patch_has_treated_land_in_all_that_is_around_it(
    seed: int, size: int, share: float
) -> None:
    rng = np.random.default_rng(seed)
    graph: Any = nx.gnp_random_graph(9, 0.2, seed=seed)
    ends = np.array(list(graph.edges), dtype=np.int64).reshape(-1, 2)
    can = rng.random(9) < 0.8
    kept = can[ends].all(axis=1)
    of, around = enclosing(ends[kept, 0], ends[kept, 1], can, size)
    treated = can & (rng.random(9) < share)
    parts = list(nx.connected_components(graph.subgraph(np.flatnonzero(treated).tolist())))
    whole = np.isin(np.arange(9), [p for part in parts if len(part) >= size for p in part])
    some = around @ treated > 0
    assert some[whole[of]].all()
    if size <= 3:  # then nothing else is needed to tell
        alone = np.unique(of[~some & treated[of]])
        assert alone.tolist() == np.flatnonzero(treated & ~whole).tolist()


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 10_000), side=st.integers(2, 4), share=st.floats(0.4, 0.95))
def test_a_cell_in_a_square_has_treated_cells_across(seed: int, side: int, share: float) -> None:
    rng = np.random.default_rng(seed)
    place = np.sort(rng.permutation(49)[:45])
    row, column = np.divmod(place, 7)
    can = rng.random(45) < 0.95
    of, around = across(row, column, side, can)
    treated = can & (rng.random(45) < share)
    full = squares(row, column, side)
    whole = np.zeros(45, dtype=bool)
    whole[full[treated[full].all(axis=1)]] = True
    assert ((around @ treated)[whole[of]] > 0).all()
    assert np.bincount(of, minlength=45).tolist() == (2 * (side - 1) * can).tolist()


def test_squares_of_a_grid_with_holes() -> None:
    row, column = np.divmod(np.delete(np.arange(16), 5), 4)
    found = squares(row, column, 2)
    assert len(found) == 9 - 4
    assert (np.ptp(row[found], axis=1) == 1).all()
    assert (np.ptp(column[found], axis=1) == 1).all()


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        ({"patch": {}}, "give either parcels or square"),
        ({"patch": None}, "needs patch"),
        ({"patch": {"parcels": 1}}, "patch.parcels"),
        (
            {"patch": {"square": 2}},
            "criteria.bits.patch.square: squares are of cells, but the study has no grid",
        ),
        ({"effect": "carbon"}, "effect: not with measure 'scattered'"),
        ({"measure": "boundary"}, "measure 'boundary' has no patch"),
        ({"unit": "m2"}, "unit: not with measure"),
    ],
)
def test_patches_that_make_no_sense(entry: dict[str, Any], words: str) -> None:
    with pytest.raises(InputError, match=words):
        b.formulation({"bits": {**BITS, **entry}}, land=b.landscape(neighbours=b.neighbours()))


def test_without_neighbours_there_are_no_patches() -> None:
    with pytest.raises(InputError, match=r"missing, but criteria.bits needs neighbours"):
        b.formulation({"bits": BITS})


def test_too_many_patches_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("landfront.models.scattered.MOST_SETS", 1)
    with pytest.raises(InputError, match="sets of parcels hang together, and at most 1 are listed"):
        b.formulation({"bits": {**BITS, "patch": {"parcels": 3}}}, land=b.landscape(
            neighbours=b.neighbours(), ids=pd.Index(b.IDS)
        ))  # fmt: skip


def many(patch: dict[str, int], *, rows: int = 20, **sections: Any) -> Formulation:
    """Rows of 21 cells, or parcels in no order, with two options of random gain and cost, and a budget."""
    rng, width, n = np.random.default_rng(5), 21, 21 * rows
    if "square" in patch:
        near = grid_neighbours(np.arange(n) // width, np.arange(n) % width, 100.0)
    else:
        lines = beside(rng.random((n, 2)))
        near = neighbours_of(n, (*lines.T, np.ones(len(lines))), np.zeros(n))
    land = b.landscape(
        ids=pd.RangeIndex(n), area=rng.uniform(1, 2, n), cover=np.full(n, -1, dtype=np.int16), levels=(),
        regions=np.zeros((n, 0), dtype=np.int32), region_names=(), covariates={}, neighbours=near,
        zone_share=np.zeros((n, 2), dtype=np.float32), features=sp.csr_array((n, 2)),
    )  # fmt: skip
    kinds = ("natural_forest_restoration", "cropland_to_forest")
    frame = pd.DataFrame(
        {
            "parcel": np.repeat(np.arange(n), 2), "intervention": list(kinds) * n,
            "carbon": rng.gamma(1.0, 50.0, 2 * n), "cost": rng.uniform(20.0, 60.0, 2 * n),
        }
    )  # fmt: skip
    effects = {
        "source": "effects.csv", "layout": "wide", "parcel": "id", "intervention": "intervention",
        "columns": {"carbon": "carbon", "cost": "cost"},
    }  # fmt: skip
    limits = [{"name": "budget", "criterion": "cost", "max": 7.0 * n}, *sections.pop("limits", [])]
    criteria = {"carbon": {"sense": "max"}, "bits": {**BITS, "patch": patch}}
    tables = Tables(effects=frame, feature_change=b.FEATURE_CHANGE, baselines={})
    return b.formulation(criteria, land=land, tables=tables, effects=effects, limits=limits, **sections)


def beside(places: Any) -> Any:
    """The pairs of points that share the side of a triangle, shape (pairs, 2)."""
    triangles = Delaunay(places).simplices
    pairs = np.concatenate([triangles[:, [0, 1]], triangles[:, [1, 2]], triangles[:, [0, 2]]])
    return np.unique(np.sort(pairs, axis=1), axis=0)


WHOLE = {"name": "whole", "criterion": "bits", "max": 4}


@pytest.mark.parametrize("patch", [{"square": 2}, {"square": 3}, {"parcels": 3}])
def test_plans_of_hundreds_of_parcels_are_proven(patch: dict[str, int]) -> None:
    found = many(patch, limits=[WHOLE])
    point = solve_single(found.program, 0, gap=1e-2)
    treated = found.measures["bits"].amounts_of(point.x[: len(found.menu)].astype(float))
    near = found.landscape.neighbours
    assert near is not None
    assert 0 < outside(near, treated, found.landscape.area, patch) <= 4
    assert faults(found.program, point.x.astype(float)) == []
    assert point.termination == "optimal"
    assert point.values[0] <= point.bound <= 1.01 * point.values[0]


@pytest.mark.parametrize("patch", [{"square": 2}, {"square": 3}, {"parcels": 3}])
def test_what_is_around_parcels_takes_no_plan_but_tightens_the_relaxation(patch: dict[str, int]) -> None:
    found = many(patch, rows=3 if "square" in patch else 2, limits=[WHOLE])
    program, measure = found.program, found.measures["bits"]
    assert isinstance(measure, Scattered)
    plain = program.with_rows(np.arange(program.rows.shape[0] - len(measure.around[0])))
    one, other = (solve_single(each, 0, gap=1e-6) for each in (program, plain))
    assert one.values[0] == pytest.approx(other.values[0], rel=2e-6)
    weights, free = np.array([1.0, 0.0]), np.full(2, np.inf)
    engines = [choose_engine(each)[0] for each in (program, plain)]
    tight, loose = (-engine.relax(weights, free, seconds=60.0).bound for engine in engines)
    assert one.values[0] - 1e-6 <= tight < loose - 1.0


def test_shares_may_be_spread_over_patches() -> None:
    found = many({"square": 2}, rows=3, about={"decision": "share"})
    measure = found.measures["bits"]
    assert isinstance(measure, Scattered)
    amounts = np.random.default_rng(1).uniform(0.0, 0.25, size=63)
    of, around = measure.around
    assert (amounts[of] - measure.columns_of(amounts)[-63:][of] > around @ amounts + 1e-3).any()
    x = np.zeros(len(found.menu))
    x[found.menu.starts[:-1]], x[found.menu.starts[:-1] + 1] = 1 - amounts, amounts
    full = found.completed(x)
    assert faults(found.program, full) == []
    assert found.program.values(full)[1] == pytest.approx(measure.value(amounts))


def test_a_front_of_hundreds_of_cells_in_little_time_has_plans_and_bounds() -> None:
    program = many({"square": 2}).program
    front = solve_front(program, points=4, gap=1e-2, time_limit=20.0)
    assert len(front.points) >= 2
    for point in front.points:
        assert faults(program, point.x.astype(float)) == []
        assert point.bound >= point.values[0] - 1e-6
