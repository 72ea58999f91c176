"""Parts of a program for an integer search over few columns, in a model of their own."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp

from landfront.optimizer.engine import Part
from landfront.optimizer.program import Floats, Ints, Program
from landfront.optimizer.session import Model
from landfront.optimizer.structured.exact import Core
from landfront.optimizer.structured.passes import Passes
from landfront.optimizer.structured.scalar import Scalar


@dataclass(frozen=True, kw_only=True)
class Near(Part):
    """A part of few columns, with what the others use.

    Attributes
    ----------
    columns
        The free columns in the program: whole choices of some groups, then the loose ones.
    group
        Group of each grouped one, sorted.
    change
        Coefficients of the free columns in all rows, shape (k, columns).
    used
        What the columns that are not free use of the rows, shape (k,).
    """

    columns: Ints
    group: Ints
    change: sp.csc_array
    used: Floats

    def model(self, program: Program, scalar: Scalar) -> Model:
        """The free columns' integer program, what the others use moved over."""
        first = np.flatnonzero(np.diff(self.group, prepend=-1))
        starts = np.append(first, len(self.group))
        grouped = sp.csr_array(
            (np.ones(len(self.group)), np.arange(len(self.group)), starts),
            shape=(len(first), len(self.columns)),
        )
        lower, upper = scalar.lower - self.used, scalar.upper - self.used
        rows = np.flatnonzero(np.isfinite(lower) | np.isfinite(upper))
        ones = np.ones(len(first))
        return Model(
            cost=scalar.base @ self.change,
            lower=program.lower[self.columns].astype(np.float64),
            upper=program.upper[self.columns].astype(np.float64),
            integer=np.asarray(program.integer[self.columns]),
            matrix=sp.csr_array(sp.vstack([sp.csr_array(self.change)[rows], grouped], format="csr")),
            row_lower=np.concatenate([lower[rows], ones]),
            row_upper=np.concatenate([upper[rows], ones]),
        )

    def filled(self, x: Floats) -> Floats:
        """All columns of the program, shape (m,), from the free ones."""
        full = self.base.copy()
        full[self.columns] = x
        return full


def near_part(passes: Passes, program: Program, core: Core) -> Near:
    """The columns of a core with their references, and the loose columns; other groups keep theirs."""
    compact = passes.compact
    inside = np.unique(core.group)
    columns = np.union1d(core.columns, core.reference[inside])
    kept = core.reference.copy()
    kept[inside] = -1
    base, free = np.zeros(program.columns), np.zeros(program.columns, dtype=bool)
    base[compact.index(kept[kept >= 0])] = 1.0
    every = np.concatenate([compact.index(columns), np.arange(compact.grouped, program.columns)])
    free[every] = True
    return Near(
        free=free,
        base=base,
        columns=every,
        group=passes.group_of(columns),
        change=sp.csc_array(sp.hstack([passes.matrix(columns), compact.loose], format="csc")),
        used=passes.used_by(kept),
    )


def linking_part(passes: Passes, program: Program, x: Floats) -> Near:
    """The loose columns alone; groups keep what they have in ``x``, a whole choice."""
    compact = passes.compact
    every = np.arange(compact.grouped, program.columns)
    free = np.arange(program.columns) >= compact.grouped
    none = np.zeros(0, dtype=np.int64)
    base = np.where(free, 0.0, x)
    return Near(
        free=free,
        base=base,
        columns=every,
        group=none,
        change=compact.loose,
        used=passes.used_by(passes.largest(x)),
    )
