"""Trade-off rates of a front: along its edges, and at a point from the half-planes that support it."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from landfront.optimizer.certify import half_plane
from landfront.optimizer.front import Fact, Floats, Front
from landfront.optimizer.program import Program

if TYPE_CHECKING:
    import pandas as pd

SUPPORT = 1e-6
"""A half-plane within this share of the range of a point supports it: finer is the noise of values."""

SAME_RATE = 6
"""Digits at which two supporting half-planes are the same."""


def edges(front: Front, *, program: Program | None = None) -> pd.DataFrame:
    """The rate of exchange between each pair of neighbours of a front of two objectives.

    Parameters
    ----------
    front
        With two objectives.
    program
        The program of the front. Without it no edge is called proven, as it says which mixes are solutions.

    Returns
    -------
    pandas.DataFrame
        One row per pair: ``left`` and ``right`` (points), ``rate`` (change of the first objective per unit
        of the second, own senses and units), ``NAME from`` and ``NAME to`` (where the rate holds), and

        - ``supported``: proven that no solution lies beyond the line between the two;
        - ``proven``: supported, and every mix of the two is a solution: the line is an edge of the front.
          Otherwise the rate is that of a secant.

    Raises
    ------
    ValueError
        If the front has not two objectives.
    """
    import pandas as pd

    if len(front.criteria) != 2:
        raise ValueError(
            f"edges are of fronts of two objectives, not {len(front.criteria)}: see trade_offs(front, point)"
        )
    left, right = front.values[:-1], front.values[1:]
    pairs = np.arange(max(len(front) - 1, 0))
    change = right - left
    columns: dict[str, NDArray[np.generic]] = {"left": pairs, "right": pairs + 1}
    columns["rate"] = change[:, 0] / change[:, 1]
    for axis, name in enumerate(front.criteria):
        columns[f"{name} from"], columns[f"{name} to"] = left[:, axis], right[:, axis]
    supported = _supported(front)
    columns["supported"] = supported
    columns["proven"] = supported & _mixes(front, program)
    return pd.DataFrame(columns)


def _supported(front: Front) -> NDArray[np.bool_]:
    """Whether a fact says that no solution lies beyond the line between two neighbours, shape (s - 1,).

    What beats a mix of a and b is nowhere worse than the worse of the two, so facts with caps count when
    they hold up to there.
    """
    a, b = _minimised(front)[:-1], _minimised(front)[1:]
    span = _span(front)
    found = np.zeros(len(a), dtype=bool)
    for fact in front.facts:
        weights, beta, upper = plane(fact)
        if not np.isfinite(beta) or np.any(weights < 0):
            continue
        reach = SUPPORT * float(weights @ span)
        near = (a @ weights <= beta + reach) & (b @ weights <= beta + reach)
        found |= near & np.all(np.maximum(a, b) <= upper, axis=1)
    return found


def plane(fact: Fact) -> tuple[Floats, float, Floats]:
    """Weights, bound and caps of a fact; a recomputed one holds without caps."""
    if fact.proof == "recomputed" and np.isfinite(fact.beta):
        return *half_plane(fact), np.full(len(fact.upper), np.inf)
    return fact.weights, fact.beta, fact.upper


def _mixes(front: Front, program: Program | None) -> NDArray[np.bool_]:
    """Whether mixes of two neighbours are solutions: they agree in all integer columns, shape (s - 1,)."""
    if program is None:
        return np.zeros(max(len(front) - 1, 0), dtype=bool)
    whole = [point.x[program.integer] for point in front]
    return np.array([np.array_equal(one, two) for one, two in pairwise(whole)], dtype=bool)


def trade_offs(front: Front, point: int) -> pd.DataFrame:
    """Rates of exchange at a point, from every proven half-plane that touches it.

    The half-plane ``w @ y >= beta`` that holds with equality at a point says: who stays with the other
    objectives where they are cannot get more of the first for a unit of objective j than ``w[j] / w[0]``.
    A vertex of a front without integers has one row per proven edge or facet at it; the rates between them
    are what it stands for.

    Parameters
    ----------
    front
        With any number of objectives.
    point
        Which point.

    Returns
    -------
    pandas.DataFrame
        One row per half-plane: a column for each objective with the change of the first one per unit of it
        (own senses and units; infinite where the half-plane does not bound the first objective), and
        ``proof``. Empty where no half-plane is known to touch the point.
    """
    import pandas as pd

    y, span = _minimised(front)[point], _span(front)
    rows: dict[tuple[float, ...], tuple[Floats, str]] = {}
    for fact in front.facts:
        weights, beta, upper = plane(fact)
        if np.isfinite(upper).any() or not np.isfinite(beta) or np.any(weights < 0):
            continue
        size = weights * span
        if weights @ y > beta + SUPPORT * size.sum():
            continue
        rows.setdefault(tuple(np.round(size / size.sum(), SAME_RATE).tolist()), (weights, fact.proof))
    rates = np.array([_rates(front, weights) for weights, _ in rows.values()])
    frame = pd.DataFrame(rates.reshape(len(rows), len(front.criteria)), columns=list(front.criteria))
    frame["proof"] = [proof for _, proof in rows.values()]
    return frame.sort_values(list(front.criteria[1:]), ignore_index=True)


def _rates(front: Front, weights: Floats) -> Floats:
    """Change of the first objective per unit of each, own senses, shape (p,); 1 for the first itself."""
    senses = front.senses.astype(np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        rates = -weights / weights[0] * senses[0] * senses
    rates[0] = 1.0
    # Adding zero turns a negative zero into zero.
    return np.asarray(rates + 0.0)


def _minimised(front: Front) -> Floats:
    return np.asarray(front.values * front.senses, dtype=np.float64)


def _span(front: Front) -> Floats:
    """Range of each objective over the front, or the size of its value where all points share it."""
    span = np.ptp(front.values, axis=0) if len(front) else np.zeros(len(front.criteria))
    size = np.abs(front.values).max(axis=0, initial=0.0)
    return np.asarray(np.where(span > 0, span, np.where(size > 0, size, 1.0)))
