"""Says which limits clash when no plan meets them all, and what each could reach alone."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from landfront.models.formulate import Formulation, LimitRow
from landfront.optimizer.engine import Infeasible
from landfront.optimizer.program import Program
from landfront.report.bounds_text import bounds_text
from landfront.report.quantities import quantity


@dataclass(frozen=True)
class Clash:
    """One of the limits that cannot hold together.

    Attributes
    ----------
    limit
        The limit, with its bounds as the user means them.
    least, most
        What its sum can reach when every other limit is ignored, as the limit counts it.
    """

    limit: LimitRow
    least: float
    most: float

    def __str__(self) -> str:
        """Say it in words."""
        row = self.limit
        reach = f"alone it can reach {quantity(self.least, row.unit)} to {quantity(self.most, row.unit)}"
        owner = f" [{row.owner}]" if row.owner else ""
        return f"{row.name}: {bounds_text(row)}; {reach}{owner}"


class InfeasibleError(Exception):
    """No plan meets every limit; `clashes` are limits that cannot hold together."""

    def __init__(self, clashes: tuple[Clash, ...]) -> None:
        """Keep the clashes and list them in the message."""
        self.clashes = clashes
        lines = [f"  - {clash}" for clash in clashes]
        text, advice = _words(len(lines))
        super().__init__("\n".join([text, *lines, advice]))


def _words(clashes: int) -> tuple[str, str]:
    """How the message begins and ends; one limit that nothing can meet clashes with no other."""
    if clashes == 1:
        return "No plan meets this limit:", "Loosen it, or admit more interventions."
    text = "No plan meets every limit. These clash:" if clashes else "No plan meets every limit."
    return text, "Loosen one of them, or admit more interventions."


def explain(formulation: Formulation, error: Infeasible) -> InfeasibleError:
    """The clashing rows of a program as limits of the study."""
    program = formulation.program
    limits = formulation.limits  # rows of measures, which come after them, can always be met
    return InfeasibleError(
        tuple(_clash(program, limits[row], row) for row in error.rows if row < len(limits))
    )


def _clash(program: Program, limit: LimitRow, row: int) -> Clash:
    least, most = reach(program, row)
    shift = 0.0 if limit.of == "change" else limit.baseline
    return Clash(limit, least + shift, most + shift)


def reach(program: Program, row: int) -> tuple[float, float]:
    """Least and most that a coupling row can be when no other row counts.

    Without other rows each group is on its own, so the extreme is the sum over groups of the smallest or
    largest entry among the columns that are not locked out.
    """
    unit = np.zeros(program.rows.shape[0])
    unit[row] = 1.0
    entries = program.rows.tdot(unit)
    end = int(program.starts[-1])
    linking = entries[end:] * np.array([program.lower[end:], program.upper[end:]])
    least = _extreme(program, entries, np.minimum, np.inf) + float(linking.min(axis=0).sum())
    most = _extreme(program, entries, np.maximum, -np.inf) + float(linking.max(axis=0).sum())
    return least, most


def _extreme(program: Program, entries: NDArray[np.float64], pick: np.ufunc, closed: float) -> float:
    end = int(program.starts[-1])
    if end == 0:
        return 0.0
    admissible = np.where(program.upper[:end] > 0, entries[:end], closed)
    return float(pick.reduceat(admissible, program.starts[:-1]).sum())
