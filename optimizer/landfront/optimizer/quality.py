"""How good a front is: ideal, nadir, the knee."""

from __future__ import annotations

import numpy as np

from landfront.optimizer.front import Floats, Front


def ideal_nadir(values: Floats) -> tuple[Floats, Floats]:
    """Best and worst of each objective over nondominated values in minimisation form, shape (p,) each."""
    return values.min(axis=0), values.max(axis=0)


def knee(front: Front) -> int:
    """Index of the point furthest from the chord of the ends, in units of the ideal-nadir range.

    With more than two objectives, from the plane through the unit vectors.
    """
    if len(front) == 0:
        raise ValueError("an empty front has no knee")
    span = np.abs(front.nadir - front.ideal)
    unit = np.abs(front.values - front.ideal) / np.where(span > 0, span, 1.0)
    return int(np.argmin(unit.sum(axis=1)))
