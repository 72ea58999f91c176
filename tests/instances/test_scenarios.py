"""Scenarios of coefficients: what a table says, what it must not say, and what is drawn."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from landfront.instances.draws import ppf
from landfront.instances.faults import InputError
from landfront.instances.scenarios import Scenarios, load_scenarios
from tests.models import builders as b

HEAD = "scenario,probability,effect,intervention,region,factor\n"
GOOD = HEAD + "".join(
    f"{name},{p},carbon,{intervention},{region},{factor}\n"
    for name, p, factor in (("wet", 0.75, 1.2), ("dry", 0.25, 0.4))
    for intervention, region in (("*", "*"), ("cropland_to_forest", "*"), ("cropland_to_forest", "north"))
)


def load(folder: Path, text: str, **keys: Any) -> Scenarios:
    (folder / "scenarios.csv").write_text(text, encoding="utf-8")
    risk = {"source": "scenarios.csv", "by": "county", **keys}
    study = b.study(folder=folder, risk={key: value for key, value in risk.items() if value is not None})
    found = load_scenarios(study, b.landscape(), b.catalogue())
    assert found is not None
    return found


def test_rows_with_names_win_that_of_the_intervention_before_that_of_the_region(tmp_path: Path) -> None:
    text = HEAD + (
        "a,,carbon,*,*,1\na,,carbon,*,north,2\na,,carbon,cropland_to_forest,*,3\n"
        "a,,carbon,conservation_tillage,north,4\n"
    )
    found = load(tmp_path, text.replace(",probability", "").replace("a,,", "a,"))
    assert found.probability.tolist() == [1.0]
    by_name = dict(zip(b.INTERVENTIONS, found.factors["carbon"][0].tolist(), strict=True))
    assert by_name == {
        "keep": [1, 1], "natural_forest_restoration": [2, 1], "cropland_to_forest": [3, 3],
        "conservation_tillage": [4, 1],
    }  # fmt: skip


def test_parquet_is_read_as_csv_is(tmp_path: Path) -> None:
    found = load(tmp_path, GOOD)
    pd.read_csv(tmp_path / "scenarios.csv").to_parquet(tmp_path / "scenarios.parquet")
    again = load(tmp_path, GOOD, source="scenarios.parquet")
    assert again.names == found.names
    np.testing.assert_array_equal(again.probability, [0.75, 0.25])
    np.testing.assert_array_equal(again.factors["carbon"], found.factors["carbon"])


@pytest.mark.parametrize(
    ("old", "new", "match"),
    [
        ("wet,0.75", "wet,0.7", "probabilities of the 2 scenarios sum to 0.95, not to 1"),
        ("0.75", "1.75", "not between 0 and 1"),
        ("wet,0.75,carbon,*,*", "wet,0.5,carbon,*,*", "several probabilities for one scenario"),
        ("north,1.2", "north,-1.2", "negative factor"),
        ("north,1.2", "north,", r"missing value \(NaN\)"),
        ("north,1.2", "north,much", "text where a number is needed"),
        ("north,1.2", "north,inf", "not a finite number"),
        ("forest,north,1.2", "forest,nord,1.2", "unknown region"),
        ("wet,0.75,carbon,cropland_to_forest,north", "wet,0.75,carbon,trees,north", "unknown intervention"),
        ("wet,0.75,carbon,cropland_to_forest,north", "wet,0.75,carbon,cropland_to_forest,*", "duplicate row"),
        (
            "dry,0.25,carbon,*,*,0.4\n",
            "",
            "no factor for 4 combinations, such as dry, carbon",
        ),
        ("factor\n", "factors\n", "factor"),
    ],
)
def test_a_table_at_fault_is_refused(tmp_path: Path, old: str, new: str, match: str) -> None:
    assert old in GOOD
    count = -1 if "sum to" in match else 1
    with pytest.raises(InputError, match=match):
        load(tmp_path, GOOD.replace(old, new, count))


@pytest.mark.parametrize(
    ("keys", "match"),
    [
        ({"by": "galaxy"}, "unknown region level 'galaxy'"),
        ({"by": None}, "regions without a level"),
        ({"source": "../scenarios.csv"}, "outside the study folder"),
        ({"source": "nothing.csv"}, "nothing.csv"),
        ({"draw": {}}, "give either source"),
    ],
)
def test_keys_that_do_not_fit_are_refused(tmp_path: Path, keys: dict[str, Any], match: str) -> None:
    with pytest.raises(InputError, match=match):
        load(tmp_path, GOOD, **keys)


def test_a_parcel_without_a_region_is_named(tmp_path: Path) -> None:
    (tmp_path / "scenarios.csv").write_text(GOOD, encoding="utf-8")
    study = b.study(folder=tmp_path, risk={"source": "scenarios.csv", "by": "county"})
    regions = b.landscape().regions.copy()
    regions[2] = -1
    with pytest.raises(InputError, match=r"no region, but risk\.by needs it"):
        load_scenarios(study, b.landscape(regions=regions), b.catalogue())


RANGES = [
    {"effect": "carbon", "intervention": "*", "low": 0.5, "mean": 1.0, "high": 2.0},
    {"effect": "cost", "intervention": "cropland_to_forest", "low": 0.8, "high": 1.5},
]


def draw(**keys: Any) -> Scenarios:
    study = b.study(risk={"by": "county", "draw": {"count": 4000, "seed": 7, "ranges": RANGES, **keys}})
    found = load_scenarios(study, b.landscape(), b.catalogue())
    assert found is not None
    return found


@pytest.mark.parametrize("distribution", ["pert", "triangular", "quantiles"])
def test_draws_follow_their_marginal(distribution: str) -> None:
    """Against the distribution itself: a Kolmogorov-Smirnov test of 4,000 draws."""
    found = draw(distribution=distribution, quantiles=[0.1, 0.9])
    sample = found.factors["carbon"][:, 2, 1]
    if distribution == "quantiles":
        assert np.quantile(sample, [0.1, 0.5, 0.9]) == pytest.approx([0.5, 1.0, 2.0], abs=0.06)
        return
    a = 1 + 4 * (1.0 - 0.5) / 1.5
    exact = stats.beta(a, 6 - a, 0.5, 1.5) if distribution == "pert" else stats.triang(1 / 3, 0.5, 1.5)
    assert stats.kstest(sample, exact.cdf).pvalue > 0.01
    assert sample.min() >= 0.5
    assert sample.max() <= 2.0
    if distribution == "pert":
        assert sample.mean() == pytest.approx((0.5 + 4 * 1.0 + 2.0) / 6, abs=0.02)


def test_correlation_is_that_of_the_copula() -> None:
    found = draw(correlation={"regions": 0.6, "effects": 0.5})
    carbon, cost = found.factors["carbon"], found.factors["cost"]
    score = {
        name: stats.norm.ppf(stats.rankdata(values) / (len(values) + 1))
        for name, values in {
            "north": carbon[:, 2, 0], "south": carbon[:, 2, 1], "cost": cost[:, 2, 0],
            "far": cost[:, 2, 1], "other": carbon[:, 1, 0],
        }.items()
    }  # fmt: skip
    north = score["north"]
    for name, wanted in (("south", 0.6), ("cost", 0.5), ("far", 0.3), ("other", 0.0)):
        assert np.corrcoef(north, score[name])[0, 1] == pytest.approx(wanted, abs=0.05)


def test_draws_depend_on_seed_and_names_only() -> None:
    one, two, other = draw(), draw(ranges=RANGES[:1]), draw(seed=8)
    np.testing.assert_array_equal(one.factors["carbon"], two.factors["carbon"])
    assert (one.factors["carbon"][:, 1:] != other.factors["carbon"][:, 1:]).any()
    assert (one.factors["carbon"][:, 0] == 1).all()  # keep changes nothing


def test_ranges_of_the_catalogue_are_taken_relative_to_the_value() -> None:
    rows = {"intervention": ["cropland_to_forest"], "parameter": ["flux_1"], "low": [2.5], "value": [5.0],
            "high": [6.0]}  # fmt: skip
    land, known = b.landscape(), b.catalogue()
    object.__setattr__(known, "evidence", pd.DataFrame(rows))
    study = b.study(risk={"draw": {"count": 500}})
    found = load_scenarios(study, land, known)
    assert found is not None
    factor = found.factors["carbon"][:, 2, 0]
    assert factor.min() >= 0.5
    assert factor.max() <= 1.2
    assert "carbon of natural_forest_restoration" in found.notes[0]


def test_a_range_without_width_is_its_mean() -> None:
    assert ppf("pert", np.array([0.1, 0.9]), (2.0, 2.0, 2.0), (0.25, 0.75)).tolist() == [2.0, 2.0]


@pytest.mark.parametrize(
    ("keys", "match"),
    [
        ({"coefficients": {"carbon": "flux"}}, "unknown coefficient 'flux'"),
        ({"ranges": [{"effect": "carbon", "intervention": "trees", "low": 1, "high": 2}]}, "unknown interv"),
        ({"ranges": [{"effect": "carbon", "low": 2, "high": 1}]}, "do not rise"),
        ({"ranges": [{"effect": "carbon", "low": -1, "mean": 0, "high": 1}]}, "counted per mean, which is 0"),
        ({"ranges": [RANGES[0], RANGES[0]]}, "occurs twice"),
        ({"count": 1}, "greater than or equal to 2"),
        ({"quantiles": [0.6, 0.9]}, "both sides of 0.5"),
        ({"correlation": {"regions": 1.5}}, "less than or equal to 1"),
    ],
)
def test_draws_that_make_no_sense(keys: dict[str, Any], match: str) -> None:
    with pytest.raises(InputError, match=match):
        draw(**keys)


def test_draws_are_about_the_mean_only() -> None:
    study = b.study(interventions={"level": "low"}, risk={"draw": {"count": 10}})
    with pytest.raises(InputError, match="drawn about the mean"):
        load_scenarios(study, b.landscape(), b.catalogue())
