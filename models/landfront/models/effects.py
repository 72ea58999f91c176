"""An effect: one number per option, as products of parcel and intervention numbers or as a column."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from landfront.models.menu import Menu

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Term:
    """A product: ``amount[parcel] * table[kind]``.

    Attributes
    ----------
    amount
        Per parcel, shape (n,).
    table
        Per kind, shape (K,); 0 for ``keep``.
    """

    amount: Floats
    table: Floats


@dataclass(frozen=True)
class Effect:
    """What each option changes against the baseline, in one unit.

    Attributes
    ----------
    name, unit
        Name and canonical unit.
    baseline
        Baseline total per parcel, shape (n,).
    terms
        The effect of an option is the sum of its terms' products ...
    column
        ... or, for effects read from a table, this number per option, shape (m,).
    """

    name: str
    unit: str
    baseline: Floats
    terms: tuple[Term, ...] = ()
    column: Floats | None = None

    @cached_property
    def entries(self) -> tuple[NDArray[np.int32], Floats]:
        """Options at which `column` is not 0 and its values there: found once for all rows of the effect."""
        column = np.zeros(0) if self.column is None else self.column
        options = np.flatnonzero(column != 0)
        return options.astype(np.int32), column[options]  # 32 bits as solvers want it, and half the memory

    def values(self, menu: Menu) -> Floats:
        """Effect of each option, shape (m,)."""
        if self.column is not None:
            return self.column
        values = np.zeros(len(menu))
        for term in self.terms:
            values += term.amount[menu.parcel] * term.table[menu.kind]
        return values
