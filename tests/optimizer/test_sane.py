"""Each fault of a program is named, and all are named together."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import scipy.sparse as sp

from landfront.optimizer.program import Csr, Factored, Program, Stack
from landfront.optimizer.sane import check_program

nan, inf = float("nan"), float("inf")


@pytest.fixture
def program(build: Callable[..., Program]) -> Program:
    return build(np.array([[1, 2, 0.0], [0, 1, 3]]), np.array([[1, 1, 0.0], [0, 1, 1]]), [0, -inf], [1, 2])


def with_values(program: Program, **changes: Any) -> Program:
    """The program with single entries of its arrays changed: ``lower={0: 5}``."""
    arrays = {}
    for name, entries in changes.items():
        arrays[name] = getattr(program, name).copy()
        for index, value in entries.items():
            arrays[name][index] = value
    return replace(program, **arrays)


def with_matrix(program: Program, name: str, rows: list[list[float]]) -> Program:
    changes: dict[str, Any] = {name: Stack((Csr(sp.csr_array(np.array(rows))),), program.columns)}
    return replace(program, **changes)


def test_a_sound_program_passes(
    program: Program, rand: Callable[..., Program], big: Callable[..., Program]
) -> None:
    check_program(program)
    check_program(rand(1))
    check_program(big(50))
    check_program(with_values(program, lower={2: -inf}, upper={2: inf}, row_lower={0: -inf}))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"lower": {1: nan}}, "column 1: a bound is NaN"),
        ({"upper": {1: nan}}, "column 1: a bound is NaN"),
        ({"lower": {0: 3}}, "column 0: the lower bound is above the upper one"),
        ({"lower": {0: inf}, "upper": {0: inf}}, "column 0: no number meets an infinite bound"),
        ({"lower": {0: -inf}, "upper": {0: -inf}}, "column 0: no number meets an infinite bound"),
        ({"lower": {0: 0.2}, "upper": {0: 0.8}}, "column 0: no whole number lies between its bounds"),
        ({"row_upper": {1: nan}}, "row row 1: a bound is NaN"),
        ({"row_lower": {0: 9}}, "row row 0: the lower bound is above the upper one"),
        ({"offsets": {1: nan}}, "objective b: the offset is NaN or infinite"),
        ({"offsets": {1: inf}}, "objective b: the offset is NaN or infinite"),
        ({"senses": {0: 0}}, "objective a: the sense must be 1"),
    ],
)
def test_each_faulty_number(program: Program, change: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=f"the program has a fault: {words}"):
        check_program(with_values(program, **change))


@pytest.mark.parametrize("value", [nan, inf, -inf])
def test_faulty_coefficients(program: Program, value: float) -> None:
    rows = with_matrix(program, "rows", [[1, 1, 0], [value, 1, 1]])
    with pytest.raises(ValueError, match="row row 1: a coefficient is NaN or infinite"):
        check_program(rows)
    objectives = with_matrix(program, "objectives", [[1, 2, 0], [value, 1, 3]])
    with pytest.raises(ValueError, match="objective b: a coefficient is NaN or infinite"):
        check_program(objectives)


def test_faulty_coefficients_of_factored_rows(program: Program) -> None:
    block = Factored(
        group=np.zeros(3, dtype=np.int32),
        kind=np.arange(3, dtype=np.int16),
        amount=sp.csr_array(np.array([[2.0]])),
        table=np.array([[1, nan, 3.0]]),
        row=np.zeros(1, dtype=np.int64),
        rows=1,
    )
    one = with_values(program)
    rows = replace(
        one, rows=Stack((block,), 3), row_lower=np.zeros(1), row_upper=np.ones(1), row_names=("r",)
    )
    with pytest.raises(ValueError, match="row r: a coefficient is NaN"):
        check_program(rows)


def test_objective_without_variables(program: Program) -> None:
    with pytest.raises(ValueError, match=r"objective b: it has no variable, .*leave it out"):
        check_program(with_matrix(program, "objectives", [[1, 2, 0], [0, 0, 0]]))


def test_too_few_objectives_and_empty_programs(program: Program) -> None:
    one = program.select([0])
    check_program(one, least=1)
    with pytest.raises(ValueError, match=r"a front needs at least two objectives, and it has 1 \(a\)"):
        check_program(one)
    with pytest.raises(ValueError, match=r"it has 0 \(none\)"):
        check_program(program.select([]))
    none = np.zeros(0)
    empty = replace(
        program,
        objectives=Stack((Csr(sp.csr_array((2, 0))),), 0),
        rows=Stack((Csr(sp.csr_array((2, 0))),), 0),
        lower=none,
        upper=none,
        integer=none.astype(bool),
    )
    with pytest.raises(ValueError, match="it is empty"):
        check_program(empty)


def test_names_given_twice(program: Program) -> None:
    with pytest.raises(ValueError, match="objectives share the name a: give each its own"):
        check_program(replace(program, objective_names=("a", "a")))
    with pytest.raises(ValueError, match="rows share the name r"):
        check_program(replace(program, row_names=("r", "r")))


@pytest.mark.parametrize(
    ("name", "size"),
    [
        ("senses", 2),
        ("offsets", 2),
        ("row_lower", 2),
        ("row_upper", 2),
        ("lower", 3),
        ("upper", 3),
        ("integer", 3),
    ],
)
def test_arrays_of_other_lengths(program: Program, name: str, size: int) -> None:
    short = replace(program, **{name: getattr(program, name)[:-1]})
    with pytest.raises(ValueError, match=f"{name} has {size - 1} entries where {size} are expected"):
        check_program(short)


@pytest.mark.parametrize("starts", [[1, 2], [0, 2, 2], [0, 4], []])
def test_groups_that_are_none(program: Program, starts: list[int]) -> None:
    with pytest.raises(ValueError, match="starts must rise from 0"):
        check_program(replace(program, starts=np.array(starts, dtype=np.int64)))


def test_all_faults_are_listed_with_the_names_of_columns(program: Program) -> None:
    bad = with_values(program, lower={0: 3, 2: nan}, row_lower={0: 9}, offsets={0: nan})
    with pytest.raises(ValueError, match="the program has 4 faults") as caught:
        check_program(bad, column_names=["apples", "pears", "plums"])
    words = str(caught.value)
    for part in ("column plums: a bound is NaN", "column apples: the lower", "row row 0", "objective a"):
        assert part in words


def test_long_lists_are_cut(build: Callable[..., Program]) -> None:
    many = build(np.ones((2, 9)), np.zeros((0, 9)), [], [])
    bad = replace(many, lower=np.full(9, 2.0))
    with pytest.raises(ValueError, match="column 4 and 4 more: the lower bound"):
        check_program(bad)
