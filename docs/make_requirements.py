"""Writes docs/requirements.md from requirements.csv; with ``--check`` only says whether it is up to date."""

from __future__ import annotations

import argparse
import csv
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

FOLDER = Path(__file__).resolve().parent
TABLE, PAGE = FOLDER / "requirements.csv", FOLDER / "requirements.md"
COLUMNS = ("id", "requirement", "status", "shown_by")
MEANINGS = {
    "works": "the program does it, and the named tests would fail if it were taken away",
    "partly": "the named tests show a part of it; what is missing stands after the dash",
    "later": "the program does not do it; the last column says what it would need",
    "out of scope": "nothing that a program can do: a fact, a number or a policy that the list holds as well",
}
GROUPS = {
    "O": "objectives",
    "C": "constraints",
    "X": "measures by ecosystem",
    "P": "parameters and numbers",
    "T": "time",
    "U": "uncertainty, monitoring, reporting and verification",
    "S": "scales and regions",
    "F": "finance",
    "E": "equity and participation",
    "M": "monitoring and adaptive management",
    "R": "reporting, systems and instances",
}
INTRODUCTION = """\
# Requirements

<!-- Written by `python docs/make_requirements.py` from requirements.csv. Edit that file, not this page. -->

The list holds {count} requirements on software for plans of nature-based solutions, read from five texts on
the subject. Many are no capabilities but facts, numbers, programmes and data sets; they are listed so that
none is lost. The first letter of an id is its group:

{groups}

Each has one of four statuses:

| status | meaning | requirements |
|---|---|---|
{statuses}

A test is named by its file and function, and runs by that name: `python -m pytest tests/...::test_...`.

| id | requirement | status | shown by |
|---|---|---|---|
"""


def read_rows(path: Path) -> list[dict[str, str]]:
    """Rows of the table by column.

    Raises
    ------
    ValueError
        If a column is missing, a row has too many or too few cells, or a status is none of the four.
    """
    with path.open(encoding="utf-8", newline="") as file:
        reader = csv.reader(file)
        header, lines = tuple(next(reader, ())), list(reader)
    if header != COLUMNS:
        raise ValueError(f"{path.name}: columns are {', '.join(header)}, give {', '.join(COLUMNS)}")
    rows = []
    for number, line in enumerate(lines, start=2):
        if len(line) != len(COLUMNS):
            raise ValueError(f"{path.name}: row {number} has {len(line)} cells, give {len(COLUMNS)}")
        row = dict(zip(COLUMNS, line, strict=True))
        if row["status"] not in MEANINGS:
            raise ValueError(
                f"{path.name}: row {number}: status {row['status']!r}, give one of {', '.join(MEANINGS)}"
            )
        rows.append(row)
    return rows


def page(rows: Sequence[dict[str, str]]) -> str:
    """The page as Markdown."""
    counts = Counter(row["status"] for row in rows)
    introduction = INTRODUCTION.format(
        count=len(rows),
        groups="\n".join(f"- {letter}: {words}" for letter, words in GROUPS.items()),
        statuses="\n".join(f"| {name} | {text} | {counts[name]} |" for name, text in MEANINGS.items()),
    )
    return introduction + "".join(line(row) for row in rows)


def line(row: dict[str, str]) -> str:
    """A row of the page's table; a bar would end its cell."""
    return "| " + " | ".join(row[column].replace("|", "\\|") for column in COLUMNS) + " |\n"


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the page, or check it; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 unless up to date")
    parser.add_argument("--table", type=Path, default=TABLE, help="the table to read")
    parser.add_argument("--page", type=Path, default=PAGE, help="the page to write")
    asked = parser.parse_args(arguments)
    try:
        text = page(read_rows(asked.table))
    except (OSError, ValueError) as error:
        print(f"{error}", file=sys.stderr)
        return 2
    if not asked.check:
        asked.page.write_text(text, encoding="utf-8")
        return 0
    if asked.page.is_file() and asked.page.read_text(encoding="utf-8") == text:
        return 0
    print(f"{asked.page.name} is not up to date: run python docs/make_requirements.py", file=sys.stderr)
    return 1


if __name__ == "__main__":
    raise SystemExit(main())
