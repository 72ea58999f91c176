"""One reader per kind of file: tables in `table` (by columns in `columnar`), layers in `layer`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from landfront.instances.faults import Fault, InputError
from landfront.instances.landscape import Geometry
from landfront.instances.schema import near, some

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd

TABLES = frozenset({".csv", ".tsv", ".txt", ".parquet", ".geoparquet", ".arrow", ".feather"})
LAYERS = frozenset({".gpkg", ".shp", ".geojson", ".json", ".fgb"})


def read_table(
    path: str | Path,
    *,
    layer: str | None = None,
    encoding: str = "auto",
    columns: Sequence[str] | None = None,
    coded: Sequence[str] = (),
) -> pd.DataFrame:
    """Read a table or the attributes of a layer, without geometry and without silent coercion.

    In a CSV only an empty cell is missing ("NA" is a name like any other); a column is integer or float only
    if every cell is, and codes with leading zeros stay text. Integers with missing cells stay exact. What the
    reader did stands in ``frame.attrs["notes"]``, the encoding in ``frame.attrs["encoding"]``.

    Parameters
    ----------
    path
        CSV, Parquet, Arrow (Feather 2), GeoPackage, Shapefile, GeoJSON or FlatGeobuf. An Arrow file is mapped
        into memory, and uncompressed columns of numbers stay there: do not write into it meanwhile.
    layer
        Layer to read where a file holds several.
    encoding
        "auto" (the .cpg of a Shapefile, else UTF-8 if the bytes are valid, else GB18030) or a name.
    columns
        Columns to read, in this order; all by default.
    coded
        Columns whose text is wanted as categories, which is faster where few texts fill many rows.

    Raises
    ------
    InputError
        If the file cannot be read, is of another kind, or lacks a column, or if the encoding does not fit.
    """
    path = Path(path)
    names = column_names(path, layer=layer, encoding=encoding)
    if columns is not None and (missing := [name for name in columns if name not in names]):
        raise InputError([missing_column(path.name, name, names) for name in missing])
    reader = _reader(path)
    frame: pd.DataFrame = reader.read(path, layer=layer, encoding=encoding, columns=columns, coded=coded)
    return frame


def column_names(path: str | Path, *, layer: str | None = None, encoding: str = "auto") -> list[str]:
    """Names of the columns of a table or layer, without its geometry.

    Raises
    ------
    InputError
        If the file cannot be read.
    """
    path = Path(path)
    if not path.is_file():
        raise InputError([_absent(path)])
    names: list[str] = _reader(path).column_names(path, layer=layer, encoding=encoding)
    return names


def read_geometry(geometry: Geometry) -> gpd.GeoDataFrame:
    """Read the ids and shapes of the parcels, in the order of the layer.

    Raises
    ------
    InputError
        If the layer cannot be read or holds no geometry.
    """
    columns = [geometry.id_column]
    return read_shapes(geometry.path, layer=geometry.layer, encoding=geometry.encoding, columns=columns)


def read_shapes(
    path: Path, *, layer: str | None = None, encoding: str = "auto", columns: Sequence[str] = ()
) -> gpd.GeoDataFrame:
    """Read the shapes of a layer and some of its columns; ``attrs["notes"]`` says what the reader did.

    Raises
    ------
    InputError
        If the layer cannot be read, holds no geometry or lacks a column.
    """
    names = column_names(path, layer=layer, encoding=encoding)
    if missing := [name for name in columns if name not in names]:
        raise InputError([missing_column(path.name, name, names) for name in missing])
    if not has_geometry(path, layer=layer):
        fix = "Give a layer with shapes; parcels can do without (parcels.geometry = false)."
        raise InputError([Fault(path.name, "", "holds no geometry", fix)])
    with np.errstate(invalid="ignore"):  # corners that are no number are for the caller to judge
        frame: gpd.GeoDataFrame = _reader(path).read_shapes(
            path, layer=layer, encoding=encoding, columns=columns
        )
    return frame


def has_geometry(path: str | Path, *, layer: str | None = None) -> bool:
    """Tell whether a file holds geometry."""
    found: bool = _reader(Path(path)).has_geometry(Path(path), layer=layer)
    return found


def missing_column(table: str, column: str, names: Sequence[str]) -> Fault:
    """Make the fault for a column that a table lacks; it says which columns there are."""
    hint = near(column, names)
    return Fault(table, column, "no such column", f"{hint} Its columns are {some(names, 40)}.".strip())


def _reader(path: Path) -> Any:
    suffix = path.suffix.lower()
    if suffix in TABLES:
        from landfront.instances.readers import table

        return table
    if suffix in LAYERS:
        from landfront.instances.readers import layer

        return layer
    known = ", ".join(sorted(TABLES | LAYERS))
    raise InputError(
        [Fault(path.name, "", f"files that end in {suffix!r} are not read", f"Give one of {known}.")]
    )


def _absent(path: Path) -> Fault:
    if path.is_dir():
        return Fault(path.name, "", "is a folder", "Name a file in it.")
    if path.is_symlink():
        return Fault(path.name, "", "is a link to a file that is not there", "Mend the link.")
    folder = path.parent
    others = sorted(entry.name for entry in folder.iterdir()) if folder.is_dir() else []
    hint = near(path.name, others) or f"The folder {folder} holds {some(others) or 'no such file'}."
    return Fault(path.name, "", "no such file", hint)
