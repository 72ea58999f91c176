"""Studies of a few parcels in nested regions: one intervention, whose carbon and cost are given."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import scipy.sparse as sp

from landfront.instances.landscape import Landscape
from landfront.models.formulate import Formulation, Tables
from tests.models import builders

EFFECTS = {
    "source": "effects.csv", "layout": "wide", "parcel": "id", "intervention": "intervention",
    "columns": {"carbon": "carbon", "cost": "cost"},
}  # fmt: skip


def land(regions: Mapping[str, Sequence[str]], **changes: Any) -> Landscape:
    """Parcels of 1 ha with a region per level, outermost first."""
    n = len(next(iter(regions.values())))
    names = tuple(tuple(dict.fromkeys(column)) for column in regions.values())
    codes = [
        [known.index(name) for name in column] for known, column in zip(names, regions.values(), strict=True)
    ]
    fields = {
        "ids": pd.Index([f"p{place}" for place in range(n)]),
        "area": np.ones(n),
        "cover": np.full(n, -1, dtype=np.int16),
        "cover_codes": (),
        "levels": tuple(regions),
        "regions": np.array(codes, dtype=np.int32).T,
        "region_names": names,
        "covariates": {},
        "growth_zones": (),
        "zone_share": np.zeros((n, 0), dtype=np.float32),
        "features": sp.csr_array((n, 0)),
        "feature_names": (),
    }
    return builders.landscape(**{**fields, **changes})


def regional(
    carbon: Sequence[float],
    cost: Sequence[float],
    regions: Mapping[str, Sequence[str]],
    *,
    decision: str = "share",
    sense: str = "max",
    place: Landscape | None = None,
    baselines: Mapping[str, Any] | None = None,
    **sections: Any,
) -> Formulation:
    """A study of as many parcels as there are numbers, each of which may get a pond."""
    n = len(carbon)
    table = pd.DataFrame(
        {"parcel": np.arange(n), "intervention": "pond", "carbon": list(carbon), "cost": list(cost)}
    ).astype({"carbon": float, "cost": float})
    return builders.formulation(
        {"carbon": {"sense": sense}, "cost": {"sense": "min"}},
        land=place or land(regions),
        tables=Tables(effects=table, baselines=baselines or {}),
        effects=EFFECTS,
        about={"decision": decision},
        **sections,
    )
