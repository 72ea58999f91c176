"""Model files: every construct of the three formats, files as HiGHS writes them, and refusals."""

from __future__ import annotations

import gzip
import json
from math import inf
from pathlib import Path
from typing import Any

import highspy
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from landfront.optimizer.certify import faults
from landfront.optimizer.files import ModelFile, read_file, read_model
from landfront.optimizer.program import Program

SHARED = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "moo"
needs_shared = pytest.mark.skipif(not SHARED.exists(), reason="needs ../shared/data/moo")


def read(folder: Path, name: str, text: str, objectives: list[str] | None = None) -> ModelFile:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return read_file(path, objectives)


def rows_of(program: Program) -> dict[str, tuple[float, dict[int, float], float]]:
    matrix = program.row_matrix
    return {
        name: (
            float(program.row_lower[row]),
            dict(
                zip(
                    matrix.indices[matrix.indptr[row] : matrix.indptr[row + 1]].tolist(),
                    matrix.data[matrix.indptr[row] : matrix.indptr[row + 1]].tolist(),
                    strict=True,
                )
            ),
            float(program.row_upper[row]),
        )
        for row, name in enumerate(program.row_names)
    }


LP = r"""\ a comment
Maximize multi-objectives
  gain: Priority=2 Weight=1 AbsTol=0 RelTol=0
    3 x[0] + 2.5e+1 y.b - z + 7
    + x[0]
  loss: Weight=-2
   x[0] + 1e2 w - 4
  third:
   - z
Subject To
 between: -5 <= x[0] + y.b
   + z <= 10
 c_2: x[0] + 3 - y.b >= 2 y.b
   w <= 4
 flipped: 2 >= z
 equal: x[0] + x[0] = 1.5E-1 \ twice the same
 last: - x[0] + 2 w <
   -3
Bounds
 -3 <= x[0] <= 4
 y.b free
 z >= -1e30
 z <= 8
 -inf <= w <= 2
 4 >= only
 u = 3
General
 x[0] u
Binary
 z
End
nothing here is read
"""


def test_lp_dialect(tmp_path: Path) -> None:
    file = read(tmp_path, "all.lp", LP)
    program = file.program
    assert file.notes == ()
    assert file.column_names == ("x[0]", "y.b", "z", "w", "only", "u")
    assert program.objective_names == ("gain", "loss", "third")
    assert program.senses.tolist() == [-1, 1, -1]
    assert program.offsets.tolist() == [7, -4, 0]
    assert program.objective_matrix.tolist() == [
        [4, 25, -1, 0, 0, 0],
        [1, 0, 0, 100, 0, 0],
        [0, 0, -1, 0, 0, 0],
    ]
    assert rows_of(program) == {
        "between": (-5, {0: 1, 1: 1, 2: 1}, 10),
        "c_2": (-3, {0: 1, 1: -3}, inf),
        "row_3": (-inf, {3: 1}, 4),
        "flipped": (-inf, {2: 1}, 2),
        "equal": (0.15, {0: 2}, 0.15),
        "last": (-inf, {0: -1, 3: 2}, -3),
    }
    assert program.lower.tolist() == [-3, -inf, 0, -inf, 0, 3]
    assert program.upper.tolist() == [4, inf, 1, 2, 4, 3]
    assert program.integer.tolist() == [True, False, True, False, False, True]


def test_lp_with_one_objective_and_headers_on_the_line_of_their_content(tmp_path: Path) -> None:
    program = read(tmp_path, "one.LP", "min cost: x + 2y\nst c1: x + y >= 1\n x-y<=3\nEND\n").program
    assert program.objective_names == ("cost",)
    assert program.senses.tolist() == [1]
    assert rows_of(program) == {"c1": (1, {0: 1, 1: 1}, inf), "row_2": (-inf, {0: 1, 1: -1}, 3)}


def test_rows_are_not_joined_to_the_next_line(tmp_path: Path) -> None:
    text = "max\n 1\n x\nsubject to\n 1.0\n x + y <= 4\n - x + y >= -2\n z <= 1\n+ z >= 0\nend"
    assert rows_of(read(tmp_path, "a.lp", text).program) == {
        "row_1": (-inf, {0: 1, 1: 1}, 4),
        "row_2": (-2, {0: -1, 1: 1}, inf),
        "row_3": (-inf, {2: 1}, 1),
        "row_4": (0, {2: 1}, inf),
    }


