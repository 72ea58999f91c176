"""The catalogue: complete, marked, with sets that disagree, in the study's currency; clear faults."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from landfront.instances import codes
from landfront.instances.book import MARKS
from landfront.instances.catalogue import Catalogue, describe, load_catalogue
from landfront.instances.faults import InputError
from landfront.instances.schema import by_key
from landfront.instances.study import Study

Make = Callable[..., Study]
SHARED = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "catalogue"


def load(make: Make, **interventions: Any) -> Catalogue:
    return load_catalogue(make(change=lambda data: data.update(interventions=interventions)))


def value(catalogue: Catalogue, intervention: str, parameter: str) -> float:
    return float(catalogue.coefficients[parameter][catalogue.interventions.index(intervention)])


def test_complete(make: Make) -> None:
    catalogue = load(make)
    assert len(catalogue) == 23
    assert catalogue.interventions[0] == "keep"
    flux = catalogue.evidence.query("parameter == 'flux_1'")
    assert len(flux) == 22
    assert ((flux["low"] <= flux["value"]) & (flux["value"] <= flux["high"])).all()
    for language in ("en", "zh"):
        assert len(set(catalogue.labels[language])) == 23
        assert all(catalogue.labels[language])
    assert all(catalogue.codes[1:])
    assert {code for found in catalogue.codes for code in found} <= set(codes.listed())


def test_every_number_has_unit_source_and_mark() -> None:
    table = describe()
    assert (table[["name", "unit", "source", "verified"]] != "").all(axis=None)
    assert set(table["verified"]) == set(MARKS)
    assert not (table["low"] > table["value"]).any()
    assert not (table["high"] < table["value"]).any()
    assert table["intervention"].nunique() == 46  # 24 of them only where they are named
    assert {"default", "groa", "tnc", "bef", "ipcc", "precipitation"} == set(table["set"])
    constants = table[table["set"] == "precipitation"].set_index("parameter")["value"]
    assert constants[["intercept", "age", "precipitation"]].tolist() == [-3.994, 0.738, 0.913]


def test_what_the_formulation_needs_is_never_missing(make: Make) -> None:
    catalogue = load(make)
    limits = {f"{name}_{end}" for name in ("slope", "precipitation", "elevation") for end in ("min", "max")}
    assert set(catalogue.coefficients) == set(by_key("coefficients"))
    for parameter, values in catalogue.coefficients.items():
        assert values.shape == (23,)
        assert values[0] == 0
        assert parameter in limits or not np.isnan(values).any(), parameter


def test_labels_in_two_languages() -> None:
    zh = describe(language="zh").set_index("intervention")["name"]
    assert set(zh.loc["rice_water"]) == {"稻田节水灌溉与抑制剂"}


@pytest.mark.skipif(not SHARED.exists(), reason="the shared catalogue is not on this machine")
def test_default_is_the_evidence_file(make: Make) -> None:
    evidence = pd.read_csv(SHARED / "catalogue_default.csv", encoding="utf-8-sig").set_index(
        "intervention_id"
    )
    catalogue = load(make)
    assert catalogue.interventions[1:] == tuple(evidence.index)
    for column, parameter in {
        "flux_mean": "flux_1",
        "years_1": "years_1",
        "flux_2": "flux_2",
        "establishment_cny_ha": "establishment",
        "annual_cny_ha": "annual",
        "food_effect_pct": "food_effect",
        "msa_after": "msa_after",
        "water_yield_mm": "water_yield",
        "reversal_pct_yr": "reversal",
        "buffer_pct": "buffer",
        "map_min_mm": "precipitation_min",
    }.items():
        np.testing.assert_allclose(catalogue.coefficients[parameter][1:], evidence[column], err_msg=column)


def test_payments_are_counted_once(make: Make) -> None:
    catalogue = load(make)
    assert value(catalogue, "cropland_to_forest", "establishment") == 4500
    assert value(catalogue, "cropland_to_forest", "payment") == 18000
    assert value(catalogue, "grazing_exclusion", "annual") == 115
    assert value(catalogue, "grazing_exclusion", "payment") == 0
    note = catalogue.evidence.query("intervention == 'grazing_exclusion' and parameter == 'payment'")["note"]
    assert "not counted twice" in note.item()


def test_sets_disagree_and_the_later_one_wins(make: Make) -> None:
    natural, mono = ("natural_forest_restoration", "flux_1"), ("mono_plantation", "flux_1")
    assert value(load(make), *natural) == value(load(make, set="groa"), *natural) == 4.60
    tnc = load(make, set="tnc")
    assert value(tnc, *natural) == 10.2667
    assert [value(tnc, natural[0], p) for p in ("years_1", "flux_2", "years_2")] == [30, 7.5167, 70]
    assert value(tnc, *mono) == 7.3
    assert value(load(make, set=["groa", "bef"]), *mono) == 7.33
    assert value(load(make, set=["bef", "ipcc"]), *mono) == 16.96
    assert value(load(make, set=["ipcc", "bef"]), *mono) == 7.33
    both = load(make, set=["ipcc", "groa"])
    assert value(both, *natural) == 4.60
    assert set(both.evidence.query("intervention == 'natural_forest_restoration'")["set"]) == {
        "default",
        "groa",
    }


def test_the_order_of_mixed_and_mono_turns_with_the_set(make: Make) -> None:
    bef, ipcc = load(make, set="bef"), load(make, set="ipcc")
    mixed = value(bef, "mixed_plantation", "flux_1")
    assert mixed == pytest.approx(32 / 8 * 44 / 12, abs=0.05), "32 t C per ha above ground after 8 years"
    assert value(bef, "mono_plantation", "flux_1") <= mixed / 2
    assert value(ipcc, "mixed_plantation", "flux_1") == value(ipcc, "mono_plantation", "flux_1")


def test_level_moves_fluxes_only(make: Make) -> None:
    low, mean, high = (load(make, level=level) for level in ("low", "mean", "high"))
    for a, b in ((low, mean), (mean, high)):
        assert (a.coefficients["flux_1"] <= b.coefficients["flux_1"]).all()
        np.testing.assert_array_equal(a.coefficients["establishment"], b.coefficients["establishment"])
    assert value(low, "wetland_restoration", "flux_1") == -3
    assert value(high, "natural_forest_restoration", "flux_1") == 7.04
    # 0.05 to 0.68 t C per ha and year, in t CO2.
    assert value(low, "conservation_tillage", "flux_1") == pytest.approx(0.05 * 44 / 12, abs=0.005)
    assert value(high, "conservation_tillage", "flux_1") == pytest.approx(0.68 * 44 / 12, abs=0.005)


def test_use_keeps_its_order(make: Make) -> None:
    catalogue = load(make, use=["rice_water", "keep", "bamboo"])
    assert catalogue.interventions == ("keep", "rice_water", "bamboo")
    assert catalogue.codes[2] == {"0302", "0302K", "0307", "0307K"}
    assert catalogue.evidence["intervention"].nunique() == 2
    assert "mangrove" in catalogue.known


def test_conversion_and_management(make: Make) -> None:
    catalogue = load(make)
    assert value(catalogue, "cropland_to_forest", "takes_cropland") == 1
    assert value(catalogue, "conservation_tillage", "takes_cropland") == 0
    assert value(catalogue, "conservation_tillage", "msa_gain") == 1
    assert value(catalogue, "mono_plantation", "msa_gain") == 0


def test_costs_in_the_currency_of_the_study(make: Make) -> None:
    def dollars(data: dict[str, Any]) -> None:
        data["study"].update(currency="USD", exchange_rate=0.14)

    cny, usd = load(make), load_catalogue(make(change=dollars))
    for name in ("establishment", "annual", "payment"):
        np.testing.assert_allclose(usd.coefficients[name], 0.14 * cny.coefficients[name])
    np.testing.assert_array_equal(usd.coefficients["flux_1"], cny.coefficients["flux_1"])
    assert set(usd.evidence.query("parameter == 'annual'")["unit"]) == {"USD/ha/yr"}
    with pytest.raises(
        InputError, match=r"study.exchange_rate: costs in CNY/ha.*give study.exchange_rate \(USD per CNY\)"
    ):
        load_catalogue(make(change=lambda data: data["study"].update(currency="USD")))


@pytest.mark.parametrize(
    ("said", "message"),
    [
        (
            {"set": ["gora"]},
            "interventions.set: unknown set 'gora'. Did you mean 'groa'? Known sets: default, groa",
        ),
        ({"use": ["rice_watr"]}, "interventions.use: unknown intervention 'rice_watr'"),
        ({"catalogue": "nowhere"}, "interventions.csv: no such file"),
        ({"catalogue": "../elsewhere"}, "lies outside the study folder"),
    ],
)
def test_unknown_words(make: Make, said: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError) as error:
        load(make, **said)
    assert message in str(error.value)


OWN = """intervention,name_en,codes,msa_basis
hedge,Hedgerow,0103|0102,gain
pond,Pond,0103,after
"""
NUMBERS = """intervention,parameter,mean,unit,source,verified,low,high
hedge,flux_1,2.0,t CO2e/mu/yr,our trial,verified,1.0,3.0
hedge,establishment,1,10k CNY/ha,our offer,recalled,,
pond,flux_1,0.5,t CO2e/ha/yr,our trial,verified,,
pond,establishment,200,CNY/mu,our offer,recalled,,
pond,msa_after,40,%,our guess,assumed,,
"""


@pytest.fixture
def own(make: Make, tmp_path: Path) -> Callable[..., Catalogue]:
    """Load a study's own catalogue from two texts."""

    def build(interventions: str = OWN, numbers: str = NUMBERS, **said: Any) -> Catalogue:
        folder = tmp_path / "mine"
        folder.mkdir(exist_ok=True)
        (folder / "interventions.csv").write_text(interventions, encoding="utf-8")
        (folder / "coefficients.csv").write_text(numbers, encoding="utf-8")
        return load(make, catalogue="mine", **said)

    return build


