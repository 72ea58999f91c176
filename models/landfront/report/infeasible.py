"""Says which limits clash when no plan meets them all, what each could reach alone, and what would do."""

from __future__ import annotations

from dataclasses import dataclass
from time import monotonic

from landfront.models.formulate import Formulation, LimitRow
from landfront.models.funds import NAME as FUNDS
from landfront.optimizer.engine import Infeasible
from landfront.optimizer.program import Program
from landfront.report.bounds_text import bounds_text
from landfront.report.quantities import quantity
from landfront.report.reach import reach
from landfront.report.repairs import SECONDS, Repair, joint_repair, repairs_of


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
    """No plan meets every limit; `clashes` are limits that cannot hold together.

    `repairs` are changes of one limit each that would be enough, the smallest first. Where there is none,
    `together` are changes that are enough all at once. `funds` are rules of funds in the clash, in words.
    """

    def __init__(
        self,
        clashes: tuple[Clash, ...],
        repairs: tuple[Repair, ...] = (),
        together: tuple[Repair, ...] = (),
        funds: tuple[str, ...] = (),
    ) -> None:
        """Keep the clashes and the repairs, and list them in the message."""
        self.clashes, self.repairs, self.together, self.funds = clashes, repairs, together, funds
        lines = [f"  - {clash}" for clash in (*clashes, *funds)]
        advice = _advice(len(lines), repairs, together)
        super().__init__("\n".join([_head(len(lines)), *lines, *advice]))


def _head(clashes: int) -> str:
    """How the message begins; one limit that nothing can meet clashes with no other."""
    if clashes == 1:
        return "No plan meets this limit:"
    return "No plan meets every limit. These clash:" if clashes else "No plan meets every limit."


def _advice(clashes: int, repairs: tuple[Repair, ...], together: tuple[Repair, ...]) -> list[str]:
    """What would help."""
    if repairs:
        which = "This is" if len(repairs) == 1 else "Each of these alone is"
        return [f"{which} enough, if all else stays:", *(f"  - {repair}" for repair in repairs)]
    if together:
        head = "This is enough, if all else stays:" if len(together) == 1 else "Enough, all together:"
        return [head, *(f"  - {repair}" for repair in together)]
    which = "it" if clashes == 1 else "one of them"
    return [f"Loosen {which}, or admit more interventions."]


def explain(formulation: Formulation, error: Infeasible) -> InfeasibleError:
    """The clashing rows of a program as limits of the study, and what would mend it."""
    program, limits = formulation.program, formulation.limits
    rows = [row for row in error.rows if row < len(limits)]
    clashes = tuple(_clash(program, limits[row], row) for row in rows)
    began = monotonic()
    repairs = repairs_of(formulation, rows)
    together = () if repairs else joint_repair(formulation, seconds=SECONDS - (monotonic() - began))
    return InfeasibleError(clashes, repairs, together, _funds(formulation, error))


def _funds(formulation: Formulation, error: Infeasible) -> tuple[str, ...]:
    """Rules of funds among the rows that clash; rows that make a measure linear can always be met."""
    if formulation.payments is None:
        return ()
    names = [formulation.program.row_names[row] for row in error.rows]
    rules = {f"{FUNDS}: {said}" for said in formulation.payments.part.linking.said}
    found = tuple(name for name in names if name in rules)
    paid = any(name.startswith(f"{FUNDS}: ") for name in names)
    return found or ((f"{FUNDS}: what they may pay for, up to their amounts",) if paid else ())


def _clash(program: Program, limit: LimitRow, row: int) -> Clash:
    least, most = reach(program, row)
    shift = 0.0 if limit.of == "change" else limit.baseline
    return Clash(limit, least + shift, most + shift)
