"""What a front method asks of a solver, and which engine answers, with the reason in words."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from landfront.optimizer.front import Floats, Reason
from landfront.optimizer.program import Program


class Infeasible(Exception):
    """No solution satisfies all rows.

    Attributes
    ----------
    rows
        Indices of coupling rows that clash: without any one of them there is no contradiction proven.
    names
        Their names.
    """

    def __init__(self, rows: tuple[int, ...], names: tuple[str, ...], detail: str = "") -> None:
        self.rows, self.names = rows, names
        listed = ", ".join(names) if names else "the groups and column bounds alone"
        super().__init__(f"no solution: these limits clash: {listed}" + (f" ({detail})" if detail else ""))


class Unbounded(Exception):
    """An objective can be improved without end."""


class SolverError(Exception):
    """A solver ended without the answer that the question must have."""


@dataclass(frozen=True)
class Answer:
    """What an engine says about ``min weights @ y`` subject to ``y <= upper``, claim and proof apart.

    Attributes
    ----------
    reason
        Why the engine stopped.
    x
        The columns, shape (m,), as the engine gave them, or None.
    bound
        Claimed lower bound of ``weights @ y`` with offsets; -inf where there is none.
    row_prices, cap_prices
        Multipliers as in `front.Fact`; zeros from an integer search.
    detail
        The engine's own words.
    """

    reason: Reason
    x: Floats | None
    bound: float
    row_prices: Floats
    cap_prices: Floats
    detail: str


@dataclass(frozen=True)
class Part:
    """Which columns an integer search may change, and what it knows.

    Attributes
    ----------
    free
        Columns that may change, shape (m,); every other one keeps its value in `base`.
    base
        Shape (m,).
    start
        A feasible solution, shape (m,), or None.
    gap
        Absolute gap of ``weights @ y`` at which to stop.
    target
        A value of ``weights @ y`` good enough to stop at.
    """

    free: NDArray[np.bool_]
    base: Floats
    start: Floats | None = None
    gap: float = 0.0
    target: float = -inf


class Engine(Protocol):
    """Solves scalar problems over one program, in minimisation form."""

    @property
    def name(self) -> str:
        """Name and version."""
        ...

    def relax(self, weights: Floats, upper: Floats, *, seconds: float) -> Answer:
        """Solve without integrality, from where the last solve ended."""
        ...

    def search(self, weights: Floats, upper: Floats, *, part: Part, seconds: float) -> Answer:
        """Solve with integrality over a part of the columns."""
        ...

    def clash(self, *, seconds: float) -> tuple[int, ...]:
        """Coupling rows that clash, as few as can be shown in time."""
        ...


def choose_engine(program: Program) -> tuple[Engine, str]:
    """The engine for a program, and why."""
    from landfront.optimizer.highs import HighsEngine

    engine = HighsEngine(program)
    kind = "with" if program.integer.any() else "without"
    return engine, f"{engine.name}: exact for any linear program {kind} integers"
