"""The driver of every method: chooses it, keeps the clock, catches what ends it early, and builds the front.

A front is called complete only when `proof` derives from the archive and the facts that nothing is missing.
"""

from __future__ import annotations

from collections.abc import Callable
from math import inf
from time import monotonic
from typing import Literal

from landfront.optimizer.engine import Engine, choose_engine
from landfront.optimizer.front import Front, Reason
from landfront.optimizer.fronts.boxes import boxes
from landfront.optimizer.fronts.sandwich import sandwich
from landfront.optimizer.fronts.search import OnPoint, OnProgress, Request, Search, Stop
from landfront.optimizer.program import Program
from landfront.optimizer.proof import prove

Method = Callable[[Search], str]


def solve_front(
    program: Program,
    *,
    points: int | Literal["all"] = 40,
    gap: float = 1e-4,
    time_limit: float | None = None,
    method: str = "auto",
    on_point: OnPoint | None = None,
    on_progress: OnProgress | None = None,
    engine: Engine | None = None,
) -> Front:
    """The front of a program with two objectives.

    Parameters
    ----------
    program
        With two objectives.
    points
        How many points, at least 2; "all" for the complete front: every vertex without integers, every
        nondominated point (up to the gap where values are real) with them.
    gap
        A point is proven within this share of its value; a complete front within this share of its range.
    time_limit
        Seconds for everything. What was found by then is returned.
    method
        "auto", "sandwich" (no integers) or "boxes".
    on_point
        Called with each new point and the facts that its solve proved. A point may be beaten later.
    on_progress
        Called with the number of points, the number asked for (None for all) and a word.
    engine
        Instead of the one that `choose_engine` takes.

    Returns
    -------
    Front
        Interrupted, timed out or failed searches return what was found, with the reason.

    Raises
    ------
    Infeasible, Unbounded
        From the first solve.
    ValueError
        If the program has not two objectives, or the method cannot take it.
    """
    _check(program, points, gap)
    run, method_words = _choose(program, method)
    if engine is None:
        engine, engine_words = choose_engine(program)
    else:
        engine_words = engine.name
    began = monotonic()
    wanted = None if points == "all" else int(points)
    deadline = inf if time_limit is None else began + time_limit
    search = Search(program, engine, Request(wanted, gap, deadline, on_point, on_progress))
    reason, detail = _run(search, run)
    return build_front(
        search, reason, detail, seconds=monotonic() - began, method=f"{method_words}; {engine_words}"
    )


def _check(program: Program, points: int | str, gap: float) -> None:
    if len(program.senses) != 2:
        raise ValueError(f"a front of two objectives was asked of a program with {len(program.senses)}")
    if points != "all" and (not isinstance(points, int) or points < 2):
        raise ValueError(f'points must be "all" or a whole number from 2 on, not {points!r}')
    if not 0 < gap < 1:
        raise ValueError(f"gap must lie between 0 and 1, not {gap!r}")


def _choose(program: Program, method: str) -> tuple[Method, str]:
    integers = bool(program.integer.any())
    if method not in ("auto", "sandwich", "boxes"):
        raise ValueError(f"unknown method {method!r}: use auto, sandwich or boxes")
    if method == "sandwich" and integers:
        raise ValueError("the sandwich mixes neighbouring solutions, which integers do not allow: use boxes")
    if method == "boxes" or (method == "auto" and integers):
        why = "integers allow no mixes" if integers else "asked for"
        return boxes, f"boxes, widest first ({why})"
    return sandwich, "dual sandwich, largest gap first (no integers: neighbours mix)"


def _run(search: Search, method: Method) -> tuple[Reason, str]:
    try:
        detail = method(search)
    except Stop as stop:
        return stop.reason, stop.detail
    except KeyboardInterrupt:
        return "interrupted", "interrupted from the keyboard"
    if search.enough:
        return "points reached", detail
    return "optimal", detail


def build_front(search: Search, reason: Reason, detail: str, *, seconds: float, method: str) -> Front:
    """The front of an archive: own senses, bounds by all facts, and what is proven of the whole."""
    program = search.program
    proven = prove(program, search.values, search.facts, search.request.gap)
    if reason == "optimal" and not proven.complete:
        reason = "time limit" if search.weak else "error"
    if search.weak and not proven.complete:
        detail = f"{detail}; {search.weak}"
    points = [search.point(solve) for solve in search.archive]
    points.sort(key=lambda point: float(point.values[0]))
    return Front(
        criteria=program.objective_names,
        senses=program.senses,
        points=tuple(points),
        facts=tuple(search.facts),
        ideal=program.senses * proven.ideal,
        nadir=program.senses * proven.nadir,
        complete=proven.complete,
        coverage=proven.coverage,
        hypervolume=proven.hypervolume,
        reason=reason,
        detail=detail,
        seconds=seconds,
        solves=search.scalarizer.solves,
        method=method,
        solver=search.engine.name,
    )
