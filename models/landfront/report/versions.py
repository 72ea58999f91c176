"""The versions of a plan: the chain of plans that a run follows, with what changed at each step and why."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from landfront.optimizer.show import table
from landfront.report.lineage import Step, chain

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Versions:
    """A plan and those that it follows.

    Attributes
    ----------
    steps
        The latest first.
    """

    steps: tuple[Step, ...]

    @property
    def holds(self) -> bool:
        """Whether every digest is as it was noted."""
        return not any(step.faults for step in self.steps)

    def to_frame(self) -> pd.DataFrame:
        """One row per plan, the oldest first.

        ``version, place, created, author, reason, point, criterion, weight, changed_ha``, then by criterion
        the totals of the plan.
        """
        import pandas as pd

        rows = list(enumerate(reversed(self.steps), start=1))
        return pd.DataFrame([{"version": number, **_row(step, self._next(step))} for number, step in rows])

    def _next(self, step: Step) -> Step | None:
        """The plan that follows this one."""
        place = self.steps.index(step)
        return self.steps[place - 1] if place else None

    def to_json(self) -> list[dict[str, Any]]:
        """The same as plain values, with what does not match."""
        records = self.to_frame().astype(object)
        found = records.where(records.notna(), None).to_dict("records")
        return [
            {
                **{str(name): value for name, value in row.items()},
                "faults": list(step.faults),
                "note": step.note,
            }
            for row, step in zip(found, reversed(self.steps), strict=True)
        ]

    def __str__(self) -> str:
        """Say it in words."""
        frame = self.to_frame()
        names = [name for name in frame.columns if name not in FIXED]
        rows = [
            [str(row["version"]), row["place"], row["created"] or "-", row["author"] or "-",
             _cell(row["changed_ha"]), *(_cell(row[name]) for name in names), row["reason"]]
            for row in frame.to_dict("records")
        ]  # fmt: skip
        head = ("version", "run", "made", "by", "changed ha", *names, "reason")
        return "\n".join([table(head, rows), *_said(self.steps)])


FIXED = (
    "version", "place", "created", "author", "reason", "point", "criterion", "weight", "changed_ha",
)  # fmt: skip


def versions(run: str | Path) -> Versions:
    """The chain of plans behind a run, with what its digests say.

    Raises
    ------
    InputError
        If it is no run, or a record of the chain is damaged.
    """
    return Versions(chain(Path(run)))


def _row(step: Step, after: Step | None) -> dict[str, Any]:
    record, values = step.record, dict(step.record.get("plan", {}).get("values", {}))
    if not record and after is not None:  # the plan that nothing precedes is known by who follows it
        values = dict(after.record["parent"].get("values", {}))
    changed = values.pop("change", None)
    return {
        "place": step.folder.name, "created": record.get("created", ""), "author": record.get("author", ""),
        "reason": record.get("reason", ""),
        "point": after.record["parent"]["point"] if after is not None else None,
        "criterion": record.get("asked", {}).get("criterion", ""),
        "weight": record.get("asked", {}).get("weight"), "changed_ha": changed, **values,
    }  # fmt: skip


def _cell(value: Any) -> str:
    return "-" if value is None or value != value else f"{float(value):,.6g}"


def _said(steps: tuple[Step, ...]) -> Iterator[str]:
    for step in steps:
        for fault in step.faults:
            yield f"MISMATCH  {step.folder.name}: {fault}"
        if step.note:
            yield f"{step.folder.name}: {step.note}"
    if not any(step.faults for step in steps):
        yield "Every plan of the chain is the one that the next one was made from, as far as it is there."
