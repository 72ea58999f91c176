"""Every tolerance of the optimizer, each with the reason for its value."""

from __future__ import annotations

SOLVER_FEASIBILITY = 1e-7
"""Asked of the solver for rows and bounds, in rows scaled so that the largest coefficient is about 1."""

ROW = 2e-6
"""A row may be missed by this share of its largest coefficient: twenty times what is asked of the solver, so
that rounding columns to whole numbers does not reject a solution, and far below one column's effect."""

ROW_RELATIVE = 1e-9
"""A row may be missed by this share of its bound: sums of many terms are not known better."""

INTEGER = 1e-5
"""An integer column further than this from a whole number is an error of the solver, not noise."""

COLUMN = 1e-6
"""Columns are clipped to their bounds, and groups refilled to 1, when off by less than this."""

NOISE = 1e-9
"""Two values of an objective closer than this share of their size are the same value."""

FLAT = 1e-7
"""Normalised weights below this are not solved for: the solver's dual tolerance would decide the answer."""

AUGMENT = 1e-6
"""Share of an objective's range that the other one may cost in an augmented weight without integers."""

AUGMENT_MANY = 0.01
"""The same with very many groups, whose ends are where an objective's last hundredth costs the range of
another: beyond it prices are so far apart in scale that a point takes long. Coverage says what is there."""

MANY_GROUPS = 50_000
"""Groups from which on there are very many."""

LATTICE_RATIO = 1e6
"""A lattice finer than the largest coefficient divided by this is real-valued: a solver's rows could not tell
its steps apart."""

LATTICE_SHARE = 0.25
"""A level on a lattice is half a step away from any value; less than half of that may be noise."""

ONE_STAGE = 1e-6
"""Smallest step of an augmented objective, relative to its largest coefficient, that a solver tells apart."""
