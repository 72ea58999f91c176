"""The registry of components by effect name, and the effects that a study asks for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from landfront.instances.faults import Fault, InputError
from landfront.models.area import AREA
from landfront.models.biodiversity import BIODIVERSITY
from landfront.models.calories import CALORIES
from landfront.models.carbon import CARBON
from landfront.models.carbon_net import CARBON_NET
from landfront.models.carbon_rate import CARBON_RATE
from landfront.models.change import CHANGE
from landfront.models.component import Component, Inputs, no_baseline
from landfront.models.cost import COST
from landfront.models.cropland import CROPLAND, CROPLAND_QUALITY
from landfront.models.effects import Effect
from landfront.models.food import FOOD
from landfront.models.forage import FORAGE
from landfront.models.habitat import PREFIX, TOTAL, Habitat
from landfront.models.indicators import indicators_of
from landfront.models.labour import LABOUR, SEEDLINGS
from landfront.models.land_class import class_component, is_class
from landfront.models.net_cost import NET_COST
from landfront.models.opportunity import OPPORTUNITY
from landfront.models.revenue import REVENUE
from landfront.models.soil_stock import SOIL_STOCK
from landfront.models.water import WATER
from landfront.models.wood import CARBON_WOOD, WOOD

if TYPE_CHECKING:
    from landfront.instances.scenarios import Scenarios

Floats = NDArray[np.float64]
COMPONENTS: Mapping[str, Component] = {
    component.name: component
    for component in (
        CARBON,
        COST,
        FOOD,
        WATER,
        BIODIVERSITY,
        CROPLAND,
        CROPLAND_QUALITY,
        AREA,
        LABOUR,
        SEEDLINGS,
        REVENUE,
        CALORIES,
        OPPORTUNITY,
        NET_COST,
        FORAGE,
        CARBON_RATE,
        SOIL_STOCK,
        WOOD,
        CARBON_WOOD,
        CARBON_NET,
        CHANGE,
    )
}


@dataclass(frozen=True)
class Sources:
    """Where effects come from.

    Attributes
    ----------
    inputs
        What components look at.
    columns
        Effects of the study's table, by name, shape (m,).
    habitat
        Habitat features, or None.
    baselines
        Baseline per parcel that the study gives, by effect, shape (n,).
    scenarios
        Scenarios of coefficients, where the study has any.
    """

    inputs: Inputs
    columns: Mapping[str, Floats]
    habitat: Habitat | None
    baselines: Mapping[str, Floats]
    scenarios: Scenarios | None = None

    @cached_property
    def own(self) -> Mapping[str, Component]:
        """The study's own indicators."""
        return indicators_of(self.inputs.study)

    def component(self, effect: str) -> Component | None:
        """What computes an effect: a component, an indicator or a land class; None where nothing does."""
        if is_class(effect):
            return class_component(effect)
        return self.own.get(effect) or COMPONENTS.get(effect)

    @property
    def names(self) -> tuple[str, ...]:
        """Effects that can be asked for, the single features and land classes left out."""
        features = () if self.habitat is None else (TOTAL,)
        return tuple(dict.fromkeys((*self.columns, *COMPONENTS, *self.own, *features)))

    def knows(self, effect: str) -> bool:
        """Whether there is such an effect."""
        return (
            effect in self.columns
            or self.component(effect) is not None
            or (self.habitat is not None and effect in self.habitat)
        )

    def by_milestone(self, effect: str) -> bool:
        """Whether an effect depends on the milestone: computed ones may, those of a table do not."""
        component = self.component(effect)
        if effect in self.columns or component is None:
            return False
        return component.by_milestone or self.inputs.study.periods is not None

    def flows(self, effect: str) -> bool:
        """Whether an effect can be counted within a period."""
        component = self.component(effect)
        return effect not in self.columns and component is not None and component.within is not None

    def effect(self, effect: str, *, key: str, year: int, span: tuple[int, int] | None = None) -> Effect:
        """One effect under the key that the study uses for it, by the milestone `year`, or within a `span`.

        Raises
        ------
        InputError
            If a coefficient or covariate that it needs is missing.
        """
        found = self._plain(effect, key=key, year=year, span=span)
        given = self.baselines.get(effect)
        return found if given is None or span is not None else replace(found, baseline=given)

    def _plain(self, effect: str, *, key: str, year: int, span: tuple[int, int] | None) -> Effect:
        if effect in self.columns:
            return self._from_table(effect, key)
        if self.habitat is not None and effect in self.habitat:
            return replace(self.habitat.effect(effect), name=key)
        component = self.component(effect)
        assert component is not None  # `knows` was asked before
        return component.effect(self.inputs, name=key, year=year, span=span)

    def _from_table(self, effect: str, key: str) -> Effect:
        component = COMPONENTS.get(effect)
        return Effect(
            key, _unit(effect, self.inputs), self._table_baseline(component), column=self.columns[effect]
        )

    def _table_baseline(self, component: Component | None) -> Floats:
        """Baseline of a table's effect: the component's where the landscape has what it needs, else 0."""
        if component is None:
            return no_baseline(self.inputs)
        try:
            return component.baseline(self.inputs)
        except InputError:
            return no_baseline(self.inputs)


def _unit(effect: str, inputs: Inputs) -> str:
    """Canonical unit: the component's; an effect that only the table knows has its unit from there."""
    component = COMPONENTS.get(effect)
    if component:
        return component.unit_in(inputs.study)
    return inputs.study.effects.units.get(effect, "") if inputs.study.effects else ""


@dataclass(frozen=True)
class Effects(Mapping[str, Effect]):
    """Effects by criterion, then those that only limits use; features are made when they are asked for."""

    built: Mapping[str, Effect]
    features: tuple[str, ...]
    sources: Sources

    def __getitem__(self, key: str) -> Effect:
        """The effect of a key."""
        if key in self.built:
            return self.built[key]
        if key in self.features:
            return self.sources.effect(key, key=key, year=self.sources.inputs.last)
        raise KeyError(key)

    def __iter__(self) -> Iterator[str]:
        """The keys."""
        return iter((*self.built, *self.features))

    def __len__(self) -> int:
        """Number of keys."""
        return len(self.built) + len(self.features)


def unknown(effect: str, sources: Sources, *, place: str, also: Iterable[str] = ()) -> Fault:
    """The fault of an effect that does not exist."""
    if effect.startswith(PREFIX) and sources.habitat is None:
        return Fault("study.toml", "features", f"missing, but {place} needs {effect!r}", "Give [features].")
    names = [*dict.fromkeys((*also, *sources.names))]
    if sources.habitat is not None:
        names += [PREFIX + name for name in sources.habitat.names[:5]]
    return Fault(
        "study.toml", place, f"unknown criterion or effect {effect!r}", f"Known: {', '.join(names)}."
    )
