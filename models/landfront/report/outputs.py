"""What commands print or write beyond a run: JSON shapes, plan files, the catalogue, redrawn figures."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from landfront.instances.catalogue import describe
from landfront.instances.faults import Fault, InputError, refuse
from landfront.instances.schema import by_key
from landfront.models.formulate import formulate
from landfront.models.plan import Plan
from landfront.report.figures import write_figures
from landfront.report.folder import disk_full
from landfront.report.quantities import number
from landfront.report.result import Result
from landfront.report.run import result_record
from landfront.report.stored import read_run, result_of
from landfront.report.tables import front_table

SHOWN_DIGITS = 6
SUFFIXES = (".csv", ".parquet", ".gpkg", ".shp")


def front_json(result: Result, folder: Path) -> dict[str, Any]:
    """What ``front --json`` prints."""
    return {
        "run": str(folder),
        "criteria": list(result.front.criteria),
        "front": front_table(result).to_dict("records"),
        "knee": result.knee,
        **result_record(result),
    }


def check_plan_file(path: Path) -> None:
    """Refuse a plan file that cannot be written, before any work is done.

    Raises
    ------
    InputError
        If the suffix is unknown, the file is there, or its folder is not.
    """
    suffixes = ", ".join(SUFFIXES)
    if path.suffix.lower() not in SUFFIXES:
        refuse(
            Fault(
                str(path),
                "",
                f"{path.suffix or 'no suffix'!r} is not a kind of plan file",
                f"Use {suffixes}.",
            )
        )
    _check_new(path)


def check_table_file(path: Path) -> None:
    """Refuse a file for a table that cannot be written, before any work is done.

    Raises
    ------
    InputError
        If it is no CSV, is there already, or its folder is not.
    """
    if path.suffix.lower() != ".csv":
        refuse(Fault(str(path), "", f"{path.suffix or 'no suffix'!r} is not the table's kind", "Use .csv."))
    _check_new(path)


def _check_new(path: Path) -> None:
    if path.exists():
        refuse(Fault(str(path), "", "is already there", "Name a new file; nothing is ever overwritten."))
    if not path.absolute().parent.is_dir():
        refuse(Fault(str(path), "", "its folder is missing", "Make the folder first."))


def write_plan_file(plan: Plan, path: Path) -> None:
    """Write a plan by the suffix of its file, whole or not at all.

    Raises
    ------
    InputError
        If the disk is full, or the study has no geometry for a layer.
    """
    try:
        plan.to_file(path)
    except (OSError, RuntimeError) as error:
        if disk_full(error, path.absolute().parent):
            path.unlink(missing_ok=True)
            fault = Fault(
                str(path),
                "",
                "the disk is full or fails, so nothing was kept",
                "Make room or name another disk.",
            )
            raise InputError([fault]) from error
        raise


def redraw(folder: Path, study_folder: Path | None = None) -> list[str]:
    """Draw the figures of a run again, all or none of them; returns warnings about fonts.

    Raises
    ------
    InputError
        If the folder is no run, its study is not found, or the disk is full.
    """
    run = read_run(folder)
    result = result_of(run, formulate(run.study(study_folder)))
    target = folder / "figures"
    try:
        with TemporaryDirectory(prefix=".figures-", dir=folder) as scratch:
            warnings = write_figures(result, Path(scratch))
            target.mkdir(exist_ok=True)
            for figure in sorted(Path(scratch).iterdir()):
                figure.replace(target / figure.name)
    except OSError as error:
        if disk_full(error, folder):
            rule = "the disk is full or fails, so the figures are as they were"
            raise InputError([Fault(str(target), "", rule, "Make room.")]) from error
        raise
    return warnings


def catalogue_json(intervention: str | None) -> list[dict[str, Any]]:
    """Rows of the packaged catalogue, of one intervention where it is named."""
    frame = describe()
    if intervention is not None:
        known = sorted(set(frame["intervention"]))
        if intervention not in known:
            refuse(
                Fault("catalogue", intervention, "is not an intervention", f"They are: {', '.join(known)}.")
            )
        frame = frame[frame["intervention"] == intervention]
    return [{str(name): value for name, value in row.items()} for row in frame.to_dict("records")]


def catalogue_text(intervention: str | None) -> str:
    """The interventions in English and Chinese, or every number of one of them."""
    if intervention is not None:
        return "\n".join([*map(_number_line, catalogue_json(intervention)), *_tag_lines(intervention)])
    names = {language: describe(language=language) for language in ("en", "zh")}
    english = names["en"].drop_duplicates("intervention").set_index("intervention")["name"]
    chinese = names["zh"].drop_duplicates("intervention").set_index("intervention")["name"]
    lines = [f"{name:<28} {english[name]} / {chinese[name]}" for name in english.index]
    return "\n".join([*lines, "", "landfront catalogue NAME shows every number with its source and mark."])


def _tag_lines(intervention: str) -> list[str]:
    """What kind of measure it is, and whose guidance there is (``tables/intervention_tags.csv``)."""
    row = by_key("intervention_tags").get(intervention, {})
    told = {
        key: value for key, value in row.items() if value and key not in ("intervention", "source", "mark")
    }
    mark = f" [{row['mark']}; {row['source']}]" if told else ""
    return [f"{key:<24} {value.replace('|', ', ')}{mark}" for key, value in told.items()]


def _number_line(row: dict[str, Any]) -> str:
    spread = (
        f" ({number(row['low'], digits=SHOWN_DIGITS)} to {number(row['high'], digits=SHOWN_DIGITS)})"
        if row["low"] == row["low"] and row["high"] == row["high"]
        else ""
    )
    source = f" [{row['verified']}; {row['source']}]"
    value = number(row["value"], digits=SHOWN_DIGITS)
    return f"{row['parameter']:<24} {row['set']:<8} {value}{spread} {row['unit']}{source}"
