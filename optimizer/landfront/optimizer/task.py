"""A scalar problem and its answer: what searches ask for, journals keep, and runs store."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from hashlib import blake2b
from math import inf
from time import monotonic
from typing import Any

import numpy as np
from numpy.typing import NDArray

from landfront.optimizer.engine import Basis
from landfront.optimizer.front import Fact, Floats, Reason
from landfront.optimizer.points import key_of


@dataclass(frozen=True)
class Task:
    """A scalar problem: everything that its answer depends on, and a deadline.

    Attributes
    ----------
    weights, upper
        Minimisation form, shape (p,); ``upper`` infinite where free.
    gap
        Absolute gap of ``weights @ y`` that is good enough.
    share, main, most
        The gap may also be this share of the value, or of the change, of objective `main`, up to `most`.
    deadline
        When to stop, on the `time.monotonic` clock; no part of the problem's identity.
    start
        A solution known to satisfy the caps, or None.
    relaxed
        Only the relaxation is wanted: its values and its proof, no solution.
    cutoff
        Solutions with ``weights @ y`` at or above it are not wanted: that there are no others is enough.
    slope
        With it the relaxation minimises ``weights @ y + t`` subject to ``y <= upper + slope * t``.
    basis
        Where the relaxation starts; None for a cold start.
    fixed
        Only solutions with these values of the integer columns count, shape (k,); None for all. What is
        proven then holds for them alone (see `slices`).
    among
        Solutions must lie below one of these corners, too, shape (k, p); infinite on an axis for all or none.
        What an integer search proves is a fact for each corner.
    """

    weights: Floats
    upper: Floats
    gap: float = 0.0
    share: float = 0.0
    main: int = 0
    most: float = inf
    deadline: float = inf
    start: NDArray[Any] | None = field(default=None, repr=False)
    relaxed: bool = False
    cutoff: float = inf
    slope: Floats | None = None
    basis: Basis | None = field(default=None, repr=False)
    fixed: Floats | None = field(default=None, repr=False)
    among: Floats | None = field(default=None, repr=False)

    @property
    def corners(self) -> Floats:
        """Below one of which solutions must lie, shape (k, p)."""
        return self.upper[None] if self.among is None else np.minimum(self.among, self.upper)

    @property
    def seconds(self) -> float:
        """Seconds left."""
        return max(self.deadline - monotonic(), 0.0)

    @cached_property
    def key(self) -> str:
        """Digest of the problem, without its deadline, 16 hexadecimal digits."""
        numbers = np.array([self.gap, self.share, self.main, self.most, self.relaxed, self.cutoff])
        slope = np.zeros(0) if self.slope is None else self.slope
        start = "" if self.start is None else key_of(self.start)
        start += "" if self.basis is None else self.basis.key
        parts = [
            self.weights.tobytes(),
            self.upper.tobytes(),
            numbers.tobytes(),
            slope.tobytes(),
            start.encode(),
            b"" if self.fixed is None else self.fixed.tobytes(),
            *(() if self.among is None else (self.among.tobytes(),)),
        ]
        return blake2b(b"|".join(parts), digest_size=8).hexdigest()


@dataclass(frozen=True)
class Solve:
    """What a scalar problem gave.

    Attributes
    ----------
    x, y
        A feasible solution, shape (m,), as bytes when all is 0 or 1, and its values in minimisation form,
        shape (p,); or None.
    facts
        What was proven, whatever the reason.
    beta
        The best proven bound of ``weights @ y``.
    reason, detail
        Why it ended. "optimal" means proven within the gap of the task.
    row_prices, cap_prices
        Multipliers of the relaxation, shapes (r,) and (p,).
    relaxed
        Values of the relaxation's solution in minimisation form, shape (p,), or None.
    searches
        Integer searches that were run.
    basis
        Where the relaxation ended.
    """

    task: Task
    x: NDArray[Any] | None
    y: Floats | None
    facts: tuple[Fact, ...]
    beta: float
    reason: Reason
    detail: str
    row_prices: Floats
    cap_prices: Floats
    seconds: float
    relaxed: Floats | None = None
    searches: int = 0
    basis: Basis | None = field(default=None, repr=False)
