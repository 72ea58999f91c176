r"""What can be done on a parcel: interventions by start period, and several interventions together.

Formula, for a kind k that starts the interventions I_k in the year s_k, and an effect with the table t:

    t(k) = j_k * sum over i in I_k of t(i, s_k)                    effects that add up
    t(k) = max over i in I_k of t(i, s_k)                          area: land is treated once
    t(k) = j_k * (product over i in I_k of (1 + t(i, s_k)) - 1)    changes of a yield

| symbol | meaning |
|---|---|
| t(i, s) | number of one intervention that starts in the year s |
| j_k | joint factor of the effect where ``[[combinations.joint]]`` gives one, else 1 |

Kinds of one intervention come first, ``keep`` before all. Without ``[periods]`` all start in the study's
first year and have the names of their interventions; with it the name has the year: ``agroforestry@2030``.

>>> kinds = plain(("keep", "no_till", "compost"), 2025)
>>> kinds.names, kinds.merged(np.array([0.0, 1.0, 2.0]), "carbon").tolist()
(('keep', 'no_till', 'compost'), [0.0, 1.0, 2.0])
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import reduce
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from landfront.instances.catalogue import Catalogue
from landfront.instances.faults import Fault, refuse
from landfront.instances.schema import near
from landfront.instances.study import Study
from landfront.instances.study_land import Combinations

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Merge = Callable[[Floats], Floats]
WITH, AT = "+", "@"
"""Between the interventions of a kind, and before the year in which it starts."""


def added(tables: Floats) -> Floats:
    """Effects that add up: the sum over the first axis."""
    return np.asarray(tables.sum(axis=0))


def once(tables: Floats) -> Floats:
    """Effects that happen once however many cause them, such as land that is treated."""
    return np.asarray(tables.max(axis=0))


def compounded(tables: Floats) -> Floats:
    """Relative changes one upon the other.

    >>> compounded(np.array([[-1.0, 0.1], [0.05, 0.1]])).round(6).tolist()
    [-1.0, 0.21]
    """
    return np.asarray(np.prod(1.0 + tables, axis=0) - 1.0)


@dataclass(frozen=True)
class Kinds:
    """What can be done on a parcel.

    Attributes
    ----------
    names
        One per kind, shape (K,): S kinds of one intervention, then those of several.
    base
        Index of the intervention of each of the first S kinds, shape (S,).
    start
        Year in which each kind starts, shape (K,).
    parts
        For each kind of several interventions the kinds of one that it joins.
    joint
        Factor of an effect for each kind of several interventions, shape (K - S,), where one is given.
    alone
        Whether each of the first S kinds may be chosen by itself, shape (S,).
    """

    names: tuple[str, ...]
    base: NDArray[np.int64]
    start: NDArray[np.int64]
    parts: tuple[tuple[int, ...], ...] = ()
    joint: Mapping[str, Floats] = field(default_factory=dict)
    alone: Flags = field(default_factory=lambda: np.ones(0, dtype=bool))

    def __len__(self) -> int:
        """Number of kinds."""
        return len(self.names)

    @property
    def singles(self) -> int:
        """Number of kinds of one intervention, ``keep`` included."""
        return len(self.base)

    def merged(self, single: Floats, effect: str, merge: Merge = added) -> Floats:
        """A table over kinds of one intervention, shape (S,), as one over all kinds, shape (K,)."""
        if not self.parts:
            return single
        several = np.array([merge(single[list(part)]) for part in self.parts])
        return np.concatenate([single, several * self.joint.get(effect, 1.0)])

    def members(self, interventions: int) -> Flags:
        """Which interventions each kind has, shape (K, interventions)."""
        has = np.zeros((len(self), interventions), dtype=bool)
        has[np.arange(self.singles), self.base] = True
        for kind, part in enumerate(self.parts, start=self.singles):
            has[kind, self.base[list(part)]] = True
        return has

    def spread(self, alive: Flags) -> Flags:
        """Where each kind is admissible, shape (K, n), of where each intervention is, shape (I, n)."""
        if not self.parts and self.alone.all() and len(self.base) == len(alive):
            return alive
        single = alive[self.base]
        several = [reduce(np.logical_and, single[list(part)]) for part in self.parts]
        single[~self.alone] = False
        return np.concatenate([single, np.array(several, dtype=bool).reshape(-1, alive.shape[1])])

    def matching(self, name: str) -> NDArray[np.int64]:
        """Kinds that a name stands for: a kind by its own name, else every kind that has the intervention.

        >>> kinds = plain(("keep", "a"), 2025)
        >>> kinds.matching("a").tolist(), kinds.matching("b").tolist()
        ([1], [])
        """
        wanted = [k for k, own in enumerate(self.names) if name == own or name in interventions_of(own)]
        return np.array(wanted, dtype=np.int64)

    @property
    def interventions(self) -> tuple[str, ...]:
        """The single interventions, each once, in order."""
        return tuple(dict.fromkeys(name for own in self.names for name in interventions_of(own)))


def interventions_of(name: str) -> tuple[str, ...]:
    """Interventions of a kind by its name.

    >>> interventions_of("no_till+compost@2030")
    ('no_till', 'compost')
    """
    return tuple(name.split(AT)[0].split(WITH))


def start_of(name: str) -> int | None:
    """Year in which a kind starts by its name, None where the name says none.

    >>> start_of("no_till@2030"), start_of("keep")
    (2030, None)
    """
    year = name.rpartition(AT)[2] if AT in name else ""
    return int(year) if year.isdecimal() else None


FROM: Mapping[str, str] = {"en": "{}, from {}", "zh": "{}（{}年起）"}
"""How a kind with a start year is called, by language."""


def label_of(name: str, labels: Mapping[str, str], language: str = "en") -> str:
    """A kind in words, of the words for interventions.

    >>> label_of("a+b@2030", {"a": "Trees", "b": "No tillage"})
    'Trees + No tillage, from 2030'
    """
    if name in labels:
        return labels[name]
    words = " + ".join(labels.get(part, part) for part in interventions_of(name))
    year = start_of(name)
    return words if year is None else FROM[language].format(words, year)


def plain(names: Sequence[str], year: int) -> Kinds:
    """One kind per intervention, all of which start in the same year."""
    count = len(names)
    start = np.full(count, year, dtype=np.int64)
    return Kinds(tuple(names), np.arange(count), start, alone=np.ones(count, dtype=bool))


def kinds_of(catalogue: Catalogue, study: Study) -> Kinds:
    """The kinds of a study: its interventions by start period, then its combinations.

    Raises
    ------
    InputError
        If ``[periods]`` or ``[combinations]`` name an unknown intervention, two that both replace what grows
        on the parcel, a requirement that nothing meets, or a combination twice.
    """
    names = catalogue.interventions
    _refuse_unknown(study, names)
    singles = _singles(names, study)
    if study.combinations is None:
        label, base, start = zip(*singles, strict=True)
        return Kinds(label, np.array(base), np.array(start), alone=np.ones(len(base), dtype=bool))
    return _combined(singles, catalogue, study, study.combinations)


Single = tuple[str, int, int]
"""Name, index of the intervention and start year."""


def _singles(names: Sequence[str], study: Study) -> list[Single]:
    """``keep``, then every intervention in every period in which it may start."""
    first = study.study.start_year
    periods = study.periods
    if periods is None:
        return [(name, place, first) for place, name in enumerate(names)]
    return [
        (names[0], 0, first),
        *(
            (f"{name}{AT}{year}", place, year)
            for place, name in enumerate(names[1:], start=1)
            for year in periods.only.get(name, periods.starts)
        ),
    ]


def _combined(singles: list[Single], catalogue: Catalogue, study: Study, asked: Combinations) -> Kinds:
    """Kinds of one and of several interventions that start together."""
    names = catalogue.interventions
    sets = list(dict.fromkeys(_sets(asked)))
    refuse(*_replacing(sets, catalogue), *_unmet(asked, sets))
    place = {(names[base], year): at for at, (_, base, year) in enumerate(singles)}
    years = sorted({year for _, base, year in singles if base})
    label, base, start = (list(part) for part in zip(*singles, strict=True))
    parts, members = [], []
    for year in years:
        for together in sets:
            if all((name, year) in place for name in together):
                label.append(WITH.join(together) + (f"{AT}{year}" if study.periods else ""))
                start.append(year)
                parts.append(tuple(place[name, year] for name in together))
                members.append(set(together))
    alone = np.array([not asked.requires.get(names[b]) for b in base])
    effects = {effect for joint in asked.joint for effect in joint.factors}
    joint = {effect: np.array([_factor(asked, effect, has) for has in members]) for effect in effects}
    return Kinds(tuple(label), np.array(base), np.array(start), tuple(parts), joint, alone)


def _sets(asked: Combinations) -> Iterator[tuple[str, ...]]:
    """Interventions that may share a parcel: no pair that is excluded, all that each of them requires."""
    apart = [set(pair) for pair in asked.excludes]
    for group in asked.groups:
        for size in range(2, min(asked.most, len(group)) + 1):
            for together in combinations(group, size):
                has = set(together)
                complete = all(set(asked.requires.get(name, ())) <= has for name in together)
                if complete and not any(pair <= has for pair in apart):
                    yield tuple(sorted(together, key=_order(asked).index))


def _order(asked: Combinations) -> list[str]:
    """Interventions in the order in which the groups name them first."""
    return list(dict.fromkeys(name for group in asked.groups for name in group))


def _factor(asked: Combinations, effect: str, has: set[str]) -> float:
    """Product of the joint factors that apply to these interventions."""
    found = [joint.factors[effect] for joint in asked.joint if effect in joint.factors]
    apply = [set(joint.interventions) <= has for joint in asked.joint if effect in joint.factors]
    return float(np.prod([factor for factor, here in zip(found, apply, strict=True) if here]))


def _refuse_unknown(study: Study, names: Sequence[str]) -> None:
    """Refuse interventions that the study does not use."""
    said: list[tuple[str, str]] = []
    if study.periods is not None:
        said += [(f"periods.only.{name}", name) for name in study.periods.only]
    if study.combinations is not None:
        asked = study.combinations
        lists = {
            "groups": asked.groups,
            "excludes": asked.excludes,
            "joint": tuple(joint.interventions for joint in asked.joint),
            "requires": tuple((name, *needs) for name, needs in asked.requires.items()),
        }
        said += [
            (f"combinations.{key}", name) for key, found in lists.items() for part in found for name in part
        ]
    known = names[1:]
    refuse(
        *(
            Fault(
                "study.toml",
                key,
                f"unknown intervention {name!r}",
                f"{near(name, known)} Known: {', '.join(known)}.".strip(),
            )
            for key, name in dict.fromkeys(said)
            if name not in known
        )
    )


def _replacing(sets: Sequence[tuple[str, ...]], catalogue: Catalogue) -> Iterator[Fault]:
    """Combinations of two interventions that each replace what grows on the parcel."""
    gain = catalogue.coefficients.get("msa_gain", np.ones(len(catalogue)))
    replaces = {name for name, g in zip(catalogue.interventions[1:], gain[1:], strict=True) if not g > 0}
    for together in sets:
        both = [name for name in together if name in replaces]
        if len(both) > 1:
            rule = f"{WITH.join(both)} both replace what grows on the parcel"
            yield Fault(
                "study.toml", "combinations.groups", rule, "Put them in different groups, or exclude them."
            )


def _unmet(asked: Combinations, sets: Sequence[tuple[str, ...]]) -> Iterator[Fault]:
    """Interventions whose requirements no combination meets, so that they could never be chosen."""
    for name, needs in asked.requires.items():
        if needs and not any(name in together for together in sets):
            rule = f"{name} requires {', '.join(needs)}, but no combination has them together"
            fix = "Name them in one group of combinations.groups, and look at most and excludes."
            yield Fault("study.toml", f"combinations.requires.{name}", rule, fix)
