"""Many rows over linking columns, such as those of a tail over scenarios: prices from cuts, then all rows.

A measure over scenarios has a row per scenario and a column per cell, which the options see only through the
measure's value. That value is convex in what the options use of the rows (concave where it is maximised), so
cuts stand in for it: J. F. Benders, Partitioning procedures for solving mixed-variables programming problems,
Numerische Mathematik 4, 1962; for CVaR, A. Kuenzi-Bay and J. Mayer, Computational Management Science 3, 2006.

    v >= phi_k - rho_k (a - a_k)            for every solution k that was looked at

| symbol | meaning |
|---|---|
| v | the measure in minimisation form: one of its columns stands for it, the others are 0 |
| a | what the options use of its rows |
| phi_k, rho_k | least value at a_k and the prices of the rows there, from a small linear program |

A convex combination of the rho_k prices the program's own rows. Two or three solutions give prices from which
cores with all rows (`exact`) end after a few rounds; going on with cuts takes ten times as long, as each
solution betters the prices by less. Whole choices are looked for beside the cut that the prices are.
"""

from __future__ import annotations

from copy import copy
from dataclasses import dataclass, replace
from functools import cached_property
from math import inf
from time import monotonic

import numpy as np
import scipy.sparse as sp

from landfront.optimizer.certify import cap_multipliers, row_multipliers
from landfront.optimizer.engine import Answer, Basis, Part
from landfront.optimizer.front import Fact, Floats
from landfront.optimizer.program import Csr, Ints, Program, Stack
from landfront.optimizer.structured.engine import StructuredEngine
from landfront.optimizer.structured.valued import Block, loose_of

LOOKED_AT = 3
"""Solutions that give cuts. A tail over 200 scenarios and 700 cells on 100,000 parcels took 1.9 s of
processor time with 3, 3.6 s with 6, 4.3 s with 1, 4.2 s by all rows from the start, 10 s by cuts alone."""

ROOM = 0.5
"""Share of the gap that a value may lose where whole choices are looked for."""


@dataclass(frozen=True)
class Cut:
    """One cut of a block: prices of its rows, and what they prove."""

    block: int
    prices: Floats
    level: float


