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
        self.most = np.full(self.p, inf)

    def find(self, share: float) -> Generator[Job | None, None, None]:
        """Hand out the jobs: bounds, then ends with this share of a range as the weight of the others."""
        for axis in range(self.p):
            yield self.best(axis)
            if self.search.program.groups < tolerances.MANY_GROUPS:
                yield self.worst(axis)
        yield from self.search.idle()
        for axis in range(self.p):
            yield self.end(axis, share)
        yield from self.search.idle()

    def best(self, axis: int) -> Job:
        """What can be reached of one objective, and a proof of it."""
        solve = yield from self.search.relax(self.search.alone(axis), main=axis)
        assert solve.relaxed is not None
        self.reached.append(solve.relaxed)

    def worst(self, axis: int) -> Job:
        """A proven bound of one objective from above, which only spares work."""
        solve = yield from self.search.relax(-np.eye(self.p)[axis], main=axis, may_fail=True)
        if solve.relaxed is not None:
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
