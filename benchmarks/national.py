"""Programs of national size: relaxations, whole plans and fronts by the structured engine, beside peers.

Usage: ``python benchmarks/national.py`` runs all cases, or those named, and keeps the stored results of the
others; ``--one CASE ...`` runs one here and prints JSON. `modelled` needs linopy besides. Instances are those
of `tests/optimizer/national.py`, made once and kept as mapped files in the temporary folder. Each run
is a process of its own that solves something small first, so that neither imports nor compilation count, and
the generator's memory does not; what is made of a mapped program before the first solve (`prepare`) is stated
apart.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from hashlib import blake2b
from math import inf
from pathlib import Path
from typing import Any

import numpy as np

from measure import ROOT, RUNS, in_fresh_process, median, peak_gib, save, stored

sys.path.insert(0, str(ROOT))
from landfront.optimizer import certify
from landfront.optimizer.checker import check_front
from landfront.optimizer.engine import Engine, choose_engine
from landfront.optimizer.files import read_model, write_program
from landfront.optimizer.fronts import solve_front
from landfront.optimizer.highs import HighsEngine
from landfront.optimizer.program import Program
from landfront.optimizer.scalarize import Scalarizer
from landfront.optimizer.structured.engine import StructuredEngine
from landfront.optimizer.task import Task
from tests.optimizer import national

CARBON = np.array([1.0, 0.0, 0.0])
FREE = np.full(3, inf)
MILLION = 1_000_000
SCALE = (10_000, 100_000, MILLION, 10 * MILLION)
SECONDS = 60.0
"""Longest search for a whole plan beside HiGHS, for both; what is proven by then counts."""
WARM = 60_000
"""Parcels of the case that is solved first: enough for all passes to be compiled ones."""


KEPT = Path(tempfile.gettempdir()) / "landfront-national"


def mapped(parcels: int, features: int, *, whole: bool = True) -> Program:
    """The program, from its file; another process makes that where there is none yet."""
    digest = blake2b(Path(national.__file__).read_bytes(), digest_size=8).hexdigest()
    file = KEPT / f"{parcels}-{features}-{digest}.arrow"
    if not file.exists():
        KEPT.mkdir(exist_ok=True)
        subprocess.run(
            [sys.executable, __file__, "--make", str(parcels), str(features), str(file)], check=True
        )
    program = read_model(file)
    return program if whole else program.relaxed()


class Clock:
    """Wall and processor seconds since it was made."""

    def __init__(self) -> None:
        self.wall, self.cpu = time.perf_counter(), time.process_time()

    def read(self, name: str) -> dict[str, float]:
        """Both, under a name."""
        wall, cpu = time.perf_counter() - self.wall, time.process_time() - self.cpu
        return {f"{name}_seconds": round(wall, 4), f"{name}_cpu_seconds": round(cpu, 4)}


def engine_of(program: Program) -> tuple[Engine, dict[str, Any]]:
    """The engine that landfront takes, ready, and how long that took."""
    clock, engine = Clock(), choose_engine(program)[0]
    if isinstance(engine, StructuredEngine):
        engine.prepare()
    return engine, {"engine": engine.name, **clock.read("prepare")}


def share(parcels: int, features: int) -> dict[str, Any]:
    """The exact relaxation from nothing, its bound recomputed."""
    program = mapped(parcels, features, whole=False)
    engine, found = engine_of(program)
    clock = Clock()
    answer = engine.relax(CARBON, FREE, seconds=inf)
    found |= clock.read("solve")
    assert answer.reason == "optimal"
    proven = Scalarizer(program, engine).solve(Task(CARBON, FREE))
    return {**found, "bound": -answer.bound, "gap": gap_of(proven, program)}


def gap_of(solve: Any, program: Program) -> float:
    """Proven gap of a solve by carbon."""
    value = float(CARBON @ solve.y)
    return (value - solve.beta) / abs(value)


def whole(parcels: int, features: int, gap: float) -> dict[str, Any]:
    """A whole plan with its proven bound, from nothing."""
    program = mapped(parcels, features)
    engine, found = engine_of(program)
    clock = Clock()
    deadline = time.monotonic() + SECONDS
    solve = Scalarizer(program, engine).solve(Task(CARBON, FREE, share=gap, deadline=deadline))
    found |= clock.read("solve")
    faults = certify.faults(program, np.asarray(solve.x, dtype=np.float64))
    return {**found, "gap": gap_of(solve, program), "reason": solve.reason, "faults": faults}


def front(parcels: int, features: int, criteria: int, points: int, gap: float) -> dict[str, Any]:
    """A front of whole plans, every point certified."""
    program = mapped(parcels, features).select(range(criteria))
    engine, found = engine_of(program)
    clock = Clock()
    made = solve_front(program, points=points, gap=gap, engine=engine)
    found |= clock.read("solve")
    return {
        **found,
        "points": len(made),
        "gap": made.gap,
        "bulge": made.bulge,
        "coverage": made.coverage,
        "solves": made.solves,
        "reason": made.reason,
        "faults": len(check_front(program, made, gap=gap)),
    }


def highs_share(parcels: int, features: int) -> dict[str, Any]:
    """The same relaxation by HiGHS on the whole matrix, its own settings, built from arrays."""
    import highspy
    import scipy.sparse as sp

    program = mapped(parcels, features, whole=False)
    groups, starts = program.groups, program.starts
    clock = Clock()
    ones = sp.csr_array((np.ones(program.columns), np.arange(program.columns), starts))
    matrix = sp.csc_array(sp.vstack([program.row_matrix, ones], format="csc"), dtype=np.float64)
    model = highspy.HighsLp()
    model.num_col_, model.num_row_ = program.columns, matrix.shape[0]
    model.col_cost_ = CARBON @ program.minimised
    model.col_lower_, model.col_upper_ = np.zeros(program.columns), np.ones(program.columns)
    model.row_lower_ = np.append(program.row_lower, np.ones(groups))
    model.row_upper_ = np.append(program.row_upper, np.ones(groups))
    model.a_matrix_.format_ = highspy.MatrixFormat.kColwise
    model.a_matrix_.start_, model.a_matrix_.index_ = matrix.indptr, matrix.indices
    model.a_matrix_.value_ = matrix.data
    solver = highspy.Highs()
    solver.silent()
    solver.passModel(model)
    found = clock.read("prepare")
    clock = Clock()
    solver.run()
    found |= clock.read("solve")
    return {**found, "bound": -solver.getInfo().objective_function_value}


def highs_whole(parcels: int, features: int, gap: float) -> dict[str, Any]:
    """A whole plan by HiGHS alone; it stops at the gap that landfront proved, or after some time."""
    from dataclasses import replace

    from landfront.optimizer.core import whole_part

    program = mapped(parcels, features)
    engine = HighsEngine(program)
    size = abs(float(engine.relax(CARBON, FREE, seconds=inf).bound))
    part = replace(whole_part(program), gap=gap * size)
    clock = Clock()
    answer = engine.search(CARBON, FREE, part=part, seconds=SECONDS)
    value = None if answer.x is None else float(CARBON @ (program.senses * program.values(answer.x)))
    left = inf if value is None else (value - answer.bound) / abs(value)
    return {**clock.read("solve"), "gap": left, "reason": answer.reason}


def modelled(parcels: int, features: int, tool: str, points: int) -> dict[str, Any]:
    """Relaxations by HiGHS through a modelling tool, a new solver object for each of some food levels."""
    from peers.modelled import solve_levels

    program = mapped(parcels, features, whole=False)
    return solve_levels(program, tool, points)


ONE: dict[str, Callable[..., dict[str, Any]]] = {
    "share": share,
    "whole": whole,
    "front": front,
    "highs_share": highs_share,
    "highs_whole": highs_whole,
    "modelled": modelled,
}


def run(what: str, *arguments: float | str, runs: int = RUNS) -> dict[str, Any]:
    """Runs in fresh processes; medians of the seconds, the rest of the last run."""
    found = [in_fresh_process(__file__, "--one", what, *map(str, arguments)) for _ in range(runs)]
    print(what, *arguments, found[-1], file=sys.stderr, flush=True)
    last: dict[str, Any] = dict(found[-1])
    for key in [key for key in last if key.endswith("seconds")]:
        last[key] = median([answer[key] for answer in found])
        last[f"all_{key}"] = [answer[key] for answer in found]
    return {"arguments": arguments, "runs": runs, **last}


def scaling() -> list[dict[str, Any]]:
    """The relaxation and the whole plan from 10,000 to ten million parcels with 83 rows, one run each."""
    return [
        {
            "share": run("share", parcels, 50, runs=1),
            "whole": run("whole", parcels, 50, 1e-3 if parcels == SCALE[0] else 1e-4, runs=1),
        }
        for parcels in SCALE
    ]


def beside_highs() -> dict[str, Any]:
    """The relaxation of 100,000 parcels, by HiGHS in one run as it takes minutes."""
    ours, peer = run("share", 100_000, 100), run("highs_share", 100_000, 100, runs=1)
    ratio = {key: round(peer[f"solve_{key}"] / ours[f"solve_{key}"]) for key in ("seconds", "cpu_seconds")}
    return {"ours": ours, "peer": peer, "ratio": ratio}


def whole_beside_highs() -> list[dict[str, Any]]:
    """Whole plans of 10,000 parcels; HiGHS is asked for the gap that landfront proved."""
    rows = []
    for features, gap in ((10, 1e-3), (100, 1e-3), (500, 5e-3)):
        ours = run("whole", 10_000, features, gap, runs=RUNS if features == 10 else 1)
        peer = run("highs_whole", 10_000, features, ours["gap"], runs=1)
        ratio = round(peer["solve_cpu_seconds"] / ours["solve_cpu_seconds"], 1)
        rows.append({"features": features, "ours": ours, "peer": peer, "ratio_cpu": ratio})
    return rows


CASES: dict[str, Callable[[], Any]] = {
    "share_million": lambda: run("share", MILLION, 100),
    "whole_million": lambda: run("whole", MILLION, 100, 1e-5),
    "whole_ten_million": lambda: run("whole", 10 * MILLION, 50, 1e-5, runs=1),
    "front_100_000": lambda: run("front", 100_000, 100, 2, 20, 1e-4),
    "front_million": lambda: run("front", MILLION, 100, 2, 20, 5e-5),
    "three_criteria_million": lambda: run("front", MILLION, 100, 3, 150, 5e-5, runs=1),
    "beside_highs": beside_highs,
    "whole_beside_highs": whole_beside_highs,
    "modelled": lambda: [
        run("modelled", parcels, features, tool, points, runs=1)
        for parcels, features, tool, points in (
            (10_000, 100, "pyomo", 2),
            (10_000, 100, "linopy", 2),
            (100_000, 100, "pyomo", 2),
        )
    ],
    "scaling": scaling,
}


def one(what: str, arguments: Sequence[str]) -> dict[str, Any]:
    """One run here, after something small."""
    numbers = [float(a) if "e" in a or "." in a else int(a) for a in arguments if a[0].isdigit()]
    words = [a for a in arguments if not a[0].isdigit()]
    values: list[Any] = [*numbers[:2], *words, *numbers[2:]]
    if what in ("share", "whole", "front"):
        ONE[what](min(values[0], WARM), *values[1:2], *{"front": [2, 3, 1e-3], "whole": [1e-2]}.get(what, []))
    answer = ONE[what](*values)
    children = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 2**20
    return {**answer, "peak_gib": max(peak_gib(), round(children, 3)), "load": round(os.getloadavg()[0], 2)}


def main(cases: Sequence[str] = ()) -> Path:
    """The cases, all without names."""
    result = {case: stored("national").get(case) for case in CASES}
    for case in cases or CASES:
        result[case] = CASES[case]()
        save("national", result)
    return save("national", result)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--make"]:
        write_program(national.national(int(sys.argv[2]), int(sys.argv[3])), sys.argv[4])
    elif sys.argv[1:2] == ["--one"]:
        print(json.dumps(one(sys.argv[2], sys.argv[3:])))
    else:
        print(main(sys.argv[1:]).read_text())
