"""The list of requirements is whole, honest about its tests, and the page says what the table says."""

from __future__ import annotations

import ast
import csv
import re
import subprocess
import sys
from collections import Counter
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TABLE, PAGE = ROOT / "docs" / "requirements.csv", ROOT / "docs" / "requirements.md"
SCRIPT = ROOT / "docs" / "make_requirements.py"
SOURCE = ROOT.parent / "shared" / "data" / "requirements.csv"
STATUSES = {"works", "partly", "later", "out of scope"}
DASH = " - "
FEWEST_WORDS = 3
SHORTEST_QUOTE = 8


def read(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


ROWS = read(TABLE)
NAMED = [row for row in ROWS if row["status"] in ("works", "partly")]
UNNAMED = [row for row in ROWS if row["status"] not in ("works", "partly")]


def names_of(row: dict[str, str]) -> list[str]:
    return row["shown_by"].split(DASH, 1)[0].split("; ")


@cache
def functions(file: str) -> frozenset[str]:
    """Tests in a file, by function or by class and function."""
    body = ast.parse((ROOT / file).read_text(encoding="utf-8")).body
    classes = [node for node in body if isinstance(node, ast.ClassDef)]
    methods = {f"{one.name}::{name}" for one in classes for name in defined(one.body)}
    return frozenset(methods | defined(body))


def defined(body: list[ast.stmt]) -> set[str]:
    return {node.name for node in body if isinstance(node, ast.FunctionDef)}


def make(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(SCRIPT), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_every_requirement_stands_there_once() -> None:
    ids = Counter(row["id"] for row in ROWS)
    assert len(ids) == len(ROWS) == 331
    assert all(re.fullmatch(r"[OCXPTUSFEMR]\d\d", name) for name in ids)
    assert all(row["requirement"].strip() for row in ROWS)
    assert {row["status"] for row in ROWS} == STATUSES


@pytest.mark.parametrize("row", NAMED, ids=lambda row: row["id"])
def test_what_works_is_shown_by_tests_that_exist(row: dict[str, str]) -> None:
    tests = names_of(row)
    assert len(set(tests)) == len(tests) >= 1
    for test in tests:
        file, _, name = test.partition("::")
        assert re.fullmatch(r"tests/\w+/test_\w+\.py", file)
        assert name in functions(file)
        assert name.rpartition("::")[2].startswith("test_")
    missing = row["shown_by"].partition(DASH)[2]
    assert bool(missing) == (row["status"] == "partly")
    assert not missing or len(missing.split()) >= FEWEST_WORDS


@pytest.mark.parametrize("row", UNNAMED, ids=lambda row: row["id"])
def test_what_does_not_work_has_a_reason(row: dict[str, str]) -> None:
    assert len(row["shown_by"].split()) >= FEWEST_WORDS
    assert "::" not in row["shown_by"]


def test_the_page_is_the_table() -> None:
    done = make("--check")
    assert done.returncode == 0, done.stderr
    text = PAGE.read_text(encoding="utf-8")
    cells = [line.split(" | ") for line in text.splitlines() if re.match(r"\| [A-Z]\d\d \|", line)]
    assert [line[0].removeprefix("| ") for line in cells] == [row["id"] for row in ROWS]
    assert [line[-2] for line in cells] == [row["status"] for row in ROWS]
    for status, count in Counter(row["status"] for row in ROWS).items():
        assert re.search(rf"^\| {status} \| .* \| {count} \|$", text, re.MULTILINE)


def test_a_page_that_is_not_up_to_date_is_told(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    assert make("--check", "--page", page).returncode == 1
    assert not page.exists()
    assert make("--page", page).returncode == 0
    assert page.read_text(encoding="utf-8") == PAGE.read_text(encoding="utf-8")
    assert make("--check", "--page", page).returncode == 0
    page.write_text(page.read_text(encoding="utf-8").replace("| works |", "| later |", 1), encoding="utf-8")
    done = make("--check", "--page", page)
    assert done.returncode == 1
    assert "not up to date" in done.stderr


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("id,status\nO01,works\n", "columns are id, status"),
        ("id,requirement,status,shown_by\nO01,what,works\n", "row 2 has 3 cells"),
        ("id,requirement,status,shown_by\nO01,what,soon,why\n", "status 'soon', give one of works"),
    ],
)
def test_a_table_that_is_none_is_refused_in_words(tmp_path: Path, text: str, words: str) -> None:
    (tmp_path / "t.csv").write_text(text, encoding="utf-8")
    done = make("--table", tmp_path / "t.csv", "--page", tmp_path / "page.md")
    assert done.returncode == 2
    assert words in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "page.md").exists()


@pytest.mark.skipif(not SOURCE.exists(), reason="the source of the requirements is not on this machine")
def test_it_holds_what_the_source_holds_and_none_of_its_quotes() -> None:
    source = read(SOURCE)
    for column in ("id", "requirement"):
        assert [row[column] for row in ROWS] == [row[column] for row in source]
    text = PAGE.read_text(encoding="utf-8") + TABLE.read_text(encoding="utf-8")
    # A quote that is a mere name, such as that of a project, stands in the requirement's own words too.
    quotes = {row["quote"].strip() for row in source if row["quote"].strip() not in row["requirement"]}
    quotes |= {row["source_document"] for row in source}
    assert [quote for quote in quotes if len(quote) >= SHORTEST_QUOTE and quote in text] == []
