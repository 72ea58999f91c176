"""The landscape: parcels with area, land cover, covariates and nested regions, as arrays."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

if TYPE_CHECKING:
    import pandas as pd

    from landfront.instances.neighbours import Neighbours


@dataclass(frozen=True)
class Geometry:
    """Where the parcels' geometry is; read only for maps, layers and masks that are layers."""

    path: Path
    layer: str | None
    encoding: str
    id_column: str


@dataclass(frozen=True)
class Locked:
    """Which intervention a lock gives to each parcel.

    Attributes
    ----------
    kind
        Index into `interventions`, shape (n,), -1 where the parcel is free.
    interventions
        Ids; ``keep`` may be one.
    """

    kind: NDArray[np.int16]
    interventions: tuple[str, ...]


@dataclass(frozen=True)
class Past:
    """What is done already; parallel arrays, shape (h,).

    Attributes
    ----------
    parcel
        Index of the parcel.
    kind
        Index into `names`.
    year
        When it was done, 0 where that is not said.
    share
        Share of the parcel that is done.
    names
        Interventions, several on one parcel joined by ``+``.
    since
        The first year in which something can still start.
    """

    parcel: NDArray[np.int64]
    kind: NDArray[np.int64]
    year: NDArray[np.int64]
    share: NDArray[np.float64]
    names: tuple[str, ...]
    since: int


@dataclass(frozen=True)
class Earlier:
    """The plan before this one; parallel arrays, shape (h,), of parcels that are still there.

    Attributes
    ----------
    parcel, kind, share
        Index of the parcel, index into `names`, and share of the parcel.
    area
        Area of the whole parcel then in ha, nan where that is not said.
    names
        What was chosen, as the plan calls it.
    gone
        Ids of parcels that are no longer there, and `gone_area` their area in ha.
    """

    parcel: NDArray[np.int64]
    kind: NDArray[np.int64]
    share: NDArray[np.float64]
    area: NDArray[np.float64]
    names: tuple[str, ...]
    gone: tuple[str, ...] = ()
    gone_area: float = 0.0


@dataclass(frozen=True)
class Granted:
    """Requests that were granted; parallel arrays, shape (h,).

    Attributes
    ----------
    parcel
        Index of the parcel.
    kind
        Index into `names`, -1 for every intervention but ``keep``.
    lock
        Whether the parcel gets it, else it is ruled out.
    names
        Interventions.
    """

    parcel: NDArray[np.int64]
    kind: NDArray[np.int64]
    lock: NDArray[np.bool_]
    names: tuple[str, ...]


@dataclass(frozen=True)
class Landscape:
    """Parcels of a study, in the order of the input table.

    Attributes
    ----------
    ids
        Parcel ids, length n, unique.
    area
        ha, shape (n,).
    cover
        Index into `cover_codes`, shape (n,), -1 where a study gives no land cover.
    cover_codes
        Land-cover codes that occur.
    levels
        Names of the region levels, outermost first, then of the groups, which nest in nothing.
    regions
        Index into `region_names` per level, shape (n, levels).
    region_names
        Names per level.
    covariates
        Canonical name (data dictionary ``parcels.csv``) to values in canonical unit, shape (n,); nan where
        the dictionary allows a missing value. Only what the study names is present.
    masks
        Mask name to True where the mask applies, shape (n,).
    growth_zones, zone_share
        Names of growth-curve zones, and the share of each parcel in each zone, shape (n, zones).
    features, feature_names
        Habitat area in ha per parcel and feature, sparse, shape (n, features).
    geometry
        Where the geometry is, or None.
    groups
        How many of the last levels are groups.
    notes
        What the reader did that a user should know (encoding guessed, rule not applied ...).
    locks
        Lock name to what it gives to each parcel; no two locks give one parcel different interventions.
    past, earlier, granted
        What is done already, the plan before, and requests that were granted, where the study names them.
    neighbours
        Which parcels are neighbours and the boundary that they share, where the study has ``[space]``.
    """

    ids: pd.Index
    area: NDArray[np.float64]
    cover: NDArray[np.int16]
    cover_codes: tuple[str, ...]
    levels: tuple[str, ...]
    regions: NDArray[np.int32]
    region_names: tuple[tuple[str, ...], ...]
    covariates: Mapping[str, NDArray[np.float32]]
    masks: Mapping[str, NDArray[np.bool_]]
    growth_zones: tuple[str, ...]
    zone_share: NDArray[np.float32]
    features: sp.csr_array
    feature_names: tuple[str, ...]
    geometry: Geometry | None
    notes: tuple[str, ...] = ()
    groups: int = 0
    locks: Mapping[str, Locked] = field(default_factory=dict)
    past: Past | None = None
    earlier: Earlier | None = None
    granted: Granted | None = None
    neighbours: Neighbours | None = None

    @property
    def nested(self) -> tuple[str, ...]:
        """The region levels that nest."""
        return self.levels[: len(self.levels) - self.groups]

    def __len__(self) -> int:
        return len(self.area)
