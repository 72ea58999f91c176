"""Faults of input: collected, shown together, each with its place, its value, its rule and what to do."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

SHOWN_ROWS = 5
SHOWN_CHARACTERS = 80


def shown(value: object) -> str:
    """A value as it is written in a message, cut short where it is long.

    >>> shown("a"), len(shown("9" * 5000))
    ("'a'", 80)
    """
    text = repr(value)
    return text if len(text) <= SHOWN_CHARACTERS else f"{text[: SHOWN_CHARACTERS - 4]} ..."


@dataclass(frozen=True)
class Fault:
    """One thing wrong with the input.

    Attributes
    ----------
    table
        File (and layer) that holds it, such as ``parcels.csv``.
    column
        Column, or dotted key of ``study.toml``; empty when the file itself is at fault.
    rule
        What is wrong, in a few words.
    fix
        What would be right, or what to do.
    count
        How many rows break the rule; 0 when it is not about rows.
    rows
        Up to five (row number or parcel id, value) pairs.
    """

    table: str
    column: str
    rule: str
    fix: str
    count: int = 0
    rows: tuple[tuple[object, object], ...] = ()

    def __str__(self) -> str:
        place = f"{self.table}: {self.column}" if self.column else self.table
        text = f"{place}: {self.rule}"
        if self.count:
            listed = ", ".join(f"row {row}: {shown(value)}" for row, value in self.rows[:SHOWN_ROWS])
            more = f", and {self.count - len(self.rows)} more" if self.count > len(self.rows) else ""
            text += f" ({self.count} row{'s' if self.count > 1 else ''}: {listed}{more})"
        return f"{text}. {self.fix}"


class InputError(Exception):
    """Bad input; carries every fault that was found."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults: Sequence[Fault] = tuple(faults)
        count = len(self.faults)
        head = "1 fault in the input" if count == 1 else f"{count} faults in the input"
        super().__init__("\n".join([f"{head}:", *(f"  - {fault}" for fault in self.faults)]))


def refuse(*faults: Fault) -> None:
    """Raise `InputError` if any fault is given."""
    if faults:
        raise InputError(faults)
