"""plans.gpkg: the parcels' geometry once, a table per named plan, and a coloured spatial view of each."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import numpy as np
import pandas as pd

from landfront.instances.landscape import Landscape
from landfront.instances.readers import read_geometry
from landfront.report.quantities import HA_PER_MU
from landfront.report.result import Named, Result, labels_in
from landfront.report.style import colours

PARCELS, NAMES = "parcels", "interventions"
LANGUAGES = ("en", "zh")
STYLES = """
CREATE TABLE layer_styles (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL, f_table_catalog TEXT(256), f_table_schema TEXT(256),
    f_table_name TEXT(256), f_geometry_column TEXT(256), styleName TEXT(30), styleQML TEXT, styleSLD TEXT,
    useAsDefault BOOLEAN, description TEXT, owner TEXT(30), ui TEXT(30),
    update_time DATETIME DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now'))
)
"""
ATTRIBUTES = """
INSERT INTO gpkg_contents (table_name, data_type, identifier, description) VALUES (?, 'attributes', ?, ?)
"""
DESCRIBE = "UPDATE gpkg_contents SET description = ? WHERE table_name = ?"
FEATURES = """
INSERT INTO gpkg_contents
    (table_name, data_type, identifier, description, min_x, min_y, max_x, max_y, srs_id)
SELECT ?, 'features', ?, ?, min_x, min_y, max_x, max_y, srs_id FROM gpkg_contents WHERE table_name = ?
"""
GEOMETRY = (
    "SELECT column_name, geometry_type_name, srs_id, z, m FROM gpkg_geometry_columns WHERE table_name = ?"
)
STYLE = """
INSERT INTO layer_styles (f_table_catalog, f_table_schema, f_table_name, f_geometry_column, styleName,
    styleQML, useAsDefault, description, owner)
VALUES ('', '', ?, ?, ?, ?, 1, ?, '')
"""


def parcel_geometry(landscape: Landscape) -> Any:
    """Geometry of the parcels in the landscape's order, as a GeoDataFrame with the column ``parcel``."""
    if landscape.geometry is None:
        raise ValueError("this study has no geometry")
    layer = read_geometry(landscape.geometry)
    name = next(column for column in layer.columns if column != layer.geometry.name)
    ids, wanted = pd.Index(layer[name].astype(str)), pd.Index(landscape.ids.astype(str))
    # The reader keeps the file's order, which may be another one than the table of parcels has.
    if not ids.equals(wanted):
        layer = layer.iloc[ids.get_indexer(wanted)].reset_index(drop=True)
    return layer[[name, layer.geometry.name]].rename(columns={name: "parcel"})


def layer_of(result: Result) -> Any:
    """The geometry of a result's parcels, read once for layers and maps."""
    if "layer" not in result.kept:
        result.kept["layer"] = parcel_geometry(result.formulation.landscape)
    return result.kept["layer"]


def write_layers(result: Result, path: Path) -> None:
    """Write the GeoPackage of a study that has geometry."""
    layer = layer_of(result).copy(deep=False)
    for name, column in _attributes(result.formulation.landscape).items():
        layer[name] = column
    promote = bool(layer.geom_type.isin(["MultiPolygon", "MultiPoint"]).any())
    # Programs of several years ago, which offices keep, read this version without a warning.
    layer.to_file(path, layer=PARCELS, driver="GPKG", promote_to_multi=promote, VERSION="1.2", use_arrow=True)
    first: dict[int, str] = {}
    for named in result.named:
        if first.setdefault(named.point, named.name) == named.name:
            _write_plan(result, named, path)
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(STYLES)
        connection.execute(ATTRIBUTES, ("layer_styles", "layer_styles", "styles for QGIS"))
        _names(result).to_sql(NAMES, connection, index=False)
        connection.execute(ATTRIBUTES, (NAMES, NAMES, "names and colours of the interventions"))
        for named in result.named:
            if first[named.point] == named.name:
                connection.execute(DESCRIBE, (named.label, f"plan_{named.name}"))
            else:
                _copy_plan(connection, first[named.point], named)
            _register(connection, f"plan_{named.name}", f"map_{named.name}", named.label)
            style = _style(result, connection)
            _add_style(connection, f"map_{named.name}", named.label, style)


def _write_plan(result: Result, named: Named, path: Path) -> None:
    """Write the table of a plan through Arrow: a row at a time takes minutes for a million."""
    import pyarrow as pa
    import pyogrio

    table = pa.table(plan_columns(result, named.point))
    name = f"plan_{named.name}"
    pyogrio.write_arrow(table, path, layer=name, driver="GPKG", geometry_name=None, geometry_type=None)


