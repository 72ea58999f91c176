"""The land account of a plan: what each land class becomes, with the carbon that goes with it.

Transitions are between land classes (``tables/land_codes.csv``), as the balance table of a spatial plan has
them; the same by the categories of the IPCC (2006, Vol. 4 ch. 3: converted land and land remaining) and of
Regulation (EU) 2018/841, with the sign of inventories, where a removal is negative.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from landfront.instances.codes import class_of, classes
from landfront.instances.faults import Fault, InputError, refuse
from landfront.models.kinds import interventions_of
from landfront.models.plan import MU_PER_HA, Plan
from landfront.models.registry import Effects

if TYPE_CHECKING:
    import networkx as nx

    from landfront.models.effects import Effect

Ints = NDArray[np.int64]
T_PER_GG = 1000.0
IPCC = {
    "cropland": "Cropland", "orchard": "Cropland", "forest": "Forest Land", "grassland": "Grassland",
    "wetland": "Wetlands", "water": "Wetlands", "built": "Settlements", "other": "Other Land",
}  # fmt: skip
"""Land classes by category; perennial crops are cropland (IPCC 2006, Vol. 4 ch. 3.2)."""
MANAGED = {
    "Cropland": "managed cropland", "Grassland": "managed grassland", "Forest Land": "managed forest land",
    "Wetlands": "managed wetland", "Settlements": "settlements and other land",
    "Other Land": "settlements and other land",
}  # fmt: skip


def effect_of(plan: Plan, name: str, year: int | None = None) -> Effect | None:
    """An effect of the plan's study by a milestone, the last one by default; None where it has none."""
    effects = plan.formulation.effects
    assert isinstance(effects, Effects)
    sources = effects.sources
    if not sources.knows(name):
        return None
    try:
        return sources.effect(name, key=name, year=year or sources.inputs.last)
    except InputError:
        return None


def dated_carbon(plan: Plan) -> bool:
    """Whether carbon is known by year: that of a table of effects is one number for all time."""
    effects = plan.formulation.effects
    assert isinstance(effects, Effects)
    return effects.sources.by_milestone("carbon")


def ways(plan: Plan) -> tuple[Ints, Ints]:
    """Land class before and after, of each chosen option, as indices of `classes`, shape (chosen,) each.

    Raises
    ------
    InputError
        If the study gives no land cover.
    """
    formulation, known = plan.formulation, classes()
    landscape = formulation.landscape
    if not landscape.cover_codes:
        refuse(Fault("study.toml", "parcels.cover", "missing, but the land account needs it", "Name it."))
    held = np.array([known.index(class_of(code)) for code in landscape.cover_codes])
    before = held[landscape.cover[plan.chosen["parcel"].to_numpy()]]
    after = _after(plan)[plan.chosen["kind"].to_numpy()]
    return before, np.where(after < 0, before, after)


def _after(plan: Plan) -> Ints:
    """Land class after each kind, -1 where land stays what it is, shape (K,)."""
    catalogue, known = plan.formulation.catalogue, classes()
    codes = dict(zip(catalogue.interventions, catalogue.codes_after, strict=False))
    found = np.full(len(plan.formulation.menu.interventions), -1, dtype=np.int64)
    for kind, name in enumerate(plan.formulation.menu.interventions):
        for intervention in interventions_of(name):
            if codes.get(intervention):
                found[kind] = known.index(class_of(codes[intervention]))
    return found


