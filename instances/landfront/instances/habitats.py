"""Habitat features: their area per parcel, and what each intervention does to it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
import scipy.sparse as sp
from numpy.typing import NDArray

from landfront.instances.catalogue import Catalogue
from landfront.instances.landscape import Landscape
from landfront.instances.paths import inside
from landfront.instances.schema import some
from landfront.instances.sheet import Faults, open_sheet
from landfront.instances.sheet import match_ids as match
from landfront.instances.study import Study

Habitat = tuple[sp.csr_array, tuple[str, ...]]


def read_features(study: Study, ids: pd.Index | None, faults: Faults) -> Habitat:
    """Habitat area in ha per parcel and feature, sparse, and the features' names.

    `ids` are the parcel ids, or None where they could not be read (then nothing is matched).
    """
    n = 0 if ids is None else len(ids)
    none = sp.csr_array((n, 0), dtype=np.float64), ()
    said = study.features
    if said is None:
        return none
    columns = [said.parcel, said.feature, said.amount]
    with faults.caught():
        path = inside(study, said.source, "features.source")
        sheet = open_sheet(path, columns, faults, encoding=said.encoding)
        if sheet is None or not all(sheet.has(column) for column in columns):
            return none
        amount = sheet.quantity(said.amount, said.unit, "ha", key="features.unit")
        sheet.fault(said.amount, "negative amount", "Give an area of 0 or more.", where=amount < 0)
        index, names = pd.factorize(sheet.text(said.feature))
        if ids is None:
            return none
        parcel = match(ids, sheet.frame[said.parcel])
        sheet.fault(said.parcel, "no such parcel", f"Give an id of {study.parcels.source}.", where=parcel < 0)
        twice = pd.DataFrame({"parcel": parcel, "feature": index}).duplicated(keep=False).to_numpy()
        rule = "the same parcel and feature twice"
        sheet.fault(said.parcel, rule, "Give each pair one row.", where=twice & (parcel >= 0))
        if faults.found:
            return none
        shape = (n, len(names))
        return sp.csr_array((amount, (parcel, index)), shape=shape), tuple(str(name) for name in names)
    return none


def load_feature_effects(study: Study, landscape: Landscape, catalogue: Catalogue) -> NDArray[np.float64]:
    """Share of each feature's area that each intervention adds (+) or takes (-), shape (features, K).

    A pair that the table does not list changes nothing, and so does ``keep``.

    Raises
    ------
    InputError
        If the table lacks a column, names a feature or intervention that does not exist or a pair twice, or
        takes more than all of a habitat.
    """
    table = np.zeros((len(landscape.feature_names), len(catalogue)))
    if study.features is None:
        return table
    faults = Faults()
    columns = ["feature", "intervention", "change"]
    path = inside(study, study.features.effects, "features.effects")
    sheet = open_sheet(path, columns, faults)
    if sheet is not None and all(sheet.has(column) for column in columns):
        feature = _place(sheet.text("feature"), landscape.feature_names)
        fix = f"Known features: {some(landscape.feature_names)}."
        sheet.fault("feature", "no such feature", fix, where=feature < 0)
        named = sheet.text("intervention")
        kind = _place(named, catalogue.interventions)
        unknown = (kind < 0) & ~named.isin(catalogue.known).to_numpy()
        fix = f"Interventions in use: {some(catalogue.interventions[1:], 30)}."
        sheet.fault("intervention", "no such intervention", fix, where=unknown)
        change = sheet.number("change")
        sheet.fault("change", "takes more than all (below -1)", "Give a share from -1 up.", where=change < -1)
        twice = sheet.frame[["feature", "intervention"]].duplicated(keep=False).to_numpy()
        sheet.fault(
            "feature", "the same feature and intervention twice", "Give each pair one row.", where=twice
        )
        rule = "keep changes a habitat"
        fix = "Leave keep out: effects are changes against it."
        sheet.fault("change", rule, fix, where=(kind == 0) & (change != 0))
        faults.refuse()
        used = kind > 0
        table[feature[used], kind[used]] = change[used]
    faults.refuse()
    return table


def _place(series: pd.Series, names: Sequence[str]) -> NDArray[np.int64]:
    """Position of each value among names, -1 where it is none of them."""
    return pd.Index(list(names), dtype="str").get_indexer(pd.Index(series))
