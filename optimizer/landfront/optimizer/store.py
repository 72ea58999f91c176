"""The store of a search: points and proven facts in one SQLite file, one transaction per found point.

A single writer appends; whoever reads after a crash sees every point up to the last finished transaction.
Arrays are stored as float64 bytes (little endian), never as pickles. The columns ``x`` of a point are not
stored here: the caller keeps them in a file of its own, written in the same step (`Store.add`).
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from landfront.optimizer.front import Fact, Front, Point, Proof, Reason
from landfront.optimizer.program import Program

Floats = NDArray[np.float64]
VERSION = 1

SCHEMA = """
CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE limits (row INTEGER PRIMARY KEY, name TEXT NOT NULL, lower REAL NOT NULL, upper REAL NOT NULL);
CREATE TABLE points (
    id INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, "values" BLOB NOT NULL, bound REAL,
    gap REAL, termination TEXT NOT NULL, row_prices BLOB NOT NULL, rate BLOB NOT NULL,
    seconds REAL NOT NULL, found REAL NOT NULL
);
CREATE TABLE facts (
    id INTEGER PRIMARY KEY, digest TEXT NOT NULL UNIQUE, weights BLOB NOT NULL, upper BLOB NOT NULL,
    beta REAL NOT NULL, proof TEXT NOT NULL, row_prices BLOB NOT NULL, cap_prices BLOB NOT NULL
);
CREATE TABLE front (position INTEGER PRIMARY KEY, key TEXT NOT NULL REFERENCES points (key));
"""
POINT_COLUMNS = 'key, "values", bound, gap, termination, row_prices, rate, seconds'
FACT_COLUMNS = "weights, upper, beta, proof, row_prices, cap_prices"


class StoreError(Exception):
    """The file is not a store, or not one that this version reads."""


@dataclass(frozen=True)
class Stored:
    """What a store holds.

    Attributes
    ----------
    points
        Points of the finished front in its order, or, of an unfinished search, every point found so far.
        Their ``x`` is empty.
    facts
        Everything proven, in the order in which it was proven.
    finished
        True when the search ended by itself and its front was written.
    meta
        What the caller noted.
    """

    points: tuple[Point, ...]
    facts: tuple[Fact, ...]
    finished: bool
    meta: dict[str, Any]


class Store:
    """The writer of one store; use it as a context manager."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        """Take over an open connection; `create` opens one."""
        self._connection = connection

    @classmethod
    def create(cls, path: Path, program: Program) -> Store:
        """Create the file for a search on `program`.

        Raises
        ------
        FileExistsError
            If the file is already there: a store has one writer, and a finished search is never overwritten.
        """
        if path.exists():
            raise FileExistsError(path)
        connection = sqlite3.connect(path, isolation_level=None)
        connection.execute("PRAGMA synchronous = FULL")
        connection.executescript(f"BEGIN;{SCHEMA}COMMIT;")
        store = cls(connection)
        store.note(
            version=VERSION, objectives=list(program.objective_names), senses=[int(s) for s in program.senses]
        )
        store._add_limits(program)
        return store

    def note(self, **meta: Any) -> None:
        """Note facts about the search as JSON, such as its seed or its timings."""
        with self._transaction() as connection:
            rows = [(name, json.dumps(value)) for name, value in meta.items()]
            connection.executemany("INSERT OR REPLACE INTO meta VALUES (?, ?)", rows)

    def add(self, point: Point, facts: Sequence[Fact], write: Callable[[Point], None] | None = None) -> None:
        """Append a found point with what was proven on the way, in one transaction.

        `write` keeps the point's columns elsewhere. It runs before the transaction is committed, so a point
        in the store always has its columns.
        """
        with self._transaction() as connection:
            if write is not None:
                write(point)
            _insert_point(connection, point)
            _insert_facts(connection, facts)

    def finish(self, front: Front) -> None:
        """Write the finished front: its points' final bounds, its order, and facts not stored before."""
        with self._transaction() as connection:
            for point in front.points:
                _insert_point(connection, point)
            _insert_facts(connection, front.facts)
            connection.execute("DELETE FROM front")
            rows = [(position, point.key) for position, point in enumerate(front.points)]
            connection.executemany("INSERT INTO front VALUES (?, ?)", rows)
        self.note(
            finished=True,
            complete=front.complete,
            coverage=_json_float(front.coverage),
            hypervolume=[_json_float(float(value)) for value in front.hypervolume],
            reason=front.reason,
            detail=front.detail,
            method=front.method,
            seconds=front.seconds,
            solves=front.solves,
        )

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    def __enter__(self) -> Store:
        """Give the store itself."""
        return self

    def __exit__(self, *error: object) -> None:
        """Close the file."""
        self.close()

    def _add_limits(self, program: Program) -> None:
        bounds = zip(program.row_names, program.row_lower, program.row_upper, strict=True)
        rows = [(row, name, float(lower), float(upper)) for row, (name, lower, upper) in enumerate(bounds)]
        with self._transaction() as connection:
            connection.executemany("INSERT INTO limits VALUES (?, ?, ?, ?)", rows)

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield self._connection
        except BaseException:
            # A full disk makes SQLite roll back by itself; a second rollback would hide the real error.
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            raise
        self._connection.execute("COMMIT")


