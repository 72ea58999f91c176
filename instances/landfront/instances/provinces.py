"""The study ``china-provinces``: national figures as strata of province, land class and slope class.

Each stratum is a planning unit that may be shared among interventions. No geometry: borders are never drawn.
Every unit carries the marks (seen, inferred, recalled, assumed) of what its numbers rest on.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from landfront.instances.faults import Fault, refuse
from landfront.instances.staging import staged

if TYPE_CHECKING:
    import pandas as pd

Floats = NDArray[np.float64]

PACKAGED = Path(__file__).parent / "examples" / "china_provinces"
SLOPE_COLUMNS = tuple(f"cropland_slope_{name}_kha" for name in ("le2", "2_6", "6_15", "15_25", "gt25"))
SLOPE_DEGREES = (1.0, 4.0, 10.5, 20.0, 30.0)
ZONES = {
    "tropical": "zoneshare_trop",
    "south_subtropical": "zoneshare_ssub",
    "north_subtropical": "zoneshare_nsub",
    "warm_temperate": "zoneshare_wtemp",
    "cold_temperate": "zoneshare_ctemp",
}
DEGRADED = 0.267
WEAKEST = ("seen", "inferred", "recalled", "assumed")
SMALLEST = 1e-6


def write_provinces(folder: str | Path) -> Path:
    """Write the study folder ``china-provinces`` and return its study.toml.

    Raises
    ------
    InputError
        If the folder already holds a study, or cannot be written.
    """
    folder = Path(folder)
    if (folder / "study.toml").exists():
        refuse(Fault(str(folder), "", "already holds a study.toml", "Give a new folder."))
    units = strata()
    with staged(folder) as scratch:
        units.to_csv(scratch / "units.csv", index=False, float_format="%.12g")
        mark_summary(units).to_csv(scratch / "marks.csv", index=False, float_format="%.10g")
        for name, bounds in _bounds(units).items():
            bounds.to_csv(scratch / f"{name}.csv", index=False, float_format="%.10g")
        for name in ("SOURCES.md", "README.txt", "study.toml"):
            shutil.copyfile(PACKAGED / name, scratch / name)
    return folder / "study.toml"


def strata() -> pd.DataFrame:
    """The planning units: one row per province, land class and slope class with an area above 0."""
    import pandas as pd

    provinces, marks, classes = _provinces(), _marks(), _packaged("classes", {"code": str})
    plain = classes[classes["slope_deg"].notna()]
    units = pd.concat([_cropland(provinces, marks, classes), _others(provinces, marks, plain)])
    units = units[units["area_kha"] > SMALLEST].merge(classes[["land_class", "name_zh"]], on="land_class")
    units = units.rename(columns={"name_zh": "land_class_zh"}).merge(_setting(provinces), on="province")
    units["grain_yield_t_ha"] = _yields(units, provinces)
    units["yield_mark"] = np.where(units["slope_class"] > 0, "assumed", "")
    units["climate_mark"] = "recalled"
    units["unit"] = units["province"].str.replace(" ", "_") + "-" + units["code"]
    sloping = units["slope_class"] > 0
    units.loc[sloping, "unit"] += "-s" + units.loc[sloping, "slope_class"].astype(str)
    order = ["unit", "region", "province", "land_class", "code", "slope_class", "slope_deg", "area_kha"]
    rest = [name for name in units.columns if name not in order]
    return units.sort_values(["order", "code", "slope_class"])[order + rest].drop(columns="order")


def joint_areas(kinds: Floats, slopes: Floats) -> Floats:
    """Cropland of each kind on each slope class such that both margins hold: the flattest land first.

    Paddy takes the flattest classes, irrigated cropland the next, dry cropland the rest: along one axis of
    area, kinds and slope classes are two sets of intervals, and a cell is the length that two of them share.
    Slope classes are scaled to the total of the kinds (they differ by rounding).

    Parameters
    ----------
    kinds, slopes
        Shapes (provinces, kinds) and (provinces, classes).

    Returns
    -------
    ndarray
        Shape (provinces, kinds, classes).
    """
    slopes = slopes * (kinds.sum(axis=1) / slopes.sum(axis=1))[:, None]
    ends = [np.cumsum(margin, axis=1) for margin in (kinds, slopes)]
    begins = [end - margin for end, margin in zip(ends, (kinds, slopes), strict=True)]
    low = np.maximum(begins[0][:, :, None], begins[1][:, None, :])
    high = np.minimum(ends[0][:, :, None], ends[1][:, None, :])
    return np.asarray(np.maximum(high - low, 0.0), dtype=np.float64)


def mark_summary(units: pd.DataFrame) -> pd.DataFrame:
    """Units and area by mark, for each group of columns."""
    import pandas as pd

    tables = []
    for name in ("area_mark", "slope_mark", "yield_mark", "climate_mark"):
        grouped = units[units[name] != ""].groupby(name)["area_kha"].agg(["size", "sum"]).reset_index()
        grouped.columns = pd.Index(["mark", "units", "area_kha"])
        tables.append(grouped.assign(columns=name.removesuffix("_mark")))
    return pd.concat(tables)[["columns", "mark", "units", "area_kha"]]


def _packaged(name: str, dtype: dict[str, type] | None = None) -> pd.DataFrame:
    import pandas as pd

    return pd.read_csv(PACKAGED / f"{name}.csv", dtype=dtype)


def _provinces() -> pd.DataFrame:
    table = _packaged("provinces")
    table["wetland_inland_kha"] = table["wetland_kha"] - table["wetland_mangrove_kha"]
    return table


def _marks() -> pd.DataFrame:
    table = _packaged("marks")
    table["wetland_inland_kha"] = [
        _weaker(*pair) for pair in zip(table["wetland_kha"], table["wetland_mangrove_kha"], strict=True)
    ]
    return table


def _weaker(*marks: str) -> str:
    return max(marks, key=WEAKEST.index)


def _cropland(provinces: pd.DataFrame, marks: pd.DataFrame, classes: pd.DataFrame) -> pd.DataFrame:
    """Cropland strata; their area is assumed unless the province has one kind or one slope class only."""
    import pandas as pd

    kinds = classes[classes["slope_deg"].isna()]
    margin = provinces[kinds["column"]].to_numpy(np.float64)
    slopes = provinces[list(SLOPE_COLUMNS)].to_numpy(np.float64)
    areas = joint_areas(margin, slopes)
    province, kind, slope = (axis.ravel() for axis in np.indices(areas.shape))
    single = ((margin > 0).sum(axis=1) == 1) | ((slopes > 0).sum(axis=1) == 1)
    kind_mark = marks[kinds["column"]].to_numpy(object)[province, kind]
    slope_mark = marks[list(SLOPE_COLUMNS)].to_numpy(object)[province, slope]
    return pd.DataFrame(
        {
            "province": provinces["province"].to_numpy(object)[province],
            "land_class": kinds["land_class"].to_numpy(object)[kind],
            "code": kinds["code"].to_numpy(object)[kind],
            "slope_class": slope + 1,
            "slope_deg": np.array(SLOPE_DEGREES)[slope],
            "area_kha": areas.ravel(),
            "area_mark": np.where(single[province], kind_mark, "assumed"),
            "slope_mark": slope_mark,
        }
    )


def _others(provinces: pd.DataFrame, marks: pd.DataFrame, classes: pd.DataFrame) -> pd.DataFrame:
    """Strata of the other land classes, each on one assumed slope."""
    import pandas as pd

    shape = (len(provinces), len(classes))
    province, kind = (axis.ravel() for axis in np.indices(shape))
    return pd.DataFrame(
        {
            "province": provinces["province"].to_numpy(object)[province],
            "land_class": classes["land_class"].to_numpy(object)[kind],
            "code": classes["code"].to_numpy(object)[kind],
            "slope_class": 0,
            "slope_deg": classes["slope_deg"].to_numpy(np.float64)[kind],
            "area_kha": provinces[classes["column"]].to_numpy(np.float64).ravel(),
            "area_mark": marks[classes["column"]].to_numpy(object).ravel(),
            "slope_mark": "assumed",
        }
    )


def _setting(provinces: pd.DataFrame) -> pd.DataFrame:
    """What all units of a province share: region, names, rainfall, growth zones, caveat."""
    regions = _packaged("regions").set_index("region")
    setting = provinces[["province", "province_zh"]].copy()
    setting["region"] = regions["name"].loc[provinces["region"]].to_numpy()
    setting["region_zh"] = regions["name_zh"].loc[provinces["region"]].to_numpy()
    setting["precip_mm"] = provinces["precip_mm"]
    shares = provinces[list(ZONES.values())].to_numpy(np.float64)
    shares /= shares.sum(axis=1, keepdims=True)
    setting[[f"zone_{zone}" for zone in ZONES]] = shares
    setting["alpine_or_arid"] = provinces["zone_caveat"].notna().astype(int)
    setting["order"] = np.arange(len(provinces))
    return setting


def _yields(units: pd.DataFrame, provinces: pd.DataFrame) -> Floats:
    """Yield in t/ha: each province's harvest over its cropland in proportion to kind and slope weights."""
    table = _packaged("weights", {"class": str})
    weights = {group: part.set_index("class")["weight"] for group, part in table.groupby("group")}
    raw = units["code"].map(weights["kind"]) * units["slope_class"].astype(str).map(weights["slope"])
    raw = raw.fillna(0.0)
    weighted = (raw * units["area_kha"]).groupby(units["province"]).sum()
    scale = provinces.set_index("province")["grain_output_kt"] / weighted
    return np.asarray(raw * units["province"].map(scale), dtype=np.float64)


def _bounds(units: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Bounds by province in ha: the cropland to retain by 2035, and how much grassland counts as degraded."""
    import pandas as pd

    provinces = _provinces()
    grass = units[units["code"].isin(["0401", "0404"])].groupby("province", sort=False)["area_kha"].sum()
    retained = pd.DataFrame({"region": provinces["province"], "min": provinces["retention_2035_kha"] * 1e3})
    retained["max"] = ""
    degraded = pd.DataFrame({"region": grass.index, "min": "", "max": grass.to_numpy() * DEGRADED * 1e3})
    return {"cropland_2035": retained, "degraded_grassland": degraded}
