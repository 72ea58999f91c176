"""Reversal: the closed form against numerical integration, with every order of signs."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from math import exp
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import quad, solve_ivp

from landfront.instances.faults import InputError
from landfront.models.carbon import AGE_POWER, growth, saturating
from landfront.models.decay import of_curve, two_phases
from landfront.models.formulate import Formulation
from tests.models import builders as b
from tests.models.test_components import effect

RATES = (0, 0.5, 1.0, 2.0)


def equation(t: float, store: Any, flux: float, rate: float) -> Any:
    return flux - rate * store


def integrated(flux: Callable[[float], float], rate: float, years: float, knots: list[float]) -> float:
    """The store by the differential equation, from one knot to the next."""
    store, ends = 0.0, sorted({0.0, years, *(knot for knot in knots if knot < years)})
    for begin, end in pairwise(ends):
        f = flux((begin + end) / 2)
        found = solve_ivp(equation, (begin, end), [store], args=(f, rate), rtol=1e-10, atol=1e-10)
        store = float(found.y[0, -1])
    return store


@pytest.mark.parametrize("years", [3.0, 10.0, 17.0, 30.0, 80.0])
@pytest.mark.parametrize(("flux_1", "flux_2"), [(4, 2), (-3, 5), (5, -3), (-2, -1), (0, 1)])
def test_the_closed_form_is_the_solution_of_the_equation(flux_1: float, flux_2: float, years: float) -> None:
    flux = lambda t: flux_1 if t < 10 else flux_2 if t < 30 else 0.0  # noqa: E731
    one = np.ones(1)
    found = two_phases(flux_1 * one, 10 * one, flux_2 * one, 20 * one, years=years * one, rate=0.03 * one)
    assert found[0] == pytest.approx(integrated(flux, 0.03, years, [10.0, 30.0]), rel=1e-7, abs=1e-7)


@given(*(st.floats(-20, 20) for _ in range(2)), *(st.floats(0, 60) for _ in range(3)))
def test_without_loss_it_is_the_saturating_sum(
    flux_1: float, flux_2: float, years_1: float, years_2: float, age: float
) -> None:
    parts = [np.array([value]) for value in (flux_1, years_1, flux_2, years_2)]
    years = np.array([age])
    found = two_phases(*parts, years=years, rate=np.zeros(1))
    np.testing.assert_allclose(found, saturating(*parts, years=years), atol=1e-9)
    np.testing.assert_allclose(two_phases(*parts, years=years, rate=np.array([1e-9])), found, atol=1e-4)


CURVES: dict[str, Callable[[Any], Any]] = {
    "chapman": lambda t: growth(t, 240.0, 0.03, 1.0),
    "sigmoid": lambda t: growth(t, 198.0, 0.078, 3.0),
    "power": lambda t: 0.02 * t**AGE_POWER,
}


@pytest.mark.parametrize("rate", [0.001, 0.03, 0.5])
@pytest.mark.parametrize("curve", CURVES.values(), ids=CURVES)
def test_what_is_left_of_a_curve(curve: Callable[[Any], Any], rate: float) -> None:
    found = of_curve(curve, years=np.array([0.0, 5.0, 35.0, 75.0]), rate=np.full(4, rate))
    for age, store in zip((0.0, 5.0, 35.0, 75.0), found, strict=True):
        lost = quad(lambda t, age=age: curve(t) * exp(-rate * (age - t)), 0, age, epsabs=1e-12)[0]
        assert store == pytest.approx(curve(age) - rate * lost, rel=1e-9, abs=1e-12)


def test_a_study_asks_for_it() -> None:
    interventions = b.catalogue(reversal=RATES, flux_1=(0, -1, 5, 1))
    off = b.formulation(["carbon"], interventions=interventions)
    on = b.formulation(["carbon"], interventions=interventions, carbon={"reversal": True})
    assert effect(off, "carbon")["g1", "natural_forest_restoration"] == 40 * (-30 + 2 * 5)
    debt = -1 * (1 - exp(-0.15)) / 0.005 * exp(-0.025)
    gain = 2 * (1 - exp(-0.025)) / 0.005
    assert effect(on, "carbon")["g1", "natural_forest_restoration"] == pytest.approx(40 * (debt + gain))
    # The gain of 20 years, and 15 years of loss after it.
    tilled = (1 - exp(-0.4)) / 0.02 * exp(-0.3)
    assert effect(on, "carbon")["f2", "conservation_tillage"] == pytest.approx(20 * tilled)


def regrowth(found: Formulation) -> float:
    """Carbon of natural regrowth on g1."""
    kind = found.menu.interventions.index("natural_forest_restoration")
    option = found.menu.find(np.array([3]), np.array([kind]))
    return float(found.effects["carbon"].values(found.menu)[option[0]])


@pytest.mark.parametrize("curve", ["zone", "precipitation"])
def test_growth_curves_lose_as_well(curve: str) -> None:
    interventions = b.catalogue(reversal=RATES)
    asked = {"curve": curve, "reversal": True}
    full = regrowth(b.formulation(["carbon"], interventions=interventions, carbon={"curve": curve}))
    less = regrowth(b.formulation(["carbon"], interventions=interventions, carbon=asked))
    assert exp(-0.005 * 35) * full < less < full
    still = b.catalogue(reversal=(0, 0, 0, 0))
    same = regrowth(b.formulation(["carbon"], interventions=still, carbon=asked))
    assert same == pytest.approx(full, rel=1e-12)


def test_losses_count_in_the_period_in_which_they_happen() -> None:
    found = b.formulation(
        ["carbon"],
        interventions=b.catalogue(reversal=RATES),
        carbon={"reversal": True},
        periods={"starts": [2025, 2050]},
        limits=[{"name": "each", "criterion": "carbon", "period": "each", "min": 0}],
    )
    kind = found.menu.interventions.index("conservation_tillage@2025")
    option = found.menu.find(np.array([1]), np.array([kind]))
    rows = found.program.row_matrix.toarray()[:, option[0]]
    by_2050 = (1 - exp(-0.4)) / 0.02 * exp(-0.1)
    assert rows.tolist() == pytest.approx([20 * by_2050, 20 * by_2050 * (exp(-0.2) - 1)])


def test_soils_take_up_what_is_left() -> None:
    interventions = b.catalogue(reversal=RATES, soil_share=b.SOIL_SHARES)
    found = b.formulation(["carbon"], land=b.soil_landscape(), interventions=interventions,
                          carbon={"reversal": True, "soil": {}})  # fmt: skip
    tilled = (1 - exp(-0.4)) / 0.02 * exp(-0.3)  # 12.2, of which 11 in full
    assert effect(found, "carbon")["f2", "conservation_tillage"] == pytest.approx(
        20 * (11 + 0.25 * (tilled - 11))
    )


def test_reversal_is_yes_or_no_and_not_for_a_table() -> None:
    with pytest.raises(InputError, match=r"carbon\.reversal"):
        b.formulation(["carbon"], carbon={"reversal": "yes"})
    with pytest.raises(InputError, match=r"carbon\.reversal: effects of a table"):
        b.table_formulation(carbon={"reversal": True})
