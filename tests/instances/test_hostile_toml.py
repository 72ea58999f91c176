"""A study.toml with every kind of slip: one fault per key, in the words of the file."""

from __future__ import annotations

import tomllib
from importlib.resources import files
from pathlib import Path

import pytest

from landfront.instances.faults import Fault, InputError, shown
from landfront.instances.load import load_inputs
from landfront.instances.readers import read_table
from landfront.instances.study import read_study, study_from

TINY = files("landfront.instances") / "examples" / "tiny"


def told(*changes: tuple[str, str]) -> str:
    """The message for the tiny study with some texts replaced."""
    text = (TINY / "study.toml").read_text(encoding="utf-8")
    for old, new in changes:
        assert old in text
        text = text.replace(old, new, 1)
    with pytest.raises(InputError) as error:
        study_from(tomllib.loads(text), Path("study.toml"))
    return str(error.value)


@pytest.mark.parametrize(
    ("bound", "message"),
    [
        ("nan", "limits.budget.max: must be a finite number, found nan"),
        ("inf", "limits.budget.max: must be a finite number, found inf"),
        ('"1.5e6"', "limits.budget.max: must be a number, found '1.5e6'"),
        ("true", "limits.budget.max: must be a number, found True"),
        ("{ share = nan }", "limits.budget.max.share: must be a finite number"),
        ("{ shar = 1.0 }", "limits.budget.max.shar: unknown key"),
        ('{ share = 1.7, of = "land" }', "a share of the land lies between 0 and 1, found 1.7"),
    ],
)
def test_a_bound_is_a_number_or_a_share(bound: str, message: str) -> None:
    assert message in told(("max = 1.5e6", f"max = {bound}"))


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('points = "all"', "points = 1", "front.points: must be greater than or equal to 2, found 1."),
        ('points = "all"', 'points = "40"', "front.points: must be 'all', found '40'."),
        ("food = {", '"my food" = {', "criteria.my food: must be a name of letters"),
        ("habitat = {", 'point = { effect = "habitat",', "criteria.point: the tables of a run"),
        ("habitat = {", 'Food = { effect = "habitat",', "criteria.Food and criteria.food differ by case"),
        ('title = "Tiny: twelve parcels"', 'title = ""', "study.title: is empty"),
        ("[2030, 2060]", "[2030, 99999999]", "study.milestones.2: must be less than or equal to 2500"),
        ('currency = "CNY"', "exchange_rate = 7.0", "exchange_rate is for other currencies"),
        ('name = "budget"\n', "", "limits.2.name: missing"),
        ('column = "park"', "column = 5", "masks.park.column: must be text, found 5"),
    ],
)
def test_each_slip_is_told_once(old: str, new: str, message: str) -> None:
    text = told((old, new))
    assert message in text
    assert text.startswith("1 fault")


def test_a_byte_order_mark_is_no_fault(tmp_path: Path) -> None:
    (tmp_path / "study.toml").write_bytes(b"\xef\xbb\xbf" + (TINY / "study.toml").read_bytes())
    assert read_study(tmp_path).title == "Tiny: twelve parcels"


def test_long_values_are_cut_short() -> None:
    fault = Fault("parcels.csv", "area", "text", "Give a number", 1, ((2, "9" * 5000),))
    assert len(str(fault)) < 200
    assert shown("a") == "'a'"


def copy_tiny(folder: Path, old: str = "", new: str = "", *, file: str = "parcels.csv") -> Path:
    folder.mkdir(exist_ok=True)
    for name in ("study.toml", "parcels.csv", "habitat.csv", "habitat_effects.csv"):
        text = (TINY / name).read_text(encoding="utf-8")
        (folder / name).write_text(text.replace(old, new, 1) if name == file else text, encoding="utf-8")
    return folder


@pytest.mark.parametrize(
    ("id_", "rule"),
    [
        ("=cmd|' /C calc'!A0", "would run this name as a formula"),
        ("@sum", "would run this name as a formula"),
        ("-a", "would run this name as a formula"),
        ('"p\n2"', "line break"),
        ("p\0", "control character"),
    ],
)
def test_names_that_would_harm_a_table_of_results(tmp_path: Path, id_: str, rule: str) -> None:
    with pytest.raises(InputError, match=rule):
        load_inputs(read_study(copy_tiny(tmp_path, "p02,", f"{id_},")))


def test_ids_that_are_signed_numbers_are_names_like_others(tmp_path: Path) -> None:
    assert "-12" in load_inputs(read_study(copy_tiny(tmp_path, "p02,", "-12,"))).landscape.ids


def test_names_in_study_toml_are_judged_though_a_table_is_at_fault(tmp_path: Path) -> None:
    copy_tiny(tmp_path, "0103,10,3", "0103,-10,3")
    text = (tmp_path / "study.toml").read_text(encoding="utf-8")
    text = text.replace('criterion = "cost"', 'criterion = "gold"').replace('by = "county"', 'by = "planet"')
    (tmp_path / "study.toml").write_text(text, encoding="utf-8")
    with pytest.raises(InputError) as error:
        load_inputs(read_study(tmp_path))
    for part in ("negative area", "unknown region level 'planet'", "unknown criterion or effect 'gold'"):
        assert part in str(error.value)


@pytest.mark.parametrize(("mark", "word"), [(";", "semicolons"), ("\t", "tabs")])
def test_another_separator_is_one_fault(tmp_path: Path, mark: str, word: str) -> None:
    text = (TINY / "parcels.csv").read_text(encoding="utf-8").replace(",", mark)
    (tmp_path / "parcels.csv").write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=f"1 fault.*\n.*one column with {word} inside"):
        read_table(tmp_path / "parcels.csv")


def test_a_folder_and_a_dead_link_are_no_tables(tmp_path: Path) -> None:
    (tmp_path / "a.csv").mkdir()
    (tmp_path / "b.csv").symlink_to("b.csv")
    with pytest.raises(InputError, match="is a folder"):
        read_table(tmp_path / "a.csv")
    with pytest.raises(InputError, match="is a link to a file that is not there"):
        read_table(tmp_path / "b.csv")
