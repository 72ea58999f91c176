"""Parts of a front: regions and thinned fronts cover what they say, against everything enumerated."""

from __future__ import annotations

from collections.abc import Callable
from math import inf, nan
from typing import Any

import numpy as np
import pytest

from landfront.optimizer import certify
from landfront.optimizer.front import Floats
from landfront.optimizer.fronts import solve_front
from landfront.optimizer.program import Program
from landfront.optimizer.proof import ranges
from landfront.optimizer.subset import thin, within
from tests.optimizer.test_quality import bare, chain, mixed
from tests.optimizer.test_single_methods import three

Make = Callable[..., Program]


def worst_miss(values: Floats, truth: Floats, scale: Floats) -> float:
    """Largest distance of a true point to the nearest of some values, in shares of a range."""
    worse = (values[None] - truth[:, None]) / scale
    return float(worse.max(axis=2).min(axis=1).max())


class TestRegions:
    @pytest.mark.parametrize("seed", range(20))
    @pytest.mark.parametrize("points", ["all", 4])
    def test_a_region_is_covered_as_it_says(
        self, seed: int, points: Any, rand: Make, brute: Callable[..., Any]
    ) -> None:
        program = rand(seed)
        front = solve_front(program, points=points, gap=1e-2)
        rng = np.random.default_rng(seed)
        low, high = np.sort(rng.uniform(front.values.min(axis=0), front.values.max(axis=0), (2, 2)), axis=0)
        limits = {"a": (float(low[0]), None), "b": (None, float(high[1]))}
        part = within(front, limits, program=program, gap=1e-2)
        assert part.facts == front.facts
        assert np.all(part.values[:, 0] >= low[0])
        assert np.all(part.values[:, 1] <= high[1])
        assert len(part) == np.sum((front.values[:, 0] >= low[0]) & (front.values[:, 1] <= high[1]))
        truth = brute(program).front * program.senses
        inside = truth[(truth[:, 0] >= low[0]) & (truth[:, 1] <= high[1])] * program.senses
        if len(part) and len(inside):
            scale = ranges(program, part.values * part.senses)
            miss = worst_miss(part.values * part.senses, inside, scale)
            assert miss <= part.coverage + 1e-7
            if part.complete:
                assert miss <= 1e-2 + 1e-7

    @pytest.mark.parametrize("seed", range(8))
    def test_mixes_in_a_region_are_covered_as_it_says(self, seed: int, rand: Make) -> None:
        program = rand(seed, whole=False)
        whole = solve_front(program, points="all")
        front = solve_front(program, points=4)
        y = whole.values * whole.senses
        if len(whole) < 4:
            return
        cap = float(np.quantile(y[:, 0], 0.7))
        sign = int(program.senses[0])
        part = within(front, {"a": (None, cap) if sign > 0 else (-cap, None)}, program=program)
        truth = chain(y[np.argsort(y[:, 0])])
        truth = truth[truth[:, 0] <= cap]
        values = part.values * part.senses
        values = values[np.argsort(values[:, 0])]
        if len(values) > 1:
            miss = worst_miss(chain(values), truth, ranges(program, values))
            assert miss <= part.coverage + 1e-3

    def test_facts_at_the_edge_of_a_region_keep_it_complete(self, build: Make) -> None:
        objectives = np.array([[0, 1, 2, 3, 4], [9, 6, 4, 1, 0.0]])
        program = build(objectives, np.zeros((0, 5)), [], [], starts=[0, 5])
        front = solve_front(program, points="all")
        part = within(front, {"a": (1, 3)}, program=program)
        assert part.values[:, 0].tolist() == [1, 2, 3]
        assert part.ideal.tolist() == [1, 1]
        assert part.nadir.tolist() == [3, 6]
        assert part.reason == front.reason
        assert "a >= 1, a <= 3" in part.detail
        assert part.complete
        assert part.coverage == 0

    def test_without_a_program_nothing_is_claimed(self, build: Make) -> None:
        objectives = np.array([[0, 1, 2], [9, 6, 4.0]])
        front = solve_front(build(objectives, np.zeros((0, 3)), [], [], starts=[0, 3]), points="all")
        assert front.complete
        part = within(front, {"a": (0, 1)})
        assert len(part) == 2
        assert not part.complete
        assert part.coverage == inf
        assert part.hypervolume.tolist() == [0, 1]
        assert part.reason == "points reached"

    def test_an_empty_region_is_an_empty_front(self, build: Make) -> None:
        program = build(np.array([[0, 1], [1, 0.0]]), np.zeros((0, 2)), [], [], starts=[0, 2])
        part = within(solve_front(program, points="all"), {"a": (0.4, 0.6)}, program=program)
        assert len(part) == 0
        assert not part.complete
        assert np.isnan(part.ideal).all()

    def test_limits_cut_segments_into_new_points(self, build: Make) -> None:
        program = mixed(build)
        front = solve_front(program, points="all")
        part = within(front, {"a": (1, 9), "b": (None, 9)}, program=program)
        assert part.values[:, 0] == pytest.approx([3.1, 5.15, 8.3, 9])
        assert [segment.values[:, 0].tolist() for segment in part.segments] == [[3.1, 5.15], [8.3, 9]]
        assert part.complete
        assert all(certify.check_point(program, point) == [] for point in part)
        assert part[3].key != front[5].key
        assert part[3].bound == pytest.approx(9, abs=1e-4)
        assert part.nadir == pytest.approx([9, 7.6])
        bare_part = within(front, {"a": (1, 9), "b": (None, 9)})
        assert len(bare_part) == 3
        assert len(bare_part.segments) == 1
        assert bare_part.bulge == inf

    def test_careless_limits_are_refused(self) -> None:
        front = bare([[0, 1], [1, 0]])
        with pytest.raises(ValueError, match="no criterion 'cost'"):
            within(front, {"cost": (0, 1)})
        with pytest.raises(ValueError, match="at least 2 and at most 1"):
            within(front, {"a": (2, 1)})
        with pytest.raises(ValueError, match="at least nan"):
            within(front, {"a": (nan, 1)})


