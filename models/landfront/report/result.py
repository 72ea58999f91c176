"""A front with the study it belongs to: the object that tables, figures, layers and texts are drawn from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from landfront.models.formulate import Formulation
from landfront.models.kinds import label_of
from landfront.models.plan import Plan
from landfront.optimizer.front import Front, Point
from landfront.optimizer.program import Program
from landfront.optimizer.quality import knee

Floats = NDArray[np.float64]
SAME, STEADY = 1e-6, 1e-3


@dataclass(frozen=True)
class Named:
    """A plan that people talk about.

    Attributes
    ----------
    name
        As in file and layer names: ``max_carbon``, ``min_cost``, ``knee``.
    point
        Its position on the front.
    label
        What it is, in words.
    """

    name: str
    point: int
    label: str


@dataclass(frozen=True)
class Result:
    """A front of a formulated study.

    Attributes
    ----------
    formulation
        The study as landscape, menu, effects, limits and program.
    front
        Its front over two of the criteria.
    kept
        What is costly to read and used by several, such as geometry; copies share it.
    """

    formulation: Formulation
    front: Front
    kept: dict[str, Any] = field(default_factory=dict, repr=False, compare=False)

    @property
    def criteria(self) -> tuple[str, ...]:
        """Every criterion of the study, in file order."""
        return tuple(self.formulation.study.criteria)

    @cached_property
    def units(self) -> Mapping[str, str]:
        """Unit of each criterion."""
        return self.formulation.units

    @cached_property
    def baseline(self) -> Mapping[str, float]:
        """Total of each criterion when every parcel is kept as it is."""
        return dict(zip(self.criteria, self.formulation.baseline.tolist(), strict=True))

    @cached_property
    def values(self) -> Floats:
        """Totals of every criterion at every point, shape (s, q), recomputed from the effects."""
        rows = [self.formulation.values(point.x) for point in self.front.points]
        return np.array(rows).reshape(len(rows), len(self.criteria))

    def total(self, point: int, criterion: str) -> float:
        """Total of one criterion at one point."""
        return float(self.values[point, self.criteria.index(criterion)])

    def plan(self, point: int) -> Plan:
        """The plan of one point."""
        found = self.front.points[point]
        return Plan(self.formulation, found.x, point=found)

    @cached_property
    def program(self) -> Program:
        """The program whose front this is: the front's criteria only."""
        return front_program(self.formulation, self.front.criteria)

    @cached_property
    def knee(self) -> int | None:
        """Position of the knee, where the front has one."""
        return knee(self.front).index if len(self.front) > 2 else None

    @cached_property
    def named(self) -> tuple[Named, ...]:
        """The best point for each criterion, front criteria first, and the knee."""
        if not len(self.front):
            return ()
        order = [*self.front.criteria, *(name for name in self.criteria if name not in self.front.criteria)]
        plans = [self._best(name) for name in order]
        if self.knee is not None:
            plans.append(Named("knee", self.knee, "the knee (most balanced)"))
        return tuple(plans)

    def _best(self, criterion: str) -> Named:
        sense = self.formulation.study.criteria[criterion].sense
        word = "most" if sense == "max" else "least"
        # The front was not searched for other criteria, so their best point is only the best of those found.
        where = "" if criterion in self.front.criteria else " on this front"
        point = self._best_point(criterion)
        return Named(f"{sense}_{criterion}", point, f"{word} {self.word(criterion)}{where}")

    def _best_point(self, criterion: str) -> int:
        """Best point for a criterion; among equal ones the best in the front's first criterion."""
        column = self.values[:, self.criteria.index(criterion)] * self._sense(criterion)
        first = self.values[:, self.criteria.index(self.front.criteria[0])] * self._sense(
            self.front.criteria[0]
        )
        equal = column <= column.min() + SAME * max(abs(float(column.min())), abs(float(column.max())))
        return int(np.argmin(np.where(equal, first, np.inf)))

    def _sense(self, criterion: str) -> float:
        return -1.0 if self.formulation.study.criteria[criterion].sense == "max" else 1.0

    def constant(self, criterion: str) -> bool:
        """True when every point of the front has the same total, but for noise."""
        column = self.values[:, self.criteria.index(criterion)]
        return bool(np.ptp(column) <= SAME * float(np.abs(column).max(initial=0.0)))

    def steady(self, criterion: str) -> bool:
        """True when a criterion hardly moves along the front beside how far all of it is from today.

        Whole parcels leave a little of a budget unspent, now more and now less: that says nothing of plans.
        """
        if criterion in self.front.criteria:
            return self.constant(criterion)
        column = self.values[:, self.criteria.index(criterion)]
        change = float(np.abs(column - self.baseline[criterion]).max(initial=0.0))
        return self.constant(criterion) or bool(np.ptp(column) <= STEADY * change)

    def label(self, criterion: str) -> str:
        """A criterion in words."""
        return self.formulation.study.criteria[criterion].label or criterion.replace("_", " ")

    def word(self, criterion: str) -> str:
        """A criterion as it reads in the middle of a sentence."""
        label = self.label(criterion)
        return label[:1].lower() + label[1:] if label[1:2].islower() else label

    @cached_property
    def intervention_labels(self) -> Mapping[str, str]:
        """What can be done on a parcel, by name, in English."""
        return labels_in(self.formulation, "en")

    @cached_property
    def in_yuan(self) -> bool:
        """True for studies in yuan, whose readers think in mu."""
        return self.formulation.study.study.currency == "CNY"


def labels_in(formulation: Formulation, language: str) -> dict[str, str]:
    """What can be done on a parcel, by name, in a language of the catalogue; the name where it has none."""
    catalogue = formulation.catalogue
    words = dict(zip(catalogue.interventions, catalogue.labels.get(language, ()), strict=False))
    return {name: label_of(name, words, language) for name in formulation.menu.interventions}


def front_program(formulation: Formulation, criteria: tuple[str, ...]) -> Program:
    """The study's program with only these criteria as objectives."""
    names = list(formulation.study.criteria)
    return formulation.program.select([names.index(name) for name in criteria])


def with_plans(formulation: Formulation, front: Front) -> Front:
    """The front whose points know their plan."""

    def decode(point: Point) -> Plan:
        return Plan(formulation, point.x, point=point)

    units = tuple(formulation.units[name] for name in front.criteria)
    return front.with_decoder(decode, units)
