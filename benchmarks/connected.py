"""Connected treated land: how near HiGHS comes to the best plan of 2,025 cells.

    python benchmarks/connected.py            limits of 300 s
    python benchmarks/connected.py --seconds 60

A square of 45 x 45 cells of 100 m with three interventions of their own gain and cost, as in boundary.py; a
budget of 30 % of what everything would cost. All treated land must be connected: to nine single cells that
are cores, or to itself (the program chooses where). Wall and processor seconds, bound and gap of the most
carbon, beside what it is without the limit. Writes results/connected.json.
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
from boundary import NAMES, catalogue, cells, field

import pandas as pd
from landfront.instances.study import study_from
from landfront.models.formulate import Formulation, Tables, formulate_from
from landfront.optimizer.scalarize import solve_single

RESULTS = Path(__file__).parent / "results" / "connected.json"
WIDTH = 45


def grid_study(*, seed: int = 1, cores: bool, connected: bool) -> Formulation:
    """The study of a square of cells."""
    rng, n = np.random.default_rng(seed), WIDTH * WIDTH
    base = field(rng, WIDTH)
    gains = [base * field(rng, WIDTH) * 100 for _ in NAMES]
    costs = [np.sqrt(base) * field(rng, WIDTH) * 50 for _ in NAMES]
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
    if connected:
        limits.append({"name": "connected", "criterion": "apart", "max": 0})
    apart: dict[str, Any] = {"sense": "min", "measure": "separate"}
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
                "apart": {**apart, "core": {"mask": "core"}} if cores else apart,
            },
            "limits": limits,
        },
        Path("study.toml"),
    )  # fmt: skip
    row, column = np.divmod(np.arange(n), WIDTH)
    core = (row % 15 == 7) & (column % 15 == 7)
    land = replace(cells(n, row, column), masks={"core": core})
    return formulate_from(study, land, catalogue(), tables=Tables(frame, None, {}))


def measured(*, cores: bool, connected: bool, seconds: float) -> dict[str, Any]:
    """The plan of most carbon: seconds, bound and gap."""
    found = grid_study(cores=cores, connected=connected)
    wall, cpu = perf_counter(), process_time()
    point = solve_single(found.program, 0, gap=1e-3, time_limit=seconds)
    wall, cpu = perf_counter() - wall, process_time() - cpu
    carbon, _, apart = found.values(point.x)
    treated = found.measures["apart"].amounts_of(point.x[: len(found.menu)])
    return {
        "cells": found.program.groups, "columns": found.program.columns, "rows": found.program.rows.shape[0],
        "cores": int(9 * cores), "connected": connected, "seconds_allowed": seconds,
        "wall_s": round(wall, 2), "cpu_s": round(cpu, 2), "carbon": float(carbon), "bound": float(point.bound),
        "gap": float(point.gap), "apart_ha": float(apart), "treated_ha": float(treated.sum()),
        "ended": str(point.termination),
    }  # fmt: skip


def main() -> None:
    """Measure and write the results."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=300.0)
    seconds = parser.parse_args().seconds
    rows = []
    for cores in (True, False):
        for connected in (False, True):
            rows.append(measured(cores=cores, connected=connected, seconds=seconds))
            print(json.dumps(rows[-1]), flush=True)
    record = {"machine": platform.processor() or platform.machine(), "shared": True, "rows": rows}
    RESULTS.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
