"""The menu: which interventions are admissible on which parcel, and why the others are not."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Exclusion:
    """How many parcels a rule keeps from an intervention (the first rule that fails counts)."""

    intervention: str
    reason: str
    parcels: int
    area: float


@dataclass(frozen=True)
class Menu:
    """Admissible options, sorted by parcel, then by intervention; ``keep`` is the first of each parcel.

    Attributes
    ----------
    parcel
        Index of the option's parcel, shape (m,).
    kind
        Index of the option's intervention, shape (m,); 0 is ``keep``.
    starts
        Options of parcel p are ``starts[p]:starts[p + 1]``, shape (n + 1,).
    interventions
        Intervention ids by kind.
    excluded
        What was excluded and why.
    """

    parcel: NDArray[np.int32]
    kind: NDArray[np.int16]
    starts: NDArray[np.int64]
    interventions: tuple[str, ...]
    excluded: tuple[Exclusion, ...] = ()

    def __len__(self) -> int:
        return len(self.parcel)
