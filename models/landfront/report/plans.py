"""The plans of a run as files: what is chosen on each parcel, without loss, so that digests hold."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from landfront.instances.faults import Fault, InputError, refuse
from landfront.models.formulate import Formulation
from landfront.optimizer.points import compact

COLUMNS = ["parcel", "intervention", "share", "area_ha"]
LINKING = "linking_columns"
"""Name of the linking columns of measures in a file's metadata."""


def plan_file(folder: Path, key: str) -> Path:
    """Where the plan with this key stands."""
    return folder / "plans" / f"{key}.parquet"


def write_columns(formulation: Formulation, folder: Path, key: str, x: NDArray[Any]) -> None:
    """Write the plan with these columns, shape (m,), whole or not at all; one that is there stays."""
    target = plan_file(folder, key)
    if target.exists():
        return
    target.parent.mkdir(exist_ok=True)
    partial = target.with_suffix(".partial")
    frame_of(formulation, x).to_parquet(partial, index=False)
    os.replace(partial, target)


def frame_of(formulation: Formulation, x: NDArray[Any]) -> pd.DataFrame:
    """Parcel, intervention, share and area of every option that is not zero."""
    menu, landscape = formulation.menu, formulation.landscape
    option = np.flatnonzero(x[: len(menu)])
    share = x[option].astype(np.float64)
    parcel, names = menu.parcel[option], pd.Index(menu.interventions)
    frame = pd.DataFrame(
        {
            "parcel": landscape.ids.take(parcel),
            "intervention": pd.Categorical.from_codes(menu.kind[option], names),
            "share": share,
            "area_ha": landscape.area[parcel] * share,
        }
    )
    if len(x) > len(menu):
        frame.attrs[LINKING] = x[len(menu) :].astype(np.float64).tolist()  # kept as the file's metadata
    return frame


def read_columns(formulation: Formulation, folder: Path, key: str) -> NDArray[Any]:
    """Columns ``x`` of a stored plan, shape (m,), as bytes when all is 0 or 1.

    Raises
    ------
    InputError
        If the file is missing, cannot be read, or names parcels or options that the study does not have.
    """
    frame = read_plan(folder, key)
    menu, names = formulation.menu, pd.Index(frame["intervention"].astype(str))
    parcel = _place(formulation.landscape.ids.astype("str"), pd.Index(frame["parcel"].astype("str")))
    kind = np.asarray(pd.Index(menu.interventions).get_indexer(names), np.int64)
    option = np.where((parcel >= 0) & (kind >= 0), menu.find(np.maximum(parcel, 0), np.maximum(kind, 0)), -1)
    unknown = np.flatnonzero(option < 0)
    if len(unknown):
        rows = tuple((frame["parcel"].iloc[r], frame["intervention"].iloc[r]) for r in unknown[:5])
        fault = Fault(
            f"plans/{key}.parquet", "intervention", "is not on the menu of its parcel", "", len(unknown), rows
        )
        refuse(fault)
    share = frame["share"].to_numpy(np.float64)
    x = np.bincount(option, weights=share, minlength=len(menu))
    return compact(np.concatenate([x, _linking(formulation, frame, key)]))


def _linking(formulation: Formulation, frame: pd.DataFrame, key: str) -> NDArray[np.float64]:
    """Linking columns of a stored plan; none where the study has no measures."""
    count = formulation.program.columns - len(formulation.menu)
    found = frame.attrs.get(LINKING, [])
    sound = isinstance(found, list) and all(isinstance(value, float | int) for value in found)
    if not sound or len(found) != count:
        fix = "Make the run again."
        refuse(Fault(f"plans/{key}.parquet", LINKING, f"needs {count} numbers in its metadata", fix))
    return np.array(found, dtype=np.float64)


def _place(ids: pd.Index, rows: pd.Index) -> NDArray[np.int64]:
    """Position of each row's parcel among the ids, -1 for none; plans are written in their order."""
    new = np.append(True, rows[1:] != rows[:-1])[: len(rows)]
    if rows[new].equals(ids):
        return np.cumsum(new) - 1
    return np.asarray(ids.get_indexer(rows), np.int64)


def read_plan(folder: Path, key: str) -> pd.DataFrame:
    """A stored plan as it stands in its file.

    Raises
    ------
    InputError
        If the file is missing, cannot be read, or lacks a column.
    """
    path = plan_file(folder, key)
    try:
        frame = pd.read_parquet(path)
    except (OSError, ValueError) as error:
        raise InputError(
            [Fault(str(path), "", f"cannot be read ({error})", "Make the run again.")]
        ) from error
    missing = [name for name in COLUMNS if name not in frame.columns]
    refuse(*(Fault(str(path), name, "is missing", "Make the run again.") for name in missing))
    return frame
