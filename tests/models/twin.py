"""Compares a formulation's arrays with its Pyomo twin, compiled by Pyomo itself."""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp

from landfront.models.formulate import Formulation
from landfront.models.pyomo_view import to_pyomo
from landfront.optimizer.program import Program
from landfront.optimizer.pyomo_io import from_pyomo


def groups_matrix(program: Program) -> sp.csr_array:
    """The exactly-one rows, shape (groups, columns)."""
    shape = (program.groups, program.columns)
    return sp.csr_array((np.ones(program.columns), np.arange(program.columns), program.starts), shape=shape)


def assert_same_program(formulation: Formulation) -> None:
    """Matrix, bounds, senses, offsets, integrality and names are those of the arrays."""
    arrays, twin = formulation.program, from_pyomo(to_pyomo(formulation))
    groups = arrays.groups
    assert twin.columns == arrays.columns
    assert twin.objective_names == arrays.objective_names
    assert (twin.senses == arrays.senses).all()
    np.testing.assert_allclose(twin.offsets, arrays.offsets, rtol=1e-12)
    np.testing.assert_array_equal(twin.integer, arrays.integer)
    np.testing.assert_array_equal((twin.lower, twin.upper), (arrays.lower, arrays.upper))
    _same(twin.objectives.to_csr(), arrays.objectives.to_csr())
    _same(twin.row_matrix[:groups], groups_matrix(arrays))
    assert (twin.row_lower[:groups] == 1).all()
    assert (twin.row_upper[:groups] == 1).all()
    _same_limits(formulation, arrays, twin)


def _same_limits(formulation: Formulation, arrays: Program, twin: Program) -> None:
    """Pyomo's compiler leaves out rows without entries, so those must hold whatever is chosen."""
    groups, matrix = arrays.groups, arrays.row_matrix
    full = np.diff(matrix.indptr) > 0
    assert ((arrays.row_lower <= 0) & (arrays.row_upper >= 0))[~full].all()
    named = [row.limit for row, kept in zip(formulation.limits, full, strict=True) if kept]
    assert [name.split("[")[0] for name in twin.row_names[groups:]] == [f"limit_{name}" for name in named]
    _same(twin.row_matrix[groups:], sp.csr_array(matrix[full]))
    scale = np.maximum(np.abs([row.baseline for row in formulation.limits]), 1.0)[full]
    for found, wanted in (
        (twin.row_lower[groups:], arrays.row_lower[full]),
        (twin.row_upper[groups:], arrays.row_upper[full]),
    ):
        finite = np.isfinite(wanted)
        np.testing.assert_array_equal(found[~finite], wanted[~finite])
        assert (np.abs(found[finite] - wanted[finite]) <= 1e-12 * scale[finite]).all()


def _same(found: sp.csr_array, wanted: sp.csr_array) -> None:
    """Equal but for the order in which products were taken."""
    assert found.shape == wanted.shape
    apart = abs(sp.csr_array(found) - sp.csr_array(wanted))
    allowed = 1e-12 * max(abs(wanted).max(), 1.0) if wanted.nnz else 0.0
    assert apart.max() <= allowed if apart.nnz else True
