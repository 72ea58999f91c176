"""Several interventions on one parcel: what they bring together, what excludes or needs another."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from landfront.instances.faults import InputError
from landfront.instances.landscape import Locked
from landfront.models.formulate import Formulation
from landfront.models.plan import Plan
from landfront.optimizer.scalarize import solve_single
from tests.models import builders as b
from tests.models.brute import best_value
from tests.models.test_components import effect

PAIR = ("cropland_to_forest", "conservation_tillage")
BOTH = "cropland_to_forest+conservation_tillage"


def formulation(
    criteria: Any = ("carbon",), *, periods: Any = None, limits: Any = (), **asked: Any
) -> Formulation:
    combinations = {"groups": [PAIR], **asked}
    more = {"periods": periods} if periods else {}
    return b.formulation(criteria, combinations=combinations, limits=list(limits), **more)


def test_effects_add_up_yields_compound_and_land_counts_once() -> None:
    found = formulation(["carbon", "cost", "food", "water", "cropland", "area", "biodiversity"])
    key = ("f1", BOTH)
    assert effect(found, "carbon")[key] == 10 * ((5 * 20 + 2 * 15) + 20)
    assert effect(found, "cost")[key] == 10 * (4000 + 18000 + 100 * 35 + 1500)
    assert effect(found, "food")[key] == -20  # nothing grows more on a field that is given up
    assert effect(found, "water")[key] == 10 * 10 * (-100 + 10)
    assert effect(found, "cropland")[key] == -10
    assert effect(found, "area")[key] == 10
    assert effect(found, "biodiversity")[key] == 10 * ((0.4 - 0.1) + 0.1)


def test_joint_factors_scale_what_two_bring_together() -> None:
    joint = [{"interventions": PAIR, "factors": {"carbon": 0.5, "cost": 0.9}}]
    found = formulation(["carbon", "cost", "water"], joint=joint)
    assert effect(found, "carbon")["f1", BOTH] == 0.5 * 10 * 150
    assert effect(found, "cost")["f1", BOTH] == 0.9 * 10 * 27000
    assert effect(found, "water")["f1", BOTH] == -9000
    assert effect(found, "carbon")["f1", "conservation_tillage"] == 10 * 20


def test_both_are_on_the_menu_only_where_each_is() -> None:
    found = formulation()
    where = {b.IDS[p] for p, k in zip(found.menu.parcel, found.menu.kind, strict=True)
             if found.menu.interventions[k] == BOTH}  # fmt: skip
    assert where == {"f1"}  # the other fields are too flat for cropland_to_forest


def test_what_requires_another_is_never_alone() -> None:
    found = formulation(requires={"conservation_tillage": ["cropland_to_forest"]})
    used = {found.menu.interventions[k] for k in found.menu.kind}
    assert BOTH in used
    assert "conservation_tillage" not in used


def test_combinations_start_together_in_each_period() -> None:
    found = formulation(periods={"starts": [2025, 2030]})
    assert [name for name in found.menu.interventions if "+" in name] == [f"{BOTH}@2025", f"{BOTH}@2030"]


def test_a_limit_on_an_intervention_counts_it_in_combinations_too() -> None:
    limit = {"name": "cap", "criterion": "area", "interventions": ["conservation_tillage"], "max": 55}
    found = formulation(limits=[limit])
    row = found.program.row_matrix.toarray()[0]
    counted = {(b.IDS[p], found.menu.interventions[k]) for p, k, v in
               zip(found.menu.parcel, found.menu.kind, row, strict=True) if v}  # fmt: skip
    assert ("f1", BOTH) in counted
    assert ("f1", "conservation_tillage") in counted
    assert ("f1", "cropland_to_forest") not in counted


def test_habitat_that_two_destroy_is_lost_once() -> None:
    criteria = {"cranes": {"effect": "feature:crane", "sense": "max"}}
    found = b.formulation(
        criteria,
        combinations={"groups": [("natural_forest_restoration", "conservation_tillage")]},
    )
    kinds = found.menu.kinds
    habitat = found.effects["cranes"].terms[0].table
    assert habitat[kinds.names.index("natural_forest_restoration+conservation_tillage")] == 0.5


@settings(max_examples=25, deadline=None)
@given(share=st.floats(0.1, 1.0), factor=st.floats(0.5, 1.5), starts=st.sampled_from([[2025], [2025, 2040]]))
def test_the_best_plan_is_that_of_brute_force(share: float, factor: float, starts: list[int]) -> None:
    budget = {"name": "budget", "criterion": "cost", "max": 3e5 * share, "period": "each"}
    joint = [{"interventions": PAIR, "factors": {"carbon": factor}}]
    found = formulation(periods={"starts": starts}, limits=[budget], joint=joint)
    point = solve_single(found.program, 0, gap=1e-9)
    assert Plan(found, point.x).values["carbon"] == pytest.approx(best_value(found.program))


@pytest.mark.parametrize(
    ("asked", "match"),
    [
        ({"groups": [("cropland_to_forest", "levitation")]}, "unknown intervention 'levitation'"),
        ({"groups": [("cropland_to_forest", "natural_forest_restoration")]}, "both replace what grows"),
        (
            {"excludes": [PAIR], "requires": {"conservation_tillage": ["cropland_to_forest"]}},
            "no combination has",
        ),
        ({"groups": [("cropland_to_forest",)]}, "groups"),
        ({"most": 9}, "most"),
        ({"joint": [{"interventions": PAIR, "factors": {"carbon": -1}}]}, "carbon"),
    ],
)
def test_combinations_that_make_no_sense(asked: dict[str, Any], match: str) -> None:
    with pytest.raises(InputError, match=match):
        formulation(**asked)


def test_excluded_pairs_are_not_joined() -> None:
    trio = ("conservation_tillage", "cropland_to_forest")
    found = formulation(groups=[trio], excludes=[PAIR])
    assert not [name for name in found.menu.interventions if "+" in name]


def test_a_lock_on_what_requires_another_leaves_nothing_and_is_refused() -> None:
    locked = Locked(np.array([-1, 1, -1, -1, -1], dtype=np.int16), ("keep", PAIR[1]))
    with pytest.raises(InputError, match="requires another one"):
        b.formulation(
            ["carbon"],
            land=b.landscape(locks={"deal": locked}),
            locks=[{"name": "deal", "column": "deal", "intervention": PAIR[1]}],
            combinations={"groups": [PAIR], "requires": {PAIR[1]: [PAIR[0]]}},
        )


@pytest.mark.parametrize("effect", ["carbon_rate", "carbon_wood"])
def test_joint_factors_of_carbon_hold_for_all_that_is_made_of_it(effect: str) -> None:
    joint = {"groups": [PAIR], "joint": [{"interventions": PAIR, "factors": {"carbon": 0.5}}]}
    plain, halved = (
        b.formulation([effect, "carbon"], combinations=sections) for sections in ({"groups": [PAIR]}, joint)
    )
    both = [k for k, name in enumerate(plain.menu.interventions) if "+" in name]
    at = np.isin(plain.menu.kind, both)
    assert at.any()
    before, after = (found.effects[effect].values(found.menu)[at] for found in (plain, halved))
    assert after == pytest.approx(0.5 * before)
    assert np.abs(before).min() > 0
