"""Known fronts against each other and against enumeration, and what landfront finds of them."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import numpy as np
import pytest

from landfront.optimizer.checker import check_front
from landfront.optimizer.front import Floats
from landfront.optimizer.fronts import solve_front
from landfront.optimizer.program import Program
from tests.optimizer import mixed, moo
from tests.optimizer.labels import knapsack_front
from tests.strategies import everything, nondominated

pytestmark = pytest.mark.skipif(not moo.FOLDER.exists(), reason=moo.ABSENT)

SIZES = {"2KP50-11": 43, "2KP50-50": 51, "2KP50-92": 2, "2KP100-50": 149}
"""The index gives the four files of one folder in one cell."""

QUICK = ("kp_p2_n17", "kp_p3_n10", "kp_p4_n10", "ap_p3_n5", "transport_p3", "2KP50-92")
LONGER = ("gap_p3_3x10", "kp_p3_n30_issue133", "2kp50", "2KP50-11", "2KP50-50", "4kp50")
MIXED = ("momilp_1", "momilp_2", "momilp_3")


def test_every_instance_of_the_index_is_a_case() -> None:
    sizes = sorted(
        int(row["known_front"].split()[0])
        for row in moo.index()
        if row["path"].split("/")[0] in ("augmecon_kp", "tamby_mokp", "ceyhan_momilp")
    )
    cases = [moo.load(name) for name in moo.names()]
    grouped = [case for case in cases if not case.name.startswith(("kp_", "ap_", "gap_", "tr", "2KP"))]
    # Five of the 28 segments of the third mixed instance are level: not nondominated but for an end.
    assert sorted(case.count + 5 * (case.name == "momilp_3") for case in grouped) == sizes
    assert {case.name: case.count for case in cases if case.name.startswith("2KP")} == SIZES
    assert len(cases) - len(grouped) - len(SIZES) == 7


@pytest.mark.parametrize("name", moo.names())
def test_stored_fronts_are_sorted_and_nothing_in_them_is_dominated(name: str) -> None:
    case = moo.load(name)
    assert len(case.program.senses) == int(case.program.objective_matrix.shape[0]) >= 2
    if case.front is not None:
        least = nondominated(case.front * case.program.senses)
        assert len(least) == len(case.front) == case.count


def test_only_the_front_with_four_objectives_and_bounds_is_no_oracle() -> None:
    assert [name for name in moo.names() if not moo.load(name).oracle] == ["4kp50"]


@pytest.mark.parametrize("name", ["kp_p2_n17", "kp_p3_n10", "kp_p4_n10", "kp_p3_n30_issue133", *SIZES])
def test_stored_fronts_of_knapsacks_equal_the_dynamic_programme(name: str) -> None:
    case = moo.load(name)
    assert case.front is not None
    assert np.array_equal(knapsack_front(case.program), case.front)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["MOKP_p-2_n-200_1", "MOKP_p-4_n-50_1", "MOKP_p-3_n-100_1"])
def test_counted_fronts_of_knapsacks_have_as_many_points_by_the_dynamic_programme(name: str) -> None:
    case = moo.load(name)
    assert len(knapsack_front(case.program)) == case.count


@pytest.mark.parametrize("name", SIZES)
def test_stored_solutions_are_feasible_and_have_the_stored_values(name: str) -> None:
    program = moo.load(name).program
    x, y = moo.stored_solutions(name)
    assert np.all(x @ program.row_matrix.toarray().T <= program.row_upper)
    assert np.array_equal(x @ program.objective_matrix.T, y)


def choices(program: Program) -> Floats:
    """Values of everything feasible, in minimisation form."""
    return everything(program).values


def assignments(program: Program) -> Floats:
    """Values of all assignments, in minimisation form."""
    n = program.groups
    x = np.zeros((120, n * n))
    for row, order in enumerate(itertools.permutations(range(n))):
        x[row, np.arange(n) * n + np.array(order)] = 1
    return np.asarray(x @ program.minimised.T)


def shipments(program: Program) -> Floats:
    """Values of all ways to send whole amounts, in minimisation form: capacities bound them."""
    amounts = np.array(list(itertools.product(range(11), range(9), range(11), range(9), range(6), range(6))))
    used = amounts @ program.row_matrix.toarray().T
    fits = np.all((used >= program.row_lower) & (used <= program.row_upper), axis=1)
    return np.asarray(amounts[fits] @ program.minimised.T)


@pytest.mark.parametrize(
    ("name", "enumerate_all"),
    [
        ("ap_p3_n5", assignments),
        ("transport_p3", shipments),
        ("gap_p3_3x10", choices),
        ("kp_p4_n10", choices),
    ],
)
def test_stored_fronts_equal_enumeration(name: str, enumerate_all: Callable[[Program], Floats]) -> None:
    case = moo.load(name)
    assert case.front is not None
    least = nondominated(enumerate_all(case.program))
    assert np.array_equal(moo.distinct(least * case.program.senses), case.front)


@pytest.mark.slow
@pytest.mark.parametrize("name", MIXED)
def test_stored_segments_are_the_front_of_all_slices(name: str) -> None:
    case = moo.load(name)
    assert case.segments is not None
    slices = mixed.enumerate_slices(case.program)
    assert np.allclose(slices.lowest(case.segments[:, 0] + 1e-6), case.segments[:, 1], atol=1e-4)
    middle = (case.segments[:, :2] + case.segments[:, 2:]) / 2
    assert np.allclose(slices.lowest(middle[:, 0]), middle[:, 1], atol=1e-4)
    covered = np.array([_below(case.segments, y) for y in slices.samples(20)])
    assert covered.all()


def _below(segments: Floats, y: Floats) -> bool:
    """Whether a point of some segment is at most ``y``, up to the digits that are stored."""
    left, right = segments[:, :2], segments[:, 2:]
    first = np.minimum(y[0] + 1e-4, right[:, 0])
    share = (first - left[:, 0]) / np.maximum(right[:, 0] - left[:, 0], 1e-12)
    second = left[:, 1] + share * (right[:, 1] - left[:, 1])
    return bool(np.any((first >= left[:, 0]) & (second <= y[1] + 1e-3)))


@pytest.mark.parametrize("name", [*QUICK, *(pytest.param(name, marks=pytest.mark.slow) for name in LONGER)])
def test_known_points_are_found_and_no_others(name: str) -> None:
    case = moo.load(name)
    assert case.front is not None
    front = solve_front(case.program, points="all")
    assert front.complete, front.detail
    assert np.array_equal(moo.distinct(np.rint(front.values)), case.front)
    assert len(front) == case.count
    assert check_front(case.program, front) == []


@pytest.mark.slow
@pytest.mark.parametrize("name", MIXED)
def test_known_segments_are_found_and_no_others(name: str) -> None:
    case = moo.load(name)
    assert case.segments is not None
    front = solve_front(case.program, points="all")
    assert front.complete, front.detail
    ends = [(segment.values * front.senses).ravel() for segment in front.segments]
    assert len(ends) == case.count
    assert np.allclose(np.array(sorted(map(tuple, ends))), case.segments, atol=1e-3)
    assert check_front(case.program, front) == []
