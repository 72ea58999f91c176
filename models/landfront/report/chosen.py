"""The plan that somebody means: a run, a point of it, or a table of a plan with its study."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from landfront.instances.faults import Fault, refuse
from landfront.instances.study import Study, read_study
from landfront.models.formulate import Formulation, formulate
from landfront.models.plan import Plan
from landfront.optimizer.points import key_of
from landfront.report.lineage import Parent, parent_of
from landfront.report.plans import read_columns
from landfront.report.score import score
from landfront.report.stored import read_run, result_of


@dataclass(frozen=True)
class Chosen:
    """A plan and what it was chosen by.

    Attributes
    ----------
    plan
        The plan.
    traded
        Criteria of the front that it is a point of; the first one was optimised. Empty where it is none.
    label
        What it is called.
    """

    plan: Plan
    traded: tuple[str, ...]
    label: str


def split_point(text: str) -> tuple[Path, int | None]:
    """A place and the point behind its last colon, as in ``runs/a:3``; a place that is there has none.

    >>> split_point("runs/a:3")
    (PosixPath('runs/a'), 3)
    """
    head, _, tail = text.rpartition(":")
    if head and tail.isdecimal() and not Path(text).exists():
        return Path(head), int(tail)
    return Path(text), None


def chosen(place: str | Path, point: int | None = None, *, study: Study | str | Path | None = None) -> Chosen:
    """The plan of a run (its replan, else its knee, else its first point), at a point of it, or in a table.

    Parameters
    ----------
    place
        A run directory, which may have a point behind a colon, or a table of a plan.
    point
        Position on the front of the run.
    study
        Where the study of a run is now, or the study that a table belongs to.

    Raises
    ------
    InputError
        If there is no such run, point or table, or a table comes without a study.
    """
    folder, behind = split_point(str(place))
    point = behind if point is None else point
    if not folder.is_dir():
        return _of_table(folder, point, study)
    parent = parent_of(folder, point)
    run = read_run(folder)
    where = Path(study) if isinstance(study, str | Path) else None
    formulation = formulate(run.study(where))
    if parent.point < 0:
        return _of_replan(formulation, parent)
    plan = result_of(run, formulation).plan(parent.point)
    return Chosen(plan, run.criteria, f"point {parent.point} of {folder.name}")


def _of_replan(formulation: Formulation, parent: Parent) -> Chosen:
    """The plan of a replan, which is no point of its front."""
    assert parent.run is not None
    x = read_columns(formulation, parent.run, parent.key)
    if key_of(np.asarray(x, dtype=np.float64)) != parent.key:
        refuse(Fault(str(parent.file), "", "is not the plan that was found: its digest differs",
                     "Make the run again."))  # fmt: skip
    return Chosen(Plan(formulation, x), read_run(parent.run).criteria, f"the plan of {parent.run.name}")


def _of_table(file: Path, point: int | None, study: Study | str | Path | None) -> Chosen:
    parent_of(file, point)
    if study is None:
        fix = "Say which with --study."
        refuse(Fault(str(file), "study", "is a table, which does not say to which study it belongs", fix))
    assert study is not None
    asked = study if isinstance(study, Study) else read_study(study)
    return Chosen(score(formulate(asked), file).plan, (), file.stem)
