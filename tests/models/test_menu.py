"""The menu: rules, their order and counts, masks, consent, effect tables."""

from __future__ import annotations

import random

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from landfront.instances.faults import InputError
from landfront.models.formulate import Tables
from landfront.models.menu import Menu, admits, build_menu, menu_from_table
from tests.models import builders as b


def options(menu: Menu) -> set[tuple[str, str]]:
    return {(b.IDS[p], menu.interventions[k]) for p, k in zip(menu.parcel, menu.kind, strict=True)}


def reasons(menu: Menu) -> dict[tuple[str, str], tuple[int, float]]:
    return {(e.intervention, e.reason): (e.parcels, e.area) for e in menu.excluded}


def flags(*on: str) -> np.ndarray:
    return np.array([parcel in on for parcel in b.IDS])


def test_rules_leave_the_right_options_and_say_why_the_others_went() -> None:
    menu = build_menu(b.landscape(), b.catalogue(), b.study())
    assert options(menu) - {(parcel, "keep") for parcel in b.IDS} == {
        ("f1", "cropland_to_forest"), ("f1", "conservation_tillage"), ("f2", "conservation_tillage"),
        ("f3", "conservation_tillage"), ("g1", "natural_forest_restoration"),
    }  # fmt: skip
    assert reasons(menu) == {
        ("natural_forest_restoration", "land_cover"): (3, 60.0),
        ("cropland_to_forest", "land_cover"): (3, 120.0),
        ("conservation_tillage", "land_cover"): (2, 90.0),
        ("natural_forest_restoration", "slope"): (1, 50.0),  # g2 is too dry as well, but slope comes first
        ("cropland_to_forest", "slope"): (1, 20.0),
    }


def test_keep_is_first_of_every_parcel() -> None:
    menu = build_menu(b.landscape(), b.catalogue(), b.study())
    assert (menu.kind[menu.starts[:-1]] == 0).all()
    assert (np.diff(menu.parcel) >= 0).all()
    assert len(menu.starts) == len(b.IDS) + 1


@pytest.mark.parametrize(
    ("code", "admitted"),
    [("0201", True), ("0201K", True), ("1104A", True), ("1104", False), ("1104K", False)],
)
def test_suffixes_count_as_the_base_code(code: str, admitted: bool) -> None:
    assert admits(frozenset({"0201", "1104A"}), code) is admitted


def test_rules_without_data_are_not_applied_and_noted() -> None:
    menu = build_menu(b.landscape(covariates={}), b.catalogue(), b.study())
    assert ("g2", "natural_forest_restoration") in options(menu)
    assert ("f2", "cropland_to_forest") in options(menu)
    assert len(menu.notes) == 2
    assert all("not applied" in note for note in menu.notes)


def test_elevation_bounds_what_is_admissible() -> None:
    land = b.landscape(covariates={"elevation": np.array([5, 5, 5, 90, 2], dtype=np.float32)})
    nan = float("nan")
    low = b.catalogue(elevation_min=(nan, 3, nan, nan), elevation_max=(nan, 100, nan, nan))
    menu = build_menu(land, low, b.study())
    assert ("g1", "natural_forest_restoration") in options(menu)
    assert reasons(menu)["natural_forest_restoration", "elevation"] == (1, 50.0)


def test_missing_values_fail_no_rule_and_are_counted_in_a_note() -> None:
    slope = np.array([np.nan, 5, 1, 10, np.nan], dtype=np.float32)
    menu = build_menu(b.landscape(covariates={"slope": slope}), b.catalogue(), b.study())
    assert {("f1", "cropland_to_forest"), ("g2", "natural_forest_restoration")} <= options(menu)
    assert any("2 parcels" in note for note in menu.notes)


@pytest.mark.parametrize(
    ("forbid", "gone"),
    [
        (["*"], {"cropland_to_forest", "conservation_tillage"}),
        (["conversions"], {"cropland_to_forest"}),
        (["conservation_tillage"], {"conservation_tillage"}),
    ],
)
def test_masks_forbid(forbid: list[str], gone: set[str]) -> None:
    study = b.study(masks=[{"name": "core", "column": "core", "forbid": forbid}])
    menu = build_menu(b.landscape(masks={"core": flags("f1")}), b.catalogue(), study)
    left = {name for parcel, name in options(menu) if parcel == "f1"}
    assert left == {"keep", "cropland_to_forest", "conservation_tillage"} - gone
    assert {reason for _, reason in reasons(menu)} >= {"mask:core"}


def test_parcels_without_consent_are_kept() -> None:
    land = b.landscape(masks={"no_consent": flags("f1", "g1")})
    menu = build_menu(land, b.catalogue(), b.study(consent={"column": "consent"}))
    assert {name for parcel, name in options(menu) if parcel in ("f1", "g1")} == {"keep"}
    assert reasons(menu)["natural_forest_restoration", "consent"] == (1, 40.0)


