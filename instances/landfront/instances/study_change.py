"""Sections of study.toml about change over time: what is done, the plan before, what is watched."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from landfront.instances.study_base import Name, Number, Section, Year


class History(Section):
    """Section ``[history]``: what is done already, which no plan can change.

    `source` is a table with the columns parcel (or the study's own id) and intervention, and as wanted year,
    share or area_ha (what of the parcel is done), and status, of which rows with one of `done` count. Nothing
    can start before `year` any more. Areas may differ by the share `tolerance` from what was done.
    """

    source: str
    year: Year
    done: Annotated[tuple[str, ...], Field(min_length=1)] = ("done", "underway")
    tolerance: Annotated[Number, Field(ge=0, lt=1)] = 0.02


class Previous(Section):
    """Section ``[previous]``: the plan that this one follows, for the effect ``change``.

    `source` is a table with the columns parcel, intervention and, as wanted, share and area_ha; it may lie
    outside of the study's folder, as the plans of an earlier run do.
    """

    source: str


class Requests(Section):
    """Section ``[requests]``: a log of requests about parcels, of which the granted ones are kept.

    `source` is the table that ``landfront request`` writes; it may lie outside of the study's folder.
    """

    source: str


class Monitoring(Section):
    """Section ``[monitoring]``: a table of what was observed, to hold a plan against.

    Columns: criterion, year, observed, and parcel, or level and region, or neither for everything; as wanted
    source, so that two sources can be compared. `tolerance` is the share by which the observed change may
    fall short of the expected one.
    """

    source: str
    tolerance: Annotated[Number, Field(ge=0, lt=1)] = 0.1


class Trigger(Section):
    """One ``[[triggers]]``: when the total of a criterion passes a threshold, something is to be done.

    `of_expected` gives the threshold as a share of what the plan was expected to have: s stands for the value
    v - (1 - s) * abs(v). `by` and `region` say where.
    """

    name: Name
    criterion: str
    below: Number | None = None
    above: Number | None = None
    of_expected: bool = False
    by: str | None = None
    region: str | None = None
    action: Annotated[str, Field(min_length=1)]
    owner: str = ""
    review: Year | None = None
    kind: Literal["review", "act", "stop"] = "review"

    @model_validator(mode="after")
    def _one_side(self) -> Trigger:
        if (self.below is None) == (self.above is None):
            raise ValueError("a trigger needs either below or above, and not both")
        if (self.by is None) != (self.region is None):
            raise ValueError("give by and region together")
        return self
