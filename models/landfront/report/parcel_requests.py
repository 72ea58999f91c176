r"""What it costs to grant a request about a parcel: at once from prices, then exactly by solving again.

Formula, for a request that leaves the options Q of a parcel p, in minimisation form of the criterion f:

    least = max(0, beta + D(Q) - D(O_p) - v,  beta' - v)
    most  = v' - beta
    D(S)  = min over shares x_o of the options o in S of sum of d_o * x_o    (whole parcels: the least d_o)

| symbol | meaning |
|---|---|
| v, beta | f of the best known plan without the request, and its proven bound |
| d_o | reduced value of an option at the plan's prices (`optimizer.reduced`) |
| v', beta' | f of the best plan that grants the request, and its proven bound |

The first part of `least` needs no search: by weak duality the bound of what is left rises by the difference.
For several requests together the differences of their parcels add up. Shares keep what is done in part.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from landfront.instances.faults import Fault, InputError, refuse
from landfront.instances.schema import near
from landfront.instances.sheet import match_ids
from landfront.instances.study import Study, read_study
from landfront.models.formulate import Formulation, formulate
from landfront.models.plan import Plan
from landfront.models.reasons import reasons_of
from landfront.optimizer.engine import Infeasible
from landfront.optimizer.program import Program
from landfront.optimizer.ranked import Priced, least_of_groups, price, reduced_values
from landfront.report.chosen import chosen
from landfront.report.diff import diff
from landfront.report.request_costs import Answer, ParcelRequest, RequestCosts, read_requests
from landfront.report.weighed import find_weighed

if TYPE_CHECKING:
    from landfront.optimizer.front import Floats

Flags = NDArray[np.bool_]


def cost_of_requests(
    place: Study | str | Path,
    lock: Sequence[str] = (),
    reject: Sequence[str] = (),
    *,
    criterion: str | None = None,
    study: str | Path | None = None,
    solve: bool = True,
    gap: float = 1e-4,
    time_limit: float | None = None,
) -> RequestCosts:
    """What it costs to lock parcels, or to reject what a plan does on them: each alone, and all together.

    Parameters
    ----------
    place
        A study, whose best plan for `criterion` is compared, or a run (``"RUN:3"`` for a point): then the
        first criterion of its front is lost, and no plan is worse than the run's in the others.
    lock, reject
        ``"PARCEL=INTERVENTION"``; a rejection of a ``"PARCEL"`` alone leaves only ``keep``.
    criterion
        What is lost; for a run only where it is not the first one of its front.
    study
        Where the study of a run is now.
    solve
        Whether to solve again after the bound that prices give at once.
    gap, time_limit
        Relative gap of each plan, and seconds for each search.

    Raises
    ------
    InputError
        If a request names an unknown parcel or intervention, one that is not possible there, or two of them
        contradict each other.
    """
    asked = read_requests(lock, reject)
    plan, traded = _before(place, criterion, study, (gap, time_limit))
    return Pricing.of(plan, traded, (gap, time_limit)).costs(asked, solve=solve)


Effort = tuple[float, float | None]


def _before(
    place: Study | str | Path, criterion: str | None, study: str | Path | None, effort: Effort
) -> tuple[Plan, tuple[str, ...]]:
    """The plan before the requests, and what is lost and kept."""
    if isinstance(place, Study) or _is_study(Path(place)):
        asked = place if isinstance(place, Study) else read_study(place)
        name = _known(asked, criterion or next(iter(asked.criteria)))
        found = find_weighed(formulate(asked), {name: 1.0}, gap=effort[0], time_limit=effort[1])
        return found.plan, (name,)
    known = chosen(str(place), study=study)
    first = next(iter(known.traded or known.plan.formulation.study.criteria))
    name = _known(known.plan.formulation.study, criterion or first)
    # The bound of a point is of the first criterion of its front.
    plan = known.plan if name == first else replace(known.plan, point=None)
    return plan, (name, *(other for other in known.traded if other != name))


def _is_study(place: Path) -> bool:
    return place.suffix == ".toml" or (place / "study.toml").is_file()


def _known(study: Study, name: str) -> str:
    if name not in study.criteria:
        fix = f"{near(name, study.criteria)} Criteria: {', '.join(study.criteria)}.".strip()
        refuse(Fault("request", "criterion", f"there is no criterion {name!r}", fix))
    return name


@dataclass(frozen=True)
class Pricing:
    """A plan with the prices that answer requests.

    Attributes
    ----------
    plan
        The plan before.
    traded
        What is lost, then what is kept.
    prices
        In minimisation form.
    reduced
        Value of each option at the prices, small is good, shape (m,).
    value, bound
        What is lost, of the plan and proven, in minimisation form.
    effort
        Gap and seconds of each search.
    """

    plan: Plan
    traded: tuple[str, ...]
    prices: Priced
    reduced: Floats
    value: float
    bound: float
    effort: Effort

    @classmethod
    def of(cls, plan: Plan, traded: tuple[str, ...], effort: Effort) -> Pricing:
        """The prices of a plan, and the best bound that is known of it."""
        formulation = plan.formulation
        names = list(formulation.study.criteria)
        main = names.index(traded[0])
        senses = formulation.program.senses.astype(np.float64)
        caps = np.full(len(names), np.inf)
        for name in traded[1:]:
            caps[names.index(name)] = senses[names.index(name)] * plan.values[name] + _slack(
                plan.values[name]
            )
        try:
            prices = price(formulation.program, main, caps, time_limit=effort[1])
        except ValueError as error:
            fix = "Give a plan that meets the limits."
            raise InputError([Fault("request", "plan", f"has no prices ({error})", fix)]) from error
        reduced = reduced_values(formulation.program, prices)[: len(formulation.menu)]
        value, known = float(senses[main]) * plan.values[traded[0]], prices.bound
        if plan.point is not None and np.isfinite(plan.point.bound):
            known = max(known, float(senses[main]) * float(plan.point.bound))
        return cls(plan, traded, prices, reduced, value, min(known, value), effort)

    @property
    def formulation(self) -> Formulation:
        """The study of the plan."""
        return self.plan.formulation

    def costs(self, asked: Sequence[ParcelRequest], *, solve: bool) -> RequestCosts:
        """What each request costs, and all of them."""
        shut = self._shut(asked)
        answers = tuple(
            self._answer((entry,), here, solve=solve) for entry, here in zip(asked, shut, strict=True)
        )
        union = np.logical_or.reduce(shut)
        together = self._answer(tuple(asked), union, solve=solve) if len(asked) > 1 else answers[0]
        return RequestCosts(self.traded[0], self.traded[1:], self.plan, answers, together)

    def _shut(self, asked: Sequence[ParcelRequest]) -> list[Flags]:
        """Options that each request rules out, each of shape (m,); whatever is wrong is told together."""
        formulation, menu = self.formulation, self.formulation.menu
        places = match_ids(formulation.landscape.ids, pd.Series([entry.parcel for entry in asked]))
        known = (*menu.kinds.interventions, *menu.interventions)
        faults, found = [], []
        for entry, parcel in zip(asked, places.tolist(), strict=True):
            kinds = menu.kinds.matching(entry.intervention) if entry.intervention else np.zeros(0, np.int64)
            if parcel < 0:
                faults.append(
                    Fault("request", entry.parcel, "there is no such parcel", "Use an id of the study.")
                )
            elif entry.intervention and not len(kinds):
                fix = f"{near(entry.intervention, known)} Known: {', '.join(dict.fromkeys(known))}.".strip()
                faults.append(
                    Fault("request", entry.parcel, f"unknown intervention {entry.intervention!r}", fix)
                )
            else:
                shut = self._options(entry, int(parcel), kinds)
                faults += self._impossible(entry, int(parcel), shut)
                found.append(shut)
        refuse(*faults)
        refuse(*self._contradictions(asked, places, np.logical_or.reduce(found)))
        return found

    def _options(self, entry: ParcelRequest, parcel: int, kinds: NDArray[np.int64]) -> Flags:
        menu = self.formulation.menu
        at = slice(int(menu.starts[parcel]), int(menu.starts[parcel + 1]))
        named = np.isin(menu.kind[at], kinds) if entry.intervention else menu.kind[at] > 0
        shut = np.zeros(len(menu), dtype=bool)
        shut[at] = ~named if entry.action == "lock" else named
        return shut

    def _impossible(self, entry: ParcelRequest, parcel: int, shut: Flags) -> list[Fault]:
        """The fault of a request that leaves its parcel nothing, with the rule that stands against it."""
        menu = self.formulation.menu
        at = slice(int(menu.starts[parcel]), int(menu.starts[parcel + 1]))
        forced = self.formulation.program.lower[: len(menu)][at][shut[at]] > 0
        if not shut[at].all() and not forced.any():
            return []
        if entry.action == "lock" and not forced.any():
            rule = reasons_of(self.formulation).of(parcel).get(entry.intervention, "locks")
            said = f"{entry.intervention} is not possible there (rule {rule})"
        else:
            said = "what is done or locked there cannot be taken away"
        offered = ", ".join(menu.interventions[k] for k in menu.kind[at])
        return [Fault("request", entry.parcel, said, f"Possible there: {offered}.")]

    def _contradictions(
        self, asked: Sequence[ParcelRequest], places: NDArray[np.int64], shut: Flags
    ) -> list[Fault]:
        menu = self.formulation.menu
        left = np.add.reduceat((~shut).astype(np.int64), menu.starts[:-1])
        return [
            Fault("request", str(name), "requests contradict each other", "Take one of them out.")
            for name in dict.fromkeys(
                entry.parcel for entry, place in zip(asked, places, strict=True) if left[place] == 0
            )
        ]

    def _answer(self, requests: tuple[ParcelRequest, ...], shut: Flags, *, solve: bool) -> Answer:
        program = self.formulation.program
        without_them = without(program, shut)
        # What is done in part stays: only the rest of a parcel moves.
        rise = least_of_groups(without_them, self.reduced) - least_of_groups(program, self.reduced)
        at_once = max(self.prices.bound + float(rise.sum()) - self.value, 0.0)
        if not solve:
            return Answer(requests, at_once, at_once, np.nan, None, np.nan, "prices only")
        caps = {name: self._kept(name) for name in self.traded[1:]}
        try:
            found = find_weighed(
                self.formulation, {self.traded[0]: 1.0}, caps, gap=self.effort[0], time_limit=self.effort[1],
                program=without_them,
            )  # fmt: skip
        except Infeasible:
            return Answer(requests, np.inf, np.inf, np.inf, None, np.nan, "infeasible")
        least = max(at_once, found.bound - self.value)
        most = max(found.value - self.bound, least)
        changed = diff(self.plan, found.plan).area
        return Answer(requests, at_once, least, most, found.plan, changed, found.termination)

    def _kept(self, name: str) -> float:
        value = self.plan.values[name]
        sense = 1.0 if self.formulation.study.criteria[name].sense == "min" else -1.0
        return value + sense * _slack(value)


def _slack(value: float) -> float:
    """By how much a plan may miss its own level, so that rounding does not rule it out."""
    return 1e-9 * abs(value)


def without(program: Program, shut: Flags) -> Program:
    """A program in which these options, shape (m,), are closed."""
    upper = np.array(program.upper, dtype=np.float64)
    upper[: len(shut)][shut] = 0.0
    return replace(program, upper=upper)
