"""Cells: options whose effect is multiplied by the same factor in each scenario, one row of sums for each.

A plan's total in a scenario is a sum over its cells alone, so that scenarios never stand over the options:
two hundred of them are two hundred rows over a few linking columns.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from landfront.instances.faults import Fault, refuse
from landfront.instances.schema import some
from landfront.instances.study_rules import Criterion, Limit
from landfront.models.blocks import best_change, effect_rows, stack
from landfront.models.component import Inputs
from landfront.models.effects import Effect
from landfront.models.habitat import ALL
from landfront.models.kinds import interventions_of
from landfront.models.limits import kinds_of_limit
from landfront.models.registry import Effects
from landfront.models.scopes import Scope, scope_of
from landfront.optimizer.program import Block, Csr

if TYPE_CHECKING:
    from landfront.instances.scenarios import Scenarios

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True)
class Cells:
    """Sums of an effect over C cells.

    Attributes
    ----------
    rows, labels
        Change of each cell over the options, and what it is.
    low, high
        Least and most that each can be, shape (C,).
    factor
        Of each cell in each scenario, shape (S, C).
    probability
        Of each scenario, shape (S,).
    scenarios
        Their names.
    base
        Baseline total; 0 for changes.
    unit
        Of the effect.
    column
        Effect of each option and its cell, -1 for none, shape (m,) each.
    starts
        First option of each parcel.
    """

    rows: Block
    labels: tuple[str, ...]
    low: Floats
    high: Floats
    factor: Floats
    probability: Floats
    scenarios: tuple[str, ...]
    base: float
    unit: str
    column: tuple[Floats, Ints]
    starts: Ints

    def totals(self, amounts: Floats) -> Floats:
        """Total in each scenario of the cells' changes, shape (S,)."""
        return np.asarray(self.base + self.factor @ amounts)

    def ends(self) -> tuple[Floats, Floats]:
        """Bounds of the total in each scenario, from those of the cells, shape (S,) each."""
        one, two = self.factor * self.low, self.factor * self.high
        return self.base + np.minimum(one, two).sum(axis=1), self.base + np.maximum(one, two).sum(axis=1)

    def reach(self) -> tuple[Floats, Floats]:
        """Least and most of the total in each scenario when limits are ignored, shape (S,) each.

        Tighter than `ends`, since a parcel is in one cell only, at one pass over the options per scenario.
        """
        values, cell = self.column
        padded = np.column_stack([self.factor, np.zeros(len(self.factor))])  # the last is for no cell
        low, high = np.empty(len(padded)), np.empty(len(padded))
        for place, factor in enumerate(padded):
            now = values * factor[cell]
            low[place] = np.minimum.reduceat(now, self.starts[:-1]).sum()
            high[place] = np.maximum.reduceat(now, self.starts[:-1]).sum()
        return self.base + low, self.base + high


def cells_of(name: str, entry: Criterion, effects: Effects, scenarios: Scenarios | None) -> Cells:
    """The cells of a criterion over scenarios.

    Raises
    ------
    InputError
        If the study has no scenarios, or none of this effect; or regions or interventions are not known.
    """
    effect_name = entry.effect or name
    if scenarios is None:
        rule = f"missing, but measure {entry.measure!r} needs scenarios"
        refuse(Fault("study.toml", "risk", rule, "Add [risk] with source, or [risk.draw]."))
    assert scenarios is not None
    known = ", ".join(scenarios.factors)
    if effect_name == ALL or effect_name not in scenarios.factors:
        rule = f"scenarios have no factors of {effect_name!r}"
        refuse(Fault("study.toml", f"criteria.{name}.effect", rule, f"They have those of {known}."))
    inputs, effect = effects.sources.inputs, effects[name]
    limit = Limit(
        name=name, criterion=effect_name, min=0.0, regions=entry.regions, interventions=entry.interventions
    )
    scope, counted = scope_of(limit, inputs.landscape), kinds_of_limit(limit, inputs.menu.kinds)
    refuse(*(found for found in (scope, counted) if isinstance(found, Fault)))
    assert isinstance(scope, Scope)
    assert not isinstance(counted, Fault)
    table = factors_by_kind(scenarios.factors[effect_name], inputs)
    groups = Groups.of(table, inputs, scenarios)
    base = float(effect.baseline[scope.row >= 0].sum()) if entry.of == "total" else 0.0
    return _cells(effect, inputs, groups, scope.row >= 0, counted, base, scenarios)


