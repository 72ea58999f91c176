"""Reading a front: the knee with its interval, and rates of exchange, against everything enumerated."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from math import inf, nan
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from landfront.optimizer.front import Fact, Floats, Front, Point
from landfront.optimizer.fronts import solve_front
from landfront.optimizer.program import Program
from landfront.optimizer.quality import knee
from landfront.optimizer.rates import edges, trade_offs
from landfront.optimizer.segments import Segment
from landfront.optimizer.subset import thin

Make = Callable[..., Program]


def bare(values: Any, *, senses: tuple[int, ...] | None = None, facts: tuple[Fact, ...] = ()) -> Front:
    """A front of given values without a program."""
    table = np.asarray(values, dtype=float)
    p = table.shape[1]
    points = tuple(
        Point(row, np.array([place]), f"{place:016x}", nan, nan, "optimal", np.zeros(0), np.full(p, nan), 0.0)
        for place, row in enumerate(table)
    )
    signs = np.array(senses or (1,) * p, dtype=np.int8)
    own = table * signs
    best, worst = (own.min(axis=0), own.max(axis=0)) if len(own) else (np.full(p, nan), np.full(p, nan))
    return Front(
        criteria=tuple("abcdef"[:p]),
        senses=signs,
        points=points,
        facts=facts,
        ideal=best * signs,
        nadir=worst * signs,
        complete=False,
        coverage=inf,
        hypervolume=np.array([0.0, 1.0]),
        reason="points reached",
        detail="made by hand",
        seconds=0.0,
        solves=0,
        method="none",
    )


def half_plane(weights: tuple[float, ...], beta: float) -> Fact:
    p = len(weights)
    return Fact(np.array(weights), np.full(p, inf), beta, "claimed", np.zeros(0), np.zeros(p))


def mixed(build: Make) -> Program:
    """Three whole choices, each with the same line of mixes: a front of three segments with jumps between."""
    objectives = np.array([[0, 3.1, 8.3, 0, 2.05], [10.2, 4.3, 0, 3.3, 0.0]])
    program = build(objectives, np.zeros((0, 5)), [], [], starts=[0, 3, 5])
    return replace(program, integer=np.array([True] * 3 + [False] * 2))


def with_open_end() -> Front:
    """Two points, and from the first one a segment that ends open above the second."""
    front = bare([[0, 10], [6, 1]])
    segment = Segment(np.array([[0, 10], [6, 4.0]]), np.zeros((2, 1)), (True, False))
    return replace(front, segments=(segment,), coverage=0.0)


def distances(front: Front, values: Floats) -> Floats:
    """Distance to the chord of the ends of a front of two objectives, in shares of its range."""
    y = front.values * front.senses
    unit = (values - y.min(axis=0)) / np.ptp(y, axis=0)
    return np.asarray((1 - unit.sum(axis=1)) / 2)


def chain(values: Floats) -> Floats:
    """Points along the segments between neighbours."""
    part = np.linspace(0, 1, 201)[:, None, None]
    return np.asarray((values[:-1] * (1 - part) + values[1:] * part).reshape(-1, 2))


class TestKnee:
    def test_of_two_objectives(self) -> None:
        found = knee(bare([[0, 10], [1, 3], [4, 2], [10, 0]]))
        assert (found.index, found.near) == (1, (1, 0, 2, 3))
        assert found.distance == pytest.approx(0.3)
        assert found.interval == (found.distance, inf)
        assert not found.certain

    def test_facts_bound_it(self) -> None:
        front = bare([[0, 10], [1, 3], [4, 2], [10, 0]], facts=(half_plane((1, 1), 4.0),))
        found = knee(front)
        assert found.highest == pytest.approx(0.3, abs=1e-6)
        assert found.certain
        assert found.near == (1,)

    def test_coverage_bounds_it(self) -> None:
        found = knee(replace(bare([[0, 10], [1, 3], [4, 2], [10, 0]]), coverage=0.1))
        assert found.highest == pytest.approx(0.4)
        assert found.near == (1, 2)

    def test_scaling_and_senses_do_not_move_it(self) -> None:
        rng = np.random.default_rng(1)
        first = np.sort(rng.random(30))
        values = np.column_stack([first, np.sort(rng.random(30))[::-1]])
        scaled = values * [-1e9, 1e-6] + [5, -3]
        front = bare(scaled, senses=(-1, 1))
        assert knee(front).index == knee(bare(values)).index
        assert knee(front).distance == pytest.approx(knee(bare(values)).distance)

    def test_of_three_objectives_is_below_the_plane_of_the_ends(self) -> None:
        values = [[0, 9, 9], [9, 0, 9], [9, 9, 0], [4, 4, 4], [1, 8, 7], [3, 6, 5]]
        found = knee(bare(values))
        assert found.index == 3
        assert found.distance == pytest.approx((18 - 12) / 27)

    def test_of_ends_whose_plane_slopes_up(self) -> None:
        # The third end is best in the third objective and worst in nothing.
        found = knee(bare([[0, 9, 5], [9, 0, 5], [1, 1, 0], [5, 5, 4]]))
        assert found.index == 2

    def test_an_open_end_of_a_segment_may_be_further_than_any_point(self) -> None:
        front = with_open_end()
        front = replace(front, points=(*front.points, replace(front[1], values=np.array([10.0, 0]))))
        open_ = replace(front.segments[0], values=np.array([[0, 10], [5, 0.5]]))
        found = knee(replace(front, segments=(open_,), coverage=0.01))
        assert found.index == 1
        assert found.distance == pytest.approx(0.15)
        assert found.highest == pytest.approx((10 - 5.5) / 20 + 0.01)
        assert not found.certain

    def test_of_degenerate_fronts(self) -> None:
        assert knee(bare([[3, 4]])).index == 0
        assert knee(bare([[3, 4]])).distance == 0
        assert knee(bare([[0, 4, 1], [1, 2, 1], [5, 0, 1]])).index == 1
        with pytest.raises(ValueError, match="empty"):
            knee(bare(np.zeros((0, 2))))

    @pytest.mark.parametrize("seed", range(12))
    @pytest.mark.parametrize("points", [3, 5])
    def test_interval_holds_all_solutions(
        self, seed: int, points: int, rand: Make, brute: Callable[..., Any]
    ) -> None:
        program = rand(seed)
        front = solve_front(program, points=points, gap=1e-2)
        if len(front) < 3:
            return
        truth = brute(program).front
        found = knee(front)
        true = distances(front, truth)
        assert found.distance - 1e-9 <= true.max() <= found.highest + 1e-9
        # The true knee lies within the coverage of a point that is said to be near.
        best = truth[true >= true.max() - 1e-9]
        gaps = (front.values * front.senses)[list(found.near)][:, None] - best[None]
        reach = (gaps / np.ptp(front.values, axis=0)).max(axis=2)
        assert reach.min() <= front.coverage + 1e-9

    @pytest.mark.parametrize("seed", range(8))
    def test_interval_holds_all_mixes(self, seed: int, rand: Make) -> None:
        program = rand(seed, whole=False)
        truth = solve_front(program, points="all")
        front = solve_front(program, points=3)
        if len(front) < 3:
            return
        true = distances(front, truth.values * truth.senses).max()
        found = knee(front)
        assert found.distance - 1e-9 <= true <= found.highest + 1e-7
        assert knee(truth).certain or len(truth) < 3


class TestRates:
    def test_edges_of_a_linear_program_are_proven(self, big: Make) -> None:
        program = big(12, whole=False)
        front = solve_front(program, points="all")
        table = edges(front, program=program)
        assert len(table) == len(front) - 1
        assert table["proven"].all()
        # The front of two maxima is concave: the more of a, the more of b it costs.
        assert (table["rate"] < 0).all()
        assert table["rate"].is_monotonic_increasing
        row = table.iloc[2]
        assert (row["a from"], row["a to"]) == (front.values[2, 0], front.values[3, 0])
        assert row["rate"] == pytest.approx((row["a to"] - row["a from"]) / (row["b to"] - row["b from"]))

    def test_without_a_program_a_rate_is_a_secant(self, big: Make) -> None:
        front = solve_front(big(12, whole=False), points="all")
        table = edges(front)
        assert table["supported"].all()
        assert not table["proven"].any()

    @pytest.mark.parametrize("seed", range(8))
    def test_supported_means_that_nothing_lies_beyond(
        self, seed: int, rand: Make, brute: Callable[..., Any]
    ) -> None:
        program = rand(seed)
        front = solve_front(program, points="all")
        feasible = brute(program).values
        table = edges(front, program=program)
        assert not table["proven"].any()
        y = front.values * front.senses
        order = np.argsort(y[:, 0])
        for left, right, supported in table[["left", "right", "supported"]].to_numpy(dtype=int):
            a, b = y[left], y[right]
            normal = np.abs([a[1] - b[1], b[0] - a[0]])
            if supported:
                assert (feasible @ normal).min() >= a @ normal - 1e-5 * normal @ np.ptp(y[order], axis=0)

    def test_secants_across_a_dent_are_not_supported(self, build: Make) -> None:
        objectives = np.array([[0, 1, 9, 10], [10, 1, 0.9, 0]])
        program = build(objectives, np.zeros((0, 4)), [], [], starts=[0, 4])
        front = solve_front(program, points="all")
        thinned = thin(front, 2, program=program)
        assert edges(thinned, program=program)[["supported", "proven"]].to_numpy().tolist() == [
            [False, False]
        ]

    def test_mixes_count_where_integers_agree(self, build: Make) -> None:
        # One integer choice of two lines, each between its own pair of continuous columns.
        objectives = np.array([[0, 0, 0, 4.0], [9, 9, 4, 0.0]])
        rows = np.array([[0, 0, 1, 1.0]])
        program = build(objectives, rows, [1.0], [1.0], starts=[0, 2])
        program = replace(program, integer=np.array([True, True, False, False]))
        front = bare([[0, 13], [4, 9]], facts=(half_plane((1, 1), 13.0),))
        x = [np.array([1, 0, 1, 0]), np.array([1, 0, 0, 1]), np.array([0, 1, 0, 1])]
        for second, proven in ((x[1], True), (x[2], False)):
            points = (replace(front[0], x=x[0]), replace(front[1], x=second))
            table = edges(replace(front, points=points), program=program)
            assert table["supported"].tolist() == [True]
            assert table["proven"].tolist() == [proven]

    def test_segments_of_a_mixed_front_are_proven_edges(self, build: Make) -> None:
        program = mixed(build)
        front = solve_front(program, points="all")
        assert len(front.segments) == 3
        table = edges(front, program=program)
        assert table["proven"].tolist() == [True, False, True, False, True]
        assert table["rate"].tolist()[::2] == pytest.approx([-2.05 / 3.3] * 3)

    def test_a_segment_with_an_open_end_has_a_row(self) -> None:
        table = edges(replace(with_open_end(), facts=(half_plane((1, 1), 10.0),)))
        assert table[["left", "right"]].to_numpy().tolist() == [[0, 1], [0, -1]]
        assert table["b to"].tolist() == [1, 4]
        assert table["rate"].tolist() == pytest.approx([-6 / 9, -1])
        assert table["proven"].tolist() == [False, True]

    def test_capped_facts_support_below_their_caps(self) -> None:
        capped = replace(half_plane((1, 1), 4.0), upper=np.array([4.0, 4.0]))
        front = bare([[0, 4], [4, 0], [5, -6]], facts=(capped,))
        assert edges(front)["supported"].tolist() == [True, False]

    def test_other_numbers_of_objectives_are_refused(self) -> None:
        with pytest.raises(ValueError, match="two objectives, not 3"):
            edges(bare([[0, 1, 2]]))
        assert edges(bare([[0, 1]])).empty

    def test_rates_at_a_vertex_are_those_of_its_edges(self, big: Make) -> None:
        program = big(12, whole=False)
        front = solve_front(program, points="all")
        table, middle = edges(front), len(front) // 2
        rates = trade_offs(front, middle)["b"].to_numpy()
        for edge in (middle - 1, middle):
            slope = 1 / table["rate"].iloc[edge]
            assert np.min(np.abs(rates - 1 / slope)) <= 1e-4 * abs(1 / slope)
        assert (trade_offs(front, middle)["a"] == 1).all()

    def test_rates_of_three_objectives_come_from_facets(self) -> None:
        facts = (half_plane((1, 2, 4), 7.0), half_plane((2, 1, 1), 4.0), half_plane((1, 1, 1), 2.0))
        table = trade_offs(bare([[1, 1, 1], [0, 9, 9]], facts=facts), 0)
        assert table[["a", "b", "c"]].to_numpy().tolist() == [[1, -2, -4], [1, -0.5, -0.5]]
        table = trade_offs(bare([[1, -1, 1], [0, -9, 9]], senses=(1, -1, 1), facts=facts), 0)
        assert table[["a", "b", "c"]].to_numpy().tolist() == [[1, 0.5, -0.5], [1, 2, -4]]
        assert trade_offs(bare([[1, 1, 1], [0, 9, 9]], facts=facts), 1).empty

    def test_a_half_plane_without_the_first_objective_bounds_no_rate(self) -> None:
        table = trade_offs(bare([[3, 0], [0, 4]], facts=(half_plane((0, 1), 0.0),)), 0)
        assert table["b"].tolist() == [-inf]


def test_a_front_reads_itself(big: Make, tmp_path: Path) -> None:
    front = solve_front(big(12, whole=False), points=6)
    assert front[front.knee_interval().index].key == front.knee().key
    assert len(front.edges()) == 5
    assert front.trade_offs(2).shape[1] == 3
    assert len(front.thin(3)) == 3
    assert np.isfinite(front.thin(3).coverage)
    low = float(front.values[2, 0])
    assert front.filter(a=(low, None)).values.tolist() == front.values[2:].tolist()
    assert front.filter({"a": (low, None)}, b=(None, 1e9)).values.tolist() == front.values[2:].tolist()
    assert front.distance(0, 5).ranges == pytest.approx([1, -1])
    assert front.compare(front.thin(3)).covered[0] == 1
    front.plot(tmp_path / "front.svg", title="Front")
    assert "<svg" in (tmp_path / "front.svg").read_text(encoding="utf-8")
