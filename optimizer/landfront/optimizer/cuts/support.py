"""Which programs the engine of minimum cuts takes, and from which size on it is the better choice."""

from __future__ import annotations

import numpy as np

from landfront.optimizer.program import Program

FEWEST_GROUPS = 400
"""Groups from which on cuts are chosen: below, HiGHS proves plans to the last digit as soon."""

MOST_ROWS = 60
"""Other rows and objectives up to which cutting planes find their prices in tens of cuts."""


def unfit(program: Program) -> str:
    """Why minimum cuts are no help with a program, in words; empty where they are."""
    edges = program.edges
    if edges is None:
        return "it says nothing of neighbours"
    grouped = int(program.starts[-1])
    if program.columns != grouped + 2 * len(edges):
        return "it has columns outside its groups besides those of edges"
    rows = program.rows.shape[0] - len(edges) + len(program.senses)
    if rows > MOST_ROWS:
        return (
            f"it has {rows} rows besides those of edges, and cuts under prices of over {MOST_ROWS} take long"
        )
    if not program.is_plain:
        return "some columns of its groups have bounds other than 0 and 1"
    if np.any(np.maximum.reduceat(program.upper[:grouped], program.starts[:-1]) < 1):
        return "all columns of some group are closed"
    return ""


def cut_reason(program: Program) -> str:
    """Why minimum cuts are the better choice, in words; empty where they are not or cannot be."""
    if program.edges is None or program.groups < FEWEST_GROUPS or unfit(program):
        return ""
    return (
        f"{len(program.edges):,} edges between {program.groups:,} groups, which one cut decides under prices"
    )
