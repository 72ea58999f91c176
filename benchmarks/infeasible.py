"""What would mend a county of a million parcels that no plan can satisfy: the clash, then the repairs.

Usage: ``python benchmarks/infeasible.py`` runs the case in processes of its own; ``--one`` runs it here and
prints JSON. The generated county is asked for more carbon than its budget can pay; reading and formulating
the study does not count.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
import tomllib
from pathlib import Path
from typing import Any

from measure import ROOT, RUNS, in_fresh_process, median, peak_gib, save

sys.path.insert(0, str(ROOT))
from landfront.instances.generate import generate_county
from landfront.instances.study import study_from
from landfront.models.formulate import formulate
from landfront.optimizer.engine import Infeasible
from landfront.optimizer.scalarize import solve_single
from landfront.report.infeasible import explain

PARCELS = 1_000_000
KEPT = Path(tempfile.gettempdir()) / "landfront-infeasible"
CAPPED = (
    "conservation_tillage", "mixed_plantation", "natural_forest_restoration", "cropland_to_forest",
    "cropland_to_grass", "agroforestry",
)  # fmt: skip
ASKED = [
    {"name": "sink", "criterion": "carbon", "min": {"share": 0.9, "of": "attainable"}},
    {
        "name": "nature_by_township",
        "criterion": "biodiversity",
        "min": {"share": 0.98, "of": "baseline"},
        "by": "TOWNSHIP",
    },
    *(
        {
            "name": f"cap_{name}",
            "criterion": "area",
            "interventions": [name],
            "max": {"share": 0.3, "of": "land"},
        }
        for name in CAPPED
    ),
]
"""More carbon than the budget of the generated county can pay, and limits enough to make 133."""


def infeasible() -> dict[str, Any]:
    """Seconds until the clash is known, and until the repairs are."""
    file = KEPT / "study.toml"
    if not file.exists():
        generate_county(KEPT, PARCELS, 3, layer="parquet")
    data = tomllib.loads(file.read_text(encoding="utf-8"))
    found = formulate(study_from({**data, "limits": [*data["limits"], *ASKED]}, file))
    start = time.perf_counter()
    try:
        solve_single(found.program, 0)
    except Infeasible as error:
        known = time.perf_counter()
        told = explain(found, error)
        end = time.perf_counter()
        return {
            "rows": len(found.limits),
            "clash_seconds": round(known - start, 2),
            "repair_seconds": round(end - known, 2),
            "clashes": [clash.limit.name for clash in told.clashes],
            "repairs": [str(repair) for repair in told.repairs],
        }
    raise RuntimeError("the study has a plan")


def main() -> Path:
    """The case, in fresh processes."""
    runs = [in_fresh_process(__file__, "--one") for _ in range(RUNS)]
    names = ("clash_seconds", "repair_seconds")
    return save("infeasible", {**runs[-1], **{name: median([run[name] for run in runs]) for name in names}})


if __name__ == "__main__":
    if sys.argv[1:2] == ["--one"]:
        print(json.dumps({**infeasible(), "peak_gib": peak_gib()}))
    else:
        print(main().read_text())
