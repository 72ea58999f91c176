r"""Locks: what each settled parcel must get, and the rules that stand against it.

Formula, for a parcel p that a lock settles with the intervention i_p:

    O_p = {(p, i_p)}        so that x(p, i_p) = 1 in every plan

| symbol | meaning |
|---|---|
| O_p | options of the parcel; exactly one is chosen |
| i_p | intervention that the lock gives, ``keep`` included; (p, i_p) must be admissible by every other rule |

>>> wanted = Wanted(np.array([-1, 2, 2], np.int16), np.array([-1, 0, 0], np.int16))
>>> barred_by("slope", wanted, 2, np.array([True, True, False]))
[('rule slope forbids it', array([1]))]
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from landfront.instances.faults import SHOWN_ROWS, Fault
from landfront.instances.landscape import Landscape
from landfront.instances.study import Study
from landfront.instances.study_land import Lock

UNKNOWN = -2
"""Kind of a parcel that gets an intervention which the study does not use."""

Barred = tuple[str, NDArray[np.intp]]
"""A rule, and parcels on which it forbids what their lock gives."""


@dataclass(frozen=True)
class Wanted:
    """What locks give.

    Attributes
    ----------
    kind
        Kind of the option that a parcel must get, shape (n,), -1 where it is free; `UNKNOWN` is a fault.
    lock
        Which lock says so, by its place in study.toml, shape (n,), -1 where none does.
    """

    kind: NDArray[np.int16]
    lock: NDArray[np.int16]


def wanted_by(study: Study, landscape: Landscape, interventions: Sequence[str]) -> Wanted:
    """What the locks of a study give; where two give the same, the first counts."""
    shape = len(landscape) if study.locks else 0
    kind, owner = np.full(shape, -1, dtype=np.int16), np.full(shape, -1, dtype=np.int16)
    place = {name: k for k, name in enumerate(interventions)}
    for number, lock in enumerate(study.locks):
        locked = landscape.locks[lock.name]
        kinds = np.array([*(place.get(name, UNKNOWN) for name in locked.interventions), -1], dtype=np.int16)
        here = (locked.kind >= 0) & (owner < 0)
        kind[here], owner[here] = kinds[locked.kind[here]], number
    return Wanted(kind, owner)


def barred_by(reason: str, wanted: Wanted, kind: int, dropped: NDArray[np.bool_]) -> list[Barred]:
    """Parcels from which a rule drops the very option that their lock gives."""
    if not len(wanted.kind) or reason.startswith("lock:"):
        return []
    parcels = np.flatnonzero(dropped & (wanted.kind == kind))
    return [(f"rule {reason} forbids it", parcels)] if len(parcels) else []


def missing_options(wanted: Wanted, alive: NDArray[np.bool_]) -> list[Barred]:
    """Parcels whose lock gives an option that the effect table lacks; `alive` is (interventions, parcels)."""
    settled = np.flatnonzero(wanted.kind >= 0)
    absent = settled[~alive[wanted.kind[settled], settled]]
    return [("the effect table has no such option", absent)] if len(absent) else []


def lock_faults(study: Study, landscape: Landscape, wanted: Wanted, barred: Sequence[Barred]) -> list[Fault]:
    """One fault per lock and rule that stands against it, with the parcels."""
    faults: list[Fault] = []
    unused = np.flatnonzero(wanted.kind == UNKNOWN)
    against = dict.fromkeys(rule for rule, _ in barred)
    for number, lock in enumerate(study.locks):
        fix = "Add it to interventions.use, or free these parcels."
        faults += _faults(landscape, lock, f"locks.{number}", rule="the study does not use it", fix=fix,
                          parcels=unused[wanted.lock[unused] == number])  # fmt: skip
        fix = f"Free these parcels in column {lock.given or lock.column}, or mend the rule or the table."
        for rule in against:
            parcels = np.sort(np.concatenate([at for reason, at in barred if reason == rule]))
            mine = parcels[wanted.lock[parcels] == number]
            faults += _faults(landscape, lock, f"locks.{number}", rule=rule, fix=fix, parcels=mine)
    return faults


def _faults(
    landscape: Landscape, lock: Lock, key: str, *, rule: str, fix: str, parcels: NDArray[np.intp]
) -> list[Fault]:
    """The fault of a lock about parcels, or none."""
    if not len(parcels):
        return []
    locked = landscape.locks[lock.name]
    rows = tuple((landscape.ids[p], locked.interventions[locked.kind[p]]) for p in parcels[:SHOWN_ROWS])
    said = f"lock {lock.name!r} gives parcels what they cannot get: {rule}"
    return [Fault("study.toml", key, said, fix, len(parcels), rows)]
