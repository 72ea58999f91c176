"""What a choice is worth where part of a parcel is done and stays: importance, alternatives, no regret."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import landfront.api as lf
from landfront.report.choices import ALL, NONE

from .conftest import HISTORY, write_squares

DONE = [("p000", "agroforestry", 0.25), ("p001", "mixed_plantation", 0.6), ("p001", "agroforestry", 0.4)]


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Sixteen squares, a quarter of the first is done, of the second all, by two interventions."""
    folder = write_squares(tmp_path_factory.mktemp("partly") / "study", side=4, budget=1.8e5)
    frame = pd.DataFrame(DONE, columns=["parcel", "intervention", "area_ha"]).assign(year=2026)
    frame.to_csv(folder / "history.csv", index=False)
    with (folder / "study.toml").open("a", encoding="utf-8") as file:
        file.write(HISTORY)
    return folder


def test_a_parcel_that_is_done_in_part_must_be_treated(study: Path) -> None:
    found = lf.importance(study, seconds=5.0)
    frame = found.to_frame().set_index("parcel")
    assert np.isinf(frame.loc[["p000", "p001"], "least"]).all()
    rest = frame.drop(["p000", "p001"])
    assert np.isfinite(rest["most"]).all()
    assert (rest["least"] <= rest["most"]).all()
    assert "2 must be treated" in str(found)


def test_alternatives_keep_what_is_done(study: Path) -> None:
    told = lf.alternatives(study, loss="2%", differ="1ha", plans=2, settle=2.0)
    assert told.plans
    for place in range(len(told.plans) + 1):
        shares = told.plan(place).to_frame().set_index(["parcel", "intervention"])["share"]
        for parcel, intervention, share in DONE:
            assert shares[parcel, intervention] >= share - 1e-6
    held = np.array(
        [told.plan(place).x[: len(told.choices.kind)] >= 0.5 for place in range(len(told.plans) + 1)]
    )
    assert held[:, told.choices.kind == ALL].all()
    assert not held[:, told.choices.kind == NONE].any()


def test_no_regret_of_a_front_with_what_is_done(study: Path) -> None:
    lf.run(study, study.parent / "run", points=4)
    told = lf.no_regret(study.parent / "run")
    shares = np.array([point.x[: len(told.found)] for point in told.result.front.points])
    assert (shares[:, told.proven == ALL] >= 0.5).all()
    assert (shares[:, told.proven == NONE] < 0.5).all()
    assert sum(flags.sum() for flags in told.parcels.values()) == 16
