"""Program files: every form of rows comes back as it was, as views of the file, and no file is believed."""

from __future__ import annotations

import dataclasses
import pickle
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from math import inf
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import scipy.sparse as sp
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from landfront.optimizer import attempt, blocks, certify, passes
from landfront.optimizer.blocks import Wider
from landfront.optimizer.files import read_file, read_model, write_program
from landfront.optimizer.front import Fact
from landfront.optimizer.fronts import solve_front
from landfront.optimizer.fronts.driver import make_engine
from landfront.optimizer.program import Block, Csr, Factored, Program, Stack
from landfront.optimizer.structured.engine import StructuredEngine
from tests.optimizer.contract import assert_same_run, known
from tests.optimizer.national import national

MAPS = Path("/proc/self/maps")
needs_maps = pytest.mark.skipif(not MAPS.exists(), reason="needs Linux's list of memory maps")


def leaves(thing: Any, at: str = "program") -> Iterator[tuple[str, Any]]:
    """Every array, number and name of a program or block, with its place."""
    if isinstance(thing, sp.csr_array):
        for name in ("indptr", "indices", "data", "shape"):
            yield f"{at}.{name}", getattr(thing, name)
    elif dataclasses.is_dataclass(thing):
        yield f"{at} is a", type(thing).__name__
        for field in dataclasses.fields(thing):
            yield from leaves(getattr(thing, field.name), f"{at}.{field.name}")
    elif isinstance(thing, tuple):
        yield f"{at} has", len(thing)
        for index, part in enumerate(thing):
            yield from leaves(part, f"{at}.{index}")
    else:
        yield at, thing


def arrays_of(program: Program) -> dict[str, NDArray[Any]]:
    return {at: leaf for at, leaf in leaves(program) if isinstance(leaf, np.ndarray)}


def assert_same(one: Program, two: Program) -> None:
    """The same arrays of the same types in the same forms."""
    for (at, left), (_, right) in zip(leaves(one), leaves(two), strict=True):
        if isinstance(left, np.ndarray):
            assert left.dtype == right.dtype, at
            np.testing.assert_array_equal(left, right, err_msg=at)
        else:
            assert left == right, at


def there_and_back(program: Program, folder: Path) -> Program:
    path = folder / "program.arrow"
    write_program(program, path)
    return read_model(path)


