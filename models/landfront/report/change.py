"""Differences and triggers of plans by where these stand: runs, points of runs, tables."""

from __future__ import annotations

from pathlib import Path

from landfront.instances.study import Study
from landfront.models.plan import Plan
from landfront.report.chosen import chosen
from landfront.report.diff import Diff
from landfront.report.diff import diff as compare
from landfront.report.triggers import Triggers
from landfront.report.triggers import triggers as of_plan

Where = Plan | str | Path


def diff(first: Where, second: Where, *, study: Study | str | Path | None = None) -> Diff:
    """What a second plan does differently from a first one.

    ``diff(...).matrix`` is the land from each intervention to each other one, ``by_region(level)`` who gains
    and loses, ``by_parcel`` the changed parcels; print it for all of it in words.

    Parameters
    ----------
    first, second
        Plans, runs (``"RUN"`` for its replan or knee, ``"RUN:3"`` for a point), or tables of plans.
    study
        The study of tables of plans.

    Raises
    ------
    InputError
        If a run, point or table is at fault.
    """
    (one, left), (two, right) = (
        _named(first, study, "the first plan"),
        _named(second, study, "the second plan"),
    )
    return compare(one, two, names=(left, right))


def triggers(plan: Where, *, study: Study | str | Path | None = None) -> Triggers:
    """The triggers of a plan: thresholds of its limits and of ``[[triggers]]``, what to do, and who.

    Raises
    ------
    InputError
        If the run, point or table is at fault, or a declared trigger names what is not there.
    """
    return of_plan(_named(plan, study, "")[0])


def _named(plan: Where, study: Study | str | Path | None, name: str) -> tuple[Plan, str]:
    if isinstance(plan, Plan):
        return plan, name
    found = chosen(plan, study=study)
    return found.plan, found.label
