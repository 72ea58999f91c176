"""Why a Pyomo model is no linear program: the component to blame, by name, and what to do."""

from __future__ import annotations

from collections.abc import Iterator
from math import isfinite, isnan
from typing import Any

from landfront.optimizer.engine import Infeasible

LINEAR = {
    "Block",
    "BooleanVar",
    "Constraint",
    "Expression",
    "ExternalFunction",
    "Objective",
    "Param",
    "Port",
    "RangeSet",
    "Set",
    "Suffix",
    "Var",
}
"""Kinds of components that a linear program has a place for, or that say nothing of it on their own."""

SHOWN = 5
"""Components that one error names."""


def refuse_components(model: Any) -> None:
    """Raise for what has no place in a linear program: SOS, disjunctions, logic, complementarity.

    Raises
    ------
    ValueError
    """
    if not hasattr(model, "component_objects"):
        raise ValueError(f"this is no Pyomo model but a {type(model).__name__}")
    if not model.is_constructed():
        raise ValueError("the model is abstract: call its create_instance first")
    kinds = {kind.__name__: kind for kind in model.collect_ctypes(active=True)}
    for name in sorted(set(kinds) - LINEAR):
        component = next(iter(model.component_objects(kinds[name], active=True)))
        raise ValueError(
            f"{component.name} is a {name}, which a linear program has no place for: transform the model "
            "first (for a Disjunction, TransformationFactory('gdp.bigm')), or write it as linear constraints"
        )


def explain(model: Any, objectives: list[Any], error: Exception) -> Exception:
    """The error for a model that did not compile, with the components to blame where they are found."""
    from pyomo.core import Var

    for variable in model.component_data_objects(Var, active=True):
        if variable.fixed and variable.value is None:
            return ValueError(f"variable {variable.name} is fixed without a value: set one, or unfix it")
    faults = list(_faults(model, objectives))
    for words, name in faults:
        if words == "infeasible":
            return Infeasible((), (name,), "its variables are all fixed")
    if not faults:
        return ValueError(f"the model could not be read as a linear program: {error}")
    listed = "; ".join(f"{name} {words}" for words, name in faults[:SHOWN])
    more = f"; and {len(faults) - SHOWN} more" if len(faults) > SHOWN else ""
    return ValueError(
        f"the model is no linear program: {listed}{more}. Write each as a sum of number times variable"
    )


def _faults(model: Any, objectives: list[Any]) -> Iterator[tuple[str, str]]:
    """What is wrong, and the name of the objective or constraint."""
    from pyomo.core import Constraint, value

    for objective in objectives:
        for words in _of_expression(objective.expr):
            yield words, f"objective {objective.name}"
    for constraint in model.component_data_objects(Constraint, active=True):
        lower, body, upper = constraint.to_bounded_expression()
        yield from ((words, f"constraint {constraint.name}") for words in _of_expression(body))
        if not body.is_potentially_variable() or all(v.fixed for v in _variables(body)):
            used = value(body, exception=False)
            low, high = value(lower, exception=False), value(upper, exception=False)
            if used is not None and ((low is not None and used < low) or (high is not None and used > high)):
                yield "infeasible", constraint.name


def _variables(expression: Any) -> list[Any]:
    from pyomo.core.expr.visitor import identify_variables

    return list(identify_variables(expression))


def _of_expression(expression: Any) -> Iterator[str]:
    from pyomo.repn import generate_standard_repn

    try:
        form = generate_standard_repn(expression, compute_values=True, quadratic=True)
    except Exception as error:
        yield f"cannot be evaluated ({error})"
        return
    if form.nonlinear_expr is not None:
        yield "is nonlinear"
    elif form.quadratic_vars:
        yield "is quadratic"
    numbers = [form.constant, *form.linear_coefs]
    if any(isnan(number) for number in numbers if isinstance(number, float)):
        yield "has a coefficient that is not a number (NaN)"
    elif any(not isfinite(number) for number in numbers if isinstance(number, float)):
        yield "has an infinite coefficient"
