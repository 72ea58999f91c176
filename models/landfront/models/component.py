"""What a component of the formulation is given and what it gives back: inputs, coefficients, covariates."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from landfront.instances.catalogue import Catalogue
from landfront.instances.codes import is_cropland
from landfront.instances.faults import Fault, InputError
from landfront.instances.landscape import Landscape
from landfront.instances.study import Study
from landfront.models.effects import Effect, Term
from landfront.models.kinds import WITH, Merge, added, interventions_of
from landfront.models.menu import Menu

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Inputs:
    """Everything that a component may look at.

    Tables below have one entry per kind of one intervention, shape (S,) (`kinds`): the catalogue's
    interventions by start year, or those that an effect table names.
    """

    landscape: Landscape
    catalogue: Catalogue
    menu: Menu
    study: Study

    @property
    def singles(self) -> int:
        """Number of kinds of one intervention, ``keep`` included."""
        return self.menu.kinds.singles

    @property
    def starts(self) -> Floats:
        """Year in which each of them starts, shape (S,)."""
        return self.menu.kinds.start[: self.singles].astype(np.float64)

    def age(self, year: int) -> Floats:
        """Years from the start of each of them to a year, 0 before, shape (S,)."""
        return np.maximum(year - self.starts, 0.0)

    def begun(self, year: int) -> Floats:
        """1 for those that start before a year, else 0, shape (S,)."""
        return (self.starts < year).astype(np.float64)

    @property
    def first(self) -> int:
        """The first year of the study."""
        return self.study.study.start_year

    @property
    def last(self) -> int:
        """The last milestone."""
        return self.study.study.milestones[-1]


@dataclass(frozen=True)
class Component:
    """One effect: its unit, its baseline per parcel and its terms.

    Attributes
    ----------
    name
        Name of the effect in study.toml.
    unit
        Canonical unit (``tables/effects.csv``); ``"currency"`` stands for the study's currency.
    baseline
        Gives the total per parcel as it is, shape (n,).
    terms
        Gives the products whose sum is the effect of an option by a milestone, or the state then; tables
        over kinds of one intervention.
    by_milestone
        True when the effect depends on the milestone even where all interventions start at once.
    within
        Gives the products of what happens from one year until another, where the effect is a flow.
    merge
        How effects of several interventions on one parcel become one (`kinds`); None where tables are over
        all kinds already, as those that are made of another component's.
    beyond
        Gives what the products leave out, per option, shape (m,), or None where a study has nothing such.
    beyond_within
        The same within a span, where it is not the difference of two years.
    """

    name: str
    unit: str
    baseline: Callable[[Inputs], Floats]
    terms: Callable[[Inputs, int], tuple[Term, ...]]
    by_milestone: bool = False
    within: Callable[[Inputs, int, int], tuple[Term, ...]] | None = None
    merge: Merge | None = added
    beyond: Callable[[Inputs, int], Floats | None] | None = None
    beyond_within: Callable[[Inputs, int, int], Floats | None] | None = None

    def unit_in(self, study: Study) -> str:
        """Unit of the effect in a study."""
        return study.study.currency if self.unit == "currency" else self.unit

    def effect(self, inputs: Inputs, *, name: str, year: int, span: tuple[int, int] | None = None) -> Effect:
        """The effect, under the name that the study uses, by the milestone `year`, or within a `span`.

        A span is its first year and the year after its last; what happens within it has no baseline.

        Raises
        ------
        InputError
            If a coefficient or covariate that it needs is missing.
        """
        if span is None:
            terms, baseline = self.terms(inputs, year), self.baseline(inputs)
        else:
            assert self.within is not None
            terms, baseline = self.within(inputs, *span), no_baseline(inputs)
        found = Effect(name, self.unit_in(inputs.study), baseline, self.merged(inputs, terms))
        beyond = self.rest(inputs, year, span)
        if beyond is None:
            return found
        return Effect(name, found.unit, baseline, column=found.values(inputs.menu) + beyond)

    def merged(self, inputs: Inputs, terms: tuple[Term, ...]) -> tuple[Term, ...]:
        """Terms over kinds of one intervention as terms over all kinds, tables of shape (K,)."""
        if self.merge is None:
            return terms
        kinds = inputs.menu.kinds
        return tuple(Term(term.amount, kinds.merged(term.table, self.name, self.merge)) for term in terms)

    def rest(self, inputs: Inputs, year: int, span: tuple[int, int] | None = None) -> Floats | None:
        """What the products leave out, shape (m,), by a year or within a span; None where nothing is."""
        if self.beyond is None:
            return None
        if span is None:
            return self.beyond(inputs, year)
        if self.beyond_within is not None:
            return self.beyond_within(inputs, *span)
        late, early = self.beyond(inputs, span[1]), self.beyond(inputs, span[0])
        return None if late is None or early is None else late - early


def difference(
    terms: Callable[[Inputs, int], tuple[Term, ...]],
) -> Callable[[Inputs, int, int], tuple[Term, ...]]:
    """What a sum that builds up gains from one year until another, of its terms by a year."""

    def within(inputs: Inputs, first: int, end: int) -> tuple[Term, ...]:
        pairs = zip(terms(inputs, end), terms(inputs, first), strict=True)
        return tuple(Term(late.amount, late.table - early.table) for late, early in pairs)

    return within


def flow(inputs: Inputs, once: Floats, yearly: Floats, *, first: int, end: int) -> Floats:
    """What falls from `first` until `end`: `once` at the start, `yearly` in each year from it, shape (S,)."""
    starts = inputs.starts
    years = np.maximum(end - np.maximum(starts, first), 0.0)
    return np.asarray(once * ((starts >= first) & (starts < end)) + yearly * years)


def no_baseline(inputs: Inputs) -> Floats:
    """The baseline of an effect that counts from now on: 0 per parcel, shape (n,)."""
    return np.broadcast_to(0.0, len(inputs.landscape))  # takes no memory


def coefficient(inputs: Inputs, name: str, *, default: float | None = None) -> Floats:
    """A coefficient per kind of one intervention, shape (S,), 0 for ``keep``.

    Where there is none, `default` stands in; without a default that is a fault.

    Raises
    ------
    InputError
        If interventions have no such coefficient and no default is given.
    """
    base = inputs.menu.kinds.base
    values = np.full(int(base.max()) + 1, np.nan)
    known = inputs.catalogue.coefficients.get(name)
    if known is not None:
        values[: len(known)] = known[: len(values)]
    values[0] = 0.0
    values = values[base]
    missing = np.flatnonzero(np.isnan(values))
    if default is None and len(missing):
        raise InputError([_missing_coefficient(inputs, name, missing)])
    return values if default is None else np.nan_to_num(values, nan=default)


def _missing_coefficient(inputs: Inputs, name: str, missing: NDArray[np.int64]) -> Fault:
    kinds = inputs.menu.interventions
    names = ", ".join(dict.fromkeys(WITH.join(interventions_of(kinds[k])) for k in missing))
    fix = "Give it in the catalogue, or leave them out of interventions.use."
    return Fault("catalogue", name, f"no coefficient for {names}", fix)


def covariate(inputs: Inputs, name: str, *, needed_by: str) -> Floats:
    """A covariate per parcel in its canonical unit, shape (n,), float64.

    Raises
    ------
    InputError
        If the study names no column for it; the message names the key to add.
    """
    values = inputs.landscape.covariates.get(name)
    if values is None:
        fix = f"Name its column under parcels.{name}, or drop {needed_by} from criteria and limits."
        raise InputError([Fault("study.toml", f"parcels.{name}", f"missing, but {needed_by} needs it", fix)])
    return np.asarray(values, dtype=np.float64)


def cropland(inputs: Inputs, *, needed_by: str) -> NDArray[np.bool_]:
    """True where a parcel is cropland (``tables/land_codes.csv``), shape (n,).

    Raises
    ------
    InputError
        If the study gives no land cover.
    """
    landscape = inputs.landscape
    if not landscape.cover_codes:
        fix = f"Name the land-cover column under parcels.cover, or drop {needed_by} from criteria and limits."
        raise InputError([Fault("study.toml", "parcels.cover", f"missing, but {needed_by} needs it", fix)])
    is_crop = np.array(
        [*(is_cropland(code) for code in landscape.cover_codes), False]
    )  # -1, no cover, is the last
    return np.asarray(is_crop[landscape.cover])


def making(inputs: Inputs) -> Floats:
    """Yield of the fields that interventions make, relative to their region's; 0 for others, shape (S,)."""
    makes = coefficient(inputs, "makes_cropland", default=0.0)
    return makes * coefficient(inputs, "yield_after", default=0.0)


