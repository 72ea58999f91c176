"""Calories, opportunity cost and net cost: by hand, prices of other units and years, what is missing."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from landfront.instances.crops import energy
from landfront.instances.faults import InputError
from landfront.models.formulate import Formulation
from tests.models import builders as b
from tests.models.test_components import effect

REGROWTH, FOREST, TILLAGE = b.INTERVENTIONS[1:]
GRAIN = {"grain": 2500.0}


def values(found: Formulation, name: str) -> Any:
    return found.effects[name].values(found.menu)


def test_calories_follow_food_with_the_energy_of_each_crop() -> None:
    crops = np.array([12.0, 14.0, 15.0, np.nan, np.nan])
    land = b.landscape(covariates={**b.landscape().covariates, "crop_energy": crops})
    found = b.formulation(["calories"], land=land)
    assert found.effects["calories"].unit == "GJ"
    assert found.program.offsets.tolist() == [20 * 12 + 80 * 14 + 180 * 15]
    changes = effect(found, "calories")
    assert changes["f1", FOREST] == -20 * 12
    assert changes["f3", TILLAGE] == 0.05 * 180 * 15


def test_without_crops_grain_stands_for_all() -> None:
    found = b.formulation(["calories", "food"])
    np.testing.assert_allclose(values(found, "calories"), 13.8072 * values(found, "food"))
    assert energy("grain") == pytest.approx(3300e3 * 4184 / 1e9)  # 330 kcal per 100 g


def test_a_missing_crop_on_cropland_is_a_fault() -> None:
    crops = np.array([12.0, np.nan, 15.0, np.nan, np.nan])
    land = b.landscape(covariates={**b.landscape().covariates, "crop_energy": crops})
    with pytest.raises(InputError, match="crop: missing on cropland"):
        b.formulation(["calories"], land=land)


def test_a_floor_on_calories_by_region() -> None:
    limit = {"name": "energy", "criterion": "calories", "min": {"share": 0.9}, "by": "county"}
    found = b.formulation(["carbon"], limits=[limit])
    assert [row.lower for row in found.limits] == pytest.approx([90 * 13.8072, 162 * 13.8072])


def test_income_is_forgone_every_year_where_the_harvest_falls() -> None:
    plain = effect(b.formulation(["opportunity"], prices=GRAIN), "opportunity")
    assert plain == {("f1", FOREST): 20 * 2500 * 35}  # no-tillage raises the harvest: nothing forgone
    dear = b.formulation(["opportunity"], prices=GRAIN, about={"discount_rate": 0.04})
    assert effect(dear, "opportunity")["f1", FOREST] == 50000 * sum(1.04**-t for t in range(1, 36))


def test_income_is_forgone_from_the_start_of_the_option_and_within_periods() -> None:
    each = {"name": "each", "criterion": "opportunity", "period": "each", "max": 1e9}
    early = {"effect": "opportunity", "sense": "min", "milestone": 2030}
    found = b.formulation(
        {"opportunity": {"sense": "min"}, "soon": early},
        prices=GRAIN, periods={"starts": [2025, 2030, 2040]}, limits=[each],
    )  # fmt: skip
    late, soon = effect(found, "opportunity"), effect(found, "soon")
    assert late["f1", f"{FOREST}@2030"] == 50000 * 30
    assert soon == {("f1", f"{FOREST}@2025"): 50000 * 5}
    kind = found.menu.interventions.index(f"{FOREST}@2030")
    option = found.menu.find(np.array([0]), np.array([kind]))[0]
    assert found.program.row_matrix.toarray()[:, option].tolist() == [0, 500000, 1000000]


def test_a_combination_forgoes_what_its_joint_harvest_loses() -> None:
    half = b.catalogue(food_effect=(0, 0, -50, 20))
    pair = {"groups": [(FOREST, TILLAGE)]}
    found = b.formulation(["opportunity"], prices=GRAIN, combinations=pair, interventions=half)
    # Half of the field, of which 20 % more: 0.5 * 1.2 = 0.6 of 20 t is left.
    assert effect(found, "opportunity")["f1", f"{FOREST}+{TILLAGE}"] == 0.4 * 20 * 2500 * 35


@pytest.mark.parametrize(
    ("prices", "about", "expected"),
    [
        ({"grain": 2.5, "unit": "CNY/kg"}, {}, 2500),
        ({"grain": 0.25, "unit": "10k CNY/t"}, {}, 2500),
        ({"grain": 2500.0, "price_year": 2020}, {"price_year": 2020}, 2500),
        ({"grain": 2500.0, "price_year": 2010, "deflator": 1.3}, {"price_year": 2020}, 3250),
        ({"grain": 2500.0, "unit": "CNY/t"}, {"currency": "USD", "exchange_rate": 0.14}, 350),
        ({"grain": 350.0}, {"currency": "USD", "exchange_rate": 0.14}, 350),
    ],
)
def test_prices_in_other_units_and_years(prices: Any, about: Any, expected: float) -> None:
    found = b.formulation(["opportunity"], prices=prices, about=about)
    assert effect(found, "opportunity")["f1", FOREST] == 20 * 35 * expected


@pytest.mark.parametrize(
    ("prices", "match"),
    [
        ({"grain": -1.0}, "grain"),
        ({"grain": 1.0, "unit": "CNY/ha"}, r"prices\.unit: wrong unit"),
        ({"grain": 1.0, "unit": "USD/t"}, r"prices\.unit: wrong unit"),
        ({"grain": 1.0, "price_year": 2010}, r"2010 is not study\.price_year \(not given\)"),
        ({"wheat": 1.0}, "wheat"),
        ({}, r"prices\.grain: missing, but opportunity needs it"),
        (None, r"prices\.grain: missing, but opportunity needs it"),
    ],
)
def test_prices_that_make_no_sense(prices: Any, match: str) -> None:
    with pytest.raises(InputError, match=match):
        b.formulation(["opportunity"], prices=prices)


CREDIT = {"scheme": "s", "price": 10.0, "interventions": ["*"], "period": 20}


@pytest.mark.parametrize("prices", [None, GRAIN])
@pytest.mark.parametrize("credits", [[], [CREDIT]])
def test_net_cost_is_the_sum_of_the_parts_that_the_study_asks_for(prices: Any, credits: Any) -> None:
    parts = [
        ("cost", 1.0),
        *([("opportunity", 1.0)] if prices else []),
        *([("revenue", -1.0)] if credits else []),
    ]
    names = ["net_cost", *(name for name, _ in parts)]
    each = [{"name": name, "criterion": name, "period": "each", "min": -1e12} for name in names]
    together = {"groups": [(FOREST, TILLAGE)], "joint": [
        {"interventions": [FOREST, TILLAGE], "factors": {"carbon": 0.5, "cost": 0.8}}]}  # fmt: skip
    found = b.formulation(
        names, prices=prices, credits=credits, limits=each, combinations=together,
        periods={"starts": [2025, 2035]}, about={"discount_rate": 0.05},
    )  # fmt: skip
    total = sum(sign * values(found, name) for name, sign in parts)
    np.testing.assert_allclose(values(found, "net_cost"), total, atol=1e-6)
    rows = found.program.row_matrix.toarray().reshape(len(names), 2, -1)
    signed = sum(sign * rows[1 + at] for at, (_, sign) in enumerate(parts))
    np.testing.assert_allclose(rows[0], signed, atol=1e-6)
