"""A cascade in words: what was asked, the three splits side by side, and who gains and loses."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from landfront.report.quantities import Scale, number, percent, quantity, scale

if TYPE_CHECKING:
    from landfront.report.cascade import Cascade, Split
    from landfront.report.region_levels import RegionLevel

NAMES = {"pro_rata": "pro rata", "least_cost": "least cost", "equity": "equity"}
MOST_REGIONS = 40
MOST_SHORT = 10
WHAT = {
    "attainable": "what it could reach alone under its own limits",
    "area": "its area",
    "weights": "the weights given",
}


def as_text(found: Cascade) -> str:
    """All that is said of a cascade."""
    lines = [*_asked(found), ""]
    for level in found.levels[1:]:
        lines += [*_splits(found, level), ""]
    lines += _regions(found, shown_level(found))
    short = [line for split in found.splits for line in _short(found, split)]
    return "\n".join([*lines, *([""] if short else []), *short])


def unit_of(found: Cascade, criterion: str) -> str:
    """Unit of a criterion."""
    return found.setting.formulation.effects[criterion].unit


def grid(head: list[str], rows: list[list[str]]) -> list[str]:
    """Lines of a table: the first column to the left, numbers to the right."""
    widths = [max(len(row[place]) for row in [head, *rows]) for place in range(len(head))]
    return [
        "  " + "  ".join(_cell(text, place, widths[place]) for place, text in enumerate(row)).rstrip()
        for row in [head, *rows]
    ]


def _cell(text: str, place: int, width: int) -> str:
    return text.ljust(width) if place == 0 else text.rjust(width)


def _asked(found: Cascade) -> list[str]:
    asked, setting = found.asked, found.setting
    unit = unit_of(found, asked.criterion)
    base = float(setting.program.offsets[setting.index(asked.criterion)])
    best = setting.sign * (float(found.attainable.bound) - base)
    verb = "raised" if setting.sign > 0 else "lowered"
    return [
        setting.formulation.study.title,
        f"Target: {asked.criterion} {verb} by {quantity(found.gain, unit)}, which is "
        f"{percent(found.gain / best)} of what is attainable under the study's limits, "
        f"{quantity(best, unit)}.",
        f"Minimised: {asked.minimise} ({unit_of(found, asked.minimise)}). {_decision(found)}",
        f"Pro rata: by {WHAT[asked.pro_rata]}. Equity: the largest burden is as small as can be; a region's "
        f"burden is its {asked.minimise} per unit of {WHAT[asked.burden]}.",
    ]


def _decision(found: Cascade) -> str:
    if found.setting.program.integer.any():
        return "Each parcel gets one intervention as a whole."
    if found.setting.formulation.study.study.decision == "whole":
        return "Parcels are shared among interventions: for whole parcels the costs are lower bounds."
    return "Parcels may be shared among interventions."


def _splits(found: Cascade, level: RegionLevel) -> list[str]:
    frame = found.splits_frame()
    frame = frame[frame["level"] == level.name]
    minimise = unit_of(found, found.asked.minimise)
    money = scale(float(frame["cost"].abs().max()), minimise)
    head = ["split", money.unit, "against least cost", "gap", "largest burden", "regions short"]
    rows = [
        [
            NAMES[row["split"]],
            number(row["cost"] / money.factor),
            number(row["extra_cost"] / money.factor, signed=True),
            percent(row["gap"]),
            number(row["largest_burden"]),
            str(row["short_regions"]),
        ]
        for row in frame.to_dict("records")
    ]
    loose = float(frame["burden_gap"].max())
    note = [f"  The least of the largest burdens is proven up to {percent(loose)} only."]
    more = note if loose > found.asked.gap else []
    return [f"Split by {level.name} ({len(level)} regions)", *grid(head, rows), *more]


def shown_level(found: Cascade) -> RegionLevel:
    """The innermost level that fits a page, else the outermost."""
    fitting = [level for level in found.levels[1:] if len(level) <= MOST_REGIONS]
    return fitting[-1] if fitting else found.levels[1]


def _regions(found: Cascade, level: RegionLevel) -> list[str]:
    """Targets and costs by region, and what the other splits cost beside the cheapest."""
    splits = [split for split in found.splits if split.level is level]
    asked = found.asked
    shown = np.arange(len(level))[:MOST_REGIONS]
    targets = _scale(splits, unit_of(found, asked.criterion), lambda split: split.targets)
    costs = _scale(splits, unit_of(found, asked.minimise), lambda split: split.changes[asked.minimise])
    least = next(split for split in splits if split.rule == "least_cost")
    others = [split for split in splits if split is not least]
    head = [level.name]
    head += [f"{NAMES[split.rule]}" for split in splits]
    head += [f"{NAMES[split.rule]}: {asked.minimise}" for split in [least, *others]]
    rows = []
    for region in shown:
        row = [level.regions[region]]
        row += [number(split.targets[region] / targets.factor) for split in splits]
        own = float(least.changes[asked.minimise][region])
        row.append(number(own / costs.factor))
        row += [
            number((float(split.changes[asked.minimise][region]) - own) / costs.factor, signed=True)
            for split in others
        ]
        rows.append(row)
    left = len(level) - len(shown)
    more = [f"  {left} more regions are in regions.csv."] if left else []
    about = (
        f"Targets in {targets.unit}; {asked.minimise} in {costs.unit}, in least cost as it is, in the others "
        "more (+) or less (-) than that"
    )
    return [about, *grid(head, rows), *more]


def _scale(splits: list[Split], unit: str, pick: object) -> Scale:
    return scale(max(float(np.abs(pick(split)).max(initial=0.0)) for split in splits), unit)  # type: ignore[operator]


def _short(found: Cascade, split: Split) -> list[str]:
    """Regions that cannot reach their target, with what they can."""
    if split.feasible:
        return []
    unit = unit_of(found, found.asked.criterion)
    reach = found.reach[found.levels.index(split.level)]
    short = np.flatnonzero(split.shortfall)
    worst = short[np.argsort(-split.shortfall[short], kind="stable")]
    lines = [
        f"Infeasible: {NAMES[split.rule]} by {split.level.name}. {len(short)} regions fall short by "
        f"{quantity(float(split.shortfall.sum()), unit)} together; the plan shown lacks least in sum."
    ]
    for region in worst[:MOST_SHORT]:
        asked, alone = float(split.targets[region]), float(reach[region])
        why = "" if alone < asked else ", so limits that it shares with others stand in the way"
        lines.append(
            f"  - {split.level.regions[region]}: asked {quantity(asked, unit)}, short by "
            f"{quantity(float(split.shortfall[region]), unit)}; "
            f"alone it can reach {quantity(alone, unit)}{why}"
        )
    if len(short) > MOST_SHORT:
        lines.append(f"  - {len(short) - MOST_SHORT} more are in regions.csv")
    return lines
