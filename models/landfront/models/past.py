r"""What is done stays: options of parcels with a history, and starts that lie in the past.

Formula, for a parcel p on which the share d_p of the kind k_p is done before the year s:

    O_p = {(p, k_p)}                            where d_p = 1, or parcels are whole
    x(p, k_p) >= d_p                            where a part is done and parcels may be shared,
    x(p, k_p) <= d_p                            and where k_p starts before s, with periods
    start(k) >= s or (p, k) is done             for every other option (p, k) but ``keep``, with periods

| symbol | meaning |
|---|---|
| O_p | options of the parcel |
| x(p, k) | share of the parcel that the option gets |
| s | first year in which something can still start (``history.year``) |

Requests that were granted are kept likewise: a lock leaves the options that its name stands for, a rejection
takes them away. A name stands for a kind, or for every kind that has the intervention (`Kinds.matching`).

>>> period_of(np.array([2025, 2029, 2031]), (2025, 2030)).tolist()
[2025, 2025, 2030]
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from landfront.instances.faults import SHOWN_ROWS, Fault
from landfront.instances.landscape import Granted, Landscape, Past
from landfront.instances.schema import near
from landfront.instances.study import Study
from landfront.models.kinds import AT, WITH, Kinds

Flags = NDArray[np.bool_]
Ints = NDArray[np.int64]
DONE, REQUEST, STARTED = "done", "request", "past"
"""Reasons of exclusions: what is done, a request, a start that has passed."""


@dataclass(frozen=True)
class Needed:
    """Interventions that a table gives to parcels, several joined ones apart; parallel arrays, shape (e,).

    Attributes
    ----------
    parcel, intervention
        Indices of the parcel and of the intervention among those of the study.
    """

    parcel: Ints
    intervention: Ints

    def members(self, interventions: int, parcels: int) -> Flags:
        """Which parcels each intervention is given to, shape (interventions, parcels)."""
        has = np.zeros((interventions, parcels), dtype=bool)
        has[self.intervention, self.parcel] = True
        return has


def period_of(years: Ints, starts: Sequence[int]) -> Ints:
    """First year of the start period in which each year lies."""
    known = np.asarray(starts, dtype=np.int64)
    return np.asarray(known[np.maximum(np.searchsorted(known, years, side="right") - 1, 0)])


def needed_by(parcel: Ints, kind: Ints, names: Sequence[str], interventions: Sequence[str]) -> Needed:
    """Rows of parcels and names taken apart; names that the study does not use are left out."""
    place = {name: k for k, name in enumerate(interventions)}
    parts = [[place[part] for part in name.split(WITH) if part in place] for name in names]
    count = np.array([len(part) for part in parts], dtype=np.int64)
    first = np.concatenate([[0], np.cumsum(count)])
    flat = np.array([k for part in parts for k in part], dtype=np.int64)
    repeat = count[kind]
    row = np.repeat(np.arange(len(kind)), repeat)
    within = np.arange(len(row)) - np.repeat(np.cumsum(repeat) - repeat, repeat)
    return Needed(parcel[row], flat[first[kind[row]] + within] if len(row) else np.zeros(0, dtype=np.int64))


def unknown_faults(table: str, names: Sequence[str], interventions: Sequence[str]) -> list[Fault]:
    """One fault per name that is no intervention of the study."""
    return [
        Fault(table, "intervention", f"{name!r} is not in the catalogue of the study",
              f"{near(name, interventions)} Add it to interventions.use, or mend the name.".strip())
        for name in names
        if not all(part in interventions for part in name.split(WITH))
    ]  # fmt: skip


def barred_fault(landscape: Landscape, table: str, reason: str, name: str, parcels: Ints) -> Fault:
    """The fault of an intervention that a table gives and a rule forbids."""
    lock = reason.removeprefix("lock:")
    rule = f"rule {reason} forbids it" if lock == reason else f"lock {lock!r} gives another intervention"
    fix = "Mend the table, or the rule or lock in study.toml: what is given must be admissible there."
    rows = tuple((landscape.ids[p], name) for p in parcels[:SHOWN_ROWS])
    said = f"gives parcels what they cannot have: {rule}"
    return Fault(table, "intervention", said, fix, len(parcels), rows)


def wholly(past: Past, study: Study) -> Flags:
    """Rows that leave their parcel no other option, shape (h,): parcels are whole, or all of it is done."""
    return np.asarray((past.share >= 1.0) | (study.study.decision == "whole"))


def kinds_done(past: Past, kinds: Kinds, study: Study) -> Ints:
    """Kind of each row of the history, shape (h,), -1 where the study has no such kind."""
    names = np.array(past.names, dtype=object)[past.kind]
    if study.periods is not None and len(names):
        starts = period_of(past.year, study.periods.starts).astype(str)
        plain = np.isin(past.kind, [k for k, name in enumerate(past.names) if name == kinds.names[0]])
        names = np.where(plain, names, names + AT + starts.astype(object))
    place = {name: k for k, name in enumerate(kinds.names)}
    unique, back = np.unique(names.astype(str), return_inverse=True)
    return np.array([place.get(str(name), -1) for name in unique], dtype=np.int64)[back]


def start_faults(past: Past, kinds: Kinds, study: Study, table: str) -> list[Fault]:
    """Histories whose intervention, alone or joined, the study does not have in that year."""
    gone = np.flatnonzero(kinds_done(past, kinds, study) < 0)
    if not len(gone):
        return []
    rows = tuple((int(past.year[r]) or "", past.names[past.kind[r]]) for r in gone[:SHOWN_ROWS])
    fix = "Look at periods.only and at combinations: what is done must be one of the study's options."
    rule = "the study has no such option in that year"
    return [Fault(table, "intervention, year", rule, fix, len(gone), rows)]


def settled(alive: Flags, past: Past, kinds: Kinds, study: Study) -> Flags:
    """What is left of the kinds, shape (K, n), when what is done stays and starts in the past are over."""
    done, whole = kinds_done(past, kinds, study), wholly(past, study)
    over = (kinds.start < past.since) & (study.periods is not None)
    over[0] = False
    left = alive & ~over[:, None]
    left[:, past.parcel[whole]] = False
    left[done, past.parcel] = True
    return np.asarray(left)


def unasked_faults(table: str, granted: Granted, kinds: Kinds) -> list[Fault]:
    """One fault per name in granted requests that stands for no kind of the study."""
    known = (*kinds.interventions, *kinds.names)
    return [
        Fault(table, "intervention", f"the study has no option {name!r}",
              f"{near(name, known)} Look at interventions.use, combinations and periods.".strip())
        for name in granted.names
        if name and not len(kinds.matching(name))
    ]  # fmt: skip


def ruled_out(granted: Granted, kinds: Kinds, parcels: int) -> Flags:
    """What granted requests take, shape (K, n): names stand for the kinds that they match, as when priced."""
    out = np.zeros((len(kinds), parcels), dtype=bool)
    out[1:, granted.parcel[(granted.kind < 0) & ~granted.lock]] = True
    for at, name in enumerate(granted.names):
        here, named = granted.kind == at, kinds.matching(name)
        others = np.setdiff1d(np.arange(len(kinds)), named)
        out[np.ix_(others, granted.parcel[here & granted.lock])] = True
        out[np.ix_(named, granted.parcel[here & ~granted.lock])] = True
    return out


def request_faults(landscape: Landscape, kinds: Kinds, left: Flags, study: Study) -> list[Fault]:
    """Requests that take all that a parcel has, or what is done there; `left` has shape (K, n)."""
    granted, past = landscape.granted, landscape.past
    assert granted is not None
    assert study.requests is not None
    faults = []
    if past is not None:
        assert study.history is not None
        done = kinds_done(past, kinds, study)
        gone = ~left[done, past.parcel]
        faults = [
            barred_fault(
                landscape, study.history.source, REQUEST, kinds.names[k], past.parcel[gone & (done == k)]
            )
            for k in np.unique(done[gone])
        ]
        left = left | np.isin(np.arange(len(landscape)), past.parcel[gone])
    idle = np.asarray(~left.any(axis=0))
    rows = np.flatnonzero(idle[granted.parcel])
    if len(rows):
        names = (*granted.names, "")
        shown = tuple((landscape.ids[granted.parcel[r]], names[granted.kind[r]]) for r in rows[:SHOWN_ROWS])
        rule = "granted requests leave the parcel nothing that is possible there"
        fix = "Refuse one of them, or look at periods, combinations and the rules of study.toml."
        faults.append(Fault(study.requests.source, "parcel, intervention", rule, fix, len(rows), shown))
    return faults
