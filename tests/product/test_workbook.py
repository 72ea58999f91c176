"""The planner's tables: they add up, agree with the plan, and hold no formula."""

import errno
import os
from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd
import pytest

import landfront.api as lf
from landfront.report.land_account import transitions
from landfront.report.lineage import chosen_point
from landfront.report.policy_table import policy_table
from landfront.report.stored import plan_at, read_run
from landfront.report.workbook import sheets_of
from tests.product.conftest import write_squares
from tests.product.village import best, village

FORMULA = "=HYPERLINK(\"http://x\",1)+cmd|' /C calc'!A0"


def cells(path: Path, sheet: str) -> list[list[Any]]:
    return [list(row) for row in openpyxl.load_workbook(path)[sheet].iter_rows(values_only=True)]


@pytest.fixture(scope="module")
def county_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    base = tmp_path_factory.mktemp("county")
    lf.generate(base / "study", parcels=1000, seed=2)
    lf.run(base / "study", base / "run", points=4)
    return base / "run"


def test_the_matrix_and_the_balance_are_those_of_the_plan(county_run: Path, tmp_path: Path) -> None:
    path = lf.workbook(county_run, language="en", output=tmp_path)
    plan, _ = plan_at(county_run, chosen_point(read_run(county_run)))
    table = transitions(plan)
    matrix = cells(path, "Change matrix")
    labels = matrix[1][1:-1]
    for row in table.to_dict("records"):
        line = next(line for line in matrix[2:] if line[0] == row["before"])
        assert line[1 + labels.index(row["after"])] == pytest.approx(row["area_mu"] / 1e4)
    total = next(line for line in matrix[2:] if line[0] == "Sum")
    assert total[-1] == pytest.approx(table["area_mu"].sum() / 1e4) == pytest.approx(sum(total[1:-1]))
    balance = cells(path, "Land balance")
    body, last = balance[1:-1], balance[-1]
    assert last[1] == pytest.approx(plan.formulation.landscape.area.sum())
    assert [sum(row[place] for row in body) for place in (1, 3, 5)] == pytest.approx(last[1:6:2], abs=1e-6)
    after = table.groupby("after")["area_ha"].sum()
    assert {row[0]: row[3] for row in body if row[3]} == pytest.approx(after[after > 0].to_dict())


def test_limits_are_binding_and_criteria_expected(county_run: Path, tmp_path: Path) -> None:
    path = lf.workbook(county_run, output=tmp_path, point=0)
    plan, _ = plan_at(county_run, 0)
    rows = cells(path, "指标表")[1:]
    binding = [row for row in rows if row[1] == "约束性"]
    limits = plan.limits()
    sides = limits[["lower", "upper"]].abs().lt(float("inf")).to_numpy().sum()
    assert len(binding) == sides
    assert {row[7] for row in binding} == {"是"}
    expected = {row[0]: row for row in rows if row[1] == "预期性"}
    cost = expected["成本"]
    assert cost[2] == "元"
    assert cost[4] == pytest.approx(plan.values["cost"])
    regions = cells(path, "分区得失")[1:]
    assert sum(row[2] for row in regions) == pytest.approx(plan.balance("TOWNSHIP")["treated_ha"].sum())


def test_targets_of_policies_are_indicators(tmp_path: Path) -> None:
    """Their kind is told in the language of the table, and numbers that the account has too."""
    plan = best(village(tmp_path, policy={"templates": ["china_14fyp"]}))
    targets = policy_table(plan)
    for language, name, kinds in (
        ("en", "Indicators", {"binding", "expected"}), ("zh", "指标表", {"约束性", "预期性"}),
    ):  # fmt: skip
        rows = sheets_of(plan, language)[name].rows[-len(targets) :]
        assert {row[1] for row in rows} <= kinds
        now = [row[3] for row in rows if row[3] is not None]
        assert now == pytest.approx(targets["today"].dropna().tolist())
        assert len(now) > 0


def test_texts_of_the_study_are_no_formulas(tmp_path: Path) -> None:
    study = write_squares(tmp_path / "study", side=3, budget=1e5)
    text = (study / "study.toml").read_text(encoding="utf-8")
    text = text.replace('"finance bureau"', f"'''{FORMULA}'''").replace('"Squares"', f"'''{FORMULA}'''")
    (study / "study.toml").write_text(text, encoding="utf-8")
    lf.run(study, tmp_path / "run", points=3)
    book = openpyxl.load_workbook(lf.workbook(tmp_path / "run", language="en"))
    found = [cell for sheet in book for row in sheet.iter_rows() for cell in row if cell.value == FORMULA]
    assert len(found) == 2
    assert {cell.data_type for cell in found} == {"s"}
    assert not [cell for sheet in book for row in sheet.iter_rows() for cell in row if cell.data_type == "f"]


def test_without_land_cover_the_notes_say_what_is_missing(squares_run: Path, tmp_path: Path) -> None:
    path = lf.workbook(squares_run, language="en", output=tmp_path)
    assert openpyxl.load_workbook(path).sheetnames == ["Indicators", "Measures", "Regions", "Notes"]
    assert any("no land cover" in str(row[0]) for row in cells(path, "Notes"))
    measures = pd.DataFrame(cells(path, "Measures")[1:])
    assert measures[2].sum() == pytest.approx(36.0)


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"point": 6}, r"no point 6.*from 0 to 5"),
        ({"language": "xx"}, r"'xx' is not a language.*en, zh"),
        ({"output": "missing/folder"}, "the folder is missing"),
    ],
)
def test_bad_input(squares_run: Path, asked: dict[str, Any], message: str) -> None:
    with pytest.raises(lf.InputError, match=message):
        lf.workbook(squares_run, **asked)


def test_a_full_disk_leaves_the_earlier_file(copied: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = lf.workbook(copied).read_bytes()

    def full(self: object, path: Path) -> None:
        path.write_bytes(b"half")
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("openpyxl.Workbook.save", full)
    with pytest.raises(lf.InputError, match="disk is full"):
        lf.workbook(copied)
    assert (copied / "tables_zh.xlsx").read_bytes() == before
    assert not list(copied.glob(".documents-*"))
