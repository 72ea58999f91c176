"""The only door to HiGHS: load a model, edit it, solve it again from where it stood, read what came out.

Nothing of the solver leaves this module but arrays and words. Rows, costs and columns without integers are
scaled by powers of two, so that the solver's absolute tolerances mean the same for tonnes and for square
metres; all that comes back is in the caller's units. `highspy` is imported when the first session opens.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, replace
from math import inf
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from landfront.optimizer import tolerances
from landfront.optimizer.engine import NONE, Statuses
from landfront.optimizer.front import Floats, Reason

COST_TOP = 1024.0
"""Largest scaled cost: 2**10 leaves the small part of an augmented objective well above the solver's 1e-7."""


WHOLE_TOP = 2.0**20
"""Largest coefficient of a row of whole numbers that is left unscaled."""

BASIS_KINDS = 5
"""Statuses that the solver knows: at lower, basic, at upper, free at zero, nonbasic."""

LOWER, BASIC = 0, 1
"""The two that a new column and a new row start with."""


@dataclass(frozen=True)
class Model:
    """``min cost @ x`` subject to ``row_lower <= matrix @ x <= row_upper`` and ``lower <= x <= upper``."""

    cost: Floats
    lower: Floats
    upper: Floats
    integer: NDArray[np.bool_]
    matrix: sp.csr_array
    row_lower: Floats
    row_upper: Floats


@dataclass(frozen=True)
class Settings:
    """How the solver works on one model.

    Attributes
    ----------
    presolve
        Off for models that have nothing left to take out: it took 10 ms on a core of 1,000 columns that the
        simplex solved in 1 ms.
    interruptible
        Whether Ctrl-C stops a run at once, at the cost of a thread per run. A run of milliseconds needs none.
    heuristics
        Searches for solutions in smaller programs (RINS, RENS) and by the feasibility jump, besides the tree.
    node_cuts
        Cuts at every node, not only at the root.
    reliable
        Branchings on a column after which its estimate is trusted without trial solves.
    thorough
        Look for anything better than a known solution, not only for what is better by more than the gap. It
        costs nothing on knapsacks, but 110 s instead of 60 on 20 plans of 7,226 parcels within 1e-4, which
        took 98 s with the known solutions as starts (version 1.15.1).
    """

    presolve: bool = True
    interruptible: bool = True
    heuristics: bool = True
    node_cuts: bool = True
    reliable: int = 8
    thorough: bool = False


QUICK = Settings(presolve=False, interruptible=False)
"""For linear programs of milliseconds: 0.15 ms instead of 0.6 with 40 columns, 9 instead of 17 with 5,000."""

LEAN = Settings(heuristics=False, node_cuts=False, reliable=2, thorough=True)
"""For small integer programs, of which a front solves thousands from good starts.

Processor time per search in the solver's own way, and with each step on top of the last: knapsacks 2kp50 66,
34 (no heuristics), 24 (no cuts at nodes), 21 ms (reliable); 2kp100 212, 164, 72, 63 ms; 3kp40 131, 87, 46,
40 ms. Without presolve it is 33, 109 and 51 ms instead of 24, 72 and 46. Nothing changed by more than 3 %
with symmetry, heuristic effort, the size of the cut pool, the solver of linear programs, or an absolute gap
anywhere between 0 and 0.99 of a step. A cutoff at the value of a known solution instead of that solution as
a start took 11, 9 and 13 % off the searches of 2kp50, 2kp100 and 4kp50 (version 1.16.0, means of two)."""


@dataclass(frozen=True)
class Limits:
    """When to stop, all in the caller's units.

    Attributes
    ----------
    seconds
        Longest time.
    gap
        Absolute gap to prove.
    target
        A value good enough.
    cutoff
        Only better solutions are looked for; where there is none the model counts as infeasible.
    """

    seconds: float = inf
    gap: float = 0.0
    target: float = -inf
    cutoff: float = inf


@dataclass(frozen=True)
class Outcome:
    """What a solve gave, with claim, bound and reason apart.

    Attributes
    ----------
    reason
        Why the solver stopped; "optimal" only when it says so within its gap.
    x
        The columns, shape (m,), or None without a feasible solution.
    bound
        The solver's own proven bound on ``cost @ x``; -inf where it has none.
    duals
        Row multipliers in the caller's units, positive on lower bounds, shape (rows,); zeros for integers.
    detail
        The solver's own words.
    seconds, steps
        Time of this solve, and its simplex iterations.
    """

    reason: Reason
    x: Floats | None
    bound: float
    duals: Floats
    detail: str
    seconds: float
    steps: int


