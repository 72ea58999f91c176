"""Units by name, Chinese ones too, and the conversion between them (tables/units.csv)."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from typing import overload

import numpy as np
from numpy.typing import NDArray

from landfront.instances.schema import by_key, rows, some

SLOPE_CLASS_BOUNDS = (2.0, 6.0, 15.0, 25.0)
"""Upper bounds in degrees of the land survey's slope classes 1 to 4; class 5 is steeper."""

SLOPE_CLASS_MIDDLE = (1.0, 4.0, 10.5, 20.0, 30.0)
"""Degrees that stand for slope classes 1 to 5: the middle of each, and 30 for the open one."""


class UnitError(ValueError):
    """A unit that is not known, or that does not measure what is asked for."""


@dataclass(frozen=True)
class Unit:
    """A unit: what it measures (dimensions above and below the line) and its size in base units."""

    above: str
    below: tuple[str, ...]
    factor: float


def unit(name: str) -> Unit:
    """Look a unit up; ``/`` divides, as in ``kg/mu`` or ``CNY/ha/yr``. Capitals matter (Mt is not mt).

    Examples
    --------
    >>> unit("公斤/亩").below
    ('area',)

    Raises
    ------
    UnitError
        If a part of it is not in ``tables/units.csv``.
    """
    found = _find(name)
    if found is None:
        raise UnitError(f"unknown unit {name!r}; known are {some(known(), 100)}")
    return found


@overload
def convert(values: float, unit: str, to: str) -> float: ...
@overload
def convert(values: NDArray[np.floating], unit: str, to: str) -> NDArray[np.float64]: ...
def convert(values: float | NDArray[np.floating], unit: str, to: str) -> float | NDArray[np.float64]:
    """Convert values between units of the same kind.

    Slopes convert between ``deg``, rise over run (``%``, ``share``) and, from it, the survey's ``class``.

    Parameters
    ----------
    values
        A number or an array of numbers.
    unit, to
        Names of units.

    Examples
    --------
    >>> round(convert(400.0, "kg/mu", "t/ha"), 6)
    6.0

    Raises
    ------
    UnitError
        If a unit is unknown or the two measure different things.
    """
    array = np.asarray(values, dtype=np.float64)
    result = _converted(array, unit, to)
    return result if isinstance(values, np.ndarray) else float(result)


def same_kind(unit: str, to: str) -> bool:
    """Tell whether `convert` between two units works."""
    try:
        _converted(np.ones(1), unit, to)
    except UnitError:
        return False
    return True


def known(dimension: str = "") -> tuple[str, ...]:
    """Names of the known units, all or those of one dimension such as ``area``."""
    return tuple(row["unit"] for row in rows("units") if not dimension or row["dimension"] == dimension)


def _converted(array: NDArray[np.float64], name: str, to: str) -> NDArray[np.float64]:
    source, target = _find(name), unit(to)
    if source is None:
        raise UnitError(f"unknown unit {name!r}; {_instead(target)}")
    kinds = (source.above, source.below), (target.above, target.below)
    if kinds[0] == kinds[1]:
        return array * (source.factor / target.factor)
    if kinds == (("share", ()), ("slope", ())):
        return np.degrees(np.arctan(array * source.factor))
    if kinds == (("slope", ()), ("share", ())):
        return np.asarray(np.tan(np.radians(array)) / target.factor)
    if kinds == (("slope class", ()), ("slope", ())):
        return _class_middle(array)
    if kinds == (("slope", ()), ("slope class", ())):
        return np.searchsorted(SLOPE_CLASS_BOUNDS, array).astype(np.float64) + 1.0
    raise UnitError(f"{name!r} does not measure the same as {to!r}; {_instead(target)}")


def _class_middle(classes: NDArray[np.float64]) -> NDArray[np.float64]:
    index = np.clip(np.nan_to_num(classes, nan=0.0), 0, 6).astype(np.int64)
    middle = np.array((np.nan, *SLOPE_CLASS_MIDDLE, np.nan))
    return np.asarray(np.where(index == classes, middle[index], np.nan))


def _instead(target: Unit) -> str:
    parts = [some(known(dimension), 20) for dimension in (target.above, *target.below)]
    return f"give one of {', divided by one of '.join(parts)}"


def _find(name: str) -> Unit | None:
    text = _plain(name)
    if text in _simple():
        return _simple()[text]
    parts = [_simple().get(part) for part in text.split("/")]
    first, *rest = parts
    if first is None or not rest:
        return None
    factor, below = first.factor, []
    for part in rest:
        if part is None:
            return None
        factor /= part.factor
        below.append(part.above)
    return Unit(first.above, tuple(sorted(below)), factor)


def _plain(name: str) -> str:
    """Drop blanks and full-width or raised forms, which mean nothing here."""
    return "".join(unicodedata.normalize("NFKC", name).replace("·", "").split())


@cache
def _simple() -> dict[str, Unit]:
    found: dict[str, Unit] = {}
    for name, row in by_key("units").items():
        entry = Unit(row["dimension"], (), _number(row["factor"]))
        for spelling in (name, *filter(None, row["aliases"].split("|"))):
            found[_plain(spelling)] = entry
    return found


def _number(text: str) -> float:
    top, _, bottom = text.partition("/")
    return float(Fraction(top) / Fraction(bottom or "1"))
