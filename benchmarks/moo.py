"""Complete fronts of the published multi-objective instances: exactly the known points, and at what cost.

Needs the shared data set (not part of the project). Usage: ``python benchmarks/moo.py`` runs all cases, or
those named, ten minutes of the processor at most each; ``--one NAME`` runs one and prints JSON. Each case is
solved in a process of its own, after a tiny one that does the imports. Seconds are those of its processors.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from measure import ROOT, in_fresh_process, save, stored

sys.path.insert(0, str(ROOT))
from tests.optimizer import moo

SECONDS = 600.0
SHARED = 3.0
"""A search may take so many times the processor seconds by the clock, as others may use the machine."""

TINY = "kp_p2_n17"


NEAR = 1e-3
"""Ends of segments are stored with ten digits of values up to 1,000, and computed by other programs."""


class Counted:
    """An engine that counts its relaxations and integer searches, and the processor seconds of both."""

    def __init__(self, engine: Any) -> None:
        self._engine = engine
        self.calls = {"relax": 0, "search": 0}
        self.seconds = {"relax": 0.0, "search": 0.0}

    def __getattr__(self, name: str) -> Any:
        return getattr(self._engine, name)

    def relax(self, *arguments: Any, **how: Any) -> Any:
        return self._timed("relax", *arguments, **how)

    def search(self, *arguments: Any, **how: Any) -> Any:
        return self._timed("search", *arguments, **how)

    def _timed(self, what: str, *arguments: Any, **how: Any) -> Any:
        start = time.process_time()
        answer = getattr(self._engine, what)(*arguments, **how)
        self.seconds[what] += time.process_time() - start
        self.calls[what] += 1
        return answer


def one(name: str) -> dict[str, Any]:
    """One complete front in this process, against the known one."""
    from landfront.optimizer.checker import check_front
    from landfront.optimizer.engine import choose_engine
    from landfront.optimizer.fronts import solve_front

    solve_front(moo.load(TINY).program, points="all")
    case = moo.load(name)
    engine = Counted(choose_engine(case.program)[0])
    start, wall = time.process_time(), time.perf_counter()
    front = solve_front(case.program, points="all", time_limit=SHARED * SECONDS, engine=engine)
    seconds, wall = time.process_time() - start, time.perf_counter() - wall
    start = time.process_time()
    faults = check_front(case.program, front)
    found = len(front.segments) if case.segments is not None else len(front)
    return {
        "known": case.count,
        "found": found,
        **difference(case, front),
        "oracle": case.oracle,
        "complete": front.complete,
        "in_time": seconds <= SECONDS,
        "reason": front.reason,
        "coverage": front.coverage,
        "cpu_seconds": round(seconds, 3),
        "wall_seconds": round(wall, 3),
        "searches": engine.calls["search"],
        "relaxations": engine.calls["relax"],
        "searches_per_point": round(engine.calls["search"] / max(len(front), 1), 3),
        "search_cpu_seconds": round(engine.seconds["search"], 3),
        "relaxation_cpu_seconds": round(engine.seconds["relax"], 3),
        "certificate_faults": len(faults),
        "check_cpu_seconds": round(time.process_time() - start, 3),
        "method": front.method,
        "solver": front.solver,
    }


def difference(case: moo.Case, front: Any) -> dict[str, int]:
    """Known points or segments that were not found, and found ones that are not known."""
    if case.segments is not None:
        ends = [(segment.values * front.senses).ravel() for segment in front.segments]
        found, known = np.array(ends).reshape(-1, 4), case.segments
    else:
        known = moo.known(case)
        assert known is not None
        found = front.values
    apart = np.abs(known[:, None] - found[None]).max(axis=2, initial=0.0)
    nearest = apart.min(axis=1, initial=np.inf), apart.min(axis=0, initial=np.inf)
    return {what: int((far > NEAR).sum()) for what, far in zip(("missing", "extra"), nearest, strict=True)}


def main(names: Sequence[str] = ()) -> Path:
    """The named cases, all without names, and what they say together with those stored before.

    Once each: what is found does not vary, and `moo_peers` has medians of the seconds.
    """
    known = stored("moo").get("cases", {})
    cases: dict[str, dict[str, Any]] = {name: known[name] for name in moo.names() if name in known}
    for name in names or moo.names():
        cases[name] = in_fresh_process(__file__, "--one", name)
        cases[name]["objectives"] = len(moo.load(name).program.senses)
        save("moo", {"seconds_per_case": SECONDS, "cases": cases})
    return save("moo", {"seconds_per_case": SECONDS, **together(cases), "cases": cases})


def together(cases: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """Integer searches per point of complete fronts by number of objectives, and which cases are exact."""
    whole = [case for name, case in cases.items() if not name.startswith("momilp") and case["complete"]]
    per_point = {}
    for p in sorted({case["objectives"] for case in whole}):
        chosen = [case for case in whole if case["objectives"] == p]
        points = sum(case["found"] for case in chosen)
        per_point[p] = {
            "all_points": round(sum(case["searches"] for case in chosen) / points, 3),
            "mean_of_cases": round(float(np.mean([case["searches_per_point"] for case in chosen])), 3),
        }
    exact = [
        name
        for name, case in cases.items()
        if case["complete"] and not (case["missing"] or case["extra"] or case["certificate_faults"])
    ]
    return {
        "exact": exact,
        "not_exact": [name for name in cases if name not in exact],
        "searches_per_point_by_objectives": per_point,
    }


if __name__ == "__main__":
    if sys.argv[1:2] == ["--one"]:
        print(json.dumps(one(sys.argv[2])))
    else:
        print(main(sys.argv[1:]).read_text())
