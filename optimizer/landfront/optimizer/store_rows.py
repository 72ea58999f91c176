"""Rows of a store: points, facts and solves as plain values with a digest, and back without loss.

Arrays are float64 bytes (little endian), never pickles; a solve refers to its facts, its bases and its
columns by what names them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from math import nan
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from landfront.optimizer.engine import Basis
from landfront.optimizer.front import Fact, Point, Proof, Reason
from landfront.optimizer.points import key_of
from landfront.optimizer.task import Solve, Task

Floats = NDArray[np.float64]
Row = tuple[Any, ...]
Columns = Callable[[str], Floats]
"""The columns of a solution, shape (m,), by their key."""

POINT = ("key", "values", "bound", "gap", "termination", "row_prices", "rate", "seconds")
FACT = ("weights", "upper", "beta", "proof", "row_prices", "cap_prices")
TASK = (
    "weights", "upper", "gap", "share", "main", "most", "cutoff", "relaxed", "slope", "start", "start_basis",
    "fixed", "among",
)  # fmt: skip
ANSWER = (
    "x", "y", "beta", "reason", "detail", "row_prices", "cap_prices", "seconds", "relaxed_y", "searches",
    "basis", "facts",
)  # fmt: skip
SOLVE = ("key", *TASK, *(f"answer_{name}" for name in ANSWER))


def digest(row: Row) -> str:
    """SHA-256 of plain values; a changed bit of any of them changes it."""
    return hashlib.sha256(repr(row).encode()).hexdigest()


def point_row(point: Point) -> Row:
    """Values in the order of `POINT`."""
    return (
        point.key,
        blob(point.values),
        number(point.bound),
        number(point.gap),
        point.termination,
        blob(point.row_prices),
        blob(point.rate),
        real(point.seconds),
    )


def point_of(row: Row) -> Point:
    """The point, without its columns ``x``."""
    key, values, bound, gap, termination, row_prices, rate, seconds = row
    return Point(
        values=array(values),
        x=np.zeros(0),
        key=key,
        bound=nan if bound is None else bound,
        gap=nan if gap is None else gap,
        termination=cast(Reason, termination),
        row_prices=array(row_prices),
        rate=array(rate),
        seconds=seconds,
    )


def fact_row(fact: Fact) -> Row:
    """Values in the order of `FACT`."""
    return (
        blob(fact.weights),
        blob(fact.upper),
        real(fact.beta),
        fact.proof,
        blob(fact.row_prices),
        blob(fact.cap_prices),
    )


def fact_of(row: Row) -> Fact:
    """The fact."""
    weights, upper, beta, proof, row_prices, cap_prices = row
    return Fact(array(weights), array(upper), beta, cast(Proof, proof), array(row_prices), array(cap_prices))


def solve_row(solve: Solve, facts: Sequence[int]) -> Row:
    """Values in the order of `SOLVE`, with the numbers of its facts."""
    task = solve.task
    return (
        task.key,
        blob(task.weights),
        blob(task.upper),
        real(task.gap),
        real(task.share),
        int(task.main),
        real(task.most),
        real(task.cutoff),
        int(task.relaxed),
        maybe(task.slope),
        None if task.start is None else key_of(task.start),
        None if task.basis is None else task.basis.key,
        maybe(task.fixed),
        maybe(task.among),
        None if solve.x is None else key_of(solve.x),
        maybe(solve.y),
        real(solve.beta),
        solve.reason,
        solve.detail,
        blob(solve.row_prices),
        blob(solve.cap_prices),
        real(solve.seconds),
        maybe(solve.relaxed),
        int(solve.searches),
        None if solve.basis is None else solve.basis.key,
        np.asarray(facts, dtype="<i8").tobytes(),
    )


def solve_of(row: Row, facts: Mapping[int, Fact], bases: Mapping[str, Basis], columns: Columns) -> Solve:
    """The solve, as it was.

    Raises
    ------
    KeyError
        If what it refers to is not there.
    """
    named = dict(zip(SOLVE, row, strict=True))
    answer = {name: named[f"answer_{name}"] for name in ANSWER}
    return Solve(
        task=_task(named, bases, columns),
        x=None if answer["x"] is None else columns(answer["x"]),
        y=maybe_array(answer["y"]),
        facts=tuple(facts[int(place)] for place in np.frombuffer(answer["facts"], dtype="<i8")),
        beta=answer["beta"],
        reason=cast(Reason, answer["reason"]),
        detail=answer["detail"],
        row_prices=array(answer["row_prices"]),
        cap_prices=array(answer["cap_prices"]),
        seconds=answer["seconds"],
        relaxed=maybe_array(answer["relaxed_y"]),
        searches=answer["searches"],
        basis=None if answer["basis"] is None else bases[answer["basis"]],
    )


def _task(named: Mapping[str, Any], bases: Mapping[str, Basis], columns: Columns) -> Task:
    p = len(array(named["weights"]))
    return Task(
        weights=array(named["weights"]),
        upper=array(named["upper"]),
        gap=named["gap"],
        share=named["share"],
        main=named["main"],
        most=named["most"],
        start=None if named["start"] is None else columns(named["start"]),
        relaxed=bool(named["relaxed"]),
        cutoff=named["cutoff"],
        slope=maybe_array(named["slope"]),
        basis=None if named["start_basis"] is None else bases[named["start_basis"]],
        fixed=maybe_array(named["fixed"]),
        among=None if named["among"] is None else array(named["among"]).reshape(-1, p),
    )


def blob(values: Floats) -> bytes:
    """Bytes of an array."""
    return np.asarray(values, dtype="<f8").tobytes()


def array(stored: bytes) -> Floats:
    """The array of bytes, one-dimensional."""
    return np.frombuffer(stored, dtype="<f8").astype(np.float64)


def maybe(values: Floats | None) -> bytes | None:
    """Bytes of an array that may be missing."""
    return None if values is None else blob(values)


def maybe_array(stored: bytes | None) -> Floats | None:
    """The array of bytes that may be missing."""
    return None if stored is None else array(stored)


def real(value: float) -> float:
    """A number as SQLite gives it back: it drops the sign of zero."""
    return float(value) + 0.0


def number(value: float) -> float | None:
    """The same where it may be nan, which SQLite does not have."""
    return None if np.isnan(value) else real(value)
