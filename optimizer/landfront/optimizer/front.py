"""Points, proven facts and fronts: what a search returns, with claim, bound, reason and proof kept apart."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from math import inf
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from landfront.optimizer import show

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd
    from matplotlib.figure import Figure

    from landfront.optimizer.compare import Comparison, Distance
    from landfront.optimizer.plots import Kind
    from landfront.optimizer.program import Program
    from landfront.optimizer.quality import Knee
    from landfront.optimizer.segments import Segment
    from landfront.optimizer.task import Solve

Floats = NDArray[np.float64]
Reason = Literal["optimal", "time limit", "interrupted", "infeasible", "unbounded", "error", "points reached"]
Proof = Literal["recomputed", "claimed"]


@dataclass(frozen=True)
class Fact:
    """Proven: every feasible y (minimisation form) with ``y <= upper`` has ``weights @ y >= beta``.

    With ``upper`` infinite it is a half-plane, with a unit weight a slab. Values include offsets; an
    objective that is maximised enters as its negative.

    Attributes
    ----------
    weights, upper
        Shape (p,), in minimisation form.
    beta
        The proven bound.
    proof
        "recomputed" when `row_prices` and `cap_prices` prove it by one pass over the data
        (`certify.lagrangian_bound`), "claimed" when it rests on a solver's branch and bound.
    row_prices
        Multipliers of the coupling rows, shape (r,); positive presses on a lower bound, negative on an upper.
    cap_prices
        Non-negative multipliers of ``y <= upper``, shape (p,).
    """

    weights: Floats
    upper: Floats
    beta: float
    proof: Proof
    row_prices: Floats
    cap_prices: Floats


@dataclass(frozen=True)
class Point:
    """A feasible solution with its values recomputed from the data, and what is proven of it.

    Attributes
    ----------
    values
        Objective values in their own senses and units, offsets included, shape (p,).
    x
        The columns, shape (m,); ``uint8`` when all are 0 or 1, else ``float64``.
    key
        Digest of ``x``, 16 hexadecimal digits.
    bound
        Proven best value of the first objective among solutions at least as good in the other objectives, up
        to the noise of a limit on them (`certify.PointBounds.at`); never worse than the point's own.
    gap
        ``|bound - values[0]| / max(|values[0]|, |values[0] - offset|, tiny)``.
    termination
        Why the solve that found the point ended.
    row_prices
        Shadow prices of the coupling rows at the point (from the LP, also for integer programs), shape (r,):
        change of the first objective, in its own sense and unit, per unit of the row's bound.
    rate
        Trade-off rates: change of the first objective per unit of each objective, shape (p,), nan if unknown.
    seconds
        Time spent on the solves of this point.
    decode
        Turns the point into the caller's own object (a plan); set by who built the program.
    put_back
        Puts the point on the caller's own model; set by who read it.
    heads
        Names of the objectives with their units, for printing; empty in a point of its own.
    """

    values: Floats
    x: NDArray[Any]
    key: str
    bound: float
    gap: float
    termination: Reason
    row_prices: Floats
    rate: Floats
    seconds: float
    decode: Callable[[Point], Any] | None = field(default=None, repr=False, compare=False)
    put_back: Callable[[Point], None] | None = field(default=None, repr=False, compare=False)
    heads: tuple[str, ...] = field(default=(), repr=False, compare=False)

    @property
    def plan(self) -> Any:
        """The caller's own object for this point.

        Raises
        ------
        ValueError
            If the front was computed from a bare program.
        """
        if self.decode is None:
            raise ValueError("this front was computed from a bare program: use point.x")
        return self.decode(self)

    def load(self) -> None:
        """Put the point on the caller's own model: the variables of a Pyomo model, and the duals of an LP.

        Raises
        ------
        ValueError
            If the front was not computed from a Pyomo model.
        """
        if self.put_back is None:
            raise ValueError("this front was not computed from a Pyomo model: use point.x")
        self.put_back(self)

    def __str__(self) -> str:
        return show.table(*show.point_rows(self))

    def __repr__(self) -> str:
        return str(self)

    def _repr_html_(self) -> str:
        return show.html_table(*show.point_rows(self), "Point")


@dataclass(frozen=True)
class Certificate:
    """What is proven of a front, and on what it rests.

    Attributes
    ----------
    recomputed, claimed
        Number of facts proven by a pass over the data, and of those that rest on the solver's word.
    coverage, bulge, gap, hypervolume, reference, complete, reason, detail, method, solver
        As in `Front`; ``solver`` is the solver's name and version.
    """

    recomputed: int
    claimed: int
    coverage: float
    bulge: float
    gap: float
    hypervolume: tuple[float, float]
    reference: Floats
    complete: bool
    reason: Reason
    detail: str
    method: str
    solver: str

    def __str__(self) -> str:
        return show.certificate_words(self)


@dataclass(frozen=True)
class Front:
    """Nondominated points of a program, sorted by the first objective, with what is proven of them.

    Attributes
    ----------
    criteria
        Objective names.
    senses
        -1 maximise, +1 minimise, shape (p,).
    points
        Sorted by the first objective, ascending in its own unit.
    facts
        Everything proven on the way (append-only).
    ideal, nadir
        Best and worst value of each objective on the front, own senses, shape (p,).
    complete
        True when, by proof, every nondominated point is within the asked gap of a returned point (or, for
        programs without integers, of a mix of two neighbouring points, which is a solution too; or of a point
        on one of the segments).
    coverage
        Proven: every nondominated point is within this share of the ideal-nadir range of a returned point
        (programs with integers) or of a mix of two neighbours (without); inf when unknown.
    hypervolume
        Proven inner and outer hypervolume as shares of the box between ideal and `reference`, shape (2,).
    bulge
        Proven: every feasible solution is within this share of the ranges, in all objectives at once, of a
        mix of returned points; inf when unknown.
    reference
        Where the hypervolume ends, own senses: the nadir of two objectives, else 10 % of the range beyond it,
        shape (p,); empty when unknown.
    reason, detail
        Why the search ended, in one word and in a sentence.
    seconds, solves, searches
        Wall time, number of scalar problems solved, and of integer searches run for them.
    segments
        Of two real-valued objectives with some integer columns: where mixes of two solutions are on the
        front too, by the first objective ascending. Their closed ends are among the points. Empty for other
        programs.
    journal
        Every answer of the search, in the order in which it was used: with it a search goes on.
    method
        Which method ran, and why it was chosen.
    solver
        Name and version of the solver.
    units
        Unit of each criterion, for printing; empty for a bare program.
    program
        What it is the front of; None for a front that was read back, whose parts then state less.
    asked
        The asked gap: `complete` means that nothing is missing within this share of the range.
    """

    criteria: tuple[str, ...]
    senses: NDArray[np.int8]
    points: tuple[Point, ...]
    facts: tuple[Fact, ...]
    ideal: Floats
    nadir: Floats
    complete: bool
    coverage: float
    hypervolume: Floats
    reason: Reason
    detail: str
    seconds: float
    solves: int
    method: str
    solver: str = ""
    units: tuple[str, ...] = ()
    searches: int = 0
    bulge: float = inf
    reference: Floats = field(default_factory=lambda: np.zeros(0))
    segments: tuple[Segment, ...] = field(default=(), repr=False)
    journal: tuple[Solve, ...] = field(default=(), repr=False, compare=False)
    program: Program | None = field(default=None, repr=False, compare=False)
    asked: float = 1e-4

    @property
    def heads(self) -> tuple[str, ...]:
        """Each criterion with its unit, where one is known."""
        if not self.units:
            return self.criteria
        return tuple(f"{name} ({unit})" for name, unit in zip(self.criteria, self.units, strict=True))

    @property
    def values(self) -> Floats:
        """Objective values of all points, own senses and units, shape (s, p)."""
        return np.array([point.values for point in self.points]).reshape(len(self.points), len(self.criteria))

    @property
    def gap(self) -> float:
        """The largest gap of a point."""
        return max((point.gap for point in self.points), default=float("inf"))

    @property
    def certificate(self) -> Certificate:
        """What is proven of this front, and on what it rests."""
        recomputed = sum(fact.proof == "recomputed" for fact in self.facts)
        return Certificate(
            recomputed=recomputed,
            claimed=len(self.facts) - recomputed,
            coverage=self.coverage,
            bulge=self.bulge,
            gap=self.gap,
            hypervolume=(float(self.hypervolume[0]), float(self.hypervolume[1])),
            reference=self.reference if len(self.reference) else self.nadir,
            complete=self.complete,
            reason=self.reason,
            detail=self.detail,
            method=self.method,
            solver=self.solver,
        )

    def __str__(self) -> str:
        return f"{show.front_words(self)}\n{show.table(*show.front_rows(self))}"

    def __repr__(self) -> str:
        return str(self)

    def _repr_html_(self) -> str:
        return show.html_table(*show.front_rows(self), show.front_words(self))

    def __len__(self) -> int:
        return len(self.points)

    def __getitem__(self, index: int) -> Point:
        return self.points[index]

    def __iter__(self) -> Iterator[Point]:
        return iter(self.points)

    def knee(self) -> Point:
        """The most balanced point (`quality.knee`)."""
        from landfront.optimizer.quality import knee

        return self.points[knee(self).index]

    def knee_interval(self) -> Knee:
        """Which point the knee is, and what is proven of where it may lie instead (`quality.knee`)."""
        from landfront.optimizer.quality import knee

        return knee(self)

    def edges(self) -> pd.DataFrame:
        """Rate of exchange between neighbours, its range, and whether it is proven (`rates.edges`)."""
        from landfront.optimizer.rates import edges

        return edges(self, program=self.program)

    def trade_offs(self, point: int) -> pd.DataFrame:
        """Rates of exchange at a point, from the half-planes that touch it (`rates.trade_offs`)."""
        from landfront.optimizer.rates import trade_offs

        return trade_offs(self, point)

    def filter(
        self,
        limits: Mapping[str, tuple[float | None, float | None]] | None = None,
        /,
        **named: tuple[float | None, float | None],
    ) -> Front:
        """The points inside limits, as in ``front.filter(carbon=(1e6, None))`` (`subset.within`)."""
        from landfront.optimizer.subset import within

        return within(self, {**(limits or {}), **named}, program=self.program, gap=self.asked)

    def thin(self, count: int, *, by: Literal["spread", "hypervolume"] = "spread") -> Front:
        """A few points that stand for all, with what is proven of the few (`subset.thin`)."""
        from landfront.optimizer.subset import thin

        return thin(self, count, by=by, program=self.program, gap=self.asked)

    def distance(self, first: int, second: int) -> Distance:
        """How far two points are apart, in criteria and in decisions (`compare.distance`)."""
        from landfront.optimizer.compare import distance

        return distance(self.points[first], self.points[second], front=self, program=self.program)

    def compare(self, other: Front) -> Comparison:
        """This front beside another one of the same criteria (`compare.compare`)."""
        from landfront.optimizer.compare import compare

        return compare(self, other)

    def plot(self, path: str | Path | None = None, *, kind: Kind = "auto", title: str = "") -> Figure:
        """A figure of the front, saved where a path is given (`plots.plot`)."""
        from landfront.optimizer.plots import plot

        return plot(self, path, kind=kind, program=self.program, title=title)

    def with_decoder(self, decode: Callable[[Point], Any], units: tuple[str, ...] = ()) -> Front:
        """The same front whose points give ``plan`` through ``decode``, and which prints units."""
        front = replace(self, units=units)
        points = tuple(replace(point, decode=decode, heads=front.heads) for point in self.points)
        return replace(front, points=points)

    def with_loader(self, put_back: Callable[[Point], None]) -> Front:
        """The same front whose points put themselves on the caller's model by ``load``."""
        return replace(self, points=tuple(replace(point, put_back=put_back) for point in self.points))

    def to_frame(self) -> pd.DataFrame:
        """One row per point: ``point``, one column per criterion, ``bound``, ``gap``, ``termination``."""
        import pandas as pd

        frame = pd.DataFrame(self.values, columns=list(self.criteria))
        frame.insert(0, "point", np.arange(len(self.points)))
        frame["bound"] = [point.bound for point in self.points]
        frame["gap"] = [point.gap for point in self.points]
        frame["termination"] = [point.termination for point in self.points]
        return frame
