"""Which front method takes a program, and why."""

from __future__ import annotations

from typing import Literal

from landfront.optimizer.fronts.boxes import boxes
from landfront.optimizer.fronts.facets import all_facets
from landfront.optimizer.fronts.sandwich import sandwich
from landfront.optimizer.fronts.search import Method
from landfront.optimizer.fronts.segments import segments
from landfront.optimizer.fronts.spread import spread
from landfront.optimizer.fronts.zones import all_zones
from landfront.optimizer.program import Program

METHODS: dict[str, Method] = {
    "sandwich": sandwich,
    "boxes": boxes,
    "segments": segments,
    "facets": all_facets,
    "zones": all_zones,
    "spread": spread,
}
"""Front methods by name; one file each."""


def choose_method(program: Program, name: str, points: int | Literal["all"]) -> tuple[Method, str]:
    """The method for a program, and why in words.

    Raises
    ------
    ValueError
        If the method is unknown or cannot take the program.
    """
    if name not in ("auto", *METHODS):
        raise ValueError(f"unknown method {name!r}: use auto, {', '.join(METHODS)}")
    best, why = _best(program, points)
    if name in ("auto", best):
        return METHODS[best], f"{best}: {why}"
    words = _unfit(program, name)
    if words:
        raise ValueError(f"method {name!r} {words}: use {best}")
    return METHODS[name], f"{name}: asked for, where auto would take {best}"


def _best(program: Program, points: int | Literal["all"]) -> tuple[str, str]:
    integers, two = bool(program.integer.any()), len(program.senses) == 2
    if two and not integers:
        return "sandwich", "two objectives, no integers: neighbours mix, and the largest gap comes first"
    if two and _trades_between_wholes(program):
        if points == "all":
            return "segments", "two objectives, whole and continuous columns in both: the front has segments"
        return (
            "boxes",
            "so many points of two objectives with integers: each one proven, the widest box first",
        )
    if two:
        return "boxes", "two objectives with integers, which allow no mixes: the widest open box comes first"
    if not integers:
        return "facets", "three objectives or more, no integers: the facet with the largest gap comes first"
    if points == "all":
        return "zones", "three objectives or more with integers: every zone is searched until it is empty"
    return (
        "spread",
        "so many points of three objectives or more with integers: the widest open zone comes first",
    )


def _trades_between_wholes(program: Program) -> bool:
    """Whether objectives can be traded while all whole numbers stay: both have a continuous column.

    Where one has none, it is the same for all solutions with the same whole numbers, which then give a point.
    """
    moving = ~program.integer & (program.lower < program.upper)
    if not program.integer.any() or not moving.any():
        return False
    return all(program.coefficients(i)[moving].any() for i in range(len(program.senses)))


def _unfit(program: Program, name: str) -> str:
    """Why a method cannot take a program; empty when it can."""
    integers, two = bool(program.integer.any()), len(program.senses) == 2
    if name in ("sandwich", "facets") and integers:
        return "mixes neighbouring solutions, which integers do not allow"
    if name in ("sandwich", "boxes", "segments") and not two:
        return "takes two objectives"
    if name in ("facets", "zones", "spread") and two:
        return "takes three objectives or more"
    if name in ("zones", "spread") and not integers:
        return "returns points alone, and without integers their mixes are solutions too"
    if name == "segments" and not _trades_between_wholes(program):
        return "needs whole columns, and continuous ones in both objectives"
    return ""
