"""What a document is written from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from landfront.models.plan import Plan
from landfront.report.criterion6.words import Words, all_words
from landfront.report.languages import UNITS_ZH, amount, criterion_label, effect_label, land, share_text
from landfront.report.result import Named, Result
from landfront.report.safeguards import Safeguards


@dataclass(frozen=True)
class Source:
    """A run, one of its plans, and the language to tell of it in.

    Attributes
    ----------
    result, folder, record
        The run, its directory, and what run.toml says.
    point
        Position of the plan on the front.
    chosen
        Whether somebody named the point.
    words
        The language.
    prices
        What each limit costs, where it was computed.
    """

    result: Result
    folder: Path
    record: Mapping[str, Any]
    point: int
    chosen: bool
    words: Words
    prices: Safeguards | None = None

    @cached_property
    def plan(self) -> Plan:
        """The plan that is described."""
        return self.result.plan(self.point)

    @property
    def language(self) -> str:
        """``en`` or ``zh``."""
        return self.words.language

    def amount(self, value: float, criterion: str, *, signed: bool = False) -> str:
        """An amount of a criterion with its unit."""
        return self.quantity(value, self.result.units[criterion], signed=signed)

    def quantity(self, value: float, unit: str, *, signed: bool = False) -> str:
        """A number with its unit; what is not known is said in words."""
        return amount(value, unit, self.language, signed=signed) if value == value else self.words("unknown")

    def share(self, share: float) -> str:
        """A share as a percentage."""
        return share_text(share, self.language)

    def mark(self, mark: str) -> str:
        """How well a number is known."""
        return self.words(f"mark_{mark}") if f"mark_{mark}" in all_words() else mark

    def unit(self, unit: str) -> str:
        """A unit as readers know it."""
        return UNITS_ZH.get(unit, unit) if self.language == "zh" else unit

    def land(self, hectares: float) -> str:
        """An area, with mu for studies in yuan."""
        return land(hectares, self.language, mu=self.result.in_yuan)

    def label(self, criterion: str) -> str:
        """A criterion in words; what a limit sums may be none of the study's criteria."""
        study = self.result.formulation.study
        known = criterion in study.criteria
        if known:
            return criterion_label(study, criterion, self.language)
        return effect_label(criterion, self.language)

    def name(self, named: Named) -> str:
        """A named plan in words."""
        sense, _, criterion = named.name.partition("_")
        if named.name == "knee":
            return self.words("knee")
        return self.words("most" if sense == "max" else "least", criterion=self.label(criterion))
