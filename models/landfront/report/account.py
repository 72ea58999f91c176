"""The account of a plan for other plans and inventories: land, categories, pools, tags, targets, ratios."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from landfront.instances.faults import Fault, refuse
from landfront.instances.staging import staged
from landfront.models.plan import Plan
from landfront.report.folder import check_new
from landfront.report.land_account import effect_of, flows, inventory, pools, transitions
from landfront.report.policy_table import policy_table
from landfront.report.published import published_table
from landfront.report.regional_gap import regional_gap
from landfront.report.tag_totals import barometer, coverage, criteria_by_ecosystem, eu_areas, tag_totals


@dataclass(frozen=True)
class Asked:
    """What is asked of an account beyond the plan.

    Attributes
    ----------
    by
        Region level or group of targets and of the regional gap; everything together without it.
    emissions
        Table of emissions by region and year (`regional_gap`), which needs `by`.
    other
        Emission cuts outside the land by the last milestone, t CO2e, to hold the plan's carbon against.
    income
        A criterion that is an income, for the carbon intensity of the economy.
    """

    by: str | None = None
    emissions: Path | None = None
    other: float | None = None
    income: str | None = None


@dataclass(frozen=True)
class Account:
    """The account of a plan; every table is a data frame."""

    plan: Plan
    asked: Asked = Asked()

    @cached_property
    def ratios(self) -> pd.DataFrame:
        """Ratios of two totals: ``ratio, value, unit``."""
        return pd.DataFrame(ratios(self.plan, self.asked), columns=["ratio", "value", "unit"])

    @cached_property
    def tables(self) -> Mapping[str, pd.DataFrame]:
        """Every table by name."""
        plan, asked = self.plan, self.asked
        makers: dict[str, Callable[[], pd.DataFrame]] = {
            "tags": lambda: tag_totals(plan),
            "coverage": lambda: coverage(plan.formulation),
            "eu_areas": lambda: eu_areas(plan.formulation),
            "barometer": lambda: barometer(plan),
            "published": lambda: published_table(plan),
            "targets": lambda: policy_table(plan, asked.by),
            "roles": lambda: roles(plan),
            "pools": lambda: pools(plan),
            "ratios": lambda: self.ratios,
        }
        if plan.formulation.landscape.cover_codes:
            makers |= {
                "transitions": lambda: transitions(plan),
                "inventory": lambda: inventory(plan),
                "criteria": lambda: criteria_by_ecosystem(plan),
            }
        if asked.emissions is not None and asked.by is not None:
            path, by = asked.emissions, asked.by
            makers["regions"] = lambda: regional_gap(plan, path, by)
        return {name: make() for name, make in makers.items()}

    def write(self, folder: Path) -> None:
        """Write each table as CSV, and the flows between land classes as GraphML, into a new folder.

        Raises
        ------
        InputError
            If the folder holds anything, or the disk refuses.
        """
        import networkx as nx

        tables = self.tables  # whatever is at fault is told before anything is written
        check_new(folder)
        with staged(folder) as scratch:
            for name, table in tables.items():
                table.to_csv(scratch / f"{name}.csv", index=False)
            if "transitions" in tables:
                nx.write_graphml(flows(self.plan), scratch / "flows.graphml")

    def to_json(self) -> dict[str, Any]:
        """Every table as records."""
        return {name: table.to_dict("records") for name, table in self.tables.items()}

    def __str__(self) -> str:
        """Every table that has rows, in words and figures."""
        shown = {name: table for name, table in self.tables.items() if len(table)}
        return "\n\n".join(
            f"{name}\n{table.to_string(index=False, float_format=lambda value: f'{value:.6g}')}"
            for name, table in shown.items()
        )


def account(plan: Plan, asked: Asked | None = None) -> Account:
    """The account of a plan.

    Raises
    ------
    InputError
        If what is asked does not fit the plan's study.
    """
    asked = asked or Asked()
    study, landscape = plan.formulation.study, plan.formulation.landscape
    if asked.by is not None and asked.by not in landscape.levels:
        fix = f"Levels: {', '.join(landscape.levels) or 'none'}."
        refuse(Fault("study.toml", "parcels.regions", f"unknown region level {asked.by!r}", fix))
    if asked.emissions is not None and asked.by is None:
        refuse(Fault(str(asked.emissions), "", "emissions are by region, but no level is named", "Give by."))
    if asked.income is not None and asked.income not in plan.formulation.sums:
        fix = f"Criteria: {', '.join(plan.formulation.sums)}."
        refuse(Fault("study.toml", "criteria", f"no criterion {asked.income!r} that is a sum", fix))
    if asked.other is not None and not (np.isfinite(asked.other) and asked.other >= 0):
        refuse(Fault("other", "", f"{asked.other} is no amount of emission cuts", "Give t CO2e, 0 or more."))
    assert study.criteria
    return Account(plan, asked)


def roles(plan: Plan) -> pd.DataFrame:
    """Who asks for what: ``owner, kind, name, reason`` of limits, masks, locks and funds."""
    study = plan.formulation.study
    rows = [
        *((entry.owner, "limit", entry.name, entry.reason) for entry in study.limits),
        *((entry.owner, "mask", entry.name, entry.reason) for entry in study.masks),
        *((entry.owner, "lock", entry.name, entry.reason) for entry in study.locks),
        *((entry.owner, "fund", entry.name, entry.reason) for entry in study.funds),
    ]
    frame = pd.DataFrame(rows, columns=["owner", "kind", "name", "reason"])
    frame["owner"] = frame["owner"].replace("", "nobody")
    return frame.sort_values(["owner", "kind"], kind="stable", ignore_index=True)


def ratios(plan: Plan, asked: Asked) -> list[tuple[str, float, str]]:
    """What each criterion gains per money, what a tonne costs, and the plan's part of all emission cuts."""
    formulation, found = plan.formulation, []
    currency = formulation.study.study.currency
    carbon, cost = effect_of(plan, "carbon"), effect_of(plan, "cost")
    spent = _total(plan, cost)
    for name in formulation.sums:
        entry = formulation.study.criteria[name]
        if entry.sense == "max" and spent > 0:
            gained = plan.changes[name] / spent
            found.append((f"{name} per cost", gained, f"{formulation.units[name]}/{currency}"))
    tonnes = _total(plan, carbon)
    if tonnes > 0 and spent > 0:
        found.append(("cost per carbon", spent / tonnes, f"{currency}/t CO2e"))
    if asked.other is not None and tonnes + asked.other > 0:
        found.append(("share of mitigation", tonnes / (tonnes + asked.other), "share"))
    if asked.income is not None:
        found += _intensity(plan, asked.income)
    return found


def _intensity(plan: Plan, income: str) -> list[tuple[str, float, str]]:
    """Net emissions a year per income, today and with the plan; the baseline of carbon_rate is minus them."""
    rate = effect_of(plan, "carbon_rate")
    if rate is None:
        return []
    unit = f"t CO2e/{plan.formulation.units[income]}"
    before = -float(rate.baseline.sum())
    after = before - _total(plan, rate)
    earned = {"today": plan.baseline[income], "plan": plan.values[income]}
    return [
        (f"carbon intensity of income, {when}", emitted / earned[when], unit)
        for when, emitted in (("today", before), ("plan", after))
        if earned[when] > 0
    ]


def _total(plan: Plan, effect: Any) -> float:
    return 0.0 if effect is None else float(plan.change_by_option(effect).sum())
