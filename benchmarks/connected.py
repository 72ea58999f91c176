"""Connected land and corridors: how near node cuts come to the best plan of 2,025 cells, and of more.

    python benchmarks/connected.py                          limits of 300 s
    python benchmarks/connected.py --seconds 60 --runs 0    one case
    python benchmarks/connected.py --width 100 --runs 2     10,000 cells

A square of 45 x 45 cells of 100 m with three interventions of their own gain and cost, as in boundary.py; a
budget of 30 % of what everything would cost. Corridors must link four single cells that are cores, or all
treated land must be connected to nine such cells, or to itself (the program chooses where). Wall and
processor seconds, bound and gap. Writes results/connected.json, or connected_WIDTH.json for another width.
"""

from __future__ import annotations

import argparse
import json
import platform
from pathlib import Path
from time import perf_counter, process_time
from typing import Any

import numpy as np

from landfront.models.formulate import Formulation
from landfront.optimizer.engine import SolverError
from landfront.optimizer.scalarize import solve_single
from squares import grid_study

RESULTS = Path(__file__).parent / "results"
WIDTH = 45
CASES: dict[str, dict[str, Any]] = {
    "corridors": {"measure": "unlinked", "core": {"mask": "four"}},
    "to cores": {"measure": "separate", "core": {"mask": "nine"}},
    "to itself": {"measure": "separate"},
}
RUNS = (
    ("corridors", 1, True),
    ("corridors", 0, True),
    ("to cores", 0, True),
    ("to cores", 0, False),
    ("to itself", 0, True),
)
"""Case, criterion that is asked for, and whether nothing may be apart."""


def study(apart: dict[str, Any], *, limit: bool, width: int = WIDTH) -> Formulation:
    """The square with masks of cores, and what is apart as a criterion, none of it where there is a limit."""
    row, column = np.divmod(np.arange(width * width), width)
    apart_by = {"four": 22, "nine": 15}
    masks = {name: (row % far == far // 2) & (column % far == far // 2) for name, far in apart_by.items()}
    most = 0.0 if limit else None
    return grid_study(width, "apart", {"sense": "min", **apart}, most=most, masks=masks)


def measured(case: str, criterion: int, *, limit: bool, seconds: float, width: int = WIDTH) -> dict[str, Any]:
    """The plan of most carbon (0) or least cost (1): seconds, bound and gap."""
    found = study(CASES[case], limit=limit, width=width)
    wall, cpu = perf_counter(), process_time()
    try:
        point = solve_single(found.program, criterion, gap=1e-3, time_limit=seconds)
    except SolverError as error:
        spent = {"wall_s": round(perf_counter() - wall, 2), "cpu_s": round(process_time() - cpu, 2)}
        return {"case": case, "limit": limit, "seconds_allowed": seconds, **spent, "ended": str(error)}
    wall, cpu = perf_counter() - wall, process_time() - cpu
    carbon, cost, apart = found.values(point.x)
    treated = found.measures["apart"].amounts_of(point.x[: len(found.menu)])
    return {
        "cells": found.program.groups, "columns": found.program.columns, "rows": found.program.rows.shape[0],
        "case": case, "asked": ("most carbon", "least cost")[criterion], "limit": limit,
        "seconds_allowed": seconds, "wall_s": round(wall, 2), "cpu_s": round(cpu, 2),
        "carbon": float(carbon), "cost": float(cost), "apart": float(apart),
        "treated_ha": float(treated.sum()), "bound": float(point.bound), "gap": float(point.gap),
        "ended": str(point.termination),
    }  # fmt: skip


def main() -> None:
    """Measure and write the results."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=300.0)
    parser.add_argument("--width", type=int, default=WIDTH)
    parser.add_argument("--runs", type=int, nargs="+", default=list(range(len(RUNS))))
    said = parser.parse_args()
    rows = []
    for case, criterion, limit in (RUNS[k] for k in said.runs):
        rows.append(measured(case, criterion, limit=limit, seconds=said.seconds, width=said.width))
        print(json.dumps(rows[-1]), flush=True)
    record = {"machine": platform.processor() or platform.machine(), "shared": True, "rows": rows}
    name = "connected.json" if said.width == WIDTH else f"connected_{said.width}.json"
    (RESULTS / name).write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
