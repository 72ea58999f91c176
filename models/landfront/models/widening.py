"""Linking columns behind the options: rows widened and joined without building their matrix.

A factored row takes a linking column as a kind of its own on the first parcel, so that all blocks of a
program keep the same groups and kinds, and passes over the options stay as they are.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from landfront.models.blocks import narrow, stack
from landfront.models.measures import Measure
from landfront.models.menu import Menu
from landfront.optimizer.program import Block, Csr, Factored, Program, Stack


def linked(program: Program, measures: Mapping[str, Measure], menu: Menu) -> Program:
    """A program with the columns and rows of its measures, whose objectives are sums of these columns."""
    parts = [measure.linking for measure in measures.values()]
    ends = np.cumsum([0, *(len(part.lower) for part in parts)])
    wide = Widening.of(menu, int(ends[-1]))
    place = list(program.objective_names)
    weights = np.zeros((len(place), wide.extra))
    own, alone, between, names = [], [], [program.row_lower, program.row_upper], list(program.row_names)
    for (name, measure), first, end in zip(measures.items(), ends[:-1], ends[1:], strict=True):
        part = measure.linking
        weights[place.index(name), first:end] = part.weights
        own.append(wide.block(measure.amounts.rows, wide.shifted(part.coupling, int(first))))
        alone.append(wide.shifted(part.rows, int(first)))
    bounds = np.concatenate(
        [between, *(part.between for part in parts), *(part.within for part in parts)], axis=1
    )
    names += [f"{name}: {label}" for name, measure in measures.items() for label in measure.amounts.labels]
    names += [
        f"{name}: difference {row}"
        for name, measure in measures.items()
        for row in range(measure.linking.rows.shape[0])
    ]
    extra = [wide.alone(sp.csr_array(sp.vstack(alone, format="csr")))]
    rows = [wide.block(block) for block in program.rows.blocks]
    return replace(
        program,
        objectives=wide.objectives(program.objectives, sp.csr_array(weights)),
        rows=stack([*rows, *own, *extra], len(wide.group)),
        row_lower=bounds[0],
        row_upper=bounds[1],
        lower=np.concatenate([program.lower, *(part.lower for part in parts)]),
        upper=np.concatenate([program.upper, *(part.upper for part in parts)]),
        integer=np.concatenate([program.integer, *(part.integer for part in parts)]),
        row_names=tuple(names),
    )


@dataclass(frozen=True)
class Widening:
    """Columns of a program with L linking columns behind the m options.

    Attributes
    ----------
    group, kind
        Parcel and kind of each column, shape (m + L,); linking columns have kinds of their own.
    kinds, extra
        Number of kinds of options, and of linking columns.
    """

    group: NDArray[np.int32]
    kind: NDArray[np.int16]
    kinds: int
    extra: int

    @classmethod
    def of(cls, menu: Menu, extra: int) -> Widening:
        """Room for linking columns behind the options of a menu."""
        kinds = len(menu.kinds)
        own = np.arange(kinds, kinds + extra, dtype=np.int16)
        group = np.concatenate([menu.parcel, np.zeros(extra, dtype=np.int32)])
        return cls(group, np.concatenate([menu.kind, own]), kinds, extra)

    def block(self, block: Block, coupling: sp.csr_array | None = None) -> Block:
        """Rows over the options with coefficients of the linking columns, shape (rows, L), if any."""
        loose = sp.csr_array((block.shape[0], self.extra)) if coupling is None else coupling
        if isinstance(block, Factored):
            return self._factored(block, loose)
        return Csr(sp.csr_array(sp.hstack([block.to_csr(), loose], format="csr")))

    def objectives(self, stack: Stack, weights: sp.csr_array) -> Stack:
        """Objectives with weights of the linking columns, shape (p, L)."""
        ends = np.cumsum([0, *(block.shape[0] for block in stack.blocks)])
        parts = zip(stack.blocks, ends[:-1], ends[1:], strict=True)
        blocks = tuple(self.block(block, sp.csr_array(weights[a:b])) for block, a, b in parts)
        return Stack(blocks, len(self.group))

    def shifted(self, matrix: sp.csr_array, first: int) -> sp.csr_array:
        """A matrix over some of the linking columns, the first of them at `first`, as one over all."""
        shape = (matrix.shape[0], self.extra)
        return sp.csr_array((matrix.data, matrix.indices + first, matrix.indptr), shape=shape)

    def alone(self, rows: sp.csr_array) -> Csr:
        """Rows over the linking columns alone."""
        options = sp.csr_array((rows.shape[0], len(self.group) - self.extra))
        return Csr(sp.csr_array(sp.hstack([options, rows], format="csr")))

    def _factored(self, block: Factored, loose: sp.csr_array) -> Factored:
        linked = np.flatnonzero(np.diff(loose.indptr))
        terms, groups = len(block.row), block.amount.shape[0]
        table = np.zeros((terms + len(linked), self.kinds + self.extra))
        table[:terms, : self.kinds] = block.table
        table[terms:, self.kinds :] = loose[linked].toarray()
        # The first parcel lends each of these terms an amount of 1.
        starts = np.zeros(groups + 1, dtype=np.int64)
        starts[1:] = len(linked)
        first = sp.csr_array(
            (np.ones(len(linked)), np.arange(len(linked)), starts), shape=(groups, len(linked))
        )
        amount = (
            narrow(sp.csr_array(sp.hstack([block.amount, first], format="csr")))
            if len(linked)
            else block.amount
        )
        return replace(
            block,
            group=self.group,
            kind=self.kind,
            amount=amount,
            table=table,
            row=np.concatenate([block.row, linked]),
        )
