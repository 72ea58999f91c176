"""What `check` says of a study: counts, exclusions, marks, limits, and how large the problem is."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from landfront.instances.regions import ROOT, region_tree
from landfront.instances.schema import by_key
from landfront.models.formulate import Formulation
from landfront.report.bounds_text import bounds_text
from landfront.report.infeasible import Clash
from landfront.report.quantities import area, quantity
from landfront.report.reach import reach
from landfront.report.summary import mark_counts
from landfront.report.tables import coefficients_table, menu_table

SLACK = 1e-6
REGIONS_SHOWN = 45
"""Regions that are listed one by one; below that, only their number is said."""


@dataclass(frozen=True)
class Check:
    """A study that was read and formulated without fault."""

    formulation: Formulation

    @cached_property
    def marks(self) -> dict[str, int]:
        """How many coefficients in use carry each mark."""
        return mark_counts(coefficients_table(self.formulation))

    @cached_property
    def impossible(self) -> tuple[Clash, ...]:
        """Limits that no plan can meet even if it need meet no other."""
        program = self.formulation.program
        found = []
        for row, limit in enumerate(self.formulation.limits):
            least, most = reach(program, row)
            size = SLACK * max(abs(least), abs(most), 1.0)
            if program.row_lower[row] > most + size or program.row_upper[row] < least - size:
                shift = 0.0 if limit.of == "change" else limit.baseline
                found.append(Clash(limit, least + shift, most + shift))
        return tuple(found)

    def to_json(self) -> dict[str, Any]:
        """The check as plain values."""
        formulation = self.formulation
        program = formulation.program
        return {
            "title": formulation.study.title,
            "digest": formulation.study.digest,
            "parcels": len(formulation.landscape),
            "area_ha": float(formulation.landscape.area.sum()),
            "options": len(formulation.menu),
            "interventions": self._admissible(),
            "exclusions": menu_table(formulation).to_dict("records"),
            "criteria": {
                name: {"sense": entry.sense, "unit": formulation.units[name], "baseline": float(base)}
                for (name, entry), base in zip(
                    formulation.study.criteria.items(), formulation.baseline, strict=True
                )
            },
            "limits": [
                {
                    "name": row.name,
                    "criterion": row.criterion,
                    "lower": _finite(row.lower),
                    "upper": _finite(row.upper),
                    "unit": row.unit,
                }
                for row in formulation.limits
            ],
            "impossible_limits": [str(clash) for clash in self.impossible],
            "marks": self.marks,
            "notes": list(formulation.notes),
            "size": {"columns": program.columns, "rows": program.rows.shape[0], "groups": program.groups},
        }

    def _admissible(self) -> dict[str, dict[str, float]]:
        """Parcels and area on which each intervention is admissible."""
        menu, landscape = self.formulation.menu, self.formulation.landscape
        count = np.bincount(menu.kind, minlength=len(menu.interventions))
        hectares = np.bincount(
            menu.kind, weights=landscape.area[menu.parcel], minlength=len(menu.interventions)
        )
        return {
            name: {"parcels": int(count[k]), "area_ha": float(hectares[k])}
            for k, name in enumerate(menu.interventions)
        }

    def __str__(self) -> str:
        """Say it in words."""
        return "\n".join(
            [
                *self._size_text(),
                *self._region_text(),
                *self._menu_text(),
                *self._criteria_text(),
                *self._limit_text(),
                *self._evidence_text(),
                *self._notes_text(),
            ]
        )

    def _size_text(self) -> list[str]:
        formulation = self.formulation
        total = area(float(formulation.landscape.area.sum()), mu=formulation.study.study.currency == "CNY")
        kind = "whole parcels" if formulation.study.study.decision == "whole" else "shares of parcels"
        return [
            formulation.study.title,
            f"{len(formulation.landscape):,} parcels, {total}; {kind}",
            f"{len(formulation.menu):,} options, {len(formulation.limits):,} limit rows, "
            f"{len(formulation.study.criteria)} criteria",
        ]

    def _region_text(self) -> list[str]:
        """The tree of regions as far out as fits on a screen."""
        landscape = self.formulation.landscape
        if not landscape.nested:
            return []
        import networkx as nx

        tree = region_tree(landscape)
        counts = [len(names) for names in landscape.region_names[: len(landscape.nested)]]
        depth = max((d for d in range(1, len(counts) + 1) if sum(counts[:d]) <= REGIONS_SHOWN), default=0)
        levels = " > ".join(
            f"{level} ({count})" for level, count in zip(landscape.nested, counts, strict=True)
        )
        shown = nx.ego_graph(tree, ROOT, radius=depth)
        for node, data in shown.nodes(data=True):
            of_china = self.formulation.study.study.currency == "CNY"
            shown.nodes[node]["label"] = (
                f"{data['name']}: {data['parcels']:,} parcels, {area(data['area'], mu=of_china)}"
            )
        lines = ["", f"Regions: {levels}"]
        return lines + ([f"  {line}" for line in nx.generate_network_text(shown)] if depth else [])

    def _menu_text(self) -> list[str]:
        lines = ["", "Interventions (parcels on which they are admissible)"]
        lines += [
            f"  {name:<30} {entry['parcels']:>10,}"
            for name, entry in self._admissible().items()
            if name != "keep"
        ]
        table = menu_table(self.formulation)
        if len(table):
            sums = table.groupby("reason", sort=False)["parcels"].sum().sort_values(ascending=False)
            lines += ["", "Excluded, by reason (parcels times interventions)"]
            lines += [f"  {reason:<30} {count:>10,}" for reason, count in sums.items()]
        return lines

    def _criteria_text(self) -> list[str]:
        lines = ["", "Criteria (today's total)"]
        for (name, entry), base in zip(
            self.formulation.study.criteria.items(), self.formulation.baseline, strict=True
        ):
            total = quantity(float(base), self.formulation.units[name])
            lines.append(f"  {name:<20} {entry.sense}  {total:<22} {self._meaning(name)}".rstrip())
        return lines

    def _meaning(self, criterion: str) -> str:
        """What a criterion counts and over which time, in the words of the data dictionary."""
        study = self.formulation.study
        row = by_key("effects").get(study.effect_of(criterion))
        if row is None or (study.effects is not None and study.effect_of(criterion) in study.effects.columns):
            return ""
        text = row["description_en"][:1].lower() + row["description_en"][1:]
        if row["unit"] == "currency" and study.study.price_year:
            text += f", prices of {study.study.price_year}"
        if study.effect_of(criterion) == "water" and study.parcels.runoff is None and not study.baseline:
            text += " (parcels.runoff is not given, so only the change counts)"
        return text.replace("the milestone", str(study.milestone_of(criterion)))

    def _limit_text(self) -> list[str]:
        rows = self.formulation.limits
        lines = ["", f"Limits: {len(rows)} rows"] if rows else ["", "Limits: none"]
        groups: dict[str, list[Any]] = {}
        for row in rows:
            groups.setdefault(row.limit, []).append(row)
        for name, group in groups.items():
            many = f"{len(group)} rows, the first ({group[0].name}): " if len(group) > 1 else ""
            owner = f" ({group[0].owner})" if group[0].owner else ""
            lines.append(f"  {name}: {many}{bounds_text(group[0])}{owner}")
        lines += [f"  CANNOT BE MET: {clash}" for clash in self.impossible]
        return lines

    def _evidence_text(self) -> list[str]:
        if not self.marks:
            return ["", "Coefficients: none from the catalogue"]
        return ["", "Coefficients: " + ", ".join(f"{count} {mark}" for mark, count in self.marks.items())]

    def _notes_text(self) -> list[str]:
        notes = self.formulation.notes
        return ["", "Notes", *(f"  - {note}" for note in notes)] if notes else []


def _finite(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
