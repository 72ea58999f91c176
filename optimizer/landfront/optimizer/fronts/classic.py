"""What the classic methods share: objectives by name, one run with its certificate, polishing of a solution.

The classic methods return one point or a few instead of a front. Their result is a `Front` all the same: its
certificate says what the solves on the way proved, and it is called complete only when that is all there is.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from math import inf, isfinite
from time import monotonic

import numpy as np

from landfront.optimizer import certify, tolerances
from landfront.optimizer.engine import Engine, choose_engine
from landfront.optimizer.front import Floats, Front
from landfront.optimizer.fronts.boxes import LATTICE_GAP
from landfront.optimizer.fronts.driver import Driver, build_front
from landfront.optimizer.fronts.pool import Here, MakeEngine
from landfront.optimizer.fronts.search import Accuracy, Failed, Job, Method, Request, Search, Stop
from landfront.optimizer.program import Program
from landfront.optimizer.sane import check_program
from landfront.optimizer.scalarize import failure
from landfront.optimizer.task import Solve, Task

Named = Mapping[str, float]


def run_method(
    program: Program,
    method: Method,
    words: str,
    *,
    gap: float,
    time_limit: float | None,
    engine: Engine | MakeEngine | None,
) -> Front:
    """Run a method to its end and build the front of what it kept.

    Raises
    ------
    Infeasible, Unbounded, SolverError
        From the first solves.
    ValueError
        For a program that is not fit for a front, or a gap that is none.
    """
    check_program(program)
    if not 0 < gap < 1:
        raise ValueError(f"gap must lie between 0 and 1, not {gap!r}")
    began = monotonic()
    made = make_engine(program, engine)
    deadline = inf if time_limit is None else began + time_limit
    search = Search(program, Request(None, gap, deadline=deadline))
    driver = Driver(search, Here(program, made), {})
    try:
        reason, detail = driver.run(method)
    except Failed as failed:
        raise failure(failed.solve, made, program) from None
    seconds = monotonic() - began
    return build_front(driver, reason, detail, seconds=seconds, method=words, solver=made.name)


def make_engine(program: Program, engine: Engine | MakeEngine | None) -> Engine:
    """The engine that was asked for, or the one that fits the program."""
    if engine is None:
        return choose_engine(program)[0]
    return engine(program) if callable(engine) else engine


def one_job(job: Job) -> Generator[Job, None, str]:
    """A method that is a single job, which ends by raising `Stop`."""
    yield job
    return "the solver was stopped"


def axis_of(program: Program, name: str) -> int:
    """Position of an objective.

    Raises
    ------
    ValueError
        If there is none of that name.
    """
    if name not in program.objective_names:
        raise ValueError(f"there is no objective {name!r}: there are {', '.join(program.objective_names)}")
    return program.objective_names.index(name)


def by_axis(program: Program, numbers: Named, *, what: str, least: float = -inf) -> Floats:
    """Numbers by objective name as an array with nan where none is given, shape (p,).

    Raises
    ------
    ValueError
        For an unknown name, or a number that is not finite or below `least`.
    """
    found = np.full(len(program.senses), np.nan)
    for name, value in numbers.items():
        if not (isfinite(value) and value >= least):
            limit = f" from {least:g} on" if isfinite(least) else ""
            raise ValueError(f"{what} of {name!r} must be a number{limit}, not {value!r}")
        found[axis_of(program, name)] = value
    return found


def scales(search: Search, given: Floats) -> Generator[Task, Solve, Floats]:
    """Range of each objective over the relaxation's best solutions of each, or as given, shape (p,).

    The ranges only weigh the objectives against each other, so the relaxation's are good enough; its solves
    are facts too.
    """
    if not np.isnan(given).any():
        return given
    found = []
    for axis in range(len(given)):
        solve = yield from search.relax(np.eye(len(given))[axis], main=axis)
        found.append(solve.relaxed)
    span = np.ptp(np.array(found), axis=0)
    # A range of mere noise says that the objectives do not conflict.
    noise = certify.value_noise(search.program)
    return np.where(np.isnan(given), np.where(span > noise, span, search.program.objective_scale), given)


def held(search: Search, y: Floats) -> Floats:
    """Caps that keep the values y, shape (p,): half a lattice step above them, or noise if they are real."""
    steps, size = search.steps, search.program.objective_scale
    noise = np.minimum(tolerances.NOISE * (np.abs(y) + size), certify.value_noise(search.program))
    return np.asarray(y + np.where(steps > 0, steps / 2, noise))


def polish(search: Search, solve: Solve, scale: Floats | None = None) -> Generator[Task, Solve, Solve]:
    """A solution nowhere worse that nothing beats: the least sum of the values as shares of a scale.

    A solve that weighs some objectives not at all, or lets one lose a little, may stop at a solution that
    another one beats. Lattice values that could be a step better are found; real ones are proven to the gap,
    as a share of the scale. Without it that is the size of each value, or of its change.
    """
    assert solve.y is not None
    size = _sizes(search.program, solve.y) if scale is None else scale
    weights = size[0] / size
    lattice = (weights * search.steps)[search.steps > 0]
    gap = LATTICE_GAP * float(lattice.min()) if len(lattice) else search.request.gap * float(size[0])
    how = Accuracy(gap=gap)
    caps = held(search, solve.y)
    return (yield from search.solve(weights, main=0, upper=caps, start=solve.x, accuracy=how, polish=True))


def _sizes(program: Program, y: Floats) -> Floats:
    change = np.abs(y - program.minimised_offsets)
    return np.asarray(np.maximum(np.maximum(np.abs(y), change), program.objective_scale))


def replace_by(search: Search, solve: Solve) -> None:
    """Make a solution the only one of the archive."""
    search.archive.clear()
    search.keep(solve)


def end(solves: Sequence[Solve], words: str) -> Stop | Failed:
    """The end of a method: "points reached" when every solve that counts was proven, else why not.

    An objective without an end is a fault of the program, as it is for a whole front.
    """
    for solve in solves:
        if solve.reason == "unbounded":
            return Failed(solve)
        if solve.reason != "optimal":
            return Stop(solve.reason, f"{words}; one solve is not proven: {solve.detail}")
    return Stop("points reached", words)
