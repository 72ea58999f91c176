"""A synthetic Chinese county in the land-survey schema: seeded, of any size, with a study ready to solve.

Land cover, cropland slope and rainfall meet the shares in ``examples/county/calibration.csv``; the spatial
pattern is invented. The same number of parcels and seed give the same table.
"""

from __future__ import annotations

import json
from pathlib import Path
from string import Template

import numpy as np

from landfront.instances.county.attributes import records
from landfront.instances.county.cover import cover, reached, terrain
from landfront.instances.county.mesh import Mesh, build_mesh
from landfront.instances.county.table import County
from landfront.instances.county.writing import LayerKind, write_layer
from landfront.instances.faults import Fault, refuse
from landfront.instances.staging import staged

SMALLEST, LARGEST = 1_000, 10_000_000
MOST = {"gpkg": LARGEST, "shp": 2_000_000, "parquet": LARGEST}
BUDGET_PER_HA = 2000.0
WATER_PER_HA = 150.0
TEMPLATES = Path(__file__).parent / "examples" / "county"


def generate_county(folder: str | Path, parcels: int, seed: int, *, layer: LayerKind = "gpkg") -> Path:
    """Write a synthetic county as a study folder and return its study.toml.

    Parameters
    ----------
    folder
        Made if absent; must not hold a study yet.
    parcels
        How many, from 1,000 to 10,000,000.
    seed
        Non-negative; the same seed gives the same table.
    layer
        "gpkg" (GeoPackage), "parquet" (GeoParquet; above 1,000,000 parcels a table without geometry) or "shp"
        (Shapefile in GBK without a .cpg).

    Raises
    ------
    InputError
        If the size, the seed or the layer is out of range, the folder already holds a study, or it cannot be
        written; nothing is left half-written.
    """
    folder = Path(folder)
    refuse(*_faults(folder, parcels, seed, layer))
    mesh, county = draw_county(parcels, seed)
    with staged(folder) as scratch:
        source, geometry = write_layer(scratch, mesh, county, layer=layer)
        words = _words(county, source, seed, geometry=geometry)
        for name in ("README.txt", "study.toml"):
            text = Template((TEMPLATES / f"{name}.in").read_text(encoding="utf-8")).substitute(words)
            (scratch / name).write_text(text, encoding="utf-8")
    return folder / "study.toml"


def draw_county(parcels: int, seed: int) -> tuple[Mesh, County]:
    """Draw the county in memory: its shapes and its table."""
    rng = np.random.default_rng(seed)
    mesh = build_mesh(parcels, rng)
    ground = terrain(mesh, rng)
    land = cover(mesh, ground, rng)
    return mesh, County(land=land, records=records(mesh, ground, land, rng))


def _faults(folder: Path, parcels: int, seed: int, layer: str) -> list[Fault]:
    faults = []
    if layer not in MOST:
        faults.append(
            Fault("generate county", "layer", f"{layer!r} is unknown", f"Use one of {', '.join(MOST)}.")
        )
    if not SMALLEST <= parcels <= MOST.get(layer, LARGEST):
        rule = f"{parcels} is outside {SMALLEST} to {MOST.get(layer, LARGEST)}"
        faults.append(Fault("generate county", "parcels", rule, "Give a number in that range."))
    if seed < 0:
        faults.append(Fault("generate county", "seed", f"{seed} is negative", "Give 0 or more."))
    if (folder / "study.toml").exists():
        faults.append(Fault(str(folder), "", "already holds a study.toml", "Give a new folder."))
    return faults


def _words(county: County, source: str, seed: int, *, geometry: bool) -> dict[str, str]:
    land = county.land
    hectares = float(land.net.sum()) / 1e4
    shapefile = source.endswith(".shp")
    return {
        "parcels": f"{len(county):,}",
        "seed": str(seed),
        "source": source,
        "layer": 'layer = "DLTB"\n' if source.endswith(".gpkg") else "",
        "geometry": "true" if geometry else "false",
        "area": f"{hectares:,.0f}",
        "cropland": f"{float(land.net[land.cropland].sum()) / 1e4:,.0f}",
        "potential": "SOC_POT_T" if shapefile else "SOC_POT_T_HA",
        "yield": "YIELD_KGMU" if shapefile else "YIELD_KG_MU",
        "budget": f"{hectares * BUDGET_PER_HA:.4g}",
        "water": f"{hectares * WATER_PER_HA:.4g}",
        "growing": _growing(county),
        "table": reached(land).to_string(index=False),
        "note": "" if geometry else "Above 1,000,000 parcels the Parquet table holds no geometry.",
    }


def _growing(county: County) -> str:
    """Name the townships with a harvest where some have none: a share of nothing is no limit."""
    notes = county.records
    town = notes.town[notes.village]
    harvest = np.bincount(town, notes.yields * county.land.net, len(notes.towns))
    present = np.bincount(town, minlength=len(notes.towns)) > 0
    if (harvest[present] > 0).all():
        return ""
    names = [name for name, grown in zip(notes.towns, harvest, strict=True) if grown > 0]
    return f"regions = {json.dumps(names, ensure_ascii=False)}\n"
