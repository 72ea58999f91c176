"""The marginal abatement cost curve: by brute force and by hand, its properties, its files, its faults."""

import sys
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

import landfront.api as lf
from landfront.cli import app
from landfront.instances.provinces import write_provinces
from landfront.report.mac_sweep import rows_kept
from tests.models import builders
from tests.product.conftest import copy_tiny
from tests.product.page import write_files

STUDY = """
[study]
title = "Three fields"
decision = "{decision}"
start_year = 2025
milestones = [2060]

[parcels]
source = "parcels.csv"
id = "id"
area = {{ column = "area", unit = "ha" }}
regions = ["town"]

[effects]
source = "effects.csv"
layout = "wide"
parcel = "id"
intervention = "iv"
columns = {{ carbon = "carbon", cost = "cost", food = "food" }}

[criteria]
food = {{ sense = "max" }}
carbon = {{ sense = "max" }}
cost = {{ sense = "min" }}

[baseline]
food = 100.0

{limits}
"""
# Trees cost 10 a tonne on a, 30 on b; crops 20 on a, 5 on c; each option takes a whole field.
OPTIONS = [
    ("a", "trees", 100.0, 1000.0, -10.0),
    ("a", "crops", 60.0, 1200.0, 0.0),
    ("b", "trees", 50.0, 1500.0, -20.0),
    ("c", "crops", 40.0, 200.0, 0.0),
    ("c", "trees", 50.0, 600.0, -30.0),
]


def study(folder: Path, *limits: str, decision: str = "whole") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    parcels = pd.DataFrame({"id": ["a", "b", "c"], "area": 1.0, "town": ["east", "east", "west"]})
    parcels.to_csv(folder / "parcels.csv", index=False)
    options = pd.DataFrame(OPTIONS, columns=["id", "iv", "carbon", "cost", "food"])
    options.to_csv(folder / "effects.csv", index=False)
    text = STUDY.format(decision=decision, limits="\n".join(limits))
    (folder / "study.toml").write_text(text, encoding="utf-8")
    return folder


def limit(name: str, criterion: str, bound: str) -> str:
    return f'[[limits]]\nname = "{name}"\ncriterion = "{criterion}"\n{bound}\n'


BUDGET, GRAIN = limit("budget", "cost", "max = 2000"), limit("grain", "food", "min = 65")


def best(price: float, *, budget: float = np.inf, food: float = 0.0) -> float:
    """Largest price * carbon - cost by trying every plan."""
    fields = [[("keep", 0.0, 0.0, 0.0), *(o[1:] for o in OPTIONS if o[0] == field)] for field in "abc"]
    sums = [np.sum([o[1:] for o in plan], axis=0) for plan in product(*fields)]
    return max(float(price * c - k) for c, k, f in sums if k <= budget and 100 + f >= food)


def test_each_price_is_the_best_of_all_plans(tmp_path: Path) -> None:
    prices = [0, 4, 6, 12, 20, 31, 45, 200]
    found = lf.mac(study(tmp_path / "s", BUDGET, GRAIN), prices).to_frame()
    expected = [best(price, budget=2000, food=65) for price in prices]
    assert found["net_benefit"].tolist() == pytest.approx(expected, abs=1e-6)
    assert (found["bound"] >= found["net_benefit"] - 1e-6).all()
    assert (found["gap"] <= 1e-4).all()
    assert set(found["termination"]) == {"optimal"}


def test_carbon_and_cost_by_hand(tmp_path: Path) -> None:
    found = lf.mac(study(tmp_path / "s"), [0, 7, 15, 35, 45])
    frame = found.to_frame()
    # Crops on c at 5, trees on a at 10, trees on b at 30; on c trees add 10 t for 400: 40 a tonne.
    assert frame["carbon"].tolist() == [0, 40, 140, 190, 200]
    assert frame["cost"].tolist() == [0, 200, 1200, 2700, 3100]
    assert frame["step_price"].tolist()[1:] == [5, 10, 30, 40]
    assert found.technical.carbon == 200
    assert frame["share"].tolist() == [0, 0.2, 0.7, 0.95, 1.0]
    parts = found.interventions().set_index(["price", "intervention"])["carbon"]
    assert parts[35.0, "trees"] == 150
    assert parts[35.0, "crops"] == 40
    regions = found.regions().set_index(["price", "region"])["carbon"]
    assert (regions[15.0, "east"], regions[15.0, "west"]) == (100, 40)


def test_multipliers_of_targets_are_the_marginal_cost(tmp_path: Path) -> None:
    found = lf.mac(study(tmp_path / "s", decision="share"), [0, 100]).targets_frame()
    assert found["carbon"].tolist() == pytest.approx([20 * k for k in range(1, 11)], rel=1e-6)
    # 40 t at 5, 100 t at 10, 50 t at 30, 10 t at 40: a target at a kink may have either side's price.
    expected = [5, (5, 10), 10, 10, 10, 10, (10, 30), 30, 30, 40]
    for marginal, price in zip(found["marginal_price"], expected, strict=True):
        low, high = price if isinstance(price, tuple) else (price, price)
        assert low - 1e-6 <= marginal <= high + 1e-6
    assert found["cost"].iloc[-1] == pytest.approx(3100, rel=1e-6)


