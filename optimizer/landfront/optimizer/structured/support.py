"""Which programs the structured engine takes, and from which size on it is the better choice."""

from __future__ import annotations

import numpy as np

from landfront.optimizer import tolerances
from landfront.optimizer.program import Program

FEWEST_GROUPS = tolerances.MANY_GROUPS
"""Groups from which on the structured engine is chosen: below, HiGHS solves its relaxations as fast."""

MOST_ROWS = 2000
"""Coupling rows and objectives up to which prices are found by Newton steps, whose matrix has a side of so
many."""

MOST_LOOSE = 0.1
FEW_LOOSE = 10
"""Columns outside groups, as a share of the groups or in number: each is in every core."""


def unfit_shape(program: Program) -> str:
    """Why the structured engine is no help with any program of this shape, in words; empty when it is."""
    grouped = int(program.starts[-1])
    if program.groups == 0:
        return "it has no groups of which one column is chosen"
    rows = program.rows.shape[0] + len(program.senses)
    if rows > MOST_ROWS:
        return f"it has {rows} coupling rows and objectives, and prices of over {MOST_ROWS} take too long"
    if program.columns - grouped > max(MOST_LOOSE * program.groups, FEW_LOOSE):
        return "it has many columns outside its groups"
    return ""


def unfit_bounds(program: Program) -> str:
    """Why column bounds keep the structured engine from a program, in words; empty where they do not."""
    grouped = int(program.starts[-1])
    lower, upper = program.lower[:grouped], program.upper[:grouped]
    if np.any(lower != 0) or not np.all((upper >= 1) | (upper == 0)):
        return "some columns of its groups have bounds other than 0 and 1"
    if np.any(np.maximum.reduceat(upper, program.starts[:-1]) < 1):
        return "all columns of some group are closed"
    return ""


def structured_reason(program: Program) -> str:
    """Why the structured engine is the better choice, in words; empty where it is not or cannot be."""
    if program.groups < FEWEST_GROUPS or unfit_shape(program) or unfit_bounds(program):
        return ""
    rows = program.rows.shape[0]
    return (
        f"{program.groups:,} groups and only {rows:,} coupling rows, whose prices decide nearly every group"
    )
