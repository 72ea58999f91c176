"""Bottom-up supply curves: how much of a criterion each region offers at a price, under its own limits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from math import inf
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from landfront.optimizer.engine import choose_engine
from landfront.optimizer.scalarize import Scalarizer
from landfront.optimizer.task import Task
from landfront.report.region_levels import RegionLevel
from landfront.report.regional_program import Setting, own
from landfront.report.search import NothingFoundError

if TYPE_CHECKING:
    import pandas as pd

Floats = NDArray[np.float64]


def supply_curves(setting: Setting, levels: Sequence[RegionLevel], prices: Sequence[float]) -> pd.DataFrame:
    r"""``level, region, price, gain, cost``: what each region would do if it were paid a price per unit.

    Formula, for a price v and the plans of a region under the limits that lie inside it:

        max over x of v * g_r(x) - cost_r(x)

    Parcels may be shared. Limits that span regions do not count, so regions are apart, and one linear
    program over all of them tells what each one does.
    """
    import pandas as pd

    parts = [_curve(setting, level, sorted(set(prices))) for level in levels]
    return pd.concat(parts, ignore_index=True)


def _curve(setting: Setting, level: RegionLevel, prices: Sequence[float]) -> pd.DataFrame:
    import pandas as pd

    shared = replace(setting, program=setting.program.relaxed())
    program = own(shared, level)
    objectives = [setting.index(setting.criterion), setting.index(setting.minimise)]
    program = program.select(objectives)
    solver = Scalarizer(program, choose_engine(program)[0])
    parts, basis = [], None
    for price in prices:
        task = Task(np.array([price, 1.0]), np.full(2, inf), share=setting.gap, main=1, basis=basis)
        solve = solver.solve(task)
        if solve.x is None:
            raise NothingFoundError(f"A supply curve was not solved ({solve.reason}: {solve.detail}).")
        basis = solve.basis
        changes = setting.changes(solve.x, level)
        gain, cost = setting.sign * changes[setting.criterion], changes[setting.minimise]
        columns = {"level": level.name, "region": level.regions, "price": price, "gain": gain, "cost": cost}
        parts.append(pd.DataFrame(columns))
    return pd.concat(parts, ignore_index=True).sort_values(["region", "price"], kind="stable")
