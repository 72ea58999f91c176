r"""The formulation: components stacked to one program.

Formula, with one column x_j per option j of the menu:

    max or min   b_c + sum over j of e_c(j) * x_j                    one objective per criterion c
    subject to   lower_r <= sum over j in scope r of e(j) * x_j <= upper_r        one row per limit and region
                 sum over the options j of parcel p of x_j = 1                    one group per parcel
                 x_j in {0, 1} (decision = "whole")  or  0 <= x_j <= 1 ("share")

| symbol | meaning |
|---|---|
| e_c(j) | effect of the option on criterion c, the change against ``keep`` |
| b_c | baseline total of the criterion |

>>> senses({"carbon": "max", "cost": "min"}).tolist()
[-1, 1]
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from landfront.instances.catalogue import Catalogue
from landfront.instances.faults import Fault, InputError, refuse
from landfront.instances.landscape import Landscape
from landfront.instances.study import Study
from landfront.instances.study_policy import policy_notes
from landfront.models.appended import OnMap, appended
from landfront.models.around import around_rows
from landfront.models.blocks import objective_rows, stack
from landfront.models.boundary import boundary_of
from landfront.models.carbon import carbon_notes
from landfront.models.carbon_net import net_faults
from landfront.models.component import Inputs
from landfront.models.effects import Effect
from landfront.models.funds import Payments, payments_of
from landfront.models.habitat import ALL, PREFIX, Habitat, habitat_of
from landfront.models.indicators import indicator_faults, indicator_notes
from landfront.models.limits import LimitRow, LimitRows, effect_key, joined, limit_rows, names_of, spans_of
from landfront.models.measure import Measure, measure_limits
from landfront.models.measures import measure_of
from landfront.models.menu import Menu, build_menu, menu_from_table
from landfront.models.registry import Effects, Sources, unknown
from landfront.models.regret import with_regrets
from landfront.models.scattered import scattered_of
from landfront.models.separate import separate_of
from landfront.models.unlinked import unlinked_of
from landfront.models.widening import Part, linked
from landfront.optimizer.program import Program

if TYPE_CHECKING:
    import pandas as pd

    from landfront.instances.scenarios import Scenarios

__all__ = ["Formulation", "LimitRow", "Tables", "formulate", "formulate_from"]

Floats = NDArray[np.float64]
ON_MAP = {
    "boundary": boundary_of,
    "scattered": scattered_of,
    "separate": separate_of,
    "unlinked": unlinked_of,
}
"""Criteria of which parcels are treated, by their measure."""


@dataclass(frozen=True)
class Formulation:
    """A study as a program, with everything that turns its solutions back into plans.

    Attributes
    ----------
    study, landscape, catalogue
        What was formulated.
    menu
        The options: column j of the program is option j.
    effects
        By criterion, then those that only limits use.
    limits
        One per coupling row of the program, as far as they go, those on measures last; what makes measures
        linear follows.
    measures
        Criteria that are no plain sums.
    payments
        Who pays for what, where the study names funds.
    program
        All criteria in file order as objectives (baselines as offsets); rows in terms of change. Linking
        columns of measures and of payments follow the options, then those of criteria of place.
    scenarios
        Scenarios of coefficients, where the study has any.
    """

    study: Study
    landscape: Landscape
    catalogue: Catalogue
    menu: Menu
    effects: Mapping[str, Effect]
    limits: tuple[LimitRow, ...]
    measures: Mapping[str, Measure | OnMap]
    payments: Payments | None
    program: Program
    scenarios: Scenarios | None = None

    @property
    def sums(self) -> tuple[str, ...]:
        """Criteria that are plain sums of their options' effects, in file order."""
        return tuple(name for name in self.study.criteria if name not in self.measures)

    @property
    def units(self) -> dict[str, str]:
        """Unit of each criterion."""
        measures = self.measures
        return {
            name: measures[name].unit if name in measures else self.effects[name].unit
            for name in self.study.criteria
        }

    @property
    def paid(self) -> int:
        """Where the columns of payments begin, behind those of measures but on_map."""
        measures = self.measures.values()
        return len(self.menu) + sum(len(m.linking.lower) for m in measures if isinstance(m, Measure))

    @cached_property
    def baseline(self) -> Floats:
        """Value of each criterion when every parcel is kept as it is, shape (q,)."""
        found = self.program.offsets.copy()
        for name, measure in self.measures.items():
            found[list(self.study.criteria).index(name)] = measure.value(measure.amounts.constant)
        return found

    def values(self, x: NDArray[Any]) -> Floats:
        """Value of each criterion for the options ``x``, shape (q,); linking columns are not looked at."""
        padded = np.zeros(self.program.columns)
        padded[: len(self.menu)] = x[: len(self.menu)]
        found = self.program.values(padded)
        for name, measure in self.measures.items():
            amounts = measure.amounts_of(padded[: len(self.menu)])
            found[list(self.study.criteria).index(name)] = measure.value(amounts)
        return found

    def completed(self, x: NDArray[Any]) -> NDArray[Any]:
        """The program's columns of a plan: its options ``x`` and the best linking columns for them."""
        options = x[: len(self.menu)]
        if self.program.columns == len(self.menu):
            return options
        share = options.astype(np.float64)
        linking: list[Floats] = []
        last: list[Floats] = []
        for measure in self.measures.values():
            columns = measure.columns_of(measure.amounts_of(share))
            (last if isinstance(measure, OnMap) else linking).append(columns)
        if self.payments is not None:
            linking.append(self.payments.columns_of(self.payments.rows.dot(share)))
        return np.concatenate([share, *linking, *last])

    @property
    def notes(self) -> tuple[str, ...]:
        """What a user should know about how the input was read and the menu built."""
        from landfront.instances.baselines import baseline_note

        given = baseline_note(self.study)
        told = (*((given,) if given else ()), *carbon_notes(self.study, self.catalogue))
        idle = tuple(measure.note for measure in self.measures.values() if measure.note)
        silent = indicator_notes(self.study, self.menu.kinds.interventions)
        left = (*policy_notes(self.study), *_alone(self.study))
        drawn = self.scenarios.notes if self.scenarios is not None else ()
        return (*self.landscape.notes, *self.menu.notes, *told, *drawn, *idle, *silent, *left)


