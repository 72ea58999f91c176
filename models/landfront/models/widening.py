"""Linking columns behind the options: rows widened and joined without building their matrix.

A factored row takes a linking column as a kind of its own on the first parcel, so that all blocks of a
program keep the same groups and kinds, and passes over the options stay as they are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from landfront.instances.faults import Fault, InputError
from landfront.models.blocks import narrow, stack
from landfront.models.limits import LimitRow
from landfront.models.menu import Menu
from landfront.optimizer.program import Block, Csr, Factored, Program, Stack

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]


MOST_KINDS = int(np.iinfo(np.int16).max)
"""Kinds of options and linking columns: factored rows number them in 16 bits."""


@dataclass(frozen=True)
class Linking:
    """Columns and rows that make a measure linear.

    Attributes
    ----------
    lower, upper, integer
        Bounds of the L columns, and which of them are whole.
    coupling, between
        Coefficients in the rows of the amounts, shape (R, L), and bounds of ``amount + coupling``, (2, R).
    rows, within
        Further rows over these columns alone, shape (E, L), and their bounds, (2, E).
    said
        What these further rows are, in words, one each; numbered where nothing is said.
    weights
        Coefficients in the objective, shape (L,).
    """

    lower: Floats
    upper: Floats
    integer: Flags
    coupling: sp.csr_array
    between: Floats
    rows: sp.csr_array
    within: Floats
    weights: Floats
    said: tuple[str, ...] = ()


@dataclass(frozen=True)
class Part:
    """Linking columns with the rows over the options that they stand in.

    Attributes
    ----------
    name
        The criterion whose objective they are, or another name where they have no weights.
    rows, labels
        Rows over the options, R of them, and what each is.
    linking
        The columns.
    """

    name: str
    rows: Block
    labels: tuple[str, ...]
    linking: Linking

    @property
    def row_names(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Names of the rows over the options, and of those over the linking columns alone."""
        extra = self.linking.rows.shape[0]
        said = self.linking.said or tuple(f"row {row}" for row in range(extra))
        own, alone = (tuple(f"{self.name}: {text}" for text in texts) for texts in (self.labels, said))
        return own, alone


def linked(program: Program, parts: Sequence[Part], menu: Menu, bounded: Sequence[LimitRow] = ()) -> Program:
    """A program with linking columns and their rows; objectives of parts' names are sums of their columns.

    Rows of limits on such objectives stand between the program's own rows and those of the parts.
    """
    linkings = [part.linking for part in parts]
    ends = np.cumsum([0, *(len(linking.lower) for linking in linkings)])
    wide = Widening.of(menu, int(ends[-1]))
    weights = np.zeros((len(program.objective_names), wide.extra))
    own, alone = [], []
    for part, first, end in zip(parts, ends[:-1].tolist(), ends[1:].tolist(), strict=True):
        if part.name in program.objective_names:
            weights[program.objective_names.index(part.name), first:end] = part.linking.weights
        own.append(wide.block(part.rows, wide.shifted(part.linking.coupling, first)))
        alone.append(wide.shifted(part.linking.rows, first))
    blocks = [wide.block(block) for block in program.rows.blocks]
    if bounded:
        named = [program.objective_names.index(row.criterion) for row in bounded]
        blocks.append(wide.alone(sp.csr_array(weights[named])))
    blocks += own
    blocks.append(wide.alone(sp.csr_array(sp.vstack(alone, format="csr"))))
    said = [part.row_names for part in parts]
    between = [linking.between for linking in linkings] + [linking.within for linking in linkings]
    return replace(
        program,
        objectives=wide.objectives(program.objectives, sp.csr_array(weights)),
        rows=stack(blocks, len(wide.group)),
        row_lower=np.concatenate(
            [program.row_lower, [row.lower for row in bounded], *(low for low, _ in between)]
        ),
        row_upper=np.concatenate(
            [program.row_upper, [row.upper for row in bounded], *(high for _, high in between)]
        ),
        lower=np.concatenate([program.lower, *(linking.lower for linking in linkings)]),
        upper=np.concatenate([program.upper, *(linking.upper for linking in linkings)]),
        integer=np.concatenate([program.integer, *(linking.integer for linking in linkings)]),
        row_names=(
            *program.row_names,
            *(row.name for row in bounded),
            *(name for place in (0, 1) for names in said for name in names[place]),
        ),
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
        if kinds + extra > MOST_KINDS:
            rule = f"measures need {extra:,} linking columns, more than {MOST_KINDS - kinds:,}"
            fix = "Take fewer scenarios, regions or features in them."
            raise InputError([Fault("study.toml", "criteria", rule, fix)])
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
