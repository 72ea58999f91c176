"""A program file as `write_program` makes it, mapped into memory; nothing in it is believed unseen.

Compiled code does not look where an index points, so every one is looked at here: in passes over the arrays
that hold no more than a slab of their own.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from landfront.optimizer.blocks import Wider
from landfront.optimizer.edges import Edges
from landfront.optimizer.files.columns import Array, read_columns
from landfront.optimizer.files.draft import FileFault, duplicates
from landfront.optimizer.files.write import VERSION, Text
from landfront.optimizer.joined import Joined
from landfront.optimizer.program import Block, Csr, Factored, Program, Stack

SLAB = 1 << 18
"""Numbers compared at a time."""

MOST_KINDS = int(np.iinfo(np.int16).max)
"""The structured engine holds kinds as int16."""

MOST = 1 << 62
"""No number of rows or columns is as large."""

Ints = NDArray[np.int64]


def read_mapped(path: Path) -> Program:
    """The program of a file, with read-only views of the file as its arrays.

    Raises
    ------
    FileFault
        If it is no such file, is cut short, or holds what no program does; the text names the array.
    OSError
        If the file cannot be read.
    """
    try:
        text, arrays = read_columns(path)
        return _program(json.loads(text), _Arrays(arrays))
    except FileFault:
        raise
    except (KeyError, TypeError, AttributeError, ValueError, OverflowError, RecursionError) as error:
        raise FileFault(f"this is not a program's file: {type(error).__name__} {error}") from None


def _program(text: Text, arrays: _Arrays) -> Program:
    if text["version"] != VERSION:
        raise FileFault(f"version {text['version']} of program files is not read, {VERSION} is")
    columns, at = _count(text["columns"], "columns"), text["arrays"]
    objectives, rows = (_stack(text[key], arrays, columns) for key in ("objectives", "rows"))
    p, r = objectives.shape[0], rows.shape[0]
    return Program(
        objectives=objectives,
        senses=arrays.signs(at["senses"], p),
        offsets=arrays.finite(at["offsets"], p),
        rows=rows,
        row_lower=arrays.limits(at["row_lower"], r),
        row_upper=arrays.limits(at["row_upper"], r),
        lower=arrays.limits(at["lower"], columns, short=True),
        upper=arrays.limits(at["upper"], columns, short=True),
        integer=arrays.truths(at["integer"], columns),
        starts=arrays.starts(at["starts"], columns),
        objective_names=_names(text, "objective_names", p),
        row_names=_names(text, "row_names", r),
        edges=_edges(text.get("edges"), arrays, at["starts"], (r, columns)),
        joined=tuple(_joined(part, arrays, at["starts"], (r, columns)) for part in text.get("joined", ())),
    )


def _edges(text: Text | None, arrays: _Arrays, starts: str, shape: tuple[int, int]) -> Edges | None:
    """Where groups differ, within the rows and columns that there are."""
    if text is None:
        return None
    ends, (rows, columns) = arrays.starts(starts, shape[1]), shape
    row, column, count = (_count(text[name], "edges") for name in ("row", "column", "count"))
    fits = row + count <= rows and int(ends[-1]) <= column and column + 2 * count <= columns
    _expect(fits, "edges", "their rows and columns are not among those of the program")
    a, b = (arrays.indices(text[name], count, len(ends) - 1) for name in ("a", "b"))
    return Edges(a, b, arrays.truths(text["inside"], int(ends[-1])), row, column)


def _joined(text: Text, arrays: _Arrays, starts: str, shape: tuple[int, int]) -> Joined:
    """What hangs together, within the rows and columns that there are."""
    ends, (r, m) = arrays.starts(starts, shape[1]), shape
    names = ("row", "rows", "column", "columns", "root", "nodes")
    row, rows, column, columns, root, nodes = (_count(text[name], "joined") for name in names)
    fits = row + rows <= r and column + columns <= m and root <= m
    _expect(fits, "joined", "its rows and columns are not among those of the program")
    return Joined(
        group=arrays.indices(text["group"], nodes, len(ends)) - 1,
        apart=arrays.indices(text["apart"], nodes, m + 1) - 1,
        tail=arrays.indices(text["tail"], None, nodes),
        head=arrays.indices(text["head"], None, nodes),
        doors=arrays.indices(text["doors"], None, nodes),
        inside=arrays.truths(text["inside"], int(ends[-1])),
        most=arrays.finite(text["most"], nodes if text["single"] else 0),
        root=root - 1,
        row=row,
        rows=rows,
        column=column,
        columns=columns,
    )


def _stack(text: Text, arrays: _Arrays, columns: int) -> Stack:
    block = _block(text, arrays, columns)
    if not isinstance(block, Stack):
        raise FileFault(f"rows begin with a stack, not with {text['form']!r}")
    return block


def _block(text: Text, arrays: _Arrays, columns: int) -> Block:
    form = text["form"]
    if form == "csr":
        return Csr(arrays.matrix(text["matrix"], columns))
    if form == "factored":
        return _factored(text, arrays, columns)
    if form == "wider":
        more = _count(text.get("more", 1), "columns")
        return Wider(_block(text["block"], arrays, _count(columns - more, "columns")), more)
    if form == "stack":
        return Stack(tuple(_block(part, arrays, columns) for part in text["blocks"]), columns)
    raise FileFault(f"rows of the form {form!r} are not known")


def _factored(text: Text, arrays: _Arrays, columns: int) -> Factored:
    rows, kinds = _count(text["rows"], "rows"), _count(text["kinds"], "kinds")
    _expect(kinds <= MOST_KINDS, "kinds", f"there are {kinds}, at most {MOST_KINDS} are read")
    row = arrays.indices(text["row"], None, rows)
    amount = arrays.matrix(text["amount"], len(row))
    return Factored(
        group=arrays.indices(text["group"], columns, amount.shape[0]),
        kind=arrays.indices(text["kind"], columns, kinds),
        amount=amount,
        table=arrays.finite(text["table"], len(row) * kinds).reshape(len(row), kinds),
        row=row,
        rows=rows,
    )


class _Arrays:
    """Arrays by name. What is asked for twice is looked at once, and is the same object."""

    def __init__(self, arrays: dict[str, Array]) -> None:
        self._arrays = arrays
        self._seen: set[tuple[str, str, int]] = set()
        self._matrices: dict[tuple[str, str, str, int], sp.csr_array] = {}

    def finite(self, name: str, size: int) -> Array:
        """Numbers."""
        array = self._take(name, size, "f")
        if self._is_new("finite", name):
            _expect(bool(np.all(np.isfinite(_extremes(array)))), name, "a number is NaN or infinite")
        return array

    def limits(self, name: str, size: int, *, short: bool = False) -> Array:
        """Numbers that may be infinite; if `short`, one may stand for all."""
        array = self._take(name, None if short else size, "f")
        _expect(not np.any(np.isnan(_extremes(array))), name, "a number is NaN")
        return _lengthened(name, array, size) if short else array

    def truths(self, name: str, size: int) -> NDArray[np.bool_]:
        """True and false; one may stand for all."""
        array = self._take(name, None, "u")
        # Anything but 0 and 1 in an array of truth values has no defined effect.
        _expect(_extremes(array)[1] <= 1, name, "a truth value is neither 0 nor 1")
        return _lengthened(name, array.view(np.bool_), size)

    def signs(self, name: str, size: int) -> Array:
        """Senses of objectives."""
        array = self._take(name, size, "i")
        _expect(bool(np.all((array == 1) | (array == -1))), name, "a sense is neither 1 (min) nor -1 (max)")
        return array

    def indices(self, name: str, size: int | None, below: int) -> Array:
        """Whole numbers from 0 on."""
        array = self._take(name, size, "i")
        if self._is_new("indices", name, below):
            low, high = _extremes(array)
            words = f"it holds {low} to {high} where 0 to {below - 1} are expected"
            _expect(len(array) == 0 or (low >= 0 and high < below), name, words)
        return array

    def starts(self, name: str, columns: int) -> Array:
        """Where groups start."""
        array = self._take(name, None, "i")
        rises = len(array) > 0 and not any(map(len, _places(array, np.less_equal)))
        words = f"it must rise from 0 to at most {columns}"
        _expect(rises and array[0] == 0 and array[-1] <= columns, name, words)
        return array

    def matrix(self, text: dict[str, str], columns: int) -> sp.csr_array:
        """A sparse matrix with the columns of each row in order, each once."""
        names = text["indptr"], text["indices"], text["data"]
        if (*names, columns) not in self._matrices:
            self._matrices[*names, columns] = self._matrix(*names, columns)
        return self._matrices[*names, columns]

    def _matrix(self, indptr: str, indices: str, data: str, columns: int) -> sp.csr_array:
        ends, column = self._take(indptr, None, "i"), self.indices(indices, None, columns)
        known = ends.dtype == column.dtype and ends.dtype in (np.int32, np.int64)
        _expect(known, indptr, f"{ends.dtype} and {column.dtype} do not make a matrix")
        whole = len(ends) > 0 and ends[0] == 0 and ends[-1] == len(column)
        words = f"it must rise, or stay, from 0 to {len(column)}"
        _expect(whole and not any(map(len, _places(ends, np.less))), indptr, words)
        for place in _places(column, np.less_equal):
            # Where columns do not rise a row has to begin; in the dtype of the ends, which are not cast then.
            begins = ends[np.searchsorted(ends, place.astype(ends.dtype))] == place
            _expect(bool(np.all(begins)), indices, "the columns of a row are not in order")
        return _csr(ends, column, self.finite(data, len(column)), columns)

    def _take(self, name: str, size: int | None, kind: str) -> Array:
        array = self._arrays[name]
        _expect(array.dtype.kind == kind, name, f"numbers of the kind {array.dtype} are not expected")
        if size is not None:
            _expect(len(array) == size, name, f"it has {len(array)} entries where {size} are expected")
        return array

    def _is_new(self, question: str, name: str, below: int = 0) -> bool:
        asked = question, name, below
        new = asked not in self._seen
        self._seen.add(asked)
        return new


def _csr(indptr: Array, indices: Array, data: Array, columns: int) -> sp.csr_array:
    """A matrix of these very arrays: the constructor would copy indices that fit a smaller type."""
    matrix = sp.csr_array((len(indptr) - 1, columns), dtype=data.dtype)
    matrix.indptr, matrix.indices, matrix.data = indptr, indices, data
    matrix.has_canonical_format = True
    return matrix


def _places(array: Array, compare: np.ufunc) -> Iterator[Ints]:
    """Places at which an entry and the one before it compare so, slab by slab."""
    for first in range(1, len(array), SLAB):
        part = array[first - 1 : first + SLAB]
        yield first + np.flatnonzero(compare(part[1:], part[:-1]))


def _extremes(array: Array) -> tuple[Any, Any]:
    """Least and largest entry, NaN if one is; this takes no memory. Zeros where there is none."""
    with np.errstate(invalid="ignore"):
        return (array.min(), array.max()) if len(array) else (0, 0)


def _lengthened(name: str, array: Array, size: int) -> Array:
    if len(array) == size:
        return array
    _expect(len(array) == 1, name, f"it has {len(array)} entries where {size} are expected, or one for all")
    return np.broadcast_to(array, size)


def _names(text: Text, key: str, size: int) -> tuple[str, ...]:
    names = text[key]
    _expect(
        isinstance(names, list) and all(isinstance(name, str) for name in names), key, "these are no names"
    )
    _expect(len(names) == size, key, f"there are {len(names)} where {size} are expected")
    repeated = ", ".join(duplicates(names)[:5])
    _expect(not repeated, key, f"given twice: {repeated}")
    return tuple(names)


def _count(number: Any, key: str) -> int:
    _expect(type(number) is int and 0 <= number < MOST, key, f"{number!r} is no number of {key}")
    return int(number)


def _expect(holds: bool, name: str, words: str) -> None:
    if not holds:
        raise FileFault(f"{name}: {words}")
