"""Fronts: one file per method; the driver chooses one, keeps the clock and says what is proven."""

from landfront.optimizer.fronts.choose import METHODS
from landfront.optimizer.fronts.dispatch import CLASSIC, solve_method
from landfront.optimizer.fronts.driver import solve_front

__all__ = ["CLASSIC", "METHODS", "solve_front", "solve_method"]