class TestThinning:
    @pytest.mark.parametrize("by", ["spread", "hypervolume"])
    @pytest.mark.parametrize("seed", [0, 3, 7, 9])
    def test_what_is_left_covers_as_it_says(
        self, seed: int, by: Any, rand: Make, brute: Callable[..., Any]
    ) -> None:
        program = rand(seed)
        front = solve_front(program, points="all")
        if len(front) < 4:
            return
        few = thin(front, 3, by=by, program=program)
        assert len(few) == 3
        assert not few.complete
        assert front.complete
        assert few.reason == "points reached"
        truth = brute(program).front
        values = few.values * few.senses
        assert worst_miss(values, truth, ranges(program, values)) <= few.coverage + 1e-7
        assert {point.key for point in few} <= {point.key for point in front}

    def test_spread_keeps_the_ends_and_the_knee(self) -> None:
        front = bare([[0, 10], [1, 3], [2, 2.9], [3, 2.8], [6, 1], [10, 0]])
        assert thin(front, 2).values.tolist() == [[0, 10], [10, 0]]
        assert thin(front, 3).values.tolist() == [[0, 10], [1, 3], [10, 0]]
        assert thin(front, 4).values.tolist() == [[0, 10], [1, 3], [6, 1], [10, 0]]
        assert thin(front, 1).values.tolist() == [[1, 3]]

    def test_spread_is_within_twice_the_best(self) -> None:
        rng = np.random.default_rng(2)
        first = np.sort(rng.random(60))
        front = bare(np.column_stack([first, 1 - first]))
        few = thin(front, 7)
        reach = np.abs(front.values[:, :1] - few.values[None, :, 0]).min(axis=1).max()
        # Seven points halve the range six times at best.
        assert reach <= 2 / 12 * 1.2

    def test_segments_are_left_out(self, build: Make) -> None:
        program = mixed(build)
        front = solve_front(program, points="all")
        few = thin(front, 4, program=program)
        assert few.segments == ()
        assert front.coverage < few.coverage < 0.5
        assert not few.complete

    def test_hypervolume_equals_plain_greed(self) -> None:
        import moocore

        rng = np.random.default_rng(3)
        points = rng.random((60, 3))
        values = points[moocore.is_nondominated(points)]
        front = bare(values)
        unit = (values - values.min(axis=0)) / np.ptp(values, axis=0)
        chosen: list[int] = []
        for _ in range(5):
            left = [index for index in range(len(unit)) if index not in chosen]
            gains = [moocore.hypervolume(unit[[*chosen, index]], ref=[1.1] * 3) for index in left]
            chosen.append(left[int(np.argmax(gains))])
        assert np.allclose(thin(front, 5, by="hypervolume").values, values[np.sort(chosen)])

    def test_careless_requests_are_refused(self) -> None:
        front = bare([[0, 1], [1, 0]])
        assert thin(front, 5) is front
        with pytest.raises(ValueError, match="at least one"):
            thin(front, 0)
        with pytest.raises(ValueError, match="by must be"):
            thin(front, 1, by="luck")  # type: ignore[arg-type]


@pytest.mark.parametrize("seed", range(10))
@pytest.mark.parametrize("whole", [True, False])
def test_parts_of_three_objectives_cover_what_they_say(
    seed: int, whole: bool, build: Make, brute: Callable[..., Any]
) -> None:
    program = three(seed, build, whole=whole)
    front = solve_front(program, points="all" if whole else 12)
    truth = brute(program).front if whole else front.values * front.senses
    low, high = np.quantile(front.values, [0.2, 0.9], axis=0)
    part = front.filter(a=(float(low[0]), None), c=(None, float(high[2])))
    few = front.thin(min(4, len(front)))
    own = truth * program.senses
    inside = truth[(own[:, 0] >= low[0]) & (own[:, 2] <= high[2])]
    for found, unseen in ((part, inside), (few, truth)):
        if not len(found) or not len(unseen):
            continue
        values = found.values * found.senses
        scale = ranges(program, values)
        if whole:
            assert worst_miss(values, unseen, scale) <= found.coverage + 1e-7
        else:
            assert worst_mix(values, unseen, scale) <= found.coverage + 1e-6


def worst_mix(values: Floats, truth: Floats, scale: Floats) -> float:
    """The same for mixes of any of the values: the least t such that a mix is within t ranges of a point."""
    from scipy.optimize import linprog

    count = len(values)
    cost, one = np.append(np.zeros(count), 1.0), np.append(np.ones(count), 0.0)[None, :]
    rows = np.hstack([values.T, -scale[:, None]])
    bounds = [(0, None)] * count + [(None, None)]
    solved = [linprog(cost, rows, y, one, [1.0], bounds=bounds) for y in truth]
    assert all(found.status == 0 for found in solved)
    return max(0.0, *(float(cost @ found.x) for found in solved))
