"""A page of the docs as something to run: its files, and its commands with what they print."""

from __future__ import annotations

import re
from pathlib import Path

DOCS = Path(__file__).resolve().parents[2] / "docs"
FILE = re.compile(r"^`([^`\n]+)`:\n\n```\w+\n(.*?)^```$", re.MULTILINE | re.DOTALL)
CONSOLE = re.compile(r"^```console\n\$ landfront (.*?)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def text_of(page: str) -> str:
    return (DOCS / page).read_text(encoding="utf-8")


def write_files(page: str, folder: Path) -> Path:
    """Write the files that a page shows into a folder."""
    for name, text in FILE.findall(text_of(page)):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder


def commands(page: str) -> list[tuple[list[str], str]]:
    """Arguments of each command, and what the page says it prints."""
    return [(arguments.split(), printed) for arguments, printed in CONSOLE.findall(text_of(page))]
