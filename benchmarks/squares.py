"""A square of cells with interventions whose gain and cost vary smoothly: the land of several benchmarks."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from landfront.instances.catalogue import Catalogue
from landfront.instances.landscape import Landscape
from landfront.instances.neighbours import grid_neighbours
from landfront.instances.study import study_from
from landfront.models.formulate import Formulation, Tables, formulate_from

NAMES = ("forest", "shrubs", "wetland")
CELL = 100.0
BUDGET = 0.3
"""Share of what everything would cost at its cheapest."""


def grid_study(
    width: int, name: str, criterion: dict[str, Any], *, most: float | None = None, seed: int = 1,
    masks: dict[str, NDArray[np.bool_]] | None = None,
) -> Formulation:  # fmt: skip
    """The study of width x width cells: carbon, cost under a budget, one more criterion, at most `most`."""
    rng, n = np.random.default_rng(seed), width * width
    base = field(rng, width)
    gains = [base * field(rng, width) * 100 for _ in NAMES]
    costs = [np.sqrt(base) * field(rng, width) * 50 for _ in NAMES]
    frame = pd.DataFrame(
        {
            "parcel": np.repeat(np.arange(n, dtype=np.int32), len(NAMES)),
            "intervention": pd.Categorical.from_codes(np.tile(np.arange(len(NAMES)), n), list(NAMES)),
            "carbon": np.stack(gains, axis=1).ravel(),
            "cost": np.stack(costs, axis=1).ravel(),
        }
    )
    limits: list[dict[str, Any]] = [
        {"name": "budget", "criterion": "cost", "max": BUDGET * float(np.min(costs, axis=0).sum())}
    ]
    if most is not None:
        limits.append({"name": f"most_{name}", "criterion": name, "max": most})
    study = study_from(
        {
            "study": {"title": f"{n} cells", "milestones": [2060]},
            "parcels": {"source": "cells.csv", "id": "id", "area": {"column": "ha", "unit": "ha"}},
            "effects": {
                "source": "effects.csv", "layout": "wide", "parcel": "id", "intervention": "kind",
                "columns": {"carbon": "carbon", "cost": "cost"},
            },
            "criteria": {"carbon": {"sense": "max"}, "cost": {"sense": "min"}, name: criterion},
            "limits": limits,
        },
        Path("study.toml"),
    )  # fmt: skip
    row, column = np.divmod(np.arange(n), width)
    land = replace(cells(n, row, column), masks=masks or {})
    return formulate_from(study, land, catalogue(), tables=Tables(frame, None, {}))


def field(rng: np.random.Generator, width: int) -> NDArray[np.float64]:
    """Smooth at two scales with noise, mean 1, above 0."""
    parts = [gaussian_filter(rng.standard_normal((width, width)), size, mode="wrap") for size in (8, 2)]
    mixed = sum(part / part.std() for part in parts) + 0.3 * rng.standard_normal((width, width))
    return np.exp(0.35 * mixed / mixed.std()).ravel()


def cells(n: int, row: NDArray[np.int64], column: NDArray[np.int64]) -> Landscape:
    """Square cells without any attribute."""
    import scipy.sparse as sp

    return Landscape(
        ids=pd.RangeIndex(n), area=np.full(n, CELL**2 / 1e4), cover=np.full(n, -1, dtype=np.int16),
        cover_codes=(), levels=(), regions=np.zeros((n, 0), dtype=np.int32), region_names=(), covariates={},
        masks={}, growth_zones=(), zone_share=np.zeros((n, 0), dtype=np.float32),
        features=sp.csr_array((n, 0)), feature_names=(), geometry=None,
        neighbours=grid_neighbours(row, column, CELL),
    )  # fmt: skip


def catalogue() -> Catalogue:
    """The interventions' names."""
    names = ("keep", *NAMES)
    return Catalogue(names, {"en": names}, {}, tuple(frozenset() for _ in names), (), pd.DataFrame())
