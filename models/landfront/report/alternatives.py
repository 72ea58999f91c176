r"""Near-optimal plans that differ: found one after the other, each with its proof, until none is left.

Formula, for a criterion in minimisation form, the best plan's value v, a loss d and plans x^1 .. x^k so far:

    min (or: max the sum of the differences)   criterion
    s.t.   criterion <= v + d                                                          (near-optimal)
           difference(x, x^i) >= D                                   for each plan so far
    difference(x, x^i) = sum over options j with x^i_j = 0 of w_p(j) * x_j

w is the parcel's area in ha, or 1: what the plan gives to options that x^i does not use on that parcel (for
whole parcels: those whose option differs). It is a plain sum, so it is a row like any limit (modelling to
generate alternatives: E. D. Brill, Management Science 25, 1979, 413-422; J. F. DeCarolis, Energy Economics
33, 2011, 145-152). That there is no further plan is proven by a bound beyond v + d, or by rows that clash.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from landfront.instances.faults import refuse
from landfront.instances.study import Study
from landfront.models.blocks import stack
from landfront.models.plan import NO_SHARE, Plan
from landfront.optimizer import tolerances
from landfront.optimizer.engine import choose_engine
from landfront.optimizer.front import Floats
from landfront.optimizer.program import Block, Csr, Program, Stack
from landfront.optimizer.scalarize import Scalarizer
from landfront.optimizer.show import table
from landfront.optimizer.task import Solve, Task
from landfront.report.alternatives_asked import Mode, Unit, Wanted, read_difference, read_loss, wanted_faults
from landfront.report.choices import Choices, choices_of
from landfront.report.quantities import number, quantity
from landfront.report.standing import Asked, Standing, standing_of

if TYPE_CHECKING:
    import pandas as pd

SECONDS = 60.0
"""Longest search for one plan."""

SETTLING = 20.0
"""Longest search for what the plans found and the passes over all options leave undecided."""


@dataclass(frozen=True)
class Alternative:
    """A near-optimal plan.

    Attributes
    ----------
    x
        The program's columns, shape (m,).
    value
        The criterion, in its own sense.
    bound
        Proven of every plan that differs as much from those before: mode ``best``, none has a better
        value; mode ``far``, none within the loss differs more from them in all (in `Unit`).
    differs
        From each plan before, the best one first: amount in the asked unit.
    termination
        How the search for it ended.
    """

    x: NDArray[Any]
    value: float
    bound: float
    differs: tuple[float, ...]
    termination: str


@dataclass(frozen=True)
class Alternatives:
    """Near-optimal plans, and what is chosen in all, none or some of them.

    Attributes
    ----------
    standing
        The best plan.
    least
        The worst value that is near-optimal, in the criterion's own sense.
    differ, unit
        By how much plans must differ from each other.
    mode
        ``best``: each plan is the best one that differs so much; ``far``: it differs as much as it can.
    plans
        Those found, without the best one.
    ended
        ``asked``: as many as asked were found; ``none``: proven that there is no further one; else in words
        why the search ended.
    choices
        What is chosen in all, none or some near-optimal plans, differing or not.
    """

    standing: Standing
    least: float
    differ: float
    unit: Unit
    mode: Mode
    plans: tuple[Alternative, ...]
    ended: str
    choices: Choices

    @property
    def settled(self) -> bool:
        """Whether all that was asked is found, or proven not to exist."""
        return self.ended in ("asked", "none")

    def plan(self, place: int) -> Plan:
        """A plan: 0 is the best one, then those found."""
        x = self.standing.best.x if place == 0 else self.plans[place - 1].x
        return Plan(self.standing.formulation, x)

    def to_frame(self) -> pd.DataFrame:
        """``plan, value, loss, unit, bound, bound_unit, differs_least, differs_unit, termination``."""
        import pandas as pd

        standing = self.standing
        unit = standing.unit
        of = unit if self.mode == "best" else self.unit
        rows: list[tuple[Any, ...]] = [
            (0, standing.value, 0.0, unit, standing.bound, unit, np.nan, self.unit, standing.best.reason)
        ]
        rows += [
            (
                place, plan.value, abs(standing.value - plan.value), unit, plan.bound, of,
                min(plan.differs), self.unit, plan.termination,
            )
            for place, plan in enumerate(self.plans, start=1)
        ]  # fmt: skip
        columns = ["plan", "value", "loss", "unit", "bound", "bound_unit", "differs_least", "differs_unit"]
        return pd.DataFrame(rows, columns=[*columns, "termination"])

    def to_json(self) -> dict[str, Any]:
        """What ``alternatives --json`` prints."""
        return {
            "criterion": self.standing.criterion,
            "near_optimal": self.least,
            "unit": self.standing.unit,
            "plans": self.to_frame().to_dict("records"),
            "ended": self.ended,
            "choices": self.choices.counts(),
        }

    def write(self, folder: str | Path) -> Path:
        """Write the plans, tables, words and a map to a new folder.

        Raises
        ------
        InputError
            If the folder is not new or cannot be written.
        """
        from landfront.report.choices_figure import choices_map
        from landfront.report.folder import new_folder

        target = Path(folder)
        with new_folder(target):
            self.to_frame().to_csv(target / "alternatives.csv", index=False)
            for place in range(len(self.plans) + 1):
                self.plan(place).to_file(target / f"plan_{place}.csv")
            self.choices.to_frame(self.standing.formulation).to_parquet(
                target / "choices.parquet", index=False
            )
            (target / "summary.txt").write_text(f"{self}\n", encoding="utf-8")
            choices_map(self, target)
        return target

    def __str__(self) -> str:
        """Say it in words."""
        return "\n".join([*self._head(), "", *self._rows(), "", self._end(), "", str(self.choices)])

    def _head(self) -> list[str]:
        standing, unit = self.standing, self.standing.unit
        word = "at least" if standing.sense < 0 else "at most"
        kept = f", {' and '.join(standing.beside)} no worse" if standing.beside else ""
        return [
            standing.formulation.study.study.title,
            f"Plans with {word} {quantity(self.least, unit, digits=6)} of {standing.criterion}{kept}, which "
            f"differ by {number(self.differ)} {self.unit} or more from each other",
        ]

    def _rows(self) -> list[str]:
        unit = self.standing.unit
        proof = (
            f"none better than, {unit}" if self.mode == "best" else f"none differs more in all, {self.unit}"
        )
        first = number(self.standing.bound, digits=6) if self.mode == "best" else "-"
        rows = [["0", number(self.standing.value, digits=6), first, "-", self.standing.best.reason]]
        rows += [
            [
                str(place), number(plan.value, digits=6), number(plan.bound, digits=6),
                ", ".join(number(amount) for amount in plan.differs), plan.termination,
            ]
            for place, plan in enumerate(self.plans, start=1)
        ]  # fmt: skip
        differs = f"differs from those before, {self.unit}"
        return [table(("plan", f"{self.standing.criterion}, {unit}", proof, differs, "ended"), rows)]

    def _end(self) -> str:
        if self.ended == "asked":
            return "As many plans as were asked for; there may be more."
        if self.ended == "none":
            return "Proven: no further plan is within the loss and differs so much from all of these."
        return f"The search for a further plan ended without a proof: {self.ended}."


def alternatives(
    study: Study | str | Path,
    *,
    loss: str | float,
    differ: str,
    plans: int = 5,
    mode: Mode = "best",
    maximise: str | None = None,
    minimise: str | None = None,
    point: int | None = None,
    seconds: float = SECONDS,
    settle: float = SETTLING,
    **asked: Any,
) -> Alternatives:
    """Near-optimal plans that differ from each other, proven, and what is chosen in all, none or some of all.

    Parameters
    ----------
    study
        A study, its folder or file; or a run directory.
    loss
        What a plan may lose: ``"1%"`` of the best plan's value, or an amount in the criterion's unit.
    differ
        By how much each plan differs from all others at least: ``"500ha"`` or ``"20parcels"``.
    plans
        How many beside the best one, at most.
    mode
        ``"best"``: each is the best that differs so much; ``"far"``: each differs from those before, in all,
        as much as any plan within the loss.
    maximise, minimise, point
        As in `importance.importance`.
    seconds, settle
        For each plan, and for options that stay undecided.
    asked
        ``gap``, ``time_limit`` and ``place`` of `standing.Asked`.

    Raises
    ------
    InputError, InfeasibleError, NothingFoundError
        See `standing.standing_of`.
    """
    wanted = Wanted(loss, differ, plans, mode)
    amount, unit = read_difference(differ)
    refuse(*wanted_faults(wanted))
    read_loss(loss, 1.0)
    question = Asked(study, maximise=maximise, minimise=minimise, point=point, **asked)
    standing = standing_of(question)
    value = standing.best.value
    # Plans as good as the best one but for noise are near-optimal at no loss, too.
    most = value + read_loss(loss, value) + tolerances.NOISE * abs(value)
    found, ended = _search(standing, most, amount, unit, wanted=wanted, share=question.gap, seconds=seconds)
    known = [standing.best.x, *(plan.x for plan in found)]
    choices = choices_of(standing, most, known, share=question.gap, seconds=settle)
    return Alternatives(standing, standing.sense * most, amount, unit, mode, tuple(found), ended, choices)


def _search(
    standing: Standing, most: float, amount: float, unit: Unit, *, wanted: Wanted, share: float,
    seconds: float,
) -> tuple[list[Alternative], str]:  # fmt: skip
    """Plans one after the other, and why there are no more."""
    weights = _weights(standing, unit)
    known, found = [standing.best.x], list[Alternative]()
    # By as much as a solution may miss the row that says so.
    slack = tolerances.ROW * float(standing.program.objective_scale[0]) + tolerances.ROW_RELATIVE * abs(most)
    while len(found) < wanted.plans:
        rows = np.array([np.where(x[: len(weights)] > NO_SHARE, 0.0, weights) for x in known])
        program = asked_program(standing.program, rows, amount, most=most if wanted.mode == "far" else None)
        solve = _solved(program, share=share, seconds=seconds)
        beyond = wanted.mode == "best" and solve.beta > most
        if solve.reason == "infeasible" or beyond:
            return found, "none"
        value = _value(standing, solve)
        if solve.x is None or value > most + slack:
            return found, f"{solve.reason}, {solve.detail}" if solve.x is None else "the gap is not closed"
        x = np.asarray(solve.x, dtype=np.float64)
        differs = tuple((rows @ x[: rows.shape[1]]).tolist())
        bound = standing.sense * solve.beta if wanted.mode == "best" else -solve.beta
        found.append(Alternative(x, standing.sense * value, bound, differs, solve.reason))
        known.append(x)
    return found, "asked"


def _weights(standing: Standing, unit: Unit) -> Floats:
    """What each option of a parcel counts, shape (options,)."""
    menu = standing.formulation.menu
    area = standing.formulation.landscape.area[menu.parcel]
    return np.asarray(area if unit == "ha" else np.ones(len(menu)), dtype=np.float64)


def asked_program(program: Program, rows: Floats, amount: float, *, most: float | None) -> Program:
    """The program with a row for each plan so far; to be as far from them as can be where `most` is given.

    Parameters
    ----------
    rows
        What each option counts as a difference from each plan, shape (plans, options).
    amount
        How much of it there must be.
    most
        The worst value that is allowed, in minimisation form; then the differences are maximised.
    """
    padded = np.zeros((len(rows), program.columns))
    padded[:, : rows.shape[1]] = rows
    count = len(rows)
    blocks: list[Block] = [Csr(sp.csr_array(padded))]
    lower, upper = np.full(count, amount), np.full(count, np.inf)
    names = [f"differs from plan {place}" for place in range(count)]
    if most is not None:
        blocks = [*blocks, *program.objectives.blocks]
        value = float(program.senses[0]) * most - float(program.offsets[0])
        more = program.senses[0] < 0
        lower, upper = (
            np.append(lower, value if more else -np.inf),
            np.append(upper, np.inf if more else value),
        )
        names.append("near-optimal")
    found = replace(
        program,
        rows=stack([*program.rows.blocks, *blocks], program.columns),
        row_lower=np.concatenate([program.row_lower, lower]),
        row_upper=np.concatenate([program.row_upper, upper]),
        row_names=(*program.row_names, *names),
    )
    if most is None:
        return found
    together = Stack((Csr(sp.csr_array(padded.sum(axis=0)[None, :])),), program.columns)
    return replace(
        found, objectives=together, senses=np.array([-1], np.int8), offsets=np.zeros(1),
        objective_names=("difference",),
    )  # fmt: skip


def _solved(program: Program, *, share: float, seconds: float) -> Solve:
    task = Task(np.ones(1), np.full(1, np.inf), share=share, deadline=monotonic() + seconds)
    return Scalarizer(program, choose_engine(program)[0]).solve(task)


def _value(standing: Standing, solve: Solve) -> float:
    """The criterion in a plan, in minimisation form."""
    if solve.x is None:
        return np.inf
    return float((standing.program.senses * standing.program.values(solve.x))[0])
