"""The relaxation with node cuts: rows are added as they are missed, until none is."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from math import inf
from time import monotonic

import numpy as np
import scipy.sparse as sp

from landfront.optimizer import certify
from landfront.optimizer.core import reduced_costs, reduced_part
from landfront.optimizer.eliminate import eliminate
from landfront.optimizer.front import Fact, Floats, Reason
from landfront.optimizer.joins.projection import Flags, Projection
from landfront.optimizer.layout import Layout, lay_out
from landfront.optimizer.passes import priced
from landfront.optimizer.program import Program
from landfront.optimizer.session import Limits, Session

STALLED = 100
"""Rounds of cuts without a better bound after which the rest is left to the search."""

ARCS_SECONDS = 40.0
"""Longest time for cuts over arcs after those over nodes, where each target has a flow of its own."""

BETTER = 1e-6
"""Share of its size by which a bound must rise to be better."""


@dataclass(frozen=True)
class Relaxed:
    """What a relaxation with cuts gave.

    Attributes
    ----------
    reason
        "optimal" when no cut is missed, or the bound stalled; "time limit", "infeasible" or "error" else.
    x
        Columns of the program without flows, or None.
    cuts, lower
        Rows of all cuts, and their lower bounds.
    fact
        What the prices of the last solve prove of the program with cuts.
    plain
        What the prices before any cut prove of the program with flows.
    rounds
        Solves.
    beside
        Columns of another relaxation, near which choices may be, too.
    """

    projection: Projection
    reason: Reason
    x: Floats | None
    cuts: sp.csr_array
    lower: Floats
    fact: Fact
    plain: Fact
    rounds: int
    beside: tuple[Floats, ...] = ()

    @cached_property
    def program(self) -> Program:
        """The program without flows and with the cuts."""
        return self.projection.with_cuts(self.cuts, self.lower)

    @cached_property
    def _loss(self) -> Floats:
        return reduced_costs(self.program, self.fact)

    @cached_property
    def dear(self) -> Floats:
        """What each group loses under the prices when its best column that counts is chosen, shape (groups,).

        Of all rows but the links and the cuts: what a way over the group costs, 0 where that is for free.
        """
        projection, program = self.projection, self.projection.program
        rows = np.arange(program.rows.shape[0]) < len(projection.rows)
        prices = np.where(rows, certify.row_multipliers(self.program, self.fact)[: len(rows)], 0.0)
        rate = priced(program, certify.half_plane(self.fact)[0], prices)[: program.starts[-1]]
        rate = np.where(program.upper[: len(rate)] > 0, rate, inf)
        inside = np.logical_or.reduce([place.net.inside for place in projection.places])
        least = [
            np.minimum.reduceat(np.where(side, rate, inf), program.starts[:-1]) for side in (inside, ~inside)
        ]
        lost = least[0] - least[1]
        return np.where(np.isfinite(lost), np.maximum(lost, 0.0), 0.0)

    def near(self, gap: float) -> Flags:
        """Columns that a solution can hold that is worse than the bound by at most `gap`."""
        return reduced_part(self.program, self._loss, gap).free


class Cutting:
    """The relaxation of one scalar problem while cuts are added."""

    def __init__(self, projection: Projection, weights: Floats, upper: Floats, *, arcs: bool) -> None:
        self._projection, self._weights, self._upper, self._arcs = projection, weights, upper, arcs
        program = projection.program
        self._layout: Layout = lay_out(program)
        cost, self._constant = self._layout.opportunity_cost(weights)
        model = self._layout.model(np.zeros(program.columns), integer=False)
        row_upper = model.row_upper.copy()
        row_upper[self._layout.caps :] = self._layout.cap_bounds(upper)
        model = replace(model, row_upper=row_upper)
        small, self._undo, moved = eliminate(model, program.starts)
        reduced, more = self._undo.cost(cost)
        self._constant += more
        self._session = Session(replace(small, cost=reduced))
        self._first = len(moved) - (len(model.row_lower) - program.groups)
        self._session.restart()
        self._cuts: list[sp.csr_array] = []
        self._lower: list[Floats] = []

    def run(self, deadline: float) -> Relaxed:
        """Add cuts until none is missed, the bound stalls, or time is up."""
        x, duals, plain = None, np.zeros(0), None
        best, last, rounds = -inf, 0, 0
        reason: Reason = "time limit"
        while monotonic() < deadline:
            outcome = self._session.run(Limits(seconds=deadline - monotonic()))
            rounds += 1
            if outcome.reason != "optimal":
                reason = outcome.reason
                break
            assert outcome.x is not None
            x, duals = self._undo.restore(outcome.x), outcome.duals
            plain = self._proven(duals) if plain is None else plain
            if outcome.bound > best + BETTER * (abs(best) if best > -inf else 0.0):
                best, last = outcome.bound, rounds
            cuts, lower = self._projection.missed(x, arcs=self._arcs)
            if not len(lower) or rounds - last >= STALLED:
                reason = "optimal"
                break
            self._session.add_rows(sp.csr_array(cuts[:, self._undo.kept]), lower, np.full(len(lower), inf))
            self._cuts.append(cuts)
            self._lower.append(lower)
        return self._relaxed(reason, x, duals, plain, rounds)

    def _relaxed(
        self, reason: Reason, x: Floats | None, duals: Floats, plain: Fact | None, rounds: int
    ) -> Relaxed:
        projection, columns = self._projection, self._projection.program.columns
        cuts = sp.csr_array(sp.vstack([*self._cuts, sp.csr_array((0, columns))], format="csr"))
        lower = np.concatenate([*self._lower, np.zeros(0)])
        fact = self._fact(duals, len(lower))
        program = projection.with_cuts(cuts, lower)
        fact = certify.recomputed(program, tightened(projection, program, fact))
        nothing = replace(fact, row_prices=np.zeros(projection.whole.rows.shape[0]))
        return Relaxed(projection, reason, x, cuts, lower, fact, plain or nothing, rounds)

    def _fact(self, duals: Floats, cuts: int) -> Fact:
        """The solver's multipliers, those of cuts that came after the last solve being 0."""
        rows, p = self._layout.caps - self._layout.coupling, len(self._weights)
        found = np.zeros(rows + p + cuts)
        known = duals[self._first : self._first + len(found)]
        found[: len(known)] = known
        prices = np.concatenate([found[:rows], found[rows + p :]])
        return Fact(self._weights, self._upper, -inf, "recomputed", prices, -found[rows : rows + p])

    def _proven(self, duals: Floats) -> Fact:
        """What the rows without flows say of the program with flows."""
        projection = self._projection
        fact = self._fact(duals, 0)
        prices = np.zeros(projection.whole.rows.shape[0])
        prices[projection.rows] = fact.row_prices[: len(projection.rows)]
        return replace(fact, row_prices=prices)


