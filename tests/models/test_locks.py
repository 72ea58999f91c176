"""Locks: settled parcels have one option, optima follow, and what cannot be given is told with its rule."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from landfront.instances.faults import InputError
from landfront.instances.landscape import Landscape, Locked
from landfront.models.formulate import Formulation
from landfront.models.menu import Menu, build_menu, menu_from_table
from landfront.models.plan import Plan, plan_from_frame
from landfront.report.reach import reach
from tests.models import builders as b
from tests.models.brute import best_value, plans

LOCK = {"name": "agreed", "from": "AGREED"}
FOREST, TREES, TILLAGE = "cropland_to_forest", "natural_forest_restoration", "conservation_tillage"


def land(given: Mapping[str, str], **changes: Any) -> Landscape:
    """The five parcels with what the lock "agreed" gives to some of them."""
    names = tuple(dict.fromkeys(given.values()))
    kind = [names.index(given[parcel]) if parcel in given else -1 for parcel in b.IDS]
    return b.landscape(locks={"agreed": Locked(np.array(kind, dtype=np.int16), names)}, **changes)


def options(menu: Menu, parcel: str) -> list[str]:
    p = b.IDS.index(parcel)
    return [menu.interventions[k] for k in menu.kind[menu.starts[p] : menu.starts[p + 1]]]


def test_a_settled_parcel_has_one_option_and_not_even_keep() -> None:
    menu = build_menu(land({"f1": FOREST, "f2": "keep"}), b.catalogue(), b.study(locks=[LOCK]))
    assert [options(menu, parcel) for parcel in b.IDS] == [
        [FOREST], ["keep"], ["keep", TILLAGE], ["keep", TREES], ["keep"],
    ]  # fmt: skip
    dropped = {(e.intervention, e.parcels, e.area) for e in menu.excluded if e.reason == "lock:agreed"}
    assert dropped == {("keep", 1, 10.0), (TILLAGE, 2, 30.0)}
    assert menu.find(np.array([0, 0, 1]), np.array([0, 2, 0])).tolist() == [-1, 0, 1]


@pytest.mark.parametrize(
    ("given", "sections", "message"),
    [
        ({"f2": FOREST}, {}, "rule slope forbids it (1 row: row f2: 'cropland_to_forest')"),
        (
            {"g1": TILLAGE, "g2": TILLAGE},
            {},
            "locks.0: lock 'agreed' gives parcels what they cannot get: rule land_cover forbids it "
            "(2 rows: row g1: 'conservation_tillage', row g2: 'conservation_tillage'). "
            "Free these parcels in column AGREED, or mend the rule or the table.",
        ),
        (
            {"f1": FOREST},
            {"masks": [{"name": "core", "column": "core", "forbid": ["conversions"]}]},
            "rule mask:core forbids it (1 row: row f1",
        ),
        ({"f1": FOREST}, {"consent": {"column": "consent"}}, "rule consent forbids it (1 row: row f1"),
        ({"f1": "bamboo"}, {}, "the study does not use it (1 row: row f1: 'bamboo')"),
    ],
)
def test_what_cannot_be_given_is_told_with_the_rule(
    given: dict[str, str], sections: dict[str, Any], message: str
) -> None:
    flags = np.array([parcel == "f1" for parcel in b.IDS])
    place = land(given, masks={"core": flags, "no_consent": flags})
    with pytest.raises(InputError) as error:
        build_menu(place, b.catalogue(), b.study(locks=[LOCK], **sections))
    assert message in str(error.value)
    assert len(error.value.faults) == 1


def test_a_lock_on_keep_needs_no_consent() -> None:
    flags = np.array([parcel == "f1" for parcel in b.IDS])
    place = land({"f1": "keep"}, masks={"no_consent": flags})
    menu = build_menu(place, b.catalogue(), b.study(locks=[LOCK], consent={"column": "consent"}))
    assert options(menu, "f1") == ["keep"]


def test_two_locks_are_told_apart() -> None:
    kinds = [np.array(kind, dtype=np.int16) for kind in ([0, -1, -1, -1, -1], [-1, -1, 0, -1, -1])]
    locks = {"one": Locked(kinds[0], (FOREST,)), "two": Locked(kinds[1], (FOREST,))}
    said = [{"name": name, "column": "FLAG", "intervention": FOREST} for name in ("one", "two")]
    with pytest.raises(InputError, match=r"locks.1: lock 'two'.*land_cover.*row f3.*column FLAG") as error:
        build_menu(b.landscape(locks=locks), b.catalogue(), b.study(locks=said))
    assert len(error.value.faults) == 1


def test_everything_kept_leaves_nothing_to_plan() -> None:
    with pytest.raises(InputError, match=r"no intervention is admissible.*lock:agreed 5"):
        build_menu(land(dict.fromkeys(b.IDS, "keep")), b.catalogue(), b.study(locks=[LOCK]))


def table_menu(given: Mapping[str, str]) -> tuple[Menu, dict[str, Any]]:
    return menu_from_table(b.effect_table(), land(given), b.catalogue(), b.study(locks=[LOCK]))


def test_an_effect_table_obeys_locks() -> None:
    menu, columns = table_menu({"f1": "pond", "g2": "keep"})
    assert [options(menu, parcel) for parcel in b.IDS] == [
        ["pond"],
        ["keep"],
        ["keep"],
        ["keep", TREES],
        ["keep"],
    ]
    assert columns["carbon"].tolist() == [10, 0, 0, 0, 400, 0]


def test_an_option_that_the_table_lacks_cannot_be_given() -> None:
    with pytest.raises(InputError, match=r"the effect table has no such option \(1 row: row f2: 'pond'\)"):
        table_menu({"f2": "pond"})


def formulated(given: Mapping[str, str], **sections: Any) -> Formulation:
    return b.formulation(["carbon", "cost", "food"], land=land(given), locks=[LOCK], **sections)


admissible = st.fixed_dictionaries(
    {},
    optional={
        "f1": st.sampled_from(["keep", FOREST, TILLAGE]),
        "f2": st.sampled_from(["keep", TILLAGE]),
        "f3": st.sampled_from(["keep", TILLAGE]),
        "g1": st.sampled_from(["keep", TREES]),
        "g2": st.just("keep"),
    },
)


@settings(max_examples=60, deadline=None)
@given(given=admissible, carbon=st.booleans())
def test_a_lock_is_what_fixing_the_choice_would_be(given: dict[str, str], carbon: bool) -> None:
    """Optimum, baselines and the reach of a limit are those of the free program with the choices fixed."""
    if len(given) == len(b.IDS) and set(given.values()) == {"keep"}:
        return
    limits = [{"name": "grain", "criterion": "food", "min": {"share": 0.5}, "by": "county"}]
    free = b.formulation(["carbon", "cost", "food"], limits=limits)
    settled = formulated(given, limits=limits)
    x = plans(free.program)
    menu = free.menu
    for parcel, name in given.items():
        x = x[
            x[:, menu.find(np.array([b.IDS.index(parcel)]), np.array([b.INTERVENTIONS.index(name)]))[0]] == 1
        ]
    activity = (free.program.row_matrix @ x.T).T
    feasible = (
        (activity >= free.program.row_lower - 1e-9) & (activity <= free.program.row_upper + 1e-9)
    ).all(1)
    objective = 0 if carbon else 1
    values = (free.program.objectives.to_csr() @ x.T)[objective][feasible]
    assert best_value(settled.program, objective) == pytest.approx(
        float(values.max() if carbon else values.min()) + free.program.offsets[objective]
    )
    np.testing.assert_allclose(settled.program.offsets, free.program.offsets)
    for row in range(len(settled.limits)):
        assert reach(settled.program, row) == pytest.approx((activity[:, row].min(), activity[:, row].max()))


def test_what_is_attainable_counts_the_locks() -> None:
    bound = {"share": 1.0, "of": "attainable"}
    limits = [{"name": "most", "criterion": "area", "of": "change", "min": bound}]
    free = b.formulation(["area"], limits=limits)
    settled = b.formulation(["area"], land=land({"f1": "keep", "f3": TILLAGE}), locks=[LOCK], limits=limits)
    assert free.limits[0].lower == 100.0  # all but g2, on which nothing is admissible
    assert settled.limits[0].lower == 90.0


def plan(formulation: Formulation, **choice: str) -> Plan:
    frame = {"parcel": b.IDS, "intervention": [choice.get(parcel, "keep") for parcel in b.IDS]}
    return plan_from_frame(formulation, pd.DataFrame(frame))


def test_a_plan_that_keeps_a_settled_parcel_breaks_the_rule_and_is_counted() -> None:
    found = plan(formulated({"f1": FOREST}), g1=TREES)
    assert [(v.parcel, v.intervention) for v in found.violations] == [("f1", "keep")]
    assert found.values["carbon"] == plan(b.formulation(["carbon"]), g1=TREES).values["carbon"]


def test_the_same_with_an_effect_table() -> None:
    """A locked-out ``keep`` stands in no table, and changes nothing."""
    limits = [{"name": "least", "criterion": "carbon", "of": "change", "min": 100}]
    settled = b.table_formulation(["carbon", "cost"], land=land({"g2": "pond"}), locks=[LOCK], limits=limits)
    found = plan(settled, g1=TREES)
    assert found.values == {"carbon": 400.0, "cost": 4.0}
    assert [(v.parcel, v.intervention) for v in found.violations] == [("g2", "keep")]
    assert found.limits()["value"].tolist() == [400.0]
