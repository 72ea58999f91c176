r"""Land classes: the area of forest, grassland, built land and so on after the plan, in ha.

Formula, for an option (p, i) and a class c, effect ``class:c``:

    class:c(p, i) = a_p * (1 - in_c(now_p)) * joins_c(i) - a_p * in_c(now_p) * leaves_c(i)
    baseline(p)   = a_p * in_c(now_p)

| symbol | meaning | unit |
|---|---|---|
| a_p | area of the parcel | ha |
| now_p | land code of the parcel (``parcels.cover``) | |
| in_c | 1 for codes of the class, else 0 (``tables/land_codes.csv``); wetland is what the survey counts | 1 |
| joins_c, leaves_c | 1 where i has begun and its ``code_after`` is in c, or given and not in c; else 0 | 1 |

An intervention without ``code_after`` is management: land stays what it is. Classes overlap in wetland only:
a mangrove is forest and wetland.

>>> moves("forest", ("", "0301", "0404")).tolist()
[[0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache, partial

import numpy as np
from numpy.typing import NDArray

from landfront.instances import codes
from landfront.instances.codes import CLASS
from landfront.instances.faults import Fault, InputError
from landfront.models.component import Component, Inputs
from landfront.models.effects import Term
from landfront.models.kinds import once

Floats = NDArray[np.float64]


def is_class(effect: str) -> bool:
    """Whether an effect is the area of a land class.

    >>> is_class("class:forest"), is_class("class:moon"), is_class("forest")
    (True, False, False)
    """
    return effect.startswith(CLASS) and effect.removeprefix(CLASS) in codes.classes()


@cache
def class_component(effect: str) -> Component:
    """The component of a land class."""
    name = effect.removeprefix(CLASS)
    return Component(effect, "ha", partial(_now, name), partial(_terms, name), merge=once)


def moves(name: str, codes_after: Sequence[str]) -> Floats:
    """Interventions after which land is in a class, and those after which it is not, shape (2, K)."""
    joins = [bool(code) and codes.in_class(code, name) for code in codes_after]
    leaves = [bool(code) and not codes.in_class(code, name) for code in codes_after]
    return np.array([joins, leaves], dtype=np.float64)


def _now(name: str, inputs: Inputs) -> Floats:
    """Area that is in the class today, shape (n,)."""
    landscape = inputs.landscape
    if not landscape.cover_codes:
        fix = f"Name the land-cover column under parcels.cover, or drop {CLASS}{name}."
        raise InputError([Fault("study.toml", "parcels.cover", f"missing, but {CLASS}{name} needs it", fix)])
    held = np.array([*(codes.in_class(code, name) for code in landscape.cover_codes), False])
    return np.where(held[landscape.cover], landscape.area, 0.0)  # -1, no cover, is the last


def _terms(name: str, inputs: Inputs, year: int) -> tuple[Term, ...]:
    now, base = _now(name, inputs), inputs.menu.kinds.base
    after = [*inputs.catalogue.codes_after]
    after += [""] * (int(base.max()) + 1 - len(after))
    joins, leaves = moves(name, after)[:, base] * inputs.begun(year)
    return (Term(-now, leaves), Term(inputs.landscape.area - now, joins))
