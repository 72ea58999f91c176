"""The auditor: it passes what holds, and no lie about a point, a fact or the whole front gets past it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest

import landfront.optimizer.checker as checker
from landfront.optimizer.checker import check_front, mixed_distance, uncovered
from landfront.optimizer.cover import cover
from landfront.optimizer.engine import Answer, Part
from landfront.optimizer.front import Fact, Floats, Front, Point
from landfront.optimizer.fronts import solve_front
from landfront.optimizer.highs import HighsEngine
from landfront.optimizer.points import relative_gap
from landfront.optimizer.program import Program
from landfront.optimizer.proof import prove, ranges
from landfront.optimizer.replay import replay

from . import invented, moo
from .conftest import make_program, random_program, synthetic
from .invented import INF, claimed, invent

needs_data = pytest.mark.skipif(not moo.FOLDER.exists(), reason=moo.ABSENT)


def knapsack(p: int, items: int, seed: int, *, whole: bool = True) -> Program:
    """Maximise whole values of items within one capacity."""
    rng = np.random.default_rng(seed)
    weights = rng.integers(5, 20, items).astype(float)
    profits = rng.integers(1, 20, (p, items)).astype(float)
    limit = np.array([0.5 * weights.sum()])
    return make_program(profits, weights[None], -limit, limit, senses=(-1,) * p, whole=whole)


PROGRAMS: dict[str, tuple[Callable[[], Program], int | str]] = {
    "two, whole values": (lambda: knapsack(2, 9, 1), "all"),
    "two, real values": (lambda: random_program(4), "all"),
    "two, some points": (lambda: knapsack(2, 12, 2), 4),
    "two, shares": (lambda: synthetic(12, whole=False), 12),
    "three, whole values": (lambda: knapsack(3, 8, 3), "all"),
    "three, some points": (lambda: knapsack(3, 10, 4), 6),
    "three, shares": (lambda: knapsack(3, 8, 5, whole=False), 12),
    "four, whole values": (lambda: knapsack(4, 7, 6), "all"),
}


@cache
def solved(name: str) -> Front:
    make, points = PROGRAMS[name]
    return solve_front(make(), points=points)  # type: ignore[arg-type]


@pytest.fixture(params=list(PROGRAMS))
def front(request: pytest.FixtureRequest) -> Front:
    return solved(request.param)


def check(front: Front) -> list[str]:
    assert front.program is not None
    return check_front(front.program, front)


def with_point(front: Front, place: int, point: Point) -> Front:
    return replace(front, points=(*front.points[:place], point, *front.points[place + 1 :]))


def with_fact(front: Front, place: int, *facts: Fact) -> Front:
    return replace(front, facts=(*front.facts[:place], *facts, *front.facts[place + 1 :]))


def test_what_holds_passes(front: Front) -> None:
    assert check(front) == []
    assert front.complete == ("points" not in front.reason) or "shares" in front.method


def lies_about(point: Point, program: Program) -> Iterator[Point]:
    """The same point with one thing better, or other, than it is."""
    step = np.where(program.steps > 0, program.steps, 1e-5 * program.objective_scale)
    for axis in np.eye(len(point.values)):
        yield replace(point, values=point.values + program.senses * -step * axis)
        yield replace(point, values=point.values + program.senses * step * axis)
    x = point.x.astype(float)
    column = int(np.argmax(program.upper - program.lower))
    x[column] = 1 - x[column] if x[column] != 0.5 else 1.0
    yield replace(point, x=x)
    yield replace(point, key="0" * 16)
    best = point.bound - float(program.senses[0]) * -step[0]
    offset = float(program.offsets[0])
    yield replace(point, bound=best, gap=relative_gap(best, float(point.values[0]), offset))
    yield replace(point, gap=point.gap / 2 + 1e-3)
    yield replace(point, x=x[:-1])


def test_a_changed_point_is_always_found(front: Front) -> None:
    assert front.program is not None
    for place, point in list(enumerate(front))[:: max(len(front) // 2, 1)]:
        for lie in lies_about(point, front.program):
            assert check(with_point(front, place, lie))


def test_a_point_left_out_leaves_a_hole_or_another_range(front: Front) -> None:
    """What is then stated of the rest can be true only if the others cover as well as before."""
    assert front.program is not None
    for place in range(len(front)):
        part = replace(front, points=(*front.points[:place], *front.points[place + 1 :]))
        values = part.values * part.senses
        again = prove(front.program, values, front.facts, front.asked)
        same = np.array_equal(again.ideal, front.ideal * front.senses)
        same &= np.array_equal(again.nadir, front.nadir * front.senses)
        holds = same and again.coverage <= front.coverage and again.complete >= front.complete
        holds &= again.bulge <= front.bulge
        assert holds or check(part)


def test_points_repeated_beaten_or_out_of_order_are_found(front: Front) -> None:
    assert check(replace(front, points=front.points[::-1]))
    assert any("twice" in word for word in check(replace(front, points=(front.points[0], *front.points))))


def test_a_raised_bound_is_found(front: Front) -> None:
    """Each fact was proven at a solution of the front, or by multipliers that prove no more."""
    assert front.program is not None
    steps = front.program.steps
    size = np.where(steps > 0, steps, 0.02 * ranges(front.program, front.values * front.senses))
    for place, fact in list(enumerate(front.facts))[::4]:
        if not np.isfinite(fact.beta):
            continue
        raised = replace(fact, beta=fact.beta + float(np.abs(fact.weights) @ size))
        assert check(with_fact(front, place, raised)) or replay(front.program, raised)


def test_a_fact_that_says_a_point_is_not_there_is_found(front: Front) -> None:
    y = front.values * front.senses
    rows = np.zeros_like(front.facts[0].row_prices)
    for point in y:
        lie = replace(claimed(np.ones(len(point)), point, INF), row_prices=rows)
        assert any("refutes" in word for word in check(with_fact(front, 0, front.facts[0], lie)))


def test_a_fact_without_its_multipliers_does_not_follow(front: Front) -> None:
    priced = [
        i for i, fact in enumerate(front.facts) if fact.proof == "recomputed" and np.any(fact.row_prices)
    ]
    for place in priced[:4]:
        fact = front.facts[place]
        bare = replace(fact, row_prices=np.zeros_like(fact.row_prices))
        assert any("follow" in word for word in check(with_fact(front, place, bare)))
    assert priced


def test_a_fact_left_out_is_missed_exactly_when_it_was_needed(front: Front) -> None:
    """Two derivations agree on what the other facts still imply."""
    program = front.program
    assert program is not None
    values = front.values * front.senses
    scale, needed = ranges(program, values), 0
    for place in range(len(front.facts)):
        part = with_fact(front, place)
        words = [word for word in check(part) if "unseen" in word]
        again = prove(program, values, part.facts, front.asked)
        no_less = again.coverage <= front.coverage and again.bulge <= front.bulge
        if no_less and again.complete >= front.complete:
            assert not words
        elif program.integer.any():
            anchor = program.minimised_offsets
            known = cover(values, part.facts, scale=scale, steps=program.steps, anchor=anchor)
            missed = known.coverage > front.coverage + 1e-5
            missed |= front.complete and known.missing > front.asked + 1e-5
            assert words or not missed
        needed += len(words) > 0
    assert needed


def test_a_weaker_fact_never_proves_more(front: Front) -> None:
    rng = np.random.default_rng(0)
    for place in rng.permutation(len(front.facts))[:6]:
        fact = front.facts[place]
        lower = replace(fact, beta=fact.beta - 0.1 * abs(fact.beta) - 1.0) if np.isfinite(fact.beta) else fact
        words = check(with_fact(front, int(place), lower))
        assert all("unseen" in word or "bound" in word or "hypervolume" in word for word in words)


def test_overstated_fronts_are_found(front: Front) -> None:
    if front.coverage > 1e-3:
        assert check(replace(front, coverage=0.95 * front.coverage))
    if not front.complete:
        assert check(replace(front, complete=True))
    assert front.program is not None
    y = front.values * front.senses
    # The auditor also counts what is known of the largest values, and may prove less of a bulge.
    bulge = mixed_distance(y, checker._sets(front.facts, y.shape[1]), ranges(front.program, y))
    assert bulge <= front.bulge + 1e-6
    if bulge > 1e-3:
        assert check(replace(front, bulge=0.99 * bulge))
    inner, outer = front.hypervolume
    assert check(replace(front, hypervolume=np.array([inner, inner - 1e-6])))
    assert check(replace(front, hypervolume=np.array([0.0, 0.5 * inner])))
    step = np.zeros(len(front.ideal))
    step[-1] = 1.0
    assert check(replace(front, ideal=front.ideal + step))
    assert check(replace(front, nadir=front.nadir + step))
    assert check(replace(front, criteria=front.criteria[::-1]))
    assert outer <= 1


def test_an_empty_front_states_nothing(front: Front) -> None:
    nothing = replace(front, points=(), complete=False, coverage=INF)
    assert not [word for word in check(nothing) if "covers" in word]
    assert check(replace(nothing, complete=True))


def test_segments_of_other_slices_or_other_values_are_found() -> None:
    """One real and one whole column: mixes of both whole values are no solutions."""
    objectives = np.array([[1.0, 0, 2], [0.0, 1, 1.5]])
    program = make_program(objectives, np.array([[1.0, 1, 2]]), np.ones(1), np.full(1, INF))
    program = replace(program, integer=np.array([False, False, True]))
    front = solve_front(program, points="all")
    assert front.segments
    assert check(front) == []
    segment = front.segments[0]
    off = replace(segment, values=segment.values - 0.1)
    assert check(replace(front, segments=(off, *front.segments[1:])))
    x = segment.x.copy()
    x[0, 2] = 1 - x[0, 2]
    other = replace(segment, x=x, values=np.array([program.values(one) for one in x]))
    assert check(replace(front, segments=(other, *front.segments[1:])))
    assert any("unseen" in word for word in check(replace(front, segments=())))


@pytest.mark.parametrize("seed", range(40))
def test_the_auditor_and_the_cover_agree(seed: int) -> None:
    """On invented values: a coverage is accepted, and one that is clearly smaller is not."""
    case = invent(seed)
    rng = np.random.default_rng(seed)
    points = case.front[rng.random(len(case.front)) < 0.6]
    p = len(case.scale)
    program = make_program(np.ones((p, 1)), np.zeros((0, 1)), np.zeros(0), np.zeros(0), senses=(1,) * p)
    program.__dict__["steps"] = case.steps
    if len(points) == 0:
        return
    known = cover(points, case.facts, scale=case.scale, steps=case.steps, anchor=np.zeros(p))
    sets = checker._sets(case.facts, p)

    def hole(share: float, size: Floats) -> Floats | None:
        reach = np.repeat((points - share * size)[:, None], 2, axis=1)
        return uncovered(reach, sets, program, finest=np.zeros(p))

    assert hole(known.coverage + 1e-6, case.scale) is None
    if known.coverage > 1e-4:
        assert hole(known.coverage - 1e-5, case.scale) is not None
    real = np.where(case.steps > 0, 0.0, case.scale)
    if known.missing < INF:
        assert hole(known.missing + 1e-6, real) is None


def test_the_distance_to_mixes_is_that_of_the_hull() -> None:
    points = np.array([[0.0, 4], [1, 1], [4, 0]])
    facts = [claimed([1, 1], [INF, INF], 1.0), claimed([1, 0], [INF, INF], 0), claimed([0, 1], [INF, INF], 0)]
    sets = checker._sets(facts, 2)
    # The corner (0, 1) is furthest: 3 y1 + y2 = 1 where the edge has 4, and one range of both is 16.
    assert mixed_distance(points, sets, np.array([4.0, 4])) == pytest.approx(3 / 16)
    assert mixed_distance(points, checker._sets(facts[:1], 2), np.array([4.0, 4])) == INF


def test_the_auditor_shares_no_geometry_with_the_search() -> None:
    words = Path(checker.__file__).read_text()
    for module in ("zones", "cover", "outer", "hull", "excluded", "segments", "proof", "fronts"):
        assert f"optimizer.{module}" not in words
        assert f"import {module}" not in words


@needs_data
@pytest.mark.parametrize("name", ["2kp50", "3kp40"])
def test_known_fronts_are_checked_in_seconds(name: str) -> None:
    case = moo.load(name)
    assert case.front is not None
    values = -case.front
    facts = invented.sweep(values, 1.0)
    reach = np.repeat(values[:, None], 2, axis=1)
    none = np.zeros(values.shape[1])
    assert uncovered(reach, checker._sets(facts, len(none)), case.program, finest=none) is None
    for place in np.random.default_rng(0).permutation(len(facts))[:5]:
        rest = checker._sets(facts[:place] + facts[place + 1 :], len(none))
        left = cover(
            values,
            facts[:place] + facts[place + 1 :],
            scale=np.ptp(values, axis=0),
            steps=case.program.steps,
            anchor=case.program.minimised_offsets,
        )
        assert (uncovered(reach, rest, case.program, finest=none) is None) == (left.missing == 0)


class Silent(HighsEngine):
    """Never finds anything."""

    def search(self, weights: Floats, upper: Floats, *, part: Part, seconds: float) -> Answer:
        raise RuntimeError("no licence")


@pytest.mark.parametrize("name", ["two, whole values", "three, whole values"])
def test_claimed_facts_are_replayed_and_raised_ones_refuted(name: str) -> None:
    front = solved(name)
    program = front.program
    assert program is not None
    facts = [fact for fact in front.facts if fact.proof == "claimed"][:8]
    assert facts
    for fact in facts:
        assert replay(program, fact)
        if np.isfinite(fact.beta):
            assert not replay(program, replace(fact, beta=fact.beta + float(fact.weights @ program.steps)))
    every = claimed(facts[0].weights, np.full(len(program.senses), 1e9), INF)
    assert not replay(program, replace(every, row_prices=facts[0].row_prices))


def test_what_needs_no_solver_is_recomputed_and_what_fails_is_not_confirmed() -> None:
    front = solved("three, whole values")
    program = front.program
    assert program is not None
    engine = Silent(program)
    for fact in front.facts:
        if fact.proof == "recomputed":
            assert replay(program, fact, engine)
            assert not replay(program, replace(fact, beta=fact.beta + 1.0), engine)
    claims = [fact for fact in front.facts if fact.proof == "claimed"]
    assert not all(replay(program, fact, engine) for fact in claims)


def test_another_solver_confirms_what_the_first_one_claimed() -> None:
    pytest.importorskip("pyscipopt", reason="SCIP is not installed")
    from landfront.optimizer.pyomo_engine import PyomoEngine

    front = solved("three, whole values")
    program = front.program
    assert program is not None
    engine = PyomoEngine(program, "scip")
    claims = [fact for fact in front.facts if fact.proof == "claimed"][:4]
    assert all(replay(program, fact, engine) for fact in claims)
    raised = [replace(fact, beta=fact.beta + float(fact.weights @ program.steps)) for fact in claims]
    assert not any(replay(program, fact, engine) for fact in raised if np.isfinite(fact.beta))
