"""Fronts beside peers in processor seconds: pyaugmecon with HiGHS, and NSGA-II of pymoo.

Peers live in an interpreter of their own, named by ``--peer-python`` or LANDFRONT_PEER_PYTHON: pyaugmecon 2
needs Python 3.12. Usage: ``python benchmarks/moo_peers.py [CASE ...]`` with the cases ``exact sweep
evolution``; ``--ours FILE N`` solves one written program and prints JSON. Every process solves something tiny
first, so that imports do not count.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import scipy.sparse as sp

from measure import ROOT, RUNS, in_fresh_process, median, save, stored

sys.path.insert(0, str(ROOT))
from landfront.optimizer.program import Program
from tests.optimizer import moo

VARIABLE = "LANDFRONT_PEER_PYTHON"
INSTANCES = "LANDFRONT_PEER_INSTANCES"
"""Names some of the instances of the case ``exact``; what is stored of the others is kept."""
PACKAGES = "pyaugmecon==2.0.1 pymoo==0.6.2 highspy moocore"
PEERS = Path(__file__).parent / "peers"
ONE_THREAD: list[object] = ["--option", "threads", 1]
"""Kinder to the peer: idle threads count, and with HiGHS's own number 2kp50 took 8.4 instead of 5.1 s."""
EXACT = ("2kp50", "2kp100", "3kp40")
SWEEP_POINTS = 20
ITEMS, ROWS, SEEDS, POINTS, SECONDS = 250, 2, (1, 2, 3), 40, 120.0


def main(arguments: Sequence[str] = ()) -> Path:
    """The asked cases, all without arguments; the stored result of the others is kept."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("cases", nargs="*", default=list(CASES), help=", ".join(CASES))
    parser.add_argument("--peer-python", default=os.environ.get(VARIABLE))
    asked = parser.parse_args(arguments)
    if unknown := sorted(set(asked.cases) - set(CASES)):
        parser.error(f"unknown case {unknown[0]!r}: choose from {', '.join(CASES)}")
    peer = interpreter(asked.peer_python)
    result: dict[str, Any] = {"runs": RUNS} | {case: stored("moo_peers").get(case, {}) for case in CASES}
    with tempfile.TemporaryDirectory() as name:
        for case in asked.cases:
            result[case] = CASES[case](peer, Path(name))
            save("moo_peers", result)
    return save("moo_peers", result)


def interpreter(python: str | None) -> str:
    """The peers' Python, or an end with what to do."""
    advice = f"python3.12 -m venv PEERS && PEERS/bin/pip install {PACKAGES}"
    if not python:
        sys.exit(f"the peers' interpreter is missing: {advice}, then set {VARIABLE}=PEERS/bin/python")
    try:
        done = subprocess.run([python, "-c", "import pyaugmecon, pymoo"], capture_output=True, text=True)
    except OSError as error:
        sys.exit(f"{VARIABLE}={python} cannot be started: {error}")
    if done.returncode:
        sys.exit(f"{python} lacks the peers: {advice}\n{done.stderr}")
    return python


def ask_peer(python: str, script: str, *arguments: object) -> dict[str, Any]:
    """Run a peer's script in its own interpreter and read the JSON that it prints last."""
    command = [python, str(PEERS / script), *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"{script} failed:\n{done.stderr}")
    answer: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return answer


def write_program(program: Program, file: Path) -> Path:
    """The arrays of a program, for an interpreter without landfront."""
    rows = program.row_matrix
    np.savez(
        file,
        objectives=program.objective_matrix,
        senses=program.senses,
        offsets=program.offsets,
        indptr=rows.indptr,
        indices=rows.indices,
        data=rows.data,
        row_lower=program.row_lower,
        row_upper=program.row_upper,
        lower=program.lower,
        upper=program.upper,
        integer=program.integer,
        starts=program.starts,
    )
    return file


def read_program(file: Path) -> Program:
    """What `write_program` wrote."""
    with np.load(file) as stored:
        data = dict(stored)
    shape = (len(data["row_lower"]), len(data["lower"]))
    rows = sp.csr_array((data.pop("data"), data.pop("indices"), data.pop("indptr")), shape=shape)
    return moo.assemble(rows=rows.toarray(), **data)


def ours(file: Path, points: str) -> dict[str, Any]:
    """One front of a written program in this process."""
    from landfront.optimizer.fronts import solve_front

    program, tiny = read_program(file), moo.load("kp_p2_n17").program
    solve_front(tiny if program.integer.any() else tiny.relaxed(), points="all")
    start = time.process_time()
    front = solve_front(program, points="all" if points == "all" else int(points), time_limit=SECONDS)
    return {
        "values": front.values.tolist(),
        "cpu_seconds": round(time.process_time() - start, 3),
        "complete": front.complete,
        "reason": front.reason,
        "coverage": front.coverage,
        "bulge": front.bulge,
        "hypervolume": front.hypervolume.tolist(),
        "nadir": front.nadir.tolist(),
        "ideal": front.ideal.tolist(),
        "solves": front.solves,
        "searches": front.searches,
    }


