r"""What each binding limit costs per unit of its bound, and between which bounds that price holds.

Formula, for the best value of a criterion without whole parcels, as a function of one bound u:

    phi(u) = min c x   s.t.   g x <= u,  all other limits            (minimisation form; a floor has -g)

phi is convex and piecewise linear, so the price -phi' is the same between two kinks, which are found by
`landfront.optimizer.value_function`. At a kink itself the price of a tighter bound is more than that of a
looser one, and both are given.

Prices belong to the relaxation. For whole parcels the study is solved again with the bound a step tighter and
a step looser, and what then changes is stated beside what the price says.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import inf
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from landfront.instances.faults import Fault, refuse, shown
from landfront.instances.study import Study
from landfront.optimizer.engine import Infeasible, SolverError
from landfront.optimizer.forcing import solve_best
from landfront.optimizer.program import Program
from landfront.optimizer.value_function import Side, Sides, sides_of
from landfront.report.quantities import quantity
from landfront.report.safeguards import NOTHING
from landfront.report.standing import Asked, Standing, standing_of
from landfront.report.steps import PER

if TYPE_CHECKING:
    import pandas as pd

BINDING = 1e-9
"""Share of the criterion's value that a limit must cost per size of its bound to be called binding."""

STEP = 0.01
"""Step of a bound that is solved again for whole parcels, as a share of the bound."""


READABLE = 0.1
"""Smallest price that is read well: below, it is that of a thousand units, or of a million."""


@dataclass(frozen=True)
class Change:
    """What a study of whole parcels changes by when one bound moves by a step.

    Attributes
    ----------
    step
        Change of the bound, in the limit's unit: the sign says which way.
    least, most
        The criterion worsens by between them (negative: gets better), in its own unit; infinite where no
        plan meets the limit then.
    """

    step: float
    least: float
    most: float


@dataclass(frozen=True)
class LimitPrice:
    """What one bound costs.

    Attributes
    ----------
    name, unit, owner, reason
        Of the limit.
    bound, lower
        The bound as the limit counts it, and whether it is a floor.
    tighter, looser
        Price per unit for a bound that is tighter, and looser, and the bound to which it holds; the same
        price unless the bound is at a kink.
    changes
        Whole parcels solved again with the bound moved.
    """

    name: str
    unit: str
    owner: str
    reason: str
    bound: float
    lower: bool
    tighter: Side
    looser: Side
    changes: tuple[Change, ...] = ()

    @property
    def at_kink(self) -> bool:
        """Whether the two prices differ."""
        size = max(abs(self.tighter.price), abs(self.looser.price))
        return abs(self.tighter.price - self.looser.price) > 1e-6 * size

    @property
    def between(self) -> tuple[float, float]:
        """Smallest and largest bound at which one of the prices holds."""
        ends = sorted((self.tighter.end, self.looser.end))
        return ends[0], ends[1]


