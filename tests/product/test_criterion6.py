"""The document on criterion 6: its figures are those of the run, and what only people know stays open."""

import errno
import os
import re
import shutil
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import docx
import openpyxl
import pandas as pd
import pytest
from pypdf import PdfReader
from typer.testing import CliRunner

import landfront.api as lf
from landfront.cli import app
from landfront.report.criterion6 import pdf_file
from landfront.report.criterion6.words import all_words
from landfront.report.quantities import quantity
from tests.product.conftest import write_squares

HOSTILE = "<script>alert(1)</script> & <b>方格</b> {title}"


def texts(path: Path) -> list[str]:
    """Every text of a Word file, in order, cells included."""
    found: Any = docx.Document(str(path)).element.body.iter("{*}p")
    return ["".join(text.text or "" for text in one.iter("{*}t")) for one in found]


def pdf_text(path: Path) -> str:
    return "\n".join(page.extract_text() for page in PdfReader(path).pages)


@pytest.fixture(scope="module")
def written(squares_run: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return lf.criterion6(squares_run, output=tmp_path_factory.mktemp("document"), prices=True)


def test_the_figures_are_those_of_the_run(written: tuple[Path, Path], squares_run: Path) -> None:
    told = texts(written[0])
    front = pd.read_csv(squares_run / "front.csv")
    assert quantity(float(front["carbon"].max()), "t CO2e") in told
    assert quantity(float(front["food"].min()), "t") in told
    record = tomllib.loads((squares_run / "run.toml").read_text(encoding="utf-8"))
    assert record["study_digest"] in told
    assert record["inputs"]["effects.csv"][:16] in told
    balance = pd.read_csv(squares_run / "balance.csv")
    knee = balance[balance["plan"] == "knee"]
    for town, carbon in zip(knee["region"], knee["carbon"], strict=True):
        row = told.index(town)
        assert quantity(carbon, "t CO2e", signed=True) in told[row : row + 6]


def test_the_price_of_a_safeguard_is_that_of_the_command(written: tuple[Path, Path], squares: Path) -> None:
    told, price = texts(written[0]), lf.safeguards(squares).prices[0]
    row = told.index("budget")
    assert told[row + 2 : row + 4] == ["finance bureau", "funds"]
    assert quantity(price.most, "t CO2e") in told[row + 6]


def test_both_files_say_the_same(written: tuple[Path, Path]) -> None:
    flat = re.sub(r"\s+", "", pdf_text(written[1]))
    lost = [text for text in texts(written[0]) if re.sub(r"\s+", "", text) not in flat]
    assert lost == []


def test_no_grade_is_given_and_fields_of_people_are_open(written: tuple[Path, Path]) -> None:
    told = texts(written[0])
    start = told.index("Self-assessment")
    cells = told[start:]
    head = cells.index("Grade (by people)")
    rows = [cells[place : place + 4] for place in range(head + 1, len(cells) - 3, 4)]
    assert [row[3] for row in rows] == [""] * 6
    open_fields = sum(text.startswith("To be filled in.") for text in told)
    assert open_fields == sum(int(row[2]) for row in rows) >= 6


def test_chinese_from_end_to_end(squares_run: Path, tmp_path: Path) -> None:
    word, page = lf.criterion6(squares_run, language="zh", output=tmp_path, point=2)
    told = texts(word)
    assert "第 2 点（共 6 点）" in told
    assert any(text.startswith("待填写") for text in told)
    english = {words["en"] for words in all_words().values() if len(words["en"]) > 12}
    assert not [text for text in told if text in english]
    if pdf_file.chinese_is_embedded():
        assert "现状" in pdf_text(page)


def test_every_word_is_there_in_both_languages_with_the_same_fields() -> None:
    for name, words in all_words().items():
        fields = [sorted(re.findall(r"{(\w+)}", words[language])) for language in ("en", "zh")]
        assert fields[0] == fields[1], name


def test_without_a_chinese_font_the_page_says_which_to_install(
    squares_run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pdf_file, "cjk_font", lambda: None)
    pdf_file._chinese.cache_clear()
    try:
        _, page = lf.criterion6(squares_run, output=tmp_path)
    finally:
        pdf_file._chinese.cache_clear()
    assert "fonts-wqy-zenhei" in pdf_text(page)


def test_names_with_markup_are_shown_as_text(tmp_path: Path) -> None:
    study = write_squares(tmp_path / "study", title=HOSTILE.replace("{title}", ""), side=3, budget=1e5)
    text = (study / "study.toml").read_text(encoding="utf-8")
    text = text.replace("finance bureau", "<a href='x'>bureau</a> & co")
    (study / "study.toml").write_text(text, encoding="utf-8")
    lf.run(study, tmp_path / "run")
    word, page = lf.criterion6(tmp_path / "run")
    assert any("<script>alert(1)</script> & <b>方格</b>" in text for text in texts(word))
    assert "<a href='x'>bureau</a> & co" in texts(word)
    assert "<ahref='x'>bureau</a>&co" in re.sub(r"\s+", "", pdf_text(page))


def test_a_study_without_shapes_regions_or_owners(tiny: Path, tmp_path: Path) -> None:
    """What is missing is said, and asked of people."""
    folder = tmp_path / "study"
    shutil.copytree(tiny, folder)
    text = (folder / "study.toml").read_text(encoding="utf-8")
    (folder / "study.toml").write_text(re.sub(r"(?m)^owner = .*\n", "", text), encoding="utf-8")
    lf.run(folder, tmp_path / "run")
    told = texts(lf.criterion6(tmp_path / "run")[0])
    assert any("Safeguards without an owner" in text for text in told)
    assert not any("plans.gpkg" in text for text in told)


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"point": 99}, r"no point 99.*from 0 to 5"),
        ({"language": "fr"}, r"'fr' is not a language.*en, zh"),
        ({"output": "missing/folder"}, "the folder is missing"),
    ],
)
def test_what_cannot_be_written_is_said(squares_run: Path, asked: dict[str, Any], message: str) -> None:
    with pytest.raises(lf.InputError, match=message):
        lf.criterion6(squares_run, **asked)


