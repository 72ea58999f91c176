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
from dataclasses import replace
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


def grid_study(apart: dict[str, Any], *, seed: int = 1, limit: bool, width: int = WIDTH) -> Formulation:
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
        limits.append({"name": "connected", "criterion": "apart", "max": 0})
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
                "apart": {"sense": "min", **apart},
            },
            "limits": limits,
        },
        Path("study.toml"),
    )  # fmt: skip
    row, column = np.divmod(np.arange(n), width)
    apart_by = {"four": 22, "nine": 15}
    masks = {name: (row % far == far // 2) & (column % far == far // 2) for name, far in apart_by.items()}
    land = replace(cells(n, row, column), masks=masks)
    return formulate_from(study, land, catalogue(), tables=Tables(frame, None, {}))


def measured(case: str, criterion: int, *, limit: bool, seconds: float, width: int = WIDTH) -> dict[str, Any]:
    """The plan of most carbon (0) or least cost (1): seconds, bound and gap."""
    found = grid_study(CASES[case], limit=limit, width=width)
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
