"""Everything around the search at national size: a county from files to a run's tables, layers and maps.

Usage: ``python benchmarks/national_io.py`` runs all sizes, each in a fresh process;
``--one PARCELS PLANS`` runs one here; without plans it stops when the program is built. The plans are best
under some prices and were not searched for, so that the search is not part of what is measured.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from measure import in_fresh_process, save

CRITERIA = ("carbon", "food")
SIZES = ((100_000, 20), (1_000_000, 20), (10_000_000, 0))
WITH_SHAPES = 1_000_000


class Stages:
    """Wall and CPU seconds of each stage, and the most memory that the process held during it."""

    def __init__(self) -> None:
        self.found: dict[str, dict[str, float]] = {}

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Measure what is done inside."""
        with suppress(OSError):
            Path("/proc/self/clear_refs").write_text("5")  # the high-water mark starts anew
        wall, cpu = time.perf_counter(), time.process_time()
        yield
        self.found[name] = {
            "wall": round(time.perf_counter() - wall, 2),
            "cpu": round(time.process_time() - cpu, 2),
            "peak_mib": _status("VmHWM"),
            "kept_mib": _status("VmRSS"),
        }
        print(name, self.found[name], file=sys.stderr, flush=True)


def _status(key: str) -> float:
    lines = Path("/proc/self/status").read_text().splitlines()
    return round(next(int(line.split()[1]) for line in lines if line.startswith(key)) / 1024)


def one(parcels: int, plans: int) -> dict[str, Any]:
    """All stages for one size."""
    import geopandas  # noqa: F401  imports are not what is measured
    import numba  # noqa: F401
    import pyarrow.parquet  # noqa: F401

    from landfront.instances.generate import generate_county
    from landfront.instances.load import load_inputs
    from landfront.instances.study import read_study
    from landfront.models.formulate import Tables, formulate_from

    stages = Stages()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with stages.stage("generate"):
            layer = "gpkg" if parcels <= WITH_SHAPES else "parquet"
            generate_county(folder / "county", parcels, 7, layer=layer)  # type: ignore[arg-type]
        with stages.stage("read and check"):
            study = read_study(folder / "county")
            found = load_inputs(study)
        with stages.stage("formulate"):
            tables = Tables(found.effects, found.feature_change, found.baselines)
            formulation = formulate_from(study, found.landscape, found.catalogue, tables=tables)
        del found, tables
        _passes(formulation.program, stages)
        if plans:
            _report(formulation, folder / "run", plans, stages)
        columns = formulation.program.columns
    total = {key: round(sum(part[key] for part in stages.found.values()), 1) for key in ("wall", "cpu")}
    peak = max(part["peak_mib"] for part in stages.found.values())
    return {"parcels": parcels, "options": columns, "total": total, "peak_mib": peak, "stages": stages.found}


def _passes(program: Any, stages: Stages) -> None:
    """What an engine and its checks ask of a program, compiled before: seconds of one call each."""
    from landfront.optimizer import certify
    from landfront.optimizer.attempt import clean
    from landfront.optimizer.front import Fact

    small = program.select([0, 2])
    prices, free = np.full(len(program.row_lower), 0.1), np.full(2, np.inf)
    fact = Fact(np.array([1.0, 0.5]), free, 0.0, "recomputed", prices, np.zeros(2))
    x = np.zeros(program.columns)
    x[program.starts[:-1]] = 1.0
    calls = {
        "scales": lambda: (small.row_scale, small.objective_scale, small.objective_span, small.steps),
        "activities": lambda: program.rows.dot(x),
        "priced columns": lambda: program.rows.tdot(prices),
        "bound": lambda: certify.lagrangian_bound(small, fact),
        "check": lambda: certify.faults(small, x),
        "clean": lambda: clean(small, x),
    }
    for call in calls.values():
        call()
    for name, call in calls.items():
        if name == "scales":
            small = replace(small)  # forgets them
        with stages.stage(name):
            call()


def _report(formulation: Any, folder: Path, plans: int, stages: Stages) -> None:
    from landfront.report.figures import write_figures
    from landfront.report.layers import check_layers, layer_of, write_layers
    from landfront.report.plans import read_columns, write_columns
    from landfront.report.result import Result
    from landfront.report.summary import summary
    from landfront.report.tables import TABLES

    result = Result(formulation, _drawn_front(formulation, plans))
    folder.mkdir()
    with stages.stage("plans to files"):
        for point in result.front:
            write_columns(formulation, folder, point.key, point.x)
    with stages.stage("tables"):
        for name, table in TABLES.items():
            table(result).to_csv(folder / name, index=False)
    with stages.stage("geometry"):
        layer_of(result)
    with stages.stage("plans.gpkg"):
        write_layers(result, folder / "plans.gpkg")
    with stages.stage("figures and maps"):
        write_figures(result, folder / "figures")
    result.kept.clear()
    with stages.stage("summary"):
        summary(result)
    with stages.stage("plans.gpkg checked"):
        assert check_layers(result, folder / "plans.gpkg") == []
    with stages.stage("a plan read back"):
        read_columns(formulation, folder, result.front.points[0].key)


def _drawn_front(formulation: Any, plans: int) -> Any:
    """A front of plans that are best under prices between two criteria; nothing is proven of it."""
    from landfront.optimizer.front import Front, Point
    from landfront.optimizer.points import key_of
    from landfront.report.result import front_program, with_plans

    program = front_program(formulation, CRITERIA)
    cost = formulation.program.coefficients(list(formulation.study.criteria).index("cost"))
    points: dict[str, Point] = {}
    for t in np.linspace(0, 1, plans):
        score = program.objectives.tdot(np.array([1 - 0.9 * t, 0.2 + 40 * t])) - 0.002 * cost
        x = _best_of_groups(program, score)
        values = program.values(x)
        price, rate = np.zeros(len(program.row_lower)), np.ones(2)
        points[key_of(x)] = Point(values, x, key_of(x), float(values[0]), 0.0, "optimal", price, rate, 0.0)
    ordered = sorted(points.values(), key=lambda point: tuple(point.values))
    values = np.array([point.values for point in ordered])
    front = Front(
        CRITERIA, program.senses, tuple(ordered), (), values.max(axis=0), values.min(axis=0), False, np.inf,
        np.array([0.0, 1.0]), "points reached", "drawn", 0.0, 0, "none", program=program,
        reference=values.min(axis=0),
    )  # fmt: skip
    return with_plans(formulation, front)


def _best_of_groups(program: Any, score: Any) -> Any:
    best = np.maximum.reduceat(score, program.starts[:-1])
    at = np.flatnonzero(score == np.repeat(best, np.diff(program.starts)))
    first = at[np.searchsorted(at, program.starts[:-1])]
    x = np.zeros(program.columns, dtype=np.uint8)
    x[first] = 1
    return x


def main() -> Path:
    """Every size in a process of its own."""
    runs = [in_fresh_process(__file__, "--one", str(parcels), str(plans)) for parcels, plans in SIZES]
    return save("national_io", {"runs": runs})


if __name__ == "__main__":
    if sys.argv[1:2] == ["--one"]:
        print(json.dumps(one(int(sys.argv[2]), int(sys.argv[3]))))
    else:
        print(main().read_text())
