"""Trade-off rates of a front: along its edges, and at a point from the half-planes that support it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
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
        One row per pair, and per segment with an open end (of a mixed program): ``left`` and ``right``
        (points, -1 for an open end), ``rate`` (change of the first objective per unit of the second, own
        senses and units), ``NAME from`` and ``NAME to`` (where the rate holds), and

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
    spans = [*_neighbours(front, program), *_open_segments(front)]
    spans.sort(key=lambda span: float(span.values[0, 0]))
    values = np.array([span.values for span in spans]).reshape(-1, 2, 2)
    change = values[:, 1] - values[:, 0]
    columns: dict[str, NDArray[np.generic]] = {
        "left": np.array([span.left for span in spans], dtype=np.int64),
        "right": np.array([span.right for span in spans], dtype=np.int64),
        "rate": change[:, 0] / change[:, 1],
    }
    for axis, name in enumerate(front.criteria):
        columns[f"{name} from"], columns[f"{name} to"] = values[:, 0, axis], values[:, 1, axis]
    columns["supported"] = _supported(front, values)
    columns["proven"] = columns["supported"] & np.array([span.mixes for span in spans], dtype=bool)
    return pd.DataFrame(columns)


@dataclass(frozen=True)
class Span:
    """A line between two values of a front.

    Attributes
    ----------
    values
        Own senses, by the first ascending, shape (2, 2).
    left, right
        The points at its ends, -1 where an end is open.
    mixes
        Whether every mix of its ends is a solution.
    """

    values: Floats
    left: int
    right: int
    mixes: bool


def _neighbours(front: Front, program: Program | None) -> Iterator[Span]:
    """A span between each pair of points; mixes are solutions where two agree in all integer columns."""
    for place, (one, two) in enumerate(pairwise(front.points)):
        mixes = program is not None and np.array_equal(one.x[program.integer], two.x[program.integer])
        yield Span(np.array([one.values, two.values]), place, place + 1, bool(mixes))


def _open_segments(front: Front) -> Iterator[Span]:
    """The segments with an end that is no point: those between two points are among the neighbours."""
    span = _span(front)
    for segment in front.segments:
        if all(segment.closed):
            continue
        ends = [
            int(np.argmin((np.abs(front.values - values) / span).max(axis=1))) if closed else -1
            for values, closed in zip(segment.values, segment.closed, strict=True)
        ]
        yield Span(segment.values, ends[0], ends[1], True)


def _supported(front: Front, values: Floats) -> NDArray[np.bool_]:
    """Whether a fact says that no solution lies beyond the lines with these ends, shape (k,).

    What beats a mix of a and b is nowhere worse than the worse of the two, so facts with caps count when
    they hold up to there.
    """
    a, b = values[:, 0] * front.senses, values[:, 1] * front.senses
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
    return _trade_offs(front, point, _half_planes(front))


def all_trade_offs(front: Front) -> list[pd.DataFrame]:
    """The `trade_offs` of every point, whose half-planes are worked out once."""
    planes = _half_planes(front)
    return [_trade_offs(front, point, planes) for point in range(len(front))]


def _half_planes(front: Front) -> list[tuple[Floats, float, str]]:
    """Weights, bound and proof of every fact that holds without caps."""
    found = [(*plane(fact), fact.proof) for fact in front.facts]
    return [
        (weights, beta, proof)
        for weights, beta, upper, proof in found
        if not np.isfinite(upper).any() and np.isfinite(beta) and not np.any(weights < 0)
    ]


def _trade_offs(front: Front, point: int, planes: list[tuple[Floats, float, str]]) -> pd.DataFrame:
    import pandas as pd

    y, span = _minimised(front)[point], _span(front)
    rows: dict[tuple[float, ...], tuple[Floats, str]] = {}
    for weights, beta, proof in planes:
        size = weights * span
        if weights @ y > beta + SUPPORT * size.sum():
            continue
        rows.setdefault(tuple(np.round(size / size.sum(), SAME_RATE).tolist()), (weights, proof))
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
