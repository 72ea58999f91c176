"""What came before a study: what is done already, the plan that it follows, requests that were granted."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from landfront.instances.faults import SHOWN_ROWS, Fault
from landfront.instances.landscape import Earlier, Granted, Past
from landfront.instances.paths import beside, inside
from landfront.instances.readers import column_names
from landfront.instances.sheet import Faults, Floats, Sheet, match_ids, open_sheet
from landfront.instances.study import Study

FULL = 1e-6
"""A share that misses 1 by no more is all of the parcel: shares are written with six digits."""
ACTIONS = ("lock", "reject")
GRANTED, ANSWERS = "granted", ("", "granted", "refused", "open")
Ints = NDArray[np.int64]


def read_past(study: Study, ids: pd.Index, area: Floats, faults: Faults) -> Past | None:
    """What is done already, or None where the study names no history; faults go to `faults`.

    Parameters
    ----------
    ids, area
        Of the parcels; area in ha, shape (n,).
    """
    if study.history is None:
        return None
    sheet = None
    with faults.caught():
        path = inside(study, study.history.source, "history.source")
        sheet = _open(path, study, ("intervention",), ("year", "share", "area_ha", "status"), faults)
    if sheet is None:
        return None
    before = len(faults.found)
    here = _counted(sheet, study)
    parcel = _parcels(sheet, study, ids, here, gone="it is not in the study's parcels")
    kind, names = sheet.names("intervention")
    year, share = _years(sheet, study, here), _shares(sheet, study, (parcel, area), here)
    if len(faults.found) > before:
        return None
    _twice(sheet, study, (parcel, kind, year, share), here)
    rows = np.flatnonzero(here)
    return Past(parcel[rows], kind[rows], year[rows], share[rows], names, study.history.year)


def read_earlier(study: Study, ids: pd.Index, faults: Faults) -> Earlier | None:
    """The plan before this one, or None where the study names none; its parcels may be gone."""
    if study.previous is None:
        return None
    sheet = _open(
        beside(study, study.previous.source), study, ("intervention",), ("share", "area_ha"), faults
    )
    if sheet is None or not (column := _id_column(sheet, study)) or not sheet.has("intervention"):
        return None
    parcel = match_ids(ids, sheet.frame[column])
    kind, names = sheet.names("intervention")
    share = sheet.number("share") if sheet.has("share") else np.ones(len(sheet))
    sheet.fault("share", "is not between 0 and 1", "Give shares of the parcel.",
                where=~((share >= 0) & (share <= 1 + FULL)))  # fmt: skip
    chosen = sheet.number("area_ha") if sheet.has("area_ha") else np.full(len(sheet), np.nan)
    whole = np.divide(chosen, share, out=np.full(len(share), np.nan), where=share > 0)
    total = np.bincount(np.maximum(parcel, 0), weights=np.where(parcel >= 0, share, 0.0), minlength=len(ids))
    uneven = (parcel >= 0) & (np.abs(total[np.maximum(parcel, 0)] - 1.0) > FULL)
    sheet.fault(
        column, "shares of the parcel do not sum to 1", "Give the plan as it was written.", where=uneven
    )
    gone = parcel < 0
    lost = tuple(sheet.frame[column][gone].astype("str").unique())
    rows = np.flatnonzero(~gone)
    return Earlier(
        parcel[rows], kind[rows], share[rows], whole[rows], names, lost, float(np.nansum(chosen[gone]))
    )


def area_faults(
    study: Study, ids: pd.Index, area: Floats, found: tuple[Past | None, Earlier | None]
) -> list[Fault]:
    """Parcels on which something is done, and whose area is no longer that of the plan before."""
    past, earlier = found
    if past is None or earlier is None or study.history is None:
        return []
    then = np.full(len(ids), np.nan)
    then[earlier.parcel] = earlier.area
    rows = np.unique(past.parcel)
    off = rows[np.abs(area[rows] - then[rows]) > study.history.tolerance * np.abs(then[rows])]
    if not len(off):
        return []
    shown = tuple((ids[p], f"{then[p]:g} ha then, {area[p]:g} ha now") for p in off[:SHOWN_ROWS])
    rule = f"parcels with a history changed their area beyond the tolerance of {study.history.tolerance:.0%}"
    fix = "Mend the parcels, or raise history.tolerance."
    return [Fault(study.history.source, "parcel", rule, fix, len(off), shown)]


def read_granted(study: Study, ids: pd.Index, faults: Faults) -> Granted | None:
    """Requests that were granted, or None where the study names no log."""
    if study.requests is None:
        return None
    path = beside(study, study.requests.source)
    sheet = _open(path, study, ("action", "intervention", "answer"), (), faults)
    if sheet is None:
        return None
    before = len(faults.found)
    action, answer = (sheet.text(name, missing="ok").fillna("") for name in ("action", "answer"))
    known = ", ".join(ACTIONS)
    sheet.fault("action", "is no action", f"Use {known}.", where=~action.isin(ACTIONS).to_numpy())
    known = "empty, " + ", ".join(ANSWERS[1:])
    sheet.fault("answer", "is no answer", f"Use {known}.", where=~answer.isin(ANSWERS).to_numpy())
    here = (answer == GRANTED).to_numpy()
    parcel = _parcels(sheet, study, ids, here, gone="it is not in the study's parcels")
    asked = sheet.text("intervention", missing="ok").fillna("")
    lock = (action == "lock").to_numpy()
    sheet.fault("intervention", "missing value", "Name what the parcel is to get.",
                where=lock & (asked == "").to_numpy())  # fmt: skip
    if len(faults.found) > before:
        return None
    rows = np.flatnonzero(here)
    kind, names = pd.factorize(asked.to_numpy(dtype=object)[rows])
    empty = np.array([name == "" for name in names], dtype=bool)
    kind = np.where(empty[kind], -1, kind) if len(names) else kind
    return Granted(parcel[rows], kind.astype(np.int64), lock[rows], tuple(str(name) for name in names))


def _open(
    path: Path, study: Study, needed: tuple[str, ...], wanted: tuple[str, ...], faults: Faults
) -> Sheet | None:
    """Open a table of parcels: its id column, what is needed, and what is there of what is wanted."""
    with faults.caught():
        names = column_names(path)
        column = "parcel" if "parcel" in names else study.parcels.id
        present = [name for name in wanted if name in names]
        sheet = open_sheet(path, [column, *needed, *present], faults)
        if sheet is not None and sheet.has(column) and all(sheet.has(name) for name in needed):
            return sheet
    return None


def _id_column(sheet: Sheet, study: Study) -> str:
    return next((name for name in ("parcel", study.parcels.id) if sheet.has(name)), "")


def _counted(sheet: Sheet, study: Study) -> NDArray[np.bool_]:
    """Rows that say that something is done."""
    assert study.history is not None
    if not sheet.has("status"):
        return np.ones(len(sheet), dtype=bool)
    status = sheet.text("status", missing="ok").fillna("").str.strip()
    here = status.isin(study.history.done).to_numpy()
    if not here.all():
        others = ", ".join(sorted({str(name) or "nothing" for name in status[~here]})[:5])
        sheet.note(f"{int((~here).sum()):,} rows do not count as done: status {others}")
    return np.asarray(here)


def _parcels(sheet: Sheet, study: Study, ids: pd.Index, here: NDArray[np.bool_], *, gone: str) -> Ints:
    column = _id_column(sheet, study)
    parcel = match_ids(ids, sheet.frame[column])
    where = here & (parcel < 0)
    sheet.fault(column, f"unknown parcel: {gone}", "Use the new ids, or take the row out.", where=where)
    return parcel


def _years(sheet: Sheet, study: Study, here: NDArray[np.bool_]) -> Ints:
    """Year of each row, 0 where none is given; from the study's start on and before that of the replan."""
    assert study.history is not None
    first, since = study.study.start_year, study.history.year
    if not sheet.has("year"):
        if study.periods is not None:
            sheet.fault("year", "missing, but the study has periods", "Give the year of each row.")
        return np.zeros(len(sheet), dtype=np.int64)
    none = np.full(len(sheet), study.periods is None) | ~here
    year = np.nan_to_num(sheet.number("year", missing=none))
    sheet.fault("year", f"was done before the study's start, {first}",
                "Mend the year, or study.start_year.", where=here & (year != 0) & (year < first))  # fmt: skip
    rule = f"lies in the future: history ends before {since} (history.year)"
    sheet.fault("year", rule, "Mend it, or leave out what is only planned.", where=here & (year >= since))
    sheet.fault("year", "is not a whole year", "Give a year such as 2027.", where=here & (year % 1 != 0))
    return year.astype(np.int64)


