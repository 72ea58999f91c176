"""Pyomo models in, solutions back: any linear model with several objectives becomes a `Program`.

The program is pure arrays; a `PyomoReading` keeps which column is which variable and which row is which
constraint, so that a point can be put back on the user's own model.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from landfront.optimizer.front import Floats, Point
from landfront.optimizer.program import Csr, Program, Stack

if TYPE_CHECKING:
    from pyomo.core.base.constraint import ConstraintData
    from pyomo.core.base.objective import ObjectiveData
    from pyomo.core.base.var import VarData

INFINITE = 1e20
"""Bounds of this size and more are none: what solvers take them for, and what modellers mean by 1e30."""


@dataclass(frozen=True)
class PyomoReading:
    """A Pyomo model as a program, with the way back.

    Attributes
    ----------
    program
        Without groups.
    model
        The user's model.
    variables
        One per column.
    constraints
        One per row.
    objectives
        One per objective.
    """

    program: Program
    model: Any = field(repr=False)
    variables: tuple[VarData, ...] = field(repr=False)
    constraints: tuple[ConstraintData, ...] = field(repr=False)
    objectives: tuple[ObjectiveData, ...] = field(repr=False)

    @property
    def column_names(self) -> tuple[str, ...]:
        """Names of the variables, one per column."""
        return tuple(variable.name for variable in self.variables)

    def load(self, point: Point) -> None:
        """Put a point on the model: values of the variables and, for a linear program, duals.

        Integer variables get whole numbers, and every variable of the program is no longer stale; fixed and
        unused ones keep their values. A Suffix ``dual`` of the model that imports is filled with the change
        of the front's first objective per unit of each constraint's bound, in the objective's own sense
        (Pyomo's convention), the other objectives held where the point has them. It is emptied where there
        are no such prices: in programs with integers, and where the first objective had no weight.
        """
        from pyomo.core.staleflag import StaleFlagManager

        x = np.asarray(point.x, dtype=np.float64)
        for variable, value, whole in zip(
            self.variables, x.tolist(), self.program.integer.tolist(), strict=True
        ):
            variable.set_value(round(value) if whole else value, skip_validation=True)
        StaleFlagManager.mark_all_as_stale(delayed=True)
        self._load_duals(np.asarray(point.row_prices, dtype=np.float64))

    def _load_duals(self, prices: Floats) -> None:
        from pyomo.core import Suffix

        suffix = self.model.component("dual")
        if suffix is None or suffix.ctype is not Suffix or not suffix.import_enabled():
            return
        suffix.clear()
        if not self.program.integer.any() and np.all(np.isfinite(prices)):
            for constraint, price in zip(self.constraints, prices.tolist(), strict=True):
                suffix[constraint] = price


def pyomo_loader(reading: PyomoReading) -> Callable[[Point], None]:
    """What puts a point of the reading's program on the user's model (`PyomoReading.load`)."""
    return reading.load


def from_pyomo(model: Any, objectives: Sequence[Any] | None = None) -> Program:
    """Read a linear Pyomo model as a program; `read_pyomo` also gives the way back."""
    return read_pyomo(model, objectives).program


def read_pyomo(model: Any, objectives: Sequence[Any] | None = None) -> PyomoReading:
    """Read a linear Pyomo model.

    Parameters
    ----------
    model
        A ConcreteModel or a Block. Constraints may be equalities, one-sided or ranges; variables continuous,
        integer or binary; fixed variables count as constants. Deactivated constraints and blocks do not
        count. Bounds of 1e20 and more are none.
    objectives
        Those that count, in this order: names, Objective components (an indexed one stands for all its
        members) or their members. Without it all in active blocks count, active or not.

    Returns
    -------
    PyomoReading
        Columns in the order in which the model uses its variables, rows named after the constraints.

    Raises
    ------
    ValueError
        If the model has no objective, is not linear, or holds a component that a linear program has no
        place for; the text names the component.
    Infeasible
        If a constraint without free variables is violated.
    """
    from landfront.optimizer.pyomo_faults import refuse_components

    refuse_components(model)
    wanted = _wanted(model, objectives)
    form = _compile(model, wanted)
    # The compiler knows no order of objectives but the model's own.
    order = [_place(form.objectives, objective) for objective in wanted]
    columns = len(form.columns)
    row_lower, row_upper, matrix, constraints = _rows(form)
    program = Program(
        objectives=Stack((Csr(sp.csr_array(sp.csr_array(form.c)[order])),), columns),
        senses=np.array([_sense(objective) for objective in wanted], dtype=np.int8),
        offsets=np.asarray(form.c_offset, dtype=np.float64)[order],
        rows=Stack((Csr(matrix),), columns),
        row_lower=row_lower,
        row_upper=row_upper,
        lower=_opened([-np.inf if v.lb is None else v.lb for v in form.columns], -1),
        upper=_opened([np.inf if v.ub is None else v.ub for v in form.columns], 1),
        integer=np.array([_is_whole(variable) for variable in form.columns], dtype=bool),
        starts=np.zeros(1, dtype=np.int64),
        objective_names=tuple(objective.name for objective in wanted),
        row_names=tuple(constraint.name for constraint in constraints),
    )
    return PyomoReading(program, model, tuple(form.columns), constraints, tuple(wanted))


def _place(found: Sequence[Any], objective: Any) -> int:
    return next(index for index, candidate in enumerate(found) if candidate is objective)


def _sense(objective: Any) -> int:
    from pyomo.core import maximize

    return -1 if objective.sense == maximize else 1


def _is_whole(variable: Any) -> bool:
    """Whether a variable is integer.

    Raises
    ------
    ValueError
        If its domain is neither an interval nor the whole numbers of one.
    """
    if variable.is_continuous():
        return False
    if variable.is_integer() or variable.is_binary():
        return True
    raise ValueError(
        f"variable {variable.name} has the domain {variable.domain}, which is no interval: semi-continuous "
        "and other broken domains are not read; use a binary variable and two constraints"
    )


def _opened(bounds: list[float], sign: int) -> Floats:
    """Bounds as an array, infinite where they are none; `sign` is -1 for lower bounds."""
    values = np.array(bounds, dtype=np.float64)
    return np.where(sign * values >= INFINITE, sign * np.inf, values)


def _wanted(model: Any, objectives: Sequence[Any] | None) -> list[Any]:
    """The objectives that count, in order."""
    from pyomo.core import Objective

    every = list(model.component_objects(Objective, active=None, descend_into=True))
    known = {id(data): data for component in every for data in component.values() if _is_awake(data)}
    if objectives is None:
        if not known:
            raise ValueError("the model has no Objective: give it two or more")
        return list(known.values())
    if isinstance(objectives, str):
        raise ValueError(f"objectives is a list of names or components, not the text {objectives!r}")
    chosen = [data for one in objectives for data in _members(model, one)]
    for data in chosen:
        if id(data) not in known:
            raise ValueError(f"{data.name} is no Objective in an active block of this model")
    if len({id(data) for data in chosen}) < len(chosen):
        raise ValueError("an objective is asked for twice")
    return chosen


def _members(model: Any, objective: Any) -> list[Any]:
    """The members of an objective given by name, as a component or as a member."""
    from pyomo.core import Objective

    component = objective
    if isinstance(objective, str):
        component = model.find_component(objective)
    if getattr(component, "ctype", None) is not Objective:
        names = [data.name for data in model.component_data_objects(Objective, active=None)]
        raise ValueError(f"the model has no objective {objective}; it has {', '.join(names) or 'none'}")
    return list(component.values()) if component.is_indexed() else [component]


def _is_awake(data: Any) -> bool:
    """Whether all blocks above a component are active."""
    block = data.parent_block()
    while block is not None and block.active:
        block = block.parent_block()
    return block is None


def _compile(model: Any, wanted: list[Any]) -> Any:
    """The model's standard form with exactly these objectives, and the model left as it was."""
    from pyomo.common.errors import PyomoException
    from pyomo.repn.plugins.standard_form import LinearStandardFormCompiler

    from landfront.optimizer.pyomo_faults import explain

    with _only(model, wanted), _quiet():
        try:
            # The compiler turns every objective into a minimum unless told not to.
            form = LinearStandardFormCompiler().write(model, mixed_form=True, set_sense=None)
            # A constant that is no number raises only when it is used.
            np.asarray(form.c_offset, dtype=np.float64), np.asarray(form.rhs, dtype=np.float64)
            return form
        except (PyomoException, ValueError, TypeError, ArithmeticError) as error:
            raise explain(model, wanted, error) from error


@contextmanager
def _only(model: Any, wanted: list[Any]) -> Iterator[None]:
    """Activate these objectives and no others, for a while."""
    from pyomo.core import Objective

    every = list(model.component_objects(Objective, active=None, descend_into=True))
    before = [(data, data.active) for component in every for data in component.values()]
    sleeping = [component for component in every if not component.active]
    chosen = {id(data) for data in wanted}
    try:
        for data, _ in before:
            data.activate() if id(data) in chosen else data.deactivate()
        yield
    finally:
        for data, active in before:
            data.activate() if active else data.deactivate()
        for component in sleeping:
            component.deactivate()


@contextmanager
def _quiet() -> Iterator[None]:
    """Without the compiler's warning about duals that an earlier point left in an exporting Suffix."""
    log = logging.getLogger("pyomo.repn.plugins.standard_form")
    level = log.level
    log.setLevel(logging.ERROR)
    try:
        yield
    finally:
        log.setLevel(level)


def _rows(form: Any) -> tuple[Floats, Floats, sp.csr_array, tuple[Any, ...]]:
    """Bounds, matrix and constraints; the compiler makes two neighbouring rows of a range, one here."""
    kinds = np.array([row.bound_type for row in form.rows], dtype=np.int64)
    rhs = np.asarray(form.rhs, dtype=np.float64)
    lower = np.where(kinds <= 0, rhs, -np.inf)
    upper = np.where(kinds >= 0, rhs, np.inf)
    constraints = [row.constraint for row in form.rows]
    first = _first_rows(constraints)
    last = np.append(first, len(constraints))[1:] - 1
    lower = _opened(np.maximum(lower[first], lower[last]).tolist(), -1)
    upper = _opened(np.minimum(upper[first], upper[last]).tolist(), 1)
    matrix = sp.csr_array(sp.csr_array(form.A)[first])
    return lower, upper, matrix, tuple(constraints[row] for row in first)


def _first_rows(constraints: list[Any]) -> NDArray[np.int64]:
    fresh = [
        row
        for row, constraint in enumerate(constraints)
        if row == 0 or constraint is not constraints[row - 1]
    ]
    return np.array(fresh, dtype=np.int64)
