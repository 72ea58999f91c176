"""Build a Program of a million options from tables, beside the same model built in Pyomo.

Usage: ``python benchmarks/build.py`` runs the case; ``--one landfront|pyomo OPTIONS`` runs one build here.
"""

from __future__ import annotations

import contextlib
import io
import json
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd

from measure import RUNS, in_fresh_process, median, peak_gib, save

OPTIONS_PER_PARCEL = 5
WARM_UP = 1_000
STUDY = """
[study]
title = "Benchmark: build"
decision = "whole"
[parcels]
source = "parcels.parquet"
id = "parcel"
area = {{ column = "area", unit = "ha" }}
regions = ["region"]
geometry = false
[effects]
source = "effects.parquet"
layout = "wide"
parcel = "parcel"
intervention = "intervention"
columns = {{ carbon = "carbon", cost = "cost", food = "food", biodiversity = "biodiversity" }}
[baseline]
food = {food}
[criteria]
carbon = {{ sense = "max" }}
food = {{ sense = "max" }}
biodiversity = {{ sense = "max" }}
cost = {{ sense = "min" }}
[[limits]]
name = "grain"
criterion = "food"
min = {{ share = 0.95, of = "baseline" }}
[[limits]]
name = "regional_grain"
criterion = "food"
min = {{ share = 0.9, of = "baseline" }}
by = "region"
[[limits]]
name = "budget"
criterion = "cost"
max = {budget}
[front]
criteria = ["carbon", "food"]
"""


def write_study(folder: Path, options: int, seed: int = 1) -> None:
    """A random study with `options` options, ``keep`` included, in Parquet tables."""
    rng = np.random.default_rng(seed)
    parcels, treated = options // OPTIONS_PER_PARCEL, OPTIONS_PER_PARCEL - 1
    names = np.array(["mixed_plantation", "agroforestry", "cropland_to_forest", "natural_forest_restoration"])
    area = rng.lognormal(0, 0.5, parcels)
    region = np.array([f"r{i:02d}" for i in range(30)])[np.arange(parcels) * 30 // parcels]
    pd.DataFrame({"parcel": np.arange(parcels), "area": area, "region": region}).to_parquet(
        folder / "parcels.parquet"
    )
    rows = parcels * treated
    area_of = np.repeat(area, treated)
    effects = pd.DataFrame(
        {
            "parcel": np.repeat(np.arange(parcels), treated),
            "intervention": np.tile(names, parcels),
            "carbon": area_of * rng.lognormal(4, 0.5, rows),
            "cost": area_of * rng.lognormal(8, 0.5, rows),
            "food": -area_of * rng.uniform(0, 5, rows),
            "biodiversity": area_of * rng.normal(0.1, 0.1, rows),
        }
    )
    effects.to_parquet(folder / "effects.parquet")
    text = STUDY.format(food=6.0 * area.sum(), budget=0.2 * effects["cost"].sum())
    (folder / "study.toml").write_text(text)


def build_landfront(folder: Path) -> Iterator[int]:
    """Tables on disk to a Program and its matrices; gives its number of options."""
    from landfront.instances.book import packaged_book
    from landfront.instances.study import read_study
    from landfront.models.formulate import formulate

    packaged_book.cache_clear()  # so that reading the packaged catalogue counts, as in a first build
    program = formulate(read_study(folder)).program
    program.objectives.to_csr()
    program.rows.to_csr()
    yield program.columns


def build_pyomo(folder: Path) -> Iterator[int]:
    """Tables on disk to model objects, then to the matrix; gives the number of options after each."""
    from peers.pyomo_tables import build_from_tables, compile_matrix

    model = build_from_tables(folder)
    yield len(model.x)
    compile_matrix(model)
    yield len(model.x)


BUILDS = {"landfront": build_landfront, "pyomo": build_pyomo}


def one(tool: str, options: int) -> None:
    """One build in this process, after a small one that does the imports; prints seconds and peak memory."""
    if options > WARM_UP:
        with contextlib.redirect_stdout(io.StringIO()):
            one(tool, WARM_UP)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_study(folder, options)
        start, cpu_start = time.perf_counter(), time.process_time()
        stages = [
            (columns, time.perf_counter() - start, time.process_time() - cpu_start)
            for columns in BUILDS[tool](folder)
        ]
    columns, seconds, cpu = stages[-1]
    answer = {
        "seconds": round(seconds, 3),
        "cpu_seconds": round(cpu, 3),
        "peak_gib": peak_gib(),
        "options": columns,
    }
    if tool == "pyomo":
        _, seconds, cpu = stages[0]
        answer |= {"model_only_seconds": round(seconds, 3), "model_only_cpu_seconds": round(cpu, 3)}
    print(json.dumps(answer))


def main(options: int = 1_000_000, runs: int = RUNS) -> Path:
    """Both tools, `runs` times each, in turn, each in a fresh process."""
    results: dict[str, list[dict[str, float]]] = {tool: [] for tool in BUILDS}
    for _ in range(runs):
        for tool, found in results.items():
            found.append(in_fresh_process(__file__, "--one", tool, str(options)))
    summary = {
        tool: {key: median([run[key] for run in found]) for key in found[0] if key != "options"}
        for tool, found in results.items()
    }
    ours, peer = summary["landfront"], summary["pyomo"]
    ratios = {
        "ratio": round(peer["seconds"] / ours["seconds"], 1),
        "ratio_model_only": round(peer["model_only_seconds"] / ours["seconds"], 1),
        "ratio_cpu": round(peer["cpu_seconds"] / ours["cpu_seconds"], 1),
        "ratio_model_only_cpu": round(peer["model_only_cpu_seconds"] / ours["cpu_seconds"], 1),
    }
    return save("build", {"options": options, "runs": runs, "median": summary, **ratios, "all": results})


if __name__ == "__main__":
    if sys.argv[1:2] == ["--one"]:
        one(sys.argv[2], int(sys.argv[3]))
    else:
        print(main().read_text())
