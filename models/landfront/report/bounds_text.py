"""A limit's bounds in words."""

from __future__ import annotations

import math

from landfront.models.formulate import LimitRow
from landfront.report.quantities import percent, quantity


def bounds_text(row: LimitRow) -> str:
    """What a limit demands, such as ``food at least 95 kt/yr``."""
    measure = f"change of {row.criterion}" if row.of == "change" else row.criterion
    lower, upper = math.isfinite(row.lower), math.isfinite(row.upper)
    if lower and upper and row.lower == row.upper:
        return f"{measure} exactly {quantity(row.lower, row.unit)}"
    if lower and upper:
        return f"{measure} between {quantity(row.lower, row.unit)} and {quantity(row.upper, row.unit)}"
    if lower:
        demand = f" (demand at {percent(row.demand)} of today's)" if row.demand != 1 else ""
        return f"{measure} at least {quantity(row.lower, row.unit)}{demand}"
    return f"{measure} at most {quantity(row.upper, row.unit)}"