def transitions(plan: Plan) -> pd.DataFrame:
    """Area and carbon by class before and after: ``before, after, parcels, area_ha, area_mu, carbon_t_co2e``.

    Land that is kept is in it, so areas add up to the land; carbon is nan where the study has none.
    """
    before, after = ways(plan)
    known, chosen = classes(), plan.chosen
    cell = before * len(known) + after
    area = plan.formulation.landscape.area[chosen["parcel"].to_numpy()] * chosen["share"].to_numpy()
    carbon = effect_of(plan, "carbon")
    used, parcels = np.unique(cell, return_counts=True)
    hectares = np.bincount(cell, weights=area)[used]
    tonnes = (
        np.full(len(used), np.nan) if carbon is None
        else np.bincount(cell, weights=plan.change_by_option(carbon))[used]
    )  # fmt: skip
    return pd.DataFrame(
        {
            "before": [known[c // len(known)] for c in used],
            "after": [known[c % len(known)] for c in used],
            "parcels": parcels,
            "area_ha": hectares,
            "area_mu": hectares * MU_PER_HA,
            "carbon_t_co2e": tonnes,
        }
    )


def inventory(plan: Plan) -> pd.DataFrame:
    """The plan by reporting category: area, and Gg CO2e by each milestone with the inventory's sign.

    Carbon of a table of effects has no years, and one column.
    """
    before, after = ways(plan)
    known, chosen = classes(), plan.chosen
    area = plan.formulation.landscape.area[chosen["parcel"].to_numpy()] * chosen["share"].to_numpy()
    frame = pd.DataFrame(
        {
            "before": [IPCC[known[c]] for c in before],
            "after": [IPCC[known[c]] for c in after],
            "area_ha": area,
        }
    )
    dated = dated_carbon(plan)
    for year in plan.formulation.study.study.milestones if dated else (None,):
        carbon = effect_of(plan, "carbon", year)
        if carbon is not None:
            frame[f"gg_co2e_{year}" if dated else "gg_co2e"] = -plan.change_by_option(carbon) / T_PER_GG
    found = frame.groupby(["before", "after"], sort=True).sum().reset_index()
    same = found["before"] == found["after"]
    ipcc = found["after"] + np.where(same, " remaining ", " from ") + found["before"]
    found.insert(0, "ipcc", ipcc)
    found.insert(
        1, "eu_2018_841", [_accounted(b, a) for b, a in zip(found["before"], found["after"], strict=True)]
    )
    return found.drop(columns=["before", "after"])


def _accounted(before: str, after: str) -> str:
    """Accounting category of Regulation (EU) 2018/841 as amended by 2023/839."""
    if before != after and after == "Forest Land":
        return "afforested land"
    if before != after and before == "Forest Land":
        return "deforested land"
    return MANAGED[after]


def flows(plan: Plan) -> nx.DiGraph[str]:
    """Land classes as nodes with their area before and after, transitions as edges with area and carbon."""
    import networkx as nx

    table = transitions(plan)
    graph: nx.DiGraph[str] = nx.DiGraph()
    for name in sorted({*table["before"], *table["after"]}):
        held = float(table.loc[table["before"] == name, "area_ha"].sum())
        then = float(table.loc[table["after"] == name, "area_ha"].sum())
        graph.add_node(name, before_ha=held, after_ha=then)
    for row in table.to_dict("records"):
        carbon: dict[str, Any] = (
            {} if np.isnan(row["carbon_t_co2e"]) else {"carbon_t_co2e": row["carbon_t_co2e"]}
        )
        graph.add_edge(row["before"], row["after"], area_ha=row["area_ha"], **carbon)
    return graph


def pools(plan: Plan) -> pd.DataFrame:
    """Carbon of each intervention by pool, in t CO2e: biomass, litter and roots, soil; products beside.

    Litter and roots are the part of biomass that the catalogue's ``below_share`` tells; 0 where it does not.
    """
    names = plan.formulation.menu.interventions
    kind = plan.chosen["kind"].to_numpy()
    parts = {}
    for name, factor in (("carbon", 1.0), ("soil_stock", 44.0 / 12.0), ("wood", 1.0)):
        effect = effect_of(plan, name)
        values = np.zeros(len(kind)) if effect is None else plan.change_by_option(effect) * factor
        parts[name] = np.bincount(kind, weights=values, minlength=len(names))
    used = np.unique(kind)
    live = parts["carbon"] - parts["soil_stock"]
    below = live * _below(plan)
    return pd.DataFrame(
        {
            "intervention": [names[k] for k in used],
            "biomass_t_co2e": (live - below)[used],
            "litter_roots_t_co2e": below[used],
            "soil_t_co2e": parts["soil_stock"][used],
            "products_t_co2e": parts["wood"][used],
        }
    )


def _below(plan: Plan) -> NDArray[np.float64]:
    """Share of litter and roots in biomass of each kind, shape (K,); 0 where several interventions join."""
    catalogue = plan.formulation.catalogue
    known = catalogue.coefficients.get("below_share")
    shares = {} if known is None else dict(zip(catalogue.interventions, np.nan_to_num(known), strict=True))
    found = [interventions_of(name) for name in plan.formulation.menu.interventions]
    return np.array([shares.get(own[0], 0.0) if len(own) == 1 else 0.0 for own in found])
