"""Reads a run directory back: run.toml, the store, the plans, and the study they belong to."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from landfront.instances.faults import Fault, InputError, refuse
from landfront.instances.study import Study, study_from
from landfront.models.formulate import Formulation, formulate
from landfront.models.plan import Plan
from landfront.optimizer.front import Front, Point
from landfront.optimizer.store import Stored, StoreError, read_store
from landfront.report.plans import read_columns
from landfront.report.result import Result, front_program, with_plans

NEEDED = ("request", "study", "study_path", "inputs", "certificate", "reference")
"""Parts of run.toml without which a run cannot be read."""

KEPT = ("previous", "requests")
"""Tables that a run keeps a copy of, by the section of study.toml that names them."""


@dataclass(frozen=True)
class Run:
    """A finished run as it stands on disk.

    Attributes
    ----------
    folder
        The run directory.
    record
        What run.toml says.
    stored
        Points and facts of the search.
    """

    folder: Path
    record: Mapping[str, Any]
    stored: Stored

    @property
    def criteria(self) -> tuple[str, ...]:
        """The criteria of the front."""
        return tuple(self.record["request"]["criteria"])

    def study(self, folder: Path | None = None) -> Study:
        """The study as it was when the run was made, reading its tables from where they are now.

        Raises
        ------
        InputError
            If the study's folder is not there.
        """
        return study_of(self.folder, self.record, folder)


def study_of(folder: Path, record: Mapping[str, Any], place: Path | None) -> Study:
    """The study that a record of a run holds, reading its tables from `place` or from where they were.

    Raises
    ------
    InputError
        If the study's folder is not there.
    """
    place = place or (folder / record["study_path"]).resolve()
    place = place.parent if place.is_file() else place
    if not place.is_dir():
        refuse(Fault(str(folder), "study_path", f"{place} is missing", "Say where with --study."))
    return study_from(_with_kept(folder, dict(record["study"]), place), place / "study.toml")


def _with_kept(folder: Path, study: dict[str, Any], place: Path) -> dict[str, Any]:
    """The study with the earlier plan and the log of requests that the run itself keeps."""
    for name in KEPT:
        kept = next(iter(sorted(folder.glob(f"{name}.*"))), None)
        if name in study and kept is not None:
            study[name] = {"source": os.path.relpath(kept.resolve(), place.resolve())}
    return study


def read_run(folder: Path) -> Run:
    """Read a run directory.

    Raises
    ------
    InputError
        If it is not the directory of a finished run.
    """
    file = folder / "run.toml"
    if not file.is_file():
        refuse(_no_run(folder))
    try:
        record = tomllib.loads(file.read_text(encoding="utf-8"))
        stored = read_store(folder / "run.sqlite")
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError(
            [Fault(str(file), "", f"is not valid TOML ({error})", "Make the run again.")]
        ) from error
    except StoreError as error:
        raise InputError(
            [Fault(str(folder / "run.sqlite"), "", str(error), "Make the run again.")]
        ) from error
    missing = [name for name in NEEDED if name not in record]
    refuse(*(Fault(str(file), name, "is missing", "Make the run again.") for name in missing))
    return Run(folder, record, stored)


def _no_run(folder: Path) -> Fault:
    if (folder / "run.sqlite").is_file():
        fix = f"Go on with it: landfront resume {folder}"
        return Fault(str(folder), "", "is a run that is not finished (no run.toml)", fix)
    what = "is not a run directory" if folder.is_dir() else "is missing"
    fix = "Give the folder that `landfront front -o` wrote."
    return Fault(str(folder), "", f"{what} (no run.toml)", fix)


def result_of(
    run: Run, formulation: Formulation, columns: Mapping[str, NDArray[Any]] | None = None
) -> Result:
    """The run as a result again, its points with their columns.

    Points and facts come from the store; how the search ended comes from run.toml, whose claims
    `verify` checks.
    """
    found = columns or {
        point.key: read_columns(formulation, run.folder, point.key) for point in run.stored.points
    }
    points = tuple(replace(point, x=found[point.key]) for point in run.stored.points)
    return Result(formulation, with_plans(formulation, _front(run, formulation, points)))


def plan_at(folder: Path, point: int | None, place: Path | None = None) -> tuple[Plan, tuple[str, ...]]:
    """The plan at a position of a run's front, and the criteria of that front.

    Raises
    ------
    InputError
        If the folder is no run, its study is not found, or the front has no such point.
    """
    run = read_run(folder)
    count = len(run.stored.points)
    if point is None or not 0 <= point < count:
        rule = "no point is named" if point is None else f"the front has no point {point}"
        refuse(Fault(str(folder), "point", rule, f"Name one from 0 to {count - 1}, as in front.csv."))
    result = result_of(run, formulate(run.study(place)))
    assert point is not None
    return result.plan(point), run.criteria


def _front(run: Run, formulation: Formulation, points: tuple[Point, ...]) -> Front:
    certificate = run.record["certificate"]
    criteria = run.criteria
    return Front(
        criteria=criteria,
        senses=np.array(
            [-1 if formulation.study.criteria[name].sense == "max" else 1 for name in criteria], np.int8
        ),
        points=points,
        facts=run.stored.facts,
        ideal=np.array([run.record["ideal"][name] for name in criteria], dtype=np.float64),
        nadir=np.array([run.record["nadir"][name] for name in criteria], dtype=np.float64),
        complete=bool(certificate["complete"]),
        coverage=float(certificate["coverage"]),
        hypervolume=np.array(certificate["hypervolume"], dtype=np.float64),
        reason=certificate["reason"],
        detail=certificate["detail"],
        seconds=float(certificate["seconds"]),
        solves=int(certificate["solves"]),
        method=certificate["method"],
        solver=certificate["solver"],
        searches=int(certificate["searches"]),
        bulge=float(certificate["bulge"]),
        reference=np.array([run.record["reference"][name] for name in criteria], dtype=np.float64),
        program=front_program(formulation, criteria),
        asked=float(run.record["request"]["gap"]),
    )
