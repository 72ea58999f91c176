r"""Limits: sums of an effect over a scope, bounded from below, above or both; rows of the program.

Formula, for a limit on effect e with interventions I over the parcels P_r of a region r:

    lower_r <= b_r + sum over p in P_r, i in I of e(p, i) * x(p, i) <= upper_r         (of = "total")
    lower_r <=       sum over p in P_r, i in I of e(p, i) * x(p, i) <= upper_r         (of = "change")

| symbol | meaning |
|---|---|
| x(p, i) | 1 where option (p, i) is chosen, or its share |
| b_r | baseline total of the effect in the region |
| share of ``baseline`` | share * b_r |
| the same with ``demand`` | share * b_r * diet * (1 - imports) * (1 + growth) ** years, of ``[food]`` |
| share of ``attainable`` | share * (b_r + sum over p in P_r of the best e(p, i)), without b_r for a change |
| share of ``land`` | share * area of the region; for ``area``, ``cropland`` and habitat only |

The program's rows hold the change, so the bounds of a total are shifted by ``b_r``. "Best" is the largest, or
the smallest for a criterion with ``sense = "min"``.

>>> shifted(np.array([95.0]), np.array([np.inf]), np.array([100.0]))
(array([-5.]), array([inf]))
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from landfront.instances.codes import CLASS
from landfront.instances.faults import Fault, InputError
from landfront.instances.study import Study
from landfront.instances.study_rules import Limit
from landfront.models import bounds
from landfront.models.blocks import best_change, effect_rows, factored
from landfront.models.habitat import ALL, PREFIX, UNIT, Habitat
from landfront.models.kinds import Kinds
from landfront.models.land_class import class_component
from landfront.models.registry import Effects, unknown
from landfront.models.scopes import Scope, scope_of
from landfront.optimizer.program import Block

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class LimitRow:
    """One row of the program, as a user means it.

    Attributes
    ----------
    name
        The limit's name, with the region (and feature) in brackets where the limit has several rows.
    criterion, effect
        What study.toml names, and the key of the effect that is summed.
    region, level
        Region and its level, empty for everything.
    unit
        Unit of `lower`, `upper` and `baseline`.
    lower, upper
        Bounds of the total, or of the change when ``of = "change"``; infinite where there is none.
    of
        ``"total"`` or ``"change"``.
    baseline
        Baseline total of the scope.
    owner, reason
        Who set the limit and why.
    limit
        Name of the limit in study.toml.
    interventions
        Interventions that count; empty = all.
    regions
        Regions that count together; empty = `region` alone, or everything.
    demand
        Demand for food relative to today's, which `lower` has in it; 1 where the limit does not ask for it.
    around
        Parcels that the sum is over, as indices; empty = those of the regions.
    """

    name: str
    criterion: str
    effect: str
    region: str
    level: str
    unit: str
    lower: float
    upper: float
    of: str
    baseline: float
    owner: str
    reason: str
    limit: str
    interventions: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    demand: float = 1.0
    around: tuple[int, ...] = ()


@dataclass(frozen=True)
class LimitRows:
    """The rows of limits and their program form: ``lower <= block.dot(x) <= upper``."""

    rows: tuple[LimitRow, ...]
    blocks: tuple[Block, ...]
    lower: Floats
    upper: Floats


def limit_rows(study: Study, effects: Effects) -> LimitRows:
    """Rows of every limit of a study on a sum.

    Raises
    ------
    InputError
        With every fault of every limit.
    """
    faults = _twice(study)
    parts: list[LimitRows] = []
    for limit in study.limits:
        if on_measure(study, limit) or limit.around is not None:
            continue
        try:
            parts += [_rows(limit, effects, span) for span in _spans(study, limit)]
        except InputError as error:
            faults.extend(error.faults)
    if faults:
        raise InputError(faults)
    return joined(*parts)


def joined(*parts: LimitRows) -> LimitRows:
    """Rows of several kinds of limits, one kind after the other."""
    return LimitRows(
        tuple(row for part in parts for row in part.rows),
        tuple(block for part in parts for block in part.blocks),
        np.concatenate([np.zeros(0), *(part.lower for part in parts)]),
        np.concatenate([np.zeros(0), *(part.upper for part in parts)]),
    )


def shifted(lower: Floats, upper: Floats, baseline: Floats) -> tuple[Floats, Floats]:
    """Bounds of a total as bounds of the change."""
    return lower - baseline, upper - baseline


Span = tuple[int, int]
"""The first year of a period and the year after its last."""


def spans_of(study: Study, limit: Limit) -> tuple[Span, ...]:
    """Periods within which a limit counts, one block of rows each; none where it counts all in all."""
    if limit.period is None:
        return ()
    return tuple(span for span in study.spans if limit.period in ("each", span[0]))


def effect_key(study: Study, limit: Limit, span: Span | None = None) -> str:
    """Key of the effect that a limit sums: its criterion, or with another year or a period behind it."""
    if span is not None:
        return f"{study.effect_of(limit.criterion)}@{span[0]}-{span[1] - 1}"
    year = limit.milestone
    if year is None or (limit.criterion in study.criteria and year == study.milestone_of(limit.criterion)):
        return limit.criterion
    return f"{study.effect_of(limit.criterion)}@{year}"


def _twice(study: Study) -> list[Fault]:
    names = [limit.name for limit in study.limits]
    again = sorted({name for name in names if names.count(name) > 1})
    return [
        Fault("study.toml", f"limits.{name}", "two limits have this name", "Rename one.") for name in again
    ]


def on_measure(study: Study, limit: Limit) -> bool:
    """Whether a limit is on a criterion that is no plain sum; see `measures.measure_limits`."""
    return limit.criterion in study.criteria and study.criteria[limit.criterion].measure != "sum"


def _spans(study: Study, limit: Limit) -> tuple[Span | None, ...]:
    """Periods of a limit, or the one time that is none."""
    if limit.period is None:
        return (None,)
    found = spans_of(study, limit)
    if not found:
        known = ", ".join(str(first) for first, _ in study.spans)
        rule = f"no period begins in {limit.period}"
        raise InputError(
            [Fault("study.toml", f"limits.{limit.name}.period", rule, f"Periods begin in {known}.")]
        )
    return found


def _rows(limit: Limit, effects: Effects, span: Span | None) -> LimitRows:
    """Rows of one limit in one period: its scope, its sums, its bounds."""
    inputs = effects.sources.inputs
    limit = bounds.narrowed(limit, inputs)
    sums = sums_of(limit, effects, key=effect_key(inputs.study, limit, span))
    lower, upper = bounds.bounds_of(limit, sums, inputs)
    rows = tuple(
        _row(limit, sums, place, between=(float(lower[place]), float(upper[place])), span=span)
        for place in range(len(lower))
    )
    if limit.of == "total":
        lower, upper = shifted(lower, upper, sums.baseline)
    return LimitRows(rows, (sums.block,), lower, upper)


def sums_of(limit: Limit, effects: Effects, *, key: str) -> bounds.Sums:
    """What a limit bounds: the sums of the effect under `key` over its scope.

    Raises
    ------
    InputError
        If the effect, the regions or the interventions are not known.
    """
    inputs = effects.sources.inputs
    scope = scope_of(limit, inputs.landscape)
    kinds = kinds_of_limit(limit, inputs.menu.kinds)
    found = [fault for fault in (scope, kinds) if isinstance(fault, Fault)]
    if isinstance(scope, Fault) or isinstance(kinds, Fault):
        raise InputError(found)
    if limit.criterion == ALL:
        return _feature_sums(limit, effects, scope, kinds)
    return _sums(limit, effects, scope, kinds, key)


def _row(
    limit: Limit, sums: bounds.Sums, place: int, *, between: tuple[float, float], span: Span | None
) -> LimitRow:
    scope = sums.scope
    region = scope.regions[place % len(scope.regions)]
    feature = sums.criteria[place]
    many = ([feature.removeprefix(PREFIX)] if limit.criterion == ALL else []) + ([region] if limit.by else [])
    many += [f"{span[0]}-{span[1] - 1}"] if span is not None and limit.period == "each" else []
    return LimitRow(
        name=f"{limit.name}[{', '.join(many)}]" if many else limit.name,
        criterion=feature,
        effect=sums.keys[place],
        region=region,
        level=scope.level,
        unit=sums.unit,
        lower=between[0],
        upper=between[1],
        of=limit.of,
        baseline=float(sums.baseline[place]),
        owner=limit.owner,
        reason=limit.reason,
        limit=limit.name,
        interventions=limit.interventions,
        regions=() if limit.by else limit.regions,
        demand=bounds.demand_factor(limit, sums.study),
    )


def kinds_of_limit(limit: Limit, kinds: Kinds) -> NDArray[np.bool_] | Fault:
    """Which kinds count: those that have one of the interventions, all when none is named."""
    found = [kinds.matching(name) for name in limit.interventions]
    gone = [name for name, at in zip(limit.interventions, found, strict=True) if not len(at)]
    if gone:
        fix = f"Known: {', '.join(kinds.interventions)}."
        rule = f"unknown intervention {', '.join(gone)}"
        return Fault("study.toml", f"limits.{limit.name}.interventions", rule, fix)
    counted = np.full(len(kinds), not found)
    counted[np.concatenate([np.zeros(0, dtype=np.int64), *found])] = True
    return counted


def _sums(limit: Limit, effects: Effects, scope: Scope, kinds: NDArray[np.bool_], key: str) -> bounds.Sums:
    """The sums of one effect, one per region of the scope."""
    inputs, study = effects.sources.inputs, effects.sources.inputs.study
    if key not in effects:
        place = f"limits.{limit.name}.criterion"
        raise InputError([unknown(limit.criterion, effects.sources, place=place, also=study.criteria)])
    effect = effects[key]
    count = len(scope.regions)
    entry = study.criteria.get(limit.criterion)

    def reach(largest: bool) -> Floats:
        return scope.sum(best_change(inputs.menu, effect.values(inputs.menu), kinds=kinds, largest=largest))

    block = effect_rows(inputs.menu, effect, scope=scope.row, count=count, kinds=kinds)
    return bounds.Sums(
        study,
        block,
        criteria=(limit.criterion,) * count,
        keys=(key,) * count,
        labels=scope.regions,
        unit=effect.unit,
        scope=scope,
        baseline=scope.sum(effect.baseline),
        land=scope.sum(inputs.landscape.area),
        of_class=lambda name: scope.sum(class_component(name).baseline(inputs)),
        reach=reach,
        largest=entry is None or entry.sense == "max",
        is_area=_is_area(study.effect_of(limit.criterion), study),
    )


def _is_area(effect: str, study: Study) -> bool:
    """Whether a share of the land makes sense for an effect."""
    own = {entry.name for entry in study.indicators if entry.unit == "ha"}
    return effect in {"area", "cropland", "habitat", *own} or effect.startswith((PREFIX, CLASS))


def _feature_sums(limit: Limit, effects: Effects, scope: Scope, kinds: NDArray[np.bool_]) -> bounds.Sums:
    """The sums of every habitat feature, one per feature and region, without a dense array per feature."""
    habitat = effects.sources.habitat
    if habitat is None:
        raise InputError([unknown(ALL, effects.sources, place=f"limits.{limit.name}.criterion")])
    inputs, count = effects.sources.inputs, len(scope.regions)
    table = np.where(kinds, habitat.change, 0.0)
    block = factored(inputs.menu, habitat.amount, table, scope=scope.row, count=count)
    keys = tuple(PREFIX + name for name in habitat.names for _ in range(count))

    def reach(largest: bool) -> Floats:
        return np.concatenate(
            [_best_feature(effects, key, scope, kinds, largest=largest) for key in keys[::count]]
        )

    return bounds.Sums(
        inputs.study,
        block,
        criteria=keys,
        keys=keys,
        labels=tuple(" ".join((name, region)).strip() for name in habitat.names for region in scope.regions),
        unit=UNIT,
        scope=scope,
        baseline=_feature_baseline(habitat, scope),
        land=np.tile(scope.sum(inputs.landscape.area), len(habitat.names)),
        of_class=lambda name: np.tile(scope.sum(class_component(name).baseline(inputs)), len(habitat.names)),
        reach=reach,
        largest=True,
        is_area=True,
    )


def _feature_baseline(habitat: Habitat, scope: Scope) -> Floats:
    entries = sp.coo_array(habitat.amount)
    parcel, feature = entries.coords
    inside = scope.row[parcel] >= 0
    count = len(scope.regions)
    row = feature[inside].astype(np.int64) * count + scope.row[parcel[inside]]
    total = np.bincount(row, weights=entries.data[inside], minlength=count * len(habitat.names))
    return np.asarray(total, dtype=np.float64)


def _best_feature(
    effects: Effects, key: str, scope: Scope, kinds: NDArray[np.bool_], *, largest: bool
) -> Floats:
    inputs = effects.sources.inputs
    values = effects.sources.effect(key, key=key, year=inputs.last).values(inputs.menu)
    return scope.sum(best_change(inputs.menu, values, kinds=kinds, largest=largest))


def names_of(rows: Sequence[LimitRow]) -> tuple[str, ...]:
    """Names of the rows."""
    return tuple(row.name for row in rows)