@st.composite
def any_programs(draw: st.DrawFn) -> Program:
    """Groups and loose columns, rows of every form inside each other, shared and broadcast arrays."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    starts = np.cumsum([0, *draw(st.lists(st.integers(1, 4), max_size=6))]).astype(
        draw(st.sampled_from([np.int64, np.int32]))
    )
    m = int(starts[-1]) + draw(st.integers(0, 3))
    share = draw(st.booleans())
    shared: dict[tuple[Any, ...], Block] = {}

    def csr(columns: int) -> Csr:
        real, whole = draw(
            st.tuples(st.sampled_from([np.float32, np.float64]), st.sampled_from([np.int32, np.int64]))
        )
        dense = rng.normal(size=(draw(st.integers(0, 3)), columns)) * (
            rng.random(columns) < draw(st.sampled_from([0.0, 0.4, 1.0]))
        )
        matrix = sp.csr_array(dense.astype(real))
        matrix.indptr, matrix.indices = matrix.indptr.astype(whole), matrix.indices.astype(whole)
        return Csr(matrix)

    def factored(columns: int) -> Factored:
        groups, terms, kinds, rows = rng.integers(1, 5, 4).tolist()
        terms = draw(st.sampled_from([0, terms]))
        amount = rng.normal(size=(groups, terms)) * (rng.random((groups, terms)) < 0.6)
        return Factored(
            rng.integers(0, groups, columns).astype(np.int32),
            rng.integers(0, kinds, columns).astype(np.int16),
            sp.csr_array(amount.astype(draw(st.sampled_from([np.float32, np.float64])))),
            np.asfortranarray(rng.normal(size=(terms, kinds))),
            rng.integers(0, rows, terms),
            rows,
        )

    def block(columns: int, depth: int) -> Block:
        form = draw(st.sampled_from(["csr", "factored", "wider", "stack"][: 4 if depth else 2]))
        if share and (form, columns) in shared:
            return shared[form, columns]
        made: Block
        if form == "csr":
            made = csr(columns)
        elif form == "factored":
            made = factored(columns)
        elif form == "wider" and columns:
            made = Wider(block(columns - 1, depth - 1))
        else:
            made = Stack(tuple(block(columns, depth - 1) for _ in range(draw(st.integers(0, 2)))), columns)
        shared[form, columns] = made
        return made

    def stack() -> Stack:
        return Stack(tuple(block(m, 2) for _ in range(draw(st.integers(0, 3)))), m)

    objectives, rows = stack(), stack()
    p, r = objectives.shape[0], rows.shape[0]
    alike = draw(st.booleans())
    return Program(
        objectives=objectives,
        senses=rng.choice([-1, 1], p).astype(np.int8),
        offsets=rng.normal(size=p),
        rows=rows,
        row_lower=np.where(rng.random(r) < 0.5, -inf, 0.0),
        row_upper=np.where(rng.random(r) < 0.5, inf, 2.0),
        lower=np.broadcast_to(0.0, m) if alike else -rng.random(2 * m)[::2],
        upper=np.broadcast_to(inf, m) if alike else rng.random(m),
        integer=np.broadcast_to(True, m) if alike else rng.random(m) < 0.5,
        starts=starts,
        objective_names=tuple(f"目标 {index}" for index in range(p)),
        row_names=tuple(f"row {index}" for index in range(r)),
    )


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(program=any_programs())
def test_every_program_comes_back(program: Program, tmp_path: Path) -> None:
    back = there_and_back(program, tmp_path)
    assert_same(program, back)
    for at, array in arrays_of(back).items():
        assert not array.flags.writeable, at
    again = pickle.loads(pickle.dumps(back, protocol=5))
    assert_same(program, again)
    assert list(tmp_path.iterdir()) == [tmp_path / "program.arrow"]


def test_what_blocks_share_is_written_once_and_shared_again(tmp_path: Path) -> None:
    program = national(3_000, 12)
    capped = program.rows.blocks[1]
    assert isinstance(capped, Factored)
    summed = dataclasses.replace(capped, row=np.zeros(len(capped.row), np.int64), rows=1)
    program = dataclasses.replace(
        program,
        rows=Stack((*program.rows.blocks, summed), program.columns),
        row_lower=np.append(program.row_lower, -inf),
        row_upper=np.append(program.row_upper, inf),
        row_names=(*program.row_names, "pooled"),
    )
    back = there_and_back(program, tmp_path)
    once = {array.ctypes.data: array.nbytes for array in arrays_of(program).values()}
    alike = sum(array.nbytes for array in (program.lower, program.upper, program.integer))
    assert (tmp_path / "program.arrow").stat().st_size < sum(once.values()) - alike + 20_000
    carbon, benefits = back.objectives.blocks
    cost, amounts, pooled = back.rows.blocks
    assert isinstance(carbon, Csr)
    assert isinstance(cost, Csr)
    assert isinstance(benefits, Factored)
    assert isinstance(amounts, Factored)
    assert isinstance(pooled, Factored)
    assert carbon.matrix.indices is cost.matrix.indices
    assert benefits.group is amounts.group is pooled.group
    assert benefits.kind is amounts.kind is pooled.kind
    assert amounts.amount is pooled.amount
    assert np.shares_memory(amounts.table, pooled.table)
    assert [array.strides for array in (back.lower, back.upper, back.integer)] == [(0,)] * 3


def mapped_at(path: Path) -> list[tuple[int, int]]:
    """Addresses at which a file is mapped into this process."""
    lines = [line.split() for line in MAPS.read_text().splitlines() if line.endswith(str(path))]
    return [(int(first, 16), int(last, 16)) for first, last in (line[0].split("-") for line in lines)]


@needs_maps
def test_arrays_lie_in_the_map_of_the_file(tmp_path: Path) -> None:
    program = national(3_000, 12)
    before = pa.total_allocated_bytes()
    back = there_and_back(program, tmp_path)
    assert pa.total_allocated_bytes() == before
    ranges = mapped_at(tmp_path / "program.arrow")
    for at, array in arrays_of(back).items():
        where = array.ctypes.data
        assert any(first <= where and where + array.itemsize <= last for first, last in ranges), at
        assert array.flags.aligned
    del back, array
    assert mapped_at(tmp_path / "program.arrow") == []


@pytest.mark.skipif(not Path("/proc/self/smaps_rollup").exists(), reason="needs Linux's sums of memory")
def test_200_megabytes_take_address_space_and_not_memory(tmp_path: Path) -> None:
    m = 17_000_000
    matrix = sp.csr_array((np.ones(m), np.arange(m, dtype=np.int32), [0, m]), shape=(1, m))
    program = Program(
        objectives=Stack((Csr(matrix), Csr(matrix)), m),
        senses=np.array([1, -1], np.int8),
        offsets=np.zeros(2),
        rows=Stack((), m),
        row_lower=np.zeros(0),
        row_upper=np.zeros(0),
        lower=np.broadcast_to(0.0, m),
        upper=np.broadcast_to(1.0, m),
        integer=np.broadcast_to(True, m),
        starts=np.arange(0, m + 1, 4),
        objective_names=("a", "b"),
        row_names=(),
    )
    path = tmp_path / "large.arrow"
    write_program(program, path)
    assert path.stat().st_size > 200e6
    code = """
