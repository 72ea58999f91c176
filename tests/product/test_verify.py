"""`verify` passes an honest run and finds any number that was edited, wherever it stands."""

import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import landfront.api as lf
from landfront.report.compare import compare_records, compare_tables


def edit_csv(path: Path, row: int, column: str, change: Callable[[float], float]) -> None:
    frame = pd.read_csv(path, dtype=str, keep_default_na=False)
    cells = frame[column].tolist()
    cells[row] = repr(change(float(cells[row])))
    frame[column] = cells
    frame.to_csv(path, index=False)


def edit_text(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def edit_sql(path: Path, statement: str) -> None:
    connection = sqlite3.connect(path)
    with connection:
        connection.execute(statement)
    connection.close()


def front_plan(run: Path) -> Path:
    """A plan of the front: beside them there are those from which a search started."""
    connection = sqlite3.connect(run / "run.sqlite")
    key = connection.execute("SELECT key FROM points WHERE position = 1").fetchone()[0]
    connection.close()
    return run / "plans" / f"{key}.parquet"


def edit_plan(run: Path) -> None:
    path = front_plan(run)
    frame = pd.read_parquet(path)
    frame["share"] -= 1e-6
    frame.to_parquet(path, index=False)


def edit_plan_area(run: Path) -> None:
    path = front_plan(run)
    frame = pd.read_parquet(path)
    frame["area_ha"] += 0.5
    frame.to_parquet(path, index=False)


def edit_plan_choice(run: Path) -> None:
    path = front_plan(run)
    frame = pd.read_parquet(path)
    frame["intervention"] = frame["intervention"].astype(str)
    frame.loc[0, "intervention"] = "no_such_thing"
    frame.to_parquet(path, index=False)


def edit_fact(run: Path) -> None:
    edit_sql(run / "run.sqlite", "UPDATE facts SET beta = beta + 1.0 WHERE id = 2")


def edit_bound(run: Path) -> None:
    edit_sql(run / "run.sqlite", "UPDATE points SET bound = bound * 0.99")


def edit_values(run: Path) -> None:
    values = np.array([1.0, 2.0]).tobytes().hex()
    edit_sql(run / "run.sqlite", f"UPDATE points SET \"values\" = x'{values}' WHERE position = 1")


def edit_price(run: Path) -> None:
    edit_sql(run / "run.sqlite", "UPDATE points SET rate = row_prices WHERE position = 1")


def edit_layer(run: Path) -> None:
    edit_sql(run / "plans.gpkg", "UPDATE plan_knee SET intervention = 'keep' WHERE intervention <> 'keep'")


def edit_study(run: Path, file: str, old: str, new: str) -> None:
    edit_text(run.parent / "study" / file, old, new)


TAMPERINGS: dict[str, tuple[Callable[[Path], None], str]] = {
    "front value": (lambda run: edit_csv(run / "front.csv", 1, "food", lambda v: v + 1e-3), "front.csv"),
    "front bound": (lambda run: edit_csv(run / "front.csv", 1, "bound", lambda v: v * 1.001), "front.csv"),
    "front gap": (lambda run: edit_csv(run / "front.csv", 0, "gap", lambda v: v + 1e-5), "front.csv"),
    "front ended": (lambda run: edit_text(run / "front.csv", "optimal", "time limit"), "front.csv"),
    "totals": (lambda run: edit_csv(run / "totals.csv", 3, "area_ha", lambda v: v + 0.01), "totals.csv"),
    "limits": (lambda run: edit_csv(run / "limits.csv", 0, "value", lambda v: v * 0.99), "limits.csv"),
    "menu": (lambda run: edit_text(run / "menu.csv", "parcels", "lots"), "menu.csv"),
    "plan share": (edit_plan, "its digest differs"),
    "plan area": (edit_plan_area, "area_ha"),
    "plan choice": (edit_plan_choice, "not on the menu"),
    "plan missing": (lambda run: front_plan(run).unlink(), "cannot be read"),
    "fact": (edit_fact, "does not follow"),
    "fact, unsuspected": (edit_fact, "fact 2 is not as it was written"),
    "stored bound": (edit_bound, "its bound"),
    "stored value": (edit_values, "is stated"),
    "stored price": (edit_price, "point 1 is not as it was written"),
    "layer": (edit_layer, "plans.gpkg"),
    "layer missing": (lambda run: (run / "plans.gpkg").unlink(), "plans.gpkg"),
    "baseline": (lambda run: edit_text(run / "run.toml", "food = 1000.0", "food = 1001.0"), "baseline.food"),
    "complete": (lambda run: edit_text(run / "run.toml", "complete = false", "complete = true"), "complete"),
    "table missing": (lambda run: (run / "totals.csv").unlink(), "totals.csv"),
    "input": (
        lambda run: edit_csv(run.parent / "study" / "effects.csv", 5, "carbon", lambda v: v + 1),
        "effects.csv is not the file",
    ),
    "study": (lambda run: edit_study(run, "study.toml", "400000.0", "400001.0"), "study.toml is not"),
    "broken input": (
        lambda run: edit_study(run, "effects.csv", "p003", "p00x"), "cannot be computed again"
    ),
}  # fmt: skip


def test_an_honest_run_holds(copied: Path, tiny_run: Path) -> None:
    for run in (copied, tiny_run):
        found = lf.verify(run)
        assert found.holds, str(found)
        assert {line.part for line in found.lines} == {"digests", "figures", "proofs"}
    assert lf.verify(copied).claimed == 0


@pytest.mark.parametrize("name", TAMPERINGS)
def test_it_finds(copied: Path, name: str) -> None:
    tamper, words = TAMPERINGS[name]
    tamper(copied)
    found = lf.verify(copied)
    assert not found.holds
    wrong = [line.text for line in found.lines if not line.holds]
    assert any(words in text for text in wrong), wrong


def test_a_study_that_moved_is_found_where_it_is_said_to_be(copied: Path) -> None:
    shutil.move(copied.parent / "study", copied.parent / "elsewhere")
    with pytest.raises(lf.InputError, match="--study"):
        lf.verify(copied)
    assert lf.verify(copied, study=copied.parent / "elsewhere").holds
    assert lf.verify(copied, study=copied.parent / "elsewhere" / "study.toml").holds


@pytest.mark.parametrize("file", ["run.toml", "run.sqlite"])
def test_what_is_no_run_is_bad_input(copied: Path, file: str) -> None:
    (copied / file).write_text("= nonsense", encoding="utf-8")
    with pytest.raises(lf.InputError):
        lf.verify(copied)
    (copied / file).unlink()
    with pytest.raises(lf.InputError):
        lf.verify(copied)


def test_tables_are_compared_cell_by_cell() -> None:
    table = pd.DataFrame({"n": [1.0, np.nan, np.inf], "t": ["a", "b", None]})
    text = pd.DataFrame({"n": ["1.0", "", "inf"], "t": ["a", "b", ""]})
    assert list(compare_tables(text, table)) == []
    assert len(list(compare_tables(text.assign(n=["1.0", "x", "inf"]), table))) == 1
    assert len(list(compare_tables(text.assign(n=["1.0", "", "-inf"]), table))) == 1
    assert len(list(compare_tables(text.iloc[:2], table))) == 1
    assert "columns" in next(compare_tables(text.rename(columns={"n": "m"}), table))


def test_records_are_compared_at_every_depth() -> None:
    record = {"a": {"b": [1.0, float("nan")]}, "c": "x"}
    assert list(compare_records({"a": {"b": [1, float("nan")]}, "c": "x"}, record)) == []
    other = {"a": {"b": [1.1, float("nan")]}, "c": "x"}
    assert list(compare_records(other, record)) == ["a.b[0] is 1.1, computed 1.0"]
    assert len(list(compare_records({"c": "x", "d": 1}, record))) == 2
