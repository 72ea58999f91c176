"""The three fronts that criterion 6 of the IUCN Global Standard is argued with, by their names."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from landfront.instances.faults import Fault, refuse
from landfront.instances.study import Study, read_study
from landfront.instances.study_rules import Criterion
from landfront.models.formulate import formulate
from landfront.optimizer.front import Front
from landfront.report.search import find_front, request

SHORT = "carbon_soon"
"""The criterion that stands for the short term: carbon by the first milestone."""
PAIRS = {
    "short term and long term": (SHORT, "carbon"),
    "ecology and economy": ("biodiversity", "cost"),
    "biodiversity and carbon": ("biodiversity", "carbon"),
}


def named_fronts(
    study: Study | str | Path, points: int | None = None, gap: float | None = None
) -> dict[str, Front]:
    """The three fronts of a study, each under its own limits, with the proofs that every front has.

    Raises
    ------
    InputError
        If the study has a single milestone, or lacks a criterion on carbon, biodiversity or cost.
    InfeasibleError
        If no plan meets the limits.
    """
    study = read_study(study) if isinstance(study, str | Path) else study
    sums = [name for name, entry in study.criteria.items() if entry.measure == "sum"]
    by_effect = {study.effect_of(name): name for name in reversed(sums)}
    missing = [effect for effect in ("carbon", "biodiversity", "cost") if effect not in by_effect]
    faults = [Fault("study.toml", "criteria", f"no criterion on {name}", "Add it.") for name in missing]
    if len(study.study.milestones) < 2:
        rule = "one milestone is no short and long term"
        faults.append(Fault("study.toml", "study.milestones", rule, "Give two or more."))
    refuse(*faults)
    soon = Criterion(effect="carbon", sense="max", milestone=study.study.milestones[0])
    late = Criterion(effect="carbon", sense="max", milestone=study.study.milestones[-1])
    own = {name: entry for name, entry in study.criteria.items() if name != by_effect["carbon"]}
    criteria = {by_effect["carbon"]: late, SHORT: soon, **own}
    formulation = formulate(study.model_copy(update={"criteria": criteria}))
    named: dict[str, Any] = {SHORT: SHORT, **by_effect}
    return {
        name: find_front(
            formulation, request(formulation.study, tuple(named[part] for part in pair), points, gap)
        )
        for name, pair in PAIRS.items()
    }
