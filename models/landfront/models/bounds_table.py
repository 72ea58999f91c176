"""Bounds per region from a limit's table with the columns ``region`` and ``min``, ``max`` or both."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from landfront.instances.schema import some
from landfront.instances.study import Study
from landfront.instances.study_rules import Limit

if TYPE_CHECKING:
    from landfront.instances.sheet import Sheet

Floats = NDArray[np.float64]
SIDES = ("min", "max")


def read_bounds(study: Study, limit: Limit, table: str) -> tuple[tuple[str, ...], Floats]:
    """Regions of the table, and their bounds as written, shape (2, regions), nan where a cell is empty.

    Raises
    ------
    InputError
        With every fault of the table.
    """
    from landfront.instances.paths import inside
    from landfront.instances.readers import column_names
    from landfront.instances.sheet import Faults, open_sheet

    faults = Faults()
    path = inside(study, table, f"limits.{limit.name}.bounds")
    sides = [side for side in SIDES if side in column_names(path)]
    sheet = open_sheet(path, ["region", *(sides or SIDES)], faults)
    faults.refuse()
    assert sheet is not None
    regions = sheet.text("region").str.strip()
    again = regions.duplicated().to_numpy()
    sheet.fault("region", "the same region twice", "Keep one row per region.", where=again)
    bounds = np.stack([_side(sheet, side) for side in SIDES])
    faults.refuse()
    return tuple(regions), bounds


def _side(sheet: Sheet, side: str) -> Floats:
    if not sheet.has(side):
        return np.full(len(sheet), np.nan)
    return sheet.number(side, missing=np.ones(len(sheet), dtype=bool))


def known_regions(names: tuple[str, ...], known: tuple[str, ...]) -> str:
    """Words about regions of a table that a level does not have; empty when it has them all.

    >>> known_regions(("north", "nowhere"), ("north", "south"))
    'unknown region nowhere'
    """
    gone = [name for name in names if name not in known]
    return f"unknown region {some(gone)}" if gone else ""