def test_negative_upper_bound_of_an_lp_file_keeps_the_lower_bound_zero(tmp_path: Path) -> None:
    program = read(tmp_path, "a.lp", "min\n x\nst\n x + y >= 1\nbounds\n x <= -2\nend").program
    assert (program.lower[0], program.upper[0]) == (0, -2)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("min\n x + [ x^2 ] / 2\nst\n x >= 1\nend", r"line 2: products and powers"),
        ("min\n 2 * x\nst\n x >= 1\nend", "line 2: products"),
        ("min\n x\nst\n b = 1 -> x <= 2\nend", "sign|range|relation"),
        ("min\n x\nst\n x >= 1\nsos\n s1: S1:: x:1 y:2\nend", "line 6: special ordered sets"),
        ("min\n x\nst\n x >= 1\nsemi-continuous\n x\nend", "line 6: semi-continuous"),
        ("min\n x\nst\n x >= 1\nGeneral Constraints\n g: x = max(y)\nend", "general constraints"),
        ("min\n x\nst\n x 3 >= 1\nend", "sign is missing before '3'"),
        ("min\n x\nst\n c: x >= 1 d: y >= 2\nend", None),
        ("min\n x\nst\n c: x >=\n d: y >= 2\nend", "number is missing after the relation"),
        ("min\n x\nst\n c: 3 <= 4\nend", "without a variable"),
        ("min\n x\nst\n c: x + y\nend", "needs <=, >= or ="),
        ("min\n x\nst\n c: 1 <= x >= 2\nend", "a range reads"),
        ("min\n x\nst\n c: 1 <= x = 2\nend", "a range reads"),
        ("min\n nan x\nst\n c: x >= 1\nend", "sign is missing|NaN"),
        ("min\n nan\nst\n c: x >= 1\nend", "NaN"),
        ("min\n a: x\n b: y\nst\n c: x >= 1\nend", "is not understood in an objective"),
        ("min multi-objectives\n x\nst\n c: x >= 1\nend", "needs a name"),
        ("min multi-objectives\n a: x\n a: y\nst\n c: x >= 1\nend", "two objectives are called a"),
        ("min\n x\nmax\n y\nst\n c: x >= 1\nend", "line 3: a second max"),
        ("min\n x\nst\n x >= 1\nbounds\n x <= y\nend", "line 6: a number is missing"),
        ("min\n x\nst\n x >= 1\nbounds\n 3 <= 4\nend", "line 6: a variable is missing"),
        ("min\n x\nst\n x >= 1\ninteger\n zz\nend", "line 6: variable zz stands in no row"),
        ("x + y\nmin\n x\nend", "line 1: the file must begin with Minimize or Maximize"),
        ("", "no line begins with"),
        ("min\n 3\nst\n x >= 1\nend", "no objective has a variable"),
    ],
)
def test_lp_refusals_name_the_line(tmp_path: Path, body: str, words: str | None) -> None:
    if words is None:
        assert set(rows_of(read(tmp_path, "a.lp", body).program)) == {"c", "d"}
        return
    with pytest.raises(ValueError, match=words) as caught:
        read(tmp_path, "a.lp", body)
    assert "a.lp" in str(caught.value)


MPS = """* a comment
NAME          EXAMPLE
OBJSENSE
    MAX
ROWS
 N  first
 N  second  1 -1 0 0
 N  unused
 L  r1
 G  r2
 E  r3
 E  r4
COLUMNS
    x1        first            1.0   r1               2.0
    x1        r2               1.0   r3               1
    x2        second           3     r4              -1e-1
    M1        'MARKER'                 'INTORG'
    i1        first            1     r1               1
    i2        r1               1
    i3        r1               1
    i4        r1               1
    M2        'MARKER'                 'INTEND'
    x3        r1               1
    x4        r1               1
    x5        r1               1
RHS
    RHS       first           -5     r1               4
    RHS       r2               3     second           2.5
    RHS       r3               2
RANGES
    RNG       r1               2     r2               3
    RNG       r3            -1.5     r4               1.5
BOUNDS
 UP BND       i1               7
 LO BND       i2               2
 BV BND       i4
 UP BND       x1              -3
 MI BND       x2
 FX BND       x3               4
 FR BND       x4
 UP BND       x5               0
 LI BND       x5              -2
ENDATA
"""

