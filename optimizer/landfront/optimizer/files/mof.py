"""MathOptFormat 1 (`.mof.json`), linear part: what JuMP and MathOptInterface write.

Source: Legat, Dowson, Garcia, Lubin (2022), MathOptInterface: a data structure for mathematical optimization
problems, INFORMS J. on Computing 34(2), and its JSON schema.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from math import inf
from typing import Any

from landfront.optimizer.files.draft import Draft, FileFault

Terms = dict[int, float]
Row = tuple[Terms, float]

SCALAR_SETS: dict[str, Callable[[dict[str, Any]], tuple[float, float]]] = {
    "LessThan": lambda s: (-inf, s["upper"]),
    "GreaterThan": lambda s: (s["lower"], inf),
    "EqualTo": lambda s: (s["value"], s["value"]),
    "Interval": lambda s: (s["lower"], s["upper"]),
}
VECTOR_SETS = {"Nonnegatives": (0.0, inf), "Nonpositives": (-inf, 0.0), "Zeros": (0.0, 0.0)}
SENSES = {"min": 1, "max": -1}


def parse_mof(text: str) -> Draft:
    """Read the text of a MathOptFormat file.

    Raises
    ------
    FileFault
        If it is no such file, or a function or a set in it is not linear; the text names it.
    """
    try:
        model = json.loads(text)
        return _model(model)
    except json.JSONDecodeError as error:
        raise FileFault(f"this is not JSON: {error}") from None
    except (KeyError, TypeError, AttributeError, IndexError) as error:
        raise FileFault(f"this is not MathOptFormat 1: {type(error).__name__} {error}") from None


def _model(model: dict[str, Any]) -> Draft:
    major = model["version"]["major"]
    if major != 1:
        raise FileFault(f"MathOptFormat {major} is not read, 1 is")
    draft = Draft(lower=-inf)
    for variable in model["variables"]:
        if draft.has_column(variable["name"]):
            raise FileFault(f"there are two variables {variable['name']}")
        draft.column(variable["name"])
    _objectives(draft, model["objective"])
    for index, constraint in enumerate(model["constraints"], 1):
        _constraint(draft, constraint, constraint.get("name") or f"constraint {index}")
    return draft


def _objectives(draft: Draft, objective: dict[str, Any]) -> None:
    if objective["sense"] not in SENSES:
        raise FileFault(f"the model has no objective: its sense is {objective['sense']}")
    rows = _rows(draft, objective["function"], "the objective")
    for index, (terms, constant) in enumerate(rows, 1):
        draft.add_objective(f"objective_{index}", terms, sense=SENSES[objective["sense"]], offset=constant)


def _constraint(draft: Draft, constraint: dict[str, Any], name: str) -> None:
    function, kind = constraint["function"], constraint["set"]["type"]
    single = function["type"] in ("Variable", "SingleVariable")
    rows = _rows(draft, function, name)
    if single and kind in ("Integer", "ZeroOne"):
        column = next(iter(rows[0][0]))
        draft.integer[column] = True
        if kind == "ZeroOne":
            draft.binary(column)
        return
    bounds = _set_bounds(constraint["set"], function["type"], name)
    if single:
        column = next(iter(rows[0][0]))
        # MathOptInterface intersects a variable's sets, whatever their order.
        low, high = max(draft.lower[column], bounds[0]), min(draft.upper[column], bounds[1])
        draft.bound(column, lower=low, upper=high)
        return
    if kind in VECTOR_SETS and constraint["set"]["dimension"] != len(rows):
        raise FileFault(f"{name} has {len(rows)} rows, its set {constraint['set']['dimension']}")
    for index, (terms, constant) in enumerate(rows, 1):
        label = name if kind in SCALAR_SETS else f"{name}[{index}]"
        draft.add_row(label, terms, lower=bounds[0] - constant, upper=bounds[1] - constant)


def _set_bounds(where: dict[str, Any], function: str, name: str) -> tuple[float, float]:
    kind = where["type"]
    vector = function.startswith("Vector")
    if kind in SCALAR_SETS and not vector:
        low, high = SCALAR_SETS[kind](where)
        return float(low), float(high)
    if kind in VECTOR_SETS and vector:
        return VECTOR_SETS[kind]
    raise FileFault(
        f"{name}: {function} in {kind} is not read: only linear rows, bounds, Integer and ZeroOne"
    )


def _rows(draft: Draft, function: dict[str, Any], name: str) -> list[Row]:
    """Terms and constant of each row of a function."""
    kind = function["type"]
    if kind in ("Variable", "SingleVariable"):
        return [({_column(draft, function["name" if "name" in function else "variable"], name): 1.0}, 0.0)]
    if kind == "VectorOfVariables":
        return [({_column(draft, variable, name): 1.0}, 0.0) for variable in function["variables"]]
    if kind == "ScalarAffineFunction":
        return [(_sum(draft, function["terms"], name), float(function["constant"]))]
    if kind == "VectorAffineFunction":
        return _vector(draft, function, name)
    raise FileFault(f"{name}: {kind} is not linear, or not read")


def _vector(draft: Draft, function: dict[str, Any], name: str) -> list[Row]:
    constants = [float(value) for value in function["constants"]]
    parts: list[list[dict[str, Any]]] = [[] for _ in constants]
    for term in function["terms"]:
        row = term["output_index"]
        if not 1 <= row <= len(parts):
            raise FileFault(f"{name}: row {row} of {len(parts)}")
        parts[row - 1].append(term["scalar_term"])
    return [(_sum(draft, part, name), constant) for part, constant in zip(parts, constants, strict=True)]


def _sum(draft: Draft, terms: list[dict[str, Any]], name: str) -> Terms:
    found: Terms = {}
    for term in terms:
        column = _column(draft, term["variable"], name)
        value = float(term["coefficient"])
        if value != value:
            raise FileFault(f"{name}: a coefficient is NaN, not a number: correct it in the file")
        found[column] = found.get(column, 0.0) + value
    return found


def _column(draft: Draft, variable: str, name: str) -> int:
    if not draft.has_column(variable):
        raise FileFault(f"{name}: there is no variable {variable}")
    return draft.column(variable)
