"""study.toml: what a study says, checked at the edge, unknown keys refused."""

from __future__ import annotations

import hashlib
import json
import tomllib
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, PrivateAttr, Tag, ValidationError, model_validator

from landfront.instances.faults import Fault, InputError
from landfront.instances.schema import by_key
from landfront.instances.study_base import Name, Number, Section, either
from landfront.instances.study_change import History, Monitoring, Previous, Requests, Trigger
from landfront.instances.study_indicators import Indicator
from landfront.instances.study_land import (
    About,
    Carbon,
    Combinations,
    Consent,
    Credit,
    Demand,
    Effects,
    Features,
    Interventions,
    Lock,
    Mask,
    Parcels,
    Periods,
    Prices,
)
from landfront.instances.study_policy import Policy, with_policy
from landfront.instances.study_risk import Risk
from landfront.instances.study_rules import ON_MAP, Criterion, FrontRequest, Fund, Limit
from landfront.instances.study_space import Space
from landfront.instances.validation import faults_of

RESERVED = frozenset(
    {"point", "bound", "gap", "termination", "plan", "parcel", "intervention", "share", "level", "region"}
    | {"parcels", "area_ha", "area_mu", "fid", "geom", "geometry"}
)
"""Columns of a run's own tables, which no criterion may be named like."""


