"""Where prices and cores could fail: contradictions, units far apart, 2,000 rows, columns without end."""

from __future__ import annotations

from dataclasses import replace
from math import inf

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from landfront.optimizer import certify
from landfront.optimizer.front import Fact
from landfront.optimizer.highs import HighsEngine
from landfront.optimizer.program import Csr, Program, Stack
from landfront.optimizer.structured.ascent import Ascent, MustMissError
from landfront.optimizer.structured.compact import compact
from landfront.optimizer.structured.engine import StructuredEngine
from landfront.optimizer.structured.exact import Core
from landfront.optimizer.structured.passes import Passes
from landfront.optimizer.structured.rounding import round_core
from landfront.optimizer.structured.scalar import Scalar, paying, scalar_of
from tests.optimizer import national

CARBON, FREE = np.array([1.0, 0.0]), np.full(2, inf)


def some(parcels: int = 4000, features: int = 20) -> Program:
    """Carbon and food of a national program."""
    return national.national(parcels, features, whole=False).select([0, 1])


def test_prices_prove_that_a_cap_is_out_of_reach() -> None:
    program = some(20_000)
    engine = StructuredEngine(program)
    best = engine.relax(CARBON[::-1], FREE, seconds=inf)
    reach = np.array([inf, best.bound + 1e-3 * abs(best.bound)])
    assert engine.relax(CARBON, reach, seconds=inf).reason == "optimal"
    beyond = np.array([inf, best.bound - 1e-3 * abs(best.bound)])
    scalar = scalar_of(program, compact(program), CARBON, beyond, None)
    with pytest.raises(MustMissError, match="must be missed by at least"):
        Ascent(Passes(compact(program))).cold(scalar, deadline=inf)
    answer = engine.relax(CARBON, beyond, seconds=inf)
    assert answer.reason == HighsEngine(program).relax(CARBON, beyond, seconds=inf).reason == "infeasible"
    assert "must be missed" in answer.detail


def test_units_of_rows_that_are_twelve_orders_apart() -> None:
    program = some()
    unit = 10.0 ** np.random.default_rng(0).integers(-6, 7, program.rows.shape[0])
    rows = Csr(sp.csr_array(sp.diags_array(unit) @ program.row_matrix))
    other = replace(
        program,
        rows=Stack((rows,), program.columns),
        row_lower=program.row_lower * unit,
        row_upper=program.row_upper * unit,
    )
    one, two = (StructuredEngine(each).relax(CARBON, FREE, seconds=inf) for each in (program, other))
    assert one.reason == two.reason == "optimal"
    assert two.bound == pytest.approx(one.bound, rel=1e-9)
    fact = Fact(CARBON, FREE, -inf, "recomputed", two.row_prices, two.cap_prices)
    assert certify.lagrangian_bound(other, fact) == pytest.approx(one.bound, rel=1e-8)


def test_a_column_that_nothing_ends_is_told() -> None:
    program = some(2000)
    m = program.columns + 1
    rows = sp.hstack([program.row_matrix, sp.csr_array((program.rows.shape[0], 1))])
    endless = replace(
        program,
        objectives=Stack((Csr(sp.csr_array(np.column_stack([program.minimised, [-1.0, 0.0]]))),), m),
        senses=np.ones(2, dtype=np.int8),
        rows=Stack((Csr(sp.csr_array(rows)),), m),
        lower=np.append(program.lower, 0.0),
        upper=np.append(program.upper, inf),
        integer=np.append(program.integer, False),
    )
    assert StructuredEngine(endless).relax(CARBON, FREE, seconds=inf).reason == "unbounded"