@dataclass(frozen=True)
class Tables:
    """What the study's own tables add to landscape and catalogue; read from the study where left out.

    Attributes
    ----------
    effects
        The ``[effects]`` table: parcel index, intervention, one column per effect.
    feature_change
        Share of each habitat feature gained or lost, shape (features, interventions of the catalogue).
    baselines
        Baseline per parcel by effect, shape (n,), where the study gives one.
    scenarios
        Scenarios of coefficients.
    """

    effects: pd.DataFrame | None = None
    feature_change: Floats | None = None
    baselines: Mapping[str, Floats] | None = None
    scenarios: Scenarios | None = None


def formulate(study: Study) -> Formulation:
    """Read a study's tables and formulate it.

    Raises
    ------
    InputError
        With every fault of the input that was found.
    """
    from landfront.instances.load import load_inputs

    inputs = load_inputs(study)
    tables = Tables(inputs.effects, inputs.feature_change, inputs.baselines, inputs.scenarios)
    return formulate_from(study, inputs.landscape, inputs.catalogue, tables=tables)


def formulate_from(
    study: Study, landscape: Landscape, catalogue: Catalogue, *, tables: Tables | None = None
) -> Formulation:
    """Formulate a study from its landscape and catalogue.

    Raises
    ------
    InputError
        With every fault of the input that was found.
    """
    sources = _sources(study, landscape, catalogue, tables or _read_tables(study, landscape, catalogue))
    effects = _effects(study, sources)
    limits = joined(limit_rows(study, effects), *around_rows(study, effects))
    payments = payments_of(study, sources)

    def program_of(measures: Mapping[str, Measure | OnMap], *more: Part) -> Program:
        return _linked(study, sources, _program(study, effects, limits, measures, sources.inputs.menu),
                       measures, [*([payments.part] if payments else []), *more])  # fmt: skip

    measures = with_regrets(study, effects, _measures(study, effects), program_of)
    rows = (*limits.rows, *_bounded(study, measures))
    return Formulation(
        study, landscape, catalogue, sources.inputs.menu, effects, rows, measures, payments,
        program_of(measures), sources.scenarios,
    )  # fmt: skip


