"""The whole model at work: China in three periods, a county of 200,000 parcels in three periods, and rows
that are linked in one of 60,000.

Usage: ``python benchmarks/whole_model.py`` runs all cases, or those named; ``--one CASE`` runs one here and
prints JSON. Studies are the bundled ones with periods, soils that saturate, the worst-off region as a
criterion, budgets, labour and land per period and region; compilation of passes counts, reading does not.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
import tomllib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from measure import ROOT, RUNS, in_fresh_process, median, peak_gib, save, stored

sys.path.insert(0, str(ROOT))
import numpy as np
import pandas as pd

from landfront.instances.generate import generate_county
from landfront.instances.provinces import write_provinces
from landfront.instances.study import study_from
from landfront.models.formulate import Formulation, formulate
from landfront.models.plan import Plan
from landfront.optimizer.checker import check_front
from landfront.optimizer.engine import choose_engine
from landfront.optimizer.fronts import solve_front
from landfront.optimizer.highs import HighsEngine
from landfront.optimizer.scalarize import solve_single
from landfront.optimizer.structured.engine import StructuredEngine
from landfront.report.result import front_program

KEPT = Path(tempfile.gettempdir()) / "landfront-whole-model"
LIMIT = 120.0
"""Seconds for one relaxation."""
PERIODS = {"starts": [2026, 2031, 2041]}
FAIR = {"effect": "carbon", "measure": "smallest", "per": "attainable", "sense": "max"}


def changed(file: Path, **sections: Any) -> Formulation:
    """A bundled study with other sections, formulated; limits are added to its own."""
    data = tomllib.loads(file.read_text(encoding="utf-8"))
    if file.parent.name == "china":
        for name in ("soc", "soc_potential"):
            key = name.replace("soc", "soil_carbon")
            data["parcels"][key] = {"column": name, "unit": "t C/ha"}
    data["limits"] += sections.pop("limits", [])
    data["criteria"] |= sections.pop("criteria", {})
    return formulate(study_from({**data, **sections}, file))


def china() -> dict[str, Any]:
    """30 plans of China's provinces: carbon, food and the worst-off region, in three periods."""
    KEPT.mkdir(exist_ok=True)
    file = KEPT / "china" / "study.toml"
    if not file.exists():
        write_provinces(file.parent)
        units = pd.read_csv(file.parent / "units.csv", dtype={"code": str})
        field = units["code"].str.startswith("01")
        # China's and the EU's cropland (t C/ha); other land as an example.
        units["soc"], units["soc_potential"] = np.where(field, 32.9, 60.0), np.where(field, 46.8, 90.0)
        units.to_csv(file.parent / "units.csv", index=False)
    limits = [
        {"name": "each_period", "criterion": "cost", "period": "each", "max": 1.2e12},
        {
            "name": "pace",
            "criterion": "area",
            "period": "each",
            "by": "region",
            "max": {"share": 0.2, "of": "land"},
        },
    ]
    found = changed(
        file, periods=PERIODS, criteria={"fair": {**FAIR, "by": "province"}}, limits=limits,
        carbon={"curve": "zone", "soil": {}},
    )  # fmt: skip
    program = front_program(found, ("carbon", "food", "fair"))
    start = time.perf_counter()
    front = solve_front(program, points=30, gap=1e-4)
    seconds = time.perf_counter() - start
    return {
        "columns": program.columns,
        "rows": program.rows.shape[0],
        "seconds": round(seconds, 2),
        "points": len(front),
        "gap": front.gap,
        "bulge": front.bulge,
        "coverage": front.coverage,
        "faults": len(check_front(program, front, gap=1e-4)),
        "engine": front.solver,
    }


