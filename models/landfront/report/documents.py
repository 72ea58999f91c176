"""What documents on one plan of a run share: their plan, and files that are put in place as a whole."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from landfront.instances.faults import Fault, InputError, refuse
from landfront.report.folder import disk_full
from landfront.report.lineage import chosen_point
from landfront.report.page.write import checked_result
from landfront.report.result import Result
from landfront.report.stored import read_run

LANGUAGES = ("en", "zh")


@dataclass(frozen=True)
class Subject:
    """The plan of a run that a document is on.

    Attributes
    ----------
    folder, record, result
        The run directory, what run.toml says, and the run.
    point
        Position of the plan on the front.
    chosen
        Whether somebody named the point.
    """

    folder: Path
    record: Mapping[str, Any]
    result: Result
    point: int
    chosen: bool


def subject_of(folder: Path, *, point: int | None, language: str, study: str | Path | None) -> Subject:
    """The plan that is asked for, by default the knee.

    Raises
    ------
    InputError
        If the language is not known, the folder is no finished run, is damaged or from a newer version, its
        input has changed, or its front has no such point.
    """
    if language not in LANGUAGES:
        rule = f"{language!r} is not a language of the documents"
        refuse(Fault("report", "language", rule, f"Choose among: {', '.join(LANGUAGES)}."))
    run = read_run(folder)
    result = checked_result(folder, None if study is None else Path(study))
    place, count = chosen_point(run) if point is None else point, len(result.front)
    if not 0 <= place < count:
        fix = f"Name one from 0 to {count - 1}."
        refuse(Fault(str(folder), "point", f"the front has no point {place}", fix))
    return Subject(folder, run.record, result, place, point is not None)


def put(target: Path, files: Mapping[str, Callable[[Path], None]]) -> tuple[Path, ...]:
    """Write files into a folder, all or none of them, each by its writer; where they are.

    Raises
    ------
    InputError
        If the folder is missing or cannot be written, or the disk is full.
    """
    if not target.is_dir():
        refuse(Fault(str(target), "", "the folder is missing", "Make it first."))
    with _told(target), TemporaryDirectory(prefix=".documents-", dir=target) as scratch:
        for name, write in files.items():
            write(Path(scratch) / name)
        for name in files:
            (Path(scratch) / name).replace(target / name)
    return tuple(target / name for name in files)


@contextmanager
def _told(target: Path) -> Iterator[None]:
    """What a disk refuses, in words."""
    try:
        yield
    except OSError as error:
        if disk_full(error, target):
            rule, fix = (
                "the disk is full or fails, so nothing was written",
                "Make room or name another folder.",
            )
        elif isinstance(error, PermissionError):
            rule, fix = "cannot be written", "Name another folder with -o."
        else:
            raise
        raise InputError([Fault(str(target), "", rule, fix)]) from error
