"""Carbon revenue: years, prices, buffers, who credits what, and schemes that make no sense."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from landfront.instances.faults import InputError
from landfront.instances.masks import CREDITS
from landfront.instances.schema import rows
from landfront.models import revenue as module
from landfront.models.carbon import CARBON
from landfront.models.formulate import Formulation
from tests.models import builders as b
from tests.models.test_components import effect

REGROWTH, FOREST, TILLAGE = b.INTERVENTIONS[1:]
PLAIN = {"scheme": "s", "price": 10.0, "interventions": ["*"], "period": 200}


def earning(*credits: dict[str, Any], **more: Any) -> Formulation:
    return b.formulation(["revenue"], credits=list(credits), **more)


def test_price_times_carbon_less_the_buffer_of_the_catalogue() -> None:
    found = effect(earning(PLAIN), "revenue")
    carbon = effect(b.formulation(["carbon"]), "carbon")
    held = {REGROWTH: 0.1, FOREST: 0.2, TILLAGE: 0.0}
    assert found == {key: 10 * (1 - held[key[1]]) * value.expected for key, value in carbon.items()}


def test_years_growth_and_discount_by_hand() -> None:
    credit = {**PLAIN, "price_growth": 0.05, "buffer": 0.25, "period": 32}
    found = effect(earning(credit, about={"discount_rate": 0.03}), "revenue")
    # Regrowth stores 4 t a year for 30 years, then 2; 32 years are credited, of 35.
    years = sum((4 if t < 30 else 2) * 10 * 1.05**t * 0.75 * 1.03 ** -(t + 1) for t in range(32))
    assert found["g1", REGROWTH] == 40 * years


def test_milestones_and_periods() -> None:
    criteria = {"soon": {"effect": "revenue", "sense": "max", "milestone": 2030}, "revenue": {"sense": "max"}}
    each = {"name": "each", "criterion": "revenue", "period": "each", "min": 0}
    found = b.formulation(
        criteria, credits=[{**PLAIN, "period": 20}], periods={"starts": [2025, 2030, 2040]}, limits=[each]
    )
    soon, late = effect(found, "soon"), effect(found, "revenue")
    assert soon["g1", f"{REGROWTH}@2025"] == 40 * 4 * 5 * 9
    assert ("g1", f"{REGROWTH}@2030") not in soon
    assert late["g1", f"{REGROWTH}@2030"] == 40 * 4 * 20 * 9  # twenty years from 2030 on
    rows_ = found.program.row_matrix.toarray()
    option = found.menu.find(np.array([3]), np.array([found.menu.interventions.index(f"{REGROWTH}@2030")]))
    assert rows_[:, option[0]].tolist() == [0, 40 * 4 * 10 * 9, 40 * 4 * 10 * 9]
    np.testing.assert_allclose(rows_.sum(axis=0), found.program.objectives.to_csr().toarray()[1])


def test_the_first_scheme_that_fits_counts_even_if_it_pays_less() -> None:
    first = {**PLAIN, "scheme": "first", "price": 1.0, "interventions": [FOREST], "buffer": 0.0}
    second = {**PLAIN, "scheme": "second", "price": 100.0, "buffer": 0.0}
    one, other = effect(earning(first, second), "revenue"), effect(earning(second, first), "revenue")
    assert one["f1", FOREST] == 10 * (5 * 20 + 2 * 15)
    assert one["g1", REGROWTH] == 100 * 40 * (4 * 30 + 2 * 5)
    assert other["f1", FOREST] == 100 * 10 * (5 * 20 + 2 * 15)


def test_land_cover_and_a_column_say_where() -> None:
    land = b.landscape(masks={CREDITS + "column": np.array([False, True, True, False, False])})
    cover = {**PLAIN, "scheme": "cover", "cover": ["0103"], "interventions": [TILLAGE], "price": 1.0}
    column = {**PLAIN, "scheme": "column", "column": "titled", "interventions": [TILLAGE], "price": 100.0}
    both = effect(earning(column, cover, land=land), "revenue")
    assert both == {("f1", TILLAGE): 10 * 20, ("f2", TILLAGE): 20 * 2000, ("f3", TILLAGE): 30 * 2000}
    assert effect(earning(cover, land=land), "revenue") == {("f1", TILLAGE): 200, ("f2", TILLAGE): 400}


@pytest.mark.parametrize("curve", ["zone", "precipitation"])
def test_other_growth_curves_are_paid_for_as_well(curve: str) -> None:
    plain = b.formulation(["carbon"], carbon={"curve": curve})
    paid = earning({**PLAIN, "price": 3.0, "buffer": 0.5}, carbon={"curve": curve})
    carbon, revenue = (f.effects[n].values(f.menu) for f, n in ((plain, "carbon"), (paid, "revenue")))
    np.testing.assert_allclose(revenue, 1.5 * carbon)


def test_a_combination_earns_for_each_of_its_interventions_with_the_joint_factor_of_carbon() -> None:
    together = {
        "groups": [(FOREST, TILLAGE)],
        "joint": [{"interventions": [FOREST, TILLAGE], "factors": {"carbon": 0.5}}],
    }
    found = effect(earning({**PLAIN, "interventions": [FOREST]}, combinations=together), "revenue")
    assert found["f1", f"{FOREST}+{TILLAGE}"] == 0.5 * 8 * 10 * (5 * 20 + 2 * 15)
    assert ("f1", TILLAGE) not in found


def test_carbon_that_products_leave_out_is_paid_for_too(monkeypatch: pytest.MonkeyPatch) -> None:
    def extra(inputs: Any, year: int) -> Any:
        return np.where(inputs.menu.kind > 0, 7.0 * (year - 2025), 0.0)

    monkeypatch.setattr(module, "CARBON", replace(CARBON, beyond=extra))
    credit = {**PLAIN, "buffer": 0.0, "period": 10, "interventions": [TILLAGE]}
    found = effect(earning(credit), "revenue")
    assert found == {(f, TILLAGE): 10 * 10 * (a + 7) for f, a in zip(b.IDS[:3], b.AREA, strict=False)}


@settings(max_examples=20, deadline=None)
@given(price=st.floats(0, 1e3), rate=st.floats(0, 0.2), buffer=st.floats(0, 1))
def test_revenue_is_proportional_to_the_price_and_falls_with_buffer_and_discount(
    price: float, rate: float, buffer: float
) -> None:
    def values(**credit: Any) -> Any:
        about = {"discount_rate": credit.pop("rate", rate)}
        found = earning({**PLAIN, "price": price, "buffer": buffer, **credit}, about=about)
        return found.effects["revenue"].values(found.menu)

    base = values()
    np.testing.assert_allclose(values(price=2 * price), 2 * base, atol=1e-9)
    assert (values(buffer=1.0) == 0).all()
    assert (base <= values(rate=0.0) + 1e-9).all()


def test_every_methodology_can_be_named_and_says_where_it_comes_from() -> None:
    for row in rows("methodologies"):
        assert row["source"]
        assert row["verified"] in ("recalled", "assumed")
        credit = {"scheme": "s", "price": 1.0, "methodology": row["methodology"]}
        assert (earning(credit).effects["revenue"].values(earning(credit).menu) >= 0).all()


def test_ccer_forestation_pays_for_planting_on_dry_land_for_twenty_years() -> None:
    credit = {"scheme": "ccer", "price": 10.0, "methodology": "ccer_forestation"}
    assert effect(earning(credit), "revenue") == {("f1", FOREST): 0.9 * 10 * 10 * 5 * 20}
    longer = effect(earning({**credit, "period": 30, "buffer": 0.0}), "revenue")
    assert longer == {("f1", FOREST): 10 * 10 * (5 * 20 + 2 * 10)}


@pytest.mark.parametrize(
    ("credit", "match"),
    [
        ({**PLAIN, "price": -1.0}, "price"),
        ({**PLAIN, "price_growth": 2.0}, "price_growth"),
        ({**PLAIN, "buffer": 1.5}, "buffer"),
        ({**PLAIN, "period": 0}, "period"),
        ({"scheme": "s", "price": 1.0}, "give interventions and period, or a methodology"),
        ({**PLAIN, "methodology": "gold"}, "methodology"),
        ({**PLAIN, "interventions": ["no_tilage"]}, r"credits\.s\.interventions: unknown intervention"),
        ({**PLAIN, "cover": ["9999"]}, r"credits\.s\.cover: unknown land code '9999'"),
        ({**PLAIN, "colour": "red"}, "colour"),
    ],
)
def test_schemes_that_make_no_sense(credit: dict[str, Any], match: str) -> None:
    with pytest.raises(InputError, match=match):
        earning(credit)


def test_what_revenue_needs_is_asked_for() -> None:
    with pytest.raises(InputError, match="credits: missing, but revenue needs it"):
        earning()
    with pytest.raises(InputError, match="the scheme s occurs twice"):
        earning(PLAIN, PLAIN)
    bare = b.landscape(cover_codes=(), cover=np.full(5, -1, dtype=np.int16))
    with pytest.raises(InputError, match=r"parcels\.cover: missing, but the scheme s"):
        earning({**PLAIN, "cover": ["0103"]}, land=bare)
    with pytest.raises(InputError, match="a table of effects has not"):
        b.table_formulation(["revenue"], credits=[PLAIN])