def _bounded(study: Study, measures: Mapping[str, Measure | OnMap]) -> tuple[LimitRow, ...]:
    """Limits on measures, those on criteria of place last."""
    plain, lines = [], []
    for row in measure_limits(study, measures):
        found = measures[row.criterion]
        if isinstance(found, OnMap):
            lines.append(replace(row, baseline=found.constant))
        else:
            plain.append(row)
    return (*plain, *lines)


def _linked(
    study: Study,
    sources: Sources,
    program: Program,
    measures: Mapping[str, Measure | OnMap],
    more: Sequence[Part],
) -> Program:
    """A program with the columns and rows of measures, of further parts, and of criteria of place."""
    plain = [found for found in measures.values() if isinstance(found, Measure)]
    on_map = [found for found in measures.values() if isinstance(found, OnMap)]
    rows, names = _bounded(study, measures), {found.name for found in on_map}
    within = [row for row in rows if row.criterion not in names]
    parts, place = [*(found.part for found in plain), *more], len(program.row_lower) + len(within)
    program = linked(program, parts, sources.inputs.menu, within) if parts else program
    return appended(program, on_map, rows[len(within) :], place=place) if on_map else program


BESIDE = {
    "biodiversity": ("biodiversity", "habitat"),
    "cost": ("cost", "net_cost"),
    "food": ("food", "calories", "cropland", "cropland_quality"),
}
"""What carbon is never looked at without, by the effects that tell of it."""


def _alone(study: Study) -> Iterator[str]:
    """What a study that counts carbon does not look at, as criterion or limit."""
    names = (*study.criteria, *(limit.criterion for limit in study.limits))
    asked = {study.effect_of(name) for name in names}
    absent = [what for what, told in BESIDE.items() if asked.isdisjoint(told)]
    if "carbon" in asked and absent and not any(name.startswith(PREFIX) for name in asked):
        yield f"carbon stands alone: no criterion or limit on {', '.join(absent)}"


def senses(criteria: Mapping[str, str]) -> NDArray[np.int8]:
    """-1 for each criterion to be maximised, +1 for each to be minimised."""
    return np.array([-1 if sense == "max" else 1 for sense in criteria.values()], dtype=np.int8)


def _read_tables(study: Study, landscape: Landscape, catalogue: Catalogue) -> Tables:
    """Read what the study names; the loaders are imported only here, since they bring pandas."""
    from landfront.instances import load

    effects = load.load_effect_table(study, landscape) if study.effects else None
    change = load.load_feature_effects(study, landscape, catalogue) if study.features else None
    return Tables(effects, change, load.load_baselines(study, landscape) if study.baseline else {})


def _sources(study: Study, landscape: Landscape, catalogue: Catalogue, tables: Tables) -> Sources:
    columns: Mapping[str, Floats] = {}
    if tables.effects is None:
        menu = build_menu(landscape, catalogue, study)
    else:
        menu, columns = menu_from_table(tables.effects, landscape, catalogue, study)
    known = sorted(catalogue.known | {*menu.kinds.interventions[1:]})
    refuse(*indicator_faults(study, known), *net_faults(study, known))
    habitat: Habitat | None = None
    if tables.feature_change is not None:
        habitat = habitat_of(landscape, tables.feature_change, menu.kinds)
    inputs = Inputs(landscape, catalogue, menu, study)
    from landfront.instances.scenarios import load_scenarios

    scenarios = tables.scenarios or load_scenarios(study, landscape, catalogue)
    return Sources(inputs, columns, habitat, tables.baselines or {}, scenarios)


def _effects(study: Study, sources: Sources) -> Effects:
    """Every effect that criteria and limits use; all faults are collected."""
    faults: list[Fault] = []
    built: dict[str, Effect] = {}
    features: dict[str, None] = {}
    for key, effect, when, place in _asked(study):
        if effect == ALL and sources.habitat is not None:
            features.update(dict.fromkeys(PREFIX + name for name in sources.habitat.names))
            continue
        found = _faults_of(effect, when, sources, place)
        faults.extend(found)
        if found or key in built:
            continue
        try:
            built[key] = sources.effect(
                effect, key=key, year=when.year or sources.inputs.last, span=when.span
            )
        except InputError as error:
            faults.extend(fault for fault in error.faults if fault not in faults)
    refuse(*faults)
    return Effects(built, tuple(name for name in features if name not in built), sources)


