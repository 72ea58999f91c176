"""How far values spread over points, where a difference that only rounding makes is none."""

from __future__ import annotations

import numpy as np

from landfront.optimizer import tolerances
from landfront.optimizer.front import Floats


def span_of(values: Floats, size: Floats) -> Floats:
    """Range of each objective over points, 0 where it is noise, shape (p,).

    Values of real-valued objectives are sums of floats: two points with the same value may differ by 1e-16,
    and a range of 1e-16 to divide by would make every distance in that objective infinite.

    Parameters
    ----------
    values
        Shape (s, p), s >= 1.
    size
        Size of each objective's coefficients, shape (p,).
    """
    span = np.ptp(values, axis=0)
    noise = tolerances.NOISE * (np.abs(values).max(axis=0) + size)
    return np.asarray(np.where(span > noise, span, 0.0))
