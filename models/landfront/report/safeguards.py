r"""What each limit of a study costs: the best plan without it against the best one with all.

    price of a limit L in a criterion that is to be maximised
        p_L = max over the plans that meet all limits but L  -  max over the plans that meet all

Both maxima are proven within their gaps, v <= max <= b, so that

    max(v_L - b, 0) <= p_L <= b_L - v

Prices of two limits do not add up: what one of them forbids the other may forbid, too. A limit that costs
nothing by itself may cost much together with another.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from time import monotonic
from typing import TYPE_CHECKING, Any

import numpy as np

from landfront.instances.study import Study
from landfront.models.formulate import Formulation, LimitRow, formulate
from landfront.models.plan import Plan
from landfront.optimizer.engine import SolverError
from landfront.optimizer.front import Point
from landfront.optimizer.scalarize import solve_single
from landfront.optimizer.show import table
from landfront.report.quantities import percent, quantity
from landfront.report.search import EARLY_REASONS, find_plan, objective

if TYPE_CHECKING:
    import pandas as pd

NOTHING = 1e-6
"""Share of the criterion's best value below which a price is none: what gaps of exact plans leave."""


@dataclass(frozen=True)
class Price:
    """What one limit costs.

    Attributes
    ----------
    limit, rows
        Its name in study.toml, and its rows.
    plan
        The best plan without it; None where none was found in time.
    least, most
        The price lies between them, in the criterion's unit; nan without a plan.
    termination
        How the search without the limit ended.
    """

    limit: str
    rows: tuple[LimitRow, ...]
    plan: Plan | None
    least: float
    most: float
    termination: str


@dataclass(frozen=True)
class Safeguards:
    """Prices of all limits of a study in one criterion, the dearest first.

    Attributes
    ----------
    criterion
        What is to be as good as can be.
    plan
        The best plan with all limits.
    prices
        By limit.
    """

    criterion: str
    plan: Plan
    prices: tuple[Price, ...]

    @property
    def unit(self) -> str:
        """Unit of the prices."""
        return self.plan.formulation.units[self.criterion]

    @property
    def termination(self) -> str:
        """How the search with all limits ended."""
        return self.plan.point.termination if self.plan.point is not None else ""

    @property
    def proven(self) -> bool:
        """Whether the plan with all limits is proven within the gap."""
        return self.termination not in EARLY_REASONS

    @property
    def best(self) -> float:
        """Value of the criterion in the best plan with all limits."""
        return self.plan.values[self.criterion]

    def to_frame(self) -> pd.DataFrame:
        """``limit, rows, value, price_least, price_most, unit, termination, owner, reason``.

        ``value`` is the criterion in the best plan that was found without the limit.
        """
        import pandas as pd

        rows = [
            (
                price.limit, len(price.rows),
                np.nan if price.plan is None else price.plan.values[self.criterion],
                price.least, price.most, self.unit, price.termination, price.rows[0].owner,
                price.rows[0].reason,
            )
            for price in self.prices
        ]  # fmt: skip
        columns = ["limit", "rows", "value", "price_least", "price_most", "unit"]
        return pd.DataFrame(rows, columns=[*columns, "termination", "owner", "reason"])

    def to_json(self) -> dict[str, Any]:
        """The prices as plain values; None for what is not known."""
        frame = self.to_frame().astype(object)
        records = frame.where(frame.notna(), None).to_dict("records")
        return {
            "criterion": self.criterion,
            "value": self.best,
            "unit": self.unit,
            "termination": self.termination,
            "limits": records,
        }

    def __str__(self) -> str:
        """Say it in words."""
        title = self.plan.formulation.study.title
        proven = "the best plan" if self.proven else f"the best plan that was found ({self.termination})"
        head = f"What each limit costs in {self.criterion}; with all of them {proven} has "
        lines = [title, head + quantity(self.best, self.unit)]
        if not self.prices:
            return "\n".join([*lines, "The study has no limits."])
        owned = any(price.rows[0].owner for price in self.prices)
        rows = [
            [price.limit, str(len(price.rows)), self._words(price), self._share(price)]
            + ([price.rows[0].owner] if owned else [])
            for price in self.prices
        ]
        lines.append(table(("limit", "rows", "price", "share", *(("owner",) if owned else ())), rows))
        note = "Each price is that of one limit while the others stay; prices do not add up."
        return "\n".join([*lines, note])

    def _words(self, price: Price) -> str:
        if price.plan is None:
            return f"unknown ({price.termination})"
        if price.most <= NOTHING * abs(self.best):
            return quantity(0.0, self.unit)
        low, high = quantity(price.least, self.unit), quantity(price.most, self.unit)
        return low if low == high else f"{low} to {high}"

    def _share(self, price: Price) -> str:
        if price.plan is None or not self.best or not np.isfinite(price.most):
            return "-"
        if price.most <= NOTHING * abs(self.best):
            return "0 %"
        low, high = percent(price.least / abs(self.best)), percent(price.most / abs(self.best))
        return low if low == high else f"{low} to {high}"


def find_safeguards(
    study: Study,
    *,
    maximise: str | None = None,
    minimise: str | None = None,
    gap: float = 1e-4,
    time_limit: float | None = None,
) -> Safeguards:
    """Solve a study with all its limits, then without each of them.

    Parameters
    ----------
    study
        A study with limits.
    maximise, minimise
        The criterion, by default the first one.
    gap
        Relative gap of each plan.
    time_limit
        Seconds for all searches together; each gets an equal part of what is left.

    Raises
    ------
    InputError, InfeasibleError, NothingFoundError
        See `search.find_plan`.
    """
    criterion = objective(study, maximise, minimise, gap=gap, time_limit=time_limit)
    formulation = formulate(study)
    names = list(dict.fromkeys(row.limit for row in formulation.limits))
    began = monotonic()

    def left(searches: int) -> float | None:
        return None if time_limit is None else max(time_limit - (monotonic() - began), 0.0) / searches

    best = find_plan(formulation, criterion, gap=gap, time_limit=left(len(names) + 1))
    found = [
        _without(formulation, name, best.point, criterion, gap=gap, time_limit=left(len(names) - place))
        for place, name in enumerate(names)
    ]
    return Safeguards(criterion, best.plan, tuple(sorted(found, key=_rank)))


def _rank(price: Price) -> tuple[bool, float, float]:
    """The dearest first, what is not known last."""
    return price.plan is None, -np.nan_to_num(price.least), -np.nan_to_num(price.most)


def _without(
    formulation: Formulation,
    name: str,
    best: Point,
    criterion: str,
    *,
    gap: float,
    time_limit: float | None,
) -> Price:
    """The price of one limit."""
    program, index = formulation.program, list(formulation.study.criteria).index(criterion)
    at: Sequence[int] = [place for place, row in enumerate(formulation.limits) if row.limit == name]
    rows = tuple(formulation.limits[place] for place in at)
    lower, upper = program.row_lower.copy(), program.row_upper.copy()
    lower[at], upper[at] = -np.inf, np.inf
    free = replace(program, row_lower=lower, row_upper=upper)
    try:
        point = solve_single(free, index, gap=gap, time_limit=time_limit)
    except SolverError as error:
        return Price(name, rows, None, np.nan, np.nan, str(error))
    sign = -float(program.senses[index])
    value, bound = sign * float(best.values[index]), sign * float(best.bound)
    least = max(sign * float(point.values[index]) - bound, 0.0)
    # A bound may be lowered by rounding below what another search has found.
    most = max(sign * float(point.bound) - value, least)
    return Price(name, rows, Plan(formulation, point.x, point=point), least, most, point.termination)
