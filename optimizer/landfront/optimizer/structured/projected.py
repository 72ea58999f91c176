"""Many rows over linking columns, projected onto the options: cuts in place of columns and rows.

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

A convex combination of the rho_k prices the program's own rows, so that facts are those of the whole program.
The rows of a later problem begin with the cut that the prices of an earlier one are, and with those of the
objectives alone, which do not depend on what was solved before.
"""

from __future__ import annotations

from copy import copy
from dataclasses import dataclass, replace
from functools import cached_property
from math import inf
from time import monotonic
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from scipy.sparse.csgraph import connected_components

from landfront.optimizer.certify import cap_multipliers, row_multipliers
from landfront.optimizer.engine import Answer, Basis, Part
from landfront.optimizer.front import Fact, Floats
from landfront.optimizer.program import Csr, Ints, Program, Stack
from landfront.optimizer.structured.engine import StructuredEngine

MANY_ROWS = 64
"""Rows of linking columns that hang together from which cuts are cheaper: of fewer, prices are found as fast
as those of any rows."""

CLOSE, CLOSER = 1e-5, 1e-7
"""Share of an objective that may lack where cuts are called enough: a tenth of the usual gap, and a
thousandth where objectives have caps, which a solution must meet."""

ROUNDS = 200
"""Most problems until cuts are enough; a tail of 200 scenarios took 25."""


@dataclass(frozen=True)
class Block:
    """Linking columns that hang together, stand in one objective and see the options through their rows.

    Attributes
    ----------
    objective, sign
        The objective, and -1 where it is maximised.
    columns, rows
        Its columns (from the first linking column on) and the rows that cuts replace.
    weights
        Of the columns in the objective, in minimisation form.
    inner
        Coefficients of the columns in these rows.
    lower, upper, row_lower, row_upper
        Bounds of columns and rows.
    """

    objective: int
    sign: float
    columns: Ints
    rows: Ints
    weights: Floats
    inner: sp.csr_array
    lower: Floats
    upper: Floats
    row_lower: Floats
    row_upper: Floats

    @property
    def lead(self) -> int:
        """Place of the column that stands for the value."""
        return int(np.argmax(np.abs(self.weights)))

    @cached_property
    def ends(self) -> tuple[float, float]:
        """Bounds of the value."""
        one, two = self.weights * self.lower, self.weights * self.upper
        return float(np.minimum(one, two).sum()), float(np.maximum(one, two).sum())

    @cached_property
    def defined(self) -> NDArray[np.bool_]:
        """Columns that an equation sets equal to what options use, shape (L,).

        Their bounds follow from the options'. Without them prices are those of the equation alone; else a
        column at its bound would leave a choice among prices, and cuts be weak.
        """
        single = np.flatnonzero((np.diff(self.inner.indptr) == 1) & (self.row_lower == self.row_upper))
        found = np.zeros(len(self.columns), dtype=bool)
        found[self.inner.indices[self.inner.indptr[single]]] = True
        return found

    def level(self, prices: Floats) -> float:
        """What prices of the rows prove of ``value + prices @ use`` for every use of the rows."""
        side = np.where(prices > 0, self.row_lower, self.row_upper)
        paid = float(prices @ np.where(prices == 0, 0.0, side))
        rest = self.weights - prices @ self.inner
        return paid + float(np.minimum(rest * self.lower, rest * self.upper).sum())

    def best(self, use: Floats) -> tuple[Floats, Floats] | None:
        """The best columns beside what options use, and prices that prove it; None without any."""
        from scipy.optimize import linprog

        same = self.row_lower == self.row_upper
        low, high = ~same & np.isfinite(self.row_lower), ~same & np.isfinite(self.row_upper)
        above, below = self.row_lower - use, self.row_upper - use
        asked: dict[str, Any] = {
            "A_eq": self.inner[same] if same.any() else None,
            "b_eq": above[same] if same.any() else None,
            "A_ub": sp.vstack([-self.inner[low], self.inner[high]], format="csr"),
            "b_ub": np.concatenate([-above[low], below[high]]),
            "bounds": np.column_stack(
                [np.where(self.defined, -inf, self.lower), np.where(self.defined, inf, self.upper)]
            ),
        }
        found = linprog(self.weights, **asked)
        if found.x is None or found.status != 0:
            return None
        prices, unequal = np.zeros(len(use)), found.ineqlin.marginals
        prices[same] = found.eqlin.marginals if same.any() else 0.0
        prices[low] -= unequal[: low.sum()]
        prices[high] += unequal[low.sum() :]
        return np.asarray(found.x), prices


