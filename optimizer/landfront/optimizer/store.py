"""The store of a search: its journal, and the front that it came to, in one SQLite file.

A single writer appends, one transaction per answer of the journal; whoever reads after a crash sees every
answer up to the last finished transaction, and a search goes on from there. The front stands beside the
journal from when it is finished until a longer search replaces it. The columns ``x`` of solutions are not
stored here: the caller keeps them by their key, in the same step (`Store.add`).
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from landfront.optimizer.engine import Basis
from landfront.optimizer.front import Fact, Front, Point
from landfront.optimizer.points import key_of
from landfront.optimizer.program import Program
from landfront.optimizer.store_rows import (
    FACT,
    POINT,
    SOLVE,
    Columns,
    Row,
    digest,
    fact_of,
    fact_row,
    point_of,
    point_row,
    solve_of,
    solve_row,
)
from landfront.optimizer.task import Solve

Floats = NDArray[np.float64]
Keep = Callable[[str, Floats], None]
"""Keeps columns, shape (m,), under their key."""

VERSION = 3
DURABLE = "PRAGMA synchronous = FULL"

SCHEMA = """
CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE limits (row INTEGER PRIMARY KEY, name TEXT NOT NULL, lower REAL NOT NULL, upper REAL NOT NULL);
CREATE TABLE facts (
    id INTEGER PRIMARY KEY, digest TEXT NOT NULL UNIQUE, weights BLOB NOT NULL, upper BLOB NOT NULL,
    beta REAL NOT NULL, proof TEXT NOT NULL, row_prices BLOB NOT NULL, cap_prices BLOB NOT NULL
);
CREATE TABLE bases (key TEXT PRIMARY KEY, bytes BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE solves (
    id INTEGER PRIMARY KEY, digest TEXT NOT NULL, found REAL NOT NULL, key TEXT NOT NULL UNIQUE,
    weights BLOB NOT NULL, upper BLOB NOT NULL, gap REAL NOT NULL, share REAL NOT NULL, main INTEGER NOT NULL,
    most REAL NOT NULL, cutoff REAL NOT NULL, relaxed INTEGER NOT NULL, slope BLOB, start TEXT,
    start_basis TEXT, fixed BLOB, among BLOB, answer_x TEXT, answer_y BLOB, answer_beta REAL NOT NULL,
    answer_reason TEXT NOT NULL, answer_detail TEXT NOT NULL, answer_row_prices BLOB NOT NULL,
    answer_cap_prices BLOB NOT NULL, answer_seconds REAL NOT NULL, answer_relaxed_y BLOB,
    answer_searches INTEGER NOT NULL, answer_basis TEXT, answer_facts BLOB NOT NULL
);
CREATE TABLE points (
    position INTEGER PRIMARY KEY, digest TEXT NOT NULL, key TEXT NOT NULL UNIQUE, "values" BLOB NOT NULL,
    bound REAL, gap REAL, termination TEXT NOT NULL, row_prices BLOB NOT NULL, rate BLOB NOT NULL,
    seconds REAL NOT NULL
);
CREATE TABLE front_facts (position INTEGER PRIMARY KEY, fact INTEGER NOT NULL REFERENCES facts (id));
"""


class StoreError(Exception):
    """The file is not a store, or not one that this version reads, or is damaged."""


@dataclass(frozen=True)
class Stored:
    """What a store holds.

    Attributes
    ----------
    points
        Points of the finished front in its order, without their ``x``; none of an unfinished search.
    facts
        What was proven of the finished front; of an unfinished search everything proven so far.
    finished
        True when a search ended by itself and its front was written.
    meta
        What the caller noted.
    damaged
        Rows that are not what was written, in words.
    """

    points: tuple[Point, ...]
    facts: tuple[Fact, ...]
    finished: bool
    meta: dict[str, Any]
    damaged: tuple[str, ...] = ()


class Store:
    """The writer of one store; use it as a context manager."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        """Take over an open connection; `create` and `reopen` open one."""
        self._connection = connection
        self._known = {key for (key,) in connection.execute("SELECT key FROM solves")}

    @classmethod
    def create(cls, path: Path, program: Program) -> Store:
        """Create the file for a search on `program`.

        Raises
        ------
        FileExistsError
            If the file is already there: a store has one writer, and a search is never overwritten.
        """
        if path.exists():
            raise FileExistsError(path)
        connection = sqlite3.connect(path, isolation_level=None)
        connection.execute(DURABLE)
        connection.executescript(f"BEGIN;{SCHEMA}COMMIT;")
        store = cls(connection)
        store.note(
            version=VERSION, objectives=list(program.objective_names), senses=[int(s) for s in program.senses]
        )
        store._add_limits(program)
        return store

    @classmethod
    def reopen(cls, path: Path) -> Store:
        """Open the file of an earlier search to go on with it.

        Raises
        ------
        StoreError
            If the file is missing or is not a store of this version.
        """
        if not path.is_file():
            raise StoreError(f"{path} is missing")
        connection = sqlite3.connect(path, isolation_level=None)
        try:
            connection.execute(DURABLE)
            _meta(connection)
            return cls(connection)
        except BaseException as error:
            connection.close()
            raise _unread(path, error) from error

    def read(self) -> Stored:
        """What the store holds."""
        return _read(self._connection)

    def journal(self, columns: Columns) -> tuple[Solve, ...]:
        """Every answer so far, in order; `columns` fetches those of a solution.

        Raises
        ------
        StoreError
            If an answer, or a fact or columns that it refers to, are not what was written.
        """
        try:
            return tuple(_journal(self._connection, columns))
        except (sqlite3.DatabaseError, ValueError, KeyError, IndexError) as error:
            raise StoreError(f"its journal cannot be read ({error})") from error

    def note(self, **meta: Any) -> None:
        """Note facts about the search as JSON, such as its seed or its timings."""
        with self._transaction() as connection:
            _note(connection, meta)

    def add(self, solve: Solve, keep: Keep | None = None) -> None:
        """Append an answer and what it proved in one transaction; one that is there already is left as it is.

        `keep` is called with its columns, and with those that it started from, before the transaction is
        committed, so that an answer in the store always has its columns.
        """
        if solve.task.key in self._known:
            return
        with self._transaction() as connection:
            for x in (solve.x, solve.task.start):
                if keep is not None and x is not None:
                    keep(key_of(x), x)
            for basis in (solve.basis, solve.task.basis):
                if basis is not None:
                    row = (basis.key, basis.to_bytes())
                    connection.execute("INSERT OR IGNORE INTO bases VALUES (?, ?)", row)
            row = solve_row(solve, _insert_facts(connection, solve.facts))
            values = ", ".join("?" * len(SOLVE))
            connection.execute(
                f"INSERT INTO solves (digest, found, {_names(SOLVE)}) VALUES (?, julianday('now'), {values})",
                (digest(row), *row),
            )
        self._known.add(solve.task.key)

    def finish(self, front: Front, **meta: Any) -> None:
        """Write the finished front over an earlier one, and note this in the same transaction."""
        with self._transaction() as connection:
            connection.execute("DELETE FROM points")
            connection.execute("DELETE FROM front_facts")
            rows = [point_row(point) for point in front.points]
            connection.executemany(
                f"INSERT INTO points (position, digest, {_names(POINT)}) "
                f"VALUES (?, ?, {', '.join('?' * len(POINT))})",
                [(place, digest(row), *row) for place, row in enumerate(rows)],
            )
            facts = enumerate(_insert_facts(connection, front.facts))
            connection.executemany("INSERT INTO front_facts VALUES (?, ?)", facts)
            _note(connection, {"finished": True, **_summary(front), **meta})

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
        raise _unread(path, error) from error


def _unread(path: Path, error: BaseException) -> BaseException:
    """What to raise for a file that is no store; whatever has nothing to do with the file, as it is."""
    if isinstance(error, sqlite3.DatabaseError | ValueError | KeyError):
        return StoreError(f"{path} cannot be read ({error})")
    return error


def _meta(connection: sqlite3.Connection) -> dict[str, Any]:
    meta = {name: json.loads(value) for name, value in connection.execute("SELECT name, value FROM meta")}
    if meta["version"] != VERSION:
        raise StoreError(f"store version {meta['version']} is not {VERSION}")
    return meta


def _read(connection: sqlite3.Connection) -> Stored:
    meta = _meta(connection)
    finished = bool(meta.get("finished", False))
    table = "front_facts JOIN facts ON fact = id ORDER BY position" if finished else "facts ORDER BY id"
    damaged: list[str] = []
    points = _rows(connection, "point", POINT, "points ORDER BY position", damaged, place="position")
    facts = _rows(connection, "fact", FACT, table, damaged)
    return Stored(
        points=tuple(point_of(row) for row in points) if finished else (),
        facts=tuple(fact_of(row) for row in facts),
        finished=finished,
        meta=meta,
        damaged=tuple(damaged),
    )


def _rows(
    connection: sqlite3.Connection,
    what: str,
    names: Sequence[str],
    table: str,
    damaged: list[str],
    *,
    place: str = "id",
) -> list[Row]:
    """Rows of a table; those whose digest is another one are named in `damaged`."""
    rows = connection.execute(f"SELECT {place}, digest, {_names(names)} FROM {table}").fetchall()
    damaged += [f"{what} {row[0]} is not as it was written" for row in rows if digest(row[2:]) != row[1]]
    return [row[2:] for row in rows]


def _journal(connection: sqlite3.Connection, columns: Columns) -> Iterator[Solve]:
    damaged: list[str] = []
    ids = [place for (place,) in connection.execute("SELECT id FROM facts ORDER BY id")]
    rows = _rows(connection, "fact", FACT, "facts ORDER BY id", damaged)
    facts = {place: fact_of(row) for place, row in zip(ids, rows, strict=True)}
    stored = connection.execute("SELECT key, bytes FROM bases")
    bases = {key: Basis.from_bytes(packed) for key, packed in stored}
    damaged += [f"basis {key} is not as it was written" for key, basis in bases.items() if basis.key != key]
    solves = _rows(connection, "solve", SOLVE, "solves ORDER BY id", damaged)
    if damaged:
        raise ValueError("; ".join(damaged))
    for row in solves:
        yield solve_of(row, facts, bases, columns)


def _insert_facts(connection: sqlite3.Connection, facts: Iterable[Fact]) -> list[int]:
    """Store facts that are not there yet; returns the number of each."""
    ids = []
    values = ", ".join("?" * len(FACT))
    for fact in facts:
        row = fact_row(fact)
        name = digest(row)
        connection.execute(
            f"INSERT OR IGNORE INTO facts (digest, {_names(FACT)}) VALUES (?, {values})", (name, *row)
        )
        ids.append(connection.execute("SELECT id FROM facts WHERE digest = ?", (name,)).fetchone()[0])
    return ids


def _note(connection: sqlite3.Connection, meta: dict[str, Any]) -> None:
    rows = [(name, json.dumps(value)) for name, value in meta.items()]
    connection.executemany("INSERT OR REPLACE INTO meta VALUES (?, ?)", rows)


def _summary(front: Front) -> dict[str, Any]:
    """What is noted of a finished front."""
    return {
        "complete": front.complete,
        "coverage": _json_float(front.coverage),
        "bulge": _json_float(front.bulge),
        "hypervolume": [_json_float(float(value)) for value in front.hypervolume],
        "reason": front.reason,
        "detail": front.detail,
        "method": front.method,
        "seconds": front.seconds,
        "solves": front.solves,
    }


def _names(columns: Sequence[str]) -> str:
    return ", ".join(f'"{name}"' for name in columns)


def _json_float(value: float) -> float | None:
    return value if np.isfinite(value) else None
