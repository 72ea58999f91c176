"""Soil carbon: the gain that a deficit caps, shared by what is done together; by milestone and period."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from landfront.instances.faults import InputError
from landfront.models.formulate import Formulation
from landfront.models.plan import Plan, plan_from_frame
from landfront.models.soil import gain
from landfront.optimizer.scalarize import solve_single
from tests.models import builders as b
from tests.models.brute import best_value
from tests.models.test_components import effect

PAIR = ("cropland_to_forest", "conservation_tillage")
BOTH = "+".join(PAIR)
C = 44 / 12


def formulation(
    criteria: Any = ("carbon",), *, soil: Any = None, land: Any = None, **more: Any
) -> Formulation:
    return b.formulation(
        criteria,
        land=land or b.soil_landscape(),
        interventions=b.catalogue(soil_share=b.SOIL_SHARES),
        carbon={"soil": soil or {}},
        **more,
    )


def test_each_soil_takes_up_what_it_lacks() -> None:
    found = effect(formulation(), "carbon")
    # 1 t CO2e a year for 20 years per ha. f1 lacks 3 t C: half of 11 in full, a quarter of the rest.
    assert found["f1", "conservation_tillage"] == pytest.approx(10 * (5.5 + 0.25 * (20 - 5.5)))
    # f2 lacks 6 t C = 22 t CO2: 11 in full and a quarter of 9.
    assert found["f2", "conservation_tillage"] == pytest.approx(20 * (11 + 0.25 * 9))
    assert ("f3", "conservation_tillage") not in found  # its soil is full
    # Half of 5 * 20 + 2 * 15 is in the soil, which takes up no more than its 11; 5.5 + 0.25 * 59.5 is more.
    assert found["f1", "cropland_to_forest"] == pytest.approx(10 * (65 + 11))
    # What is not soil carbon is not capped.
    assert found["g1", "natural_forest_restoration"] == 40 * (4 * 30 + 2 * 5)


def test_without_the_section_nothing_is_capped() -> None:
    plain = b.formulation(["carbon"])
    assert effect(plain, "carbon")["f1", "conservation_tillage"] == 10 * 20
    assert plain.effects["carbon"].column is None


def test_a_soil_above_its_potential_has_no_deficit_but_may_lose() -> None:
    interventions = b.catalogue(soil_share=(0, 1, 0, 0), flux_1=(0, -1, 5, 1), flux_2=(0, 0, 2, 0))
    found = b.formulation(["carbon"], land=b.soil_landscape(), interventions=interventions,
                          carbon={"soil": {}})  # fmt: skip
    assert effect(found, "carbon")["g1", "natural_forest_restoration"] == 40 * -30


def test_a_column_gives_the_technical_cap() -> None:
    land = b.soil_landscape(soil_carbon_technical=[1.0, 100.0, 1.0, 1.0, 1.0])
    found = effect(formulation(land=land, soil={"beyond": 0.0}), "carbon")
    assert found["f1", "conservation_tillage"] == pytest.approx(10 * 1 * C)
    # A technical cap above the deficit leaves the deficit as the cap; 20 fits into 22.
    assert found["f2", "conservation_tillage"] == pytest.approx(20 * 20)


def test_interventions_on_one_parcel_share_its_deficit() -> None:
    found = effect(formulation(combinations={"groups": [PAIR]}), "carbon")
    assert found["f1", BOTH] == pytest.approx(10 * (65 + 11))  # as much soil as one alone could fill


def test_a_joint_factor_scales_the_potential() -> None:
    joint = [{"interventions": PAIR, "factors": {"carbon": 0.1}}]
    found = effect(formulation(combinations={"groups": [PAIR], "joint": joint}), "carbon")
    potential = 0.1 * (65 + 20)
    assert found["f1", BOTH] == pytest.approx(10 * (0.1 * 65 + 5.5 + 0.25 * (potential - 5.5)))


def test_milestones_and_periods_fill_the_same_deficit() -> None:
    criteria = {"soon": {"effect": "carbon", "sense": "max", "milestone": 2030}, "carbon": {"sense": "max"}}
    limits = [{"name": "each", "criterion": "carbon", "period": "each", "min": 0}]
    found = formulation(criteria, periods={"starts": [2025, 2030]}, limits=limits,
                        about={"milestones": [2030, 2060]})  # fmt: skip
    now, later = "conservation_tillage@2025", "conservation_tillage@2030"
    soon, late = effect(found, "soon"), effect(found, "carbon")
    assert soon["f1", now] == pytest.approx(10 * 5)  # below the technical cap
    assert ("f1", later) not in soon
    assert late["f1", now] == late["f1", later] == pytest.approx(10 * 9.125)
    rows = found.program.row_matrix.toarray()
    option = found.menu.find(
        np.array([0, 0]), np.array([found.menu.interventions.index(n) for n in (now, later)])
    )
    assert rows[:, option[0]].tolist() == pytest.approx([50, 41.25])
    assert rows[:, option[1]].tolist() == pytest.approx([0, 91.25])
    np.testing.assert_allclose(rows.sum(axis=0), found.effects["carbon"].values(found.menu), atol=1e-9)


def test_the_best_plan_is_that_of_brute_force() -> None:
    limits = [{"name": "budget", "criterion": "cost", "max": 400_000}]
    found = formulation(["carbon", "cost"], combinations={"groups": [PAIR]}, limits=limits)
    point = solve_single(found.program, 0, gap=1e-9)
    assert Plan(found, point.x).values["carbon"] == pytest.approx(best_value(found.program))


@given(
    u=st.lists(st.floats(-1e6, 1e6), min_size=3, max_size=3),
    technical=st.floats(0, 1e5),
    deficit=st.floats(0, 1e5),
    beyond=st.floats(0, 1),
)
def test_the_gain_is_concave_never_more_than_asked_or_lacking(
    u: list[float], technical: float, deficit: float, beyond: float
) -> None:
    ends = np.array(sorted(u))
    found = gain(ends, np.full(3, technical), np.full(3, deficit), beyond=beyond)
    assert (found <= np.minimum(ends, deficit)).all()
    assert (np.diff(found) >= 0).all()
    middle = gain(
        np.array([(ends[0] + ends[2]) / 2]), np.array([technical]), np.array([deficit]), beyond=beyond
    )
    assert middle[0] >= (found[0] + found[2]) / 2 - 1e-6


def test_what_the_soils_need_is_named_at_once() -> None:
    with pytest.raises(InputError) as caught:
        b.formulation(["carbon"], carbon={"soil": {}})
    assert [fault.column for fault in caught.value.faults] == [
        "parcels.soil_carbon", "parcels.soil_carbon_potential",
    ]  # fmt: skip
    assert "leave out carbon.soil" in str(caught.value)


@pytest.mark.parametrize(
    ("soil", "match"),
    [
        ({"technical": 1.5}, "carbon.soil.technical: .*less than or equal to 1"),
        ({"beyond": -0.1}, "carbon.soil.beyond"),
        ({"beyond": "some"}, "must be a number"),
        ({"cap": 1}, "carbon.soil.cap: unknown key"),
    ],
)
def test_soils_that_make_no_sense(soil: dict[str, Any], match: str) -> None:
    with pytest.raises(InputError, match=match):
        formulation(soil=soil)


def test_a_table_of_effects_has_no_soil() -> None:
    with pytest.raises(InputError, match="effects of a table stand as they are"):
        b.table_formulation(carbon={"soil": {}})


def test_assumed_defaults_are_told() -> None:
    assert "carbon.soil: technical 0.5 and beyond 0.25 not given, so assumed" in formulation().notes
    assert "carbon.soil: beyond 0.25 not given, so assumed" in formulation(soil={"technical": 0.4}).notes
    assert not any("carbon.soil" in n for n in formulation(soil={"technical": 0.4, "beyond": 0.0}).notes)


def test_a_plan_with_options_off_the_menu_is_refused_in_the_right_words() -> None:
    frame = pd.DataFrame({"parcel": b.IDS, "intervention": ["keep"] * 4 + ["natural_forest_restoration"]})
    with pytest.raises(
        InputError, match=r"not on the menu, where carbon\.soil caps .* carbon cannot"
    ) as caught:
        plan_from_frame(formulation(["carbon", "cost"]), frame)
    assert "effect table" not in str(caught.value)
