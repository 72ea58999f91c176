"""What a front method asks of a solver, and which engine answers, with the reason in words."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from hashlib import blake2b
from math import inf
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from landfront.optimizer.front import Fact, Floats, Reason
from landfront.optimizer.program import Program

Statuses = NDArray[np.int8]

NONE: Statuses = np.zeros(0, dtype=np.int8)
"""No statuses."""


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


@dataclass(frozen=True, eq=False)
class Basis:
    """Where a relaxation ended, so that a later one can start there. Only the engine that made it reads it.

    Two of them are equal when their bytes are.

    Attributes
    ----------
    prices
        Weights and prices of the caps together, then prices of the coupling rows, shape (p + r,).
    columns, rows
        Status of each column and row of the engine's own layout, int8; empty where prices are enough.
    """

    prices: Floats
    columns: Statuses = field(default_factory=lambda: NONE)
    rows: Statuses = field(default_factory=lambda: NONE)

    @cached_property
    def key(self) -> str:
        """Digest, 16 hexadecimal digits."""
        return blake2b(self.to_bytes(), digest_size=8).hexdigest()

    def to_bytes(self) -> bytes:
        """For storing; `from_bytes` reads it."""
        sizes = np.array([len(self.prices), len(self.columns)], dtype=np.int64)
        return b"".join(part.tobytes() for part in (sizes, self.prices, self.columns, self.rows))

    @classmethod
    def from_bytes(cls, stored: bytes) -> Basis:
        """The basis that `to_bytes` wrote."""
        prices, columns = np.frombuffer(stored, dtype=np.int64, count=2).tolist()
        rest = np.frombuffer(stored, dtype=np.int8, offset=16 + 8 * prices)
        return cls(np.frombuffer(stored, count=prices, offset=16), rest[:columns], rest[columns:])

    def carried(self, weights: Floats, upper: Floats, slope: Floats | None) -> Floats:
        """Prices of rows and caps for another scalar problem, in proportion to its weights, shape (r + p,).

        Objectives without a cap keep their weight; a cap's price, negative, is what its weight then lacks.
        """
        p = len(weights)
        total, prices = self.prices[:p], self.prices[p:]
        free = np.isinf(upper)
        if slope is not None:
            rate = _ratio(1 + float(weights @ slope), float(total @ slope))
        else:
            rate = _ratio(float(weights[free] @ total[free]), float(total[free] @ total[free]))
        caps = np.where(free, 0.0, np.maximum(rate * total - weights, 0.0))
        return np.concatenate([rate * prices, -caps])

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Basis) and self.key == other.key

    def __hash__(self) -> int:
        return hash(self.key)


def _ratio(new: float, old: float) -> float:
    return new / old if old > np.finfo(np.float64).tiny else 1.0


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
    basis
        Where a relaxation ended, None when it gave no solution and from an integer search.
    stretch
        The value of t where a slope was asked for.
    """

    reason: Reason
    x: Floats | None
    bound: float
    row_prices: Floats
    cap_prices: Floats
    detail: str
    basis: Basis | None = None
    stretch: float = 0.0


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
    cutoff
        Only solutions with ``weights @ y`` below it are looked for. That there is none is an answer:
        "optimal" without a solution, and the cutoff as its bound.
    among
        Only solutions with ``y <= among[i]`` for some i are looked for, besides ``y <= upper``, shape (k, p).
    """

    free: NDArray[np.bool_]
    base: Floats
    start: Floats | None = None
    gap: float = 0.0
    target: float = -inf
    cutoff: float = inf
    among: Floats | None = None


class Engine(Protocol):
    """Solves scalar problems over one program, in minimisation form.

    Every answer depends on the arguments alone, never on what was solved before.
    """

    @property
    def name(self) -> str:
        """Name and version."""
        ...

    def relax(
        self,
        weights: Floats,
        upper: Floats,
        *,
        seconds: float,
        start: Basis | None = None,
        slope: Floats | None = None,
    ) -> Answer:
        """Solve without integrality, from where the solve with the basis `start` ended.

        With a `slope` d >= 0, shape (p,), the problem is ``min weights @ y + t`` subject to
        ``y <= upper + d t`` with t free (Pascoletti and Serafini): `Answer.bound` then includes t, and
        `Answer.stretch` is t.
        """
        ...

    def search(self, weights: Floats, upper: Floats, *, part: Part, seconds: float) -> Answer:
        """Solve with integrality over a part of the columns."""
        ...

    def clash(self, *, seconds: float) -> tuple[int, ...]:
        """Coupling rows that clash, as few as can be shown in time."""
        ...

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
        """A whole choice near the relaxation's solution ``x``, without a tree; None where none is found.

        `fact` is what the relaxation proved, and `target` a value of ``weights @ y`` that is good enough.
        With `tighter` rows it begins from relaxations whose rows are tighter than asked, so that what
        rounding takes from them is there.
        """
        ...

    def core(self, fact: Fact, x: Floats, *, size: int) -> Part | None:
        """About `size` of the cheapest moves away from the relaxation's choice; the rest is fixed.

        None where a search of everything finds plans as soon.
        """
        ...

    def rest(self, fact: Fact, gap: float) -> Part | None:
        """All columns that a solution can hold that is worse than the fact's bound by less than `gap`.

        None where they are so many that a search would not end.
        """
        ...


@runtime_checkable
class Doubling(Protocol):
    """An engine that another thread can use beside."""

    def beside(self) -> Engine | None:
        """Another engine over the same data, for a thread of its own; None where that gains nothing."""
        ...


def choose_engine(program: Program, solver: str | None = None) -> tuple[Engine, str]:
    """The engine for a program, and why.

    Parameters
    ----------
    program
        Any.
    solver
        "highs", "structured", "cuts" or "joins" to force one that is built in, or a solver to use
        through Pyomo: "scip", "gurobi", "cplex", "cbc" or another that Pyomo knows.

    Raises
    ------
    ValueError
        If the solver asked for is not installed, or cannot take the program.
    """
    from landfront.optimizer.structured.support import structured_reason, unfit_shape

    if solver not in (None, "highs", "structured", "cuts", "joins"):
        from landfront.optimizer.pyomo_engine import PyomoEngine

        other = PyomoEngine(program, solver)
        return other, f"{other.name}: asked for"
    if program.joined or solver == "joins":
        by_joins = _by_joins(program, solver)
        if by_joins is not None:
            return by_joins
    if program.edges is not None or solver == "cuts":
        by_cuts = _by_cuts(program, solver)
        if by_cuts is not None:
            return by_cuts
    unfit = unfit_shape(program)
    if solver == "structured" and unfit:
        raise ValueError(f"the structured engine cannot take this program: {unfit}")
    reason = structured_reason(program)
    if solver == "structured" or (solver is None and reason):
        from landfront.optimizer.structured.engine import StructuredEngine
        from landfront.optimizer.structured.projected import ProjectedEngine
        from landfront.optimizer.structured.valued import blocks_of

        blocks = blocks_of(program)
        structured = ProjectedEngine(program, blocks) if blocks else StructuredEngine(program)
        return structured, f"{structured.name}: {reason or 'asked for'}"
    from landfront.optimizer.highs import HighsEngine

    engine = HighsEngine(program)
    kind = "with" if program.integer.any() else "without"
    return (
        engine,
        f"{engine.name}: exact for any linear program {kind} integers{f'; {unfit}' if unfit else ''}",
    )


def _by_cuts(program: Program, solver: str | None) -> tuple[Engine, str] | None:
    """The engine of minimum cuts where it is asked for or the better choice, and why."""
    from landfront.optimizer.cuts.support import cut_reason, unfit

    if solver == "cuts" and (words := unfit(program)):
        raise ValueError(f"minimum cuts cannot take this program: {words}")
    reason = cut_reason(program)
    if solver != "cuts" and (solver is not None or not reason):
        return None
    from landfront.optimizer.cuts.engine import CutEngine

    engine = CutEngine(program)
    return engine, f"{engine.name}: {reason or 'asked for'}"


def _by_joins(program: Program, solver: str | None) -> tuple[Engine, str] | None:
    """The engine of node cuts where it is asked for or the better choice, and why."""
    from landfront.optimizer.joins.support import join_reason, unfit

    if solver == "joins" and (words := unfit(program)):
        raise ValueError(f"node cuts cannot take this program: {words}")
    reason = join_reason(program)
    if solver != "joins" and (solver is not None or not reason):
        return None
    from landfront.optimizer.joins.engine import JoinEngine

    engine = JoinEngine(program)
    return engine, f"{engine.name}: {reason or 'asked for'}"
