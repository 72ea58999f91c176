"""What alternatives are asked for: a loss and a difference as people write them, checked before any work."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from landfront.instances.faults import Fault, refuse, shown

Mode = Literal["best", "far"]
Unit = Literal["ha", "parcels"]


@dataclass(frozen=True)
class Wanted:
    """What plans are asked for: the loss and the difference as given, how many, and which."""

    loss: str | float
    differ: str
    plans: int = 5
    mode: Mode = "best"


def read_difference(text: str) -> tuple[float, Unit]:
    """A difference as people write it.

    >>> read_difference("500ha"), read_difference("20 parcels")
    ((500.0, 'ha'), (20.0, 'parcels'))

    Raises
    ------
    InputError
        If it is no positive number with ``ha`` or ``parcels`` behind it.
    """
    for unit in ("ha", "parcels"):
        head = str(text).strip().removesuffix(unit)
        if head != str(text).strip() and (amount := _number(head)) is not None and amount > 0:
            return amount, unit
    rule = f"is no positive number of ha or parcels, found {shown(text)}"
    refuse(Fault("alternatives", "differ", rule, "Write it as 500ha or 20parcels."))
    raise AssertionError


def read_loss(loss: str | float, value: float) -> float:
    """A loss in the criterion's unit: a share of a value where it ends in ``%``.

    >>> read_loss("2%", -50.0), read_loss("3", -50.0)
    (1.0, 3.0)

    Raises
    ------
    InputError
        If it is no number from 0.
    """
    text = str(loss).strip()
    amount = _number(text.removesuffix("%"))
    if amount is None or amount < 0:
        rule = f"is no share in % and no amount of 0 or more, found {shown(loss)}"
        refuse(Fault("alternatives", "loss", rule, "Write it as 1% or 500."))
    assert amount is not None
    return abs(value) * amount / 100 if text.endswith("%") else amount


def _number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if np.isfinite(value) else None


def wanted_faults(wanted: Wanted) -> list[Fault]:
    """A number of plans or a mode that is none."""
    faults = []
    if not isinstance(wanted.plans, int) or wanted.plans < 1:
        rule = f"must be 1 or more, found {shown(wanted.plans)}"
        faults.append(Fault("alternatives", "plans", rule, "Mend that value."))
    if wanted.mode not in ("best", "far"):
        rule = f"must be 'best' or 'far', found {shown(wanted.mode)}"
        faults.append(Fault("alternatives", "mode", rule, "Mend that value."))
    return faults
