"""The only door to HiGHS: load a model, edit it, solve it again from where it stood, read what came out.

Nothing of the solver leaves this module but arrays and words. Rows and costs are scaled by powers of two, so
that the solver's absolute tolerances mean the same for tonnes and for square metres; all that comes back is
in the caller's units. `highspy` is imported when the first session opens.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from math import inf
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from landfront.optimizer import tolerances
from landfront.optimizer.front import Floats, Reason

COST_TOP = 1024.0
"""Largest scaled cost: 2**10 leaves the small part of an augmented objective well above the solver's 1e-7."""


WHOLE_TOP = 2.0**20
"""Largest coefficient of a row of whole numbers that is left unscaled."""


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
class Limits:
    """When to stop: seconds, absolute gap to prove, and a value good enough (all in the caller's units)."""

    seconds: float = inf
    gap: float = 0.0
    target: float = -inf


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


def solver_version() -> str:
    """Name and version of the solver."""
    import highspy

    return f"HiGHS {highspy.Highs().version()}"


class Session:
    """One model held by one solver object, so that an edited model starts from its last basis."""

    def __init__(self, model: Model) -> None:
        import highspy

        self._api = highspy
        self._highs: Any = highspy.Highs()
        self._integer = bool(model.integer.any())
        self._columns, self._rows = len(model.cost), len(model.row_lower)
        self._row_scale = _row_scale(model.matrix)
        self._cost_scale = 1.0
        self._set_options()
        self._load(model)

    def _set_options(self) -> None:
        self._highs.silent()
        for name, value in {
            "threads": 1,
            "mip_allow_restart": False,
            "primal_feasibility_tolerance": tolerances.SOLVER_FEASIBILITY,
            "mip_feasibility_tolerance": tolerances.SOLVER_FEASIBILITY,
        }.items():
            self._option(name, value)

    def _load(self, model: Model) -> None:
        lp = self._api.HighsLp()
        lp.num_col_, lp.num_row_ = self._columns, self._rows
        self._cost_scale = _cost_scale(model.cost)
        lp.col_cost_ = model.cost * self._cost_scale
        lp.col_lower_, lp.col_upper_ = model.lower, model.upper
        lp.row_lower_, lp.row_upper_ = model.row_lower * self._row_scale, model.row_upper * self._row_scale
        scaled = sp.csr_array(sp.diags_array(self._row_scale) @ model.matrix) if self._rows else model.matrix
        lp.a_matrix_.format_ = self._api.MatrixFormat.kRowwise
        lp.a_matrix_.start_ = scaled.indptr.astype(np.int32)
        lp.a_matrix_.index_ = scaled.indices.astype(np.int32)
        lp.a_matrix_.value_ = scaled.data
        if self._integer:
            kinds = self._api.HighsVarType
            lp.integrality_ = [kinds.kInteger if whole else kinds.kContinuous for whole in model.integer]
        if self._highs.passModel(lp) == self._api.HighsStatus.kError:
            raise ValueError("the solver refused the model: a coefficient or bound is not a usable number")

    def _option(self, name: str, value: object) -> None:
        if self._highs.setOptionValue(name, value) == self._api.HighsStatus.kError:
            raise ValueError(f"the solver refused option {name} = {value}")

    def edit_cost(self, cost: Floats, *, fresh: bool = False) -> None:
        """Replace the objective; the last basis stays feasible, so the next solve is primal simplex.

        With `fresh` the last basis is forgotten, and the next solve is dual simplex.
        """
        if fresh:
            self._highs.clearSolver()
        self._cost_scale = _cost_scale(cost)
        columns = np.arange(self._columns, dtype=np.int32)
        self._highs.changeColsCost(self._columns, columns, cost * self._cost_scale)
        self._simplex(primal=self._has_basis())

    def edit_row(self, row: int, lower: float, upper: float) -> None:
        """Replace a row's bounds; the last basis stays dual feasible, so the next solve is dual simplex."""
        scale = float(self._row_scale[row])
        self._highs.changeRowBounds(row, lower * scale, upper * scale)
        self._simplex(primal=False)

    def _simplex(self, *, primal: bool) -> None:
        self._option("simplex_strategy", 4 if primal else 1)

    def _has_basis(self) -> bool:
        return bool(self._highs.getBasis().valid)

    def start_from(self, x: Floats) -> None:
        """Offer a feasible solution to the integer search."""
        self._highs.setSolution(len(x), np.arange(len(x), dtype=np.int32), np.ascontiguousarray(x))

    def run(self, limits: Limits) -> Outcome:
        """Solve, and read the outcome.

        Raises
        ------
        KeyboardInterrupt
            After the solver has been told to stop and has stopped.
        """
        if limits.seconds <= 0:  # the solver would look at its clock only after its first steps
            return Outcome("time limit", None, -inf, np.zeros(self._rows), "no time was left", 0.0, 0)
        before = float(self._highs.getRunTime())
        # The solver counts the time of all its runs together.
        self._option("time_limit", before + max(limits.seconds, 0.0))
        self._option("mip_rel_gap", 0.0)
        self._option("mip_abs_gap", max(limits.gap * self._cost_scale, 0.0))
        self._option("objective_target", limits.target * self._cost_scale)
        self._solve()
        return self._outcome(float(self._highs.getRunTime()) - before)

    def _solve(self) -> None:
        """Run in a thread of its own, so that Ctrl-C reaches Python while the solver works."""
        if threading.current_thread() is not threading.main_thread():
            self._highs.run()
            return
        self._highs.HandleUserInterrupt = True
        worker = threading.Thread(target=self._highs.run, daemon=True)
        worker.start()
        try:
            worker.join()
        except KeyboardInterrupt:
            self._highs.cancelSolve()
            worker.join()
            raise
        finally:
            self._highs.HandleUserInterrupt = False

    def _outcome(self, seconds: float) -> Outcome:
        info = self._highs.getInfo()
        status = self._highs.getModelStatus()
        feasible = info.primal_solution_status == self._api.SolutionStatus.kSolutionStatusFeasible
        solution = self._highs.getSolution() if feasible else None
        return Outcome(
            reason=self._reason(status),
            x=None if solution is None else np.asarray(solution.col_value, dtype=np.float64),
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


def _cost_scale(cost: Floats) -> float:
    top = float(np.abs(cost).max(initial=0.0))
    return float(power_of_two(np.array([top]))[0]) * COST_TOP if top > 0 else 1.0


def _row_scale(matrix: sp.csr_array) -> Floats:
    """Powers of two; rows of whole numbers stay as they are, as the solver can round their bounds."""
    rows = np.repeat(np.arange(matrix.shape[0]), np.diff(matrix.indptr))
    largest = np.zeros(matrix.shape[0])
    np.maximum.at(largest, rows, np.abs(matrix.data))
    broken = np.bincount(rows, weights=matrix.data != np.rint(matrix.data), minlength=matrix.shape[0])
    return np.where((broken == 0) & (largest <= WHOLE_TOP), 1.0, power_of_two(largest))
