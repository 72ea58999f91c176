"""Writes TOML that the standard library reads back; the standard library itself only reads it."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from typing import Any

BARE = re.compile(r"[A-Za-z0-9_-]+")


def dumps(data: Mapping[str, Any]) -> str:
    """Text of nested mappings, lists, strings, numbers and booleans; entries that are None are left out.

    >>> print(dumps({"title": "a", "study": {"set": ["x", 1.5], "none": None}}), end="")
    title = "a"
    <BLANKLINE>
    [study]
    set = ["x", 1.5]
    """
    return "\n".join(_table(data, ())).lstrip("\n") + "\n"


def _table(data: Mapping[str, Any], path: tuple[str, ...]) -> list[str]:
    """Lines of one table: plain entries first, since a TOML header ends the table above it."""
    plain = {name: value for name, value in data.items() if value is not None and not _nested(value)}
    lines = [f"{_key(name)} = {_value(value)}" for name, value in plain.items()]
    for name, value in data.items():
        if isinstance(value, Mapping):
            inner = (*path, name)
            lines += ["", f"[{'.'.join(map(_key, inner))}]", *_table(value, inner)]
        elif _nested(value):
            inner = (*path, name)
            for entry in value:
                lines += ["", f"[[{'.'.join(map(_key, inner))}]]", *_table(entry, inner)]
    return lines


def _nested(value: Any) -> bool:
    """True for a table, and for a list of nothing but tables."""
    if isinstance(value, list | tuple):
        return len(value) > 0 and all(isinstance(entry, Mapping) for entry in value)
    return isinstance(value, Mapping)


def _key(name: str) -> str:
    return name if BARE.fullmatch(name) else _string(name)


def _string(text: str) -> str:
    # JSON's escapes are TOML's too, but for DEL, which JSON leaves bare and TOML forbids.
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007F")


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return _string(value)
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return _float(value)
    if isinstance(value, list | tuple):
        return f"[{', '.join(_value(entry) for entry in value if entry is not None)}]"
    if isinstance(value, Mapping):
        pairs = (f"{_key(name)} = {_value(entry)}" for name, entry in value.items() if entry is not None)
        return f"{{ {', '.join(pairs)} }}"
    raise TypeError(f"TOML has no {type(value).__name__}")


def _float(value: float) -> str:
    if math.isfinite(value):
        return repr(float(value))
    return "nan" if math.isnan(value) else ("inf" if value > 0 else "-inf")
