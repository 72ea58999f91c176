"""Method (b): boxes for two objectives with integers, the widest open box first.

An epsilon constraint whose level is chosen where the facts leave the largest box (as in K. Dächert,
K. Klamroth, R. Lacour, D. Vanderpooten, Efficient computation of the search region, EJOR 260, 2017, for two
objectives), with no fixed step and an augmented objective, so that no weakly dominated point is found. Boxes
are not kept: they are what `outer.open_cells` derives from archive and facts, so that a solve with a gap
simply leaves its box open.
Departures: half-planes from the relaxation's multipliers bound every box, and a level on a lattice is imposed
half a step above, away from the solver's tolerance.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from math import inf

import numpy as np

from landfront.optimizer import certify, tolerances
from landfront.optimizer.front import Floats
from landfront.optimizer.fronts.search import Accuracy, Job, Search
from landfront.optimizer.outer import Cells, beaten, end_gaps, open_cells, outer
from landfront.optimizer.scalarize import CORE_GROUPS
from landfront.optimizer.task import Solve, Task

WIDE = 1.0 / 8
"""A complete front cuts boxes wider than this share of the range in two, then walks from point to point: the
first makes an early stop useful, the second needs one solve per point."""

LATTICE_GAP = 0.9
"""Share of a lattice step at which a lattice value is proven: the next better one is a whole step away, and
the rest is room for the noise of the proof."""

END_SHARE = 0.01
"""A complete real-valued front proves its ends to this share of the gap, as its range is not known yet."""

MARGIN = 0.05
"""A level keeps this share of a box's height from its sides: at a side it would cut nothing off."""

CLOSE = 0.9
"""A box closes at this share of the gap: the rest is room for what the solves around it leave unproven."""

WALK = 0.85
"""When walking, the next level is this share of the gap below a point: what is skipped closes at once."""

INSIDE = 2
"""Stands beside the two axes for a point that is no end."""

ROOM = 10.0
"""A complete front proves a real-valued first objective to the gap divided by this: what `CLOSE` leaves."""


def boxes(search: Search) -> Generator[Job | None, None, str]:
    """Fill the archive with nondominated points; returns what was reached, in words."""
    for jobs in (_ends(search), _second_look(search)):
        yield from jobs
        yield from search.idle()
    if len(search.archive) < 2:
        return "one point is best in both objectives"
    step = Step(search, np.asarray(np.abs(search.values[-1] - search.values[0])))
    while not (search.enough or search.covered):
        cells = open_cells(search.values, outer(search.facts), step.scale, search.steps)
        at = step.widest(cells)
        if at is not None:
            yield step.solve_in(cells, at)
        elif search.running:
            yield None
        elif (again := step.settle()) is not None:
            yield again
        elif not step.refine():
            return "no open box is left that another solve could close"
    yield from search.idle()
    return "the asked number of points was reached"


def _ends(search: Search) -> Iterator[Job]:
    if search.program.groups >= CORE_GROUPS and search.request.points is not None:
        yield _weighted_ends(search)
        return
    for axis in (0, 1):
        yield _two_stage_end(search, axis, fine=search.request.points is None)


def _second_look(search: Search) -> Iterator[Job]:
    """Within the gap one solution may do for both ends, and yet not be the only one."""
    if len(search.archive) == 1 and search.request.points is not None and not search.weak:
        for axis in (0, 1):
            yield _two_stage_end(search, axis, fine=True, start=search.archive[0].x)


def _two_stage_end(search: Search, axis: int, *, fine: bool, start: Floats | None = None) -> Job:
    """The best value of one objective, then the best of the other among solutions that keep it.

    It is kept up to half a lattice step or, where values are real, up to the allowed gap above the bound.
    """
    accuracy = _end_accuracy(search, axis, fine=fine)
    first = yield from search.solve(np.eye(2)[axis], main=axis, start=start, accuracy=accuracy)
    assert first.y is not None
    upper = np.full(2, inf)
    upper[axis] = _kept_level(search, first, axis, fine=fine)
    weights = np.eye(2)[1 - axis]
    if search.steps[axis] == 0:
        size = search.program.objective_scale
        weights[axis] = search.augment * size[1 - axis] / size[axis]
    how = _end_accuracy(search, 1 - axis, fine=fine)
    again = search.solve(weights, main=1 - axis, upper=upper, start=first.x, accuracy=how, polish=True)
    search.keep((yield from again))


