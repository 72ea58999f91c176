"""Locks: parcels whose option is settled, read from flags or from a column of interventions."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from landfront.instances.catalogue import KEEP
from landfront.instances.faults import Fault
from landfront.instances.landscape import Locked
from landfront.instances.masks import flagged
from landfront.instances.schema import near, some
from landfront.instances.sheet import Floats, Mask, Sheet
from landfront.instances.study import Study
from landfront.instances.study_land import Lock


def read_locks(
    sheet: Sheet, study: Study, interventions: Sequence[str], area: Floats | None
) -> dict[str, Locked]:
    """Locks by name; `interventions` and `area` are as in `masks.read_masks`."""
    locks: dict[str, Locked] = {}
    names: set[str] = set()
    for number, lock in enumerate(study.locks):
        if lock.name in names:
            rule, fix = f"the name {lock.name!r} is taken", "Give every lock its own name."
            sheet.faults.found.append(Fault("study.toml", f"locks.{number}.name", rule, fix))
        names.add(lock.name)
        if all(sheet.has(column) for column in (lock.column, lock.given) if column is not None):
            locks[lock.name] = _locked(sheet, lock, number, interventions)
            _tell(sheet, lock, locks[lock.name].kind >= 0, area)
    _check_agree(sheet, study, locks)
    return locks


def _locked(sheet: Sheet, lock: Lock, number: int, interventions: Sequence[str]) -> Locked:
    """What a lock gives to each parcel; names that are not known are faults."""
    here = np.ones(len(sheet), dtype=np.bool_)
    if lock.column is not None:
        here = flagged(sheet.frame[lock.column], lock.when)
    if lock.given is None:
        assert lock.intervention is not None
        if _unknown(lock.intervention, interventions):
            key, rule = f"locks.{number}.intervention", f"unknown intervention {lock.intervention!r}"
            fix = _known(lock.intervention, interventions)
            sheet.faults.found.append(Fault("study.toml", key, rule, fix))
        return Locked(np.where(here, 0, -1).astype(np.int16), (lock.intervention,))
    kind, found = pd.factorize(sheet.text(lock.given, missing="free").str.strip())
    kind = np.where(here, kind, -1)
    unknown = np.array([*(_unknown(str(name), interventions) for name in found), False])[kind]
    wrong = [str(found[k]) for k in np.unique(kind[unknown])]
    rule = f"lock {lock.name!r} names unknown interventions {some(wrong)}"
    fix = _known(wrong[0] if wrong else "", interventions)
    sheet.fault(lock.given, rule, f"Leave the cell empty where the parcel is free. {fix}", where=unknown)
    return Locked(kind.astype(np.int16), tuple(str(name) for name in found))


def _unknown(name: str, interventions: Sequence[str]) -> bool:
    return bool(interventions) and name != KEEP and name not in interventions


def _known(name: str, interventions: Sequence[str]) -> str:
    return f"{near(name, interventions)} Known: {some((KEEP, *interventions), 30)}.".strip()


def _tell(sheet: Sheet, lock: Lock, here: Mask, area: Floats | None) -> None:
    """Say how much a lock settles, and what its column holds where that is nothing."""
    column = lock.column or lock.given or ""
    if not here.any():
        held = some(sheet.frame[column].dropna().unique()[:8])
        sheet.note(f"lock {lock.name!r} applies to no parcel; {column} holds {held or 'nothing'}")
        return
    size = "" if area is None else f" with {float(area[here].sum()):,.6g} ha"
    sheet.note(f"lock {lock.name!r} settles {int(here.sum()):,} parcels{size}")


def _check_agree(sheet: Sheet, study: Study, locks: dict[str, Locked]) -> None:
    """A parcel cannot be given two interventions."""
    settled = np.full(len(sheet), "", dtype=object)
    for name, locked in locks.items():
        names = np.array([*locked.interventions, ""], dtype=object)[locked.kind]
        here = locked.kind >= 0
        rule = f"lock {name!r} and one before it give a parcel different interventions"
        where = here & (settled != "") & (settled != names)
        sheet.fault(study.parcels.id, rule, "Let one of the locks go.", where=where)
        settled[here] = names[here]
