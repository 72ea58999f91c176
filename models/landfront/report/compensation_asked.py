"""What a compensation is asked for: prices, crediting choices, quotas; and what can be wrong with them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from landfront.instances.faults import Fault, refuse
from landfront.instances.schema import near, some
from landfront.models.plan import Plan
from landfront.report.region_levels import RegionLevel, by_region, outer_level, read_by_region

Floats = NDArray[np.float64]
Price = float | Mapping[str, float]
Quota = Mapping[str, float | Mapping[str, float]]


@dataclass(frozen=True)
class Crediting:
    """How amounts are credited.

    Attributes
    ----------
    basis
        ``"increment"``: a region is credited with the change; ``"stock"``: with baseline and change, in each
        criterion; or criterion to one of them, increment where not named.
    scope
        ``"all"``: any region may pay any other; ``"own"``: only regions of the same outer region.
    quota
        Criterion to the amount above which a region is credited, one number or one per region; or a table
        with a column ``region`` and one per criterion. None: credited in full.
    share
        ``"none"``: nobody is worse off; ``"equal"``: each has the same share of the surplus at least.
    """

    basis: str | Mapping[str, str] = "increment"
    scope: str = "all"
    quota: Quota | str | Path | None = None
    share: str = "none"

    def is_stock(self, criterion: str) -> bool:
        """Whether the baseline of a criterion counts."""
        if isinstance(self.basis, str):
            return self.basis == "stock"
        return self.basis.get(criterion) == "stock"


def checked_prices(
    plan: Plan,
    value: Mapping[str, Price] | None,
    *,
    cost: str,
    crediting: Crediting,
    traded: Sequence[str] = (),
) -> Mapping[str, Price]:
    """The prices asked for, or the shadow prices of the plan's program.

    Raises
    ------
    InputError
        Listing everything that is wrong with prices and choices.
    """
    criteria = plan.formulation.study.criteria
    faults = [*_choices(plan, crediting)]
    if cost not in criteria:
        faults.append(_no_criterion(cost, criteria))
    elif criteria[cost].sense != "min":
        rule = f"{cost!r} is to be maximised (sense = 'max'), so it is no cost"
        faults.append(Fault("compensate", "cost", rule, "Name a criterion with sense 'min'."))
    for name, price in (value or {}).items():
        faults += _price_faults(plan, name, price, cost)
    if value is not None and not value:
        fix = f"Give one or more, such as {next(iter(criteria))}=60."
        faults.append(Fault("compensate", "price", "no price is given", fix))
    refuse(*faults)
    prices = shadow_prices(plan, cost, traded) if value is None else value
    refuse(*_stock_faults(plan, prices, crediting))
    return prices


def _no_criterion(name: str, criteria: Mapping[str, object]) -> Fault:
    fix = f"{near(name, criteria)} Choose among: {', '.join(criteria)}.".strip()
    return Fault("study.toml", "criteria", f"has no criterion {name!r}", fix)


def _choices(plan: Plan, asked: Crediting) -> list[Fault]:
    choices = (("scope", asked.scope, ("all", "own")), ("share", asked.share, ("none", "equal")))
    faults = [
        Fault("compensate", name, f"{value!r} is unknown", f"Use {' or '.join(allowed)}.")
        for name, value, allowed in choices
        if value not in allowed
    ]
    given = {"": asked.basis} if isinstance(asked.basis, str) else asked.basis
    for name, basis in given.items():
        if basis not in ("increment", "stock"):
            faults.append(Fault("compensate", "basis", f"{basis!r} is unknown", "Use increment or stock."))
        if name and name not in plan.formulation.study.criteria:
            faults.append(_no_criterion(name, plan.formulation.study.criteria))
    return faults


def _price_faults(plan: Plan, name: str, price: Price, cost: str) -> list[Fault]:
    criteria = plan.formulation.study.criteria
    if name not in criteria:
        return [_no_criterion(name, criteria)]
    if name in plan.formulation.measures:
        rule = f"{name!r} is a measure, of which regions have no amounts of their own"
        return [Fault("compensate", "price", rule, "Give the price of the effect that it looks at.")]
    if name == cost:
        rule = f"{cost!r} counts with -1 already"
        return [Fault("compensate", "price", rule, "Leave it out.")]
    given = price if isinstance(price, Mapping) else {name: price}
    wrong = {where: one for where, one in given.items() if not (np.isfinite(one) and one >= 0)}
    if not wrong:
        return []
    where, one = next(iter(wrong.items()))
    more = "" if criteria[name].sense == "max" else "; less of it is counted as the gain already"
    rule = f"the price of {name} is {one!r}{'' if where == name else f' in {where}'}{more}"
    return [Fault("compensate", "price", rule, "Give prices of 0 or more.")]


def _stock_faults(plan: Plan, prices: Mapping[str, Price], asked: Crediting) -> list[Fault]:
    """Stocks that are asked for and not known."""
    baseline = plan.baseline
    unknown = [name for name in prices if asked.is_stock(name) and baseline[name] == 0]
    if not unknown or (asked.basis == "stock" and len(unknown) < len(prices)):
        return []
    rule = f"no stock is known of {some(unknown)}: the baseline is 0"
    return [Fault("compensate", "basis", rule, "Give it under [baseline], or credit the increment.")]


def check_scope(plan: Plan, by: str, asked: Crediting) -> None:
    """Refuse own-region use at a level that lies in no other.

    Raises
    ------
    InputError
        If it does not.
    """
    landscape = plan.formulation.landscape
    if asked.scope == "own" and by in landscape.levels and outer_level(landscape, by) is None:
        rule = f"{by} lies in no outer level, so own-region use says nothing"
        fix = f"Use scope all, or an inner level of: {', '.join(landscape.levels)}."
        refuse(Fault("compensate", "scope", rule, fix))


def quotas_of(
    quota: Quota | str | Path | None, priced: Sequence[str], level: RegionLevel
) -> dict[str, Floats]:
    """Quota by criterion and region, shape (R,); criteria without one are credited in full.

    Raises
    ------
    InputError
        If a criterion has no price, a region is missing or unknown, or a quota is negative.
    """
    if quota is None:
        return {}
    given = quota if isinstance(quota, Mapping) else read_by_region(Path(quota))
    table = "quota" if isinstance(quota, Mapping) else Path(quota).name
    faults = [
        Fault(table, name, "is a quota of a criterion without a price", f"Priced: {some(priced)}.")
        for name in given
        if name not in priced
    ]
    faults += [
        Fault(table, name, f"{amount!r} is negative or no number", "Give a quota of 0 or more.")
        for name, amount in given.items()
        if not isinstance(amount, Mapping) and not (np.isfinite(amount) and amount >= 0)
    ]
    refuse(*faults)
    return {
        name: by_region(amount, level, table=table, column=name)
        if isinstance(amount, Mapping)
        else np.full(len(level), float(amount))
        for name, amount in given.items()
    }


def read_pairs(option: str, text: str) -> dict[str, float]:
    """Numbers by name from ``carbon=60,food=2500``.

    Raises
    ------
    InputError
        If it is not that.
    """
    found: dict[str, float] = {}
    faults = []
    for part in text.split(","):
        name, _, number = (piece.strip() for piece in part.partition("="))
        if name in found:
            faults.append(Fault("compensate", option, f"{name} is given twice", "Give each one once."))
        try:
            found[name] = float(number)
        except ValueError:
            rule = f"{part.strip()!r} is not a name and a number"
            faults.append(Fault("compensate", option, rule, "Write it as carbon=60,food=2500."))
    refuse(*faults)
    return found


def read_basis(text: str) -> str | dict[str, str]:
    """``stock``, or ``carbon=stock`` by criterion."""
    if "=" not in text:
        return text
    pairs = (part.partition("=") for part in text.split(","))
    return {name.strip(): basis.strip() for name, _, basis in pairs}


def read_quota(text: str | None) -> Quota | Path | None:
    """A table, or ``carbon=100`` for every region.

    Raises
    ------
    InputError
        If it is neither.
    """
    if text is None:
        return None
    if Path(text).suffix and "=" not in text:
        return Path(text)
    return {**read_pairs("quota", text)}


def shadow_prices(plan: Plan, cost: str, traded: Sequence[str] = ()) -> dict[str, float]:
    r"""Prices in money of the criteria, from the prices of the plan's program.

    Formula, where the plan is a point whose main criterion f trades at rates d f / d c, and where a unit of
    money is worth m = d f / d cost units of f, by the rate of the cost on the front or by the price of a
    limit on all of it:

        v_f = 1 / m        v_c = abs(d f / d c) / m

    Where the cost itself was minimised, v_c is the price of the limit on c. `traded` are the criteria of the
    front that the plan is a point of; without it those of the study.

    Raises
    ------
    InputError
        If the plan has no such prices, or they say nothing of money.
    """
    point = plan.point
    fix = "Give prices, such as --price carbon=60."
    if point is None:
        refuse(Fault("compensate", "price", "the plan came from no solver, so it has no shadow prices", fix))
    assert point is not None
    rates, first = _rates(plan, traded or _all_criteria(plan, fix))
    money = 1.0 if first == cost else abs(rates.pop(cost, 0.0))
    rates.pop(cost, None)
    found = {name: abs(rate) / money for name, rate in rates.items()} if money > 0 else {}
    if not found:
        rule = f"the plan's shadow prices say nothing of money: {cost} is neither traded nor limited"
        refuse(Fault("compensate", "price", rule, fix))
    measures = [name for name in found if name in plan.formulation.measures]
    if measures:
        rule = f"the front trades {some(measures)}, a measure, of which regions have no amounts of their own"
        refuse(Fault("compensate", "price", rule, fix))
    return found


def _all_criteria(plan: Plan, fix: str) -> tuple[str, ...]:
    """The study's criteria, where the plan's point has a value of each."""
    criteria = tuple(plan.formulation.study.criteria)
    assert plan.point is not None
    if len(plan.point.values) != len(criteria):
        rule = "the plan is a point of a front, and which criteria it trades is not said"
        refuse(Fault("compensate", "traded", rule, f"Name them in the front's order. {fix}"))
    return criteria


def _rates(plan: Plan, traded: Sequence[str]) -> tuple[dict[str, float], str]:
    """Change of the plan's main criterion per unit of each criterion, and which one is the main one.

    From the trade-offs of the front, then from limits on all of a criterion that have a price.
    """
    point, formulation = plan.point, plan.formulation
    assert point is not None
    rates = {
        name: float(rate) for name, rate in zip(traded, point.rate, strict=True) if np.isfinite(rate) and rate
    }
    main = next((name for name, rate in rates.items() if rate == 1.0), traded[0])
    for limit, price in zip(formulation.limits, point.row_prices, strict=False):
        # The price of a measure is one of its worst region's amounts, not of every region's.
        whole = not limit.level and not limit.interventions and limit.criterion not in formulation.measures
        if whole and limit.criterion in formulation.study.criteria and np.isfinite(price) and price:
            rates.setdefault(limit.criterion, float(price))
    return rates, main
