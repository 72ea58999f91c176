"""Real parcels: Sibuyan as shares and as whole parcels, through the API, against optima that are known."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import landfront.api as lf
from tests.instances.sibuyan import DATA, write_sibuyan

pytestmark = pytest.mark.skipif(not DATA.exists(), reason="the shared data set of Sibuyan is not here")

GAP = 1e-4
WORST_LOSS = 0.003
"""Whole parcels lie up to 0.21 % under shares in the known results."""


@pytest.mark.parametrize(
    ("budget", "food_share", "intactness", "known"),
    [(1e6, 0.9, None, 704), (3e6, 1.0, 500.0, 1457), (6e6, 0.9, 0.0, 1985), (12e6, 1.0, None, 2722)],
)
def test_shares_meet_the_known_optimum_and_whole_parcels_its_bound(
    tmp_path: Path, budget: float, food_share: float, intactness: float | None, known: int
) -> None:
    kilotonnes = {}
    for decision in ("share", "whole"):
        folder = tmp_path / decision
        write_sibuyan(folder, decision=decision, budget=budget, food=food_share, msa=intactness)
        plan = lf.plan(lf.read(folder), maximise="carbon", gap=GAP)
        assert plan.limits()["holds"].all()
        assert plan.point is not None
        assert plan.point.termination == "optimal"
        assert plan.point.gap <= GAP
        assert plan.point.bound >= plan.values["carbon"] * (1 - 1e-12)
        kilotonnes[decision] = plan.values["carbon"] / 1e3
    assert kilotonnes["share"] == pytest.approx(known, abs=0.6)
    assert kilotonnes["share"] * (1 - WORST_LOSS) <= kilotonnes["whole"] <= kilotonnes["share"] * (1 + 1e-9)


@pytest.mark.parametrize("decision", ["share", "whole"])
def test_a_front_of_real_parcels_is_a_run_that_verifies(tmp_path: Path, decision: str) -> None:
    folder = tmp_path / "study"
    write_sibuyan(folder, decision=decision, budget=6e6, food=0.9)
    result = lf.run(folder, tmp_path / "run", ["carbon", "food"], 5)
    values = result.front.values
    assert len(values) == 5
    assert np.all(np.diff(values[:, 0]) > 0)
    assert np.all(np.diff(values[:, 1]) < 0)
    assert result.front.gap <= GAP
    assert not list((tmp_path / "run").glob("plans.gpkg")), "a study without geometry has no layer"
    assert lf.verify(tmp_path / "run").holds
