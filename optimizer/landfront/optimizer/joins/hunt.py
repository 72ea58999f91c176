"""The search for the best connected choice of one scalar problem, in columns without flows."""

from __future__ import annotations

from dataclasses import replace
from math import inf
from time import monotonic

import numpy as np
import scipy.sparse as sp

from landfront.optimizer import tolerances
from landfront.optimizer.engine import Part
from landfront.optimizer.front import Floats, Reason
from landfront.optimizer.highs import HighsEngine
from landfront.optimizer.joins.bound import Relaxed
from landfront.optimizer.joins.growing import grown
from landfront.optimizer.joins.projection import Flags, Place, Projection

TREES = 4
"""Trees that are made one after the other, each around the choice that the last one gave."""

KNOWN = 0.75
"""Share of the known choice in what the next tree is near to; the rest is the relaxation's."""

CLOSE = 0.01
"""Columns that lose up to this share of the bound are looked at first when a choice is grown."""

SAME = 1e-6
"""Columns that differ by less are the same."""

MENDED = 25
"""Searches between a choice and the relaxation at most, each with the cuts that the last one missed."""


class Hunt:
    """The best connected choice so far, what is proven, and the cuts that are known.

    Attributes
    ----------
    x, value
        The choice, None without, and its value.
    bound
        Proven lower bound.
    part
        What is searched.
    """

    def __init__(
        self, projection: Projection, weights: Floats, upper: Floats, *, part: Part, found: Relaxed
    ) -> None:
        self._projection, self._weights, self._upper = projection, weights, upper
        self._found, self.part = found, part
        self._cuts, self._lower = found.cuts, found.lower
        program = projection.program
        # Values closer than this are the same.
        self._noise = tolerances.NOISE * float(
            np.abs(weights) @ (program.objective_span + program.objective_scale)
        )
        self.x, self.value, self.bound = part.start, self._value(part.start), found.fact.beta

    def _value(self, x: Floats | None) -> float:
        program = self._projection.program
        return inf if x is None else float(self._weights @ (program.senses * program.values(x)))

    @property
    def done(self) -> bool:
        """Whether the choice is good enough, or none below the cutoff is left."""
        return (
            self.value - self.bound <= self.part.gap + self._noise
            or self.value <= self.part.target
            or self.bound >= self.part.cutoff
        )

    @property
    def _worst(self) -> float:
        """Only what is better is looked for."""
        return min(self.value, self.part.cutoff)

    def grow(self, deadline: float) -> None:
        """Choices in trees near relaxations and between the last choice and one, until none is better."""
        if self._found.x is None:
            return
        for x in (self._found.x, *self._found.beside):
            if not self.done and monotonic() < deadline:
                self._grown(x, deadline)
        for _ in range(TREES):
            if self.x is None or self.done or monotonic() >= deadline:
                return
            if not self._mended(deadline):
                near = KNOWN * self.x + (1 - KNOWN) * self._found.x
                if self.done or not self._grown(near, deadline):
                    return

    def _mended(self, deadline: float) -> bool:
        """Whether a better choice is found where the last one and the relaxation differ, and beside.

        E. Danna, E. Rothberg and C. Le Pape, Exploring relaxation induced neighborhoods to improve MIP
        solutions, Mathematical Programming 102 (2005), and the nodes beside, over which ways may lead.
        """
        assert self.x is not None
        assert self._found.x is not None
        program, part, before = self._projection.program, self.part, self.value
        apart = np.abs(self.x - self._found.x)[: program.starts[-1]] > SAME
        groups = np.logical_or.reduceat(apart, program.starts[:-1])
        for place in self._projection.places:
            groups = _widened(place, groups)
        free = part.free & ~program.integer
        free[program.starts[-1] :] = part.free[program.starts[-1] :]
        free[: program.starts[-1]] = part.free[: program.starts[-1]] & np.repeat(
            groups, np.diff(program.starts)
        )
        for _ in range(MENDED):
            now = replace(part, free=free, base=self.x, start=self.x, gap=part.gap / 4, target=-inf)
            left = deadline - monotonic()
            if left <= 0:
                break
            engine = HighsEngine(self._projection.with_cuts(self._cuts, self._lower))
            answer = engine.search(self._weights, self._upper, part=now, seconds=left)
            found = self._offer(answer.x)
            if answer.x is None or not self._cut(answer.x):
                break
            if found or self._grown(answer.x, deadline):
                break
        return self.value < before

    def _grown(self, x: Floats, deadline: float) -> bool:
        """Whether a tree has a better choice, among columns that lose little or among all."""
        engine = HighsEngine(grown(self._projection, x, self._found.dear))
        gap = max(self.part.gap / 4, 0.0)
        for close in (max(CLOSE * abs(self.bound), 4 * self.part.gap), inf):
            part = replace(self._closed(close), start=None, gap=gap, target=-inf, cutoff=self._worst)
            answer = engine.search(
                self._weights, self._upper, part=part, seconds=max(deadline - monotonic(), 0.0)
            )
            if self._offer(answer.x):
                return True
            if self.x is not None:
                break
        return False

    def _closed(self, gap: float) -> Part:
        """The part without columns that only solutions worse than the bound by more than the gap hold."""
        near, part = self._found.near(gap), self.part
        return replace(part, free=part.free & near, base=np.where(part.free & ~near, 0.0, part.base))

    def _offer(self, x: Floats | None) -> bool:
        """Take a choice if it is connected and better."""
        if x is None:
            return False
        x = self._projection.down(self._projection.up(x))
        if not self._value(x) < self.value - self._noise or len(self._projection.missed(x)[1]):
            return False
        self.x, self.value = x, self._value(x)
        return True

    def run(self, deadline: float) -> tuple[Reason, str]:
        """Search under the known cuts until the choice misses none; why it ended, and words."""
        searches = 0
        while not self.done:
            left = deadline - monotonic()
            if left <= 0:
                return "time limit", f"{len(self._lower)} node cuts, {searches} searches"
            # A choice that is not connected may be better than any that is: half of the gap is for it.
            part = replace(
                self._closed(self._worst - self._found.fact.beta), start=self.x, gap=self.part.gap / 2,
                target=-inf,
            )  # fmt: skip
            program = self._projection.with_cuts(self._cuts, self._lower)
            answer = HighsEngine(program).search(self._weights, self._upper, part=part, seconds=left)
            searches += 1
            self.bound = max(self.bound, min(answer.bound, self._worst))
            if answer.x is None:
                return answer.reason, answer.detail
            better = self._offer(answer.x)
            if self._cut(answer.x):
                self._grown(answer.x, deadline)
            elif not better and not self.done:
                return answer.reason, answer.detail
        return "optimal", f"{len(self._lower)} node cuts, {searches} searches"

    def _cut(self, x: Floats) -> bool:
        """Whether a choice missed cuts, which are known from now on."""
        more, least = self._projection.missed(x)
        self._cuts = sp.csr_array(sp.vstack([self._cuts, more], format="csr"))
        self._lower = np.concatenate([self._lower, least])
        return len(least) > 0


def _widened(place: Place, groups: Flags) -> Flags:
    """Groups, and those beside them over an arc or a node that may always be passed, shape (groups,)."""
    net, inside = place.net, place.net.group >= 0
    on = np.where(inside, groups[net.group], False)
    near = on.copy()
    near[net.head[on[net.tail]]] = True
    found = groups.copy()
    found[net.group[near & inside]] = True
    return found
