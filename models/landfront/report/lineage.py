"""The lineage of a plan: which plan it follows, why, and what became of the one before; kept and checked.

A run that was made by ``landfront replan`` holds ``replan.toml`` (parent, digests, author, reason, values)
and ``previous.*``, a copy of the plan that it follows. Each record has the digest of its parent's record, so
that a chain cannot be altered unseen.
"""

from __future__ import annotations

import hashlib
import os
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from landfront.instances.faults import Fault, InputError, refuse
from landfront.report.plans import plan_file, read_plan
from landfront.report.stored import Run, read_run

RECORD, PREVIOUS = "replan.toml", "previous"
NEEDED = ("created", "parent", "plan", "asked")
MOST_STEPS = 1000
"""Longest chain that is followed: one that is longer goes round."""


@dataclass(frozen=True)
class Parent:
    """A plan that another one can follow.

    Attributes
    ----------
    file
        Its table: parcel, intervention, share, area_ha.
    run
        The run directory that it is from, or None for a table of its own.
    point, key
        Position on the front of the run, -1 for the plan of a replan, and the key of the plan.
    values
        Totals of the criteria under the data that it was made for; empty where they are not known.
    study_digest, record
        Digests of its study and of its own record of lineage, empty where there is none.
    """

    file: Path
    run: Path | None = None
    point: int = -1
    key: str = ""
    values: Mapping[str, float] | None = None
    study_digest: str = ""
    record: str = ""


def digest_of(path: Path) -> str:
    """SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def parent_of(place: Path, point: int | None = None) -> Parent:
    """The plan in a table, at a point of a run, or by default the one that a run stands for.

    A run stands for the plan of its replan where it is one, else for the knee of its front, else for its
    first point.

    Raises
    ------
    InputError
        If there is no such file, run or point, or the run is damaged.
    """
    if not place.is_dir():
        if not place.is_file():
            refuse(Fault(str(place), "", "is missing", "Give a run directory or a table of a plan."))
        if point is not None:
            refuse(Fault(str(place), "point", "is for runs", "Leave it out for a table."))
        return Parent(place)
    run = read_run(place)
    if point is None and (place / RECORD).is_file():
        return _of_replan(run, read_record(place))
    return _of_point(run, point)


def _of_replan(run: Run, record: Mapping[str, Any]) -> Parent:
    key = str(record["plan"]["key"])
    file = plan_file(run.folder, key)
    read_plan(run.folder, key)
    if digest_of(file) != record["plan"]["file"]:
        refuse(
            Fault(str(file), "", "is not the plan that was found: its digest differs", "Make the run again.")
        )
    values = dict(record["plan"]["values"])
    own = digest_of(run.folder / RECORD)
    return Parent(file, run.folder, -1, key, values, run.record["study_digest"], own)


def _of_point(run: Run, point: int | None) -> Parent:
    points = run.stored.points
    place = chosen_point(run) if point is None else point
    if not 0 <= place < len(points):
        fix = f"Name one from 0 to {len(points) - 1}, as in front.csv."
        refuse(Fault(str(run.folder), "point", f"the front has no point {place}", fix))
    key = points[place].key
    read_plan(run.folder, key)
    record = run.folder / RECORD
    return Parent(
        plan_file(run.folder, key), run.folder, place, key, _values(run, place), run.record["study_digest"],
        digest_of(record) if record.is_file() else "",
    )  # fmt: skip


def chosen_point(run: Run) -> int:
    """The knee of a run's front as its record says, else its first point."""
    named = [entry for entry in run.record.get("plans", ()) if entry.get("name") == "knee"]
    return int(named[0]["point"]) if named else 0


def _values(run: Run, point: int) -> dict[str, float]:
    """Totals of every criterion at a point, as front.csv states them and `verify` checks."""
    path = run.folder / "front.csv"
    try:
        row = pd.read_csv(path).iloc[point]
        return {name: float(row[name]) for name in run.record["study"]["criteria"]}
    except (OSError, ValueError, KeyError, IndexError) as error:
        raise InputError(
            [Fault(str(path), "", f"cannot be read ({error})", "Make the run again.")]
        ) from error


