r"""The difference of two plans: land by transition and region, criteria, limits, who gains and who loses.

Formula, for a parcel of area a_p with shares s(p, k) in the first and t(p, k) in the second plan:

    stays(p, k) = a_p * min(s(p, k), t(p, k))
    moves(p, k, l) = a_p * (s(p, k) - t(p, k))+ * (t(p, l) - s(p, l))+ / sum over l of (t(p, l) - s(p, l))+

so that each row of the transition matrix sums to the area that the first plan gives an intervention. The area
of the second plan counts; parcels that only one of the plans has are told apart.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from landfront.models.plan import NO_SHARE, Plan

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
PARCEL, FROM, TO, AREA = "parcel", "from", "to", "area_ha"


@dataclass(frozen=True)
class Diff:
    """What a second plan does differently from a first one.

    Attributes
    ----------
    first, second
        The plans, of the same study or of an earlier and a later one.
    moves
        Land by parcel and transition: ``parcel`` (index of the second plan's landscape), ``from``, ``to``,
        ``area_ha``; what stays has the same name twice.
    only_first, only_second
        Ids of parcels that only one of them has, with their area in ha.
    names
        What the plans are called.
    """

    first: Plan
    second: Plan
    moves: pd.DataFrame
    only_first: pd.Series
    only_second: pd.Series
    names: tuple[str, str] = ("the first plan", "the second plan")

    @cached_property
    def changed(self) -> pd.DataFrame:
        """The rows of `moves` whose option differs."""
        return self.moves[self.moves[FROM] != self.moves[TO]].reset_index(drop=True)

    @property
    def area(self) -> float:
        """Land whose option differs, in ha."""
        return float(self.changed[AREA].sum())

    @property
    def total(self) -> float:
        """Land that both plans have, in ha."""
        return float(self.moves[AREA].sum())

    @cached_property
    def matrix(self) -> pd.DataFrame:
        """Hectares from each intervention of the first plan (rows) to each of the second (columns)."""
        table = self.moves.pivot_table(index=FROM, columns=TO, values=AREA, aggfunc="sum", fill_value=0.0)
        return table.astype(np.float64)

    @cached_property
    def by_parcel(self) -> pd.DataFrame:
        """The changed parcels: ``parcel`` (id), ``from``, ``to``, ``area_ha``, and their regions."""
        frame, landscape = self.changed.copy(), self.second.formulation.landscape
        index = frame[PARCEL].to_numpy(np.int64)
        frame[PARCEL] = landscape.ids.take(index)
        for place, level in enumerate(landscape.levels):
            names = np.array([*landscape.region_names[place], ""], dtype=object)
            frame[level] = names[landscape.regions[index, place]]
        return frame

    def by_region(self, level: str) -> pd.DataFrame:
        """``region, area_ha, changed_ha``, then what each criterion gains: second less first plan."""
        one, two = self.first.balance(level), self.second.balance(level)
        merged = two[["region", AREA]].copy()
        landscape = self.second.formulation.landscape
        at = landscape.levels.index(level)
        names = np.array([*landscape.region_names[at], ""], dtype=object)
        region = names[landscape.regions[self.changed[PARCEL].to_numpy(np.int64), at]]
        changed = self.changed[AREA].groupby(region).sum()
        merged["changed_ha"] = merged["region"].map(changed).fillna(0.0).astype(np.float64)
        for name in self.shared:
            if name in one.columns and name in two.columns:
                before = merged["region"].map(one.set_index("region")[name]).fillna(0.0)
                merged[name] = two[name].to_numpy(np.float64) - before.to_numpy(np.float64)
        return merged

    @property
    def shared(self) -> tuple[str, ...]:
        """Criteria that both plans are judged by."""
        own = self.first.formulation.study.criteria
        return tuple(name for name in self.second.formulation.study.criteria if name in own)

    def criteria(self) -> pd.DataFrame:
        """``criterion, unit, first, second, change, better``; `better` is 1, 0 or -1 for the second plan."""
        rows = []
        for name in self.shared:
            one, two = self.first.values[name], self.second.values[name]
            sense = 1 if self.second.formulation.study.criteria[name].sense == "max" else -1
            same = abs(two - one) <= 1e-9 * max(abs(one), abs(two))
            better = 0 if same else int(np.sign(two - one)) * sense
            rows.append((name, self.second.formulation.units[name], one, two, two - one, better))
        return pd.DataFrame(rows, columns=["criterion", "unit", "first", "second", "change", "better"])

    def limits(self) -> pd.DataFrame:
        """``name, unit, margin_first, margin_second, holds_first, holds_second`` of limits of either plan."""
        columns = ["name", "unit", "margin", "holds"]
        one, two = (plan.limits()[columns] for plan in (self.first, self.second))
        return one.merge(two, on=["name", "unit"], how="outer", suffixes=("_first", "_second"), sort=False)

    def to_json(self) -> dict[str, Any]:
        """The difference as plain values."""
        return {
            "changed_ha": self.area,
            "area_ha": self.total,
            "transitions": self.transitions().to_dict("records"),
            "criteria": self.criteria().to_dict("records"),
            "limits": self.limits().astype(object).where(self.limits().notna(), None).to_dict("records"),
            "only_first": {"parcels": len(self.only_first), "area_ha": float(self.only_first.sum())},
            "only_second": {"parcels": len(self.only_second), "area_ha": float(self.only_second.sum())},
        }

    def transitions(self) -> pd.DataFrame:
        """``from, to, parcels, area_ha`` of what changed, the largest first."""
        grouped = self.changed.groupby([FROM, TO], observed=True)
        frame = grouped.agg(parcels=(PARCEL, "nunique"), area_ha=(AREA, "sum")).reset_index()
        return frame.sort_values([AREA, FROM, TO], ascending=[False, True, True], ignore_index=True)

    def __str__(self) -> str:
        """Say it in words."""
        from landfront.report.diff_text import diff_text

        return diff_text(self)


def diff(first: Plan, second: Plan, *, names: tuple[str, str] | None = None) -> Diff:
    """What a second plan does differently from a first one, whose study may be an earlier one.

    Parcels are matched by their ids, interventions by their names.
    """
    ids = [plan.formulation.landscape.ids.astype("str") for plan in (first, second)]
    place = pd.Index(ids[1]).get_indexer(pd.Index(ids[0]))
    one, two = _shares(first), _shares(second)
    one[PARCEL] = place[one[PARCEL].to_numpy(np.int64)]
    one = one[one[PARCEL] >= 0]
    known = np.zeros(len(ids[1]), dtype=bool)
    known[place[place >= 0]] = True
    two = two[known[two[PARCEL].to_numpy(np.int64)]]
    moves = _moves(one, two, second.formulation.landscape.area)
    gone = _lost(first, place < 0)
    new = _lost(second, ~known)
    return Diff(first, second, moves, gone, new, names or ("the first plan", "the second plan"))


def _shares(plan: Plan) -> pd.DataFrame:
    """``parcel`` (index), ``name`` and ``share`` of what a plan chooses."""
    names = np.array(plan.formulation.menu.interventions, dtype=object)
    chosen = plan.chosen
    kept = chosen["share"].to_numpy() > NO_SHARE
    return pd.DataFrame(
        {
            PARCEL: chosen["parcel"].to_numpy(np.int64)[kept],
            "name": names[chosen["kind"].to_numpy()[kept]],
            "share": chosen["share"].to_numpy(np.float64)[kept],
        }
    )


def _lost(plan: Plan, where: NDArray[np.bool_]) -> pd.Series:
    landscape = plan.formulation.landscape
    return pd.Series(landscape.area[where], index=landscape.ids[where], name=AREA)


def _moves(one: pd.DataFrame, two: pd.DataFrame, area: Floats) -> pd.DataFrame:
    """Land that stays and land that moves, by parcel."""
    both = one.merge(two, on=[PARCEL, "name"], how="outer", suffixes=("_a", "_b")).fillna(
        {"share_a": 0.0, "share_b": 0.0}
    )
    first, second = both["share_a"].to_numpy(), both["share_b"].to_numpy()
    stays = np.minimum(first, second)
    kept = both.assign(share=stays, **{FROM: both["name"], TO: both["name"]})
    lost = both.assign(share=first - stays)[first - stays > NO_SHARE].rename(columns={"name": FROM})
    won = both.assign(share=second - stays)[second - stays > NO_SHARE].rename(columns={"name": TO})
    won = won.assign(part=won["share"] / won.groupby(PARCEL)["share"].transform("sum"))
    moved = lost[[PARCEL, FROM, "share"]].merge(won[[PARCEL, TO, "part"]], on=PARCEL)
    moved["share"] = moved["share"] * moved["part"]
    rows = pd.concat(
        [kept.loc[stays > NO_SHARE, [PARCEL, FROM, TO, "share"]], moved[[PARCEL, FROM, TO, "share"]]]
    )
    rows = rows.sort_values([PARCEL, FROM, TO], ignore_index=True)
    rows[AREA] = rows["share"].to_numpy(np.float64) * area[rows[PARCEL].to_numpy(np.int64)]
    found: pd.DataFrame = rows[[PARCEL, FROM, TO, AREA]]
    return found


def labels_of(plan: Plan, language: str = "en") -> Mapping[str, str]:
    """Interventions in words, by id."""
    catalogue = plan.formulation.catalogue
    return dict(
        zip(catalogue.interventions, catalogue.labels.get(language, catalogue.interventions), strict=True)
    )
