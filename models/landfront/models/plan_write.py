"""Plans as files: a table or a layer, by the suffix of the path."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from landfront.instances.faults import Fault, InputError

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd

    from landfront.models.plan import Plan

SUFFIXES = (".csv", ".parquet", ".gpkg", ".shp")
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
SHAPEFILE_NAME = 10
PLAN = "plan"


def write_plan(plan: Plan, path: Path) -> Path:
    """Write a plan by the suffix of `path`; nothing is left behind when that fails.

    Raises
    ------
    InputError
        If the suffix is unknown, or a layer is asked for and the study has no geometry.
    """
    if path.suffix.lower() not in SUFFIXES:
        rule = f"cannot write {path.suffix or 'a file without suffix'}"
        raise InputError([Fault(str(path), "", rule, f"Use one of {', '.join(SUFFIXES)}.")])
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=".landfront-") as folder:
        draft = Path(folder) / path.name
        _WRITERS[path.suffix.lower()](plan, draft)
        for part in sorted(Path(folder).iterdir()):
            part.replace(path.parent / part.name)
    return path


def safe_text(frame: pd.DataFrame) -> pd.DataFrame:
    """The frame with an apostrophe before texts that a spreadsheet would run as a formula.

    >>> import pandas as pd
    >>> safe_text(pd.DataFrame({"id": ["=1+1", "a"], "n": [-1, 2]})).to_dict("list")
    {'id': ["'=1+1", 'a'], 'n': [-1, 2]}
    """
    import pandas as pd

    safe = frame.copy()
    for name in frame.columns:
        if pd.api.types.is_numeric_dtype(frame[name]):
            continue
        text = frame[name].astype(str)
        risky = text.str.startswith(FORMULA_STARTS)
        if risky.any():
            safe[name] = text.where(~risky, "'" + text)
    return safe


def _write_csv(plan: Plan, path: Path) -> None:
    safe_text(plan.to_frame()).to_csv(
        path, index=False, encoding="utf-8-sig"
    )  # the mark makes spreadsheets read UTF-8


def _write_parquet(plan: Plan, path: Path) -> None:
    plan.to_frame().to_parquet(path, index=False)


def _write_gpkg(plan: Plan, path: Path) -> None:
    layer(plan).to_file(path, layer=PLAN, driver="GPKG", engine="pyogrio")


def _write_shapefile(plan: Plan, path: Path) -> None:
    found = layer(plan)
    attributes = [name for name in found.columns if name != found.geometry.name]
    short = dict(zip(attributes, _short(attributes), strict=True))
    found.rename(columns=short).to_file(path, driver="ESRI Shapefile", engine="pyogrio", encoding="UTF-8")


_WRITERS = {".csv": _write_csv, ".parquet": _write_parquet, ".gpkg": _write_gpkg, ".shp": _write_shapefile}


def _short(names: list[str]) -> list[str]:
    """Names cut to the ten letters of a Shapefile, kept apart by a number."""
    short: list[str] = []
    for name in names:
        cut, number = name[:SHAPEFILE_NAME], 1
        while cut in short:
            number += 1
            cut = f"{name[: SHAPEFILE_NAME - len(str(number))]}{number}"
        short.append(cut)
    return short


def layer(plan: Plan) -> gpd.GeoDataFrame:
    """The plan with the geometry of its parcels, one row per chosen option.

    Raises
    ------
    InputError
        If the study has no geometry.
    """
    import geopandas as gpd

    from landfront.instances.readers import read_geometry

    landscape = plan.formulation.landscape
    if landscape.geometry is None:
        fix = "Write .csv or .parquet, or name a layer with geometry under parcels.source."
        raise InputError(
            [Fault("study.toml", "parcels.source", "has no geometry, so there is no layer to write", fix)]
        )
    shapes = read_geometry(landscape.geometry)
    geometry = shapes.geometry.take(plan.chosen["parcel"].to_numpy()).to_numpy()
    return gpd.GeoDataFrame(plan.to_frame(), geometry=geometry, crs=shapes.crs)
