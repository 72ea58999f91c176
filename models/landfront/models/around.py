r"""Limits around parcels: what lies within some steps of each parcel of a land cover (mosaic rules).

Formula, for each parcel p of the land covers asked for, and the parcels N_k(p) within k steps of it:

    lower_p <= b_p + sum over q in N_k(p) without E, i in I of e(q, i) * x(q, i) <= upper_p

| symbol | meaning |
|---|---|
| N_k(p) | p and all that at most k steps from neighbour to neighbour lead to |
| E | parcels whose land cover counts as it is (``existing``) |
| b_p | baseline of the effect in N_k(p), and the area of E in N_k(p) |
| e(q, i) | effect of the option, of the interventions I that count |
| share of ``land`` | share * area of N_k(p) |

A row that every plan meets is left out, so that only places where the rule says something have one.

>>> from landfront.instances.neighbours import grid_neighbours
>>> row = grid_neighbours(np.zeros(4, dtype=int), np.arange(4), 30.0)
>>> within(row, 1).toarray().astype(int)[0].tolist(), within(row, 2).toarray().astype(int)[0].tolist()
([1, 1, 0, 0], [1, 1, 1, 0])
"""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from landfront.instances.faults import Fault, InputError, refuse
from landfront.instances.landscape import Landscape
from landfront.instances.neighbours import Neighbours
from landfront.instances.schema import some
from landfront.instances.study import Study
from landfront.instances.study_rules import Limit, Share
from landfront.instances.study_space import Around
from landfront.models.blocks import best_change
from landfront.models.effects import Effect
from landfront.models.limits import LimitRow, LimitRows, effect_key, kinds_of_limit, on_measure, shifted
from landfront.models.registry import Effects, unknown
from landfront.optimizer.program import Csr

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

MET = 1e-9
"""Share of a neighbourhood's sum below which a row that is missed is rounding: such rows are left out."""


def around_rows(study: Study, effects: Effects) -> list[LimitRows]:
    """Rows of every limit around parcels.

    Raises
    ------
    InputError
        With every fault of every such limit.
    """
    faults: list[Fault] = []
    parts: list[LimitRows] = []
    for limit in study.limits:
        if limit.around is None:
            continue
        try:
            parts.append(_rows(limit, limit.around, effects))
        except InputError as error:
            faults.extend(error.faults)
    refuse(*faults)
    return parts


def within(neighbours: Neighbours, steps: int) -> sp.csr_array:
    """1 where at most so many steps lead from one parcel to the other, itself included, shape (n, n)."""
    shared = neighbours.shared
    once = sp.csr_array((np.ones(len(shared.data)), shared.indices, shared.indptr), shape=shared.shape)
    once = sp.csr_array(once + sp.eye_array(shared.shape[0], format="csr"))
    found = once
    for _ in range(steps - 1):
        found = sp.csr_array(found @ once)
        found.data[:] = 1.0
    return found


def _rows(limit: Limit, around: Around, effects: Effects) -> LimitRows:
    inputs, study = effects.sources.inputs, effects.sources.inputs.study
    landscape, menu = inputs.landscape, inputs.menu
    effect, kinds = _asked(limit, around, effects)
    centres, existing = _flags(limit, "cover", landscape), _flags(limit, "existing", landscape)
    existing = existing if around.existing else np.zeros(len(landscape), dtype=bool)
    assert landscape.neighbours is not None
    near = sp.csr_array(within(landscape.neighbours, around.steps)[np.flatnonzero(centres)])
    values = np.where(kinds[menu.kind] & ~existing[menu.parcel], effect.values(menu), 0.0)
    base = near @ (effect.baseline + np.where(existing, landscape.area, 0.0))
    lower, upper = (_bound(limit, key, near @ landscape.area) for key in ("min", "max"))
    least, most = (base + near @ best_change(menu, values, kinds=kinds, largest=top) for top in (False, True))
    noise = MET * (near @ landscape.area + np.abs(base))
    kept = np.flatnonzero((lower > least + noise) | (upper < most - noise))
    near, base, lower, upper = sp.csr_array(near[kept]), base[kept], lower[kept], upper[kept]
    options = sp.csr_array((values, np.arange(len(menu)), menu.starts), shape=(len(landscape), len(menu)))
    matrix = sp.csr_array(near @ options)
    matrix.eliminate_zeros()
    key = effect_key(study, limit)
    ids = landscape.ids[np.flatnonzero(centres)[kept]]
    counted = [near.indices[a:b] for a, b in zip(near.indptr[:-1], near.indptr[1:], strict=True)]
    rows = tuple(
        LimitRow(
            name=f"{limit.name}[{ids[r]}]", criterion=limit.criterion, effect=key, region=str(ids[r]),
            level="", unit=effect.unit, lower=float(lower[r]), upper=float(upper[r]), of="total",
            baseline=float(base[r]), owner=limit.owner, reason=limit.reason, limit=limit.name,
            interventions=limit.interventions, around=tuple(counted[r][~existing[counted[r]]].tolist()),
        )
        for r in range(len(kept))
    )  # fmt: skip
    return LimitRows(rows, (Csr(matrix),), *shifted(lower, upper, base))


def _asked(limit: Limit, around: Around, effects: Effects) -> tuple[Effect, Flags]:
    """The effect and the kinds that count."""
    inputs, study = effects.sources.inputs, effects.sources.inputs.study
    place, key = f"limits.{limit.name}", effect_key(study, limit)
    if inputs.landscape.neighbours is None:
        fix = "Give [space] with geometry = true, grid or edges."
        refuse(Fault("study.toml", "space", f"missing, but {place}.around needs neighbours", fix))
    if on_measure(study, limit):
        rule = f"{limit.criterion!r} is a measure, of which no parcel has an amount"
        refuse(Fault("study.toml", f"{place}.around", rule, "Leave it out."))
    if key not in effects:
        also = study.criteria
        refuse(unknown(limit.criterion, effects.sources, place=f"{place}.criterion", also=also))
    if around.existing and study.effect_of(limit.criterion) != "area":
        rule = f"existing counts land, but {limit.criterion!r} is no area"
        refuse(Fault("study.toml", f"{place}.around.existing", rule, 'Take criterion = "area".'))
    kinds = kinds_of_limit(limit, inputs.menu.kinds)
    if isinstance(kinds, Fault):
        raise InputError([kinds])
    return effects[key], kinds


def _flags(limit: Limit, key: str, landscape: Landscape) -> Flags:
    """Parcels of the land covers that a key of ``around`` lists; all where it lists none, shape (n,)."""
    wanted = getattr(limit.around, key)
    if not wanted:
        return np.ones(len(landscape), dtype=bool)
    gone = [code for code in wanted if code not in landscape.cover_codes]
    if gone:
        fix = f"Land covers of the parcels: {some(landscape.cover_codes, 30) or 'none'}."
        rule = f"no parcel has {some(gone)}"
        refuse(Fault("study.toml", f"limits.{limit.name}.around.{key}", rule, fix))
    found = np.array([*(code in wanted for code in landscape.cover_codes), False])
    return np.asarray(found[landscape.cover])


def _bound(limit: Limit, key: str, land: Floats) -> Floats:
    """A bound of each row, infinite where the limit has none."""
    bound = getattr(limit, key)
    if bound is None:
        return np.full(len(land), -np.inf if key == "min" else np.inf)
    if isinstance(bound, Share):
        assert bound.share is not None
        return np.asarray(bound.share * land)
    return np.full(len(land), float(bound))