FREE = "\n".join(" " * line.startswith(" ") + " ".join(line.split()) for line in MPS.splitlines())


@pytest.mark.parametrize("text", [MPS, FREE, MPS.replace("OBJSENSE\n    MAX", "OBJSENSE MAXIMIZE")])
def test_mps_fixed_and_free(tmp_path: Path, text: str) -> None:
    file = read(tmp_path, "a.mps", text)
    program = file.program
    assert file.column_names == ("x1", "x2", "i1", "i2", "i3", "i4", "x3", "x4", "x5")
    assert program.objective_names == ("first", "second")
    assert file.notes == ("left out, as without variables: objective unused",)
    assert program.senses.tolist() == [-1, 1]
    assert program.offsets.tolist() == [5, -2.5]
    assert program.objective_matrix[:, :3].tolist() == [[1, 0, 1], [0, 3, 0]]
    assert {name: (low, high) for name, (low, _, high) in rows_of(program).items()} == {
        "r1": (2, 4),
        "r2": (3, 6),
        "r3": (0.5, 2),
        "r4": (0, 1.5),
    }
    assert program.lower.tolist() == [-inf, -inf, 0, 2, 0, 0, 4, -inf, -2]
    assert program.upper.tolist() == [-3, inf, 7, inf, 1, 1, 4, inf, 0]
    assert program.integer.tolist() == [False, False, True, True, True, True, False, False, True]


def test_mps_names_with_blanks_are_read_from_their_fields(tmp_path: Path) -> None:
    text = (
        "NAME          T\nROWS\n N  the cost\n L  row one\nCOLUMNS\n"
        "    col one   the cost           1.0   row one            2.0\n"
        "RHS\n              row one            4.0\nBOUNDS\n UP           col one            3.0\nENDATA\n"
    )
    file = read(tmp_path, "a.mps", text)
    assert file.column_names == ("col one",)
    assert file.program.objective_names == ("the cost",)
    assert rows_of(file.program) == {"row one": (-inf, {0: 2}, 4)}
    assert file.program.upper.tolist() == [3]


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        (" FX BND       x3               4", " SC BND       x3               4", "semi-continuous"),
        ("ENDATA", "SOS\n S1 s1\nENDATA", "special ordered sets"),
        ("ENDATA", "QUADOBJ\n    x1 x1 2\nENDATA", "quadratic"),
        ("ENDATA", "FOO\n    x1 x1 2\nENDATA", "FOO is no section"),
        ("ENDATA\n", "", "without ENDATA"),
        ("x2        second           3 ", "x2        second           nan ", "NaN"),
        ("x2        second           3 ", "x2        nobody           3 ", "no row nobody"),
        (
            "    x3        r1               1",
            "    x3        r1               1     r1  2",
            "two entries in row r1",
        ),
        ("    x3        r1 ", "    x1        r1 ", "column x1 stands in two places"),
        (" L  r1", " L  r2", "two rows r2"),
        ("    RHS       r3 ", "    RHS2      r3 ", "second set 'RHS2' of RHS"),
        ("    RHS       r3 ", "    RHS       r2 ", "second RHS of row r2"),
        ("    RNG       r1 ", "    RNG       first ", "cannot have a range"),
        (" BV BND       i4", " XX BND       i4", "a bound reads"),
        (" BV BND       i4", " BV BND       i9", "no column i9"),
        ("'INTORG'", "'SOSORG'", "MARKER is INTORG or INTEND"),
        ("    MAX", "    BEST", "OBJSENSE is MAX or MIN"),
        ("ROWS\n", "ROWS\n Q  bad\n", "a row reads"),
        ("NAME          EXAMPLE\n", "NAME          EXAMPLE\n    stray\n", "data outside a section"),
    ],
)
def test_mps_refusals_name_the_line(tmp_path: Path, old: str, new: str, words: str) -> None:
    assert old in MPS
    with pytest.raises(ValueError, match=words):
        read(tmp_path, "a.mps", MPS.replace(old, new, 1))


