"""Sections of study.toml about the land, what can be done on it, and what that does."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, Strict, model_validator

from landfront.instances.study_base import Currency, Label, Name, Number, Section, Year
from landfront.instances.study_carbon import Net


class Column(Section):
    """A column of a table and the unit that its numbers are in."""

    column: str
    unit: str


class Cover(Section):
    """The land-cover column and the code system that its codes belong to."""

    column: str
    code_system: Literal["TD/T 1055", "plain"]


class About(Section):
    """Section ``[study]``.

    ``exchange_rate`` is units of `currency` per CNY of the catalogue's costs; needed where they differ.
    """

    title: Annotated[str, Field(min_length=1)]
    title_zh: str = ""
    currency: Currency = "CNY"
    price_year: Year | None = None
    exchange_rate: Annotated[Number, Field(gt=0)] | None = None
    decision: Literal["whole", "share"] = "whole"
    start_year: Year = 2025
    milestones: Annotated[tuple[Year, ...], Field(min_length=1)] = (2030, 2035, 2060)
    discount_rate: Annotated[Number, Field(ge=0, lt=1)] = 0.0

    @model_validator(mode="after")
    def _years(self) -> About:
        if list(self.milestones) != sorted(set(self.milestones)) or self.milestones[0] <= self.start_year:
            said = ", ".join(map(str, self.milestones))
            raise ValueError(f"milestones {said} must rise and lie after start_year {self.start_year}")
        if self.currency == "CNY" and self.exchange_rate not in (None, 1.0):
            raise ValueError(
                "exchange_rate is for other currencies: costs of the catalogue are in CNY already"
            )
        return self


class Parcels(Section):
    """Section ``[parcels]``: the layer or table of parcels and what its columns mean.

    `regions` are columns of nested levels, `groups` columns of people or places that nest in nothing, such as
    the kind of household. Each covariate is a column with its unit; ``tables/parcels.csv`` says which are
    known.
    """

    source: str
    layer: str | None = None
    encoding: str = "auto"
    id: str
    area: Column
    regions: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    cover: Cover | None = None
    slope: Column | None = None
    slope_class: str | None = None
    precipitation: Column | None = None
    elevation: Column | None = None
    grain_yield: Column | None = None
    forage_yield: Column | None = None
    livestock: Column | None = None
    crop: str | None = None
    quality: Column | None = None
    intactness: Column | None = None
    runoff: Column | None = None
    soil_carbon: Column | None = None
    soil_carbon_potential: Column | None = None
    soil_carbon_technical: Column | None = None
    baseline_flux: Column | None = None
    growth_zone: str | None = None
    growth_zone_shares: dict[str, str] = Field(default_factory=dict)
    geometry: bool | None = None


class Interventions(Section):
    """Section ``[interventions]``: which catalogue, which coefficient sets, which interventions.

    `cost_factors` multiply the catalogue's costs: 0.7 where a subsidy pays 30 %, 1.2 where a rule adds 20 %.
    """

    catalogue: str = "default"
    set: tuple[str, ...] = ()
    level: Literal["low", "mean", "high"] = "mean"
    use: tuple[str, ...] = ()
    cost_factors: dict[str, Annotated[Number, Field(ge=0, le=100)]] = Field(default_factory=dict)

    @model_validator(mode="before")
    @classmethod
    def _one_set(cls, data: Any) -> Any:
        if isinstance(data, dict) and isinstance(data.get("set"), str):
            return {**data, "set": (data["set"],)}
        return data


class Periods(Section):
    """Section ``[periods]``: the years in which interventions may start.

    A period lasts until the next one begins, the last one until `end` (by default the last milestone).
    `only` names the years for interventions that may not start in all of them.
    """

    starts: Annotated[tuple[Year, ...], Field(min_length=1)]
    end: Year | None = None
    only: dict[str, Annotated[tuple[Year, ...], Field(min_length=1)]] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _order(self) -> Periods:
        if list(self.starts) != sorted(set(self.starts)):
            raise ValueError(f"starts {', '.join(map(str, self.starts))} must rise: list periods in order")
        if self.end is not None and self.end <= self.starts[-1]:
            raise ValueError(f"end {self.end} must lie after the last start, {self.starts[-1]}")
        for name, years in self.only.items():
            if not set(years) <= set(self.starts) or list(years) != sorted(set(years)):
                said = ", ".join(map(str, years))
                raise ValueError(f"only.{name}: {said} must be some of the starts, in order")
        return self


class Joint(Section):
    """One ``[[combinations.joint]]``: factors on the effects of interventions that share a parcel."""

    interventions: Annotated[tuple[str, ...], Field(min_length=2)]
    factors: Annotated[dict[Name, Annotated[Number, Field(ge=0)]], Field(min_length=1)]


class Combinations(Section):
    """Section ``[combinations]``: interventions that may share a parcel.

    Up to `most` of each of the `groups` may be chosen together; `excludes` lists sets that may not;
    `requires` names for an intervention those without which it may not be chosen.
    """

    groups: Annotated[tuple[Annotated[tuple[str, ...], Field(min_length=2)], ...], Field(min_length=1)]
    most: Annotated[int, Strict(), Field(ge=2, le=4)] = 2
    excludes: tuple[Annotated[tuple[str, ...], Field(min_length=2)], ...] = ()
    requires: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    joint: tuple[Joint, ...] = ()


class Soil(Section):
    """``[carbon] soil``: what soils take up is capped by what they lack (`models.soil`).

    `technical` is the share of the deficit up to which practices work in full, `beyond` the share of the gain
    beyond it that is still reached. Both defaults are assumed.
    """

    technical: Annotated[Number, Field(ge=0, le=1)] = 0.5
    beyond: Annotated[Number, Field(ge=0, le=1)] = 0.25


class Carbon(Section):
    """Section ``[carbon]``: how stores grow and what is left of them (`models.carbon`, `soil`, `decay`).

    `profiles` names a table (intervention, year, stock) of curves that replace the fluxes of the catalogue;
    those of the interventions in `rising` must never fall. `net` says what is taken off before it is claimed.
    """

    curve: Literal["piecewise", "zone", "precipitation"] = "piecewise"
    soil: Soil | None = None
    reversal: Annotated[bool, Strict()] = False
    profiles: str | None = None
    rising: tuple[str, ...] = ()
    net: Net | None = None

    @model_validator(mode="after")
    def _curves(self) -> Carbon:
        if self.rising and self.profiles is None:
            raise ValueError("rising is about curves of a table: name it under profiles")
        return self


class Effects(Section):
    """Section ``[effects]``: a table of effects instead of computed ones.

    ``layout = "wide"``: `columns` maps an effect to its column. ``layout = "long"``: `criterion` and `value`
    name the columns. `units` gives the unit of each effect where it is not the canonical one.
    """

    source: str
    layout: Literal["wide", "long"]
    parcel: str
    intervention: str
    columns: dict[Name, str] = Field(default_factory=dict)
    criterion: str = "criterion"
    value: str = "value"
    units: dict[Name, str] = Field(default_factory=dict)
    encoding: str = "auto"


class Features(Section):
    """Section ``[features]``: habitat area per parcel (long table), and what interventions do to it.

    `effects` is a table (feature, intervention, change): share of the habitat's area gained (+) or lost (-).
    """

    source: str
    parcel: str = "parcel"
    feature: str = "feature"
    amount: str = "amount"
    unit: str = "ha"
    effects: str
    encoding: str = "auto"


Value = str | int | float | bool
WHEN: tuple[Value, ...] = (1, True, "1", "true", "yes", "Y")
"""What a column of flags holds where they are set."""


class Where(Section):
    """Features of a layer to keep: those whose `column` holds one of ``in``."""

    column: str
    values: Annotated[tuple[Value, ...], Field(alias="in", min_length=1)]


class Mask(Section):
    """One ``[[masks]]``: where it applies, interventions are forbidden.

    It applies where `column` holds one of `when`, or to parcels of which at least `share` of the area lies
    under the polygons of the layer `source` (0: any of it), of which `where` keeps some.
    """

    name: Label
    column: str | None = None
    when: tuple[Value, ...] = WHEN
    source: str | None = None
    layer: str | None = None
    encoding: str = "auto"
    where: Where | None = None
    share: Annotated[Number, Field(ge=0, le=1)] = 0.5
    forbid: tuple[str, ...]
    owner: str = ""
    reason: str = ""

    @model_validator(mode="after")
    def _one_place(self) -> Mask:
        if (self.column is None) == (self.source is None):
            raise ValueError("a mask needs either column or source, and not both")
        keys = ("layer", "encoding", "where", "share") if self.source is None else ("when",)
        fields = type(self).model_fields
        if odd := [key for key in keys if getattr(self, key) != fields[key].default]:
            other = "source" if self.source is None else "column"
            raise ValueError(f"{', '.join(odd)} belongs to a mask with {other}")
        return self


class Lock(Section):
    """One ``[[locks]]``: parcels that get one option, whatever else their menu has.

    `intervention` where `column` holds one of `when`; or what the column ``from`` holds, ``keep`` included,
    where it is filled (and `column`, if given, holds one of `when`).
    """

    name: Label
    column: str | None = None
    when: tuple[Value, ...] = WHEN
    intervention: str | None = None
    given: Annotated[str | None, Field(alias="from")] = None
    owner: str = ""
    reason: str = ""

    @model_validator(mode="after")
    def _one_choice(self) -> Lock:
        if (self.intervention is None) == (self.given is None):
            raise ValueError("a lock needs either intervention or from, and not both")
        if self.column is None and (self.intervention is not None or self.when != WHEN):
            raise ValueError("a lock with intervention or when needs the column of flags that it is for")
        return self


class Consent(Section):
    """Section ``[consent]``: parcels whose `column` holds none of `when` can only be kept as they are."""

    column: str
    when: tuple[Value, ...] = WHEN


class Demand(Section):
    """Section ``[food]``: how demand for food differs from today's, for limits that say ``demand = true``.

    `diet` scales what people eat, `imports` is the share of it that comes from elsewhere, `growth` is the
    growth of demand per year beside both.
    """

    diet: Annotated[Number, Field(ge=0, le=10)] = 1.0
    imports: Annotated[Number, Field(ge=0, le=1)] = 0.0
    growth: Annotated[Number, Field(gt=-1, lt=1)] = 0.0

    def factor(self, years: int) -> float:
        """Demand on the land after `years`, relative to today's."""
        return self.diet * (1.0 - self.imports) * float((1.0 + self.growth) ** years)


