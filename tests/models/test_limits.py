"""Limits: scopes, kinds of bounds, and every way in which one can be wrong."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from landfront.instances.faults import InputError
from landfront.models.formulate import Formulation, Tables
from landfront.report.search import find_plan
from tests.models import builders as b
from tests.models.brute import plans

inf = float("inf")


def limited(*limits: dict[str, Any], criteria: Any = ("carbon",), **more: Any) -> Formulation:
    return b.formulation(
        criteria, limits=[{"name": f"l{i}", **limit} for i, limit in enumerate(limits)], **more
    )


def bounds(found: Formulation) -> list[tuple[str, float, float]]:
    """Name and bounds as the user means them."""
    return [(row.name, row.lower, row.upper) for row in found.limits]


def shifted(found: Formulation) -> list[tuple[float, float]]:
    """Bounds of the program's rows."""
    return list(zip(found.program.row_lower.tolist(), found.program.row_upper.tolist(), strict=True))


def test_a_total_is_shifted_by_the_baseline_and_a_change_is_not() -> None:
    found = limited({"criterion": "food", "min": 250}, {"criterion": "food", "min": -30, "of": "change"})
    assert bounds(found) == [("l0", 250, inf), ("l1", -30, inf)]
    assert shifted(found) == [(-30, inf), (-30, inf)]
    assert [row.baseline for row in found.limits] == [280, 280]


def test_shares_of_the_baseline_by_region() -> None:
    found = limited({"criterion": "food", "min": {"share": 0.9}, "by": "county"})
    assert bounds(found) == [("l0[north]", 90, inf), ("l0[south]", 162, inf)]
    assert [(row.region, row.level, row.limit) for row in found.limits] == [
        ("north", "county", "l0"), ("south", "county", "l0"),
    ]  # fmt: skip


def test_by_with_regions_keeps_those_and_regions_alone_add_up() -> None:
    one = limited({"criterion": "area", "max": 5, "by": "county", "regions": ["south"]})
    assert [row.name for row in one.limits] == ["l0[south]"]
    both = limited({"criterion": "area", "max": 5, "regions": ["south", "north"]})
    assert [row.region for row in both.limits] == ["north + south"]
    assert both.program.row_matrix.sum() == pytest.approx(10 + 10 + 20 + 30 + 40)


def test_shares_of_land_count_the_area_of_the_scope() -> None:
    found = limited({"criterion": "area", "max": {"share": 0.5, "of": "land"}, "by": "county"})
    assert bounds(found) == [("l0[north]", -inf, 15), ("l0[south]", -inf, 60)]


def test_interventions_restrict_the_sum() -> None:
    found = limited({"criterion": "area", "max": 5, "interventions": ["conservation_tillage"]})
    assert found.program.row_matrix.sum() == 60


def test_attainable_is_the_best_that_any_plan_reaches() -> None:
    criteria = {"carbon": {"sense": "max"}, "water": {"sense": "max"}, "cost": {"sense": "min"}}
    found = limited(
        {"criterion": "carbon", "min": {"share": 1.0, "of": "attainable"}, "by": "county"},
        {"criterion": "water", "min": {"share": 1.0, "of": "attainable"}},
        {"criterion": "food", "of": "change", "min": {"share": 0.5, "of": "attainable"}},
        criteria=criteria,
    )
    x = plans(found.program)
    best = (found.program.row_matrix @ x.T).max(axis=1)
    assert found.program.row_lower.tolist() == pytest.approx([best[0], best[1], best[2], best[3] / 2])


def test_attainable_of_a_criterion_to_be_minimised_is_the_smallest() -> None:
    criteria = {"thirst": {"effect": "water", "sense": "min"}}
    found = limited({"criterion": "thirst", "max": {"share": 1.5, "of": "attainable"}}, criteria=criteria)
    smallest = 135_000 - 10_000 - 24_000
    assert bounds(found) == [("l0", -inf, 1.5 * smallest)]


def test_equal_with_tolerance_and_units() -> None:
    found = limited({"criterion": "cost", "equal": 10, "tolerance": 1, "unit": "10k CNY"})
    assert bounds(found) == [("l0", 90_000, 110_000)]
    shares = limited({"criterion": "cost", "equal": 1000}, about={"decision": "share"})
    assert bounds(shares) == [("l0", 1000, 1000)]


def test_money_of_the_catalogue_is_converted() -> None:
    about = {"currency": "USD", "exchange_rate": 0.14}
    assert bounds(limited({"criterion": "cost", "max": 100, "unit": "10k CNY"}, about=about)) == [
        ("l0", -inf, 140_000)
    ]


def test_another_milestone_is_another_effect() -> None:
    found = limited(
        {"criterion": "carbon", "milestone": 2030, "min": 1},
        {"criterion": "carbon", "milestone": 2060, "min": 1},
    )
    assert [row.effect for row in found.limits] == ["carbon@2030", "carbon"]
    assert found.program.row_matrix.max(axis=1).toarray().ravel().tolist() == [800, 5200]
    assert set(found.effects) == {"carbon", "carbon@2030"}


