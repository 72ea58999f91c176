r"""Why each parcel gets its option: what the option is worth at the plan's prices, and what comes second.

Formula, for an option (p, k), in the unit of the plan's main criterion f, where more is always better:

    worth(p, k) = sum over criteria c of w_c * e_c(p, k)  +  sum over limits r of l_r * a_r(p, k)

| symbol | meaning |
|---|---|
| e_c(p, k) | what the option changes in criterion c, against keeping the parcel as it is |
| w_c | 1 or -1 for f, the price of each criterion that the front trades for f, else 0 |
| a_r(p, k) | what the option adds to limit r |
| l_r | price of the limit: worth of a unit of its bound |

Prices are those of the relaxation of "the best f, no worse than the plan in the other criteria of its front".
Without whole numbers every parcel gets the option that is worth most, beside what is done on a part of it. Of
whole parcels a few do not: how far all of them are from it together is `Explanation.loss`, which is no more
than the plan's distance from the proven bound.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from landfront.instances.faults import Fault, refuse
from landfront.models.plan import Plan
from landfront.models.reasons import Reasons, reasons_of
from landfront.optimizer.ranked import Priced, least_of_groups, price, reduced_values, runner_up

if TYPE_CHECKING:
    import pandas as pd

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
LINKS = "links"
"""What stands for rows of measures and funds, which are no limits of their own."""

NOTHING = 1e-9
"""Share of the largest worth below which a part of it is nothing: what rounding leaves."""


@dataclass(frozen=True)
class Explanation:
    """Why each parcel has its option.

    Attributes
    ----------
    plan
        The plan.
    traded
        Criteria that its prices are of: the main one, then those that the plan must keep its level of.
    prices
        Prices in minimisation form.
    chosen, second
        The largest option of each parcel and the best of the others, as columns, shape (n,); -1 where there
        is none (a plan off the menu, a parcel with a single option).
    worth
        What each option is worth, shape (m,), in the unit of the main criterion.
    parts
        What each criterion and limit adds to the worth, for the chosen and for the second option, each of
        shape (n,).
    amounts
        What the options add to each criterion and limit in its own unit, likewise.
    """

    plan: Plan
    traded: tuple[str, ...]
    prices: Priced
    chosen: Ints
    second: Ints
    worth: Floats = field(repr=False)
    parts: dict[str, tuple[Floats, Floats]] = field(repr=False)
    amounts: dict[str, tuple[Floats, Floats]] = field(repr=False)

    @property
    def unit(self) -> str:
        """Unit of what options are worth."""
        return self.plan.formulation.units[self.traded[0]]

    @cached_property
    def margin(self) -> Floats:
        """By how much the second option would have to be worth more to be as good, shape (n,); nan if none.

        Negative where whole parcels, what is done or rounding keep a parcel from what is worth most.
        """
        known = (self.chosen >= 0) & (self.second >= 0)
        return np.where(known, self.worth[self.chosen] - self.worth[self.second], np.nan)

    @cached_property
    def loss(self) -> float:
        """How far the options are below those worth most, beside what is done, all shares together."""
        formulation = self.plan.formulation
        starts = formulation.menu.starts[:-1]
        best = -least_of_groups(formulation.program, -self.worth)
        share = np.asarray(self.plan.x[: len(self.worth)], dtype=np.float64)
        on_menu = np.add.reduceat(share, starts)
        return float((on_menu * best - np.add.reduceat(share * self.worth, starts)).sum())

    @property
    def distance(self) -> float:
        """How far the plan's main criterion is from the bound that the prices prove."""
        main = self.traded[0]
        index = list(self.plan.formulation.study.criteria).index(main)
        sense = float(self.plan.formulation.program.senses[index])
        return sense * self.plan.values[main] - self.prices.bound

    @cached_property
    def reasons(self) -> Reasons:
        """Why other interventions are not on the menu."""
        return reasons_of(self.plan.formulation)

    @cached_property
    def driver(self) -> tuple[NDArray[Any], Floats]:
        """What speaks most for the chosen option beside the second one, by name, and how much, shape (n,)."""
        return self._extreme(np.argmax)

    @cached_property
    def against(self) -> tuple[NDArray[Any], Floats]:
        """What speaks most for the second option, by name, and how much, shape (n,)."""
        return self._extreme(np.argmin)

    def _extreme(self, pick: Any) -> tuple[NDArray[Any], Floats]:
        names = np.array([*self.parts, ""], dtype=object)
        if not self.parts:
            none = np.zeros(len(self.chosen))
            return np.full(len(none), "", dtype=object), none
        gain = np.stack([one - two for one, two in self.parts.values()])
        gain = np.where(np.isnan(gain), 0.0, gain)
        at = pick(gain, axis=0)
        value = np.take_along_axis(gain, at[None], axis=0)[0]
        size = NOTHING * np.abs(self.worth).max(initial=0.0)
        return names[np.where(np.abs(value) > size, at, len(names) - 1)], value

    def to_frame(self) -> pd.DataFrame:
        """One row per parcel.

        ``parcel, area_ha, intervention, share, worth, second, second_worth, margin, driver, driver_worth,
        against, against_worth``, then for each criterion and limit what the chosen option adds
        (``carbon``, ``limit:budget``) and what the second one would change (``carbon_if``).
        """
        import pandas as pd

        menu, landscape = self.plan.formulation.menu, self.plan.formulation.landscape
        names = np.array([*menu.interventions, ""], dtype=object)
        kind = np.append(menu.kind, len(menu.interventions))
        worth = np.append(self.worth, np.nan)
        share = np.append(np.asarray(self.plan.x[: len(menu)], dtype=np.float64), np.nan)
        columns: dict[str, Any] = {
            "parcel": landscape.ids, "area_ha": landscape.area, "intervention": names[kind[self.chosen]],
            "share": share[self.chosen], "worth": worth[self.chosen], "second": names[kind[self.second]],
            "second_worth": worth[self.second], "margin": self.margin,
            "driver": self.driver[0], "driver_worth": self.driver[1],
            "against": self.against[0], "against_worth": self.against[1],
        }  # fmt: skip
        for name, (one, two) in self.amounts.items():
            columns[name] = one
            columns[f"{name}_if"] = two - one
        return pd.DataFrame(columns)

    def place(self, parcel: object) -> int:
        """Index of a parcel by its id.

        Raises
        ------
        InputError
            If there is no such parcel.
        """
        import pandas as pd

        from landfront.instances.sheet import match_ids

        at = int(match_ids(self.plan.formulation.landscape.ids, pd.Series([parcel]))[0])
        if at < 0:
            refuse(Fault("explain", "parcel", f"there is no parcel {parcel!r}", "Use an id of the study."))
        return at

    def sheet(self, parcel: object, language: str = "en") -> str:
        """What there is to say of one parcel, in plain English (``"en"``) or Chinese (``"zh"``).

        Raises
        ------
        InputError
            If there is no such parcel.
        """
        from landfront.report.explain_text import sheet

        return sheet(self, self.place(parcel), language)

    def __str__(self) -> str:
        """Say it in words for the plan as a whole."""
        from landfront.report.explain_text import overview

        return overview(self)


