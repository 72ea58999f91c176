"""What every column is worth at prices: reduced values, and what forcing a choice costs at least.

A relaxation gives prices of the coupling rows and of caps on the objectives. Under them the problem falls
apart into one choice per group, so a column's reduced value says how good it is beside the others of its
group. Forcing another column raises the Lagrangian bound by the difference (weak duality, as in `certify`),
which is a proven bound on what that costs.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import inf

import numpy as np
from numpy.typing import NDArray

from landfront.optimizer.certify import cap_multipliers, group_minima, recomputed, row_multipliers
from landfront.optimizer.engine import choose_engine
from landfront.optimizer.front import Fact, Floats
from landfront.optimizer.passes import priced
from landfront.optimizer.program import Program
from landfront.optimizer.tolerances import COLUMN

Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Priced:
    """Prices at which a program falls apart into its groups.

    Attributes
    ----------
    weights
        Of the objectives in minimisation form: what was minimised, and the prices of the caps, shape (p,).
    rows
        Of the coupling rows, shape (r,); positive presses on a lower bound, negative on an upper.
    bound
        Proven: no solution within the caps has a smaller value of the objective that was minimised, in
        minimisation form.
    reason
        How the relaxation ended.
    """

    weights: Floats
    rows: Floats
    bound: float
    reason: str


def price(
    program: Program, objective: int, caps: Floats | None = None, *, time_limit: float | None = None
) -> Priced:
    """Prices from the relaxation of one objective under caps.

    Parameters
    ----------
    program
        Any; integers are relaxed.
    objective
        Which one is optimised.
    caps
        Worst values of the objectives in minimisation form, offsets included, shape (p,); infinite where
        free. None for no caps.
    time_limit
        Seconds.

    Raises
    ------
    ValueError
        If the relaxation has no solution, as when the caps cannot be met.
    """
    engine, _ = choose_engine(program)
    weights = np.zeros(len(program.senses))
    weights[objective] = 1.0
    upper = np.full(len(weights), inf) if caps is None else caps
    answer = engine.relax(weights, upper, seconds=inf if time_limit is None else time_limit)
    if answer.reason not in ("optimal", "time limit"):
        raise ValueError(f"the relaxation has no prices: {answer.reason}")
    fact = Fact(weights, upper, -inf, "recomputed", answer.row_prices, answer.cap_prices)
    proven = recomputed(program, fact)
    return Priced(weights + cap_multipliers(fact), row_multipliers(program, fact), proven.beta, answer.reason)


def reduced_values(program: Program, prices: Priced) -> Floats:
    """Value of each column at prices, small is good, shape (m,)."""
    return priced(program, prices.weights, prices.rows)


def least_of_groups(program: Program, values: Floats) -> Floats:
    """Least that each group's shares come to between the bounds of its columns, shape (groups,).

    This is the group's term of the Lagrangian bound; infinite where the bounds leave no room for the whole.

    Parameters
    ----------
    values
        Of each column, shape (m,), as from `reduced_values`.
    """
    grouped, starts = int(program.starts[-1]), program.starts
    upper = np.minimum(program.upper[:grouped], 1.0)
    least = group_minima(program, values[:grouped], (program.lower[:grouped], upper), starts)
    return np.where(np.add.reduceat(upper, starts[:-1]) < 1.0 - COLUMN, inf, least)


@dataclass(frozen=True)
class Ranked:
    """The best and the second best column of each group, shapes (groups,); closed columns are left out.

    Attributes
    ----------
    best, second
        Columns; `second` is -1 where a group has only one.
    """

    best: Ints
    second: Ints


def ranked(program: Program, values: Floats) -> Ranked:
    """Rank the columns of each group by value, smallest first; ties go to the first column."""
    starts, grouped = program.starts, int(program.starts[-1])
    open_ = np.where(program.upper[:grouped] > 0, values[:grouped], inf)
    best = _first_at(open_, starts)
    rest = open_.copy()
    rest[best] = inf
    second = _first_at(rest, starts)
    return Ranked(best, np.where(np.isfinite(rest[second]), second, -1))


def runner_up(program: Program, values: Floats, chosen: Ints) -> Ints:
    """Best column of each group other than `chosen`, shape (groups,), -1 where there is no other."""
    found = ranked(program, values)
    return np.where(found.best == chosen, found.second, found.best)


def _first_at(values: Floats, starts: Ints) -> Ints:
    """First column of each group that has its least value."""
    least = np.minimum.reduceat(values, starts[:-1])
    columns = np.arange(len(values))
    here = np.where(values == np.repeat(least, np.diff(starts)), columns, len(values))
    return np.asarray(np.minimum.reduceat(here, starts[:-1]))
