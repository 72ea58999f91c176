"""Goes on with a run: after it was killed or stopped, or because more points are wanted."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from landfront.instances.faults import Fault, InputError, refuse
from landfront.models.formulate import Formulation, formulate
from landfront.optimizer import certify
from landfront.optimizer.points import key_of
from landfront.optimizer.program import Program
from landfront.optimizer.store import Store, Stored, StoreError
from landfront.optimizer.task import Solve
from landfront.report.folder import held_folder
from landfront.report.plans import read_columns
from landfront.report.quantities import percent
from landfront.report.result import Result, front_program
from landfront.report.run import ALSO, JOINED, Sitting, Watch, input_digests
from landfront.report.search import EARLY_REASONS, Request, checked
from landfront.report.stored import read_run, result_of, study_of

AGAIN = "Make the run again."


def resume_run(
    folder: Path,
    *,
    study_folder: Path | None = None,
    watch: Watch | None = None,
    time_limit: float | None = None,
    joining: bool = False,
    **changes: Any,
) -> tuple[Result, str]:
    """Go on with a run from its journal.

    Parameters
    ----------
    folder
        A run directory, finished or not.
    study_folder
        Where the study is now, if not where it was.
    watch
        Who is told how it gets on.
    time_limit
        Seconds for this sitting; None to go on to the end, whatever limit the run had before.
    joining
        Only take what was asked beside the search into the front; nothing is solved.
    changes
        Fields of `Request` that are now asked for differently, such as ``points``; those that are None stay.

    Returns
    -------
    tuple
        The result, and why there was nothing to do, or no words.

    Raises
    ------
    InputError
        If the folder is no run, its input has changed, its journal is damaged, or another process writes it.
    """
    watch = watch or Watch()
    if not (folder / "run.sqlite").is_file():
        what = "is not a run directory" if folder.is_dir() else "is missing"
        refuse(
            Fault(str(folder), "", f"{what} (no run.sqlite)", "Give the folder that `landfront front` wrote.")
        )
    with held_folder(folder), _store(folder) as store:
        stored = store.read()
        if joining:
            time_limit = stored.meta["request"]["time_limit"]
        begun, asked = _noted(folder, stored, time_limit, changes)
        study = study_of(folder, begun, study_folder)
        refuse(*checked(study, asked), *changed(begun["inputs"], input_digests(study)))
        watch.stage("reading the study")
        formulation = formulate(study)
        if not joining and (words := _nothing_left(folder, stored, asked)):
            return result_of(read_run(folder), formulation), words
        watch.stage("reading the journal")
        journal = _journal(folder, store, formulation, asked)
        earlier = stored.meta["seconds"] if stored.finished else sum(solve.seconds for solve in journal)
        also = stored.meta.get(ALSO, [])
        sitting = Sitting(formulation, folder, store, begun, watch)
        return sitting.run(asked, journal, earlier=earlier, also=also, joining=joining), ""


def _store(folder: Path) -> Store:
    try:
        return Store.reopen(folder / "run.sqlite")
    except StoreError as error:
        raise InputError([Fault(str(folder / "run.sqlite"), "", str(error), AGAIN)]) from error


def _noted(
    folder: Path, stored: Stored, time_limit: float | None, changes: Mapping[str, Any]
) -> tuple[dict[str, Any], Request]:
    """What was noted when the run began, and what is asked now."""
    file = str(folder / "run.sqlite")
    missing = [name for name in ("begun", "request") if name not in stored.meta]
    refuse(*(Fault(file, name, "is missing: the run was killed as it began", AGAIN) for name in missing))
    known = {entry.name for entry in fields(Request)}
    noted = {name: value for name, value in stored.meta["request"].items() if name in known}
    asked = Request(**{**noted, "criteria": tuple(noted["criteria"]), "time_limit": time_limit})
    return stored.meta["begun"], replace(
        asked, **{name: value for name, value in changes.items() if value is not None}
    )


def changed(then: Mapping[str, str], now: Mapping[str, str]) -> list[Fault]:
    """Input files that are not those that the run was begun with."""
    rules = {
        name: "is no longer read by the study" if name not in now
        else "was not there when the run began" if name not in then
        else "has changed since the run began"
        for name in sorted({**then, **now})
        if then.get(name) != now.get(name)
    }  # fmt: skip
    fix = "A front is of one study: put the file back, or make a new run."
    return [Fault(name, "", rule, fix) for name, rule in rules.items()]


def _nothing_left(folder: Path, stored: Stored, asked: Request) -> str:
    """Why a finished run is what is asked for, in words; empty when there is something to do."""
    if not stored.finished or not (folder / "run.toml").is_file():
        return ""
    meta, count = stored.meta, len(stored.points)
    if meta.get(ALSO, []) != meta.get(JOINED, []):
        return ""
    if meta["reason"] in EARLY_REASONS:
        return ""
    if meta["reason"] == "optimal":
        return f"the front is complete with its {count} points, so none can be added"
    if asked.points != "all" and count >= asked.points:
        return f"the run has {count} points; more are added with --points N"
    if asked.max_solves is not None and meta["solves"] >= asked.max_solves:
        return f"the run has had its {meta['solves']} solves; allow more with --max-solves N"
    if asked.coverage and meta["coverage"] is not None and meta["coverage"] <= asked.coverage:
        return f"a coverage of {percent(meta['coverage'])} is proven; ask for less with --coverage SHARE"
    return ""


def _journal(folder: Path, store: Store, formulation: Formulation, asked: Request) -> tuple[Solve, ...]:
    """The answers so far, whose solutions are what their keys and values say."""
    columns = _Columns(lambda key: read_columns(formulation, folder, key))
    try:
        journal = store.journal(columns.get)
    except StoreError as error:
        raise InputError([Fault(str(folder / "run.sqlite"), "", str(error), AGAIN)]) from error
    program = front_program(formulation, asked.criteria)
    refuse(*(fault for place, solve in enumerate(journal, 1) for fault in _faults(program, solve, place)))
    return journal


class _Columns:
    """Columns by key, each read once: many answers start from the same solution."""

    def __init__(self, read: Callable[[str], NDArray[Any]]) -> None:
        self._read = read
        self._known: dict[str, NDArray[np.float64]] = {}

    def get(self, key: str) -> NDArray[np.float64]:
        """The columns, shape (m,).

        Raises
        ------
        ValueError
            If the file holds another plan.
        """
        if key not in self._known:
            x = np.asarray(self._read(key), dtype=np.float64)
            if key_of(x) != key:
                raise ValueError(f"plans/{key}.parquet is not the plan that was found")
            self._known[key] = x
        return self._known[key]


def _faults(program: Program, solve: Solve, place: int) -> list[Fault]:
    if solve.x is None or solve.y is None:
        return []
    again = program.senses * program.values(solve.x)
    if np.all(np.abs(again - solve.y) <= certify.value_noise(program)):
        return []
    return [Fault("run.sqlite", f"solve {place}", "has other values than its plan", AGAIN)]