def test_money_limits_count_in_the_sweep_and_not_in_the_technical_potential(tmp_path: Path) -> None:
    folder = study(tmp_path / "s", BUDGET, GRAIN)
    held, free = lf.mac(folder, [1000]), lf.mac(folder, [1000], budget=False)
    assert held.technical.carbon == free.technical.carbon == 190  # food >= 65 keeps trees off b or c
    assert held.steps[0].cost <= 2000
    assert held.steps[0].carbon < free.steps[0].carbon == 190
    assert "Limits on money do not hold" in str(free)
    assert "Limits on money do not hold" not in str(held)


def test_interventions_alone_add_up_to_more_where_they_compete(tmp_path: Path) -> None:
    pairs = lf.mac(study(tmp_path / "s"), [0, 35, 45]).interaction.set_index("price")
    # At 35, alone: trees on a, b and c (12 a tonne) bring 200, crops on a and c bring 100; together 190.
    assert pairs.loc[[35.0]].to_numpy().tolist() == [pytest.approx([300, 190, 190 / 300 - 1])]
    assert 0.0 not in pairs.index


def test_what_alone_cannot_meet_the_limits_is_left_out_and_named(tmp_path: Path) -> None:
    found = lf.mac(study(tmp_path / "s", limit("least", "carbon", "min = 150")), [10, 50])
    assert found.alone[found.alone["intervention"] == "crops"]["carbon"].isna().all()
    assert "Left out, since alone they cannot meet the limits: crops" in str(found)
    assert found.interaction["alone"].notna().all()


@pytest.fixture(scope="module")
def china(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_provinces(tmp_path_factory.mktemp("china") / "study")


def test_china_beside_what_was_published(china: Path) -> None:
    """Lu et al. 2022: 26-31 % of the potential up to 10 USD, 62-65 % up to 50, 90-91 % up to 100."""
    found = lf.mac(china, [70, 350, 700], budget=False)  # at 7 CNY
    frame = found.to_frame()
    published = ((0.26, 0.31), (0.62, 0.65), (0.90, 0.91))
    for price, share, (low, high) in zip((10, 50, 100), frame["share"], published, strict=True):
        sys.stdout.write(f"{price} USD: {share:.0%}, published {low:.0%} to {high:.0%}\n")
    assert frame["carbon"].is_monotonic_increasing
    assert frame["share"].between(0, 1).all()
    added = frame["step_price"][1:]
    assert added.between(frame["price"].shift()[1:], frame["price"][1:]).all()
    targets = found.targets_frame()
    assert (targets["marginal_price"].diff()[1:] >= -1e-6).all()
    assert targets["marginal_price"].between(0, 700 * 1.001).all()
    assert (found.interaction["interaction"] <= 1e-6).all()
    assert np.allclose(found.regions().groupby("price")["carbon"].sum().iloc[:3], frame["carbon"])


def test_files_text_and_figure(tmp_path: Path) -> None:
    folder = study(tmp_path / "s", GRAIN)
    done = CliRunner().invoke(app, ["mac", str(folder), "--prices", "0:50:10", "-o", str(tmp_path / "out")])
    assert done.exit_code == 0, done.stderr
    assert "price sweep" in done.stdout
    names = {"mac.csv", "mac.txt", "mac.png", "mac.svg", "mac_interventions.csv", "mac_regions.csv",
             "mac_targets.csv", "mac_alone.csv", "mac_interaction.csv"}  # fmt: skip
    assert {path.name for path in (tmp_path / "out").iterdir()} == names
    table = pd.read_csv(tmp_path / "out" / "mac.csv")
    assert table["price"].tolist() == [0, 10, 20, 30, 40, 50]
    assert "-0.0," not in (tmp_path / "out" / "mac.csv").read_text()
    assert (tmp_path / "out" / "mac.png").stat().st_size > 20_000
    again = CliRunner().invoke(app, ["mac", str(folder), "-o", str(tmp_path / "out")])
    assert again.exit_code == 2
    assert "is not empty" in again.stderr


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--prices", "0:10"], "cannot be read"),
        (["--prices", "10,5"], "must rise from 0 on"),
        (["--prices", "-5,5"], "must rise from 0 on"),
        (["--prices", "0:nan:1"], "cannot be read"),
        (["--prices", "0:100000:1"], "too many steps"),
        (["--prices", "0:1:0"], "the step must be above 0"),
        (["--prices", "a,b"], "cannot be read"),
        (["--carbon", "food"], "has no criterion 'food' with effect carbon"),
        (["--cost", "carbon"], "has no criterion 'carbon' with effect cost"),
        (["--gap", "2"], "must lie between 0 and 1"),
        (["--time-limit", "-1"], "positive number"),
    ],
)
def test_what_makes_no_sense_is_refused(tmp_path: Path, arguments: list[str], words: str) -> None:
    done = CliRunner().invoke(app, ["mac", str(study(tmp_path / "s")), *arguments])
    assert done.exit_code == 2, done.stdout
    assert words in done.stderr


