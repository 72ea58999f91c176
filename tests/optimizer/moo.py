"""Published multi-objective instances of the shared data set as programs, each with its known front.

Nothing is copied: files are read from the folder ``shared`` beside the project. `names` lists the cases,
`load` reads one. Tests and benchmarks use the same.
"""

from __future__ import annotations

import ast
import csv
import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from landfront.optimizer.front import Floats
from landfront.optimizer.program import Csr, Program, Stack

FOLDER = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "moo"
ABSENT = f"the shared data set {FOLDER} is not here"


LEVEL = 1e-6
"""Stored ends of segments carry ten digits: what rises by less is level."""


@dataclass(frozen=True)
class Case:
    """One instance.

    Attributes
    ----------
    name
        As in `names`.
    program
        The instance.
    count
        Number of nondominated points that are known; of segments where `segments` holds them, without the
        level ones that one of the files has.
    front
        The known points in own senses, sorted, shape (count, p); None where only their number is known.
    segments
        Of a mixed program: first and second value of the left and of the right end, minimised, shape (k, 4).
    oracle
        Whether independent computations agree on the front, so that a difference is our fault.
    why
        Who verified it, and how.
    """

    name: str
    program: Program
    count: int
    oracle: bool
    why: str
    front: Floats | None = None
    segments: Floats | None = None


def assemble(
    objectives: Any,
    rows: Any,
    row_lower: Any,
    row_upper: Any,
    *,
    senses: Any,
    lower: Any = 0.0,
    upper: Any = 1.0,
    integer: Any = True,
    starts: Any = (0,),
    offsets: Any = 0.0,
) -> Program:
    """A program from plain arrays; single numbers stand for all columns, rows or objectives."""
    costs = np.atleast_2d(np.asarray(objectives, dtype=np.float64))
    p, m = costs.shape
    matrix = sp.csr_array(np.asarray(rows, dtype=np.float64).reshape(-1, m))
    r = matrix.shape[0]
    return Program(
        objectives=Stack((Csr(sp.csr_array(costs)),), m),
        senses=np.broadcast_to(np.asarray(senses, dtype=np.int8), p).copy(),
        offsets=np.broadcast_to(np.asarray(offsets, dtype=np.float64), p).copy(),
        rows=Stack((Csr(matrix),), m),
        row_lower=np.broadcast_to(np.asarray(row_lower, dtype=np.float64), r).copy(),
        row_upper=np.broadcast_to(np.asarray(row_upper, dtype=np.float64), r).copy(),
        lower=np.broadcast_to(np.asarray(lower, dtype=np.float64), m).copy(),
        upper=np.broadcast_to(np.asarray(upper, dtype=np.float64), m).copy(),
        integer=np.broadcast_to(np.asarray(integer, dtype=bool), m).copy(),
        starts=np.asarray(starts, dtype=np.int64),
        objective_names=tuple(f"f{index}" for index in range(1, p + 1)),
        row_names=tuple(f"row {index}" for index in range(1, r + 1)),
    )


def knapsack(profits: Any, weights: Any, capacity: Any) -> Program:
    """Maximise all profits, shape (p, n), with 0/1 items within capacities."""
    return assemble(profits, weights, -np.inf, capacity, senses=-1)


def distinct(values: Any) -> Floats:
    """Values without repetitions, sorted, shape (s, p)."""
    return np.asarray(np.unique(np.asarray(values, dtype=np.float64), axis=0))


def names() -> tuple[str, ...]:
    """All cases, the folders of the index in its order, small ones of a folder first."""
    return tuple(_loaders())


def load(name: str) -> Case:
    """Read a case.

    Raises
    ------
    KeyError
        If there is none of this name.
    FileNotFoundError
        If the shared data set is not here.
    """
    return _loaders()[name](name)


def index() -> list[dict[str, str]]:
    """The rows of the data set's own index."""
    with (FOLDER / "index.csv").open(newline="") as handle:
        return list(csv.DictReader(handle))


def verified(path: str) -> str:
    """What the index says of who verified the front of a path."""
    return next(row["verified_by"] for row in index() if row["path"] == path)


def _loaders() -> dict[str, Callable[[str], Case]]:
    small = ("kp_p2_n17", "kp_p3_n10", "kp_p4_n10", "ap_p3_n5", "gap_p3_3x10", "transport_p3")
    return {
        **dict.fromkeys((*small, "kp_p3_n30_issue133"), _small),
        **dict.fromkeys(("2kp50", "2kp100", "3kp40", "4kp50"), _augmecon),
        **{f"momilp_{number}": partial(_momilp, number=number) for number in (1, 2, 3)},
        **dict.fromkeys(("2KP50-92", "2KP50-11", "2KP50-50", "2KP100-50"), _mof),
        **{f"MOKP_p-{p}_n-{n}_1": _mokp for p, n in ((2, 200), (4, 50), (3, 100))},
    }


def _table(file: Path) -> Floats:
    """A CSV file with a header and a column of labels."""
    table = np.genfromtxt(file, delimiter=",", skip_header=1, ndmin=2)
    return np.asarray(table[:, 1:], dtype=np.float64)


