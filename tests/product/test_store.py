"""The store gives back what was put in, transaction by transaction, whatever happens in between."""

import os
import signal
import sqlite3
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from landfront.optimizer.front import Fact, Front, Point
from landfront.optimizer.program import Csr, Program, Stack
from landfront.optimizer.store import Store, StoreError, read_store, with_columns

NUMBERS = st.floats(allow_nan=False, width=64)


def program() -> Program:
    rows = Stack((Csr(sp.csr_array(np.array([[1.0, 2.0]]))),), 2)
    return Program(
        objectives=Stack((Csr(sp.csr_array(np.eye(2))),), 2),
        senses=np.array([-1, 1], dtype=np.int8),
        offsets=np.zeros(2),
        rows=rows,
        row_lower=np.array([-np.inf]),
        row_upper=np.array([5.0]),
        lower=np.zeros(2),
        upper=np.ones(2),
        integer=np.zeros(2, dtype=bool),
        starts=np.array([0, 2]),
        objective_names=("a", "b"),
        row_names=("cap",),
    )


def point(key: str = "k0", **changes: object) -> Point:
    base = Point(
        values=np.array([1.5, -0.0]),
        x=np.array([1, 0], dtype=np.uint8),
        key=key,
        bound=1.75,
        gap=0.1,
        termination="optimal",
        row_prices=np.array([0.25]),
        rate=np.array([1.0, np.nan]),
        seconds=0.5,
    )
    return replace(base, **changes)  # type: ignore[arg-type]


def fact(beta: float = -1.0) -> Fact:
    return Fact(
        np.array([1.0, 0.5]), np.array([np.inf, 3.0]), beta, "recomputed", np.array([0.5]), np.zeros(2)
    )


def front_of(points: tuple[Point, ...], facts: tuple[Fact, ...]) -> Front:
    values = np.array([entry.values for entry in points])
    return Front(
        criteria=("a", "b"),
        senses=np.array([-1, 1], dtype=np.int8),
        points=points,
        facts=facts,
        ideal=values.max(axis=0),
        nadir=values.min(axis=0),
        complete=True,
        coverage=np.inf,
        hypervolume=np.array([0.5, 0.6]),
        reason="optimal",
        detail="done",
        seconds=1.0,
        solves=3,
        method="test",
    )


def test_points_and_facts_come_back_as_they_were(tmp_path: Path) -> None:
    with Store.create(tmp_path / "s.sqlite", program()) as store:
        store.note(seed=7)
        store.add(point("k0"), [fact(-1.0)])
        store.add(point("k1", bound=np.nan), [fact(-2.0), fact(-1.0)])
    stored = read_store(tmp_path / "s.sqlite")
    assert [entry.key for entry in stored.points] == ["k0", "k1"]
    assert np.isnan(stored.points[1].bound)
    np.testing.assert_array_equal(stored.points[0].rate, [1.0, np.nan])
    # The same fact is kept once.
    assert [entry.beta for entry in stored.facts] == [-1.0, -2.0]
    np.testing.assert_array_equal(stored.facts[0].upper, [np.inf, 3.0])
    assert not stored.finished
    assert stored.meta["seed"] == 7


@settings(max_examples=25, deadline=None)
@given(values=arrays(np.float64, 2, elements=NUMBERS), beta=st.floats(allow_nan=False, allow_infinity=False))
def test_numbers_survive_bit_by_bit(
    values: np.ndarray, beta: float, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("s") / "s.sqlite"
    with Store.create(path, program()) as store:
        store.add(point(values=values), [fact(beta)])
    stored = read_store(path)
    assert stored.points[0].values.tobytes() == values.tobytes()
    assert stored.facts[0].beta == beta


def test_a_finished_front_has_its_order_its_bounds_and_no_beaten_point(tmp_path: Path) -> None:
    with Store.create(tmp_path / "s.sqlite", program()) as store:
        for key in ("beaten", "k1", "k0"):
            store.add(point(key), [fact(-1.0)])
        store.finish(front_of((point("k0", bound=1.6), point("k1")), (fact(-1.0), fact(-3.0))))
    stored = read_store(tmp_path / "s.sqlite")
    assert [entry.key for entry in stored.points] == ["k0", "k1"]
    assert stored.points[0].bound == 1.6
    assert len(stored.facts) == 2
    assert stored.finished
    assert stored.meta["coverage"] is None


def test_a_point_whose_columns_cannot_be_written_is_not_in_the_store(tmp_path: Path) -> None:
    def fail(found: Point) -> None:
        raise OSError(28, "No space left on device")

    with Store.create(tmp_path / "s.sqlite", program()) as store:
        store.add(point("k0"), [])
        with pytest.raises(OSError, match="No space"):
            store.add(point("k1"), [fact()], fail)
        store.add(point("k2"), [])
    stored = read_store(tmp_path / "s.sqlite")
    assert [entry.key for entry in stored.points] == ["k0", "k2"]
    assert stored.facts == ()


def test_killed_in_the_middle_of_a_transaction_it_keeps_what_was_committed(tmp_path: Path) -> None:
    script = (
        "import os, signal, sys; sys.path.insert(0, sys.argv[2]); import test_store as t\n"
        "from pathlib import Path\n"
        "store = t.Store.create(Path(sys.argv[1]), t.program())\n"
        "store.add(t.point('k0'), [t.fact()])\n"
        "store.add(t.point('k1'), [], lambda point: os.kill(os.getpid(), signal.SIGKILL))\n"
    )
    path = tmp_path / "s.sqlite"
    done = subprocess.run(
        [sys.executable, "-c", script, str(path), os.path.dirname(__file__)], check=False, timeout=60
    )
    assert done.returncode == -signal.SIGKILL
    assert [entry.key for entry in read_store(path).points] == ["k0"]


def test_a_store_is_never_overwritten(tmp_path: Path) -> None:
    Store.create(tmp_path / "s.sqlite", program()).close()
    with pytest.raises(FileExistsError):
        Store.create(tmp_path / "s.sqlite", program())


@pytest.mark.parametrize("content", [None, b"not a database", b""])
def test_what_is_no_store_is_refused(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "s.sqlite"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(StoreError):
        read_store(path)


def test_another_version_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "s.sqlite"
    Store.create(path, program()).close()
    connection = sqlite3.connect(path)
    with connection:
        connection.execute("UPDATE meta SET value = '99' WHERE name = 'version'")
    connection.close()
    with pytest.raises(StoreError, match="99"):
        read_store(path)


def test_columns_are_joined_by_key(tmp_path: Path) -> None:
    with Store.create(tmp_path / "s.sqlite", program()) as store:
        store.add(point("k0"), [])
    found = with_columns(read_store(tmp_path / "s.sqlite"), lambda key: np.array([1.0, 0.0]))
    np.testing.assert_array_equal(found[0].x, [1.0, 0.0])
