"""Parcels: ids, area, land cover, regions, covariates and growth zones, checked with the dictionary."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from landfront.instances import codes, crops
from landfront.instances.faults import Fault
from landfront.instances.indicators import indicator_columns, read_indicator_columns
from landfront.instances.schema import by_key, near, some
from landfront.instances.sheet import Floats, Mask, Sheet
from landfront.instances.study import Study
from landfront.instances.study_land import Column, Parcels
from landfront.instances.units import SLOPE_CLASS_MIDDLE, same_kind

COVARIATES = (
    "slope",
    "precipitation",
    "elevation",
    "grain_yield",
    "forage_yield",
    "quality",
    "intactness",
    "runoff",
    "soil_carbon",
    "soil_carbon_potential",
    "soil_carbon_technical",
    "baseline_flux",
)
LARGE, SMALL = 1e6, 1e-4
"""Median parcel areas in ha beyond which a unit was probably mistaken."""

Cover = tuple[NDArray[np.int16], tuple[str, ...]]
Regions = tuple[NDArray[np.int32], tuple[tuple[str, ...], ...]]


def needed_columns(study: Study) -> list[str]:
    """Columns of the parcel table that a study names."""
    parcels = study.parcels
    named: list[str | None] = [parcels.id, parcels.area.column, *parcels.regions, *parcels.groups]
    named.append(parcels.cover.column if parcels.cover else None)
    named += [entry.column for name in COVARIATES if (entry := _column(parcels, name))]
    named += [parcels.crop, parcels.slope_class, parcels.growth_zone, *parcels.growth_zone_shares.values()]
    named.append(parcels.livestock.column if parcels.livestock else None)
    named += [mask.column for mask in study.masks]
    named += [column for lock in study.locks for column in (lock.column, lock.given)]
    named += [credit.column for credit in study.credits]
    named.append(study.consent.column if study.consent else None)
    named += indicator_columns(study)
    grid = study.space.grid if study.space else None
    named += [grid.row, grid.column] if grid else []
    return [name for name in named if name is not None]


def read_ids(sheet: Sheet, column: str) -> pd.Index:
    """Parcel ids: integers if all are, else text; a missing or repeated one is a fault."""
    series = sheet.frame[column]
    if not pd.api.types.is_integer_dtype(series.dtype):
        series = sheet.text(column)
    sheet.printable(column)
    sheet.unique(column, what="parcel id")
    ids: pd.Index = pd.Index(series, name="parcel")
    return ids


def read_area(sheet: Sheet, entry: Column) -> Floats:
    """Area in ha; it must be above 0."""
    area = sheet.quantity(entry.column, entry.unit, "ha", key="parcels.area.unit")
    sheet.fault(entry.column, "negative area", "Give an area above 0.", where=area < 0)
    sheet.fault(entry.column, "area is 0", "Give an area above 0, or drop the parcel.", where=area == 0)
    most = float(by_key("parcels")["area"]["max"])
    sheet.fault(
        entry.column, f"area is above {most:g} ha", "Mend it, or parcels.area.unit.", where=area > most
    )
    median = float(np.nanmedian(area)) if np.isfinite(area).any() else 1.0
    if not SMALL <= median <= LARGE:
        sheet.note(f"the median parcel has {median:.3g} ha; is the unit of {entry.column} right?")
    return area


def read_cover(sheet: Sheet, study: Study) -> Cover:
    """Index of each parcel's land-cover code, and the codes that occur, as listed in land_codes.csv."""
    cover = study.parcels.cover
    if cover is None or not sheet.has(cover.column):
        return np.full(len(sheet), -1, dtype=np.int16), ()
    written, names = pd.factorize(sheet.text(cover.column))
    read = [codes.read_code(str(name), cover.code_system) for name in names]
    unknown = np.array([*(code is None for code in read), False])
    if unknown.any():
        _unknown_codes(sheet, cover.column, cover.code_system, where=unknown[written])
    changed = [
        f"{name} as {code}"
        for name, code in zip(names, read, strict=True)
        if code and code != str(name).upper()
    ]
    if changed and cover.code_system != "plain":
        sheet.note(f"{cover.column}: read {some(changed)}")
    found = tuple(sorted({code for code in read if code}))
    place = np.array([*(found.index(code) if code else -1 for code in read), -1], dtype=np.int16)
    return place[written], found


def _unknown_codes(sheet: Sheet, column: str, code_system: str, *, where: Mask) -> None:
    names = sheet.frame[column][where].astype("str").unique()
    fix = codes.advice(code_system)
    if code_system != "plain" and all(str(name).isdigit() and len(str(name)) == 3 for name in names):
        fix = f"Three digits: a leading zero was lost, or these are codes of an older standard. {fix}"
    sheet.fault(column, f"unknown {code_system} land codes {some(names)}", fix, where=where)


