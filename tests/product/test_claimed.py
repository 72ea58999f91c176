"""Carbon that can be claimed, from files: columns, faults, runs that verify; and plans under stress."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner

import landfront.api as lf
from landfront.cli import app
from tests.product.page import write_files

CRITERIA = 'carbon_net = { sense = "max" }\n'


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_files("risk.md", tmp_path / "study")


def asked(folder: Path, net: str, parcels: str = "") -> Path:
    """The study of the page with ``[carbon.net]``, and more keys of its parcels."""
    file = folder / "study.toml"
    text = file.read_text().replace("[criteria]\n", f"[carbon.net]\n{net}\n[criteria]\n{CRITERIA}")
    file.write_text(text.replace("[parcels]\n", f"[parcels]\n{parcels}"))
    return folder


FLUX = 'baseline_flux = { column = "flux", unit = "t CO2e/ha/yr" }\n'


def with_column(folder: Path, *values: str) -> Path:
    """The parcels with one more column."""
    file = folder / "parcels.csv"
    head, *rows = file.read_text().split()
    lines = [f"{head},flux", *(f"{row},{value}" for row, value in zip(rows, values, strict=True))]
    file.write_text("\n".join(lines) + "\n")
    return folder


def test_a_run_holds_what_can_be_claimed_and_verifies(folder: Path, tmp_path: Path) -> None:
    asked(with_column(folder, "3", "-1", "0", "0"), "leakage = { trees = 0.5 }\n", FLUX)
    run = tmp_path / "run"
    done = CliRunner().invoke(
        app, ["front", str(folder), "--criteria", "carbon_net,cost", "--points", "5", "-o", str(run)]
    )
    assert done.exit_code == 0, done.output
    # Reed beds on n2, where the field would lose 50 t, and on one in the south: 0.9 * 200 + 0.9 * 150.
    assert pd.read_csv(run / "front.csv")["carbon_net"].max() == pytest.approx(315.0)
    verified = CliRunner().invoke(app, ["verify", str(run)])
    assert verified.exit_code == 0, verified.output


def test_the_catalogue_gives_leakage_in_percent(folder: Path) -> None:
    with (folder / "catalogue" / "coefficients.csv").open("a", encoding="utf-8") as file:
        file.write("trees,leakage,default,,75,,%,example,assumed\n")
    plan = lf.plan(asked(folder, "baseline = { cropland = 0 }\n"), maximise="carbon")
    assert plan.values["carbon_net"] == pytest.approx(0.9 * 0.25 * 400)


@pytest.mark.parametrize(
    ("net", "parcels", "match"),
    [
        ("", FLUX, r"parcels.csv: flux: no such column"),
        ("", FLUX.replace("t CO2e/ha/yr", "t/mile"), r"parcels\.baseline_flux\.unit"),
        ("leakage = { trees = 1.2 }", "", r"carbon\.net\.leakage\.trees"),
        ("leakage = { tree = 0.2 }", "", r"unknown intervention 'tree'.*trees"),
        ("baseline = { cropland = 0, forest = 1 }", "", r"carbon\.net\.baseline\.forest: no parcel"),
        ("harvest = 1", "", r"carbon\.net\.harvest"),
    ],
)
def test_faults_name_the_key(folder: Path, net: str, parcels: str, match: str) -> None:
    if "mile" in parcels:
        with_column(folder, "0", "0", "0", "0")
    with pytest.raises(lf.InputError, match=match):
        lf.check(asked(folder, net + "\n", parcels))


def test_a_hole_in_the_baseline_column_is_told_with_its_parcel(folder: Path) -> None:
    with pytest.raises(lf.InputError, match=r"(?s)flux.*missing value"):
        lf.check(asked(with_column(folder, "1", "", "0", "0"), "", FLUX))


def test_plans_are_put_under_the_stress_of_each_event(folder: Path, tmp_path: Path) -> None:
    found = lf.robust(folder, ["carbon", "cost"], over="scenarios", points=4)
    factor = {  # of woods in the north and in the south, and of reed beds, by hand from scenarios.csv
        "usual": (1, 1, 1), "fire": (0.2, 0.9, 1), "drought": (0.9, 0.3, 0.8), "wet": (1.1, 1.1, 1.3),
    }  # fmt: skip
    stress = found.stress_frame()
    assert set(zip(stress["case"], stress["under"], strict=True)) == {(a, c) for a in factor for c in factor}
    for name, result in found.results.items():
        for number in range(len(result.front)):
            rows = stress.query("case == @name and point == @number and criterion == 'carbon'")
            did = result.plan(number).to_frame()["intervention"].to_numpy()
            north, south = (did[:2] == "trees").sum(), (did[2:] == "trees").sum()
            reeds = (did == "reeds").sum()
            for under, value in zip(rows["under"], rows["value"], strict=True):
                a, c, r = factor[under]
                assert value == pytest.approx(200 * (a * north + c * south) + 150 * r * reeds)
            own = rows.set_index("under")["value"]
            if own[name]:
                assert rows["left"].to_numpy() == pytest.approx(own.to_numpy() / own[name])
            else:
                assert rows["left"].isna().all()
    found.write(tmp_path / "robust")
    assert len(pd.read_csv(tmp_path / "robust" / "stress.csv")) == len(stress)
