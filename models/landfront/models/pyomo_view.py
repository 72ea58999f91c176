r"""The Pyomo twin: the same program as a model that reads like the textbook.

    sets         P parcels, I interventions, MENU of pairs (p, i)
    parameters   area[p], one per effect: effect[p, i], the change against keep
    variables    x[p, i] in {0, 1} or [0, 1]
    s.t.         one_option_per_parcel[p]:  sum over i of x[p, i] = 1
                 limit_NAME[region]:        lower <= baseline + sum of effect[p, i] * x[p, i] <= upper
    objectives   one per criterion; the first is active

It is built from the menu, the effects and the limits, not from the arrays of the program, so that comparing
the two proves something. Arrays build and solve; this model is for reading, for other solvers and for adding
rules by hand.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from landfront.models.formulate import Formulation
from landfront.models.limits import LimitRow

if TYPE_CHECKING:
    import pyomo.environ as pyo


def to_pyomo(formulation: Formulation) -> pyo.ConcreteModel:
    """The formulation as a Pyomo ``ConcreteModel``.

    Criteria keep their own senses; activate another Objective to optimise it. ``model.x`` is in the order of
    the program's columns.
    """
    import pyomo.environ as pyo

    model = pyo.ConcreteModel(name=formulation.study.title, doc=formulation.study.study.title_zh or None)
    _sets(model, formulation)
    _parameters(model, formulation)
    whole = formulation.study.study.decision == "whole"
    doc = (
        "1 where the parcel gets the intervention" if whole else "share of the parcel under the intervention"
    )
    model.x = pyo.Var(model.MENU, domain=pyo.Binary if whole else pyo.UnitInterval, doc=doc)
    columns = [model.x[pair] for pair in model.MENU]
    _bound(columns, formulation)
    _groups(model, formulation, columns)
    _limits(model, formulation, columns)
    columns += _links(model, formulation, columns)
    _objectives(model, formulation, columns)
    return model


def _bound(columns: list[Any], formulation: Formulation) -> None:
    """Bounds of options of which a share is done already."""
    program, count = formulation.program, len(columns)
    low, high = program.lower[:count], program.upper[:count]
    for place in np.flatnonzero((low != 0) | (high != 1)).tolist():
        columns[place].setlb(float(low[place]))
        columns[place].setub(float(high[place]))


def _sets(model: pyo.ConcreteModel, formulation: Formulation) -> None:
    import pyomo.environ as pyo

    ids, menu = formulation.landscape.ids.tolist(), formulation.menu
    model.P = pyo.Set(initialize=ids, doc="parcels")
    model.I = pyo.Set(initialize=menu.interventions, doc="interventions")
    pairs = [
        (ids[p], menu.interventions[k]) for p, k in zip(menu.parcel.tolist(), menu.kind.tolist(), strict=True)
    ]
    model.MENU = pyo.Set(dimen=2, initialize=pairs, doc="admissible options: (parcel, intervention)")


def _parameters(model: pyo.ConcreteModel, formulation: Formulation) -> None:
    """Area per parcel, and the change by each option for each effect; 0 where nothing stands."""
    import pyomo.environ as pyo

    ids = formulation.landscape.ids.tolist()
    areas = dict(zip(ids, formulation.landscape.area.tolist(), strict=True))
    model.area_ha = pyo.Param(model.P, initialize=areas, doc="ha")
    pairs = list(model.MENU)
    for name, effect in formulation.effects.items():
        values = effect.values(formulation.menu)
        filled = {pairs[j]: float(values[j]) for j in np.flatnonzero(values)}
        doc = f"change of {name} against keep, {effect.unit}"
        model.add_component(
            parameter_name(name),
            pyo.Param(model.MENU, initialize=filled, default=0.0, within=pyo.Reals, doc=doc),
        )


def parameter_name(effect: str) -> str:
    """Name of the parameter of an effect.

    >>> parameter_name("food"), parameter_name("carbon@2030"), parameter_name("feature:reed marsh")
    ('effect_food', 'effect_carbon_2030', 'effect_feature_reed marsh')
    """
    return "effect_" + effect.replace("@", "_").replace(":", "_")


def _groups(model: pyo.ConcreteModel, formulation: Formulation, columns: Sequence[Any]) -> None:
    import pyomo.environ as pyo

    ids, starts = formulation.landscape.ids.tolist(), formulation.menu.starts.tolist()
    place = {parcel: (starts[p], starts[p + 1]) for p, parcel in enumerate(ids)}

    def one_option(m: Any, p: Any) -> Any:
        return pyo.quicksum(columns[slice(*place[p])]) == 1

    model.one_option_per_parcel = pyo.Constraint(
        model.P, rule=one_option, doc="exactly one option, keep included"
    )


def _limits(model: pyo.ConcreteModel, formulation: Formulation, columns: Sequence[Any]) -> None:
    """One constraint per limit, indexed by region (and feature) where it has several rows."""
    import pyomo.environ as pyo

    by_limit: dict[str, list[LimitRow]] = {}
    for row in _sums(formulation):
        by_limit.setdefault(row.limit, []).append(row)
    for limit, rows in by_limit.items():
        found = {_index(row): row for row in rows}
        doc = f"{rows[0].criterion}, {rows[0].unit}; {rows[0].owner}: {rows[0].reason}"

        def rule(m: Any, *index: Any, found: dict[Any, LimitRow] = found) -> Any:
            key = index[0] if len(index) == 1 else index
            return _limit(formulation, m, found[key if index else None], columns)

        if list(found) == [None]:
            constraint = pyo.Constraint(rule=rule, doc=doc)
        else:
            constraint = pyo.Constraint(list(found), rule=rule, doc=doc)
        model.add_component(f"limit_{limit}", constraint)


def _sums(formulation: Formulation) -> list[LimitRow]:
    """Limits on sums, which stand before those on measures."""
    return [row for row in formulation.limits if row.criterion not in formulation.measures]


def _links(model: pyo.ConcreteModel, formulation: Formulation, columns: Sequence[Any]) -> list[Any]:
    """Linking columns of measures, and one constraint per row of each."""
    import pyomo.environ as pyo
    from pyomo.core.expr import LinearExpression

    if formulation.program.columns == len(columns):
        return []
    program, options, limits = formulation.program, len(columns), len(_sums(formulation))
    model.LINK = pyo.RangeSet(0, program.columns - options - 1)
    model.link = pyo.Var(model.LINK, doc="linking columns of measures and payments")
    linking = [model.link[place] for place in model.LINK]
    for variable, low, high, whole in zip(
        linking, program.lower[options:], program.upper[options:], program.integer[options:], strict=True
    ):
        variable.setlb(float(low))
        variable.setub(float(high))
        variable.domain = pyo.Integers if whole else pyo.Reals
    every, matrix = [*columns, *linking], program.row_matrix

    def rule(m: Any, row: int) -> Any:
        part = slice(matrix.indptr[row], matrix.indptr[row + 1])
        body = LinearExpression(
            linear_coefs=matrix.data[part].tolist(), linear_vars=[every[j] for j in matrix.indices[part]]
        )
        bounds = (float(program.row_lower[row]), float(program.row_upper[row]))
        if np.isinf(bounds).all():
            return pyo.Constraint.Skip
        low, high = (None if np.isinf(bound) else bound for bound in bounds)
        return (low, body, high)

    model.linked = pyo.Constraint(
        range(limits, len(program.row_names)), rule=rule, doc="rows of measures and payments"
    )
    return linking


def _index(row: LimitRow) -> Any:
    """Index of a row in the constraint of its limit: region, feature, both, or nothing."""
    inside = row.name.removeprefix(row.limit)[1:-1]
    if not inside:
        return None
    return (
        (row.criterion.removeprefix("feature:"), row.region)
        if row.region and row.region != inside
        else inside
    )


def _limit(formulation: Formulation, model: Any, row: LimitRow, columns: Sequence[Any]) -> Any:
    """``lower <= baseline + sum of effect * x <= upper`` over the options of the row's scope."""
    from pyomo.core.expr import LinearExpression

    inside = scope_of_row(formulation, row)
    values = formulation.effects[row.effect].values(formulation.menu)
    inside = inside[values[inside] != 0] if values[inside].any() else inside[:1]
    constant = row.baseline if row.of == "total" else 0.0
    body = LinearExpression(
        constant=constant,
        linear_coefs=values[inside].tolist(),
        linear_vars=[columns[j] for j in inside.tolist()],
    )
    lower = None if np.isneginf(row.lower) else row.lower
    upper = None if np.isposinf(row.upper) else row.upper
    return (lower, body, upper)


