"""Targets of the policies that a study names: today, after the plan, the target, and whether it is met."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from landfront.instances.faults import InputError
from landfront.instances.study_policy import limit_of, targets
from landfront.instances.study_rules import Limit
from landfront.models.bounds import bounds_of
from landfront.models.limits import sums_of
from landfront.models.plan import Plan
from landfront.models.registry import Effects

TABLE = (
    "template", "indicator", "indicator_zh", "kind", "region", "unit", "today", "plan", "target", "met",
    "source", "mark",
)  # fmt: skip
NEAR = 1e-9
"""Share of a target that may lack where it is called met: what solvers leave of a row."""


def policy_table(plan: Plan, by: str | None = None) -> pd.DataFrame:
    """Every target of the study's templates, binding and expected, for all land or by region.

    ``met`` is ``yes``, ``no``, or says why the study cannot look at the target.
    """
    study = plan.formulation.study
    rows: list[dict[str, Any]] = []
    if study.policy is not None:
        data = study.model_dump(mode="json", by_alias=True, exclude_none=True)
        for target in targets(study.policy, data):
            row = target.row
            known = {
                "template": row["template"], "indicator": row["name"], "indicator_zh": row["indicator_zh"],
                "kind": row["kind"], "source": row["source"], "mark": row["mark"],
            }  # fmt: skip
            try:
                found = [{"met": target.why_not}] if target.why_not else _values(plan, row, data, by)
            except InputError as error:  # the plan is not held back by what a study only expects
                found = [{"met": f"cannot be told: {error.faults[0]}"}]
            rows += [{**known, **values} for values in found]
    return pd.DataFrame(rows, columns=list(TABLE))


def _values(plan: Plan, row: dict[str, str], data: dict[str, Any], by: str | None) -> list[dict[str, Any]]:
    """Today, plan and target of one target, per region."""
    effects = plan.formulation.effects
    assert isinstance(effects, Effects)
    limit = Limit.model_validate({**limit_of(row, data), "by": by})
    sources = effects.sources
    effect = sources.effect(limit.criterion, key=row["name"], year=limit.milestone or sources.inputs.last)
    sums = sums_of(limit, Effects({row["name"]: effect}, (), sources), key=row["name"])
    lower, upper = bounds_of(limit, sums, sources.inputs)
    options = np.asarray(plan.x[: len(plan.formulation.menu)], dtype=np.float64)
    today = sums.baseline if limit.of == "total" else np.zeros(len(sums.baseline))
    after = today + sums.block.dot(options)
    target = np.where(np.isfinite(lower), lower, upper)
    slack = NEAR * np.maximum(np.abs(target), 1.0)
    met = (after >= lower - slack) & (after <= upper + slack)
    return [
        {
            "region": sums.labels[r] or "all", "unit": sums.unit, "today": float(today[r]),
            "plan": float(after[r]), "target": float(target[r]), "met": "yes" if met[r] else "no",
        }
        for r in range(len(target))
    ]  # fmt: skip
