r"""Horizontal compensation: the least transfers after which no region is worse off under a plan.

Formula, for a region r, prices v_c and the cost criterion:

    balance_r  = sum over c of v_c * credit_cr - cost_r
    credit_cr  = amount_cr                                                  (in full)
               = min(amount_cr, 0) + max(amount_cr - quota_cr, 0)           (above a quota)
    amount_cr  = g_cr (increment), or g_cr and the baseline (stock)

g_cr is the change of c in r, or the negative of it where less is better. Transfers t_ij >= 0 from i to j:

    min sum of t_ij  s.t.  balance_r + sum t_ir - sum t_rj + fund_r >= floor_r
    floor_r    = 0, or an equal share of the surplus of the regions that pay each other

Regions below their floor receive what they lack, those above it pay. Each sum that moves costs the same, so
the total is the sum of what is lacking; among equal ones money stays within outer regions where it can. Where
the balances of the regions that may pay each other sum to less than 0, the outside fund fills that up.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from landfront.models.plan import Plan
from landfront.report.compensation_asked import Crediting, Price, check_scope, checked_prices, quotas_of
from landfront.report.region_levels import RegionLevel, by_region, outer_level, region_levels

if TYPE_CHECKING:
    import pandas as pd

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
CROSSING = 1e-3
"""What a transfer between outer regions costs more than one within: it only breaks ties."""
NOISE = 1e-9
"""Share of the largest balance below which nothing is paid."""


@dataclass(frozen=True)
class Compensation:
    """Balances of regions and the transfers between them, in the study's currency.

    Attributes
    ----------
    plan, level
        The plan, and its regions.
    crediting
        How amounts are credited.
    prices, credits
        By criterion: price in each region, and the amount that is credited, shape (R,).
    cost, balance, floor
        By region, shape (R,).
    fund
        What each region gets from outside the study, shape (R,).
    payer, receiver, amount
        The transfers: indices of regions and money, shape (t,).
    """

    plan: Plan
    level: RegionLevel
    crediting: Crediting
    prices: Mapping[str, Floats]
    credits: Mapping[str, Floats]
    cost: Floats
    balance: Floats
    floor: Floats
    fund: Floats
    payer: Ints
    receiver: Ints
    amount: Floats = field(repr=False)

    @property
    def transfer(self) -> Floats:
        """What each region receives from others (+) or pays (-), shape (R,); they sum to 0."""
        count = len(self.level)
        received = np.bincount(self.receiver, weights=self.amount, minlength=count)
        return np.asarray(received - np.bincount(self.payer, weights=self.amount, minlength=count))

    @property
    def after(self) -> Floats:
        """Balance after transfers and fund, shape (R,)."""
        return np.asarray(self.balance + self.transfer + self.fund)

    @property
    def moved(self) -> float:
        """Money that moves between regions."""
        return float(self.amount.sum())

    def balances_frame(self) -> pd.DataFrame:
        """One row per region: credits, values, cost, balance, transfer, fund, balance after."""
        import pandas as pd

        columns: dict[str, object] = {"region": self.level.regions}
        for name, credit in self.credits.items():
            columns |= {f"credit_{name}": credit, f"value_{name}": credit * self.prices[name]}
        more = {"cost": self.cost, "balance": self.balance, "floor": self.floor, "transfer": self.transfer}
        return pd.DataFrame({**columns, **more, "fund": self.fund, "after": self.after})

    def transfers_frame(self) -> pd.DataFrame:
        """One row per transfer: payer, receiver, amount; the largest first."""
        import pandas as pd

        names = np.array(self.level.regions, dtype=object)
        frame = pd.DataFrame(
            {"payer": names[self.payer], "receiver": names[self.receiver], "amount": self.amount}
        )
        return frame.sort_values("amount", ascending=False, kind="stable", ignore_index=True)

    def matrix_frame(self) -> pd.DataFrame:
        """Who pays whom: one row per payer, one column per receiver."""
        frame = self.transfers_frame()
        return frame.pivot_table(
            index="payer", columns="receiver", values="amount", aggfunc="sum", fill_value=0.0, sort=False
        )

    def write(self, folder: str | Path) -> Path:
        """Write tables and text to a new folder.

        Raises
        ------
        InputError
            If the folder is not new or cannot be written.
        """
        from landfront.report.compensation_text import write_compensation

        return write_compensation(self, Path(folder))

    def __str__(self) -> str:
        """Say it in words."""
        from landfront.report.compensation_text import as_text

        return as_text(self)


def compensate(
    plan: Plan,
    by: str,
    value: Mapping[str, Price] | None = None,
    *,
    cost: str = "cost",
    crediting: Crediting | None = None,
    traded: Sequence[str] = (),
) -> Compensation:
    """The least transfers after which no region is worse off under a plan than without it.

    Parameters
    ----------
    plan
        A plan, of a front, a cascade or brought.
    by
        Region level.
    value
        Price per unit of each criterion that counts, in the study's currency: one number, or one per region
        by name. Without it the shadow prices of the plan's program.
    cost
        The criterion that is paid for; it counts with -1.
    crediting
        How amounts are credited; the changes in full where left out.
    traded
        Criteria of the front that the plan is a point of, in its order: shadow prices need them.

    Raises
    ------
    InputError
        If a level, criterion, price, quota or choice is at fault, or shadow prices say nothing of money.
    """
    asked = crediting or Crediting()
    prices = checked_prices(plan, value, cost=cost, crediting=asked, traded=traded)
    level, groups, outer = _regions(plan, by, asked)
    given = {name: _by_region(name, price, level) for name, price in prices.items()}
    quotas = quotas_of(asked.quota, list(given), level)
    credits_ = {name: _credit(plan, level, name, asked, quotas.get(name)) for name in given}
    paid = _change(plan, level, cost)
    balance = sum((given[name] * credits_[name] for name in given), -paid)
    floor, fund = _floor_and_fund(balance, groups, equal=asked.share == "equal")
    payer, receiver, amount = transfers(balance + fund - floor, groups, outer)
    return Compensation(
        plan, level, asked, given, credits_, paid, balance, floor, fund, payer, receiver, amount
    )


def _regions(plan: Plan, by: str, asked: Crediting) -> tuple[RegionLevel, Ints, Ints]:
    """The regions, the group of those that may pay each other, and the outer region of each."""
    check_scope(plan, by, asked)
    landscape = plan.formulation.landscape
    above = outer_level(landscape, by) if by in landscape.levels else None
    found = region_levels(landscape, [above, by] if above else [by], command="compensate")
    level = found[-1]
    groups = level.parent if asked.scope == "own" and above else np.zeros(len(level), dtype=np.int64)
    return level, groups, level.parent


def _by_region(name: str, price: Price, level: RegionLevel) -> Floats:
    if isinstance(price, Mapping):
        return by_region(price, level, table="price", column=name)
    return np.full(len(level), float(price))


def _change(plan: Plan, level: RegionLevel, criterion: str) -> Floats:
    """Change of a criterion by region, options off the menu included, shape (R,)."""
    parcel = plan.chosen["parcel"].to_numpy()
    return level.sum(plan.change_by_option(criterion), parcel)


def _credit(plan: Plan, level: RegionLevel, criterion: str, asked: Crediting, quota: Floats | None) -> Floats:
    """What counts as a region's amount of a criterion, shape (R,)."""
    formulation = plan.formulation
    sign = 1.0 if formulation.study.criteria[criterion].sense == "max" else -1.0
    amount = sign * _change(plan, level, criterion)
    if asked.is_stock(criterion):
        amount = amount + sign * level.sum(formulation.effects[criterion].baseline)
    if quota is None:
        return np.asarray(amount)
    return np.asarray(np.minimum(amount, 0.0) + np.maximum(amount - quota, 0.0))


