"""Maps of what choices cost and of what can be chosen otherwise, and none where a study has no geometry."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from landfront.models.formulate import Formulation
from landfront.optimizer.front import Front
from landfront.report.canvas import KeyRow, save
from landfront.report.choices import ALL, SOME
from landfront.report.figures import drawable_result
from landfront.report.ground import Ground
from landfront.report.maps import draw, numbers_of, page_of
from landfront.report.quantities import number, quantity
from landfront.report.result import Result
from landfront.report.style import Labels

if TYPE_CHECKING:
    from landfront.report.alternatives import Alternatives
    from landfront.report.importance import Importance
    from landfront.report.no_regret import NoRegret

Floats = NDArray[np.float64]

REST = "#F2F2F2"
"""Parcels that a map says nothing of."""

SCALE = ("#FDE9C8", "#FDC070", "#EE7F3C", "#BF3F2A", "#701A1A")
"""Light to dark, one hue, so that every kind of sight and grey print keep the order."""

FIXED, ALIKE, OPEN = "#225522", "#8CB98C", "#F4B860"
"""What is the same in all plans by proof, in those that were found, and what is not."""

UNKNOWN = "#4477AA"
"""What has no upper end."""


def classes_map(
    formulation: Formulation,
    folder: Path,
    name: str,
    *,
    texts: tuple[str, str, str],
    classes: Sequence[tuple[str, str]],
    choice: NDArray[np.integer[Any]],
) -> list[Path]:
    """Draw parcels by class, with the area of each; nothing where the study has no geometry.

    Parameters
    ----------
    folder, name
        Where the PNG and the SVG go.
    texts
        What the map shows, the note under it, and the heading of the key.
    classes
        Text and colour of each class.
    choice
        Class of each parcel, shape (n,).
    """
    if formulation.landscape.geometry is None:
        return []
    labels = Labels.of_system(formulation.study)
    result = drawable_result(_alone(formulation), labels)
    area = np.bincount(choice, weights=formulation.landscape.area, minlength=len(classes))
    rows = [
        KeyRow(text, colour, numbers=numbers_of(float(area[place]), result.in_yuan))
        for place, (text, colour) in enumerate(classes)
        if area[place] > 0
    ]
    ground = Ground.of(result)
    page, axes = page_of(result, ground, texts[:2], rows, texts[2])
    draw(axes, ground, choice, [colour for _, colour in classes])
    return save(page.figure, folder, name, labels)


def _alone(formulation: Formulation) -> Result:
    """A study as maps want it, without a front."""
    nothing = np.zeros(0)
    front = Front(
        (), np.zeros(0, np.int8), (), (), nothing, nothing, complete=False, coverage=np.inf,
        hypervolume=nothing, reason="optimal", detail="", seconds=0.0, solves=0, method="",
    )  # fmt: skip
    return Result(formulation, front)


def importance_map(found: Importance, folder: Path) -> list[Path]:
    """Map of what each treated parcel is worth per hectare, at least."""
    formulation, unit = found.standing.formulation, found.standing.unit
    area = formulation.landscape.area[found.parcels]
    least = found.least / area
    must = np.isinf(least)
    limits = _steps(least[np.isfinite(least) & (least > 0)])
    level = np.searchsorted(limits, np.where(must, 0.0, least), side="right") + 1
    level = np.where(must, len(limits) + 2, np.where(least <= 0, 1, level + 1))
    choice = np.zeros(len(formulation.landscape), dtype=np.int64)
    choice[found.parcels] = level
    ends = [number(limit, digits=3) for limit in limits]
    words = [f"Less than {ends[0]}", *(f"{a} to {b}" for a, b in pairwise(ends))] if ends else []
    words += [f"{ends[-1]} and more"] if ends else []
    classes = [("Not treated", REST), ("Nothing proven", SCALE[0])]
    classes += [(text, SCALE[min(place + 1, 4)]) for place, text in enumerate(words)]
    classes += [("Must be treated", UNKNOWN)] if len(words) else [("More than nothing", SCALE[2])]
    note = (
        f"At least this much {found.standing.criterion} in {unit} per ha is lost if a parcel cannot be "
        f"treated, proven. The plan has {quantity(found.standing.value, unit)}."
    )
    return classes_map(
        formulation, folder, "importance", classes=classes, choice=choice,
        texts=("What each treated parcel is worth", note, f"{unit} per ha"),
    )  # fmt: skip


def _steps(values: Floats) -> Floats:
    """Round limits between four classes of about as many parcels."""
    if not len(values):
        return np.zeros(0)
    found = np.quantile(values, (0.25, 0.5, 0.75))
    digits = 10.0 ** np.floor(np.log10(np.maximum(found, 1e-300)))
    return np.unique(np.round(found / digits, 1) * digits)


def choices_map(found: Alternatives, folder: Path) -> list[Path]:
    """Map of the parcels whose option is the same in all near-optimal plans, and of the others."""
    formulation, standing = found.standing.formulation, found.standing
    menu, parcels = formulation.menu, found.choices.parcels()
    kept = np.zeros(len(parcels), dtype=bool)
    kept[menu.parcel[(found.choices.kind == ALL) & (menu.kind == 0)]] = True
    choice = np.where(parcels == ALL, np.where(kept, 0, 1), np.where(parcels == SOME, 2, 3))
    classes = [
        ("Kept as it is in all", REST),
        ("Treated alike in all", FIXED),
        ("Options can be exchanged", OPEN),
        ("Undecided", UNKNOWN),
    ]
    word = "at least" if standing.sense < 0 else "at most"
    note = f"All plans with {word} {quantity(found.least, standing.unit)} of {standing.criterion}."
    return classes_map(
        formulation, folder, "choices", texts=("What near-optimal plans agree on", note, "Area"),
        classes=classes, choice=choice,
    )  # fmt: skip


def no_regret_map(found: NoRegret, folder: Path) -> list[Path]:
    """Map of the parcels on which plans of a front agree, by proof or among those found."""
    formulation, parcels = found.result.formulation, found.parcels
    choice = np.select([parcels["proven"], parcels["agreed"]], [0, 1], default=2)
    classes = [
        ("The same in every nondominated plan, proven", FIXED),
        (f"The same in all {len(found.result.front)} plans found", ALIKE),
        ("Contested", OPEN),
    ]
    names = " and ".join(found.result.front.criteria)
    note = f"The front is that between {names}. Proven: of the plans that were not computed, too."
    return classes_map(
        formulation, folder, "no_regret", texts=("No-regret and contested parcels", note, "Area"),
        classes=classes, choice=choice,
    )  # fmt: skip
