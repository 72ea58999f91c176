"""docs/time.md runs: its files make a study, its commands print what it says, its snippets hold."""

from __future__ import annotations

import doctest
from pathlib import Path

import pytest
from typer.testing import CliRunner

from landfront.cli import app

from .page import DOCS, commands, write_files


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(write_files("time.md", tmp_path))
    return tmp_path


def test_commands_print_what_the_page_says(folder: Path) -> None:
    found = commands("time.md")
    assert found
    for arguments, printed in found:
        done = CliRunner().invoke(app, arguments)
        assert done.exit_code == 0, done.stderr
        assert done.stdout == printed


def test_snippets_hold(folder: Path) -> None:
    result = doctest.testfile(str(DOCS / "time.md"), module_relative=False, encoding="utf-8")
    assert result.attempted > 15
    assert result.failed == 0


def test_the_study_is_sound(folder: Path) -> None:
    done = CliRunner().invoke(app, ["check", "."])
    assert done.exit_code == 0, done.stderr
    assert "3 parcels" in done.stdout