def test_own_catalogue(own: Callable[..., Catalogue]) -> None:
    catalogue = own()
    assert catalogue.interventions == ("keep", "hedge", "pond")
    assert value(catalogue, "hedge", "flux_1") == pytest.approx(30)
    assert value(catalogue, "hedge", "establishment") == 10000
    assert value(catalogue, "pond", "establishment") == pytest.approx(3000)
    assert value(catalogue, "pond", "msa_after") == pytest.approx(0.4)
    assert value(catalogue, "pond", "years_1") == 20
    assumed = catalogue.evidence.query("intervention == 'pond' and parameter == 'years_1'").iloc[0]
    assert (assumed["verified"], assumed["source"][:15]) == ("assumed", "data dictionary")
    assert catalogue.labels["zh"] == ("维持现状", "Hedgerow", "Pond")
    assert value(own(level="high"), "hedge", "flux_1") == pytest.approx(45)
    assert len(catalogue.curves) == 6


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            "pond,establishment",
            "hedge,annual",
            "mine/coefficients.csv: pond: intervention without establishment",
        ),
        ("pond,msa_after,40,%", "pond,buffer,40,%", "pond: intervention without msa_after"),
        (
            "0.5,t CO2e/ha/yr",
            "0.5,t/ha",
            "coefficients.csv: unit: wrong unit for flux_1 (1 row: row 4: 't/ha')",
        ),
        ("t CO2e/ha/yr", "t CO2e/acre/yr", "unknown unit 't CO2e/acre/yr'"),
        ("200,CNY/mu", "200,USD/mu", "costs in USD/mu"),
        ("2.0,t", "9.0,t", "coefficients.csv: mean: not between low and high (1 row: row 2: 9.0)"),
        ("pond,flux_1,0.5", "pond,flux_1,lots", "mean: text where a number is needed (1 row: row 4: 'lots')"),
        ("pond,flux_1,0.5", "pond,flux_1,", "mean: missing value (NaN) (1 row: row 4"),
        ("pond,flux_1", "pnd,flux_1", "unknown intervention (1 row: row 4: 'pnd'). Did you mean 'pond'?"),
        ("pond,flux_1", "pond,fluxx_1", "unknown parameter (1 row: row 4: 'fluxx_1'). Did you mean 'flux_1'"),
        ("pond,flux_1", "hedge,flux_1", "the same intervention, parameter and set twice (2 rows"),
        ("our guess,assumed", ",assumed", "source: missing value (1 row: row 6"),
        ("our guess,assumed", "our guess,sure", "verified: unknown mark (1 row: row 6: 'sure')"),
        ("40,%", "400,%", "msa_after outside 0 to 1 share"),
    ],
)
def test_faults_of_numbers(own: Callable[..., Catalogue], old: str, new: str, message: str) -> None:
    assert old in NUMBERS
    with pytest.raises(InputError) as error:
        own(numbers=NUMBERS.replace(old, new))
    assert message in str(error.value)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("0103,after", "9999,after", "codes: unknown land codes (1 row: row 3: '9999')"),
        ("0103,after", ",after", "mine/interventions.csv: pond: intervention without codes"),
        ("after", "later", "msa_basis: is none of after, gain (1 row: row 3: 'later')"),
        ("pond,P", "hedge,P", "duplicate intervention (2 rows: row 2: 'hedge', row 3: 'hedge')"),
        ("pond,P", "keep,P", "the name 'keep' is taken"),
        ("name_en", "name", "name_en: no such column. Did you mean 'name'?"),
    ],
)
def test_faults_of_interventions(own: Callable[..., Catalogue], old: str, new: str, message: str) -> None:
    assert old in OWN
    with pytest.raises(InputError) as error:
        own(OWN.replace(old, new))
    assert message in str(error.value)


