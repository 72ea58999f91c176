"""Bounds of limits as numbers: absolute, a share of something, or one per region from a table."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from landfront.instances.faults import Fault, InputError
from landfront.instances.readers import read_table
from landfront.instances.schema import some
from landfront.instances.study import Bound, Limit, Share
from landfront.instances.units import UnitError, convert
from landfront.models.component import Inputs
from landfront.models.scopes import Scope
from landfront.optimizer.program import Block

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Sums:
    """The sums that a limit bounds, one per row.

    Attributes
    ----------
    block
        Rows of the program, in terms of change.
    criteria, keys, labels
        Criterion, key of the effect, and words such as ``" in Hebei"``, one per row.
    unit
        Canonical unit of the effect.
    scope
        Scope; its rows repeat where a limit is on several features.
    baseline, land
        Baseline total, and area in ha, of each row, shape (rows,).
    best
        Gives the best reachable change of each row, shape (rows,).
    is_area
        Whether the effect is an area, so that a share of the land makes sense.
    """

    block: Block
    criteria: tuple[str, ...]
    keys: tuple[str, ...]
    labels: tuple[str, ...]
    unit: str
    scope: Scope
    baseline: Floats
    land: Floats
    best: Callable[[], Floats]
    is_area: bool


def bounds_of(limit: Limit, sums: Sums, inputs: Inputs) -> tuple[Floats, Floats]:
    """Lower and upper bound of each row as the user means them, in the effect's unit, shape (rows,) each.

    Raises
    ------
    InputError
        With every fault of this limit's bounds.
    """
    faults: list[Fault] = [*_words(limit, sums, inputs)]
    lower, upper = np.full(len(sums.baseline), -np.inf), np.full(len(sums.baseline), np.inf)
    try:
        if limit.equal is not None:
            middle = _value(limit, "equal", limit.equal, sums)
            slack = _converted(limit, "tolerance", limit.tolerance or 0.0, sums)
            lower, upper = middle - slack, middle + slack
        if limit.min is not None:
            lower = _value(limit, "min", limit.min, sums)
        if limit.max is not None:
            upper = _value(limit, "max", limit.max, sums)
        if limit.bounds is not None:
            lower, upper = _from_table(limit, sums, inputs, (lower, upper))
    except InputError as error:
        faults.extend(error.faults)
    crossed = np.flatnonzero(lower > upper)
    if len(crossed):
        where = some(sums.labels[r].strip() or "everywhere" for r in crossed)
        faults.append(_fault(limit, "min", f"above max ({where})", "Give min <= max."))
    if faults:
        raise InputError(faults)
    return lower, upper


def _words(limit: Limit, sums: Sums, inputs: Inputs) -> list[Fault]:
    """Faults that show without looking at numbers."""
    faults = []
    if limit.equal is not None and inputs.study.study.decision == "whole" and not limit.tolerance:
        fix = "Give tolerance, or use min and max: whole parcels hardly ever sum to a number exactly."
        faults.append(_fault(limit, "tolerance", "missing, but equal on whole parcels needs it", fix))
    if limit.interventions and limit.of == "total" and (sums.baseline != 0).any():
        fix = 'Say of = "change": the baseline is not split by intervention.'
        faults.append(
            _fault(limit, "of", f"a total of {limit.criterion!r} over some interventions only", fix)
        )
    if limit.bounds is not None and limit.by is None:
        faults.append(
            _fault(limit, "by", "missing, but bounds needs it", "Say which region level the table is about.")
        )
    return faults


def _value(limit: Limit, side: str, bound: Bound, sums: Sums) -> Floats:
    """A bound of study.toml per row, shape (rows,)."""
    if not isinstance(bound, Share):
        return np.full(len(sums.baseline), _converted(limit, side, bound, sums))
    whole = _whole(limit, side, bound, sums)
    nothing = np.flatnonzero(whole == 0)
    if len(nothing):
        rule = f"a share of a {bound.of} of zero{some(sums.labels[r] for r in nothing)}"
        fix = (
            "Give a number, or the baseline under [baseline]." if bound.of == "baseline" else "Give a number."
        )
        raise InputError([_fault(limit, side, rule, fix)])
    return bound.share * whole


def _whole(limit: Limit, side: str, bound: Share, sums: Sums) -> Floats:
    """What a share is a share of, per row."""
    if bound.of == "baseline":
        return sums.baseline
    if bound.of == "attainable":
        best = sums.best()
        return best + sums.baseline if limit.of == "total" else best
    if not sums.is_area:
        fix = 'Shares of = "land" are for area, cropland and habitat; use of = "baseline".'
        raise InputError([_fault(limit, side, f"{limit.criterion!r} is not an area", fix)])
    return sums.land


def _converted(limit: Limit, side: str, value: float, sums: Sums) -> float:
    if limit.unit is None:
        return float(value)
    try:
        return float(convert(float(value), limit.unit, sums.unit))
    except UnitError as error:
        fix = f"The unit of {limit.criterion!r} is {sums.unit or 'not known'}."
        raise InputError([_fault(limit, "unit", f"cannot be used for {side}: {error}", fix)]) from error


def _from_table(
    limit: Limit, sums: Sums, inputs: Inputs, default: tuple[Floats, Floats]
) -> tuple[Floats, Floats]:
    """Bounds per region from the limit's table; where it is empty, those of study.toml."""
    import pandas as pd

    assert limit.bounds is not None
    table = read_table(inputs.study.folder / limit.bounds)
    missing = [name for name in ("region",) if name not in table.columns]
    if missing or not {"min", "max"} & set(table.columns):
        fix = "Columns: region, and min or max or both."
        raise InputError([Fault(limit.bounds, "", f"columns are {some(table.columns)}", fix)])
    names = table["region"].astype(str).str.strip()
    faults = _region_faults(limit.bounds, names, sums.scope)
    result = []
    for column, given in zip(("min", "max"), default, strict=True):
        values = table[column] if column in table.columns else pd.Series(np.nan, index=table.index)
        numbers = pd.to_numeric(values, errors="coerce")
        bad = np.flatnonzero(
            (numbers.isna() & values.notna() & (values.astype(str).str.strip() != "")).to_numpy()
        )
        if len(bad):
            rows = tuple((int(r) + 2, values.iloc[r]) for r in bad[:5])
            faults.append(Fault(limit.bounds, column, "is not a number", "Give numbers.", len(bad), rows))
        factor = _converted(limit, column, 1.0, sums)
        by_region = dict(zip(names, numbers.to_numpy(dtype=np.float64) * factor, strict=True))
        wanted = np.array([by_region.get(region, np.nan) for region in sums.scope.regions])
        wanted = np.tile(wanted, len(given) // len(wanted))
        result.append(np.where(np.isnan(wanted), given, wanted))
    if faults:
        raise InputError(faults)
    return result[0], result[1]


def _region_faults(table: str, names: object, scope: Scope) -> list[Fault]:
    """Regions of a bounds table that do not exist or stand there twice."""
    import pandas as pd

    column = pd.Series(names)
    faults = []
    for rule, at in (
        (f"unknown region of level {scope.level}", ~column.isin(scope.regions)),
        ("region occurs twice", column.duplicated()),
    ):
        bad = np.flatnonzero(at.to_numpy())
        if len(bad):
            rows = tuple((int(r) + 2, column.iloc[r]) for r in bad[:5])
            faults.append(Fault(table, "region", rule, f"Known: {some(scope.regions)}.", len(bad), rows))
    return faults


def _fault(limit: Limit, key: str, rule: str, fix: str) -> Fault:
    return Fault("study.toml", f"limits.{limit.name}.{key}", rule, fix)
