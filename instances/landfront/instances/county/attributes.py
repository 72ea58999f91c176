"""What the land survey and planning records say of each synthetic parcel: soils, yields, places, lines."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from landfront.instances.county.cover import Land, Terrain
from landfront.instances.county.fields import Singles, noise
from landfront.instances.county.mesh import Mesh

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

MEAN_YIELD = 349.0
YIELD_WEIGHT = {"0101": 1.35, "0102": 1.15, "0103": 0.75}
SOIL = {"cropland": 48.0, "orchard": 52.0, "forest": 82.0, "grass": 62.0, "wetland": 130.0, "bare": 14.0}
DEFICIT = {"cropland": 0.45, "orchard": 0.35, "forest": 0.2, "grass": 0.3, "wetland": 0.1, "bare": 0.4}
FARMLAND_KEPT = 0.775
REDLINE = 0.30
URBAN = 0.03
CONSENT = 0.95
FIRST = "青白清石龙双金长大高永安"
SECOND = "山河桥塘岭泉溪湖坪湾口林"
PARCELS_PER_VILLAGE = 250
PARCELS_PER_TOWN = 2000


@dataclass(frozen=True)
class Records:
    """Attributes per parcel, each of shape (n,) unless said otherwise.

    Attributes
    ----------
    elevation, soil, potential, yields
        m; t C per ha; t C per ha; kg per mu (0 off cropland).
    farmland, redline, urban, consent
        Permanent basic farmland, ecological red line, urban growth boundary, consent of the holder.
    village
        Index of the village.
    town
        Town of each village, shape (villages,).
    towns
        Names of the towns.
    """

    elevation: Floats
    soil: Floats
    potential: Floats
    yields: Floats
    farmland: Flags
    redline: Flags
    urban: Flags
    consent: Flags
    village: NDArray[np.int32]
    town: NDArray[np.int32]
    towns: tuple[str, ...]


def records(mesh: Mesh, ground: Terrain, land: Land, rng: np.random.Generator) -> Records:
    """Draw the attributes of each parcel."""
    soil, potential = _soils(ground, land, rng)
    farmland, redline, urban = _lines(mesh, ground, land, rng)
    village, town, towns = _places(mesh, rng)
    return Records(
        elevation=np.round(60 + 480 * np.exp(0.55 * ground.height.astype(np.float64)), 1),
        soil=soil,
        potential=potential,
        yields=_yields(ground, land, rng),
        farmland=farmland,
        redline=redline,
        urban=urban,
        consent=rng.random(len(mesh)) < CONSENT,
        village=village,
        town=town,
        towns=towns,
    )


def _by_group(land: Land, values: dict[str, float]) -> Floats:
    per_kind = land.kinds["group"].map(values).fillna(0.0).to_numpy(np.float64)
    return np.asarray(per_kind[land.kind])


def _soils(ground: Terrain, land: Land, rng: np.random.Generator) -> tuple[Floats, Floats]:
    spread: Floats = np.exp(0.18 * ground.fertility + 0.1 * rng.standard_normal(len(land.kind)))
    soil = _by_group(land, SOIL) * spread
    deficit = _by_group(land, DEFICIT) * rng.uniform(0.4, 1.6, len(land.kind))
    return np.round(soil, 1), np.round(soil * (1 + deficit), 1)


def _yields(ground: Terrain, land: Land, rng: np.random.Generator) -> Floats:
    weight = np.asarray(land.kinds["class"].map(YIELD_WEIGHT).fillna(0.0).to_numpy(np.float64)[land.kind])
    steep = np.clip(1 - 0.012 * land.slope, 0.5, 1)
    spread: Floats = np.exp(0.15 * ground.fertility + 0.08 * rng.standard_normal(len(weight)))
    raw = weight * steep * spread
    return np.asarray(np.round(raw * MEAN_YIELD * land.net[land.cropland].sum() / (raw @ land.net), 1))


def _best(score: Singles, area: Floats, inside: Flags, share: float) -> Flags:
    """The best-scoring of those inside, up to a share of their area."""
    chosen = np.zeros(len(score), dtype=bool)
    index = np.flatnonzero(inside)
    order = index[np.argsort(-score[index], kind="stable")]
    heap = np.cumsum(area[order])
    chosen[order[heap <= share * heap[-1]]] = True
    return chosen


def _lines(mesh: Mesh, ground: Terrain, land: Land, rng: np.random.Generator) -> tuple[Flags, Flags, Flags]:
    ragged = mesh.mean(noise(rng, mesh.shape, wavelength=30.0, roughness=2.4))
    built = land.within("built")
    urban_share = URBAN / max((land.net[built].sum() / land.net.sum()), URBAN)
    urban = _best(ragged - 0.5 * ground.slope, land.net, built, urban_share)
    soils = ground.fertility - 0.8 * ground.slope
    farmland = _best(soils, land.net, land.cropland, FARMLAND_KEPT)
    wild = land.within("forest", "grass", "wetland", "water", "bare")
    share = min(REDLINE * land.net.sum() / land.net[wild].sum(), 1.0)
    redline = _best(ragged + 0.6 * ground.height + 0.3 * ground.rain, land.net, wild, share)
    return farmland, redline, urban


def _places(
    mesh: Mesh, rng: np.random.Generator
) -> tuple[NDArray[np.int32], NDArray[np.int32], tuple[str, ...]]:
    """Villages are the parcels nearest to a seed, towns the villages nearest to a town's seed."""
    from scipy.spatial import KDTree

    towns = int(np.clip(len(mesh) // PARCELS_PER_TOWN, 4, 60))
    villages = int(np.clip(len(mesh) // PARCELS_PER_VILLAGE, 3 * towns, 300 * towns))
    low, high = (np.array([getattr(grid, end)() for grid in (mesh.x, mesh.y)]) for end in ("min", "max"))
    town_seed, village_seed = (rng.uniform(low, high, (count, 2)) for count in (towns, villages))
    corner = mesh.first // mesh.shape[1] * (mesh.shape[1] + 1) + mesh.first % mesh.shape[1]
    place = np.column_stack([mesh.x.ravel()[corner], mesh.y.ravel()[corner]])
    village = np.asarray(KDTree(village_seed).query(place)[1], dtype=np.int32)
    town = np.asarray(KDTree(town_seed).query(village_seed)[1], dtype=np.int32)
    return village, town, _names(towns, rng)


def _names(count: int, rng: np.random.Generator) -> tuple[str, ...]:
    stems = [first + second for first in FIRST for second in SECOND]
    ends = rng.choice(["镇", "镇", "镇", "乡"], count)
    return tuple(stems[index] + end for index, end in zip(rng.permutation(len(stems)), ends, strict=False))
