"""A complete front through two processes beside one: wall seconds, and the same points.

Needs the shared data set (not part of the project). Usage: ``python benchmarks/parallel.py``; ``--one NAME
PROCESSES`` runs one front and prints JSON. Worker processes are started and have solved something tiny before
the clock starts; the machine's load of the last minute is stored with each run, as others may work on it.
"""

from __future__ import annotations

import json
import os
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

from measure import ROOT, RUNS, in_fresh_process, median, save

sys.path.insert(0, str(ROOT))
from tests.optimizer import moo

NAME = "3kp40"
TINY = "kp_p3_n10"
PROCESSES = 2
ASKED = 1.7


def one(name: str, processes: int) -> dict[str, Any]:
    """One complete front, in this process or through so many others."""
    from landfront.optimizer.checker import check_front
    from landfront.optimizer.fronts import solve_front

    program, tiny = moo.load(name).program, moo.load(TINY).program
    load = os.getloadavg()[0]
    if processes == 1:
        solve_front(tiny, points="all")
        start, cpu = time.perf_counter(), time.process_time()
        front = solve_front(program, points="all")
        seconds = time.perf_counter() - start
    else:
        with ProcessPoolExecutor(processes) as executor:
            solve_front(tiny, points="all", executor=executor)
            start, cpu = time.perf_counter(), time.process_time()
            front = solve_front(program, points="all", executor=executor)
            seconds = time.perf_counter() - start
    return {
        "wall_seconds": round(seconds, 3),
        "own_cpu_seconds": round(time.process_time() - cpu, 3),
        "load_before": round(load, 2),
        "values": front.values.tolist(),
        "searches": front.searches,
        "complete": front.complete,
        "certificate_faults": len(check_front(program, front)),
    }


def main(name: str = NAME) -> Path:
    """One process and two, in turn."""
    found: dict[int, list[dict[str, Any]]] = {1: [], PROCESSES: []}
    for _ in range(RUNS):
        for processes, answers in found.items():
            answers.append(in_fresh_process(__file__, "--one", name, str(processes)))
    fronts = [sorted(answer.pop("values")) for answers in found.values() for answer in answers]
    seconds = {count: median([a["wall_seconds"] for a in answers]) for count, answers in found.items()}
    return save(
        "parallel",
        {
            "instance": name,
            "asked": ASKED,
            "runs": RUNS,
            "points": len(fronts[0]),
            "same_points": all(front == fronts[0] for front in fronts),
            "median_wall_seconds": seconds,
            "ratio": round(seconds[1] / seconds[PROCESSES], 2),
            "all": found,
        },
    )


if __name__ == "__main__":
    if sys.argv[1:2] == ["--one"]:
        print(json.dumps(one(sys.argv[2], int(sys.argv[3]))))
    else:
        print(main().read_text())
