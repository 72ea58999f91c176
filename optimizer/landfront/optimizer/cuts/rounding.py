"""Whole plans near a relaxation: single changes, in the order of what they cost under its prices."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf
from time import monotonic
from typing import Any

import numpy as np
from numpy.typing import NDArray

from landfront.optimizer import tolerances
from landfront.optimizer.cuts.terms import Terms

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

PASSES, PASSES_MANY = 400, 40
"""Passes over the cheapest changes, and with very many groups, where one takes a second; most plans are done
after ten, large stands are peeled in a hundred."""

FEWEST_MOVES, MOVES = 500, 0.02
"""Changes that a pass looks at: so many, or this share of the columns."""

WHOLE = 1e-6
"""A share this close to 0 or 1 is not divided."""


@dataclass
class Plan:
    """A plan that is being bettered: its columns, what it makes of the rows, its value, if it meets them."""

    chosen: Ints
    activity: Floats
    value: float = inf
    feasible: bool = False


@dataclass(frozen=True)
class Rounding:
    """Plans for one question.

    Attributes
    ----------
    weights
        Of the K rows in the objective, shape (K,).
    multipliers
        The same with prices, under which changes are put in order, shape (K,).
    lower, upper
        Bounds of the rows, shape (K,).
    """

    terms: Terms
    weights: Floats
    multipliers: Floats
    lower: Floats
    upper: Floats

    def best(self, starts: list[Ints], *, target: float, deadline: float) -> Ints | None:
        """The best plan that meets the rows, from one of these on; None where none is found."""
        found: Plan | None = None
        for start in starts:
            plan = self._bettered(start.copy(), target, deadline)
            if plan.feasible and (found is None or plan.value < found.value):
                found = plan
            if (found is not None and found.value <= target) or monotonic() > deadline:
                break
        return None if found is None else found.chosen

    def _bettered(self, chosen: Ints, target: float, deadline: float) -> Plan:
        from landfront.optimizer.cuts import kernels

        terms, program = self.terms, self.terms.program
        entries: tuple[Any, Any, Any] = terms.columns.indptr, terms.columns.indices, terms.columns.data
        arcs, head, edge = terms.network.adjacency
        graph: tuple[Any, Any, Any, Any] = arcs, head, edge, terms.edges.column
        size = np.maximum(program_scale(terms), np.finfo(np.float64).tiny)
        plan = Plan(chosen, terms.activity(chosen))
        value = terms.columns @ self.multipliers
        many = program.groups >= tolerances.MANY_GROUPS
        for _ in range(PASSES_MANY if many else PASSES):
            dear = kernels.dearness(value, chosen, terms.edges.inside, terms.upper, program.starts, *graph)
            moves = _cheapest(dear)
            owner = np.searchsorted(program.starts, moves, side="right") - 1
            taken = kernels.better(
                moves, owner, dear[moves], self.weights, value, plan.activity, self.lower, self.upper, size,
                *entries, chosen, terms.edges.inside, *graph,
            )  # fmt: skip
            plan.value = float(self.weights @ plan.activity)
            plan.feasible = kernels.missed(plan.activity, self.lower, self.upper, size) == 0
            if not taken or (plan.feasible and plan.value <= target) or monotonic() > deadline:
                break
        return plan


def program_scale(terms: Terms) -> Floats:
    """Largest absolute coefficient of each of the K rows, shape (K,)."""
    return np.concatenate([terms.program.objective_scale, terms.program.row_scale[terms.other_rows]])


def _cheapest(dear: Floats) -> Ints:
    """The columns of the cheapest changes, in order."""
    count = max(FEWEST_MOVES, int(MOVES * len(dear)))
    found = np.argpartition(dear, count)[:count] if count < len(dear) else np.arange(len(dear))
    found = found[np.isfinite(dear[found])]
    return np.asarray(found[np.argsort(dear[found], kind="stable")])


def starts_of(terms: Terms, x: Floats, multipliers: Floats) -> list[Ints]:
    """Plans from a mixture: what all of it has inside, what any of it has, and what most of it has."""
    from landfront.optimizer.cuts.kernels import sides

    values = terms.columns @ multipliers
    best, _ = sides(terms.program.starts, values, terms.upper, terms.edges.inside)
    share = terms.edges.chosen(x, terms.program.starts)
    plans = []
    for least in (1 - WHOLE, WHOLE, 0.5):
        inside = (share >= least) & (best[:, 1] >= 0) | (best[:, 0] < 0)
        plans.append(np.where(inside, best[:, 1], best[:, 0]))
    return plans
