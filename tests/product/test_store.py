"""The store gives back what was put in, transaction by transaction, whatever happens in between."""

import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from landfront.optimizer.engine import Basis
from landfront.optimizer.front import Fact, Front, Point
from landfront.optimizer.fronts import solve_front
from landfront.optimizer.points import key_of
from landfront.optimizer.program import Csr, Program, Stack
from landfront.optimizer.store import Store, StoreError, read_store
from landfront.optimizer.task import Solve, Task

NUMBERS = st.floats(allow_nan=False, width=64)
Floats = np.ndarray


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


def solve(share: float = 0.0, *facts: Fact, x: Floats | None = None, **task: object) -> Solve:
    asked = Task(np.array([1.0, 0.5]), np.array([np.inf, 3.0]), share=share, **task)  # type: ignore[arg-type]
    y = None if x is None else np.array([-x[0], x[1]])
    return Solve(asked, x, y, facts, -1.0, "optimal", "done", np.array([0.5]), np.zeros(2), 0.25)


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


class Shelf(dict[str, Floats]):
    """Columns by key, as files keep them."""

    def keep(self, key: str, x: Floats) -> None:
        self[key] = x.copy()


def same(one: Solve, two: Solve) -> bool:
    """Equal in everything, bit by bit."""
    pairs = [
        (getattr(a, name), getattr(b, name))
        for a, b in ((one, two), (one.task, two.task))
        for name in a.__dataclass_fields__
        if name not in ("task", "facts", "deadline")
    ]
    facts = all(repr(vars(a)) == repr(vars(b)) for a, b in zip(one.facts, two.facts, strict=True))
    return facts and one.task.key == two.task.key and all(map(alike, *zip(*pairs, strict=True)))


def alike(one: object, two: object) -> bool:
    if isinstance(one, np.ndarray):
        return isinstance(two, np.ndarray) and one.tobytes() == two.tobytes()
    return bool(one == two)


def test_answers_and_facts_come_back_as_they_were(tmp_path: Path) -> None:
    shelf = Shelf()
    basis = Basis(np.array([1.0, np.nan]), np.array([1, 0], np.int8), np.array([2], np.int8))
    written = [
        solve(0.1, fact(-1.0), x=np.array([0.25, 0.75])),
        solve(0.2, fact(-2.0), fact(-1.0), start=np.array([0.25, 0.75]), basis=basis, cutoff=7.0),
        replace(solve(0.3, fact(np.inf), relaxed=True, slope=np.ones(2)), relaxed=np.ones(2), basis=basis),
        solve(0.4, x=np.array([0.0, 1.0]), fixed=np.array([3.0])),
    ]
    with Store.create(tmp_path / "s.sqlite", program()) as store:
        store.note(seed=7)
        for answer in written:
            store.add(answer, shelf.keep)
        store.add(written[0], shelf.keep)
    with Store.reopen(tmp_path / "s.sqlite") as store:
        read = store.journal(shelf.__getitem__)
        assert all(map(same, written, read))
        assert len(read) == 4
        store.add(written[1])
        assert len(store.journal(shelf.__getitem__)) == 4
    stored = read_store(tmp_path / "s.sqlite")
    # The same fact is kept once.
    assert [entry.beta for entry in stored.facts] == [-1.0, -2.0, np.inf]
    np.testing.assert_array_equal(stored.facts[0].upper, [np.inf, 3.0])
    assert not stored.finished
    assert stored.points == ()
    assert stored.meta["seed"] == 7


