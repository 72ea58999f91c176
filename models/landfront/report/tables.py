"""The tables of a run as data frames; what writes a run and what verifies it call the same functions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from landfront.instances.evidence import COLUMNS
from landfront.instances.schema import by_key
from landfront.instances.study_indicators import OTHERS
from landfront.report.result import Result

if TYPE_CHECKING:
    from landfront.models.formulate import Formulation
    from landfront.models.plan import Plan

WHOLE = "all"


def front_table(result: Result) -> pd.DataFrame:
    """``point``, every criterion of the study as totals, then ``bound``, ``gap``, ``termination``."""
    front = result.front
    frame = pd.DataFrame(result.values, columns=list(result.criteria))
    frame.insert(0, "point", np.arange(len(front)))
    frame["bound"] = [point.bound for point in front.points]
    frame["gap"] = [point.gap for point in front.points]
    frame["termination"] = [point.termination for point in front.points]
    return frame


def totals_table(result: Result) -> pd.DataFrame:
    """Area and every effect by point, region level, region and intervention.

    The level ``all`` is the whole study. ``plan`` holds the names of the plans that are this point.
    """
    names: dict[int, list[str]] = {}
    for named in result.named:
        names.setdefault(named.point, []).append(named.name)
    parts = []
    for point in range(len(result.front)):
        part = plan_totals(result.plan(point), result.formulation.landscape.levels)
        part.insert(0, "plan", " ".join(names.get(point, [])))
        part.insert(0, "point", point)
        parts.append(part)
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()


def plan_totals(plan: Plan, levels: tuple[str, ...]) -> pd.DataFrame:
    """Area and every effect of a plan by level, region and intervention, the whole study first."""
    parts = []
    for level in (None, *levels):
        part = plan.totals(level).reset_index(drop=True)
        if "region" not in part.columns:
            part.insert(0, "region", WHOLE)
        part["region"] = part["region"].astype(str).replace("", WHOLE)
        part["intervention"] = part["intervention"].astype(str)
        part.insert(0, "level", level or WHOLE)
        parts.append(part)
    return pd.concat(parts, ignore_index=True)


def limits_table(result: Result) -> pd.DataFrame:
    """Every limit at every named plan: value, bounds, margin, shadow price, owner and reason.

    The shadow price is the change of the front's first criterion per unit of the bound.
    """
    parts = [_plan_limits(result, named.name, named.point) for named in result.named]
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()


def _plan_limits(result: Result, name: str, point: int) -> pd.DataFrame:
    frame = result.plan(point).limits().reset_index(drop=True)
    rows = result.formulation.limits
    frame["shadow_price"] = limit_prices(result, point)
    first = result.front.criteria[0]
    frame["price_unit"] = [f"{result.units[first]} per {row.unit}" for row in rows]
    frame["owner"] = [row.owner for row in rows]
    frame["reason"] = [row.reason for row in rows]
    frame.insert(0, "plan", name)
    return frame


def limit_prices(result: Result, point: int) -> NDArray[np.float64]:
    """Shadow price of each limit at a point, nan where none is known, shape (limits,).

    Limits are the first rows of the program; after them stand those of measures, funds and the like.
    """
    prices, count = result.front.points[point].row_prices, len(result.formulation.limits)
    return prices[:count] if len(prices) >= count else np.full(count, np.nan)


def menu_table(formulation: Formulation) -> pd.DataFrame:
    """How many parcels each rule keeps from each intervention."""
    rows = [
        (entry.intervention, entry.reason, entry.parcels, entry.area) for entry in formulation.menu.excluded
    ]
    return pd.DataFrame(rows, columns=["intervention", "reason", "parcels", "area_ha"])


def coefficients_table(formulation: Formulation) -> pd.DataFrame:
    """Every number that the catalogue lends to the study, with its source and its mark.

    Numbers of effects that few studies ask for (``only_for`` of the data dictionary) count where one does.
    """
    evidence, study = formulation.catalogue.evidence, formulation.study
    asked = {study.effect_of(name) for name in (*study.criteria, *(row.criterion for row in study.limits))}
    idle = [
        name
        for name, row in by_key("coefficients").items()
        if row["only_for"] and asked.isdisjoint(row["only_for"].split("|"))
    ]
    used = evidence["intervention"].isin(formulation.menu.kinds.interventions)
    found = evidence[used & ~evidence["parameter"].isin(idle)]
    own = _indicators(formulation)
    return (pd.concat([found, own], ignore_index=True) if len(own) else found).reset_index(drop=True)


def _indicators(formulation: Formulation) -> pd.DataFrame:
    """The numbers of the study's own indicators, with their source and mark."""
    used = formulation.menu.kinds.interventions
    rows = [
        (name, entry.name, "study", value, np.nan, np.nan, "%" if entry.relative else f"{entry.unit}/ha",
         "yearly" if entry.each_year else "", entry.source, entry.mark, entry.gas or "")
        for entry in formulation.study.indicators
        for name, value in entry.per_ha.items()
        if name in (*used, OTHERS)
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=[*COLUMNS])


def balance_table(result: Result) -> pd.DataFrame:
    """Who gains and who loses: change of every criterion that is a sum, by named plan, level and region."""
    sums = [name for criterion in result.formulation.sums for name in (criterion, f"{criterion}_share")]
    parts = [pd.DataFrame(columns=["plan", "level", "region", "area_ha", "treated_ha", *sums])]
    for named in result.named:
        for level in result.formulation.landscape.levels:
            part = result.plan(named.point).balance(level)
            part.insert(0, "level", level)
            part.insert(0, "plan", named.name)
            parts.append(part)
    return pd.concat(parts[1:] or parts, ignore_index=True)


def funds_table(result: Result) -> pd.DataFrame:
    """What each fund pays in each named plan: amount, paid, left."""
    parts = [pd.DataFrame(columns=["plan", "fund", "period", "amount", "paid", "left"])]
    if result.formulation.payments is not None:
        for named in result.named:
            part = result.plan(named.point).funds()
            part.insert(0, "plan", named.name)
            parts.append(part)
    return pd.concat(parts[1:] or parts, ignore_index=True)


TABLES: Mapping[str, Callable[[Result], pd.DataFrame]] = {
    "front.csv": front_table,
    "totals.csv": totals_table,
    "limits.csv": limits_table,
    "balance.csv": balance_table,
    "funds.csv": funds_table,
    "menu.csv": lambda result: menu_table(result.formulation),
    "coefficients.csv": lambda result: coefficients_table(result.formulation),
}
