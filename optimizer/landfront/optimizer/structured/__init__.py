"""The engine for programs of very many groups and few coupling rows: prices by passes over the groups.

At given prices of the rows every group chooses for itself, so the dual of the relaxation costs one pass
over the groups per evaluation (`kernels`), its optimum few passes (`ascent`), and a linear program over the
few columns that are nearly tied gives the exact solution and prices (`exact`).
"""
