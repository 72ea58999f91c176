"""Which front method takes a program, and why."""

from __future__ import annotations

from typing import Literal

from landfront.optimizer.fronts.boxes import boxes
from landfront.optimizer.fronts.sandwich import sandwich
from landfront.optimizer.fronts.search import Method
from landfront.optimizer.fronts.spread import spread
from landfront.optimizer.fronts.zones import all_zones
from landfront.optimizer.program import Program

METHODS: dict[str, Method] = {"sandwich": sandwich, "boxes": boxes, "zones": all_zones, "spread": spread}
"""Front methods by name; one file each."""


def choose_method(program: Program, name: str, points: int | Literal["all"]) -> tuple[Method, str]:
    """The method for a program, and why in words.

    Raises
    ------
    ValueError
        If the method is unknown or cannot take the program.
    """
    integers = bool(program.integer.any())
    if name not in ("auto", *METHODS):
        raise ValueError(f"unknown method {name!r}: use auto, {' or '.join(METHODS)}")
    if name == "sandwich" and integers:
        raise ValueError("the sandwich mixes neighbouring solutions, which integers do not allow: use boxes")
    if name == "spread" or (name == "auto" and len(program.senses) > 2 and points != "all"):
        return spread, "representative points, widest open zone first"
    if name == "zones" or len(program.senses) > 2:
        return all_zones, "search zones, most open first (three objectives or more)"
    if name == "boxes" or (name == "auto" and integers):
        why = "integers allow no mixes" if integers else "asked for"
        return boxes, f"boxes, widest first ({why})"
    return sandwich, "dual sandwich, largest gap first (no integers: neighbours mix)"
