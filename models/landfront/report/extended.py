"""Programs with more rows, or with loose columns and rows over these."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from landfront.models.blocks import stack
from landfront.optimizer.program import Block, Csr, Program, Stack

Floats = NDArray[np.float64]


def with_rows(
    program: Program, block: Block, lower: Floats, upper: Floats, *, names: Sequence[str]
) -> Program:
    """The program with more coupling rows."""
    return replace(
        program,
        rows=stack([*program.rows.blocks, block], program.columns),
        row_lower=np.concatenate([program.row_lower, lower]),
        row_upper=np.concatenate([program.row_upper, upper]),
        row_names=(*program.row_names, *names),
    )


def linked(
    program: Program,
    rows: tuple[sp.csr_array, sp.csr_array],
    *,
    bounds: tuple[Floats, Floats],
    cost: Floats,
    columns: tuple[Floats, Floats],
    names: Sequence[str],
) -> Program:
    """The program with loose columns, whose cost is minimised, and rows over its columns and those."""
    old, more = program.columns, len(cost)
    total = old + more
    objective = sp.csr_array(np.concatenate([np.zeros(old), cost])[None, :])
    base = program.row_matrix
    widened = sp.csr_array((base.data, base.indices, base.indptr), shape=(base.shape[0], total))
    joined = sp.csr_array(sp.hstack(rows, format="csr"))
    blocks: list[Block] = [Csr(widened), Csr(joined)] if program.rows.blocks else [Csr(joined)]
    return replace(
        program,
        objectives=Stack((Csr(objective),), total),
        senses=np.ones(1, dtype=np.int8),
        offsets=np.zeros(1),
        rows=Stack(tuple(blocks), total),
        row_lower=np.concatenate([program.row_lower, bounds[0]]),
        row_upper=np.concatenate([program.row_upper, bounds[1]]),
        lower=np.concatenate([program.lower, columns[0]]),
        upper=np.concatenate([program.upper, columns[1]]),
        integer=np.concatenate([program.integer, np.zeros(more, dtype=bool)]),
        objective_names=("linked",),
        row_names=(*program.row_names, *names),
    )
