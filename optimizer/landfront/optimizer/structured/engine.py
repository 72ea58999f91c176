"""The structured engine behind the protocol: relaxations by prices and cores, whole choices near them."""

from __future__ import annotations

from copy import copy
from dataclasses import replace
from functools import cached_property
from math import inf
from time import monotonic

import numpy as np
import scipy.sparse as sp

from landfront.optimizer import tolerances
from landfront.optimizer.branching import settings_for
from landfront.optimizer.certify import half_plane, row_multipliers
from landfront.optimizer.engine import Answer, Basis, Part
from landfront.optimizer.front import Fact, Floats, Reason
from landfront.optimizer.highs import HighsEngine, below_cutoff, limits_of
from landfront.optimizer.program import Ints, Program
from landfront.optimizer.session import Session, solver_version
from landfront.optimizer.structured.ascent import CERTAIN, Ascent, MustMissError, Start
from landfront.optimizer.structured.clash import Clash
from landfront.optimizer.structured.compact import compact
from landfront.optimizer.structured.exact import Exact, Relaxed
from landfront.optimizer.structured.parts import Near, linking_part, near_part
from landfront.optimizer.structured.passes import Passes
from landfront.optimizer.structured.rounding import round_core
from landfront.optimizer.structured.scalar import Scalar, scalar_of, tightened
from landfront.optimizer.structured.support import unfit_bounds

ROUNDED = 3000
"""Columns among which whole choices are looked for."""

MOST_SEARCHED = 30_000
"""Columns up to which everything that can still win is searched."""

MARGINS = (0.25, 1.0, 4.0)
"""By how many groups' typical use rows are tightened before rounding."""

BAND = 0.25
"""Share of that by which a choice may miss an equation that linking columns then mend."""

WORTHLESS = 1e-6
"""A row has no price below this share of the dearest one, by the rows' sizes."""

DEAR = 2.0
"""First penalty of a broken row, in units of its price."""

SOUGHT = 0.8
"""Share of the time after which a relaxation settles for the best prices so far: the rest is for a solution
near them."""