def county() -> dict[str, Any]:
    """The plan with the most carbon of 200,000 parcels in three periods under 60 limits and more."""
    file = KEPT / "county" / "study.toml"
    if not file.exists():
        generate_county(file.parent, 200_000, 3, layer="parquet")
    limits = [
        {"name": "each_period", "criterion": "cost", "period": "each", "max": 2.5e8},
        {
            "name": "pace",
            "criterion": "area",
            "period": "each",
            "by": "TOWNSHIP",
            "max": {"share": 0.25, "of": "land"},
        },
        {"name": "life", "criterion": "biodiversity", "by": "TOWNSHIP", "min": {"share": 0.98}},
    ]
    found = changed(file, periods=PERIODS, limits=limits, carbon={"curve": "precipitation", "soil": {}})
    program = found.program
    name, reason = choose_engine(program)[0].name, choose_engine(program)[1]
    start = time.perf_counter()
    point = solve_single(program, 0, gap=1e-4)
    seconds = time.perf_counter() - start
    plan = Plan(found, point.x)
    return {
        "columns": program.columns,
        "rows": program.rows.shape[0],
        "engine": f"{name}: {reason}",
        "seconds": round(seconds, 2),
        "gap": point.gap,
        "holds": bool(plan.limits()["holds"].all()),
        "treated_parcels": len(found.landscape) - int(plan.options["keep"]["parcels"]),
    }


HEALED = ("cropland_to_forest", "mixed_plantation", "natural_forest_restoration", "wetland_restoration")
FUNDS = [
    {
        "name": "central",
        "amount": 6e7,
        "interventions": list(HEALED),
        "earmarks": [{"share": 0.2, "interventions": ["wetland_restoration"]}],
    },
    {"name": "county", "amount": 6e7},
]


def linked() -> dict[str, Any]:
    """60,000 parcels: relaxations where the worst of 28 townships, their differences and two funds link rows,
    beside HiGHS on the same program, and a front of whole plans over carbon and the worst township."""
    file = KEPT / "linked" / "study.toml"
    if not file.exists():
        generate_county(file.parent, 60_000, 3, layer="parquet")
    fair = {"fair": {**FAIR, "by": "TOWNSHIP"}}
    apart = {"effect": "cost", "measure": "mean_deviation", "per": "area", "by": "TOWNSHIP", "sense": "min"}
    found = changed(file, periods=PERIODS, criteria={**fair, "apart": apart}, funds=FUNDS)
    program = front_program(found, ("carbon", "fair"))
    result: dict[str, Any] = {"columns": program.columns, "rows": program.rows.shape[0]}
    for name, engine in (("structured", StructuredEngine(program)), ("highs", HighsEngine(program))):
        for objective, weights in zip(("carbon", "fair"), np.eye(2), strict=True):
            start = time.perf_counter()
            answer = engine.relax(weights, np.full(2, np.inf), seconds=LIMIT)
            result[f"{name}_{objective}_seconds"] = round(time.perf_counter() - start, 2)
            result[f"{name}_{objective}"] = [answer.reason, answer.bound]
    program = front_program(changed(file, periods=PERIODS, criteria=fair), ("carbon", "fair"))
    start = time.perf_counter()
    front = solve_front(program, points=10, gap=1e-3)
    seconds = time.perf_counter() - start
    faults = check_front(program, front, gap=1e-3)
    return {
        **result, "seconds": round(seconds, 2), "points": len(front), "gap": front.gap, "bulge": front.bulge,
        "faults": len(faults),
    }  # fmt: skip


ONE: dict[str, Callable[[], dict[str, Any]]] = {"china": china, "county": county, "linked": linked}


def main(cases: Sequence[str] = ()) -> Path:
    """The cases, all without names, each in processes of its own."""
    result = {case: stored("whole_model").get(case) for case in ONE}
    for case in cases or ONE:
        runs = [in_fresh_process(__file__, "--one", case) for _ in range(RUNS)]
        seconds = [run["seconds"] for run in runs]
        result[case] = {**runs[-1], "seconds": median(seconds), "all_seconds": seconds}
        print(case, result[case], file=sys.stderr, flush=True)
        save("whole_model", result)
    return save("whole_model", result)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--one"]:
        print(json.dumps({**ONE[sys.argv[2]](), "peak_gib": peak_gib()}))
    else:
        print(main(sys.argv[1:]).read_text())
