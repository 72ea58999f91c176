"""The page on planning names commands that exist, steps in their order, and words in both languages."""

from __future__ import annotations

import re

import typer

from landfront.cli import app
from landfront.instances.schema import by_key, rows

from .page import text_of

STEPS = (
    "Co-define setting", "Understand challenges", "Create visions and scenarios", "Assess potential impacts",
    "Develop solution strategies", "Realize and monitor",
)  # fmt: skip
PRINCIPLES = ("Place-specificity", "Evidence base", "Integration", "Equity", "Transdisciplinarity")
HANDBOOK = ("Choose pathways", "Set the baseline", "Choose a model and get data", "Estimate the potential")


def commands_of(steps: tuple[str, ...]) -> list[str]:
    """The command that the page gives to each step."""
    text = text_of("planning.md")
    found = [re.search(rf"^\| {re.escape(step)} \| `landfront (\w+)`", text, re.MULTILINE) for step in steps]
    assert all(found), steps
    places = [match.start() for match in found if match]
    assert places == sorted(places), "steps stand in their order"
    return [match[1] for match in found if match]


def known() -> set[str]:
    return set(typer.main.get_command(app).commands)  # type: ignore[attr-defined]


def test_the_six_steps_are_commands() -> None:
    assert set(commands_of(STEPS)) <= known()
    text = text_of("planning.md")
    assert all(f"| {name} |" in text for name in PRINCIPLES)


def test_the_steps_of_the_handbook_are_commands() -> None:
    assert commands_of(HANDBOOK) == ["catalogue", "check", "new", "mac"]
    assert {"catalogue", "check", "new", "mac"} <= known()


def test_words_stand_in_both_languages() -> None:
    """Wording of the standard and of restoration; targets and challenges have Chinese names too."""
    text = text_of("planning.md")
    for words in (
        "山水林田湖草沙一体化保护和修复",
        "基于自然的解决方案全球标准",
        "权衡",
        "碳汇增量",
        "约束性指标",
    ):
        assert re.search(rf"^\| [^|]*{words}[^|]* \| .+ \|$", text, re.MULTILINE), words
    assert all(re.search("[\u4e00-\u9fff]", row["indicator_zh"]) for row in rows("policies"))
    assert all(re.search("[\u4e00-\u9fff]", row["label_zh"]) for row in by_key("challenges").values())
