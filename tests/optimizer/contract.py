"""What every front method must hold to: small programs, everything feasible in them, and the checks.

The programs come from `sample`, what is feasible from `tests.strategies.everything`, which asks no solver.
`assert_contract` holds all that a front states against it; `assert_same_run` compares two runs.
"""

from __future__ import annotations

from functools import lru_cache
from math import inf
from typing import Any

import numpy as np

from landfront.optimizer.certify import check_point
from landfront.optimizer.checker import check_front
from landfront.optimizer.front import Fact, Floats, Front
from landfront.optimizer.fronts.choose import METHODS, choose_method
from landfront.optimizer.program import Program
from landfront.optimizer.proof import ranges
from tests.optimizer.moo import assemble
from tests.strategies import Everything, Kind, everything, reach

KINDS: tuple[Kind, ...] = ("whole", "mixed", "linear")

NOISE = 1e-6
"""Values are computed twice, and rows may be missed by a solver's tolerance: shares of a range."""

EXACT_GAP = 1e-5
"""Values of whole programs differ by a seventh of a unit or not at all: nothing may be missing."""

SURFACE_GAP = {2: 0.03, 3: 0.1, 4: 0.15}
"""Gap where a surface is covered by points, by number of objectives."""

UNITS = np.array([1.0, 10 / 7, 0.01, 1e3])
"""A lattice, a real-valued objective, and lattices of other sizes."""


def sample(p: int, kind: Kind, *, grouped: bool, seed: int = 0) -> Program:
    """A small program whose objectives conflict, in units of different sizes."""
    rng = np.random.default_rng([p, KINDS.index(kind), grouped, seed])
    linear = kind == "linear"
    sizes = ([3, 2] if linear else [3, 3, 2]) if grouped else []
    starts = np.cumsum([0, *sizes])
    shares = 2 if kind == "mixed" else 0
    m = int(starts[-1]) + (1 if grouped else 5) + shares
    lower, upper = np.zeros(m), np.ones(m)
    lower[m - shares :], upper[m - shares :] = -1.0, 2.0
    senses = np.array([-1, 1, 1, -1][:p])
    # What improves one objective worsens another, whatever their senses.
    shared = np.outer(senses * np.cos(2.5 * np.arange(p)), rng.integers(-6, 7, m)).round()
    row = rng.integers(1, 6, (2, m)).astype(float)
    inside = np.zeros(m)
    inside[starts[:-1]] = 1
    return assemble(
        (rng.integers(-9, 10, (p, m)) + shared) * UNITS[:p, None],
        row,
        [-inf, 1.0],
        [float(row[0] @ inside) + 5, inf],
        senses=senses,
        lower=lower,
        upper=upper,
        integer=np.arange(m) < (0 if linear else m - shares),
        starts=starts,
        offsets=np.array([3.0, 0.0, -1.0, 1e4])[:p],
    )


@lru_cache(maxsize=64)
def known(p: int, kind: Kind, grouped: bool, seed: int = 0) -> tuple[Program, Everything]:
    """A sample with everything feasible in it."""
    program = sample(p, kind, grouped=grouped, seed=seed)
    return program, everything(program)


def fit_methods(program: Program, points: Any) -> list[str]:
    """The methods that take a program."""
    fit = []
    for name in METHODS:
        try:
            choose_method(program, name, points)
        except ValueError:
            continue
        fit.append(name)
    return fit


def gap_for(program: Program, method: str) -> float:
    """A gap that a method reaches in little time."""
    exact = program.integer.all() or method in ("sandwich", "facets", "segments")
    return EXACT_GAP if exact else SURFACE_GAP[len(program.senses)]


def assert_contract(program: Program, front: Front, found: Everything, *, gap: float, points: Any) -> None:
    """All that a front states is true of everything feasible, and says enough."""
    assert_sound(program, front, found, gap=gap)
    scale = ranges(program, front.values * front.senses)
    for y in front.values * front.senses:
        share = gap * (1.0 if points == "all" else relative_size(program, y, scale))
        beaten = found.beats(y, scale, share + NOISE)
        assert beaten <= share + NOISE, f"a point is beaten by {beaten:.3g} of the range"
    if points != "all":
        assert len(front) <= points
    if front.reason == "optimal":
        assert front.complete


def relative_size(program: Program, y: Floats, scale: Floats) -> float:
    """How many gaps of the range are one of the value, or of its change: of few points a gap is that.

    A point is proven up to the gap times the size of one of its values. What beats it in every value by a
    share t of the ranges is better by t times the range there: t is at most gap times size over range.
    """
    size = np.maximum(np.abs(y), np.abs(y - program.minimised_offsets))
    return max(1.0, float((size / scale).max()))


def assert_sound(program: Program, front: Front, found: Everything, *, gap: float) -> None:
    """Nothing that a front states is false; it may say little."""
    assert check_front(program, front, gap=gap) == []
    assert_points(program, front)
    assert_facts(front, found)
    assert_bounds(front, found)
    assert front.detail
    assert 0 <= front.hypervolume[0] <= front.hypervolume[1] <= 1
    if len(front):
        assert_distances(program, front, found)
    if front.complete:
        assert_nothing_missing(program, front, found, gap)


def assert_points(program: Program, front: Front) -> None:
    """Points are feasible, their values recomputed, sorted, and none is as good as another in everything."""
    y = front.values * front.senses
    for place, point in enumerate(front):
        assert check_point(program, point) == []
        np.testing.assert_allclose(point.values, program.values(point.x.astype(float)), rtol=1e-12)
        others = np.delete(y, place, axis=0)
        assert not np.any(np.all(others <= y[place], axis=1)), f"point {place} is dominated"
    assert front.values.tolist() == sorted(front.values.tolist())


