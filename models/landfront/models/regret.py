"""What regret is counted from: the best total of each scenario under all limits but those on regrets.

Every scenario is solved by itself; what counts is the proven bound, so that no plan has less regret than is
said, and the bound is off by the gap at most.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from landfront.instances.faults import Fault, InputError, refuse
from landfront.instances.study import Study
from landfront.models.appended import OnMap
from landfront.models.cells import Cells, cells_of
from landfront.models.measure import Measure
from landfront.models.registry import Effects
from landfront.models.risk import risk_of
from landfront.models.widening import Linking, Part
from landfront.optimizer.engine import Infeasible
from landfront.optimizer.program import Csr, Program, Stack
from landfront.optimizer.scalarize import solve_single

Floats = NDArray[np.float64]


def with_regrets(
    study: Study,
    effects: Effects,
    measures: Mapping[str, Measure | OnMap],
    program_of: Callable[..., Program],
) -> dict[str, Measure | OnMap]:
    """The measures of a study with those that are regrets, in file order.

    Parameters
    ----------
    program_of
        Gives the program of some measures, with further parts behind theirs.

    Raises
    ------
    InputError
        As `risk.risk_of`.
    """
    asked = [name for name, entry in study.criteria.items() if entry.measure == "regret"]
    faults: list[Fault] = []
    found = dict(measures)
    for name in asked:
        entry = study.criteria[name]
        try:
            cells = cells_of(name, entry, effects, effects.sources.scenarios)
            best, gap = best_totals(cells, measures, program_of, more=entry.better != "less",
                                    gap=study.front.gap)  # fmt: skip
            regret = risk_of(name, entry, effects, effects.sources.scenarios, best)
            said = f"regrets are counted from the proven best of each scenario (largest gap {gap:.2g})"
            found[name] = replace(regret, said=said)
        except InputError as error:
            faults.extend(error.faults)
    refuse(*faults)
    return {name: found[name] for name in study.criteria if name in found}


def best_totals(
    cells: Cells,
    measures: Mapping[str, Measure | OnMap],
    program_of: Callable[..., Program],
    *,
    more: bool,
    gap: float,
) -> tuple[Floats, float]:
    """Proven best total of each scenario, shape (S,), and the largest gap of a plan to it.

    Where no plan meets the limits, what is attainable without them stands in: no plan has a regret then.
    """
    behind = sum(found.extra for found in measures.values() if isinstance(found, OnMap))
    program = _by_scenario(cells, program_of(measures, _part(cells)), behind, more=more)
    best, gaps = [], []
    for scenario in range(len(cells.probability)):
        try:
            point = solve_single(program.select([scenario]), 0, gap=gap)
        except Infeasible:
            return cells.ends()[1 if more else 0], 0.0
        best.append(point.bound)
        gaps.append(point.gap)
    return np.array(best), max(gaps)


def _part(cells: Cells) -> Part:
    """The cells' sums as columns."""
    count = len(cells.low)
    nothing = sp.csr_array((0, count))
    linking = Linking(
        cells.low, cells.high, np.zeros(count, dtype=bool), sp.csr_array(-sp.eye_array(count)),
        np.zeros((2, count)), nothing, np.zeros((2, 0)), np.zeros(count),
    )  # fmt: skip
    return Part("scenarios", cells.rows, cells.labels, linking)


def _by_scenario(cells: Cells, program: Program, behind: int, *, more: bool) -> Program:
    """The program with the total of each scenario as an objective.

    The cells' sums are its last columns but those `behind` them.
    """
    count, scenarios = len(cells.low), len(cells.probability)
    before = sp.csr_array((scenarios, program.columns - behind - count))
    last = sp.csr_array((scenarios, behind))
    rows = sp.csr_array(sp.hstack([before, sp.csr_array(cells.factor), last], format="csr"))
    return replace(
        program,
        objectives=Stack((Csr(rows),), program.columns),
        senses=np.full(scenarios, -1 if more else 1, dtype=np.int8),
        offsets=np.full(scenarios, cells.base),
        objective_names=tuple(f"total in {name}" for name in cells.scenarios),
    )
