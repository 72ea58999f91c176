"""The tables that a planner hands in, as one spreadsheet: indicators, land balance, change matrix, regions.

Sheets follow what Chinese spatial plans ask for: binding (约束性) and expected (预期性) indicators, land by
class today and planned (现状, 规划), and the matrix of changes between classes in 10^4 mu beside ha.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from landfront.instances.codes import classes
from landfront.models.plan import MU_PER_HA, Plan
from landfront.report.bars import level_of
from landfront.report.documents import put, subject_of
from landfront.report.land_account import transitions
from landfront.report.languages import UNITS_ZH, criterion_label, title_in
from landfront.report.policy_table import policy_table
from landfront.report.result import labels_in
from landfront.report.workbook_words import CLASSES_ZH, WORDS

if TYPE_CHECKING:
    import pandas as pd
    from openpyxl.worksheet.worksheet import Worksheet

NAME = "tables"
WAN_MU = MU_PER_HA / 1e4
"""10^4 mu per ha."""

FORMATS = {"ha": "#,##0.00", "wan": "#,##0.0000", "share": "0.00%", "any": "#,##0.####"}
WIDEST = 46
Cell = str | float | None


@dataclass
class Sheet:
    """One sheet: a heading row, rows of cells, and the number format of each column."""

    head: Sequence[str]
    rows: list[Sequence[Cell]]
    formats: Sequence[str] = field(default_factory=tuple)


def workbook(
    run: str | Path,
    *,
    point: int | None = None,
    language: str = "zh",
    output: str | Path | None = None,
    study: str | Path | None = None,
) -> Path:
    """Write the planner's tables of one plan of a run as an Excel file.

    Parameters
    ----------
    run
        A run directory.
    point
        Position of the plan on the front; by default the knee.
    language
        ``"zh"`` or ``"en"``.
    output
        Folder to write into, by default the run's.
    study
        Where the study is now, if not where it was.

    Returns
    -------
    Path
        ``tables_<language>.xlsx``.

    Raises
    ------
    InputError
        If the folder is no finished run, there is no such point or language, or the file cannot be written.
    """
    on = subject_of(Path(run), point=point, language=language, study=study)
    sheets = sheets_of(on.result.plan(on.point), language)
    words = WORDS[language]
    about: list[Sequence[Cell]] = [
        [words["title"], title_in(on.result.formulation.study, language)],
        [words["run"], on.folder.resolve().name],
        [words["made"], str(on.record.get("created", ""))],
        [words["point"], float(on.point)],
        [words["digest"], str(on.record["study_digest"])],
        [words["said"], None],
    ]
    if words["matrix"] not in sheets:
        about.append([words["no_cover"], None])
    sheets[words["notes"]] = Sheet([words["notes"], ""], about, ("", "any"))
    return put(Path(output or run), {f"{NAME}_{language}.xlsx": lambda path: _save(sheets, path)})[0]


def sheets_of(plan: Plan, language: str) -> dict[str, Sheet]:
    """Every table of a plan by the name of its sheet."""
    words = WORDS[language]
    found = {words["indicators"]: _indicators(plan, language)}
    if plan.formulation.landscape.cover_codes:
        table = transitions(plan)
        found[words["balance"]] = _balance(table, language)
        found[words["matrix"]] = _matrix(table, language)
    found[words["measures"]] = _measures(plan, language)
    level = level_of(plan.formulation.landscape)
    if level is not None:
        found[words["regions"]] = _regions(plan, level, language)
    return found


def _indicators(plan: Plan, language: str) -> Sheet:
    """Limits are binding, criteria expected; then the targets of the policies that the study names."""
    words, study = WORDS[language], plan.formulation.study
    rows: list[Sequence[Cell]] = []
    for row, state in zip(plan.formulation.limits, plan.limits().to_dict("records"), strict=True):
        name = f"{row.limit}（{row.region}）" if row.region and language == "zh" else row.name
        known = row.of == "total"  # a limit on a change says nothing of totals
        for side, bound in (("at_least", row.lower), ("at_most", row.upper)):
            if math.isfinite(bound):
                value, met = float(state["value"]), words["yes" if state["holds"] else "no"]
                label, unit = f"{name}: {words[side]}", _unit(row.unit, language)
                numbers = (
                    [row.baseline, value, value - row.baseline, bound]
                    if known
                    else [None, None, value, bound]
                )
                label = label if known else f"{label} ({words['change']})"
                rows.append([label, words["binding"], unit, *numbers, met, row.owner])
    for name in study.criteria:
        today, value = plan.baseline[name], plan.values[name]
        label, unit = criterion_label(study, name, language), _unit(plan.formulation.units[name], language)
        rows.append([label, words["expected"], unit, today, value, value - today, None, "", ""])
    for target in policy_table(plan).to_dict("records"):
        label = str(target["indicator_zh" if language == "zh" else "indicator"] or target["indicator"])
        now, then, asked = (_number(target[key]) for key in ("today", "plan", "target"))
        change = None if now is None or then is None else then - now
        met = words.get(str(target["met"]), str(target["met"]))
        unit = _unit(str(target["unit"]) if isinstance(target["unit"], str) else "", language)
        kind = words.get(str(target["kind"]), str(target["kind"]))
        rows.append([label, kind, unit, now, then, change, asked, met, str(target["source"])])
    keys = ("indicator", "kind", "unit", "today", "plan", "change", "target", "met", "owner")
    return Sheet([words[key] for key in keys], rows, ("", "", "", "any", "any", "any", "any", "", ""))


def _number(value: Any) -> float | None:
    """A number, or nothing where the table has none."""
    return float(value) if isinstance(value, int | float) and math.isfinite(value) else None


def _unit(unit: str, language: str) -> str:
    return UNITS_ZH.get(unit, unit) if language == "zh" else unit


def _class(name: str, language: str) -> str:
    return CLASSES_ZH.get(name, name) if language == "zh" else name


def _used(table: pd.DataFrame) -> list[str]:
    """Land classes that occur before or after, in the order of the land codes."""
    held = {*table["before"], *table["after"]}
    return [name for name in classes() if name in held]


def _balance(table: pd.DataFrame, language: str) -> Sheet:
    """Land by class today and planned, with their sum."""
    words = WORDS[language]
    today, after = (table.groupby(side)["area_ha"].sum() for side in ("before", "after"))
    total = float(table["area_ha"].sum())
    rows: list[Sequence[Cell]] = []
    for name in _used(table):
        held, then = float(today.get(name, 0.0)), float(after.get(name, 0.0))
        rows.append(_balance_row(_class(name, language), held, then, total))
    rows.append(_balance_row(words["sum"], total, float(after.sum()), total))
    parts = [
        f"{words[when]} ({words[unit]})" for when in ("today", "plan", "change") for unit in ("ha", "wan")
    ]
    head = [words["class"], *parts, words["share_today"], words["share_plan"]]
    return Sheet(head, rows, ("", *("ha", "wan") * 3, "share", "share"))


def _balance_row(name: str, held: float, then: float, total: float) -> list[Cell]:
    change = then - held
    return [
        name,
        held,
        held * WAN_MU,
        then,
        then * WAN_MU,
        change,
        change * WAN_MU,
        held / total,
        then / total,
    ]


def _matrix(table: pd.DataFrame, language: str) -> Sheet:
    """From each class to each, in 10^4 mu, then in ha; sums at the margins."""
    words, used = WORDS[language], _used(table)
    place = {name: index for index, name in enumerate(used)}
    cells = np.zeros((len(used), len(used)))
    for row in table.to_dict("records"):
        cells[place[row["before"]], place[row["after"]]] += row["area_ha"]
    labels = [_class(name, language) for name in used]
    rows: list[Sequence[Cell]] = []
    for unit, factor in (("wan", WAN_MU), ("ha", 1.0)):
        rows.append([f"{words['from_to']}, {words[unit]}", *labels, words["sum"]])
        whole = np.vstack(
            [np.hstack([cells, cells.sum(axis=1, keepdims=True)]), [*cells.sum(axis=0), cells.sum()]]
        )
        for label, numbers in zip([*labels, words["sum"]], (whole * factor).tolist(), strict=True):
            rows.append([label, *numbers])
        rows.append([None] * (len(used) + 2))
    return Sheet([words["matrix"], *[""] * (len(used) + 1)], rows[:-1], ("", *["wan"] * (len(used) + 1)))


def _measures(plan: Plan, language: str) -> Sheet:
    """Parcels, area and the change of every criterion by intervention."""
    words, study = WORDS[language], plan.formulation.study
    labels = labels_in(plan.formulation, language)
    table = plan.totals(None).reset_index(drop=True)
    sums = [name for name in plan.formulation.sums if name in table.columns]
    rows: list[Sequence[Cell]] = [
        [labels.get(str(row["intervention"]), str(row["intervention"])), float(row["parcels"]),
         float(row["area_ha"]), float(row["area_ha"]) * WAN_MU, *(float(row[name]) for name in sums)]
        for row in table.to_dict("records")
    ]  # fmt: skip
    named = [
        _with_unit(criterion_label(study, name, language), plan.formulation.units[name], language)
        for name in sums
    ]
    head = [words["measure"], words["parcels"], words["ha"], words["wan"], *named]
    return Sheet(head, rows, ("", "any", "ha", "wan", *["any"] * len(sums)))


def _with_unit(label: str, unit: str, language: str) -> str:
    return f"{label} ({_unit(unit, language)})"


def _regions(plan: Plan, level: str, language: str) -> Sheet:
    """Who gains and who loses."""
    words, study = WORDS[language], plan.formulation.study
    table, sums = plan.balance(level), list(plan.formulation.sums)
    rows: list[Sequence[Cell]] = [
        [
            str(row["region"]),
            float(row["area_ha"]),
            float(row["treated_ha"]),
            *(float(row[name]) for name in sums),
        ]
        for row in table.to_dict("records")
    ]
    named = [
        _with_unit(criterion_label(study, name, language), plan.formulation.units[name], language)
        for name in sums
    ]
    head = [f"{words['region']} ({level})", words["ha"], words["treated"], *named]
    return Sheet(head, rows, ("", "ha", "ha", *["any"] * len(sums)))


def _save(sheets: Mapping[str, Sheet], path: Path) -> None:
    """Write the file."""
    from openpyxl import Workbook

    book = Workbook()
    book.remove(book.worksheets[0])
    for title, sheet in sheets.items():
        _fill(book.create_sheet(title), sheet)
    book.save(path)


def _fill(made: Worksheet, sheet: Sheet) -> None:
    """Cells, formats, widths and a heading that stays; texts are never read as formulas."""
    from openpyxl.styles import Alignment, Font, PatternFill
    from openpyxl.utils import get_column_letter

    shade, bold = PatternFill("solid", fgColor="E8EEF4"), Font(bold=True)
    for r, row in enumerate([sheet.head, *sheet.rows], start=1):
        for c, value in enumerate(row, start=1):
            cell = made.cell(r, c)
            if isinstance(value, str):
                cell.value = _safe(value)
                cell.data_type = "s"  # never a formula, whatever it begins with
                cell.alignment = Alignment(wrap_text=True, vertical="top")
            elif value is not None:
                cell.value = value
                cell.number_format = FORMATS[sheet.formats[c - 1] or "any"]
            if r == 1:
                cell.font, cell.fill = bold, shade
    made.freeze_panes = "B2"
    for c in range(1, len(sheet.head) + 1):
        texts = [row[c - 1] for row in [sheet.head, *sheet.rows] if isinstance(row[c - 1], str)]
        wide = max(
            (sum(2 if ord(letter) > 0x2E80 else 1 for letter in str(text)) for text in texts), default=0
        )
        made.column_dimensions[get_column_letter(c)].width = min(max(wide, 12) + 2, WIDEST)


def _safe(text: str) -> str:
    """A text without the control letters that the format forbids."""
    from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

    return str(ILLEGAL_CHARACTERS_RE.sub("", text))
