"""Replanning: what is done stays, coefficients are updated, and change is kept small by a stated weight.

The new plan is the best one for ``criterion + weight * change`` under the new data, where ``change`` is the
land in ha whose option differs from the plan before (`models.change`). Around it stand the best plan without
regard to change, so that the price of stability is known, and the least change that the new data force.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from landfront.instances.faults import Fault, refuse
from landfront.instances.study import Study, read_study, study_from
from landfront.models.formulate import Formulation, formulate
from landfront.models.plan import Plan
from landfront.optimizer.engine import Infeasible
from landfront.optimizer.points import relative_gap
from landfront.optimizer.store import Store
from landfront.report import toml
from landfront.report.carried import carry
from landfront.report.folder import check_new, new_folder
from landfront.report.lineage import PREVIOUS, RECORD, Parent, digest_of, parent_of, parent_record
from landfront.report.plans import plan_file, write_columns
from landfront.report.result import Result
from landfront.report.run import Sitting, Watch, beginning
from landfront.report.search import EARLY_REASONS, Request, request
from landfront.report.weighed import Weighed, find_weighed

if TYPE_CHECKING:
    import pandas as pd

CHANGE = "change"
"""The criterion that counts the land whose option differs, added to a study that lacks it."""

POINTS = 10
"""Points of the front of the criterion and change, unless more are asked for."""


@dataclass(frozen=True)
class Stability:
    """How a new plan is to weigh change.

    Attributes
    ----------
    criterion
        What is to be as good as can be; the first one that the study has when left out.
    weight
        Units of the criterion that a hectare of change must bring at least. At 0 the plan is the best one,
        with no more change than it needs.
    most
        Most change in ha, or None.
    """

    criterion: str | None = None
    weight: float = 0.0
    most: float | None = None


@dataclass(frozen=True)
class Replan:
    """A new plan beside the one that it follows.

    Attributes
    ----------
    criterion, weight
        What was asked for (`Stability`).
    old
        Totals of the plan before under the data that it was made for; empty where they are not known.
    before
        The plan before under the new data, what is done as it was done.
    notes
        What of it could not be carried over.
    new
        The new plan.
    free
        The best plan without regard to change.
    least
        The plan that changes least of all that meet the limits.
    result
        The front of the criterion and change.
    record
        What the run keeps of all this.
    """

    criterion: str
    weight: float
    old: Mapping[str, float]
    before: Plan
    notes: tuple[str, ...]
    new: Weighed
    free: Weighed
    least: Weighed
    result: Result | None = None
    record: Mapping[str, Any] = field(default_factory=dict)

    @property
    def plan(self) -> Plan:
        """The new plan."""
        return self.new.plan

    @property
    def price(self) -> tuple[float, float]:
        """What stability costs in the criterion: proven least and most."""
        sense = self._sense
        lost = sense * (self.plan.values[self.criterion] - self.free.plan.values[self.criterion])
        assert self.free.plan.point is not None
        most = sense * (self.plan.values[self.criterion] - float(self.free.plan.point.bound))
        return max(lost, 0.0), max(most, lost, 0.0)

    @property
    def _sense(self) -> float:
        return 1.0 if self.plan.formulation.study.criteria[self.criterion].sense == "min" else -1.0

    @property
    def broken(self) -> pd.DataFrame:
        """Limits that the plan before breaks under the new data, as rows of `Plan.limits`."""
        limits = self.before.limits()
        return limits[~limits["holds"].astype(bool)].reset_index(drop=True)

    @property
    def early(self) -> bool:
        """Whether a search ended before its gap was reached."""
        return any(found.termination in EARLY_REASONS for found in (self.new, self.free, self.least))

    def to_json(self) -> dict[str, Any]:
        """The record, as plain values."""
        return dict(self.record)

    def __str__(self) -> str:
        """Say it in words."""
        from landfront.report.replan_text import replan_text

        return replan_text(self)


def replan(
    run: str | Path,
    data: Study | str | Path,
    folder: str | Path,
    *,
    point: int | None = None,
    stability: Stability | None = None,
    requests: str | Path | None = None,
    points: int = POINTS,
    gap: float | None = None,
    time_limit: float | None = None,
    author: str = "",
    reason: str = "",
    watch: Watch | None = None,
) -> Replan:
    """Plan again with new data, from a plan that is under way.

    Parameters
    ----------
    run
        A run directory, of which `point` is followed (by default the plan of a replan, else the knee), or a
        table of a plan.
    data
        The study with its updated tables; ``[history]`` says what is done.
    folder
        The run directory to make.
    stability
        What is optimised, and how change is weighed.
    requests
        A log of requests (``landfront request``), of which the granted ones are kept.
    points
        Points of the front of the criterion and change.
    gap, time_limit
        Relative gap of each plan, by default the study's, and seconds for each search.
    author, reason
        Who made the new plan and why, for its lineage.

    Raises
    ------
    InputError
        If the run, the data or what is asked is at fault: the history contradicts the data, the folder is
        not new, no plan changes as little as is asked.
    InfeasibleError
        If no plan meets the limits of the new data; it names those that clash.
    NothingFoundError
        If the time was over before there was a plan.
    """
    watch, stability = watch or Watch(), stability or Stability()
    folder = Path(folder)
    check_new(folder)
    study = data if isinstance(data, Study) else read_study(data)
    parent = parent_of(Path(run), point)
    criterion = _criterion(study, stability)
    log = None if requests is None else Path(requests)
    if log is not None and not log.is_file():
        refuse(Fault(str(log), "", "is missing", "Give the log that landfront request wrote."))
    with new_folder(folder):
        study = _followed(study, folder, parent, log)
        asked = request(study, (criterion, CHANGE), points, gap, time_limit=time_limit)
        watch.stage("reading the new data")
        formulation = formulate(study)
        watch.stage("searching the new plan, the best one and the least change")
        found = _find(formulation, parent, (criterion, stability), asked)
        lineage = {"author": author, "reason": reason, "parent": parent_record(parent, folder)}
        record = _record(found, asked, lineage, stability)
        return _write(found, folder, asked, (record, watch))


def _criterion(study: Study, stability: Stability) -> str:
    """The criterion that is optimised, checked with the rest of what is asked."""
    name = stability.criterion or next(name for name in study.criteria if study.effect_of(name) != CHANGE)
    faults = []
    if name not in study.criteria or name == CHANGE:
        known = ", ".join(key for key in study.criteria if key != CHANGE)
        faults.append(
            Fault("replan", "criterion", f"there is no criterion {name!r}", f"Choose one of: {known}.")
        )
    if not (stability.weight >= 0 and stability.weight < float("inf")):
        rule = f"must be 0 or more per ha, found {stability.weight!r}"
        faults.append(Fault("replan", "weight", rule, "Mend that value."))
    if stability.most is not None and not 0 <= stability.most < float("inf"):
        rule = f"must be 0 ha or more, found {stability.most!r}"
        faults.append(Fault("replan", "most_change", rule, "Mend that value."))
    own = study.criteria.get(CHANGE)
    if own is not None and (own.sense != "min" or study.effect_of(CHANGE) != CHANGE):
        rule = "is the criterion of change of a replan, but the study means something else by it"
        faults.append(
            Fault("study.toml", f"criteria.{CHANGE}", rule, "Rename it, or let it be sense = 'min'.")
        )
    refuse(*faults)
    return name


def _followed(study: Study, folder: Path, parent: Parent, log: Path | None) -> Study:
    """The study that follows a plan: a copy of it is kept in the run, and change is a criterion."""
    data = study.model_dump(mode="json", exclude_none=True, by_alias=True)
    for name, file in ((PREVIOUS, parent.file), ("requests", log)):
        if file is not None:
            kept = folder / f"{name}{file.suffix.lower()}"
            shutil.copyfile(file, kept)
            data[name] = {"source": os.path.relpath(kept.resolve(), study.folder.resolve())}
    data["criteria"].setdefault(CHANGE, {"sense": "min"})
    return study_from(data, study.folder / "study.toml")


def _find(formulation: Formulation, parent: Parent, wanted: tuple[str, Stability], asked: Request) -> Replan:
    """The new plan, the best one and the one of least change."""
    criterion, stability = wanted
    effort: dict[str, Any] = {"gap": asked.gap, "time_limit": asked.time_limit}
    carried = carry(formulation)
    free = find_weighed(formulation, {criterion: 1.0}, **effort)
    least = find_weighed(formulation, {CHANGE: 1.0}, **effort)
    new = _weigh(formulation, (criterion, stability), (free, least), effort)
    old = dict(parent.values or {})
    return Replan(criterion, stability.weight, old, carried.plan, carried.notes, new, free, least)


def _weigh(
    formulation: Formulation,
    wanted: tuple[str, Stability],
    ends: tuple[Weighed, Weighed],
    effort: Mapping[str, Any],
) -> Weighed:
    """The plan for the weighted sum; without a weight the best plan with the least change."""
    criterion, stability = wanted
    free, least = ends
    caps = {} if stability.most is None else {CHANGE: stability.most}
    if stability.most is not None and least.bound > stability.most * (1 + 1e-9):
        rule = f"no plan changes {stability.most:,.6g} ha at most: {least.bound:,.6g} ha must change"
        refuse(Fault("replan", "most_change", rule, "Allow more change, or look at the limits."))
    try:
        if stability.weight > 0:
            return find_weighed(formulation, {criterion: 1.0, CHANGE: stability.weight}, caps, **effort)
        best = find_weighed(formulation, {criterion: 1.0}, caps, **effort) if caps else free
        return _steadiest(formulation, criterion, best, effort)
    except Infeasible:
        rule = f"no plan that meets the limits changes {stability.most:,.6g} ha at most"
        refuse(Fault("replan", "most_change", rule, "Allow more change."))
        raise


def _steadiest(formulation: Formulation, criterion: str, best: Weighed, effort: Mapping[str, Any]) -> Weighed:
    """Of all plans as good as the best one, within its gap, that of least change."""
    assert best.plan.point is not None
    value, sense = best.plan.values[criterion], formulation.study.criteria[criterion].sense
    index = list(formulation.study.criteria).index(criterion)
    size = max(abs(value), abs(value - float(formulation.program.offsets[index])))
    room = float(effort["gap"]) * size
    cap = value + room if sense == "min" else value - room
    found = find_weighed(formulation, {CHANGE: 1.0}, {criterion: cap}, **effort)
    return Weighed(found.plan, criterion, found.value, found.bound, found.termination)


def _record(
    found: Replan, asked: Request, lineage: Mapping[str, Any], stability: Stability
) -> dict[str, Any]:
    """What replan.toml says, but for the plan's own file."""
    limits = found.broken
    bound = float(found.free.plan.point.bound) if found.free.plan.point is not None else float("nan")
    return {
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "author": lineage["author"],
        "reason": lineage["reason"],
        "parent": lineage["parent"],
        "asked": {
            "criterion": found.criterion, "weight": stability.weight, "most_change": stability.most,
            "gap": asked.gap,
        },
        "plan": _plan_record(found, bound),
        "before": {
            "values": found.before.values, "notes": list(found.notes),
            "off_menu_ha": float(sum(entry.area for entry in found.before.violations)),
            "broken": [
                {"limit": name, "short": -float(margin), "unit": unit}
                for name, margin, unit in zip(limits["name"], limits["margin"], limits["unit"], strict=True)
            ],
        },
        "free": {"values": found.free.plan.values, "bound": bound, "termination": found.free.termination},
        "least": {"change": found.least.value, "bound": found.least.bound},
        "price": list(found.price),
    }  # fmt: skip


