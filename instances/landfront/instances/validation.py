"""Turns what pydantic finds wrong with study.toml into faults: one per key, in the words of the file."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from landfront.instances.faults import Fault, shown

WORDS = {
    "extra_forbidden": ("unknown key", "Remove it or mend its spelling."),
    "missing": ("missing", "Give it; docs/study.md says what it takes."),
    "string_pattern_mismatch": (
        "must be a name of letters a-z, digits and _, not starting with a digit",
        "Rename it; label and label_zh hold any text.",
    ),
    "finite_number": ("must be a finite number", "Give a number, or leave the key out."),
    "float_type": ("must be a number", "Give it without quotes."),
    "int_type": ("must be a whole number", "Give it without quotes."),
    "string_type": ("must be text", "Give it in quotes."),
    "string_too_short": ("is empty", "Give a text."),
}
FIX = "See docs/study.md for what this key takes."
LEAD = "Value error, "


def faults_of(table: str, data: dict[str, Any], errors: Iterable[Any]) -> list[Fault]:
    """One fault per key; the branches of a key that takes several kinds of value are told together."""
    found: dict[tuple[str, str], tuple[list[str], str]] = {}
    for entry in errors:
        place = _place(data, entry)
        told = entry["msg"].removeprefix(LEAD).replace("Input should be", "must be")
        rule, fix = WORDS.get(entry["type"], (told, FIX))
        rules, _ = found.setdefault((place, _shown(entry)), ([], fix))
        if rule not in rules:
            rules.append(rule)
    return [
        Fault(table, place, " or ".join(rules) + value, fix) for (place, value), (rules, fix) in found.items()
    ]


def _place(data: Any, entry: Any) -> str:
    """The dotted key as the file has it; an entry of a list goes by its name, else by its number from 1."""
    parts = []
    for part in entry["loc"]:
        absent = entry["type"] == "missing" and part == entry["loc"][-1]
        if isinstance(data, list) and isinstance(part, int):
            data = data[part]
            name = data.get("name") if isinstance(data, dict) else None
            parts.append(name if isinstance(name, str) else str(part + 1))
        elif absent or (isinstance(data, dict) and part in data):
            parts.append(str(part))
            data = None if absent else data[part]
        # Any other part is the name of a branch of a union, which is no key of the file.
    return ".".join(parts)


def _shown(entry: Any) -> str:
    value = entry.get("input")
    plain = not isinstance(value, dict) and entry["type"] not in ("extra_forbidden", "missing")
    return f", found {shown(value)}" if plain else ""