class StructuredEngine:
    """Solves programs of many groups and few coupling rows; see `support`.

    What it has no method for goes to HiGHS on the whole matrix: a column without an end, a search over most
    of the columns, and everything where groups have bounds other than 0 and 1.
    """

    def __init__(self, program: Program) -> None:
        self._program = program
        self._fits = program.groups > 0 and not unfit_bounds(program)

    @property
    def name(self) -> str:
        """Name, and version of the solver of the cores."""
        return f"landfront structured engine, cores by {solver_version()}"

    def prepare(self) -> None:
        """Turn the program into the form that passes read, which the first question does else."""
        if self._fits:
            self._exact  # noqa: B018

    def beside(self) -> StructuredEngine | None:
        """Another engine over the same arrays, for a thread of its own; None where groups are few.

        Half of a solve is in one thread, so that two at a time take less time than one after the other.
        """
        if not self._fits or self._program.groups < tolerances.MANY_GROUPS:
            return None
        self.prepare()
        other = copy(self)
        other.__dict__.pop("_whole", None)
        return other

    @cached_property
    def _passes(self) -> Passes:
        return Passes(compact(self._program))

    @cached_property
    def _ascent(self) -> Ascent:
        return Ascent(self._passes)

    @cached_property
    def _exact(self) -> Exact:
        return Exact(self._passes, self._ascent.sizes)

    @cached_property
    def _whole(self) -> HighsEngine:
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
        """Solve without integrality, from the prices of a basis or from none; see `engine.Engine`."""
        if not self._fits:
            return self._whole.relax(weights, upper, seconds=seconds, start=start, slope=slope)
        deadline = monotonic() + seconds
        early = deadline - (1 - SOUGHT) * seconds if seconds < inf else inf
        scalar = scalar_of(self._program, self._passes.compact, weights, upper, slope)
        scalar = self._ascent.without_ties(scalar)
        try:
            found = self._relaxed(scalar, weights, upper, slope=slope, start=start, deadline=early)
        except MustMissError as error:
            return self._without("infeasible", str(error))
        answer = self._concluded(scalar, found, weights, upper, slope=slope, early=early, deadline=deadline)
        if answer is None:
            return self._whole.relax(weights, upper, seconds=deadline - monotonic(), slope=slope)
        return answer

    def relax_from(
        self, prices: Floats, weights: Floats, upper: Floats, *, seconds: float, slope: Floats | None
    ) -> Answer | None:
        """As `relax`, from prices of rows and caps, shape (k,); None where cores do not end from there."""
        if not self._fits:
            return None
        deadline = monotonic() + seconds
        early = deadline - (1 - SOUGHT) * seconds if seconds < inf else inf
        scalar = scalar_of(self._program, self._passes.compact, weights, upper, slope)
        scalar = self._ascent.without_ties(scalar)
        found = self._exact.solve(scalar, scalar.within_signs(prices), deadline=early)
        return self._concluded(scalar, found, weights, upper, slope=slope, early=early, deadline=deadline)

    def _concluded(
        self,
        scalar: Scalar,
        found: Relaxed,
        weights: Floats,
        upper: Floats,
        *,
        slope: Floats | None,
        early: float,
        deadline: float,
    ) -> Answer | None:
        """The answer that cores gave; None where columns are missing though there is time."""
        if found.outcome.reason == "time limit" or (not found.complete and monotonic() > early):
            return self._unfinished(scalar, found, weights, slope, deadline=deadline)
        if not found.complete:
            return None
        if found.missed > tolerances.SOLVER_FEASIBILITY:
            return self._contradiction(scalar, found, weights, upper, slope=slope, deadline=deadline)
        return self._answer(scalar, found, weights, slope)

    def _relaxed(
        self,
        scalar: Scalar,
        weights: Floats,
        upper: Floats,
        *,
        slope: Floats | None,
        start: Basis | None,
        deadline: float,
    ) -> Relaxed:
        if start is not None:
            prices = scalar.within_signs(start.carried(weights, upper, slope))
            if self._program.groups < tolerances.MANY_GROUPS:
                found = self._exact.solve(scalar, prices, deadline=deadline, near=True)
                if found.complete or found.outcome.reason == "time limit":
                    return found
            warm = self._ascent.warm(scalar, prices, deadline=deadline)
            found = self._from(scalar, warm, deadline=deadline, near=True)
            if found.complete or found.outcome.reason == "time limit":
                return found
        return self._from(scalar, self._ascent.cold(scalar, deadline=deadline), deadline=deadline)

    def _from(self, scalar: Scalar, start: Start, *, deadline: float, near: bool = False) -> Relaxed:
        """The exact solution from where the ascent ended."""
        scalar = replace(scalar, noise=start.noise)
        return self._exact.solve(scalar, start.prices, active=start.active, deadline=deadline, near=near)

    def _contradiction(
        self,
        scalar: Scalar,
        found: Relaxed,
        weights: Floats,
        upper: Floats,
        *,
        slope: Floats | None,
        deadline: float,
    ) -> Answer:
        """That some row must be missed, whatever it is worth; else the whole model tells."""
        least = self._exact.misses_only(scalar, found, deadline=deadline)
        if least.complete and least.missed > CERTAIN:
            words = f"rows must be missed by {least.outcome.bound:.3g} of their size in all"
            return self._without("infeasible", words)
        if least.outcome.reason == "time limit":
            return self._unfinished(scalar, found, weights, slope, deadline=deadline)
        return self._whole.relax(weights, upper, seconds=deadline - monotonic(), slope=slope)

    def _unfinished(
        self, scalar: Scalar, found: Relaxed, weights: Floats, slope: Floats | None, *, deadline: float
    ) -> Answer:
        """The best prices when time is up, and the best solution of the core that was made near them."""
        last = self._exact.last(scalar, found, deadline=deadline)
        answer = self._answer(scalar, replace(last, prices=found.prices), weights, slope)
        words = "the time limit was reached"
        return replace(answer, reason="time limit", bound=-inf, detail=words, basis=None)

    def _answer(self, scalar: Scalar, found: Relaxed, weights: Floats, slope: Floats | None) -> Answer:
        """The solution of all columns, and its multipliers."""
        program, compacted, core = self._program, self._passes.compact, found.core
        x = np.zeros(program.columns)
        shares = compacted.index(core.columns)
        x[compacted.index(core.reference)] = 1.0
        x[shares] = found.shares
        np.subtract.at(x, compacted.index(core.reference[core.group]), found.shares)
        loose = program.columns - compacted.grouped
        x[compacted.grouped :] = found.loose[:loose]
        r = len(program.row_lower)
        prices, caps = found.prices[:r], np.maximum(-found.prices[r:], 0.0)
        constant = float(scalar.base @ core.used + weights @ program.minimised_offsets)
        # Noise makes no plan cheaper, and none dearer by more than this.
        constant -= found.noise * self._passes.groups
        return Answer(
            reason="optimal",
            x=x,
            bound=found.outcome.bound + constant,
            row_prices=prices,
            cap_prices=caps,
            detail=found.outcome.detail,
            basis=Basis(np.concatenate([weights + caps, prices])),
            stretch=float(found.loose[-1]) if slope is not None else 0.0,
        )

    def _without(self, reason: Reason, detail: str) -> Answer:
        """No solution."""
        rows, p = self._program.rows.shape[0], len(self._program.senses)
        return Answer(reason, None, -inf, np.zeros(rows), np.zeros(p), detail)

    def search(self, weights: Floats, upper: Floats, *, part: Part, seconds: float) -> Answer:
        """Solve with integrality over a part of the columns; the others keep their value."""
        if not isinstance(part, Near) or part.among is not None:
            return self._whole.search(weights, upper, part=part, seconds=seconds)
        scalar = scalar_of(self._program, self._passes.compact, weights, upper, None)
        model = part.model(self._program, scalar)
        shift = float(scalar.base @ part.used + weights @ self._program.minimised_offsets)
        session = Session(model, settings_for(len(model.cost)))
        known = None if part.start is None else part.start[part.columns]
        outcome = session.run(limits_of(part, shift, seconds), known)
        x = None if outcome.x is None else part.filled(outcome.x)
        rows, p = len(self._program.row_lower), len(weights)
        answer = Answer(outcome.reason, x, outcome.bound + shift, np.zeros(rows), np.zeros(p), outcome.detail)
        return below_cutoff(answer, part.cutoff) if part.cutoff < inf else answer

    def clash(self, *, seconds: float) -> tuple[int, ...]:
        """Coupling rows that clash: those whose prices prove it, without those that are not needed."""
        program, deadline = self._program, monotonic() + seconds
        if not self._fits:
            return self._whole.clash(seconds=seconds)
        free = np.full(len(program.senses), inf)
        weights = np.zeros(len(free))
        weights[0] = 1.0
        scalar = scalar_of(program, self._passes.compact, weights, free, None)
        rows = Clash(self._passes, self._ascent, self._exact, scalar, deadline).rows()
        return self._whole.clash(seconds=deadline - monotonic()) if rows is None else tuple(sorted(rows))

    # What a search over few columns may change.

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
        """A whole choice near a relaxation's solution ``x``, by local search; see `engine.Engine`.

        Tighter rows are so by the size of some groups. Linking columns keep their value in the search, and
        have the best one beside the choice that is found.
        """
        if not self._fits:
            return None
        deadline = monotonic() + seconds
        scalar = scalar_of(self._program, self._passes.compact, weights, upper, None)
        prices, near = self._prices(fact, weights), self._passes.largest(x)
        loose = x[self._passes.compact.grouped :]
        target -= float(weights @ self._program.minimised_offsets)
        for margin in MARGINS if tighter else (0.0,):
            if tighter:
                tight = self._ascent.without_ties(tightened(scalar, margin * self._ascent.sizes))
                found = self._exact.solve(tight, prices, deadline=deadline)
                # Rows that cannot be as tight as that are missed, and may hold as they are.
                if not found.complete:
                    return None
                prices, near, loose = found.prices, found.largest, found.loose
            chosen = self._rounded(scalar, prices, near, loose, margin, target=target)
            if chosen is not None:
                rounded = self._loosened(weights, upper, chosen, loose, seconds=deadline - monotonic())
                if rounded is not None:
                    return rounded
        return None

    def _rounded(
        self, scalar: Scalar, prices: Floats, near: Ints, loose: Floats, margin: float, *, target: float
    ) -> Ints | None:
        """One column per group near those of a relaxation, shape (n,); loose columns keep their value.

        Loose columns can mend what an equation lacks, a share of the margin where it has a price, and any
        amount where it has none; rows of theirs alone are no matter of the choice.
        """
        taken = scalar.loose @ loose
        core = self._exact.around(scalar, prices, near, ROUNDED)
        linked = np.diff(sp.csr_array(scalar.loose).indptr) > 0
        idle = linked & (np.diff(sp.csr_array(core.change).indptr) == 0)
        mended = linked & (scalar.lower == scalar.upper)
        worth = np.abs(prices) * self._ascent.sizes
        room = np.where(mended, BAND * margin * self._ascent.sizes, 0.0)
        room[idle | (mended & (worth <= WORTHLESS * worth.max()))] = inf
        cost = scalar.base @ core.change
        loss = np.maximum(cost - prices @ core.change, 0.0)
        found = round_core(
            core,
            cost,
            scalar.lower - taken - room,
            scalar.upper - taken + room,
            penalty=DEAR * np.abs(prices) + float(np.median(loss)) / self._ascent.sizes,
            target=target - float(scalar.base @ (core.used + taken)),
        )
        if found is None:
            return None
        chosen = core.reference.copy()
        chosen[core.group[found.moved]] = core.columns[found.moved]
        return chosen

    def _loosened(
        self, weights: Floats, upper: Floats, chosen: Ints, loose: Floats, *, seconds: float
    ) -> Floats | None:
        """A whole choice with the best values of the loose columns; None where it has none."""
        compacted, x = self._passes.compact, np.zeros(self._program.columns)
        x[compacted.index(chosen)], x[compacted.grouped :] = 1.0, loose
        if not compacted.linked:
            return x
        return self.search(
            weights, upper, part=linking_part(self._passes, self._program, x), seconds=seconds
        ).x

    def _prices(self, fact: Fact, weights: Floats) -> Floats:
        """Multipliers of rows and caps that prove a fact, for these weights, shape (k,)."""
        return np.concatenate([row_multipliers(self._program, fact), weights - half_plane(fact)[0]])

    def core(self, fact: Fact, x: Floats, *, size: int) -> Part:
        """About `size` of the cheapest moves away from the relaxation's choice; the rest is fixed."""
        if not self._fits:
            return self._whole.core(fact, x, size=size)
        weights = half_plane(fact)[0]
        scalar = scalar_of(self._program, self._passes.compact, weights, np.full(len(weights), inf), None)
        prices = self._prices(fact, weights)
        return near_part(
            self._passes, self._program, self._exact.around(scalar, prices, self._passes.largest(x), size, x)
        )

    def rest(self, fact: Fact, gap: float) -> Part | None:
        """All columns that a solution better than the incumbent can hold, None where they are too many.

        Only whole columns can be told so: a share may be as small as it likes.
        """
        if not self._fits or not np.all(self._program.integer[: self._passes.compact.grouped]):
            return self._whole.rest(fact, gap)
        weights = half_plane(fact)[0]
        scalar = scalar_of(self._program, self._passes.compact, weights, np.full(len(weights), inf), None)
        price = scalar.price(self._prices(fact, weights))
        noise = tolerances.NOISE * (gap + float(np.abs(price) @ self._exact.row_sizes))
        _, reference, used, (columns, _) = self._passes.choose(price, gap + noise)
        if len(columns) > MOST_SEARCHED:
            return None
        return near_part(self._passes, self._program, self._exact.core(reference, used, columns))
