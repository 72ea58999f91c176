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
from landfront.report.result import Result
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
    ids = pd.Index(layer[name].astype(str))
    # The reader keeps the file's order, which may be another one than the table of parcels has.
    order = ids.get_indexer(pd.Index(landscape.ids.astype(str)))
    ordered = layer.iloc[order].reset_index(drop=True)
    return ordered[[name, layer.geometry.name]].rename(columns={name: "parcel"})


def write_layers(result: Result, path: Path) -> None:
    """Write the GeoPackage of a study that has geometry."""
    layer = parcel_geometry(result.formulation.landscape)
    for name, column in _attributes(result.formulation.landscape).items():
        layer[name] = column
    promote = bool(layer.geom_type.isin(["MultiPolygon", "MultiPoint"]).any())
    # Programs of several years ago, which offices keep, read this version without a warning.
    layer.to_file(path, layer=PARCELS, driver="GPKG", promote_to_multi=promote, VERSION="1.2")
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(STYLES)
        connection.execute(ATTRIBUTES, ("layer_styles", "layer_styles", "styles for QGIS"))
        _names(result).to_sql(NAMES, connection, index=False)
        connection.execute(ATTRIBUTES, (NAMES, NAMES, "names and colours of the interventions"))
        for named in result.named:
            _plan_rows(result, named.point).to_sql(f"plan_{named.name}", connection, index=False)
            _register(connection, f"plan_{named.name}", f"map_{named.name}", named.label)
            style = _style(result, connection)
            _add_style(connection, f"map_{named.name}", named.label, style)


def _names(result: Result) -> pd.DataFrame:
    """Names of the interventions in English and Chinese, once for all plans."""
    names, labels = result.formulation.menu.interventions, result.formulation.catalogue.labels
    frame = {"fid": range(1, len(names) + 1), "intervention": names}
    frame |= {f"name_{language}": labels.get(language, names) for language in LANGUAGES}
    return pd.DataFrame(frame | {"colour": list(colours(names).values())})


def plan_rows(result: Result, point: int) -> pd.DataFrame:
    """One row per parcel: main intervention, its share, the mix where shared, change of each criterion."""
    frame = result.plan(point).to_frame()
    position = pd.Index(result.formulation.landscape.ids.astype(str)).get_indexer(frame["parcel"].astype(str))
    frame = frame.assign(_row=position, intervention=frame["intervention"].astype(str))
    effects = [name for name in result.criteria if name in frame.columns]
    main = (
        frame.sort_values("share", ascending=False, kind="stable").drop_duplicates("_row").set_index("_row")
    )
    table = main[["parcel", "intervention", "share"]].sort_index()
    table["mix"] = _mix(frame)
    sums = frame.groupby("_row")[effects].sum()
    return table.join(sums)


def _mix(frame: pd.DataFrame) -> pd.Series:
    """``a 0.6; b 0.4`` for shared parcels, empty for the others."""
    shared = frame[frame.duplicated("_row", keep=False)]
    if shared.empty:
        return pd.Series(dtype=object)
    text = shared["intervention"] + " " + shared["share"].map("{:.3g}".format)
    return text.groupby(shared["_row"]).agg("; ".join)


def _plan_rows(result: Result, point: int) -> pd.DataFrame:
    table = plan_rows(result, point).drop(columns="parcel")
    # Features of a GeoPackage are numbered from 1.
    table.insert(0, "fid", table.index + 1)
    table["mix"] = table["mix"].fillna("")
    return table


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
    connection.execute(f'CREATE UNIQUE INDEX "{table}_fid" ON "{table}" (fid)')
    connection.execute(ATTRIBUTES, (table, table, label))
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
    for place, (name, colour) in enumerate(colours(result.formulation.menu.interventions).items()):
        ET.SubElement(
            categories, "category", symbol=str(place), value=name,
            label=_both(result, place), render="true", type="string",
        )  # fmt: skip
        _symbol(symbols, str(place), colour, point=point)
    ET.SubElement(root, "layerGeometryType").text = "0" if point else "2"
    return "<!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'>\n" + ET.tostring(
        root, encoding="unicode"
    )


def _both(result: Result, place: int) -> str:
    """A label in English, and in Chinese as well for studies in yuan."""
    labels = result.formulation.catalogue.labels
    languages = LANGUAGES if result.in_yuan else LANGUAGES[:1]
    return " / ".join(dict.fromkeys(labels[language][place] for language in languages if language in labels))


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


def check_layers(result: Result, path: Path) -> list[str]:
    """What differs between the plan tables of a GeoPackage and the plans themselves."""
    from landfront.report.compare import compare_tables

    faults: list[str] = []
    try:
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as connection:
            for named in result.named:
                stated = pd.read_sql_query(f'SELECT * FROM "plan_{named.name}" ORDER BY fid', connection)
                again = _plan_rows(result, named.point)
                faults += [f"plan_{named.name}: {fault}" for fault in compare_tables(stated, again)]
            areas = pd.read_sql_query(f'SELECT area_ha FROM "{PARCELS}" ORDER BY fid', connection)
    except (sqlite3.DatabaseError, pd.errors.DatabaseError) as error:
        return [*faults, f"cannot be read ({error})"]
    again_areas = pd.DataFrame({"area_ha": result.formulation.landscape.area})
    return faults + [f"{PARCELS}: {fault}" for fault in compare_tables(areas, again_areas)]
