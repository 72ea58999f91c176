"""What the page tells that must be solved for: safeguards, abatement costs, transfers; in bounded time."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from time import monotonic
from typing import Any

from landfront.instances.faults import InputError
from landfront.report.compensation import compensate
from landfront.report.infeasible import InfeasibleError
from landfront.report.mac import asked_of, find_mac
from landfront.report.page.content import shown_levels
from landfront.report.result import Result
from landfront.report.safeguards import find_safeguards
from landfront.report.search import EARLY_REASONS, NothingFoundError

PRICES = "0,25,50,75,100,125,150,200,300,400,500"
"""Carbon prices of the page's curve: enough to draw, and fewer than the command's own."""
SECONDS = 4.0
"""Seconds for the prices of safeguards, and as many for the curve, when nothing is said."""
TRANSFERS = 0.25
"""Share of the seconds for transfers of plans without a name; each takes a few hundredths of one."""
OFF = "not asked for"


def solved_of(result: Result, seconds: float) -> dict[str, Any]:
    """Prices of safeguards, the abatement cost curve, and transfers between regions.

    What is not known says why under ``missing``.

    Parameters
    ----------
    seconds
        For safeguards and curve, each; 0 leaves both out. Transfers of the named plans are always told, those
        of the others while a part of these seconds lasts.
    """
    return {
        "safeguards": _known(lambda: _safeguards(result, seconds)) if seconds else {"missing": OFF},
        "mac": _known(lambda: _mac(result, seconds)) if seconds else {"missing": OFF},
        "transfers": _transfers(result, seconds * TRANSFERS),
    }


def _known(work: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """What was found, or in words why nothing was."""
    try:
        return work()
    except InputError as error:
        return {"missing": "; ".join(map(str, error.faults))}
    except (InfeasibleError, NothingFoundError) as error:
        return {"missing": str(error)}


def _safeguards(result: Result, seconds: float) -> dict[str, Any]:
    study, first = result.formulation.study, result.front.criteria[0]
    sense = {"maximise" if study.criteria[first].sense == "max" else "minimise": first}
    found = find_safeguards(study, **sense, gap=study.front.gap, time_limit=seconds)
    early = any(price.plan is None or price.termination in EARLY_REASONS for price in found.prices)
    return {**found.to_json(), "early": early or not found.proven}


def _mac(result: Result, seconds: float) -> dict[str, Any]:
    study = result.formulation.study
    found = find_mac(study, asked_of(study, PRICES, time_limit=seconds))
    last = found.interventions()
    last = last[(last["price"] == found.steps[-1].price) & (last["carbon"] != 0)]
    return {
        "carbon": found.asked.carbon,
        "steps": found.to_frame().to_dict("records"),
        "technical": {"carbon": found.technical.carbon, "cost": found.technical.cost},
        "last": last.sort_values("carbon", ascending=False).to_dict("records"),
        "early": not found.complete,
    }


def _transfers(result: Result, seconds: float) -> dict[str, Any]:
    """The least transfers between regions in plans, the named first, at each plan's own shadow prices."""
    level = next(iter(shown_levels(result.formulation.landscape)), None)
    cost = cost_of(result)
    if level is None or cost is None:
        return {"missing": "one region" if level is None else "no cost"}
    named = dict.fromkeys(entry.point for entry in result.named)
    found: dict[int, dict[str, Any]] = {}
    deadline = monotonic() + seconds
    for point in (*named, *(other for other in range(len(result.front)) if other not in named)):
        if point not in named and monotonic() >= deadline:
            break
        found[point] = _known(partial(_transfer, result, point, level, cost))
    return {"level": level, "cost": cost, "points": found}


def _transfer(result: Result, point: int, level: str, cost: str) -> dict[str, Any]:
    found = compensate(result.plan(point), level, cost=cost, traded=result.front.criteria)
    return {
        "prices": {name: float(price[0]) for name, price in found.prices.items()},
        "regions": found.balances_frame().to_dict("records"),
        "transfers": found.transfers_frame().to_dict("records"),
        "moved": found.moved,
        "fund": float(found.fund.sum()),
    }


def cost_of(result: Result) -> str | None:
    """The criterion that is paid for: the first one of money that is to be least."""
    study = result.formulation.study
    return next(
        (
            name
            for name in result.formulation.sums
            if study.effect_of(name) in ("cost", "net_cost") and study.criteria[name].sense == "min"
        ),
        None,
    )
