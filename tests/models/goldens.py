"""The golden LP of each component; ``python -m tests.models.goldens`` writes them anew."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np

from landfront.instances.catalogue import Catalogue, Profile
from landfront.instances.landscape import Earlier, Landscape, Locked, Past
from landfront.models.formulate import Formulation
from tests.models.builders import (
    GRAZING,
    SOIL_SHARES,
    catalogue,
    formulation,
    landscape,
    neighbours,
    pasture,
    soil_landscape,
    table_formulation,
)
from tests.models.lp import lp_text

FOLDER = Path(__file__).resolve().parents[1] / "golden"


def _menu() -> Formulation:
    """Codes, slope, rainfall, a mask and consent each take something from the menu."""
    masks = {"core": [False, False, True, False, False], "no_consent": [False, True, False, False, False]}
    land = landscape(masks={name: _flags(values) for name, values in masks.items()})
    mask = {"name": "core", "column": "core", "forbid": ["conservation_tillage"]}
    return formulation(["area"], land=land, masks=[mask], consent={"column": "consent"})


def _flags(values: list[bool]) -> object:
    return np.array(values, dtype=bool)


def _locks() -> Formulation:
    """One parcel is given an intervention, one must be kept, and the others choose."""
    given = Locked(np.array([0, -1, 1, -1, -1], dtype=np.int16), ("cropland_to_forest", "keep"))
    return formulation(
        ["carbon"], land=landscape(locks={"agreed": given}), locks=[{"name": "agreed", "from": "AGREED"}]
    )


def _past() -> Formulation:
    """Half of a farm is tilled less already, a grassland is all forest, and nothing starts before 2030."""
    names = ("conservation_tillage", "natural_forest_restoration")
    years, share = np.array([2026, 2026]), np.array([0.5, 1.0])
    past = Past(np.array([1, 3]), np.array([0, 1]), years, share, names, 2028)
    return formulation(
        ["carbon"], land=landscape(past=past), history={"source": "history.csv", "year": 2028},
        periods={"starts": [2025, 2030]}, about={"decision": "share"},
    )  # fmt: skip


def _change() -> Formulation:
    """The plan before has three interventions, one of which is no longer known, and not the last parcel."""
    names = ("keep", "conservation_tillage", "pond")
    earlier = Earlier(np.arange(4), np.array([0, 1, 2, 0]), np.ones(4), np.full(4, np.nan), names)
    limits = [{"name": "steady", "criterion": "change", "max": 40}]
    return formulation(["carbon", "change"], land=landscape(earlier=earlier), limits=limits)


def _limits() -> Formulation:
    """Totals by region, a change, shares, habitat features, another milestone, both sides at once."""
    limits = [
        {"name": "grain", "criterion": "food", "min": {"share": 0.9}, "by": "county"},
        {"name": "runoff", "criterion": "water", "of": "change", "min": -20000},
        {
            "name": "cap",
            "criterion": "area",
            "interventions": ["cropland_to_forest"],
            "max": {"share": 0.1, "of": "land"},
        },
        {"name": "homes", "criterion": "feature:*", "min": {"share": 0.6}},
        {"name": "early", "criterion": "carbon", "milestone": 2030, "min": 50, "max": 900},
        {"name": "budget", "criterion": "cost", "max": 30, "unit": "10k CNY"},
        {"name": "reach", "criterion": "carbon", "min": {"share": 0.15, "of": "attainable"}},
        {"name": "south_area", "criterion": "area", "regions": ["south"], "max": 60},
    ]
    return formulation(["carbon"], limits=limits)


def _kinds() -> Formulation:
    """Two start periods, a combination with a joint factor, a budget of each period."""
    return formulation(
        ["carbon", "cost"],
        periods={"starts": [2025, 2040]},
        combinations={
            "groups": [("cropland_to_forest", "conservation_tillage")],
            "joint": [
                {
                    "interventions": ["cropland_to_forest", "conservation_tillage"],
                    "factors": {"carbon": 0.9},
                }
            ],
        },
        limits=[{"name": "budget", "criterion": "cost", "period": "each", "max": 100000}],
    )


def _measures() -> Formulation:
    """The worst-off county, features short of their targets, targets reached, and how far counties differ."""
    criteria = {
        "worst": {"measure": "smallest", "effect": "carbon", "sense": "max", "by": "county", "per": "area"},
        "short": {
            "measure": "shortfall",
            "effect": "feature:*",
            "sense": "min",
            "target": {"share": 1.2},
        },
        "met": {"measure": "reached", "effect": "feature:*", "sense": "max", "target": {"share": 1.1}},
        "apart": {"measure": "mean_deviation", "effect": "cost", "sense": "min", "by": "county"},
    }
    return formulation(criteria, limits=[{"name": "budget", "criterion": "cost", "max": 300000}])


def _boundary() -> Formulation:
    """Carbon with a limit on the boundary; a parcel that is settled, and one that nothing can be done on."""
    given = Locked(
        np.array([-1, -1, 2, -1, -1], dtype=np.int16), ("cropland_to_forest", "keep", "conservation_tillage")
    )
    land = landscape(neighbours=neighbours(), locks={"agreed": given})
    edge = {"measure": "boundary", "sense": "min", "unit": "km"}
    limits = [
        {"name": "compact", "criterion": "edge", "max": 0.2},
        {"name": "sink", "criterion": "carbon", "min": 1},
    ]
    locks = [{"name": "agreed", "from": "AGREED"}]
    return formulation({"carbon": {"sense": "max"}, "edge": edge}, land=land, limits=limits, locks=locks)


def _around() -> Formulation:
    """Semi-natural land around irrigated fields, where grassland counts already; a cap around all."""
    limits = [
        {
            "name": "mosaic", "criterion": "area", "interventions": ["cropland_to_forest"],
            "around": {"cover": ["0103"], "existing": ["0404"]}, "min": {"share": 0.1, "of": "land"},
        },
        {
            "name": "mono", "criterion": "area", "interventions": ["conservation_tillage"],
            "around": {"steps": 2}, "max": 40,
        },
    ]  # fmt: skip
    return formulation(["carbon"], land=landscape(neighbours=neighbours()), limits=limits)


def _scattered() -> Formulation:
    """At most 15 ha outside of pairs of neighbours that are treated together."""
    bits = {"measure": "scattered", "sense": "min", "patch": {"parcels": 2}}
    limit = {"name": "whole", "criterion": "bits", "max": 15}
    land = landscape(neighbours=neighbours())
    return formulation({"carbon": {"sense": "max"}, "bits": bits}, land=land, limits=[limit])


def _separate() -> Formulation:
    """At most 15 ha outside the largest connected set of treated land."""
    apart = {"measure": "separate", "sense": "min"}
    limit = {"name": "joined", "criterion": "apart", "max": 15}
    land = landscape(neighbours=neighbours())
    return formulation({"carbon": {"sense": "max"}, "apart": apart}, land=land, limits=[limit])


def _connected() -> Formulation:
    """No treated land that irrigated land does not lead to."""
    apart = {"measure": "separate", "sense": "min", "core": {"cover": ["0101"]}}
    limit = {"name": "joined", "criterion": "apart", "max": 0}
    land = landscape(neighbours=neighbours())
    return formulation({"carbon": {"sense": "max"}, "apart": apart}, land=land, limits=[limit])


def _unlinked() -> Formulation:
    """The first farm and the last grassland are linked to the grassland beside it over treated land."""
    core = np.array([True, False, False, True, True])
    islands = {"measure": "unlinked", "sense": "min", "core": {"mask": "nature"}}
    land = landscape(neighbours=neighbours(), masks={"nature": core})
    limits = [
        {"name": "corridor", "criterion": "islands", "max": 0},
        {"name": "budget", "criterion": "cost", "max": 300000},
    ]
    criteria = {"cost": {"sense": "min"}, "islands": islands}
    return formulation(criteria, land=land, limits=limits)


def _risk() -> Formulation:
    """The tail of carbon over three scenarios that are drawn by intervention and county."""
    ranges = [{"effect": "carbon", "low": 0.5, "high": 1.5}]
    return formulation(
        {"tail": {"measure": "cvar", "effect": "carbon", "sense": "max", "level": 0.5}},
        risk={"by": "county", "draw": {"count": 3, "seed": 1, "ranges": ranges}},
        limits=[{"name": "budget", "criterion": "cost", "max": 300000}],
    )


def _funds() -> Formulation:
    """Two funds, one of which may only pay for one intervention and in part for one county."""
    funds = [
        {"name": "forest", "amount": 20, "unit": "10k CNY", "interventions": ["natural_forest_restoration"]},
        {
            "name": "county",
            "amount": 90000,
            "earmarks": [{"share": 0.4, "regions": ["north"]}],
        },
    ]
    return formulation(["carbon"], funds=funds)


def _soil() -> Formulation:
    """Soils that are full, nearly full or far from it, and a combination that shares one deficit."""
    return formulation(
        ["carbon"],
        land=soil_landscape(),
        interventions=catalogue(soil_share=SOIL_SHARES),
        carbon={"soil": {"technical": 0.5, "beyond": 0.25}},
        combinations={"groups": [("cropland_to_forest", "conservation_tillage")]},
    )


def _profiles() -> Formulation:
    """A curve with a debt at first for one intervention, two phases for the others."""
    profile = Profile(np.array([0.0, 5.0, 25.0]), np.array([0.0, -10.0, 90.0]))
    found = replace(catalogue(), profiles={"natural_forest_restoration": profile})
    found.coefficients["flux_1"][1] = found.coefficients["flux_2"][1] = 0.0
    return formulation(["carbon"], interventions=found)


NET = {
    "baseline": {"cropland": -0.5, "grassland": {"low": 0, "mean": 0.25, "high": 1}},
    "baseline_years": 20,
    "leakage": {"cropland_to_forest": 0.25, "*": 0.1},
    "harvest_leakage": 0.4,
}


def _carbon_net() -> Formulation:
    """Fields that lose carbon anyway, grassland that stores some, leakage of both kinds, and a buffer."""
    return formulation(["carbon_net"], carbon={"net": NET})


CODES_AFTER = ("", "0301", "0301", "")
INDICATORS = [
    {
        "name": "income", "unit": "10k CNY", "per_ha": {"cropland_to_forest": -0.5, "*": 0.2},
        "each_year": True, "weight": "people", "source": "example",
    },
    {
        "name": "nitrogen", "unit": "t CO2e", "gas": "N2O", "per_ha": {"conservation_tillage": -20},
        "relative": True, "baseline": "n2o", "source": "example",
    },
]  # fmt: skip


def own_columns() -> Landscape:
    """The parcels with the columns of the indicators: people who live there, t N2O per ha and year."""
    columns = {"column:people": np.array([1.0, 2, 3, 4, 5]), "column:n2o": np.array([0.01, 0.02, 0.03, 0, 0])}
    return landscape(covariates={**landscape().covariates, **columns})


def _indicators() -> Formulation:
    """Income per year and person, and a cut of what fertiliser gives off today."""
    limits = [{"name": "gas", "criterion": "nitrogen", "max": {"share": 0.95}}]
    return formulation({"income": {"sense": "max"}}, land=own_columns(), indicators=INDICATORS, limits=limits)


def _land_class() -> Formulation:
    """Forest is wanted, but half of the grassland must stay."""
    limits = [{"name": "grass", "criterion": "class:grassland", "min": {"share": 0.5}}]
    criteria = {"forest": {"effect": "class:forest", "sense": "max"}}
    return formulation(criteria, interventions=with_codes(), limits=limits)


TIMBER = {
    "wood_harvest": (0, 1.5, 0, 0), "wood_halflife": (0, 35, 35, 35), "wood_substitution": (0, 0.5, 0, 0),
}  # fmt: skip


def _soil_stock() -> Formulation:
    """Soil carbon that a soil takes up only until it is full."""
    return formulation(
        ["soil_stock"],
        land=soil_landscape(),
        interventions=catalogue(soil_share=SOIL_SHARES),
        carbon={"soil": {"technical": 0.5, "beyond": 0.25}},
    )


def with_codes() -> Catalogue:
    """The interventions with the land code that they leave behind."""
    return replace(catalogue(), codes_after=CODES_AFTER)


PRICES = {"grain": 2500.0}
CREDITS = [
    {"scheme": "forests", "methodology": "ccer_forestation", "price": 80.0, "price_growth": 0.02},
    {"scheme": "market", "methodology": "voluntary", "price": 40.0, "period": 10},
]


def _crops() -> Landscape:
    """The parcels with crops of 12, 14 and 15 GJ per t."""
    import numpy as np

    energy = np.array([12.0, 14.0, 15.0, np.nan, np.nan], dtype=np.float32)
    return landscape(covariates={**landscape().covariates, "crop_energy": energy})


def _curve(curve: str) -> Callable[[], Formulation]:
    return lambda: formulation(["carbon"], carbon={"curve": curve})


def _one(criterion: str) -> Callable[[], Formulation]:
    return lambda: formulation([criterion])


GOLDENS: dict[str, Callable[[], Formulation]] = {
    **{
        name: _one(name)
        for name in (
            "carbon",
            "cost",
            "food",
            "water",
            "biodiversity",
            "cropland",
            "cropland_quality",
            "area",
            "habitat",
            "labour",
            "seedlings",
        )
    },
    "carbon_zone": _curve("zone"),
    "carbon_precipitation": _curve("precipitation"),
    "soil": _soil,
    "decay": lambda: formulation(
        ["carbon"], interventions=catalogue(reversal=(0, 0.5, 1.0, 0)), carbon={"reversal": True}
    ),
    "carbon_profiles": _profiles,
    "menu": _menu,
    "kinds": _kinds,
    "funds": _funds,
    "boundary": _boundary,
    "around": _around,
    "scattered": _scattered,
    "separate": _separate,
    "connected": _connected,
    "unlinked": _unlinked,
    "measures": _measures,
    "risk": _risk,
    "locks": _locks,
    "past": _past,
    "change": _change,
    "revenue": lambda: formulation(["revenue"], credits=CREDITS, about={"discount_rate": 0.03}),
    "credits": lambda: formulation(["revenue"], credits=CREDITS[1:], periods={"starts": [2025, 2050]}),
    "carbon_rate": lambda: formulation(["carbon_rate"]),
    "soil_stock": _soil_stock,
    "wood": lambda: formulation(["wood"], interventions=catalogue(**TIMBER)),
    "carbon_wood": lambda: formulation(["carbon_wood"], interventions=catalogue(**TIMBER)),
    "carbon_net": _carbon_net,
    "indicators": _indicators,
    "land_class": _land_class,
    "calories": lambda: formulation(["calories"], land=_crops()),
    "opportunity": lambda: formulation(["opportunity"], prices=PRICES, about={"discount_rate": 0.03}),
    "net_cost": lambda: formulation(["net_cost"], prices=PRICES, credits=CREDITS),
    "forage": lambda: formulation(["forage"], land=pasture(), interventions=catalogue(**GRAZING)),
    "effect_table": table_formulation,
    "limits": _limits,
    "formulate": lambda: formulation(["carbon", "food", "cost"], about={"decision": "share"}),
}


def main() -> None:
    """Write every golden."""
    for name, build in GOLDENS.items():
        (FOLDER / f"{name}.lp").write_text(lp_text(build()), encoding="utf-8")


if __name__ == "__main__":
    main()
