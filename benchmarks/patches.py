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

import numpy as np
import pandas as pd

from boundary import NAMES, catalogue, cells, field
from landfront.instances.study import study_from
from landfront.models.formulate import Formulation, Tables, formulate_from
from landfront.optimizer.engine import SolverError
from landfront.optimizer.scalarize import solve_single

RESULTS = Path(__file__).parent / "results" / "patches.json"
GAP = 1e-2


def grid_study(width: int, patch: dict[str, int], *, limit: bool = True, seed: int = 1) -> Formulation:
    """The study of a square of cells."""
    rng, n = np.random.default_rng(seed), width * width
    base = field(rng, width)
    gains = [base * field(rng, width) * 100 for _ in NAMES]
    costs = [np.sqrt(base) * field(rng, width) * 50 for _ in NAMES]
    frame = pd.DataFrame(
        {
            "parcel": np.repeat(np.arange(n, dtype=np.int32), len(NAMES)),
            "intervention": pd.Categorical.from_codes(np.tile(np.arange(len(NAMES)), n), list(NAMES)),
            "carbon": np.stack(gains, axis=1).ravel(),
            "cost": np.stack(costs, axis=1).ravel(),
        }
    )
    limits: list[dict[str, Any]] = [
        {"name": "budget", "criterion": "cost", "max": 0.3 * float(np.min(costs, axis=0).sum())}
    ]
    if limit:
        limits.append({"name": "patches", "criterion": "bits", "max": 0})
    study = study_from(
        {
            "study": {"title": f"{n} cells", "milestones": [2060]},
            "parcels": {"source": "cells.csv", "id": "id", "area": {"column": "ha", "unit": "ha"}},
            "effects": {
                "source": "effects.csv", "layout": "wide", "parcel": "id", "intervention": "kind",
                "columns": {"carbon": "carbon", "cost": "cost"},
            },
            "criteria": {
                "carbon": {"sense": "max"},
                "cost": {"sense": "min"},
                "bits": {"sense": "min", "measure": "scattered", "patch": patch},
            },
            "limits": limits,
        },
        Path("study.toml"),
    )  # fmt: skip
    row, column = np.divmod(np.arange(n), width)
    return formulate_from(study, cells(n, row, column), catalogue(), tables=Tables(frame, None, {}))


def measured(width: int, patch: dict[str, int], *, seconds: float) -> dict[str, Any]:
    """The plan of most carbon: seconds, bound and gap."""
    wall = perf_counter()
    found = grid_study(width, patch)
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
