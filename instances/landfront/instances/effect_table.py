"""Effects given as a table: one row per parcel and intervention, or one for each of their effects."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from landfront.instances.catalogue import KEEP
from landfront.instances.faults import Fault
from landfront.instances.money import to_currency
from landfront.instances.paths import inside
from landfront.instances.schema import by_key, some
from landfront.instances.sheet import Codes, Faults, Floats, Sheet, match_ids, open_sheet
from landfront.instances.study import Study
from landfront.instances.study_land import Effects
from landfront.instances.units import convert


def effect_unit(study: Study, effect: str) -> str:
    """Canonical unit of an effect; one that is not in the dictionary keeps the unit that the study gives."""
    row = by_key("effects").get(effect)
    if row is None:
        return study.effects.units.get(effect, "") if study.effects else ""
    return study.study.currency if row["unit"] == "currency" else row["unit"]


def read_effect_table(study: Study, ids: pd.Index | None, faults: Faults) -> pd.DataFrame | None:
    """Read the study's effect table (`load.load_effect_table`); None where there is none or it has faults."""
    said = study.effects
    if said is None:
        return None
    before = len(faults.found)
    with faults.caught():
        path = inside(study, said.source, "effects.source")
        if said.layout == "wide" and not said.columns:
            fix = 'Give the column of each effect: columns = { carbon = "..." }.'
            faults.found.append(Fault("study.toml", "effects.columns", "empty", fix))
        named = [said.intervention]
        sheet = open_sheet(path, _columns(said), faults, encoding=said.encoding, named=named)
        if sheet is None or not all(sheet.has(column) for column in (said.parcel, said.intervention)):
            return None
        keys = _keys(sheet, study, ids)
        frame = _wide(sheet, study, keys) if said.layout == "wide" else _long(sheet, study, keys)
        if frame is None or len(faults.found) > before:
            return None
        frame = _without_keep(sheet, frame)
        if study.interventions.use:
            frame = frame[frame["intervention"].isin(study.interventions.use)].reset_index(drop=True)
        return frame
    return None


def interventions_of_table(study: Study, path: Path) -> tuple[str, ...]:
    """Names of the interventions in an effect table, in order of appearance, without ``keep``."""
    said, faults = study.effects, Faults()
    assert said is not None
    named = [said.intervention]
    sheet = open_sheet(path, named, faults, encoding=said.encoding, named=named)
    faults.refuse()
    if sheet is None:
        return ()
    return tuple(name for name in sheet.names(said.intervention)[1] if name != KEEP)


def names_in(table: pd.DataFrame) -> tuple[str, ...]:
    """Names of the interventions of the file that a table was read from, as `interventions_of_table` has."""
    return tuple(name for name in table["intervention"].cat.categories if name != KEEP)


def _columns(said: Effects) -> list[str]:
    values = list(said.columns.values()) if said.layout == "wide" else [said.criterion, said.value]
    return [said.parcel, said.intervention, *values]


@dataclass(frozen=True)
class _Keys:
    """Parcel index (-1 for none) and index into `names` of the intervention, of each row."""

    parcel: NDArray[np.int32]
    intervention: Codes
    names: tuple[str, ...]

    def pairs(self) -> Codes:
        """One number per row, the same where parcel and intervention are the same."""
        return self.parcel * np.int64(len(self.names) + 1) + self.intervention

    def frame(self, rows: NDArray[np.intp] | slice, effects: dict[str, Floats]) -> pd.DataFrame:
        """The columns parcel and intervention of some rows, and an effect for each of these."""
        intervention = pd.Categorical.from_codes(self.intervention[rows], pd.Index(self.names, dtype="str"))
        keys = {"parcel": self.parcel[rows], "intervention": intervention}
        return pd.DataFrame({**keys, **effects}, copy=False)


