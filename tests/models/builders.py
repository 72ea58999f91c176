"""Small studies built by hand, in array form, whose every number can be checked on paper."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import scipy.sparse as sp

from landfront.instances.catalogue import Catalogue, GrowthCurve
from landfront.instances.landscape import Landscape
from landfront.instances.neighbours import Neighbours, neighbours_of
from landfront.instances.study import Study, study_from
from landfront.models.formulate import Formulation, Tables, formulate_from

# Three farms and two pieces of grassland in two counties.
IDS = ("f1", "f2", "f3", "g1", "g2")
AREA = (10.0, 20.0, 30.0, 40.0, 50.0)
COVER = ("0103", "0103", "0101", "0404", "0404")
COUNTY = ("north", "north", "south", "south", "south")
SLOPE = (30.0, 5.0, 1.0, 10.0, 50.0)
RAIN = (500.0, 500.0, 1000.0, 600.0, 300.0)
YIELD = (2.0, 4.0, 6.0, np.nan, np.nan)
INTACTNESS = (0.1, 0.1, 0.1, 0.5, 0.5)
RUNOFF = (100.0, 100.0, 200.0, 50.0, 50.0)

INTERVENTIONS = ("keep", "natural_forest_restoration", "cropland_to_forest", "conservation_tillage")
CODES = ((), ("0404",), ("0102", "0103"), ("0101", "0102", "0103"))
nan = float("nan")
COEFFICIENTS: dict[str, tuple[float, ...]] = {
    "flux_1": (0, 4, 5, 1),
    "years_1": (0, 30, 20, 20),
    "flux_2": (0, 2, 2, 0),
    "years_2": (0, 30, 40, 0),
    "establishment": (0, 1000, 4000, 1500),
    "annual": (0, 100, 100, 0),
    "payment": (0, 0, 18000, 0),
    "food_effect": (0, 0, -100, 5),
    "water_yield": (0, -60, -100, 10),
    "msa_before": (0, 0.3, 0.1, 0.1),
    "msa_after": (0, 0.6, 0.4, 0.2),
    "msa_gain": (0, 0, 0, 1),
    "takes_cropland": (0, 1, 1, 0),
    "labour_establishment": (0, 5, 45, 1),
    "labour_annual": (0, 1, 3, -0.5),
    "seedlings": (0, 0, 1650, 0),
    "buffer": (0, 10, 20, 0),
    "slope_min": (nan, nan, 25, nan),
    "slope_max": (nan, 45, nan, nan),
    "precipitation_min": (nan, 480, 400, nan),
}


def landscape(**changes: Any) -> Landscape:
    """The five parcels; `changes` replace fields."""
    codes = tuple(dict.fromkeys(COVER))
    counties = tuple(dict.fromkeys(COUNTY))
    fields: dict[str, Any] = {
        "ids": pd.Index(IDS),
        "area": np.array(AREA),
        "cover": np.array([codes.index(code) for code in COVER], dtype=np.int16),
        "cover_codes": codes,
        "levels": ("county",),
        "regions": np.array([[counties.index(county)] for county in COUNTY], dtype=np.int32),
        "region_names": (counties,),
        "covariates": {
            "slope": np.array(SLOPE, dtype=np.float32),
            "precipitation": np.array(RAIN, dtype=np.float32),
            "grain_yield": np.array(YIELD, dtype=np.float32),
            "intactness": np.array(INTACTNESS, dtype=np.float64),
            "runoff": np.array(RUNOFF, dtype=np.float32),
        },
        "masks": {},
        "growth_zones": ("warm", "cold"),
        "zone_share": np.array([[1, 0], [1, 0], [1, 0], [0.5, 0.5], [1, 0]], dtype=np.float32),
        "features": sp.csr_array(np.array([[0, 0], [2.0, 0], [0, 0], [8.0, 4.0], [0, 6.0]])),
        "feature_names": ("crane", "orchid"),
        "geometry": None,
    }
    return Landscape(**{**fields, **changes})


def neighbours() -> Neighbours:
    """Five edges of the five parcels, two of them around f1, f2 and f3, and what lies outside, in m."""
    ends = np.array([0, 0, 1, 2, 3]), np.array([1, 2, 2, 3, 4])
    return neighbours_of(5, (*ends, np.array([100.0, 50, 70, 30, 20])), np.array([10.0, 20, 30, 40, 50]))


SOIL = {
    "soil_carbon": (40.0, 40.0, 62.0, 90.0, 40.0),
    "soil_carbon_potential": (43.0, 46.0, 62.0, 80.0, 40.0),
}
"""Deficits of 3, 6, 0, 0 (above its potential) and 0 t C per ha."""
SOIL_SHARES = (0, 0, 0.5, 1)


def soil_landscape(**more: Sequence[float]) -> Landscape:
    """The five parcels with what their soils hold and could hold, and more covariates."""
    covariates = {name: np.array(values, dtype=np.float32) for name, values in {**SOIL, **more}.items()}
    return landscape(covariates={**landscape().covariates, **covariates})


# Fields have no grass; g1 grows 2 t/ha for 4 sheep units, g2 1 t/ha for 1.
FORAGE_YIELD = (0.0, 0.0, 0.0, 2.0, 1.0)
LIVESTOCK = (0.0, 0.0, 0.0, 4.0, 1.0)
GRAZING: dict[str, tuple[float, ...]] = {
    "forage_effect": (0, 50, 0, 0),
    "livestock_effect": (0, -50, 0, 0),
    "forage_added": (0, 0, 1.5, 0),
}


def pasture() -> Landscape:
    """The parcels with forage and livestock."""
    land = landscape()
    grazed = {"forage_yield": np.array(FORAGE_YIELD), "livestock": np.array(LIVESTOCK)}
    return landscape(covariates={**land.covariates, **grazed})


FEATURE_CHANGE = np.array([[0, 0.5, -1.0, 0], [0, -0.5, 0, 0]])


def catalogue(**changes: Any) -> Catalogue:
    """Three interventions; `changes` replace coefficients."""
    coefficients = {name: np.array(values, dtype=np.float64) for name, values in COEFFICIENTS.items()}
    coefficients.update({name: np.asarray(values, dtype=np.float64) for name, values in changes.items()})
    return Catalogue(
        interventions=INTERVENTIONS,
        labels={"en": INTERVENTIONS},
        coefficients=coefficients,
        codes=tuple(frozenset(codes) for codes in CODES),
        curves=(GrowthCurve("warm", 200.0, 0.02, 1.0), GrowthCurve("cold", 100.0, 0.05, 3.0)),
        evidence=pd.DataFrame(),
    )


def study(
    criteria: Mapping[str, Any] | Sequence[str] = ("carbon",), *, folder: Path = Path(), **sections: Any
) -> Study:
    """A study; criteria named in a sequence are maximised, ``cost`` and ``change`` minimised."""
    if not isinstance(criteria, Mapping):
        criteria = {name: {"sense": "min" if name in ("cost", "change") else "max"} for name in criteria}
    about = {"title": "Five parcels", "decision": "whole", **sections.pop("about", {})}
    data = {
        "study": about,
        "parcels": {"source": "parcels.csv", "id": "id", "area": {"column": "area", "unit": "ha"}},
        "criteria": dict(criteria),
        **sections,
    }
    return study_from(data, folder / "study.toml")


def formulation(
    criteria: Mapping[str, Any] | Sequence[str] = ("carbon",),
    *,
    land: Landscape | None = None,
    interventions: Catalogue | None = None,
    tables: Tables | None = None,
    **sections: Any,
) -> Formulation:
    """The five parcels formulated, without any file."""
    found = tables or Tables(feature_change=FEATURE_CHANGE, baselines={})
    return formulate_from(
        study(criteria, **sections), land or landscape(), interventions or catalogue(), tables=found
    )


def effect_table() -> pd.DataFrame:
    """An effect table in the form of `load_effect_table`: four options on three of the parcels."""
    return pd.DataFrame(
        {
            "parcel": [3, 0, 0, 4],
            "intervention": ["natural_forest_restoration", "cropland_to_forest", "pond", "pond"],
            "carbon": [400.0, 90.0, 10.0, 20.0],
            "cost": [4.0, 3.0, 2.0, 1.0],
        }
    )


def table_formulation(
    criteria: Mapping[str, Any] | Sequence[str] = ("carbon", "cost"), **sections: Any
) -> Formulation:
    """The five parcels with an effect table."""
    effects = {
        "source": "effects.csv", "layout": "wide", "parcel": "id", "intervention": "intervention",
        "columns": {"carbon": "carbon", "cost": "cost"},
    }  # fmt: skip
    tables = Tables(effects=effect_table(), feature_change=FEATURE_CHANGE, baselines={})
    return formulation(criteria, tables=tables, effects=effects, **sections)
