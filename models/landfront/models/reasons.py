"""Why an intervention is not on a parcel's menu: the first rule that takes it, for all parcels at once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from landfront.models.formulate import Formulation
from landfront.models.menu import record_rules
from landfront.models.past import REQUEST, STARTED, ruled_out, settled

Flags = NDArray[np.bool_]
TABLE, TOGETHER = "effects", "combinations"
"""Reasons of options that no rule takes: the effect table lacks them, or they are only there with others."""


@dataclass(frozen=True)
class Reasons:
    """The first rule that takes each intervention from each parcel.

    Attributes
    ----------
    interventions
        Names, shape (I,), ``keep`` first.
    rules
        Names of the rules; the first is empty, for what is on the menu.
    code
        Index into `rules`, shape (I, n).
    """

    interventions: tuple[str, ...]
    rules: tuple[str, ...]
    code: NDArray[np.int8]

    def of(self, parcel: int) -> dict[str, str]:
        """Rule by intervention of what one parcel cannot get."""
        codes = self.code[:, parcel]
        return {self.interventions[k]: self.rules[codes[k]] for k in np.flatnonzero(codes)}


def reasons_of(formulation: Formulation) -> Reasons:
    """Reasons of all that is not on the menu of a study."""
    study, landscape, menu = formulation.study, formulation.landscape, formulation.menu
    names = formulation.catalogue.interventions if study.effects is None else menu.interventions
    rules, code = [""], np.zeros((len(names), len(landscape)), dtype=np.int8)

    def record(reason: str, kind: int, dropped: Flags) -> None:
        if reason not in rules:
            rules.append(reason)
        code[kind, dropped] = rules.index(reason)

    record_rules(landscape, formulation.catalogue, study, names=names, record=record)
    offered = _offered(formulation, len(names))
    asked = _asked(formulation, code == 0) & ~offered & (code == 0)
    if asked.any():
        rules.append(REQUEST)
        code[asked] = len(rules) - 1
    rest = TABLE if study.effects is not None else STARTED if landscape.past is not None else TOGETHER
    missing = ~offered & (code == 0)
    if missing.any():
        rules.append(rest)
        code[missing] = len(rules) - 1
    return Reasons(tuple(names), tuple(rules), code)


def _asked(formulation: Formulation, alive: Flags) -> Flags:
    """Which interventions granted requests take from each parcel, of those that rules leave, shape (I, n)."""
    landscape, kinds = formulation.landscape, formulation.menu.kinds
    if landscape.granted is None:
        return np.zeros(alive.shape, dtype=bool)
    left = kinds.spread(alive.copy())
    if landscape.past is not None:
        left = settled(left, landscape.past, kinds, formulation.study)
    gone = left & ruled_out(landscape.granted, kinds, len(landscape))
    return np.asarray(kinds.members(len(alive)).T.astype(np.int64) @ gone.astype(np.int64) > 0)


def _offered(formulation: Formulation, interventions: int) -> Flags:
    """Which interventions are on the menu of each parcel in some form, shape (I, n)."""
    menu = formulation.menu
    members = menu.kinds.members(interventions)
    found = np.zeros((interventions, len(formulation.landscape)), dtype=bool)
    for k in range(interventions):
        found[k, menu.parcel[members[menu.kind, k]]] = True
    return found