def new_solver() -> Any:
    """A solver without a model that prints nothing, not even the line that version 1.16 greets with."""
    import highspy

    class Quiet(highspy.Highs):  # type: ignore[misc]
        def enableCallbacks(self) -> None:  # noqa: N802
            self.silent()
            super().enableCallbacks()

    return Quiet()


def solver_version() -> str:
    """Name and version of the solver."""
    return f"HiGHS {new_solver().version()}"


class Session:
    """One model held by one solver object, edited by differences."""

    def __init__(
        self, model: Model, settings: Settings = Settings(), *, cost_size: float | None = None
    ) -> None:
        """Load a model; `cost_size` is the largest cost that matters for accuracy, of all if None."""
        import highspy

        self._api = highspy
        self._highs: Any = new_solver()
        self._integer = bool(model.integer.any())
        self._columns, self._rows = len(model.cost), len(model.row_lower)
        self._settings, self._cost_size = settings, cost_size
        self._row_scale = _row_scale(model.matrix)
        self._column_scale = np.ones(self._columns)
        if not self._integer:
            self._column_scale = _column_scale(model, self._row_scale)
        self._cost_scale = 1.0
        self._set_options()
        self._load(model)

    def _set_options(self) -> None:
        self._highs.silent()
        settings = self._settings
        for name, value in {
            "threads": 1,
            "parallel": "off",
            "presolve": "choose" if settings.presolve else "off",
            # A restart solves the root again: 132 ms instead of 66 on 2kp50, 340 instead of 212 on 2kp100.
            "mip_allow_restart": False,
            "mip_heuristic_run_rins": settings.heuristics,
            "mip_heuristic_run_rens": settings.heuristics,
            "mip_heuristic_run_feasibility_jump": settings.heuristics,
            "mip_allow_cut_separation_at_nodes": settings.node_cuts,
            "mip_pscost_minreliable": settings.reliable,
            # The default of 1e-4 would end a search before an absolute gap is proven.
            "mip_rel_gap": 0.0,
            # The solver's own scaling would depend on the first costs, and stay: answers must not.
            "simplex_scale_strategy": 0,
            "primal_feasibility_tolerance": tolerances.SOLVER_FEASIBILITY,
            "mip_feasibility_tolerance": tolerances.SOLVER_FEASIBILITY,
        }.items():
            self._option(name, value)

    def _load(self, model: Model) -> None:
        matrix, row, column = model.matrix, self._row_scale, self._column_scale
        status = self._highs.passModel(
            self._columns,
            self._rows,
            len(matrix.data),
            int(self._api.MatrixFormat.kRowwise),
            int(self._api.ObjSense.kMinimize),
            0.0,
            self._scaled_cost(model.cost),
            model.lower / column,
            model.upper / column,
            model.row_lower * row,
            model.row_upper * row,
            matrix.indptr,
            matrix.indices,
            matrix.data * np.repeat(row, np.diff(matrix.indptr)) * column[matrix.indices],
            model.integer.astype(np.int32),
        )
        if status == self._api.HighsStatus.kError:
            raise ValueError("the solver refused the model: a coefficient or bound is not a usable number")

    def _option(self, name: str, value: object) -> None:
        if self._highs.setOptionValue(name, value) == self._api.HighsStatus.kError:
            raise ValueError(f"the solver refused option {name} = {value}")

    def edit_cost(self, cost: Floats) -> None:
        """Replace the objective."""
        columns = np.arange(self._columns, dtype=np.int32)
        self._highs.changeColsCost(self._columns, columns, self._scaled_cost(cost))

    def _scaled_cost(self, cost: Floats) -> Floats:
        self._cost = cost
        scaled = cost * self._column_scale
        size = float(np.abs(scaled).max(initial=0.0)) if self._cost_size is None else self._cost_size
        self._cost_scale = float(power_of_two(np.array([size]))[0]) * COST_TOP if size > 0 else 1.0
        return np.asarray(scaled * self._cost_scale)

    def edit_row(self, row: int, lower: float, upper: float) -> None:
        """Replace a row's bounds."""
        scale = float(self._row_scale[row])
        self._highs.changeRowBounds(row, lower * scale, upper * scale)

    def add_rows(self, matrix: sp.csr_array, lower: Floats, upper: Floats) -> None:
        """Put rows behind the others; the next run goes on from where the last one ended."""
        scale = _row_scale(matrix)
        data = matrix.data * np.repeat(scale, np.diff(matrix.indptr)) * self._column_scale[matrix.indices]
        starts, indices = matrix.indptr[:-1].astype(np.int32), matrix.indices.astype(np.int32)
        self._highs.addRows(
            len(lower), lower * scale, upper * scale, len(data), starts, indices, np.ascontiguousarray(data)
        )
        self._row_scale = np.concatenate([self._row_scale, scale])
        self._rows += len(lower)

    def edit_last(self, values: Floats) -> None:
        """Replace the last column by a free one with these coefficients, shape (rows,), and cost 0.

        It is taken out and put in again, so that the model depends on the coefficients alone and not on the
        order in which they came.
        """
        rows = np.flatnonzero(values).astype(np.int32)
        self._highs.deleteCols(1, np.array([self._columns - 1], dtype=np.int32))
        scaled = values[rows] * self._row_scale[rows]
        self._column_scale[-1] = power_of_two(np.abs(scaled).max(initial=0.0, keepdims=True))[0]
        self._highs.addCol(0.0, -inf, inf, len(rows), rows, scaled * self._column_scale[-1])

    def edit_columns(self, columns: NDArray[np.int64], lower: Floats, upper: Floats) -> None:
        """Replace the bounds of some columns."""
        if len(columns):
            scale = self._column_scale[columns]
            which = columns.astype(np.int32)
            self._highs.changeColsBounds(len(columns), which, lower / scale, upper / scale)

    def restart(self, columns: Statuses = NONE, rows: Statuses = NONE) -> None:
        """Forget everything but the model, and start from statuses; cold, by the dual simplex, without any.

        What follows depends on the model and the statuses alone. With them the solver takes the primal
        simplex where they are feasible and the dual where they are not.
        """
        self._highs.clearSolver()
        self._option("simplex_strategy", 0 if len(columns) else 1)
        if not len(columns):
            return
        kinds = [self._api.HighsBasisStatus(kind) for kind in range(BASIS_KINDS)]
        start = self._api.HighsBasis()
        start.col_status = [kinds[kind] for kind in columns.tolist()]
        start.row_status = [kinds[kind] for kind in rows.tolist()]
        start.valid = True
        self._highs.setBasis(start)

    def statuses(self) -> tuple[Statuses, Statuses]:
        """Of columns and rows, as the last run left them."""
        found = self._highs.getBasis()
        columns, rows = (
            np.fromiter(map(int, status), np.int8, len(status))
            for status in (found.col_status, found.row_status)
        )
        return columns, rows

    def run(self, limits: Limits, known: Floats | None = None) -> Outcome:
        """Solve, and read the outcome.

        Of a model with integers for which a feasible solution is `known`, shape (m,), only solutions that are
        better are looked for, by more than the gap unless the settings are thorough; where there is none, or
        none is found, that one is given.
        It is not handed over as a start: from starts, versions 1.15.1 and 1.16.0 with presolve have called
        solutions optimal that are not.

        Raises
        ------
        KeyboardInterrupt
            After the solver has been told to stop and has stopped.
        """
        if limits.seconds <= 0:  # the solver would look at its clock only after its first steps
            return Outcome("time limit", known, -inf, np.zeros(self._rows), "no time was left", 0.0, 0)
        before = float(self._highs.getRunTime())
        # The solver counts the time of all its runs together.
        self._option("time_limit", before + max(limits.seconds, 0.0))
        cutoff = limits.cutoff
        if known is not None:
            spared = 0.0 if self._settings.thorough else limits.gap
            cutoff = min(cutoff, float(self._cost @ known) - spared)
        if self._integer:
            self._option("mip_abs_gap", max(limits.gap * self._cost_scale, 0.0))
            self._option("objective_target", limits.target * self._cost_scale)
            self._option("objective_bound", cutoff * self._cost_scale)
        self._solve()
        outcome = self._outcome(float(self._highs.getRunTime()) - before)
        if known is None or not self._integer:
            return outcome
        return self._beside(outcome, known, cutoff, limits.cutoff)

    def _beside(self, outcome: Outcome, known: Floats, cutoff: float, asked: float) -> Outcome:
        """The outcome of a search below a cutoff beside the solution that gave it, if it is below `asked`."""
        outcome = replace(outcome, bound=min(outcome.bound, cutoff))
        if outcome.x is not None and self._cost @ outcome.x <= self._cost @ known:
            return outcome
        if outcome.reason == "infeasible" and cutoff < asked:
            return replace(outcome, x=known, reason="optimal", bound=cutoff, detail="no better one exists")
        return replace(outcome, x=known)

    def _solve(self) -> None:
        """Run in a thread of its own, so that Ctrl-C reaches Python while the solver works."""
        main = threading.current_thread() is threading.main_thread()
        if not (main and self._settings.interruptible):
            self._run()
            return
        self._highs.HandleUserInterrupt = True
        worker = threading.Thread(target=self._run, daemon=True)
        worker.start()
        try:
            worker.join()
        except KeyboardInterrupt:
            self._highs.cancelSolve()
            worker.join()
            self._renew()
            raise
        finally:
            self._highs.HandleUserInterrupt = False

    def _run(self) -> None:
        """Run on one thread, or beside the threads that another user of the solver has made.

        They are made once per process, and a run that asks for another number is refused.
        """
        refused = self._highs.run() == self._api.HighsStatus.kError
        if refused and self._highs.getModelStatus() == self._api.HighsModelStatus.kNotset:
            self._option("threads", 0)
            self._highs.run()

    def _renew(self) -> None:
        """An interrupted solver refuses to run again: go on with a new one that holds the same model."""
        model = self._highs.getLp()
        self._highs = new_solver()
        self._set_options()
        self._highs.passModel(model)

    def _outcome(self, seconds: float) -> Outcome:
        info = self._highs.getInfo()
        status = self._highs.getModelStatus()
        feasible = info.primal_solution_status == self._api.SolutionStatus.kSolutionStatusFeasible
        solution = self._highs.getSolution() if feasible else None
        return Outcome(
            reason=self._reason(status),
            x=None if solution is None else np.asarray(solution.col_value) * self._column_scale,
            bound=self._bound(info, status),
            duals=self._duals(solution),
            detail=str(self._highs.modelStatusToString(status)),
            seconds=seconds,
            steps=int(info.simplex_iteration_count),
        )

    def _reason(self, status: Any) -> Reason:
        names = self._api.HighsModelStatus
        reasons: dict[Any, Reason] = {
            names.kOptimal: "optimal",
            names.kModelEmpty: "optimal",
            names.kObjectiveTarget: "optimal",
            names.kTimeLimit: "time limit",
            names.kInfeasible: "infeasible",
            names.kUnbounded: "unbounded",
            names.kUnboundedOrInfeasible: "infeasible",
            names.kInterrupt: "interrupted",
        }
        return reasons.get(status, "error")

    def _bound(self, info: Any, status: Any) -> float:
        if self._integer:
            return float(info.mip_dual_bound) / self._cost_scale
        if status == self._api.HighsModelStatus.kModelEmpty:
            return 0.0
        solved = status == self._api.HighsModelStatus.kOptimal
        return float(info.objective_function_value) / self._cost_scale if solved else -inf

    def _duals(self, solution: Any) -> Floats:
        if solution is None or self._integer or not solution.dual_valid:
            return np.zeros(self._rows)
        return np.asarray(solution.row_dual, dtype=np.float64) * self._row_scale / self._cost_scale


