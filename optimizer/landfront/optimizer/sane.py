"""Faults of a program that no front can be computed from, each said once and all together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from landfront.optimizer import tolerances
from landfront.optimizer.front import Floats
from landfront.optimizer.program import Block, Csr, Factored, Program

SHOWN = 5
"""Names listed per fault."""

Label = Callable[[int], str]


def check_program(program: Program, *, least: int = 2, column_names: Sequence[str] = ()) -> None:
    """Refuse a program whose front means nothing.

    Parameters
    ----------
    program
        Any.
    least
        Fewest objectives that the question needs: 2 for a front, 1 for a single optimum.
    column_names
        To name columns by; without it a column is called by its number, from 0.

    Raises
    ------
    ValueError
        With every fault found: too few objectives, no columns, arrays of different lengths, coefficients,
        offsets or bounds that are not numbers, lower bounds above upper ones, objectives without
        variables, senses other than 1 and -1, names given twice.
    """
    faults = list(_shape_faults(program, least)) or list(_value_faults(program, column_names))
    if faults:
        head = "the program has a fault" if len(faults) == 1 else f"the program has {len(faults)} faults"
        raise ValueError(f"{head}: {'; '.join(faults)}")


def _shape_faults(program: Program, least: int) -> Iterator[str]:
    """Faults that make the other questions meaningless."""
    p, m = program.objectives.shape
    if p < least:
        names = ", ".join(program.objective_names) or "none"
        question = "a front needs at least two" if least == 2 else f"at least {least} are needed"
        yield f"{question} objectives, and it has {p} ({names}): add one"
    if m == 0:
        yield "it is empty: no objective or constraint has a variable that is free to change"
    r = program.rows.shape[0]
    sizes = {
        "senses": (len(program.senses), p),
        "offsets": (len(program.offsets), p),
        "objective_names": (len(program.objective_names), p),
        "row_lower": (len(program.row_lower), r),
        "row_upper": (len(program.row_upper), r),
        "row_names": (len(program.row_names), r),
        "lower": (len(program.lower), m),
        "upper": (len(program.upper), m),
        "integer": (len(program.integer), m),
    }
    for name, (found, size) in sizes.items():
        if found != size:
            yield f"{name} has {found} entries where {size} are expected"
    starts = program.starts
    if len(starts) == 0 or starts[0] != 0 or np.any(np.diff(starts) <= 0) or starts[-1] > m:
        yield f"starts must rise from 0 to at most the number of columns, {m}"


def _value_faults(program: Program, column_names: Sequence[str]) -> Iterator[str]:
    objective, row, column = _labels(program, column_names)
    yield from _coefficient_faults(program, objective, row)
    yield from _bound_faults(program.row_lower, program.row_upper, row)
    yield from _bound_faults(program.lower, program.upper, column)
    yield from _listed(column, _without_integer(program), "no whole number lies between its bounds")
    yield from _listed(objective, ~np.isfinite(program.offsets), "the offset is NaN or infinite")
    yield from _listed(objective, np.abs(program.senses) != 1, "the sense must be 1 (min) or -1 (max)")
    for kind, names in (("objectives", program.objective_names), ("rows", program.row_names)):
        twice = [name for name, count in Counter(names).items() if count > 1]
        if twice:
            yield f"{kind} share the name {_some(twice)}: give each its own"


def _labels(program: Program, column_names: Sequence[str]) -> tuple[Label, Label, Label]:
    """How to call an objective, a row and a column."""

    def column(index: int) -> str:
        return f"column {column_names[index] if column_names else index}"

    return (
        lambda index: f"objective {program.objective_names[index]}",
        lambda index: f"row {program.row_names[index]}",
        column,
    )


def _coefficient_faults(program: Program, objective: Label, row: Label) -> Iterator[str]:
    words = "a coefficient is NaN or infinite"
    if all(_is_finite(block) for block in program.objectives.blocks):
        empty = program.objectives.largest() == 0
        yield from _listed(objective, empty, "it has no variable, so every solution is as good: leave it out")
    else:
        yield from _listed(objective, _broken(program.objectives.to_csr()), words)
    if not all(_is_finite(block) for block in program.rows.blocks):
        yield from _listed(row, _broken(program.rows.to_csr()), words)


def _is_finite(block: Block) -> bool:
    """Whether all coefficients of a block are numbers; its matrix is not built where it has none."""
    if isinstance(block, Csr):
        return bool(np.all(np.isfinite(block.matrix.data)))
    if isinstance(block, Factored):
        return bool(np.all(np.isfinite(block.amount.data)) and np.all(np.isfinite(block.table)))
    return bool(np.all(np.isfinite(block.to_csr().data)))


def _broken(matrix: sp.csr_array) -> NDArray[np.bool_]:
    """Which rows hold a coefficient that is not finite, shape (rows,)."""
    rows = np.repeat(np.arange(matrix.shape[0]), np.diff(matrix.indptr))
    return np.bincount(rows, weights=~np.isfinite(matrix.data), minlength=matrix.shape[0]) > 0


def _bound_faults(lower: Floats, upper: Floats, label: Label) -> Iterator[str]:
    unknown = np.isnan(lower) | np.isnan(upper)
    yield from _listed(label, unknown, "a bound is NaN")
    yield from _listed(label, lower > upper, "the lower bound is above the upper one")
    beyond = (lower == np.inf) | (upper == -np.inf)
    yield from _listed(label, beyond & ~(lower > upper), "no number meets an infinite bound")


def _without_integer(program: Program) -> NDArray[np.bool_]:
    """Integer columns between whose bounds there is no whole number, shape (m,)."""
    least = np.ceil(program.lower - tolerances.INTEGER)
    return program.integer & (program.lower <= program.upper) & (least > program.upper + tolerances.INTEGER)


def _listed(label: Label, wrong: NDArray[np.bool_], words: str) -> Iterator[str]:
    """One sentence for all that share a fault."""
    names = [label(int(index)) for index in np.flatnonzero(wrong)[:SHOWN]]
    if names:
        more = int(wrong.sum()) - len(names)
        yield f"{', '.join(names)}{f' and {more} more' if more else ''}: {words}"


def _some(names: list[str]) -> str:
    more = len(names) - SHOWN
    return ", ".join(names[:SHOWN]) + (f" and {more} more" if more > 0 else "")
