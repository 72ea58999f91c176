"""A target split among 31 provinces of 20 counties each, three ways at both levels, on 50,000 parcels.

Usage: ``python benchmarks/cascade.py`` runs the cases, or those named, and stores them; ``--one CASE`` runs
one here and prints JSON. Parcels are those of the generated county; provinces and counties are stretches of
its table, and of its limits those on the whole study are kept. A small cascade goes first, so that neither
imports nor compilation count.
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

from landfront.instances.generate import generate_county
from landfront.instances.load import load_inputs
from landfront.instances.study import read_study
from landfront.models.formulate import Formulation, Tables, formulate_from
from landfront.report.cascade import Cascade, cascade
from measure import in_fresh_process, peak_gib, save, stored

PROVINCES, COUNTIES, PARCELS = 31, 20, 50_000
WARM = 12_000
CASES: dict[str, dict[str, Any]] = {
    "shares": {"relaxed": True},
    "whole": {"relaxed": False, "gap": 1e-2, "time_limit": 60.0},
}


def formulation(parcels: int, folder: Path) -> Formulation:
    """The generated county with invented provinces and counties."""
    study = read_study(generate_county(folder, parcels, 1, layer="parquet"))
    inputs = load_inputs(study)
    count = PROVINCES * COUNTIES
    county = (np.arange(parcels) * count // parcels).astype(np.int32)
    landscape = replace(
        inputs.landscape,
        levels=("province", "county"),
        regions=np.stack([county // COUNTIES, county], axis=1),
        region_names=(
            tuple(f"P{province:02d}" for province in range(PROVINCES)),
            tuple(f"P{place // COUNTIES:02d}-C{place % COUNTIES:02d}" for place in range(count)),
        ),
    )
    limits = tuple(limit for limit in study.limits if limit.by is None)
    tables = Tables(inputs.effects, inputs.feature_change, inputs.baselines)
    return formulate_from(
        study.model_copy(update={"limits": limits}), landscape, inputs.catalogue, tables=tables
    )


def run(parcels: int, folder: Path, **asked: Any) -> tuple[Cascade, dict[str, float]]:
    """The cascade to half of what is attainable, and seconds by stage."""
    study = formulation(parcels, folder)
    stages: list[tuple[str, float]] = []
    found = cascade(
        study,
        "carbon",
        "50%",
        ("province", "county"),
        stage=lambda text: stages.append((text, time.perf_counter())),
        **asked,
    )
    ends = [at for _, at in stages[1:]] + [time.perf_counter()]
    return found, {text: round(end - at, 2) for (text, at), end in zip(stages, ends, strict=True)}


def one(case: str) -> dict[str, Any]:
    """Run one case after a small one."""
    with tempfile.TemporaryDirectory() as scratch:
        run(WARM, Path(scratch) / "warm", **CASES[case])
        found, seconds = run(PARCELS, Path(scratch) / "county", **CASES[case])
    splits = found.splits_frame()[
        ["split", "level", "cost", "gap", "termination", "largest_burden", "burden_gap"]
    ]
    return {
        "parcels": PARCELS,
        "options": found.setting.program.columns,
        "regions": [len(level) for level in found.levels],
        "limits": list(found.setting.program.row_names),
        "seconds": round(sum(seconds.values()), 1),
        "stages": seconds,
        "peak_gib": peak_gib(),
        "splits": splits.replace(float("nan"), None).to_dict("records"),
    }


def main() -> None:
    if "--one" in sys.argv:
        print(json.dumps(one(sys.argv[-1])))
        return
    chosen = sys.argv[1:] or list(CASES)
    known = stored("cascade").get("cases", {})
    save("cascade", {"cases": known | {case: in_fresh_process(__file__, "--one", case) for case in chosen}})


if __name__ == "__main__":
    main()
