"""A plan's figures beside what was published: soil of cropland, and rates per hectare and year of measures.

A figure outside the published range is no fault: it says that the land, or a number of the study, is unusual.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from landfront.instances.codes import class_of
from landfront.instances.schema import rows
from landfront.models.kinds import interventions_of
from landfront.models.plan import Plan
from landfront.report.land_account import dated_carbon, effect_of

SOIL = {"soil_now": "soil_carbon", "soil_could": "soil_carbon_potential"}


def published_table(plan: Plan) -> pd.DataFrame:
    """Rows ``name, here, low, high, within, unit, place, source, mark`` for what the study has figures of.

    Rates are of the first milestone, in whose years stores fill up fastest and evenly.
    """
    found = []
    for row in rows("published"):
        kind, _, what = row["quantity"].partition(":")
        here = _rate(plan, what.split("|")) if kind == "rate" else _soil(plan, kind, what)
        if not np.isnan(here):
            low, high = float(row["low"]), float(row["high"])
            shown = {key: row[key] for key in ("unit", "place", "source", "mark")}
            found.append(
                {"name": row["name"], "here": here, "low": low, "high": high, "within": low <= here <= high}
                | shown
            )
    columns = ["name", "here", "low", "high", "within", "unit", "place", "source", "mark"]
    return pd.DataFrame(found, columns=columns)


def _soil(plan: Plan, kind: str, land: str) -> float:
    """Mean carbon of the soils of a land class, weighted by area; nan where the study has none."""
    landscape = plan.formulation.landscape
    if kind == "deficit":
        return _soil(plan, "soil_could", land) - _soil(plan, "soil_now", land)
    values = landscape.covariates.get(SOIL[kind])
    if values is None or not landscape.cover_codes:
        return float("nan")
    of_class = np.array([*(class_of(code) == land for code in landscape.cover_codes), False])
    area = np.where(of_class[landscape.cover], landscape.area, 0.0)
    return float(values @ area / area.sum()) if area.any() else float("nan")


def _rate(plan: Plan, interventions: list[str]) -> float:
    """Carbon per ha and year of what the plan does of these; nan where it does none of them alone."""
    study, names = plan.formulation.study, plan.formulation.menu.interventions
    year = study.study.milestones[0]
    carbon = effect_of(plan, "carbon", year) if dated_carbon(plan) else None
    wanted = np.array(
        [interventions_of(name)[1:] == () and interventions_of(name)[0] in interventions for name in names]
    )
    ours = wanted[plan.chosen["kind"].to_numpy()]
    if carbon is None or not ours.any():
        return float("nan")
    starts = plan.formulation.menu.kinds.start[plan.chosen["kind"].to_numpy()]
    area = plan.formulation.landscape.area[plan.chosen["parcel"].to_numpy()] * plan.chosen["share"].to_numpy()
    years = float((area * np.maximum(year - starts, 0))[ours].sum())
    return float(plan.change_by_option(carbon)[ours].sum()) / years if years > 0 else float("nan")