import sys
from landfront.optimizer.files import read_model
from landfront.optimizer.files.mapped import read_mapped

def anonymous():
    lines = open("/proc/self/smaps_rollup").read().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("Anonymous:")) * 1024

before = anonymous()
program = read_model(sys.argv[1])
print(anonymous() - before, program.columns, "pandas" in sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=True)
    grown, columns, pandas = done.stdout.split()
    assert (int(columns), pandas) == (m, "False")
    assert int(grown) < 5e6


@pytest.mark.parametrize("make", [partial(make_engine, solver="highs"), StructuredEngine])
@pytest.mark.parametrize(("kind", "points"), [("whole", "all"), ("mixed", 8), ("linear", 8)])
def test_fronts_are_those_of_the_arrays(tmp_path: Path, make: Any, kind: Any, points: Any) -> None:
    program, _ = known(2, kind, True)
    back = there_and_back(program, tmp_path)
    one, two = (solve_front(each, points=points, engine=make) for each in (program, back))
    assert_same_run(one, two)
    for point in two:
        assert certify.check_point(back, point) == []
    assert all(certify.fact_holds(back, fact) for fact in two.facts)


def test_other_processes_solve_it(tmp_path: Path) -> None:
    back = there_and_back(known(2, "whole", True)[0], tmp_path)
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as executor:
        front = solve_front(back, points=4, executor=executor)
    assert len(front) >= 2


@pytest.mark.parametrize("large", [False, True])
def test_factored_rows_are_solved_from_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, large: bool
) -> None:
    """Read-only arrays are other types to compiled code."""
    program = national(400, 6, whole=False)
    back = there_and_back(program, tmp_path)
    if large:
        for module in (blocks, certify, passes, attempt):
            monkeypatch.setattr(module, "LARGE", 0)
    weights, free = np.array([1.0, 0.3, 0.2]), np.full(3, inf)
    one, two = (StructuredEngine(each).relax(weights, free, seconds=inf) for each in (program, back))
    assert one.reason == two.reason == "optimal"
    assert one.bound == two.bound
    assert one.x is not None
    assert two.x is not None
    np.testing.assert_array_equal(one.x, two.x)
    assert certify.faults(back, two.x) == []
    fact = Fact(weights, free, -inf, "recomputed", two.row_prices, two.cap_prices)
    assert certify.lagrangian_bound(program, fact) == certify.lagrangian_bound(back, fact)
    np.testing.assert_array_equal(attempt.clean(program, one.x), attempt.clean(back, two.x))
    prices = np.ones(len(back.row_lower))
    np.testing.assert_array_equal(program.rows.tdot(prices), back.rows.tdot(prices))
    np.testing.assert_array_equal(program.rows.absolute.dot(one.x), back.rows.absolute.dot(one.x))
    np.testing.assert_array_equal(program.objectives.largest(), back.objectives.largest())


