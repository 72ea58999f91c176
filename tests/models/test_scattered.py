"""Smallest patches: values by graph search, optima by brute force on graphs and grids, bad input."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import networkx as nx
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from landfront.instances.faults import InputError
from landfront.instances.neighbours import Neighbours, grid_neighbours
from landfront.models.formulate import Formulation
from landfront.models.plan import Plan
from landfront.models.scattered import connected_sets, squares
from landfront.optimizer.certify import faults
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