def factors_by_kind(factors: Floats, inputs: Inputs) -> Floats:
    """Factors per kind, shape (S, K, R), of those per intervention; the mean of a kind's interventions."""
    members = inputs.menu.kinds.members(factors.shape[1]).astype(np.float64)
    share = members / members.sum(axis=1, keepdims=True)
    return np.asarray(np.einsum("sir,ki->skr", factors, share))


@dataclass(frozen=True)
class Groups:
    """Kinds, and regions, whose factors are the same in every scenario.

    Attributes
    ----------
    kind, place
        Group of each kind, shape (K,), and of each parcel, shape (n,).
    factor
        Of each group of kinds and of regions, shape (S, G, H).
    words
        What each group of kinds is, and each of regions.
    """

    kind: Ints
    place: Ints
    factor: Floats
    words: tuple[tuple[str, ...], tuple[str, ...]]

    @classmethod
    def of(cls, table: Floats, inputs: Inputs, scenarios: Scenarios) -> Groups:
        """The groups of factors per kind and region, shape (S, K, R)."""
        kind, first_kind = _alike(table.transpose(1, 0, 2))
        region, first_region = _alike(table[:, first_kind].transpose(2, 0, 1))
        names = ["+".join(interventions_of(name)) for name in inputs.menu.kinds.names]
        members = [np.flatnonzero(kind == g) for g in range(len(first_kind))]
        kinds = tuple(some(dict.fromkeys(names[k] for k in each if k), 3) for each in members)
        regions = tuple(
            some([scenarios.regions[r] for r in np.flatnonzero(region == h)], 3)
            for h in range(len(first_region))
        )
        factor = table[:, first_kind][:, :, first_region]
        return cls(kind, region[scenarios.place(inputs.landscape)], factor, (kinds, regions))


def _alike(slabs: Floats) -> tuple[Ints, Ints]:
    """Group of each slab along the first axis, equal ones in one, and the first of each group."""
    flat = slabs.reshape(len(slabs), -1)
    _, first, group = np.unique(flat, axis=0, return_index=True, return_inverse=True)
    return np.asarray(group).ravel(), first


def _cells(
    effect: Effect,
    inputs: Inputs,
    groups: Groups,
    inside: Flags,
    counted: Flags,
    base: float,
    scenarios: Scenarios,
) -> Cells:
    """One cell per group of kinds and of regions, those without any effect left out."""
    menu, (kinds, regions) = inputs.menu, groups.words
    place, count = np.where(inside, groups.place, -1), len(regions)
    values = effect.values(menu)
    scope = Scope(place, regions, "")
    blocks, low, high = [], [], []
    for g in range(len(kinds)):
        here = counted & (groups.kind == g)
        blocks.append(effect_rows(menu, effect, scope=place, count=count, kinds=here))
        low.append(scope.sum(best_change(menu, values, kinds=here, largest=False)))
        high.append(scope.sum(best_change(menu, values, kinds=here, largest=True)))
    least, most = np.concatenate(low), np.concatenate(high)
    kept = np.flatnonzero((least < 0) | (most > 0))
    if not len(kept):
        kept = np.zeros(1, dtype=np.int64)
    rows = _joined(blocks, len(menu), kept)
    number = np.full(len(least), -1, dtype=np.int64)
    number[kept] = np.arange(len(kept))
    of_option = groups.kind[menu.kind] * count + groups.place[menu.parcel]
    known = inside[menu.parcel] & counted[menu.kind]
    return Cells(
        rows,
        tuple(": ".join(filter(None, (kinds[c // count], regions[c % count]))) or "all" for c in kept),
        least[kept],
        most[kept],
        groups.factor.reshape(len(groups.factor), -1)[:, kept],
        scenarios.probability,
        scenarios.names,
        base,
        effect.unit,
        (values, np.where(known, number[of_option], -1)),
        menu.starts,
    )


def _joined(blocks: list[Block], columns: int, kept: Ints) -> Block:
    """Some rows of blocks that are one under the other, as one block."""
    found = stack(blocks, columns).take(kept.tolist()).blocks
    if len(found) == 1:
        return found[0]
    return Csr(sp.csr_array(sp.vstack([block.to_csr() for block in found], format="csr")))
