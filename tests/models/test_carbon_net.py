"""Carbon that can be claimed: baseline, leakage and buffer by hand, and what makes no sense."""

from __future__ import annotations

from math import exp
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from landfront.instances.faults import InputError
from landfront.instances.landscape import Landscape
from landfront.instances.study import study_from
from landfront.models.formulate import Formulation, Tables, formulate_from
from landfront.models.plan import Plan
from landfront.optimizer.scalarize import solve_single
from tests.models import builders as b
from tests.models.test_components import effect

REGROWTH, FOREST, TILLAGE = b.INTERVENTIONS[1:]
CLASSES = {"cropland": -0.5, "grassland": 1.0}
# Until 2060 a hectare stores 4 * 30 + 2 * 5 under regrowth, 5 * 20 + 2 * 15 under trees, 1 * 20 tilled less.


def net(criteria: Any = ("carbon_net",), *, more: Any = None, **said: Any) -> Formulation:
    return b.formulation(criteria, carbon={**(more or {}), "net": {"buffer": False, **said}})


def with_flux(*values: float) -> Landscape:
    flux = {"baseline_flux": np.array(values, dtype=np.float32)}
    return b.landscape(covariates={**b.landscape().covariates, **flux})


def test_with_nothing_taken_off_it_is_the_carbon() -> None:
    carbon = effect(b.formulation(["carbon"]), "carbon")
    assert effect(net(), "carbon_net") == carbon
    assert any("no baseline given" in note for note in net().notes)


def test_what_land_would_do_anyway_is_taken_off_with_its_sign() -> None:
    found = effect(net(baseline=CLASSES), "carbon_net")
    assert found["g1", REGROWTH] == 40 * (130 - 35)
    assert found["f1", FOREST] == 10 * (130 + 0.5 * 35)  # the loss of the field is avoided
    assert found["f2", TILLAGE] == 20 * (20 + 0.5 * 35)
    assert not any(option == "keep" for _, option in found)


def test_others_stand_for_all_classes_without_a_number_and_a_baseline_may_end() -> None:
    found = effect(net(baseline={"*": 1.0, "cropland": 0.0}, baseline_years=12), "carbon_net")
    assert found["g1", REGROWTH] == 40 * (130 - 12)
    assert found["f1", FOREST] == 10 * 130


def test_a_column_gives_it_by_parcel() -> None:
    land = with_flux(-1.0, 0.0, 0.25, 5.0, 0.0)
    found = effect(b.formulation(["carbon_net"], land=land, carbon={"net": {"buffer": False}}), "carbon_net")
    assert found["f1", FOREST] == 10 * (130 + 35)
    assert found["f2", TILLAGE] == 20 * 20
    assert found["f3", TILLAGE] == 30 * (20 - 0.25 * 35)
    assert found["g1", REGROWTH] == 40 * (130 - 5 * 35)  # grass that stores more than the trees would


def test_an_option_is_judged_against_the_baseline_from_its_start_on() -> None:
    each = {"name": "each", "criterion": "carbon_net", "period": "each", "min": 0}
    found = b.formulation(
        ["carbon_net"],
        carbon={"net": {"baseline": CLASSES, "baseline_years": 20, "buffer": False}},
        periods={"starts": [2025, 2040]},
        limits=[each],
    )
    by_2060 = effect(found, "carbon_net")
    assert by_2060["g1", f"{REGROWTH}@2025"] == 40 * (130 - 20)
    assert by_2060["g1", f"{REGROWTH}@2040"] == 40 * (4 * 20 - 5)  # the baseline ends in 2045
    rows = found.program.row_matrix.toarray()
    option = found.menu.find(np.array([3]), np.array([found.menu.interventions.index(f"{REGROWTH}@2040")]))
    assert rows[:, option[0]].tolist() == [0, 40 * (4 * 20 - 5)]
    np.testing.assert_allclose(rows.sum(axis=0), found.program.objectives.to_csr().toarray()[0])


