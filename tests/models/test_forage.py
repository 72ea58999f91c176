"""Forage: supply less demand, what interventions change of both, and the balance by region."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from landfront.instances.catalogue import load_catalogue
from landfront.instances.faults import InputError
from landfront.models.formulate import Formulation
from landfront.models.plan import Plan
from landfront.optimizer.scalarize import solve_single
from tests.models import builders as b
from tests.models.brute import best_value
from tests.models.test_components import effect

RESTORE, FOREST, TILLAGE = b.INTERVENTIONS[1:]
NEED = 0.657


def grazed(criteria: Any = ("forage",), **more: Any) -> Formulation:
    changes = {**b.GRAZING, **more.pop("changes", {})}
    land = more.pop("land", b.pasture())
    return b.formulation(criteria, land=land, interventions=b.catalogue(**changes), **more)


def test_the_baseline_is_grass_less_what_animals_eat() -> None:
    found = grazed()
    assert found.program.offsets.tolist() == pytest.approx([40 * (2 - 4 * NEED) + 50 * (1 - NEED)])
    assert found.effects["forage"].unit == "t"


def test_grass_grows_back_animals_leave_and_new_grass_counts() -> None:
    found = effect(grazed(), "forage")
    assert found["g1", RESTORE] == 40 * (0.5 * 2 + 0.5 * 4 * NEED)
    assert found["f1", FOREST] == 10 * 1.5
    assert set(found) == {("g1", RESTORE), ("f1", FOREST)}


def test_the_state_changes_once_the_option_has_begun() -> None:
    criteria = {"forage": {"sense": "max"}, "soon": {"effect": "forage", "sense": "max", "milestone": 2030}}
    found = grazed(criteria, periods={"starts": [2025, 2040]})
    assert ("g1", f"{RESTORE}@2040") not in effect(found, "soon")
    assert effect(found, "forage")["g1", f"{RESTORE}@2040"] == 40 * (1 + 2 * NEED)


def test_changes_of_several_interventions_compound() -> None:
    land = b.pasture()
    fields = {**land.covariates, "forage_yield": np.array([4.0, 0, 0, 2, 1]), "livestock": np.full(5, 2.0)}
    changes = {
        "forage_effect": (0, 0, 50, -20),
        "livestock_effect": (0, 0, -50, -50),
        "forage_added": (0,) * 4,
    }
    found = grazed(
        land=b.landscape(covariates=fields), changes=changes, combinations={"groups": [(FOREST, TILLAGE)]}
    )
    # 1.5 * 0.8 = 1.2 of 4 t, and 0.5 * 0.5 = 0.25 of 2 sheep units.
    expected = 10 * (0.2 * 4 + 0.75 * 2 * NEED)
    assert effect(found, "forage")["f1", f"{FOREST}+{TILLAGE}"] == expected


def test_the_balance_by_county_binds_where_animals_outnumber_the_grass() -> None:
    balance = {"name": "balance", "criterion": "forage", "min": 0, "by": "county"}
    found = grazed({"cost": {"sense": "min"}}, limits=[balance])
    plan = Plan(found, solve_single(found.program, 0, gap=1e-9).x)
    assert plan.options[RESTORE]["parcels"] == 1  # dear, but the south is overgrazed
    assert plan.values["cost"] == pytest.approx(best_value(found.program))
    free = grazed({"cost": {"sense": "min"}})
    assert solve_single(free.program, 0, gap=1e-9).values.tolist() == [0.0]


@pytest.mark.parametrize("gone", ["forage_yield", "livestock"])
def test_a_missing_column_names_the_key_to_add(gone: str) -> None:
    left = {name: values for name, values in b.pasture().covariates.items() if name != gone}
    with pytest.raises(InputError, match=rf"parcels\.{gone}: missing, but forage needs it"):
        grazed(land=b.landscape(covariates=left))


def test_flows_have_no_balance_per_period() -> None:
    limit = {"name": "x", "criterion": "forage", "period": "each", "min": 0}
    with pytest.raises(InputError, match="has no amount per period"):
        grazed(["cost"], limits=[limit])


def test_the_packaged_numbers_are_marked_and_silent_interventions_change_nothing() -> None:
    names = ["grazing_exclusion", "rice_water", "sown_pasture"]
    found = load_catalogue(b.study(interventions={"use": names}))
    assert found.coefficients["livestock_effect"].tolist() == [0, -100, 0, 0]
    assert found.coefficients["forage_added"].tolist() == [0, 0, 0, 4.5]
    listed = found.evidence[found.evidence["parameter"].str.contains("forage|livestock")]
    assert set(listed["intervention"]) == {"grazing_exclusion", "sown_pasture"}
    assert set(listed["verified"]) == {"assumed"}
