"""What a cascade is asked for, and what can be wrong with it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from landfront.instances.faults import Fault, refuse
from landfront.instances.schema import near
from landfront.models.formulate import Formulation
from landfront.optimizer.front import Point
from landfront.report.quantities import quantity
from landfront.report.regional_program import Setting

BASES = ("attainable", "area", "weights")


@dataclass(frozen=True)
class Asked:
    """What a cascade is asked for.

    Attributes
    ----------
    criterion, minimise
        The criterion whose target is split; the one that is minimised.
    target
        A total or change in the criterion's unit, or a share of the attainable one, such as ``"50%"``.
    levels
        Region levels, outermost first.
    of
        ``"total"`` or ``"change"``: what the target is a number of.
    pro_rata, burden
        Weights of the pro-rata split, and reference of burdens: ``"attainable"``, ``"area"`` or
        ``"weights"``.
    weights
        By name of the innermost regions, or a table; outer regions sum them.
    relaxed
        Shares of parcels, whatever the study says.
    prices
        Of the supply curves, in units of `minimise` per unit of `criterion`; chosen where none are given.
    gap, time_limit
        Of each program.
    """

    criterion: str
    target: float | str
    levels: tuple[str, ...]
    minimise: str = "cost"
    of: str = "total"
    pro_rata: str = "attainable"
    burden: str = "attainable"
    weights: Mapping[str, float] | str | Path | None = None
    relaxed: bool = False
    prices: tuple[float, ...] = ()
    gap: float = 1e-4
    time_limit: float | None = None


def gain_asked(asked: Asked, setting: Setting, best: Point) -> float:
    """The target as a gain.

    Raises
    ------
    InputError
        If it is reached already or beyond what is attainable.
    """
    place = setting.index(asked.criterion)
    base = float(setting.program.offsets[place])
    share = target_share(asked.target)
    whole = float(best.values[place])
    if share is not None:
        change = share * (whole - base) if asked.of == "change" else share * whole - base
    else:
        change = float(asked.target) - (base if asked.of == "total" else 0.0)
    gain, most = setting.sign * change, setting.sign * (float(best.bound) - base)
    unit = setting.formulation.effects[asked.criterion].unit
    said = quantity(change + (base if asked.of == "total" else 0.0), unit)
    if gain <= 0:
        rule = f"{said} is what today's land gives without any plan (a {asked.of} of {asked.criterion})"
        refuse(Fault("cascade", "target", rule, "Ask for more."))
    if gain > most + 1e-9 * max(abs(most), abs(base)):
        best_said = quantity(float(best.bound) - (base if asked.of == "change" else 0.0), unit)
        rule = f"{said} is beyond what is attainable under the study's limits, {best_said}"
        refuse(Fault("cascade", "target", rule, "Ask for less, or loosen a limit."))
    return gain


def target_share(target: float | str) -> float | None:
    """The share that a target is, None for an amount.

    >>> target_share("50%"), target_share("1e6"), target_share(3.0)
    (0.5, None, None)
    """
    if isinstance(target, str) and target.strip().endswith("%"):
        return float(target.strip()[:-1]) / 100
    return None


def asked_faults(formulation: Formulation, asked: Asked) -> list[Fault]:
    """Everything that is wrong with what is asked, but for levels and weights."""
    return [
        *_linking_faults(formulation),
        *_criterion_faults(formulation, asked),
        *_target_faults(formulation, asked),
        *_choice_faults(asked),
        *_number_faults(asked),
    ]


def _linking_faults(formulation: Formulation) -> list[Fault]:
    """Criteria that are no sums, and funds: their columns have no part in a region."""
    said = [f"criteria.{name}" for name in formulation.measures]
    said += ["funds"] if formulation.payments is not None else []
    around = [limit.name for limit in formulation.study.limits if limit.around is not None]
    said += [f"limits.{name}.around" for name in around]
    fix = "Leave it out for the cascade."
    return [Fault("study.toml", key, "is no sum over parcels, which a cascade splits", fix) for key in said]


def _criterion_faults(formulation: Formulation, asked: Asked) -> list[Fault]:
    criteria = formulation.study.criteria
    known = f"Choose among: {', '.join(criteria)}."
    faults = [
        Fault(
            "study.toml", "criteria", f"has no criterion {name!r}", f"{near(name, criteria)} {known}".strip()
        )
        for name in (asked.criterion, asked.minimise)
        if name not in criteria
    ]
    if faults:
        return faults
    if criteria[asked.minimise].sense != "min":
        rule = f"{asked.minimise!r} is to be maximised (sense = 'max'), so it is no cost"
        faults.append(Fault("cascade", "minimise", rule, "Name a criterion with sense 'min'."))
    elif asked.criterion == asked.minimise:
        faults.append(Fault("cascade", "minimise", "is the criterion of the target", "Name another one."))
    return faults


def _target_faults(formulation: Formulation, asked: Asked) -> list[Fault]:
    fix = "Give a number, or a share of what is attainable such as 50%."
    try:
        share = target_share(asked.target)
        number = float(asked.target) if share is None else share
    except (TypeError, ValueError):
        return [Fault("cascade", "target", f"{asked.target!r} is no number", fix)]
    if not np.isfinite(number):
        return [Fault("cascade", "target", f"{asked.target!r} is not finite", fix)]
    if share is not None and not 0 < share <= 1:
        return [Fault("cascade", "target", f"{asked.target!r} is no share from 0 to 100 %, 0 excluded", fix)]
    entry = formulation.study.criteria.get(asked.criterion)
    if share is not None and asked.of == "total" and entry is not None and entry.sense == "min":
        rule = f"a share of the least total of {asked.criterion} is less than can be"
        return [Fault("cascade", "target", rule, 'Say of = "change".')]
    return []


def _choice_faults(asked: Asked) -> list[Fault]:
    faults = []
    choices = (("of", ("total", "change")), ("pro_rata", BASES), ("burden", BASES))
    for name, allowed in choices:
        value = getattr(asked, name)
        if value not in allowed:
            faults.append(Fault("cascade", name, f"{value!r} is unknown", f"Use {', '.join(allowed)}."))
    wanted = "weights" in (asked.pro_rata, asked.burden)
    if wanted and asked.weights is None:
        faults.append(Fault("cascade", "weights", "are missing, but asked for", "Give a table of them."))
    if asked.weights is not None and not wanted:
        fix = 'Say pro_rata = "weights" or burden = "weights".'
        faults.append(Fault("cascade", "weights", "are given, but used for nothing", fix))
    return faults


def _number_faults(asked: Asked) -> list[Fault]:
    faults = []
    if not 0 < asked.gap < 1:
        faults.append(Fault("cascade", "gap", f"{asked.gap!r} is not between 0 and 1", "Mend that value."))
    if asked.time_limit is not None and not (asked.time_limit > 0 and np.isfinite(asked.time_limit)):
        rule = f"{asked.time_limit!r} is no positive number of seconds"
        faults.append(Fault("cascade", "time_limit", rule, "Mend that value."))
    wrong = [price for price in asked.prices if not (np.isfinite(price) and price >= 0)]
    if wrong:
        rule = f"{wrong[0]!r} is negative or no number"
        faults.append(Fault("cascade", "prices", rule, "Give prices of 0 or more."))
    return faults