def test_a_limit_on_a_criterion_takes_its_milestone() -> None:
    criteria = {"soon": {"effect": "carbon", "sense": "max", "milestone": 2030}}
    found = limited({"criterion": "soon", "min": 1}, criteria=criteria)
    assert found.program.row_matrix.max() == 800


def test_features_all_or_one_whole_or_by_region() -> None:
    found = limited(
        {"criterion": "feature:*", "min": {"share": 0.5}, "by": "county", "regions": ["south"]},
        {"criterion": "feature:crane", "min": 1},
    )
    assert bounds(found) == [("l0[crane, south]", 4, inf), ("l0[orchid, south]", 5, inf), ("l1", 1, inf)]
    assert [row.criterion for row in found.limits] == ["feature:crane", "feature:orchid", "feature:crane"]
    assert found.program.row_matrix.toarray()[:, 8].tolist() == [4, -2, 4]


def test_features_that_are_attainable() -> None:
    found = limited({"criterion": "feature:*", "min": {"share": 1.0, "of": "attainable"}})
    assert bounds(found) == [("l0[crane]", 14, inf), ("l0[orchid]", 10, inf)]


def test_limits_on_effects_of_a_table() -> None:
    found = b.table_formulation(
        limits=[
            {"name": "low", "criterion": "carbon", "max": 450, "by": "county"},
            {"name": "wide", "criterion": "area", "max": 70},
        ]
    )
    assert found.program.row_matrix.toarray().tolist() == [
        [0, 90, 10, 0, 0, 0, 0, 0, 0], [0, 0, 0, 0, 0, 0, 400, 0, 20], [0, 10, 10, 0, 0, 0, 40, 0, 50],
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("limit", "where", "match"),
    [
        ({"criterion": "joy", "min": 1}, "criterion", "unknown criterion or effect 'joy'"),
        ({"criterion": "feature:dodo", "min": 1}, "criterion", "unknown criterion"),
        ({"criterion": "food", "min": 1, "by": "planet"}, "by", "unknown region level 'planet'"),
        (
            {"criterion": "food", "min": 1, "by": "county", "regions": ["east"]},
            "regions",
            "unknown region east",
        ),
        ({"criterion": "food", "min": 1, "regions": ["nowhere"]}, "regions", "unknown region nowhere"),
        ({"criterion": "carbon", "min": {"share": 0.5}}, "min", "a share of a baseline of zero"),
        ({"criterion": "cost", "max": {"share": 0.5, "of": "land"}}, "max", "is not an area"),
        ({"criterion": "food", "equal": 100}, "tolerance", "equal on whole parcels needs it"),
        ({"criterion": "food", "min": 9, "max": 8}, "min", "above max"),
        ({"criterion": "food", "min": 9, "unit": "ha"}, "unit", "does not measure the same"),
        ({"criterion": "food", "min": 9, "unit": "bushel"}, "unit", "unknown unit"),
        (
            {"criterion": "area", "max": 9, "interventions": ["magic"]},
            "interventions",
            "unknown intervention magic",
        ),
        (
            {"criterion": "food", "max": 9, "interventions": ["conservation_tillage"]},
            "of",
            "some interventions only",
        ),
        ({"criterion": "food", "min": 9, "milestone": 2030}, "milestone", "has no milestones"),
        ({"criterion": "food", "bounds": "b.csv"}, "by", "bounds needs it"),
    ],
)
def test_faults(limit: dict[str, Any], where: str, match: str) -> None:
    with pytest.raises(InputError, match=match) as caught:
        limited(limit)
    assert [fault.column for fault in caught.value.faults] == [f"limits.l0.{where}"]


def test_faults_of_all_limits_are_collected() -> None:
    with pytest.raises(InputError) as caught:
        limited(
            {"criterion": "food", "equal": 100},
            {"criterion": "food", "min": 9, "max": 8},
            {"criterion": "area", "max": 1, "by": "planet", "interventions": ["magic"]},
        )
    assert len(caught.value.faults) == 4


def test_two_limits_of_one_name_are_refused() -> None:
    limit = {"name": "same", "criterion": "food", "min": 1}
    with pytest.raises(InputError, match="two limits have this name"):
        b.formulation(limits=[limit, limit])


def test_feature_limits_need_features() -> None:
    with pytest.raises(InputError, match="features: missing"):
        b.formulation(tables=Tables(baselines={}), limits=[{"name": "f", "criterion": "feature:*", "min": 1}])


def test_a_region_name_of_two_levels_needs_by() -> None:
    land = b.landscape(
        levels=("province", "county"),
        regions=np.array([[0, 0], [0, 0], [1, 1], [1, 1], [1, 1]], dtype=np.int32),
        region_names=(("north", "south"), ("north", "south")),
    )
    with pytest.raises(InputError, match="several levels"):
        limited({"criterion": "food", "min": 1, "regions": ["north"]}, land=land)