def mof(**changes: Any) -> str:
    model: dict[str, Any] = {
        "version": {"major": 1, "minor": 7},
        "variables": [{"name": "x"}, {"name": "y"}, {"name": "z"}],
        "objective": {
            "sense": "max",
            "function": {
                "type": "VectorAffineFunction",
                "terms": [term(1, 2, "x"), term(2, -1, "y"), term(2, 4, "z"), term(1, 0.5, "x")],
                "constants": [0.0, 3.0],
            },
        },
        "constraints": [
            on(affine({"x": 1, "y": 2}, 1.0), {"type": "LessThan", "upper": 5}, "c"),
            on(affine({"y": 1}), {"type": "Interval", "lower": -1, "upper": 2}, ""),
            on(affine({"z": 1}), {"type": "EqualTo", "value": 2}, "e"),
            on(affine({"z": 1}), {"type": "GreaterThan", "lower": 0}, "g"),
            on(vector([("x", 1), ("y", 3)], [-1, 2]), {"type": "Nonnegatives", "dimension": 2}, "v"),
            on(vector([("x", 1)], [0]), {"type": "Zeros", "dimension": 1}, "o"),
            on(
                {"type": "VectorOfVariables", "variables": ["z"]},
                {"type": "Nonpositives", "dimension": 1},
                "n",
            ),
            on({"type": "Variable", "name": "x"}, {"type": "ZeroOne"}, ""),
            on({"type": "Variable", "name": "y"}, {"type": "Integer"}, ""),
            on({"type": "Variable", "name": "y"}, {"type": "GreaterThan", "lower": -2}, ""),
            on({"type": "Variable", "name": "y"}, {"type": "LessThan", "upper": 9}, ""),
        ],
    }
    return json.dumps(model | changes)


def term(row: int, coefficient: float, variable: str) -> dict[str, Any]:
    return {"output_index": row, "scalar_term": {"coefficient": coefficient, "variable": variable}}


def affine(terms: dict[str, float], constant: float = 0.0) -> dict[str, Any]:
    listed = [{"coefficient": value, "variable": name} for name, value in terms.items()]
    return {"type": "ScalarAffineFunction", "terms": listed, "constant": constant}


def vector(terms: list[tuple[str, float]], constants: list[float]) -> dict[str, Any]:
    listed = [term(row, value, name) for row, (name, value) in enumerate(terms, 1)]
    return {"type": "VectorAffineFunction", "terms": listed, "constants": constants}


def on(function: dict[str, Any], where: dict[str, Any], name: str) -> dict[str, Any]:
    return {"name": name, "function": function, "set": where}


def test_mof(tmp_path: Path) -> None:
    program = read(tmp_path, "a.mof.json", mof()).program
    assert program.senses.tolist() == [-1, -1]
    assert program.offsets.tolist() == [0, 3]
    assert program.objective_matrix.tolist() == [[2.5, 0, 0], [0, -1, 4]]
    assert rows_of(program) == {
        "c": (-inf, {0: 1, 1: 2}, 4),
        "constraint 2": (-1, {1: 1}, 2),
        "e": (2, {2: 1}, 2),
        "g": (0, {2: 1}, inf),
        "v[1]": (1, {0: 1}, inf),
        "v[2]": (-2, {1: 3}, inf),
        "o[1]": (0, {0: 1}, 0),
        "n[1]": (-inf, {2: 1}, 0),
    }
    assert program.lower.tolist() == [0, -2, -inf]
    assert program.upper.tolist() == [1, 9, inf]
    assert program.integer.tolist() == [True, True, False]


