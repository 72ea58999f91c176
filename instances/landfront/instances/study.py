"""study.toml: what a study says, checked at the edge, unknown keys refused."""

from __future__ import annotations

import hashlib
import json
import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Discriminator,
    Field,
    PrivateAttr,
    Strict,
    Tag,
    ValidationError,
    model_validator,
)

from landfront.instances.faults import Fault, InputError
from landfront.instances.validation import faults_of

Currency = Literal["CNY", "USD", "EUR"]
Name = Annotated[str, Field(min_length=1, pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")]


def _of_letters(name: str) -> str:
    if not name.isidentifier():
        raise ValueError("must be a name of letters of any script, digits and _, not starting with a digit")
    return name


Label = Annotated[str, AfterValidator(_of_letters)]
"""A name that no table of a run has as a column, in any script: 生态保护红线 is one."""
Number = Annotated[float, Strict()]
"""A number that TOML writes as one: text and booleans are refused."""
Year = Annotated[int, Strict(), Field(ge=1900, le=2500)]

RESERVED = frozenset(
    {"point", "bound", "gap", "termination", "plan", "parcel", "intervention", "share", "level", "region"}
    | {"parcels", "area_ha", "area_mu", "fid", "geom", "geometry"}
)
"""Columns of a run's own tables, which no criterion may be named like."""


def _either(first: str, kinds: type | tuple[type, ...], second: str) -> Discriminator:
    """Which of two kinds of value a key has, so that only the rules of that kind are told."""
    return Discriminator(lambda value: first if isinstance(value, kinds) else second)


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Column(_Section):
    """A column of a table and the unit that its numbers are in."""

    column: str
    unit: str


class Cover(_Section):
    """The land-cover column and the code system that its codes belong to."""

    column: str
    code_system: Literal["TD/T 1055", "plain"]


class About(_Section):
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


class Parcels(_Section):
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
    growth_zone: str | None = None
    growth_zone_shares: dict[str, str] = {}
    geometry: bool | None = None


class Interventions(_Section):
    """Section ``[interventions]``: which catalogue, which coefficient sets, which interventions."""

    catalogue: str = "default"
    set: tuple[str, ...] = ()
    level: Literal["low", "mean", "high"] = "mean"
    use: tuple[str, ...] = ()

    @model_validator(mode="before")
    @classmethod
    def _one_set(cls, data: Any) -> Any:
        if isinstance(data, dict) and isinstance(data.get("set"), str):
            return {**data, "set": (data["set"],)}
        return data


class Periods(_Section):
    """Section ``[periods]``: the years in which interventions may start.

    A period lasts until the next one begins, the last one until `end` (by default the last milestone).
    `only` names the years for interventions that may not start in all of them.
    """

    starts: Annotated[tuple[Year, ...], Field(min_length=1)]
    end: Year | None = None
    only: dict[str, Annotated[tuple[Year, ...], Field(min_length=1)]] = {}

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


class Joint(_Section):
    """One ``[[combinations.joint]]``: factors on the effects of interventions that share a parcel."""

    interventions: Annotated[tuple[str, ...], Field(min_length=2)]
    factors: Annotated[dict[Name, Annotated[Number, Field(ge=0)]], Field(min_length=1)]


class Combinations(_Section):
    """Section ``[combinations]``: interventions that may share a parcel.

    Up to `most` of each of the `groups` may be chosen together; `excludes` lists sets that may not;
    `requires` names for an intervention those without which it may not be chosen.
    """

    groups: Annotated[tuple[Annotated[tuple[str, ...], Field(min_length=2)], ...], Field(min_length=1)]
    most: Annotated[int, Strict(), Field(ge=2, le=4)] = 2
    excludes: tuple[Annotated[tuple[str, ...], Field(min_length=2)], ...] = ()
    requires: dict[str, tuple[str, ...]] = {}
    joint: tuple[Joint, ...] = ()


class Soil(_Section):
    """``[carbon] soil``: what soils take up is capped by what they lack (`models.soil`).

    `technical` is the share of the deficit up to which practices work in full, `beyond` the share of the gain
    beyond it that is still reached. Both defaults are assumed.
    """

    technical: Annotated[Number, Field(ge=0, le=1)] = 0.5
    beyond: Annotated[Number, Field(ge=0, le=1)] = 0.25


class Carbon(_Section):
    """Section ``[carbon]``: how stores grow and what is left of them (`models.carbon`, `soil`, `decay`).

    `profiles` names a table (intervention, year, stock) of curves that replace the fluxes of the catalogue;
    those of the interventions in `rising` must never fall.
    """

    curve: Literal["piecewise", "zone", "precipitation"] = "piecewise"
    soil: Soil | None = None
    reversal: Annotated[bool, Strict()] = False
    profiles: str | None = None
    rising: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _curves(self) -> Carbon:
        if self.rising and self.profiles is None:
            raise ValueError("rising is about curves of a table: name it under profiles")
        return self


class Effects(_Section):
    """Section ``[effects]``: a table of effects instead of computed ones.

    ``layout = "wide"``: `columns` maps an effect to its column. ``layout = "long"``: `criterion` and `value`
    name the columns. `units` gives the unit of each effect where it is not the canonical one.
    """

    source: str
    layout: Literal["wide", "long"]
    parcel: str
    intervention: str
    columns: dict[Name, str] = {}
    criterion: str = "criterion"
    value: str = "value"
    units: dict[Name, str] = {}
    encoding: str = "auto"


class Features(_Section):
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


class Where(_Section):
    """Features of a layer to keep: those whose `column` holds one of ``in``."""

    column: str
    values: Annotated[tuple[Value, ...], Field(alias="in", min_length=1)]


class Mask(_Section):
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


class Lock(_Section):
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


class Consent(_Section):
    """Section ``[consent]``: parcels whose `column` holds none of `when` can only be kept as they are."""

    column: str
    when: tuple[Value, ...] = WHEN


class Demand(_Section):
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


class Prices(_Section):
    """Section ``[prices]``: `grain`, in `unit` (by default the study's currency per t).

    Prices of another `price_year` than the study's need a `deflator`: money of the study's year per money of
    that year.
    """

    grain: Annotated[Number, Field(ge=0)] | None = None
    unit: str | None = None
    price_year: Year | None = None
    deflator: Annotated[Number, Field(gt=0)] | None = None


class Credit(_Section):
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


class Share(_Section):
    """A bound given as a share of something.

    Instead of one `share`, `log_linear` gives two pairs of size and share, such as
    ``[[1000, 1.0], [250000, 0.1]]``: between these sizes of the baseline the share falls (or rises) linearly
    with the logarithm of the size, beyond them it stays, so that rare features are kept whole.
    """

    share: Number | None = None
    log_linear: tuple[tuple[Number, Number], tuple[Number, Number]] | None = None
    of: Literal["baseline", "attainable", "land"] = "baseline"

    @model_validator(mode="after")
    def _part(self) -> Share:
        if (self.share is None) == (self.log_linear is None):
            raise ValueError("give either share or log_linear")
        if self.share is not None and self.of == "land" and not 0 <= self.share <= 1:
            raise ValueError(f"a share of the land lies between 0 and 1, found {self.share:g}")
        if self.log_linear is not None:
            (small, first), (large, last) = self.log_linear
            if not 0 < small < large or min(first, last) < 0 or self.of != "baseline":
                raise ValueError(
                    "log_linear is two pairs of size and share of the baseline: sizes above 0 that rise"
                )
        return self


Bound = Annotated[
    Annotated[Share, Tag("a share")] | Annotated[Number, Tag("a number")],
    _either("a share", (dict, BaseModel), "a number"),
]

SENSES = {
    "sum": ("max", "min"), "smallest": ("max",), "largest": ("min",), "shortfall": ("min",),
    "largest_shortfall": ("min",), "reached": ("max",), "mean_deviation": ("min",),
    "mean_difference": ("min",),
}  # fmt: skip
"""Senses in which each measure is linear."""


class Criterion(_Section):
    """One entry of ``[criteria]``; `effect` defaults to the key, `milestone` to the last one.

    A `measure` other than the sum looks at the amounts of the regions of a level (`by`) or of the features:
    their total or their change (`of`), `per` area, baseline, attainable change or target, where it has one.
    """

    effect: str | None = None
    sense: Literal["max", "min"]
    milestone: int | None = None
    measure: Literal[
        "sum", "smallest", "largest", "shortfall", "largest_shortfall", "reached", "mean_deviation",
        "mean_difference",
    ] = "sum"  # fmt: skip
    by: str | None = None
    regions: tuple[str, ...] = ()
    interventions: tuple[str, ...] = ()
    of: Literal["total", "change"] = "total"
    per: Literal["area", "baseline", "attainable", "target"] | None = None
    target: Bound | None = None
    unit: str | None = None
    label: str = ""
    label_zh: str = ""

    @model_validator(mode="after")
    def _fits(self) -> Criterion:
        if self.sense not in SENSES[self.measure]:
            raise ValueError(f"measure {self.measure!r} is for sense = {SENSES[self.measure][0]!r}")
        several = ("by", "regions", "interventions", "per", "target", "unit")
        said = [key for key in several if getattr(self, key)] + (["of"] if self.of != "total" else [])
        if self.measure == "sum" and said:
            raise ValueError(f"{', '.join(said)}: only with a measure other than the sum")
        if (self.target is None) == (self.measure in ("shortfall", "largest_shortfall", "reached")):
            needs = "needs a target" if self.target is None else "has no target"
            raise ValueError(f"measure {self.measure!r} {needs}")
        return self


OfPeriod = Annotated[
    Annotated[Literal["each"], Tag("a word")] | Annotated[Year, Tag("a year")],
    _either("a word", str, "a year"),
]
"""The start period that begins in a year, or each of them."""


class Limit(_Section):
    """One ``[[limits]]``: the sum of a criterion (or effect) over a scope is bounded.

    `by` repeats the limit for each region of a level, `regions` keeps only those named; `interventions`
    restricts the sum to those options; `bounds` names a table (region, min, max) with one bound per region.
    `period` counts what happens within the start period that begins in that year, or within ``"each"``.
    `demand` scales a floor that is a share of the baseline of food or calories with the demand of ``[food]``.
    The criterion ``feature:*`` means one row per habitat feature, ``feature:NAME`` one of them.
    """

    name: Name
    criterion: str
    min: Bound | None = None
    max: Bound | None = None
    equal: Bound | None = None
    tolerance: Annotated[Number, Field(ge=0)] | None = None
    bounds: str | None = None
    unit: str | None = None
    by: str | None = None
    regions: tuple[str, ...] = ()
    interventions: tuple[str, ...] = ()
    of: Literal["total", "change"] = "total"
    demand: bool = False
    milestone: int | None = None
    period: OfPeriod | None = None
    owner: str = ""
    reason: str = ""

    @model_validator(mode="after")
    def _timed(self) -> Limit:
        if self.period is not None and self.milestone is not None:
            raise ValueError("period counts what happens within a period: leave out milestone")
        return self

    @model_validator(mode="after")
    def _bounded(self) -> Limit:
        if self.min is None and self.max is None and self.equal is None and self.bounds is None:
            raise ValueError("a limit needs min, max, equal or bounds")
        if self.equal is not None and (self.min is not None or self.max is not None):
            raise ValueError("equal stands alone: leave out min and max")
        return self


class Earmark(_Section):
    """Part of a fund that is kept for some uses: at least this share of what it pays."""

    share: Annotated[Number, Field(gt=0, le=1)]
    interventions: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _for_something(self) -> Earmark:
        if not self.interventions and not self.regions:
            raise ValueError("an earmark names interventions, regions or both")
        return self


class Fund(_Section):
    """One ``[[funds]]``: money that pays for some interventions in some regions.

    Where a study has funds, they pay all costs, each fund only for what it is meant for and up to its
    `amount`. With `period` the amount is for the start period that begins in that year, or for ``"each"``.
    """

    name: Name
    amount: Annotated[Number, Field(ge=0)]
    unit: str | None = None
    interventions: tuple[str, ...] = ()
    by: str | None = None
    regions: tuple[str, ...] = ()
    period: OfPeriod | None = None
    earmarks: tuple[Earmark, ...] = ()
    owner: str = ""
    reason: str = ""

    @model_validator(mode="after")
    def _whole(self) -> Fund:
        if sum(mark.share for mark in self.earmarks) > 1 and not any(
            set(a.interventions) & set(b.interventions)
            for place, a in enumerate(self.earmarks)
            for b in self.earmarks[:place]
        ):
            raise ValueError("earmarks of different uses sum to more than the whole fund")
        return self


class FrontRequest(_Section):
    """Section ``[front]``: what ``landfront front`` computes when nothing else is said."""

    criteria: tuple[str, ...] = ()
    points: Annotated[
        Annotated[Literal["all"], Tag("a word")] | Annotated[int, Strict(), Field(ge=2), Tag("a number")],
        _either("a word", str, "a number"),
    ] = 40
    gap: Annotated[Number, Field(gt=0, lt=1)] = 1e-4
    time_limit: Annotated[Number, Field(gt=0)] | None = None
    method: str = "auto"


class Study(_Section):
    """A study: everything that study.toml says. Read it with `read_study`."""

    study: About
    parcels: Parcels
    interventions: Interventions = Interventions()
    periods: Periods | None = None
    combinations: Combinations | None = None
    carbon: Carbon = Carbon()
    effects: Effects | None = None
    features: Features | None = None
    masks: tuple[Mask, ...] = ()
    locks: tuple[Lock, ...] = ()
    consent: Consent | None = None
    food: Demand | None = None
    prices: Prices | None = None
    credits: tuple[Credit, ...] = ()
    baseline: Annotated[
        Annotated[str, Tag("a file")] | Annotated[dict[str, Number], Tag("totals")],
        _either("a file", str, "totals"),
    ] = {}
    criteria: Annotated[dict[Name, Criterion], Field(min_length=1)]
    limits: tuple[Limit, ...] = ()
    funds: tuple[Fund, ...] = ()
    front: FrontRequest = FrontRequest()

    _folder: Path = PrivateAttr(default=Path())

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
        given = [key for key in ("soil", "reversal", "profiles") if getattr(self.carbon, key)]
        if self.effects is not None and given:
            raise ValueError(
                f"carbon.{given[0]}: effects of a table stand as they are, so leave out one of both"
            )
        return self

    @model_validator(mode="after")
    def _names(self) -> Study:
        schemes = [credit.scheme for credit in self.credits]
        if twice := sorted({name for name in schemes if schemes.count(name) > 1}):
            raise ValueError(f"credits: the scheme {', '.join(twice)} occurs twice, rename one")
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
