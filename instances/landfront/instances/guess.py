"""What a layer's columns probably mean: each guess with its reason, each gap with what to do."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from landfront.instances.codes import read_code

if TYPE_CHECKING:
    import pandas as pd

IDS = r"bsm|parcel_?id|unit_?id|unit|plot_?id|id|fid|objectid|gid"
CODES = (
    r"dlbm|landuse_?code|land_?code|cover_?code|code|cover|land_?cover|land_?use|landuse|land_?class|lu"
    r"|code_\d\d|(clc|corine).*"
)
LEVELS = (
    r"country|nation|region",
    r"province|prov|sheng|nuts1",
    r"prefecture|city|shi|nuts2",
    r"county|xian|district|nuts3|admin",
    r"township|town|xiang|municipality|commune",
    r"village|cun",
)
MASKS = r"line_.*|.*(red_?line|park|reserve|protect|mask|forbid|exclud|heritage).*"
CONSENT = r"consent|agree.*|willing.*"
QUANTITIES = {
    "area": (r"tbdlmj|tbmj|area.*|shape_area|hectares|mianji", "ha"),
    "slope": (r"slope(?!_class).*|slp|podu", "deg"),
    "precipitation": (r"map|map_mm|precip.*|rain.*|prec|jiangshui", "mm"),
    "elevation": (r"elev.*|dem|altitude|alt_m|height_m", "m"),
    "grain_yield": (r"yield.*|grain_?yield.*|chanliang", "t/ha"),
    "runoff": (r"runoff.*", "mm"),
    "intactness": (r"msa|intactness", "share"),
    "soil_carbon": (r"soc|soc_t_ha|soil_?carbon", "t C/ha"),
    "soil_carbon_potential": (r"soc_?pot.*|soil_?carbon_?pot.*", "t C/ha"),
    "soil_carbon_technical": (r"soc_?tech.*|soil_?carbon_?tech.*", "t C/ha"),
    "baseline_flux": (r"baseline_?flux", "t CO2e/ha/yr"),
}
UNITS = (
    (r"tbmj|tbdlmj|shape_area", "m2"),
    (r".*kg_?mu|.*kg_per_mu", "kg/mu"),
    (r".*jin_?mu", "jin/mu"),
    (r".*t_?ha|.*t_per_ha", "t/ha"),
    (r".*kg_?ha", "kg/ha"),
    (r".*_kha", "kha"),
    (r".*_ha|hectares", "ha"),
    (r".*_(m2|sqm)", "m2"),
    (r".*_(km2|sqkm)", "km2"),
    (r".*_mu", "mu"),
    (r".*_(deg|degrees)", "deg"),
    (r".*_(pct|percent)", "%"),
    (r".*_mm", "mm"),
    (r".*_m", "m"),
)
MOST_REGIONS = 500
SHOWN = 5


@dataclass
class Guesses:
    """What was guessed of a layer.

    Attributes
    ----------
    columns
        Key of ``[parcels]`` to column and unit ("" where it has none).
    why
        Key to the reason of the guess.
    regions
        Region columns, outermost first.
    code_system
        Of the land-cover column.
    masks, consent
        Columns of 0 and 1.
    missing
        What was not found, and what that means.
    """

    columns: dict[str, tuple[str, str]] = field(default_factory=dict)
    why: dict[str, str] = field(default_factory=dict)
    regions: tuple[str, ...] = ()
    code_system: str = ""
    masks: tuple[str, ...] = ()
    consent: str = ""
    missing: dict[str, str] = field(default_factory=dict)

    def set(self, key: str, column: str, unit: str, why: str) -> None:
        """Note a guess."""
        self.columns[key], self.why[key] = (column, unit), why


def guess(frame: pd.DataFrame) -> Guesses:
    """Guess what the columns of a layer mean."""
    found = Guesses()
    _id(frame, found)
    _quantities(frame, found)
    _cover(frame, found)
    _slope_class(frame, found)
    _flags(frame, found)
    _regions(frame, found)
    return found


def _named(columns: Iterable[object], pattern: str) -> list[str]:
    """Columns whose name matches, in the order of the pattern's alternatives."""
    names = [str(name) for name in columns]
    hits = [name for name in names if re.fullmatch(pattern, name, re.IGNORECASE)]
    options = pattern.split("|")
    rank = {name: _first(options, name) for name in hits}
    return sorted(hits, key=lambda name: rank[name])


def _first(options: list[str], name: str) -> int:
    for index, option in enumerate(options):
        if option.count("(") == option.count(")") and re.fullmatch(option, name, re.IGNORECASE):
            return index
    return len(options)


def _id(frame: pd.DataFrame, found: Guesses) -> None:
    for name in _named(frame.columns, IDS):
        if frame[name].notna().all() and frame[name].is_unique:
            found.set("id", name, "", "named like an id, and its values are unique")
            return
    for name in frame.columns:
        whole = frame[name].dtype.kind not in "fb"
        if whole and frame[name].notna().all() and frame[name].is_unique:
            found.set("id", str(name), "", "the first column whose values are unique; its name says nothing")
            return
    found.missing["id"] = "no column has unique values: add one, and name it here"