def test_growth_curves(make: Make) -> None:
    curves = {curve.zone: curve for curve in load(make).curves}
    assert set(curves) >= {
        "tropical",
        "south_subtropical",
        "north_subtropical",
        "warm_temperate",
        "cold_temperate",
    }
    china = curves["china"]
    stock = china.A * (1 - np.exp(-china.k * 30)) ** china.p
    assert stock / 30 == pytest.approx(4.6, abs=0.01)


def test_an_effect_table_needs_labels_only(make: Make, tmp_path: Path) -> None:
    pd.DataFrame({"pid": [1, 1], "iv": ["my_own", "rice_water"], "c": [1.0, 2.0]}).to_csv(tmp_path / "e.csv")

    def table(data: dict[str, Any]) -> None:
        columns = {"carbon": "c"}
        data["effects"] = {
            "source": "e.csv", "layout": "wide", "parcel": "pid", "intervention": "iv", "columns": columns
        }  # fmt: skip

    catalogue = load_catalogue(make(change=table))
    assert catalogue.interventions == ("keep", "my_own", "rice_water")
    assert catalogue.labels["en"][1:] == ("my_own", "Rice water management (AWD) + inhibitors")
    assert catalogue.codes == (frozenset(),) * 3
    assert catalogue.evidence.empty


