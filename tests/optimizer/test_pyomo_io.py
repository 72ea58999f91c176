"""Pyomo models read as programs, and readable fronts."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pyomo.environ as pyo
import pytest

from landfront.optimizer.engine import Infeasible
from landfront.optimizer.fronts import solve_front
from landfront.optimizer.program import Program
from landfront.optimizer.pyomo_io import from_pyomo, pyomo_loader, read_pyomo
from landfront.optimizer.scalarize import solve_single


@pytest.fixture
def model() -> pyo.ConcreteModel:
    model = pyo.ConcreteModel()
    model.x = pyo.Var(bounds=(0, 4))
    model.y = pyo.Var(domain=pyo.Binary)
    model.z = pyo.Var(domain=pyo.Integers, bounds=(-2, None))
    model.w = pyo.Var([1, 2], domain=pyo.NonNegativeReals)
    model.gain = pyo.Objective(expr=3 * model.x + model.y + 5, sense=pyo.maximize)
    model.loss = pyo.Objective(expr=model.z - model.x + model.w[1] - 2)
    model.loss.deactivate()
    model.between = pyo.Constraint(expr=(1, model.x + model.y + 1, 6))
    model.equal = pyo.Constraint(expr=model.z + model.w[2] == 3)
    model.least = pyo.Constraint(expr=model.x - model.z >= -7 + model.y)
    model.most = pyo.Constraint([1, 2], rule=lambda m, i: m.w[i] <= 9)
    return model


def test_senses_constants_ranges_bounds_and_integers(model: pyo.ConcreteModel) -> None:
    program = from_pyomo(model)
    assert program.objective_names == ("gain", "loss")
    assert program.senses.tolist() == [-1, 1]
    assert program.offsets.tolist() == [5, -2]
    assert program.objective_matrix.tolist() == [[3, 1, 0, 0, 0], [-1, 0, 1, 1, 0]]
    assert program.integer.tolist() == [False, True, True, False, False]
    assert program.lower.tolist() == [0, 0, -2, 0, 0]
    assert program.upper.tolist() == [4, 1, np.inf, np.inf, np.inf]
    assert program.row_names == ("between", "equal", "least", "most[1]", "most[2]")
    assert program.groups == 0
    x = np.array([2.0, 1.0, 3.0, 0.5, 0.0])
    used = program.rows.dot(x)
    holds = (used >= program.row_lower) & (used <= program.row_upper)
    assert holds.tolist() == [True] * 5
    assert program.row_upper[0] - program.row_lower[0] == 5


def test_reading_leaves_the_model_as_it_was(model: pyo.ConcreteModel) -> None:
    from_pyomo(model)
    assert model.gain.active
    assert not model.loss.active


def test_nonlinear_and_empty_models_are_refused(model: pyo.ConcreteModel) -> None:
    with pytest.raises(ValueError, match="no Objective"):
        from_pyomo(pyo.ConcreteModel())
    model.bad = pyo.Constraint(expr=model.x * model.w[1] <= 3)
    with pytest.raises(ValueError, match=r"constraint bad is quadratic"):
        from_pyomo(model)


def test_front_of_a_mixed_model() -> None:
    model = pyo.ConcreteModel()
    model.n = pyo.Var(bounds=(0, 5), domain=pyo.Integers)
    model.first = pyo.Objective(expr=model.n, sense=pyo.maximize)
    model.second = pyo.Objective(expr=model.n**1 * 2 + 1)
    front = solve_front(from_pyomo(model), points="all")
    assert front.complete
    assert front.values.tolist() == [[n, 2 * n + 1] for n in range(6)]


def test_front_and_point_print_as_tables(build: Callable[..., Program]) -> None:
    objectives = np.array([[0, 1, 4], [5, 2, 0.0]])
    front = solve_front(build(objectives, np.zeros((0, 3)), [], [], starts=[0, 3]), points="all")
    words = str(front)
    assert "Front of 3 points: min a, min b" in words
    assert "complete (optimal" in words
    assert front._repr_html_().count("<tr>") == 4
    assert "optimal" in str(front[0])
    assert "recomputed" in str(front.certificate)
    assert front.certificate.complete
    assert front.certificate.solver.startswith("HiGHS 1.")


def small() -> pyo.ConcreteModel:
    model = pyo.ConcreteModel()
    model.x = pyo.Var(bounds=(0, 4))
    model.y = pyo.Var(domain=pyo.NonNegativeIntegers)
    model.f = pyo.Objective(expr=model.x + model.y)
    model.g = pyo.Objective(expr=model.x - 2 * model.y, sense=pyo.maximize)
    return model


def test_objectives_by_name_component_and_member() -> None:
    model = small()
    model.b = pyo.Block()
    model.b.z = pyo.Var(bounds=(0, 1))
    model.b.h = pyo.Objective(expr=model.b.z)
    model.many = pyo.Objective(["p", "q"], rule=lambda m, i: m.x + (3 if i == "p" else 5))
    assert from_pyomo(model).objective_names == ("f", "g", "many[p]", "many[q]", "b.h")
    program = from_pyomo(model, [model.many["q"], "b.h", model.g, "many[p]"])
    assert program.objective_names == ("many[q]", "b.h", "g", "many[p]")
    assert program.offsets.tolist() == [5, 0, 0, 3]
    assert program.senses.tolist() == [1, 1, -1, 1]
    assert from_pyomo(model, ["many", "f"]).objective_names == ("many[p]", "many[q]", "f")
    assert [objective.active for objective in model.component_data_objects(pyo.Objective)] == [True] * 5


def test_objectives_that_are_not_there() -> None:
    model, other = small(), small()
    with pytest.raises(ValueError, match="no objective h; it has f, g"):
        from_pyomo(model, ["f", "h"])
    with pytest.raises(ValueError, match="no objective x"):
        from_pyomo(model, ["f", "x"])
    with pytest.raises(ValueError, match="f is no Objective in an active block of this model"):
        from_pyomo(model, [model.g, other.f])
    with pytest.raises(ValueError, match="asked for twice"):
        from_pyomo(model, ["f", model.f])
    with pytest.raises(ValueError, match="a list of names"):
        from_pyomo(model, "fg")


def test_only_what_is_active_and_asked_for_must_be_linear() -> None:
    model = small()
    model.c = pyo.Constraint(expr=model.x**2 <= 1)
    model.c.deactivate()
    model.b = pyo.Block()
    model.b.c = pyo.Constraint(expr=model.x * model.y <= 1)
    model.b.h = pyo.Objective(expr=model.x)
    model.b.deactivate()
    model.many = pyo.Constraint([1, 2], rule=lambda m, i: m.x <= i)
    model.many[1].deactivate()
    assert from_pyomo(model).objective_names == ("f", "g")
    assert from_pyomo(model).row_names == ("many[2]",)
    model.bent = pyo.Objective(expr=model.x**2)
    model.g.deactivate()
    assert from_pyomo(model, ["f", "g"]).objective_names == ("f", "g")
    assert [o.active for o in (model.f, model.g, model.bent)] == [True, False, True]
    with pytest.raises(ValueError, match="objective bent is quadratic"):
        from_pyomo(model)
    assert [o.active for o in (model.f, model.g, model.bent)] == [True, False, True]
    with pytest.raises(ValueError, match=r"b\.h is no Objective in an active block"):
        from_pyomo(model, ["f", model.b.h])


def test_fixed_variables_and_constants() -> None:
    model = small()
    model.z = pyo.Var()
    model.z.fix(3)
    model.p = pyo.Param(initialize=2.0, mutable=True)
    model.h = pyo.Objective(expr=model.z * model.x + model.z)
    model.c = pyo.Constraint(expr=model.p * model.x + 1 + model.z <= model.p + model.y)
    program = from_pyomo(model)
    assert program.offsets.tolist() == [0, 0, 3]
    assert program.objective_matrix[2].tolist() == [3, 0]
    assert program.row_matrix.toarray().tolist() == [[2, -1]]
    assert program.row_upper.tolist() == [-2]


def test_bounds_of_1e30_are_none() -> None:
    model = small()
    model.z = pyo.Var(bounds=(-1e30, 1e30))
    model.w = pyo.Var(bounds=(-float("inf"), float("inf")))
    model.c = pyo.Constraint(expr=model.z + model.w + model.x <= 1e30)
    model.d = pyo.Constraint(expr=(-1e20, model.z - model.x, 2))
    reading = read_pyomo(model)
    at = [reading.column_names.index(name) for name in "zw"]
    assert reading.program.lower[at].tolist() == [-np.inf, -np.inf]
    assert reading.program.upper[at].tolist() == [np.inf, np.inf]
    assert reading.program.row_lower.tolist() == [-np.inf, -np.inf]
    assert reading.program.row_upper.tolist() == [np.inf, 2]


def test_broken_bounds_are_kept_for_the_check_of_programs() -> None:
    model = small()
    model.p = pyo.Param(initialize=float("nan"), mutable=True, within=pyo.Any)
    model.c = pyo.Constraint(expr=model.x + model.y <= model.p)
    model.d = pyo.Constraint(expr=pyo.inequality(1, model.x, model.p))
    assert np.isnan(from_pyomo(model).row_upper).all()


def sos(model: pyo.ConcreteModel) -> None:
    model.w = pyo.Var([1, 2], bounds=(0, 1))
    model.s = pyo.SOSConstraint(var=model.w, sos=1)


def gaps(model: pyo.ConcreteModel) -> None:
    model.z = pyo.Var(domain=pyo.RangeSet(0, 10, 2))
    model.c = pyo.Constraint(expr=model.z <= 5)


def semicontinuous(model: pyo.ConcreteModel) -> None:
    from pyomo.core.base.range import NumericRange

    model.z = pyo.Var(domain=pyo.RangeSet(ranges=[NumericRange(0, 0, 0), NumericRange(2, 5, 0)]))
    model.c = pyo.Constraint(expr=model.z <= 5)


def disjunction(model: pyo.ConcreteModel) -> None:
    from pyomo.gdp import Disjunction

    model.d = Disjunction(expr=[[model.x <= 1], [model.x >= 3]])


def complementarity(model: pyo.ConcreteModel) -> None:
    from pyomo.mpec import Complementarity, complements

    model.k = Complementarity(expr=complements(model.x >= 0, model.y >= 0))


def logic(model: pyo.ConcreteModel) -> None:
    model.B = pyo.BooleanVar()
    model.l = pyo.LogicalConstraint(expr=model.B.lor(model.B))


def quadratic(model: pyo.ConcreteModel) -> None:
    model.c = pyo.Constraint([1, 2], rule=lambda m, i: m.x**i + m.x * m.y <= 1)


def nonlinear(model: pyo.ConcreteModel) -> None:
    model.b = pyo.Block()
    model.b.c = pyo.Constraint(expr=pyo.exp(model.x) <= 1)


def nan_row(model: pyo.ConcreteModel) -> None:
    model.p = pyo.Param(initialize=float("nan"), mutable=True, within=pyo.Any)
    model.c = pyo.Constraint(expr=model.p * model.x + model.y <= 1)


def nan_objective(model: pyo.ConcreteModel) -> None:
    model.p = pyo.Param(initialize=float("nan"), mutable=True, within=pyo.Any)
    model.h = pyo.Objective(expr=model.p * model.x + model.y)


def no_value(model: pyo.ConcreteModel) -> None:
    model.p = pyo.Param(mutable=True, within=pyo.Any)
    model.c = pyo.Constraint(expr=model.p * model.x <= 1)


def fixed_without_value(model: pyo.ConcreteModel) -> None:
    model.x.fixed = True


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (sos, "s is a SOSConstraint, which a linear program has no place for"),
        (gaps, r"variable z has the domain .* which is no interval"),
        (semicontinuous, "variable z has the domain .* semi-continuous"),
        (disjunction, "is a Disjunct.*gdp.bigm"),
        (complementarity, "k is a Complementarity"),
        (logic, "l is a LogicalConstraint"),
        (quadratic, r"constraint c\[1\] is quadratic; constraint c\[2\] is quadratic\. Write each"),
        (nonlinear, r"constraint b\.c is nonlinear"),
        (nan_row, r"constraint c has a coefficient that is not a number \(NaN\)"),
        (nan_objective, r"objective h has a coefficient that is not a number \(NaN\)"),
        (no_value, "constraint c cannot be evaluated .*p"),
        (fixed_without_value, "variable x is fixed without a value"),
    ],
)
def test_what_is_not_linear_is_refused_by_name(
    change: Callable[[pyo.ConcreteModel], None], words: str
) -> None:
    model = small()
    change(model)
    with pytest.raises(ValueError, match=words):
        from_pyomo(model)
    assert model.f.active


def test_a_disjunction_is_read_once_transformed() -> None:
    model = small()
    disjunction(model)
    pyo.TransformationFactory("gdp.bigm").apply_to(model, bigM=10)
    reading = read_pyomo(model)
    assert reading.program.integer.sum() == 3
    assert len(solve_front(reading.program, points="all")) > 1


def test_no_models() -> None:
    with pytest.raises(ValueError, match="no Pyomo model but a str"):
        from_pyomo("model.py")
    with pytest.raises(ValueError, match="create_instance"):
        from_pyomo(pyo.AbstractModel())


def test_a_constraint_of_fixed_variables_that_fails_is_infeasible() -> None:
    model = small()
    model.x.fix(1)
    model.holds = pyo.Constraint(expr=model.x <= 5)
    assert from_pyomo(model).row_names == ()
    model.fails = pyo.Constraint(expr=model.x >= 2)
    with pytest.raises(Infeasible, match=r"fails.*fixed"):
        from_pyomo(model)


def test_points_go_back_onto_the_model() -> None:
    model = small()
    model.unused, model.fixed = pyo.Var(initialize=7), pyo.Var()
    model.fixed.fix(2)
    model.n = pyo.Var([1, 2], domain=pyo.Binary)
    model.dual = pyo.Suffix(direction=pyo.Suffix.IMPORT)
    model.dual[model.f] = 3.0
    model.c = pyo.Constraint(expr=model.x + model.y + model.n[1] - model.n[2] + model.fixed >= 4.5)
    reading = read_pyomo(model)
    front = solve_front(reading.program, points="all")
    load = pyomo_loader(reading)
    for point in front:
        load(point)
        assert [model.f(), model.g()] == pytest.approx(point.values)
        assert all(isinstance(model.n[i].value, int) for i in (1, 2))
        assert isinstance(model.y.value, int)
        assert not any(v.stale for v in reading.variables)
        assert pyo.value(model.c.body) >= 4.5 - 1e-6
    assert (model.unused.value, model.fixed.value) == (7, 2)
    assert len(model.dual) == 0


def duals_of_pyomo(model: pyo.ConcreteModel) -> dict[str, float]:
    pyo.SolverFactory("highs").solve(model)
    return {constraint.name: price for constraint, price in model.dual.items()}


@pytest.mark.parametrize("direction", [pyo.Suffix.IMPORT, pyo.Suffix.IMPORT_EXPORT])
@pytest.mark.parametrize("sense", [pyo.minimize, pyo.maximize])
def test_duals_are_those_that_pyomo_would_load(sense: int, direction: int) -> None:
    sign = 1 if sense == pyo.minimize else -1
    model = pyo.ConcreteModel()
    model.x, model.y = pyo.Var(bounds=(0, 4)), pyo.Var(domain=pyo.NonNegativeReals)
    model.dual = pyo.Suffix(direction=direction)
    model.first = pyo.Objective(expr=sign * (2 * model.x + 3 * model.y) + 1, sense=sense)
    model.second = pyo.Objective(expr=model.x - model.y)
    model.least = pyo.Constraint(expr=model.x + model.y >= 6)
    model.range = pyo.Constraint(expr=(-1, model.x - model.y, 1))
    model.loose = pyo.Constraint(expr=model.x + 2 * model.y <= 100)
    model.turned = pyo.Constraint(expr=-model.x - model.y <= -6.5)
    reading = read_pyomo(model)
    for point in (solve_single(reading.program, 0), *solve_front(reading.program, points="all")):
        if not np.all(np.isfinite(point.row_prices)):
            continue
        pyomo_loader(reading)(point)
        assert [model.first(), model.second()] == pytest.approx(point.values)
        loaded = {constraint.name: price for constraint, price in model.dual.items()}
        assert set(loaded) == {"least", "range", "loose", "turned"}
        if point.rate[1] == 0:
            model.second.deactivate()
            assert loaded == pytest.approx(duals_of_pyomo(model), abs=1e-7)
            model.second.activate()


def test_duals_stay_away_where_the_model_does_not_import_them() -> None:
    model = small()
    model.y.domain = pyo.NonNegativeReals
    model.c = pyo.Constraint(expr=model.x + model.y >= 3)
    point = solve_single(from_pyomo(model), 0)
    pyomo_loader(read_pyomo(model))(point)
    model.dual = pyo.Suffix(direction=pyo.Suffix.EXPORT)
    pyomo_loader(read_pyomo(model))(point)
    assert len(model.dual) == 0


def test_loading_leaves_no_warning_for_the_next_reading(capsys: pytest.CaptureFixture[str]) -> None:
    model = small()
    model.y.domain = pyo.NonNegativeReals
    model.dual = pyo.Suffix(direction=pyo.Suffix.IMPORT_EXPORT)
    model.c = pyo.Constraint(expr=model.x + model.y >= 3)
    reading = read_pyomo(model)
    pyomo_loader(reading)(solve_single(reading.program, 0))
    assert len(model.dual) == 1
    read_pyomo(model)
    captured = capsys.readouterr()
    assert captured.out + captured.err == ""