def test_leakage_takes_a_share_of_gains_by_intervention() -> None:
    found = effect(net(baseline=CLASSES, leakage={FOREST: 0.25, "*": 0.1}), "carbon_net")
    assert found["f1", FOREST] == 0.75 * 10 * (130 + 17.5)
    assert found["g1", REGROWTH] == 0.9 * 40 * (130 - 35)
    assert found["f1", TILLAGE] == 0.9 * 10 * (20 + 17.5)


def test_the_catalogue_may_say_the_leakage_and_the_study_wins() -> None:
    interventions = b.catalogue(leakage=(0, 50, 20, 0))
    carbon = {"net": {"buffer": False, "leakage": {FOREST: 0.1}}}
    found = effect(b.formulation(["carbon_net"], interventions=interventions, carbon=carbon), "carbon_net")
    assert found["g1", REGROWTH] == 0.5 * 40 * 130
    assert found["f1", FOREST] == 0.9 * 10 * 130


def test_harvests_that_are_lost_are_made_elsewhere() -> None:
    found = effect(net(harvest_leakage=0.6), "carbon_net")
    assert found["f1", FOREST] == 10 * (130 - 0.6 * 2.0 * 35)
    assert found["f1", TILLAGE] == 10 * 20  # a better harvest is no gain
    assert found["g1", REGROWTH] == 40 * 130


def test_losses_are_claimed_in_full() -> None:
    said = {"baseline": {"*": 200.0}, "leakage": {"*": 0.5}, "buffer": True}
    found = effect(net(**said), "carbon_net")
    assert found["f1", FOREST] == 10 * (130 - 200 * 35)


def test_the_buffer_is_the_catalogues_or_that_of_the_scheme_that_credits() -> None:
    plain = effect(net(buffer=True), "carbon_net")
    assert plain == {
        (parcel, name): (1 - {REGROWTH: 0.1, FOREST: 0.2, TILLAGE: 0.0}[name]) * value.expected
        for (parcel, name), value in effect(net(), "carbon_net").items()
    }
    credit = {"scheme": "s", "price": 1.0, "interventions": [FOREST], "period": 5, "buffer": 0.5}
    sold = effect(b.formulation(["carbon_net"], carbon={"net": {}}, credits=[credit]), "carbon_net")
    assert sold["f1", FOREST] == 0.5 * 10 * 130
    assert sold["g1", REGROWTH] == 0.9 * 40 * 130  # no scheme credits it


def test_a_combination_has_the_greatest_of_its_shares_and_one_baseline() -> None:
    joint = [{"interventions": [FOREST, TILLAGE], "factors": {"carbon": 0.5}}]
    together = {"groups": [(FOREST, TILLAGE)], "joint": joint}
    carbon = {"net": {"baseline": CLASSES, "leakage": {FOREST: 0.1, TILLAGE: 0.3}}}
    found = effect(b.formulation(["carbon_net"], carbon=carbon, combinations=together), "carbon_net")
    assert found["f1", f"{FOREST}+{TILLAGE}"] == 0.8 * 0.7 * 10 * (0.5 * (130 + 20) + 17.5)


def test_reversal_and_soil_caps_are_counted() -> None:
    interventions = b.catalogue(reversal=(0, 0, 0, 2.0), soil_share=b.SOIL_SHARES)
    carbon = {"reversal": True, "soil": {}, "net": {"buffer": False, "leakage": {"*": 0.5}}}
    found = b.formulation(["carbon_net"], land=b.soil_landscape(), interventions=interventions, carbon=carbon)
    tilled = (1 - exp(-0.4)) / 0.02 * exp(-0.3)  # 12.2, of which 11 in full
    assert effect(found, "carbon_net")["f2", TILLAGE] == 0.5 * 20 * (11 + 0.25 * (tilled - 11))


def test_beside_low_removals_stands_the_high_end_of_the_baseline() -> None:
    levels = {"grassland": {"low": -1, "mean": 0.5, "high": 2}, "*": 0}
    for level, flux in {"low": 2, "mean": 0.5, "high": -1}.items():
        study = b.study(
            ["carbon_net"],
            carbon={"net": {"baseline": levels, "buffer": False}},
            interventions={"level": level},
        )
        assert study_from(study.model_dump(mode="json", by_alias=True), Path("study.toml")) == study
        tables = Tables(feature_change=b.FEATURE_CHANGE, baselines={})
        found = formulate_from(study, b.landscape(), b.catalogue(), tables=tables)
        assert effect(found, "carbon_net")["g1", REGROWTH] == 40 * (130 - flux * 35)


