"""What a unit of each limit costs: against finite differences, at kinks, in words, as a table."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

import landfront.api as lf
from landfront.cli import app
from landfront.instances.faults import InputError
from landfront.instances.landscape import Locked
from landfront.models.formulate import Formulation, Tables
from landfront.optimizer import value_function
from landfront.optimizer.engine import Infeasible
from landfront.optimizer.forcing import solve_best
from landfront.optimizer.program import Program
from landfront.optimizer.scalarize import solve_single
from landfront.optimizer.value_function import Sides, _Phi, sides_of
from landfront.report.prices import moved, prices_of
from landfront.report.standing import Asked, Standing, at_point
from tests.models import builders as b
from tests.models.test_risk import RISK, scenarios

from .conftest import write_squares


def phi(program: Program, entry: Sides, bound: float) -> float:
    """Best value of the relaxation with one bound elsewhere, in minimisation form."""
    return solve_best(moved(program.relaxed(), entry, bound - entry.bound), share=1e-9).value


def study_of(decision: str, budget: float, floor: float, **sections: Any) -> Formulation:
    limits: list[dict[str, Any]] = [
        {"name": "budget", "criterion": "cost", "max": budget},
        {"name": "grain", "criterion": "food", "min": {"share": floor}, "by": "county"},
        {"name": "trees", "criterion": "area", "max": {"share": 0.4, "of": "land"}},
    ]
    return b.formulation(["carbon", "cost", "food"], limits=limits, about={"decision": decision}, **sections)


def holds(program: Program, entry: Sides) -> None:
    """The price is the slope from the bound to its end, and a different one beyond."""
    here = phi(program, entry, entry.bound)
    worth = 1e-6 * (1 + abs(here))
    for side, tighter in ((entry.tighter, True), (entry.looser, False)):
        assert not side.open
        toward = (1.0 if entry.lower else -1.0) * (1.0 if tighter else -1.0)
        if np.isinf(side.price):
            with pytest.raises(Infeasible):
                phi(program, entry, entry.bound + toward * 1e-3 * program.row_scale[entry.row])
            continue
        length = abs(side.end - entry.bound) if np.isfinite(side.end) else program.row_scale[entry.row]
        for share in (0.3, 1.0):
            change = phi(program, entry, entry.bound + toward * share * length) - here
            said = side.price * share * length * (1.0 if tighter else -1.0)
            assert change == pytest.approx(said, abs=worth)
        if np.isfinite(side.end):
            try:
                beyond = phi(program, entry, entry.bound + toward * 1.5 * length) - here
            except Infeasible:
                continue
            # phi is convex: beyond its end a price never makes good for what it says.
            assert beyond >= side.price * 1.5 * length * (1.0 if tighter else -1.0) - worth


@settings(max_examples=15, deadline=None)
@given(budget=st.floats(2e4, 4e5), floor=st.floats(0.6, 1.0))
def test_prices_are_finite_differences(budget: float, floor: float) -> None:
    program = study_of("share", budget, floor).program.select([0])
    for entry in sides_of(program, least=1e-9).rows:
        holds(program, entry)
        assert entry.tighter.price >= entry.looser.price - 1e-9 * abs(entry.tighter.price)


@pytest.mark.parametrize("sections", [
    {"periods": {"starts": [2025, 2040]}},
    {"funds": [{"name": "one", "amount": 1e5, "earmarks": [{"share": 0.3, "regions": ["north"]}]}]},
])  # fmt: skip
def test_with_periods_and_funds(sections: dict[str, Any]) -> None:
    program = study_of("share", 1.5e5, 0.9, **sections).program.select([0])
    found = sides_of(program, least=1e-9).rows
    equal = [program.row_lower[entry.row] == program.row_upper[entry.row] for entry in found]
    assert any(equal) == ("funds" in sections)
    assert found
    for entry in found:
        holds(program, entry)


def test_at_a_kink_both_prices_are_given() -> None:
    program = study_of("share", 1.7e5, 0.9).program.select([0])
    rows = sides_of(program, least=1e-9).rows
    entry = next(row for row in rows if not row.lower and row.tighter.price)
    at = moved(program, entry, entry.looser.end - entry.bound)
    again = next(row for row in sides_of(at, least=1e-9).rows if row.row == entry.row)
    assert again.tighter.price == pytest.approx(entry.looser.price, rel=1e-6)
    assert again.looser.price < entry.looser.price * (1 - 1e-6)
    holds(at, again)


def test_a_bound_that_cannot_be_tighter_is_said() -> None:
    program = study_of("share", 1.7e5, 0.9).program.select([0])
    entry = next(row for row in sides_of(program, least=1e-9).rows if not row.lower)
    none = moved(program, entry, -entry.bound)
    again = next((row for row in sides_of(none, least=1e-9).rows if row.row == entry.row), None)
    assert again is not None
    assert np.isinf(again.tighter.price)
    holds(none, again)


@settings(max_examples=8, deadline=None)
@given(budget=st.floats(5e4, 4e5), floor=st.floats(0.7, 1.0))
def test_measured_steps_of_whole_parcels_are_solves(budget: float, floor: float) -> None:
    found = study_of("whole", budget, floor)
    program = found.program.select([0])
    standing = Standing(found, "carbon", solve_best(program, share=1e-9))
    told = prices_of(standing, step=0.1, share=1e-9)
    assume(told.limits)
    assert told.whole
    assert told.relaxed >= standing.value - 1e-6 * abs(standing.value)
    for limit in told.limits:
        assert len(limit.changes) == 2
        for change in limit.changes:
            row = program.row_names.index(limit.name)
            entry = Sides(row, limit.lower, 0.0, limit.tighter, limit.looser)
            try:
                again = solve_best(moved(program, entry, change.step), share=1e-9).value
            except Infeasible:
                assert np.isinf(change.least)
                continue
            noise = 1e-6 * (1 + abs(again))
            assert change.least - noise <= again - standing.best.value <= change.most + noise


@pytest.fixture(scope="module")
def squares(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_squares(tmp_path_factory.mktemp("prices") / "study")


def test_words_and_table_say_the_same(squares: Path, tmp_path: Path) -> None:
    out = tmp_path / "prices.csv"
    done = CliRunner().invoke(app, ["prices", str(squares), "-o", str(out)])
    assert done.exit_code == 0, done.output
    assert (
        "1 thousand CNY costs 9.526 t CO2e, between 397.4 thousand CNY and 410.3 thousand CNY." in done.stdout
    )
    assert "Whole parcels" not in done.stdout
    frame = pd.read_csv(out)
    assert frame["limit"].tolist() == ["budget", "budget"]
    assert frame["price"].tolist() == pytest.approx([0.009526] * 2, rel=1e-3)
    assert frame["holds_to"].tolist() == pytest.approx([397_357.8, 410_344.9], rel=1e-6)
    assert CliRunner().invoke(app, ["prices", str(squares), "-o", str(out)]).exit_code == 2


def test_json_and_points_of_a_run(squares: Path) -> None:
    run = squares.parent / "run"
    lf.run(squares, run)
    done = CliRunner().invoke(app, ["prices", str(run), "--point", "2", "--json"])
    assert done.exit_code == 0, done.output
    said = json.loads(done.stdout)
    assert {row["limit"] for row in said["limits"]} == {"budget", "food no worse"}
    assert not said["whole"]


def test_a_limit_that_does_not_bind_has_no_price(tmp_path: Path) -> None:
    study = write_squares(tmp_path / "study", budget=1e9)
    assert "No limit binds." in str(lf.prices(study))


def test_a_wrong_step_is_refused(squares: Path) -> None:
    with pytest.raises(InputError, match="must be a share from 0 to 1"):
        lf.prices(squares, step=1.0)


def standing_at(found: Formulation) -> Standing:
    """The best plan in carbon."""
    place = list(found.study.criteria).index("carbon")
    return Standing(found, "carbon", solve_best(found.program.select([place]), share=1e-9))


def edged(decision: str, most: float) -> Formulation:
    """One farm locked as treated: most of the boundary is there anyway."""
    lock = Locked(np.array([0, -1, -1, -1, -1], np.int16), ("conservation_tillage",))
    return b.formulation(
        {"carbon": {"sense": "max"}, "edge": {"measure": "boundary", "sense": "min"}},
        land=b.landscape(neighbours=b.neighbours(), locks={"agreed": lock}),
        about={"decision": decision}, locks=[{"name": "agreed", "from": "A"}],
        limits=[{"name": "near", "criterion": "edge", "max": most}],
    )  # fmt: skip


@pytest.mark.parametrize("decision", ["whole", "share"])
def test_a_limit_on_a_boundary_counts_what_is_there_anyway(decision: str) -> None:
    found = edged(decision, 110.0)
    assert found.limits[0].baseline == 160.0
    told = prices_of(standing_at(found))
    [limit] = told.limits
    assert limit.bound == pytest.approx(110.0)
    assert limit.between == pytest.approx((90.0, 120.0))
    for side in (limit.tighter, limit.looser):
        moved_to = standing_at(edged("share", side.end)).value
        assert moved_to == pytest.approx(told.relaxed + side.price * (side.end - 110.0), rel=1e-6)


PATCHED: dict[str, Any] = {"measure": "scattered", "sense": "min", "patch": {"parcels": 2}}
TAIL: dict[str, Any] = {"measure": "cvar", "effect": "carbon", "sense": "max", "level": 0.5}
MEASURED: dict[str, Any] = {
    "scattered": {"criterion": ("bits", PATCHED), "bound": {"max": 12.0}},
    "risk": {"criterion": ("tail", TAIL), "bound": {"min": 300.0}},
}


@pytest.mark.parametrize("kind", MEASURED)
@pytest.mark.parametrize("decision", ["whole", "share"])
def test_rows_that_say_what_a_measure_is_have_no_price(
    kind: str, decision: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only bounds are looked at: of limits, of funds and of criteria beside."""
    name, entry = MEASURED[kind]["criterion"]
    more: dict[str, Any] = {}
    if kind == "risk":
        more["tables"] = Tables(feature_change=b.FEATURE_CHANGE, baselines={}, scenarios=scenarios(0, 6))
        more["risk"] = RISK
    found = b.formulation(
        {"carbon": {"sense": "max"}, "cost": {"sense": "min"}, name: entry},
        land=b.landscape(neighbours=b.neighbours()), about={"decision": decision},
        limits=[{"name": "budget", "criterion": "cost", "max": 1.5e5},
                {"name": "asked", "criterion": name, **MEASURED[kind]["bound"]}],
        funds=[{"name": "one", "amount": 1.2e5}], **more,
    )  # fmt: skip
    point = solve_single(found.program, 0, gap=1e-9)
    standing = at_point(found, ("carbon", "cost"), point, Asked(found.study, gap=1e-9))
    looked: list[str] = []

    class Phi(_Phi):
        def __init__(self, program: Program, row: int, *, lower: bool) -> None:
            looked.append(program.row_names[row])
            super().__init__(program, row, lower=lower)

    monkeypatch.setattr(value_function, "_Phi", Phi)
    told = prices_of(standing, step=0.0)
    assert set(looked) <= {"budget", "asked", "funds: one pays at most 120000", "cost no worse"}
    assert {"funds: one pays at most 120000", "cost no worse"} & set(looked)
    assert {limit.name for limit in told.limits} <= set(looked)