def test_objectives_are_chosen_and_columns_have_no_names(tmp_path: Path) -> None:
    program, path = national(300, 3), tmp_path / "p.ARROW"
    write_program(program, path)
    file = read_file(path)
    assert (file.column_names, file.notes) == ((), ())
    assert file.program.groups == 300
    assert read_model(path, ["biodiversity", "carbon"]).objective_names == ("biodiversity", "carbon")
    every = read_model(path, program.objective_names)
    assert not any(array.flags.writeable for array in arrays_of(every).values())
    with pytest.raises(ValueError, match=r"p\.ARROW: there is no objective fun; the file has: carbon, food"):
        read_model(path, ["fun"])


def test_columns_are_put_in_order(tmp_path: Path, build: Callable[..., Program]) -> None:
    program = build(np.array([[1.0, 2, 3], [3, 2, 1]]), [[1.0, 1, 1]], [0.0], [3.0])
    mixed = sp.csr_array((np.array([1.0, 2, 3, 4, 5]), [2, 0, 0, 1, 1], [0, 3, 5]), shape=(2, 3))
    back = there_and_back(dataclasses.replace(program, objectives=Stack((Csr(mixed),), 3)), tmp_path)
    assert back.objective_matrix.tolist() == [[5, 0, 1], [0, 9, 0]]
    assert mixed.indices.tolist() == [2, 0, 0, 1, 1]


def test_a_file_that_was_compressed_is_read(tmp_path: Path) -> None:
    program, path = national(300, 3), tmp_path / "p.arrow"
    write_program(program, path)
    with pa.ipc.open_file(path) as file:
        batch = file.get_batch(0)
    options = pa.ipc.IpcWriteOptions(compression="zstd")
    with pa.ipc.new_file(tmp_path / "packed.arrow", batch.schema, options=options) as file:
        file.write_batch(batch)
    assert_same(program, read_model(tmp_path / "packed.arrow"))


def test_a_program_in_use_survives_its_replacement(tmp_path: Path) -> None:
    first, second = national(300, 3, seed=1), national(200, 3, seed=2)
    back = there_and_back(first, tmp_path)
    assert_same(second, there_and_back(second, tmp_path))
    assert_same(first, back)
    assert_same(first, there_and_back(back, tmp_path))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"senses": np.array([1, 2], np.int8)}, "senses: a sense is neither"),
        ({"offsets": np.array([0, inf])}, "offsets: a number is NaN or infinite"),
        ({"offsets": np.zeros(2, np.int64)}, "offsets: numbers of the kind int64"),
        ({"offsets": np.zeros(2, np.complex128)}, "offsets: an array of complex128 in 1 dim"),
        ({"upper": np.ones((3, 1))}, "upper: an array of float64 in 2 dim"),
        ({"upper": np.ones(2)}, "upper: it has 2 entries where 3"),
        ({"starts": np.array([0, 2, 4])}, "starts: it must rise from 0 to at most 3"),
        ({"row_names": ("a", "b")}, "row_names: there are 2 where 1"),
        ({"objective_names": ("a", "a")}, "objective_names: given twice: a"),
    ],
)
def test_faulty_programs_are_not_written(
    tmp_path: Path, build: Callable[..., Program], changes: dict[str, Any], words: str
) -> None:
    program = build(np.array([[1.0, 2, 3], [3, 2, 1]]), [[1.0, 1, 1]], [0.0], [3.0])
    with pytest.raises(ValueError, match=words):
        write_program(dataclasses.replace(program, **changes), tmp_path / "p.arrow")
    with pytest.raises(ValueError, match=r"ends in \.arrow"):
        write_program(program, tmp_path / "p.feather")
    assert list(tmp_path.iterdir()) == []


def test_full_disk_leaves_what_was_there(tmp_path: Path) -> None:
    small, large = national(100, 3), national(3_000, 12)
    back = there_and_back(small, tmp_path)
    resource = pytest.importorskip("resource")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, hard))
    try:
        with pytest.raises(OSError, match="too large"):
            write_program(large, tmp_path / "program.arrow")
        with pytest.raises(OSError, match="too large"):
            write_program(large, tmp_path / "other.arrow")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert list(tmp_path.iterdir()) == [tmp_path / "program.arrow"]
    assert_same(small, back)
    with pytest.raises(OSError, match="nowhere"):
        write_program(small, tmp_path / "nowhere" / "p.arrow")
