"""Plans that somebody already has: read from a frame, checked, and kept even where they break the menu."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from landfront.instances.faults import Fault, refuse
from landfront.models.formulate import Formulation
from landfront.models.plan import NO_SHARE, OffMenu, Plan

if TYPE_CHECKING:
    import pandas as pd

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
PLAN = "plan"
TOLERANCE_OF_SHARES = 1e-6


def read_plan(formulation: Formulation, frame: pd.DataFrame) -> Plan:
    """A plan that somebody already has.

    Options that are not on the menu are kept (`Plan.violations`), with effects computed from the catalogue,
    since a planner's plan may break rules.

    Parameters
    ----------
    frame
        Columns ``parcel`` (or the study's id column) and ``intervention``; with a column ``share`` a parcel
        may have several rows, whose shares sum to 1.

    Raises
    ------
    InputError
        With all of: columns or parcels missing, unknown parcels or interventions, parcels twice, shares that
        do not sum to 1, options off the menu whose effects only a table could give.
    """
    column = _id_column(formulation, frame)
    parcel, faults = _parcels(formulation, frame[column])
    kind, more = _kinds(formulation, frame["intervention"])
    share, bad_shares = _shares(formulation, frame)
    refuse(*faults, *more, *bad_shares)
    refuse(*_coverage(formulation, parcel, kind, share))
    option = formulation.menu.find(parcel, kind)
    off = np.flatnonzero((option < 0) & (share > NO_SHARE))
    refuse(*_off_menu_faults(formulation, parcel[off], kind[off]))
    x = np.zeros(len(formulation.menu))
    on = option >= 0
    x[option[on]] = share[on]
    whole = formulation.study.study.decision == "whole" and bool(np.isin(x, (0.0, 1.0)).all())
    return Plan(formulation, x.astype(np.uint8) if whole else x, OffMenu(parcel[off], kind[off], share[off]))


def _id_column(formulation: Formulation, frame: pd.DataFrame) -> str:
    wanted = ("parcel", formulation.study.parcels.id)
    found = [name for name in wanted if name in frame.columns]
    faults = []
    if not found:
        faults.append(
            Fault(
                PLAN,
                "parcel",
                f"missing; columns are {', '.join(map(str, frame.columns))}",
                "Add parcel ids.",
            )
        )
    if "intervention" not in frame.columns:
        faults.append(
            Fault(PLAN, "intervention", "missing", "Add the intervention of each parcel, keep for none.")
        )
    refuse(*faults)
    return found[0]


def _rows_fault(column: str, rule: str, fix: str, *, values: pd.Series, at: Any) -> list[Fault]:
    """One fault about the rows where `at` holds, or none."""
    bad = np.flatnonzero(np.asarray(at))
    shown = tuple((int(r) + 2, values.iloc[r]) for r in bad[:5])
    return [Fault(PLAN, column, rule, fix, len(bad), shown)] if len(bad) else []


def _parcels(formulation: Formulation, column: pd.Series) -> tuple[Ints, list[Fault]]:
    """Index of each row's parcel, -1 where unknown; 7 and "7" are the same id."""
    from landfront.instances.sheet import match_ids

    ids = formulation.landscape.ids
    index = match_ids(ids, column)
    if (index < 0).any():  # an id that was exported with an apostrophe
        index = np.where(index < 0, match_ids(ids, column.astype("str").str.removeprefix("'")), index)
    return index, _rows_fault(
        "parcel", "unknown parcel", "Use the ids of the study.", values=column, at=index < 0
    )


def _kinds(formulation: Formulation, column: pd.Series) -> tuple[Ints, list[Fault]]:
    import pandas as pd

    names = pd.Index(formulation.menu.interventions)
    wanted = pd.Index(column.astype("str").str.strip())
    index = np.asarray(names.get_indexer(wanted), dtype=np.int64)
    fix = f"Known: {', '.join(names)}."
    return index, _rows_fault("intervention", "unknown intervention", fix, values=column, at=index < 0)


def _shares(formulation: Formulation, frame: pd.DataFrame) -> tuple[Floats, list[Fault]]:
    import pandas as pd

    if "share" not in frame.columns:
        return np.ones(len(frame)), []
    share = pd.to_numeric(frame["share"], errors="coerce").to_numpy(dtype=np.float64)
    bad = ~((share >= 0) & (share <= 1 + NO_SHARE))
    faults = _rows_fault(
        "share", "is not between 0 and 1", "Give shares of the parcel.", values=frame["share"], at=bad
    )
    if formulation.study.study.decision == "whole":
        parted = ~bad & (np.minimum(share, 1 - share) > NO_SHARE)
        rule, fix = (
            "parts a parcel, but the study decides whole ones",
            'Give 0 or 1, or set decision = "share".',
        )
        faults += _rows_fault("share", rule, fix, values=frame["share"], at=parted)
    return share, faults


def _coverage(formulation: Formulation, parcel: Ints, kind: Ints, share: Floats) -> list[Fault]:
    """Parcels that are missing, pairs that occur twice, and shares that do not sum to 1."""
    ids = formulation.landscape.ids
    total = np.bincount(parcel, weights=share, minlength=len(ids))
    rows = np.bincount(parcel, minlength=len(ids))
    keys = parcel * len(formulation.menu.interventions) + kind
    unique, count = np.unique(keys, return_counts=True)
    twice = unique[count > 1] // len(formulation.menu.interventions)
    missing = np.flatnonzero(rows == 0)
    uneven = np.flatnonzero((rows > 0) & (np.abs(total - 1) > TOLERANCE_OF_SHARES))
    faults = []
    for at, rule, fix in (
        (missing, "parcels without a row", "Give every parcel a row; keep for those that stay as they are."),
        (twice, "parcel and intervention occur twice", "Keep one row of each."),
        (
            np.setdiff1d(uneven, twice),
            "shares of a parcel do not sum to 1",
            "One row per parcel, or shares that sum to 1.",
        ),
    ):
        if len(at):
            shown = tuple((ids[p], f"shares sum to {total[p]:g}") for p in at[:5])
            faults.append(Fault(PLAN, "parcel", rule, fix, len(at), shown))
    return faults


def _off_menu_faults(formulation: Formulation, parcel: Ints, kind: Ints) -> list[Fault]:
    """Options off the menu whose effects are known for its options only; ``keep``, locked out, has none."""
    parcel, kind = parcel[kind > 0], kind[kind > 0]
    listed = [name for name, effect in formulation.effects.items() if effect.column is not None]
    if not len(parcel) or not listed:
        return []
    ids, names = formulation.landscape.ids, formulation.menu.interventions
    shown = tuple((ids[p], names[k]) for p, k in zip(parcel[:5], kind[:5], strict=True))
    why, fix = "that the effect table does not have", "Add them to the table, or choose from the menu."
    if formulation.study.effects is None:
        why = "that are not on the menu, where carbon.soil caps what each option brings"
        fix = "Choose from the menu (landfront check says what rules exclude), or leave out carbon.soil."
    rule = f"options {why}, so that {', '.join(listed)} cannot be computed"
    return [Fault(PLAN, "intervention", rule, fix, len(parcel), shown)]