def is_cropland(cover: Cover) -> Mask | None:
    """True on cropland, or None where the study gives no land cover."""
    index, names = cover
    if not names:
        return None
    listed = np.array([*(codes.is_cropland(name) for name in names), False])
    return np.asarray(listed[index])


def read_regions(sheet: Sheet, study: Study) -> Regions:
    """Index of each parcel's region per level and of its groups, and their names; only regions nest."""
    nested = study.parcels.regions
    levels = (*nested, *study.parcels.groups)
    index = np.full((len(sheet), len(levels)), -1, dtype=np.int32)
    names: list[tuple[str, ...]] = []
    for level, column in enumerate(levels):
        found: tuple[str, ...] = ()
        if sheet.has(column):
            index[:, level], found = sheet.names(column)
        names.append(found)
    for level in range(1, len(nested)):
        _check_nested(sheet, levels, index, level)
    return index, tuple(names)


def _check_nested(sheet: Sheet, levels: tuple[str, ...], index: NDArray[np.int32], level: int) -> None:
    outer, inner = index[:, level - 1], index[:, level]
    known = (outer >= 0) & (inner >= 0)
    pairs = pd.DataFrame({"inner": inner[known], "outer": outer[known]}).drop_duplicates()
    torn = pairs["inner"][pairs["inner"].duplicated()].unique()
    rule = f"the same name in more than one {levels[level - 1]}"
    fix = "Make the names unique, with a code or the outer name; list the levels outermost first."
    sheet.fault(levels[level], rule, fix, where=known & np.isin(inner, torn))


def read_covariates(
    sheet: Sheet, study: Study, cover: Cover, area: Floats | None = None
) -> dict[str, NDArray[np.float32]]:
    """Covariates that the study names, in canonical units; intactness by land cover where it names none.

    `area` in ha makes numbers of livestock per parcel numbers per ha.
    """
    found = {}
    for name in COVARIATES:
        entry = _column(study.parcels, name)
        if entry is not None and sheet.has(entry.column):
            found[name] = _covariate(sheet, name, entry, is_cropland(cover))
    if sheet.has(study.parcels.slope_class):
        found["slope"] = _slope(sheet, str(study.parcels.slope_class), found.get("slope"), is_cropland(cover))
    animals = study.parcels.livestock
    if animals is not None and sheet.has(animals.column):
        found["livestock"] = _livestock(sheet, animals, area)
    if sheet.has(study.parcels.crop):
        found["crop_energy"] = _crop_energy(sheet, str(study.parcels.crop), is_cropland(cover))
    if "intactness" not in found and cover[1]:
        default = np.array([*(codes.intactness(code) for code in cover[1]), np.nan])
        found["intactness"] = default[cover[0]]
        sheet.note("intactness by land cover (tables/land_codes.csv): no column is named for it")
    found |= read_indicator_columns(sheet, study)
    with np.errstate(over="ignore"):  # a value beyond float32 is out of range, and told as such
        return {name: values.astype(np.float32) for name, values in found.items()}


def _column(parcels: Parcels, name: str) -> Column | None:
    entry: Column | None = getattr(parcels, name)
    return entry


def _covariate(sheet: Sheet, name: str, entry: Column, cropland: Mask | None) -> Floats:
    row = by_key("parcels")[name]
    unit = row["unit"] if entry.unit in row["unit_aliases"].split("|") else entry.unit
    missing = None
    if row["allow_missing"] == "off cropland":
        missing = np.ones(len(sheet), dtype=np.bool_) if cropland is None else ~cropland
    values = sheet.quantity(entry.column, unit, row["unit"], key=f"parcels.{name}.unit", missing=missing)
    low, high = float(row["min"]), float(row["max"])
    # float32 and unit factors may carry a value a hair over its bound.
    slack = 1e-6 * max(abs(low), abs(high))
    rule = f"outside {row['min']} to {row['max']} {row['unit']} (the column is in {entry.unit})"
    where = (values < low - slack) | (values > high + slack)
    sheet.fault(entry.column, rule, f"Mend it, or parcels.{name}.unit.", where=where)
    empty = np.isnan(values)
    if row["default"] and missing is not None and (count := int((empty & missing).sum())):
        sheet.note(f"{entry.column} is empty on {count} parcels off cropland; read as {row['default']}")
        values = np.where(empty & missing, float(row["default"]), values)
    return values


