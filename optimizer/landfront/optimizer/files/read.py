"""From a path to a program: which format it is, which objectives count, and what was left out."""

from __future__ import annotations

import gzip
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from landfront.optimizer.files.draft import Draft, FileFault, chosen, duplicates
from landfront.optimizer.program import Program

FORMATS = ".lp, .mps and .mof.json, each also with .gz, and .arrow"


@dataclass(frozen=True)
class ModelFile:
    """A program as a file states it.

    Attributes
    ----------
    program
        Columns and rows in the order of the file; without groups, but for a ``.arrow``.
    column_names
        One per column, as in the file; empty for a ``.arrow``, where columns have numbers only.
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
        the front is known. A negative weight turns an objective's sense round, as in CPLEX and Gurobi. Or a
        ``.arrow`` of `write_program`, which is mapped into memory: do not write into it while the program is
        in use (to write another in its place is safe).
    objectives
        Names of those that count, in this order. Without it all count, but for those without variables:
        some files carry an empty first one (``z_0`` in those of gokhanceyhan/momilp, whose authors call
        them bi-objective), and it is the same for every solution. A note says which were left out. A
        ``.arrow`` comes back as it was written.

    Raises
    ------
    ValueError
        If the format is not known, or the file asks for what a linear program does not have; the text
        names the place.
    OSError
        If the file cannot be read.
    """
    path = Path(path)
    try:
        if path.suffix.lower() == ".arrow":
            return _mapped(path, objectives)
        return _finish(_parser(path.name)(_text(path)), objectives)
    except FileFault as fault:
        raise FileFault(f"{path}: {fault}") from None


def _parser(name: str) -> Callable[[str], Draft]:
    name = name.lower().removesuffix(".gz")
    if name.endswith(".lp"):
        from landfront.optimizer.files.lp import parse_lp

        return parse_lp
    if name.endswith(".mps"):
        from landfront.optimizer.files.mps import parse_mps

        return parse_mps
    if name.endswith((".mof.json", ".mof")):
        from landfront.optimizer.files.mof import parse_mof

        return parse_mof
    if name.endswith(".arrow"):
        raise FileFault("a .arrow is mapped into memory as it is: unpack it first")
    raise FileFault(f"this format is not read; use {FORMATS}")


def _mapped(path: Path, objectives: Sequence[str] | None) -> ModelFile:
    from landfront.optimizer.files.mapped import read_mapped

    program = read_mapped(path)
    # Rows that are taken are copied: all of them in their order are left where they are.
    if objectives is not None and tuple(objectives) != program.objective_names:
        program = program.select(chosen(program.objective_names, objectives))
    return ModelFile(program, ())


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