def new_land(inputs: Inputs, amount: Floats, *, needed_by: str) -> Floats:
    """What land that is no cropland would hold as average cropland of its innermost region, shape (n,).

    Parameters
    ----------
    amount
        What cropland holds, such as t of harvest per parcel; 0 elsewhere, shape (n,).
    """
    landscape, fields = inputs.landscape, cropland(inputs, needed_by=needed_by)
    area = np.where(fields, landscape.area, 0.0)
    finest = len(landscape.nested) - 1
    region = landscape.regions[:, finest] + 1 if finest >= 0 else np.zeros(len(landscape), dtype=np.int64)
    sums, hectares = np.bincount(region, weights=amount), np.bincount(region, weights=area)
    overall = float(amount.sum()) / max(float(area.sum()), 1e-12)
    mean = np.where(hectares > 0, sums / np.where(hectares > 0, hectares, 1.0), overall)
    return np.where(fields, 0.0, landscape.area * mean[region])


def present(values: Floats, where: NDArray[np.bool_], inputs: Inputs, key: str) -> Floats:
    """`values` where `where` holds, else 0, shape (n,).

    Raises
    ------
    InputError
        If a value is missing where it is needed; the first five parcels are listed.
    """
    gone = np.flatnonzero(where & np.isnan(values))
    if len(gone):
        rows = tuple((inputs.landscape.ids[p], float("nan")) for p in gone[:5])
        raise InputError([Fault("parcels", key, "missing on cropland", "Give a number.", len(gone), rows)])
    return np.where(where, values, 0.0)
