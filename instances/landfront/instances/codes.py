"""Land-cover codes: what TD/T 1055 codes mean, and how codes as written are read."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache

from landfront.instances.schema import by_key

CLASS = "class:"
"""Before a land class in the name of an effect: ``class:forest`` is the area of forest."""
WETLAND = "wetland"
SUFFIXES = "KA"
"""K: adjustable back to cropland. A: a subdivision of the land survey."""


def listed() -> tuple[str, ...]:
    """All codes of ``tables/land_codes.csv``."""
    return tuple(by_key("land_codes"))


def read_code(text: str, code_system: str) -> str | None:
    """Return the listed code for a code as written, or None if it is unknown.

    A suffixed code that is not listed reads as the code without its suffix.

    Examples
    --------
    >>> read_code("0307K", "TD/T 1055"), read_code("0103K", "TD/T 1055"), read_code("Dry cropland", "plain")
    ('0307K', '0103', '0103')
    """
    text = text.strip()
    if code_system == "plain":
        row = by_key("plain_covers").get(re.sub(r"[\s-]+", "_", text.lower()))
        return row["code"] if row else None
    text = text.upper()
    for code in (text, text.rstrip(SUFFIXES)):
        if code in by_key("land_codes"):
            return code
    return None


def with_suffixes(codes: Iterable[str]) -> frozenset[str]:
    """Codes and those listed codes that read as one of them for rules (0307 admits 0307K too)."""
    asked = frozenset(codes)
    return asked | {code for code in listed() if code.rstrip(SUFFIXES) in asked}


def is_cropland(code: str) -> bool:
    """Tell whether a listed code is cropland."""
    return by_key("land_codes")[code]["is_cropland"] == "1"


def is_wetland(code: str) -> bool:
    """Tell whether a listed code counts as wetland in the land survey."""
    return by_key("land_codes")[code]["is_wetland"] == "1"


@cache
def classes() -> tuple[str, ...]:
    """Land classes, in the order of the codes."""
    return tuple(dict.fromkeys(row["class"] for row in by_key("land_codes").values()))


def class_of(code: str) -> str:
    """Return the land class of a listed code, such as forest."""
    return by_key("land_codes")[code]["class"]


def in_class(code: str, name: str) -> bool:
    """Tell whether a listed code counts in a class; wetland is what the land survey counts as wetland.

    Examples
    --------
    >>> in_class("0303", "forest"), in_class("0303", "wetland"), in_class("0301", "wetland")
    (True, True, False)
    """
    return is_wetland(code) if name == WETLAND else class_of(code) == name


def intactness(code: str) -> float:
    """Return the default intactness (mean species abundance, 0-1) of land with a listed code."""
    return float(by_key("land_codes")[code]["intactness"])


@cache
def advice(code_system: str) -> str:
    """Say what codes are expected under a code system, for messages."""
    if code_system == "plain":
        return f"Give one of {', '.join(by_key('plain_covers'))}, or name the code system that is meant."
    return (
        "Give four-digit TD/T 1055 codes as text, such as 0103 (tables/land_codes.csv); "
        "codes of another standard must be translated first, none is guessed."
    )
