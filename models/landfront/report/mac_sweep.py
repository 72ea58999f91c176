r"""Marginal abatement cost by price sweep, and by the multipliers of carbon targets.

For each carbon price P the plan that maximises P * carbon - cost under the study's limits; the technical
potential is the most carbon where cost and limits on money do not count. For targets of carbon between 0 and
what the highest price brings, the least cost, and the multiplier of the target as marginal cost: of the
relaxation, so that it exists for whole parcels too. With one intervention at a time the same relaxations say
what each would give alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from math import inf
from typing import Any

import numpy as np
from numpy.typing import NDArray

from landfront.models.formulate import Formulation
from landfront.models.funds import NAME as FUNDS
from landfront.models.kinds import interventions_of
from landfront.optimizer import tolerances
from landfront.optimizer.engine import Infeasible, choose_engine
from landfront.optimizer.program import Program
from landfront.optimizer.scalarize import Scalarizer, failure
from landfront.optimizer.task import Solve, Task

Floats = NDArray[np.float64]
TINY = 1e-9
SHARES = tuple(np.linspace(0.1, 1.0, 10))
"""Targets of carbon, as shares of what the highest price brings."""


@dataclass(frozen=True)
class Step:
    """The plan at one price.

    Attributes
    ----------
    price
        Currency per t CO2e; infinite for the technical potential.
    carbon, cost
        Change against today, t CO2e and currency.
    bound
        Proven largest price * carbon - cost, or carbon for the technical potential.
    gap
        How far below it the plan may lie, as a share of price * carbon, or of the cost at a price of 0.
    termination
        Why the search ended.
    by_kind, by_region
        Carbon of each kind, shape (K,), and of each region of the outermost level.
    relaxed
        Carbon of the relaxation.
    x
        The plan's columns, shape (m,).
    """

    price: float
    carbon: float
    cost: float
    bound: float
    gap: float
    termination: str
    by_kind: Floats
    by_region: Floats
    relaxed: float
    x: NDArray[Any]


@dataclass(frozen=True)
class Target:
    """Least cost of an amount of carbon in the relaxation, and what one tonne more would cost."""

    carbon: float
    cost: float
    marginal: float


class Sweep:
    """Solves for one price after another over one program, each from where the last one ended."""

    def __init__(self, formulation: Formulation, pair: tuple[str, str], *, money: bool, rule: Rule) -> None:
        self.formulation, self.rule = formulation, rule
        names = list(formulation.study.criteria)
        program = formulation.program.select([names.index(name) for name in pair])
        self.kept = rows_kept(formulation, money=money)
        self.program = with_rows(program, self.kept)
        self.engine, _ = choose_engine(self.program)
        self.carbon = formulation.effects[pair[0]].values(formulation.menu)
        self.last: Solve | None = None

    def at(self, price: float) -> Step:
        """The plan at a price.

        Raises
        ------
        Infeasible, Unbounded, SolverError
        """
        weights = _weights(price)
        last = self.last
        task = Task(
            weights,
            np.full(2, inf),
            share=self.rule.gap,
            main=int(weights[0] == 0),
            deadline=self.rule.deadline,
            start=None if last is None else last.x,
            basis=None if last is None else last.basis,
        )
        solve = Scalarizer(self.program, self.engine).solve(task)
        if solve.x is None or solve.reason == "unbounded":
            raise self._failure(solve)
        self.last = solve
        return self._step(price, solve)

    def _failure(self, solve: Solve) -> Exception:
        """Rows of this program as rows of the study's."""
        error = failure(solve, self.engine, self.program)
        if isinstance(error, Infeasible):
            return Infeasible(tuple(int(self.kept[row]) for row in error.rows), error.names)
        return error

    def _step(self, price: float, solve: Solve) -> Step:
        assert solve.x is not None
        assert solve.y is not None
        carbon, cost = self._changes(solve.y)
        weights = solve.task.weights
        lack = float(weights @ solve.y) - solve.beta
        noise = tolerances.NOISE * float(weights @ self.program.objective_span)
        lack = lack if lack > noise else 0.0
        size = abs(carbon) if weights[0] else abs(cost)
        scale = price if 0 < price < inf else 1.0
        value = carbon if price == inf else price * carbon - cost
        relaxed = carbon if solve.relaxed is None else self._changes(solve.relaxed)[0]
        menu, landscape = self.formulation.menu, self.formulation.landscape
        parts = self.carbon * solve.x[: len(menu)]  # linking columns follow the options
        regions = landscape.regions[:, 0] if landscape.nested else np.zeros(len(landscape), dtype=np.int64)
        return Step(
            price,
            carbon,
            cost,
            value + scale * lack,
            lack / max(size, TINY),
            solve.reason,
            _sums(menu.kind, parts, len(menu.kinds)),
            _sums(regions[menu.parcel] + 1, parts, 1)[1:],  # the first is for parcels without a region
            relaxed,
            solve.x,
        )

    def _changes(self, y: Floats) -> tuple[float, float]:
        """Carbon and cost against today, of values in minimisation form."""
        change = y - self.program.minimised_offsets
        return 0.0 - float(change[0]), float(change[1])  # no carbon is 0, not -0

    def targets(self, most: float) -> Iterator[Target]:
        """Least cost and multiplier of shares of an amount of carbon, from the relaxation."""
        basis = None
        for share in SHARES:
            target = share * most * (1.0 - TINY)
            upper = np.array([self.program.minimised_offsets[0] - target, inf])
            task = Task(
                np.array([0.0, 1.0]), upper, main=1, deadline=self.rule.deadline, relaxed=True, basis=basis
            )
            solve = Scalarizer(self.program, self.engine).solve(task)
            if solve.relaxed is None or solve.reason != "optimal":
                return
            basis = solve.basis
            carbon, cost = self._changes(solve.relaxed)
            yield Target(carbon, cost, float(solve.cap_prices[0]))

    def alone(self, intervention: str, prices: Sequence[float]) -> Iterator[float]:
        """Carbon at each price with one intervention only, relaxed; nan where no plan is possible."""
        names = self.formulation.menu.interventions
        allowed = [interventions_of(name) in ((intervention,), interventions_of(names[0])) for name in names]
        options, upper = len(self.formulation.menu), np.array(self.program.upper)
        upper[:options] *= np.array(allowed)[self.formulation.menu.kind]
        program = replace(self.program, upper=upper)
        engine, _ = choose_engine(program)
        scalarizer, basis = Scalarizer(program, engine), None
        for price in prices:
            task = Task(
                _weights(price), np.full(2, inf), deadline=self.rule.deadline, relaxed=True, basis=basis
            )
            solve = scalarizer.solve(task)
            basis = solve.basis
            known = solve.relaxed is not None and solve.reason == "optimal"
            yield self._changes(solve.relaxed)[0] if known and solve.relaxed is not None else np.nan


