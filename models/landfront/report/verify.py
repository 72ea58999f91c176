"""Verifies a run: digests of the input, every figure computed again from it, and every proof.

The proofs are audited by `landfront.optimizer.checker`, which shares no geometry with the search.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from landfront.instances.faults import InputError
from landfront.models.formulate import Formulation, formulate
from landfront.optimizer import certify
from landfront.optimizer.checker import check_front
from landfront.optimizer.front import Fact
from landfront.optimizer.points import key_of, relative_gap
from landfront.optimizer.proof import prove
from landfront.optimizer.replay import Verdict
from landfront.report.compare import compare_records, compare_tables
from landfront.report.lineage import RECORD, chain
from landfront.report.plans import frame_of, read_columns, read_plan
from landfront.report.quantities import percent
from landfront.report.replays import Replay, Replayed, replay_claims
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
    replayed
        What solving the latter again came to, where it was asked for.
    """

    lines: tuple[Line, ...]
    recomputed: int
    claimed: int
    replayed: Replayed | None = None

    @property
    def holds(self) -> bool:
        """True when nothing is wrong."""
        return all(line.holds for line in self.lines)

    def to_json(self) -> dict[str, Any]:
        """What ``verify --json`` prints."""
        return {
            "holds": self.holds,
            "lines": [{"part": line.part, "holds": line.holds, "text": line.text} for line in self.lines],
            "facts": {"recomputed": self.recomputed, "claimed": self.claimed, **self._replays()},
        }

    def _replays(self) -> dict[str, Any]:
        if self.replayed is None:
            return {}
        counts = {verdict: self.replayed.count(verdict) for verdict in get_args(Verdict)}
        return {"replayed": {"solver": self.replayed.solver, **counts}}

    def __str__(self) -> str:
        """Say it in words."""
        wrong = sum(not line.holds for line in self.lines)
        found = f"{wrong} mismatch{'' if wrong == 1 else 'es'}: do not rely on this run."
        end = "The run is as its input says." if self.holds else found
        return "\n".join([*map(str, self.lines), end])


def verify(folder: Path, *, study_folder: Path | None = None, replay: Replay | None = None) -> Verification:
    """Check a run against its input, without an optimizer unless claims are to be solved again.

    Raises
    ------
    InputError
        If the folder is no run, its study is not found, or a solver that is asked for is not installed.
    """
    run = read_run(folder)
    study = run.study(study_folder)
    lines = list(_digests(run, input_digests(study)))
    lines += [Line("figures", False, f"run.sqlite: {words}") for words in run.stored.damaged]
    try:
        formulation = formulate(study)
        found, result = _figures(run, formulation)
    except InputError as error:
        faults = "; ".join(map(str, error.faults))
        found, result = [Line("figures", False, f"cannot be computed again: {faults}")], None
    lines += [*found, *_lineage(folder)]
    replayed = None
    if result is not None:
        lines += _proofs(result)
        replayed = replay_claims(result.program, result.front, replay) if replay is not None else None
        lines += _replayed(replayed, replay)
    proofs = [fact.proof for fact in run.stored.facts]
    return Verification(tuple(lines), proofs.count("recomputed"), proofs.count("claimed"), replayed)


def _lineage(folder: Path) -> Iterator[Line]:
    """Whether the plans that this one follows are those that it was made from."""
    if not (folder / RECORD).is_file():
        return
    try:
        steps = chain(folder)
    except InputError as error:
        yield Line("digests", False, str(error.faults[0]))
        return
    faults = [f"{step.folder.name}: {fault}" for step in steps for fault in step.faults]
    known = sum(not step.note for step in steps)
    yield from _judged(
        "digests", faults, f"{known} of {len(steps)} plans of the chain are there and as they were noted"
    )


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


def _figures(run: Run, formulation: Formulation) -> tuple[list[Line], Result | None]:
    """Every figure computed again, and the result where all of its plans can be read."""
    columns, lines = _plans(run, formulation)
    if len(columns) < len(run.stored.points):
        return lines, None
    result = result_of(run, formulation, columns)
    lines += [*_tables(run.folder, result), *_record(run, result), *_layers(run.folder, result)]
    return lines, result


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
    if key_of(x) != key:
        yield Line("figures", False, f"{name} is not the plan that was found: its digest differs")
    stored = read_plan(run.folder, key).astype({"parcel": "str"})
    again = frame_of(formulation, x).astype({"parcel": "str"})
    for fault in compare_tables(stored, again):
        yield Line("figures", False, f"{name}: {fault}")


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
        bulge=proven.bulge,
        reference=front.senses * proven.reference,
    )
    return Result(result.formulation, again)


