"""Labour and seedlings: days and plants by a milestone, within a period, and caps on them."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

import numpy as np
import pytest

from landfront.instances.faults import InputError
from landfront.instances.study import read_study, study_from
from landfront.models.formulate import formulate
from landfront.models.plan import Plan
from landfront.optimizer.scalarize import solve_single
from landfront.report.tables import coefficients_table
from tests.models import builders as b
from tests.models.brute import best_value
from tests.models.test_components import effect

TINY = Path(str(files("landfront.instances").joinpath("examples", "tiny")))
MIN = {"labour": {"sense": "min"}, "seedlings": {"sense": "min"}}


def test_days_and_plants_by_hand() -> None:
    found = b.formulation(MIN)
    days, plants = effect(found, "labour"), effect(found, "seedlings")
    assert days["g1", "natural_forest_restoration"] == 40 * (5 + 35 * 1)
    assert days["f1", "cropland_to_forest"] == 10 * (45 + 35 * 3)
    assert days["f2", "conservation_tillage"] == 20 * (1 - 35 * 0.5)  # saves work in the long run
    assert plants == {("f1", "cropland_to_forest"): 16500}
    assert [found.effects[name].unit for name in MIN] == ["person-day", "seedling"]


def test_labour_is_not_discounted_and_has_milestones() -> None:
    criteria = {"soon": {"effect": "labour", "sense": "min", "milestone": 2030}}
    found = b.formulation(criteria, about={"discount_rate": 0.08})
    assert effect(found, "soon")["g1", "natural_forest_restoration"] == 40 * (5 + 5)


PERIODS = {"starts": [2025, 2030, 2040]}


def test_periods_split_the_whole() -> None:
    limits = [{"name": name, "criterion": name, "period": "each", "max": 1e9} for name in MIN]
    found = b.formulation(MIN, periods=PERIODS, limits=limits)
    rows = found.program.row_matrix.toarray()
    whole = found.program.objectives.to_csr().toarray()
    np.testing.assert_allclose(rows[:3].sum(axis=0), whole[0])
    np.testing.assert_allclose(rows[3:].sum(axis=0), whole[1])
    kind = found.menu.interventions.index("cropland_to_forest@2030")
    option = found.menu.find(np.array([0]), np.array([kind]))[0]
    assert rows[:3, option].tolist() == [0, 10 * (45 + 30), 10 * 60]
    assert rows[3:, option].tolist() == [0, 16500, 0]


def test_hands_of_each_period_bind_and_the_plan_is_the_best() -> None:
    hands = {"name": "hands", "criterion": "labour", "period": "each", "max": 0.05, "unit": "10k person-day"}
    found = b.formulation(["carbon"], periods={"starts": [2025, 2040]}, limits=[hands])
    assert found.limits[0].upper == pytest.approx(500)
    point = solve_single(found.program, 0, gap=1e-9)
    plan = Plan(found, point.x)
    free = b.formulation(["carbon"], periods={"starts": [2025, 2040]})
    assert plan.values["carbon"] == pytest.approx(best_value(found.program))
    assert plan.values["carbon"] < best_value(free.program)
    assert plan.limits()["holds"].all()


def test_a_catalogue_without_days_is_refused_only_where_they_are_asked_for() -> None:
    bare = b.catalogue(labour_annual=(0, 1, np.nan, 1))
    b.formulation(["carbon"], interventions=bare)
    with pytest.raises(InputError, match="labour_annual: no coefficient for cropland_to_forest"):
        b.formulation(MIN, interventions=bare)


def test_a_unit_of_something_else_is_refused() -> None:
    limit = {"name": "hands", "criterion": "labour", "max": 5, "unit": "seedling"}
    with pytest.raises(InputError, match=r"limits\.hands\.unit"):
        b.formulation(["carbon"], limits=[limit])


def test_only_studies_that_ask_for_labour_list_its_numbers() -> None:
    tiny = read_study(TINY)
    plain = coefficients_table(formulate(tiny))
    assert not plain["parameter"].str.contains("labour|seedlings").any()
    limit = {"name": "hands", "criterion": "labour", "max": 1e9}
    data = tiny.model_dump(mode="json", exclude_defaults=True)
    asked = study_from({**data, "limits": [*data["limits"], limit]}, TINY / "study.toml")
    listed = coefficients_table(formulate(asked))
    assert set(listed["parameter"]) - set(plain["parameter"]) == {"labour_establishment", "labour_annual"}
