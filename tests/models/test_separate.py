"""Connected land: values by graph search, every plan of small graphs and grids, shares, bad input."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import networkx as nx
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from landfront.instances.faults import InputError
from landfront.instances.neighbours import Neighbours, grid_neighbours, neighbours_of
from landfront.models.formulate import Formulation
from landfront.models.plan import Plan, plan_from_frame
from landfront.models.separate import Separate
from landfront.optimizer.certify import faults
from landfront.optimizer.engine import Infeasible
from landfront.optimizer.scalarize import solve_single
from tests.models import builders as b
from tests.models.brute import plans

APART: dict[str, Any] = {"measure": "separate", "sense": "min"}
GRASS = {"cover": ["0404"]}
PLACES = [True, False]
COVERS = ("0103", "0103", "0103", "0101", "0101", "0404", "0103", "0103", "0101")


def by_hand(near: Neighbours, treated: Any, area: Any, core: Any | None) -> float:
    """Treated area without a path to a core, or outside the largest set, by components of a graph."""
    graph: Any = nx.Graph()
    kept = {int(p) for p in np.flatnonzero(treated > 0.5)}
    cores = set() if core is None else {int(p) for p in np.flatnonzero(core)}
    graph.add_nodes_from(kept | cores)
    a, c, _ = near.edges
    graph.add_edges_from(
        (p, q) for p, q in zip(a.tolist(), c.tolist(), strict=True) if {p, q} <= kept | cores
    )
    parts = [(sum(area[p] for p in part & kept), part) for part in nx.connected_components(graph)]
    if core is None:
        return float(sum(size for size, _ in parts) - max((size for size, _ in parts), default=0.0))
    return float(sum(area[p] for _, part in parts if not part & cores for p in part & kept))


def nine(seed: int, *, cores: bool, grid: bool, **sections: Any) -> Formulation:
    """Nine parcels of which one or two are cores: cells of a grid, or with neighbours at random."""
    rng = np.random.default_rng(seed)
    codes = ("0101", "0103", "0404")
    if grid:
        near = grid_neighbours(np.arange(9) // 3, np.arange(9) % 3, 100.0)
    else:
        ends = np.array(list(nx.gnp_random_graph(9, 0.25, seed=seed).edges), dtype=np.int64).reshape(-1, 2)
        near = neighbours_of(9, (ends[:, 0], ends[:, 1], np.ones(len(ends))), np.zeros(9))
    land = b.landscape(
        ids=pd.Index([f"p{k}" for k in range(9)]), area=rng.integers(5, 60, 9).astype(np.float64),
        cover=rng.permutation([codes.index(code) for code in COVERS]).astype(np.int16), cover_codes=codes,
        levels=(), regions=np.zeros((9, 0), dtype=np.int32), region_names=(),
        covariates={
            name: np.full(9, value, dtype=np.float32)
            for name, value in {"slope": 30, "precipitation": 500, "grain_yield": 3}.items()
        },
        zone_share=np.tile(np.array([[1, 0]], dtype=np.float32), (9, 1)),
        features=b.landscape().features[np.zeros(9, dtype=int)], neighbours=near,
    )  # fmt: skip
    criteria = {"carbon": {"sense": "max"}, "apart": {**APART, **({"core": GRASS} if cores else {})}}
    # One intervention on each: every set of parcels is a plan.
    codes_of: tuple[frozenset[str], ...] = (
        frozenset(),
        frozenset({"0404"}),
        frozenset({"0103"}),
        frozenset({"0101"}),
    )
    one = replace(b.catalogue(precipitation_min=(np.nan,) * 4), codes=codes_of)
    return b.formulation(criteria, land=land, interventions=one, **sections)


def core_flags(found: Formulation) -> Any:
    measure = found.measures["apart"]
    assert isinstance(measure, Separate)
    return measure.core


def treated_of(found: Formulation, x: Any) -> Any:
    menu = found.menu
    return np.bincount(menu.parcel, x[: len(menu)] * (menu.kind > 0), minlength=len(found.landscape))


@pytest.mark.slow
@pytest.mark.parametrize("cores", PLACES)
@pytest.mark.parametrize("grid", PLACES)
@settings(max_examples=5, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_values_and_optima_are_those_of_every_plan(cores: bool, grid: bool, seed: int) -> None:
    rng = np.random.default_rng(seed)
    free = nine(seed, cores=cores, grid=grid)
    near = free.landscape.neighbours
    assert near is not None
    every = plans(free.program)
    assert len(every) == 2**9
    treated = np.array([treated_of(free, x) for x in every])
    wanted = np.array([by_hand(near, t, free.landscape.area, core_flags(free)) for t in treated])
    assert [free.measures["apart"].value(t.astype(float)) for t in treated] == pytest.approx(wanted)
    carbon = np.array([free.values(x)[0] for x in every])
    cost = float(rng.uniform(0.3, 0.8)) * float(carbon.max())
    for x in every[rng.permutation(512)[:40]]:
        full = free.completed(x)
        assert faults(free.program, full) == []
        assert free.program.values(full) == pytest.approx(free.values(x))
    for most in (0.0, 12.0):
        limits = [
            {"name": "joined", "criterion": "apart", "max": most},
            {"name": "some", "criterion": "carbon", "max": cost},
        ]
        found = nine(seed, cores=cores, grid=grid, limits=limits)
        plan = Plan(found, solve_single(found.program, 0, gap=1e-9).x)
        kept = (wanted <= most + 1e-9) & (carbon <= cost + 1e-9)
        assert plan.values["carbon"] == pytest.approx(carbon[kept].max())
        assert (
            by_hand(near, treated_of(found, plan.x), found.landscape.area, core_flags(found)) <= most + 1e-6
        )
        assert plan.limits()["holds"].all()
    limits = [{"name": "sink", "criterion": "carbon", "min": cost}]
    found = nine(seed, cores=cores, grid=grid, limits=limits)
    least = solve_single(found.program, 1, gap=1e-9).values[1]
    assert least == pytest.approx(wanted[carbon >= cost - 1e-9].min())


@settings(max_examples=8, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_no_other_columns_leave_less_separate(seed: int) -> None:
    """For any plan, whole or shared, the columns that are filled in are the best that the rows allow."""
    rng = np.random.default_rng(seed)
    decision = ("whole", "share")[seed % 2]
    found = nine(seed, cores=True, grid=bool(seed % 3), about={"decision": decision})
    program, count = found.program, len(found.menu)
    every = plans(program)
    x = (
        every[rng.integers(512)]
        if decision == "whole"
        else rng.dirichlet(np.ones(4)) @ every[rng.integers(512, size=4)]
    )
    full = found.completed(x)
    assert faults(program, full) == []
    matrix, fixed = program.row_matrix, x[:count]
    shift = matrix[:, :count] @ fixed
    both = [
        (sign * matrix[:, count:], sign * (bound - shift))
        for sign, bound in ((1, program.row_upper), (-1, program.row_lower))
    ]
    left = np.vstack([part.toarray()[np.isfinite(right)] for part, right in both])
    right = np.concatenate([part[np.isfinite(part)] for _, part in both])
    best = linprog(program.coefficients(1)[count:], A_ub=left, b_ub=right, bounds=(0, 1))
    assert found.values(x)[1] == pytest.approx(best.fun, abs=1e-6)
    assert program.values(full)[1] == pytest.approx(best.fun, abs=1e-6)


def row_of_four(*, decision: str = "whole", core: Any = GRASS, **sections: Any) -> Formulation:
    """f1, f2, f3 and g1 in a row, g1 being grassland; g2 lies apart."""
    near = neighbours_of(5, (np.arange(3), np.arange(1, 4), np.ones(3)), np.zeros(5))
    criteria = {"carbon": {"sense": "max"}, "apart": {**APART, **({"core": core} if core else {})}}
    about = {"about": {"decision": decision}}
    return b.formulation(criteria, land=b.landscape(neighbours=near), **{**about, **sections})


def test_a_row_of_parcels_by_hand() -> None:
    measure = row_of_four().measures["apart"]
    assert measure.value(np.array([1.0, 0, 1, 0, 0])) == 10  # f2 is missing between f1 and g1
    assert measure.value(np.array([1.0, 1, 1, 0, 0])) == 0
    assert measure.value(np.array([1.0, 1, 0, 1, 1])) == 30  # cores are connected by themselves
    rooted = row_of_four(core=None).measures["apart"]
    assert rooted.value(np.array([1.0, 0, 1, 1, 0])) == 10
    assert rooted.value(np.array([1.0, 0, 1, 1, 1])) == 60
    assert rooted.value(np.zeros(5)) == 0


def test_a_share_passes_on_that_share_of_the_units() -> None:
    """Three parcels hang together, so that a third of f3 passes on one unit."""
    measure = row_of_four(decision="share").measures["apart"]
    assert measure.value(np.array([1.0, 1, 1 / 3, 0, 0])) == pytest.approx(10 + 20 / 3)
    assert measure.value(np.array([0.0, 1, 0.5, 0, 0])) == pytest.approx(0)
    assert measure.value(np.array([0.0, 1, 0, 0, 0])) == pytest.approx(20)


def test_a_brought_plan_off_the_menu_connects_too() -> None:
    done = ["cropland_to_forest", "cropland_to_forest", "cropland_to_forest", "keep", "keep"]
    plan = plan_from_frame(row_of_four(), pd.DataFrame({"parcel": b.IDS, "intervention": done}))
    assert plan.off_menu.kind.size == 2
    assert plan.values["apart"] == 0
    done[1] = "keep"
    plan = plan_from_frame(row_of_four(), pd.DataFrame({"parcel": b.IDS, "intervention": done}))
    assert plan.values["apart"] == 10


def test_a_mask_names_the_core() -> None:
    near = neighbours_of(5, (np.arange(4), np.arange(1, 5), np.ones(4)), np.zeros(5))
    land = b.landscape(neighbours=near, masks={"reserve": np.arange(5) == 2})
    apart = {**APART, "core": {"mask": "reserve"}}
    found = b.formulation({"apart": apart}, land=land)
    assert found.measures["apart"].value(np.array([1.0, 0, 0, 1, 0])) == 10
    both = b.formulation({"apart": {**APART, "core": {"mask": "reserve", "cover": ["0103"]}}}, land=land)
    assert both.measures["apart"].value(np.array([1.0, 0, 0, 1, 0])) == 0


def test_what_must_be_treated_and_cannot_be_connected_clashes() -> None:
    limits = [
        {"name": "joined", "criterion": "apart", "max": 0},
        {"name": "fields", "criterion": "area", "interventions": ["cropland_to_forest"], "min": 10},
        {"name": "none_between", "criterion": "area", "interventions": ["conservation_tillage"], "max": 0},
    ]
    with pytest.raises(Infeasible, match="joined"):
        solve_single(row_of_four(limits=limits).program, 0)


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        ({"core": {}}, "give cover, mask or both"),
        (
            {"core": {"cover": ["9999"]}},
            "criteria.apart.core.cover: no parcel has 9999.*Land covers.*0103, 0101, 0404",
        ),
        (
            {"core": {"mask": "reserv"}},
            "criteria.apart.core.mask: unknown mask 'reserv'.*Did you mean 'reserve'",
        ),
        (
            {"core": {"mask": "reserve"}},
            "criteria.apart.core: no parcel is a core: the mask 'reserve' applies to none",
        ),
        ({"core": {"column": "flag"}}, "criteria.apart.core.column"),
        ({"sense": "max"}, "is for sense = 'min'"),
        ({"effect": "carbon"}, "effect: not with measure 'separate'"),
        ({"patch": {"parcels": 2}}, "measure 'separate' has no patch"),
        ({"measure": "boundary", "core": GRASS}, "measure 'boundary' has no core"),
        ({"interventions": ["pond"]}, "criteria.apart.interventions: unknown intervention pond"),
    ],
)
def test_cores_that_make_no_sense(entry: dict[str, Any], words: str) -> None:
    land = b.landscape(neighbours=b.neighbours(), masks={"reserve": np.zeros(5, dtype=bool)})
    with pytest.raises(InputError, match=words):
        b.formulation({"apart": {**APART, **entry}}, land=land)


def test_without_neighbours_or_a_root_it_is_told() -> None:
    with pytest.raises(InputError, match=r"study.toml: space: missing, but criteria.apart needs neighbours"):
        b.formulation({"apart": APART})
    with pytest.raises(InputError, match=r"criteria.apart: the largest connected set is of whole parcels"):
        row_of_four(core=None, decision="share")
