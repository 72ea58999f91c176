"""An earlier plan under new data: what of it can still be done, and what it would come to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from landfront.instances.landscape import Earlier
from landfront.models.change import like
from landfront.models.formulate import Formulation
from landfront.models.given import kinds_given
from landfront.models.kinds import Kinds, start_of
from landfront.models.plan import NO_SHARE, OffMenu, Plan

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Carried:
    """An earlier plan as a plan of the new study.

    Attributes
    ----------
    plan
        The earlier plan with what is done as it was done; its options that rules now forbid are kept, off
        the menu, where their effects are known.
    notes
        What could not be carried over, in words with hectares.
    """

    plan: Plan
    notes: tuple[str, ...]


def carry(formulation: Formulation) -> Carried:
    """The plan of ``[previous]`` under the data of a study that names one."""
    shares, notes = _shares(formulation)
    shares, more = _with_history(formulation, shares)
    parcel, kind = (place.astype(np.int64) for place in np.nonzero(shares))
    share = shares[parcel, kind]
    option = formulation.menu.find(parcel, kind)
    off = option < 0
    named = any(effect.column is not None for effect in formulation.effects.values())
    if named and (off & (kind > 0)).any():  # effects off a table's menu are not known
        lost = off & (kind > 0)
        notes.append(_note(formulation, (parcel[lost], share[lost]), "are no longer possible, so kept as is"))
        np.add.at(shares, (parcel[lost], np.zeros(int(lost.sum()), dtype=np.int64)), share[lost])
        shares[parcel[lost], kind[lost]] = 0.0
        parcel, kind = (place.astype(np.int64) for place in np.nonzero(shares))
        share, option = shares[parcel, kind], formulation.menu.find(parcel, kind)
        off = option < 0
    elif off.any():
        notes.append(_note(formulation, (parcel[off], share[off]), "are now forbidden by a rule"))
    x = np.zeros(len(formulation.menu))
    x[option[~off]] = share[~off]
    whole = bool(np.isin(x, (0.0, 1.0)).all())
    plan = Plan(formulation, x.astype(np.uint8) if whole else x, OffMenu(parcel[off], kind[off], share[off]))
    return Carried(plan, (*notes, *more))


def _note(formulation: Formulation, rows: tuple[Ints, Floats], words: str) -> str:
    parcel, share = rows
    hectares = float(formulation.landscape.area[parcel] @ share)
    return f"options of the earlier plan on {len(parcel):,} parcels ({hectares:,.6g} ha) {words}"


def _shares(formulation: Formulation) -> tuple[Floats, list[str]]:
    """Share of each kind on each parcel by the earlier plan, shape (n, K), and what it does not say."""
    landscape, kinds = formulation.landscape, formulation.menu.kinds
    earlier, past = landscape.earlier, landscape.past
    assert earlier is not None
    since, notes = None if past is None else past.since, []
    found = np.zeros((len(landscape), len(kinds)))
    place = np.full(len(earlier.names), -1, dtype=np.int64)
    for at, name in enumerate(earlier.names):
        same = like(name, kinds, since)
        place[at] = _first_left(same, kinds, since) if len(same) else -1
    notes += _undated(formulation, earlier, place)
    kind = np.where(_as_planned(formulation, earlier), _exact(earlier, kinds.names), place[earlier.kind])
    lost = kind < 0
    if lost.any():
        gone = ", ".join(sorted({earlier.names[k] for k in np.unique(earlier.kind[lost])})[:5])
        words = f"are no longer in the study ({gone}), so kept as is"
        notes.append(_note(formulation, (earlier.parcel[lost], earlier.share[lost]), words))
    np.add.at(found, (earlier.parcel, np.maximum(kind, 0)), earlier.share)
    found[found < NO_SHARE] = 0.0
    new = found.sum(axis=1) == 0
    if new.any():
        notes.append(_note(formulation, (np.flatnonzero(new), np.ones(int(new.sum()))),
                           "are none: these parcels are new, and kept as is"))  # fmt: skip
        found[new, 0] = 1.0
    if earlier.gone:
        notes.append(
            f"{len(earlier.gone):,} parcels of the earlier plan ({earlier.gone_area:,.6g} ha) are gone"
        )
    return found, notes


def _first_left(same: Ints, kinds: Kinds, since: int | None) -> int:
    """Of kinds that differ only in their start, the first that can still start; the last where none can."""
    left = same if since is None else same[kinds.start[same] >= since]
    return int(left[np.argmin(kinds.start[left])]) if len(left) else int(same[-1])


def _undated(formulation: Formulation, earlier: Earlier, place: Ints) -> list[str]:
    """Where the earlier plan names no year, but this study has several in which that may start."""
    kinds = formulation.menu.kinds
    several = np.array([len(like(name, kinds, None)) > 1 for name in earlier.names], dtype=bool)
    silent = np.array([start_of(name) is None for name in earlier.names], dtype=bool)
    rows = np.flatnonzero((several & silent & (place >= 0))[earlier.kind])
    if not len(rows):
        return []
    words = "name no year, so they start in the first one that is left"
    return [_note(formulation, (earlier.parcel[rows], earlier.share[rows]), words)]


def _exact(earlier: Earlier, names: Sequence[str]) -> Ints:
    """Kind with the very name of each row of the earlier plan, -1 where there is none."""
    at = {name: k for k, name in enumerate(names)}
    return np.array([at.get(name, -1) for name in earlier.names], dtype=np.int64)[earlier.kind]


def _as_planned(formulation: Formulation, earlier: Earlier) -> NDArray[np.bool_]:
    """Rows of the earlier plan that were done as they were planned, also in a year that is over."""
    landscape, kinds = formulation.landscape, formulation.menu.kinds
    if landscape.past is None:
        return np.zeros(len(earlier.kind), dtype=bool)
    done, _ = kinds_given(landscape, kinds, formulation.study)
    keys = landscape.past.parcel * len(kinds) + done
    exact = _exact(earlier, kinds.names)
    return np.asarray((exact >= 0) & np.isin(earlier.parcel * len(kinds) + exact, keys))


def _with_history(formulation: Formulation, shares: Floats) -> tuple[Floats, list[str]]:
    """The same where what is done stands as it was done."""
    past = formulation.landscape.past
    if past is None:
        return shares, []
    kind, whole = kinds_given(formulation.landscape, formulation.menu.kinds, formulation.study)
    done = np.zeros_like(shares)
    np.add.at(done, (past.parcel, kind), np.where(whole, 1.0, past.share))
    left = 1.0 - done.sum(axis=1)
    # What the plan has beyond what is done fills the rest of the parcel in its own proportions.
    rest = np.maximum(shares - done, 0.0)
    total = rest.sum(axis=1)
    scale = np.divide(left, total, out=np.zeros(len(total)), where=total > NO_SHARE)
    found = done + rest * scale[:, None]
    found[:, 0] += np.where(total > NO_SHARE, 0.0, np.maximum(left, 0.0))
    here = np.unique(past.parcel)
    moved = np.abs(found[here] - shares[here]).sum(axis=1) / 2
    if (moved > NO_SHARE).any():
        at = moved > NO_SHARE
        note = _note(formulation, (here[at], moved[at]), "differ from what was done")
        return found, [note]
    return found, []
