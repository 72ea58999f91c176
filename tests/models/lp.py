"""A program as LP text with readable names; further criteria stand as comments."""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp

from landfront.models.appended import OnMap
from landfront.models.formulate import Formulation
from landfront.models.measure import Measure

WORDS = {-1: "maximize", 1: "minimize"}


def lp_text(formulation: Formulation) -> str:
    """The formulation in CPLEX LP format: first criterion as objective, limits, groups, bounds."""
    program, names = formulation.program, _names(formulation)
    objectives = sp.csr_array(program.objectives.to_csr())
    heads = [
        f"{WORDS[int(sense)]}\n {name}: {_row(objectives, c, names)}{_constant(program.offsets[c])}"
        for c, (name, sense) in enumerate(zip(program.objective_names, program.senses, strict=True))
    ]
    lines = [f"\\ {formulation.study.title}, {formulation.study.study.decision}"]
    lines += [f"\\ also {head.replace(chr(10), '')}" for head in heads[1:]]
    lines += [heads[0], "subject to", *_limits(formulation, names), *_groups(formulation, names)]
    parted = zip(names, program.lower, program.upper, program.integer, strict=True)
    bounds = [f"{low:.10g} <= {name} <= {high:.10g}" for name, low, high, whole in parted if not whole]
    binaries = [name for name, whole in zip(names, program.integer, strict=True) if whole]
    for section, columns in (("bounds", bounds), ("binaries", binaries)):
        lines += [section, *(f" {column}" for column in columns)] if columns else []
    return "\n".join([*lines, "end", ""])


def _names(formulation: Formulation) -> list[str]:
    menu, ids = formulation.menu, formulation.landscape.ids
    kinds = [name.replace("+", "&") for name in menu.interventions]  # a sign would end a name in this format
    options = [f"x({ids[p]},{kinds[k]})" for p, k in zip(menu.parcel, menu.kind, strict=True)]
    measures = formulation.measures.items()
    counts = {name: len(found.linking.lower) for name, found in measures if isinstance(found, Measure)}
    if formulation.payments is not None:
        counts["funds"] = len(formulation.payments.pairs)
    borders = [(name, found) for name, found in measures if isinstance(found, OnMap)]
    counts |= {name: found.extra for name, found in borders}
    return [*options, *(f"link({name},{place})" for name, count in counts.items() for place in range(count))]


def _row(matrix: sp.csr_array, row: int, names: list[str]) -> str:
    part = slice(matrix.indptr[row], matrix.indptr[row + 1])
    order = np.argsort(matrix.indices[part])
    values, columns = matrix.data[part][order], matrix.indices[part][order]
    terms = [f"{v:+.10g} {names[j]}" for v, j in zip(values, columns, strict=True)]
    return " ".join(terms) or f"0 {names[0]}"


def _constant(value: float) -> str:
    return f" {value:+.10g}" if value else ""


def _limits(formulation: Formulation, names: list[str]) -> list[str]:
    program, lines = formulation.program, []
    for r, name in enumerate(program.row_names):
        label = name.translate(str.maketrans("[]-:", "()_.", " "))
        body = _row(program.row_matrix, r, names)
        if np.isfinite(program.row_lower[r]):
            lines.append(f" {label}_min: {body} >= {program.row_lower[r]:.10g}")
        if np.isfinite(program.row_upper[r]):
            lines.append(f" {label}_max: {body} <= {program.row_upper[r]:.10g}")
    return lines


def _groups(formulation: Formulation, names: list[str]) -> list[str]:
    starts, ids = formulation.program.starts, formulation.landscape.ids
    return [f" one({ids[p]}): {' + '.join(names[starts[p] : starts[p + 1]])} = 1" for p in range(len(ids))]
