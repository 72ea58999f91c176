"""The page of a run as a file: what it holds, what it refuses, and what it leaves alone."""

from __future__ import annotations

import base64
import gzip
import json
import re
import shutil
import sqlite3
import tomllib
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from typer.testing import CliRunner

import landfront.api as lf
from landfront.cli import app
from landfront.instances.faults import InputError
from landfront.models.formulate import formulate
from landfront.report.explain_text import rule_words
from landfront.report.ground import ground_of
from landfront.report.page import write
from landfront.report.page.content import content_of
from landfront.report.page.pack import ALIGNED, differences, packed
from landfront.report.page.picture import picture_of
from landfront.report.stored import read_run, result_of

from .conftest import write_squares
from .page import text_of, write_files

ASSETS = Path(write.__file__).parent / "assets"
TYPES = {"uint8": np.uint8, "int32": np.int32, "float32": np.float32, "float64": np.float64}


def told(page: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """Content and arrays of a page, unpacked as its script does."""
    found = re.search(r'id="data">([^<]*)<', page.read_text(encoding="utf-8"))
    assert found is not None
    return unpacked(found[1])


def unpacked(text: str) -> tuple[dict[str, Any], dict[str, Any]]:
    body = gzip.decompress(base64.b64decode(text))
    length = int.from_bytes(body[:ALIGNED], "little")
    head = json.loads(body[ALIGNED : ALIGNED + length])
    arrays = {}
    for name, place in head["arrays"].items():
        assert place["at"] % ALIGNED == 0
        count = int(np.prod(place["shape"]))
        data = np.frombuffer(body, TYPES[place["dtype"]], count, ALIGNED + length + place["at"])
        arrays[name] = data.reshape(place["shape"])
    return head["content"], arrays


@pytest.fixture(scope="module")
def page(squares_run: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return lf.report(squares_run, tmp_path_factory.mktemp("page") / "page.html")


def refused(*arguments: object) -> str:
    done = CliRunner().invoke(app, ["report", *map(str, arguments)])
    assert done.exit_code == 2, done.output
    assert "Traceback" not in done.stderr
    return done.stderr


@given(hnp.arrays(np.uint8, st.tuples(st.integers(1, 6), st.integers(0, 9))), st.text())
def test_what_is_packed_is_unpacked(rows: Any, text: str) -> None:
    found, arrays = unpacked(packed({"text": text, "bad": float("nan")}, {"rows": differences(rows)}))
    assert found == {"text": text, "bad": None}
    assert np.array_equal(np.cumsum(arrays["rows"], axis=0, dtype=np.uint8), rows)


def test_the_page_holds_the_figures_of_the_run(page: Path, squares_run: Path) -> None:
    content, arrays = told(page)
    front, totals = pd.read_csv(squares_run / "front.csv"), pd.read_csv(squares_run / "totals.csv")
    names = [entry["name"] for entry in content["criteria"]]
    assert content["front"]["values"] == front[names].to_numpy().tolist()
    assert content["front"]["gaps"] == pytest.approx(front["gap"].tolist())
    kinds = [kind["name"] for kind in content["kinds"]]
    town = content["levels"][1]["regions"].index("东镇")
    rows = totals[(totals["level"] == "town") & (totals["region"] == "东镇")]
    for row in rows.itertuples():
        place = kinds.index(row.intervention)
        assert arrays["areas1"][row.point, town, place] == pytest.approx(row.area_ha, rel=1e-6)
    assert arrays["areas1"].sum() == pytest.approx(rows["area_ha"].sum() * 2, rel=1e-5)


def test_the_page_holds_who_gains_and_what_limits_say(page: Path, squares_run: Path) -> None:
    content, arrays = told(page)
    balance, limits = pd.read_csv(squares_run / "balance.csv"), pd.read_csv(squares_run / "limits.csv")
    named = {entry["name"]: entry["point"] for entry in content["front"]["named"]}
    for row in balance.itertuples():
        region = content["levels"][1]["regions"].index(row.region)
        found = arrays["changes1"][named[row.plan], region]
        assert found[: 1 + len(content["sums"])] == pytest.approx(
            [row.treated_ha, *(getattr(row, name) for name in content["sums"])], rel=1e-6
        )
    for row in limits.itertuples():
        place = [limit["name"] for limit in content["limits"]].index(row.name)
        assert arrays["limit_values"][named[row.plan], place] == pytest.approx(row.value, rel=1e-6)
        assert arrays["limit_prices"][named[row.plan], place] == pytest.approx(row.shadow_price, rel=1e-6)


def test_prices_of_rules_and_of_carbon_are_those_of_the_commands(page: Path, squares: Path) -> None:
    solved = told(page)[0]["solved"]
    alone = lf.safeguards(lf.read(squares), maximise="carbon")
    assert solved["safeguards"]["limits"][0]["price_least"] == pytest.approx(alone.prices[0].least, rel=1e-4)
    assert not solved["safeguards"]["early"]
    curve = lf.mac(squares, [0.0, 500.0]).to_frame()
    assert solved["mac"]["steps"][-1]["carbon"] == pytest.approx(curve["carbon"].iloc[-1], rel=1e-4)
    assert solved["mac"]["steps"][-1]["cost"] == pytest.approx(curve["cost"].iloc[-1], rel=1e-3)


def test_transfers_are_those_of_compensate(page: Path, squares_run: Path) -> None:
    transfers = told(page)[0]["solved"]["transfers"]
    count = len(pd.read_csv(squares_run / "front.csv"))
    assert set(transfers["points"]) == set(map(str, range(count)))
    known = [point for point in range(count) if "missing" not in transfers["points"][str(point)]]
    assert len(known) > count / 2
    for point in known:
        alone = lf.compensate(squares_run, "town", point=point)
        found = transfers["points"][str(point)]
        assert found["moved"] == pytest.approx(alone.moved)
        balances = [row["balance"] for row in found["regions"]]
        assert balances == pytest.approx(alone.balance.tolist())
    for point in set(range(count)) - set(known):
        with pytest.raises(InputError, match="say nothing of money"):
            lf.compensate(squares_run, "town", point=point)


def test_levels_of_very_many_regions_are_left_to_the_tables(
    squares_run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("landfront.report.page.content.MOST_REGIONS", 1)
    content, arrays = told(lf.report(squares_run, tmp_path / "page.html", seconds=0))
    assert [level["level"] for level in content["levels"]] == [""]
    assert "changes1" not in arrays
    assert content["solved"]["transfers"] == {"missing": "one region"}


def test_nothing_is_solved_when_no_time_is_given(squares_run: Path, tmp_path: Path) -> None:
    solved = told(lf.report(squares_run, tmp_path / "page.html", seconds=0))[0]["solved"]
    assert solved["safeguards"] == solved["mac"] == {"missing": "not asked for"}


def test_agreed_parcels_are_those_of_no_regret(page: Path, squares_run: Path) -> None:
    _, arrays = told(page)
    found = lf.no_regret(squares_run).parcels
    assert np.array_equal(arrays["regret"] == 2, found["proven"])
    assert np.array_equal(arrays["regret"] == 0, found["contested"])


def test_the_map_is_a_picture_of_parcels(squares: Path) -> None:
    ground = ground_of(formulate(lf.read(squares)))
    picture = picture_of(ground, 60)
    assert picture.exact
    assert picture.hidden == 0
    assert np.array_equal(np.bincount(picture.parcel.ravel()), np.full(36, 100))
    # Parcel 1 lies east of parcel 0, parcel 6 north of it, and the picture begins in the south.
    assert (picture.parcel[0, 0], picture.parcel[0, 10], picture.parcel[10, 0]) == (0, 1, 6)


def test_very_many_parcels_are_drawn_coarser_and_that_is_told(
    squares_run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("landfront.report.ground.RASTER_FROM", 10)
    content, arrays = told(lf.report(squares_run, tmp_path / "page.html", seconds=0))
    assert content["map"]["exact"] is False
    assert set(np.unique(arrays["picture"])) - {-1} <= set(range(36))
    assert "Coarser picture" in content["words"]["en"]["map_coarse"]


def test_the_same_run_gives_the_same_file(squares_run: Path, tmp_path: Path) -> None:
    one, two = (lf.report(squares_run, tmp_path / f"{name}.html", seconds=0) for name in "ab")
    assert one.read_bytes() == two.read_bytes()


def test_the_page_asks_for_no_address(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    head = text[: text.index('<script type="application/octet-stream"')]
    assert not re.search(r"(src|href)\s*=\s*.?https?:", head)
    assert "default-src 'none'" in head
    assert "unsafe-eval" not in head
    assert "script-src 'sha256-" in head


def test_words_are_there_in_both_languages() -> None:
    words = json.loads((ASSETS / "words.json").read_text(encoding="utf-8"))
    assert words["en"].keys() == words["zh"].keys()
    for key, english in words["en"].items():
        chinese = words["zh"][key]
        assert set(re.findall(r"\{\w+\}", english)) == set(re.findall(r"\{\w+\}", chinese)), key
    script = "".join((ASSETS / name).read_text(encoding="utf-8") for name in write.SCRIPTS)
    asked = set(re.findall(r'\bt\("(\w+)"', script))
    asked |= set(re.findall(r"words\.(\w+)", (ASSETS / "page.html.j2").read_text(encoding="utf-8")))
    assert len(asked) > 100
    assert asked <= words["en"].keys()


def test_scripts_set_text_and_never_html() -> None:
    for name in write.SCRIPTS:
        script = (ASSETS / name).read_text(encoding="utf-8")
        assert not re.search(
            r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(|new Function", script
        )


def test_a_study_without_geometry_has_no_map(tiny_run: Path, tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["report", str(tiny_run), "-o", str(tmp_path / "page.html")])
    assert done.exit_code == 0, done.output
    content, arrays = told(tmp_path / "page.html")
    assert content["map"] == {}
    assert "choices" not in arrays
    assert 'data-t="no_map"' in (tmp_path / "page.html").read_text(encoding="utf-8")


def test_a_front_of_one_plan_has_a_page(tmp_path: Path) -> None:
    study = write_squares(tmp_path / "study", budget=0.0)
    lf.run(study, tmp_path / "run")
    content, _ = told(lf.report(tmp_path / "run"))
    assert len(content["front"]["values"]) == 1
    assert content["rates"] == content["regret"] == {}


def test_the_page_stands_in_the_run_by_default_and_verify_still_holds(copied: Path) -> None:
    done = CliRunner().invoke(app, ["report", str(copied)])
    assert done.exit_code == 0, done.output
    assert (copied / "report.html").is_file()
    assert "report.html" in done.stdout
    assert lf.verify(copied).holds
    assert not list(copied.glob(".report*"))


def test_what_is_no_run_is_refused(tmp_path: Path) -> None:
    assert "is missing" in refused(tmp_path / "nothing")
    assert "not a run directory" in refused(tmp_path)


def test_an_unfinished_run_is_refused(copied: Path) -> None:
    (copied / "run.toml").unlink()
    assert "landfront resume" in refused(copied)


def test_a_damaged_run_is_refused_and_the_page_before_stays(copied: Path) -> None:
    (copied / "report.html").write_text("before", encoding="utf-8")
    key = read_run(copied).stored.points[0].key
    plan = copied / "plans" / f"{key}.parquet"
    kept = plan.read_bytes()
    plan.write_bytes(kept[:100])
    assert key in refused(copied)
    other = read_run(copied).stored.points[1].key
    shutil.copy(copied / "plans" / f"{other}.parquet", plan)
    assert "its digest differs" in refused(copied)
    plan.write_bytes(kept)
    with sqlite3.connect(copied / "run.sqlite") as store:
        store.execute("UPDATE points SET gap = 0.5 WHERE position = 0")
    assert "not as it was written" in refused(copied)
    (copied / "run.sqlite").write_bytes(b"nothing")
    assert "run.sqlite" in refused(copied)
    assert (copied / "report.html").read_text(encoding="utf-8") == "before"


def test_a_run_of_a_newer_version_is_refused(copied: Path) -> None:
    text = (copied / "run.toml").read_text(encoding="utf-8")
    own = tomllib.loads(text)["versions"]["landfront"]
    (copied / "run.toml").write_text(
        text.replace(f'landfront = "{own}"', 'landfront = "99.1"'), encoding="utf-8"
    )
    assert "was made by landfront 99.1" in refused(copied)


def test_a_run_without_a_plan_is_refused(copied: Path) -> None:
    with sqlite3.connect(copied / "run.sqlite") as store:
        store.execute("DELETE FROM points")
    assert "holds no plan" in refused(copied)


def test_input_that_has_changed_is_refused(copied: Path) -> None:
    effects = copied.parent / "study" / "effects.csv"
    effects.write_text(effects.read_text(encoding="utf-8") + "\n", encoding="utf-8")
    assert "effects.csv" in refused(copied)
    effects.unlink()
    assert "effects.csv" in refused(copied)
    shutil.rmtree(copied.parent / "study")
    assert "--study" in refused(copied)


@pytest.mark.parametrize(
    ("name", "words"),
    [("page.pdf", "'.pdf'"), ("page", "no suffix"), ("nowhere/page.html", "folder is missing")],
)
def test_an_output_that_cannot_be_is_refused(
    squares_run: Path, tmp_path: Path, name: str, words: str
) -> None:
    assert words in refused(squares_run, "-o", tmp_path / name)


def test_a_folder_in_the_place_of_the_file_is_refused(squares_run: Path, tmp_path: Path) -> None:
    (tmp_path / "page.html").mkdir()
    assert "is a folder" in refused(squares_run, "-o", tmp_path / "page.html")


@pytest.mark.parametrize("seconds", ["-1", "inf", "nan"])
def test_seconds_that_make_no_sense_are_refused(squares_run: Path, tmp_path: Path, seconds: str) -> None:
    assert "number of seconds" in refused(squares_run, "-o", tmp_path / "page.html", "--solve", seconds)


def test_a_write_that_fails_leaves_what_was_there(
    squares_run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "page.html"
    target.write_text("before", encoding="utf-8")

    def full(self: Path, *_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(InputError, match="disk is full"):
        lf.report(squares_run, target, seconds=0)
    assert target.read_text(encoding="utf-8") == "before"
    assert [path.name for path in tmp_path.iterdir()] == ["page.html"]


def test_a_shared_run_is_read_back_as_it_was(squares_run: Path, page: Path) -> None:
    run = read_run(squares_run)
    result = result_of(run, formulate(run.study()))
    content, arrays = told(page)
    choices = np.cumsum(arrays["choices"], axis=0, dtype=np.uint8)
    for point in range(len(result.front)):
        frame = result.plan(point).to_frame()
        largest = frame.sort_values("share", ascending=False, kind="stable").drop_duplicates("parcel")
        named = largest.set_index("parcel")["intervention"]
        shown = [content["kinds"][kind]["name"] for kind in choices[point]]
        shares = frame.set_index(["parcel", "intervention"])["share"]
        for parcel, kind in zip(content["map"]["ids"], shown, strict=True):
            assert shares[parcel, kind] == pytest.approx(shares[parcel, named[parcel]])


def test_the_page_of_the_docs_names_commands_that_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(write_files("report.md", tmp_path))
    found = re.findall(r"^landfront ((?:front|report) .*)$", text_of("report.md"), re.MULTILINE)
    for arguments in found:
        done = CliRunner().invoke(app, arguments.split())
        assert done.exit_code == 0, done.output
    assert len(found) == 2
    content, _ = told(tmp_path / "run" / "report.html")
    assert content["title"] == {"en": "Six fields", "zh": "六块田"}
    assert content["front"]["complete"]


def test_a_page_that_tells_of_fewer_points_goes_when_points_are_added(copied: Path) -> None:
    lf.report(copied, seconds=0)
    lf.resume(copied, points=8)
    assert not (copied / "report.html").exists()
    assert len(told(lf.report(copied, seconds=0))[0]["front"]["values"]) == 8


def test_reasons_of_what_is_kept_out_are_told_in_both_languages(tiny_run: Path) -> None:
    rows = content_of(result_of(read_run(tiny_run), formulate(read_run(tiny_run).study())))[0]["excluded"]
    assert rows
    for row in rows:
        assert row["why"]["en"] == rule_words(row["reason"], "en")
        assert any("\u4e00" <= letter <= "\u9fff" for letter in row["why"]["zh"]), row


def test_a_run_that_is_not_there_is_what_is_told(tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["report", str(tmp_path / "nothing")])
    assert done.exit_code == 2
    assert "nothing: is missing (no run.toml)" in done.stderr