def _livestock(sheet: Sheet, entry: Column, area: Floats | None) -> Floats:
    """Sheep units per ha, of numbers per area or per parcel."""
    if area is None or not same_kind(entry.unit, "sheep unit"):
        return _covariate(sheet, "livestock", entry, None)
    count = sheet.quantity(entry.column, entry.unit, "sheep unit", key="parcels.livestock.unit")
    sheet.fault(entry.column, "negative number of animals", "Mend it.", where=count < 0)
    return np.divide(count, area, out=np.zeros_like(count), where=area > 0)


def _crop_energy(sheet: Sheet, column: str, cropland: Mask | None) -> Floats:
    """Energy of the parcels' crops in GJ per t; nan where none is named off cropland."""
    written, names = pd.factorize(sheet.text(column, missing="ok"))
    empty = (written < 0) if cropland is None else (written < 0) & cropland
    if cropland is not None:
        sheet.fault(column, "missing value on cropland", "Name the crop.", where=empty)
    values = [crops.energy(str(name)) for name in names]
    unknown = np.array([*(value is None for value in values), False])
    fix = f"Give one of {some(crops.names(), 30)}."
    sheet.fault(column, "unknown crop", fix, where=unknown[written])
    energies = np.array([*(np.nan if value is None else value for value in values), np.nan])
    return np.asarray(energies[written])


def _slope(sheet: Sheet, column: str, slope: Floats | None, cropland: Mask | None) -> Floats:
    """Slope in degrees: the middle of the class where one is given, else `slope`, else nan."""
    may_miss = np.ones(len(sheet), dtype=np.bool_) if cropland is None or slope is not None else ~cropland
    classes = sheet.number(column, missing=may_miss)
    # Layers that cannot hold an empty cell write 0 off cropland.
    classes = np.where((classes == 0) & may_miss, np.nan, classes)
    known = np.isin(classes, np.arange(1.0, 6.0))
    where = ~known & ~np.isnan(classes) & np.isfinite(classes)
    sheet.fault(
        column, "slope class is not 1 to 5", "Give the GDPDJB class, empty off cropland.", where=where
    )
    middle = np.array(SLOPE_CLASS_MIDDLE)[np.where(known, classes, 1).astype(np.int64) - 1]
    other = np.full(len(sheet), np.nan) if slope is None else slope
    return np.asarray(np.where(known, middle, other))


def read_zones(
    sheet: Sheet, study: Study, zones: dict[str, str]
) -> tuple[tuple[str, ...], NDArray[np.float32]]:
    """Growth zones and the share of each parcel in them, shape (n, zones).

    `zones` gives the zone for each spelling that is known.
    """
    parcels = study.parcels
    if parcels.growth_zone_shares:
        return _zone_shares(sheet, parcels.growth_zone_shares, zones)
    if not sheet.has(parcels.growth_zone):
        return (), np.zeros((len(sheet), 0), dtype=np.float32)
    column = str(parcels.growth_zone)
    index, names = pd.factorize(sheet.text(column))
    unknown = np.array([*(name not in zones for name in names), False])
    fix = f"Known zones: {some(dict.fromkeys(zones.values()))}."
    sheet.fault(column, "unknown growth zone", fix, where=unknown[index])
    found = tuple(dict.fromkeys(zones[name] for name in names if name in zones))
    place = np.array(
        [*(found.index(zones[name]) if name in zones else -1 for name in names), -1], dtype=np.int64
    )
    return found, (place[index][:, None] == np.arange(len(found))).astype(np.float32)


def _zone_shares(
    sheet: Sheet, columns: dict[str, str], zones: dict[str, str]
) -> tuple[tuple[str, ...], NDArray[np.float32]]:
    names = tuple(zones.get(name, name) for name in columns)
    shares = np.zeros((len(sheet), len(columns)))
    for z, (name, column) in enumerate(columns.items()):
        if name not in zones:
            fix = f"{near(name, zones)} Known zones: {some(dict.fromkeys(zones.values()))}.".strip()
            key = f"parcels.growth_zone_shares.{name}"
            sheet.faults.found.append(Fault("study.toml", key, "unknown growth zone", fix))
        if sheet.has(column):
            shares[:, z] = sheet.number(column)
            where = (shares[:, z] < 0) | (shares[:, z] > 1)
            sheet.fault(column, "share is not between 0 and 1", "Give a share of one.", where=where)
    present = [column for column in columns.values() if sheet.has(column)]
    if len(present) == len(columns):
        rule = f"the shares of {some(present)} do not sum to 1"
        sheet.fault(present[-1], rule, "Mend the shares.", where=np.abs(shares.sum(axis=1) - 1) > 0.01)
    return names, shares.astype(np.float32)