class Prices(Section):
    """Section ``[prices]``: `grain`, in `unit` (by default the study's currency per t).

    Prices of another `price_year` than the study's need a `deflator`: money of the study's year per money of
    that year.
    """

    grain: Annotated[Number, Field(ge=0)] | None = None
    unit: str | None = None
    price_year: Year | None = None
    deflator: Annotated[Number, Field(gt=0)] | None = None


class Credit(Section):
    """One ``[[credits]]``: a scheme that pays for carbon (`models.revenue`).

    What is left out is the methodology's (``tables/methodologies.csv``); `cover` and `column` (which holds
    one of `when`) say on which parcels. `buffer` is the share held back, by default the catalogue's; `period`
    the years that are credited from the start of an option; `price` is in the study's currency per t CO2e,
    grows by `price_growth` a year, and holds in the first year.
    """

    scheme: Name
    methodology: Literal["ccer_forestation", "ccer_mangrove", "ccer_saltmarsh", "ets", "voluntary"] | None = (
        None
    )
    price: Annotated[Number, Field(ge=0)]
    price_growth: Annotated[Number, Field(gt=-1, le=1)] = 0.0
    interventions: tuple[str, ...] = ()
    cover: tuple[str, ...] = ()
    column: str | None = None
    when: tuple[Value, ...] = WHEN
    buffer: Annotated[Number, Field(ge=0, le=1)] | None = None
    period: Annotated[int, Strict(), Field(ge=1, le=200)] | None = None

    @model_validator(mode="after")
    def _whole(self) -> Credit:
        missing = [name for name in ("interventions", "period") if not getattr(self, name)]
        if self.methodology is None and missing:
            raise ValueError(f"give {' and '.join(missing)}, or a methodology that says so")
        return self