def _keys(sheet: Sheet, study: Study, ids: pd.Index | None) -> _Keys:
    """Parcel index and intervention of each row; unknown parcels are faults."""
    said = study.effects
    assert said is not None
    intervention, names = sheet.names(said.intervention)
    series = sheet.frame[said.parcel]
    sheet.fault(said.parcel, "missing value", "Fill it in.", where=series.isna().to_numpy())
    if ids is None:
        parcel = pd.factorize(series)[0]
    else:
        parcel = match_ids(ids, series)
        fix = f"Give an id of {study.parcels.source}."
        sheet.fault(said.parcel, "no such parcel", fix, where=(parcel < 0) & series.notna().to_numpy())
    return _Keys(parcel.astype(np.int32), intervention, names)


def _twice(sheet: Sheet, column: str, key: Codes, *more: Codes) -> None:
    """Add a fault where a key occurs twice."""
    for other in more:
        key = key * (int(other.max(initial=0)) + 2) + other
    if (key[1:] > key[:-1]).all():
        return  # the usual table is in order, and shows in one pass that it has no doubles
    ordered = np.sort(key)  # faster than a hash of rows
    if (ordered[1:] == ordered[:-1]).any():
        what = "parcel, intervention and effect" if more else "parcel and intervention"
        twice = pd.Series(key).duplicated(keep=False).to_numpy()
        sheet.fault(column, f"the same {what} twice", "Give each one row.", where=twice)


def _wide(sheet: Sheet, study: Study, keys: _Keys) -> pd.DataFrame | None:
    said = study.effects
    assert said is not None
    _twice(sheet, said.parcel, keys.pairs())
    effects = {
        effect: _canonical(sheet, study, effect, sheet.number(column))
        for effect, column in said.columns.items()
        if sheet.has(column)
    }
    return keys.frame(slice(None), effects)


def _long(sheet: Sheet, study: Study, keys: _Keys) -> pd.DataFrame | None:
    """Turn rows per effect into columns; a pair that lacks one of the effects is a fault."""
    said = study.effects
    assert said is not None
    if not (sheet.has(said.criterion) and sheet.has(said.value)):
        return None
    named = {column: effect for effect, column in said.columns.items()}
    which, names = pd.factorize(sheet.text(said.criterion))
    _twice(sheet, said.parcel, keys.pairs(), which)
    values = sheet.number(said.value)
    pair, _ = pd.factorize(keys.pairs())
    first = np.unique(pair, return_index=True)[1]
    wide: dict[str, Floats] = {}
    for number, name in enumerate(names):
        if named and name not in named:
            continue
        rows = which == number
        column = np.full(len(first), np.nan)
        column[pair[rows]] = values[rows]
        lacking = np.zeros(len(sheet), dtype=np.bool_)
        given = np.zeros(len(first), dtype=np.bool_)
        given[pair[rows]] = True
        lacking[first[~given]] = True
        sheet.fault(
            said.criterion, f"no row with {name!r} for a parcel and intervention", "Add it.", where=lacking
        )
        effect = named.get(str(name), str(name))
        wide[effect] = _canonical(sheet, study, effect, column)
    absent = [column for column in named if column not in set(names)]
    for name in absent:
        sheet.fault(said.criterion, f"no rows for {name!r} (effects.columns)", f"It holds {some(names)}.")
    return keys.frame(first, wide)


def _canonical(sheet: Sheet, study: Study, effect: str, values: Floats) -> Floats:
    """Values in the canonical unit of an effect, from the unit that the study names for it."""
    said = study.effects
    assert said is not None
    given = said.units.get(effect)
    if given is None or effect not in by_key("effects"):
        return values
    key = f"effects.units.{effect}"
    if effect == "cost":
        return sheet.converted(values, key, lambda: to_currency(values, given, study))
    return sheet.converted(values, key, lambda: convert(values, given, effect_unit(study, effect)))


def _without_keep(sheet: Sheet, frame: pd.DataFrame) -> pd.DataFrame:
    """Drop rows of ``keep``, which are on every menu; they must change nothing."""
    if KEEP not in frame["intervention"].cat.categories:
        return frame
    keep = (frame["intervention"] == KEEP).to_numpy()
    effects = frame.drop(columns=["parcel", "intervention"])
    if (effects[keep] != 0).any(axis=None):
        fix = "Give changes against keep, whose own effect is 0; what is there today belongs into baseline."
        sheet.fault("", f"{KEEP!r} has effects other than 0", fix)
    return frame[~keep].reset_index(drop=True)
