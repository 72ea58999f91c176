"""Sections of study.toml about what the packaged effects do not count: indicators of the study's own."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from landfront.instances.study_base import Name, Number, Section

Mark = Literal["verified", "derived", "recalled", "assumed"]
Challenge = Literal["climate", "disaster", "economy", "health", "food", "water", "degradation"]
"""Societal challenges (``tables/challenges.csv``)."""
OTHERS = "*"
"""Stands for every intervention that `per_ha` does not name."""


class Indicator(Section):
    """One ``[[indicators]]``: an effect per ha of each intervention, such as income, nitrogen or jobs.

    `per_ha` gives the amount per ha by intervention, in `unit` per ha, or with ``relative = true`` the change
    in % of what the parcel has today (`baseline`, a column in `unit` per ha). `weight` names a column that
    multiplies the amounts, such as a risk of erosion. With ``each_year = true`` amounts are per year and add
    up from the start to the milestone. Amounts of a `gas` in t are counted in t CO2e with the warming
    potential of the report `gwp` (``tables/warming_potentials.csv``).
    """

    name: Name
    unit: Annotated[str, Field(min_length=1)]
    per_ha: Annotated[dict[str, Number], Field(min_length=1)]
    relative: bool = False
    each_year: bool = False
    baseline: str | None = None
    weight: str | None = None
    gas: Literal["CO2", "CH4", "N2O"] | None = None
    gwp: Literal["AR4", "AR5", "AR6"] = "AR5"
    source: Annotated[str, Field(min_length=1)]
    mark: Mark = "assumed"
    challenges: tuple[Challenge, ...] = ()
    label: str = ""
    label_zh: str = ""

    @model_validator(mode="after")
    def _fits(self) -> Indicator:
        if self.relative and self.baseline is None:
            raise ValueError("relative = true is a change of what is there today: give baseline, its column")
        if self.gas is not None and self.unit != "t CO2e":
            raise ValueError(
                f"amounts of a gas are in t and count in t CO2e: give unit = 't CO2e', not {self.unit!r}"
            )
        return self