def scope_of_row(formulation: Formulation, row: LimitRow) -> np.ndarray[Any, Any]:
    """Options that a limit's row sums over, as indices; its first option of all where the scope is empty."""
    landscape, menu = formulation.landscape, formulation.menu
    inside = np.ones(len(menu), dtype=bool)
    if row.around:
        inside &= np.isin(menu.parcel, row.around)
    elif row.level:
        at = landscape.levels.index(row.level)
        names = landscape.region_names[at]
        wanted = [names.index(name) for name in (row.regions or (row.region,))]
        inside &= np.isin(landscape.regions[menu.parcel, at], wanted)
    if row.interventions:
        kinds = [menu.interventions.index(name) for name in row.interventions]
        inside &= np.isin(menu.kind, kinds)
    found = np.flatnonzero(inside)
    return found if len(found) else np.zeros(1, dtype=np.int64)


def _objectives(model: pyo.ConcreteModel, formulation: Formulation, columns: Sequence[Any]) -> None:
    import pyomo.environ as pyo
    from pyomo.core.expr import LinearExpression

    program = formulation.program
    for place, (name, entry) in enumerate(formulation.study.criteria.items()):
        values = program.coefficients(place)
        used = np.flatnonzero(values)
        expression = LinearExpression(
            constant=float(program.offsets[place]),
            linear_coefs=values[used].tolist(),
            linear_vars=[columns[j] for j in used.tolist()],
        )
        sense = pyo.maximize if entry.sense == "max" else pyo.minimize
        doc = f"total of {name}, {formulation.units[name]}"
        objective = pyo.Objective(expr=expression, sense=sense, doc=doc)
        model.add_component(name if not hasattr(model, name) else f"criterion_{name}", objective)
        if place:
            objective.deactivate()
