"""A grid of parcels with smooth random fields that are never held as a whole."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Singles = NDArray[np.float32]

STRIP = 1 << 16
WAVES = 12


@dataclass(frozen=True)
class Grid:
    """Smooth fields of unit variance over a grid of parcels, as sums of plane waves.

    A wave is a product of a wave along the rows and one along the columns, turned a quarter and not, so a
    field is a matrix of rank ``2 * WAVES`` that never exists as a whole.

    Attributes
    ----------
    parcels, width
        Parcels are numbered row by row; the last row may be cut short.
    down, across
        Shapes (fields, height, 2 * WAVES) and (fields, 2 * WAVES, width).
    """

    parcels: int
    width: int
    down: Singles
    across: Singles

    @classmethod
    def random(cls, parcels: int, rng: np.random.Generator) -> Grid:
        """Twelve fields, from a twelfth of the width to two cells long."""
        width = int(np.ceil(np.sqrt(parcels)))
        height = -(-parcels // width)
        long = max(width / 12, 3.0)
        lengths = np.array([long] * 3 + [long / 2] * 3 + [long / 4] * 2 + [3, 3, 2, 2])
        turns = rng.standard_normal((2, len(lengths), WAVES)) / lengths[:, None]
        phase = rng.uniform(0, 2 * np.pi, (len(lengths), 1, WAVES))
        down = turns[0][:, None, :] * np.arange(height)[:, None] + phase
        across = turns[1][:, None, :] * np.arange(width)[:, None]
        return cls(
            parcels,
            width,
            np.concatenate([np.cos(down), -np.sin(down)], axis=2).astype(np.float32)
            * np.float32(np.sqrt(2 / WAVES)),
            np.concatenate([np.cos(across), np.sin(across)], axis=2).astype(np.float32).transpose(0, 2, 1),
        )

    def strips(self) -> Iterator[tuple[int, int]]:
        """First and last parcel, exclusive, of strips of whole rows."""
        step = max(STRIP // self.width, 1) * self.width
        for first in range(0, self.parcels, step):
            yield first, min(first + step, self.parcels)

    def fields(self, first: int, last: int) -> Singles:
        """Fields of the parcels of a strip, shape (parcels, fields)."""
        rows = slice(first // self.width, -(-last // self.width))
        block = self.down[:, rows] @ self.across
        return np.ascontiguousarray(block.reshape(len(block), -1)[:, : last - first].T)