def power_of_two(values: Floats) -> Floats:
    """Scale per value, a power of two, that brings it near 1; 1 where it is zero."""
    exponent = np.where(values > 0, -np.rint(np.log2(np.where(values > 0, values, 1.0))), 0.0)
    return np.asarray(np.exp2(exponent))


def _row_scale(matrix: sp.csr_array) -> Floats:
    """Powers of two; rows of whole numbers stay as they are, as the solver can round their bounds."""
    rows = np.repeat(np.arange(matrix.shape[0]), np.diff(matrix.indptr))
    largest = np.zeros(matrix.shape[0])
    np.maximum.at(largest, rows, np.abs(matrix.data))
    broken = np.bincount(rows, weights=matrix.data != np.rint(matrix.data), minlength=matrix.shape[0])
    return np.where((broken == 0) & (largest <= WHOLE_TOP), 1.0, power_of_two(largest))


def _column_scale(model: Model, row_scale: Floats) -> Floats:
    """Powers of two that bring the largest coefficient of a column near 1, in scaled rows.

    A column that moves by no more than 1 stays as it is: its bounds are its size.
    """
    matrix = model.matrix
    largest = np.zeros(matrix.shape[1])
    np.maximum.at(largest, matrix.indices, np.abs(matrix.data) * np.repeat(row_scale, np.diff(matrix.indptr)))
    return np.where(model.upper - model.lower <= 1, 1.0, power_of_two(largest))