@dataclass(frozen=True)
class Prices:
    """Prices of the limits that bind, dearest per share of their bound first.

    Attributes
    ----------
    standing
        The plan at which they are.
    relaxed
        The best value without whole parcels, own sense.
    limits
        Those that bind.
    """

    standing: Standing
    relaxed: float
    limits: tuple[LimitPrice, ...]

    @property
    def whole(self) -> bool:
        """Whether parcels are whole, so that prices are those of the relaxation."""
        return bool(self.standing.program.integer.any())

    def to_frame(self) -> pd.DataFrame:
        """One row per binding limit and side: the price, where it holds, what a step was measured to do."""
        import pandas as pd

        rows = []
        for limit in self.limits:
            for side, found in (("tighter", limit.tighter), ("looser", limit.looser)):
                change = next(
                    (c for c in limit.changes if (c.step > 0) == (limit.lower == (side == "tighter"))), None
                )
                rows.append(
                    (
                        limit.name, "min" if limit.lower else "max", limit.bound, limit.unit, side,
                        found.price, f"{self.standing.unit}/{limit.unit}", found.end, found.open,
                        np.nan if change is None else change.step,
                        np.nan if change is None else change.least,
                        np.nan if change is None else change.most, limit.owner, limit.reason,
                    )
                )  # fmt: skip
        columns = ["limit", "kind", "bound", "unit", "side", "price", "price_unit", "holds_to", "ended_early"]
        columns += ["step", "step_least", "step_most", "owner", "reason"]
        return pd.DataFrame(rows, columns=columns)

    def to_json(self) -> dict[str, Any]:
        """What ``prices --json`` prints."""
        return {
            "criterion": self.standing.criterion,
            "value": self.standing.value,
            "relaxed": self.relaxed,
            "unit": self.standing.unit,
            "whole": self.whole,
            "limits": self.to_frame().to_dict("records"),
        }

    def __str__(self) -> str:
        """Say it in words."""
        standing, unit = self.standing, self.standing.unit
        kept = f", {' and '.join(standing.beside)} no worse" if standing.beside else ""
        lines = [
            standing.formulation.study.study.title,
            f"What a unit of each limit costs in {standing.criterion}{kept}; the plan has "
            f"{quantity(standing.value, unit)}",
        ]
        if self.whole:
            lines.append(
                f"Prices are those of shared parcels, whose best is {quantity(self.relaxed, unit)}: "
                f"{quantity(abs(self.relaxed - standing.value), unit)} better than the plan of whole parcels."
            )
        if not self.limits:
            return "\n".join([*lines, "No limit binds."])
        return "\n".join([*lines, "", *(self._words(limit) for limit in self.limits)])

    def _words(self, limit: LimitPrice) -> str:
        """A sentence or two per limit."""
        floor = "floor" if limit.lower else "cap"
        head = f"{limit.name} ({floor} {quantity(limit.bound, limit.unit)}): "
        many, word = self._per(limit)
        each = f"1 {word}{limit.unit}"
        if limit.at_kink:
            text = (
                f"{each} tighter costs {self._price(limit.tighter, many)}, to "
                f"{self._end(limit, limit.tighter)}; "
                f"{each} looser gives {self._price(limit.looser, many)}, to {self._end(limit, limit.looser)}."
            )
        else:
            low, high = limit.between
            text = (
                f"{each} costs {self._price(limit.tighter, many)}, between {_bound(low, limit.unit)} and "
                f"{_bound(high, limit.unit)}."
            )
        return head + text + "".join(f" {self._measured(limit, change)}" for change in limit.changes)

    @staticmethod
    def _per(limit: LimitPrice) -> tuple[float, str]:
        """Units of the limit that make its price readable."""
        prices = [side.price for side in (limit.tighter, limit.looser) if 0 < side.price < inf]
        price = max(prices, default=READABLE)
        return next(((many, word) for many, word in PER if price * many >= READABLE), PER[-1])

    def _price(self, side: Side, many: float) -> str:
        if np.isinf(side.price):
            return "any plan (it cannot be tighter)"
        return quantity(side.price * many, self.standing.unit)

    def _end(self, limit: LimitPrice, side: Side) -> str:
        return _bound(side.end, limit.unit) + (" at least" if side.open else "")

    def _measured(self, limit: LimitPrice, change: Change) -> str:
        tighter = (change.step > 0) == limit.lower
        side = limit.tighter if tighter else limit.looser
        word = "tighter" if tighter else "looser"
        moved = f"Whole parcels, {quantity(abs(change.step), limit.unit)} {word}: "
        if np.isinf(change.least):
            return f"{moved}no plan."
        if np.isnan(change.least):
            return f"{moved}no plan was found in time."
        said = side.price * abs(change.step) * (1 if tighter else -1)
        return f"{moved}{self._moved(change.least, change.most)}; by the price it {self._moved(said, said)}."

    def _moved(self, least: float, most: float) -> str:
        """What the criterion loses, between two ends, in words; what is noise is nothing."""
        if np.isinf(least):
            return "no plan"
        noise = NOTHING * abs(self.standing.value)
        low, high = (0.0 if abs(end) <= noise else end for end in (least, most))
        if low < 0 < high:
            return f"{self._amount(low, signed=True)} to {self._amount(high, signed=True)}"
        verb = "costs" if high > 0 else "gives"
        ends = dict.fromkeys(self._amount(abs(end)) for end in sorted((low, high), key=abs))
        return f"{verb} {' to '.join(ends)}"

    def _amount(self, value: float, *, signed: bool = False) -> str:
        return quantity(value, self.standing.unit, signed=signed)

    def write(self, path: str | Path) -> Path:
        """Write the table to a new .csv file."""
        from landfront.report.outputs import check_table_file

        check_table_file(Path(path))
        self.to_frame().to_csv(path, index=False)
        return Path(path)


def _bound(value: float, unit: str) -> str:
    return "any bound" if np.isinf(value) else quantity(value, unit)