@dataclass(frozen=True)
class _When:
    """The milestone that is asked for, or the first year of a period and the year after its last."""

    year: int | None = None
    span: tuple[int, int] | None = None


def _asked(study: Study) -> list[tuple[str, str, _When, str]]:
    """Key, effect, time as asked for, and place in study.toml, of each criterion and limit."""
    asked = [
        (name, study.effect_of(name), _When(entry.milestone), f"criteria.{name}")
        for name, entry in study.criteria.items()
        if study.sums_effect(name)
    ]
    for limit in study.limits:
        if not study.sums_effect(limit.criterion):
            continue
        effect, place = study.effect_of(limit.criterion), f"limits.{limit.name}"
        if limit.period is not None:
            asked += [
                (effect_key(study, limit, span), effect, _When(span=span), place)
                for span in spans_of(study, limit)
            ]
            continue
        year = limit.milestone or (
            study.criteria[limit.criterion].milestone if limit.criterion in study.criteria else None
        )
        asked.append((effect_key(study, limit), effect, _When(year), place))
    return asked


def _faults_of(effect: str, when: _When, sources: Sources, place: str) -> list[Fault]:
    """Whether an effect exists and can be asked for at a milestone, or within a period."""
    study, year = sources.inputs.study, when.year
    if not sources.knows(effect):
        key = f"{place}.{'criterion' if place.startswith('limits') else 'effect'}"
        return [unknown(effect, sources, place=key, also=study.criteria)]
    if when.span is not None and not sources.flows(effect):
        rule = f"{effect!r} is a state or comes from a table: it has no amount per period"
        return [Fault("study.toml", f"{place}.period", rule, "Use milestone, or leave period out.")]
    if year is None:
        return []
    if not sources.by_milestone(effect):
        return [
            Fault("study.toml", f"{place}.milestone", f"{effect!r} has no milestones", "Leave milestone out.")
        ]
    if year not in study.study.milestones:
        fix = f"Milestones: {', '.join(map(str, study.study.milestones))} (study.milestones)."
        return [Fault("study.toml", f"{place}.milestone", f"{year} is not a milestone of the study", fix)]
    return []


def _measures(study: Study, effects: Effects) -> dict[str, Measure | OnMap]:
    """The criteria that are no plain sums; all faults are collected."""
    faults: list[Fault] = []
    found: dict[str, Measure | OnMap] = {}
    inputs = effects.sources.inputs
    for name, entry in study.criteria.items():
        if entry.measure not in ("sum", "regret"):  # a regret needs what is best without it
            try:
                found[name] = (
                    measure_of(name, entry, effects)
                    if study.sums_effect(name)
                    else ON_MAP[entry.measure](name, entry, inputs.landscape, inputs.menu)
                )
            except InputError as error:
                faults.extend(error.faults)
    refuse(*faults)
    return found


def _program(
    study: Study, effects: Effects, limits: LimitRows, measures: Mapping[str, Measure | OnMap], menu: Menu
) -> Program:
    columns, parcels = len(menu), len(menu.starts) - 1
    criteria = [_additive(name, effects, measures, parcels) for name in study.criteria]
    # Bounds that are the same everywhere take no memory.
    free = np.broadcast_to(0.0, columns), np.broadcast_to(1.0, columns)
    least, most = free if menu.between is None else menu.between
    return Program(
        objectives=objective_rows(menu, criteria, parcels),
        senses=senses({name: entry.sense for name, entry in study.criteria.items()}),
        offsets=np.array([effect.baseline.sum() for effect in criteria]),
        rows=stack(limits.blocks, columns),
        row_lower=limits.lower,
        row_upper=limits.upper,
        lower=least,
        upper=most,
        integer=np.broadcast_to(study.study.decision == "whole", columns),
        starts=menu.starts,
        objective_names=tuple(study.criteria),
        row_names=names_of(limits.rows),
    )


def _additive(name: str, effects: Effects, measures: Mapping[str, Measure | OnMap], parcels: int) -> Effect:
    """The effect that a criterion sums; one of nothing where it is a measure, whose columns count."""
    if name not in measures:
        return effects[name]
    return Effect(name, measures[name].unit, np.broadcast_to(0.0, parcels))
