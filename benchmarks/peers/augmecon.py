"""pyaugmecon on a program written by `moo_peers.write_program`, with HiGHS; in an interpreter of its own.

Usage: ``PEER_PYTHON augmecon.py MODEL.npz [--points N] [--nadir V ...] [--option NAME VALUE]``. Prints one
line of JSON: points in own senses, processor seconds for building the model and solving it (imports are not
counted: a tiny model comes first), its solves, and versions. Needs neither landfront nor anything of it.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib.metadata
import io
import json
import platform
import tempfile
import time
from collections.abc import Mapping
from typing import Any

import numpy as np
import pyomo.environ as pyo
from pyaugmecon import PyAugmecon

Arrays = Mapping[str, Any]


def build(data: Arrays) -> Any:
    """A model with one variable per column, one constraint per group and row, and the list of objectives."""
    model = pyo.ConcreteModel()
    lower, upper, whole = data["lower"], data["upper"], data["integer"]
    columns = range(len(lower))
    model.x = pyo.Var(
        columns,
        domain=lambda _, j: pyo.Integers if whole[j] else pyo.Reals,
        bounds=lambda _, j: (float(lower[j]), None if np.isinf(upper[j]) else float(upper[j])),
    )
    if len(whole) and whole.all() and np.all(lower == 0) and np.all(upper == 1):
        model.x.domain = pyo.Binary
    starts = data["starts"]
    model.group = pyo.Constraint(
        range(len(starts) - 1), rule=lambda m, g: sum(m.x[j] for j in range(starts[g], starts[g + 1])) == 1
    )
    model.row = pyo.ConstraintList()
    for row, least, most in zip(data["rows"], data["row_lower"], data["row_upper"], strict=True):
        bounds = (None if np.isinf(value) else float(value) for value in (least, most))
        model.row.add(pyo.inequality(next(bounds), total(model, row), next(bounds)))
    model.obj_list = pyo.ObjectiveList()
    for row, sense in zip(data["objectives"], data["senses"], strict=True):
        model.obj_list.add(expr=total(model, row), sense=pyo.maximize if sense < 0 else pyo.minimize)
    return model


def total(model: Any, row: Any) -> Any:
    """The sum that a row of coefficients stands for."""
    return sum(float(row[j]) * model.x[j] for j in np.flatnonzero(row).tolist())


def solve(data: Arrays, settings: dict[str, Any]) -> dict[str, Any]:
    """Build the model and run pyaugmecon on it, in this process alone."""
    start = time.process_time()
    quiet = {"workers": 1, "progress_bar": False, "log_to_console": False, "write_csv": False}
    silent = contextlib.redirect_stdout(io.StringIO())
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder), silent:
        model = build(data)
        built = time.process_time()
        result = PyAugmecon(model, {"solver_name": "highs", **quiet, **settings}).solve()
    return {
        "points": [list(point) for point in result.points],
        "cpu_seconds": round(time.process_time() - start, 3),
        "build_cpu_seconds": round(built - start, 3),
        "solves": result.models_solved,
        "infeasible": result.models_infeasible,
    }


def tiny() -> dict[str, Any]:
    """Three items, two objectives: imports what pyaugmecon and Pyomo import late."""
    return {
        "objectives": np.array([[1.0, 2.0, 3.0], [3.0, 2.0, 1.0]]),
        "senses": np.array([-1, -1]),
        "rows": np.ones((1, 3)),
        "row_lower": np.array([-np.inf]),
        "row_upper": np.array([2.0]),
        "lower": np.zeros(3),
        "upper": np.ones(3),
        "integer": np.ones(3, dtype=bool),
        "starts": np.zeros(1, dtype=int),
    }


def read(file: str) -> dict[str, Any]:
    """The arrays of a program; rows come as a sparse matrix in three parts."""
    with np.load(file) as stored:
        data = dict(stored)
    shape = (len(data["row_lower"]), len(data["lower"]))
    data["rows"] = [
        np.bincount(data["indices"][a:b], weights=data["data"][a:b], minlength=shape[1])
        for a, b in zip(data["indptr"][:-1], data["indptr"][1:], strict=True)
    ]
    return data


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model")
    parser.add_argument(
        "--points", type=int, help="levels of a sweep; without it all points of an integer program"
    )
    parser.add_argument("--nadir", type=float, nargs="+", help="worst value of each objective but the first")
    parser.add_argument("--option", nargs=2, action="append", default=[], help="name and value for HiGHS")
    asked = parser.parse_args()
    settings: dict[str, Any] = {"mode": "exact"} if asked.points is None else {"mode": "sampled"}
    if asked.points is not None:
        settings["sample_points"] = asked.points
    if asked.nadir is not None:
        settings["nadir_points"] = asked.nadir
    settings["solver_options"] = {
        name: int(value) if value.isdigit() else float(value) for name, value in asked.option
    }
    # The number of threads is one for all solves of a process.
    solve(tiny(), {"mode": "exact", "solver_options": settings["solver_options"]})
    versions = {
        name: importlib.metadata.version(name) for name in ("pyaugmecon", "pyomo", "highspy", "numpy")
    }
    answer = solve(read(asked.model), settings)
    print(json.dumps({**answer, "python": platform.python_version(), "versions": versions}))


if __name__ == "__main__":
    main()
