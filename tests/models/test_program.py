"""Properties of the program: factored rows equal their matrix, regions add up, scaling, permutation."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from landfront.models.blocks import effect_rows, factored, stack
from landfront.models.effects import Effect, Term
from landfront.models.formulate import Formulation
from landfront.models.kinds import plain
from landfront.models.menu import Menu
from landfront.optimizer.program import Csr, Factored
from tests.models import builders as b

ALL = ("carbon", "cost", "food", "water", "biodiversity", "habitat", "cropland", "cropland_quality", "area")
LIMITS = [
    {"name": "grain", "criterion": "food", "min": {"share": 1.0}, "by": "county"},
    {"name": "homes", "criterion": "feature:*", "min": {"share": 1.0}},
    {"name": "life", "criterion": "biodiversity", "min": {"share": 1.0}},
    {"name": "south", "criterion": "carbon", "max": 1e6, "regions": ["south"]},
]


def random_menu(rng: np.random.Generator, parcels: int, kinds: int) -> Menu:
    there = rng.random((parcels, kinds)) < 0.6
    there[:, 0] = True
    parcel, kind = np.nonzero(there)
    starts = np.concatenate([[0], np.cumsum(there.sum(axis=1))]).astype(np.int64)
    return Menu(
        parcel.astype(np.int32), kind.astype(np.int16), starts, plain([f"k{k}" for k in range(kinds)], 2025)
    )


def random_effect(rng: np.random.Generator, parcels: int, kinds: int, terms: int) -> Effect:
    made = []
    for _ in range(terms):
        amount = rng.normal(size=parcels) * (rng.random(parcels) < 0.7)
        table = rng.normal(size=kinds) * (rng.random(kinds) < 0.7)
        table[0] = 0.0
        made.append(Term(amount, table))
    return Effect("e", "t", np.zeros(parcels), tuple(made))


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    parcels=st.integers(1, 8),
    kinds=st.integers(1, 4),
    terms=st.integers(1, 3),
    count=st.integers(1, 3),
    in_order=st.booleans(),
    some_kinds=st.booleans(),
)
def test_factored_rows_equal_their_matrix(
    seed: int, parcels: int, kinds: int, *, terms: int, count: int, in_order: bool, some_kinds: bool
) -> None:
    rng = np.random.default_rng(seed)
    menu = random_menu(rng, parcels, kinds)
    effect = random_effect(rng, parcels, kinds, terms)
    scope = rng.integers(-1, count, parcels)
    scope = np.sort(scope) if in_order else scope
    wanted = rng.random(kinds) < (0.8 if some_kinds else 1.0)
    block = effect_rows(menu, effect, scope=scope, count=count, kinds=wanted)
    assert isinstance(block, Factored)
    table = Effect("e", "t", effect.baseline, column=effect.values(menu))
    plain = effect_rows(menu, table, scope=scope, count=count, kinds=wanted)
    assert isinstance(plain, Csr)
    x, prices = rng.random(len(menu)), rng.normal(size=count)
    np.testing.assert_allclose(block.to_csr().toarray(), plain.to_csr().toarray(), atol=1e-12)
    np.testing.assert_allclose(block.dot(x), plain.dot(x), atol=1e-12)
    np.testing.assert_allclose(block.tdot(prices), plain.tdot(prices), atol=1e-12)


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), forms=st.lists(st.booleans(), max_size=5))
def test_a_stack_equals_its_blocks(seed: int, forms: list[bool]) -> None:
    rng = np.random.default_rng(seed)
    menu, everywhere, kinds = random_menu(rng, 6, 3), np.zeros(6, dtype=np.int64), np.ones(3, dtype=bool)
    effects = [random_effect(rng, 6, 3, 2) for _ in forms]
    effects = [
        Effect("e", "t", e.baseline, column=e.values(menu)) if tabled else e
        for e, tabled in zip(effects, forms, strict=True)
    ]
    blocks = [effect_rows(menu, e, scope=everywhere, count=1, kinds=kinds) for e in effects]
    stacked = stack(blocks, len(menu))
    expected = np.array([e.values(menu) for e in effects]).reshape(len(forms), len(menu))
    x, prices = rng.random(len(menu)), rng.normal(size=len(forms))
    np.testing.assert_allclose(stacked.to_csr().toarray(), expected, atol=1e-12)
    np.testing.assert_allclose(stacked.dot(x), expected @ x, atol=1e-12)
    np.testing.assert_allclose(stacked.tdot(prices), expected.T @ prices, atol=1e-12)


def test_sparse_feature_rows_equal_dense_ones() -> None:
    rng = np.random.default_rng(1)
    menu = random_menu(rng, 30, 4)
    amount = sp.csc_array(sp.random_array((30, 5), density=0.3, rng=rng))
    table, scope = rng.normal(size=(5, 4)), rng.integers(-1, 3, 30)
    block = factored(menu, amount, table, scope=scope, count=3)
    dense = amount.toarray()
    for f in range(5):
        for r in range(3):
            expected = dense[menu.parcel, f] * table[f, menu.kind] * (scope[menu.parcel] == r)
            np.testing.assert_allclose(block.to_csr().toarray()[f * 3 + r], expected, atol=1e-12)


def test_keep_changes_nothing_and_satisfies_baseline_shares_of_one() -> None:
    found = b.formulation(ALL, limits=LIMITS)
    x = np.zeros(len(found.menu))
    x[found.menu.starts[:-1]] = 1.0
    program = found.program
    assert (program.objectives.dot(x) == 0).all()
    activity = program.rows.dot(x)
    assert ((activity >= program.row_lower) & (activity <= program.row_upper)).all()


@pytest.mark.parametrize("criterion", [*ALL, "feature:crane"])
def test_regions_add_up_to_the_whole(criterion: str) -> None:
    limits = [
        {"name": "parts", "criterion": criterion, "of": "change", "max": 1e9, "by": "county"},
        {"name": "whole", "criterion": criterion, "of": "change", "max": 1e9},
    ]
    found = b.formulation(["carbon"], limits=limits)
    rows = found.program.row_matrix.toarray()
    np.testing.assert_allclose(rows[0] + rows[1], rows[2])
    assert found.limits[0].baseline + found.limits[1].baseline == pytest.approx(found.limits[2].baseline)


@pytest.mark.parametrize("factor", [0.01, 7.0])
def test_scaling_areas_scales_effects(factor: float) -> None:
    plain, land = b.formulation(ALL), b.landscape()
    scaled = b.formulation(ALL, land=replace(land, area=land.area * factor, features=land.features * factor))
    np.testing.assert_allclose(scaled.program.objective_matrix, factor * plain.program.objective_matrix)
    np.testing.assert_allclose(scaled.program.offsets, factor * plain.program.offsets)


def permuted(order: np.ndarray[Any, Any]) -> Formulation:
    land = b.landscape()
    moved = replace(
        land,
        ids=land.ids[order], area=land.area[order], cover=land.cover[order], regions=land.regions[order],
        covariates={name: values[order] for name, values in land.covariates.items()},
        zone_share=land.zone_share[order], features=land.features[order],
    )  # fmt: skip
    return b.formulation(ALL, land=moved, limits=LIMITS)


@settings(max_examples=10, deadline=None)
@given(order=st.permutations(range(5)))
def test_permuting_parcels_permutes_the_program(order: list[int]) -> None:
    plain, moved = b.formulation(ALL, limits=LIMITS), permuted(np.array(order))
    starts = plain.menu.starts
    columns = np.concatenate([np.arange(starts[p], starts[p + 1]) for p in order])
    assert moved.menu.kind.tolist() == plain.menu.kind[columns].tolist()
    np.testing.assert_allclose(moved.program.objective_matrix, plain.program.objective_matrix[:, columns])
    np.testing.assert_allclose(
        moved.program.row_matrix.toarray(), plain.program.row_matrix.toarray()[:, columns]
    )
    np.testing.assert_allclose(moved.program.row_lower, plain.program.row_lower)


def test_whole_and_share_differ_in_the_integer_flags_only() -> None:
    whole, share = b.formulation(ALL), b.formulation(ALL, about={"decision": "share"})
    assert whole.program.integer.all()
    assert not share.program.integer.any()
    assert (whole.program.objective_matrix == share.program.objective_matrix).all()


def test_objectives_stand_in_file_order_with_their_senses() -> None:
    program = b.formulation(["cost", "carbon", "food"]).program
    assert program.objective_names == ("cost", "carbon", "food")
    assert program.senses.tolist() == [1, -1, -1]
