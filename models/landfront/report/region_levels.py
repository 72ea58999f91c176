"""Nested regions of a study as arrays: who belongs to whom, sums by region, and weights of regions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from landfront.instances.faults import Fault, refuse
from landfront.instances.landscape import Landscape
from landfront.instances.readers import read_table
from landfront.instances.schema import near, some

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

NATION = "all"
ONE = 1e-6
"""How far from 1 given shares may sum."""


@dataclass(frozen=True)
class RegionLevel:
    """The regions of one level.

    Attributes
    ----------
    name
        Name of the level; `NATION` for the whole study.
    regions
        Names of the regions, R of them.
    of
        Region of each parcel, shape (n,).
    parent
        Region of the next outer level that each region lies in, shape (R,); 0 at the whole study.
    """

    name: str
    regions: tuple[str, ...]
    of: Ints
    parent: Ints

    def __len__(self) -> int:
        return len(self.regions)

    def sum(self, values: Floats, parcel: NDArray[np.int32] | None = None) -> Floats:
        """Sums by region, shape (R,), of values per parcel, or per option of the parcels named."""
        place = self.of if parcel is None else self.of[parcel]
        return np.bincount(place, weights=values, minlength=len(self)).astype(np.float64)

    def sum_outer(self, values: Floats, outer: int) -> Floats:
        """Sums by region of the next outer level, which has so many, of values per region."""
        return np.bincount(self.parent, weights=values, minlength=outer).astype(np.float64)


def region_levels(landscape: Landscape, levels: Sequence[str], *, command: str) -> tuple[RegionLevel, ...]:
    """The whole study as one region, then the levels named, outermost first.

    Raises
    ------
    InputError
        If a level is unknown or out of order, parcels have no region, a region has no parcel, or regions do
        not nest.
    """
    refuse(*_named(landscape, levels, command))
    nation = RegionLevel(NATION, (NATION,), np.zeros(len(landscape), np.int64), np.zeros(1, np.int64))
    found, faults = [nation], []
    for name in levels:
        place = landscape.levels.index(name)
        code, regions = landscape.regions[:, place].astype(np.int64), landscape.region_names[place]
        wrong = _members(name, code, regions)
        faults += wrong
        if wrong:
            continue
        parent, torn = _parents(code, found[-1].of, len(regions))
        faults += (
            [_torn(name, found[-1].name, [regions[region] for region in torn.tolist()])] if len(torn) else []
        )
        found.append(RegionLevel(name, regions, code, parent))
    refuse(*faults)
    return tuple(found)


def outer_level(landscape: Landscape, level: str) -> str | None:
    """The next level out of a level, None for the outermost."""
    place = landscape.levels.index(level)
    return landscape.levels[place - 1] if place else None


def _named(landscape: Landscape, levels: Sequence[str], command: str) -> list[Fault]:
    known = landscape.levels
    listed = f"Levels, outermost first: {', '.join(known) or 'none; name columns under parcels.regions'}."
    if not levels:
        return [Fault(command, "levels", "none is named", listed)]
    faults = [
        Fault(command, "levels", f"unknown region level {name!r}", f"{near(name, known)} {listed}".strip())
        for name in levels
        if name not in known
    ]
    order = [known.index(name) for name in levels if name in known]
    if not faults and any(inner <= outer for outer, inner in pairwise(order)):
        rule = f"{', '.join(levels)} are not in order, outermost first"
        right = ", ".join(known[place] for place in sorted(set(order)))
        faults.append(Fault(command, "levels", rule, f"Name them as {right}."))
    return faults


def _members(name: str, code: Ints, regions: Sequence[str]) -> list[Fault]:
    """Parcels without a region, regions without a parcel."""
    faults = []
    alone = np.flatnonzero(code < 0)
    if len(alone):
        rows = tuple((int(parcel), "none") for parcel in alone[:5])
        fix = "Give each parcel a region, since a split leaves no land out."
        faults.append(Fault("parcels", name, "parcels without a region", fix, len(alone), rows))
    empty = np.flatnonzero(np.bincount(code[code >= 0], minlength=len(regions)) == 0)
    if len(empty):
        rule = f"regions without a parcel: {some([regions[region] for region in empty.tolist()])}"
        faults.append(Fault("parcels", name, rule, "Leave them out."))
    return faults


def _parents(inner: Ints, outer: Ints, count: int) -> tuple[Ints, Ints]:
    """The outer region of each region, and the regions that lie in several."""
    pairs = np.unique(np.stack([inner, outer], axis=1), axis=0)
    parent = np.zeros(count, dtype=np.int64)
    parent[pairs[:, 0]] = pairs[:, 1]
    return parent, np.flatnonzero(np.bincount(pairs[:, 0], minlength=count) > 1)


def _torn(level: str, outer: str, names: list[str]) -> Fault:
    rule = f"{some(names)} in more than one {outer}, so the levels do not nest"
    return Fault("parcels", level, rule, "Make the names unique, or name levels that nest.")


def weights_of(given: Mapping[str, float] | str | Path, level: RegionLevel) -> Floats:
    """Weights of the regions of a level, such as population or income, shape (R,).

    Parameters
    ----------
    given
        By name of the region; or a table with a column ``region`` and one of ``weight`` or ``share``, which
        must sum to 1.

    Raises
    ------
    InputError
        If one is missing, unknown, negative or no number, all are 0, or shares do not sum to 1.
    """
    table, column = "weights", "weight"
    if not isinstance(given, Mapping):
        table = Path(given).name
        given, column = _read_weights(Path(given))
    values = by_region(given, level, table=table, column=column)
    total = float(values.sum())
    if column == "share" and abs(total - 1) > ONE:
        rule = f"the shares sum to {total:.6g}, not 1"
        refuse(Fault(table, column, rule, "Mend them, or call the column weight."))
    if total <= 0:
        refuse(Fault(table, column, "all are 0", "Give one above 0 at least."))
    return values


def by_region(given: Mapping[str, float], level: RegionLevel, *, table: str, column: str) -> Floats:
    """Numbers by name of the region in the order of a level, shape (R,).

    Raises
    ------
    InputError
        If one is missing, unknown, negative or no number.
    """
    names, values = list(given), np.array([_float(value) for value in given.values()], dtype=np.float64)
    refuse(*_unmatched(table, names, level), *_not_amounts(table, column, names, values))
    return np.array([float(given[name]) for name in level.regions])


def read_by_region(path: Path) -> dict[str, dict[str, float]]:
    """The columns of a table with a column ``region``, each by name of the region.

    Raises
    ------
    InputError
        If it cannot be read, has no such column or no other, or names a region twice.
    """
    frame = read_table(path)
    columns = [str(name) for name in frame.columns if name != "region"]
    if "region" not in frame.columns or not columns:
        rule = f"has the columns {some(list(map(str, frame.columns)))}"
        refuse(Fault(path.name, "", rule, "Give a column region, and at least one of numbers."))
    regions = frame["region"].astype(str)
    twice = regions[regions.duplicated()].unique().tolist()
    if twice:
        refuse(Fault(path.name, "region", f"{some(twice)} more than once", "Give each region once."))
    return {name: dict(zip(regions, frame[name].tolist(), strict=True)) for name in columns}


def _read_weights(path: Path) -> tuple[dict[str, float], str]:
    columns = read_by_region(path)
    found = [name for name in ("weight", "share") if name in columns]
    if len(found) != 1:
        rule = f"has the columns {some(['region', *columns])}"
        refuse(Fault(path.name, "", rule, "Give region, and either weight or share."))
    return columns[found[0]], found[0]


def _float(value: object) -> float:
    try:
        return float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return float("nan")


def _unmatched(table: str, names: Sequence[str], level: RegionLevel) -> list[Fault]:
    faults = []
    unknown = [name for name in names if name not in level.regions]
    missing = [name for name in level.regions if name not in names]
    if unknown:
        hint = near(unknown[0], level.regions) or f"Regions: {some(level.regions)}."
        faults.append(Fault(table, "region", f"{some(unknown)} is no {level.name} of the study", hint))
    if missing:
        fix = "Give a number for each region; 0 is one."
        faults.append(Fault(table, "region", f"no number for {level.name} {some(missing)}", fix))
    return faults


def _not_amounts(table: str, column: str, names: Iterable[str], values: Floats) -> list[Fault]:
    bad = np.flatnonzero(~np.isfinite(values) | (values < 0))
    if not len(bad):
        return []
    listed = list(names)
    rows = tuple((listed[place], float(values[place])) for place in bad[:5])
    return [Fault(table, column, "negative or no number", "Give 0 or more.", len(bad), rows)]
