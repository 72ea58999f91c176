r"""Change: the land whose option differs from that of an earlier plan, in ha.

Formula, for the option (p, k), where the earlier plan has u(p, k) = 1 for what it chose on the parcel:

    change(p, k) = a_p * (u(p, keep) - u(p, k))        baseline_p = a_p * (1 - u(p, keep))

so that baseline and change together are a_p where the option differs and 0 where it is that of the plan.

| symbol | meaning | unit |
|---|---|---|
| a_p | area of the parcel, 0 where the earlier plan does not have it | ha |
| u(p, k) | 1 for an option that the earlier plan has on the parcel in any share, else 0 | |

What the earlier plan would have started in a year that is over (``history.year``) is unchanged when it starts
in the first year that is left. It is an effect like any other: a limit bounds it, a criterion weighs it, a
front shows what stability costs. Where parcels are shared, going from one of a parcel's earlier options to
another is no change here; the comparison of plans (``landfront diff``) counts every share.

>>> from landfront.models.kinds import plain
>>> kinds = plain(("keep", "a"), 2025)
>>> [like(name, kinds, None).tolist() for name in ("a", "b", "a@2030")]
[[1], [], [1]]
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from landfront.instances.faults import Fault, InputError
from landfront.instances.landscape import Earlier
from landfront.models.component import Component, Inputs
from landfront.models.effects import Term
from landfront.models.kinds import Kinds, interventions_of, start_of

Floats = NDArray[np.float64]


def like(name: str, kinds: Kinds, since: int | None) -> NDArray[np.int64]:
    """Kinds that are what an earlier plan calls `name`; `since` is the first year that is left."""
    exact = [k for k, own in enumerate(kinds.names) if own == name]
    same = [k for k, own in enumerate(kinds.names) if interventions_of(own) == interventions_of(name)]
    year = start_of(name)
    if year is not None and since is not None and year < since:
        left = [k for k in same if kinds.start[k] >= since]
        first = min((int(kinds.start[k]) for k in left), default=0)
        return np.array([*exact, *(k for k in left if kinds.start[k] == first)], dtype=np.int64)
    if exact:
        return np.array(exact, dtype=np.int64)
    return np.array([k for k in same if year is None or start_of(kinds.names[k]) is None], dtype=np.int64)


def _earlier(inputs: Inputs) -> Earlier:
    found = inputs.landscape.earlier
    if found is None:
        fix = "Name the earlier plan under [previous], or use landfront replan."
        raise InputError([Fault("study.toml", "previous", "missing, but the effect change needs it", fix)])
    return found


def _held(inputs: Inputs, names: list[int]) -> Floats:
    """Area of the parcels on which the earlier plan has one of its choices `names`, else 0, shape (n,)."""
    earlier, area = _earlier(inputs), inputs.landscape.area
    here = np.zeros(len(area), dtype=bool)
    here[earlier.parcel[np.isin(earlier.kind, names) & (earlier.share > 0)]] = True
    return np.where(here, area, 0.0)


def _baseline(inputs: Inputs) -> Floats:
    earlier = _earlier(inputs)
    known = _held(inputs, list(range(len(earlier.names))))
    return known - _held(inputs, _calling(inputs, 0))


def _calling(inputs: Inputs, kind: int) -> list[int]:
    """Choices of the earlier plan that are a kind of this study."""
    earlier, past = _earlier(inputs), inputs.landscape.past
    since = None if past is None else past.since
    return [at for at, name in enumerate(earlier.names) if kind in like(name, inputs.menu.kinds, since)]


def _terms(inputs: Inputs, year: int) -> tuple[Term, ...]:
    count = len(inputs.menu.kinds)
    found = [Term(_held(inputs, _calling(inputs, 0)), (np.arange(count) > 0).astype(np.float64))]
    for kind in range(1, count):
        if names := _calling(inputs, kind):
            found.append(Term(_held(inputs, names), -(np.arange(count) == kind).astype(np.float64)))
    return tuple(found)


CHANGE = Component("change", "ha", _baseline, _terms, merge=None)
