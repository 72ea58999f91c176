r"""Habitat: the area of habitat features, in ha, one effect per feature and one for their sum.

Formula, for an option (p, i) and a feature f:

    feature:f(p, i) = h_pf * g_fi
    habitat(p, i)   = sum over f of feature:f(p, i)
    baseline(p)     = h_pf          or  sum over f of h_pf

| symbol | meaning | unit |
|---|---|---|
| h_pf | area of the habitat f on the parcel (``[features] source``) | ha |
| g_fi | share of it that the intervention adds (+) or destroys (-) (``[features] effects``) | 1 |

Features may be many and are sparse: an effect of one feature is made when it is asked for.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from landfront.instances.landscape import Landscape
from landfront.models.effects import Effect, Term
from landfront.models.kinds import Kinds

Floats = NDArray[np.float64]
PREFIX, ALL, TOTAL, UNIT = "feature:", "feature:*", "habitat", "ha"


@dataclass(frozen=True)
class Habitat:
    """Habitat features of a study.

    Attributes
    ----------
    names
        Names of the features.
    amount
        Area in ha, sparse by column, shape (n, features).
    change
        Share gained or lost under each intervention, shape (features, K); 0 for ``keep``.
    """

    names: tuple[str, ...]
    amount: sp.csc_array
    change: Floats

    def effect(self, name: str) -> Effect:
        """The effect ``feature:NAME``, or ``habitat``, their sum."""
        if name == TOTAL:
            baseline = np.asarray(self.amount.sum(axis=1), dtype=np.float64)
            return Effect(name, UNIT, baseline, total(self.amount, self.change))
        f = self.names.index(name.removeprefix(PREFIX))
        amount = np.zeros(self.amount.shape[0])
        part = slice(self.amount.indptr[f], self.amount.indptr[f + 1])
        amount[self.amount.indices[part]] = self.amount.data[part]
        return Effect(name, UNIT, amount, (Term(amount, self.change[f]),))

    def __contains__(self, name: object) -> bool:
        """Whether an effect is one of this habitat's."""
        return name == TOTAL or (
            isinstance(name, str) and name.startswith(PREFIX) and name.removeprefix(PREFIX) in self.names
        )


def total(amount: sp.csc_array, change: Floats) -> tuple[Term, ...]:
    """The sum over features as terms: features that change alike share one.

    >>> area = sp.csc_array(np.array([[1.0, 2.0, 4.0]]))
    >>> terms = total(area, np.array([[0.0, -1.0], [0.0, 0.5], [0.0, -1.0]]))
    >>> [(term.amount.tolist(), term.table.tolist()) for term in terms]
    [([5.0], [0.0, -1.0]), ([2.0], [0.0, 0.5])]
    """
    tables, member = np.unique(change, axis=0, return_inverse=True)
    sums = np.asarray(
        (amount @ sp.csr_array((np.ones(len(member)), (np.arange(len(member)), member.ravel())))).toarray()
    )
    return tuple(Term(sums[:, t], table) for t, table in enumerate(tables) if table.any())


def habitat_of(landscape: Landscape, change: Floats, kinds: Kinds) -> Habitat:
    """Habitat of a landscape; `change` (features, catalogue) is 0 for interventions that only a table knows.

    Several interventions on one parcel add up, but none destroys more than there is.
    """
    wide = np.zeros((len(landscape.feature_names), int(kinds.base.max()) + 1))
    wide[:, : change.shape[1]] = change[:, : wide.shape[1]]
    wide[:, 0] = 0.0
    tables = [np.maximum(kinds.merged(row, TOTAL), -1.0) for row in wide[:, kinds.base]]
    table = np.array(tables).reshape(len(wide), len(kinds))
    return Habitat(landscape.feature_names, sp.csc_array(landscape.features, dtype=np.float64), table)


def asked(name: str, names: Sequence[str]) -> tuple[str, ...]:
    """The effects that a criterion name stands for: ``feature:*`` is every feature.

    >>> asked("feature:*", ["forest", "marsh"])
    ('feature:forest', 'feature:marsh')
    >>> asked("food", ["forest"])
    ('food',)
    """
    return tuple(PREFIX + feature for feature in names) if name == ALL else (name,)
