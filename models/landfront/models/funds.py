r"""Funds: who pays for what, with amounts, eligible uses and earmarks.

Formula, for costs that fall into classes c of the same eligible funds (and the same period):

    sum over the options j of class c of cost(j) * x_j = sum over the funds f that may pay for c of y_fc
    sum over c of y_fc <= B_f
    sum over c in the earmark e of y_fc >= s_e * sum over c of y_fc

| symbol | meaning | unit |
|---|---|---|
| y_fc | what fund f pays for class c, a linking column with 0 <= y_fc <= B_f | currency |
| B_f | ``amount`` of the fund, of each period where it has one | currency |
| s_e | ``share`` of an earmark | 1 |

Costs that no fund may pay for must be 0. With a `period` in any fund costs are counted as they are paid in
each period, else all in all and discounted (`cost`). What several funds may pay for, any of them pays.

>>> classes(np.array([[True, True, False], [True, False, False]])).tolist()  # funds over three kinds
[2, 1, 0]
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from landfront.instances.faults import Fault, InputError, refuse
from landfront.instances.money import to_currency
from landfront.instances.study import Study
from landfront.instances.study_rules import Earmark, Fund, Limit
from landfront.instances.units import UnitError
from landfront.models.blocks import effect_rows, stack
from landfront.models.component import Inputs
from landfront.models.limits import kinds_of_limit
from landfront.models.registry import Sources
from landfront.models.scopes import scope_of
from landfront.models.widening import Linking, Part
from landfront.optimizer.program import Block, Csr

if TYPE_CHECKING:
    import pandas as pd

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Ints = NDArray[np.int64]
Span = tuple[int, int]
NAME = "funds"


@dataclass(frozen=True)
class Purse:
    """A fund in one period, or all in all: its amount and the classes of costs that it may pay for."""

    fund: str
    span: Span | None
    amount: float
    may: Flags
    earmarks: tuple[tuple[float, Flags], ...]


@dataclass(frozen=True)
class Payments:
    """Costs by class, and the funds that pay for them.

    Attributes
    ----------
    rows, labels
        Cost of each of C classes over the options, and what the class is.
    purses
        Who pays.
    """

    rows: Block
    labels: tuple[str, ...]
    purses: tuple[Purse, ...]

    @cached_property
    def pairs(self) -> Ints:
        """Purse and class of each linking column, shape (L, 2)."""
        pairs = [(f, c) for f, purse in enumerate(self.purses) for c in np.flatnonzero(purse.may)]
        return np.array(pairs, dtype=np.int64).reshape(-1, 2)

    @cached_property
    def part(self) -> Part:
        """The payments as columns and rows of a program."""
        purse, place = self.pairs.T
        count, amount = len(self.pairs), np.array([entry.amount for entry in self.purses])
        shape = (len(self.labels), count)
        paid = sp.csr_array((np.full(count, -1.0), (place, np.arange(count))), shape=shape)
        rows, within, said = self._rules()
        linking = Linking(
            np.zeros(count), amount[purse], np.zeros(count, dtype=bool), paid, np.zeros((2, shape[0])),
            rows, within, np.zeros(count), said,
        )  # fmt: skip
        return Part(NAME, self.rows, self.labels, linking)

    def _rules(self) -> tuple[sp.csr_array, Floats, tuple[str, ...]]:
        """Amounts and earmarks as rows over the payments."""
        purse, place = self.pairs.T
        rows, between, said = [], [], []
        for f, entry in enumerate(self.purses):
            own = (purse == f).astype(np.float64)
            rows.append(own)
            between.append((-np.inf, entry.amount))
            said.append(f"{entry.fund}{_when(entry.span)} pays at most {entry.amount:g}")
            for share, kept in entry.earmarks:
                rows.append(own * (kept[place] - share))
                between.append((0.0, np.inf))
                said.append(f"{entry.fund}{_when(entry.span)} keeps {share:g} for its earmark")
        return sp.csr_array(np.array(rows)), np.array(between).T, tuple(said)

    def columns_of(self, costs: Floats) -> Floats:
        """Payments that leave least unpaid, shape (L,), found by a small linear program."""
        from scipy.optimize import linprog

        linking = self.part.linking
        count, classes_ = len(linking.lower), len(costs)
        eye = sp.eye_array(classes_)
        rules, (low, high) = linking.rows, linking.within
        below = sp.vstack([rules[np.isfinite(high)], -rules[np.isfinite(low)]])
        asked: dict[str, Any] = {
            "A_eq": sp.csr_array(sp.hstack([-linking.coupling, eye])),
            "b_eq": costs,
            "A_ub": sp.csr_array(sp.hstack([below, sp.csr_array((below.shape[0], classes_))])),
            "b_ub": np.concatenate([high[np.isfinite(high)], -low[np.isfinite(low)]]),
            "bounds": [*zip(linking.lower, linking.upper, strict=True), *[(0.0, None)] * classes_],
        }
        found = linprog(np.concatenate([np.zeros(count), np.ones(classes_)]), **asked)
        return np.asarray(found.x[:count])

    def to_frame(self, x: NDArray[np.float64], payments: Floats | None = None) -> pd.DataFrame:
        """What each fund pays in a plan with the options ``x``: ``fund, period, amount, paid, left``.

        A last row, ``unpaid``, has what no fund pays, where that is more than rounding.
        """
        import pandas as pd

        costs = self.rows.dot(x)
        paid = self.columns_of(costs) if payments is None else payments
        per_purse = np.bincount(self.pairs[:, 0], weights=paid, minlength=len(self.purses))
        rows = [
            (entry.fund, _when(entry.span).strip(), entry.amount, each, entry.amount - each)
            for entry, each in zip(self.purses, per_purse.tolist(), strict=True)
        ]
        unpaid = float(np.maximum(costs - np.bincount(self.pairs[:, 1], paid, len(costs)), 0.0).sum())
        if unpaid > UNPAID * max(float(np.abs(costs).sum()), 1.0):
            rows.append(("unpaid", "", 0.0, unpaid, -unpaid))
        return pd.DataFrame(rows, columns=["fund", "period", "amount", "paid", "left"])


UNPAID = 1e-7
"""Share of all costs that may be left over: what solvers leave of a row."""


def _when(span: Span | None) -> str:
    return "" if span is None else f" {span[0]}-{span[1] - 1}"


def payments_of(study: Study, sources: Sources) -> Payments | None:
    """The payments of a study, or None where it names no funds.

    Raises
    ------
    InputError
        If a fund names what does not exist, has no eligible use, or two have one name; or counts by period
        where a table gives the costs.
    """
    if not study.funds:
        return None
    refuse(*_twice(study), *_without_periods(study, sources), *_misnamed(study))
    inputs = sources.inputs
    spans = study.spans if any(fund.period is not None for fund in study.funds) else (None,)
    uses = [use for fund in study.funds for use in _uses(fund, inputs)]
    kind_class = classes(np.array([use.kinds for use in uses]))
    parcel_class = classes(np.array([use.parcels for use in uses]))
    rows, labels, belongs = _costs(sources, spans, kind_class, parcel_class)
    purses = list(_purses(study, inputs, spans, uses, belongs))
    _refuse_idle(study, purses)
    return Payments(rows, labels, tuple(purses))


def _misnamed(study: Study) -> list[Fault]:
    """A criterion with the name under which payments stand in the program."""
    if NAME not in study.criteria:
        return []
    rule = "a criterion cannot have this name where there are [[funds]]"
    return [Fault("study.toml", f"criteria.{NAME}", rule, "Rename it.")]


def _without_periods(study: Study, sources: Sources) -> list[Fault]:
    """Funds of periods where costs have none."""
    if sources.flows("cost"):
        return []
    rule = "costs come from [effects], which says nothing of when they are paid"
    return [
        Fault("study.toml", f"funds.{fund.name}.period", rule, "Leave it out: the amount is for all years.")
        for fund in study.funds
        if fund.period is not None
    ]


@dataclass(frozen=True)
class _Use:
    """Where a fund or an earmark applies: which kinds, shape (K,), and parcels, shape (n,)."""

    kinds: Flags
    parcels: Flags


def classes(signature: Flags) -> Ints:
    """Class of each column of a table of flags, shape (columns,); columns that are the same share one."""
    return np.asarray(np.unique(signature, axis=1, return_inverse=True)[1]).ravel()


def _uses(fund: Fund, inputs: Inputs) -> Iterator[_Use]:
    """The uses of a fund, then of its earmarks."""
    yield _use(fund, inputs, fund.by)
    for mark in fund.earmarks:
        yield _use(mark, inputs, None, name=fund.name)


def _use(entry: Fund | Earmark, inputs: Inputs, by: str | None, name: str = "") -> _Use:
    words = Limit(
        name=getattr(entry, "name", name), criterion="cost", max=0.0, by=by, regions=entry.regions,
        interventions=entry.interventions,
    )  # fmt: skip
    kinds, scope = kinds_of_limit(words, inputs.menu.kinds), scope_of(words, inputs.landscape)
    faults = [found for found in (kinds, scope) if isinstance(found, Fault)]
    if isinstance(kinds, Fault) or isinstance(scope, Fault):
        raise InputError([_of_fund(fault) for fault in faults])
    return _Use(kinds, scope.row >= 0)


def _of_fund(fault: Fault) -> Fault:
    return replace(fault, column=fault.column.replace("limits.", "funds."))


def _costs(
    sources: Sources, spans: Sequence[Span | None], kind_class: Ints, parcel_class: Ints
) -> tuple[Block, tuple[str, ...], list[tuple[Span | None, int, int]]]:
    """Rows of costs by span, class of kinds and class of parcels, where there are any."""
    blocks: list[Block] = []
    belongs: list[tuple[Span | None, int, int]] = []
    count = int(parcel_class.max()) + 1
    inputs = sources.inputs
    for span in spans:
        effect = sources.effect("cost", key="cost", year=inputs.last, span=span)
        for group in range(int(kind_class.max()) + 1):
            block = effect_rows(
                inputs.menu, effect, scope=parcel_class, count=count, kinds=kind_class == group
            )
            used = np.flatnonzero(block.largest() > 0).tolist()
            if used:
                blocks.append(block.take(used))
                belongs += [(span, group, place) for place in used]
    found = stack(blocks, len(inputs.menu)).blocks
    rows = found[0] if len(found) == 1 else Csr(sp.csr_array(sp.vstack([b.to_csr() for b in found])))
    labels = tuple(f"costs of class {place}{_when(span)}" for place, (span, _, _) in enumerate(belongs))
    return rows, labels, belongs


def _purses(
    study: Study,
    inputs: Inputs,
    spans: Sequence[Span | None],
    uses: Sequence[_Use],
    belongs: Sequence[tuple[Span | None, int, int]],
) -> Iterator[Purse]:
    """Each fund, once per period where it has an amount for each."""
    kind_class = classes(np.array([use.kinds for use in uses]))
    parcel_class = classes(np.array([use.parcels for use in uses]))
    first_kind = np.unique(kind_class, return_index=True)[1]
    first_parcel = np.unique(parcel_class, return_index=True)[1]

    def covers(use: _Use, wanted: Sequence[Span | None]) -> Flags:
        return np.array(
            [
                span in wanted and bool(use.kinds[first_kind[k]]) and bool(use.parcels[first_parcel[p]])
                for span, k, p in belongs
            ]
        )

    place = 0
    for fund in study.funds:
        own, marks = uses[place], uses[place + 1 : place + 1 + len(fund.earmarks)]
        place += 1 + len(fund.earmarks)
        amount = _amount(fund, study)
        for wanted in _wanted(fund, spans):
            may = covers(own, wanted)
            earmarks = tuple(
                (mark.share, covers(use, wanted)) for mark, use in zip(fund.earmarks, marks, strict=True)
            )
            span = wanted[0] if fund.period is not None else None
            yield Purse(fund.name, span, amount, may, earmarks)


def _wanted(fund: Fund, spans: Sequence[Span | None]) -> list[list[Span | None]]:
    """Periods of each of a fund's amounts."""
    if fund.period is None:
        return [list(spans)]
    found = [[span] for span in spans if span is not None and fund.period in ("each", span[0])]
    if not found:
        known = ", ".join(str(span[0]) for span in spans if span is not None)
        rule = f"no period begins in {fund.period}"
        refuse(Fault("study.toml", f"funds.{fund.name}.period", rule, f"Periods begin in {known}."))
    return [list(each) for each in found]


def _amount(fund: Fund, study: Study) -> float:
    if fund.unit is None:
        return fund.amount
    try:
        return float(to_currency(np.array([fund.amount]), fund.unit, study)[0])
    except UnitError as error:
        fix = f"Costs are in {study.study.currency}."
        raise InputError([Fault("study.toml", f"funds.{fund.name}.unit", str(error), fix)]) from error


def _twice(study: Study) -> list[Fault]:
    names = [fund.name for fund in study.funds]
    again = sorted({name for name in names if names.count(name) > 1})
    return [Fault("study.toml", f"funds.{name}", "two funds have this name", "Rename one.") for name in again]


def _refuse_idle(study: Study, purses: Sequence[Purse]) -> None:
    """Refuse funds that nothing on the menu may be paid from."""
    idle = [
        fund.name
        for fund in study.funds
        if not any(purse.may.any() for purse in purses if purse.fund == fund.name)
    ]
    fix = "Look at its interventions and regions: no option there costs anything."
    refuse(*(Fault("study.toml", f"funds.{name}", "has no eligible use", fix) for name in idle))