def in_turn(file: Path, points: str, peer: list[object], python: str) -> dict[str, Any]:
    """Ours and pyaugmecon's answer on one program, `RUNS` times in turn, and medians of processor seconds."""
    mine, other = [], []
    for _ in range(RUNS):
        mine.append(in_fresh_process(__file__, "--ours", str(file), points))
        other.append(ask_peer(python, "augmecon.py", file, *peer))
    seconds = [[answer["cpu_seconds"] for answer in answers] for answers in (mine, other)]
    return {
        "median_cpu_seconds": {"landfront": median(seconds[0]), "pyaugmecon": median(seconds[1])},
        "all_cpu_seconds": {"landfront": seconds[0], "pyaugmecon": seconds[1]},
        "ratio": round(median(seconds[1]) / median(seconds[0]), 2),
        "landfront": {key: value for key, value in mine[-1].items() if key != "values"},
        "pyaugmecon": {key: value for key, value in other[-1].items() if key != "points"},
        "points": {"landfront": len(mine[-1]["values"]), "pyaugmecon": len(other[-1]["points"])},
    }


def exact(python: str, folder: Path) -> dict[str, Any]:
    """Complete fronts of knapsacks; the peer is told the worst values of the front, which spares it work."""
    result: dict[str, Any] = dict(stored("moo_peers").get("exact", {}))
    for name in os.environ.get(INSTANCES, " ".join(EXACT)).split():
        case = moo.load(name)
        assert case.front is not None
        nadir = case.front.min(axis=0)[1:].tolist()
        file = write_program(case.program, folder / f"{name}.npz")
        result[name] = in_turn(file, "all", ["--nadir", *nadir, *ONE_THREAD], python)
    return result


def sweep(python: str, folder: Path) -> dict[str, Any]:
    """Points of the linear front of a county; the peer's levels lie evenly between the ends of ours.

    With HiGHS's default tolerance the peer gives up: its payoff table fixes one objective at the very value
    that was found, and the next solve ends in an error. It gets a tolerance with which it runs.
    """
    from fronts import PARCELS, SEED, load
    from landfront.instances.generate import generate_county

    county = generate_county(folder / "county", PARCELS, SEED, layer="parquet").parent
    program = load(county, "share")
    file = write_program(program, folder / "sweep.npz")
    first = in_fresh_process(__file__, "--ours", str(file), str(SWEEP_POINTS))
    # The peer knows no offsets.
    nadir = first["nadir"][1] - float(program.offsets[1])
    told = ["--points", SWEEP_POINTS, "--nadir", nadir, *ONE_THREAD]
    told += ["--option", "primal_feasibility_tolerance", 1e-6]
    return {"parcels": PARCELS, "options": program.columns, **in_turn(file, str(SWEEP_POINTS), told, python)}


def generated(seed: int) -> Program:
    """Items with profits and weights from 10 to 100, of which half the weight may be taken."""
    rng = np.random.default_rng(seed)
    profits, weights = rng.integers(10, 101, (2, ITEMS)), rng.integers(10, 101, (ROWS, ITEMS))
    return moo.knapsack(profits, weights, weights.sum(axis=1) // 2)


def evolution(python: str, folder: Path) -> dict[str, Any]:
    """Ours with a budget of points, then NSGA-II with as many processor seconds as ours took."""
    result: dict[str, Any] = {"items": ITEMS, "rows": ROWS, "asked_points": POINTS, "cases": {}}
    for seed in SEEDS:
        file = write_program(generated(seed), folder / f"evolution{seed}.npz")
        mine = in_fresh_process(__file__, "--ours", str(file), str(POINTS))
        other = ask_peer(python, "nsga2.py", file, "--cpu", mine["cpu_seconds"], "--seed", seed)
        volumes = hypervolumes([mine["values"], other["points"]])
        result["cases"][seed] = {
            "hypervolume": dict(zip(("landfront", "nsga2"), volumes, strict=True)),
            "points": {"landfront": len(mine["values"]), "nsga2": len(other["points"])},
            "landfront": {key: value for key, value in mine.items() if key != "values"},
            "nsga2": {key: value for key, value in other.items() if key != "points"},
            "better_than_a_point_of_ours": beaten(mine["values"], other["points"]),
        }
    return result


def hypervolumes(fronts: list[list[list[float]]]) -> list[float]:
    """Shares of the box between the best and the worst values in all fronts together; all are maximised."""
    import moocore

    together = np.concatenate([np.array(front) for front in fronts])
    low, high = together.min(axis=0), together.max(axis=0)
    units = [(high - np.array(front)) / (high - low) for front in fronts]
    return [round(float(moocore.hypervolume(unit, ref=np.ones(unit.shape[1]))), 6) for unit in units]


def beaten(mine: list[list[float]], others: list[list[float]]) -> int:
    """How many of our points a peer's point dominates; all values are maximised."""
    ours_, theirs = np.array(mine)[:, None], np.array(others)[None]
    better = np.all(theirs >= ours_, axis=2) & np.any(theirs > ours_, axis=2)
    return int(better.any(axis=1).sum())


CASES = {"exact": exact, "sweep": sweep, "evolution": evolution}


if __name__ == "__main__":
    if sys.argv[1:2] == ["--ours"]:
        print(json.dumps(ours(Path(sys.argv[2]), sys.argv[3])))
    else:
        print(main(sys.argv[1:]).read_text())
