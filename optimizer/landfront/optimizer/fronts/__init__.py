"""Fronts: one file per method; this package's driver chooses the method, keeps the clock and says what is proven."""

from landfront.optimizer.fronts.driver import solve_front

__all__ = ["solve_front"]