def _weighted_ends(search: Search) -> Job:
    """Ends of a large program within the gap, by augmented weights: a second stage would have no room.

    The relaxations of each objective alone give the ranges and bound the ends. The second end is solved
    again for the first objective at its own level, which proves that objective there.
    """
    plain = []
    for axis in (0, 1):
        relaxed = (yield from search.relax(search.alone(axis), main=axis)).relaxed
        assert relaxed is not None
        plain.append(relaxed)
    scale = np.maximum(np.abs(plain[0] - plain[1]), tolerances.NOISE * search.program.objective_span)
    little = max(search.request.gap / 10, search.augment)
    ends = []
    for axis in (1, 0):
        weights = np.ones(2)
        weights[1 - axis] = little * scale[axis] / scale[1 - axis]
        ends.append((yield from search.solve(weights, main=axis)))
    level = _kept_level(search, ends[0], 1, fine=False)
    upper = np.array([inf, max(level, float(plain[1][1] + search.augment * scale[1]))])
    weights = np.array([1.0, little * scale[0] / scale[1]])
    again = search.solve(weights, main=0, upper=upper, start=ends[0].x, basis=ends[0].basis)
    search.keep((yield from again))
    search.keep(ends[1])


def _end_accuracy(search: Search, axis: int, *, fine: bool) -> Accuracy:
    step = float(search.steps[axis])
    gap = search.request.gap
    if fine:
        return Accuracy(gap=LATTICE_GAP * step, share=0.0 if step > 0 else gap * END_SHARE)
    return Accuracy(gap=LATTICE_GAP * step, share=gap)


def _kept_level(search: Search, solve: Solve, axis: int, *, fine: bool) -> float:
    """Level at which an end keeps its best value while the other objective is improved."""
    assert solve.y is not None
    best = float(solve.y[axis])
    if search.steps[axis] > 0:
        return best + float(search.steps[axis]) / 2
    noise = float(certify.value_noise(search.program)[axis])
    if fine:
        return best + noise
    size = max(abs(best), abs(best - float(search.program.minimised_offsets[axis])))
    return best + search.request.gap / 2 * size + noise