def explain_plan(plan: Plan, traded: Sequence[str] = (), *, time_limit: float | None = None) -> Explanation:
    """Explain a plan, whether it came from a solver or not.

    Parameters
    ----------
    plan
        Any plan of a study.
    traded
        The criteria of its front, the main one first; by default the first criterion of the study, without
        regard to the others.
    time_limit
        Seconds for the prices.

    Raises
    ------
    InputError
        If a criterion is unknown, or the plan breaks a limit so that no prices belong to it.
    """
    formulation = plan.formulation
    names = list(formulation.study.criteria)
    wanted = tuple(traded) or tuple(names[:1])
    refuse(*(
        Fault("explain", "traded", f"there is no criterion {name!r}", f"Criteria: {', '.join(names)}.")
        for name in wanted if name not in names
    ))  # fmt: skip
    caps = np.full(len(names), np.inf)
    for name in wanted[1:]:
        sense = float(formulation.program.senses[names.index(name)])
        # The plan itself lies within its caps: rounding must not take it out.
        caps[names.index(name)] = sense * plan.values[name] + NOTHING * abs(plan.values[name])
    try:
        prices = price(formulation.program, names.index(wanted[0]), caps, time_limit=time_limit)
    except ValueError as error:
        fix = "Explain a plan that meets the limits: landfront score says which are broken."
        refuse(Fault("explain", "plan", f"has no prices ({error})", fix))
        raise
    worth = -reduced_values(formulation.program, prices)[: len(formulation.menu)]
    chosen = _chosen(plan)
    second = runner_up(formulation.program, -worth, np.maximum(chosen, 0))
    parts, amounts = _parts(plan, prices, (chosen, second))
    return Explanation(plan, wanted, prices, chosen, second, worth, parts, amounts)


def _chosen(plan: Plan) -> Ints:
    """Option with the largest share of each parcel, shape (n,), -1 where the plan is off the menu."""
    menu = plan.formulation.menu
    share = np.asarray(plan.x[: len(menu)], dtype=np.float64)
    most = np.maximum.reduceat(share, menu.starts[:-1])
    columns = np.arange(len(menu))
    first = np.where(share == most[menu.parcel], columns, len(menu))
    found = np.minimum.reduceat(first, menu.starts[:-1])
    return np.where(most > 0, found, -1)


Pairs = dict[str, tuple[Floats, Floats]]


def _parts(plan: Plan, prices: Priced, options: tuple[Ints, Ints]) -> tuple[Pairs, Pairs]:
    """What each criterion and limit adds to the worth, and its amounts, for two options of each parcel."""
    formulation = plan.formulation
    program = formulation.program
    parts: Pairs = {}
    amounts: Pairs = {}

    def two(values: Floats) -> tuple[Floats, Floats]:
        padded = np.append(values[: len(formulation.menu)], np.nan)
        return padded[options[0]], padded[options[1]]

    for place, name in enumerate(formulation.study.criteria):
        one, other = two(program.coefficients(place))
        if name not in formulation.measures:
            amounts[name] = one, other
        elif not program.coefficients(place)[: len(formulation.menu)].any():
            continue  # its linking columns tell of it, in LINKS
        weight = -float(prices.weights[place] * program.senses[place])
        if weight:
            parts[name] = weight * one, weight * other
    rows = program.rows.shape[0]
    owner = np.full(rows, LINKS, dtype=object)
    owner[: len(formulation.limits)] = [f"limit:{row.limit}" for row in formulation.limits]
    for name in dict.fromkeys(owner.tolist()):
        here = owner == name
        if name != LINKS:
            amounts[name] = two(program.rows.tdot(here.astype(np.float64)))
        if prices.rows[here].any():
            parts[name] = two(program.rows.tdot(np.where(here, prices.rows, 0.0)))
    return parts, amounts