def blocks_of(program: Program) -> tuple[Block, ...]:
    """Blocks of linking columns that cuts can replace, none where they have few rows."""
    grouped = int(program.starts[-1])
    loose = _loose(program.rows, grouped)
    count = loose.shape[1]
    if not count or not program.groups:
        return ()
    weights = _loose(program.objectives, grouped).toarray() * program.senses[:, None]
    touching = sp.csr_array(abs(loose))
    graph = sp.csr_array(touching.T @ touching)
    parts, of_column = connected_components(graph, directed=False)
    found = []
    for part in range(parts):
        columns = np.flatnonzero(of_column == part)
        rows = np.unique(sp.csr_array(loose[:, columns]).nonzero()[0]).astype(np.int64)
        used = np.flatnonzero(weights[:, columns].any(axis=1))
        if len(rows) < MANY_ROWS or len(used) != 1 or program.integer[grouped + columns].any():
            continue
        block = _block(program, sp.csr_array(loose), weights[used[0]], columns, rows, int(used[0]))
        if len(block.rows) and np.isfinite(block.ends).all():
            found.append(block)
    return tuple(found)


def _block(
    program: Program, loose: sp.csr_array, weights: Floats, columns: Ints, rows: Ints, objective: int
) -> Block:
    """One block; a row that bounds its value stays as it is."""
    grouped, inner, own = int(program.starts[-1]), sp.csr_array(loose[rows][:, columns]), weights[columns]
    scale = abs(inner).max(axis=1).toarray().ravel()
    value = own / np.abs(own).max()
    same = abs(inner - sp.csr_array(scale[:, None] * value)).max(axis=1).toarray().ravel() == 0
    alike = same | (abs(inner + sp.csr_array(scale[:, None] * value)).max(axis=1).toarray().ravel() == 0)
    kept = ~alike
    place = grouped + columns
    return Block(
        objective, float(program.senses[objective]), columns, rows[kept], own, sp.csr_array(inner[kept]),
        program.lower[place].astype(np.float64), program.upper[place].astype(np.float64),
        program.row_lower[rows[kept]], program.row_upper[rows[kept]],
    )  # fmt: skip


def _loose(stack: Stack, grouped: int) -> sp.csr_array:
    """Coefficients of the linking columns, shape (rows, loose)."""
    from landfront.optimizer.program import Factored

    parts = []
    for block in stack.blocks:
        if isinstance(block, Factored):
            narrow = replace(block, group=block.group[grouped:], kind=block.kind[grouped:])
            parts.append(narrow.to_csr())
        else:
            parts.append(sp.csr_array(block.to_csr()[:, grouped:]))
    empty = sp.csr_array((0, stack.columns - grouped))
    return sp.csr_array(sp.vstack(parts, format="csr")) if parts else empty


@dataclass(frozen=True)
class Cut:
    """One cut of a block: prices of its rows, and what they prove."""

    block: int
    prices: Floats
    level: float


