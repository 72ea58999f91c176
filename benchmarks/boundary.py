"""Boundary of treated land: minimum cuts under prices, beside HiGHS on the same program.

    python benchmarks/boundary.py            10,000 cells, both engines, and 1,000,000 cells by cuts
    python benchmarks/boundary.py --small    10,000 cells only

Square cells of 100 m with three interventions of their own gain and cost, which vary smoothly over the land;
a budget of 30 % of what everything would cost, and a limit on the boundary of what is treated (or a weight on
it), so that prices of both are looked for. Wall and processor seconds of the solve, the median run of three,
after a tiny one that loads compiled code; the time to formulate is told apart. Writes results/boundary.json.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from time import monotonic, perf_counter, process_time
from typing import Any

import numpy as np

from landfront.models.formulate import Formulation
from landfront.optimizer.engine import choose_engine
from landfront.optimizer.points import relative_gap
from landfront.optimizer.scalarize import Scalarizer
from landfront.optimizer.task import Task
from measure import RUNS, machine
from squares import grid_study

RESULTS = Path(__file__).parent / "results" / "boundary.json"
SHARE = 0.4
"""The boundary may be this share of that of the plan with the most carbon."""
WEIGHT = 300.0
"""Carbon that a km of boundary is worth."""
SECONDS = 60.0
"""Longest solve."""


def study(width: int, *, most: float | None = None) -> Formulation:
    """The square, with the boundary of what is treated as a criterion, at most so many km."""
    return grid_study(width, "edge", {"sense": "min", "measure": "boundary", "unit": "km"}, most=most)


def measured(found: Formulation, weights: list[float], *, gap: float, solver: str | None) -> dict[str, Any]:
    """One plan: seconds, bound and gap of the weighted sum."""
    program = found.program
    engine, reason = choose_engine(program, solver)
    task = Task(np.array(weights), np.full(3, np.inf), share=gap, deadline=monotonic() + SECONDS)
    wall, cpu = perf_counter(), process_time()
    solve = Scalarizer(program, engine).solve(task)
    wall, cpu = perf_counter() - wall, process_time() - cpu
    value = float("nan") if solve.y is None else float(np.array(weights) @ solve.y)
    return {
        "cells": program.groups, "engine": reason.split(":")[0], "weights": weights, "gap_asked": gap,
        "wall_s": round(wall, 3), "cpu_s": round(cpu, 3), "value": value, "bound": solve.beta,
        "gap": relative_gap(solve.beta, value, 0.0), "reason": solve.reason,
        "proofs": sorted({fact.proof for fact in solve.facts}),
        "values": None if solve.y is None else (program.senses * solve.y).tolist(),
    }  # fmt: skip


def loose_boundary(found: Formulation) -> float:
    """Boundary of the plan with the most carbon, in km."""
    engine, _ = choose_engine(found.program, "cuts")
    solve = Scalarizer(found.program, engine).solve(Task(np.eye(3)[0], np.full(3, np.inf), share=1e-3))
    assert solve.y is not None
    return float(solve.y[2])


def main() -> None:
    """Measure and write the results."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--small", action="store_true")
    small = parser.parse_args().small
    measured(study(25), [1.0, 0.0, 0.0], gap=1e-3, solver="cuts")  # loads compiled code
    rows = []
    for width, gap in ((100, 1e-3), *(() if small else ((1000, 1e-4),))):
        solvers = ("cuts", "highs") if width == 100 else ("cuts",)
        free = study(width)
        loose = loose_boundary(free)
        began = perf_counter()
        bound = study(width, most=SHARE * loose)
        formulated = round(perf_counter() - began, 2)
        for case, found, weights in (
            ("limit on the boundary", bound, [1.0, 0.0, 0.0]),
            ("weight on the boundary", free, [1.0, 0.0, WEIGHT]),
        ):
            for solver in solvers:
                runs = [measured(found, weights, gap=gap, solver=solver) for _ in range(RUNS)]
                row = {"case": case, **sorted(runs, key=lambda run: run["cpu_s"])[RUNS // 2]}
                row |= {"formulate_s": formulated, "boundary_of_most_carbon_km": loose}
                rows.append(row)
                print(json.dumps(row), flush=True)
    if not small:
        record = {"machine": machine(), "runs": RUNS, "rows": rows}
        RESULTS.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