def test_no_run_and_an_unfinished_run(tmp_path: Path, copied: Path) -> None:
    with pytest.raises(lf.InputError, match="not a run directory"):
        lf.criterion6(tmp_path)
    (copied / "run.toml").unlink()
    with pytest.raises(lf.InputError, match=r"not finished.*landfront resume"):
        lf.criterion6(copied)


@pytest.mark.parametrize("write", [lf.criterion6, lf.workbook])
def test_input_that_has_changed_is_refused(copied: Path, write: Callable[[Path], Any]) -> None:
    file = copied.parent / "study" / "effects.csv"
    file.write_text(file.read_text(encoding="utf-8").replace("mixed_plantation,1", "mixed_plantation,2"))
    with pytest.raises(lf.InputError, match=r"effects\.csv.*has changed since the run began"):
        write(copied)


def test_too_short_a_time_for_prices_leaves_them_out(squares_run: Path, tmp_path: Path) -> None:
    word, _ = lf.criterion6(squares_run, prices=True, seconds=1e-9, output=tmp_path)
    assert any("--solve SECONDS" in text for text in texts(word))
    with pytest.raises(lf.InputError, match="solve: must be a number of seconds from 0 on"):
        lf.criterion6(squares_run, prices=True, seconds=-1.0)


def test_a_limit_on_a_change_is_told_as_one(tmp_path: Path) -> None:
    study = write_squares(tmp_path / "study", side=3, budget=1e5)
    limit = '[[limits]]\nname = "loss"\ncriterion = "food"\nof = "change"\nmin = -20.0\n\n[front]'
    text = (study / "study.toml").read_text(encoding="utf-8").replace("[front]", limit)
    (study / "study.toml").write_text(text, encoding="utf-8")
    lf.run(study, tmp_path / "run", points=3)
    assert "change of food at least -20 t" in texts(lf.criterion6(tmp_path / "run")[0])
    rows = openpyxl.load_workbook(lf.workbook(tmp_path / "run", language="en"))["Indicators"]
    row = next(row for row in rows.iter_rows(values_only=True) if str(row[0]).startswith("loss"))
    assert row[3:5] == (None, None)
    assert row[6] == -20.0


def test_a_full_disk_leaves_the_earlier_document(copied: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    word, page = lf.criterion6(copied)
    before = word.read_bytes(), page.read_bytes()

    def full(document: object, path: Path) -> None:
        path.write_bytes(b"half")
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(pdf_file, "write_pdf", full)
    with pytest.raises(lf.InputError, match="disk is full"):
        lf.criterion6(copied)
    assert (word.read_bytes(), page.read_bytes()) == before
    assert not list(copied.glob(".documents-*"))


@pytest.mark.slow
def test_the_bundled_provinces_in_both_languages(tmp_path: Path) -> None:
    lf.demo("china", tmp_path / "run")
    for language in ("en", "zh"):
        word, page = lf.criterion6(tmp_path / "run", language=language, output=tmp_path)
        assert len(PdfReader(page).pages) > 4
        assert len(texts(word)) > 300


def test_the_command_writes_documents_and_says_where(squares_run: Path, tmp_path: Path) -> None:
    asked = ["report", str(squares_run), "--criterion6", "--xlsx", "--language", "en", "-o", str(tmp_path)]
    done = CliRunner().invoke(app, [*asked, "--point", "1"])
    assert done.exit_code == 0, done.output
    names = {"criterion6_en.docx", "criterion6_en.pdf", "tables_en.xlsx"}
    assert {path.name for path in tmp_path.iterdir()} == names
    assert all(name in done.output for name in names)
    assert "point 1 of 6" in texts(tmp_path / "criterion6_en.docx")
    plain = CliRunner().invoke(app, ["report", str(squares_run), "--point", "1"])
    assert plain.exit_code == 2
    assert "point: is for documents on one plan" in plain.stderr