class ProjectedEngine:
    """The structured engine over programs whose linking columns give way to cuts."""

    def __init__(self, program: Program, blocks: tuple[Block, ...]) -> None:
        self._program = program
        self._blocks = blocks

    @property
    def name(self) -> str:
        """Name, and version of the solver of the cores."""
        return self._plain.name

    @cached_property
    def _plain(self) -> StructuredEngine:
        """The engine over all rows, for what cuts are no help with."""
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
            lead, weight = place[block.lead], block.weights[block.lead]
            lower[place], upper[place] = 0.0, 0.0
            lower[lead], upper[lead] = sorted(end / weight for end in block.ends)
        return replace(
            program, rows=program.rows.take(self._kept.tolist()), lower=lower, upper=upper,
            row_lower=program.row_lower[self._kept], row_upper=program.row_upper[self._kept],
            row_names=tuple(program.row_names[row] for row in self._kept.tolist()),
        )  # fmt: skip

    @cached_property
    def _first(self) -> tuple[tuple[tuple[Cut, Floats], ...], dict[int, Answer]]:
        """Cuts of each projected objective alone with their coefficients, and the answer to it."""
        cuts: list[tuple[Cut, Floats]] = []
        answers, p = {}, len(self._program.senses)
        for objective in dict.fromkeys(block.objective for block in self._blocks):
            weights = np.zeros(p)
            weights[objective] = 1.0
            answers[objective] = self._cutting(weights, np.full(p, inf), cuts, seconds=inf, slope=None)
        return tuple(cuts), answers

    def prepare(self) -> None:
        """Find the first cuts, which the first question does else."""
        self._first  # noqa: B018

    def beside(self) -> ProjectedEngine | None:
        """Another engine over the same arrays, for a thread of its own."""
        self.prepare()
        other = copy(self)
        other.__dict__.pop("_plain", None)
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
        """Solve without integrality, by cuts; see `engine.Engine`."""
        deadline = monotonic() + seconds
        first, answers = self._first
        alone = np.flatnonzero(weights)
        if slope is None and np.isinf(upper).all() and len(alone) == 1 and weights[alone[0]] == 1.0:
            known = answers.get(int(alone[0]))
            if known is not None:  # the same question: its answer does not depend on where it starts
                return known
        cuts = list(first)
        if start is not None:
            prices = start.carried(weights, upper, slope)
            cuts += self._known(prices[: len(self._program.row_lower)])
        return self._cutting(weights, upper, cuts, seconds=deadline - monotonic(), slope=slope)

    def _known(self, prices: Floats) -> list[tuple[Cut, Floats]]:
        """The cut of each block that prices of the program's rows are."""
        found = []
        for place, block in enumerate(self._blocks):
            own = prices[block.rows]
            worth = self._worth(block, own)
            if worth > 0:
                found.append(self._with_columns(Cut(place, own / worth, block.level(own / worth))))
        return found

    def _worth(self, block: Block, prices: Floats) -> float:
        """How often the value is paid for by prices of the rows: what its column gets of them."""
        return float((prices @ block.inner)[block.lead] / block.weights[block.lead])

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

    def _cutting(
        self,
        weights: Floats,
        upper: Floats,
        cuts: list[tuple[Cut, Floats]],
        *,
        seconds: float,
        slope: Floats | None,
    ) -> Answer:
        """Solve with ever more cuts, which are added to those given, until they are enough."""
        deadline = monotonic() + seconds
        free = slope is None and bool(np.isinf(upper).all())
        close, best = CLOSE if free else CLOSER, None
        for _ in range(ROUNDS):
            left = deadline - monotonic()
            engine = StructuredEngine(self._with(cuts))
            answer = engine.relax(weights, upper, seconds=left, slope=slope)
            if answer.x is None:
                return replace(answer, row_prices=np.zeros(len(self._program.row_lower)), basis=None)
            completed = self._completed(answer.x)
            if completed is None:  # some use of the rows that its columns cannot make good
                return self._plain.relax(weights, upper, seconds=deadline - monotonic(), slope=slope)
            x, new, lacks = completed
            mapped = self._mapped(answer, cuts, weights, x)
            worth = np.maximum(weights + answer.cap_prices, 0.0)
            scale = float(worth @ np.abs(self._program.objectives.dot(x)))
            missing, kept = float(worth @ lacks), x
            if best is not None and missing > close * scale:
                between = self._completed((x + best) / 2)
                if between is not None:
                    new += between[1]
                    kept = between[0] if not free else self._better(weights, x, best, between[0])
            if free:  # without caps any solution will do, and the best one is the nearest to the bound
                kept = kept if best is None else self._better(weights, kept, best)
                value = float(weights @ (self._program.senses * self._program.values(kept)))
                missing = min(missing, max(value - answer.bound, 0.0))
                mapped = replace(mapped, x=kept)
            best = kept
            if missing <= close * scale or answer.reason == "time limit":
                return mapped
            cuts += [self._with_columns(cut) for cut in new]
        return mapped

    def _better(self, weights: Floats, *solutions: Floats) -> Floats:
        """The solution that costs least by these weights."""
        program = self._program
        costs = [float(weights @ (program.senses * program.values(x))) for x in solutions]
        return solutions[int(np.argmin(costs))]

    def _completed(self, x: Floats) -> tuple[Floats, list[Cut], Floats] | None:
        """The solution with the best columns of each block, a cut that is tight there, and what it lacked."""
        program, grouped = self._program, int(self._program.starts[-1])
        alone, found, lacks = x.copy(), x.copy(), np.zeros(len(program.senses))
        for block in self._blocks:
            alone[grouped + block.columns] = 0.0
        use, cuts = program.rows.dot(alone), []
        for place, block in enumerate(self._blocks):
            best = block.best(use[block.rows])
            if best is None:
                return None
            columns, prices = best
            lead = grouped + block.columns[block.lead]
            lacks[block.objective] += block.weights @ columns - block.weights[block.lead] * x[lead]
            found[grouped + block.columns] = columns
            cuts.append(Cut(place, prices, block.level(prices)))
        return found, cuts, np.maximum(lacks, 0.0)

    def _mapped(self, answer: Answer, cuts: list[tuple[Cut, Floats]], weights: Floats, x: Floats) -> Answer:
        """An answer over the cuts as one over the program's own rows."""
        prices, kept = np.zeros(len(self._program.row_lower)), len(self._kept)
        prices[self._kept] = answer.row_prices[:kept]
        for (cut, _), price in zip(cuts, answer.row_prices[kept:].tolist(), strict=True):
            prices[self._blocks[cut.block].rows] += price * cut.prices
        basis = None
        if answer.basis is not None:
            basis = Basis(np.concatenate([weights + answer.cap_prices, prices]))
        return replace(answer, x=x, row_prices=prices, basis=basis)

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
        """A whole choice near the relaxation's solution, looked for beside its cuts."""
        prices = row_multipliers(self._program, fact)
        completed = self._completed(x)
        if completed is None:
            return None
        cuts = [*self._known(prices), *(self._with_columns(cut) for cut in completed[1])]
        worth = [self._worth(block, prices[block.rows]) for block in self._blocks]
        own = [value for value in worth if value > 0]
        lasting = np.concatenate([prices[self._kept], own, np.zeros(len(completed[1]))])
        inner = replace(fact, row_prices=lasting, cap_prices=cap_multipliers(fact))
        found = StructuredEngine(self._with(cuts)).round(
            weights, upper, inner, self._led(x), target=target, seconds=seconds, tighter=tighter
        )
        if found is None:
            return None
        whole = self._completed(found)
        return None if whole is None else whole[0]

    def _led(self, x: Floats) -> Floats:
        """A solution with one column of each block standing for its value."""
        led, grouped = x.copy(), int(self._program.starts[-1])
        for block in self._blocks:
            place = grouped + block.columns
            value = float(block.weights @ x[place])
            led[place] = 0.0
            led[place[block.lead]] = value / block.weights[block.lead]
        return led

    def core(self, fact: Fact, x: Floats, *, size: int) -> Part:
        """About `size` of the cheapest moves away from the relaxation's choice."""
        return self._plain.core(fact, x, size=size)

    def rest(self, fact: Fact, gap: float) -> Part | None:
        """All columns that a solution better than the incumbent can hold, None where they are too many."""
        return self._plain.rest(fact, gap)