@settings(max_examples=20, deadline=None)
@given(flux=st.floats(-20, 20), leakage=st.floats(0, 1), harvest=st.floats(0, 5))
def test_leakage_and_buffer_never_add(flux: float, leakage: float, harvest: float) -> None:
    def values(**said: Any) -> Any:
        found = net(baseline={"*": flux}, **said)
        return found.effects["carbon_net"].values(found.menu)

    plain = values()
    less = values(leakage={"*": leakage}, harvest_leakage=harvest, buffer=True)
    assert (less <= plain + 1e-9).all()
    np.testing.assert_allclose(values(leakage={"*": 1.0}), np.minimum(plain, 0.0), atol=1e-9)


def test_the_best_plan_by_claimed_carbon_leaves_land_that_does_it_anyway() -> None:
    land = with_flux(0, 0, 0, 5.0, 5.0)
    criteria = {"carbon": {"sense": "max"}, "carbon_net": {"sense": "max"}}
    found = b.formulation(criteria, land=land, carbon={"net": {}})
    by_carbon, by_net = (Plan(found, solve_single(found.program, place).x) for place in (0, 1))
    assert by_carbon.to_frame()["intervention"].iloc[3] == REGROWTH
    assert by_net.to_frame()["intervention"].iloc[3] == "keep"
    assert by_carbon.values["carbon_net"] < by_net.values["carbon_net"]


@pytest.mark.parametrize(
    ("said", "match"),
    [
        ({"leakage": {"trees": 0.1}}, r"carbon\.net\.leakage\.trees: unknown intervention 'trees'"),
        ({"leakage": {"keep": 0.1}}, r"carbon\.net\.leakage\.keep: unknown intervention"),
        ({"leakage": {FOREST: 1.5}}, r"carbon\.net\.leakage\.cropland_to_forest"),
        ({"leakage": {FOREST: -0.1}}, r"carbon\.net\.leakage\.cropland_to_forest"),
        ({"harvest_leakage": -1.0}, r"carbon\.net\.harvest_leakage"),
        ({"baseline_years": 0}, r"carbon\.net\.baseline_years"),
        ({"buffer": "yes"}, r"carbon\.net\.buffer"),
        ({"baseline": {"cropland": "low"}}, r"carbon\.net\.baseline\.cropland"),
        ({"baseline": {"cropland": {"low": 1, "mean": 0, "high": 2}}}, "must rise"),
        (
            {"baseline": {**CLASSES, "forest": 1.0}},
            r"carbon\.net\.baseline\.forest: no parcel is of the land class",
        ),
        ({"baseline": {**CLASSES, "moon": 1.0}}, r"carbon\.net\.baseline\.moon: no parcel"),
        ({"baseline": {"cropland": 1.0}}, r"carbon\.net\.baseline: no number for grassland"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_what_makes_no_sense_is_refused(said: dict[str, Any], match: str) -> None:
    with pytest.raises(InputError, match=match):
        net(**said)


def test_what_it_needs_is_asked_for() -> None:
    with pytest.raises(InputError, match=r"carbon\.net: missing, but carbon_net needs it"):
        b.formulation(["carbon_net"])
    with pytest.raises(InputError, match="as a column of the table"):
        b.table_formulation(["carbon_net"])
    with pytest.raises(InputError, match=r"carbon\.net: effects of a table"):
        b.table_formulation(carbon={"net": {}})
    bare = b.landscape(cover_codes=(), cover=np.full(5, -1, dtype=np.int16))
    with pytest.raises(InputError, match=r"parcels\.cover: missing, but carbon\.net\.baseline"):
        b.formulation(["carbon_net"], land=bare, carbon={"net": {"baseline": CLASSES}})
    with pytest.raises(InputError, match=r"one by parcel \(parcels\.baseline_flux\)"):
        b.formulation(["carbon_net"], land=with_flux(0, 0, 0, 0, 0), carbon={"net": {"baseline": CLASSES}})