@pytest.mark.slow
def test_two_thousand_rows() -> None:
    program = some(1500, 1960)
    assert program.rows.shape[0] > 1990
    answer = StructuredEngine(program).relax(CARBON, FREE, seconds=inf)
    assert np.count_nonzero(answer.row_prices) > 100
    assert answer.x is not None
    assert certify.faults(program, answer.x) == []
    # A solution whose value is the bound that its prices prove is the best one.
    fact = Fact(CARBON, FREE, -inf, "recomputed", answer.row_prices, answer.cap_prices)
    value = float(CARBON @ (program.senses * program.values(answer.x)))
    assert certify.lagrangian_bound(program, fact) == pytest.approx(value, rel=1e-8)


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), groups=st.integers(2, 12), rows=st.integers(1, 4))
def test_no_change_and_no_pair_of_changes_betters_a_rounded_choice(seed: int, groups: int, rows: int) -> None:
    rng = np.random.default_rng(seed)
    group = np.sort(rng.integers(0, groups, 3 * groups))
    change = rng.integers(-4, 5, (rows, len(group))).astype(float)
    cost = rng.integers(-9, 10, len(group)).astype(float)
    upper = rng.integers(0, 8, rows).astype(float)
    core = Core(
        np.zeros(groups, dtype=np.int64),
        np.zeros(rows),
        np.arange(len(group)),
        group,
        sp.csc_array(change),
        np.zeros(len(group)),
    )
    found = round_core(core, cost, np.full(rows, -inf), upper, penalty=np.full(rows, 5.0), target=-inf)
    if found is None:  # from the references, which hold, the search must come back to something that holds
        pytest.fail("no choice was found")
    chosen = {int(group[at]): int(at) for at in found.moved}
    assert len(chosen) == len(found.moved)
    options: list[dict[int, int | None]] = []
    for one in set(group.tolist()):
        for at in [None, *np.flatnonzero(group == one).tolist()]:
            options.append({one: at})

    def value(choice: dict[int, int | None]) -> float:
        columns = [at for at in choice.values() if at is not None]
        return float(cost[columns].sum()) if np.all(change[:, columns].sum(axis=1) <= upper + 1e-9) else inf

    start: dict[int, int | None] = dict(chosen)
    assert value(start) == pytest.approx(found.cost)
    pairs = ({**start, **one, **two} for one in options for two in options)
    assert min(map(value, pairs)) >= found.cost - 1e-9


@pytest.mark.parametrize("share", [0.2, 0.5, 0.9])
@pytest.mark.parametrize("parcels", [4000, 60_000])
def test_levels_that_move_are_found_by_prices_alone(
    share: float, parcels: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without weights the prices of the levels are all that costs, in units far from the objectives'."""
    program, free = national.national(parcels, 20, whole=False), np.full(3, inf)
    ends = [StructuredEngine(program).relax(w, free, seconds=inf).x for w in np.eye(3)]
    values = np.array([program.senses * program.values(x) for x in ends if x is not None])
    slope = np.ptp(values, axis=0)
    upper, none = values.min(axis=0) + share * slope, np.zeros(3)
    truth = HighsEngine(program).relax(none, upper, seconds=inf, slope=slope) if parcels < 10_000 else None
    monkeypatch.setattr(HighsEngine, "relax", None)  # nothing is left to the whole matrix
    answer = StructuredEngine(program).relax(none, upper, seconds=inf, slope=slope)
    assert answer.reason == "optimal"
    assert float(answer.cap_prices @ slope) == pytest.approx(1.0, abs=1e-9)
    assert answer.x is not None
    missed = (program.senses * program.values(answer.x) - upper) / slope
    assert missed.max() == pytest.approx(answer.stretch, abs=1e-9)
    fact = Fact(answer.cap_prices, free, -inf, "recomputed", answer.row_prices, none)
    bound = certify.lagrangian_bound(program, fact) - float(answer.cap_prices @ upper)
    assert bound == pytest.approx(answer.stretch, abs=1e-7)
    if truth is not None:
        assert answer.stretch == pytest.approx(truth.stretch, abs=1e-9)


def test_prices_begin_where_rows_pay_for_what_loose_columns_cost() -> None:
    """Where options cost nothing themselves, prices of 0 would say nothing of how large costs are."""
    loose = sp.csc_array(np.array([[-2.0, 0.0], [-4.0, 0.0], [5.0, 1.0]]))
    scalar = Scalar(
        base=np.zeros(3), lower=np.array([0.0, 0.0, -np.inf]), upper=np.array([np.inf, np.inf, 9.0]),
        loose=loose, loose_cost=np.array([-1.0, 0.0]), loose_lower=np.zeros(2), loose_upper=np.ones(2),
        first=np.zeros(3),
    )  # fmt: skip
    prices = paying(scalar)
    # The first two rows pay a third each with their own signs; the third pays its part at a price below 0.
    assert prices == pytest.approx([1 / 6, 1 / 12, -1 / 15])
    assert scalar.loose_cost - prices @ loose.toarray() == pytest.approx([0.0, 1 / 15])
