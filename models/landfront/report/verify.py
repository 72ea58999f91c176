"""Verifies a run: digests of the input, every figure computed again from it, and every proof."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from landfront.instances.faults import InputError
from landfront.models.formulate import Formulation, formulate
from landfront.optimizer import certify
from landfront.optimizer.points import key_of, relative_gap
from landfront.optimizer.proof import prove
from landfront.report.compare import compare_records, compare_tables
from landfront.report.plans import frame_of, read_columns, read_plan
from landfront.report.result import Result
from landfront.report.run import input_digests, result_record
from landfront.report.stored import Run, read_run, result_of
from landfront.report.tables import TABLES

Part = Literal["digests", "figures", "proofs"]
NOISE = 1e-9


@dataclass(frozen=True)
class Line:
    """One thing that was checked.

    Attributes
    ----------
    part
        Digests (a), figures (b) or proofs (c).
    holds
        Whether it is as the run says.
    text
        What was checked, or what is wrong.
    """

    part: Part
    holds: bool
    text: str

    def __str__(self) -> str:
        """Say it in words."""
        return f"{'ok      ' if self.holds else 'MISMATCH'}  {self.part}: {self.text}"


@dataclass(frozen=True)
class Verification:
    """What `verify` found.

    Attributes
    ----------
    lines
        Everything that was checked, in order.
    recomputed, claimed
        How many facts were proven again from the data, and how many rest on the solver's word.
    """

    lines: tuple[Line, ...]
    recomputed: int
    claimed: int

    @property
    def holds(self) -> bool:
        """True when nothing is wrong."""
        return all(line.holds for line in self.lines)

    def to_json(self) -> dict[str, Any]:
        """What ``verify --json`` prints."""
        return {
            "holds": self.holds,
            "lines": [{"part": line.part, "holds": line.holds, "text": line.text} for line in self.lines],
            "facts": {"recomputed": self.recomputed, "claimed": self.claimed},
        }

    def __str__(self) -> str:
        """Say it in words."""
        wrong = sum(not line.holds for line in self.lines)
        found = f"{wrong} mismatch{'' if wrong == 1 else 'es'}: do not rely on this run."
        end = "The run is as its input says." if self.holds else found
        return "\n".join([*map(str, self.lines), end])


def verify(folder: Path, *, study_folder: Path | None = None) -> Verification:
    """Check a run against its input, without an optimizer.

    Raises
    ------
    InputError
        If the folder is no run, or its study is not found.
    """
    run = read_run(folder)
    study = run.study(study_folder)
    lines = list(_digests(run, input_digests(study)))
    try:
        formulation = formulate(study)
        lines += _figures_and_proofs(run, formulation)
    except InputError as error:
        faults = "; ".join(map(str, error.faults))
        lines.append(Line("figures", False, f"cannot be computed again: {faults}"))
    proofs = [fact.proof for fact in run.stored.facts]
    return Verification(tuple(lines), proofs.count("recomputed"), proofs.count("claimed"))


def _digests(run: Run, now: dict[str, str]) -> Iterator[Line]:
    then = run.record["inputs"]
    for name in sorted(set(then) | set(now)):
        if name not in now:
            yield Line("digests", False, f"{name} is no longer read by the study")
        elif name not in then:
            yield Line("digests", False, f"{name} was not read when the run was made")
        elif then[name] != now[name]:
            yield Line("digests", False, f"{name} is not the file that the run was made from")
    if then == now:
        yield Line("digests", True, f"{len(now)} input files are those that the run was made from")


def _figures_and_proofs(run: Run, formulation: Formulation) -> Iterator[Line]:
    columns, lines = _plans(run, formulation)
    yield from lines
    if len(columns) < len(run.stored.points):
        return
    result = result_of(run, formulation, columns)
    yield from _points(result)
    yield from _tables(run.folder, result)
    yield from _record(run, result)
    yield from _layers(run.folder, result)
    yield from _proofs(result)


def _plans(run: Run, formulation: Formulation) -> tuple[dict[str, NDArray[Any]], list[Line]]:
    """Columns of every plan that can be read, and what is wrong with the others."""
    columns: dict[str, NDArray[Any]] = {}
    lines = []
    for point in run.stored.points:
        try:
            columns[point.key] = read_columns(formulation, run.folder, point.key)
        except InputError as error:
            lines.append(Line("figures", False, str(error.faults[0])))
            continue
        lines += _plan_lines(run, formulation, point.key, columns[point.key])
    if not lines:
        lines = [Line("figures", True, f"{len(columns)} plans are those that were found")]
    return columns, lines


def _plan_lines(run: Run, formulation: Formulation, key: str, x: NDArray[Any]) -> Iterator[Line]:
    name = f"plans/{key}.parquet"
    if key_of(np.asarray(x, dtype=np.float64)) != key:
        yield Line("figures", False, f"{name} is not the plan that was found: its digest differs")
    stored = read_plan(run.folder, key).assign(parcel=lambda frame: frame["parcel"].map(str))
    again = frame_of(formulation, x).assign(parcel=lambda frame: frame["parcel"].map(str))
    for fault in compare_tables(stored, again):
        yield Line("figures", False, f"{name}: {fault}")


def _points(result: Result) -> Iterator[Line]:
    wrong = [
        f"point {place}: {fault}"
        for place, point in enumerate(result.front.points)
        for fault in certify.check_point(result.program, point)
    ]
    yield from _judged(
        "figures", wrong, f"{len(result.front)} points meet every limit and have the stated values"
    )
    yield from _judged("figures", list(_dominated(result)), "no point of the front dominates another")


def _dominated(result: Result) -> Iterator[str]:
    y = result.front.values * result.front.senses
    for place, values in enumerate(y):
        better = np.all(y <= values, axis=1) & np.any(y < values, axis=1)
        if better.any():
            yield f"point {place} is dominated by point {int(np.argmax(better))}"


def _tables(folder: Path, result: Result) -> Iterator[Line]:
    for name, table in TABLES.items():
        yield from _table(folder / name, table, result)


def _table(path: Path, table: Callable[[Result], pd.DataFrame], result: Result) -> Iterator[Line]:
    again = table(result)
    try:
        stored = pd.read_csv(path, keep_default_na=False, dtype=str)
    except (OSError, ValueError) as error:
        yield Line("figures", False, f"{path.name} cannot be read ({error})")
        return
    faults = list(compare_tables(stored, again))
    yield from _judged(
        "figures", [f"{path.name}: {fault}" for fault in faults], f"{path.name}, {len(again)} rows"
    )


def _record(run: Run, result: Result) -> Iterator[Line]:
    again = result_record(_recomputed(result, run.record["request"]["gap"]))
    faults = list(compare_records({name: run.record.get(name) for name in again}, again))
    if run.record.get("study_digest") != result.formulation.study.digest:
        faults.append("study_digest is not that of the study")
    yield from _judged("figures", [f"run.toml: {fault}" for fault in faults], "run.toml")


def _recomputed(result: Result, gap: float) -> Result:
    """The result with everything that run.toml claims of the whole front derived from points and facts."""
    front, program = result.front, result.program
    proven = prove(program, front.values * front.senses, front.facts, gap)
    again = replace(
        front,
        ideal=front.senses * proven.ideal,
        nadir=front.senses * proven.nadir,
        complete=proven.complete,
        coverage=proven.coverage,
        hypervolume=proven.hypervolume,
    )
    return Result(result.formulation, again)


def _layers(folder: Path, result: Result) -> Iterator[Line]:
    path = folder / "plans.gpkg"
    if result.formulation.landscape.geometry is None:
        return
    from landfront.report.layers import check_layers

    yield from _judged(
        "figures", [f"plans.gpkg: {fault}" for fault in check_layers(result, path)], "plans.gpkg"
    )


def _proofs(result: Result) -> Iterator[Line]:
    program, facts = result.program, result.front.facts
    wrong = [
        f"fact {place} is not proven by its multipliers"
        for place, fact in enumerate(facts)
        if not certify.fact_holds(program, fact)
    ]
    recomputed = sum(fact.proof == "recomputed" for fact in facts)
    claimed = len(facts) - recomputed
    text = f"{recomputed} of {len(facts)} facts proven again from the data, {claimed} claimed by the solver"
    yield from _judged("proofs", wrong, text)
    yield from _judged(
        "proofs",
        list(_bounds(result)),
        f"bounds and gaps of {len(result.front)} points follow from the facts",
    )
    if not wrong:
        yield Line("proofs", True, _weight(result))


def _bounds(result: Result) -> Iterator[str]:
    """Points whose bound says more than the facts do, or whose gap is not that of the bound."""
    front, program = result.front, result.program
    noise = certify.value_noise(program)
    for place, point in enumerate(front.points):
        y = point.values * front.senses
        proven = certify.point_bound(front.facts, y, noise)
        stated = point.bound * float(front.senses[0])
        slack = NOISE * max(abs(stated), abs(float(program.offsets[0]))) + float(noise[0])
        if math.isfinite(stated) and stated > proven + slack and stated > float(y[0]) + slack:
            yield f"point {place}: its bound {point.bound:.10g} lies beyond its value"
        elif math.isfinite(stated) and stated > proven + slack:
            known = proven * float(front.senses[0])
            yield f"point {place}: the facts prove {known:.10g}, not {point.bound:.10g}"
        gap = relative_gap(point.bound, float(point.values[0]), float(program.offsets[0]))
        if math.isfinite(point.gap) and not math.isclose(gap, point.gap, rel_tol=1e-6, abs_tol=1e-12):
            yield f"point {place}: its gap is {gap:.3g}, not {point.gap:.3g}"


def _weight(result: Result) -> str:
    """How many bounds hold by recomputed facts alone."""
    front, program = result.front, result.program
    noise = certify.value_noise(program)
    solid = [fact for fact in front.facts if fact.proof == "recomputed"]
    count = 0
    for point in front.points:
        proven = certify.point_bound(solid, point.values * front.senses, noise) * float(front.senses[0])
        count += relative_gap(proven, float(point.values[0]), float(program.offsets[0])) <= point.gap + 1e-9
    rest = "" if count == len(front) else "; the others rest on the solver's word too"
    return f"{count} of {len(front)} points keep their gap by recomputed facts alone{rest}"


def _judged(part: Part, faults: Iterable[str], text: str) -> Iterator[Line]:
    found = list(faults)
    if not found:
        yield Line(part, True, text)
    for fault in found:
        yield Line(part, False, fault)
