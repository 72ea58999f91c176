"""The two bundled demonstrations, from writing the study to the finished run."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from landfront.instances.study import read_study
from landfront.report.folder import check_new
from landfront.report.page.write import report
from landfront.report.result import Result
from landfront.report.run import Watch, write_run
from landfront.report.search import request

Demo = Literal["china", "county"]
DEMOS: tuple[Demo, ...] = ("china", "county")
COUNTY_PARCELS = 20_000
COUNTY_SEED = 1


def study_folder(run: Path) -> Path:
    """Where a demonstration puts its study: beside the run."""
    return run.with_name(f"{run.name}-study")


def run_demo(name: Demo, run: Path, *, watch: Watch | None = None) -> Result:
    """Write a bundled study beside `run`, and compute its front in `run`, with its page.

    Raises
    ------
    InputError
        If one of the folders already holds something.
    """
    check_new(run)
    check_new(study_folder(run))
    if watch is not None:
        watch.stage(f"writing the study {name}")
    study = read_study(_write_study(name, study_folder(run)))
    result = write_run(study, run, request(study), watch=watch)
    report(run, stage=watch.stage if watch is not None else None)
    return result


def _write_study(name: Demo, folder: Path) -> Path:
    if name == "china":
        from landfront.instances.provinces import write_provinces

        return write_provinces(folder)
    from landfront.instances.generate import generate_county

    return generate_county(folder, COUNTY_PARCELS, COUNTY_SEED)