def _quantities(frame: pd.DataFrame, found: Guesses) -> None:
    numeric = [name for name in frame.columns if frame[name].dtype.kind in "iuf"]
    for key, (pattern, default) in QUANTITIES.items():
        hits = [name for name in _named(numeric, pattern) if name != found.columns.get("id", ("", ""))[0]]
        if not hits:
            found.missing[key] = _GAPS[key]
            continue
        unit, why = _unit(hits[0], default)
        others = f"; {', '.join(hits[1:SHOWN])} would do too" if len(hits) > 1 else ""
        found.set(key, hits[0], unit, f"its name; {why}{others}")


_GAPS = {
    "area": "no area column: add one in ha, m2 or mu; it is not computed from shapes",
    "slope": "rules on slope cannot be applied",
    "precipitation": "rules on rainfall cannot be applied, nor the regrowth curve by rainfall",
    "elevation": "rules on elevation cannot be applied",
    "grain_yield": "food cannot be measured",
    "runoff": "water is counted as a change only",
    "intactness": "taken from the land cover",
    "soil_carbon": "not known by parcel",
    "soil_carbon_potential": "not known by parcel",
    "soil_carbon_technical": "a share of what the soil lacks where carbon.soil caps its gain",
    "baseline_flux": "by land class where carbon.net gives it, else 0",
}


def _unit(column: str, default: str) -> tuple[str, str]:
    for pattern, unit in UNITS:
        if re.fullmatch(pattern, column, re.IGNORECASE):
            if (unit, default) == ("t/ha", "t C/ha"):
                return default, "the name says t/ha, read as tonnes of carbon"
            return unit, f"the name gives the unit {unit}"
    return default, f"NO UNIT IN THE NAME, {default} is assumed: check it"


def _cover(frame: pd.DataFrame, found: Guesses) -> None:
    taken = {column for column, _ in found.columns.values()}
    candidates = [name for name in _named(frame.columns, CODES) if name not in taken]
    for name in candidates:
        values = frame[name].dropna().astype(str).unique()
        for system in ("TD/T 1055", "plain"):
            unknown = [value for value in values if read_code(value, system) is None]
            if len(values) and len(unknown) <= len(values) / 3:
                left = f"; UNKNOWN, to be mended first: {', '.join(unknown[:SHOWN])}" if unknown else ""
                found.set("cover", name, "", f"{len(values)} values, most are {system} codes{left}")
                found.code_system = system
                return
    tried = "; ".join(f"{name} holds {_samples(frame[name])}" for name in candidates)
    why = f" ({tried}: neither TD/T 1055 codes nor plain names such as dry_cropland)" if tried else ""
    found.missing["cover"] = (
        f"no land-cover column{why}: every intervention is admissible everywhere, and food, biodiversity and "
        "cropland cannot be measured"
    )


def _samples(column: pd.Series) -> str:
    values = [str(value) for value in column.dropna().unique()]
    return ", ".join(values[:SHOWN]) + (" ..." if len(values) > SHOWN else "")


def _slope_class(frame: pd.DataFrame, found: Guesses) -> None:
    hits = _named(frame.columns, r"gdpdjb|slope_class|pdj")
    if hits and "slope" not in found.columns:
        found.set("slope_class", hits[0], "", "its name; classes 1 to 5 of cropland")
        del found.missing["slope"]


def _flags(frame: pd.DataFrame, found: Guesses) -> None:
    consent = [name for name in _named(frame.columns, CONSENT) if _is_flag(frame[name])]
    found.consent = consent[0] if consent else ""
    masks = _named(frame.columns, MASKS)
    found.masks = tuple(name for name in masks if _is_flag(frame[name]) and name != found.consent)


def _is_flag(column: pd.Series) -> bool:
    values = {str(value).strip().lower() for value in column.dropna().unique()}
    return bool(values) and values <= {"0", "1", "true", "false", "0.0", "1.0"}


def _regions(frame: pd.DataFrame, found: Guesses) -> None:
    """Region columns by name, outermost first, as long as each lies within the one before."""
    chosen: list[str] = []
    for pattern in LEVELS:
        for name in _named(frame.columns, pattern):
            if frame[name].isna().any() or not 1 <= frame[name].nunique() <= MOST_REGIONS:
                continue
            if not chosen or _nested(frame, chosen[-1], name):
                chosen.append(name)
                break
    found.regions = tuple(chosen)
    if not chosen:
        few = [str(name) for name in frame.columns if _few(frame[name])]
        hint = f" ({', '.join(few[:SHOWN])} have few values and may do)" if few else ""
        found.missing["regions"] = (
            f"no region column known by name{hint}: limits hold for the whole study only"
        )


def _nested(frame: pd.DataFrame, outer: str, inner: str) -> bool:
    return bool((frame.groupby(inner)[outer].nunique() <= 1).all())


def _few(column: pd.Series) -> bool:
    if column.dtype.kind == "f" or column.isna().any():
        return False
    return bool(2 <= column.nunique() <= min(MOST_REGIONS, np.sqrt(len(column)) + 10))