def read_store(path: Path) -> Stored:
    """Read a store without writing to it.

    Raises
    ------
    StoreError
        If the file is missing or is not a store.
    """
    if not path.is_file():
        raise StoreError(f"{path} is missing")
    try:
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as connection:
            return _read(connection)
    except (sqlite3.DatabaseError, ValueError, KeyError) as error:
        raise StoreError(f"{path} cannot be read ({error})") from error


def with_columns(stored: Stored, columns: Callable[[str], NDArray[Any]]) -> tuple[Point, ...]:
    """The stored points with their columns ``x``, fetched by key."""
    return tuple(replace(point, x=columns(point.key)) for point in stored.points)


def _read(connection: sqlite3.Connection) -> Stored:
    meta = {name: json.loads(value) for name, value in connection.execute("SELECT name, value FROM meta")}
    if meta["version"] != VERSION:
        raise StoreError(f"store version {meta['version']} is not {VERSION}")
    finished = bool(meta.get("finished", False))
    table = "points JOIN front USING (key) ORDER BY position" if finished else "points ORDER BY id"
    points = connection.execute(f"SELECT {POINT_COLUMNS} FROM {table}")
    facts = connection.execute(f"SELECT {FACT_COLUMNS} FROM facts ORDER BY id")
    return Stored(
        points=tuple(_point(row) for row in points),
        facts=tuple(_fact(row) for row in facts),
        finished=finished,
        meta=meta,
    )


def _insert_point(connection: sqlite3.Connection, point: Point) -> None:
    row = (
        point.key,
        _blob(point.values),
        float(point.bound),
        float(point.gap),
        point.termination,
        _blob(point.row_prices),
        _blob(point.rate),
        float(point.seconds),
    )
    connection.execute(
        f"INSERT INTO points ({POINT_COLUMNS}, found) VALUES (?, ?, ?, ?, ?, ?, ?, ?, julianday('now')) "
        "ON CONFLICT (key) DO UPDATE SET bound = excluded.bound, gap = excluded.gap, "
        "termination = excluded.termination, row_prices = excluded.row_prices, rate = excluded.rate, "
        "seconds = excluded.seconds",
        row,
    )


def _insert_facts(connection: sqlite3.Connection, facts: Sequence[Fact]) -> None:
    rows = [
        (
            _digest(fact),
            _blob(fact.weights),
            _blob(fact.upper),
            float(fact.beta),
            fact.proof,
            _blob(fact.row_prices),
            _blob(fact.cap_prices),
        )
        for fact in facts
    ]
    connection.executemany(
        f"INSERT OR IGNORE INTO facts (digest, {FACT_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?)", rows
    )


def _point(row: tuple[Any, ...]) -> Point:
    key, values, bound, gap, termination, row_prices, rate, seconds = row
    return Point(
        values=_array(values),
        x=np.zeros(0),
        key=key,
        # SQLite stores a nan as NULL.
        bound=float("nan") if bound is None else bound,
        gap=float("nan") if gap is None else gap,
        termination=cast(Reason, termination),
        row_prices=_array(row_prices),
        rate=_array(rate),
        seconds=seconds,
    )


def _fact(row: tuple[Any, ...]) -> Fact:
    weights, upper, beta, proof, row_prices, cap_prices = row
    return Fact(
        weights=_array(weights),
        upper=_array(upper),
        beta=beta,
        proof=cast(Proof, proof),
        row_prices=_array(row_prices),
        cap_prices=_array(cap_prices),
    )


def _digest(fact: Fact) -> str:
    arrays = (fact.weights, fact.upper, np.array([fact.beta]), fact.row_prices, fact.cap_prices)
    return hashlib.sha256(b"|".join([*map(_blob, arrays), fact.proof.encode()])).hexdigest()


def _blob(array: Floats) -> bytes:
    return np.asarray(array, dtype="<f8").tobytes()


def _array(blob: bytes) -> Floats:
    return np.frombuffer(blob, dtype="<f8").astype(np.float64)


def _json_float(value: float) -> float | None:
    return value if np.isfinite(value) else None