def test_a_mask_that_leaves_nothing_is_refused() -> None:
    study = b.study(masks=[{"name": "all", "column": "all", "forbid": ["*"]}])
    with pytest.raises(InputError, match="mask 'all' leaves nothing"):
        build_menu(b.landscape(masks={"all": flags(*b.IDS)}), b.catalogue(), study)


def test_unknown_interventions_in_masks_are_all_reported() -> None:
    masks = [{"name": name, "column": name, "forbid": [f"no_{name}"]} for name in ("one", "two")]
    land = b.landscape(masks={"one": flags(), "two": flags()})
    with pytest.raises(InputError) as caught:
        build_menu(land, b.catalogue(), b.study(masks=masks))
    assert [fault.column for fault in caught.value.faults] == ["masks.0.forbid", "masks.1.forbid"]


def test_nothing_admissible_is_refused_with_the_counts() -> None:
    land = b.landscape(cover=np.zeros(5, dtype=np.int16), cover_codes=("0701",))
    with pytest.raises(InputError, match="land_cover 15"):
        build_menu(land, b.catalogue(), b.study())


def test_effect_table_gives_options_in_order_and_adds_keep() -> None:
    menu, columns = menu_from_table(b.effect_table(), b.landscape(), b.catalogue(), b.study())
    assert menu.interventions == (*b.INTERVENTIONS, "pond")
    assert menu.parcel.tolist() == [0, 0, 0, 1, 2, 3, 3, 4, 4]
    assert menu.kind.tolist() == [0, 2, 4, 0, 0, 0, 1, 0, 4]
    assert columns["carbon"].tolist() == [0, 90, 10, 0, 0, 0, 400, 0, 20]


def test_effect_table_obeys_masks_and_consent() -> None:
    land = b.landscape(masks={"core": flags("f1"), "no_consent": flags("g1")})
    study = b.study(masks=[{"name": "core", "column": "core", "forbid": ["pond"]}], consent={"column": "c"})
    menu, columns = menu_from_table(b.effect_table(), land, b.catalogue(), study)
    assert options(menu) - {(parcel, "keep") for parcel in b.IDS} == {
        ("f1", "cropland_to_forest"),
        ("g2", "pond"),
    }
    assert columns["carbon"].sum() == 110


@settings(max_examples=60, deadline=None)
@given(
    rows=st.sets(st.tuples(st.integers(0, 4), st.sampled_from(["keep", *b.INTERVENTIONS[1:], "pond"]))),
    closed=st.sets(st.sampled_from(b.IDS)),
    order=st.randoms(use_true_random=False),
    coded=st.booleans(),
)
def test_the_order_and_type_of_an_effect_table_change_nothing(
    rows: set[tuple[int, str]], closed: set[str], order: random.Random, coded: bool
) -> None:
    rows |= {(2, "pond")}
    given = {(p, name): 0.0 if name == "keep" else float(rank + 1) for rank, (p, name) in enumerate(rows)}
    listed = sorted(given, key=lambda row: order.random())
    table = pd.DataFrame(listed, columns=["parcel", "intervention"])
    table = table.assign(carbon=[given[row] for row in listed])
    table = table.astype({"intervention": "category"}) if coded else table
    land = b.landscape(masks={"core": flags(*(closed - {b.IDS[2]}))})
    study = b.study(masks=[{"name": "core", "column": "core", "forbid": ["*"]}])
    menu, columns = menu_from_table(table, land, b.catalogue(), study)
    found = [(int(p), menu.interventions[k]) for p, k in zip(menu.parcel, menu.kind, strict=True)]
    open_ = {row for row in given if b.IDS[row[0]] not in closed - {b.IDS[2]}}
    assert set(found) == open_ | {(p, "keep") for p in range(5)}
    assert (np.diff(menu.parcel * np.int64(99) + menu.kind) > 0).all()
    assert menu.starts.tolist() == np.searchsorted(menu.parcel, np.arange(6)).tolist()
    assert columns["carbon"].tolist() == [given.get(row, 0.0) for row in found]


def test_effect_table_faults_are_collected() -> None:
    table = b.effect_table()
    bad = pd.concat(
        [
            table,
            table.iloc[[1]],
            pd.DataFrame({"parcel": [2], "intervention": ["keep"], "carbon": [1.0], "cost": [0.0]}),
        ]
    )
    with pytest.raises(InputError) as caught:
        menu_from_table(bad, b.landscape(), b.catalogue(), b.study())
    rules = [fault.rule for fault in caught.value.faults]
    assert rules == ["occurs twice", "keep has an effect"]
    assert caught.value.faults[0].rows == (("f1", "cropland_to_forest"),)


def test_an_empty_effect_table_is_refused() -> None:
    with pytest.raises(InputError, match="no intervention is admissible"):
        b.formulation(tables=Tables(effects=b.effect_table().iloc[:0], baselines={}))


def test_find_gives_the_option_or_minus_one() -> None:
    menu = build_menu(b.landscape(), b.catalogue(), b.study())
    found = menu.find(np.array([0, 0, 4]), np.array([2, 1, 0]))
    assert found.tolist() == [1, -1, 9]
