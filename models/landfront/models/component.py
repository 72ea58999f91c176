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
from landfront.models.menu import Menu

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Inputs:
    """Everything that a component may look at.

    ``kinds`` (K) below is ``len(menu.interventions)``: the catalogue's interventions, then those that only an
    effect table names.
    """

    landscape: Landscape
    catalogue: Catalogue
    menu: Menu
    study: Study

    @property
    def kinds(self) -> int:
        """Number of interventions, ``keep`` included."""
        return len(self.menu.interventions)

    @property
    def horizon(self) -> int:
        """Years from the start to the last milestone."""
        return self.study.study.milestones[-1] - self.study.study.start_year


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
        Gives the products whose sum is the effect of an option, for the years from the start to a milestone.
    by_milestone
        True when the effect depends on the milestone.
    """

    name: str
    unit: str
    baseline: Callable[[Inputs], Floats]
    terms: Callable[[Inputs, int], tuple[Term, ...]]
    by_milestone: bool = False

    def unit_in(self, study: Study) -> str:
        """Unit of the effect in a study."""
        return study.study.currency if self.unit == "currency" else self.unit

    def effect(self, inputs: Inputs, *, name: str, years: int) -> Effect:
        """The effect, under the name that the study uses, over `years` from the start.

        Raises
        ------
        InputError
            If a coefficient or covariate that it needs is missing.
        """
        terms = self.terms(inputs, years)
        return Effect(name, self.unit_in(inputs.study), self.baseline(inputs), terms)


def no_baseline(inputs: Inputs) -> Floats:
    """The baseline of an effect that counts from now on: 0 per parcel, shape (n,)."""
    return np.broadcast_to(0.0, len(inputs.landscape))  # takes no memory


def coefficient(inputs: Inputs, name: str, *, default: float | None = None) -> Floats:
    """A coefficient per intervention, shape (K,), 0 for ``keep``.

    Where there is none, `default` stands in; without a default that is a fault.

    Raises
    ------
    InputError
        If interventions have no such coefficient and no default is given.
    """
    values = np.full(inputs.kinds, np.nan)
    known = inputs.catalogue.coefficients.get(name)
    if known is not None:
        values[: len(known)] = known
    values[0] = 0.0
    missing = np.flatnonzero(np.isnan(values))
    if default is None and len(missing):
        raise InputError([_missing_coefficient(inputs, name, missing)])
    return values if default is None else np.nan_to_num(values, nan=default)


def _missing_coefficient(inputs: Inputs, name: str, missing: NDArray[np.int64]) -> Fault:
    names = ", ".join(inputs.menu.interventions[k] for k in missing)
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