def test_every_intervention_says_what_part_of_its_carbon_is_soil_carbon(make: Make) -> None:
    catalogue = load(make)
    shares = catalogue.evidence.query("parameter == 'soil_share'")
    assert len(shares) == 22
    assert (shares["note"] != "").all()
    assert value(catalogue, "conservation_tillage", "soil_share") == 1
    assert value(catalogue, "organic_cover", "soil_share") == 1
    assert value(catalogue, "grazing_exclusion", "soil_share") == pytest.approx(0.68 / 1.108, abs=0.005)
    assert value(catalogue, "mixed_plantation", "soil_share") == 0


def test_an_intervention_that_makes_fields_needs_a_yield_and_may_be_left_out_by_default(
    own: Callable[..., Catalogue],
) -> None:
    made = OWN.replace("msa_basis\n", "msa_basis,makes_cropland,by_default\n")
    made = made.replace("gain\n", "gain,0,1\n").replace("after\n", "after,1,0\n")
    assert own(made).interventions == ("keep", "hedge")
    with pytest.raises(InputError, match="pond: intervention without yield_after"):
        own(made, use=["pond"])
    numbers = NUMBERS + "pond,yield_after,80,%,our trial,verified,,\n"
    assert value(own(made, numbers, use=["pond"]), "pond", "yield_after") == pytest.approx(0.8)
    with pytest.raises(InputError, match="by_default: is none of 0, 1"):
        own(made.replace("after,1,0", "after,1,maybe"))