def _copy_plan(connection: sqlite3.Connection, source: str, named: Named) -> None:
    """Make the table of a plan that is the same point as one that has a table."""
    one, two = f"plan_{source}", f"plan_{named.name}"
    query = "SELECT sql FROM sqlite_master WHERE name = ?"
    made = str(connection.execute(query, (one,)).fetchone()[0])
    connection.execute(made.replace(f'"{one}"', f'"{two}"', 1))
    connection.execute(f'INSERT INTO "{two}" SELECT * FROM "{one}"')
    connection.execute(ATTRIBUTES, (two, two, named.label))


def _names(result: Result) -> pd.DataFrame:
    """Names of the interventions in English and Chinese, once for all plans."""
    names = result.formulation.menu.interventions
    frame: dict[str, Any] = {"fid": range(1, len(names) + 1), "intervention": names}
    for language in LANGUAGES:
        frame[f"name_{language}"] = list(labels_in(result.formulation, language).values())
    return pd.DataFrame(frame | {"colour": list(colours(names).values())})


def plan_columns(result: Result, point: int) -> dict[str, Any]:
    """One row per parcel: main intervention, its share, the mix where shared, change of each criterion."""
    plan = result.plan(point)
    parcel, kind, share = (plan.chosen[name].to_numpy() for name in ("parcel", "kind", "share"))
    starts = np.flatnonzero(np.diff(parcel, prepend=-1))
    names = np.array(result.formulation.menu.interventions, dtype=object)
    # The first of equal shares is the main one.
    main = starts if len(starts) == len(parcel) else np.lexsort((-share, parcel))[starts]
    columns = {"intervention": _text(names, kind[main]), "share": share[main]}
    columns["mix"] = _mix(names[kind], share, starts)
    for name in result.formulation.sums:
        columns[name] = np.add.reduceat(plan.change_by_option(name), starts)
    return columns


def _text(names: Any, place: Any) -> Any:
    """Names by their place, without an object per row."""
    import pyarrow as pa

    return pa.array(names.tolist(), pa.string()).take(pa.array(place))


def _mix(names: Any, share: Any, starts: Any) -> Any:
    """``a 0.6; b 0.4`` for shared parcels, empty for the others."""
    import pyarrow as pa

    count = np.diff(np.append(starts, len(share)))
    shared = np.flatnonzero(count > 1)
    texts = [""]
    for start, options in zip(starts[shared], count[shared], strict=True):
        parts = range(start, start + options)
        texts.append("; ".join(f"{names[j]} {share[j]:.3g}" for j in parts))
    place = np.zeros(len(starts), dtype=np.int64)
    place[shared] = np.arange(1, len(texts))
    return pa.array(texts, pa.string()).take(pa.array(place))


def _plan_rows(result: Result, point: int) -> pd.DataFrame:
    """The table of a plan as it is read back, its rows numbered from 1 as features of a GeoPackage are."""
    import pyarrow as pa

    columns = plan_columns(result, point)
    frame: pd.DataFrame = pa.table(columns).to_pandas()
    frame.insert(0, "fid", np.arange(1, len(frame) + 1))
    return frame


def _attributes(landscape: Landscape) -> dict[str, Any]:
    """What the parcel layer says of each parcel: area, land cover, regions."""
    columns: dict[str, Any] = {"area_ha": landscape.area, "area_mu": landscape.area / HA_PER_MU}
    if landscape.cover_codes:
        codes = np.array([*landscape.cover_codes, ""], dtype=object)
        columns["cover"] = codes[landscape.cover]
    for place, level in enumerate(landscape.levels):
        names = np.array(landscape.region_names[place], dtype=object)
        columns[level] = names[landscape.regions[:, place]]
    return columns


def _register(connection: sqlite3.Connection, table: str, view: str, label: str) -> None:
    """Make the spatial view of a plan table and tell the GeoPackage that both exist."""
    geometry, kind, srs, z, m = connection.execute(GEOMETRY, (PARCELS,)).fetchone()
    columns = [row[1] for row in connection.execute(f'PRAGMA table_info("{table}")') if row[1] != "fid"]
    parcel = [
        row[1]
        for row in connection.execute(f'PRAGMA table_info("{PARCELS}")')
        if row[1] not in ("fid", geometry)
    ]
    # GDAL and QGIS take a column named OGC_FID as the number of the feature.
    shown = [
        *(f'p."{name}"' for name in [geometry, *parcel]),
        *(f't."{name}"' for name in columns if name not in parcel),
        *(f'i."name_{language}"' for language in LANGUAGES),
    ]
    connection.execute(
        f'CREATE VIEW "{view}" AS SELECT p.fid AS OGC_FID, {", ".join(shown)} '
        f'FROM "{PARCELS}" p JOIN "{table}" t ON t.fid = p.fid '
        f'LEFT JOIN "{NAMES}" i ON i.intervention = t.intervention'
    )
    connection.execute(FEATURES, (view, view, label, PARCELS))
    connection.execute(
        "INSERT INTO gpkg_geometry_columns VALUES (?, ?, ?, ?, ?, ?)", (view, geometry, kind, srs, z, m)
    )


