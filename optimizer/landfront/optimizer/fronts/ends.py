"""Ranges and ends of a front of any number of objectives: what every search for the rest begins with."""

from __future__ import annotations

from collections.abc import Generator
from math import inf

import numpy as np

from landfront.optimizer import tolerances
from landfront.optimizer.front import Floats
from landfront.optimizer.fronts.search import Job, Search


class Ends:
    """Ranges from the relaxations of single objectives, and the best point of each."""

    def __init__(self, search: Search) -> None:
        self.search = search
        self.p = len(search.program.senses)
        self.reached: list[Floats] = []
        self.least, self.most = np.full(self.p, -inf), np.full(self.p, inf)

    def find(self, share: float) -> Generator[Job | None, None, None]:
        """Hand out the jobs: bounds, then ends with this share of a range as the weight of the others."""
        for axis in range(self.p):
            yield self.bound(axis, 1.0)
            yield self.bound(axis, -1.0)
        yield from self.search.idle()
        for axis in range(self.p):
            yield self.end(axis, share)
        yield from self.search.idle()

    def bound(self, axis: int, sign: float) -> Job:
        """A proven bound of one objective from below (sign 1) or from above (sign -1)."""
        task = self.search.relax(sign * np.eye(self.p)[axis], main=axis, may_fail=sign < 0)
        solve = yield from task
        if sign > 0:
            self.least[axis] = solve.beta
            assert solve.relaxed is not None
            self.reached.append(solve.relaxed)
        elif solve.relaxed is not None:
            self.most[axis] = -solve.beta

    @property
    def scale(self) -> Floats:
        """Range of each objective over the relaxations' best solutions, shape (p,)."""
        span = np.ptp(np.array(self.reached), axis=0)
        return np.asarray(np.maximum(span, tolerances.NOISE * self.search.program.objective_span))

    def end(self, axis: int, share: float) -> Job:
        """The best point of one objective, with a little weight on the others."""
        weights = np.where(np.arange(self.p) == axis, 1.0, share * self.scale[axis] / self.scale)
        self.search.keep((yield from self.search.solve(weights, main=axis)))