class Study(Section):
    """A study: everything that study.toml says. Read it with `read_study`."""

    study: About
    parcels: Parcels
    interventions: Interventions = Interventions()
    periods: Periods | None = None
    combinations: Combinations | None = None
    carbon: Carbon = Carbon()
    effects: Effects | None = None
    features: Features | None = None
    indicators: tuple[Indicator, ...] = ()
    space: Space | None = None
    masks: tuple[Mask, ...] = ()
    locks: tuple[Lock, ...] = ()
    consent: Consent | None = None
    history: History | None = None
    previous: Previous | None = None
    requests: Requests | None = None
    monitoring: Monitoring | None = None
    triggers: tuple[Trigger, ...] = ()
    food: Demand | None = None
    prices: Prices | None = None
    credits: tuple[Credit, ...] = ()
    risk: Risk | None = None
    baseline: Annotated[
        Annotated[str, Tag("a file")] | Annotated[dict[str, Number], Tag("totals")],
        either("a file", str, "totals"),
    ] = Field(default_factory=dict)
    criteria: Annotated[dict[Name, Criterion], Field(min_length=1)]
    limits: tuple[Limit, ...] = ()
    funds: tuple[Fund, ...] = ()
    policy: Policy | None = None
    front: FrontRequest = FrontRequest()

    _folder: Path = PrivateAttr(default=Path())

    @model_validator(mode="before")
    @classmethod
    def _policy(cls, data: Any) -> Any:
        """Targets of a policy are limits like those that the study writes itself."""
        return with_policy(data) if isinstance(data, dict) and "policy" in data else data

    @model_validator(mode="after")
    def _times(self) -> Study:
        """Periods lie between the first year and the last milestone."""
        if self.periods is None:
            return self
        first, last = self.study.start_year, self.study.milestones[-1]
        if self.periods.starts[0] < first or self.periods.starts[-1] >= last:
            said = ", ".join(map(str, self.periods.starts))
            raise ValueError(
                f"periods.starts: {said} must lie from {first} (start_year) on and before {last}"
            )
        if self.periods.end is not None and self.periods.end > last:
            raise ValueError(f"periods.end: {self.periods.end} lies after the last milestone, {last}")
        if self.effects is not None:
            raise ValueError("periods: effects of a table have no years, so leave out [periods] or [effects]")
        return self

    @model_validator(mode="after")
    def _price_years(self) -> Study:
        """Prices are in money of the study's price year."""
        prices, year = self.prices, self.study.price_year
        if prices is None or prices.deflator is not None or prices.price_year in (None, year):
            return self
        raise ValueError(
            f"prices.price_year: {prices.price_year} is not study.price_year ({year or 'not given'}): "
            "give prices.deflator, or the price of that year"
        )

    @model_validator(mode="after")
    def _together(self) -> Study:
        """Effects of a table are those of its own options."""
        if self.combinations is not None and self.effects is not None:
            raise ValueError(
                "combinations: effects of a table are per option, so name combinations as interventions there"
            )
        given = [key for key in ("soil", "reversal", "profiles", "net") if getattr(self.carbon, key)]
        if self.effects is not None and given:
            raise ValueError(
                f"carbon.{given[0]}: effects of a table stand as they are, so leave out one of both"
            )
        return self

    @model_validator(mode="after")
    def _connected(self) -> Study:
        """A root is a parcel as a whole."""
        rooted = [
            name for name, entry in self.criteria.items() if entry.measure == "separate" and not entry.core
        ]
        if rooted and self.study.decision == "share":
            raise ValueError(
                f"criteria.{rooted[0]}: the largest connected set is of whole parcels, "
                'so give core, or decision = "whole"'
            )
        return self

    @model_validator(mode="after")
    def _names(self) -> Study:
        schemes = [credit.scheme for credit in self.credits]
        if twice := sorted({name for name in schemes if schemes.count(name) > 1}):
            raise ValueError(f"credits: the scheme {', '.join(twice)} occurs twice, rename one")
        named = [entry.name for entry in self.indicators]
        taken = {*by_key("effects"), *(self.effects.columns if self.effects else ())}
        for name in named:
            if name in taken or named.count(name) > 1:
                raise ValueError(f"indicators.{name}: there is an effect of that name already, rename it")
        seen: dict[str, str] = {}
        for name in self.criteria:
            if name.lower() in RESERVED:
                raise ValueError(
                    f"criteria.{name}: the tables of a run have a column of that name, rename it"
                )
            # GeoPackage and Shapefile take names that differ only by case for one column.
            if (other := seen.setdefault(name.lower(), name)) != name:
                raise ValueError(f"criteria.{name} and criteria.{other} differ by case only, rename one")
        return self

    @property
    def folder(self) -> Path:
        """Folder against which the study's paths are resolved."""
        return self._folder

    @property
    def title(self) -> str:
        """Title, shown on every figure."""
        return self.study.title

    @property
    def spans(self) -> tuple[tuple[int, int], ...]:
        """First year of each start period and the year after its last; a single one without periods."""
        end = self.study.milestones[-1]
        if self.periods is None:
            return ((self.study.start_year, end),)
        starts = self.periods.starts
        return tuple(zip(starts, (*starts[1:], self.periods.end or end), strict=True))

    @property
    def digest(self) -> str:
        """SHA-256 of what the study says (not of the tables it names)."""
        text = json.dumps(self.model_dump(mode="json", by_alias=True), sort_keys=True, ensure_ascii=False)
        return hashlib.sha256(text.encode()).hexdigest()

    def __str__(self) -> str:
        """Show the study as a tree, so that it prints readably."""
        return "\n".join(self._tree())

    def _repr_html_(self) -> str:
        """Show the same tree in a notebook."""
        from html import escape

        return f"<pre>{escape(str(self))}</pre>"

    def _tree(self) -> list[str]:
        criteria = [f"    {name}: {entry.sense}" for name, entry in self.criteria.items()]
        limits = [
            f"    {limit.name}: {limit.criterion}{f' by {limit.by}' if limit.by else ''}"
            f"{f' ({limit.owner})' if limit.owner else ''}"
            for limit in self.limits
        ]
        return [
            f"Study: {self.title}",
            f"  decision: {self.study.decision}, currency: {self.study.currency}, "
            f"milestones: {', '.join(map(str, self.study.milestones))}",
            f"  parcels: {self.parcels.source}, regions: {', '.join(self.parcels.regions) or 'none'}",
            f"  interventions: {', '.join(self.interventions.use) or 'all that the catalogue or table has'}",
            "  criteria",
            *criteria,
            *(["  limits", *limits] if limits else ["  limits: none"]),
        ]

    def effect_of(self, criterion: str) -> str:
        """Name of the effect that a criterion sums; a name that is no criterion is its own effect."""
        entry = self.criteria.get(criterion)
        return (entry.effect if entry else None) or criterion

    def sums_effect(self, criterion: str) -> bool:
        """Whether a criterion looks at an effect: all do but those of where treated land lies."""
        return criterion not in self.criteria or self.criteria[criterion].measure not in ON_MAP

    def milestone_of(self, criterion: str, milestone: int | None = None) -> int:
        """Milestone year of a criterion: the one asked for, else its own, else the last."""
        entry = self.criteria.get(criterion)
        return milestone or (entry.milestone if entry else None) or self.study.milestones[-1]


def read_study(path: str | Path) -> Study:
    """Read a study folder or its study.toml.

    Raises
    ------
    InputError
        If the file is missing, is not TOML, has unknown keys or breaks a rule; every fault is listed.
    """
    file = Path(path)
    file = file / "study.toml" if file.is_dir() else file
    try:
        # Some editors put a byte order mark in front.
        data = tomllib.loads(file.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise InputError(
            [
                Fault(
                    str(file),
                    "",
                    f"cannot be read ({error.strerror})",
                    "Give a study folder or its study.toml.",
                )
            ]
        ) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InputError(
            [Fault(str(file), "", f"is not valid TOML in UTF-8 ({error})", "Mend that line.")]
        ) from error
    return study_from(data, file)


def study_from(data: dict[str, Any], file: Path) -> Study:
    """Check a parsed study.toml; `file` says where it stands, for messages and relative paths."""
    try:
        study = Study.model_validate(data)
    except ValidationError as error:
        raise InputError(faults_of(file.name, data, error.errors())) from error
    study._folder = file.parent
    return study