def _add_style(connection: sqlite3.Connection, view: str, label: str, qml: str) -> None:
    geometry = connection.execute(GEOMETRY, (view,)).fetchone()[0]
    connection.execute(STYLE, (view, geometry, view[:30], qml, label))


def _style(result: Result, connection: sqlite3.Connection) -> str:
    """A QGIS style with one colour per intervention, for polygons or points."""
    kind = connection.execute("SELECT geometry_type_name FROM gpkg_geometry_columns").fetchone()[0]
    point = "POINT" in kind
    root = ET.Element("qgis", version="3.28", styleCategories="Symbology")
    renderer = ET.SubElement(
        root, "renderer-v2", type="categorizedSymbol", attr="intervention", symbollevels="0"
    )
    categories = ET.SubElement(renderer, "categories")
    symbols = ET.SubElement(renderer, "symbols")
    languages = LANGUAGES if result.in_yuan else LANGUAGES[:1]
    labels = [labels_in(result.formulation, language) for language in languages]
    for place, (name, colour) in enumerate(colours(result.formulation.menu.interventions).items()):
        ET.SubElement(
            categories, "category", symbol=str(place), value=name,
            label=" / ".join(dict.fromkeys(words[name] for words in labels)), render="true", type="string",
        )  # fmt: skip
        _symbol(symbols, str(place), colour, point=point)
    ET.SubElement(root, "layerGeometryType").text = "0" if point else "2"
    return "<!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'>\n" + ET.tostring(
        root, encoding="unicode"
    )


def _symbol(symbols: ET.Element, name: str, colour: str, *, point: bool) -> None:
    rgb = ",".join(str(int(colour[start : start + 2], 16)) for start in (1, 3, 5))
    symbol = ET.SubElement(symbols, "symbol", type="marker" if point else "fill", name=name, alpha="1")
    kind = "SimpleMarker" if point else "SimpleFill"
    layer = ET.SubElement(symbol, "layer", {"class": kind, "enabled": "1", "locked": "0", "pass": "0"})
    options = ET.SubElement(layer, "Option", type="Map")
    values = {
        "color": f"{rgb},255", "style": "solid", "outline_color": "255,255,255,255",
        "outline_width": "0.05", "outline_style": "solid", "outline_width_unit": "MM",
    }  # fmt: skip
    for key, value in values.items():
        ET.SubElement(options, "Option", name=key, type="QString", value=value)


def _read_plan(path: Path, connection: sqlite3.Connection, name: str) -> pd.DataFrame:
    """The table of a plan as it stands, with its numbers of features."""
    import pyogrio
    from pyogrio.errors import DataLayerError, DataSourceError

    try:
        _, table = pyogrio.read_arrow(path, layer=name, return_fids=True)
        frame: pd.DataFrame = table.to_pandas()
        return frame
    except (DataLayerError, DataSourceError, RuntimeError):  # SQLite says better what is wrong
        return pd.read_sql_query(f'SELECT * FROM "{name}" ORDER BY fid', connection)


def check_layers(result: Result, path: Path) -> list[str]:
    """What differs between the plan tables of a GeoPackage and the plans themselves."""
    from landfront.report.compare import compare_tables

    faults: list[str] = []
    try:
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as connection:
            for named in result.named:
                stated = _read_plan(path, connection, f"plan_{named.name}")
                again = _plan_rows(result, named.point)
                faults += [f"plan_{named.name}: {fault}" for fault in compare_tables(stated, again)]
            areas = pd.read_sql_query(f'SELECT area_ha FROM "{PARCELS}" ORDER BY fid', connection)
    except (sqlite3.DatabaseError, pd.errors.DatabaseError) as error:
        return [*faults, f"cannot be read ({error})"]
    again_areas = pd.DataFrame({"area_ha": result.formulation.landscape.area})
    return faults + [f"{PARCELS}: {fault}" for fault in compare_tables(areas, again_areas)]
