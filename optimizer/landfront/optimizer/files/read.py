"""From a path to a program: which format it is, which objectives count, and what was left out."""

from __future__ import annotations

import gzip
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from landfront.optimizer.files.draft import Draft, FileFault, chosen, duplicates
from landfront.optimizer.program import Program

FORMATS = ".lp, .mps and .mof.json, each also with .gz"


@dataclass(frozen=True)
class ModelFile:
    """A program as a file states it.

    Attributes
    ----------
    program
        Without groups; columns and rows in the order of the file.
    column_names
        One per column, as in the file.
    notes
        What was left out or decided in reading, a sentence each.
    """

    program: Program
    column_names: tuple[str, ...]
    notes: tuple[str, ...] = ()


def read_model(path: str | Path, objectives: Sequence[str] | None = None) -> Program:
    """Read a multi-objective linear or mixed-integer model; `read_file` also gives the column names."""
    return read_file(path, objectives).program


def read_file(path: str | Path, objectives: Sequence[str] | None = None) -> ModelFile:
    """Read a multi-objective linear or mixed-integer model from a file.

    Parameters
    ----------
    path
        ``.lp`` (the dialect of CPLEX and Gurobi, with several objectives under ``multi-objectives``),
        ``.mps`` (fixed or free; every N row is an objective) or ``.mof.json`` (MathOptFormat 1), each also
        with ``.gz``. The priorities and tolerances of a file are not used: they rank the objectives before
        the front is known. A negative weight turns an objective's sense round, as in CPLEX and Gurobi.
    objectives
        Names of those that count, in this order. Without it all count, but for those without variables:
        some files carry an empty first one (``z_0`` in those of gokhanceyhan/momilp, whose authors call
        them bi-objective), and it is the same for every solution. A note says which were left out.

    Raises
    ------
    ValueError
        If the format is not known, or the file asks for what a linear program does not have; the text
        names the place.
    OSError
        If the file cannot be read.
    """
    path = Path(path)
    draft = _reader(path)
    try:
        return _finish(draft, objectives)
    except FileFault as fault:
        raise FileFault(f"{path}: {fault}") from None


def _reader(path: Path) -> Draft:
    name = path.name.lower().removesuffix(".gz")
    text = _text(path)
    try:
        if name.endswith(".lp"):
            from landfront.optimizer.files.lp import parse_lp

            return parse_lp(text)
        if name.endswith(".mps"):
            from landfront.optimizer.files.mps import parse_mps

            return parse_mps(text)
        if name.endswith((".mof.json", ".mof")):
            from landfront.optimizer.files.mof import parse_mof

            return parse_mof(text)
    except FileFault as fault:
        raise FileFault(f"{path}: {fault}") from None
    raise FileFault(f"{path}: this format is not read; use {FORMATS}")


def _text(path: Path) -> str:
    data = path.read_bytes()
    if data[:2] == b"\x1f\x8b":
        data = gzip.decompress(data)
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("latin-1")


def _finish(draft: Draft, objectives: Sequence[str] | None) -> ModelFile:
    program = draft.program()
    repeated = duplicates(program.objective_names)
    if repeated:
        raise FileFault(f"two objectives are called {', '.join(repeated)}: give each its own name")
    if not program.objective_names:
        raise FileFault("the file has no objective")
    if objectives is not None:
        return ModelFile(program.select(chosen(program.objective_names, objectives)), draft.column_names)
    used = np.diff(program.objectives.to_csr().indptr) > 0
    if not used.any():
        raise FileFault("no objective has a variable")
    empty = [program.objective_names[index] for index in np.flatnonzero(~used)]
    if not empty:
        return ModelFile(program, draft.column_names)
    note = f"left out, as without variables: objective {', '.join(empty)}"
    return ModelFile(program.select(np.flatnonzero(used).tolist()), draft.column_names, (note,))