def assert_facts(front: Front, found: Everything) -> None:
    """No feasible solution contradicts a fact, up to the noise of the rows."""
    for fact in front.facts:
        upper = fact.upper - NOISE * found.span
        if fact.beta == inf:
            assert found.beats(upper, found.span) <= 0
        else:
            size = np.abs(fact.weights) @ (found.span + np.abs(found.values).max(axis=0))
            least = fact.beta - NOISE * size
            assert found.lowest(fact.weights, upper, least) >= least


def assert_bounds(front: Front, found: Everything) -> None:
    """The bound of a point is true: nothing as good in the other objectives has a better first value."""
    first = np.eye(len(front.senses))[0]
    for point in front:
        upper = point.values * front.senses - NOISE * found.span
        upper[0] = inf
        least = point.bound * front.senses[0] - NOISE * found.span[0]
        assert found.lowest(first, upper, least) >= least


def assert_distances(program: Program, front: Front, found: Everything) -> None:
    """What is said to be near everything feasible is."""
    y = front.values * front.senses
    scale = ranges(program, y)
    if front.coverage < inf:
        assert true_coverage(program, front, found, front.coverage) <= front.coverage + NOISE
    if front.bulge < inf:
        assert distance([y], found.front, scale, front.bulge) <= front.bulge + NOISE


def pieces(program: Program, front: Front) -> list[Floats]:
    """Sets of returned values whose mixes are solutions, minimisation form, shapes (k, p)."""
    y = front.values * front.senses
    if not program.integer.any():
        return [y]
    return [*(segment.values * front.senses for segment in front.segments), *y[:, None]]


def distance(returned: list[Floats], wanted: Floats, scale: Floats, enough: float) -> float:
    """How far the worst of the wanted values is from what is returned, as a share of the range.

    What is no further than `enough` is not measured exactly: there it may be less.
    """
    worst = 0.0
    for v in wanted:
        near = max(float(np.max(np.min((v - piece) / scale, axis=1))) for piece in returned)
        if near < -max(worst, enough):
            near = max(reach(piece, v, scale) for piece in returned)
        worst = max(worst, -near)
    return worst


def true_coverage(program: Program, front: Front, found: Everything, enough: float) -> float:
    """How far the worst feasible solution that is enumerated is from what is returned; see `distance`."""
    scale = ranges(program, front.values * front.senses)
    return distance(pieces(program, front), samples(found), scale, enough)


def samples(found: Everything) -> Floats:
    """The vertices that no vertex is better than, and some mixes of those of each slice that has one."""
    if found.single:
        return found.front
    best = [found.front]
    for index in range(len(found.starts) - 1):
        vertices = found.slice(index)
        if np.any(np.all(found.least[index] <= found.front, axis=1)):
            shares = np.random.default_rng(index).dirichlet(np.ones(len(vertices)), 3)
            best.append(shares @ vertices)
    return np.concatenate(best)


def assert_nothing_missing(program: Program, front: Front, found: Everything, gap: float) -> None:
    """Everything is within the gap of what is returned, and exactly there where values are on a lattice."""
    assert true_coverage(program, front, found, gap) <= gap + NOISE
    if not found.single:
        return
    y = front.values * front.senses
    near = np.where(program.steps > 0, 1e-9, gap + NOISE) * ranges(program, y)
    for wanted in found.front:
        assert np.any(np.all(y <= wanted + near, axis=1)), f"{wanted} is missing"


def assert_all_found(front: Front, found: Everything) -> None:
    """The returned values are exactly the enumerated front."""
    y = front.values * front.senses
    apart = np.abs(found.front[:, None] - y[None, :]) / found.span
    assert len(y) == len(found.front)
    assert np.all(apart.max(axis=2).min(axis=1) <= NOISE)


def assert_same_run(one: Front, two: Front) -> None:
    """Two runs returned the same: points, keys, facts in order, journal and what they state."""
    assert [point.key for point in one] == [point.key for point in two]
    assert [solve.task.key for solve in one.journal] == [solve.task.key for solve in two.journal]
    assert [bytes_of(fact) for fact in one.facts] == [bytes_of(fact) for fact in two.facts]
    assert digest(one) == digest(two)
    assert one.solves == two.solves


def bytes_of(fact: Fact) -> bytes:
    """Everything that a fact says."""
    arrays = (fact.weights, fact.upper, np.array([fact.beta]), fact.row_prices, fact.cap_prices)
    return fact.proof.encode() + b"".join(array.tobytes() for array in arrays)


def digest(front: Front) -> str:
    """Everything that a front says but the time it took, bit by bit."""
    from hashlib import blake2b

    numbers = [front.values, front.ideal, front.nadir, front.hypervolume, front.reference]
    numbers += [np.array([front.coverage, front.bulge, front.solves, front.searches])]
    numbers += [np.array([point.bound, point.gap]) for point in front]
    numbers += [np.concatenate([point.row_prices, point.rate]) for point in front]
    numbers += [segment.values for segment in front.segments]
    words = [front.reason, front.detail, str(front.complete), *(point.key for point in front)]
    parts = [array.tobytes() for array in numbers] + [bytes_of(fact) for fact in front.facts]
    parts += [word.encode() for word in words] + [solve.task.key.encode() for solve in front.journal]
    return blake2b(b"|".join(parts)).hexdigest()
