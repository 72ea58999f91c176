r"""Samples: how many plots reach a precision, how they are shared among strata, and where they lie.

Formula, for a stratum of N possible plots with the coefficient of variation cv, alone:

    n = the least n with  t(1 - (1 - c) / 2, n - 1) * cv * sqrt((1 - n / N) / n) <= e

and for the total of all strata, shared after Neyman:

    n   = (sum of w_h s_h)^2 / (E^2 / t^2 + sum of w_h^2 s_h^2 / N_h),    n_h = n w_h s_h / sum of w s

Strata that would get all their plots, or more, are counted whole and add no error: the sums, and t with n - H
degrees of freedom, are over the H others, until none is left that would.

| symbol | meaning |
|---|---|
| e, c | precision asked, as a share of the mean, and confidence |
| t | Student's t |
| w_h, s_h | share of the area, and spread: cv_h times the mean change per ha |
| N_h | possible plots of the stratum |
| E | e times the mean change per ha of all strata |

Both are textbook (W. G. Cochran, Sampling Techniques, 1977, chapters 2, 4 and 5; 5.8 is on strata counted
whole); the second is also the CDM's tool for the number of plots in forest projects (AR-TOOL03).

>>> needed(np.array([0.4]), np.array([1e9]), precision=0.1, confidence=0.9).tolist()
[46]
>>> needed(np.array([0.4]), np.array([60.0]), precision=0.1, confidence=0.9).tolist()  # few plots at all
[27]
>>> cv, mean, area = np.array([1.5, 0.3]), np.array([20.0, 1.0]), np.array([0.5, 40.0])
>>> neyman(cv, mean, area, np.array([7.5, 600.0]), precision=0.1, confidence=0.9).tolist()  # 7 at all
[7, 18]
"""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import geopandas as gpd

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
FEWEST = 2
"""Plots of a stratum at least: of one there is no spread."""
NARROWER, TRIES = 0.97, 200
"""A grid that hits a stratum too seldom is made closer by this, so many times at most."""


def half_width(plots: Ints, cv: Floats, population: Floats, *, confidence: float) -> Floats:
    """Half the confidence interval of the mean of each stratum, as a share of it, shape (h,)."""
    from scipy.stats import t

    score = t.ppf(0.5 + confidence / 2, np.maximum(plots - 1, 1))
    return np.asarray(score * cv * np.sqrt(np.maximum(1 - plots / population, 0.0) / plots))


def _whole(population: Floats) -> Floats:
    """Plots that fit in each stratum: one at least."""
    return np.maximum(np.floor(population), 1.0)


def needed(cv: Floats, population: Floats, *, precision: float, confidence: float) -> Ints:
    """Fewest plots that reach the precision in each stratum; all that there are where that is not enough."""
    most = _whole(population)
    low = np.minimum(np.full(len(cv), FEWEST - 1.0), most)
    high = np.minimum(np.maximum(np.ceil((50 * cv / precision) ** 2), 1000.0), most)
    while (high - low > 1).any():
        middle = np.floor((low + high) / 2)
        enough = half_width(middle.astype(np.int64), cv, most, confidence=confidence) <= precision
        high, low = np.where(enough, middle, high), np.where(enough, low, middle)
    return high.astype(np.int64)


def neyman(
    cv: Floats, mean: Floats, area: Floats, population: Floats, *, precision: float, confidence: float
) -> Ints:
    """Plots of each stratum that reach the precision for their total with the fewest in all.

    `mean` is the change per ha, `population` the number of possible plots; all have shape (h,). Each stratum
    has at least two, as far as there are, and never more than there are.
    """
    weight, most = area / area.sum(), _whole(population)
    share, error = weight * cv * np.abs(mean), precision * abs(float(weight @ mean))
    plots, rest = most.copy(), share > 0
    plots[~rest] = 0.0
    while rest.any():
        total = _total(share[rest], most[rest], error, confidence)
        found = np.ceil(total * share[rest] / share[rest].sum())
        full = found >= most[rest]
        if not full.any():
            plots[rest] = found
            break
        rest[np.flatnonzero(rest)[full]] = False
    return np.clip(plots, np.minimum(FEWEST, most), most).astype(np.int64)


def _total(share: Floats, most: Floats, error: float, confidence: float) -> int:
    """Fewest plots of these strata together whose error is small enough; t depends on them too."""
    from scipy.stats import t

    finite = float((share**2 / most).sum())

    def enough(plots: int) -> bool:
        score = float(t.ppf(0.5 + confidence / 2, max(plots - len(share), 1)))
        return plots * ((error / score) ** 2 + finite) >= float(share.sum()) ** 2

    return 1 + bisect_left(range(1, int(most.sum())), True, key=enough)


def along(area: Floats, plots: int, rng: np.random.Generator) -> tuple[Ints, Floats]:
    """Systematic plots along a list of parcels by area, from a random start: the parcel, and where in it.

    The second is the share of the parcel's area that lies before the plot.
    """
    ends = np.cumsum(area)
    step = float(ends[-1]) / plots
    at = (rng.random() + np.arange(plots)) * step
    parcel = np.minimum(np.searchsorted(ends, at, side="right"), len(area) - 1)
    return parcel, np.clip((at - (ends - area)[parcel]) / area[parcel], 0.0, 1.0)


def grid(shapes: gpd.GeoSeries, plots: int, rng: np.random.Generator) -> tuple[Ints, Floats]:
    """A square grid of at least so many points inside shapes, from a random start.

    Parameters
    ----------
    shapes
        In a coordinate system of metres.

    Returns
    -------
    The shape of each point, by position, and its coordinates, shape (points, 2).
    """
    import shapely

    tree = shapely.STRtree(shapes.to_numpy())
    left, bottom, right, top = shapes.total_bounds
    spacing, start = float(np.sqrt(shapes.area.sum() / plots)), rng.random(2)
    for _ in range(TRIES):
        across = np.arange(left + (start[0] - 1) * spacing, right + spacing, spacing)
        up = np.arange(bottom + (start[1] - 1) * spacing, top + spacing, spacing)
        points = np.stack(np.meshgrid(across, up), axis=-1).reshape(-1, 2)
        point, shape = tree.query(shapely.points(points), predicate="intersects")
        point, first = np.unique(point, return_index=True)  # on a common edge a point counts once
        if len(point) >= plots:
            break
        spacing *= NARROWER
    return shape[first].astype(np.int64), points[point]
