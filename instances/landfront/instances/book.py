"""A catalogue as it stands in its folder: interventions, numbers and growth curves, read and checked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from landfront.instances import codes
from landfront.instances.catalogue import KEEP, GrowthCurve
from landfront.instances.paths import CATALOGUE_FILES, inside
from landfront.instances.readers import column_names
from landfront.instances.schema import by_key, near, some
from landfront.instances.sheet import Faults, Sheet, open_sheet
from landfront.instances.study import Study
from landfront.instances.units import UnitError, convert

DEFAULT = "default"
MARKS = ("verified", "derived", "recalled", "assumed")
MONEY = {"establishment": "/ha", "annual": "/ha/yr", "payment": "/ha"}
INTERVENTIONS, COEFFICIENTS, CURVES = CATALOGUE_FILES


@dataclass(frozen=True)
class Book:
    """A catalogue as read: one row per intervention, one row per number, and the growth curves."""

    name: str
    interventions: pd.DataFrame
    numbers: pd.DataFrame
    curves: tuple[GrowthCurve, ...]
    zones: dict[str, str]


def read_book(study: Study, faults: Faults) -> Book | None:
    """Read the catalogue that a study names; None stands for one that has faults, which are collected."""
    name = study.interventions.catalogue
    with faults.caught():
        if name == DEFAULT:
            return packaged_book()
        return read_folder(inside(study, name, "interventions.catalogue"), faults)
    return None


@cache
def packaged_book() -> Book:
    """The packaged catalogue; its files do not change while a program runs, so they are read once."""
    faults = Faults()
    book = read_folder(packaged(), faults)
    faults.refuse()
    assert book is not None
    return book


def packaged() -> Path:
    """Folder of the packaged catalogue."""
    return Path(str(files("landfront.instances").joinpath("catalogue_data")))


def read_folder(folder: Path, faults: Faults) -> Book | None:
    """Read a catalogue's folder; one without growth curves takes the packaged ones."""
    before = len(faults.found)
    interventions = _read_interventions(folder, faults)
    numbers = _read_numbers(folder, interventions, faults)
    own = folder / CURVES
    curves, zones = _read_curves(own if own.exists() else packaged() / CURVES, faults)
    if len(faults.found) > before or interventions is None or numbers is None:
        return None
    return Book(folder.name, interventions, numbers, curves, zones)


def _read_interventions(folder: Path, faults: Faults) -> pd.DataFrame | None:
    optional = {"name_zh": "", "ecosystem": "", "msa_basis": "after", "takes_cropland": "0"}
    optional |= {"makes_cropland": "0", "by_default": "1", "code_after": ""}
    sheet = _open(folder / INTERVENTIONS, ("intervention", "name_en", "codes"), faults, optional=optional)
    if sheet is None:
        return None
    frame = sheet.frame
    for column in ("intervention", "name_en"):
        sheet.fault(column, "missing value", "Fill it in.", where=(frame[column] == "").to_numpy())
    sheet.unique("intervention", what="intervention")
    sheet.fault(
        "intervention",
        f"the name {KEEP!r} is taken",
        "Choose another.",
        where=_is(frame["intervention"], KEEP),
    )
    known = frozenset(codes.listed())
    stray = frame["codes"].map(lambda text: any(code not in known for code in split_codes(text)))
    sheet.fault("codes", "unknown land codes", codes.advice("TD/T 1055"), where=stray.to_numpy(dtype=bool))
    unlisted = ~frame["code_after"].isin((*known, "")).to_numpy(dtype=bool)
    sheet.fault("code_after", "unknown land code", codes.advice("TD/T 1055"), where=unlisted)
    flags = dict.fromkeys(("takes_cropland", "makes_cropland", "by_default"), ("0", "1"))
    for column, allowed in {"msa_basis": ("after", "gain"), **flags}.items():
        where = ~frame[column].isin(allowed).to_numpy()
        sheet.fault(column, f"is none of {', '.join(allowed)}", "Give one of them.", where=where)
    frame["name_zh"] = frame["name_zh"].where(frame["name_zh"] != "", frame["name_en"])
    return frame.set_index("intervention")


