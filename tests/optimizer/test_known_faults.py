"""Faults of solvers that are known and not mended here; these tests tell when they are gone."""

from __future__ import annotations

from pathlib import Path

import highspy
import numpy as np
import pytest

DATA = Path(__file__).parent / "data"


def optimum(start: np.ndarray | None) -> float:
    """What HiGHS calls the optimum of a small mixed-integer model, with a start or without."""
    solver = highspy.Highs()
    solver.silent()
    solver.readModel(str(DATA / "start.mps"))
    if start is not None:
        solver.setSolution(len(start), np.arange(len(start), dtype=np.int32), start)
    solver.run()
    assert solver.getModelStatus() == highspy.HighsModelStatus.kOptimal
    return float(solver.getInfo().objective_function_value)


@pytest.mark.xfail(reason="HiGHS 1.15.1 calls 42.977 optimal, 35.797 is possible", strict=True)
def test_a_start_does_not_change_the_optimum() -> None:
    start = np.loadtxt(DATA / "start.txt")
    assert optimum(start) == pytest.approx(optimum(None))
