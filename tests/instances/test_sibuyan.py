"""Real parcels: the Sibuyan study loads, and its optima as shares are the published ones."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from landfront.instances.study import read_study
from landfront.models.formulate import formulate
from tests.instances.relaxation import best
from tests.instances.sibuyan import FOOD, available, write_sibuyan

pytestmark = pytest.mark.skipif(
    not available(), reason="needs ../shared/data/sibuyan, which is not in the project"
)


@pytest.mark.parametrize(
    ("budget", "food", "msa", "kilotonnes"),
    [(1e6, 0.9, None, 704), (1e6, 1.0, 0.0, 529), (6e6, 1.0, 500.0, 1920), (12e6, 0.9, 500.0, 2719)],
)
def test_optima_as_shares(
    tmp_path: Path, budget: float, food: float, msa: float | None, kilotonnes: int
) -> None:
    path = write_sibuyan(tmp_path, budget=budget, food=food, msa=msa)
    program = formulate(read_study(path)).program
    values = dict(zip(program.objective_names, best(program, 0), strict=True))
    assert values["carbon"] / 1e3 == pytest.approx(kilotonnes, abs=0.6)
    assert values["food"] >= food * FOOD - 1e-6
    assert values["cost"] <= budget * (1 + 1e-9)


def test_whole_parcels_are_integers(tmp_path: Path) -> None:
    formulation = formulate(read_study(write_sibuyan(tmp_path, decision="whole")))
    assert len(formulation.landscape) == 7226
    assert formulation.landscape.area.sum() == pytest.approx(45_162.5)
    assert bool(np.all(formulation.program.integer))
    assert len(formulation.menu) == 7226 + 5651
