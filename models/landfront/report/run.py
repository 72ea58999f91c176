"""Writes a run: the store and the plans while the search goes, then every table, figure and layer."""

from __future__ import annotations

import hashlib
import json
import os
import platform
from collections.abc import Callable, Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from landfront.instances.load import input_files
from landfront.instances.study import Study
from landfront.models.formulate import Formulation, formulate
from landfront.optimizer.front import Point
from landfront.optimizer.store import Store
from landfront.report import toml
from landfront.report.folder import check_new, new_folder
from landfront.report.interrupts import finish_first
from landfront.report.plans import plan_file, write_columns
from landfront.report.result import Result, front_program
from landfront.report.search import NothingFoundError, OnProgress, Request, find_front
from landfront.report.tables import TABLES

PACKAGES = ("landfront", "highspy", "numpy", "scipy", "pandas", "geopandas", "matplotlib", "moocore")
Stage = Callable[[str], None]


def write_run(
    study: Study,
    folder: Path,
    asked: Request,
    *,
    on_progress: OnProgress | None = None,
    on_stage: Stage | None = None,
) -> Result:
    """Compute a front and write its run directory.

    Everything that can be checked is checked before the folder is made; if the run fails, the folder is
    removed again. A search that was stopped early is finished with what it found.

    Raises
    ------
    InputError
        If the study is at fault, the folder is not new, or the disk is full.
    InfeasibleError
        If no plan meets the limits.
    NothingFoundError
        If the search was stopped before it found a plan.
    """
    stage = on_stage or (lambda text: None)
    check_new(folder)
    stage("reading the study")
    formulation = formulate(study)
    digests = input_digests(study)
    with new_folder(folder):
        stage("searching")
        result = _search(formulation, folder, asked, on_progress)
        with finish_first():
            write_outputs(result, folder, stage=stage)
            stage("writing run.toml")
            # Written last: a folder with run.toml is a whole run.
            record = run_record(result, asked, digests, study_path=_relative(study, folder))
            (folder / "run.toml").write_text(toml.dumps(record), encoding="utf-8")
    return result


def write_outputs(result: Result, folder: Path, *, stage: Stage) -> None:
    """Write tables, texts, figures and layers of a result into its run directory."""
    from landfront.report.figures import write_figures
    from landfront.report.layers import write_layers
    from landfront.report.summary import summary

    stage("writing tables")
    for name, table in TABLES.items():
        table(result).to_csv(folder / name, index=False)
    if result.formulation.landscape.geometry is not None:
        stage("writing plans.gpkg")
        write_layers(result, folder / "plans.gpkg")
    stage("drawing figures")
    warnings = write_figures(result, folder / "figures")
    (folder / "summary.txt").write_text(summary(result, warnings=warnings), encoding="utf-8")


def input_digests(study: Study) -> dict[str, str]:
    """SHA-256 of every file that the study reads, by name."""
    return {name: digest(path) for name, path in sorted(input_files(study).items())}


def digest(path: Path) -> str:
    """SHA-256 of a file, or of every file in a folder."""
    if path.is_dir():
        parts = [f"{entry.name} {digest(entry)}" for entry in sorted(path.iterdir())]
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def run_record(
    result: Result, asked: Request, digests: Mapping[str, str], *, study_path: str
) -> dict[str, Any]:
    """What run.toml says."""
    study = result.formulation.study
    return {
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "study_path": study_path,
        "study_digest": study.digest,
        "seed": asked.seed,
        "request": asdict(asked),
        "versions": {"python": platform.python_version(), **{name: version(name) for name in PACKAGES}},
        "inputs": dict(digests),
        **result_record(result),
        "study": study.model_dump(mode="json", exclude_none=True),
    }


def result_record(result: Result) -> dict[str, Any]:
    """The part of run.toml that follows from the front and the input: `verify` computes it again."""
    front = result.front
    facts = [fact.proof for fact in front.facts]
    per_front = [
        dict(zip(front.criteria, map(float, row), strict=True)) for row in (front.ideal, front.nadir)
    ]
    return {
        "units": dict(result.units),
        "senses": {name: entry.sense for name, entry in result.formulation.study.criteria.items()},
        "baseline": dict(result.baseline),
        "ideal": per_front[0],
        "nadir": per_front[1],
        "plans": [
            {
                "name": named.name,
                "point": named.point,
                "key": front.points[named.point].key,
                "label": named.label,
            }
            for named in result.named
        ],
        "certificate": {
            "complete": front.complete,
            "reason": front.reason,
            "detail": front.detail,
            "points": len(front),
            "gap": float(front.gap),
            "coverage": float(front.coverage),
            "hypervolume": [float(value) for value in np.atleast_1d(front.hypervolume)],
            "facts": len(facts),
            "facts_recomputed": facts.count("recomputed"),
            "facts_claimed": facts.count("claimed"),
            "method": front.method,
            "seconds": front.seconds,
            "solves": front.solves,
        },
    }


def _search(formulation: Formulation, folder: Path, asked: Request, on_progress: OnProgress | None) -> Result:
    program = front_program(formulation, asked.criteria)
    with Store.create(folder / "run.sqlite", program) as store:
        store.note(study=formulation.study.digest, request=json.loads(json.dumps(asdict(asked))))

        def keep(point: Point) -> None:
            write_columns(formulation, folder, point)

        front = find_front(
            formulation,
            asked,
            on_point=lambda point, facts: store.add(point, facts, keep),
            on_progress=on_progress,
        )
        if not len(front):
            raise NothingFoundError(f"The search stopped ({front.reason}) before it found a plan.")
        for point in front.points:
            if not plan_file(folder, point.key).exists():
                keep(point)
        store.finish(front)
    return Result(formulation, front)


def _relative(study: Study, folder: Path) -> str:
    """Path from the run to the study, so that both can be moved together."""
    return Path(os.path.relpath(study.folder.resolve(), folder.resolve())).as_posix()
