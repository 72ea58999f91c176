"""Pages of the docs that show a study run: their files make it, their commands print what they say."""

from __future__ import annotations

import doctest
import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from landfront.cli import app

from .page import DOCS, commands, text_of, write_files

PAGES = sorted(path.name for path in DOCS.glob("*.md") if "`study.toml`:" in path.read_text(encoding="utf-8"))


@pytest.fixture
def folder(page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(write_files(page, tmp_path))
    return tmp_path


def test_there_are_such_pages() -> None:
    assert "time.md" in PAGES


@pytest.mark.parametrize("page", PAGES)
def test_the_study_is_sound(page: str, folder: Path) -> None:
    done = CliRunner().invoke(app, ["check", "."])
    assert done.exit_code == 0, done.stderr


@pytest.mark.parametrize("page", PAGES)
def test_commands_print_what_the_page_says(page: str, folder: Path) -> None:
    found = commands(page)
    assert found
    for arguments, printed in found:
        done = CliRunner().invoke(app, arguments)
        assert done.exit_code == 0, done.stderr
        assert done.stdout == printed


@pytest.mark.parametrize("page", [page for page in PAGES if ">>> " in text_of(page)])
def test_snippets_hold(page: str, folder: Path) -> None:
    result = doctest.testfile(str(DOCS / page), module_relative=False, encoding="utf-8")
    assert result.attempted > 3
    assert result.failed == 0


def test_the_example_of_the_regions_page_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    page = text_of("regions.md")
    script = re.search(r"^```python\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    assert script is not None
    exec(compile(script[1], "regions.md", "exec"), {})
    assert {"splits.csv", "regions.csv", "supply.csv", "summary.txt", "cascade.png"} <= {
        path.name for path in Path("split").iterdir()
    }
    shown = re.findall(r"^landfront ((?:front|compensate) .*)$", page, re.MULTILINE)[:2]
    for arguments in shown:
        done = CliRunner().invoke(app, arguments.split())
        assert done.exit_code == 0, done.output
    assert len(shown) == 2
    assert "transfers" in {path.name for path in tmp_path.iterdir()}