class ProjectedEngine:
    """The structured engine over programs whose linking columns have many rows, which cuts stand in for."""

    def __init__(self, program: Program, blocks: tuple[Block, ...]) -> None:
        self._program = program
        self._blocks = blocks

    @property
    def name(self) -> str:
        """Name, and version of the solver of the cores."""
        return self._plain.name

    @cached_property
    def _plain(self) -> StructuredEngine:
        """The engine over all rows."""
        return StructuredEngine(self._program)

    @cached_property
    def _kept(self) -> Ints:
        """Rows that cuts do not replace."""
        gone = np.concatenate([block.rows for block in self._blocks])
        return np.setdiff1d(np.arange(len(self._program.row_lower)), gone)

    @cached_property
    def _base(self) -> Program:
        """The program without the rows of the blocks, one column of each standing for its value."""
        program, grouped = self._program, int(self._program.starts[-1])
        lower, upper = program.lower.astype(np.float64), program.upper.astype(np.float64)
        for block in self._blocks:
            place = grouped + block.columns
            lower[place], upper[place] = 0.0, 0.0
            if block.valued:
                lead, weight = place[block.lead], block.weights[block.lead]
                lower[lead], upper[lead] = sorted(end / weight for end in block.ends)
        return replace(
            program, rows=program.rows.take(self._kept.tolist()), lower=lower, upper=upper,
            row_lower=program.row_lower[self._kept], row_upper=program.row_upper[self._kept],
            row_names=tuple(program.row_names[row] for row in self._kept.tolist()),
        )  # fmt: skip

    def prepare(self) -> None:
        """Turn the program into the form that passes read, which the first question does else."""
        self._plain.prepare()

    def beside(self) -> ProjectedEngine | None:
        """Another engine over the same arrays, for a thread of its own; None where groups are few."""
        plain = self._plain.beside()
        if plain is None:
            return None
        other = copy(self)
        other.__dict__["_plain"] = plain
        return other

    def relax(
        self,
        weights: Floats,
        upper: Floats,
        *,
        seconds: float,
        start: Basis | None = None,
        slope: Floats | None = None,
    ) -> Answer:
        """Solve without integrality, from the prices of a basis or of cuts; see `engine.Engine`."""
        deadline = monotonic() + seconds
        if start is not None:
            prices = start.carried(weights, upper, slope)
            answer = self._plain.relax_from(
                prices, weights, upper, seconds=deadline - monotonic(), slope=slope
            )
            if answer is not None:
                return answer
        answer = self._by_cuts(weights, upper, deadline=deadline, slope=slope)
        if answer is not None:
            return answer
        return self._plain.relax(weights, upper, seconds=deadline - monotonic(), slope=slope)

    def _by_cuts(
        self, weights: Floats, upper: Floats, *, deadline: float, slope: Floats | None
    ) -> Answer | None:
        """The answer from the prices of the cuts at a few solutions; None where cores did not end."""
        cuts: list[tuple[Cut, Floats]] = []
        for place in range(LOOKED_AT):
            engine = StructuredEngine(self._with(cuts))
            answer = engine.relax(weights, upper, seconds=deadline - monotonic(), slope=slope)
            if answer.reason == "infeasible":
                none = np.zeros(len(self._program.row_lower))
                return replace(answer, row_prices=none, basis=None)
            done = None if answer.x is None or place + 1 == LOOKED_AT else self._completed(answer.x)
            if done is None or not done[1]:
                break
            cuts += [self._with_columns(cut) for cut in done[1]]
        prices = np.concatenate([self._own(answer.row_prices, cuts), -answer.cap_prices])
        return self._plain.relax_from(prices, weights, upper, seconds=deadline - monotonic(), slope=slope)

    def _own(self, prices: Floats, cuts: list[tuple[Cut, Floats]]) -> Floats:
        """Prices of the program's own rows from those of the kept ones and of the cuts, shape (r,)."""
        found, kept = np.zeros(len(self._program.row_lower)), len(self._kept)
        found[self._kept] = prices[:kept]
        for (cut, _), price in zip(cuts, prices[kept : kept + len(cuts)].tolist(), strict=True):
            found[self._blocks[cut.block].rows] += price * cut.prices
        return found

    def _known(self, prices: Floats) -> list[tuple[Cut, float]]:
        """The cut of each block that prices of the program's rows are, and its price."""
        found = []
        for place, block in enumerate(self._blocks):
            own = prices[block.rows]
            # How often the value is paid for: what its column gets of the prices.
            worth = float((own @ block.inner)[block.lead] / block.weights[block.lead]) if block.valued else 0
            if worth > 0:
                found.append((Cut(place, own / worth, block.level(own / worth)), worth))
        return found

    def _with_columns(self, cut: Cut) -> tuple[Cut, Floats]:
        """A cut with its coefficients: those of the options, and of the column that stands for the value."""
        block, grouped = self._blocks[cut.block], int(self._program.starts[-1])
        prices = np.zeros(len(self._program.row_lower))
        prices[block.rows] = cut.prices
        row = self._program.rows.tdot(prices)
        row[grouped:] = 0.0
        row[grouped + block.columns[block.lead]] = block.weights[block.lead]
        return cut, row

    def _with(self, cuts: list[tuple[Cut, Floats]]) -> Program:
        """The program with these cuts as its last rows."""
        base = self._base
        if not cuts:
            return base
        rows = sp.csr_array(np.array([row for _, row in cuts]))
        return replace(
            base,
            rows=Stack((*base.rows.blocks, Csr(rows)), base.columns),
            row_lower=np.concatenate([base.row_lower, [cut.level for cut, _ in cuts]]),
            row_upper=np.concatenate([base.row_upper, np.full(len(cuts), inf)]),
            row_names=(*base.row_names, *(f"cut {place}" for place in range(len(cuts)))),
        )

    def _completed(self, x: Floats) -> tuple[Floats, list[Cut]] | None:
        """The solution with the best columns of each block, and the cuts that are tight there.

        None where its columns cannot make good what options use of the rows.
        """
        program, grouped = self._program, int(self._program.starts[-1])
        alone, found = x.copy(), x.copy()
        for block in self._blocks:
            alone[grouped + block.columns] = 0.0
        use, cuts = program.rows.dot(alone), []
        for place, block in enumerate(self._blocks):
            best = block.best(use[block.rows])
            if best is None:
                return None
            columns, prices = best
            found[grouped + block.columns] = columns
            if block.valued:
                cuts.append(Cut(place, prices, block.level(prices)))
        return found, cuts

    def search(self, weights: Floats, upper: Floats, *, part: Part, seconds: float) -> Answer:
        """Solve with integrality over a part of the columns, with all rows."""
        return self._plain.search(weights, upper, part=part, seconds=seconds)

    def clash(self, *, seconds: float) -> tuple[int, ...]:
        """Coupling rows that clash."""
        return self._plain.clash(seconds=seconds)

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
        """A whole choice near the relaxation's solution, looked for beside its cuts.

        Columns without a value may have none that make good what was found: all rows are looked at then.
        """
        found = self._beside_cuts(weights, upper, fact, x, target=target, seconds=seconds, tighter=tighter)
        if found is not None or all(block.valued for block in self._blocks):
            return found
        return self._plain.round(weights, upper, fact, x, target=target, seconds=seconds, tighter=tighter)

    def _beside_cuts(
        self,
        weights: Floats,
        upper: Floats,
        fact: Fact,
        x: Floats,
        *,
        target: float,
        seconds: float,
        tighter: bool,
    ) -> Floats | None:
        """A whole choice with a cut at its prices and one at its solution in place of each block's rows."""
        prices = row_multipliers(self._program, fact)
        known, completed = self._known(prices), self._completed(x)
        if completed is None:
            return None
        cuts = [self._with_columns(cut) for cut in (*(cut for cut, _ in known), *completed[1])]
        worth = [price for _, price in known]
        lasting = np.concatenate([prices[self._kept], worth, np.zeros(len(completed[1]))])
        inner = replace(fact, row_prices=lasting, cap_prices=cap_multipliers(fact))
        led = self._led(x, self._room(weights, upper, x, target - fact.beta))
        found = StructuredEngine(self._with(cuts)).round(
            weights, upper, inner, led, target=target, seconds=seconds, tighter=tighter
        )
        if found is None:
            return None
        whole = self._completed(found)
        return None if whole is None else whole[0]

    @cached_property
    def _rates(self) -> Floats:
        """What a unit of each block's value counts for in the objectives, minimised, shape (p, blocks)."""
        program = self._program
        loose = loose_of(program.objectives, int(program.starts[-1])).toarray() * program.senses[:, None]
        found = np.zeros((len(loose), len(self._blocks)))
        for place, block in enumerate(self._blocks):
            if block.valued:
                found[:, place] = loose[:, block.columns[block.lead]] / block.weights[block.lead]
        return found

    def _room(self, weights: Floats, upper: Floats, x: Floats, gap: float) -> Floats:
        """By how much the value of each block may be worse than in a relaxation, shape (blocks,).

        Values are kept while choices are looked for, and no choice has those of the relaxation. Together they
        lose a share of the gap, each no more than its cap leaves.
        """
        rates = self._rates
        paid, program = weights @ rates, self._program
        share = ROOM * max(gap, 0.0) / max(int(np.count_nonzero(paid)), 1)
        most = np.divide(share, paid, out=np.zeros_like(paid), where=paid > 0)
        over = upper - program.senses * program.values(x)
        left = np.divide(over[:, None], rates, out=np.full_like(rates, inf), where=rates > 0)
        return np.asarray(np.minimum(most, np.maximum(left.min(axis=0), 0.0)))

    def _led(self, x: Floats, room: Floats) -> Floats:
        """A solution with one column of each block standing for its value, which is worse by its room."""
        led, grouped = x.copy(), int(self._program.starts[-1])
        for block, more in zip(self._blocks, room.tolist(), strict=True):
            place = grouped + block.columns
            led[place] = 0.0
            if block.valued:
                led[place[block.lead]] = (float(block.weights @ x[place]) + more) / block.weights[block.lead]
        return led

    def core(self, fact: Fact, x: Floats, *, size: int) -> Part:
        """About `size` of the cheapest moves away from the relaxation's choice."""
        return self._plain.core(fact, x, size=size)

    def rest(self, fact: Fact, gap: float) -> Part | None:
        """All columns that a solution better than the incumbent can hold, None where they are too many."""
        return self._plain.rest(fact, gap)
