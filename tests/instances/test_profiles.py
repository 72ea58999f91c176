"""Profiles: curves from outside instead of fluxes, and what is wrong with them in plain words."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from landfront.instances.catalogue import Catalogue, load_catalogue
from landfront.instances.faults import InputError
from landfront.instances.paths import input_files
from landfront.instances.study import Study
from landfront.models.formulate import formulate

Make = Callable[..., Study]
GOOD = """intervention,year,stock
conservation_tillage,5,10
mixed_plantation,10,-20
mixed_plantation,30,180
conservation_tillage,20,22.5
"""
REGROWTH = "natural_forest_restoration"


@pytest.fixture
def study(make: Make, tmp_path: Path) -> Callable[..., Study]:
    def build(text: str = GOOD, **carbon: Any) -> Study:
        (tmp_path / "profiles.csv").write_text(text, encoding="utf-8")
        return make(change=lambda data: data.update(carbon={"profiles": "profiles.csv", **carbon}))

    return build


def test_each_intervention_has_its_curve_from_zero(study: Callable[..., Study]) -> None:
    found = load_catalogue(study()).profiles
    assert set(found) == {"conservation_tillage", "mixed_plantation"}
    assert found["mixed_plantation"].years.tolist() == [0, 10, 30]
    assert found["mixed_plantation"].stock.tolist() == [0, -20, 180]
    assert found["conservation_tillage"].stock.tolist() == [0, 10, 22.5]


def test_a_row_for_year_zero_may_stand(study: Callable[..., Study]) -> None:
    text = "intervention,year,stock\nmixed_plantation,0,0\nmixed_plantation,2.5,7\n"
    assert load_catalogue(study(text)).profiles["mixed_plantation"].years.tolist() == [0, 2.5]


def test_fluxes_that_a_curve_replaces_are_no_evidence(study: Callable[..., Study], make: Make) -> None:
    def fluxes(found: Catalogue) -> set[str]:
        return set(found.evidence.query("parameter == 'flux_1'")["intervention"])

    assert fluxes(load_catalogue(make())) - fluxes(load_catalogue(study())) == {
        "conservation_tillage", "mixed_plantation",
    }  # fmt: skip


def test_the_file_is_one_of_the_inputs(study: Callable[..., Study]) -> None:
    assert "profiles.csv" in input_files(study())


def carbon(found: Study, parcel: int, intervention: str) -> float:
    formulation = formulate(found)
    kind = formulation.menu.interventions.index(intervention)
    option = formulation.menu.find(np.array([parcel]), np.array([kind]))
    assert option[0] >= 0
    return float(formulation.effects["carbon"].values(formulation.menu)[option[0]])


@pytest.mark.parametrize(("year", "per_ha"), [(2028, 6), (2030, 10), (2035, 10 + 12.5 / 3), (2060, 22.5)])
def test_carbon_follows_the_curve(study: Callable[..., Study], year: int, per_ha: float) -> None:
    found = study()
    about = found.study.model_copy(update={"milestones": (year,)})
    timed = found.model_copy(update={"study": about})
    assert carbon(timed, 0, "conservation_tillage") == pytest.approx(15 * per_ha)


def test_a_curve_wins_over_the_growth_curve_of_regrowth(study: Callable[..., Study]) -> None:
    text = f"intervention,year,stock\n{REGROWTH},35,70\n"
    assert carbon(study(text, curve="precipitation"), 2, REGROWTH) == pytest.approx(3 * 70)


def test_reversal_takes_from_a_curve_as_from_a_flux(study: Callable[..., Study], make: Make) -> None:
    # The catalogue's own two phases as a curve: 4.6 for 30 years and 1.98 after them.
    text = f"intervention,year,stock\n{REGROWTH},30,138\n{REGROWTH},60,{138 + 30 * 1.98}\n"
    plain = make(change=lambda data: data.update(carbon={"reversal": True}))
    assert carbon(study(text, reversal=True), 2, REGROWTH) == pytest.approx(carbon(plain, 2, REGROWTH))


def test_notes_say_which_curves_count(study: Callable[..., Study]) -> None:
    words = "carbon of mixed_plantation, conservation_tillage follows profiles.csv instead of fluxes"
    assert words in formulate(study()).notes


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("tion,30", "tion,5", "year: years of an intervention do not rise (1 row: row 4: 5)"),
        ("tion,30", "tion,10", "year: several values for one year of an intervention (2 rows: row 3: 10"),
        ("tion,30", "tion,-1", "year: negative year (1 row: row 4: -1)"),
        ("lage,20", "lge,20", "intervention: unknown intervention (1 row: row 5: 'conservation_tillge'"),
        ("22.5", "much", "stock: text where a number is needed (1 row: row 5: 'much')"),
        ("22.5", "", "stock: missing value (NaN) (1 row: row 5"),
        ("tillage,5", "tillage,0", "stock: stock at the start is not 0 (1 row: row 2: 10"),
        ("stock", "carbon", "profiles.csv: stock"),
    ],
)  # fmt: skip
def test_faults_name_file_row_and_column(study: Callable[..., Study], old: str, new: str, words: str) -> None:
    with pytest.raises(InputError) as caught:
        load_catalogue(study(GOOD.replace(old, new)))
    assert words in str(caught.value)
    assert "profiles.csv" in str(caught.value)


def test_a_store_that_only_rises_must_not_fall(study: Callable[..., Study]) -> None:
    load_catalogue(study(rising=["conservation_tillage"]))
    with pytest.raises(InputError, match=r"stock: a store that only rises .* falls \(1 row: row 3: -20"):
        load_catalogue(study(rising=["mixed_plantation"]))
    with pytest.raises(InputError, match=r"carbon\.rising: 'bamboo' has no curve in profiles\.csv"):
        load_catalogue(study(rising=["bamboo"]))


def test_what_the_study_says_of_curves_is_checked(make: Make, study: Callable[..., Study]) -> None:
    with pytest.raises(InputError, match="rising is about curves of a table"):
        make(change=lambda data: data.update(carbon={"rising": ["bamboo"]}))
    with pytest.raises(InputError, match=r"carbon\.profiles: .* lies outside the study folder"):
        load_catalogue(study(profiles="../profiles.csv"))
    with pytest.raises(InputError, match=r"absent\.csv"):
        load_catalogue(study(profiles="absent.csv"))
