"""What each parcel of a county of 100,000 is worth: proven intervals for all, beside plans solved again.

Usage: ``python benchmarks/importance.py`` runs both cases in processes of their own; ``--one CASE`` runs one
here and prints JSON. ``carbon``: the most carbon under the county's limits. ``traded``: the same with
biodiversity, water and cost a fifth of the way from there to their own best. Reading and formulating the
study does not count, nor does compiling (a small county goes first).
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from measure import ROOT, in_fresh_process, peak_gib, save

sys.path.insert(0, str(ROOT))
from landfront.instances.generate import generate_county
from landfront.instances.study import read_study
from landfront.models.blocks import stack
from landfront.models.formulate import Formulation, formulate
from landfront.optimizer.forcing import repaired, solve_best, solve_forced
from landfront.optimizer.program import Program
from landfront.optimizer.scalarize import solve_single
from landfront.report.importance import Importance, importance_of
from landfront.report.standing import Standing

PARCELS, SMALL, SEED = 100_000, 3_000, 3
GAP = 1e-6
AGAIN, AGAIN_SECONDS = 50, 8.0
TRADED, SHARE = ("biodiversity", "water", "cost"), 0.2
CASES = ("carbon", "traded")
KEPT = Path(tempfile.gettempdir()) / "landfront-importance"


def county(parcels: int) -> Formulation:
    """A generated county, kept for the next run."""
    folder = KEPT / str(parcels)
    if not (folder / "study.toml").exists():
        generate_county(folder, parcels, SEED, layer="parquet")
    return formulate(read_study(folder))


def program_of(case: str, found: Formulation) -> Program:
    """The program of a case: carbon alone, or with rows for what is traded."""
    whole = found.program
    program = whole.select([0])
    if case == "carbon":
        return program
    start = solve_single(program.select([0]), 0).x
    at = [list(found.study.criteria).index(name) for name in TRADED]
    here = whole.values(start)[at]
    best = np.array([solve_single(whole.select([place]), 0).values[0] for place in at])
    asked = here + SHARE * (best - here) - whole.offsets[at]
    more = whole.senses[at] < 0
    return replace(
        program,
        rows=stack([*program.rows.blocks, *whole.objectives.take(at).blocks], program.columns),
        row_lower=np.concatenate([program.row_lower, np.where(more, asked, -np.inf)]),
        row_upper=np.concatenate([program.row_upper, np.where(more, np.inf, asked)]),
        row_names=(*program.row_names, *TRADED),
    )


def one(case: str) -> dict[str, Any]:
    """Seconds of the plan and of all intervals, and whether the plans solved again lie inside."""
    small = county(SMALL)
    importance_of(Standing(small, "carbon", solve_best(program_of(case, small), share=GAP)), seconds=0.0)
    found = county(PARCELS)
    program = program_of(case, found)
    clock, cpu = time.perf_counter(), time.process_time()
    best = solve_best(program, share=GAP)
    planned = time.perf_counter()
    told = importance_of(Standing(found, "carbon", best), seconds=0.0)
    done, spent = time.perf_counter(), time.process_time() - cpu
    least, most = told.least, told.most
    return {
        "options": program.columns,
        "rows": program.rows.shape[0],
        "priced_rows": int(np.count_nonzero(best.fact.row_prices)),
        "gap": best.gap / abs(best.value),
        "unknown": best.gap,
        "treated": len(least),
        "plan_seconds": round(planned - clock, 2),
        "interval_seconds": round(done - planned, 2),
        "cpu_seconds": round(spent, 2),
        "without_upper_end": int(np.isinf(most).sum()),
        "median_least": float(np.median(least)),
        "median_width": float(np.median(most - least)),
        "widths_at_10_90_percent": np.quantile(most - least, (0.1, 0.9)).tolist(),
        **again(told),
    }


def again(told: Importance) -> dict[str, Any]:
    """Random parcels solved again without their treatment: how many lie inside their interval.

    A search starts from the plan that showed the interval's upper end, so that it gives none that is worse;
    a lower end that is wrong would be undercut. Where it undercuts the best plan, that was not the best.
    """
    best = told.standing.best
    chosen = np.random.default_rng(SEED).choice(len(told.keeps), AGAIN, replace=False)
    inside = proven = 0
    began = time.perf_counter()
    for place in chosen.tolist():
        keep = int(told.keeps[place])
        start = repaired(told.forced, keep)
        solve = solve_forced(best.program, keep, share=GAP, seconds=AGAIN_SECONDS, start=start)
        assert solve is not None
        assert solve.y is not None
        cost = max(float(solve.y[0]) - best.value, 0.0)
        inside += told.least[place] <= cost <= told.most[place]
        # What the second search proves must not contradict the interval.
        low, high = max(solve.beta - best.value, 0.0), float(solve.y[0]) - best.bound
        proven += low <= told.most[place] and high >= told.least[place]
    return {
        "solved_again": AGAIN,
        "value_inside": int(inside),
        "proofs_agree": int(proven),
        "again_seconds": round(time.perf_counter() - began, 1),
    }


def main() -> Path:
    """Both cases, each in a fresh process."""
    return save("importance", {case: in_fresh_process(__file__, "--one", case) for case in CASES})


if __name__ == "__main__":
    if sys.argv[1:2] == ["--one"]:
        print(json.dumps({**one(sys.argv[2]), "peak_gib": peak_gib()}))
    else:
        print(main().read_text())
