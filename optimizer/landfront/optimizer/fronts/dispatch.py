"""One door to all that computes points: front methods, and the classic methods that answer with a few."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from landfront.optimizer.front import Front
from landfront.optimizer.fronts.driver import solve_front
from landfront.optimizer.fronts.lexicographic import solve_lexicographic
from landfront.optimizer.fronts.reference_point import solve_reference
from landfront.optimizer.fronts.weighted import solve_weighted
from landfront.optimizer.program import Program

CLASSIC: dict[str, Callable[..., Front]] = {
    "lexicographic": solve_lexicographic,
    "reference": solve_reference,
    "weighted": solve_weighted,
}
"""Methods that answer a stated preference; each takes options of its own."""

FRONT_ONLY = ("points", "executor", "resume", "also")
"""What only a front can use; the other options of a classic method are its own."""


def solve_method(program: Program, method: str, **options: Any) -> Front:
    """Solve by the method of a name.

    Parameters
    ----------
    program
        With two objectives or more.
    method
        "auto", a front method of `choose.METHODS`, or one of `CLASSIC`.
    options
        As of `solve_front`, or of the classic method; what only a front can use is left out there.
    """
    if method not in CLASSIC:
        return solve_front(program, method=method, **options)
    own = {name: value for name, value in options.items() if name not in FRONT_ONLY}
    return CLASSIC[method](program, **own)
