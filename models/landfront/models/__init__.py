"""The land-allocation formulation: from a study to a program, and from its solution to a plan."""
