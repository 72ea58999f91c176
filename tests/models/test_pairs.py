"""Every two capabilities of the model together: optima of random small studies are those of brute force."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from landfront.instances.landscape import Earlier, Landscape, Past
from landfront.instances.neighbours import Neighbours, neighbours_of
from landfront.models.formulate import Formulation
from landfront.models.plan import Plan
from landfront.optimizer.engine import Infeasible
from landfront.optimizer.scalarize import solve_single
from tests.models import builders as b
from tests.models.brute import best_plan
from tests.models.goldens import NET, with_codes
from tests.models.test_combinations import PAIR
from tests.models.test_measures import MEASURES

Sections = dict[str, Any]
CRITERIA = {
    name: {name: {"sense": "min" if name == "cost" else "max"}}
    for name in ("carbon", "cost", "food", "water", "biodiversity", "cropland", "cropland_quality", "habitat")
}
PARTS: dict[str, Sections] = {
    **{name: {"criteria": entry} for name, entry in CRITERIA.items()},
    **{name: {"criteria": {name: entry}} for name, entry in MEASURES.items()},
    "classes": {
        "criteria": {"forest": {"effect": "class:forest", "sense": "max"}},
        "limits": [
            {
                "name": "grass", "criterion": "class:grassland",
                "min": {"share": 0.4, "of": "class:grassland"},
            }
        ],
    },
    "claimed": {"criteria": {"carbon_net": {"sense": "max"}}, "carbon": {"net": NET}},
    "indicators": {
        "criteria": {"income": {"sense": "max"}},
        "indicators": [
            {
                "name": "income", "unit": "CNY", "per_ha": {"cropland_to_forest": -3, "*": 2},
                "each_year": True, "source": "example",
            },
        ],
    },
    "tail": {
        "criteria": {"tail": {"measure": "cvar", "effect": "carbon", "sense": "max", "level": 0.5}},
        "risk": {
            "by": "county",
            "draw": {"count": 4, "ranges": [{"effect": "carbon", "low": 0.5, "high": 2}]},
        },
    },
    "periods": {"periods": {"starts": [2025, 2040]}},
    "combinations": {
        "combinations": {"groups": [PAIR], "joint": [{"interventions": PAIR, "factors": {"carbon": 0.8}}]}
    },
    "funds": {
        "funds": [
            {"name": "one", "amount": 1e5, "earmarks": [{"share": 0.3, "regions": ["north"]}]},
            {"name": "two", "amount": 8e4, "interventions": ["natural_forest_restoration"]},
        ]
    },
    "history": {"history": {"source": "history.csv", "year": 2028}},
    "change": {
        "criteria": {"change": {"sense": "min"}},
        "limits": [{"name": "steady", "criterion": "change", "max": 90}],
    },
    "floor": {
        "limits": [{"name": "floor", "criterion": "food", "min": {"share": 0.9}, "by": "county"}]
    },
    "budget": {"limits": [{"name": "budget", "criterion": "cost", "max": 2e5, "period": "each"}]},
    "cap": {
        "limits": [
            {
                "name": "cap", "criterion": "area", "interventions": ["natural_forest_restoration"],
                "max": {"share": 0.3, "of": "land"},
            }
        ]
    },
    "even": {
        "criteria": {"difference": MEASURES["difference"]},
        "limits": [{"name": "even", "criterion": "difference", "max": 60.0}],
    },
    "boundary": {"criteria": {"edge": {"measure": "boundary", "sense": "min"}}},
    "patches": {
        "criteria": {"bits": {"measure": "scattered", "sense": "min", "patch": {"parcels": 2}}},
        "limits": [{"name": "whole", "criterion": "bits", "max": 20.0}],
    },
    "connected": {
        "criteria": {"apart": {"measure": "separate", "sense": "min", "core": {"mask": "nature"}}},
        "limits": [{"name": "joined", "criterion": "apart", "max": 15.0}],
    },
    "corridors": {
        "criteria": {"islands": {"measure": "unlinked", "sense": "min", "core": {"mask": "nature"}}},
    },
    "mosaic": {
        "limits": [
            {
                "name": "mosaic", "criterion": "area",
                "around": {"cover": ["0103", "0101"], "existing": ["0404"]},
                "interventions": ["conservation_tillage", "cropland_to_forest"],
                "min": {"share": 0.25, "of": "land"}, "max": {"share": 0.9, "of": "land"},
            }
        ]
    },
    "compact": {
        "criteria": {
            "line": {"measure": "boundary", "sense": "min", "interventions": ["conservation_tillage"]}
        },
        "limits": [{"name": "compact", "criterion": "line", "max": 150.0}],
    },
    "targets": {
        "limits": [
            {"name": "homes", "criterion": "feature:*", "min": {"log_linear": [[1, 0.9], [50, 0.5]]}}
        ]
    },
}  # fmt: skip
"""Capabilities by name, as sections of study.toml."""


MOST_PLANS = 20_000
"""Plans that brute force tries at most: 7 parcels with 4 options each are 16,384."""


def land(rng: np.random.Generator, parcels: int = 7) -> Landscape:
    """The five parcels and two like them, with other areas, yields and intactness; or the first few."""
    like = np.concatenate([np.arange(5), rng.integers(0, 5, 2)])
    area, yields = rng.integers(5, 60, 7).astype(np.float64), rng.uniform(0.5, 2.0, 7).astype(np.float32)
    intactness, steep = rng.uniform(0.1, 0.6, 7), rng.choice([5, 30])
    like = like[:parcels]
    base = b.landscape()
    covariates: dict[str, Any] = {name: values[like] for name, values in base.covariates.items()}
    covariates["grain_yield"] = covariates["grain_yield"] * yields[:parcels]
    covariates["intactness"] = intactness[:parcels]
    covariates["slope"] = np.array([30, steep, 1, 10, 30], dtype=np.float32)[like]
    assert base.features is not None
    assert base.zone_share is not None
    return b.landscape(
        ids=pd.Index([f"p{place}" for place in range(parcels)]),
        area=area[:parcels], cover=base.cover[like], regions=base.regions[like], covariates=covariates,
        zone_share=base.zone_share[like], features=sp.csr_array(base.features[like]),
        neighbours=around(rng, parcels), masks={"nature": np.isin(np.arange(parcels), (0, parcels - 1))},
    )  # fmt: skip


def before(land: Landscape, criteria: dict[str, Any], sections: Sections) -> Landscape:
    """The same land with what is done on it, and an earlier plan, where a study looks at these."""
    rng, one = np.random.default_rng(len(land)), np.array([1])
    if "history" in sections:
        past = Past(one, one - 1, np.array([2026]), np.ones(1), ("conservation_tillage",), 2028)
        land = replace(land, past=past)
    if "change" in criteria:
        names, n = ("keep", "conservation_tillage", "natural_forest_restoration"), len(land)
        chosen = rng.integers(0, len(names), n)
        land = replace(land, earlier=Earlier(np.arange(n), chosen, np.ones(n), land.area, names))
    return land


def around(rng: np.random.Generator, parcels: int) -> Neighbours:
    """Neighbours at random, in whole metres."""
    a, b = np.triu_indices(parcels, 1)
    kept = rng.random(len(a)) < 0.4
    kept[parcels - 2] = False  # the first and the last are two cores
    length = rng.integers(5, 60, int(kept.sum())).astype(np.float64)
    return neighbours_of(parcels, (a[kept], b[kept], length), rng.integers(0, 60, parcels).astype(np.float64))


def small(criteria: dict[str, Any], sections: Sections, seed: int) -> Formulation:
    """A random study of as many parcels, up to 7, as brute force has time for."""
    parcels = 7
    while True:
        rng = np.random.default_rng(seed)
        place = before(land(rng, parcels), criteria, sections)
        found = b.formulation(criteria, land=place, interventions=with_codes(), **sections)
        if np.diff(found.program.starts).prod() <= MOST_PLANS:
            return found
        parcels -= 1


def together(one: Sections, two: Sections) -> tuple[dict[str, Any], Sections]:
    """Criteria and other sections of two capabilities; carbon where neither is a criterion."""
    criteria = {**one.get("criteria", {}), **two.get("criteria", {})} or CRITERIA["carbon"]
    rest = {
        key: value for part in (one, two) for key, value in part.items() if key not in ("criteria", "limits")
    }
    return criteria, {**rest, "limits": [*one.get("limits", []), *two.get("limits", [])]}


@pytest.mark.parametrize(("one", "two"), list(combinations(PARTS, 2)))
@settings(max_examples=2, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_the_optimum_is_that_of_brute_force(one: str, two: str, seed: int) -> None:
    criteria, sections = together(PARTS[one], PARTS[two])
    found = small(criteria, sections, seed)
    for place, name in enumerate(criteria):
        try:
            point = solve_single(found.program, place, gap=1e-9)
        except Infeasible:
            with pytest.raises(ValueError, match="empty"):
                best_plan(found, place)
            continue
        plan = Plan(found, point.x)
        assert plan.values[name] == pytest.approx(best_plan(found, place), rel=1e-6, abs=1e-6)
        assert plan.limits()["holds"].all()
        assert "unpaid" not in set(plan.funds()["fund"])
