"""Fronts: one file per method; the driver chooses one, keeps the clock and says what is proven."""

from landfront.optimizer.fronts.driver import solve_front

__all__ = ["solve_front"]
