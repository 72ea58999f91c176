"""Sections of study.toml about what is not certain: scenarios of coefficients, from a table or drawn."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, Strict, model_validator

from landfront.instances.study_base import Number, Section

Part = Annotated[Number, Field(ge=0, le=1)]
Inner = Annotated[Number, Field(gt=0, lt=1)]


class Correlation(Section):
    """Correlation of the normal scores of two factors that differ in one respect.

    Where they differ in several, the product counts: two regions and two effects of one intervention have
    ``regions * effects``.
    """

    regions: Part = 0.5
    effects: Part = 0.0
    interventions: Part = 0.0


class Range(Section):
    """One ``[[risk.draw.ranges]]``: low, most likely and high factor of an effect by an intervention.

    It counts instead of the range in the catalogue; ``*`` stands for every intervention that has none of its
    own here.
    """

    effect: str
    intervention: str = "*"
    low: Number
    mean: Number = 1.0
    high: Number

    @model_validator(mode="after")
    def _rises(self) -> Range:
        if not self.low <= self.mean <= self.high:
            raise ValueError(f"low {self.low:g}, mean {self.mean:g} and high {self.high:g} do not rise")
        return self


class Draw(Section):
    """Section ``[risk.draw]``: scenarios drawn from the ranges of coefficients.

    `coefficients` says whose low, mean and high in the catalogue stand for an effect. `quantiles` are what
    low and high are under ``distribution = "quantiles"``.
    """

    count: Annotated[int, Strict(), Field(ge=2, le=10_000)] = 200
    seed: Annotated[int, Strict(), Field(ge=0)] = 0
    distribution: Literal["pert", "triangular", "quantiles"] = "pert"
    quantiles: tuple[Inner, Inner] = (0.25, 0.75)
    correlation: Correlation = Correlation()
    coefficients: dict[str, str] = Field(default_factory=dict)
    ranges: tuple[Range, ...] = ()

    @model_validator(mode="after")
    def _fits(self) -> Draw:
        low, high = self.quantiles
        if not low < 0.5 < high:
            raise ValueError("quantiles are two shares on both sides of 0.5, as [0.05, 0.95]")
        named = [(entry.effect, entry.intervention) for entry in self.ranges]
        if twice := sorted({name for name in named if named.count(name) > 1}):
            raise ValueError(f"ranges: {' of '.join(twice[0])} occurs twice, keep one")
        return self


class Risk(Section):
    """Section ``[risk]``: scenarios, each a factor per effect, intervention and region.

    They stand in the table `source` or are drawn (`draw`); `by` is the level of the regions.
    """

    source: str | None = None
    by: str | None = None
    draw: Draw | None = None

    @model_validator(mode="after")
    def _one(self) -> Risk:
        if (self.source is None) == (self.draw is None):
            raise ValueError("give either source, a table of scenarios, or [risk.draw]")
        return self