def test_limits_that_clash_are_named(tmp_path: Path) -> None:
    much = limit("much", "carbon", "min = 190")
    done = CliRunner().invoke(app, ["mac", str(study(tmp_path / "s", BUDGET, much)), "--prices", "10"])
    assert done.exit_code == 3
    assert "budget" in done.stderr
    assert "much" in done.stderr


def test_a_sweep_without_time_says_so(tmp_path: Path) -> None:
    folder = study(tmp_path / "s")
    done = CliRunner().invoke(app, ["mac", str(folder), "--prices", "0:500:1", "--time-limit", "0.02"])
    assert done.exit_code == 4
    assert "ended" in (done.stdout + done.stderr)


def test_carbon_that_is_paid_for_twice_is_said(tmp_path: Path) -> None:
    folder = copy_tiny(tmp_path / "s")
    text = (folder / "study.toml").read_text(encoding="utf-8")
    net = text.replace("cost = { sense", 'net = { effect = "net_cost", sense = "min" }\ncost = { sense', 1)
    (folder / "study.toml").write_text(net, encoding="utf-8")
    assert "paid for twice" not in str(lf.mac(folder, [10], cost="net"))
    credit = '\n[[credits]]\nscheme = "s"\nmethodology = "voluntary"\nprice = 30.0\n'
    (folder / "study.toml").write_text(net + credit, encoding="utf-8")
    assert "paid for twice" in str(lf.mac(folder, [10], cost="net"))
    assert "paid for twice" not in str(lf.mac(folder, [10], cost="cost"))


EVEN = 'even = { effect = "food", measure = "smallest", by = "town", per = "area", sense = "max" }'
FUNDS = """funds = [
  { name = "forest", amount = 250000, interventions = ["trees", "regrowth"] },
  { name = "county", amount = 60000 },
]
"""


@pytest.mark.parametrize(
    ("least", "technical", "carbon"),
    [
        (20, 150, [40, 140, 140, 150]),  # no trees on c, nor on both a and b: trees on b, crops on a and c
        (30, 100, [40, 40, 100, 100]),  # no trees
    ],
)
def test_limits_on_measures_count(
    tmp_path: Path, least: float, technical: float, carbon: list[float]
) -> None:
    """Fields of 1 ha with 33.3 t: trees on a leave the east 28.3 t per ha, on b 23.3, on both 18.3."""
    folder = study(tmp_path / "s", limit("worst", "even", f"min = {least}"))
    text = (folder / "study.toml").read_text(encoding="utf-8")
    (folder / "study.toml").write_text(text.replace("[criteria]", f"[criteria]\n{EVEN}"), encoding="utf-8")
    found = lf.mac(folder, [6, 12, 45, 1000])
    assert found.technical.carbon == pytest.approx(technical)
    assert found.to_frame()["carbon"].tolist() == pytest.approx(carbon)


def test_funds_pay_costs_of_a_table(tmp_path: Path) -> None:
    prices = [6, 12, 45, 1000]
    found = lf.mac(study(tmp_path / "s", '[[funds]]\nname = "purse"\namount = 2000\n'), prices).to_frame()
    assert found["net_benefit"].tolist() == pytest.approx([best(price, budget=2000) for price in prices])


def test_funds_count_in_the_sweep_and_not_in_the_technical_potential(tmp_path: Path) -> None:
    folder = write_files("money.md", tmp_path)
    text = (folder / "study.toml").read_text(encoding="utf-8")
    (folder / "study.toml").write_text(FUNDS + text, encoding="utf-8")
    found = lf.mac(folder, [40, 1000])
    assert found.technical.carbon == pytest.approx(12_800)
    # Regrowth on d at 37.5 a tonne; then woodland on b as well, and the funds are empty (see the page).
    assert found.to_frame()["carbon"].tolist() == pytest.approx([3200, 6400])


def test_targets_of_features_count_without_limits_on_money() -> None:
    reached = {"effect": "feature:*", "measure": "reached", "target": 5.0, "sense": "max"}
    criteria = {"carbon": {"sense": "max"}, "cost": {"sense": "min"}, "reached": reached}
    limits = [
        {"name": "homes", "criterion": "reached", "min": 1},
        {"name": "budget", "criterion": "cost", "max": 1e5},
    ]
    found = builders.formulation(criteria, limits=limits)
    kept = [found.program.row_names[row] for row in rows_kept(found, money=False)]
    assert "homes" in kept
    assert "budget" not in kept
    assert len(rows_kept(found, money=True)) == len(kept) + 1
