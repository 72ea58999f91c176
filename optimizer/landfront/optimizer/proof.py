"""What points and facts together prove of a whole front: coverage, hypervolume, whether anything is missing.

No solver and no search: the driver states this of the front that it returns, and an auditor derives the same
from the archive and the facts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import inf
from typing import Any

import numpy as np
from numpy.typing import NDArray

from landfront.optimizer import tolerances
from landfront.optimizer.cover import cover
from landfront.optimizer.excluded import excluded, half_planes
from landfront.optimizer.front import Fact, Floats
from landfront.optimizer.hull import bulge
from landfront.optimizer.hypervolume import (
    cover_bracket,
    hypervolume_bracket,
    mixed_bracket,
    reference_point,
)
from landfront.optimizer.open_parts import open_bracket, open_parts
from landfront.optimizer.outer import Outer, beaten, chord_gaps, end_gaps, open_cells, outer
from landfront.optimizer.program import Program
from landfront.optimizer.quality import ideal_nadir
from landfront.optimizer.segments import nondominated
from landfront.optimizer.spans import span_of


@dataclass(frozen=True)
class Proven:
    """What is proven of a front.

    Attributes
    ----------
    ideal, nadir
        Best and worst of each objective among the points, in minimisation form, shape (p,); nan without one.
    coverage, complete
        As in `front.Front`.
    hypervolume
        Proven inner and outer hypervolume as shares of the box between `ideal` and `reference`, shape (2,).
    bulge
        Every feasible y is within this share of the range of a mix of points; inf when unknown.
    reference
        Where the hypervolume ends, minimisation form: the nadir of two objectives, else 10 % of the range
        beyond, shape (p,); empty without points.
    """

    ideal: Floats
    nadir: Floats
    coverage: float
    complete: bool
    hypervolume: Floats
    bulge: float = inf
    reference: Floats = field(default_factory=lambda: np.zeros(0))

    def stated(self, senses: NDArray[np.int8]) -> dict[str, Any]:
        """The fields of a `front.Front` that say the same, in own senses: none of them is ever copied."""
        return {
            "ideal": senses * self.ideal,
            "nadir": senses * self.nadir,
            "complete": self.complete,
            "coverage": self.coverage,
            "hypervolume": self.hypervolume,
            "bulge": self.bulge,
            "reference": senses * self.reference if len(self.reference) else self.reference,
        }


def prove(
    program: Program, values: Floats, facts: Sequence[Fact], gap: float, *, segments: Floats | None = None
) -> Proven:
    """Derive from points and facts alone how much of the front they cover.

    Parameters
    ----------
    program
        With two objectives or more.
    values
        Nondominated values in minimisation form, shape (s, p).
    facts
        What is proven.
    gap
        Share of the range within which nothing may be missing.
    segments
        Ends of segments all of whose mixes are solutions, minimisation form, shape (k, 2, 2); of two
        real-valued objectives.
    """
    p = len(program.senses)
    if len(values) == 0:
        unknown = np.full(p, np.nan)
        return Proven(unknown, unknown, inf, False, np.array([0.0, 1.0]))
    # Of equal first values the best one comes last, as a staircase of two objectives wants it.
    values = values[np.lexsort([*(-values.T[:0:-1]), values[:, 0]])]
    scale = ranges(program, values)
    planes = half_planes(excluded(facts, np.zeros(p)))
    distance = bulge(values, planes, scale)
    if segments is not None and len(segments):
        coverage, missing, bracket = _segments(program, values, facts, segments)
    elif p == 2:
        coverage, missing, bracket = _two(program, values, facts)
    elif program.integer.any():
        coverage, missing, bracket = _points(program, values, facts)
    else:
        coverage = missing = distance
        bracket = mixed_bracket(values, planes, reference_point(values, scale))
    reference = reference_point(values, scale)
    return Proven(*ideal_nadir(values), coverage, missing <= gap, bracket, distance, reference)


def _two(program: Program, values: Floats, facts: Sequence[Fact]) -> tuple[float, float, Floats]:
    """Coverage, what is missing, and hypervolume of two objectives."""
    integers = bool(program.integer.any())
    coverage, missing = (_whole if integers else _mixes)(program, values, outer(facts))
    bracket = hypervolume_bracket(values, facts, mixes=not integers)
    if coverage == 0 and integers:
        # Nothing is open: what the facts leave holds no lattice point, so nothing can be added.
        bracket = np.array([bracket[0], bracket[0]])
    return coverage, missing, bracket


def _segments(
    program: Program, values: Floats, facts: Sequence[Fact], segments: Floats
) -> tuple[float, float, Floats]:
    """The same where segments are solutions too."""
    scale = ranges(program, values)
    alone = np.repeat(values[:, None], 2, axis=1)
    stairs = nondominated(np.concatenate([segments, alone]), tolerances.NOISE * scale)
    parts = open_parts(stairs, excluded(facts, np.zeros(2)), scale)
    return parts.coverage, parts.coverage, open_bracket(stairs, parts, *ideal_nadir(values))


def _points(program: Program, values: Floats, facts: Sequence[Fact]) -> tuple[float, float, Floats]:
    """The same for more objectives, where only points are solutions."""
    scale = ranges(program, values)
    known = cover(values, facts, scale=scale, steps=program.steps, anchor=program.minimised_offsets)
    bracket = cover_bracket(values, known, reference_point(values, scale))
    return known.coverage, known.missing, bracket


def ranges(program: Program, values: Floats) -> Floats:
    """Range of each objective over the points, shape (p,); where there is none, the size of its change."""
    span = span_of(values, program.objective_scale)
    change = np.abs(values[0] - program.minimised_offsets)
    return np.asarray(np.where(span > 0, span, np.maximum(change, program.objective_scale)))


def _mixes(program: Program, values: Floats, bound: Outer) -> tuple[float, float]:
    """Coverage and what is missing where neighbours mix: the distance to a chord, an end, or a point."""
    scale = ranges(program, values)
    parts = [
        chord_gaps(values, bound, scale) if len(values) > 1 else np.zeros(0),
        end_gaps(values, bound, scale, np.zeros(2)),
        beaten(values, bound, np.zeros(2))[:, 0] / scale[0],
    ]
    coverage = float(np.concatenate(parts).max())
    return coverage, coverage


def _whole(program: Program, values: Floats, bound: Outer) -> tuple[float, float]:
    """Coverage, and what is missing when a lattice value must be met exactly."""
    scale, steps = ranges(program, values), program.steps
    cells = open_cells(values, bound, scale, steps)
    ends = end_gaps(values, bound, scale, steps)
    over = beaten(values, bound, steps) / scale
    exact = np.where((steps > 0) & (over > 0), inf, over).max(axis=1)
    # A solution that beats the cell's left point lies less than that beside the cell.
    beside = 0.0 if steps[0] > 0 else over[cells.left, 0]
    coverage = [cells.size + beside, ends, over.max(axis=1)]
    missing = [cells.need + beside, np.where((steps > 0) & (ends > 0), inf, ends), exact]
    return float(np.concatenate(coverage).max()), float(np.concatenate(missing).max())