def _layers(folder: Path, result: Result) -> Iterator[Line]:
    path = folder / "plans.gpkg"
    if result.formulation.landscape.geometry is None:
        return
    from landfront.report.layers import check_layers
    from landfront.report.rasters import FOLDER, check_rasters

    yield from _judged(
        "figures", [f"plans.gpkg: {fault}" for fault in check_layers(result, path)], "plans.gpkg"
    )
    if (folder / FOLDER).is_dir():
        faults = [f"{FOLDER}/{fault}" for fault in check_rasters(result, folder / FOLDER)]
        yield from _judged("figures", faults, FOLDER)


def _proofs(result: Result) -> Iterator[Line]:
    """What the independent checker says, and on what the proofs rest."""
    front, program = result.front, result.program
    wrong = check_front(program, front)
    count = len(front)
    yield from _judged(
        "proofs",
        wrong,
        f"{count} points meet every limit, have the stated values, and none is better than another in all",
    )
    if wrong:
        return
    recomputed = sum(fact.proof == "recomputed" for fact in front.facts)
    claimed = len(front.facts) - recomputed
    yield Line(
        "proofs",
        True,
        f"{recomputed} of {len(front.facts)} facts proven again from the data, "
        f"{claimed} claimed by the solver",
    )
    yield Line("proofs", True, f"bounds and gaps of {count} points follow from the facts")
    yield Line("proofs", True, _covered(result))
    yield Line("proofs", True, _weight(result))


def _covered(result: Result) -> str:
    """What the checker found of the front as a whole."""
    front = result.front
    if front.complete:
        return "no better plan is missing, up to the asked gap: points and facts imply it"
    if np.isfinite(front.coverage):
        return f"a coverage of {percent(front.coverage)} follows from points and facts"
    return "of plans that are not listed nothing is stated"


def _replayed(found: Replayed | None, asked: Replay | None) -> Iterator[Line]:
    """What solving claimed facts again came to; one that is too slow is no mismatch, but it is said."""
    if found is None or asked is None:
        return
    for place, verdict in found.verdicts.items():
        if verdict == "refuted":
            yield Line("proofs", False, f"fact {place} is refuted: {found.solver} found a better plan")
    confirmed, left = found.count("confirmed"), found.count("open")
    text = f"{confirmed} of {len(found.verdicts)} claimed facts solved again and confirmed by {found.solver}"
    if left:
        text += f"; {left} not within {asked.seconds:g} s each, so they rest on the first solver's word"
    yield Line("proofs", True, text)


def _weight(result: Result) -> str:
    """What holds by recomputed facts alone."""
    front, program = result.front, result.program
    solid = [fact for fact in front.facts if fact.proof == "recomputed"]
    if len(solid) == len(front.facts):
        return "all of this by recomputed facts: nothing rests on the solver's word"
    count = _kept(result, solid)
    text = f"{count} of {len(front)} points keep their gap by recomputed facts alone"
    if np.isfinite(front.coverage):
        alone = prove(program, front.values * front.senses, solid, front.asked).coverage
        known = percent(alone) if np.isfinite(alone) else "not known"
        text += f", by which the coverage is {known}"
    return f"{text}; the rest is the solver's word"


def _kept(result: Result, facts: list[Fact]) -> int:
    """How many points keep their gap by these facts."""
    front, program = result.front, result.program
    noise, offset = certify.value_noise(program), float(program.offsets[0])
    bounds = [
        certify.point_bound(facts, point.values * front.senses, noise) * float(front.senses[0])
        for point in front.points
    ]
    return sum(
        relative_gap(bound, float(point.values[0]), offset) <= point.gap + NOISE
        for bound, point in zip(bounds, front.points, strict=True)
    )


def _judged(part: Part, faults: Iterable[str], text: str) -> Iterator[Line]:
    found = list(faults)
    if not found:
        yield Line(part, True, text)
    for fault in found:
        yield Line(part, False, fault)