def read_record(folder: Path) -> Mapping[str, Any]:
    """The record of a replan.

    Raises
    ------
    InputError
        If it is missing, no TOML, or lacks a part.
    """
    path = folder / RECORD
    try:
        record = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        rule = f"cannot be read ({getattr(error, 'strerror', None) or error})"
        raise InputError([Fault(str(path), "", rule, "Make the replan again.")]) from error
    missing = [name for name in NEEDED if name not in record]
    refuse(*(Fault(str(path), name, "is missing", "Make the replan again.") for name in missing))
    return record


def parent_record(parent: Parent, folder: Path) -> dict[str, Any]:
    """What a run keeps of the plan that it follows; its place is relative, so that both can be moved."""
    place = parent.run or parent.file
    return {
        "place": Path(os.path.relpath(place.resolve(), folder.resolve())).as_posix(),
        "point": parent.point, "key": parent.key, "file": digest_of(parent.file),
        "study_digest": parent.study_digest, "record": parent.record,
        "values": dict(parent.values or {}),
    }  # fmt: skip


def kept_plan(folder: Path) -> Path | None:
    """The copy of the plan that a run follows."""
    return next(iter(sorted(folder.glob(f"{PREVIOUS}.*"))), None)


@dataclass(frozen=True)
class Step:
    """One plan of a chain.

    Attributes
    ----------
    folder
        Where it stands.
    record
        What it says of itself, empty for a front that follows nothing and for a table.
    faults
        What is wrong with its digests.
    note
        What could not be looked at.
    """

    folder: Path
    record: Mapping[str, Any]
    faults: tuple[str, ...] = ()
    note: str = ""


def chain(folder: Path) -> tuple[Step, ...]:
    """A run and the plans that it follows, the latest first.

    Raises
    ------
    InputError
        If the run is none, or a record of the chain cannot be read.
    """
    read_run(folder)
    return tuple(_steps(folder))


def _steps(folder: Path) -> Iterator[Step]:
    for _ in range(MOST_STEPS):
        if not (folder / RECORD).is_file():
            yield Step(folder, {})
            return
        record = read_record(folder)
        yield Step(folder, record, tuple(_own_faults(folder, record)), _unseen(folder, record))
        parent = (folder / record["parent"]["place"]).resolve()
        if not parent.is_dir():
            yield Step(parent, {}, (), "" if parent.exists() else "is not there any more; its plan is kept")
            return
        folder = parent
    refuse(Fault(str(folder), RECORD, "the chain of plans has no end", "Look at the parents' places."))


def _unseen(folder: Path, record: Mapping[str, Any]) -> str:
    place = (folder / record["parent"]["place"]).resolve()
    return (
        "" if place.exists() else f"the plan before, {record['parent']['place']}, is not there to be compared"
    )


def _own_faults(folder: Path, record: Mapping[str, Any]) -> Iterator[str]:
    """What does not match: the kept plan, the new plan, and the parent as it is now."""
    kept, parent = kept_plan(folder), record["parent"]
    if kept is None or digest_of(kept) != parent["file"]:
        yield "previous.* is not the plan that this one follows: its digest differs"
    new = plan_file(folder, str(record["plan"]["key"]))
    if not new.is_file() or digest_of(new) != record["plan"]["file"]:
        yield f"plans/{new.name} is not the new plan: its digest differs"
    place = (folder / parent["place"]).resolve()
    if not place.exists():
        return
    source = plan_file(place, parent["key"]) if place.is_dir() else place
    if not source.is_file() or digest_of(source) != parent["file"]:
        yield f"the plan before, in {parent['place']}, was changed since"
    own = place / RECORD
    now = digest_of(own) if place.is_dir() and own.is_file() else ""
    if now != parent["record"]:
        yield f"the record of the plan before, in {parent['place']}, was changed since"
