"""How a program lies before a solver: groups, coupling rows and caps on the objectives in one matrix."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from math import inf

import numpy as np
import scipy.sparse as sp

from landfront.optimizer.engine import Answer
from landfront.optimizer.front import Floats
from landfront.optimizer.program import Program
from landfront.optimizer.session import Model, Outcome


@dataclass(frozen=True)
class Layout:
    """A program as rows: first the groups, then the coupling rows, then one cap per objective.

    Attributes
    ----------
    matrix
        Shape (groups + r + p, m).
    lower, upper
        Row bounds without caps.
    """

    program: Program
    matrix: sp.csr_array
    lower: Floats
    upper: Floats

    @cached_property
    def by_column(self) -> sp.csc_array:
        """The matrix by columns."""
        return sp.csc_array(self.matrix)

    @property
    def coupling(self) -> int:
        """Index of the first coupling row."""
        return self.program.groups

    @property
    def caps(self) -> int:
        """Index of the first cap row."""
        return len(self.lower) - len(self.program.senses)

    def cap_bounds(self, upper: Floats) -> Floats:
        """Upper bounds of the cap rows for ``y <= upper``, offsets moved over."""
        return np.asarray(upper - self.program.minimised_offsets)

    def model(self, cost: Floats, *, integer: bool) -> Model:
        """All columns and rows, without caps."""
        program = self.program
        whole = program.integer if integer else np.zeros(program.columns, dtype=bool)
        return Model(cost, program.lower, program.upper, whole, self.matrix, self.lower, self.upper)

    def opportunity_cost(self, weights: Floats) -> tuple[Floats, float]:
        """Loss of each column against the best of its group, and the constant taken out."""
        program = self.program
        cost = weights @ program.minimised
        constant = float(weights @ program.minimised_offsets)
        if program.groups == 0:
            return cost, constant
        best = np.minimum.reduceat(cost[: program.starts[-1]], program.starts[:-1])
        cost[: program.starts[-1]] -= np.repeat(best, np.diff(program.starts))
        return cost, constant + float(best.sum())


def lay_out(program: Program) -> Layout:
    """Rows of a program for a solver that wants one matrix."""
    grouped, p = int(program.starts[-1]), len(program.senses)
    groups = sp.csr_array(
        (np.ones(grouped), np.arange(grouped), program.starts), shape=(program.groups, program.columns)
    )
    rows = [groups, program.row_matrix, sp.csr_array(program.minimised)]
    ones = np.ones(program.groups)
    return Layout(
        program=program,
        matrix=sp.csr_array(sp.vstack(rows, format="csr")),
        lower=np.concatenate([ones, program.row_lower, np.full(p, -inf)]),
        upper=np.concatenate([ones, program.row_upper, np.full(p, inf)]),
    )


def best_of(answers: Sequence[Answer]) -> Answer:
    """What answers about parts say of all parts together: the best solution, and the worst bound.

    One that failed makes all of them fail; that there is nothing in some parts is no failure.
    """
    found = [answer for answer in answers if answer.reason != "infeasible"]
    if not found:
        return answers[0]
    solved = [answer for answer in found if answer.x is not None]
    best = min(solved or found, key=lambda answer: answer.bound)
    worst = next((answer for answer in found if answer.reason != "optimal"), best)
    bound = min(answer.bound for answer in found)
    return replace(best, reason=worst.reason, detail=worst.detail, bound=bound)


def answer_of(
    outcome: Outcome, constant: float, x: Floats | None, *, layout: Layout, priced: bool = False
) -> Answer:
    """The answer in the program's terms; `priced` where the last duals are of coupling rows and caps."""
    p = len(layout.program.senses)
    r = layout.caps - layout.coupling
    duals = outcome.duals[len(outcome.duals) - r - p :] if priced else np.zeros(r + p)
    return Answer(
        reason=outcome.reason,
        x=x,
        bound=outcome.bound + constant,
        row_prices=duals[:r],
        cap_prices=-duals[r:],
        detail=outcome.detail,
    )
