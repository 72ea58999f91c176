"""The menu: which interventions are admissible on which parcel, and why the others are not.

Formula: the option (p, i) of parcel p and intervention i is on the menu when every rule that applies holds.

| rule (reason code) | holds when | applies when |
|---|---|---|
| ``land_cover`` | the code or the code without suffix K or A, is the intervention's | the study gives cover |
| ``slope`` | slope_min <= slope <= slope_max (deg) | the intervention has a bound and the study gives slope |
| ``rainfall`` | precipitation_min <= precipitation <= precipitation_max (mm) | likewise |
| ``elevation`` | elevation_min <= elevation <= elevation_max (m) | likewise |
| ``mask:NAME`` | the mask does not lie on the parcel | the mask forbids the intervention |
| ``consent`` | the parcel has consent | the study has ``[consent]`` |
| ``lock:NAME`` | the lock gives the parcel this option | the lock settles the parcel |
| ``request`` | a granted request gives the option, or none rules it out | the study has ``[requests]`` |
| ``done``, ``past`` | the option is what is done, or can still start | the study has ``[history]`` (`past`) |

The first rule that fails counts. ``keep`` is on the menu of every parcel that no lock settles otherwise. A
lock removes options and admits none: what it gives must be admissible by every other rule. An intervention is
admissible in every period in which it may start, and several together where each of them is (`kinds`).

>>> import numpy as np
>>> inside(np.array([2.0, 30.0, np.nan]), 0.0, 25.0).tolist()  # a missing value fails no rule
[True, False, True]
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from landfront.instances.catalogue import KEEP, Catalogue
from landfront.instances.codes import SUFFIXES
from landfront.instances.faults import Fault, InputError, refuse
from landfront.instances.landscape import Landscape
from landfront.instances.study import Study
from landfront.instances.study_land import Mask
from landfront.models.given import Given, given_by, leave_past, settle, shares_between
from landfront.models.kinds import Kinds, kinds_of, plain
from landfront.models.locks import Barred, Wanted, barred_by, lock_faults, missing_options, wanted_by

if TYPE_CHECKING:
    import pandas as pd

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Record = Callable[[str, int, Flags], None]  # told of a rule, an intervention, and parcels, shape (n,)
RANGES = (("slope", "slope"), ("rainfall", "precipitation"), ("elevation", "elevation"))


@dataclass(frozen=True)
class Exclusion:
    """How many parcels a rule keeps from an intervention (the first rule that fails counts)."""

    intervention: str
    reason: str
    parcels: int
    area: float


@dataclass(frozen=True)
class Menu:
    """Admissible options, sorted by parcel, then by intervention; every parcel has at least one.

    ``keep`` is the first of each parcel that has it; a parcel that a lock settles has one option of any kind.

    Attributes
    ----------
    parcel
        Index of the option's parcel, shape (m,).
    kind
        Index of what the option does, shape (m,); 0 is ``keep``.
    starts
        Options of parcel p are ``starts[p]:starts[p + 1]``, shape (n + 1,).
    kinds
        What can be done: an intervention, or several, and from which year.
    excluded
        What was excluded and why.
    notes
        Rules that were not applied, and why.
    between
        Least and most share of its parcel that each option may have, shape (2, m), where something is done in
        part; else None, for 0 and 1.
    """

    parcel: NDArray[np.int32]
    kind: NDArray[np.int16]
    starts: NDArray[np.int64]
    kinds: Kinds
    excluded: tuple[Exclusion, ...] = ()
    notes: tuple[str, ...] = ()
    between: Floats | None = None

    def __len__(self) -> int:
        """Number of options."""
        return len(self.parcel)

    @property
    def interventions(self) -> tuple[str, ...]:
        """Names by kind: interventions, with their year or joined where the study has such (`kinds`)."""
        return self.kinds.names

    def find(self, parcel: NDArray[np.int64], kind: NDArray[np.int64]) -> NDArray[np.int64]:
        """Index of the option of each (parcel, kind) pair, -1 where it is not on the menu."""
        kinds = len(self.kinds)
        keys = self.parcel.astype(np.int64) * kinds + self.kind
        asked = parcel * kinds + kind
        place = np.minimum(np.searchsorted(keys, asked), len(keys) - 1)
        return np.where(keys[place] == asked, place, -1)


def build_menu(landscape: Landscape, catalogue: Catalogue, study: Study) -> Menu:
    """The menu by the rules of the catalogue, the masks, consent and the locks.

    Raises
    ------
    InputError
        If a mask forbids an unknown intervention, a lock gives one that is not in use or not admissible, or
        nothing but ``keep`` is left.
    """
    names = catalogue.interventions
    alive = np.ones((len(names), len(landscape)), dtype=bool)
    sieve = _Sieve(landscape, names, alive, wanted_by(study, landscape, names), given_by(landscape, names))
    for reason, fails in _place_rules(landscape, catalogue, sieve.notes):
        sieve.drop(reason, fails)
    _society_rules(sieve, catalogue, study)
    _refuse_empty(sieve)
    return _menu(sieve, kinds_of(catalogue, study), study)


def menu_from_table(
    table: pd.DataFrame, landscape: Landscape, catalogue: Catalogue, study: Study
) -> tuple[Menu, dict[str, Floats]]:
    """The menu of an effect table, and each of its effects per option, shape (m,).

    Options that the table lacks are not on the menu; ``keep`` is added. Masks, consent and locks still apply.

    Parameters
    ----------
    table
        Columns ``parcel`` (index), ``intervention`` (id) and one per effect, in canonical units.

    Raises
    ------
    InputError
        If a pair occurs twice, ``keep`` has an effect, a mask forbids an unknown intervention, a lock gives
        one that the table lacks or that is not admissible, or nothing but ``keep`` is left.
    """
    kind, names = _kinds(table["intervention"], catalogue)
    cell = table["parcel"].to_numpy() * np.int64(len(names)) + kind
    effects = {str(c): table[c].to_numpy(dtype=np.float64) for c in table.columns[2:]}
    if not (cell[1:] > cell[:-1]).all():  # the usual table is in order already
        order = np.argsort(cell, kind="stable")
        cell, kind = cell[order], kind[order]
        effects = {name: column[order] for name, column in effects.items()}
    _refuse_rows(landscape, names, cell=cell, kind=kind, effects=effects)
    alive = np.zeros(len(landscape) * len(names), dtype=bool)
    alive[cell] = True
    grid = alive.reshape(-1, len(names)).T
    sieve = _Sieve(landscape, names, grid, wanted_by(study, landscape, names), given_by(landscape, names))
    sieve.alive[0] = True
    sieve.barred += missing_options(sieve.wanted, sieve.alive)
    _society_rules(sieve, catalogue, study)
    _refuse_empty(sieve)
    menu = _menu(sieve, plain(names, study.study.start_year), study)
    left = alive[cell] if landscape.granted is None else menu.find(cell // len(names), kind.astype(int)) >= 0
    kept = left & (kind > 0)  # keep has no effect, and no row of its own here
    place = np.flatnonzero(menu.kind)  # all but keep, in the order of the table
    return menu, {name: _spread(column, kept, place, len(menu)) for name, column in effects.items()}


def _spread(column: Floats, kept: Flags, place: NDArray[np.intp], size: int) -> Floats:
    """The values that are kept at their places, 0 elsewhere, shape (size,)."""
    values = np.zeros(size)
    values[place] = column if len(place) == len(column) else column[kept]
    return values


def record_rules(
    landscape: Landscape, catalogue: Catalogue, study: Study, *, names: tuple[str, ...], record: Record
) -> None:
    """Tell which parcels each rule takes from each intervention; what an effect table lacks is no rule."""
    alive = np.ones((len(names), len(landscape)), dtype=bool)
    wanted, given = wanted_by(study, landscape, names), given_by(landscape, names)
    sieve = _Sieve(landscape, names, alive, wanted, given, record=record)
    if study.effects is None:
        for reason, fails in _place_rules(landscape, catalogue, sieve.notes):
            sieve.drop(reason, fails)
    _society_rules(sieve, catalogue, study)


@dataclass
class _Sieve:
    """Options that are still alive, (interventions, parcels), what locks want, and what was dropped."""

    landscape: Landscape
    names: tuple[str, ...]
    alive: Flags
    wanted: Wanted
    given: Given
    barred: list[Barred] = field(default_factory=list)
    excluded: list[Exclusion] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    record: Record | None = None

    def drop(self, reason: str, fails: dict[int, Flags]) -> None:
        """Drop the parcels on which each kind fails, and count them."""
        for kind, failing in fails.items():
            dropped = self.alive[kind] & failing
            count = int(dropped.sum())
            if count:
                area = float(self.landscape.area[dropped].sum())
                self.excluded.append(Exclusion(self.names[kind], reason, count, area))
                self.alive[kind] &= ~failing
                self.barred += barred_by(reason, self.wanted, kind, dropped)
                self.given.note(reason, kind, dropped)
                if self.record is not None:
                    self.record(reason, kind, dropped)


def _place_rules(
    landscape: Landscape, catalogue: Catalogue, notes: list[str]
) -> Iterator[tuple[str, dict[int, Flags]]]:
    """Right plant in the right place: land cover, then slope, rainfall and elevation."""
    if landscape.cover_codes:
        yield "land_cover", _cover_fails(landscape, catalogue)
    elif any(catalogue.codes):
        notes.append("land_cover: not applied, the study names no parcels.cover")
    for reason, name in RANGES:
        bounds = [
            catalogue.coefficients.get(f"{name}_{end}", np.full(len(catalogue), np.nan))
            for end in ("min", "max")
        ]
        ruled = [k for k in range(1, len(catalogue)) if not np.isnan([bounds[0][k], bounds[1][k]]).all()]
        values = landscape.covariates.get(name)
        if values is None:
            if ruled:
                notes.append(f"{reason}: not applied, the study names no parcels.{name}")
            continue
        missing = int(np.isnan(values).sum())
        if missing and ruled:
            notes.append(f"{reason}: not applied on {missing} parcels without a value of {name}")
        yield reason, {k: ~inside(values, bounds[0][k], bounds[1][k]) for k in ruled}


def inside(values: NDArray[np.floating], low: float, high: float) -> Flags:
    """True where ``low <= value <= high``; a bound or value that is missing (nan) fails nothing."""
    return np.asarray(~((values < low) | (values > high)))


def admits(codes: Iterable[str], code: str) -> bool:
    """Whether a cover code is one of `codes`, or is once its suffix is taken off.

    >>> admits({"0201", "1104A"}, "0201K"), admits({"0201", "1104A"}, "1104")
    (True, False)
    """
    return code in codes or code.rstrip(SUFFIXES) in codes


def _cover_fails(landscape: Landscape, catalogue: Catalogue) -> dict[int, Flags]:
    fails = {}
    for kind, codes in enumerate(catalogue.codes):
        if kind and codes:
            bad = np.array([*(not admits(codes, code) for code in landscape.cover_codes), True])
            fails[kind] = bad[landscape.cover]  # -1, no cover, is the last entry
    return fails


def _society_rules(sieve: _Sieve, catalogue: Catalogue, study: Study) -> None:
    """Masks in file order, then consent, then locks."""
    from landfront.instances.masks import NO_CONSENT

    faults: list[Fault] = []
    for place, mask in enumerate(study.masks):
        here = sieve.landscape.masks[mask.name]
        before = bool(sieve.alive[1:].any())
        kinds, unknown = _forbidden(mask, sieve.names, catalogue)
        if unknown:
            fix = f"Known: *, conversions, {', '.join(sieve.names[1:])}."
            rule = f"unknown intervention {', '.join(unknown)}"
            faults.append(Fault("study.toml", f"masks.{place}.forbid", rule, fix))
        sieve.drop(f"mask:{mask.name}", dict.fromkeys(kinds, here))
        if before and not sieve.alive[1:].any():
            where = (
                f"column {mask.column!r} and at `when`" if mask.column else f"{mask.source} and at `share`"
            )
            fix = f"Look at {where}; at least one parcel must be free."
            rule = f"mask {mask.name!r} leaves nothing to choose on any parcel"
            faults.append(Fault("study.toml", f"masks.{place}", rule, fix))
    refuse(*faults)
    if study.consent is not None:
        refused = sieve.landscape.masks[NO_CONSENT]
        sieve.drop("consent", dict.fromkeys(range(1, len(sieve.names)), refused))
    _lock(sieve, study)
    settle(sieve.given, study, sieve.alive, sieve.drop)


def _lock(sieve: _Sieve, study: Study) -> None:
    """Leave only what its lock gives on each parcel that has one, ``keep`` dropped as well."""
    refuse(*lock_faults(study, sieve.landscape, sieve.wanted, sieve.barred))
    wanted = sieve.wanted
    for place, lock in enumerate(study.locks):
        here = wanted.lock == place
        others = {kind: here & (wanted.kind != kind) for kind in range(len(sieve.names))}
        sieve.drop(f"lock:{lock.name}", others)


def _forbidden(mask: Mask, names: tuple[str, ...], catalogue: Catalogue) -> tuple[list[int], list[str]]:
    """Kinds that a mask forbids, and the names that it does not know."""
    takes = catalogue.coefficients.get("takes_cropland", np.zeros(len(catalogue)))
    kinds: set[int] = set()
    unknown = []
    for name in mask.forbid:
        if name == "*":
            kinds.update(range(1, len(names)))
        elif name == "conversions":
            kinds.update(np.flatnonzero(takes > 0).tolist())
        elif name in names[1:]:
            kinds.add(names.index(name))
        else:
            unknown.append(name)
    return sorted(kinds - {0}), unknown


def _refuse_empty(sieve: _Sieve) -> None:
    if sieve.alive[1:].any():
        return
    counts: dict[str, int] = {}
    for exclusion in sieve.excluded:
        counts[exclusion.reason] = counts.get(exclusion.reason, 0) + exclusion.parcels
    why = ", ".join(f"{reason} {count}" for reason, count in counts.items()) or "the table has no options"
    fix = f"Loosen the rules or use other interventions; options dropped by rule: {why}."
    raise InputError(
        [Fault("study.toml", "interventions", "no intervention is admissible on any parcel", fix)]
    )


def _menu(sieve: _Sieve, kinds: Kinds, study: Study) -> Menu:
    """The options that are alive, in every form that their interventions may take."""
    left, over = leave_past(kinds.spread(sieve.alive), kinds, sieve.landscape, study)
    sieve.excluded += [Exclusion(*entry) for entry in over]
    cell = np.flatnonzero(np.ascontiguousarray(left.T))
    parcel = cell // len(kinds)
    kind = (cell - parcel * len(kinds)).astype(np.int16)
    count = np.bincount(parcel, minlength=len(sieve.landscape))
    _refuse_idle(sieve.landscape, count)
    excluded, notes = tuple(sieve.excluded), tuple(sieve.notes)
    menu = Menu(parcel.astype(np.int32), kind, np.append(0, np.cumsum(count)), kinds, excluded, notes)
    return replace(menu, between=shares_between(menu, sieve.landscape, study))


def _refuse_idle(landscape: Landscape, options: NDArray[np.int64]) -> None:
    """Refuse parcels that a lock gives an intervention which is never chosen alone."""
    idle = np.flatnonzero(options == 0)
    if len(idle):
        rows = tuple((landscape.ids[p], "") for p in idle[:5])
        rule = "a lock gives them an intervention that requires another one"
        fix = "Take the lock or the requirement out."
        refuse(Fault("study.toml", "combinations.requires", rule, fix, len(idle), rows))


def _kinds(column: pd.Series, catalogue: Catalogue) -> tuple[NDArray[np.int16], tuple[str, ...]]:
    """Kind per row; interventions that only the table knows come after the catalogue's."""
    import pandas as pd

    codes, found = pd.factorize(column)
    names = [*catalogue.interventions, *(str(name) for name in found if name not in catalogue.interventions)]
    index = np.array([names.index(str(name)) for name in found], dtype=np.int16)
    return index[codes], tuple(names)


def _refuse_rows(
    landscape: Landscape,
    names: tuple[str, ...],
    *,
    cell: NDArray[np.int64],
    kind: NDArray[np.int16],
    effects: dict[str, Floats],
) -> None:
    """Refuse pairs that occur twice, and effects of ``keep``; rows are in the order of `cell`."""

    def rows(at: NDArray[np.int64]) -> tuple[tuple[object, object], ...]:
        return tuple((landscape.ids[cell[j] // len(names)], names[kind[j]]) for j in at[:5])

    twice = np.flatnonzero(cell[1:] == cell[:-1]) + 1
    faults = []
    if len(twice):
        fix = "Keep one row per parcel and intervention."
        faults.append(Fault("effects", "parcel, intervention", "occurs twice", fix, len(twice), rows(twice)))
    keeps = np.flatnonzero(kind == 0)
    for name, column in effects.items():
        at = keeps[column[keeps] != 0]
        if len(at):
            fix = f"Effects are changes: give 0 for {KEEP}, or leave its rows out."
            faults.append(Fault("effects", name, f"{KEEP} has an effect", fix, len(at), rows(at)))
    refuse(*faults)
