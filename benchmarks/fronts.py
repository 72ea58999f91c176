"""A 20-point exact front on a county of 10,000 parcels, beside a plain Pyomo + HiGHS loop at the same levels.

Usage: ``python benchmarks/fronts.py`` runs both decisions, or only those named (``share``, ``whole``), and
keeps the stored result of the other; ``--one TOOL whole|share FOLDER`` runs one front.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from landfront.instances import study as study_module
from measure import RUNS, in_fresh_process, median, peak_gib, save, stored

PARCELS, SEED, POINTS, GAP = 10_000, 1, 20, 1e-4
PEER_SECONDS = 20.0  # per level; HiGHS overruns it: all levels of whole parcels took over eleven minutes
PEER_STEP = {"share": 1, "whole": 4}  # the peer solves only every fourth level of whole parcels
LEVELS = "levels.json"
DECISIONS = ("share", "whole")
TINY = Path(study_module.__file__).parent / "examples" / "tiny"


def load(folder: Path, decision: str) -> Any:
    """The two-criteria program of the county's own front request."""
    from landfront.instances.study import read_study, study_from
    from landfront.models.formulate import formulate

    study = read_study(folder)
    data = study.model_dump(mode="json", exclude_none=True)
    data["study"]["decision"] = decision
    study = study_from(data, folder / "study.toml")
    formulation = formulate(study)
    names = list(study.criteria)
    return formulation.program.select([names.index(name) for name in study.front.criteria])


def one(tool: str, decision: str, folder: Path) -> None:
    """One front in this process; reading the tables is not timed, building each tool's own model is."""
    program = load(folder, decision)
    levels_file = folder / f"{decision}_{LEVELS}"
    run_one(tool, load(TINY, decision), [0.0])  # does the imports
    levels = json.loads(levels_file.read_text())[:: PEER_STEP[decision]] if levels_file.exists() else []
    start, cpu = time.perf_counter(), time.process_time()
    answer = run_one(tool, program, levels)
    answer["seconds"] = round(time.perf_counter() - start, 3)
    answer["cpu_seconds"] = round(time.process_time() - cpu, 3)
    if tool == "landfront":
        levels_file.write_text(json.dumps([row[1] for row in answer["values"]]))
    print(json.dumps({**answer, "peak_gib": peak_gib(), "options": program.columns}))


def run_one(tool: str, program: Any, levels: list[float]) -> dict[str, Any]:
    """One front by one tool; the peer gets the levels that landfront chose."""
    if tool == "landfront":
        from landfront.optimizer.fronts import solve_front

        front = solve_front(program, points=POINTS, gap=GAP)
        return {
            "points": len(front),
            "values": front.values.tolist(),
            "bounds": [point.bound for point in front],
            "largest_gap": front.gap,
            "coverage": front.coverage,
            "solves": front.solves,
        }
    from peers.pyomo_epsilon import epsilon_loop

    fresh = tool == "pyomo_fresh"
    return epsilon_loop(program, levels, GAP, seconds_per_level=PEER_SECONDS, fresh=fresh)


def compare(ours: dict[str, Any], peer: dict[str, Any], step: int) -> dict[str, Any]:
    """How the peer's values at our levels of the second criterion relate to ours, and to our bounds.

    At a level that the peer solved, both values lie within the gap of the same optimum. At no level may the
    peer be better than our bound.
    """
    mine, bounds = np.array(ours["values"])[::step, 0], np.array(ours["bounds"])[::step]
    other = np.array([np.nan if value is None else value for value in peer["values"]])
    return {
        "largest_difference": float(np.nanmax(np.abs(mine - other) / np.abs(mine))),
        "largest_excess_over_our_bound": float(np.nanmax((other - bounds) / np.abs(bounds))),
        "levels_the_peer_did_not_prove": peer["unproven"],
        "levels_without_a_peer_plan": int(np.isnan(other).sum()),
    }


def summary(decision: str, found: dict[str, list[dict[str, Any]]]) -> dict[str, Any]:
    """Medians and ratios of one decision's runs, by tool, landfront first."""
    seconds, cpu = (
        {tool: median([a[key] for a in answers]) for tool, answers in found.items()}
        for key in ("seconds", "cpu_seconds")
    )
    ours, peer, peers = found["landfront"][-1], found["pyomo"][-1], list(found)[1:]
    return {
        "runs": len(found["landfront"]),
        "median_seconds": seconds,
        "all_seconds": {tool: [a["seconds"] for a in answers] for tool, answers in found.items()},
        "ratio": {tool: round(seconds[tool] / seconds["landfront"], 1) for tool in peers},
        "median_cpu_seconds": cpu,
        "ratio_cpu": {tool: round(cpu[tool] / cpu["landfront"], 1) for tool in peers},
        "options": ours["options"],
        "points": ours["points"],
        "largest_gap": ours["largest_gap"],
        "coverage": ours["coverage"],
        "levels_of_the_peer": len(peer["values"]),
        **compare(ours, peer, PEER_STEP[decision]),
    }


def main(decisions: Sequence[str] = DECISIONS, runs: int = RUNS) -> Path:
    """The decisions, all tools, `runs` times in turn."""
    from landfront.instances.generate import generate_county

    result: dict[str, Any] = {"parcels": PARCELS, "seed": SEED, "points": POINTS, "gap": GAP}
    result |= {decision: stored("fronts").get(decision, {}) for decision in DECISIONS}
    with tempfile.TemporaryDirectory() as name:
        folder = generate_county(Path(name) / "county", PARCELS, SEED, layer="parquet").parent
        for decision in decisions:
            tools = ("landfront", "pyomo", "pyomo_fresh") if decision == "share" else ("landfront", "pyomo")
            found: dict[str, list[dict[str, Any]]] = {tool: [] for tool in tools}
            for _ in range(runs):
                for tool, answers in found.items():
                    answers.append(in_fresh_process(__file__, "--one", tool, decision, str(folder)))
            result[decision] = summary(decision, found)
            save("fronts", result)
    return save("fronts", result)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--one"]:
        one(sys.argv[2], sys.argv[3], Path(sys.argv[4]))
    else:
        print(main(sys.argv[1:] or DECISIONS).read_text())
