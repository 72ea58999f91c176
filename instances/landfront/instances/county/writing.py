"""Files of the synthetic county: GeoPackage, GeoParquet, plain Parquet in slices, or a GBK Shapefile."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal

from landfront.instances.county.mesh import Mesh
from landfront.instances.county.table import County

if TYPE_CHECKING:
    import geopandas as gpd

LayerKind = Literal["gpkg", "parquet", "shp"]
CRS = "EPSG:4526"
SLICE = 500_000
WITH_GEOMETRY = 1_000_000


def write_layer(folder: Path, mesh: Mesh, county: County, *, layer: LayerKind) -> tuple[str, bool]:
    """Write the parcels; returns the file's name and whether it holds their geometry."""
    if layer == "parquet":
        return _parquet(folder / "parcels.parquet", mesh, county)
    if layer == "shp":
        return _shapefile(folder / "parcels.shp", mesh, county)
    _to_file(_frame(mesh, county), folder / "parcels.gpkg", layer="DLTB", driver="GPKG", use_arrow=True)
    return "parcels.gpkg", True


def _frame(mesh: Mesh, county: County) -> gpd.GeoDataFrame:
    import geopandas as gpd

    return gpd.GeoDataFrame(county.frame(), geometry=mesh.polygons(), crs=CRS)


def _to_file(frame: gpd.GeoDataFrame, path: Path, **options: str | bool) -> None:
    """Write a layer; what GDAL could not write is an OSError like any other."""
    from pyogrio.errors import DataLayerError, DataSourceError

    try:
        frame.to_file(path, engine="pyogrio", **options)
    except (DataLayerError, DataSourceError) as error:
        raise OSError(str(error)) from error


def _shapefile(path: Path, mesh: Mesh, county: County) -> tuple[str, bool]:
    """Survey offices hand over Shapefiles in GBK without a .cpg; so does this."""
    frame = _frame(mesh, county).rename(columns={"SOC_POT_T_HA": "SOC_POT_T", "YIELD_KG_MU": "YIELD_KGMU"})
    _to_file(frame, path, driver="ESRI Shapefile", encoding="GBK")
    path.with_suffix(".cpg").unlink(missing_ok=True)
    return path.name, True


def _parquet(path: Path, mesh: Mesh, county: County) -> tuple[str, bool]:
    if len(county) <= WITH_GEOMETRY:
        _frame(mesh, county).to_parquet(path, index=False)
        return path.name, True
    import pyarrow as pa
    import pyarrow.parquet as pq

    schema = pa.Schema.from_pandas(county.frame(0, 10), preserve_index=False)
    with pq.ParquetWriter(path, schema) as writer:
        for start in range(0, len(county), SLICE):
            frame = county.frame(start, start + SLICE)
            writer.write_table(pa.Table.from_pandas(frame, schema=schema, preserve_index=False))
    return path.name, False