def prices(
    study: Study | str | Path,
    *,
    maximise: str | None = None,
    minimise: str | None = None,
    point: int | None = None,
    step: float = STEP,
    **asked: Any,
) -> Prices:
    """Prices of the limits that bind, each with the bounds between which it holds.

    Parameters
    ----------
    study
        A study, its folder or file; or a run directory.
    maximise, minimise, point
        As in `importance.importance`.
    step
        For whole parcels: the step of a bound that is solved again, as a share of it; 0 for none.
    asked
        ``gap``, ``time_limit`` and ``place`` of `standing.Asked`.

    Raises
    ------
    InputError, InfeasibleError, NothingFoundError
        See `standing.standing_of`.
    """
    if not (isinstance(step, float | int) and 0 <= step < 1):
        rule = f"must be a share from 0 to 1, 1 excluded, found {shown(step)}"
        refuse(Fault("prices", "step", rule, "Mend that value."))
    question = Asked(study, maximise=maximise, minimise=minimise, point=point, **asked)
    return prices_of(standing_of(question), step=step, share=question.gap)


def prices_of(standing: Standing, *, step: float = STEP, share: float = 1e-6) -> Prices:
    """The same for a plan that is known."""
    program = standing.program
    sides = sides_of(program, least=BINDING, rows=_bounds(standing))
    found = [_limit(standing, entry) for entry in sides.rows]
    if step and program.integer.any():
        found = [replace(limit, changes=_changes(standing, entry, limit, step, share))
                 for limit, entry in zip(found, sides.rows, strict=True)]  # fmt: skip
    order = sorted(found, key=lambda limit: -limit.tighter.price * max(abs(limit.bound), 1.0))
    return Prices(standing, standing.sense * sides.value, tuple(order))


def _bounds(standing: Standing) -> NDArray[np.bool_]:
    """Rows that bound something: limits, rules of funds and criteria beside; others say what a column is."""
    formulation, names = standing.formulation, standing.program.row_names
    rows = np.zeros(len(names), dtype=bool)
    rows[: len(formulation.limits)] = True
    rows[len(names) - len(standing.beside) :] = True
    if formulation.payments is not None:
        _, rules = formulation.payments.part.row_names
        rows |= np.fromiter(map(frozenset(rules).__contains__, names), dtype=bool, count=len(names))
    return rows


def _limit(standing: Standing, entry: Sides) -> LimitPrice:
    """A row's price as its limit counts it: bounds of the total, where the limit has such."""
    limits, row = standing.formulation.limits, entry.row
    if row < len(limits):
        limit = limits[row]
        shift = limit.baseline if limit.of == "total" else 0.0
        about = (limit.name, limit.unit, limit.owner, limit.reason)
    else:
        about, shift = _other(standing, row)
    name, unit, owner, reason = about
    tighter, looser = (replace(side, end=side.end + shift) for side in (entry.tighter, entry.looser))
    return LimitPrice(
        name,
        unit,
        owner,
        reason,
        bound=entry.bound + shift,
        lower=entry.lower,
        tighter=tighter,
        looser=looser,
    )


def _other(standing: Standing, row: int) -> tuple[tuple[str, str, str, str], float]:
    """A row that is no limit: one for a criterion of a front, or a rule of funds; and its baseline."""
    formulation, name = standing.formulation, standing.program.row_names[row]
    first = standing.program.rows.shape[0] - len(standing.beside)
    if row < first:
        return (name, formulation.study.study.currency, "", ""), 0.0
    criterion = standing.beside[row - first]
    offset = formulation.program.offsets[list(formulation.study.criteria).index(criterion)]
    return (name, formulation.units[criterion], "", "criterion of the front"), float(offset)


def _changes(
    standing: Standing, entry: Sides, limit: LimitPrice, step: float, share: float
) -> tuple[Change, ...]:
    """What whole parcels change by with the bound a step tighter and looser."""
    size = step * (abs(limit.bound) or abs(entry.bound) or 1.0)
    tighter = size if limit.lower else -size
    return tuple(_change(standing, entry, move, share) for move in (tighter, -tighter))


def _change(standing: Standing, entry: Sides, move: float, share: float) -> Change:
    best = standing.best
    try:
        again = solve_best(moved(standing.program, entry, move), share=share)
    except Infeasible:
        return Change(move, inf, inf)
    except SolverError:
        return Change(move, np.nan, np.nan)
    return Change(move, again.bound - best.value, again.value - best.bound)


def moved(program: Program, entry: Sides, move: float) -> Program:
    """The program with one bound moved."""
    lower, upper = program.row_lower.copy(), program.row_upper.copy()
    equal = lower[entry.row] == upper[entry.row]
    lower[entry.row] += move if entry.lower or equal else 0.0
    upper[entry.row] += move if equal or not entry.lower else 0.0
    return replace(program, row_lower=lower, row_upper=upper)