class Step:
    """Chooses the next box, the level to impose in it and the accuracy, and solves it."""

    def __init__(self, search: Search, scale: Floats) -> None:
        self.search, self.scale = search, scale
        self.tried: set[tuple[float, float, float]] = set()
        self.barren: set[tuple[float, float]] = set()
        self.settled: list[tuple[int, Floats]] = []
        self.busy: list[float] = []
        self.fine = search.request.points is None
        self.rho = self._augmentation()
        self.one_stage = self._one_stage()

    def _augmentation(self) -> float:
        """Weight of the second objective: too small to move the first by a lattice step or by the gap."""
        step, gap = float(self.search.steps[0]), self.search.request.gap
        if step > 0:
            return step / (2 * float(self.scale[1]))
        share = min(max(gap / 10, tolerances.FLAT), 1e-4)
        return share * float(self.scale[0] / self.scale[1])

    def _one_stage(self) -> bool:
        """Whether a solver can tell the smallest step of the augmented objective from noise."""
        if self.search.steps[0] == 0:
            return True
        program = self.search.program
        noise = tolerances.NOISE * float(np.abs(self.search.values[:, 0]).max()) / (1 - LATTICE_GAP)
        return self._fine_gap() >= max(tolerances.ONE_STAGE * float(program.objective_scale[0]), noise)

    def _fine_gap(self) -> float:
        """A gap of the augmented objective that leaves neither objective a step away from its best."""
        second = float(self.search.steps[1]) or self.search.request.gap * float(self.scale[1])
        return LATTICE_GAP * self.rho * second

    def widest(self, cells: Cells) -> int | None:
        """The widest open cell that was not tried, is not worked on and is still wider than the gap."""
        values = self.search.values
        keys = zip(
            values[cells.left, 0].tolist(),
            values[cells.left + 1, 0].tolist(),
            cells.top.tolist(),
            strict=True,
        )
        fresh = np.array([key not in self.tried for key in keys], dtype=bool)
        for level in self.busy:
            fresh &= (values[cells.left, 1] < level) | (values[cells.left + 1, 1] > level)
        wanted = np.flatnonzero(fresh & (cells.need > CLOSE * self.search.request.gap))
        return int(wanted[np.argmax(cells.size[wanted])]) if len(wanted) else None

    def solve_in(self, cells: Cells, at: int) -> Job:
        """Solve at a level in a cell, and note that what lies below the level was tried."""
        left = int(cells.left[at])
        a, b = self.search.values[left], self.search.values[left + 1]
        level = self._level(cells, at)
        pair = (float(a[0]), float(b[0]))
        if (*pair, level) in self.tried:
            # Nothing came of this level: the cell stays open, and the certificate will count it.
            self.tried.add((*pair, float(cells.top[at])))
            return
        near = self.search.archive[left + 1]
        self.busy.append(level)
        solve = yield from self._lexicographic(level, near)
        self.busy.remove(level)
        assert solve.y is not None
        new = self.search.keep(solve)
        self.tried.add((pair[0], float(solve.y[0]) if new else pair[1], level))
        self.tried.add((*pair, level))
        if not new:
            self.barren.add(pair)

    def _level(self, cells: Cells, at: int) -> float:
        """Where to cut: at the corner that is worst covered, or just below the upper point when walking."""
        left = int(cells.left[at])
        high, low = float(self.search.values[left, 1]), float(self.search.values[left + 1, 1])
        bottom, top = float(cells.bottom[at]), float(cells.top[at])
        step, size = float(self.search.steps[1]), float(cells.size[at])
        if (self.search.request.points is None and size <= WIDE) or self._was_barren(left):
            level = high - (step / 2 or WALK * self.search.request.gap * float(self.scale[1]))
            level = min(level, top)
        else:
            room = MARGIN * (top - bottom)
            level = float(np.clip(high - size * self.scale[1], bottom + room, top - room))
        if step == 0:
            return level
        least = max(np.ceil((bottom - low) / step - 1e-6), 1.0)
        most = np.floor((min(top, high - step) - low) / step + 1e-6)
        return low + step * (float(np.clip(np.floor((level - low) / step), least, max(least, most))) + 0.5)

    def _was_barren(self, left: int) -> bool:
        """Whether a cut between these neighbours found nothing: the next one then closes all of it."""
        values = self.search.values
        return (float(values[left, 0]), float(values[left + 1, 0])) in self.barren

    def refine(self) -> bool:
        """Once nothing else is left, go on with finer gaps; False when they are fine already."""
        if self.fine or self.search.weak:
            return False
        self.fine = True
        self.tried.clear()
        self.barren.clear()
        return True

    def settle(self) -> Job | None:
        """Solve finely where the gap of a solve left an end or a point to beat; None when nowhere.

        Without it a front of few points would end with points that may be beaten.
        """
        search = self.search
        if search.weak or not self.fine:
            return None
        values, bound, steps = search.values, outer(search.facts), search.steps
        ends = end_gaps(values, bound, self.scale, steps)
        over = (beaten(values, bound, steps) / self.scale).max(axis=1)
        allowed = np.where(steps > 0, 0.0, search.request.gap)
        for axis, end in ((0, 0), (1, -1)):
            if ends[axis] > allowed[axis] and self._first_time(axis, values[end]):
                return _two_stage_end(search, axis, fine=True, start=search.archive[end].x)
        for at in np.flatnonzero(over > min(allowed.min(), (1 - CLOSE) * search.request.gap)).tolist():
            if self._first_time(INSIDE, values[at]):
                return self._again(search.archive[at])
        return None

    def _again(self, found: Solve) -> Job:
        """Prove a point at its own level; what differs from it by the noise of that level is no point."""
        level = _kept_level(self.search, found, 1, fine=True)
        solve = yield from self._lexicographic(level, found)
        assert found.y is not None
        assert solve.y is not None
        if np.any(np.abs(solve.y - found.y) > self._near):
            self.search.keep(solve)

    @property
    def _near(self) -> Floats:
        """How far apart values are that need not be told apart, shape (2,)."""
        steps = self.search.steps
        return np.where(steps > 0, steps / 2, (1 - CLOSE) * self.search.request.gap * self.scale)

    def _first_time(self, kind: int, values: Floats) -> bool:
        """Whether no such solve was made at these values, or so near that it moved the point here."""
        if any(kind == other and np.all(np.abs(values - at) <= self._near) for other, at in self.settled):
            return False
        self.settled.append((kind, values))
        return True

    def _lexicographic(self, level: float, near: Solve) -> Generator[Task, Solve, Solve]:
        """The least first objective with the second at most at the level, then the least second."""
        upper = np.array([inf, level])
        request, step = self.search.request, self.search.steps
        if self.one_stage:
            weights = np.array([1.0, self.rho])
            how = self._accuracy()
            one = self.search.solve(
                weights, main=0, upper=upper, start=near.x, basis=near.basis, accuracy=how
            )
            return (yield from one)
        how = Accuracy(gap=LATTICE_GAP * float(step[0]), share=0.0 if self.fine else request.gap)
        first = yield from self.search.solve(
            np.eye(2)[0], main=0, upper=upper, start=near.x, basis=near.basis, accuracy=how
        )
        assert first.y is not None
        upper = np.array([float(first.y[0]) + float(step[0]) / 2, level])
        how = Accuracy(gap=LATTICE_GAP * (float(step[1]) or request.gap * float(self.scale[1])))
        polish = self.search.solve(
            np.eye(2)[1], main=1, upper=upper, start=first.x, accuracy=how, polish=True
        )
        return (yield from polish)

    def _accuracy(self) -> Accuracy:
        request = self.search.request
        if self.search.steps[0] == 0:
            most = request.gap * float(self.scale[0]) / ROOM if self.fine else inf
            return Accuracy(share=request.gap, most=most)
        coarse = request.gap * float(np.abs(self.search.values[:, 0]).min())
        exact = self.fine or coarse < self.search.steps[0]
        return Accuracy(gap=self._fine_gap(), share=0.0 if exact else request.gap)
