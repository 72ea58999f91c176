"""The plan that a question is about, with its program and its proof: the best of a study, or a run's point.

At a point of a front the other criteria of the front must stay as good as they are there, so they are rows of
the program: with them it has one objective, the first criterion of the front.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from landfront.instances.faults import Fault, refuse
from landfront.instances.study import Study, read_study
from landfront.models.blocks import stack
from landfront.models.formulate import Formulation, formulate
from landfront.models.plan import Plan
from landfront.optimizer.engine import Infeasible, SolverError
from landfront.optimizer.forcing import Best, solve_best
from landfront.optimizer.front import Point
from landfront.optimizer.program import Program
from landfront.report.infeasible import explain
from landfront.report.search import NothingFoundError, limit_faults, objective
from landfront.report.stored import read_run, result_of


@dataclass(frozen=True)
class Asked:
    """Which plan is meant.

    Attributes
    ----------
    source
        A study, its folder or file, or a run directory.
    maximise, minimise
        Of a study: the criterion, by default the first one.
    point
        Of a run: position on the front.
    gap
        Relative gap of the plan and of everything that is solved for the question.
    time_limit
        Seconds for the plan.
    place
        Of a run: where the study is now.
    """

    source: Study | str | Path
    maximise: str | None = None
    minimise: str | None = None
    point: int | None = None
    gap: float = 1e-6
    time_limit: float | None = None
    place: Path | None = None


@dataclass(frozen=True)
class Standing:
    """A plan with its program and its proof.

    Attributes
    ----------
    formulation, criterion
        The study, and the criterion that is to be as good as can be.
    best
        The plan's program with one objective, its columns, and what is proven.
    beside
        Criteria that must stay as good as they are in the plan; their rows follow those of the study.
    """

    formulation: Formulation
    criterion: str
    best: Best
    beside: tuple[str, ...] = ()

    @property
    def program(self) -> Program:
        """One objective, with rows for the criteria beside it."""
        return self.best.program

    @property
    def sense(self) -> float:
        """-1 where more of the criterion is better."""
        return float(self.program.senses[0])

    @property
    def unit(self) -> str:
        """Unit of the criterion."""
        return self.formulation.units[self.criterion]

    @property
    def value(self) -> float:
        """The criterion in the plan, its own sense."""
        return self.sense * self.best.value

    @property
    def bound(self) -> float:
        """Proven: no plan is better than this, own sense."""
        return self.sense * self.best.bound

    @property
    def plan(self) -> Plan:
        """The plan itself."""
        return Plan(self.formulation, self.best.x)


def is_run(source: Study | str | Path) -> bool:
    """Whether something is the folder of a run, finished or not."""
    return not isinstance(source, Study) and (
        (Path(source) / "run.toml").is_file() or (Path(source) / "run.sqlite").is_file()
    )


def standing_of(asked: Asked) -> Standing:
    """Solve for the best plan of a study, or read the plan of a run.

    Raises
    ------
    InputError
        If what is asked does not fit the study or the run.
    InfeasibleError, NothingFoundError
        If there is no plan, or none was found in time.
    """
    if is_run(asked.source):
        return _of_run(asked, Path(asked.source))  # type: ignore[arg-type]
    if asked.point is not None:
        refuse(Fault(str(asked.source), "point", "is asked of a study, which has no front", "Give a run."))
    study = asked.source if isinstance(asked.source, Study) else read_study(asked.source)
    criterion = objective(study, asked.maximise, asked.minimise, gap=asked.gap, time_limit=asked.time_limit)
    formulation = formulate(study)
    program = formulation.program.select([list(study.criteria).index(criterion)])
    return Standing(formulation, criterion, best_of(formulation, program, asked))


def best_of(formulation: Formulation, program: Program, asked: Asked) -> Best:
    """The best plan of a program of the study.

    Raises
    ------
    InfeasibleError, NothingFoundError
        If there is no plan, or none was found in time.
    """
    seconds = np.inf if asked.time_limit is None else asked.time_limit
    try:
        return solve_best(program, share=asked.gap, seconds=seconds)
    except Infeasible as error:
        raise explain(formulation, error) from error
    except SolverError as error:
        raise NothingFoundError(f"The search ended before it found a plan ({error}).") from error


def _of_run(asked: Asked, folder: Path) -> Standing:
    if asked.maximise is not None or asked.minimise is not None:
        rule = "is a run: the first criterion of its front is what a point is best in"
        refuse(Fault(str(folder), "maximise", rule, "Leave it out, or give the study."))
    refuse(*limit_faults("run", asked.gap, asked.time_limit))
    run = read_run(folder)
    count, point = len(run.stored.points), asked.point
    if point is None or not 0 <= point < count:
        rule = "no point is named" if point is None else f"the front has no point {point}"
        refuse(Fault(str(folder), "point", rule, f"Name one from 0 to {count - 1}, as in front.csv."))
    assert point is not None
    result = result_of(run, formulate(run.study(asked.place)))
    return at_point(result.formulation, run.criteria, result.front.points[point], asked)


def at_point(formulation: Formulation, criteria: tuple[str, ...], point: Point, asked: Asked) -> Standing:
    """A point of a front, the other criteria no worse than there."""
    program = beside(formulation, criteria, point)
    seconds = np.inf if asked.time_limit is None else asked.time_limit
    x = np.asarray(point.x, dtype=np.float64)
    best = solve_best(program, share=asked.gap, seconds=seconds, x=x)
    bound = min(max(best.bound, float(program.senses[0] * point.bound)), best.value)
    return Standing(formulation, criteria[0], replace(best, bound=bound), criteria[1:])


def beside(formulation: Formulation, criteria: tuple[str, ...], point: Point) -> Program:
    """The first criterion as the only objective, a row for each of the others: no worse than at a point."""
    whole, names = formulation.program, list(formulation.study.criteria)
    others = [names.index(name) for name in criteria[1:]]
    found = np.array([point.values[place] for place in range(1, len(criteria))])
    found = found - whole.offsets[others]
    more = whole.senses[others] < 0
    program = whole.select([names.index(criteria[0])])
    return replace(
        program,
        rows=stack([*program.rows.blocks, *whole.objectives.take(others).blocks], program.columns),
        row_lower=np.concatenate([program.row_lower, np.where(more, found, -np.inf)]),
        row_upper=np.concatenate([program.row_upper, np.where(more, np.inf, found)]),
        row_names=(*program.row_names, *(f"{name} no worse" for name in criteria[1:])),
    )