def test_mof_objective_of_variables(tmp_path: Path) -> None:
    function = {"type": "VectorOfVariables", "variables": ["z", "x"]}
    program = read(tmp_path, "a.mof.json", mof(objective={"sense": "min", "function": function})).program
    assert program.objective_matrix.tolist() == [[0, 0, 1], [1, 0, 0]]
    assert program.senses.tolist() == [1, 1]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"version": {"major": 0, "minor": 6}}, "MathOptFormat 0"),
        ({"objective": {"sense": "feasibility"}}, "no objective"),
        ({"objective": {"sense": "min", "function": {"type": "ScalarQuadraticFunction"}}}, "Quadratic"),
        ({"constraints": [on(affine({"x": 1}), {"type": "Semicontinuous"}, "s")]}, "s: .*Semicontinuous"),
        (
            {"constraints": [on({"type": "VectorOfVariables", "variables": ["x"]}, {"type": "SOS1"}, "q")]},
            "q: .*SOS1",
        ),
        (
            {"constraints": [on(affine({"w": 1}), {"type": "LessThan", "upper": 1}, "c")]},
            "c: there is no variable w",
        ),
        (
            {"constraints": [on(vector([("x", 1)], [0]), {"type": "Zeros", "dimension": 2}, "o")]},
            "o has 1 rows",
        ),
        (
            {"constraints": [on(vector([("x", 1)], []), {"type": "Zeros", "dimension": 0}, "o")]},
            "o: row 1 of 0",
        ),
        (
            {"constraints": [on(affine({"x": float("nan")}), {"type": "EqualTo", "value": 1}, "c")]},
            "c: .*NaN",
        ),
        ({"variables": [{"name": "x"}, {"name": "x"}]}, "two variables x"),
        ({"variables": 3}, "not MathOptFormat"),
    ],
)
def test_mof_refusals_name_the_part(tmp_path: Path, changes: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        read(tmp_path, "a.mof.json", mof(**changes))


def test_gzip_selection_and_unknown_formats(tmp_path: Path) -> None:
    path = tmp_path / "a.mps.gz"
    path.write_bytes(gzip.compress(MPS.encode()))
    program = read_model(path, ["second", "first"])
    assert program.objective_names == ("second", "first")
    assert program.senses.tolist() == [1, -1]
    assert read_model(path, ["unused", "first"]).objective_names == ("unused", "first")
    with pytest.raises(ValueError, match=r"no objective third; the file has: first, second, unused"):
        read_model(path, ["third"])
    with pytest.raises(ValueError, match=r"use \.lp, \.mps and \.mof\.json"):
        read(tmp_path, "a.txt", "min x")
    with pytest.raises(ValueError, match="not JSON"):
        read(tmp_path, "a.mof.json", "min x")
    with pytest.raises(FileNotFoundError):
        read_model(tmp_path / "none.lp")


@st.composite
def linear_models(draw: st.DrawFn, ranges: bool) -> highspy.HighsLp:
    """A random model as HiGHS holds it, with every kind of bound and row."""
    columns, rows = draw(st.integers(1, 5)), draw(st.integers(1, 5))
    numbers = st.sampled_from([-1e6, -3.25, -1, 0, 1e-5, 1, 2, 7.5, 123456.789])
    lp = highspy.HighsLp()
    lp.num_col_, lp.num_row_ = columns, rows
    lp.sense_ = draw(st.sampled_from([highspy.ObjSense.kMinimize, highspy.ObjSense.kMaximize]))
    lp.offset_ = draw(numbers)
    # A column without a coefficient is not written.
    cost = draw(st.lists(numbers.filter(bool), min_size=columns, max_size=columns))
    lp.col_cost_ = np.array(cost, dtype=float)
    bounds = st.sampled_from([(0, inf), (-inf, inf), (-2, 5), (3, 3), (-inf, 4), (1, inf), (0, 1), (-7, -1)])
    lp.col_lower_, lp.col_upper_ = _split(draw(st.lists(bounds, min_size=columns, max_size=columns)))
    sides = st.sampled_from([(-inf, 4), (2, inf), (3, 3), *([(-1, 6.5)] if ranges else [])])
    lp.row_lower_, lp.row_upper_ = _split(draw(st.lists(sides, min_size=rows, max_size=rows)))
    kinds = st.sampled_from([highspy.HighsVarType.kContinuous, highspy.HighsVarType.kInteger])
    lp.integrality_ = draw(st.lists(kinds, min_size=columns, max_size=columns))
    dense = np.array(draw(st.lists(numbers, min_size=rows * columns, max_size=rows * columns)), dtype=float)
    dense[::columns] = np.where(dense[::columns] == 0, 1.0, dense[::columns])
    lp.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
    lp.a_matrix_.start_ = np.arange(rows + 1, dtype=np.int32) * columns
    lp.a_matrix_.index_ = np.tile(np.arange(columns, dtype=np.int32), rows)
    lp.a_matrix_.value_ = dense
    lp.col_names_ = [f"x{column}" for column in range(columns)]
    lp.row_names_ = [f"r{row}" for row in range(rows)]
    return lp


def _split(pairs: list[tuple[float, float]]) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    values = np.array(pairs, dtype=float)
    return values[:, 0], values[:, 1]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@pytest.mark.parametrize("kind", ["lp", "mps"])
@given(data=st.data())
def test_files_that_highs_writes_come_back_as_they_were(
    tmp_path: Path, kind: str, data: st.DataObject
) -> None:
    lp = data.draw(linear_models(ranges=kind == "mps"))  # it writes a range as two rows of an LP file
    solver = highspy.Highs()
    solver.silent()
    solver.passModel(lp)
    path = tmp_path / f"model.{kind}"
    solver.writeModel(str(path))
    file = read_file(path)
    program = file.program
    order = [file.column_names.index(name) for name in lp.col_names_]
    assert program.senses.tolist() == [1 if lp.sense_ == highspy.ObjSense.kMinimize else -1]
    assert program.offsets[0] == pytest.approx(lp.offset_)
    np.testing.assert_allclose(program.objective_matrix[0, order], lp.col_cost_)
    dense = np.asarray(lp.a_matrix_.value_).reshape(lp.num_row_, -1)
    np.testing.assert_allclose(program.row_matrix.toarray()[:, order], dense)
    np.testing.assert_allclose(program.row_lower, lp.row_lower_)
    np.testing.assert_allclose(program.row_upper, lp.row_upper_)
    np.testing.assert_allclose(program.lower[order], lp.col_lower_)
    np.testing.assert_allclose(program.upper[order], lp.col_upper_)
    whole = [kind == highspy.HighsVarType.kInteger for kind in lp.integrality_]
    assert program.integer[order].tolist() == whole


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_damaged_files_are_read_or_refused_but_never_crash(tmp_path: Path, data: st.DataObject) -> None:
    name, text = data.draw(
        st.sampled_from([("a.lp", LP), ("a.mps", MPS), ("a.mps", FREE), ("a.mof.json", mof())])
    )
    pieces = text.split(" ") if name.endswith("json") else text.splitlines(keepends=True)
    for _ in range(data.draw(st.integers(1, 3))):
        at, other = (data.draw(st.integers(0, len(pieces) - 1)) for _ in range(2))
        change = data.draw(st.sampled_from(["drop", "repeat", "swap", "cut", "insert"]))
        if change == "drop":
            pieces[at] = ""
        elif change == "repeat":
            pieces.insert(other, pieces[at])
        elif change == "swap":
            pieces[at], pieces[other] = pieces[other], pieces[at]
        elif change == "cut":
            pieces[at] = pieces[at][: data.draw(st.integers(0, len(pieces[at])))] + " "
        else:
            pieces[at] += data.draw(
                st.sampled_from([": ", " <= ", "3 ", " - ", '"x" ', "null ", "\n", "inf ", "é"])
            )
    joiner = " " if name.endswith("json") else ""
    try:
        program = read(tmp_path, name, joiner.join(pieces)).program
    except ValueError:
        return
    assert program.objectives.shape == (len(program.senses), program.columns)


@needs_shared
@pytest.mark.parametrize("number", [1, 2, 3])
def test_momilp_instances(number: int) -> None:
    folder = SHARED / "ceyhan_momilp" / "instances"
    file = read_file(folder / f"momilp_3obj_20con_10int_10bin_{number}dat.lp")
    program = file.program
    assert program.objective_names == ("z_1", "z_2")
    assert "z_0" in file.notes[0]
    assert program.senses.tolist() == [1, 1]
    assert program.rows.shape == (20, 20)
    assert program.integer.tolist() == [False] * 10 + [True] * 10
    assert program.upper.tolist() == [inf] * 10 + [1] * 10


@needs_shared
@pytest.mark.parametrize("name", ["2KP50-11", "2KP50-50", "2KP50-92", "2KP100-50"])
def test_solutions_of_mof_instances_have_their_stated_values(name: str) -> None:
    program = read_model(SHARED / "moa_mof" / "models" / f"{name}.mof.json")
    solutions = json.loads((SHARED / "moa_mof" / "solutions" / f"{name}.json").read_text())
    assert solutions
    for solution in solutions:
        x = np.array(solution["X"], dtype=float)
        assert program.values(x).tolist() == solution["Y"]
        assert faults(program, x) == []