@dataclass(frozen=True)
class Rule:
    """How near to the optimum each plan is proven, and when to stop (`time.monotonic` clock)."""

    gap: float = 1e-4
    deadline: float = inf


def rows_kept(formulation: Formulation, *, money: bool) -> NDArray[np.int64]:
    """Rows that count: all, or those that are neither limits on money nor rules of funds."""
    if money:
        return np.arange(len(formulation.program.row_names))
    currency, effects, limits = formulation.study.study.currency, formulation.effects, formulation.limits
    units = [{row.unit, *([effects[row.effect].unit] if row.effect in effects else [])} for row in limits]
    rows = [r for r, unit in enumerate(units) if currency not in unit]
    names = formulation.program.row_names
    rows += [r for r in range(len(limits), len(names)) if not names[r].startswith(f"{FUNDS}: ")]
    return np.array(rows, dtype=np.int64)


def with_rows(program: Program, kept: NDArray[np.int64]) -> Program:
    """The program with these coupling rows only."""
    if len(kept) == len(program.row_names):
        return program
    return program.with_rows(kept)


def _sums(place: NDArray[np.integer], values: Floats, least: int) -> Floats:
    """Sums of values by place, shape (places,)."""
    return np.asarray(np.bincount(place, weights=values, minlength=least), dtype=np.float64)


def _weights(price: float) -> Floats:
    """Weights of carbon and cost in minimisation form: in tonnes, so that the gap is a share of the carbon.

    >>> _weights(50.0).tolist(), _weights(0.0).tolist(), _weights(inf).tolist()
    ([1.0, 0.02], [0.0, 1.0], [1.0, 0.0])
    """
    return np.array([1.0, 1.0 / price]) if price > 0 else np.array([0.0, 1.0])
