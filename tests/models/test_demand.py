"""Diet, trade and growth scale the floors of food that ask for it, and those only."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from landfront.instances.faults import InputError
from landfront.instances.study_land import Demand
from landfront.models.formulate import Formulation
from landfront.models.plan import Plan
from landfront.optimizer.scalarize import solve_single
from landfront.report.bounds_text import bounds_text
from tests.models import builders as b
from tests.models.brute import best_value

FLOOR = {"name": "grain", "criterion": "food", "min": {"share": 0.95}, "demand": True}


def limited(limit: dict[str, Any], **food: Any) -> Formulation:
    sections: dict[str, Any] = {"food": food} if food else {}
    return b.formulation(["carbon"], limits=[limit], **sections)


def test_diet_and_imports_scale_the_floor() -> None:
    found = limited(FLOOR, diet=0.9, imports=0.1)
    assert found.limits[0].lower == pytest.approx(280 * 0.95 * 0.9 * 0.9)
    assert found.program.row_lower[0] == pytest.approx(280 * 0.95 * 0.81 - 280)
    plain = limited({**FLOOR, "demand": False}, diet=0.9, imports=0.1)
    assert plain.limits[0].lower == pytest.approx(266)


def test_growth_counts_until_the_milestone() -> None:
    assert limited(FLOOR, growth=0.01).limits[0].lower == pytest.approx(266 * 1.01**35)
    early = b.formulation(
        ["carbon"],
        limits=[{**FLOOR, "milestone": 2030}],
        periods={"starts": [2025, 2040]},
        food={"growth": 0.01},
    )
    assert early.limits[0].lower == pytest.approx(266 * 1.01**5)


def test_calories_by_region_and_absolute_bounds() -> None:
    found = limited({**FLOOR, "criterion": "calories", "by": "county", "max": 1e9}, diet=0.5)
    per_tonne = 13.8072 * 0.95 * 0.5
    assert [row.lower for row in found.limits] == pytest.approx([100 * per_tonne, 180 * per_tonne])
    assert [row.upper for row in found.limits] == [1e9, 1e9]


def test_the_limit_says_what_demand_it_has_in_it() -> None:
    text = bounds_text(limited(FLOOR, diet=0.9, imports=0.1).limits[0])
    assert text == "food at least 215.5 t (demand at 81 % of today's)"
    assert bounds_text(limited({**FLOOR, "demand": False}, diet=0.9).limits[0]) == "food at least 266 t"


def test_less_demand_frees_land_for_carbon() -> None:
    whole = {**FLOOR, "min": {"share": 1.0}}
    strict, loose = limited(whole, diet=1.0), limited(whole, diet=0.9)
    values = [Plan(f, solve_single(f.program, 0, gap=1e-9).x).values["carbon"] for f in (strict, loose)]
    assert values == pytest.approx([best_value(strict.program), best_value(loose.program)])
    assert values[1] > values[0]


@given(st.floats(0, 2), st.floats(0, 1), st.floats(-0.05, 0.05), st.integers(0, 50))
def test_demand_rises_with_diet_and_growth_and_falls_with_imports(
    diet: float, imports: float, growth: float, years: int
) -> None:
    factor = Demand(diet=diet, imports=imports, growth=growth).factor(years)
    assert 0 <= factor <= Demand(diet=diet, imports=0.0, growth=growth).factor(years)
    assert factor <= Demand(diet=diet + 1, imports=imports, growth=growth).factor(years)
    assert Demand().factor(years) == 1.0


@pytest.mark.parametrize(
    ("limit", "match"),
    [
        ({**FLOOR, "min": 250}, "scales only a floor"),
        ({**FLOOR, "min": {"share": 0.9, "of": "attainable"}}, "scales only a floor"),
        ({**FLOOR, "criterion": "water"}, "scales only a floor"),
        ({**FLOOR, "of": "change"}, "scales only a floor"),
        ({"name": "x", "criterion": "food", "max": {"share": 1.1}, "demand": True}, "scales only a floor"),
    ],
)
def test_limits_that_demand_says_nothing_of(limit: dict[str, Any], match: str) -> None:
    with pytest.raises(InputError, match=match):
        limited(limit, diet=0.9)


@pytest.mark.parametrize(
    "food", [{"diet": -1.0}, {"imports": 1.5}, {"growth": 2.0}, {"waste": 0.1}, {"diet": "less"}]
)
def test_factors_that_make_no_sense(food: dict[str, Any]) -> None:
    with pytest.raises(InputError, match=f"food.{next(iter(food))}"):
        limited(FLOOR, **food)


def test_demand_without_its_section_is_refused() -> None:
    with pytest.raises(InputError, match=r"food: missing, but limits\.grain\.demand needs it"):
        limited(FLOOR)