def _plan_record(found: Replan, bound: float) -> dict[str, Any]:
    index = list(found.plan.formulation.study.criteria).index(found.criterion)
    value, offset = found.plan.values[found.criterion], float(found.plan.formulation.program.offsets[index])
    return {
        "values": found.plan.values, "weighed": found.new.value, "weighed_bound": found.new.bound,
        "weighed_gap": found.new.gap, "gap_to_free": relative_gap(bound, value, offset),
        "termination": found.new.termination,
    }  # fmt: skip


def _write(found: Replan, folder: Path, asked: Request, rest: tuple[dict[str, Any], Watch]) -> Replan:
    """Write the plan and the record, then the front as any run."""
    record, watch = rest
    formulation, point = found.plan.formulation, found.plan.point
    assert point is not None
    write_columns(formulation, folder, point.key, point.x)
    record["plan"] |= {"key": point.key, "file": digest_of(plan_file(folder, point.key))}
    (folder / RECORD).write_text(toml.dumps(record), encoding="utf-8")
    begun = beginning(formulation.study, folder)
    with Store.create(folder / "run.sqlite", front_of(formulation, asked)) as store:
        store.note(begun=begun)
        result = Sitting(formulation, folder, store, begun, watch).run(asked)
    done = Replan(**{**vars(found), "result": result, "record": record})
    from landfront.report.replan_files import write_files

    watch.stage("comparing the plans")
    write_files(done, folder)
    return done


def front_of(formulation: Formulation, asked: Request) -> Any:
    """The program of the front that a request asks for."""
    from landfront.report.result import front_program

    return front_program(formulation, asked.criteria)
