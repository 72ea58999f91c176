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
import pandas as pd
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from landfront.instances.catalogue import Catalogue
from landfront.instances.landscape import Landscape
from landfront.instances.neighbours import grid_neighbours
from landfront.instances.study import study_from
from landfront.models.formulate import Formulation, Tables, formulate_from
from landfront.optimizer.engine import choose_engine
from landfront.optimizer.points import relative_gap
from landfront.optimizer.scalarize import Scalarizer
from landfront.optimizer.task import Task
from measure import RUNS, machine

RESULTS = Path(__file__).parent / "results" / "boundary.json"
NAMES = ("forest", "shrubs", "wetland")
CELL = 100.0
SHARE = 0.4
"""The boundary may be this share of that of the plan with the most carbon."""
WEIGHT = 300.0
"""Carbon that a km of boundary is worth."""
SECONDS = 60.0
"""Longest solve."""


def field(rng: np.random.Generator, width: int) -> NDArray[np.float64]:
    """Smooth at two scales with noise, mean 1, above 0."""
    parts = [gaussian_filter(rng.standard_normal((width, width)), size, mode="wrap") for size in (8, 2)]
    mixed = sum(part / part.std() for part in parts) + 0.3 * rng.standard_normal((width, width))
    return np.exp(0.35 * mixed / mixed.std()).ravel()


def grid_study(width: int, *, boundary_max: float | None = None, seed: int = 1) -> Formulation:
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
    if boundary_max is not None:
        limits.append({"name": "compact", "criterion": "edge", "max": boundary_max})
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
                "edge": {"sense": "min", "measure": "boundary", "unit": "km"},
            },
            "limits": limits,
        },
        Path("study.toml"),
    )  # fmt: skip
    at = np.arange(n)
    return formulate_from(
        study, cells(n, at // width, at % width), catalogue(), tables=Tables(frame, None, {})
    )


def cells(n: int, row: NDArray[np.int64], column: NDArray[np.int64]) -> Landscape:
    """Square cells without any attribute."""
    import scipy.sparse as sp

    return Landscape(
        ids=pd.RangeIndex(n), area=np.full(n, CELL**2 / 1e4), cover=np.full(n, -1, dtype=np.int16),
        cover_codes=(), levels=(), regions=np.zeros((n, 0), dtype=np.int32), region_names=(), covariates={},
        masks={}, growth_zones=(), zone_share=np.zeros((n, 0), dtype=np.float32),
        features=sp.csr_array((n, 0)), feature_names=(), geometry=None,
        neighbours=grid_neighbours(row, column, CELL),
    )  # fmt: skip


def catalogue() -> Catalogue:
    """The interventions' names."""
    names = ("keep", *NAMES)
    return Catalogue(names, {"en": names}, {}, tuple(frozenset() for _ in names), (), pd.DataFrame())


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
    measured(grid_study(25), [1.0, 0.0, 0.0], gap=1e-3, solver="cuts")  # loads compiled code
    rows = []
    for width, gap in ((100, 1e-3), *(() if small else ((1000, 1e-4),))):
        solvers = ("cuts", "highs") if width == 100 else ("cuts",)
        free = grid_study(width)
        loose = loose_boundary(free)
        began = perf_counter()
        bound = grid_study(width, boundary_max=SHARE * loose)
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