def _shares(
    sheet: Sheet, study: Study, land: tuple[Ints, Floats], here: NDArray[np.bool_]
) -> NDArray[np.float64]:
    """Share of its parcel that each row says is done."""
    assert study.history is not None
    parcel, area = land
    if sheet.has("share"):
        share = sheet.number("share", missing=~here)
        sheet.fault("share", "is not above 0 and up to 1", "Give the share of the parcel that is done.",
                    where=here & ~((share > 0) & (share <= 1 + FULL)))  # fmt: skip
    elif sheet.has("area_ha"):
        hectares = sheet.number("area_ha", missing=~here)
        sheet.fault(
            "area_ha", "is not above 0", "Give the area that is done in ha.", where=here & ~(hectares > 0)
        )
        known = here & (parcel >= 0)
        share = np.divide(hectares, area[parcel], out=np.ones(len(sheet)), where=known)
        most = 1 + study.history.tolerance
        rule = f"more is done than the parcel has now, beyond the tolerance of {study.history.tolerance:.0%}"
        sheet.fault("area_ha", rule, "Mend the area, or give the parcels as they are now.",
                    where=known & (share > most))  # fmt: skip
        share = np.where(share >= 1 - study.history.tolerance, 1.0, share)
    else:
        share = np.ones(len(sheet))
    return np.where(share >= 1 - FULL, 1.0, share)


def _twice(
    sheet: Sheet, study: Study, rows: tuple[Ints, Ints, Ints, Floats], here: NDArray[np.bool_]
) -> None:
    """Refuse two histories of one parcel; shares of one may be several where a study decides shares."""
    parcel, kind, year, share = rows
    frame = pd.DataFrame({"parcel": parcel, "kind": kind, "year": year, "share": share})[here]
    column = _id_column(sheet, study)
    where = np.zeros(len(sheet), dtype=bool)
    if study.study.decision == "whole":
        where[here] = frame.duplicated("parcel", keep=False).to_numpy()
        sheet.fault(column, "two histories for one parcel", "Keep one row, or join interventions with +.",
                    where=where)  # fmt: skip
        return
    where[here] = frame.duplicated(["parcel", "kind", "year"], keep=False).to_numpy()
    sheet.fault(
        column, "two histories for one parcel", "Keep one row per intervention and year.", where=where
    )
    total = frame.groupby("parcel")["share"].transform("sum").to_numpy()
    where[here] = total > 1 + FULL
    sheet.fault(
        column, "more is done than the parcel has", "Shares of a parcel sum to 1 at most.", where=where
    )
