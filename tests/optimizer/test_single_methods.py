"""Lexicographic, hierarchical, reference point and weighted sums, against enumeration of small programs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from math import inf
from typing import Any

import numpy as np
import pytest

from landfront.optimizer import certify
from landfront.optimizer.engine import Answer, Infeasible, Part, SolverError, Unbounded, choose_engine
from landfront.optimizer.front import Floats, Front
from landfront.optimizer.fronts.lexicographic import solve_lexicographic
from landfront.optimizer.fronts.reference_point import Goal, solve_reference, widened
from landfront.optimizer.fronts.weighted import solve_weighted
from landfront.optimizer.program import Program
from tests.optimizer.faulty import Faulty, crash, says_infeasible, time_out

Make = Callable[..., Program]
TINY = 1e-6


def three(seed: int, build: Make, *, whole: bool = True) -> Program:
    """Four groups of three, three objectives of which some are integral, one row that binds."""
    rng = np.random.default_rng(seed)
    objectives = rng.normal(0, 5, (3, 12))
    integral = rng.random(3) < 0.5
    objectives[integral] = np.round(objectives[integral])
    row = rng.random((1, 12))
    return build(
        objectives,
        row,
        [-inf],
        row.sum(axis=1) / 3 * 1.1,
        senses=tuple(rng.choice([-1, 1], 3).tolist()),
        starts=np.arange(0, 13, 3),
        offsets=np.round(rng.normal(0, 5, 3)),
        whole=whole,
    )


def assert_sound(program: Program, front: Front, feasible: Floats) -> None:
    """Facts and bounds hold against all feasible values (minimisation form); no solution beats a point."""
    for fact in front.facts:
        inside = np.all(feasible <= fact.upper + 1e-9, axis=1)
        if fact.beta == inf:
            assert not inside.any()
        else:
            assert np.all(feasible[inside] @ fact.weights >= fact.beta - 1e-7)
        assert certify.fact_holds(program, fact)
    for point in front:
        assert certify.check_point(program, point) == []
        y = point.values * program.senses
        others = np.all(feasible[:, 1:] <= y[1:] + 1e-7, axis=1)
        assert point.bound * program.senses[0] <= feasible[others, 0].min() + TINY
        slack = TINY + np.where(program.steps > 0, 0.0, 1e-3 * np.ptp(feasible, axis=0))
        assert not np.any(np.all(feasible <= y + TINY, axis=1) & np.any(feasible < y - slack, axis=1))


def in_order(feasible: Floats, order: list[int], loss: Floats) -> Floats:
    """Best value of each stage, by enumeration."""
    left, best = feasible, []
    for axis in order:
        best.append(left[:, axis].min())
        left = left[left[:, axis] <= best[-1] + loss[axis] + 1e-9]
    return np.array(best)


def own(front: Front) -> Floats:
    return np.asarray(front[0].values * front.senses)


@pytest.mark.parametrize("seed", range(12))
def test_lexicographic_equals_enumeration(seed: int, build: Make, brute: Callable[..., Any]) -> None:
    program = three(seed, build)
    feasible = brute(program).values
    order = np.random.default_rng(seed).permutation(3).tolist()
    front = solve_lexicographic(program, [program.objective_names[axis] for axis in order])
    assert len(front) == 1
    assert front.reason in ("points reached", "optimal")
    assert np.allclose(own(front)[order], in_order(feasible, order, np.zeros(3)), atol=1e-3)
    assert_sound(program, front, feasible)


@pytest.mark.parametrize("seed", range(12))
def test_hierarchical_gives_up_what_it_may_and_no_more(
    seed: int, build: Make, brute: Callable[..., Any]
) -> None:
    program = three(seed, build)
    feasible = brute(program).values
    best = feasible[:, 1].min()
    front = solve_lexicographic(program, ["b", "a"], tolerance={"b": 0.2}, amount={"b": 1.5})
    loss = 0.2 * abs(best) + 1.5
    wanted = in_order(feasible, [1, 0], np.array([0, loss, 0]))
    y = own(front)
    assert y[1] <= best + loss + TINY
    assert y[0] == pytest.approx(wanted[1], abs=1e-3)
    assert front.method.startswith("hierarchical")
    assert_sound(program, front, feasible)


def test_a_loss_on_a_lattice_is_rounded_down(build: Make) -> None:
    objectives = np.array([[0, 1, 2, 3], [9, 5, 4, 0.0]])
    program = build(objectives, np.zeros((0, 4)), [], [], starts=[0, 4])
    for amount, wanted in ((1.0, [1, 5]), (1.99, [1, 5]), (2.0, [2, 4]), (0.0, [0, 9])):
        front = solve_lexicographic(program, amount={"a": amount})
        assert front[0].values.tolist() == wanted


@pytest.mark.parametrize("whole", [True, False])
def test_the_order_decides(whole: bool, big: Make) -> None:
    program = big(40, whole=whole)
    one, two = (solve_lexicographic(program, order) for order in (["a", "b"], ["b", "a"]))
    assert one[0].values[0] > two[0].values[0]
    assert one[0].values[1] < two[0].values[1]
    assert one.facts
    assert f"a {one[0].values[0]:.7g}"[:8] in one.detail


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("whole", [True, False])
def test_reference_point_is_the_closest(
    seed: int, whole: bool, build: Make, brute: Callable[..., Any]
) -> None:
    program = three(seed, build, whole=whole)
    feasible = brute(replace(program, integer=np.ones(program.columns, dtype=bool))).values
    rng = np.random.default_rng(seed)
    target = feasible.min(axis=0) + rng.uniform(-0.3, 1.0, 3) * np.ptp(feasible, axis=0)
    span = np.ptp(feasible, axis=0)
    names = program.objective_names
    front = solve_reference(
        program,
        dict(zip(names, (target * program.senses).tolist(), strict=True)),
        ranges=dict(zip(names, span.tolist(), strict=True)),
    )
    best = ((feasible - target) / span).max(axis=1).min()
    found = float(((own(front) - target) / span).max())
    # The sum counts a ten-thousandth, and the gap is another one.
    assert found <= best + 2e-3
    if whole:
        assert found >= best - 1e-9
        assert_sound(program, front, feasible)
    for fact in front.facts:
        assert certify.fact_holds(program, fact)


def test_aspiration_of_some_objectives_only(build: Make, brute: Callable[..., Any]) -> None:
    program = three(3, build)
    feasible = brute(program).values
    front = solve_reference(program, {"b": float(program.senses[1] * (feasible[:, 1].min() - 5))})
    assert own(front)[1] == pytest.approx(feasible[:, 1].min(), abs=1e-2)
    assert_sound(program, front, feasible)
    assert "b misses the aspiration" in front.detail


def test_an_aspiration_in_reach_is_passed(build: Make) -> None:
    objectives = np.array([[0, 4, 10], [10, 4, 0.0]])
    program = build(objectives, np.zeros((0, 3)), [], [], starts=[0, 3])
    front = solve_reference(program, {"a": 6, "b": 6})
    assert front[0].values.tolist() == [4, 4]
    assert "every aspiration is met, a with 20 %" in front.detail
    assert front.solves == 4


def test_the_wider_program_has_the_achievement_as_a_column(build: Make) -> None:
    program = three(1, build)
    goal = Goal(np.array([1.0, np.nan, -2.0]), np.array([0.5, 0, 0.25]))
    wide = widened(program, goal)
    x = np.zeros(13)
    x[[0, 3, 6, 9]] = 1
    x[-1] = 3.5
    values = program.values(x[:-1])
    assert np.allclose(wide.values(x)[:3], values)
    miss = goal.miss(values * program.senses)
    activity = wide.rows.dot(x)[-2:] - wide.row_upper[-2:]
    assert np.allclose(activity, miss - 3.5)
    assert wide.values(x)[3] == pytest.approx(3.5 + 1e-4 * miss.sum())
    assert np.allclose(wide.rows.tdot(np.arange(3.0)), wide.rows.to_csr().T @ np.arange(3.0))
    assert wide.upper[-1] >= np.abs(miss).max()


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("normalise", [True, False])
def test_weighted_sums_equal_enumeration(
    seed: int, normalise: bool, build: Make, brute: Callable[..., Any]
) -> None:
    program = three(seed, build)
    feasible = brute(program).values
    span = np.ptp(feasible, axis=0) if normalise else np.ones(3)
    names = program.objective_names
    rows = [{"a": 1.0, "b": 2.0, "c": 1.0}, {"a": 0.5, "c": 3.0}, {"b": 1.0}]
    ranges = dict(zip(names, span.tolist(), strict=True)) if normalise else None
    front = solve_weighted(program, rows, normalise=normalise, ranges=ranges)
    assert 1 <= len(front) <= 3
    for row in rows:
        weights = np.array([row.get(name, 0.0) for name in names]) / span
        least = (feasible @ weights).min()
        found = (front.values * front.senses @ weights).min()
        assert found <= least + 1e-3 * np.ptp(feasible @ weights)
    assert_sound(program, front, feasible)


def test_ranges_are_found_where_none_are_given(build: Make) -> None:
    # In units the first objective outweighs the second a thousand times; in ranges both count the same.
    objectives = np.array([[0, 2000, 5000], [10, 1, 0.0]])
    program = build(objectives, np.zeros((0, 3)), [], [], starts=[0, 3])
    both = [{"a": 1.0, "b": 1.0}]
    assert solve_weighted(program, both)[0].values.tolist() == [2000, 1]
    assert solve_weighted(program, both, normalise=False)[0].values.tolist() == [0, 10]


def test_a_weight_of_zero_gives_no_dominated_point(build: Make) -> None:
    objectives = np.array([[3, 3, 3, 7], [5, 2, 4, 0.0]])
    program = build(objectives, np.zeros((0, 4)), [], [], starts=[0, 4])
    assert solve_weighted(program, [{"a": 1}])[0].values.tolist() == [3, 2]


def everything(program: Program, **options: Any) -> list[Callable[[], Front]]:
    names = program.objective_names
    return [
        lambda: solve_lexicographic(program, **options),
        lambda: solve_weighted(program, [dict.fromkeys(names, 1.0)], **options),
        lambda: solve_reference(program, dict.fromkeys(names, 0.0), **options),
    ]


@pytest.mark.parametrize("whole", [True, False])
def test_infeasible_programs_name_the_rows(whole: bool, build: Make) -> None:
    rows = np.array([[1, 2], [0, 1.0]])
    program = build(np.eye(2), rows, [-inf, 0.5], [1.2, inf], starts=[0, 2], whole=whole)
    for run in everything(program):
        with pytest.raises(Infeasible) as caught:
            run()
        assert caught.value.names == ("row 0", "row 1")


def test_unbounded_programs_are_refused(build: Make) -> None:
    program = build(np.array([[1, 0], [0, -1.0]]), np.zeros((0, 2)), [], [], whole=False, upper=inf)
    for run in everything(program):
        with pytest.raises(Unbounded):
            run()


def test_columns_without_an_end(build: Make) -> None:
    rows = np.array([[1, 1.0]])
    program = build(np.eye(2), rows, [4.0], [inf], whole=False, upper=inf)
    front = solve_reference(program, {"a": 0, "b": 0})
    assert front[0].values == pytest.approx([2, 2], abs=1e-3)
    assert solve_lexicographic(program)[0].values == pytest.approx([0, 4], abs=1e-6)


@pytest.mark.parametrize("spoil", [crash, time_out, says_infeasible])
@pytest.mark.parametrize("at", [1, 2, 3])
@pytest.mark.parametrize("whole", [True, False])
def test_a_failing_solver_never_ends_as_proven(
    spoil: Callable[[Answer], Answer], at: int, whole: bool, build: Make, brute: Callable[..., Any]
) -> None:
    program = three(5, build, whole=whole)
    feasible = brute(replace(program, integer=np.ones(program.columns, dtype=bool))).values
    for run in everything(program, engine=lambda made: Faulty(made, at, spoil)):
        try:
            front = run()
        except (Infeasible, SolverError):
            continue
        assert not front.complete
        for point in front:
            assert certify.check_point(program, point) == []
        if whole:
            for fact in front.facts:
                inside = np.all(feasible <= fact.upper + 1e-9, axis=1)
                assert np.all(feasible[inside] @ fact.weights >= min(fact.beta, 1e300) - 1e-7)


def test_the_clock_leaves_what_was_found(big: Make) -> None:
    program = big(40)
    front = solve_lexicographic(program, time_limit=0.0)
    assert len(front) == 0
    assert front.reason == "time limit"
    assert not front.complete


def test_an_interrupted_stage_leaves_the_one_before(big: Make) -> None:
    program = big(40, whole=False)

    class Stopping:
        def __init__(self) -> None:
            self.inner, self.calls = choose_engine(program)[0], 0
            self.name = self.inner.name

        def relax(self, *args: Any, **options: Any) -> Answer:
            self.calls += 1
            if self.calls > 1:
                raise KeyboardInterrupt
            return self.inner.relax(*args, **options)

        def search(self, *args: Any, **options: Any) -> Answer:
            return self.inner.search(*args, **options)

        def clash(self, *, seconds: float) -> tuple[int, ...]:
            return ()

        def round(self, *args: Any, **options: Any) -> Floats | None:
            return self.inner.round(*args, **options)

        def core(self, *args: Any, **options: Any) -> Part | None:
            return self.inner.core(*args, **options)

        def rest(self, *args: Any) -> Part | None:
            return self.inner.rest(*args)

    front = solve_lexicographic(program, engine=Stopping())
    assert front.reason == "interrupted"
    assert len(front) == 1


@pytest.mark.parametrize(
    ("run", "words"),
    [
        (lambda p: solve_lexicographic(p, ["x"]), "no objective 'x'"),
        (lambda p: solve_lexicographic(p, ["a", "a"]), "each objective once"),
        (lambda p: solve_lexicographic(p, []), "each objective once"),
        (lambda p: solve_lexicographic(p, tolerance={"a": -0.1}), "tolerance of 'a'"),
        (lambda p: solve_lexicographic(p, amount={"a": np.nan}), "amount of 'a'"),
        (lambda p: solve_lexicographic(p, gap=0), "gap must lie"),
        (lambda p: solve_weighted(p, []), "at least one weight"),
        (lambda p: solve_weighted(p, [{"a": 0.0}]), "at least one weight"),
        (lambda p: solve_weighted(p, [{"a": -1.0}]), "weight of 'a'"),
        (lambda p: solve_weighted(p, [{"a": 1.0}], ranges={"a": 0.0}), "range of 'a'"),
        (lambda p: solve_reference(p, {}), "at least one objective"),
        (lambda p: solve_reference(p, {"a": inf}), "aspiration of 'a'"),
        (lambda p: solve_reference(p, {"q": 1.0}), "no objective 'q'"),
        (lambda p: solve_lexicographic(p.select([0])), "a front needs at least two"),
    ],
)
def test_careless_requests_are_refused_in_words(
    run: Callable[[Program], Front], words: str, build: Make
) -> None:
    program = build(np.eye(2), np.zeros((0, 2)), [], [], starts=[0, 2])
    with pytest.raises(ValueError, match=words):
        run(program)