def _augmecon(name: str) -> Case:
    folder = FOLDER / "augmecon_kp" / name
    a, b, c, known = (_table(folder / f"{part}.csv") for part in ("a", "b", "c", "pareto_sols"))
    why = verified(f"augmecon_kp/{name}")
    front = distinct(known)
    # The front of 4kp50 was found with bounds on three objectives; nobody has found it without.
    oracle = "not re-run" not in why
    return Case(name, knapsack(c, a, b.ravel()), len(front), oracle, why, front)


def _mokp(name: str) -> Case:
    file = f"tamby_mokp/{name}.dat"
    _, _, capacity, *lists = (FOLDER / file).read_text().split("\n", 3)
    profits, weights = _two_lists(lists[0])
    program = knapsack(profits, weights, float(capacity))
    count = next(int(row["known_front"]) for row in index() if row["path"] == file)
    return Case(name, program, count, True, verified(file))


def _two_lists(text: str) -> tuple[Floats, Floats]:
    """Profits, shape (p, n), and weights, shape (1, n), written as two nested lists."""
    parsed = ast.literal_eval("[" + text.strip().replace("]]", "]],", 1).rstrip(",") + "]")
    profits, weights = (np.asarray(part, dtype=np.float64) for part in parsed)
    return profits, weights.reshape(1, -1)


def _small(name: str) -> Case:
    data = json.loads((FOLDER / "small_known" / "moa_tests.json").read_text())[name]
    build = {"0/1 knapsack": _plain_knapsack, "assignment": _assignment}
    kind = data["type"]
    make = build.get(kind, _transport if kind.startswith("integer transport") else _generalised_assignment)
    front = distinct(data["front"])
    why = data.get("verified", verified("small_known/moa_tests.json"))
    return Case(name, make(data), len(front), True, why, front)


def _plain_knapsack(data: dict[str, Any]) -> Program:
    return knapsack(data["C"], [data["w"]], data["W"])


def _assignment(data: dict[str, Any]) -> Program:
    """Each row is a group that chooses one column; each column is chosen once."""
    costs = np.asarray(data["C"], dtype=np.float64)
    p, n, _ = costs.shape
    once = np.tile(np.eye(n), n)
    return assemble(costs.reshape(p, n * n), once, 1, 1, senses=1, starts=np.arange(0, n * n + 1, n))


def _generalised_assignment(data: dict[str, Any]) -> Program:
    """Each job is a group that chooses one agent; agents have capacities."""
    profits, weights = (np.asarray(data[key], dtype=np.float64) for key in ("p", "w"))
    agents, jobs = weights.shape
    used = np.zeros((agents, jobs, agents))
    for agent in range(agents):
        used[agent, :, agent] = weights[agent]
    return assemble(
        profits.transpose(0, 2, 1).reshape(len(profits), -1),
        used.reshape(agents, -1),
        -np.inf,
        data["b"],
        senses=-1,
        starts=np.arange(0, jobs * agents + 1, agents),
    )


def _transport(data: dict[str, Any]) -> Program:
    """Whole amounts without an upper bound; columns of the matrix of amounts one after another."""
    capacity, demand = data["capacity"], data["demand"]
    sources, sinks = len(capacity), len(demand)
    sent = np.tile(np.eye(sources), sinks)
    received = np.repeat(np.eye(sinks), sources, axis=1)
    return assemble(
        [data["cost"], data["time"], np.ones(sources * sinks)],
        np.vstack([sent, received]),
        np.concatenate([np.full(sources, -np.inf), demand]),
        np.concatenate([capacity, np.full(sinks, np.inf)]),
        senses=1,
        upper=np.inf,
    )


def _momilp(name: str, *, number: int) -> Case:
    stem = f"momilp_3obj_20con_10int_10bin_{number}dat"
    path = f"ceyhan_momilp/instances/{stem}.lp"
    program = _read(FOLDER / path)
    # The files carry a third objective without terms.
    kept = np.flatnonzero(np.any(program.objective_matrix != 0, axis=1))
    ends = FOLDER / "ceyhan_momilp" / "fronts_bruteforce" / f"{stem}_segments.csv"
    stored = np.loadtxt(ends, delimiter=",", comments="#")
    # Of a level segment only one end is nondominated, and the segment before it ends there.
    segments = stored[np.abs(stored[:, 3] - stored[:, 1]) > LEVEL]
    return Case(name, program.select(kept.tolist()), len(segments), True, verified(path), segments=segments)


def _mof(name: str) -> Case:
    folder = FOLDER / "moa_mof"
    front = distinct(stored_solutions(name)[1])
    program = _read(folder / "models" / f"{name}.mof.json")
    return Case(name, program, len(front), True, verified("moa_mof"), front)


def _read(file: Path) -> Program:
    from landfront.optimizer.files import read_model

    return read_model(file)


def known(case: Case) -> Floats | None:
    """The known points, where only their number is stored by a dynamic programme; None of mixed programs."""
    if case.front is not None or case.segments is not None:
        return case.front
    from tests.optimizer.labels import knapsack_front

    return knapsack_front(case.program)


def stored_solutions(name: str) -> tuple[NDArray[Any], Floats]:
    """Columns and values of all solutions that are stored with a MathOptFormat model, equivalent ones too."""
    rows = json.loads((FOLDER / "moa_mof" / "solutions" / f"{name}.json").read_text())
    return np.array([row["X"] for row in rows]), np.array([row["Y"] for row in rows], dtype=np.float64)
