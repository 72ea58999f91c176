"""Small random programs of several objectives for hypothesis, and everything that is feasible in them.

`programs` draws whole, mixed and linear programs that are feasible by construction. `everything` enumerates
the whole columns and, on each *slice* that they leave, the vertices of what the other columns may do: an
oracle that asks no solver. Values are in minimisation form.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from functools import cached_property
from math import comb
from typing import Literal

import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.optimize import linprog

from landfront.optimizer.front import Floats
from landfront.optimizer.program import Program
from tests.optimizer.moo import assemble

Kind = Literal["whole", "mixed", "linear"]

FINE = 7.0
"""Real-valued objectives have coefficients of n / 7: no lattice that a program knows of, and yet values that
differ do so by a seventh, far more than a resolution."""

MOST_BASES = 30_000
"""Most choices of constraints that a vertex is sought at."""

BATCH = 2_000_000
"""Numbers held at once while vertices are sought."""

REGULAR = 1e-9
"""Constraints with a determinant below this are dependent: theirs are whole numbers."""

EXACT = 1e-7
"""Rows and bounds are of ordinary size: a vertex computed from small whole numbers is far more exact."""


ROUNDING = 1e-12
"""Share of its size by which a sum of a dozen terms may be off: many times the unit rounding."""


@st.composite
def programs(draw: st.DrawFn, *, p: int, kind: Kind) -> Program:
    """A feasible program with `p` objectives: 8 to 12 binaries, whole or mixed; up to 6 columns if linear.

    hypothesis draws the shape and the sizes of the numbers; the numbers come from a seed, because its own
    arrays are mostly of one value, with fronts of one point.
    """
    starts, lower, upper, integer = draw(_columns(p, kind))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    objectives, offsets = draw(_objectives(rng, p, len(lower)))
    rows, row_lower, row_upper = draw(_rows(rng, starts, lower, upper))
    return assemble(
        objectives,
        rows,
        row_lower,
        row_upper,
        senses=rng.choice([-1, 1], p),
        lower=lower,
        upper=upper,
        integer=integer,
        starts=starts,
        offsets=offsets,
    )


Columns = tuple[NDArray[np.int64], Floats, Floats, NDArray[np.bool_]]


@st.composite
def _columns(draw: st.DrawFn, p: int, kind: Kind) -> Columns:
    """Groups, bounds and kinds: groups of binaries or shares first, then loose columns."""
    if kind == "linear":
        sizes = draw(st.lists(st.integers(2, 3), max_size=2))
        binaries, whole, shares = 0, 0, draw(st.integers(0 if sizes else 2, 6 - sum(sizes)))
    else:
        sizes = draw(st.lists(st.integers(2, 4), max_size=3))
        least = max(0, 8 - sum(sizes))
        most = (12 if p == 2 else 9) - sum(sizes)
        binaries = draw(st.integers(least, max(least, most)))
        whole = draw(st.integers(0, 2 if p == 2 else 1))
        shares = draw(st.integers(1, 3 if p == 2 else 2)) if kind == "mixed" else 0
    starts = np.cumsum([0, *sizes])
    grouped = int(starts[-1])
    ends = draw(
        st.lists(
            st.tuples(st.integers(-2, 1), st.integers(1, 3)), min_size=whole + shares, max_size=whole + shares
        )
    )
    low, wide = np.array(ends, dtype=np.float64).reshape(-1, 2).T
    lower = np.concatenate([np.zeros(grouped + binaries), low])
    upper = np.concatenate([np.ones(grouped + binaries), low + wide])
    integer = np.arange(len(lower)) < grouped + binaries + whole
    return starts, lower, upper, integer & (kind != "linear")


@st.composite
def _objectives(draw: st.DrawFn, rng: np.random.Generator, p: int, m: int) -> tuple[Floats, Floats]:
    """Small whole coefficients, some in sevenths, in units that differ by powers of ten."""

    def each(values: tuple[float, ...]) -> Floats:
        return np.array(draw(st.lists(st.sampled_from(values), min_size=p, max_size=p)))

    largest = draw(st.sampled_from([1, 3, 9, 30]))
    numbers = rng.integers(-largest, largest + 1, (p, m))
    # An objective without variables is refused, and rightly so: that has a test of its own.
    bare = np.flatnonzero(~numbers.any(axis=1))
    numbers[bare, rng.integers(m, size=len(bare))] = 1
    size = each((1.0, 10.0, 1e-2, 1e4)) / each((1.0, FINE))
    return numbers * size[:, None], rng.integers(-9, 10, p) * size


@st.composite
def _rows(
    draw: st.DrawFn, rng: np.random.Generator, starts: NDArray[np.int64], lower: Floats, upper: Floats
) -> tuple[Floats, Floats, Floats]:
    """Up to three rows around what some solution uses: at most, at least, both, or equal."""
    sides = np.array(
        draw(st.lists(st.sampled_from(["most", "least", "both", "equal"]), max_size=3)), dtype=object
    )
    rows = np.round(rng.normal(0, 3, (len(sides), len(lower))))
    x = np.minimum(lower + rng.integers(0, 4, len(lower)), upper)
    for first, last in itertools.pairwise(starts.tolist()):
        x[first:last] = np.eye(last - first)[rng.integers(last - first)]
    used = rows @ x
    below, above = rng.integers(0, 7, (2, len(sides))) * (sides != "equal")
    return (
        rows,
        np.where(sides == "most", -np.inf, used - below),
        np.where(sides == "least", np.inf, used + above),
    )


@dataclass(frozen=True)
class Everything:
    """What is feasible: the mixes of the vertices of each slice.

    Attributes
    ----------
    values
        Values of the vertices of all slices, by slice, shape (v, p).
    starts
        Slice s has the vertices ``starts[s]:starts[s + 1]``, shape (slices + 1,).
    size
        Size of the terms that values are sums of, shape (p,): they may cancel, their rounding does not.
    """

    values: Floats
    starts: NDArray[np.int64]
    size: Floats

    @cached_property
    def least(self) -> Floats:
        """Best of each value on each slice, shape (slices, p)."""
        return np.asarray(np.minimum.reduceat(self.values, self.starts[:-1], axis=0))

    @cached_property
    def span(self) -> Floats:
        """Range of each value over everything; where that is rounding alone, its size, shape (p,)."""
        span = np.ptp(self.values, axis=0)
        return np.where(span > ROUNDING * self.size, span, self.size)

    @cached_property
    def front(self) -> Floats:
        """Values that no vertex is better than, sorted, shape (s, p): the front where all is whole."""
        return nondominated(self.values)

    @property
    def single(self) -> bool:
        """Whether every slice is one point."""
        return len(self.starts) == len(self.values) + 1

    def in_units(self, factors: Floats) -> Everything:
        """The same in other units, shape (p,): what is nondominated stays so."""
        other = Everything(self.values * factors, self.starts, self.size * factors)
        vars(other)["front"] = self.front * factors
        return other

    def slice(self, index: int) -> Floats:
        """Values of the vertices of a slice, shape (k, p)."""
        return self.values[self.starts[index] : self.starts[index + 1]]

    def beats(self, y: Floats, scale: Floats, least: float = 0.0) -> float:
        """By how much, in units of `scale`, something feasible is better than ``y`` in every value.

        Mixes are looked at where they might be better by more than `least`.
        """
        best = float(np.min((y - self.values) / scale, axis=1).max())
        if self.single:
            return best
        hope = np.min((y - self.least) / scale, axis=1)
        for index in np.flatnonzero(hope > max(best, least) + EXACT).tolist():
            best = max(best, reach(self.slice(index), y, scale))
        return best

    def lowest(self, weights: Floats, upper: Floats, below: float = np.inf) -> float:
        """Least weighted value of what is feasible at or below `upper`; infinite where nothing is.

        Mixes are looked at where they might be less than `below`.
        """
        inside = np.all(self.values <= upper, axis=1)
        best = float(np.min(self.values[inside] @ weights, initial=np.inf))
        if self.single:
            return best
        hope = np.where(np.all(self.least <= upper, axis=1), self.least @ weights, np.inf)
        for index in np.argsort(hope).tolist():
            if hope[index] >= min(best, below):
                break
            best = min(best, _least_mix(self.slice(index), weights, upper))
        return best


def everything(program: Program) -> Everything:
    """Enumerate the whole columns, and the vertices of each slice that they leave."""
    whole = _whole_choices(program)
    loose = np.flatnonzero(~program.integer)
    if len(loose) == 0:
        used = whole @ program.row_matrix.toarray().T
        fits = np.all((used >= program.row_lower - EXACT) & (used <= program.row_upper + EXACT), axis=1)
        x, at = whole[fits], np.arange(int(fits.sum()))
    else:
        x, at = _vertices(program, whole, loose)
    values = x @ program.minimised.T + program.minimised_offsets
    _, starts = np.unique(at, return_index=True)
    return Everything(values, np.append(starts, len(values)).astype(np.int64), program.objective_scale)


def _whole_choices(program: Program) -> Floats:
    """Every choice of the whole columns within groups and bounds, the others 0, shape (k, m)."""
    parts: list[Floats] = []
    grouped = int(program.starts[-1])
    for first, last in itertools.pairwise(program.starts.tolist()):
        if program.integer[first]:
            parts.append(np.eye(program.columns)[first:last])
    for column in np.flatnonzero(program.integer[grouped:]) + grouped:
        steps = np.arange(program.lower[column], program.upper[column] + 1)
        parts.append(steps[:, None] * np.eye(program.columns)[column])
    total = np.zeros((1, program.columns))
    for part in parts:
        total = (total[:, None, :] + part[None, :, :]).reshape(-1, program.columns)
    return total


def _vertices(program: Program, whole: Floats, loose: NDArray[np.int64]) -> tuple[Floats, NDArray[np.int64]]:
    """Solutions at the vertices of all slices, shape (v, m), and the slice of each, shape (v,)."""
    normals, bounds, equal = _halves(program, whole, loose)
    chosen, inverse = _bases(normals, equal)
    batch = max(1, BATCH // (len(whole) * len(normals)))
    found, slices = [], []
    for begin in range(0, len(chosen), batch):
        part = slice(begin, begin + batch)
        w = np.einsum("bij,sbj->sbi", inverse[part], bounds[:, chosen[part]])
        over = w @ normals.T - bounds[:, None, :]
        fits = np.all(over <= EXACT * (1 + np.abs(bounds))[:, None, :], axis=2)
        found.append(w[fits])
        slices.append(np.nonzero(fits)[0])
    at, columns = np.concatenate(slices), np.concatenate(found)
    keys, first = np.unique(np.column_stack([at, np.round(columns, 9)]), axis=0, return_index=True)
    of = keys[:, 0].astype(np.int64)
    x = whole[of]
    x[:, loose] = columns[first]
    return x, of


def _bases(normals: Floats, equal: NDArray[np.bool_]) -> tuple[NDArray[np.int64], Floats]:
    """Choices of n independent constraints that hold all equations, shape (b, n), and their inverses."""
    n = normals.shape[1]
    must: list[int] = []
    for index in np.flatnonzero(equal).tolist():
        if np.linalg.matrix_rank(normals[[*must, index]]) > len(must):
            must.append(index)
    free = np.flatnonzero(~equal).tolist()
    assert comb(len(free), n - len(must)) <= MOST_BASES, "too many constraints for this oracle"
    chosen = np.array([[*must, *rest] for rest in itertools.combinations(free, n - len(must))])
    square = normals[chosen]
    regular = np.abs(np.linalg.det(square)) > REGULAR
    return chosen[regular], np.linalg.inv(square[regular])


def _halves(
    program: Program, whole: Floats, loose: NDArray[np.int64]
) -> tuple[Floats, Floats, NDArray[np.bool_]]:
    """``normals @ w <= bounds`` of the loose columns, shapes (h, n), (slices, h), and which are equations.

    An equation counts twice, once from each side.
    """
    groups = np.array(
        [
            np.isin(np.arange(program.columns), np.arange(first, last))
            for first, last in itertools.pairwise(program.starts.tolist())
        ],
        dtype=np.float64,
    ).reshape(-1, program.columns)
    rows = np.vstack([program.row_matrix.toarray(), groups])
    lower = np.append(program.row_lower, np.ones(len(groups)))
    upper = np.append(program.row_upper, np.ones(len(groups)))
    rows, lower, upper = (
        np.concatenate([one, two])
        for one, two in (
            (rows, np.eye(program.columns)[loose]),
            (lower, program.lower[loose]),
            (upper, program.upper[loose]),
        )
    )
    used = whole @ rows.T
    equal = lower == upper
    normals = np.vstack([rows[:, loose], -rows[:, loose]])
    bounds = np.hstack([upper - used, used - lower])
    finite = np.all(np.isfinite(bounds), axis=0)
    return normals[finite], bounds[:, finite], np.concatenate([equal, equal])[finite]


def nondominated(values: Floats) -> Floats:
    """Distinct values that none is at least as good as, sorted, shape (s, p)."""
    unique = np.unique(np.round(values, 9), axis=0)
    kept = np.zeros((0, unique.shape[1]))
    # Sorted values can only be beaten by earlier ones.
    for y in unique:
        if not np.any(np.all(kept <= y + EXACT, axis=1)):
            kept = np.vstack([kept, y])
    return kept


def unit(span: Floats) -> Floats:
    """Ranges to divide by: 1 where there is none."""
    return np.where(span > 0, span, 1.0)


def reach(points: Floats, y: Floats, scale: Floats) -> float:
    """Largest t such that a mix of the points is at most ``y - t * scale``, by a linear program."""
    k = len(points)
    if k == 1:
        return float(np.min((y - points[0]) / scale))
    at = np.isfinite(y)
    if k == 2:
        return _reach_of_two(((y - points) / scale)[:, at])
    done = linprog(
        np.append(np.zeros(k), -1.0),
        A_ub=np.column_stack([(points / scale).T, np.ones(len(y))])[at],
        b_ub=(y / scale)[at],
        A_eq=[np.append(np.ones(k), 0.0)],
        b_eq=[1.0],
        bounds=[*([(0, None)] * k), (None, None)],
    )
    assert done.fun is not None, done.message
    return -float(done.fun)


def _reach_of_two(room: Floats) -> float:
    """The same for two points from their distances to y, shape (2, p): lines, and where they cross."""
    start, step = room[0], room[1] - room[0]
    apart, turn = start[:, None] - start, step - step[:, None]
    crossing = np.divide(apart, turn, out=np.zeros_like(apart), where=turn != 0).clip(0.0, 1.0)
    shares = np.concatenate([[0.0, 1.0], crossing.ravel()])
    return float((start + shares[:, None] * step).min(axis=1).max())


def _least_mix(points: Floats, weights: Floats, upper: Floats) -> float:
    """Least weighted value of a mix of the points at or below `upper`; infinite where there is none."""
    capped = np.isfinite(upper)
    size = unit(np.abs(points).max(axis=0))
    cost = points @ weights
    # The solver's tolerances are absolute: all numbers are brought near 1.
    worth = float(unit(np.abs(cost).max(keepdims=True))[0])
    done = linprog(
        cost / worth,
        A_ub=(points / size).T[capped] if capped.any() else None,
        b_ub=(upper / size)[capped] if capped.any() else None,
        A_eq=[np.ones(len(points))],
        b_eq=[1.0],
        bounds=(0, None),
    )
    return np.inf if done.fun is None else float(done.fun) * worth
