"""What would mend a study that no plan can meet: the least by which each limit that clashes must give way.

The limit's bounds are taken away, and what it bounds is driven towards the bound that was broken under
everything else that the study asks (the elastic programs of J. W. Chinneck, Feasibility and Infeasibility in
Optimization, 2008, one limit at a time). What is reached is met by a plan, so the repair is enough. It is the
least up to `GAP`, unless time ran out.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from time import monotonic

import numpy as np
import scipy.sparse as sp

from landfront.models.formulate import Formulation, LimitRow
from landfront.optimizer.engine import choose_engine
from landfront.optimizer.front import Point
from landfront.optimizer.points import make_point
from landfront.optimizer.program import Program, Stack
from landfront.optimizer.scalarize import Scalarizer
from landfront.optimizer.task import Task
from landfront.report.extended import linked
from landfront.report.quantities import percent, quantity
from landfront.report.reach import reach

SECONDS = 30.0
"""Longest search for all repairs of a study: the clash itself is known by then."""

FEWEST_SECONDS = 1.0
"""Repairs of several limits together are not sought in less."""

MOST = 12
"""Limits that are looked at, those on everything before those of a region: at a million parcels each takes
two or three seconds."""

GAP = 1e-3
"""Gap of each repair: its figure is rounded to the safe side at `DIGITS` anyway."""

DIGITS = 4
"""Figures in which a repair is given, as quantities are printed."""

MET = 1e-9
"""Share of a bound by which it may be missed and still be met: what recomputing leaves."""


@dataclass(frozen=True)
class Repair:
    """A bound of one limit that some plan can meet beside all other limits.

    Attributes
    ----------
    limit
        The limit, with the bounds that clash.
    lower
        Whether its lower bound is to be lowered, else the upper one is to be raised.
    bound
        The new bound, as the limit counts it, rounded to the safe side.
    share
        Change over the larger of the old bound and today's amount, by which repairs are ranked.
    """

    limit: LimitRow
    lower: bool
    bound: float
    share: float

    def __str__(self) -> str:
        """Say it in words."""
        row, old = self.limit, _bound(self.limit, self.lower)
        verb, by = ("lower", old - self.bound) if self.lower else ("raise", self.bound - old)
        size = f"by {quantity(by, row.unit)}"
        if old:
            size += f" ({percent(by / abs(old))})"
        return f"{row.name}: {verb} {quantity(old, row.unit)} to {quantity(self.bound, row.unit)}, {size}"


def repairs_of(
    formulation: Formulation, rows: Sequence[int], *, seconds: float = SECONDS
) -> tuple[Repair, ...]:
    """Each way to make a study feasible by loosening one of these limits alone, the smallest change first.

    Parameters
    ----------
    formulation
        A study that no plan can meet.
    rows
        Limits that clash, as rows of the program.
    seconds
        For all of them; what is not found by then is left out.
    """
    deadline = monotonic() + seconds
    found = []
    for row in sorted(rows, key=lambda row: bool(formulation.limits[row].level))[:MOST]:
        limit = formulation.limits[row]
        for lower in (True, False):
            left = deadline - monotonic()
            if left > 0 and math.isfinite(_bound(limit, lower)):
                bound = _reached(formulation.program, row, limit, lower=lower, seconds=left)
                if bound is not None:
                    found.append(_repair(limit, lower, bound))
    return tuple(sorted(found, key=lambda repair: repair.share))


def joint_repair(formulation: Formulation, *, seconds: float = SECONDS) -> tuple[Repair, ...]:
    """Limits that must give way together, with the least sum of their changes as shares of what they bound.

    All limits are elastic at once; for a study whose clash no single limit mends. Empty where nothing is
    found in time.
    """
    if seconds < FEWEST_SECONDS:
        return ()
    program, limits = formulation.program, formulation.limits
    every = ((row, low) for row in range(len(limits)) for low in (True, False))
    sides = [(row, low) for row, low in every if math.isfinite(_bound(limits[row], low))]
    if not sides:
        return ()
    rows = np.array([row for row, _ in sides], dtype=np.int64)
    sign = np.array([1.0 if low else -1.0 for _, low in sides])
    lower, upper = program.row_lower[rows], program.row_upper[rows]
    asked, most = np.where(sign > 0, lower, upper), np.array([reach(program, row) for row in rows])
    short = np.maximum(np.where(sign > 0, asked - most[:, 0], most[:, 1] - asked), 0.0)
    size = np.array([_size(limits[row], low) for row, low in sides])
    free = program.row_lower.copy(), program.row_upper.copy()
    free[0][: len(limits)], free[1][: len(limits)] = -np.inf, np.inf
    elastic = linked(
        replace(program, row_lower=free[0], row_upper=free[1]),
        (program.row_matrix[rows], sp.csr_array(sp.diags_array(sign))),
        bounds=(np.where(sign > 0, lower, -np.inf), np.where(sign > 0, np.inf, upper)),
        cost=1.0 / size,
        columns=(np.zeros(len(rows)), short),
        names=[f"{limits[row].name} gives way" for row in rows],
    )
    point = _best(elastic, seconds=seconds)
    if point is None:
        return ()
    missed = np.asarray(point.x[program.columns :], dtype=np.float64)
    return tuple(
        _repair(limits[row], low, _bound(limits[row], low) - (miss if low else -miss))
        for (row, low), miss, unit in zip(sides, missed.tolist(), size.tolist(), strict=True)
        if miss > MET * unit
    )


def _best(program: Program, *, seconds: float) -> Point | None:
    """The best solution of a program with one objective; None where none was found, for whatever reason."""
    task = Task(np.ones(1), np.full(1, np.inf), share=GAP, deadline=monotonic() + seconds)
    solve = Scalarizer(program, choose_engine(program)[0]).solve(task)
    known = solve.x is not None and solve.reason != "unbounded"
    return make_point(program, solve, solve.beta, objective=0) if known else None


def _bound(limit: LimitRow, lower: bool) -> float:
    return limit.lower if lower else limit.upper


def _size(limit: LimitRow, lower: bool) -> float:
    """What changes of a limit are counted per: its bound or today's amount, whichever is more."""
    return max(abs(_bound(limit, lower)), abs(limit.baseline)) or 1.0


