"""The plain way to the benchmark's model: read the tables with pandas, write the textbook model in Pyomo."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pandas as pd
import pyomo.environ as pyo

CRITERIA = ("carbon", "food", "biodiversity", "cost")


def build_from_tables(folder: Path) -> Any:
    """Sets, parameters, variables, four objectives and the study's limits."""
    study = tomllib.loads((folder / "study.toml").read_text())
    limits = {limit["name"]: limit for limit in study["limits"]}
    parcels = pd.read_parquet(folder / "parcels.parquet").set_index("parcel")
    effects = pd.read_parquet(folder / "effects.parquet").set_index(["parcel", "intervention"])

    model = pyo.ConcreteModel()
    model.P = pyo.Set(initialize=parcels.index.tolist())
    options = [*effects.index.tolist(), *((parcel, "keep") for parcel in parcels.index.tolist())]
    model.MENU = pyo.Set(dimen=2, initialize=options)
    of_parcel: dict[int, list[tuple[int, str]]] = {}
    for option in options:
        of_parcel.setdefault(option[0], []).append(option)
    model.x = pyo.Var(model.MENU, domain=pyo.Binary)
    effect = {name: effects[name].to_dict() for name in CRITERIA}
    for name in CRITERIA:
        setattr(model, name, pyo.Param(model.MENU, initialize=effect[name], default=0.0))

    def total(name: str, members: list[tuple[int, str]]) -> object:
        values = effect[name]
        return pyo.quicksum(values[option] * model.x[option] for option in members if option in values)

    model.one_option = pyo.Constraint(
        model.P, rule=lambda m, p: sum(m.x[option] for option in of_parcel[p]) == 1
    )
    for name in CRITERIA:
        sense = pyo.minimize if study["criteria"][name]["sense"] == "min" else pyo.maximize
        setattr(model, f"best_{name}", pyo.Objective(expr=total(name, options), sense=sense))
    baseline = study["baseline"]["food"]
    loss = 1 - limits["grain"]["min"]["share"]
    model.grain = pyo.Constraint(expr=total("food", options) >= -loss * baseline)
    model.budget = pyo.Constraint(expr=total("cost", options) <= limits["budget"]["max"])
    area = parcels["area"]
    loss = 1 - limits["regional_grain"]["min"]["share"]
    in_region: dict[str, list[tuple[int, str]]] = {}
    region = parcels["region"].to_dict()
    for option in options:
        in_region.setdefault(region[option[0]], []).append(option)
    share = (area.groupby(parcels["region"]).sum() / area.sum()).to_dict()
    model.regional_grain = pyo.Constraint(
        list(in_region), rule=lambda m, r: total("food", in_region[r]) >= -loss * baseline * share[r]
    )
    return model


def compile_matrix(model: Any) -> Any:
    """The model as the matrix that a solver is given, by Pyomo's own compiler."""
    from pyomo.repn.plugins.standard_form import LinearStandardFormCompiler

    return LinearStandardFormCompiler().write(model, mixed_form=True)
