"""The engine that asks HiGHS: sifting or one persistent model for relaxations, another one for searches."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from functools import cached_property
from math import inf
from time import monotonic

import numpy as np

from landfront.optimizer.branching import OWN_MODEL, Whole, search_among, search_core
from landfront.optimizer.core import core_part, is_linked, linked_part, reduced_costs, reduced_part
from landfront.optimizer.engine import Answer, Basis, Engine, Part
from landfront.optimizer.front import Fact, Floats
from landfront.optimizer.layout import Layout, answer_of, lay_out
from landfront.optimizer.program import Program
from landfront.optimizer.relaxation import Relaxation
from landfront.optimizer.session import Limits, Session, solver_version
from landfront.optimizer.sifting import Sifting, can_sift

ROUNDED_GROUPS = 2000
"""Groups from which on whole choices are looked for by local search first: below, a core's search finds them
before the compiled search is even loaded."""

REBUILDS = ("a search over few of the columns", "a search below one of several corners")


class HighsEngine:
    """Solves any program with HiGHS.

    Attributes
    ----------
    rebuilds
        How often a model was built, by reason. Everything else is edited by differences.
    """

    def __init__(self, program: Program) -> None:
        self._program = program
        self.rebuilds: Counter[str] = Counter()

    @property
    def name(self) -> str:
        """Name and version of the solver."""
        return solver_version()

    @cached_property
    def _layout(self) -> Layout:
        return lay_out(self._program)

    @cached_property
    def _sifting(self) -> Sifting | None:
        return Sifting(self._program) if can_sift(self._program) else None

    @cached_property
    def _plain(self) -> Relaxation:
        self.rebuilds["the first relaxation of the whole model"] += 1
        return Relaxation(self._layout, sloped=False)

    @cached_property
    def _sloped(self) -> Relaxation:
        self.rebuilds["the first relaxation with a slope"] += 1
        return Relaxation(self._layout, sloped=True)

    @cached_property
    def _whole(self) -> Whole:
        self.rebuilds["the first search over all columns"] += 1
        return Whole(self._layout)

    @cached_property
    def _rounding(self) -> Engine | None:
        """The engine whose local search finds whole choices, where it takes the program."""
        from landfront.optimizer.structured.engine import StructuredEngine
        from landfront.optimizer.structured.support import unfit_shape

        many = self._program.groups >= ROUNDED_GROUPS and not unfit_shape(self._program)
        return StructuredEngine(self._program) if many else None

    def relax(
        self,
        weights: Floats,
        upper: Floats,
        *,
        seconds: float,
        start: Basis | None = None,
        slope: Floats | None = None,
    ) -> Answer:
        """Solve without integrality, from a basis or cold; see `engine.Engine`."""
        if self._sifting is not None:
            answer = self._sifting.relax(weights, upper, slope, start=start, seconds=seconds)
            if answer is not None:
                return answer
        relaxation = self._plain if slope is None else self._sloped
        return relaxation.solve(weights, upper, slope, start=start, seconds=seconds)

    def search(self, weights: Floats, upper: Floats, *, part: Part, seconds: float) -> Answer:
        """Solve with integrality over a part of the columns; the others keep their value."""
        cost, constant = self._layout.opportunity_cost(weights)
        if part.start is not None and float(cost @ part.start) + constant >= part.cutoff:
            part = replace(part, start=None)  # the solver says "optimal" of such a start, and proves nothing
        if part.among is not None or 0 < np.mean(part.free) < OWN_MODEL:
            of_its_own = search_core if part.among is None else search_among
            self.rebuilds[REBUILDS[of_its_own is search_among]] += 1
            shift = constant + float(cost @ np.where(part.free, 0.0, part.base))
            limits = limits_of(part, shift, seconds)
            outcome, x = of_its_own(self._layout, cost, upper, part=part, limits=limits)
        else:
            shift = constant
            outcome = self._whole.search(cost, upper, part=part, limits=limits_of(part, shift, seconds))
            x = outcome.x
        answer = answer_of(outcome, shift, x, layout=self._layout)
        return below_cutoff(answer, part.cutoff) if part.cutoff < inf else answer

    def clash(self, *, seconds: float) -> tuple[int, ...]:
        """Coupling rows that clash: free them one at a time, keep free what leaves the rest infeasible."""
        end = monotonic() + seconds
        cost = np.zeros(self._program.columns)
        session = Session(self._layout.model(cost, integer=False))
        if session.run(Limits(seconds=seconds)).reason != "infeasible":
            session = Session(self._layout.model(cost, integer=True))
        return clashing_rows(session, self._layout, seconds=max(end - monotonic(), 0.0))

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
        """By local search where groups are many; of few, a core's search finds whole choices as soon."""
        if self._rounding is None:
            return None
        return self._rounding.round(weights, upper, fact, x, target=target, seconds=seconds, tighter=tighter)

    def core(self, fact: Fact, x: Floats, *, size: int) -> Part:
        """See `core.linked_part` and `core.core_part`."""
        if is_linked(self._program):
            return linked_part(self._program, x, size)
        return core_part(self._program, fact, x, loss=reduced_costs(self._program, fact), size=size)

    def rest(self, fact: Fact, gap: float) -> Part:
        """See `core.reduced_part`."""
        return reduced_part(self._program, reduced_costs(self._program, fact), gap)


def limits_of(part: Part, shift: float, seconds: float) -> Limits:
    """When to stop, for an objective that lacks a constant."""
    return Limits(seconds, gap=part.gap, target=part.target - shift, cutoff=part.cutoff - shift)


def below_cutoff(answer: Answer, cutoff: float) -> Answer:
    """What is known when only solutions below a cutoff were looked for."""
    if answer.reason == "infeasible":
        words = "there is no solution below the cutoff"
        return replace(answer, reason="optimal", bound=cutoff, detail=words)
    return replace(answer, bound=min(answer.bound, cutoff))


def clashing_rows(session: Session, layout: Layout, *, seconds: float) -> tuple[int, ...]:
    """The coupling rows of a set that is proven infeasible, irreducible when time suffices."""
    end = monotonic() + seconds
    clashing: list[int] = []
    for row in range(layout.caps - layout.coupling):
        at = layout.coupling + row
        session.edit_row(at, -inf, inf)
        if monotonic() < end and session.run(Limits(seconds=end - monotonic())).reason == "infeasible":
            continue
        session.edit_row(at, float(layout.lower[at]), float(layout.upper[at]))
        clashing.append(row)
    return tuple(clashing)
