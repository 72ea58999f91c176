"""landfront in Python: ``import landfront.api as lf``.

>>> import landfront.api as lf
>>> "read" in lf.__all__
True

Names are imported when they are first used, so that importing this module is quick.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from concurrent.futures import Executor

    from landfront.instances.faults import InputError
    from landfront.instances.study import Study
    from landfront.models.plan import Plan
    from landfront.optimizer.front import Front, Point
    from landfront.report.account import Account
    from landfront.report.alternatives import Alternatives, alternatives
    from landfront.report.cascade import Cascade
    from landfront.report.change import diff, explain, triggers
    from landfront.report.check import Check
    from landfront.report.compensation import Compensation
    from landfront.report.criterion6.write import criterion6
    from landfront.report.diff import Diff
    from landfront.report.explain import Explanation
    from landfront.report.importance import Importance, importance
    from landfront.report.infeasible import InfeasibleError
    from landfront.report.mac import Mac
    from landfront.report.monitor import Monitored, monitor
    from landfront.report.mrv import Mrv, mrv
    from landfront.report.named_fronts import named_fronts
    from landfront.report.nested import Nested
    from landfront.report.no_regret import NoRegret, no_regret
    from landfront.report.page.explore import explore
    from landfront.report.page.write import report
    from landfront.report.parcel_requests import cost_of_requests
    from landfront.report.prices import Prices, prices
    from landfront.report.replan import Replan, Stability, replan
    from landfront.report.request_costs import RequestCosts
    from landfront.report.result import Result
    from landfront.report.robust import Robust, robust
    from landfront.report.safeguards import Safeguards
    from landfront.report.score import Score
    from landfront.report.triggers import Triggers
    from landfront.report.verify import Verification
    from landfront.report.versions import Versions, versions
    from landfront.report.workbook import workbook

__all__ = [
    "Account",
    "Alternatives",
    "Cascade",
    "Check",
    "Compensation",
    "Diff",
    "Explanation",
    "Front",
    "Importance",
    "InfeasibleError",
    "InputError",
    "Mac",
    "Monitored",
    "Mrv",
    "Nested",
    "NoRegret",
    "Plan",
    "Point",
    "Prices",
    "Replan",
    "RequestCosts",
    "Result",
    "Robust",
    "Safeguards",
    "Score",
    "Stability",
    "Study",
    "Triggers",
    "Verification",
    "Versions",
    "account",
    "alternatives",
    "cascade",
    "catalogue",
    "check",
    "compensate",
    "cost_of_requests",
    "criterion6",
    "demo",
    "diff",
    "draft",
    "explain",
    "explore",
    "front",
    "generate",
    "importance",
    "mac",
    "monitor",
    "mrv",
    "named_fronts",
    "nested",
    "no_regret",
    "plan",
    "prices",
    "read",
    "replan",
    "report",
    "resume",
    "robust",
    "run",
    "safeguards",
    "score",
    "to_pyomo",
    "triggers",
    "verify",
    "versions",
    "workbook",
]

NAMES = {
    "Account": "landfront.report.account",
    "Alternatives": "landfront.report.alternatives",
    "Cascade": "landfront.report.cascade",
    "Check": "landfront.report.check",
    "Compensation": "landfront.report.compensation",
    "Diff": "landfront.report.diff",
    "Explanation": "landfront.report.explain",
    "Front": "landfront.optimizer.front",
    "Importance": "landfront.report.importance",
    "InfeasibleError": "landfront.report.infeasible",
    "InputError": "landfront.instances.faults",
    "Mac": "landfront.report.mac",
    "Mrv": "landfront.report.mrv",
    "Monitored": "landfront.report.monitor",
    "Nested": "landfront.report.nested",
    "named_fronts": "landfront.report.named_fronts",
    "Plan": "landfront.models.plan",
    "Point": "landfront.optimizer.front",
    "Replan": "landfront.report.replan",
    "NoRegret": "landfront.report.no_regret",
    "Prices": "landfront.report.prices",
    "RequestCosts": "landfront.report.request_costs",
    "Result": "landfront.report.result",
    "Robust": "landfront.report.robust",
    "Safeguards": "landfront.report.safeguards",
    "Score": "landfront.report.score",
    "Stability": "landfront.report.replan",
    "Study": "landfront.instances.study",
    "Triggers": "landfront.report.triggers",
    "Verification": "landfront.report.verify",
    "Versions": "landfront.report.versions",
    "cost_of_requests": "landfront.report.parcel_requests",
    "criterion6": "landfront.report.criterion6.write",
    "diff": "landfront.report.change",
    "explain": "landfront.report.change",
    "explore": "landfront.report.page.explore",
    "monitor": "landfront.report.monitor",
    "replan": "landfront.report.replan",
    "triggers": "landfront.report.change",
    "versions": "landfront.report.versions",
    "workbook": "landfront.report.workbook",
    "mrv": "landfront.report.mrv",
    "robust": "landfront.report.robust",
    "alternatives": "landfront.report.alternatives",
    "importance": "landfront.report.importance",
    "no_regret": "landfront.report.no_regret",
    "prices": "landfront.report.prices",
    "report": "landfront.report.page.write",
}


def __getattr__(name: str) -> Any:
    """Import a name when it is first asked for."""
    if name in NAMES:
        return getattr(import_module(NAMES[name]), name)
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
    objectives: Sequence[Any] | None = None,
    gap: float | None = None,
    method: str | None = None,
    time_limit: float | None = None,
    max_solves: int | None = None,
    coverage: float | None = None,
    solver: str | None = None,
    workers: int | None = None,
    executor: Executor | None = None,
    seed: int = 0,
    resume: Front | None = None,
    **options: Any,
) -> Front:
    """The front of two criteria or more: every trade-off between them that is possible, with its proof.

    What is not said is taken from ``[front]`` of the study: 40 points, a gap of 1e-4, the first two criteria.
    ``front[i].plan`` is the plan of a point, ``front.knee().plan`` the most balanced one; ``front[i].load()``
    puts a point on the variables of a Pyomo model.

    Parameters
    ----------
    study
        A study, its folder, its study.toml, a linear Pyomo model with several objectives, or the path of a
        model file: ``.lp``, ``.mps`` or ``.mof.json`` (also ``.gz``), or a program's ``.arrow``.
    criteria
        Criteria of the study, or objectives of a model; the first one carries bound and gap.
    points
        How many points, or ``"all"`` for every one, which models get when nothing is said.
    objectives
        Of a model: names of the objectives (of a Pyomo model also the components); without it all count,
        active or not.
    gap
        Relative gap to which each point is proven.
    method
        Name of a front method, ``"auto"``, or a classic method with its options: ``"lexicographic"``
        (``order``, ``tolerance``, ``amount``), ``"reference"`` (``aspiration``, ``ranges``), ``"weighted"``
        (``weights``, ``normalise``).
    time_limit, max_solves
        Seconds, and number of scalar problems, after which the search ends with what was found.
    coverage
        Ends once some point is worse than any possible one in nothing by more than this share of the range.
    solver
        ``"highs"``, ``"structured"``, or a solver to ask through Pyomo, such as ``"scip"``.
    workers
        Processes that solve at the same time. A script that asks for several needs Python's
        ``if __name__ == "__main__":``.
    executor
        Instead of own processes, anything with the ``concurrent.futures.Executor`` interface.
    seed
        Kept with the run; the methods of this version use no random numbers.
    resume
        A front of the same study or model, finished or not: what it knows is not solved again, and the
        result is that of one uninterrupted search. With more points it is added to.
    options
        Further options of `landfront.optimizer.fronts.solve_front`, such as ``on_point`` and
        ``on_progress``, or of the classic method.

    Raises
    ------
    TypeError, ValueError
        If it is none of these; if a model is not linear, has fewer than two objectives or another fault.
    InputError, InfeasibleError
        If the study or the request is at fault; if no plan meets every limit, with those that clash.
    """
    from landfront.models.formulate import formulate
    from landfront.report.search import find_front, model_front, request

    budget: dict[str, Any] = {
        "time_limit": time_limit,
        "max_solves": max_solves,
        "coverage": coverage,
        "solver": solver,
    }
    named = {name: value for name, value in {**budget, "workers": workers}.items() if value is not None}
    options = {"executor": executor, "resume": resume or (), **options}
    if _is_model(study):
        if objectives is not None and criteria is not None:
            raise ValueError("give the names of a model's objectives once: objectives=[...]")
        names = criteria if objectives is None else objectives
        return model_front(study, names, points, gap, method=method or "auto", **named, **options)
    if objectives is not None:
        raise ValueError("objectives are for models: name the criteria of a study with criteria=[...]")
    chosen = _study(study)
    asked = request(chosen, criteria, points, gap, method=method, seed=seed, **named)
    return find_front(formulate(chosen), asked, **options)


def _is_model(study: Any) -> bool:
    """Whether it is a Pyomo model or the path of a model file."""
    if isinstance(study, str | Path):
        name = str(study).lower().removesuffix(".gz")
        return name.endswith((".lp", ".mps", ".mof.json", ".arrow"))
    return type(study).__module__.startswith("pyomo.")


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
    **named: Any,
) -> Result:
    """Compute a front and write its run directory, as ``landfront front -o`` does; see `front`.

    ``max_solves``, ``coverage``, ``solver`` and ``workers`` may be named too.
    """
    from landfront.report.run import write_run
    from landfront.report.search import request

    chosen = _study(study)
    asked = request(chosen, criteria, points, gap, time_limit=time_limit, method=method, seed=seed, **named)
    return write_run(chosen, Path(folder), asked)


def resume(
    run: str | Path,
    points: int | Literal["all"] | None = None,
    *,
    time_limit: float | None = None,
    max_solves: int | None = None,
    coverage: float | None = None,
    workers: int | None = None,
    study: str | Path | None = None,
) -> Result:
    """Go on with a run that was killed or stopped, or add points to a finished one.

    The result is that of one uninterrupted run, and nothing is solved twice. A run that has what is asked for
    is left as it is.

    Parameters
    ----------
    run, study
        A run directory; where the study is now, if not where it was.
    points, max_solves, coverage, workers
        As in `front`; those that are left out stay as they were asked for.
    time_limit
        Seconds for this sitting; without it the search goes on to its end.

    Raises
    ------
    InputError
        If the folder is no run, its input has changed since, or another process is writing there.
    """
    from landfront.report.resume import resume_run

    changes: dict[str, Any] = {
        "points": points,
        "max_solves": max_solves,
        "coverage": coverage,
        "workers": workers,
    }
    place = Path(study) if study is not None else None
    return resume_run(Path(run), study_folder=place, time_limit=time_limit, **changes)[0]


def verify(
    run: str | Path,
    *,
    study: str | Path | None = None,
    replay: bool = False,
    solver: str | None = None,
    time_limit: float = 60.0,
) -> Verification:
    """Check a run against its input: digests, every figure, every proof.

    Parameters
    ----------
    run, study
        A run directory; where the study is now, if not where it was.
    replay
        Solve again what rests on the solver's word.
    solver, time_limit
        Who does, another one than the first time where one is installed; seconds for each fact.

    Raises
    ------
    InputError
        If the folder is no run, its study is not found, or the solver is not installed.
    """
    from landfront.report.replays import Replay
    from landfront.report.verify import verify as verify_run

    again = Replay(solver, time_limit) if replay else None
    return verify_run(Path(run), study_folder=Path(study) if study is not None else None, replay=again)


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


def mac(
    study: Study | str | Path,
    prices: str | Sequence[float] | None = None,
    *,
    carbon: str | None = None,
    cost: str | None = None,
    budget: bool = True,
    gap: float | None = None,
    time_limit: float | None = None,
) -> Mac:
    """The marginal abatement cost curve: the plan that maximises price * carbon - cost at each price.

    Parameters
    ----------
    study
        A study, its folder or its study.toml.
    prices
        ``"first:last:step"`` (``"0:500:20"`` where left out) or rising numbers, currency per t CO2e.
    carbon, cost
        Criteria; found by their effects where left out.
    budget
        Whether limits on money hold in the sweep; in the technical potential they never do.
    gap, time_limit
        Relative gap of each plan, the study's where left out; seconds for all.

    Raises
    ------
    InputError, InfeasibleError, NothingFoundError
        If study or request are at fault; if no plan meets every limit; if there was no time for any plan.
    """
    from landfront.report.mac import asked_of, find_mac

    chosen = _study(study)
    asked = asked_of(chosen, prices, carbon=carbon, cost=cost, money=budget, gap=gap, time_limit=time_limit)
    return find_mac(chosen, asked)


def nested(
    study: Study | str | Path,
    criterion: str | None = None,
    *,
    gap: float = 1e-4,
    time_limit: float | None = None,
) -> Nested:
    """One plan for all milestones, and what it costs at each that it is one plan: the price of nestedness.

    The study needs ``[periods]``; the criterion is its first one when none is named. ``nested(...).plan`` is
    the plan, ``nested(...).to_frame()`` the table.

    Raises
    ------
    InputError
        If the study has no periods, or the study or the request is at fault.
    InfeasibleError, NothingFoundError
        If no plan meets every limit; if the time was over before there was a plan.
    """
    from landfront.report.nested import find_nested

    return find_nested(_study(study), criterion, gap=gap, time_limit=time_limit)


def safeguards(
    study: Study | str | Path,
    *,
    maximise: str | None = None,
    minimise: str | None = None,
    gap: float = 1e-4,
    time_limit: float | None = None,
) -> Safeguards:
    """What each limit of a study costs in one criterion: the best plan without it against the best with all.

    The criterion is the first one of the study when none is named. Each price is an interval that is proven
    within the gaps; ``safeguards(...).to_frame()`` is the table.

    Raises
    ------
    InputError
        If the study or the request is at fault.
    InfeasibleError, NothingFoundError
        If no plan meets every limit; if the time was over before there was a plan.
    """
    from landfront.report.safeguards import find_safeguards

    return find_safeguards(
        _study(study), maximise=maximise, minimise=minimise, gap=gap, time_limit=time_limit
    )


def cascade(
    study: Study | str | Path,
    criterion: str,
    target: float | str,
    levels: Sequence[str],
    *,
    minimise: str = "cost",
    of: str = "total",
    pro_rata: str = "attainable",
    burden: str = "attainable",
    weights: Mapping[str, float] | str | Path | None = None,
    relaxed: bool = False,
    **options: Any,
) -> Cascade:
    """Split a target of a criterion among nested regions pro rata, at least cost and by burden.

    Parameters
    ----------
    study
        A study, its folder or its study.toml.
    criterion, target
        What is split: an amount in the criterion's unit, or a share of the attainable such as ``"50%"``.
    levels
        Region levels, outermost first.
    minimise
        The criterion that is minimised.
    of
        Whether the target is a ``"total"`` or a ``"change"``.
    pro_rata, burden
        Weights of the pro-rata split, and what burdens are per unit of: ``"attainable"`` (what a region could
        reach alone), ``"area"`` or ``"weights"``.
    weights
        Of the innermost regions by name, such as population or income; or a table.
    relaxed
        Let parcels be shared, whatever the study says.
    options
        ``prices`` of the supply curves, ``gap`` and ``time_limit`` (seconds) of each program, and ``stage``,
        which is told what is done next.

    Raises
    ------
    InputError
        If what is asked is at fault, or the target is beyond what is attainable.
    InfeasibleError
        If no plan meets the study's limits.
    NothingFoundError
        If the time was over before a plan was found.
    """
    from landfront.models.formulate import formulate
    from landfront.report.cascade import cascade as split

    asked: dict[str, Any] = {"minimise": minimise, "of": of, "pro_rata": pro_rata, "burden": burden}
    asked |= {"weights": weights, "relaxed": relaxed, **options}
    return split(formulate(_study(study)), criterion, target, levels, **asked)


def compensate(
    plan: Plan | str | Path,
    by: str,
    value: Mapping[str, float | Mapping[str, float]] | None = None,
    *,
    point: int | None = None,
    study: str | Path | None = None,
    cost: str = "cost",
    basis: str | Mapping[str, str] = "increment",
    scope: str = "all",
    quota: Mapping[str, float | Mapping[str, float]] | str | Path | None = None,
    share: str = "none",
    traded: Sequence[str] = (),
) -> Compensation:
    """The least transfers between regions after which none is worse off under a plan than without it.

    Parameters
    ----------
    plan
        A plan, or a run directory with the position of a `point` on its front; `study` says where its study
        is now, if not where it was.
    by
        Region level.
    value
        Price per unit of each criterion that counts, one number or one per region by name; without it the
        shadow prices of the plan's program, which need the criteria that its front `traded`.
    cost
        The criterion that is paid for; it counts with -1.
    basis
        What is credited: ``"increment"`` (the change) or ``"stock"`` (baseline and change), for all criteria
        or by criterion.
    scope
        Whom a region may pay: ``"all"``, or ``"own"``, regions of the same outer region.
    quota
        Amount by criterion, and by region if wanted, above which a region is credited; or a table with a
        column ``region`` and one per criterion. Without it all is credited.
    share
        ``"none"``, or ``"equal"``: each region has the same share of the surplus at least.

    Raises
    ------
    InputError
        If a level, criterion, price, quota, choice, run or point is at fault.
    """
    from landfront.report.compensation import compensate as balance
    from landfront.report.compensation_asked import Crediting
    from landfront.report.stored import plan_at

    if isinstance(plan, str | Path):
        plan, traded = plan_at(Path(plan), point, Path(study) if study is not None else None)
    crediting = Crediting(basis, scope, quota, share)
    return balance(plan, by, value, cost=cost, crediting=crediting, traded=traded)


def account(
    plan: Plan | str | Path,
    *,
    point: int | None = None,
    study: str | Path | None = None,
    by: str | None = None,
    emissions: str | Path | None = None,
    other: float | None = None,
    income: str | None = None,
) -> Account:
    """The account of a plan: land before and after, inventory categories, pools, tags, targets, ratios.

    Parameters
    ----------
    plan
        A plan, or a run directory with the position of a `point` on its front; `study` says where its study
        is now, if not where it was.
    by
        Region level of targets and of the regional gap.
    emissions
        Table ``region, year, emissions`` in t CO2e per year.
    other
        Emission cuts outside the land by the last milestone, t CO2e.
    income
        A criterion that is an income, for the carbon intensity of the economy.

    Raises
    ------
    InputError
        If a run, point, level, table or criterion is at fault.
    """
    from landfront.report.account import Asked
    from landfront.report.account import account as account_of
    from landfront.report.stored import plan_at

    if isinstance(plan, str | Path):
        plan, _ = plan_at(Path(plan), point, Path(study) if study is not None else None)
    return account_of(plan, Asked(by, None if emissions is None else Path(emissions), other, income))


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
