"""landfront in Python: ``import landfront.api as lf``.

>>> import landfront.api as lf
>>> "read" in lf.__all__
True

Names are imported when they are first used, so that importing this module is quick.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from landfront.instances.faults import InputError
    from landfront.instances.study import Study
    from landfront.models.plan import Plan
    from landfront.optimizer.front import Front, Point
    from landfront.report.check import Check
    from landfront.report.infeasible import InfeasibleError
    from landfront.report.result import Result
    from landfront.report.score import Score
    from landfront.report.verify import Verification

__all__ = [
    "Check",
    "Front",
    "InfeasibleError",
    "InputError",
    "Plan",
    "Point",
    "Result",
    "Score",
    "Study",
    "Verification",
    "catalogue",
    "check",
    "demo",
    "draft",
    "front",
    "generate",
    "plan",
    "read",
    "run",
    "score",
    "to_pyomo",
    "verify",
]

TYPES = {
    "Check": "landfront.report.check",
    "Front": "landfront.optimizer.front",
    "InfeasibleError": "landfront.report.infeasible",
    "InputError": "landfront.instances.faults",
    "Plan": "landfront.models.plan",
    "Point": "landfront.optimizer.front",
    "Result": "landfront.report.result",
    "Score": "landfront.report.score",
    "Study": "landfront.instances.study",
    "Verification": "landfront.report.verify",
}


def __getattr__(name: str) -> Any:
    """Import a type when it is first asked for."""
    if name in TYPES:
        return getattr(import_module(TYPES[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    """The public names."""
    return sorted(__all__)


def read(path: str | Path) -> Study:
    """Read a study folder or its study.toml.

    Raises
    ------
    InputError
        Listing everything that is wrong with study.toml; its tables are read by `check`, `plan` and `front`.
    """
    from landfront.instances.study import read_study

    return read_study(path)


def check(study: Study | str | Path) -> Check:
    """Read a study's tables and formulate it; print the result to see counts, exclusions, marks and limits.

    Raises
    ------
    InputError
        Listing everything that is wrong with the tables.
    """
    from landfront.models.formulate import formulate
    from landfront.report.check import Check

    return Check(formulate(_study(study)))


def plan(
    study: Study | str | Path,
    *,
    maximise: str | None = None,
    minimise: str | None = None,
    gap: float = 1e-4,
    time_limit: float | None = None,
) -> Plan:
    """The best plan for one criterion: the first one of the study when none is named.

    Raises
    ------
    InputError
        If the study or the request is at fault.
    InfeasibleError
        If no plan meets every limit; it names those that clash.
    NothingFoundError
        If the time was over before there was a plan.
    """
    from landfront.models.formulate import formulate
    from landfront.report.search import find_plan, objective

    chosen = _study(study)
    criterion = objective(chosen, maximise, minimise, gap=gap, time_limit=time_limit)
    return find_plan(formulate(chosen), criterion, gap=gap, time_limit=time_limit).plan


def front(
    study: Study | str | Path | Any,
    criteria: Sequence[str] | None = None,
    points: int | Literal["all"] | None = None,
    *,
    objectives: Sequence[str] | None = None,
    gap: float | None = None,
    method: str | None = None,
    time_limit: float | None = None,
    executor: object = None,
    seed: int = 0,
) -> Front:
    """The front of two criteria: every trade-off between them that is possible, with its proof.

    What is not said is taken from ``[front]`` of the study: 40 points, a gap of 1e-4, the first two criteria.
    ``front[i].plan`` is the plan of a point, ``front.knee().plan`` the most balanced one.

    Parameters
    ----------
    study
        A study, its folder, its study.toml, or a linear Pyomo model with several objectives.
    criteria
        Two criteria of the study, or objectives of a Pyomo model; the first one carries bound and gap.
    points
        How many points, or ``"all"`` for every one, which Pyomo models get when nothing is said.
    objectives
        Of a Pyomo model: names of the two objectives; without it all count, active or not.
    gap
        Relative gap to which each point is proven.
    method
        Name of a front method, or ``"auto"``.
    time_limit
        Seconds after which the search ends with what was found.
    executor
        Must be None in this version: a front is computed in this process.
    seed
        Kept with the run; the methods of this version use no random numbers.

    Raises
    ------
    TypeError
        If it is neither a study nor a Pyomo model.
    ValueError
        For an executor, for a model with another number of objectives than two, or one that is not linear.
    InputError
        If the study or the request is at fault.
    InfeasibleError
        If no plan meets every limit; it names those that clash.
    """
    from landfront.models.formulate import formulate
    from landfront.report.search import find_front, model_front, request

    if executor is not None:
        raise ValueError("executor must be None: this version computes a front in one process")
    if type(study).__module__.startswith("pyomo."):
        if objectives is not None and criteria is not None:
            raise ValueError("give the names of a model's objectives once: objectives=[...]")
        names = criteria if objectives is None else objectives
        return model_front(study, names, points, gap, time_limit=time_limit, method=method)
    if objectives is not None:
        raise ValueError("objectives are for Pyomo models: name the criteria of a study with criteria=[...]")
    chosen = _study(study)
    asked = request(chosen, criteria, points, gap, time_limit=time_limit, method=method, seed=seed)
    return find_front(formulate(chosen), asked)


def run(
    study: Study | str | Path,
    folder: str | Path,
    criteria: Sequence[str] | None = None,
    points: int | Literal["all"] | None = None,
    *,
    gap: float | None = None,
    method: str | None = None,
    time_limit: float | None = None,
    seed: int = 0,
) -> Result:
    """Compute a front and write its run directory, as ``landfront front -o`` does; see `front`."""
    from landfront.report.run import write_run
    from landfront.report.search import request

    chosen = _study(study)
    asked = request(chosen, criteria, points, gap, time_limit=time_limit, method=method, seed=seed)
    return write_run(chosen, Path(folder), asked)


def verify(run: str | Path, *, study: str | Path | None = None) -> Verification:
    """Check a run against its input: digests, every figure, every proof.

    Parameters
    ----------
    run
        A run directory.
    study
        Where the study is now, if not where it was.

    Raises
    ------
    InputError
        If the folder is no run, or its study is not found.
    """
    from landfront.report.verify import verify as verify_run

    return verify_run(Path(run), study_folder=Path(study) if study is not None else None)


def score(study: Study | str | Path, plan: str | Path, *, run: str | Path | None = None) -> Score:
    """Score a plan that somebody already has: a table or layer with a parcel id and an intervention.

    Raises
    ------
    InputError
        If the study, the plan or the run is at fault.
    """
    from landfront.models.formulate import formulate
    from landfront.report.score import score as score_plan
    from landfront.report.stored import read_run, result_of

    formulation = formulate(_study(study))
    result = result_of(read_run(Path(run)), formulation) if run is not None else None
    return score_plan(formulation, Path(plan), result)


def to_pyomo(study: Study | str | Path) -> Any:
    """The study as a Pyomo model with named sets and constraints, for any solver that Pyomo knows."""
    from landfront.models.formulate import formulate
    from landfront.models.pyomo_view import to_pyomo as render

    return render(formulate(_study(study)))


def catalogue() -> Any:
    """Every number of the packaged catalogue with unit, range, source and mark, as a data frame."""
    from landfront.instances.catalogue import describe

    return describe()


def generate(
    folder: str | Path, parcels: int, seed: int, *, layer: Literal["gpkg", "parquet", "shp"] = "gpkg"
) -> Study:
    """Generate a synthetic county with this many parcels and read it.

    Raises
    ------
    InputError
        If the folder already holds something, or the number of parcels is out of range.
    """
    from landfront.instances.generate import generate_county

    return read(generate_county(Path(folder), parcels, seed, layer=layer))


def draft(layer: str | Path, folder: str | Path) -> tuple[Study, list[str]]:
    """Draft a study for a layer by guessing columns and codes; returns the study and what was guessed."""
    from landfront.instances.draft import draft_study

    path, guessed = draft_study(Path(layer), Path(folder))
    return read(path), guessed


def demo(name: Literal["china", "county"], folder: str | Path) -> Result:
    """Run a bundled study into a new run directory; its study is written beside it."""
    from landfront.report.demo import run_demo

    return run_demo(name, Path(folder))


def _study(study: Study | str | Path) -> Study:
    from landfront.instances.study import Study as StudyType

    if isinstance(study, str | Path):
        return read(study)
    if isinstance(study, StudyType):
        return study
    kind = f"{type(study).__module__}.{type(study).__qualname__}"
    raise TypeError(f"a study, its folder or its study.toml is needed, not {kind}")