def _read_numbers(folder: Path, interventions: pd.DataFrame | None, faults: Faults) -> pd.DataFrame | None:
    needed = ("intervention", "parameter", "mean", "unit", "source", "verified")
    optional = {"set": DEFAULT, "period": "", "note": ""}
    sheet = _open(folder / COEFFICIENTS, needed, faults, optional=optional, numbers=("low", "high"))
    if sheet is None:
        return None
    frame = sheet.frame
    before = len(faults.found)
    for column in ("source", "unit"):
        where = (frame[column] == "").to_numpy()
        sheet.fault(column, "missing value", f"Every number has a {column}.", where=where)
    sheet.fault(
        "verified",
        "unknown mark",
        f"Give one of {', '.join(MARKS)}.",
        where=~frame["verified"].isin(MARKS).to_numpy(),
    )
    frame["set"] = frame["set"].where(frame["set"] != "", DEFAULT)
    _check_names(sheet, "parameter", tuple(by_key("coefficients")))
    if interventions is not None:
        _check_names(sheet, "intervention", tuple(interventions.index))
    twice = frame.duplicated(["intervention", "parameter", "set"], keep=False).to_numpy()
    sheet.fault("parameter", "the same intervention, parameter and set twice", "Keep one.", where=twice)
    if len(faults.found) == before:
        _check_ranges(sheet)
    return frame


def _open(
    path: Path,
    needed: Sequence[str],
    faults: Faults,
    *,
    optional: dict[str, str],
    numbers: Sequence[str] = (),
) -> Sheet | None:
    """Read a file of a catalogue; empty text stays empty, and optional columns get their default."""
    with faults.caught():
        present = column_names(path)
        extra = [name for name in (*optional, *numbers) if name in present]
        sheet = open_sheet(path, [*needed, *extra], faults)
        if sheet is None or not all(sheet.has(name) for name in needed):
            return None
        frame = sheet.frame
        for name in (*(n for n in needed if n != "mean"), *optional):
            frame[name] = sheet.text(name, missing="ok").fillna("") if name in frame else optional[name]
        for name in numbers:
            anywhere = np.ones(len(frame), dtype=np.bool_)
            frame[name] = sheet.number(name, missing=anywhere) if name in frame else np.nan
        if "mean" in frame:
            frame["mean"] = sheet.number("mean")
        return sheet
    return None


def _check_names(sheet: Sheet, column: str, known: Sequence[str]) -> None:
    series = sheet.frame[column]
    unknown = ~series.isin(known).to_numpy()
    hint = near(str(series[unknown].iloc[0]), known) if unknown.any() else ""
    sheet.fault(column, f"unknown {column}", f"{hint} Known: {some(known, 30)}.".strip(), where=unknown)


def _check_ranges(sheet: Sheet) -> None:
    """Units measure what the dictionary says, low <= mean <= high, and means lie in its range."""
    frame = sheet.frame
    disordered = (frame["low"] > frame["mean"]) | (frame["mean"] > frame["high"])
    sheet.fault("mean", "not between low and high", "Mend the row.", where=disordered.to_numpy())
    for (parameter, unit), part in frame.groupby(["parameter", "unit"]):
        row = by_key("coefficients")[str(parameter)]
        where = np.isin(np.arange(len(frame)), part.index.to_numpy())
        if parameter in MONEY:
            continue  # the study's currency decides, see _in_currency
        try:
            mean = convert(frame["mean"].to_numpy(), str(unit), row["unit"])
        except UnitError as error:
            sheet.fault("unit", f"wrong unit for {parameter}", f"{error}.", where=where)
            continue
        low, high = float(row["min"] or -np.inf), float(row["max"] or np.inf)
        outside = where & ((mean < low) | (mean > high))
        sheet.fault(
            "mean",
            f"{parameter} outside {row['min']} to {row['max']} {row['unit']}",
            "Mend it.",
            where=outside,
        )


def _read_curves(path: Path, faults: Faults) -> tuple[tuple[GrowthCurve, ...], dict[str, str]]:
    sheet = open_sheet(path, ("zone", "A", "k", "p"), faults)
    if sheet is None or not all(sheet.has(name) for name in ("zone", "A", "k", "p")):
        return (), {}
    zones = sheet.text("zone").tolist()
    numbers = zip(*(sheet.number(name).tolist() for name in ("A", "k", "p")), strict=True)
    curves = tuple(GrowthCurve(zone, *three) for zone, three in zip(zones, numbers, strict=True))
    spellings = {zone: zone for zone in zones}
    if path.parent == packaged():
        other = open_sheet(path, ("source_zone",), faults)
        if other is not None:
            spellings |= dict(zip(other.text("source_zone"), zones, strict=True))
    return curves, spellings


def split_codes(text: object) -> tuple[str, ...]:
    """Land codes of a cell such as ``0103|0102``."""
    return tuple(part.strip() for part in str(text).split("|") if part.strip())


def _is(series: pd.Series, value: str) -> NDArray[np.bool_]:
    return (series == value).to_numpy(dtype=np.bool_)
