"""Sections of study.toml about what is wanted: criteria, limits, funds and the front."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, Field, Strict, Tag, model_validator

from landfront.instances.study_base import Name, Number, Section, Year, either
from landfront.instances.study_space import METRES, Around, Core, Patch

OfClass = Annotated[str, Field(pattern=r"^class:[a-z]+$")]
"""The area that a land class has today, such as ``class:wetland``."""


class Share(Section):
    """A bound given as a share of something.

    Instead of one `share`, `log_linear` gives two pairs of size and share, such as
    ``[[1000, 1.0], [250000, 0.1]]``: between these sizes of the baseline the share falls (or rises) linearly
    with the logarithm of the size, beyond them it stays, so that rare features are kept whole.
    """

    share: Number | None = None
    log_linear: tuple[tuple[Number, Number], tuple[Number, Number]] | None = None
    of: Literal["baseline", "attainable", "land"] | OfClass = "baseline"

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
    either("a share", (dict, BaseModel), "a number"),
]

SENSES = {
    "sum": ("max", "min"), "smallest": ("max",), "largest": ("min",), "shortfall": ("min",),
    "largest_shortfall": ("min",), "reached": ("max",), "mean_deviation": ("min",),
    "mean_difference": ("min",), "boundary": ("min",), "scattered": ("min",),
    "separate": ("min",), "unlinked": ("min",),
    "expected": ("max", "min"), "conservative": ("max", "min"), "worst_case": ("max", "min"),
    "cvar": ("max", "min"), "quantile": ("max", "min"), "reliability": ("max",), "regret": ("min",),
}  # fmt: skip
"""Senses in which each measure is linear."""
RISKS = ("expected", "conservative", "worst_case", "cvar", "quantile", "reliability", "regret")
"""Measures over the scenarios of ``[risk]``."""
TARGETED = ("shortfall", "largest_shortfall", "reached", "reliability")
"""Measures that need a target."""
LEVELLED = ("conservative", "cvar", "quantile")
"""Those of them that need a level."""

ON_MAP = ("boundary", "scattered", "separate", "unlinked")
"""Measures of where treated land lies, which look at no effect."""


class Criterion(Section):
    """One entry of ``[criteria]``; `effect` defaults to the key, `milestone` to the last one.

    A `measure` other than the sum looks at the amounts of the regions of a level (`by`) or of the features:
    their total or their change (`of`), `per` area, baseline, attainable change or target, where it has one.
    One over scenarios (`RISKS`) looks at the total in each scenario, some at a `level` such as 0.9;
    `better` says which way amounts are good where `sense` is that of a probability or a regret.
    The measure ``boundary`` is the length of the line around the land with `interventions`, in `unit`,
    ``scattered`` the area of such land that lies in no `patch` of the smallest size, ``separate`` the area of
    it that is connected to no `core`, or lies outside the largest connected set, and ``unlinked`` the number
    of blocks of `core` land that it does not link to the largest one.
    """

    effect: str | None = None
    sense: Literal["max", "min"]
    milestone: int | None = None
    measure: Literal[
        "sum", "smallest", "largest", "shortfall", "largest_shortfall", "reached", "mean_deviation",
        "mean_difference", "expected", "conservative", "worst_case", "cvar", "quantile", "reliability",
        "regret", "boundary", "scattered", "separate", "unlinked",
    ] = "sum"  # fmt: skip
    by: str | None = None
    regions: tuple[str, ...] = ()
    interventions: tuple[str, ...] = ()
    of: Literal["total", "change"] = "total"
    per: Literal["area", "baseline", "attainable", "target"] | None = None
    target: Bound | None = None
    level: Annotated[Number, Field(gt=0, lt=1)] | None = None
    better: Literal["more", "less"] | None = None
    unit: str | None = None
    patch: Patch | None = None
    core: Core | None = None
    label: str = ""
    label_zh: str = ""

    @model_validator(mode="after")
    def _fits(self) -> Criterion:
        if self.sense not in SENSES[self.measure]:
            raise ValueError(f"measure {self.measure!r} is for sense = {SENSES[self.measure][0]!r}")
        several = ("by", "regions", "interventions", "per", "target", "unit", "level", "better")
        said = [key for key in several if getattr(self, key)] + (["of"] if self.of != "total" else [])
        own = ("interventions", *(("unit",) if self.measure == "boundary" else ()))
        foreign = [key for key in said if key not in own] + ["effect"] * bool(self.effect)
        if self.measure in ON_MAP and foreign:
            raise ValueError(f"{', '.join(foreign)}: not with measure {self.measure!r}, which sums no effect")
        if (self.patch is None) == (self.measure == "scattered"):
            needs = "needs" if self.patch is None else "has no"
            raise ValueError(f"measure {self.measure!r} {needs} patch")
        if self.core is not None and self.measure not in ("separate", "unlinked"):
            raise ValueError(f"measure {self.measure!r} has no core")
        if self.core is None and self.measure == "unlinked":
            raise ValueError("measure 'unlinked' needs core")
        if self.measure == "boundary" and self.unit not in (None, *METRES):
            raise ValueError(f"unit: a boundary is in {' or '.join(METRES)}, found {self.unit!r}")
        if self.measure == "sum" and said:
            raise ValueError(f"{', '.join(said)}: only with a measure other than the sum")
        if (self.target is None) == (self.measure in TARGETED):
            needs = "needs a target" if self.target is None else "has no target"
            raise ValueError(f"measure {self.measure!r} {needs}")
        return self

    @model_validator(mode="after")
    def _over_scenarios(self) -> Criterion:
        """Keys of measures over scenarios, and of those over regions."""
        risky = self.measure in RISKS
        if (self.level is None) == (self.measure in LEVELLED):
            needs = "needs a level, such as 0.9" if self.level is None else "has no level"
            raise ValueError(f"measure {self.measure!r} {needs}")
        if self.better is not None and self.measure not in ("reliability", "regret"):
            raise ValueError(f"measure {self.measure!r} has no better: its sense says it")
        if risky and (self.by or self.per):
            raise ValueError(f"measure {self.measure!r} is over scenarios: leave out by and per")
        return self


OfPeriod = Annotated[
    Annotated[Literal["each"], Tag("a word")] | Annotated[Year, Tag("a year")],
    either("a word", str, "a year"),
]
"""The start period that begins in a year, or each of them."""


class Limit(Section):
    """One ``[[limits]]``: the sum of a criterion (or effect) over a scope is bounded.

    `by` repeats the limit for each region of a level, `regions` keeps only those named; `interventions`
    restricts the sum to those options; `bounds` names a table (region, min, max) with one bound per region.
    `period` counts what happens within the start period that begins in that year, or within ``"each"``.
    `demand` scales a floor that is a share of the baseline of food or calories with the demand of ``[food]``.
    `around` gives each parcel a row of its own, over what lies within some steps of it.
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
    around: Around | None = None
    owner: str = ""
    reason: str = ""

    @model_validator(mode="after")
    def _local(self) -> Limit:
        """A limit around parcels has its scope, and bounds that mean something for each of them."""
        if self.around is None:
            return self
        others = ("by", "regions", "period", "bounds", "demand", "equal", "tolerance", "unit")
        said = [key for key in others if getattr(self, key)] + ["of"] * (self.of != "total")
        if said:
            raise ValueError(f"{', '.join(said)}: not with around, which gives each parcel a row of its own")
        for key in ("min", "max"):
            bound = getattr(self, key)
            if isinstance(bound, Share) and (bound.of != "land" or bound.share is None):
                raise ValueError(f'{key}: with around it is a number or {{ share = ..., of = "land" }}')
        return self

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


class Earmark(Section):
    """Part of a fund that is kept for some uses: at least this share of what it pays."""

    share: Annotated[Number, Field(gt=0, le=1)]
    interventions: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _for_something(self) -> Earmark:
        if not self.interventions and not self.regions:
            raise ValueError("an earmark names interventions, regions or both")
        return self


class Fund(Section):
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


class FrontRequest(Section):
    """Section ``[front]``: what ``landfront front`` computes when nothing else is said."""

    criteria: tuple[str, ...] = ()
    points: Annotated[
        Annotated[Literal["all"], Tag("a word")] | Annotated[int, Strict(), Field(ge=2), Tag("a number")],
        either("a word", str, "a number"),
    ] = 40
    gap: Annotated[Number, Field(gt=0, lt=1)] = 1e-4
    time_limit: Annotated[Number, Field(gt=0)] | None = None
    method: str = "auto"
