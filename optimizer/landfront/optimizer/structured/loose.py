"""Loose columns in the dual: what they cost at given prices, smoothed as the groups' minima are."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from landfront.optimizer.program import Floats
from landfront.optimizer.structured.scalar import Scalar

FREE_BOUND = 10.0
"""Stand-in for an infinite bound of a loose column, in units of the rows' total use per unit of the
column."""


STIFF = 1e4
"""Most curvature of a loose column, as a multiple of the groups' along the same prices: it then is off by a
ten-thousandth of what the groups move, and leaves a Newton step the digits for the rest."""


def loose_part(scalar: Scalar, prices: Floats, width: Floats) -> tuple[float, Floats, Floats]:
    """Smoothed least costs of the loose columns, each between its two bounds; their use and curvature.

    Where a column costs nothing its part is 0, whatever its width, shape (loose,).
    """
    low, high = scalar.loose_lower, scalar.loose_upper
    middle, half = (high + low) / 2, (high - low) / 2
    reduced = scalar.loose_cost + scalar.price(prices) @ scalar.loose
    # min over [-half, half] of reduced * x, smoothed: -width * log(cosh(reduced * half / width))
    tilt = reduced * half / width
    share = -np.tanh(tilt)
    value = float(reduced @ middle) - float(width @ (np.logaddexp(tilt, -tilt) - np.log(2.0)))
    x = middle + half * share
    weight = half**2 * (1 - share**2) / width
    bent = (scalar.loose * weight) @ scalar.loose.T
    return value, scalar.loose @ x, bent.toarray()


def bounded(scalar: Scalar, size: Floats, groups: int) -> Scalar:
    """The problem with finite bounds in place of infinite ones: what the rows could ever need of a column."""
    if not len(scalar.loose_cost):
        return scalar
    need = FREE_BOUND * size * groups
    ratio = sp_ratio(scalar, need)
    low = np.where(np.isinf(scalar.loose_lower), -ratio, scalar.loose_lower)
    high = np.where(np.isinf(scalar.loose_upper), ratio, scalar.loose_upper)
    return replace(scalar, loose_lower=np.minimum(low, high), loose_upper=np.maximum(low, high))


def sp_ratio(scalar: Scalar, need: Floats) -> Floats:
    """Largest need of a row over the coefficient of each loose column in it, shape (loose,)."""
    matrix = scalar.loose
    column = np.repeat(np.arange(matrix.shape[1]), np.diff(matrix.indptr))
    ratio = np.zeros(matrix.shape[1])
    filled = matrix.data != 0
    np.maximum.at(ratio, column[filled], need[matrix.indices[filled]] / np.abs(matrix.data[filled]))
    return np.where(ratio > 0, ratio, 1.0)


def loose_widths(scalar: Scalar, curvature: Floats, sizes: Floats, width: float) -> Floats:
    """Widths at which loose columns bend the dual no more than `STIFF` times what groups do, shape (loose,).

    A column without an end bends it along its own coefficients alone, and so much that nothing else would be
    left of a Newton step. `curvature` (k, k) is that of the groups, `sizes` (k,) those of the rows.
    """
    along = scalar.loose.toarray().T / sizes  # prices in units of what the rows are worth
    bent = np.sum(along @ (curvature / np.outer(sizes, sizes)) * along, axis=1)
    size, half = np.sum(along**2, axis=1), (scalar.loose_upper - scalar.loose_lower) / 2
    wide = np.divide((half * size) ** 2, STIFF * bent, out=np.zeros_like(bent), where=bent > 0)
    return np.asarray(np.maximum(wide, width))
