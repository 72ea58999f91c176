"""Rows, columns, objectives: programs, solvers, fronts and proofs. Nothing here knows of land."""