def _floor_and_fund(balance: Floats, groups: Ints, *, equal: bool) -> tuple[Floats, Floats]:
    """What each region must have in the end, and what it gets from outside, shapes (R,).

    A group whose balances sum to less than 0 gets that sum, shared by what its regions lack.
    """
    total = np.bincount(groups, weights=balance)
    count = np.bincount(groups)
    floor = np.where(equal, np.maximum(total, 0.0) / count, 0.0)[groups]
    lack = np.maximum(-balance, 0.0)
    whole = np.bincount(groups, weights=lack)
    share = np.divide(lack, whole[groups], out=np.zeros(len(lack)), where=whole[groups] > 0)
    return floor, np.maximum(-total, 0.0)[groups] * share


def transfers(surplus: Floats, groups: Ints, outer: Ints) -> tuple[Ints, Ints, Floats]:
    """Least money that moves so that nobody is below 0: payers, receivers and amounts.

    Parameters
    ----------
    surplus
        What each region has above what it must have, shape (R,); its sum within a group is 0 or more.
    groups
        Regions pay only regions of their group, shape (R,).
    outer
        Outer region of each, shape (R,): among equal ones, transfers stay within it where they can.

    >>> payer, receiver, amount = transfers(np.array([5.0, -3.0, 1.0]), np.zeros(3, int), np.array([0, 1, 1]))
    >>> payer.tolist(), receiver.tolist(), amount.tolist()
    ([0, 2], [1, 1], [2.0, 1.0])
    """
    from scipy.optimize import linprog

    small = NOISE * float(np.abs(surplus).max(initial=0.0))
    rich, poor = np.flatnonzero(surplus > small), np.flatnonzero(surplus < -small)
    pairs = np.argwhere(groups[rich][:, None] == groups[poor])
    if not len(pairs):
        return np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0)
    payer, receiver = rich[pairs[:, 0]], poor[pairs[:, 1]]
    size = float(-surplus[poor].sum())
    ones, place = np.ones(len(pairs)), np.arange(len(pairs))
    given: Any = sp.csr_array((ones, (pairs[:, 0], place)), shape=(len(rich), len(pairs)))
    got: Any = sp.csr_array((ones, (pairs[:, 1], place)), shape=(len(poor), len(pairs)))
    most = _enough(surplus, groups, rich, poor)
    found = linprog(
        1.0 + CROSSING * (outer[payer] != outer[receiver]),
        A_ub=given,
        b_ub=most / size,
        A_eq=got,
        b_eq=-surplus[poor] / size,
        method="highs",
    )
    if found.x is None:
        raise ArithmeticError(f"transfers were not found: {found.message}")
    used = np.flatnonzero(found.x * size > small)
    return payer[used], receiver[used], found.x[used] * size


def _enough(surplus: Floats, groups: Ints, rich: Ints, poor: Ints) -> Floats:
    """What payers can pay: raised to what their group needs, where rounding left a hair too little."""
    count = int(groups.max()) + 1
    have = np.bincount(groups[rich], weights=surplus[rich], minlength=count)
    need = np.bincount(groups[poor], weights=-surplus[poor], minlength=count)
    scale = np.divide(need, have, out=np.ones(count), where=(have > 0) & (need > have))
    return np.asarray(surplus[rich] * scale[groups[rich]])