def _reached(program: Program, row: int, limit: LimitRow, *, lower: bool, seconds: float) -> float | None:
    """The best that a row can be on the side of a bound under all others; None where nothing can be."""
    low, high = program.row_lower.copy(), program.row_upper.copy()
    (low if lower else high)[row] = -np.inf if lower else np.inf
    shift = 0.0 if limit.of == "change" else limit.baseline
    asked = replace(
        program,
        objectives=Stack(program.rows.take([row]).blocks, program.columns),
        senses=np.array([-1 if lower else 1], dtype=np.int8),
        offsets=np.array([shift]),
        objective_names=(limit.name,),
        row_lower=low,
        row_upper=high,
    )
    point = _best(asked, seconds=seconds)
    if point is None:
        return None
    value, bound = float(point.values[0]), _bound(limit, lower)
    missed = bound - value if lower else value - bound
    return value if missed > MET * max(abs(bound), 1.0) else None


def _repair(limit: LimitRow, lower: bool, value: float) -> Repair:
    new = safe(value, up=not lower)
    return Repair(limit, lower, new, abs(new - _bound(limit, lower)) / _size(limit, lower))


def safe(value: float, *, up: bool) -> float:
    """The number with `DIGITS` figures, rounded up or down.

    >>> safe(541.26, up=False), safe(-541.26, up=False), safe(541.26, up=True)
    (541.2, -541.3, 541.3)
    """
    if value == 0:
        return 0.0
    places = DIGITS - 1 - math.floor(math.log10(abs(value)))
    step = 10.0**places
    scaled = value * step
    near = round(scaled)
    whole = (
        near if abs(scaled - near) < MET * abs(scaled) else math.ceil(scaled) if up else math.floor(scaled)
    )
    return float(round(whole / step, max(places, 0)))
