"""A plan that somebody asks of a run beside its points: solved with its proof, and joined to the run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from math import inf, isfinite
from pathlib import Path
from time import monotonic

import numpy as np

from landfront.instances.faults import Fault, refuse
from landfront.models.formulate import Formulation
from landfront.models.plan import Plan
from landfront.optimizer import tolerances
from landfront.optimizer.certify import PointBounds, value_noise
from landfront.optimizer.engine import choose_engine
from landfront.optimizer.front import Floats
from landfront.optimizer.points import make_point, relative_gap
from landfront.optimizer.program import Program
from landfront.optimizer.scalarize import Scalarizer
from landfront.optimizer.store import Store
from landfront.optimizer.task import Solve, Task
from landfront.report.folder import held_folder
from landfront.report.plans import write_columns
from landfront.report.result import Result, front_program
from landfront.report.resume import resume_run
from landfront.report.run import ALSO, Watch
from landfront.report.stored import Run

GAP = 1e-3
"""Gap of a plan that somebody waits for."""

SECONDS = 30.0
"""Longest search for one."""

ROOM = 1e-9
"""Share of a criterion's size by which the second search may fall behind the first: rounding of sums."""


@dataclass(frozen=True)
class Asked:
    """What was found below some thresholds.

    Attributes
    ----------
    plan
        The plan, with its point; None where there is none.
    criterion
        In which it is the best plan.
    reason
        ``"optimal"``: proven within the gap asked for; ``"infeasible"``: proven that no plan meets the
        thresholds; else why the search ended before.
    gap
        Gap of that criterion among the plans that meet the thresholds, but for `tolerances.AUGMENT` of its
        range, which may be given for better others; infinite without a plan or a bound.
    solves
        The answers, to be kept (`keep`).
    """

    plan: Plan | None
    criterion: str
    reason: str
    gap: float
    solves: tuple[Solve, ...]


class Asking:
    """Answers questions about one run; thresholds are of the criteria of its front.

    The engine stays, so that one question after the other is answered without building it again.
    """

    def __init__(self, run: Run, formulation: Formulation, *, gap: float = GAP) -> None:
        self.formulation, self.criteria, self.gap = formulation, run.criteria, gap
        self.program: Program = front_program(formulation, run.criteria)
        self._scalarizer = Scalarizer(self.program, choose_engine(self.program)[0])
        spans = [abs(run.record["ideal"][name] - run.record["nadir"][name]) for name in run.criteria]
        self._spans = np.array([span if span > 0 and isfinite(span) else 1.0 for span in spans])

    def ask(self, thresholds: Mapping[str, float], *, seconds: float = SECONDS) -> Asked:
        """The best plan in the first criterion without a threshold, among those that meet all thresholds.

        Parameters
        ----------
        thresholds
            By criterion, in its own sense and unit: at least for what is to be maximised, at most for others.
        seconds
            For the whole answer.

        Raises
        ------
        InputError
            If a criterion is none of the front's, or a threshold is no number.
        """
        self.check(thresholds)
        senses = self.program.senses.astype(np.float64)
        upper = np.array(
            [senses[i] * thresholds.get(name, senses[i] * inf) for i, name in enumerate(self.criteria)]
        )
        main = next((i for i in range(len(upper)) if upper[i] == inf), 0)
        deadline = monotonic() + seconds
        first = self._solve(main, upper, deadline)
        if first.y is None or main == 0 or not self.program.integer.any():
            # Without whole parcels the first answer proves both.
            return self._asked(main, (first,))
        # What a run states of each point is how good its first criterion can be beside the others.
        room = ROOM * (np.abs(first.y) + self.program.objective_scale)
        caps = np.minimum(upper, first.y + room)
        caps[0] = upper[0]
        return self._asked(main, (first, self._solve(0, caps, deadline, start=first)))

    def _solve(self, main: int, upper: Floats, deadline: float, *, start: Solve | None = None) -> Solve:
        """One criterion, with a little of the others so that no better plan is as good in it."""
        weights = tolerances.AUGMENT * self._spans[main] / self._spans
        weights[main] = 1.0
        x = None if start is None else start.x
        return self._scalarizer.solve(
            Task(weights, upper, share=self.gap, main=main, deadline=deadline, start=x)
        )

    def _asked(self, main: int, solves: tuple[Solve, ...]) -> Asked:
        first, found = solves[0], [solve for solve in solves if solve.x is not None]
        name = self.criteria[main]
        if not found:
            return Asked(None, name, first.reason, inf, solves)
        best = found[-1]
        assert best.y is not None
        bounds = PointBounds([fact for solve in solves for fact in solve.facts], value_noise(self.program))
        point = make_point(self.program, best, bounds.at(best.y))
        others = np.arange(len(best.y)) != main
        bound = min(first.beta - float(first.task.weights[others] @ best.y[others]), float(best.y[main]))
        offset = float(self.program.minimised_offsets[main])
        gap = relative_gap(bound, float(best.y[main]), offset)
        plan = Plan(self.formulation, point.x, point=point)
        return Asked(plan, name, first.reason, gap, solves)

    def check(self, thresholds: Mapping[str, float]) -> None:
        """Refuse thresholds of what is no criterion of the front, or that are no numbers."""
        refuse(*self._faults(thresholds))

    def _faults(self, thresholds: Mapping[str, float]) -> list[Fault]:
        known = ", ".join(self.criteria)
        faults = [
            Fault(
                "explore", "thresholds", f"{name!r} is no criterion of the front", f"Choose among: {known}."
            )
            for name in thresholds
            if name not in self.criteria
        ]
        faults += [
            Fault("explore", f"thresholds.{name}", f"{value!r} is no number", "Give a number in its unit.")
            for name, value in thresholds.items()
            if not _is_number(value)
        ]
        return faults


def _is_number(value: object) -> bool:
    """Whether a value is a finite number; an integer may be too large for one."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    try:
        return isfinite(float(value))
    except OverflowError:
        return False


def keep(folder: Path, formulation: Formulation, asked: Asked) -> tuple[Solve, ...]:
    """Keep an answer in the journal of its run, durably, and return what was kept; `join` makes it a point.

    Raises
    ------
    InputError
        If another process writes the run, or the disk is full.
    """
    # The deadline is no part of a problem: an answer counts whatever came of it.
    kept = tuple(
        replace(solve, task=replace(solve.task, deadline=inf))
        for solve in asked.solves
        if solve.x is not None or solve.reason == "infeasible"
    )
    with held_folder(folder), Store.reopen(folder / "run.sqlite") as store:
        for solve in kept:
            store.add(solve, lambda key, x: write_columns(formulation, folder, key, x))
        known = store.read().meta.get(ALSO, [])
        store.note(**{ALSO: list(dict.fromkeys([*known, *(solve.task.key for solve in kept)]))})
    return kept


def join(folder: Path, *, study: Path | None = None, watch: Watch | None = None) -> Result:
    """Write the run again with every answer that was kept: points, tables, figures and layers.

    Raises
    ------
    InputError
        See `resume.resume_run`.
    """
    return resume_run(folder, study_folder=study, watch=watch, joining=True)[0]
