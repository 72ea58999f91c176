"""What tables give to parcels beside the rules: what is done (`past`) and requests that were granted."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from landfront.instances.faults import Fault, refuse
from landfront.instances.landscape import Landscape
from landfront.instances.study import Study
from landfront.models import past as done
from landfront.models.kinds import WITH, Kinds, interventions_of
from landfront.models.past import DONE, REQUEST, STARTED, Needed, needed_by, unknown_faults

if TYPE_CHECKING:
    from landfront.models.menu import Menu

Flags = NDArray[np.bool_]
Floats = NDArray[np.float64]
Drop = Callable[[str, dict[int, Flags]], None]
Over = tuple[str, str, int, float]
"""An exclusion: kind, reason, parcels and area in ha."""


@dataclass
class Given:
    """What tables give, and which rules were found to stand against it.

    Attributes
    ----------
    landscape, names
        The parcels, and the interventions of the study.
    tables
        By section of study.toml, what its table gives to parcels.
    against
        Section, rule, intervention and parcels of each clash.
    """

    landscape: Landscape
    names: Sequence[str]
    tables: dict[str, Needed]
    against: list[tuple[str, str, int, NDArray[np.int64]]] = field(default_factory=list)

    def note(self, reason: str, kind: int, dropped: Flags) -> None:
        """Note the parcels from which a rule drops the very intervention that a table gives them."""
        for section, needed in self.tables.items():
            parcels = needed.parcel[(needed.intervention == kind) & dropped[needed.parcel]]
            if len(parcels) and reason != _reason(section):
                self.against.append((section, reason, kind, parcels))


def _reason(section: str) -> str:
    return DONE if section == "history" else REQUEST


def given_by(landscape: Landscape, names: Sequence[str]) -> Given:
    """What the tables of a landscape give."""
    tables: dict[str, Needed] = {}
    past, granted = landscape.past, landscape.granted
    if past is not None:
        tables["history"] = needed_by(past.parcel, past.kind, past.names, names)
    if granted is not None:
        at = granted.lock
        known = [name if name in names else WITH.join(interventions_of(name)) for name in granted.names]
        tables["requests"] = needed_by(granted.parcel[at], granted.kind[at], known, names)
    return Given(landscape, names, tables)


def settle(given: Given, study: Study, alive: Flags, drop: Drop) -> None:
    """Drop every intervention that what is done leaves no room for; requests follow by kind (`leave_past`).

    Parameters
    ----------
    alive
        What the rules have left, shape (interventions, parcels).
    drop
        Takes parcels from interventions for a reason.

    Raises
    ------
    InputError
        If a table gives an unknown intervention, or one that a rule forbids or that is not on offer.
    """
    if not given.tables:
        return
    faults = list(_unknown(given, study))
    if not faults:
        past = given.landscape.past
        if past is not None:
            own = given.tables["history"].members(len(given.names), len(given.landscape))
            whole = np.zeros(len(given.landscape), dtype=bool)
            whole[past.parcel[done.wholly(past, study)]] = True
            drop(DONE, {k: whole & ~own[k] for k in range(len(given.names))})
        faults = [*_clashes(given, study), *_absent(given, study, alive)]
    refuse(*faults)


def _table(section: str, study: Study) -> str:
    """Name of the file of a section."""
    entry = study.history if section == "history" else study.requests
    assert entry is not None
    return entry.source


def _unknown(given: Given, study: Study) -> Iterator[Fault]:
    past = given.landscape.past
    if past is not None:
        yield from unknown_faults(_table("history", study), past.names, given.names)


def _clashes(given: Given, study: Study) -> Iterator[Fault]:
    for section, reason, kind, parcels in given.against:
        table = _table(section, study)
        yield done.barred_fault(given.landscape, table, reason, given.names[kind], parcels)


def _absent(given: Given, study: Study, alive: Flags) -> Iterator[Fault]:
    """What a table gives though no rule dropped it: it was never on offer, as in a table of effects."""
    for section, needed in given.tables.items():
        noted = [parcels for own, _, _, parcels in given.against if own == section]
        gone = ~alive[needed.intervention, needed.parcel]
        gone &= ~np.isin(needed.parcel, np.concatenate([np.zeros(0, np.int64), *noted]))
        for kind in np.unique(needed.intervention[gone]):
            parcels = needed.parcel[gone & (needed.intervention == kind)]
            reason = "effects (the table has no such option)"
            yield done.barred_fault(
                given.landscape, _table(section, study), reason, given.names[kind], parcels
            )


def leave_past(alive: Flags, kinds: Kinds, landscape: Landscape, study: Study) -> tuple[Flags, list[Over]]:
    """The kinds that what is done and granted requests leave, shape (K, n), and what each of these takes.

    Raises
    ------
    InputError
        If the study has no kind for something that is done or asked for, or requests take what is done or
        leave a parcel nothing.
    """
    left, taken = alive, []
    past, granted = landscape.past, landscape.granted
    if past is not None:
        assert study.history is not None
        refuse(*done.start_faults(past, kinds, study, study.history.source))
        left = done.settled(alive, past, kinds, study)
        taken += _taken(kinds, landscape, STARTED, alive & ~left)
    if granted is not None:
        assert study.requests is not None
        refuse(*done.unasked_faults(study.requests.source, granted, kinds))
        before, out = left, done.ruled_out(granted, kinds, len(landscape))
        left = before & ~out
        refuse(*done.request_faults(landscape, kinds, left, study))
        taken += _taken(kinds, landscape, REQUEST, before & out)
    return left, taken


def _taken(kinds: Kinds, landscape: Landscape, reason: str, gone: Flags) -> list[Over]:
    return [
        (kinds.names[k], reason, int(gone[k].sum()), float(landscape.area[gone[k]].sum()))
        for k in np.flatnonzero(gone.any(axis=1))
    ]


def shares_between(menu: Menu, landscape: Landscape, study: Study) -> Floats | None:
    """Least and most share of each option, shape (2, m), where something is done in part; else None.

    What is done in part stays; with periods no more of it can start in a year that is over.
    """
    past = landscape.past
    if past is None or bool(done.wholly(past, study).all()):
        return None
    part = np.flatnonzero(~done.wholly(past, study))
    option = menu.find(past.parcel[part], done.kinds_done(past, menu.kinds, study)[part])
    found: Floats = np.zeros((2, len(menu)))
    found[1] = 1.0
    found[0, option] = past.share[part]
    if study.periods is not None:
        over = menu.kinds.start[menu.kind[option]] < past.since
        found[1, option[over]] = past.share[part][over]
    return found


def kinds_given(landscape: Landscape, kinds: Kinds, study: Study) -> tuple[NDArray[np.int64], Flags]:
    """Kind of each row of what is done, and whether it takes the whole parcel, shapes (h,)."""
    past = landscape.past
    assert past is not None
    return done.kinds_done(past, kinds, study), done.wholly(past, study)
