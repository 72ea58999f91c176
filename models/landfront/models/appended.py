"""Criteria of which parcels are treated and where: their columns and rows behind a program's own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from landfront.instances.faults import Fault, refuse
from landfront.instances.study_rules import Criterion, Limit
from landfront.models.limits import LimitRow, kinds_of_limit
from landfront.models.menu import Menu
from landfront.optimizer.blocks import Wider
from landfront.optimizer.edges import Edges
from landfront.optimizer.joined import Joined
from landfront.optimizer.names import Names
from landfront.optimizer.program import Block, Csr, Program, Stack

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True)
class Treated:
    """How much of each parcel is treated: what such a criterion looks at.

    Attributes
    ----------
    rows
        One per parcel, over the options.
    kinds
        Which kinds count, shape (K,).
    constant
        Zeros: nothing is treated today, shape (n,).
    """

    rows: Csr
    kinds: Flags
    constant: Floats


@dataclass(frozen=True)
class Added:
    """Rows of a criterion over all columns, its own columns last.

    Attributes
    ----------
    matrix, lower, upper
        The rows and their bounds.
    stem
        What they are called before their number.
    edges
        What they say of neighbours that may differ, if they do.
    joined
        What they say of parcels that hang together, if they do.
    """

    matrix: sp.csr_array
    lower: Floats
    upper: Floats
    stem: str
    edges: Edges | None = None
    joined: Joined | None = None


@dataclass(frozen=True)
class OnMap:
    """A criterion of which parcels are treated.

    Attributes
    ----------
    name
        The criterion.
    unit
        Unit of its values.
    menu
        The options.
    kinds
        Which kinds are a treatment, shape (K,).
    """

    name: str
    unit: str
    menu: Menu
    kinds: Flags

    note = ""

    @cached_property
    def inside(self) -> Flags:
        """Which options are a treatment, shape (m,)."""
        return self.kinds[self.menu.kind]

    @cached_property
    def amounts(self) -> Treated:
        """What it looks at."""
        ends, options = self.menu.starts, np.flatnonzero(self.inside)
        starts = np.searchsorted(options, ends)
        shape = (len(ends) - 1, len(self.menu))
        rows = Csr(sp.csr_array((np.ones(len(options)), options, starts), shape=shape))
        return Treated(rows, self.kinds, np.broadcast_to(0.0, len(ends) - 1))

    def amounts_of(self, x: NDArray[np.floating]) -> Floats:
        """How much of each parcel the options ``x`` treat, shape (n,)."""
        return self.amounts.rows.dot(x)

    @property
    def extra(self) -> int:
        """Number of its own columns, each from 0 to 1."""
        raise NotImplementedError

    @property
    def whole(self) -> Flags:
        """Which of its own columns are whole where parcels are, shape (extra,)."""
        return np.broadcast_to(True, self.extra)

    @property
    def constant(self) -> float:
        """Its value where no parcel that has a choice is treated."""
        return 0.0

    def value(self, amounts: Floats) -> float:
        """Its value for the treated share of each parcel, shape (n,)."""
        raise NotImplementedError

    def columns_of(self, amounts: Floats) -> Floats:
        """Its columns for these amounts, shape (extra,)."""
        raise NotImplementedError

    def coefficients(self, columns: int, first: int) -> sp.csr_array:
        """It as a row over all columns, its own from `first` on, without the constant."""
        raise NotImplementedError

    def added(self, program: Program) -> Added:
        """Its rows, its own columns behind all of the program's."""
        raise NotImplementedError


def treated_kinds(name: str, entry: Criterion, menu: Menu) -> Flags:
    """Kinds that are a treatment: those with one of the criterion's interventions, or all but ``keep``."""
    asked = Limit(name=name, criterion=name, min=0.0, interventions=entry.interventions)
    kinds = kinds_of_limit(asked, menu.kinds)
    if isinstance(kinds, Fault):
        refuse(replace(kinds, column=f"criteria.{name}.interventions"))
    found = np.array(kinds, dtype=bool)
    found[0] &= bool(entry.interventions)
    return found


def appended(
    program: Program, criteria: Sequence[OnMap], limits: Sequence[LimitRow], *, place: int
) -> Program:
    """A program with the columns and rows of such criteria behind its own.

    Parameters
    ----------
    program
        In which their objectives are empty.
    limits
        On them, in the order of their rows; their baseline is the criterion's constant.
    place
        Where these rows are put in.
    """
    firsts: dict[str, int] = {}
    for criterion in criteria:
        firsts[criterion.name] = program.columns
        program = _with_columns(program, criterion)
    if len(criteria) > 1:  # cuts decide one set of parcels
        program = replace(program, edges=None)
    found = {criterion.name: criterion for criterion in criteria}
    rows = [found[row.criterion].coefficients(program.columns, firsts[row.criterion]) for row in limits]
    return _inserted(program, rows, limits, place=place)


def _with_columns(program: Program, criterion: OnMap) -> Program:
    """One criterion more: its columns, its rows, its objective."""
    more, added = criterion.extra, criterion.added(program)
    columns = program.columns + more
    at = program.objective_names.index(criterion.name)
    return replace(
        program,
        objectives=_replaced(program.objectives, at, criterion, columns),
        offsets=np.where(np.arange(len(program.offsets)) == at, criterion.constant, program.offsets),
        rows=Stack((*_wider(program.rows, more), Csr(added.matrix)), columns),
        row_lower=np.concatenate([program.row_lower, added.lower]),
        row_upper=np.concatenate([program.row_upper, added.upper]),
        lower=np.concatenate([program.lower, np.zeros(more)]),
        upper=np.concatenate([program.upper, np.ones(more)]),
        integer=np.concatenate([program.integer, criterion.whole & bool(program.integer[:1].all())]),
        row_names=Names(program.row_names, f"{criterion.name}: {added.stem}", len(added.lower)),
        edges=added.edges,
        joined=program.joined if added.joined is None else (*program.joined, added.joined),
    )


def _wider(stack: Stack, more: int) -> tuple[Block, ...]:
    return tuple(Wider(block, more) for block in stack.blocks) if more else stack.blocks


def _replaced(objectives: Stack, at: int, criterion: OnMap, columns: int) -> Stack:
    """The objectives over more columns, with a criterion in its place."""
    count, more = objectives.shape[0], columns - objectives.columns
    before, after = (objectives.take(list(part)) for part in (range(at), range(at + 1, count)))
    own = Csr(criterion.coefficients(columns, objectives.columns))
    return Stack((*_wider(before, more), own, *_wider(after, more)), columns)


def _inserted(
    program: Program, rows: Sequence[sp.csr_array], limits: Sequence[LimitRow], *, place: int
) -> Program:
    """The program with rows of limits at a place, without the constants of their criteria."""
    if not rows:
        return program
    count, more = program.rows.shape[0], len(rows)
    before, after = (program.rows.take(list(part)) for part in (range(place), range(place, count)))
    own = Csr(sp.csr_array(sp.vstack(list(rows), format="csr")))
    edges = program.edges
    names = program.row_names
    assert isinstance(names, Names)
    named = (*names.named[:place], *(row.name for row in limits), *names.named[place:])
    return replace(
        program,
        rows=Stack((*before.blocks, own, *after.blocks), program.columns),
        row_lower=np.insert(program.row_lower, place, [row.lower - row.baseline for row in limits]),
        row_upper=np.insert(program.row_upper, place, [row.upper - row.baseline for row in limits]),
        row_names=replace(names, named=named),
        edges=edges and replace(edges, row=edges.row + more),
        joined=tuple(replace(net, row=net.row + more) for net in program.joined),
    )
