"""Which programs the engine of node cuts takes, and from which size on it is the better choice."""

from __future__ import annotations

import numpy as np

from landfront.optimizer.joined import Joined
from landfront.optimizer.joins.projection import kept_parts
from landfront.optimizer.program import Program

FEWEST_GROUPS = 60
"""Groups from which on node cuts are chosen: below, HiGHS has solved the flows before cuts are compiled."""


def unfit(program: Program) -> str:
    """Why node cuts are no help with a program, in words; empty where they are."""
    if not program.joined:
        return "it says nothing of groups that hang together"
    columns, rows = kept_parts(program)
    own = np.zeros(len(rows), dtype=bool)
    for net in program.joined:
        own[net.row : net.row + net.rows] = True
        if not _is_whole(program, net):
            return "what hangs together is not whole"
        if not _is_intact(program, net):
            return "rows that say what hangs together were changed"
    if not own[~rows].all():
        return "other rows are of flows, too"
    if abs(program.objectives.to_csr()[:, ~columns]).sum() > 0:
        return "an objective is of flows"
    return ""


def _is_whole(program: Program, net: Joined) -> bool:
    """Whether groups, and what is apart, are whole."""
    options = np.flatnonzero(net.inside)
    return bool(program.integer[options].all() and program.integer[net.apart[net.targets]].all())


def _is_intact(program: Program, net: Joined) -> bool:
    """Whether the bounds of its rows and columns are those of the description."""
    rows, flows = slice(net.row, net.row + net.rows), slice(net.column, net.column + net.columns)
    upper, lower = program.row_upper[rows], program.row_lower[rows]
    equal = np.isfinite(lower)
    held = np.all(lower[equal] == upper[equal]) and np.all(upper[~equal] == 0)
    return bool(held and np.all(program.lower[flows] == 0) and np.all(program.upper[flows] == 1))


def join_reason(program: Program) -> str:
    """Why node cuts are the better choice, in words; empty where they are not or cannot be."""
    if not program.joined or program.groups < FEWEST_GROUPS or unfit(program):
        return ""
    nodes = sum(len(net.group) for net in program.joined)
    return f"{nodes:,} nodes that hang together, which cuts between them say without flows"
