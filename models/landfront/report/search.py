"""Runs a search: checks what is asked before any work, solves, and turns what fails into plain words."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np

from landfront.instances.faults import Fault, refuse, shown
from landfront.instances.study import Study
from landfront.models.formulate import Formulation
from landfront.models.plan import Plan
from landfront.models.plan_text import as_text
from landfront.optimizer.engine import Infeasible, SolverError
from landfront.optimizer.front import Front, Point
from landfront.optimizer.fronts import CLASSIC, METHODS, solve_method
from landfront.optimizer.scalarize import solve_single
from landfront.optimizer.task import Solve
from landfront.report.infeasible import explain
from landfront.report.processes import processes
from landfront.report.quantities import number, percent
from landfront.report.result import front_program, with_plans

EARLY_REASONS = ("time limit", "interrupted", "error")
OnProgress = Callable[[int, int | None, str], None]


class NothingFoundError(Exception):
    """The search stopped before it found a single plan."""


@dataclass(frozen=True)
class Request:
    """What a front is asked for, resolved against the study.

    Attributes
    ----------
    criteria
        The criteria of the front, two or more, the first one first.
    points
        How many points, or ``"all"`` for every one.
    gap
        Relative gap to which each point is proven.
    time_limit
        Seconds, or None.
    method
        Name of a front method, or ``"auto"``.
    seed
        Seed of whatever is random.
    max_solves
        Most problems to solve, or None.
    coverage
        Stop once for every possible plan one is found that is worse in no criterion by more than this share
        of its range; 0 to go on.
    solver
        Name of a solver to ask through Pyomo, or None for HiGHS.
    workers
        Processes that solve at the same time.
    """

    criteria: tuple[str, ...]
    points: int | Literal["all"] = 40
    gap: float = 1e-4
    time_limit: float | None = None
    method: str = "auto"
    seed: int = 0
    max_solves: int | None = None
    coverage: float = 0.0
    solver: str | None = None
    workers: int = 1

    @property
    def options(self) -> dict[str, Any]:
        """What is asked beside the points, as options of `solve_method`; what is not asked is left out."""
        named = {"max_solves": self.max_solves, "coverage": self.coverage or None, "solver": self.solver}
        return {name: value for name, value in named.items() if value is not None}


def request(
    study: Study,
    criteria: Sequence[str] | None = None,
    points: int | Literal["all"] | None = None,
    gap: float | None = None,
    *,
    time_limit: float | None = None,
    method: str | None = None,
    **others: Any,
) -> Request:
    """What is asked, with the study's own ``[front]`` where nothing is said.

    `others` are fields of `Request` that the study does not have.

    Raises
    ------
    InputError
        Listing everything that is wrong with what is asked.
    """
    front = study.front
    chosen = tuple(criteria or front.criteria or tuple(study.criteria)[:2])
    asked = Request(
        criteria=chosen,
        points=front.points if points is None else points,
        gap=front.gap if gap is None else gap,
        time_limit=front.time_limit if time_limit is None else time_limit,
        method=method or front.method,
        **others,
    )
    refuse(*checked(study, asked))
    return asked


def checked(study: Study, asked: Request) -> list[Fault]:
    """Everything that is wrong with what is asked."""
    return [*_criteria_faults(study, asked.criteria), *_number_faults(asked), *_method_faults(study, asked)]


def find_front(
    formulation: Formulation,
    asked: Request,
    *,
    executor: Executor | None = None,
    resume: Front | Iterable[Solve] = (),
    **options: Any,
) -> Front:
    """Solve for the front; its points know their plan, and what `resume` knows is not solved again.

    Options are those of the method, such as ``on_point`` and ``on_progress``. Without an executor as many
    processes are started as workers are asked for.

    Raises
    ------
    InfeasibleError
        If no plan meets the limits; it names those that clash.
    """
    try:
        with processes(1 if executor is not None else asked.workers) as pool:
            front = solve_method(
                front_program(formulation, asked.criteria),
                asked.method,
                points=asked.points,
                gap=asked.gap,
                time_limit=asked.time_limit,
                executor=executor or pool,
                resume=resume,
                **asked.options,
                **options,
            )
    except Infeasible as error:
        raise explain(formulation, error) from error
    return with_plans(formulation, front)


def model_front(
    model: Any,
    objectives: Sequence[Any] | None = None,
    points: int | Literal["all"] | None = None,
    gap: float | None = None,
    method: str = "auto",
    *,
    executor: Executor | None = None,
    workers: int = 1,
    **options: Any,
) -> Front:
    """The front of a linear Pyomo model or of a model file; complete when no number of points is given.

    Parameters
    ----------
    model
        A Pyomo model, or the path of a ``.lp``, ``.mps``, ``.mof.json`` or ``.arrow`` file.
    objectives
        Those that count, in this order; without it all.
    method, options
        As of `solve_method`.
    executor, workers
        An executor to solve in, or a number of own processes.

    Raises
    ------
    ValueError
        If the model is not linear, has fewer than two objectives, or is at fault otherwise.
    Infeasible, Unbounded
        If no solution meets every constraint (it names those that clash), or an objective has no end.
    """
    asked = {"points": "all" if points is None else points, "gap": 1e-4 if gap is None else gap, **options}
    with processes(1 if executor is not None else workers) as pool:
        asked["executor"] = executor or pool
        if isinstance(model, str | Path):
            from landfront.optimizer.files import read_model

            return solve_method(read_model(model, objectives), method, **asked)
        from landfront.optimizer.pyomo_io import pyomo_loader, read_pyomo

        reading = read_pyomo(model, objectives)
        return solve_method(reading.program, method, **asked).with_loader(pyomo_loader(reading))


@dataclass(frozen=True)
class Optimum:
    """The best plan for one criterion, with its proof: `point.bound`, `point.gap`, `point.termination`."""

    criterion: str
    plan: Plan
    point: Point

    def to_json(self) -> dict[str, Any]:
        """What ``plan --json`` prints."""
        return {
            "criteria": self.plan.values,
            "objective": self.criterion,
            "bound": float(self.point.bound),
            "gap": float(self.point.gap),
            "termination": self.point.termination,
            "options": self.plan.options,
        }

    def __str__(self) -> str:
        """Say it in words."""
        text = as_text(self.plan, proof=False)
        unit = self.plan.formulation.units[self.criterion]
        if not np.isfinite(self.point.bound):
            return f"{text}\nNothing is proven of {self.criterion} (ended: {self.point.termination})."
        # As many digits as the plan's own table has at least, so that the bound never seems to be beaten.
        bound = f"{number(self.point.bound, digits=7)} {unit}".rstrip()
        proof = f"Proven: {self.criterion} cannot be better than {bound}"
        return f"{text}\n{proof} (gap {percent(self.point.gap)}; ended: {self.point.termination})."


def find_plan(
    formulation: Formulation, criterion: str, *, gap: float = 1e-4, time_limit: float | None = None
) -> Optimum:
    """The best plan for one criterion.

    Raises
    ------
    InfeasibleError
        If no plan meets the limits; it names those that clash.
    NothingFoundError
        If the time was over, or the search interrupted, before there was a plan.
    """
    index = list(formulation.study.criteria).index(criterion)
    try:
        point = solve_single(formulation.program, index, gap=gap, time_limit=time_limit)
    except Infeasible as error:
        raise explain(formulation, error) from error
    except SolverError as error:
        raise NothingFoundError(f"The search ended before it found a plan ({error}).") from error
    return Optimum(criterion, Plan(formulation, point.x, point=point), point)


def objective(
    study: Study,
    maximise: str | None,
    minimise: str | None,
    *,
    gap: float = 1e-4,
    time_limit: float | None = None,
) -> str:
    """The criterion that a plan is asked for: the first one when none is named.

    Raises
    ------
    InputError
        If both are given, the criterion is unknown, its sense is the other one, or gap or time limit are no
        such numbers; every fault is listed.
    """
    name = next(name for name in (maximise, minimise, next(iter(study.criteria))) if name is not None)
    faults = limit_faults("plan", gap, time_limit)
    if maximise is not None and minimise is not None:
        faults.append(Fault("plan", "maximise and minimise", "are both given", "Name one criterion."))
    elif name not in study.criteria:
        known = ", ".join(study.criteria)
        faults.append(
            Fault("study.toml", "criteria", f"has no criterion {name!r}", f"Choose one of: {known}.")
        )
    elif (sense := study.criteria[name].sense) == ("min" if maximise else "max" if minimise else None):
        other = "minimise" if sense == "min" else "maximise"
        faults.append(Fault("study.toml", f"criteria.{name}", f"has sense {sense!r}", f"Use {other} for it."))
    refuse(*faults)
    return name


def _criteria_faults(study: Study, chosen: tuple[str, ...]) -> list[Fault]:
    known = ", ".join(study.criteria)
    faults = [
        Fault("study.toml", "criteria", f"has no criterion {name!r}", f"Choose among: {known}.")
        for name in chosen
        if name not in study.criteria
    ]
    if len(set(chosen)) < 2 or len(set(chosen)) < len(chosen):
        said = ", ".join(chosen) or "none"
        rule = f"a front needs two different criteria or more, got {len(chosen)} ({said})"
        help_ = f"Name two or more of: {known}. The other criteria are reported at each point."
        faults.append(Fault("front", "criteria", rule, help_))
    return faults


def _method_faults(study: Study, asked: Request) -> list[Fault]:
    whole, two = study.study.decision == "whole", len(set(asked.criteria)) == 2
    if asked.method in ("sandwich", "facets") and whole:
        rule = f"'{asked.method}' mixes neighbouring plans, which whole parcels do not allow"
        return [Fault("front", "method", rule, "Use auto.")]
    if asked.method in ("sandwich", "boxes", "segments") and not two:
        rule = f"'{asked.method}' takes two criteria, got {len(asked.criteria)}"
        return [Fault("front", "method", rule, "Use auto.")]
    return []


def run_faults(asked: Request) -> list[Fault]:
    """Methods that a run directory cannot be made with."""
    if asked.method not in CLASSIC:
        return []
    rule = f"'{asked.method}' answers a preference with one plan or a few, and keeps no journal"
    return [Fault("front", "method", rule, f'Use lf.front(study, method="{asked.method}", ...) in Python.')]


def _number_faults(asked: Request) -> list[Fault]:
    names = ("auto", *METHODS, *CLASSIC)
    checks = (
        (
            "points",
            asked.points == "all" or _whole(asked.points, 2),
            "must be 'all' or a whole number of at least 2",
            asked.points,
        ),
        ("method", asked.method in names, f"must be one of {', '.join(names)}", asked.method),
        ("seed", _whole(asked.seed, 0), "must be 0 or more", asked.seed),
        ("max_solves", asked.max_solves is None or _whole(asked.max_solves, 1), "must be 1 or more",
         asked.max_solves),
        ("coverage", 0 <= asked.coverage < 1, "must be a share from 0 to 1, 1 excluded", asked.coverage),
        ("workers", _whole(asked.workers, 1), "must be 1 or more", asked.workers),
    )  # fmt: skip
    return [*_told("front", checks), *limit_faults("front", asked.gap, asked.time_limit), *_solver(asked)]


def _whole(value: object, least: int) -> bool:
    return isinstance(value, int) and value >= least


def _solver(asked: Request) -> list[Fault]:
    """A solver that is not installed."""
    if asked.solver in (None, "highs"):
        return []
    from landfront.optimizer.pyomo_doors import Door

    try:
        Door(str(asked.solver))
    except ValueError as error:
        return [Fault("front", "solver", str(error), "Or leave it out: HiGHS is always there.")]
    return []


def limit_faults(command: str, gap: float, time_limit: float | None) -> list[Fault]:
    """A gap or time limit that is no such number."""
    checks = (
        ("gap", 0 < gap < 1, "must lie between 0 and 1, both excluded", gap),
        (
            "time_limit",
            time_limit is None or (time_limit > 0 and np.isfinite(time_limit)),
            "must be a positive number of seconds",
            time_limit,
        ),
    )
    return _told(command, checks)


def _told(command: str, checks: Iterable[tuple[str, bool, str, object]]) -> list[Fault]:
    """A fault for each check that does not hold."""
    return [
        Fault(command, name, f"{rule}, found {shown(value)}", "Mend that value.")
        for name, holds, rule, value in checks
        if not holds
    ]
