"""Smallest patches: HiGHS on squares of 2 x 2 and 3 x 3 cells that treated land must be a union of.

    python benchmarks/patches.py             1,600 and 10,000 cells
    python benchmarks/patches.py --width 40  1,600 cells only

A square of cells of 100 m with three interventions of their own gain and cost, as in boundary.py; a budget of
30 % of what everything would cost; no treated cell may lie outside of a square that is treated as a whole.
The most carbon is asked for within 1 %. Wall and processor seconds of the solve, bound and gap. Writes
results/patches.json.
"""

from __future__ import annotations

import argparse
import json
import platform
from pathlib import Path
from time import perf_counter, process_time
from typing import Any

from landfront.models.formulate import Formulation
from landfront.optimizer.engine import SolverError
from landfront.optimizer.scalarize import solve_single
from squares import grid_study

RESULTS = Path(__file__).parent / "results" / "patches.json"
GAP = 1e-2


def study(width: int, patch: dict[str, int]) -> Formulation:
    """The square, with the land outside of patches as a criterion, of which there may be none."""
    return grid_study(width, "bits", {"sense": "min", "measure": "scattered", "patch": patch}, most=0.0)


def measured(width: int, patch: dict[str, int], *, seconds: float) -> dict[str, Any]:
    """The plan of most carbon: seconds, bound and gap."""
    wall = perf_counter()
    found = study(width, patch)
    formulated = perf_counter() - wall
    wall, cpu = perf_counter(), process_time()
    try:
        point = solve_single(found.program, 0, gap=GAP, time_limit=seconds)
    except SolverError as error:
        spent = {"wall_s": round(perf_counter() - wall, 2), "cpu_s": round(process_time() - cpu, 2)}
        return {"cells": found.program.groups, "patch": patch, "seconds_allowed": seconds, **spent,
                "ended": str(error)}  # fmt: skip
    wall, cpu = perf_counter() - wall, process_time() - cpu
    carbon, cost, bits = found.values(point.x)
    return {
        "cells": found.program.groups, "columns": found.program.columns, "rows": found.program.rows.shape[0],
        "patch": patch, "gap_asked": GAP, "seconds_allowed": seconds, "formulate_s": round(formulated, 2),
        "wall_s": round(wall, 2), "cpu_s": round(cpu, 2), "carbon": float(carbon), "cost": float(cost),
        "bits": float(bits), "bound": float(point.bound), "gap": float(point.gap),
        "ended": str(point.termination),
    }  # fmt: skip


def main() -> None:
    """Measure and write the results."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=150.0)
    parser.add_argument("--width", type=int, nargs="+", default=[40, 100])
    parser.add_argument("--side", type=int, nargs="+", default=[2, 3])
    said = parser.parse_args()
    rows = []
    for width in said.width:
        for side in said.side:
            rows.append(measured(width, {"square": side}, seconds=said.seconds))
            print(json.dumps(rows[-1]), flush=True)
    record = {"machine": platform.processor() or platform.machine(), "shared": True, "rows": rows}
    RESULTS.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
