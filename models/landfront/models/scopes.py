"""Scopes of limits: which row each parcel counts in, by region level or list of regions."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from landfront.instances.faults import Fault
from landfront.instances.landscape import Landscape
from landfront.instances.schema import near, some
from landfront.instances.study_rules import Limit


@dataclass(frozen=True)
class Scope:
    """The rows of a limit: one for everything, or one per region.

    Attributes
    ----------
    row
        Row in which a parcel counts, -1 for none, shape (n,).
    regions
        Name of the region of each row; ``("",)`` when there is one row for everything.
    level
        Region level, empty for everything.
    """

    row: NDArray[np.int64]
    regions: tuple[str, ...]
    level: str

    def sum(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Sum per row of values per parcel, shape (rows,)."""
        total = np.bincount(self.row + 1, weights=values, minlength=len(self.regions) + 1)
        return np.asarray(total[1:], dtype=np.float64)  # the first is for parcels that count in no row


def scope_of(limit: Limit, landscape: Landscape) -> Scope | Fault:
    """The scope of a limit, or what is wrong with it.

    ``by`` gives one row per region of a level, only those in ``regions`` where it lists any. ``regions``
    alone gives one row for all of them together.
    """
    if limit.by is None and not limit.regions:
        return Scope(np.zeros(len(landscape), dtype=np.int64), ("",), "")
    if limit.by is not None:
        return _by_level(limit, landscape, limit.by)
    levels = [
        level
        for level, names in zip(landscape.levels, landscape.region_names, strict=True)
        if set(limit.regions) <= set(names)
    ]
    if len(levels) == 1:
        found = _by_level(limit, landscape, levels[0])
        return found if isinstance(found, Fault) else _together(found)
    if levels:
        rule = f"regions are found at several levels ({', '.join(levels)})"
        return Fault("study.toml", f"limits.{limit.name}.by", rule, "Say which level with by.")
    return _unknown_regions(limit, [name for names in landscape.region_names for name in names])


def _by_level(limit: Limit, landscape: Landscape, level: str) -> Scope | Fault:
    if level not in landscape.levels:
        fix = f"Levels: {', '.join(landscape.levels) or 'none, name columns under parcels.regions'}."
        return Fault("study.toml", f"limits.{limit.name}.by", f"unknown region level {level!r}", fix)
    at = landscape.levels.index(level)
    names = landscape.region_names[at]
    if not set(limit.regions) <= set(names):
        return _unknown_regions(limit, list(names))
    chosen = [name for name in names if not limit.regions or name in limit.regions]
    row = np.full(len(names) + 1, -1, dtype=np.int64)  # the last is for parcels without a region
    row[[names.index(name) for name in chosen]] = np.arange(len(chosen))
    return Scope(row[landscape.regions[:, at]], tuple(chosen), level)


def _together(scope: Scope) -> Scope:
    return Scope(np.minimum(scope.row, 0), (" + ".join(scope.regions),), scope.level)


def _unknown_regions(limit: Limit, known: list[str]) -> Fault:
    gone = [name for name in limit.regions if name not in known]
    hint = near(gone[0], known) if gone else "Name regions of one level."
    rule = f"unknown region {some(gone)}" if gone else "regions of several levels"
    fix = " ".join(filter(None, [hint, f"Known: {some(known)}."]))
    return Fault("study.toml", f"limits.{limit.name}.regions", rule, fix)
