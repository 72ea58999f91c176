"""A program as one file, whose arrays are read again through a memory map.

The text in the file (JSON) says what the program is made of, and names its arrays. Truth values are bytes,
tables lie row by row, and what `numpy.broadcast_to` made the same for all columns is one number.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from landfront.optimizer.blocks import Wider
from landfront.optimizer.edges import Edges
from landfront.optimizer.files.draft import FileFault
from landfront.optimizer.joined import Joined
from landfront.optimizer.program import Block, Csr, Factored, Program, Stack

VERSION = 1
"""Of the text: what reads one version refuses others."""

Text = dict[str, Any]


def write_program(program: Program, path: str | Path) -> None:
    """Write a program as a file that `read_model` maps into memory instead of reading it.

    Groups, names, forms of rows and precisions are kept, and arrays that blocks share are written once and
    shared again. Rows whose columns are not in order, or occur twice, are put in order. The file appears
    whole or not at all; one that is there already is replaced, and stays as it was for those who have it in
    use.

    Parameters
    ----------
    program
        Any: rows may be `Csr`, `Factored`, `Wider` and `Stack`.
    path
        Ends in ``.arrow``.

    Raises
    ------
    ValueError
        If the path ends otherwise, or the program has a fault or an array that such a file does not hold.
    OSError
        If the file cannot be written; nothing is left of it.
    """
    from landfront.optimizer.files.columns import replacing, write_columns
    from landfront.optimizer.files.mapped import read_mapped

    path = Path(path)
    if path.suffix.lower() != ".arrow":
        raise ValueError(f"{path}: the name of a program file ends in .arrow")
    parts = _Parts()
    text = _text(program, parts)
    with replacing(path) as part:
        write_columns(part, json.dumps(text), parts.arrays)
        try:
            # Nothing is put in place that would not be read again.
            read_mapped(part)
        except FileFault as fault:
            raise ValueError(f"the program cannot be written: {fault}") from None


def _text(program: Program, parts: _Parts) -> Text:
    plain = ("senses", "offsets", "row_lower", "row_upper", "starts")
    alike = ("lower", "upper", "integer")
    return {
        "version": VERSION,
        "columns": program.columns,
        "objective_names": program.objective_names,
        "row_names": list(program.row_names),
        "arrays": {name: parts.add(name, getattr(program, name)) for name in plain}
        | {name: parts.add(name, _shortened(getattr(program, name))) for name in alike},
        "objectives": _block(program.objectives, "objectives", parts),
        "rows": _block(program.rows, "rows", parts),
        "edges": _edges(program.edges, parts),
        "joined": [_joined(net, f"joined.{place}", parts) for place, net in enumerate(program.joined)],
    }


def _edges(edges: Edges | None, parts: _Parts) -> Text | None:
    if edges is None:
        return None
    arrays = {name: parts.add(f"edges.{name}", getattr(edges, name)) for name in ("a", "b", "inside")}
    return {"row": edges.row, "column": edges.column, "count": len(edges), **arrays}


def _joined(net: Joined, at: str, parts: _Parts) -> Text:
    plain = {name: getattr(net, name) for name in ("tail", "head", "doors", "inside", "most")}
    # Files hold no negative places: 0 is none.
    shifted = {name: getattr(net, name) + 1 for name in ("group", "apart")}
    arrays = {name: parts.add(f"{at}.{name}", array) for name, array in {**plain, **shifted}.items()}
    counts = {name: getattr(net, name) for name in ("row", "rows", "column", "columns")}
    return {**counts, "root": net.root + 1, "nodes": len(net.group), "single": net.single, **arrays}


def _block(block: Block, at: str, parts: _Parts) -> Text:
    if isinstance(block, Csr):
        return {"form": "csr", "matrix": parts.matrix(at, block.matrix)}
    if isinstance(block, Factored):
        names = {name: parts.add(f"{at}.{name}", getattr(block, name)) for name in ("group", "kind", "row")}
        table = np.ascontiguousarray(block.table)
        return {
            "form": "factored",
            "rows": int(block.rows),
            "kinds": table.shape[1],
            "amount": parts.matrix(f"{at}.amount", block.amount),
            "table": parts.add(f"{at}.table", table.ravel()),
            **names,
        }
    if isinstance(block, Wider):
        return {"form": "wider", "more": block.more, "block": _block(block.block, f"{at}.block", parts)}
    if isinstance(block, Stack):
        return {
            "form": "stack",
            "blocks": [_block(part, f"{at}.{index}", parts) for index, part in enumerate(block.blocks)],
        }
    raise ValueError(f"{at}: rows of the form {type(block).__name__} are not written")


class _Parts:
    """Arrays to be written, each once, under the name of where it is first used."""

    def __init__(self) -> None:
        self.arrays: dict[str, NDArray[Any]] = {}
        self._names: dict[tuple[Any, ...], str] = {}
        self._matrices: dict[int, Text] = {}

    def add(self, name: str, array: NDArray[Any]) -> str:
        """Take an array; the name under which it is written."""
        memory = (array.ctypes.data, array.shape, array.strides, array.dtype.str)
        if memory not in self._names:
            self._names[memory] = name
            self.arrays[name] = _storable(name, array)
        return self._names[memory]

    def matrix(self, at: str, matrix: sp.csr_array) -> Text:
        """Take a matrix with the columns of each row in order."""
        if id(matrix) not in self._matrices:
            self._matrices[id(matrix)] = self._matrix(at, matrix)
        return self._matrices[id(matrix)]

    def _matrix(self, at: str, matrix: sp.csr_array) -> Text:
        if not matrix.has_canonical_format:
            matrix = matrix.copy()
            matrix.sum_duplicates()
        count = matrix.nnz
        return {
            "indptr": self.add(f"{at}.indptr", matrix.indptr),
            "indices": self.add(f"{at}.indices", matrix.indices[:count]),
            "data": self.add(f"{at}.data", matrix.data[:count]),
        }


def _shortened(array: NDArray[Any]) -> NDArray[Any]:
    """One number of a broadcast array."""
    return array[:1] if array.strides == (0,) else array


def _storable(name: str, array: NDArray[Any]) -> NDArray[Any]:
    from landfront.optimizer.files.columns import NUMBERS

    array = array.view(np.uint8) if array.dtype == bool else array
    if array.ndim != 1 or array.dtype not in NUMBERS:
        raise ValueError(f"{name}: an array of {array.dtype} in {array.ndim} dimensions is not written")
    return array
