"""Reader of GeoPackage, Shapefile, GeoJSON and FlatGeobuf, through pyogrio."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyogrio
from pyogrio.errors import DataLayerError, DataSourceError
from shapely.errors import ShapelyError

from landfront.instances.faults import Fault, InputError
from landfront.instances.readers.encoding import Encoding, file_chunks, find_encoding
from landfront.instances.readers.frame import to_frame
from landfront.instances.schema import near

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd

UNREADABLE = "It may be damaged or cut short: open it in a GIS, or write it anew."


def column_names(path: Path, *, layer: str | None, encoding: str) -> list[str]:
    """Names of the attribute columns."""
    return list(_info(path, layer, _encoding(path, encoding).name)["fields"])


def read(
    path: Path,
    *,
    layer: str | None,
    encoding: str,
    columns: Sequence[str] | None,
    coded: Sequence[str],
) -> pd.DataFrame:
    """Read the attribute columns asked for, or all."""
    found = _encoding(path, encoding)
    names = column_names(path, layer=layer, encoding=encoding) if columns is None else list(columns)
    try:
        _, table = pyogrio.read_arrow(
            path, layer=layer, encoding=_shapefile(path, found), columns=names, read_geometry=False
        )
    except (DataSourceError, DataLayerError, RuntimeError) as error:
        raise InputError([_unreadable(path, error)]) from error
    frame = to_frame(table.select(names), coded)
    frame.attrs = {"encoding": found.name, "notes": (found.note,) if found.note else ()}
    return frame


def has_geometry(path: Path, *, layer: str | None) -> bool:
    """Tell whether the layer holds geometry."""
    return _info(path, layer, None)["geometry_type"] is not None


def read_shapes(path: Path, *, layer: str | None, encoding: str, columns: Sequence[str]) -> gpd.GeoDataFrame:
    """Read the shapes of a layer and some of its columns."""
    found = _encoding(path, encoding)
    try:
        frame = pyogrio.read_dataframe(
            path, layer=layer, encoding=_shapefile(path, found), columns=list(columns), use_arrow=True
        )
    except (DataSourceError, DataLayerError, RuntimeError, ShapelyError) as error:
        raise InputError([_unreadable(path, error)]) from error
    frame.attrs = {"notes": (found.note,) if found.note else ()}
    return frame


def _info(path: Path, layer: str | None, encoding: str | None) -> dict[str, Any]:
    try:
        layers = [str(name) for name in pyogrio.list_layers(path)[:, 0]]
        if layer is None and len(layers) != 1:
            fix = f"Name one with layer = in study.toml: {', '.join(layers)}."
            raise InputError([Fault(path.name, "layer", f"holds {len(layers)} layers", fix)])
        if layer is not None and layer not in layers:
            fix = f"{near(layer, layers)} It holds {', '.join(layers)}.".strip()
            raise InputError([Fault(path.name, "layer", f"no layer {layer!r}", fix)])
        asked = encoding if path.suffix.lower() == ".shp" else None
        info: dict[str, Any] = pyogrio.read_info(path, layer=layer, encoding=asked)
    except (DataSourceError, DataLayerError) as error:
        raise InputError([_unreadable(path, error)]) from error
    return info


def _unreadable(path: Path, error: Exception) -> Fault:
    text = str(error).splitlines()[0].rstrip(". ").replace(str(path), path.name)
    missing = [suffix for suffix in (".shx", ".dbf") if _lacks(path, suffix)]
    if missing:
        rule = f"its {' and '.join(missing)} file is missing"
        return Fault(path.name, "", f"cannot be read: {rule}", "Copy all files of the Shapefile together.")
    return Fault(path.name, "", f"cannot be read as a layer ({text})", UNREADABLE)


def _lacks(path: Path, suffix: str) -> bool:
    return path.suffix.lower() == ".shp" and _beside(path, suffix) is None


def _beside(path: Path, suffix: str) -> Path | None:
    """Find the file of a Shapefile with another suffix, in small or capital letters."""
    for name in (path.with_suffix(suffix), path.with_suffix(suffix.upper())):
        if name.exists():
            return name
    return None


def _shapefile(path: Path, found: Encoding) -> str | None:
    """Encoding to hand to GDAL: only Shapefiles have one to choose."""
    return found.name if path.suffix.lower() == ".shp" else None


def _encoding(path: Path, asked: str) -> Encoding:
    """Encoding of a Shapefile's text: the one asked for, its .cpg, or what its bytes show."""
    if path.suffix.lower() != ".shp":
        return Encoding("utf-8")
    dbf, cpg = _beside(path, ".dbf"), _beside(path, ".cpg")
    if dbf is None:
        raise InputError([_unreadable(path, OSError("no .dbf"))])
    _refuse_cut(path, dbf)
    named = _code_page(cpg) if cpg is not None else None
    return find_encoding(path.name, named if asked == "auto" and named else asked, partial(_dbf_text, dbf))


def _refuse_cut(shp: Path, dbf: Path) -> None:
    """Refuse a Shapefile that is shorter than its headers say; GDAL would read what is left of it."""
    with shp.open("rb") as file:
        head = file.read(100)
    shapes = 2 * struct.unpack(">i", head[24:28])[0] if len(head) == 100 else 100
    with dbf.open("rb") as file:
        head = file.read(32)
    count, size, width = struct.unpack("<IHH", head[4:12]) if len(head) == 32 else (0, 32, 0)
    for path, expected in ((shp, shapes), (dbf, size + count * width)):
        if path.stat().st_size < expected:
            rule = f"cannot be read: {path.stat().st_size} bytes long where its header says {expected}"
            raise InputError([Fault(path.name, "", rule, "It is cut short: copy or write it anew.")])


def _code_page(cpg: Path) -> str | None:
    text = cpg.read_text(encoding="ascii", errors="replace").strip().lower().removeprefix("ansi ")
    return {"936": "gbk", "cp936": "gbk", "54936": "gb18030", "65001": "utf-8"}.get(text, text) or None


def _dbf_text(dbf: Path) -> Iterator[bytes]:
    """Bytes of a DBF that hold text: the field names, then the records, without the binary header."""
    with dbf.open("rb") as file:
        header = file.read(32)
        if len(header) < 32:
            return
        size = struct.unpack("<H", header[8:10])[0]
        fields = file.read(max(size - 32, 0))
    for start in range(0, len(fields) - 1, 32):
        yield fields[start : start + 11].split(b"\0")[0].split(b"\r")[0]
    yield b"\n"
    yield from file_chunks(dbf, skip=size)
