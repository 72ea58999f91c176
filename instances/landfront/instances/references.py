"""Names in study.toml that must stand elsewhere in study.toml: levels, criteria and effects of limits."""

from __future__ import annotations

from landfront.instances.codes import CLASS, classes
from landfront.instances.faults import Fault
from landfront.instances.schema import by_key, near, some
from landfront.instances.study import Study

FEATURE = "feature:"


def name_faults(study: Study) -> list[Fault]:
    """Levels, criteria and effects that no table could make known, whatever the tables hold."""
    return [*_level_faults(study), *_effect_faults(study)]


def _level_faults(study: Study) -> list[Fault]:
    blocks = study.space.blocks if study.space else ()
    levels = (*study.parcels.regions, *study.parcels.groups, *(block.name for block in blocks))
    return [
        Fault(
            "study.toml",
            f"limits.{limit.name}.by",
            f"unknown region level {limit.by!r}",
            f"{near(limit.by, levels)} Levels: {some(levels) or 'none'}.".strip(),
        )
        for limit in study.limits
        if limit.by is not None and limit.by not in levels
    ]


def _effect_faults(study: Study) -> list[Fault]:
    said = study.effects
    if said is not None and said.layout == "long":
        return []  # the table itself names its effects
    own = (*by_key("effects"), *(said.columns if said else ()), *(entry.name for entry in study.indicators))
    known = tuple(dict.fromkeys((*study.criteria, *own)))
    summed = [name for name in study.criteria if study.sums_effect(name)]
    asked = [(f"criteria.{name}.effect", study.effect_of(name)) for name in summed]
    asked += [(f"limits.{limit.name}.criterion", limit.criterion) for limit in study.limits]
    effects = {*own, *(CLASS + name for name in classes())}
    return [
        Fault(
            "study.toml",
            key,
            f"unknown criterion or effect {name!r}",
            f"{near(name, known)} Known: {some(known, 30)}.".strip(),
        )
        for key, name in asked
        if name not in (effects if key.startswith("criteria.") else {*known, *effects})
        and not name.startswith(FEATURE)
    ]
