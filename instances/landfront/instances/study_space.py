"""Section ``[space]`` of study.toml: which parcels are neighbours, and how long their shared boundary is."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, Strict, model_validator

from landfront.instances.study_base import Label, Number, Section

Length = Literal["m", "km"]
METRES = {"m": 1.0, "km": 1000.0}
"""Metres of each unit of length."""


class Grid(Section):
    """Parcels are square cells: whole numbers for row and column in the parcel table, `cell` m wide."""

    row: str
    column: str
    cell: Annotated[Number, Field(gt=0)]


class Edges(Section):
    """A table of pairs of parcels and the length of the boundary that they share, as Marxan's ``bound.dat``.

    A row of a parcel with itself is refused, or is its boundary with what lies outside
    (``self = "outer"``, as Marxan has it).
    """

    source: str
    parcel: str
    neighbour: str
    length: str
    unit: Length = "m"
    encoding: str = "auto"
    itself: Annotated[Literal["refuse", "outer"], Field(alias="self")] = "refuse"


class Blocks(Section):
    """A level of contiguous blocks: parcels that hang together by neighbours.

    Those of the land covers listed form blocks together; without `cover` each block has one land cover.
    Parcels of other land covers are in no block.
    """

    name: Label
    cover: tuple[str, ...] = ()


class Around(Section):
    """What a limit with ``around`` looks at: for each parcel of a land cover, what lies within some steps.

    Steps go from neighbour to neighbour; the parcel itself counts, too. Without `cover` every parcel has
    such a row. Land of the covers in `existing` counts as it is (only where the limit is on area).
    """

    steps: Annotated[int, Strict(), Field(ge=1, le=50)] = 1
    cover: tuple[str, ...] = ()
    existing: tuple[str, ...] = ()


class Patch(Section):
    """The smallest patch: so many parcels that hang together, or a square of so many cells on a side."""

    parcels: Annotated[int, Strict(), Field(ge=2, le=8)] | None = None
    square: Annotated[int, Strict(), Field(ge=2, le=8)] | None = None

    @model_validator(mode="after")
    def _one(self) -> Patch:
        if (self.parcels is None) == (self.square is None):
            raise ValueError("give either parcels or square")
        return self


class Core(Section):
    """Land that treated land shall be connected to: parcels of some land covers, or where a mask applies."""

    cover: tuple[str, ...] = ()
    mask: Label | None = None

    @model_validator(mode="after")
    def _some(self) -> Core:
        if not self.cover and self.mask is None:
            raise ValueError("give cover, mask or both")
        return self


class Space(Section):
    """Section ``[space]``: neighbours from shapes, from rows and columns of a grid, or from a table.

    With `corners` parcels that touch in a point alone are neighbours too, without a shared boundary: the
    eight neighbours of a cell. Without `outer` the edge of the study's land is no boundary of what is chosen.
    `blocks` are levels that limits, measures and tables can name with `by`, like groups.
    """

    geometry: Literal[True] | None = None
    grid: Grid | None = None
    edges: Edges | None = None
    corners: bool = False
    outer: bool = True
    blocks: tuple[Blocks, ...] = ()

    @model_validator(mode="after")
    def _one(self) -> Space:
        given = [name for name in ("geometry", "grid", "edges") if getattr(self, name) is not None]
        if len(given) != 1:
            said = " and ".join(given) or "none"
            raise ValueError(f"give one of geometry = true, grid and edges, found {said}")
        if self.edges is not None and self.corners:
            raise ValueError("corners: a table of edges lists its neighbours, with length 0 where they touch")
        return self
