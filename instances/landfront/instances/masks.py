"""Masks and consent: where interventions are forbidden, read from flags of the parcel table.

Masks that are layers are laid over the parcels in `mask_layers`.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from landfront.instances.faults import Fault
from landfront.instances.schema import near, some
from landfront.instances.sheet import Floats, Mask, Sheet
from landfront.instances.study import Study
from landfront.instances.study_land import Value

NO_CONSENT = "no_consent"
"""Name of the mask that is True where consent is withheld."""

CREDITS = "credits:"
"""Before the name of a scheme: the mask that is True where its column lets a parcel earn credits."""

GROUPS = ("*", "conversions")
"""Words in ``forbid`` that stand for several interventions: all, and those that take cropland."""


def read_masks(
    sheet: Sheet, study: Study, interventions: Sequence[str], area: Floats | None
) -> dict[str, Mask]:
    """Masks by name, True where they apply.

    Parameters
    ----------
    interventions
        Those that may be forbidden; empty where they are not known.
    area
        Area of the parcels in ha, for notes; None where it could not be read.
    """
    masks: dict[str, Mask] = {}
    names: set[str] = {NO_CONSENT}
    for number, mask in enumerate(study.masks):
        if mask.name in names:
            rule, fix = f"the name {mask.name!r} is taken", "Give every mask its own name."
            sheet.faults.found.append(Fault("study.toml", f"masks.{number}.name", rule, fix))
        names.add(mask.name)
        _check_forbid(sheet, number, mask.forbid, interventions)
        if mask.column is not None and sheet.has(mask.column):
            masks[mask.name] = flagged(sheet.frame[mask.column], mask.when)
            _tell(sheet, mask.name, mask.column, masks[mask.name])
    if len(sheet) and any(mask.source for mask in study.masks):
        from landfront.instances.mask_layers import read_mask_layers  # brings shapely

        masks |= read_mask_layers(sheet, study, area)
    if study.consent is not None and sheet.has(study.consent.column):
        masks[NO_CONSENT] = ~flagged(sheet.frame[study.consent.column], study.consent.when)
        _check_consent(sheet, study.consent.column, masks[NO_CONSENT])
    _check_all(sheet, study, masks, interventions)
    for credit in study.credits:
        if credit.column is not None and sheet.has(credit.column):
            eligible = flagged(sheet.frame[credit.column], credit.when)
            masks[CREDITS + credit.scheme] = eligible
            _tell(sheet, CREDITS + credit.scheme, credit.column, eligible)
    return masks


def flagged(series: pd.Series, when: Sequence[Value]) -> Mask:
    """True where a column holds one of `when`; text is compared without regard to case and outer blanks.

    Examples
    --------
    >>> flagged(pd.Series(["Yes", "no", " 1"]), (1, "yes")).tolist()
    [True, False, True]
    """
    if pd.api.types.is_bool_dtype(series.dtype) or pd.api.types.is_numeric_dtype(series.dtype):
        numbers = [float(number) for value in when if (number := _number(value)) is not None]
        return np.asarray(series.astype(np.float64).isin(numbers))
    words = {_word(value) for value in when}
    codes, names = pd.factorize(series)
    hit = np.array([*(_word(name) in words for name in names), False])
    return np.asarray(hit[codes])


def _number(value: str | float) -> float | None:
    try:
        return float(value)
    except ValueError:
        return None


def _word(value: object) -> str:
    if isinstance(value, bool):
        return str(value).casefold()
    number = _number(value) if isinstance(value, str | int | float) else None
    return f"{number:g}" if number is not None else str(value).strip().casefold()


def _check_forbid(sheet: Sheet, number: int, forbid: Sequence[str], interventions: Sequence[str]) -> None:
    for name in forbid:
        if interventions and name not in GROUPS and name not in interventions:
            fix = f"{near(name, interventions)} Known: {some((*GROUPS, *interventions), 30)}.".strip()
            key = f"masks.{number}.forbid"
            sheet.faults.found.append(Fault("study.toml", key, f"unknown intervention {name!r}", fix))


def _tell(sheet: Sheet, name: str, column: str, mask: Mask) -> None:
    series = sheet.frame[column]
    if not mask.any():
        held = some(series.dropna().unique()[:8])
        sheet.note(f"mask {name!r} applies to no parcel; {column} holds {held or 'nothing'}")
    empty = int(series.isna().sum())
    if empty:
        sheet.note(f"mask {name!r}: {column} is empty on {empty} parcels; read as not masked")


def _check_consent(sheet: Sheet, column: str, withheld: Mask) -> None:
    if len(withheld) and withheld.all():
        held = some(sheet.frame[column].dropna().unique()[:8])
        rule = f"no parcel gives consent (the column holds {held or 'nothing'})"
        sheet.fault(column, rule, "Mend consent.when in study.toml, or leave [consent] out.", where=withheld)


def _check_all(sheet: Sheet, study: Study, masks: dict[str, Mask], interventions: Sequence[str]) -> None:
    """Masks that together forbid every intervention on every parcel leave nothing to plan."""
    total = [
        mask
        for mask in study.masks
        if mask.name in masks
        and ("*" in mask.forbid or (interventions and set(interventions) <= set(mask.forbid)))
    ]
    shut = np.zeros(len(sheet), dtype=np.bool_)
    for mask in total:
        shut |= masks[mask.name]
    if total and len(shut) and shut.all():
        names = some(f"{mask.name} ({mask.column or mask.source})" for mask in total)
        rule = f"masks exclude every intervention on every parcel: {names}"
        sheet.fault(total[0].column or study.parcels.id, rule, "Mend these masks in study.toml.", where=shut)
