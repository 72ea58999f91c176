"""The marginal abatement cost curve of a study: what is asked, the tables, the words, the files."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from math import inf, isfinite
from pathlib import Path
from time import monotonic
from typing import Any

import numpy as np
import pandas as pd

from landfront.instances.faults import Fault, refuse
from landfront.instances.study import Study
from landfront.models.formulate import Formulation, formulate
from landfront.models.kinds import AT
from landfront.optimizer.engine import Infeasible, SolverError
from landfront.report.folder import new_folder
from landfront.report.infeasible import explain
from landfront.report.mac_sweep import Rule, Step, Sweep, Target
from landfront.report.quantities import number, percent, quantity
from landfront.report.result import labels_in
from landfront.report.search import EARLY_REASONS, NothingFoundError

PRICES = "0:500:20"
MOST_PRICES = 1000
ALONE = 6
"""Prices at which interventions are looked at one by one, spread over the sweep."""
Stage = Callable[[str], None]


@dataclass(frozen=True)
class Asked:
    """What is asked for.

    Attributes
    ----------
    carbon, cost
        Criteria of the study.
    prices
        Rising, in the study's currency per t CO2e.
    money
        Whether limits on money hold in the sweep.
    gap, time_limit
        Relative gap of each plan, and seconds for all.
    """

    carbon: str
    cost: str
    prices: tuple[float, ...]
    money: bool = True
    gap: float = 1e-4
    time_limit: float | None = None


def asked_of(
    study: Study,
    prices: str | Sequence[float] | None = None,
    *,
    carbon: str | None = None,
    cost: str | None = None,
    money: bool = True,
    gap: float | None = None,
    time_limit: float | None = None,
) -> Asked:
    """What is asked, checked; the last criteria on carbon and the first on money where none is named.

    Raises
    ------
    InputError
        If prices are no rising numbers from 0 on, a criterion is unknown or has another unit or sense, or gap
        or time limit make no sense; every fault is listed.
    """
    faults: list[Fault] = []
    found = _prices(prices, faults)
    names = (
        _criterion(study, carbon, ("carbon",), "max", faults),
        _criterion(study, cost, ("cost", "net_cost"), "min", faults),
    )
    gap = study.front.gap if gap is None else gap
    if not 0 < gap < 1:
        faults.append(Fault("mac", "gap", f"must lie between 0 and 1, found {gap}", "Mend that value."))
    if time_limit is not None and not (time_limit > 0 and isfinite(time_limit)):
        faults.append(Fault("mac", "time_limit", "must be a positive number of seconds", "Mend that value."))
    refuse(*faults)
    return Asked(*names, prices=found, money=money, gap=gap, time_limit=time_limit)


def _criterion(
    study: Study, name: str | None, effects: tuple[str, ...], sense: str, faults: list[Fault]
) -> str:
    """The criterion that is named, else the one of the study that sums one of these effects."""
    known = {
        key: entry
        for key, entry in study.criteria.items()
        if study.effect_of(key) in effects and entry.sense == sense and entry.measure == "sum"
    }
    if name is not None and name in known:
        return name
    if name is None and known:
        # By the last milestone where there are several.
        return max(known, key=lambda key: (study.milestone_of(key), -list(known).index(key)))
    rule = f"has no criterion {name!r}" if name else "has no criterion"
    rule += f" with effect {' or '.join(effects)} and sense {sense!r}"
    faults.append(Fault("study.toml", "criteria", rule, f'Add {effects[0]} = {{ sense = "{sense}" }}.'))
    return ""


def _prices(asked: str | Sequence[float] | None, faults: list[Fault]) -> tuple[float, ...]:
    """Prices of ``first:last:step`` or of a list."""
    fix = 'Give "first:last:step" such as 0:500:20, or a list such as 10,50,100, rising from 0 on.'
    found: list[float] = []
    try:
        found = _numbers(PRICES if asked is None else asked)
    except ValueError as error:
        faults.append(Fault("mac", "prices", f"cannot be read ({error})", fix))
        return ()
    rising = all(a < b for a, b in pairwise(found))
    if not found or not rising or found[0] < 0 or not all(map(isfinite, found)):
        faults.append(Fault("mac", "prices", f"must rise from 0 on, found {asked!r}", fix))
    if len(found) > MOST_PRICES:
        faults.append(
            Fault("mac", "prices", f"are {len(found)}, more than {MOST_PRICES}", "Take larger steps.")
        )
    return tuple(found)


def _numbers(asked: str | Sequence[float]) -> list[float]:
    if not isinstance(asked, str):
        return [float(price) for price in asked]
    if ":" not in asked:
        return [float(part) for part in asked.split(",")]
    first, last, step = (float(part) for part in asked.split(":"))
    if not step > 0 or not isfinite(last - first):
        raise ValueError("the step must be above 0")
    if (last - first) / step > 10 * MOST_PRICES:
        raise ValueError("too many steps")
    return [first + step * k for k in range(int((last - first) / step + 1e-9) + 1)]


@dataclass(frozen=True)
class Mac:
    """The curve.

    Attributes
    ----------
    formulation, asked
        The study, and what was asked.
    steps
        One per price that was reached, rising.
    technical
        The most carbon, where cost and limits on money do not count.
    targets
        Least cost and marginal cost of amounts of carbon.
    alone
        Columns ``price, intervention, carbon``: what one intervention brings where it is the only one, and
        under ``(together)`` what all bring; relaxations.
    """

    formulation: Formulation
    asked: Asked
    steps: tuple[Step, ...]
    technical: Step
    targets: tuple[Target, ...]
    alone: pd.DataFrame

    @property
    def complete(self) -> bool:
        """Whether every price was reached and proven."""
        steps = (*self.steps, self.technical)
        return len(self.steps) == len(self.asked.prices) and not any(
            step.termination in EARLY_REASONS for step in steps
        )

    def to_frame(self) -> pd.DataFrame:
        """One row per price.

        ``price, carbon, cost, net_benefit, bound, gap, termination``; ``share`` of the technical potential;
        ``step_price``, cost per tonne of what this price adds to the one before.
        """
        frame = pd.DataFrame(
            {
                "price": [step.price for step in self.steps],
                "carbon": [step.carbon for step in self.steps],
                "cost": [step.cost for step in self.steps],
                "net_benefit": [step.price * step.carbon - step.cost for step in self.steps],
                "bound": [step.bound for step in self.steps],
                "gap": [step.gap for step in self.steps],
                "termination": [step.termination for step in self.steps],
            }
        )
        frame["share"] = frame["carbon"] / self.technical.carbon if self.technical.carbon else np.nan
        added = frame["carbon"].diff()
        some = added > 1e-9 * max(abs(self.technical.carbon), 1.0)
        frame["step_price"] = (frame["cost"].diff() / added.where(some)).astype(float)
        return frame

    def interventions(self) -> pd.DataFrame:
        """Carbon by price and intervention, whenever it starts: ``price, intervention, carbon``."""
        names = [name.split(AT)[0] for name in self.formulation.menu.interventions]
        rows = [
            (step.price, name, value)
            for step in (*self.steps, self.technical)
            for name, value in zip(names, step.by_kind.tolist(), strict=True)
        ]
        frame = pd.DataFrame(rows, columns=["price", "intervention", "carbon"])
        frame = frame.groupby(["price", "intervention"], sort=False)["carbon"].sum().reset_index()
        used = frame.groupby("intervention")["carbon"].transform(lambda part: (part != 0).any())
        return frame[used].reset_index(drop=True)

    def regions(self) -> pd.DataFrame:
        """Carbon by price and region of the outermost level: ``price, region, carbon``; may be empty."""
        names = self.formulation.landscape.region_names[:1]
        rows = [
            (step.price, name, value)
            for step in (*self.steps, self.technical)
            for name, value in zip(names[0] if names else (), step.by_region.tolist(), strict=False)
        ]
        return pd.DataFrame(rows, columns=["price", "region", "carbon"])

    def targets_frame(self) -> pd.DataFrame:
        """``carbon, cost, marginal_price``: the same curve by the multipliers of targets."""
        rows = [(target.carbon, target.cost, target.marginal) for target in self.targets]
        return pd.DataFrame(rows, columns=["carbon", "cost", "marginal_price"])

    @cached_property
    def interaction(self) -> pd.DataFrame:
        """``price, alone, together, interaction``: the sum of each alone, all together, and what is lost."""
        if self.alone.empty:
            return pd.DataFrame(columns=["price", "alone", "together", "interaction"])
        wide = self.alone.pivot_table(index="price", columns="intervention", values="carbon", sort=False)
        together = wide.pop(TOGETHER)
        total = wide.sum(axis=1)
        lost = together / total.where(total != 0) - 1.0
        frame = pd.DataFrame({"alone": total, "together": together, "interaction": lost})
        return frame.reset_index()

    def __str__(self) -> str:
        """Say it in words."""
        return "\n".join(_words(self))

    def write(self, folder: Path) -> None:
        """Write the tables, the text and the figure into a new folder.

        Raises
        ------
        InputError
            If the folder holds something, or cannot be written.
        """
        from landfront.report.canvas import save
        from landfront.report.mac_figure import mac_figure
        from landfront.report.style import Labels

        labels = Labels.of_system(self.formulation.study)
        tables = {
            "mac.csv": self.to_frame(),
            "mac_interventions.csv": self.interventions(),
            "mac_regions.csv": self.regions(),
            "mac_targets.csv": self.targets_frame(),
            "mac_alone.csv": self.alone,
            "mac_interaction.csv": self.interaction,
        }
        with new_folder(folder):
            for name, table in tables.items():
                if len(table):
                    table.to_csv(folder / name, index=False)
            (folder / "mac.txt").write_text(f"{self}\n", encoding="utf-8")
            save(mac_figure(self, labels), folder, "mac", labels)


TOGETHER = "(together)"


def find_mac(study: Study, asked: Asked, *, stage: Stage | None = None) -> Mac:
    """Compute the curve.

    Raises
    ------
    InputError
        If the study's tables are at fault.
    InfeasibleError
        If no plan meets every limit; it names those that clash.
    NothingFoundError
        If the time was over before there was a plan.
    """
    formulation = formulate(study)
    say = stage or (lambda text: None)
    deadline = inf if asked.time_limit is None else monotonic() + asked.time_limit
    rule, pair = Rule(asked.gap, deadline), (asked.carbon, asked.cost)
    try:
        say("searching for the technical potential")
        technical = Sweep(formulation, pair, money=False, rule=rule).at(inf)
        sweep = Sweep(formulation, pair, money=asked.money, rule=rule)
        steps = _steps(sweep, asked, say, deadline)
    except Infeasible as error:
        raise explain(formulation, error) from error
    except SolverError as error:
        raise NothingFoundError(f"The search ended before it found a plan ({error}).") from error
    say("searching for the least cost of amounts of carbon")
    targets = tuple(sweep.targets(steps[-1].carbon)) if steps[-1].carbon > 0 else ()
    say("searching with one intervention at a time")
    return Mac(formulation, asked, tuple(steps), technical, targets, _alone(sweep, steps, deadline))


def _steps(sweep: Sweep, asked: Asked, say: Stage, deadline: float) -> list[Step]:
    """The plans of rising prices, until the time is over; there is at least one."""
    found: list[Step] = []
    for place, price in enumerate(asked.prices, start=1):
        if found and monotonic() >= deadline:
            break
        say(f"searching at price {place} of {len(asked.prices)}")
        try:
            found.append(sweep.at(price))
        except SolverError:
            if not found:
                raise
            break
    return found


def _alone(sweep: Sweep, steps: Sequence[Step], deadline: float) -> pd.DataFrame:
    """Each intervention by itself at some of the prices above 0, and all of them together."""
    priced = [step for step in steps if step.price > 0]
    places = np.unique(np.linspace(0, len(priced) - 1, min(ALONE, len(priced))).round().astype(int))
    chosen = [priced[place] for place in places.tolist()]
    prices = [step.price for step in chosen]
    rows = [(step.price, TOGETHER, step.relaxed) for step in chosen]
    for name in sweep.formulation.menu.kinds.interventions[1:]:
        if monotonic() >= deadline:
            return pd.DataFrame(columns=["price", "intervention", "carbon"])
        rows += [(price, name, value) for price, value in zip(prices, sweep.alone(name, prices), strict=True)]
    return pd.DataFrame(rows, columns=["price", "intervention", "carbon"])


def _words(mac: Mac) -> list[str]:
    study, frame = mac.formulation.study, mac.to_frame()
    unit = f"{study.study.currency} per t CO2e"
    year = study.milestone_of(mac.asked.carbon)
    technical = mac.technical
    lines = [
        study.title,
        f"Marginal abatement cost: carbon by {year} at a price, in {unit}",
        "",
        f"Technical potential: {quantity(technical.carbon, 't CO2e')} "
        "(cost and limits on money do not count; it would cost "
        f"{quantity(technical.cost, study.study.currency)}).",
        "",
        f"{'price':>10} {'carbon':>16} {'share':>9} {'cost':>18} {'per added t':>12} {'gap':>14}",
        *(_line(row, study.study.currency) for row in frame.itertuples(index=False)),
    ]
    return [
        *lines,
        *_parts_words(mac),
        *_target_words(mac, unit),
        *_interaction_words(mac),
        *_notes(mac, year),
    ]


def _line(row: Any, currency: str) -> str:
    added = number(row.step_price) if isfinite(row.step_price) else "-"
    share = percent(row.share) if isfinite(row.share) else "-"
    return (
        f"{number(row.price):>10} {quantity(row.carbon, 't CO2e'):>16} {share:>9} "
        f"{quantity(row.cost, currency):>18} {added:>12} {percent(row.gap):>14}"
    )


def _parts_words(mac: Mac) -> list[str]:
    """What the highest price is spent on."""
    frame, words = mac.interventions(), labels_in(mac.formulation, "en")
    last = mac.steps[-1].price
    part = frame[(frame["price"] == last) & (frame["carbon"] != 0)].sort_values("carbon", ascending=False)
    lines = [
        f"  {words.get(name, name):<60} {quantity(carbon, 't CO2e')}"
        for name, carbon in zip(part["intervention"].tolist(), part["carbon"].tolist(), strict=True)
    ]
    return ["", f"Carbon by intervention at {number(last)}", *lines] if lines else []


def _target_words(mac: Mac, unit: str) -> list[str]:
    if not mac.targets:
        return []
    lines = [
        f"  {quantity(target.carbon, 't CO2e'):>16} {number(target.marginal):>12}" for target in mac.targets
    ]
    return ["", f"Marginal cost of amounts of carbon ({unit}; multipliers of the relaxation)", *lines]


def _interaction_words(mac: Mac) -> list[str]:
    frame = mac.interaction
    if frame.empty:
        return []
    lines = [
        f"{number(price):>10} {quantity(alone, 't CO2e'):>16} {quantity(together, 't CO2e'):>16} "
        f"{percent(lost) if isfinite(lost) else '-':>9}"
        for price, alone, together, lost in frame.to_numpy(dtype=np.float64).tolist()
    ]
    gone = mac.alone[mac.alone["carbon"].isna()]["intervention"].unique()
    note = [f"  Left out, since alone they cannot meet the limits: {', '.join(gone)}."] if len(gone) else []
    head = f"{'price':>10} {'each alone':>16} {'together':>16} {'change':>9}"
    return ["", "Interaction: each intervention alone, added up, against all together", head, *lines, *note]


def _notes(mac: Mac, year: int) -> list[str]:
    study = mac.formulation.study
    rate = study.study.discount_rate
    lines = [
        "This is a price sweep: each price is a problem of its own, proven within its gap, and between two",
        "prices nothing is said. Prices are paid for every t CO2e by "
        f"{year}, whenever it is taken up" + (f"; costs are discounted at {percent(rate)}." if rate else "."),
    ]
    if study.effect_of(mac.asked.cost) == "net_cost" and study.credits:
        lines.append(
            "The net cost has revenue of [[credits]] in it, so carbon that they credit is paid for twice."
        )
    if not mac.asked.money:
        lines.append("Limits on money do not hold in this sweep.")
    if not mac.complete:
        lines.append("It ended early: some prices are missing or not proven within the gap.")
    return ["", *lines]
