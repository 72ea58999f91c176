"""Transfers between regions: by hand, as properties, crediting choices, shadow prices, bad input."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

import landfront.api as lf
from landfront.cli import app
from landfront.models.formulate import Formulation
from landfront.models.plan import Plan
from landfront.report.compensation import transfers
from landfront.report.search import find_plan

from .page import write_files
from .regional import regional

COUNTIES = {"province": ["P", "P", "Q", "Q"], "county": ["a", "b", "c", "d"]}


def everywhere(study: Formulation) -> Plan:
    """The plan that puts a pond on every parcel."""
    x = np.zeros(study.program.columns)
    x[study.menu.kind != 0] = 1.0
    return Plan(study, x)


def four(carbon: list[float] | None = None, cost: list[float] | None = None, **more: Any) -> Plan:
    """Counties a and b in P, c and d in Q: at 1 per tonne the balances are 30, -10, 5 and -15."""
    return everywhere(regional(carbon or [40, 10, 20, 5], cost or [10, 20, 15, 20], COUNTIES, **more))


def test_transfers_by_hand() -> None:
    found = lf.compensate(four(), "county", {"carbon": 1.0})
    assert found.balance.tolist() == [30, -10, 5, -15]
    assert found.fund.tolist() == [0, 0, 0, 0]
    # 25 are lacking; b is in the province of a, so that of a's 30 it gets its 10, and c's 5 stay in Q.
    table = found.transfers_frame()
    paid = {(row["payer"], row["receiver"]): row["amount"] for row in table.to_dict("records")}
    assert paid == pytest.approx({("a", "b"): 10, ("a", "d"): 10, ("c", "d"): 5})
    assert found.after == pytest.approx([10, 0, 0, 0], abs=1e-9)
    assert found.moved == pytest.approx(25)
    assert found.matrix_frame().loc["a", "d"] == pytest.approx(10)
    assert "2 of 4 regions are worse off before transfers" in str(found)


def test_an_equal_share_of_the_surplus() -> None:
    found = lf.compensate(four(), "county", {"carbon": 1.0}, share="equal")
    assert found.after == pytest.approx([2.5] * 4)
    assert "an equal share of the surplus" in str(found)


def test_own_region_use_needs_a_fund_where_a_province_has_too_little() -> None:
    found = lf.compensate(four(), "county", {"carbon": 1.0}, scope="own")
    # P has 20 in sum; Q lacks 10, which only an outside fund can give.
    assert found.fund == pytest.approx([0, 0, 0, 10])
    assert found.after == pytest.approx([20, 0, 0, 0])
    assert "an outside fund of 10 CNY is needed" in str(found)
    table = found.transfers_frame()
    assert set(zip(table["payer"], table["receiver"], strict=True)) == {("a", "b"), ("c", "d")}


def test_a_negative_sum_needs_an_outside_fund_of_just_that() -> None:
    found = lf.compensate(four(), "county", {"carbon": 0.5})
    assert found.balance.sum() == pytest.approx(-27.5)
    assert found.fund.sum() == pytest.approx(27.5)
    assert (found.after >= -1e-9).all()
    assert "sum to -27.5 CNY" in str(found)


def test_nothing_moves_where_nobody_loses() -> None:
    found = lf.compensate(four(), "county", {"carbon": 100.0})
    assert found.moved == 0
    assert found.matrix_frame().empty
    assert "No money moves between regions." in str(found)


def test_stock_increment_quota_and_full() -> None:
    plan = four(baselines={"carbon": np.array([0.0, 30.0, 0.0, 10.0])})
    increment = lf.compensate(plan, "county", {"carbon": 1.0})
    stock = lf.compensate(plan, "county", {"carbon": 1.0}, basis="stock")
    named = lf.compensate(plan, "county", {"carbon": 1.0}, basis={"carbon": "stock"})
    assert increment.credits["carbon"].tolist() == [40, 10, 20, 5]
    assert stock.credits["carbon"].tolist() == named.credits["carbon"].tolist() == [40, 40, 20, 15]
    quota = lf.compensate(plan, "county", {"carbon": 1.0}, quota={"carbon": 15})
    assert quota.credits["carbon"].tolist() == [25, 0, 5, 0]
    by_name = {"carbon": {"a": 40, "b": 0, "c": 5, "d": 0}}
    assert lf.compensate(plan, "county", {"carbon": 1.0}, quota=by_name).credits["carbon"].tolist() == [
        0,
        10,
        15,
        5,
    ]
    assert "baseline and change of carbon, in full" in str(stock)
    assert "above a quota per region" in str(quota)


def test_a_loss_counts_in_full_whatever_the_quota() -> None:
    plan = four(carbon=[-5, 10, 20, 5])
    assert lf.compensate(plan, "county", {"carbon": 1.0}, quota={"carbon": 8}).credits["carbon"].tolist() == [
        -5, 2, 12, 0,
    ]  # fmt: skip


def test_less_of_what_is_to_be_little_is_a_gain() -> None:
    plan = four(carbon=[-40, -10, -20, -5], sense="min")
    assert lf.compensate(plan, "county", {"carbon": 1.0}).balance.tolist() == [30, -10, 5, -15]


def test_prices_may_differ_between_regions() -> None:
    prices = {"carbon": {"a": 1.0, "b": 2.0, "c": 1.0, "d": 4.0}}
    assert lf.compensate(four(), "county", prices).balance.tolist() == [30, 0, 5, 0]


AMOUNTS = st.lists(st.integers(-50, 50), min_size=6, max_size=6)


@settings(max_examples=60, deadline=None)
@given(AMOUNTS, st.lists(st.integers(0, 40), min_size=6, max_size=6), st.booleans(), st.booleans())
def test_nobody_is_worse_off_and_transfers_sum_to_zero(
    carbon: list[int], cost: list[int], own: bool, equal: bool
) -> None:
    regions = {"province": list("PPPQQQ"), "county": list("abcdef")}
    plan = everywhere(regional(carbon, cost, regions))
    asked: dict[str, Any] = {"scope": "own" if own else "all", "share": "equal" if equal else "none"}
    found = lf.compensate(plan, "county", {"carbon": 1.0}, **asked)
    assert (found.after >= found.floor - 1e-6).all()
    assert (found.floor >= 0).all()
    assert found.transfer.sum() == pytest.approx(0, abs=1e-6)
    assert (found.amount > 0).all()
    assert not set(found.payer.tolist()) & set(found.receiver.tolist())
    # Just as much moves as is lacking, and the fund is what the balances of a group lack in sum.
    groups = np.repeat([0, 1], 3) if own else np.zeros(6, dtype=int)
    sums = np.bincount(groups, weights=found.balance)
    assert np.bincount(groups, weights=found.fund) == pytest.approx(np.maximum(-sums, 0), abs=1e-6)
    lacking = np.maximum(found.floor - found.balance - found.fund, 0).sum()
    assert found.moved == pytest.approx(lacking, abs=1e-6)
    if own:
        assert (groups[found.payer] == groups[found.receiver]).all()


def test_money_stays_in_its_province_where_it_can() -> None:
    surplus = np.array([10.0, -10.0, 10.0, -10.0])
    payer, receiver, amount = transfers(surplus, np.zeros(4, int), np.array([0, 0, 1, 1]))
    assert list(zip(payer.tolist(), receiver.tolist(), strict=True)) == [(0, 1), (2, 3)]
    assert amount == pytest.approx([10, 10])


def test_shadow_prices_of_a_plan_under_a_budget() -> None:
    # The budget of 20 buys all of a and half of b (10 t for 20): one more is worth half a tonne.
    budget = [{"name": "budget", "criterion": "cost", "max": 20}]
    study = regional([10, 10, 10, 10], [10, 20, 30, 60], COUNTIES, limits=budget)
    found = lf.compensate(find_plan(study, "carbon").plan, "county")
    assert found.prices["carbon"] == pytest.approx([2, 2, 2, 2])
    assert found.balance == pytest.approx([10, 0, 0, 0])


def test_shadow_prices_of_the_least_cost() -> None:
    floor = [{"name": "floor", "criterion": "carbon", "min": 15}]
    study = regional([10, 10, 10, 10], [10, 20, 30, 60], COUNTIES, limits=floor)
    assert lf.compensate(find_plan(study, "cost").plan, "county").prices["carbon"] == pytest.approx([2] * 4)


def test_shadow_prices_of_a_front_that_trades_the_cost() -> None:
    study = regional([10, 10, 10, 10], [10, 20, 30, 60], COUNTIES)
    from landfront.report.search import Request, find_front

    front = find_front(study, Request(("carbon", "cost"), points="all"))
    plan = next(point.plan for point in front if point.values[0] == pytest.approx(20))
    found = lf.compensate(plan, "county", traded=("carbon", "cost"))
    # The point is a corner: the tonne before cost 2, the next one costs 3.
    assert 2 - 1e-6 <= found.prices["carbon"][0] <= 3 + 1e-6


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"by": "town"}, "unknown region level 'town'"),
        ({"value": {"carbon": -1.0}}, "the price of carbon is -1.0"),
        ({"value": {"carbon": float("nan")}}, "Give prices of 0 or more"),
        ({"value": {"carbn": 1.0}}, "has no criterion 'carbn'. Did you mean 'carbon'?"),
        ({"value": {"cost": 1.0}}, "'cost' counts with -1 already"),
        ({"value": {}}, "no price is given"),
        ({"value": {"carbon": {"a": 1.0}}}, "no number for county b, c, d"),
        ({"cost": "carbon", "value": {"cost": 1.0}}, "is to be maximised"),
        ({"cost": "money"}, "has no criterion 'money'"),
        ({"scope": "near"}, "'near' is unknown. Use all or own"),
        ({"share": "fair"}, "Use none or equal"),
        ({"basis": "flow"}, "Use increment or stock"),
        ({"basis": {"wood": "stock"}}, "has no criterion 'wood'"),
        ({"basis": "stock"}, "no stock is known of carbon: the baseline is 0"),
        ({"by": "province", "scope": "own"}, "province lies in no outer level"),
        ({"quota": {"carbon": -3}}, "-3 is negative"),
        ({"quota": {"food": 3}}, "a quota of a criterion without a price"),
        ({"quota": {"carbon": {"a": 1, "b": 1, "c": 1}}}, "no number for county d"),
        ({"value": None}, "the plan came from no solver, so it has no shadow prices"),
    ],
)
def test_bad_requests_are_refused_with_one_clear_message(asked: Mapping[str, Any], words: str) -> None:
    wanted: dict[str, Any] = {"by": "county", "value": {"carbon": 1.0}, **asked}
    with pytest.raises(lf.InputError) as error:
        lf.compensate(four(), **wanted)
    assert words in str(error.value)
    assert str(error.value).startswith("1 fault in the input")


def test_prices_that_say_nothing_of_money_are_refused() -> None:
    study = regional([10, 10, 10, 10], [10, 20, 30, 60], COUNTIES)
    with pytest.raises(lf.InputError, match="say nothing of money: cost is neither traded nor limited"):
        lf.compensate(find_plan(study, "carbon").plan, "county")


def run(*arguments: object) -> Any:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def test_the_command_writes_balances_and_who_pays_whom(tiny_run: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    asked = ["compensate", tiny_run, "--point", 0, "--by", "town", "--price", "carbon=60,food=2500"]
    done = run(*asked, "-o", out)
    assert done.exit_code == 0, done.stderr
    assert "balances by town" in done.stdout
    assert {entry.name for entry in out.iterdir()} == {
        "balances.csv", "transfers.csv", "matrix.csv", "summary.txt",
    }  # fmt: skip
    balances = pd.read_csv(out / "balances.csv")
    assert balances["transfer"].sum() == pytest.approx(0, abs=1e-3)
    assert (balances["after"] >= -1e-3).all()
    assert run(*asked, "-o", out).exit_code == 2
    data = json.loads(run(*asked, "-o", tmp_path / "json", "--json").stdout)
    assert len(data["balances"]) == 4


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--point", 999, "--price", "carbon=60"], "the front has no point 999"),
        (["--point", 0, "--price", "carbon"], "'carbon' is not a name and a number"),
        (["--point", 0, "--price", "carbon=1,carbon=2"], "carbon is given twice"),
        (["--point", 0, "--price", "carbon=60", "--quota", "none.csv"], "none.csv"),
        (["--point", 0, "--price", "carbon=60", "--basis", "carbon=stock"], "no stock is known of carbon"),
    ],
)
def test_the_command_refuses(tiny_run: Path, tmp_path: Path, options: list[object], words: str) -> None:
    done = run("compensate", tiny_run, *options, "--by", "town", "-o", tmp_path / "out")
    assert done.exit_code == 2
    assert words in done.stderr
    assert not (tmp_path / "out").exists()


def test_quotas_are_read_from_a_table(tiny_run: Path, tmp_path: Path) -> None:
    pd.DataFrame({"region": list("ABCD"), "carbon": [0, 1, 2, 3]}).to_csv(tmp_path / "quota.csv", index=False)
    asked: dict[str, Any] = {"value": {"carbon": 60.0}, "point": 0}
    full = lf.compensate(tiny_run, "town", **asked).credits["carbon"]
    above = lf.compensate(tiny_run, "town", quota=tmp_path / "quota.csv", **asked).credits["carbon"]
    assert (above <= full + 1e-9).all()
    assert above[0] == full[0]
    with pytest.raises(lf.InputError, match="no point is named"):
        lf.compensate(tiny_run, "town", {"carbon": 60.0})


def test_a_limit_on_a_measure_has_no_price_for_each_region(tmp_path: Path) -> None:
    folder = write_files("people.md", tmp_path / "people")
    text = (folder / "study.toml").read_text(encoding="utf-8")
    worst = 'worst = { effect = "carbon", measure = "smallest", by = "village", sense = "max" }'
    more = f'[criteria]\ncarbon = {{ sense = "max" }}\ncost = {{ sense = "min" }}\n{worst}'
    text = text.replace("[study]", '[study]\ndecision = "share"').replace("[criteria]", more)
    text += '[[limits]]\nname = "even"\ncriterion = "worst"\nmin = 300\n'
    (folder / "study.toml").write_text(text, encoding="utf-8")
    plan = lf.plan(folder, minimise="cost")
    with pytest.raises(lf.InputError, match="say nothing of money"):
        lf.compensate(plan, "village")
    with pytest.raises(lf.InputError, match="'worst' is a measure"):
        lf.compensate(plan, "village", {"worst": 10.0})


def test_a_front_of_a_measure_has_no_price_for_each_region(tmp_path: Path) -> None:
    write_files("biodiversity.md", tmp_path)
    lf.run(tmp_path, tmp_path / "run", ["carbon", "cost", "missing"], 4)
    by = lf.check(tmp_path).formulation.landscape.levels[0]
    with pytest.raises(lf.InputError, match="trades missing, a measure"):
        lf.compensate(tmp_path / "run", by, point=1)
