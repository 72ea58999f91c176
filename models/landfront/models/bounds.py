"""Bounds of limits as numbers: absolute, a share of something, or one per region from a table."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from landfront.instances.codes import classes
from landfront.instances.faults import Fault, InputError
from landfront.instances.money import to_currency
from landfront.instances.schema import some
from landfront.instances.study import Study
from landfront.instances.study_rules import Bound, Limit, Share
from landfront.instances.units import UnitError, convert
from landfront.models.bounds_table import known_regions, read_bounds
from landfront.models.component import Inputs
from landfront.models.land_class import is_class
from landfront.models.scopes import Scope
from landfront.optimizer.program import Block

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Sums:
    """The sums that a limit bounds, one per row.

    Attributes
    ----------
    study
        The study, for units of money.
    block
        Rows of the program, in terms of change.
    criteria, keys, labels
        Criterion, key of the effect, and words such as ``"Hebei"``, one per row.
    unit
        Canonical unit of the effect.
    scope
        Scope; its rows repeat where a limit is on several features.
    baseline, land
        Baseline total, and area in ha, of each row, shape (rows,).
    of_class
        Gives the area in ha that a land class (``class:forest``) has today in each row, shape (rows,).
    reach
        Gives the most (True) or least (False) that each row can change, other limits ignored, shape (rows,).
    largest
        Whether more is better, so that the most is what is attainable.
    is_area
        Whether the effect is an area, so that a share of the land makes sense.
    """

    study: Study
    block: Block
    criteria: tuple[str, ...]
    keys: tuple[str, ...]
    labels: tuple[str, ...]
    unit: str
    scope: Scope
    baseline: Floats
    land: Floats
    of_class: Callable[[str], Floats]
    reach: Callable[[bool], Floats]
    largest: bool
    is_area: bool


def narrowed(limit: Limit, inputs: Inputs) -> Limit:
    """The limit on the regions of its table only, where nothing else bounds the other regions."""
    if (
        limit.bounds is None
        or limit.by is None
        or limit.regions
        or limit.min is not None
        or limit.max is not None
    ):
        return limit
    levels = dict(zip(inputs.landscape.levels, inputs.landscape.region_names, strict=True))
    names, _ = read_bounds(inputs.study, limit, limit.bounds)
    known = tuple(name for name in names if name in levels.get(limit.by, ()))
    return limit.model_copy(update={"regions": known})


def bounds_of(limit: Limit, sums: Sums, inputs: Inputs) -> tuple[Floats, Floats]:
    """Lower and upper bound of each row as the user means them, in the effect's unit, shape (rows,) each.

    Raises
    ------
    InputError
        With every fault of this limit's bounds.
    """
    faults = _words(limit, sums, inputs)
    if faults:
        raise InputError(faults)
    lower, upper = np.full(len(sums.baseline), -np.inf), np.full(len(sums.baseline), np.inf)
    if limit.equal is not None:
        middle = _value(limit, "equal", limit.equal, sums)
        slack = _converted(limit, "tolerance", limit.tolerance or 0.0, sums)
        lower, upper = middle - slack, middle + slack
    if limit.min is not None:
        lower = _value(limit, "min", limit.min, sums)
    if limit.max is not None:
        upper = _value(limit, "max", limit.max, sums)
    if limit.bounds is not None:
        given = _from_table(limit, limit.bounds, sums, inputs)
        lower, upper = np.where(np.isnan(given), (lower, upper), given)
    crossed = np.flatnonzero(lower > upper)
    if len(crossed):
        rule = f"above max ({_where(sums, crossed)})"
        raise InputError([_fault(limit, "min", rule, "Give min <= max.")])
    return lower, upper


def _words(limit: Limit, sums: Sums, inputs: Inputs) -> list[Fault]:
    """Faults that show without looking at numbers."""
    faults = _demand_faults(limit, inputs.study)
    if limit.equal is not None and inputs.study.study.decision == "whole" and not limit.tolerance:
        fix = "Give tolerance, or use min and max: whole parcels hardly ever sum to a number exactly."
        faults.append(_fault(limit, "tolerance", "missing, but equal on whole parcels needs it", fix))
    if limit.interventions and limit.of == "total" and (sums.baseline != 0).any():
        fix = 'Say of = "change": the baseline is not split by intervention.'
        rule = f"a total of {limit.criterion!r} over some interventions only"
        faults.append(_fault(limit, "of", rule, fix))
    if limit.bounds is not None and limit.by is None:
        fix = "Say which region level the table is about."
        faults.append(_fault(limit, "by", "missing, but bounds needs it", fix))
    return faults


def _value(limit: Limit, side: str, bound: Bound, sums: Sums) -> Floats:
    """A bound of study.toml per row, shape (rows,)."""
    if not isinstance(bound, Share):
        return np.full(len(sums.baseline), _converted(limit, side, bound, sums))
    whole = _whole(limit, side, bound, sums)
    nothing = np.flatnonzero(whole == 0)
    if len(nothing):
        rule = f"a share of a {bound.of} of zero ({_where(sums, nothing)})"
        fix = "Give a number, the baseline under [baseline], or the regions that it is about."
        raise InputError([_fault(limit, side, rule, fix)])
    factor = demand_factor(limit, sums.study) if side == "min" else 1.0
    return shares(bound, whole) * factor * whole


def shares(bound: Share, size: Floats) -> Floats:
    """The share of each row, shape (rows,): the same for all, or by the size of its baseline.

    >>> rule = Share(log_linear=((1000, 1.0), (100000, 0.2)))
    >>> shares(rule, np.array([10.0, 1000.0, 10000.0, 1e6])).round(6).tolist()
    [1.0, 1.0, 0.6, 0.2]
    """
    if bound.log_linear is None:
        assert bound.share is not None
        return np.full(len(size), bound.share)
    (small, first), (large, last) = bound.log_linear
    place = np.log(np.maximum(size, small) / small) / np.log(large / small)
    return np.asarray(first + np.minimum(place, 1.0) * (last - first))


DEMANDED = ("food", "calories")
"""Effects that people's demand is about."""


