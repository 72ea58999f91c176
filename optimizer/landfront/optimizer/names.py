"""Names of very many rows, made when they are asked for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import overload


@dataclass(frozen=True)
class Names(Sequence[str]):
    """Names of rows, and a row of numbered ones behind them.

    Attributes
    ----------
    named
        The first ones.
    stem, many
        What the others are called before their number, and how many they are.

    Examples
    --------
    >>> names = Names(("budget",), "boundary: edge", 2)
    >>> len(names), names[0], names[-1], list(names[1:])
    (3, 'budget', 'boundary: edge 1', ['boundary: edge 0', 'boundary: edge 1'])
    """

    named: Sequence[str]
    stem: str
    many: int

    def __len__(self) -> int:
        """How many."""
        return len(self.named) + self.many

    @overload
    def __getitem__(self, index: int) -> str: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[str, ...]: ...
    def __getitem__(self, index: int | slice) -> str | tuple[str, ...]:
        """One of them, or several."""
        if isinstance(index, slice):
            return tuple(self[at] for at in range(*index.indices(len(self))))
        at = index + len(self) if index < 0 else index
        if not 0 <= at < len(self):
            raise IndexError(index)
        return self.named[at] if at < len(self.named) else f"{self.stem} {at - len(self.named)}"
