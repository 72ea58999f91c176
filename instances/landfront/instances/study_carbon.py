"""Section ``[carbon.net]`` of study.toml: what may be claimed of a plan's carbon."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, Strict, Tag, model_validator

from landfront.instances.study_base import Number, Section, either

OTHERS = "*"
"""Stands for every intervention or land class that has no number of its own."""


class Levels(Section):
    """Low, mean and high of a baseline flux; the level of the study takes the one opposite to its own.

    Low removals of a project stand beside the high end of what the land would have taken up anyway.
    """

    low: Number
    mean: Number
    high: Number

    @model_validator(mode="after")
    def _rise(self) -> Levels:
        if not self.low <= self.mean <= self.high:
            raise ValueError(f"low {self.low:g}, mean {self.mean:g} and high {self.high:g} must rise")
        return self

    def beside(self, level: Literal["low", "mean", "high"]) -> float:
        """The flux that goes with a level of the catalogue: cautious beside low, bold beside high.

        >>> Levels(low=-2.0, mean=-1.0, high=0.5).beside("low")
        0.5
        """
        return {"low": self.high, "mean": self.mean, "high": self.low}[level]


Flux = Annotated[
    Annotated[Levels, Tag("levels")] | Annotated[Number, Tag("a number")],
    either("levels", (dict, Levels), "a number"),
]


class Net(Section):
    """Section ``[carbon.net]``: what is taken off the carbon of a plan (`models.carbon_net`).

    `baseline` is what land of each class would take up (or lose, below 0) anyway, in t CO2e/ha/yr, for
    `baseline_years` from the first year on, or for good. `leakage` is the share of the carbon that is
    displaced, by intervention, else the catalogue's. `harvest_leakage` is what making a t of lost harvest
    elsewhere emits, in t CO2e. With ``buffer = false`` nothing is held back.
    """

    baseline: dict[str, Flux] = Field(default_factory=dict)
    baseline_years: Annotated[int, Strict(), Field(ge=1, le=200)] | None = None
    leakage: dict[str, Annotated[Number, Field(ge=0, le=1)]] = Field(default_factory=dict)
    harvest_leakage: Annotated[Number, Field(ge=0)] = 0.0
    buffer: Annotated[bool, Strict()] = True
