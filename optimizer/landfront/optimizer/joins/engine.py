"""The engine of node cuts: exact plans of programs in which groups hang together, and bounds of large ones.

The program without flows is relaxed with the node cuts that its solutions miss (`bound`); a choice is grown
along a tree near the relaxation (`growing`); and a search over the columns that can still win finds the best
choice under the cuts that are known. Where that choice is not connected it misses cuts, which come in before
the next search. Every choice gets its flow (`Joined.filled`), by which the whole program is checked.

R. Carvajal, M. Constantino, M. Goycoolea, J. P. Vielma and A. Weintraub, Imposing connectivity constraints in
forest planning models, Operations Research 61 (2013).
"""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property
from math import inf
from time import monotonic

import numpy as np

from landfront.optimizer.engine import Answer, Basis, Part
from landfront.optimizer.front import Fact, Floats, Reason
from landfront.optimizer.highs import HighsEngine, below_cutoff
from landfront.optimizer.joins.bound import Relaxed, relaxed
from landfront.optimizer.joins.hunt import Hunt
from landfront.optimizer.joins.projection import Projection, projected
from landfront.optimizer.program import Program
from landfront.optimizer.session import solver_version

CUTTING = 0.5
"""Share of the time for cuts: the rest is for choices."""

GROWING = 0.5
"""Share of the time that is left for growing a choice."""


class JoinEngine:
    """Solves programs in which groups hang together; see `support.join_reason`."""

    def __init__(self, program: Program) -> None:
        self._program = program
        self._last: tuple[bytes, Relaxed] | None = None

    @property
    def name(self) -> str:
        """Name, and version of the solver of what is left."""
        return f"landfront node cuts, searches by {solver_version()}"

    @cached_property
    def _projection(self) -> Projection:
        return projected(self._program)

    @cached_property
    def _lean(self) -> HighsEngine:
        """The program without flows and cuts."""
        return HighsEngine(self._projection.program)

    @cached_property
    def _whole(self) -> HighsEngine:
        """The program with flows."""
        return HighsEngine(self._program)

    def relax(
        self,
        weights: Floats,
        upper: Floats,
        *,
        seconds: float,
        start: Basis | None = None,
        slope: Floats | None = None,
    ) -> Answer:
        """Solve without integrality, with cuts, and without them where caps move; see `engine.Engine`.

        The prices are those of the program with flows: what cuts add to the bound is not in them.
        """
        if slope is not None:
            answer = self._lean.relax(weights, upper, seconds=seconds, slope=slope)
            return self._lifted(replace(answer, basis=None))
        found = self._relaxed(weights, upper, monotonic() + CUTTING * seconds)
        x = None if found.x is None else self._projection.up(found.x)
        words = f"{len(found.lower)} node cuts in {found.rounds} rounds"
        fact = found.plain
        return Answer(found.reason, x, found.fact.beta, fact.row_prices, fact.cap_prices, words)

    def _relaxed(self, weights: Floats, upper: Floats, deadline: float) -> Relaxed:
        """The relaxation with cuts; the last one is kept, as a search asks for it again."""
        key = weights.tobytes() + upper.tobytes()
        if self._last is None or self._last[0] != key:
            self._last = key, relaxed(self._projection, weights, upper, deadline)
        return self._last[1]

    def _lifted(self, answer: Answer) -> Answer:
        """An answer in the terms of the program with flows."""
        prices = np.zeros(self._program.rows.shape[0])
        prices[self._projection.rows] = answer.row_prices[: len(self._projection.rows)]
        x = None if answer.x is None else self._projection.up(answer.x)
        return replace(answer, x=x, row_prices=prices)

    def search(self, weights: Floats, upper: Floats, *, part: Part, seconds: float) -> Answer:
        """Solve with integrality: search, add the cuts that the choice misses, and search again."""
        deadline = monotonic() + seconds
        found = self._relaxed(weights, upper, monotonic() + CUTTING * seconds)
        hunt = Hunt(self._projection, weights, upper, part=self._down(part), found=found)
        if found.reason == "infeasible":
            words = "no mixture of choices meets every cut"
            return self._answer(hunt, "infeasible", words)
        if hunt.x is None:
            hunt.grow(monotonic() + GROWING * (deadline - monotonic()))
        reason, words = hunt.run(deadline)
        return self._answer(hunt, reason, words)

    def _down(self, part: Part) -> Part:
        """The part in columns without flows."""
        projection = self._projection
        more = projection.program.columns - len(projection.columns)
        return replace(
            part,
            free=np.append(part.free[projection.columns], np.ones(more, dtype=bool)),
            base=projection.down(part.base),
            start=None if part.start is None else projection.down(part.start),
        )

    def _answer(self, hunt: Hunt, reason: Reason, words: str) -> Answer:
        rows, p = self._program.rows.shape[0], len(self._program.senses)
        x = None if hunt.x is None else self._projection.up(hunt.x)
        answer = Answer(reason, x, hunt.bound, np.zeros(rows), np.zeros(p), words)
        return below_cutoff(answer, hunt.part.cutoff) if hunt.part.cutoff < inf else answer

    def clash(self, *, seconds: float) -> tuple[int, ...]:
        """By the program with flows."""
        return self._whole.clash(seconds=seconds)

    def round(
        self,
        weights: Floats,
        upper: Floats,
        fact: Fact,
        x: Floats,
        *,
        target: float,
        seconds: float,
        tighter: bool = False,
    ) -> Floats | None:
        """A choice grown near the relaxation with cuts."""
        if tighter:
            return None
        began = monotonic()
        found = self._relaxed(weights, upper, began + CUTTING * seconds)
        columns = self._program.columns
        gap = max(target - fact.beta, 0.0)
        part = self._down(Part(np.ones(columns, dtype=bool), np.zeros(columns), gap=gap))
        hunt = Hunt(self._projection, weights, upper, part=part, found=found)
        hunt.grow(monotonic() + GROWING * max(began + seconds - monotonic(), 0.0))
        return None if hunt.x is None else self._projection.up(hunt.x)

    def core(self, fact: Fact, x: Floats, *, size: int) -> None:
        """None: a search of everything begins with choices near the relaxation."""

    def rest(self, fact: Fact, gap: float) -> Part:
        """See `core.reduced_part`."""
        return self._whole.rest(fact, gap)
