"""What few solves prove of a front: bulge of linear fronts, bulge and coverage of Sibuyan's whole parcels.

Sibuyan needs the shared data set (not part of the project). Usage: ``python benchmarks/certified.py`` runs
all cases, or those named (``linear``, ``sibuyan``), and keeps the stored result of the others; ``--one CASE``
runs one and prints JSON. Every front is checked by the auditor. Seconds are those of the processor.
"""

from __future__ import annotations

import json
import pickle
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from landfront.optimizer.program import Program
from measure import ROOT, RUNS, in_fresh_process, median, save, stored

sys.path.insert(0, str(ROOT))
from tests.instances.sibuyan import write_sibuyan
from tests.optimizer import moo

SOLVES = 20
PARCELS, SEED = 10_000, 1
ITEMS, ROWS, SEEDS = 200, 20, (1, 2, 3)
SIBUYAN = (("carbon", "food", "biodiversity"), ("carbon", "biodiversity", "cost"))
BUDGETS = (60, 500)
"""Points asked of Sibuyan; the figures asked are those of `ASKED`."""

ASKED = {
    "linear": {"solves": SOLVES, "bulge": 0.002},
    "sibuyan": {60: {"bulge": 0.01, "coverage": 0.08}, 500: {"coverage": 0.03}},
}


def study_program(folder: Path, decision: str, criteria: Sequence[str]) -> Program:
    """The program of a study with a decision of its own."""
    from landfront.instances.study import read_study, study_from
    from landfront.models.formulate import formulate

    study = read_study(folder)
    data = study.model_dump(mode="json", exclude_none=True)
    data["study"]["decision"] = decision
    program = formulate(study_from(data, study_file(folder))).program
    names = list(study.criteria)
    return program.select([names.index(name) for name in criteria or study.front.criteria])


def study_file(folder: Path) -> Path:
    """The study.toml of a folder."""
    return folder if folder.is_file() else folder / "study.toml"


def random_linear(seed: int) -> Program:
    """Two objectives over columns from 0 to 1 within rows of which half may be used."""
    rng = np.random.default_rng(seed)
    profits, rows = rng.uniform(1, 100, (2, ITEMS)), rng.uniform(1, 100, (ROWS, ITEMS))
    return moo.assemble(profits, rows, -np.inf, rows.sum(axis=1) / 2, senses=-1, integer=False)


def linear_cases(folder: Path) -> dict[str, Program]:
    """Linear fronts of two objectives."""
    from landfront.instances.generate import generate_county
    from landfront.instances.provinces import write_provinces

    china = write_provinces(folder / "china").parent
    county = generate_county(folder / "county", PARCELS, SEED, layer="parquet").parent
    return {
        f"county of {PARCELS} parcels, carbon and food": study_program(county, "share", ()),
        "county, carbon and biodiversity": study_program(county, "share", ("carbon", "biodiversity")),
        "china-provinces, its own criteria": study_program(china, "share", ()),
        **{f"random, seed {seed}": random_linear(seed) for seed in SEEDS},
    }


def solved(program: Program, **budget: int) -> dict[str, Any]:
    """One front in this process, after a tiny one that does the imports, and what the auditor says of it."""
    from landfront.optimizer.checker import check_front
    from landfront.optimizer.fronts import solve_front

    solve_front(random_linear(0), points=3)
    start = time.process_time()
    front = solve_front(program, **budget)
    seconds = time.process_time() - start
    return {
        "options": program.columns,
        "points": len(front),
        "solves": front.solves,
        "searches": front.searches,
        "bulge": front.bulge,
        "coverage": front.coverage,
        "hypervolume": front.hypervolume.tolist(),
        "reason": front.reason,
        "cpu_seconds": round(seconds, 3),
        "certificate_faults": len(check_front(program, front)),
    }


def one(file: Path, budget: str) -> dict[str, Any]:
    """A stored program within a budget of points, or of solves when points are not to end it."""
    name, number = budget.split("=")
    program = pickle.loads(file.read_bytes())
    return solved(program, **{"points": 1000, name: int(number)})


def measured(program: Program, folder: Path, budget: str) -> dict[str, Any]:
    """One case, in a fresh process per run; medians of the seconds."""
    file = folder / "program.pickle"
    file.write_bytes(pickle.dumps(program))
    answers = [in_fresh_process(__file__, "--one", str(file), budget) for _ in range(RUNS)]
    seconds = [answer["cpu_seconds"] for answer in answers]
    return {**answers[-1], "cpu_seconds": median(seconds), "all_cpu_seconds": seconds}


def linear(folder: Path) -> dict[str, Any]:
    """Linear fronts after `SOLVES` solves, those of the ends included."""
    cases = linear_cases(folder)
    return {name: measured(program, folder, f"max_solves={SOLVES}") for name, program in cases.items()}


def sibuyan(folder: Path) -> dict[str, Any]:
    """Whole parcels, three criteria, no limits."""
    file = write_sibuyan(folder / "sibuyan", decision="whole")
    return {
        f"{', '.join(criteria)}: {points} points": measured(
            study_program(file, "whole", criteria), folder, f"points={points}"
        )
        for criteria in SIBUYAN
        for points in BUDGETS
    }


CASES = {"linear": linear, "sibuyan": sibuyan}


def main(names: Sequence[str] = tuple(CASES)) -> Path:
    """The named cases."""
    result: dict[str, Any] = {"asked": ASKED, "runs": RUNS}
    result |= {name: stored("certified").get(name, {}) for name in CASES}
    with tempfile.TemporaryDirectory() as folder:
        for name in names:
            result[name] = CASES[name](Path(folder))
            save("certified", result)
    return save("certified", result)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--one"]:
        print(json.dumps(one(Path(sys.argv[2]), sys.argv[3])))
    else:
        print(main(sys.argv[1:] or tuple(CASES)).read_text())
