"""Land cover of the synthetic county: each class takes the parcels that suit it best."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from landfront.instances.county.fields import Singles, calibrated, noise, split, steepness
from landfront.instances.county.mesh import Mesh

if TYPE_CHECKING:
    import pandas as pd

Floats = NDArray[np.float64]

CALIBRATION = Path(__file__).parents[1] / "examples" / "county" / "calibration.csv"
SLOPE_EDGES = (0.0, 2.0, 6.0, 15.0, 25.0, 55.0)
RAIN_EDGES = (60.0, 200.0, 400.0, 800.0, 1700.0)
RIDGE = np.array([0.0, 0.02, 0.05, 0.08, 0.10])
CROPLAND = ("0101", "0102", "0103")


@dataclass(frozen=True)
class Terrain:
    """Scores per parcel with deviation about 1, each of shape (n,)."""

    height: Singles
    slope: Singles
    rain: Singles
    fertility: Singles


@dataclass(frozen=True)
class Land:
    """Land cover and what was calibrated with it, per parcel.

    Attributes
    ----------
    kind
        Row of `kinds` of each parcel, shape (n,).
    kinds
        The land-cover codes: group, class (DLBM), name_zh.
    gross, ridge
        Area and the field ridges in it, m2, shape (n,).
    slope, rain
        Degrees and mm a year, shape (n,).
    """

    kind: NDArray[np.int16]
    kinds: pd.DataFrame
    gross: Floats
    ridge: Floats
    slope: Floats
    rain: Floats

    @property
    def net(self) -> Floats:
        """Area of the parcel's own class: the gross area less field ridges, m2."""
        return self.gross - self.ridge

    @property
    def cropland(self) -> NDArray[np.bool_]:
        """True where the parcel is cropland."""
        return self.within("cropland")

    def within(self, *groups: str) -> NDArray[np.bool_]:
        """True where the parcel is of one of the groups."""
        return np.asarray(self.kinds["group"].isin(groups).to_numpy()[self.kind])


@cache
def calibration() -> pd.DataFrame:
    """The shares that a county meets, with their marks and sources."""
    import pandas as pd

    return pd.read_csv(CALIBRATION, dtype={"class": str}, keep_default_na=False)


def shares(group: str) -> Floats:
    """Shares of the classes of a group, in file order; they sum to 1."""
    table = calibration()
    values = table.loc[table["group"] == group, "share"].to_numpy(np.float64)
    return np.asarray(values / values.sum())


def terrain(mesh: Mesh, rng: np.random.Generator) -> Terrain:
    """Height, slope, rainfall and fertility scores of each parcel."""
    height = noise(rng, mesh.shape, wavelength=60.0, roughness=3.0)
    rough = noise(rng, mesh.shape, wavelength=12.0, roughness=2.2)
    rain = noise(rng, mesh.shape, wavelength=90.0, roughness=2.6)
    fertility = noise(rng, mesh.shape, wavelength=25.0, roughness=2.4)
    slope = 0.8 * steepness(height) + 0.35 * height + 0.45 * rough
    return Terrain(*(mesh.mean(field) for field in (height, slope, rain + 0.2 * height, fertility)))


def cover(mesh: Mesh, ground: Terrain, rng: np.random.Generator) -> Land:
    """Draw land cover so that the areas of class, slope class and rainfall class meet the calibration.

    Areas are own-class areas (field ridges deducted), as the survey counts them.
    """
    gross = np.round(mesh.areas(), 2)
    group = _groups(mesh, ground, gross, rng)
    cropland = group == _names().index("cropland")
    by_slope = shares("slope")
    slope = calibrated(ground.slope, gross, cropland, shares=by_slope / (1 - RIDGE), edges=SLOPE_EDGES)
    slope = np.round(slope, 2)
    ridge = np.round(np.where(cropland, RIDGE[slope_class(slope) - 1], 0.0) * gross, 2)
    rain = calibrated(ground.rain, gross - ridge, cropland, shares=shares("rain"), edges=RAIN_EDGES)
    kind, kinds = _kinds(group, ground, gross - ridge, mesh.mean(_patches(mesh, rng)))
    return Land(kind=kind, kinds=kinds, gross=gross, ridge=ridge, slope=slope, rain=np.round(rain, 0))


