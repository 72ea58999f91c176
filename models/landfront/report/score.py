"""Scores a plan that somebody already has: totals, limits broken, and what the front offers instead."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from landfront.instances.faults import Fault, InputError, refuse
from landfront.instances.readers import read_table
from landfront.models.formulate import Formulation
from landfront.models.plan import Plan, plan_from_frame
from landfront.report.beside import Beside
from landfront.report.bounds_text import bounds_text
from landfront.report.proof_words import counted, listed
from landfront.report.quantities import area, percent, quantity
from landfront.report.result import Result

Floats = NDArray[np.float64]
SAME = 1e-6


@dataclass(frozen=True)
class Comparison:
    """A plan beside a front.

    Attributes
    ----------
    distance
        By which share of the front's range a plan of the front is better in all its criteria; 0 on the front,
        negative beyond it.
    better
        Position of the point that is better in all of them, the most balanced one; None when there is none.
    sentences
        The comparison in words.
    """

    distance: float
    better: int | None
    sentences: tuple[str, ...]


@dataclass(frozen=True)
class Score:
    """What can be said of a plan.

    Attributes
    ----------
    plan
        The plan, evaluated by the study.
    broken
        The limits that it breaks, as rows of `Plan.limits`.
    comparison
        Beside the front of a run, where one was given.
    """

    plan: Plan
    broken: pd.DataFrame = field(repr=False)
    comparison: Comparison | None = None

    def to_json(self) -> dict[str, Any]:
        """The score as plain values."""
        data: dict[str, Any] = {
            "criteria": self.plan.values,
            "changes": self.plan.changes,
            "units": {name: self.plan.formulation.units[name] for name in self.plan.values},
            "options": self.plan.options,
            "limits_broken": [
                {name: _finite(value) for name, value in row.items()}
                for row in self.broken.to_dict("records")
            ],
            "not_admissible": {
                "options": len(self.plan.off_menu.share),
                "area_ha": float(sum(entry.area for entry in self.plan.violations)),
            },
        }
        if self.comparison is not None:
            data["front"] = {
                "distance": self.comparison.distance,
                "dominating_point": self.comparison.better,
                "words": list(self.comparison.sentences),
            }
        return data

    def __str__(self) -> str:
        """Say it in words."""
        return "\n".join(_text(self))


def score(formulation: Formulation, file: Path, result: Result | None = None) -> Score:
    """Score the plan in a table or layer, against a front where one is given.

    Raises
    ------
    InputError
        If the file cannot be read or is no plan of this study; every fault is listed.
    """
    frame = read_table(file)
    if file.suffix.lower() == ".shp":
        frame = frame.rename(columns={"interventi": "intervention"})  # a Shapefile cuts names at ten letters
    try:
        plan = plan_from_frame(formulation, frame)
    except InputError as error:
        raise InputError(replace(fault, table=file.name) for fault in error.faults) from None
    limits = plan.limits()
    broken = limits[~limits["holds"].astype(bool)].reset_index(drop=True)
    comparison = (
        compare(plan, result, lawful=broken.empty and not len(plan.off_menu.share)) if result else None
    )
    return Score(plan, broken, comparison)


def compare(plan: Plan, result: Result, *, lawful: bool = True) -> Comparison:
    """Set a plan beside a front."""
    front = result.front
    missing = [name for name in front.criteria if name not in plan.values]
    refuse(
        *(
            Fault("run", name, "is a criterion of the run but not of the study", "Give a run of this study.")
            for name in missing
        )
    )
    values = np.array([plan.values[name] for name in front.criteria])
    senses = front.senses.astype(np.float64)
    y, points = values * senses, front.values * senses
    span = np.maximum(np.abs(front.nadir - front.ideal), 1e-12)
    known = Beside(points, span, mixes=not result.program.integer.any())
    distance = known.distance(y)
    better = _better(points, y, span)
    sentences = [
        *_same(result, known, y),
        *_point_words(result, better, values),
        *_beyond(result, distance, lawful=lawful),
    ]
    return Comparison(distance, better, tuple(sentences))


def _better(points: Floats, y: Floats, span: Floats) -> int | None:
    """The point that is better in all criteria by the largest share of the range."""
    gain = (y - points) / span
    dominates = np.all(gain >= -SAME, axis=1) & np.any(gain > SAME, axis=1)
    return int(np.argmax(np.where(dominates, gain.min(axis=1), -np.inf))) if dominates.any() else None


def _same(result: Result, known: Beside, y: Floats) -> list[str]:
    """What the front offers in each criterion to whoever stays as good in the others."""
    sentences = []
    for axis, name in enumerate(result.front.criteria):
        others = listed([result.word(other) for other in result.front.criteria if other != name])
        possible = known.best(axis, y + SAME * np.abs(y))
        if possible is None:
            sentences.append(f"No plan of the front is as good in {others}.")
            continue
        sense = float(result.front.senses[axis])
        sentences.append(_comparison(result, (name, others), possible * sense, float(y[axis]) * sense))
    return sentences


def _comparison(result: Result, names: tuple[str, str], possible: float, now: float) -> str:
    name, other = names
    more = result.formulation.study.criteria[name].sense == "max"
    short = (possible - now) * (1 if more else -1)
    size = abs(possible - result.baseline[name]) if result.baseline[name] == 0 else abs(possible)
    where = f"at the same {other}"
    if short <= SAME * max(abs(possible), abs(now)):
        return (
            f"As much {result.word(name)} as is possible {where}, or more."
            if more
            else f"As little {result.word(name)} as is possible {where}, or less."
        )
    share = percent(short / size) if size else quantity(short, result.units[name])
    word = "less" if more else "more"
    return (
        f"{share} {word} {result.word(name)} than possible {where}: {quantity(now, result.units[name])} "
        f"instead of {quantity(possible, result.units[name])}."
    )


def _point_words(result: Result, better: int | None, values: Floats) -> list[str]:
    if better is None:
        return []
    gains = result.front.values[better] - values
    changes = ", ".join(
        f"{result.word(name)} {quantity(float(gain), result.units[name], signed=True)}"
        for name, gain in zip(result.front.criteria, gains, strict=True)
    )
    key = result.front.points[better].key
    return [
        f"Point {better} of the front is at least as good in {_all(result)}: {changes} (plans/{key}.parquet)."
    ]


def _all(result: Result) -> str:
    count = len(result.front.criteria)
    return "both" if count == 2 else f"all {counted(count)}"


def _beyond(result: Result, distance: float, *, lawful: bool) -> list[str]:
    if distance >= -SAME:
        return []
    if lawful:
        each = f"{_all(result)} criteria"
        return [f"The plan lies between the points of the front: none of them is better in {each}."]
    return ["The plan is not dominated, but it breaks limits or rules that every plan of the front keeps."]


def _text(found: Score) -> list[str]:
    plan = found.plan
    study = plan.formulation.study
    lines = ["Totals"]
    for name, value in plan.values.items():
        unit = plan.formulation.units[name]
        change = quantity(plan.changes[name], unit, signed=True)
        lines.append(f"  - {study.criteria[name].label or name}: {quantity(value, unit)} (change {change})")
    lines += ["", *_limit_text(found), *_rule_text(found)]
    if found.comparison is not None:
        lines += ["", "Beside the front", *(f"  - {sentence}" for sentence in found.comparison.sentences)]
    return lines


def _limit_text(found: Score) -> list[str]:
    rows = {row.name: row for row in found.plan.formulation.limits}
    if found.broken.empty:
        return [f"Limits: all {len(rows)} hold."]
    lines = [f"Limits: {len(found.broken)} of {len(rows)} are broken"]
    for name, value, margin in zip(
        found.broken["name"], found.broken["value"], found.broken["margin"], strict=True
    ):
        row = rows[name]
        owner = f" ({row.owner})" if row.owner else ""
        lines.append(
            f"  - {name}: {bounds_text(row)}{owner}; the plan has {quantity(value, row.unit)}, "
            f"{quantity(-margin, row.unit)} off"
        )
    return lines


def _rule_text(found: Score) -> list[str]:
    violations = found.plan.violations
    if not violations:
        return ["Every intervention is admissible where the plan puts it."]
    mu = found.plan.formulation.study.study.currency == "CNY"
    counts = pd.Series([entry.intervention for entry in violations]).value_counts()
    listed = ", ".join(f"{name} on {count}" for name, count in counts.items())
    total = area(sum(entry.area for entry in violations), mu=mu)
    return [f"Not admissible: {len(violations)} choices on {total} ({listed} parcels)."]


def _finite(value: Any) -> Any:
    """JSON has no infinity: a missing bound is null."""
    if isinstance(value, float | np.floating):
        return float(value) if np.isfinite(value) else None
    return bool(value) if isinstance(value, np.bool_) else value
