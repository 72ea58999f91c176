"""Requests about parcels, what they cost in numbers and words, and the log in which they are kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from landfront.instances.faults import Fault, InputError, refuse
from landfront.models.plan import Plan
from landfront.optimizer.show import table
from landfront.report.quantities import quantity
from landfront.report.search import EARLY_REASONS

OPEN = "open"


@dataclass(frozen=True)
class ParcelRequest:
    """Somebody's request about one parcel.

    Attributes
    ----------
    parcel
        Id of the parcel.
    action
        ``lock``: it gets `intervention`; ``reject``: it does not.
    intervention
        An intervention, ``keep`` included; empty in a rejection of all but ``keep``.
    """

    parcel: str
    action: str
    intervention: str = ""

    def __str__(self) -> str:
        """Say it in words."""
        if self.action == "lock":
            return f"{self.parcel} gets {self.intervention}"
        return f"{self.parcel} does not get {self.intervention or 'any intervention'}"


@dataclass(frozen=True)
class Answer:
    """What a request costs.

    Attributes
    ----------
    requests
        One request, or all of them together.
    at_once
        Least loss of the criterion that prices prove.
    least, most
        Proven interval of the loss after solving again; infinite where no plan can grant it, nan for `most`
        where it was not solved again.
    plan
        The best plan that grants it, or None.
    changed
        Land that differs from the plan before, in ha; nan without a plan.
    termination
        How the search ended; ``prices only`` without one.
    """

    requests: tuple[ParcelRequest, ...]
    at_once: float
    least: float
    most: float
    plan: Plan | None
    changed: float
    termination: str


@dataclass(frozen=True)
class RequestCosts:
    """The costs of requests, each alone and all together.

    Attributes
    ----------
    criterion, kept
        What is lost, and the criteria in which no plan is worse than the one before.
    plan
        The plan before.
    answers
        One per request.
    together
        All of them; the same as the answer where there is one request.
    """

    criterion: str
    kept: tuple[str, ...]
    plan: Plan
    answers: tuple[Answer, ...]
    together: Answer

    @property
    def unit(self) -> str:
        """Unit of the costs."""
        return self.plan.formulation.units[self.criterion]

    @property
    def early(self) -> bool:
        """Whether a search ended before its gap was reached."""
        return any(answer.termination in EARLY_REASONS for answer in (*self.answers, self.together))

    def to_frame(self, *, who: str = "", reason: str = "", answer: str = OPEN) -> pd.DataFrame:
        """The log: one row per request.

        ``when, who, parcel, action, intervention, reason, criterion, unit, cost_at_once, cost_least,
        cost_most, changed_ha, ended, answer``.
        """
        now = datetime.now(UTC).isoformat(timespec="seconds")
        rows = [
            {
                "when": now, "who": who, "parcel": found.requests[0].parcel,
                "action": found.requests[0].action, "intervention": found.requests[0].intervention,
                "reason": reason, "criterion": self.criterion, "unit": self.unit,
                "cost_at_once": found.at_once, "cost_least": found.least, "cost_most": found.most,
                "changed_ha": found.changed, "ended": found.termination, "answer": answer,
            }
            for found in self.answers
        ]  # fmt: skip
        return pd.DataFrame(rows, columns=list(LOG))

    def to_json(self) -> dict[str, Any]:
        """The costs as plain values."""
        return {
            "criterion": self.criterion,
            "unit": self.unit,
            "kept": list(self.kept),
            "requests": [_json(found) for found in self.answers],
            "together": _json(self.together),
        }

    def __str__(self) -> str:
        """Say it in words."""
        kept = f", with {', '.join(self.kept)} no worse than in the plan" if self.kept else ""
        head = f"What requests cost in {self.criterion}{kept}"
        rows = [self._row(str(found.requests[0]), found) for found in self.answers]
        if len(self.answers) > 1:
            rows.append(self._row("all together", self.together))
        title = self.plan.formulation.study.title
        columns = ("request", "at least, at once", "solved again", "changed ha", "ended")
        return "\n".join([title, head, table(columns, rows)])

    def _row(self, name: str, found: Answer) -> list[str]:
        if np.isinf(found.least):
            return [name, "", "no plan meets the limits with it", "-", found.termination]
        solved = "-"
        if np.isfinite(found.most):
            low, high = quantity(found.least, self.unit), quantity(found.most, self.unit)
            solved = low if low == high else f"{low} to {high}"
        changed = "-" if np.isnan(found.changed) else f"{found.changed:,.6g}"
        return [name, quantity(found.at_once, self.unit), solved, changed, found.termination]


LOG = (
    "when", "who", "parcel", "action", "intervention", "reason", "criterion", "unit", "cost_at_once",
    "cost_least", "cost_most", "changed_ha", "ended", "answer",
)  # fmt: skip


def _json(found: Answer) -> dict[str, Any]:
    return {
        "requests": [vars(entry) for entry in found.requests], "cost_at_once": found.at_once,
        "cost_least": found.least, "cost_most": found.most, "changed_ha": found.changed,
        "possible": bool(np.isfinite(found.least)), "ended": found.termination,
    }  # fmt: skip


def read_requests(lock: Sequence[str] = (), reject: Sequence[str] = ()) -> tuple[ParcelRequest, ...]:
    """Requests from ``PARCEL=INTERVENTION`` (lock) and ``PARCEL`` or ``PARCEL=INTERVENTION`` (reject).

    Raises
    ------
    InputError
        If one has another form, or there is none.
    """
    found, faults = [], []
    for action, texts in (("lock", lock), ("reject", reject)):
        for text in texts:
            parcel, mark, intervention = text.rpartition("=") if "=" in text else (text, "", "")
            if (
                not parcel.strip()
                or bool(mark) != bool(intervention.strip())
                or (action == "lock" and not mark)
            ):
                form = "PARCEL=INTERVENTION" if action == "lock" else "PARCEL or PARCEL=INTERVENTION"
                faults.append(Fault("request", action, f"{text!r} is no request", f"Write it as {form}."))
            found.append(ParcelRequest(parcel.strip(), action, intervention.strip()))
    if not found:
        faults.append(Fault("request", "lock, reject", "nothing is asked for", "Name a parcel."))
    refuse(*faults)
    return tuple(dict.fromkeys(found))


def add_to_log(frame: pd.DataFrame, path: Path) -> None:
    """Add rows to a log of requests, whole or not at all; a log that is not there is begun.

    Raises
    ------
    InputError
        If the file is no such log, or cannot be written.
    """
    check_log(path)
    known = pd.read_csv(path, dtype="str", keep_default_na=False) if path.exists() else None
    rows = frame.astype(object).where(frame.notna(), "")
    joined = rows if known is None else pd.concat([known.astype(object), rows])
    partial = path.with_name(f".{path.name}.partial")
    try:
        joined.to_csv(partial, index=False)
        partial.replace(path)
    except OSError as error:
        partial.unlink(missing_ok=True)
        rule = f"cannot be written ({error.strerror})"
        raise InputError([Fault(str(path), "", rule, "Name another file.")]) from error


def check_log(path: Path) -> None:
    """Refuse a file that is no log of requests, before any work is done.

    Raises
    ------
    InputError
        If it is no .csv, its folder is missing, or it has other columns than a log.
    """
    if path.suffix.lower() != ".csv":
        refuse(Fault(str(path), "", f"{path.suffix or 'no suffix'!r} is not a log's kind", "Use .csv."))
    if not path.absolute().parent.is_dir():
        refuse(Fault(str(path), "", "its folder is missing", "Make the folder first."))
    if path.exists():
        try:
            columns = list(pd.read_csv(path, nrows=0).columns)
        except (OSError, ValueError) as error:
            raise InputError(
                [Fault(str(path), "", f"cannot be read ({error})", "Name another file.")]
            ) from error
        if columns != list(LOG):
            refuse(Fault(str(path), "", "is no log of requests: its columns differ", "Name another file."))
