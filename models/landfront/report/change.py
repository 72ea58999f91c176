"""Differences, triggers and explanations of plans by where these stand: runs, points of runs, tables."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from landfront.instances.study import Study
from landfront.models.plan import Plan
from landfront.report.chosen import chosen
from landfront.report.diff import Diff
from landfront.report.diff import diff as compare
from landfront.report.explain import Explanation, explain_plan
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


def explain(
    plan: Where,
    traded: Sequence[str] = (),
    *,
    study: Study | str | Path | None = None,
    time_limit: float | None = None,
) -> Explanation:
    """Why each parcel has its option: what it is worth at the plan's prices, and what comes second.

    ``explain(...).to_frame()`` has a row per parcel, ``sheet(parcel)`` says it in plain English, and
    ``sheet(parcel, "zh")`` in Chinese.

    Parameters
    ----------
    plan
        A plan, a run (``"RUN:3"`` for a point), or a table of a plan.
    traded
        Criteria of the front that a `Plan` is of, the main one first; a run knows its own.
    study
        Where the study of a run is now, or the study of a table.
    time_limit
        Seconds for the prices.

    Raises
    ------
    InputError
        If the run, point or table is at fault, or the plan breaks limits so that no prices belong to it.
    """
    if isinstance(plan, Plan):
        return explain_plan(plan, traded, time_limit=time_limit)
    found = chosen(plan, study=study)
    return explain_plan(found.plan, traded or found.traded, time_limit=time_limit)


def _named(plan: Where, study: Study | str | Path | None, name: str) -> tuple[Plan, str]:
    if isinstance(plan, Plan):
        return plan, name
    found = chosen(plan, study=study)
    return found.plan, found.label
