"""Profiles: stores over time from outside (CENTURY, RothC, yield tables ...), one curve per intervention."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from landfront.instances.catalogue import Profile
from landfront.instances.faults import Fault
from landfront.instances.paths import inside
from landfront.instances.schema import near, some
from landfront.instances.sheet import Faults, Floats, Sheet, open_sheet
from landfront.instances.study import Study

COLUMNS = ("intervention", "year", "stock")


def read_profiles(study: Study, known: Sequence[str], faults: Faults) -> dict[str, Profile]:
    """Curves of ``[carbon] profiles`` by intervention; empty where there is no such file or it has faults.

    `known` are the interventions of the catalogue, in use or not.
    """
    said, before = study.carbon.profiles, len(faults.found)
    if said is None:
        return {}
    with faults.caught():
        path = inside(study, said, "carbon.profiles")
        sheet = open_sheet(path, COLUMNS, faults)
        if sheet is None or not all(sheet.has(column) for column in COLUMNS):
            return {}
        names = sheet.text("intervention")
        year, stock = sheet.number("year"), sheet.number("stock")
        _check_names(sheet, names, known)
        if len(faults.found) == before:
            _check_years(sheet, names, year, stock)
        if len(faults.found) == before:
            _check_rising(sheet, names, stock, study.carbon.rising)
        if len(faults.found) == before:
            return {str(name): _profile(year[rows], stock[rows]) for name, rows in _rows(names).items()}
    return {}


def _rows(names: pd.Series) -> dict[str, np.ndarray]:
    """Rows of each intervention, in the order of the file."""
    return {str(name): np.asarray(rows) for name, rows in names.groupby(names, sort=False).indices.items()}


def _profile(year: Floats, stock: Floats) -> Profile:
    at_start = year[0] == 0
    return Profile(*(values if at_start else np.concatenate([[0.0], values]) for values in (year, stock)))


def _check_names(sheet: Sheet, names: pd.Series, known: Sequence[str]) -> None:
    unknown = ~names.isin(known).to_numpy()
    hint = near(str(names[unknown].iloc[0]), known) if unknown.any() else ""
    fix = f"{hint} Known: {some(known, 30)}.".strip()
    sheet.fault("intervention", "unknown intervention", fix, where=unknown)


def _check_years(sheet: Sheet, names: pd.Series, year: Floats, stock: Floats) -> None:
    """Years rise from the start of the intervention, where nothing is stored yet."""
    twice = pd.DataFrame({"name": names, "year": year}).duplicated(keep=False).to_numpy()
    falls = (pd.Series(year).groupby(names.to_numpy()).diff() < 0).to_numpy()
    fix = "Count years from the start of the intervention, which is year 0."
    sheet.fault("year", "negative year", fix, where=year < 0)
    sheet.fault("year", "several values for one year of an intervention", "Keep one.", where=twice)
    rule = "years of an intervention do not rise"
    sheet.fault("year", rule, "Sort its rows by year.", where=falls)
    rule, fix = "stock at the start is not 0", "Give the stock that is gained since year 0."
    sheet.fault("stock", rule, fix, where=(year == 0) & (stock != 0))


def _check_rising(sheet: Sheet, names: pd.Series, stock: Floats, rising: Sequence[str]) -> None:
    """Stores that the study calls rising never fall."""
    given = tuple(dict.fromkeys(names))
    for name in rising:
        if name not in given:
            rule = f"{name!r} has no curve in {sheet.name}"
            fix = f"{near(name, given)} It has: {some(given, 30)}.".strip()
            sheet.faults.found.append(Fault("study.toml", "carbon.rising", rule, fix))
    step = pd.Series(stock).groupby(names.to_numpy()).diff().fillna(pd.Series(stock)).to_numpy()
    rule = "a store that only rises (carbon.rising) falls"
    fix = "Mend the curve, or take the intervention out of carbon.rising."
    sheet.fault("stock", rule, fix, where=(step < 0) & names.isin(rising).to_numpy())