def demand_factor(limit: Limit, study: Study) -> float:
    """Demand for food at the limit's milestone relative to today's; 1 for limits that do not ask for it."""
    if not limit.demand or study.food is None:
        return 1.0
    year = study.milestone_of(limit.criterion, limit.milestone)
    return study.food.factor(year - study.study.start_year)


def _demand_faults(limit: Limit, study: Study) -> list[Fault]:
    """Where demand has no floor of food to scale."""
    if not limit.demand:
        return []
    relative = isinstance(limit.min, Share) and limit.min.of == "baseline"
    if study.effect_of(limit.criterion) not in DEMANDED or not relative or limit.of != "total":
        fix = 'Give min = { share = ..., of = "baseline" } on food or calories, or leave demand out.'
        return [_fault(limit, "demand", "scales only a floor that is a share of the baseline of food", fix)]
    if study.food is None:
        fix = "Add [food] with diet, imports or growth, or leave demand out."
        return [Fault("study.toml", "food", f"missing, but limits.{limit.name}.demand needs it", fix)]
    return []


def _whole(limit: Limit, side: str, bound: Share, sums: Sums) -> Floats:
    """What a share is a share of, per row."""
    if bound.of == "baseline":
        return sums.baseline
    if bound.of == "attainable":
        best = sums.reach(sums.largest)
        return best + sums.baseline if limit.of == "total" else best
    if not sums.is_area:
        fix = 'Shares of land are for area, cropland and habitat; use of = "baseline".'
        raise InputError([_fault(limit, side, f"{limit.criterion!r} is not an area", fix)])
    if bound.of == "land":
        return sums.land
    if not is_class(bound.of):
        fix = f"Classes: {', '.join(classes())}."
        raise InputError([_fault(limit, side, f"unknown land class {bound.of!r}", fix)])
    return sums.of_class(bound.of)


def _converted(limit: Limit, side: str, value: float, sums: Sums) -> float:
    if limit.unit is None:
        return float(value)
    try:
        if sums.unit == sums.study.study.currency:
            return float(to_currency(np.array([value]), limit.unit, sums.study)[0])
        return float(convert(float(value), limit.unit, sums.unit))
    except UnitError as error:
        fix = f"The unit of {limit.criterion!r} is {sums.unit or 'not known'}."
        raise InputError([_fault(limit, "unit", f"cannot be used for {side}: {error}", fix)]) from error


def _from_table(limit: Limit, table: str, sums: Sums, inputs: Inputs) -> Floats:
    """Bounds per row from the limit's table, shape (2, rows), nan where it gives none."""
    names, bounds = read_bounds(inputs.study, limit, table)
    at = inputs.landscape.levels.index(sums.scope.level)
    wrong = known_regions(names, inputs.landscape.region_names[at])
    if wrong:
        fix = f"Known: {some(inputs.landscape.region_names[at])}."
        raise InputError([Fault(table, "region", wrong, fix)])
    place = {name: column for column, name in enumerate(names)}
    column = np.array([place.get(region, -1) for region in sums.scope.regions])
    given = np.where(column >= 0, bounds[:, column], np.nan) * _converted(limit, "bounds", 1.0, sums)
    return np.tile(given, len(sums.baseline) // len(sums.scope.regions))


def _where(sums: Sums, rows: NDArray[np.intp]) -> str:
    """Words for some of the rows."""
    return some(sums.labels[r] or "everywhere" for r in rows)


def _fault(limit: Limit, key: str, rule: str, fix: str) -> Fault:
    return Fault("study.toml", f"limits.{limit.name}.{key}", rule, fix)