def tightened(projection: Projection, program: Program, fact: Fact) -> Fact:
    """The fact with prices of the links such that what z loses is a loss of its group's columns.

    A price of ``t - s - z = 0`` may be any. Without it the losses of a group's columns would lack what their
    place in the cuts is worth.
    """
    prices, first = fact.row_prices.copy(), len(projection.rows)
    rate = priced(program, certify.half_plane(fact)[0], certify.row_multipliers(program, fact))
    for place in projection.places:
        nodes = np.flatnonzero(place.z >= 0)
        moved = rate[place.z[nodes]]
        if place.net.single:
            moved = np.where(program.upper[place.apart[nodes]] == 0, moved, np.minimum(moved, 0.0))
        prices[first : first + len(nodes)] -= moved
        first += len(nodes)
    return replace(fact, row_prices=prices)


def relaxed(projection: Projection, weights: Floats, upper: Floats, deadline: float) -> Relaxed:
    """The relaxation with the better bound, by cuts over nodes or over arcs."""
    nodes = Cutting(projection, weights, upper, arcs=False).run(deadline)
    if nodes.reason != "optimal" or all(place.arc < 0 for place in projection.places):
        return nodes
    until = min(deadline, monotonic() + ARCS_SECONDS)
    arcs = Cutting(projection, weights, upper, arcs=True).run(until)
    first, second = (nodes, arcs) if nodes.fact.beta >= arcs.fact.beta else (arcs, nodes)
    beside = () if second.x is None else (second.x,)
    # What time left undone of the arcs is no reason to call the relaxation unfinished.
    reason = arcs.reason if arcs.reason == "infeasible" else nodes.reason
    return replace(first, reason=reason, beside=beside)
