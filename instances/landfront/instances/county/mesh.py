"""Parcel shapes: a warped and jittered quad mesh, some neighbours merged, without gaps or overlaps.

Vertices are shared, so parcels tile. No cell can fold over: a vertex moves from its lattice place by at most
`JITTER` at random, and neighbouring vertices drift apart by at most `STRAIN` through the smooth warp (both in
cell widths). Every edge thus keeps its lattice direction up to ``a = STRAIN + 2 JITTER < 1/2`` per component,
and the cross product at each corner is at least ``(1 - a)^2 - a^2 = 1 - 2 a > 0``: every quad is convex.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, sqrt

import numpy as np
from numpy.typing import NDArray

from landfront.instances.county.fields import noise

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

JITTER = 0.12
STRAIN = 0.24
CELL = 98.0
ORIGIN = (38_420_000.0, 3_180_000.0)
MERGED = 0.25
ASPECT = 1.25


@dataclass(frozen=True)
class Mesh:
    """Parcels as quads of a vertex lattice.

    Attributes
    ----------
    shape
        Rows and columns of cells.
    x, y
        Vertex coordinates in m, shape (rows + 1, columns + 1).
    first
        First cell of each parcel (row-major), rising, shape (n,).
    double
        True where the parcel also holds the cell to the right of its first, shape (n,).
    """

    shape: tuple[int, int]
    x: Floats
    y: Floats
    first: Ints
    double: NDArray[np.bool_]

    def __len__(self) -> int:
        """Number of parcels."""
        return len(self.first)

    def mean(self, cells: NDArray[np.float32]) -> NDArray[np.float32]:
        """Mean over each parcel of a value per cell, shape (rows, columns) to (n,)."""
        flat = cells.ravel()
        values = flat[self.first]
        values[self.double] = (values[self.double] + flat[self.first[self.double] + 1]) / 2
        return values

    def areas(self) -> Floats:
        """Area of each parcel in m2 by the cross product of its quads' diagonals, shape (n,)."""
        dx1, dy1 = self.x[1:, 1:] - self.x[:-1, :-1], self.y[1:, 1:] - self.y[:-1, :-1]
        dx2, dy2 = self.x[1:, :-1] - self.x[:-1, 1:], self.y[1:, :-1] - self.y[:-1, 1:]
        cells = (0.5 * (dx1 * dy2 - dx2 * dy1)).ravel()
        areas = cells[self.first]
        areas[self.double] += cells[self.first[self.double] + 1]
        return np.asarray(areas)

    def outline(self) -> Floats:
        """The county's boundary, closed, shape (k, 2)."""
        return np.column_stack([_rim(self.x), _rim(self.y)])

    def polygons(self) -> NDArray[np.object_]:
        """Shapely polygons of the parcels, shape (n,)."""
        import shapely

        width = self.shape[1] + 1
        vertices = np.column_stack([self.x.ravel(), self.y.ravel()])
        corner = self.first // self.shape[1] * width + self.first % self.shape[1]
        rings = {False: (0, 1, width + 1, width), True: (0, 1, 2, width + 2, width + 1, width)}
        shapes = np.empty(len(self), dtype=object)
        for double, ring in rings.items():
            chosen = np.flatnonzero(self.double == double)
            shapes[chosen] = shapely.polygons(vertices[corner[chosen, None] + np.array(ring)])
        return shapes


def _rim(grid: Floats) -> Floats:
    return np.concatenate([grid[0, :-1], grid[:-1, -1], grid[-1, :0:-1], grid[::-1, 0]])


def build_mesh(parcels: int, rng: np.random.Generator) -> Mesh:
    """Mesh of exactly `parcels` parcels, about a fifth of them two cells wide."""
    cells = ceil(parcels * (1 + MERGED))
    rows = round(sqrt(cells / ASPECT))
    shape = (rows, ceil(cells / rows))
    first, double = _merge(shape, parcels, rng)
    x, y = _vertices(shape, rng)
    return Mesh(shape=shape, x=x, y=y, first=first, double=double)


def _merge(shape: tuple[int, int], parcels: int, rng: np.random.Generator) -> tuple[Ints, NDArray[np.bool_]]:
    rows, columns = shape
    surplus = rows * columns - parcels
    pairs = columns // 2
    chosen = rng.permutation(rows * pairs)[:surplus]
    left = chosen // pairs * columns + 2 * (chosen % pairs)
    double = np.zeros(rows * columns, dtype=bool)
    double[left] = True
    kept = np.ones(rows * columns, dtype=bool)
    kept[left + 1] = False
    first = np.flatnonzero(kept)
    return first, double[first]


def _vertices(shape: tuple[int, int], rng: np.random.Generator) -> tuple[Floats, Floats]:
    lattice = (shape[0] + 1, shape[1] + 1)
    row, column = np.indices(lattice, dtype=np.float64)
    x = (column + _shift(lattice, rng)) * CELL + ORIGIN[0]
    y = (row + _shift(lattice, rng)) * CELL + ORIGIN[1]
    return x, y


def _shift(lattice: tuple[int, int], rng: np.random.Generator) -> Floats:
    warp = noise(rng, lattice, wavelength=40.0, roughness=4.0).astype(np.float64)
    steepest = max(np.abs(np.diff(warp, axis=axis)).max() for axis in (0, 1))
    return np.asarray(warp * (STRAIN / steepest) + rng.uniform(-JITTER, JITTER, lattice))
