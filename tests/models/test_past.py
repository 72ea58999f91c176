"""What is done stays: on the menu, in shares, with periods; change against an earlier plan."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from landfront.instances.faults import InputError
from landfront.instances.landscape import Earlier, Granted, Locked, Past
from landfront.models.formulate import Formulation
from landfront.models.plan import Plan
from landfront.models.reasons import reasons_of
from landfront.optimizer.scalarize import solve_single
from tests.models import builders as b

FOREST, TILLAGE, GRAIN = "natural_forest_restoration", "conservation_tillage", "cropland_to_forest"
HISTORY = {"source": "history.csv", "year": 2028}


def past(*rows: tuple[str, str, int, float]) -> Past:
    names = tuple(dict.fromkeys(row[1] for row in rows))
    return Past(
        np.array([b.IDS.index(row[0]) for row in rows]), np.array([names.index(row[1]) for row in rows]),
        np.array([row[2] for row in rows]), np.array([row[3] for row in rows]), names, 2028,
    )  # fmt: skip


def done(*rows: tuple[str, str, int, float], **sections: Any) -> Formulation:
    land = b.landscape(past=past(*rows), **sections.pop("fields", {}))
    return b.formulation(sections.pop("criteria", ["carbon"]), land=land, history=HISTORY, **sections)


def options(found: Formulation, parcel: str) -> list[str]:
    menu = found.menu
    at = slice(*menu.starts[b.IDS.index(parcel) :][:2])
    return [menu.interventions[k] for k in menu.kind[at]]


def test_what_is_done_is_the_only_option_left() -> None:
    found = done(("f2", TILLAGE, 2026, 1.0))
    assert options(found, "f2") == [TILLAGE]
    assert options(found, "f1") == ["keep", GRAIN, TILLAGE]
    assert [(e.intervention, e.parcels) for e in found.menu.excluded if e.reason == "done"] == [("keep", 1)]


def test_starts_before_the_year_of_the_replan_are_over() -> None:
    found = done(("f2", TILLAGE, 2027, 1.0), periods={"starts": [2025, 2030]})
    assert options(found, "f2") == [f"{TILLAGE}@2025"]
    assert options(found, "f1") == ["keep", f"{GRAIN}@2030", f"{TILLAGE}@2030"]


def test_a_part_that_is_done_is_the_least_that_a_shared_parcel_has() -> None:
    found = done(
        ("f2", TILLAGE, 2026, 0.4), about={"decision": "share"}, criteria={"carbon": {"sense": "min"}}
    )
    point = solve_single(found.program, 0)
    chosen = Plan(found, point.x).to_frame().set_index(["parcel", "intervention"])["share"]
    assert chosen["f2", TILLAGE] == pytest.approx(0.4)
    assert chosen["f2", "keep"] == pytest.approx(0.6)
    # Half of the carbon is not proven away: the bound is the value.
    assert point.bound == pytest.approx(point.values[0])


def test_no_more_can_start_in_a_year_that_is_over() -> None:
    found = done(("f2", TILLAGE, 2026, 0.4), about={"decision": "share"}, periods={"starts": [2025, 2030]})
    chosen = Plan(found, solve_single(found.program, 0).x).to_frame()
    early = chosen[chosen["intervention"] == f"{TILLAGE}@2025"]
    assert early["share"].tolist() == pytest.approx([0.4])


@pytest.mark.parametrize(
    ("row", "sections", "words"),
    [
        (("f1", "pond", 2026, 1.0), {}, "'pond' is not in the catalogue"),
        (("f3", GRAIN, 2026, 1.0), {}, "rule land_cover forbids it"),
        (("f2", GRAIN, 2026, 1.0), {}, "rule slope forbids it"),
        (
            ("f2", TILLAGE, 2026, 1.0),
            {"locks": [{"name": "agreed", "from": "AGREED"}],
             "fields": {"locks": {"agreed": Locked(np.array([-1, 0, -1, -1, -1], np.int16), ("keep",))}}},
            "lock 'agreed' gives another intervention",
        ),
        (
            ("f2", TILLAGE, 2026, 1.0),
            {"periods": {"starts": [2025, 2030], "only": {TILLAGE: [2030]}}},
            "no such option in that year",
        ),
    ],
)  # fmt: skip
def test_a_history_that_the_study_contradicts_is_refused(
    row: tuple[str, str, int, float], sections: dict[str, Any], words: str
) -> None:
    with pytest.raises(InputError, match=words) as refused:
        done(row, **sections)
    assert len(refused.value.faults) == 1
    assert "history.csv" in str(refused.value)


def test_granted_requests_lock_and_rule_out() -> None:
    asked = Granted(
        np.array([0, 1, 3]), np.array([0, -1, 1]), np.array([True, False, False]), (TILLAGE, FOREST)
    )
    found = b.formulation(land=b.landscape(granted=asked), requests={"source": "requests.csv"})
    assert [options(found, name) for name in ("f1", "f2", "g1")] == [[TILLAGE], ["keep"], ["keep"]]


BOTH = f"{TILLAGE}+{GRAIN}"


def asked_of(*rows: tuple[str, str, bool], **sections: Any) -> Formulation:
    names = tuple(dict.fromkeys(row[1] for row in rows))
    asked = Granted(
        np.array([b.IDS.index(row[0]) for row in rows]), np.array([names.index(row[1]) for row in rows]),
        np.array([row[2] for row in rows]), names,
    )  # fmt: skip
    land = b.landscape(granted=asked, **sections.pop("fields", {}))
    return b.formulation(land=land, requests={"source": "requests.csv"}, **sections)


def together(**more: Any) -> dict[str, Any]:
    return {"combinations": {"most": 2, "groups": [[TILLAGE, GRAIN]], **more}}


@pytest.mark.parametrize(
    ("name", "lock", "sections", "left"),
    [
        (BOTH, False, together(), ["keep", GRAIN, TILLAGE]),
        (BOTH, True, together(), [BOTH]),
        (GRAIN, True, together(), [GRAIN, BOTH]),
        (GRAIN, False, together(), ["keep", TILLAGE]),
        (GRAIN, True, together(requires={GRAIN: [TILLAGE]}), [BOTH]),
        (f"{TILLAGE}@2030", True, {"periods": {"starts": [2025, 2030]}}, [f"{TILLAGE}@2030"]),
        (f"{BOTH}@2030", False, {"periods": {"starts": [2030]}, **together()},
         ["keep", f"{GRAIN}@2030", f"{TILLAGE}@2030"]),
        ("keep", True, together(), ["keep"]),
    ],
)  # fmt: skip
def test_granted_requests_mean_the_options_that_were_priced(
    name: str, lock: bool, sections: dict[str, Any], left: list[str]
) -> None:
    found = asked_of(("f1", name, lock), **sections)
    assert options(found, "f1") == left
    free = b.formulation(**sections)
    named = {free.menu.interventions[k] for k in free.menu.kinds.matching(name)}
    assert left == [own for own in options(free, "f1") if (own in named) == lock]
    for parcel in b.IDS[1:]:
        assert options(found, parcel) == options(free, parcel)


@pytest.mark.parametrize(
    ("rows", "sections", "words"),
    [
        ([("f1", "pond", False)], {}, "the study has no option 'pond'"),
        ([("f1", BOTH, False)], {}, "the study has no option"),
        ([("f1", f"{TILLAGE}@2031", True)], {"periods": {"starts": [2025, 2030]}}, "the study has no option"),
        ([("f2", GRAIN, True)], {}, "rule slope forbids it"),
        ([("g2", "keep", False)], {}, "leave the parcel nothing"),
        ([("f1", TILLAGE, True), ("f1", TILLAGE, False)], {}, "leave the parcel nothing"),
        ([("f1", TILLAGE, True), ("f1", GRAIN, True)], {}, "leave the parcel nothing"),
        (
            [("f1", TILLAGE, False)],
            {"fields": {"past": past(("f1", TILLAGE, 2026, 0.5))}, "about": {"decision": "share"},
             "history": HISTORY},
            "history.csv.*rule request forbids it",
        ),
    ],
)  # fmt: skip
def test_granted_requests_that_cannot_be_are_refused(
    rows: list[tuple[str, str, bool]], sections: dict[str, Any], words: str
) -> None:
    with pytest.raises(InputError, match=words) as refused:
        asked_of(*rows, **sections)
    assert len(refused.value.faults) == 1


def test_two_locks_of_a_parcel_are_kept_where_one_option_has_both() -> None:
    found = asked_of(("f1", TILLAGE, True), ("f1", GRAIN, True), **together())
    assert options(found, "f1") == [BOTH]


def test_what_requests_take_is_told_by_kind_and_by_intervention() -> None:
    found = asked_of(("f1", GRAIN, False), **together())
    told = {e.intervention: e.parcels for e in found.menu.excluded if e.reason == "request"}
    assert told == {GRAIN: 1, BOTH: 1}
    assert reasons_of(found).of(0)[GRAIN] == "request"
    assert "request" not in reasons_of(found).of(1).values()


def earlier(names: tuple[str, ...], kinds: list[int]) -> Earlier:
    return Earlier(np.arange(len(kinds)), np.array(kinds), np.ones(len(kinds)), np.array(b.AREA), names)


@settings(max_examples=25, deadline=None)
@given(kinds=st.lists(st.integers(0, 2), min_size=5, max_size=5), seed=st.integers(0, 99))
def test_change_is_the_area_that_differs(kinds: list[int], seed: int) -> None:
    names = ("keep", TILLAGE, FOREST)
    found = b.formulation(["carbon", "change"], land=b.landscape(earlier=earlier(names, kinds)))
    menu, rng = found.menu, np.random.default_rng(seed)
    option = np.array([rng.integers(a, z) for a, z in zip(menu.starts[:-1], menu.starts[1:], strict=True)])
    x = np.zeros(len(menu))
    x[option] = 1.0
    now = [menu.interventions[k] for k in menu.kind[option]]
    differs = [area for area, a, k in zip(b.AREA, now, kinds, strict=True) if a != names[k]]
    assert Plan(found, x).values["change"] == pytest.approx(sum(differs))


def test_a_start_that_has_passed_is_no_change_when_it_comes_next() -> None:
    before = earlier(("keep", f"{TILLAGE}@2025"), [1, 1, 1, 0, 0])
    found = done(
        ("f2", TILLAGE, 2026, 1.0), criteria=["carbon", "change"], periods={"starts": [2025, 2030, 2040]},
        fields={"earlier": before},
    )  # fmt: skip
    names = [found.menu.interventions[k] for k in found.menu.kind]
    values = dict(zip(zip(found.menu.parcel, names, strict=True),
                      found.effects["change"].values(found.menu), strict=True))  # fmt: skip
    assert found.effects["change"].baseline.tolist() == [10, 20, 30, 0, 0]
    assert values[0, f"{TILLAGE}@2030"] == -10
    assert values[0, f"{TILLAGE}@2040"] == 0
    assert values[1, f"{TILLAGE}@2025"] == -20


def test_change_needs_an_earlier_plan() -> None:
    with pytest.raises(InputError, match="Name the earlier plan under"):
        b.formulation(["carbon", "change"])
