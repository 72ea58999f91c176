"""The words of the document in one language."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files


class Words:
    """Texts by name in one language; ``words("today")``."""

    def __init__(self, language: str) -> None:
        self.language = language

    def __call__(self, name: str, **fields: object) -> str:
        """The text of a name, with its fields filled in."""
        return all_words()[name][self.language].format(**fields)


@cache
def all_words() -> dict[str, dict[str, str]]:
    """Every text by name and language."""
    text = files("landfront.report.criterion6").joinpath("words.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)
