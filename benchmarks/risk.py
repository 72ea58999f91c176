"""CVaR over 200 scenarios of coefficients on a county of 100,000 parcels: one plan, and a robust front.

Usage: ``python benchmarks/risk.py`` runs all cases, or those named; ``--one CASE`` runs one here and prints
JSON. Factors of carbon are drawn by intervention and township from the catalogue's ranges. A small case is
solved first by the same engine, so that compilation and imports do not count; reading the study does not
either.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
import tomllib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from measure import ROOT, RUNS, in_fresh_process, median, peak_gib, save, stored

sys.path.insert(0, str(ROOT))
from landfront.instances.generate import generate_county
from landfront.instances.study import study_from
from landfront.models.formulate import Formulation, formulate
from landfront.models.plan import Plan
from landfront.optimizer.checker import check_front
from landfront.optimizer.engine import choose_engine
from landfront.optimizer.fronts import solve_front
from landfront.optimizer.scalarize import solve_single
from landfront.report.result import front_program

KEPT = Path(tempfile.gettempdir()) / "landfront-risk"
PARCELS, SMALL, SCENARIOS, POINTS = 100_000, 20_000, 200, 20
RISK = {"by": "TOWNSHIP", "draw": {"count": SCENARIOS, "seed": 1}}
CRITERIA = {
    "tail": {"effect": "carbon", "sense": "max", "measure": "cvar", "level": 0.9},
    "mean": {"effect": "carbon", "sense": "max", "measure": "expected"},
}


def county(parcels: int) -> Formulation:
    """The generated county with a tail and a mean of carbon as criteria."""
    file = KEPT / str(parcels) / "study.toml"
    if not file.exists():
        generate_county(file.parent, parcels, 3, layer="parquet")
    data = tomllib.loads(file.read_text(encoding="utf-8"))
    data["criteria"] |= CRITERIA
    return formulate(study_from({**data, "risk": RISK}, file))


class Clock:
    """Wall and processor seconds since it was made."""

    def __init__(self) -> None:
        self.wall, self.cpu = time.perf_counter(), time.process_time()

    def read(self) -> dict[str, float]:
        """Both."""
        wall, cpu = time.perf_counter() - self.wall, time.process_time() - self.cpu
        return {"seconds": round(wall, 2), "cpu_seconds": round(cpu, 2)}


def plan() -> dict[str, Any]:
    """The plan with the best tail of carbon under the county's limits, at a gap of 1e-4."""
    _warm_up(("tail", "cost"))
    found = county(PARCELS)
    program = front_program(found, ("tail",))
    engine, reason = choose_engine(program)
    clock = Clock()
    point = solve_single(program, 0, gap=1e-4)
    taken = clock.read()
    done = Plan(found, point.x)
    return {
        "columns": program.columns, "rows": program.rows.shape[0], "engine": f"{engine.name}: {reason}",
        **taken, "load": os.getloadavg()[0], "gap": point.gap, "termination": point.termination,
        "holds": bool(done.limits()["holds"].all()), "tail": done.values["tail"], "mean": done.values["mean"],
    }  # fmt: skip


def _warm_up(criteria: tuple[str, str]) -> None:
    solve_front(front_program(county(SMALL), criteria), points=3, solver="structured")


def _front(criteria: tuple[str, str]) -> dict[str, Any]:
    _warm_up(criteria)
    found = county(PARCELS)
    program = front_program(found, criteria)
    clock = Clock()
    front = solve_front(program, points=POINTS, gap=1e-4)
    taken = clock.read()
    return {
        "columns": program.columns, "rows": program.rows.shape[0], **taken, "points": len(front),
        "load": os.getloadavg()[0],
        "gap": front.gap, "bulge": front.bulge, "coverage": front.coverage, "engine": front.solver,
        "faults": len(check_front(program, front)),
    }  # fmt: skip


def front_cost() -> dict[str, Any]:
    """20 plans over the tail of carbon and cost."""
    return _front(("tail", "cost"))


def front_mean() -> dict[str, Any]:
    """20 plans over the tail and the mean of carbon."""
    return _front(("tail", "mean"))


ONE: dict[str, Callable[[], dict[str, Any]]] = {
    "plan": plan, "front_cost": front_cost, "front_mean": front_mean,
}  # fmt: skip


def main(cases: Sequence[str] = ()) -> Path:
    """The cases, all without names, each in processes of its own."""
    result = {case: stored("risk").get(case) for case in ONE}
    for case in cases or ONE:
        runs = [in_fresh_process(__file__, "--one", case) for _ in range(RUNS)]
        seconds = [run["seconds"] for run in runs]
        cpu = [run["cpu_seconds"] for run in runs]
        result[case] = {
            **runs[-1], "seconds": median(seconds), "all_seconds": seconds,
            "cpu_seconds": median(cpu), "all_cpu_seconds": cpu,
        }  # fmt: skip
        print(case, result[case], file=sys.stderr, flush=True)
        save("risk", result)
    return save("risk", result)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--one"]:
        print(json.dumps({**ONE[sys.argv[2]](), "peak_gib": peak_gib()}))
    else:
        print(main(sys.argv[1:]).read_text())
