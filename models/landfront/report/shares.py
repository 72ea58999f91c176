"""Areas by intervention in one plan and over all plans of a front, as arrays."""

from __future__ import annotations

from functools import reduce

import numpy as np
from numpy.typing import NDArray

from landfront.report.result import Result

Floats = NDArray[np.float64]


def option_areas(result: Result) -> Floats:
    """Area in ha of each option's parcel, shape (m,)."""
    return np.asarray(result.formulation.landscape.area[result.formulation.menu.parcel])


def range_of_shares(result: Result) -> tuple[Floats, Floats]:
    """Smallest and largest share of each option over the points of the front, shape (m,) each."""
    options = len(result.formulation.menu)
    shares = [point.x[:options] for point in result.front.points]
    # Whole plans are bytes, and are compared as such.
    least, most = reduce(np.minimum, shares), reduce(np.maximum, shares)
    return least.astype(np.float64), most.astype(np.float64)


def by_intervention(result: Result, shares: Floats) -> Floats:
    """Area in ha of each intervention, shape (K,), of shares per option."""
    menu = result.formulation.menu
    areas = shares * option_areas(result)
    return np.bincount(menu.kind, weights=areas, minlength=len(menu.interventions)).astype(np.float64)


def main_choice(result: Result, shares: Floats) -> NDArray[np.int16]:
    """Intervention with the largest share of each parcel, the first of equal ones, shape (n,)."""
    menu = result.formulation.menu
    largest = np.maximum.reduceat(shares, menu.starts[:-1])
    is_largest = shares >= largest[menu.parcel]
    position = np.where(is_largest, np.arange(len(menu)), len(menu))
    return menu.kind[np.minimum.reduceat(position, menu.starts[:-1])]


def agreed_share(result: Result) -> Floats:
    """Share of each parcel that gets the same intervention in every plan of the front, shape (n,)."""
    menu = result.formulation.menu
    least, parcels = range_of_shares(result)[0], len(result.formulation.landscape)
    return np.bincount(menu.parcel, weights=least, minlength=parcels).astype(np.float64)
