"""Baselines that a study gives: totals of what is there today, spread over the parcels."""

from __future__ import annotations

import numpy as np
import pandas as pd

from landfront.instances.effect_table import effect_unit
from landfront.instances.faults import Fault
from landfront.instances.landscape import Landscape
from landfront.instances.money import to_currency
from landfront.instances.paths import inside
from landfront.instances.readers import column_names
from landfront.instances.schema import by_key, near, some
from landfront.instances.sheet import Faults, Floats, Sheet, open_sheet
from landfront.instances.study import Study
from landfront.instances.units import UnitError, convert


def load_baselines(study: Study, landscape: Landscape) -> dict[str, Floats]:
    """Baseline per parcel, shape (n,), of each effect for which the study gives one.

    A total is spread over its parcels by area: sums over the scope for which it was given are right, finer
    ones are an assumption. Totals come from ``baseline = { food = 5040 }`` in study.toml (the whole study),
    or from a CSV with the columns criterion, value and, as wanted, level, region and unit.

    Raises
    ------
    InputError
        If a criterion, level or region is unknown, a number is none, a scope is given twice, or a level lacks
        some of its regions.
    """
    faults = Faults()
    if isinstance(study.baseline, str):
        found = _from_table(study, landscape, study.baseline, faults)
    else:
        found = _from_totals(study, landscape, study.baseline, faults)
    faults.refuse()
    return found


def baseline_note(study: Study) -> str:
    """What a user should know about baselines that were given, or nothing."""
    if not study.baseline:
        return ""
    return (
        "baselines given as totals are spread over parcels by area; only totals of their own scope are exact"
    )


def _from_totals(
    study: Study, landscape: Landscape, totals: dict[str, float], faults: Faults
) -> dict[str, Floats]:
    known = _known(study)
    found = {}
    for name, value in totals.items():
        if name not in known:
            faults.found.append(
                Fault("study.toml", f"baseline.{name}", "unknown criterion", _fix(name, known))
            )
        elif not np.isfinite(value):
            faults.found.append(
                Fault("study.toml", f"baseline.{name}", f"{value} is no number", "Give a total.")
            )
        else:
            found[study.effect_of(name)] = landscape.area * (value / landscape.area.sum())
    return found


def _known(study: Study) -> tuple[str, ...]:
    table = study.effects.columns if study.effects else {}
    limits = (limit.criterion for limit in study.limits)
    return tuple(dict.fromkeys((*study.criteria, *table, *by_key("effects"), *limits)))


def _fix(name: str, known: tuple[str, ...]) -> str:
    return f"{near(name, known)} Known: {some(known, 30)}.".strip()


def _from_table(study: Study, landscape: Landscape, name: str, faults: Faults) -> dict[str, Floats]:
    path = inside(study, name, "baseline")
    with faults.caught():
        extra = [column for column in ("level", "region", "unit") if column in column_names(path)]
        sheet = open_sheet(path, ["criterion", "value", *extra], faults)
        if sheet is None or not (sheet.has("criterion") and sheet.has("value")):
            return {}
        frame = _scopes(sheet, study)
        faults.refuse()
        found: dict[str, Floats] = {}
        for effect, part in frame.groupby("effect", sort=False):
            found[str(effect)] = _spread(sheet, landscape, part)
        return found
    return {}


def _scopes(sheet: Sheet, study: Study) -> pd.DataFrame:
    """Rows as effect, level, region and value in the canonical unit."""
    known = _known(study)
    criterion = sheet.text("criterion")
    unknown = ~criterion.isin(known).to_numpy()
    hint = _fix(str(criterion[unknown].iloc[0]), known) if unknown.any() else ""
    sheet.fault("criterion", "unknown criterion", hint, where=unknown)
    blank = pd.Series("", index=sheet.frame.index, dtype="str")
    level, region, unit = (
        sheet.text(name, missing="ok").fillna("") if sheet.has(name) else blank
        for name in ("level", "region", "unit")
    )
    frame = pd.DataFrame(
        {
            "effect": criterion.map(study.effect_of),
            "level": level,
            "region": region,
            "value": sheet.number("value"),
        }
    )
    half = ((level == "") != (region == "")).to_numpy()
    sheet.fault(
        "criterion", "level without region, or region without level", "Give both or none.", where=half
    )
    twice = frame.duplicated(["effect", "level", "region"], keep=False).to_numpy()
    sheet.fault("criterion", "the same criterion and region twice", "Keep one row.", where=twice)
    for (effect, name), part in frame.groupby(["effect", unit.rename("unit")]):
        if name:
            rows = part.index
            frame.loc[rows, "value"] = _canonical(
                sheet, study, str(effect), str(name), part["value"].to_numpy()
            )
    return frame


def _canonical(sheet: Sheet, study: Study, effect: str, unit: str, values: Floats) -> Floats:
    try:
        return (
            to_currency(values, unit, study)
            if effect == "cost"
            else convert(values, unit, effect_unit(study, effect))
        )
    except UnitError as error:
        sheet.fault("unit", f"wrong unit for {effect}", f"{error}.")
        return values


def _spread(sheet: Sheet, landscape: Landscape, part: pd.DataFrame) -> Floats:
    """One effect's totals spread by area within their regions."""
    levels = part["level"].unique()
    if len(levels) != 1:
        sheet.fault("level", f"{part['effect'].iloc[0]} is given at several levels", "Give it at one level.")
        sheet.faults.refuse()
    level = str(levels[0])
    if level == "":
        return np.asarray(landscape.area * (float(part["value"].iloc[0]) / landscape.area.sum()))
    if level not in landscape.levels:
        sheet.fault(
            "level", f"unknown level {level!r}", f"Levels of this study: {some(landscape.levels) or 'none'}."
        )
        sheet.faults.refuse()
    column = landscape.levels.index(level)
    names, index = landscape.region_names[column], landscape.regions[:, column]
    value = part.set_index("region")["value"].reindex(list(names))
    unknown = [name for name in part["region"] if name not in set(names)]
    missing = [name for name, number in value.items() if np.isnan(number)]
    if unknown or missing:
        rule = f"unknown regions: {some(unknown)}" if unknown else f"no row for {some(missing)}"
        sheet.fault("region", rule, f"Regions of {level}: {some(names)}.")
        sheet.faults.refuse()
    area = np.bincount(index, weights=landscape.area, minlength=len(names))
    return np.asarray(landscape.area * (value.to_numpy(dtype=np.float64) / area)[index])