@settings(max_examples=25, deadline=None)
@given(values=arrays(np.float64, 2, elements=NUMBERS), beta=st.floats(allow_nan=False))
def test_numbers_survive_bit_by_bit(
    values: np.ndarray, beta: float, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("s") / "s.sqlite"
    with Store.create(path, program()) as store:
        store.finish(front_of((point(values=values),), (fact(beta),)))
    stored = read_store(path)
    assert stored.points[0].values.tobytes() == values.tobytes()
    assert stored.facts[0].beta == beta
    assert stored.damaged == ()


def test_a_finished_front_is_as_it_was_and_its_journal_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "s.sqlite"
    with Store.create(path, program()) as store:
        store.add(solve(0.1, fact(-1.0)))
        front = front_of((point("k0", bound=np.nan), point("k1", bound=1.6)), (fact(-3.0), fact(-1.0)))
        store.finish(front)
        # A longer search has begun, and was killed: the front stands as it was finished.
        store.add(solve(0.2, fact(-9.0)))
    stored = read_store(path)
    assert [entry.key for entry in stored.points] == ["k0", "k1"]
    assert np.isnan(stored.points[0].bound)
    assert stored.points[1].bound == 1.6
    np.testing.assert_array_equal(stored.points[0].rate, [1.0, np.nan])
    assert [entry.beta for entry in stored.facts] == [-3.0, -1.0]
    assert stored.finished
    assert stored.meta["coverage"] is None
    with Store.reopen(path) as store:
        store.finish(front_of((point("k2"),), (fact(-9.0),)))
    stored = read_store(path)
    assert [entry.key for entry in stored.points] == ["k2"]
    assert [entry.beta for entry in stored.facts] == [-9.0]


def test_an_answer_whose_columns_cannot_be_written_is_not_in_the_store(tmp_path: Path) -> None:
    def fail(key: str, x: Floats) -> None:
        raise OSError(28, "No space left on device")

    shelf, x = Shelf(), np.array([0.5, 0.5])
    with Store.create(tmp_path / "s.sqlite", program()) as store:
        store.add(solve(0.1, x=x), shelf.keep)
        with pytest.raises(OSError, match="No space"):
            store.add(solve(0.2, fact(), x=x), fail)
        store.add(solve(0.3, x=x), shelf.keep)
        assert [entry.task.share for entry in store.journal(shelf.__getitem__)] == [0.1, 0.3]
    assert read_store(tmp_path / "s.sqlite").facts == ()


def test_killed_in_the_middle_of_a_transaction_it_keeps_what_was_committed(tmp_path: Path) -> None:
    script = (
        "import os, signal, sys; sys.path.insert(0, sys.argv[2]); import test_store as t, numpy as np\n"
        "from pathlib import Path\n"
        "store = t.Store.create(Path(sys.argv[1]), t.program())\n"
        "store.add(t.solve(0.1, t.fact()))\n"
        "kill = lambda key, x: os.kill(os.getpid(), signal.SIGKILL)\n"
        "store.add(t.solve(0.2, x=np.ones(2)), kill)\n"
    )
    path = tmp_path / "s.sqlite"
    done = subprocess.run(
        [sys.executable, "-c", script, str(path), os.path.dirname(__file__)], check=False, timeout=60
    )
    assert done.returncode == -signal.SIGKILL
    with Store.reopen(path) as store:
        assert [entry.task.share for entry in store.journal(Shelf().__getitem__)] == [0.1]


def test_a_search_goes_on_from_a_store_without_solving_anything_again(tmp_path: Path) -> None:
    shelf = Shelf()
    with Store.create(tmp_path / "s.sqlite", program()) as store:
        front = solve_front(program(), on_solve=lambda answer: store.add(answer, shelf.keep))
    with Store.reopen(tmp_path / "s.sqlite") as store:
        journal = store.journal(shelf.__getitem__)
        assert all(map(same, journal, front.journal))
        again = solve_front(program(), resume=journal, time_limit=1e-9)
    assert again.reason == front.reason
    np.testing.assert_array_equal(again.values, front.values)
    assert all(key_of(point.x.astype(np.float64)) in shelf for point in front)


DAMAGES: dict[str, tuple[str, str]] = {
    "fact": ("UPDATE facts SET beta = beta + 1e-6", "fact 1"),
    "point": ("UPDATE points SET gap = 0.2", "point 0"),
    "solve": ("UPDATE solves SET answer_beta = 0.0", "solve 1"),
    "basis": ("UPDATE bases SET bytes = x'" + "00" * 16 + "'", "basis"),
}


@pytest.mark.parametrize("name", DAMAGES)
def test_a_changed_row_is_named(tmp_path: Path, name: str) -> None:
    path = tmp_path / "s.sqlite"
    statement, words = DAMAGES[name]
    with Store.create(path, program()) as store:
        store.add(solve(0.1, fact(), basis=Basis(np.ones(1))))
        store.finish(front_of((point(),), (fact(),)))
    with sqlite3.connect(path) as connection:
        assert connection.execute(statement).rowcount
    connection.close()
    if name in ("fact", "point"):
        assert [entry.startswith(words) for entry in read_store(path).damaged] == [True]
    if name != "point":
        with Store.reopen(path) as store, pytest.raises(StoreError, match=words):
            store.journal(Shelf().__getitem__)


def test_columns_that_are_gone_are_told(tmp_path: Path) -> None:
    with Store.create(tmp_path / "s.sqlite", program()) as store:
        store.add(solve(0.1, x=np.ones(2)))
        with pytest.raises(StoreError, match="journal cannot be read"):
            store.journal(Shelf().__getitem__)


def test_a_store_is_never_overwritten(tmp_path: Path) -> None:
    Store.create(tmp_path / "s.sqlite", program()).close()
    with pytest.raises(FileExistsError):
        Store.create(tmp_path / "s.sqlite", program())


@pytest.mark.parametrize("content", [None, b"not a database", b""])
@pytest.mark.parametrize("read", [read_store, Store.reopen])
def test_what_is_no_store_is_refused(
    tmp_path: Path, read: Callable[[Path], object], content: bytes | None
) -> None:
    path = tmp_path / "s.sqlite"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(StoreError):
        read(path)


def test_another_version_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "s.sqlite"
    Store.create(path, program()).close()
    connection = sqlite3.connect(path)
    with connection:
        connection.execute("UPDATE meta SET value = '99' WHERE name = 'version'")
    connection.close()
    with pytest.raises(StoreError, match="99"):
        read_store(path)
    with pytest.raises(StoreError, match="99"):
        Store.reopen(path)
