"""What a search knows of the slices of a mixed program: a chain of solutions each, and the front of all.

Solutions of one slice mix, so that what is known of its front is the lower left hull of their values: a
chain.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from landfront.optimizer import tolerances
from landfront.optimizer.front import Floats
from landfront.optimizer.fronts.search import Stretch
from landfront.optimizer.program import Program
from landfront.optimizer.segments import SAME, Staircase, nondominated
from landfront.optimizer.slices import fixed_part
from landfront.optimizer.task import Solve


@dataclass(frozen=True, eq=False)
class Corner:
    """A solution on a chain; it equals itself only.

    Attributes
    ----------
    solve
        Its solution.
    y
        Its values in minimisation form, shape (2,).
    """

    solve: Solve
    y: Floats


class Chain:
    """The known solutions of one slice on their lower left hull, by the first value ascending.

    Attributes
    ----------
    fixed
        Values of the integer columns, shape (k,).
    corners
        The corners of the chain.
    edges
        Those pairs of corners between which the slice has nothing better, with what proved it.
    """

    def __init__(self, fixed: Floats) -> None:
        self.fixed = fixed
        self.corners: list[Corner] = []
        self.edges: dict[tuple[Corner, Corner], Solve] = {}

    def ends(self) -> Floats:
        """Ends of all edges, shape (n - 1, 2, 2); of a single corner, that one twice."""
        y = np.array([corner.y for corner in self.corners])
        return np.stack([y[:-1], y[1:]], axis=1) if len(y) > 1 else np.stack([y, y], axis=1)

    def pair(self, edge: int) -> tuple[Corner, Corner]:
        """Both corners of an edge."""
        return self.corners[edge], self.corners[min(edge + 1, len(self.corners) - 1)]

    def add(self, solve: Solve, noise: Floats) -> bool:
        """Take in a solution; False when it is not below the chain, or the same as what is there."""
        assert solve.y is not None
        new = Corner(solve, solve.y)
        if any(np.all(np.abs(corner.y - new.y) <= SAME * noise) for corner in self.corners):
            return False
        ordered = sorted([*self.corners, new], key=lambda corner: (corner.y[0], corner.y[1]))
        self.corners = lower_hull(ordered, noise)
        return any(corner is new for corner in self.corners)

    def above(self, y: Floats, noise: Floats) -> int | None:
        """The edge that passes above values, shape (2,), and is not proven; None when there is none."""
        for edge, (left, right) in enumerate(zip(self.corners, self.corners[1:], strict=False)):
            if left.y[0] <= y[0] <= right.y[0] and (left, right) not in self.edges:
                return edge if _is_below(left.y, y, right.y, noise) else None
        return None


def lower_hull(ordered: list[Corner], noise: Floats) -> list[Corner]:
    """Corners that lie below the line between those beside them and fall from left to right."""
    hull: list[Corner] = []
    for corner in ordered:
        if hull and corner.y[1] >= hull[-1].y[1] - noise[1]:
            continue
        if hull and corner.y[0] <= hull[-1].y[0] + noise[0]:
            hull.pop()
        while len(hull) > 1 and not _is_below(hull[-2].y, hull[-1].y, corner.y, noise):
            hull.pop()
        hull.append(corner)
    return hull


def _is_below(left: Floats, middle: Floats, right: Floats, noise: Floats) -> bool:
    """Whether the middle lies below the line through the others by more than the noise."""
    normal = np.array([left[1] - right[1], right[0] - left[0]])
    return bool(normal @ (left - middle) > normal @ noise)


class Chains:
    """The chains of all slices that a search has seen, and the staircase that they make.

    Attributes
    ----------
    stairs
        The nondominated parts of all chains.
    noise
        Values this close are the same, shape (2,).
    """

    def __init__(self, program: Program) -> None:
        self._program = program
        self.noise = tolerances.NOISE * (program.objective_span + np.abs(program.minimised_offsets))
        self.stairs: Staircase = nondominated(np.zeros((0, 2, 2)), self.noise)
        self._chains: dict[bytes, Chain] = {}
        self._owners: list[tuple[Chain, int]] = []
        self._mixes: dict[tuple[Corner, Corner, float], Solve] = {}

    def __len__(self) -> int:
        return len(self._chains)

    def chain(self, solve: Solve) -> tuple[Chain, bool]:
        """The chain of a solution's slice, and whether it is new."""
        assert solve.x is not None
        assert solve.y is not None
        # Columns without bounds may take values beyond the span that is known of the program.
        self.noise = np.maximum(self.noise, tolerances.NOISE * np.abs(solve.y))
        fixed = fixed_part(self._program, solve.x)
        key = fixed.tobytes()
        new = key not in self._chains
        return self._chains.setdefault(key, Chain(fixed)), new

    def update(self) -> None:
        """Derive the staircase again after chains have changed."""
        chains = [chain for chain in self._chains.values() if chain.corners]
        ends = [chain.ends() for chain in chains]
        self._owners = [
            (chain, edge) for chain, found in zip(chains, ends, strict=True) for edge in range(len(found))
        ]
        self.stairs = nondominated(np.concatenate([np.zeros((0, 2, 2)), *ends]), self.noise)

    def owner(self, part: int) -> tuple[Chain, int]:
        """The chain that a part of the staircase lies on, and which of its edges."""
        return self._owners[int(self.stairs.source[part])]

    def mix(self, part: int, share: float) -> Solve:
        """The solution at a share of the edge that a part of the staircase lies on."""
        chain, edge = self.owner(part)
        left, right = chain.pair(edge)
        if left is right or share in (0.0, 1.0):
            return right.solve if share == 1.0 else left.solve
        key = (left, right, share)
        if key not in self._mixes:
            self._mixes[key] = self._mixed(chain.edges.get((left, right), left.solve), left, right, share)
        return self._mixes[key]

    def _mixed(self, like: Solve, left: Corner, right: Corner, share: float) -> Solve:
        """A mix as a solve: its rates and prices are those of the edge."""
        assert left.solve.x is not None
        assert right.solve.x is not None
        x = (1.0 - share) * left.solve.x + share * right.solve.x
        y = self._program.senses * self._program.values(x)
        return replace(like, x=x, y=y, seconds=0.0)

    def parts(self) -> tuple[list[Solve], tuple[Stretch, ...]]:
        """The solutions that nothing known beats: single ones, and where mixes of two are.

        The end that two parts share is one solution; an end that something beats is none.
        """
        solves: list[Solve] = []
        stretches: list[Stretch] = []
        kept: set[int] = set()
        for part, (shares, closed) in enumerate(zip(self.stairs.share, self.stairs.closed, strict=True)):
            left, right = (self.mix(part, float(share)) for share in shares)
            kept |= {id(left), id(right)}
            for solve, counts in ((left, closed[0]), (right, closed[1])):
                if counts and not (solves and self._same(solves[-1], solve)):
                    solves.append(solve)
            if self.stairs.proper[part]:
                stretches.append(Stretch((left, right), (bool(closed[0]), bool(closed[1]))))
        self._mixes = {key: solve for key, solve in self._mixes.items() if id(solve) in kept}
        return solves, tuple(stretches)

    def _same(self, one: Solve, other: Solve) -> bool:
        assert one.y is not None
        assert other.y is not None
        return one is other or bool(np.all(np.abs(one.y - other.y) <= SAME * self.noise))
