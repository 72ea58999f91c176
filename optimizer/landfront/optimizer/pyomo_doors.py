"""How each solver is called through Pyomo: which interface, which options, and what its words mean.

Pyomo has two families of interfaces with different results: the newer `pyomo.contrib.solver` (SCIP, Gurobi,
HiGHS) and the older factory (CPLEX, CBC and the rest). Here both give one `Found`. Every call makes a fresh
solver object from the same Pyomo model, so that an answer depends on the question alone: what a persistent
interface remembers (SCIP keeps the solutions of earlier questions) would make a resumed search another one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import inf, isfinite
from typing import Any, Literal

from landfront.optimizer import tolerances
from landfront.optimizer.front import Reason

FEASIBILITY = tolerances.SOLVER_FEASIBILITY

Ending = Reason | Literal["infeasible or unbounded"]


@dataclass(frozen=True)
class Kind:
    """What is known of a solver.

    Attributes
    ----------
    title
        The name of what is installed.
    interface
        Pyomo's name of it.
    newer
        Whether it belongs to `pyomo.contrib.solver`.
    duals
        Whether the interface gives the duals of a linear program.
    install
        What to do where it is missing.
    options
        Always set: feasibility as fine as in `session`, one thread.
    gaps
        Names of the absolute and the relative gap, for the older interfaces.
    start
        Argument that makes the interface take a starting solution; empty where it takes none.
    """

    title: str
    interface: str
    newer: bool
    duals: bool
    install: str
    options: Mapping[str, object] = field(default_factory=dict)
    gaps: tuple[str, ...] = ()
    start: str = ""


KINDS = {
    "scip": Kind(
        title="SCIP by PySCIPOpt",
        interface="scip_direct",
        newer=True,
        duals=False,
        install="pip install pyscipopt",
        options={"numerics/feastol": FEASIBILITY},
        start="warmstart_discrete_vars",
    ),
    "gurobi": Kind(
        title="Gurobi",
        interface="gurobi_direct",
        newer=True,
        duals=True,
        install="pip install gurobipy",
        options={"FeasibilityTol": FEASIBILITY, "Threads": 1},
    ),
    "highs": Kind(
        title="HiGHS",
        interface="highs",
        newer=True,
        duals=True,
        install="pip install highspy",
        options={
            "primal_feasibility_tolerance": FEASIBILITY,
            "mip_feasibility_tolerance": FEASIBILITY,
            "threads": 1,
        },
    ),
    "cplex": Kind(
        title="CPLEX",
        interface="cplex_direct",
        newer=False,
        duals=True,
        install="pip install cplex",
        options={"simplex_tolerances_feasibility": FEASIBILITY, "threads": 1},
        gaps=("mip_tolerances_absmipgap", "mip_tolerances_mipgap"),
        start="warmstart",
    ),
    "cbc": Kind(
        title="CBC",
        interface="cbc",
        newer=False,
        duals=True,
        install="put the program cbc on the path",
        options={"primalTolerance": FEASIBILITY},
        gaps=("allowableGap", "ratioGap"),
    ),
}


@dataclass(frozen=True)
class Found:
    """What a solver said of a Pyomo model that is minimised.

    Attributes
    ----------
    ending
        Why it stopped.
    values
        Value by the index of the variable ``model.x``, None without a feasible solution; variables that stand
        in no expression are missing. The key -1 is ``model.t``.
    bound
        Its own proven lower bound on the objective; -inf where it has none.
    duals
        Multiplier by constraint, positive on lower bounds; empty where there are none.
    detail
        Its own words.
    """

    ending: Ending
    values: Mapping[int, float] | None = None
    bound: float = -inf
    duals: Mapping[Any, float] = field(default_factory=dict)
    detail: str = ""


class Door:
    """One solver, called through one interface of Pyomo.

    Raises
    ------
    ValueError
        If Pyomo does not know the solver, or it is not installed; the text says what to do.
    """

    def __init__(self, solver: str) -> None:
        self.kind = KINDS.get(solver) or Kind(solver, solver, newer=False, duals=False, install="install it")
        self._solver = solver
        version = self._version()
        self.name = f"{self.kind.title} {version}".strip() + f" through Pyomo {_pyomo_version()}"

    def _make(self) -> Any:
        from pyomo.contrib.solver.common.factory import SolverFactory as NewerFactory
        from pyomo.environ import SolverFactory  # registers the newer interfaces too

        return (NewerFactory if self.kind.newer else SolverFactory)(self.kind.interface)

    def _version(self) -> str:
        solver = self._make()
        known = type(solver).__name__ != "UnknownSolver"
        if not known or not solver.available(*(() if self.kind.newer else (False,))):
            help_ = self.kind.install if known else f"choose one of {', '.join(sorted(KINDS))}"
            raise ValueError(f"the solver {self._solver} is not available through Pyomo: {help_}")
        version = solver.version()
        return ".".join(str(part) for part in version) if version else ""

    def solve(self, model: Any, *, seconds: float, gap: float, start: bool) -> Found:
        """Solve a model afresh; a failure of the solver is an ending, never an exception.

        Parameters
        ----------
        model
            Minimised, with variables ``x`` by column, ``t`` and, for the older interfaces, a Suffix ``dual``.
        seconds
            Time limit, infinite without one.
        gap
            Absolute gap at which to stop.
        start
            Whether the values of the variables are a feasible solution to begin from.
        """
        call = _newer if self.kind.newer else _older
        try:
            return call(self._make(), self.kind, model, _Limits(seconds, gap, start))
        except Exception as error:  # whatever a foreign solver raises says only that it has no answer
            return Found("error", detail=f"{type(error).__name__}: {error}")


@dataclass(frozen=True)
class _Limits:
    seconds: float
    gap: float
    start: bool


def _newer(solver: Any, kind: Kind, model: Any, limits: _Limits) -> Found:
    from pyomo.contrib.solver.common.results import SolutionStatus

    results = solver.solve(
        model,
        load_solutions=False,
        raise_exception_on_nonoptimal_result=False,
        time_limit=limits.seconds if isfinite(limits.seconds) else None,
        abs_gap=limits.gap,
        rel_gap=0.0,
        solver_options=dict(kind.options),
        **({kind.start: True} if limits.start and kind.start else {}),
    )
    ending = _newer_ending(results.termination_condition)
    loader = results.solution_loader
    usable = results.solution_status in (SolutionStatus.feasible, SolutionStatus.optimal)
    found = loader.get_vars() if usable and ending != "unbounded" else None
    return Found(
        ending=ending,
        values=None if found is None else {_index(variable): float(v) for variable, v in found.items()},
        bound=_bound(results.objective_bound, ending),
        duals=_newer_duals(loader) if found is not None and kind.duals else {},
        detail=results.termination_condition.name,
    )


def _newer_ending(condition: Any) -> Ending:
    from pyomo.contrib.solver.common.results import TerminationCondition as Condition

    endings: dict[Any, Ending] = {
        Condition.convergenceCriteriaSatisfied: "optimal",
        Condition.emptyModel: "optimal",
        Condition.maxTimeLimit: "time limit",
        Condition.provenInfeasible: "infeasible",
        Condition.unbounded: "unbounded",
        Condition.infeasibleOrUnbounded: "infeasible or unbounded",
        Condition.interrupted: "interrupted",
    }
    return endings.get(condition, "error")


def _newer_duals(loader: Any) -> Mapping[Any, float]:
    from pyomo.contrib.solver.common.util import NoDualsError

    try:
        return dict(loader.get_duals())
    except NoDualsError:  # an integer program has none
        return {}


def _older(solver: Any, kind: Kind, model: Any, limits: _Limits) -> Found:
    for name, value in kind.options.items():
        solver.options[name] = value
    for name, value in zip(kind.gaps, (limits.gap, 0.0), strict=False):
        solver.options[name] = value
    results = solver.solve(
        model,
        load_solutions=False,
        **({"timelimit": max(limits.seconds, 1.0)} if isfinite(limits.seconds) else {}),
        **({kind.start: True} if limits.start and kind.start else {}),
    )
    ending = _older_ending(results.solver.termination_condition)
    values = _older_values(model, results, keep=ending in ("optimal", "time limit", "interrupted"))
    return Found(
        ending=ending,
        values=values,
        bound=_bound(results.problem.lower_bound, ending),
        duals=dict(model.dual.items()) if values is not None else {},
        detail=str(results.solver.termination_condition),
    )


def _older_ending(condition: Any) -> Ending:
    from pyomo.opt import TerminationCondition as Condition

    endings: dict[Any, Ending] = {
        Condition.optimal: "optimal",
        Condition.globallyOptimal: "optimal",
        Condition.maxTimeLimit: "time limit",
        Condition.infeasible: "infeasible",
        Condition.unbounded: "unbounded",
        Condition.infeasibleOrUnbounded: "infeasible or unbounded",
        Condition.userInterrupt: "interrupted",
        Condition.resourceInterrupt: "interrupted",
    }
    return endings.get(condition, "error")


def _older_values(model: Any, results: Any, *, keep: bool) -> dict[int, float] | None:
    """Values of the variables in the solution, which the older interfaces only give through the model."""
    from pyomo.opt import SolutionStatus

    good = (SolutionStatus.optimal, SolutionStatus.globallyOptimal, SolutionStatus.feasible)
    usable = (
        keep
        and len(results.solution) > 0
        and results.solution(0).status
        in (
            *good,
            SolutionStatus.stoppedByLimit,
        )
    )
    if not usable:
        return None
    model.dual.clear()
    model.solutions.load_from(results, default_variable_value=None)
    variables = [*model.x.values(), model.t]
    return {_index(v): float(v.value) for v in variables if not v.stale and v.value is not None}


def _index(variable: Any) -> int:
    """Column of a variable, -1 of the stretch."""
    index = variable.index()
    return -1 if index is None else int(index)


def _bound(value: Any, ending: Ending) -> float:
    """A proven lower bound of a solve that came to some end with a bound."""
    if ending not in ("optimal", "time limit", "interrupted"):
        return -inf
    try:
        bound = float(value)
    except (TypeError, ValueError):
        return -inf
    return bound if isfinite(bound) else -inf


def _pyomo_version() -> str:
    from importlib.metadata import version

    return version("pyomo")