def slope_class(slope: Floats) -> NDArray[np.int64]:
    """Slope class of the survey, 1 to 5: up to 2, 6, 15, 25 and above 25 degrees."""
    return np.searchsorted(SLOPE_EDGES[1:-1], slope, side="left") + 1


def _names() -> list[str]:
    table = calibration()
    return table.loc[table["group"] == "cover", "class"].tolist()


def _groups(mesh: Mesh, ground: Terrain, gross: Floats, rng: np.random.Generator) -> NDArray[np.int64]:
    names, wanted = _names(), shares("cover")
    wanted[names.index("cropland")] *= np.sum(shares("slope") / (1 - RIDGE))
    wanted *= gross.sum() / wanted.sum()
    group = np.full(len(mesh), names.index("grass"))
    free = np.arange(len(mesh))
    for name in ("water", "wetland", "built", "cropland", "orchard", "bare", "forest"):
        score = _suitability(name, ground)[free] + mesh.mean(_patches(mesh, rng))[free]
        order = free[np.argsort(-score, kind="stable")]
        heap = np.cumsum(gross[order]) - gross[order] / 2
        taken = np.searchsorted(heap, wanted[names.index(name)])
        group[order[:taken]] = names.index(name)
        free = np.sort(order[taken:])
    return group


def _patches(mesh: Mesh, rng: np.random.Generator) -> Singles:
    return noise(rng, mesh.shape, wavelength=15.0, roughness=1.8)


def _suitability(name: str, ground: Terrain) -> Singles:
    h, s, r, f = ground.height, ground.slope, ground.rain, ground.fertility
    scores = {
        "water": -3.0 * h - 1.0 * s,
        "wetland": -2.0 * h - 1.0 * s + 0.8 * r,
        "built": -0.9 * s - 0.4 * h,
        "cropland": -1.3 * s - 0.5 * h + 0.8 * f + 0.2 * r,
        "orchard": -0.8 * np.abs(s) + 0.5 * r + 0.3 * f,
        "bare": 0.8 * h - 1.2 * r - 0.8 * f,
        "forest": 1.5 * r + 0.4 * s + 0.2 * f,
    }
    return np.asarray(scores[name], dtype=np.float32)


def _kinds(
    group: NDArray[np.int64], ground: Terrain, net: Floats, patches: Singles
) -> tuple[NDArray[np.int16], pd.DataFrame]:
    table = calibration()
    kinds = table[table["group"].isin(_names())].reset_index(drop=True)
    wet = ground.rain - 0.8 * ground.slope + 0.3 * ground.fertility
    tilled = group == _names().index("cropland")
    score = patches + np.where(tilled, 2.0, 0.3).astype(np.float32) * wet
    kind = np.empty(len(group), dtype=np.int16)
    for index, name in enumerate(_names()):
        inside = np.flatnonzero(group == index)
        start = int(np.argmax(kinds["group"] == name))
        kind[inside] = start + split(score[inside], net[inside], shares(name))
    return kind, kinds


def reached(land: Land) -> pd.DataFrame:
    """The calibration table with what the county has: group, class, wanted and reached (% of group), mark."""
    table = calibration().copy()
    area = land.net
    by_kind = np.bincount(land.kind, area, len(land.kinds))
    got = {
        "slope": _area_by(slope_class(land.slope) - 1, area, inside=land.cropland),
        "rain": _area_by(np.searchsorted(RAIN_EDGES[1:-1], land.rain), area, inside=land.cropland),
        "cover": np.array([by_kind[land.kinds["group"] == name].sum() for name in _names()]),
    } | {name: by_kind[land.kinds["group"] == name] for name in _names()}
    percent = {name: 100 * part / part.sum() for name, part in got.items()}
    groups = list(dict.fromkeys(table["group"]))
    table["wanted_pct"] = np.concatenate([100 * shares(name) for name in groups]).round(2)
    table["reached_pct"] = np.concatenate([percent[name] for name in groups]).round(2)
    return table[["group", "class", "wanted_pct", "reached_pct", "mark", "name_zh"]]


def _area_by(classes: NDArray[np.int64], area: Floats, *, inside: NDArray[np.bool_]) -> Floats:
    return np.bincount(classes[inside], area[inside]).astype(np.float64)