def best_choice(*limits: dict[str, Any], **changed: list[float]) -> dict[str, str]:
    """What the plan with most carbon does on each parcel; `changed` are covariates."""
    covariates = {**b.landscape().covariates, **{name: np.array(values) for name, values in changed.items()}}
    found = limited(*limits, land=b.landscape(covariates=covariates))
    frame = find_plan(found, "carbon").plan.to_frame()
    return dict(zip(frame["parcel"], frame["intervention"], strict=True))


def forests(choice: dict[str, str]) -> set[str]:
    return {parcel for parcel, intervention in choice.items() if intervention == "cropland_to_forest"}


def test_area_and_quality_of_cropland_are_kept_side_by_side() -> None:
    # f1 has 10 ha of poor land, f2 20 ha of good land, both steep; of 60 ha in all, 65 when weighted.
    land: dict[str, list[float]] = {"slope": [30, 30, 1, 10, 50], "quality": [0.5, 1.5, 1.0, np.nan, np.nan]}
    area = {"criterion": "cropland", "min": 40}
    quality = {"criterion": "cropland_quality", "min": {"share": 0.9}}
    assert forests(best_choice(**land)) == {"f1", "f2"}
    assert forests(best_choice(area, **land)) == {"f2"}
    assert forests(best_choice(area, quality, **land)) == {"f1"}


def test_cropland_keeps_its_share_in_each_region() -> None:
    land = {"slope": [30.0, 30, 1, 10, 50]}
    nation = {"criterion": "cropland", "min": {"share": 0.6}}
    assert forests(best_choice(nation, **land)) == {"f2"}
    assert forests(best_choice({**nation, "by": "county"}, **land)) == {"f1"}


def test_a_floor_of_no_loss_changes_the_best_plan() -> None:
    # Trees on the intact meadow g1 lose 12 MSA-ha; all else together gains 8.
    land = {"intactness": [0.1, 0.1, 0.1, 0.9, 0.5]}
    floor = {"criterion": "biodiversity", "min": {"share": 1.0}}
    assert best_choice(**land)["g1"] == "natural_forest_restoration"
    assert best_choice(floor, **land)["g1"] == "keep"


class TestBoundsTable:
    """Bounds per region from a CSV."""

    def rows(self, folder: Path, text: str, **limit: Any) -> list[tuple[str, float, float]]:
        (folder / "b.csv").write_text(text, encoding="utf-8")
        return bounds(
            limited({"criterion": "food", "by": "county", "bounds": "b.csv", **limit}, folder=folder)
        )

    def test_only_the_regions_of_the_table_are_bounded(self, tmp_path: Path) -> None:
        assert self.rows(tmp_path, "region,min,max\nsouth,100,\n") == [("l0[south]", 100, inf)]

    def test_the_table_wins_over_the_general_bound(self, tmp_path: Path) -> None:
        found = self.rows(tmp_path, "region,min\nsouth,100\n", min={"share": 0.5})
        assert found == [("l0[north]", 50, inf), ("l0[south]", 100, inf)]

    def test_units_hold_for_the_table(self, tmp_path: Path) -> None:
        assert self.rows(tmp_path, "region,max\nnorth,2\n", unit="kt") == [("l0[north]", -inf, 2000)]

    @pytest.mark.parametrize(
        ("text", "match"),
        [
            ("region,min\nmoon,1\n", "unknown region moon"),
            ("region,min\nnorth,1\nnorth,2\n", "same region twice"),
            ("region,min\nnorth,lots\n", "number is needed"),
            ("place,min\nnorth,1\n", "no such column"),
            ("region,least\nnorth,1\n", "no such column"),
        ],
    )
    def test_faults(self, tmp_path: Path, text: str, match: str) -> None:
        with pytest.raises(InputError, match=match):
            self.rows(tmp_path, text)

    def test_the_table_stays_inside_the_study(self, tmp_path: Path) -> None:
        with pytest.raises(InputError, match="outside the study folder"):
            limited({"criterion": "food", "by": "county", "bounds": "../b.csv"}, folder=tmp_path)


def test_targets_by_range_size_fall_with_its_logarithm() -> None:
    rule = {"log_linear": [[1, 1.0], [100, 0.5]]}
    found = b.formulation(["carbon"], limits=[{"name": "homes", "criterion": "feature:*", "min": rule}])
    # Both features have 10 ha today: half way between 1 and 100 on the scale of logarithms.
    assert [row.lower for row in found.limits] == pytest.approx([7.5, 7.5])


@pytest.mark.parametrize(
    "rule",
    [
        {"log_linear": [[100, 1.0], [1, 0.5]]},
        {"log_linear": [[0, 1.0], [1, 0.5]]},
        {"log_linear": [[1, 1.0], [9, -0.5]]},
        {"log_linear": [[1, 1.0], [9, 0.5]], "of": "land"},
        {"log_linear": [[1, 1.0], [9, 0.5]], "share": 0.5},
        {"of": "baseline"},
    ],
)
def test_rules_by_range_size_that_make_no_sense(rule: dict[str, Any]) -> None:
    with pytest.raises(InputError, match="log_linear"):
        b.formulation(["carbon"], limits=[{"name": "homes", "criterion": "feature:*", "min": rule}])
