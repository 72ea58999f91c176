"""Progress on standard error: what is being done, how far, and the time left; silent for scripts."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID


class Meter:
    """A progress bar on standard error that is gone when the job is done."""

    def __init__(self, *, quiet: bool) -> None:
        """Show nothing yet; nothing ever when quiet."""
        self._quiet = quiet
        self._bar: Progress | None = None
        self._task: TaskID | None = None

    def stage(self, text: str) -> None:
        """Say what is done next; how long it takes is not known."""
        self._show(text, 0, None)

    def progress(self, done: int, total: int | None, detail: str) -> None:
        """Say how far the job is."""
        self._show(detail, done, total)

    def close(self) -> None:
        """Take the bar away."""
        if self._bar is not None:
            self._bar.stop()

    def _show(self, text: str, done: int, total: int | None) -> None:
        if self._quiet:
            return
        if self._bar is None:
            self._start(text)
        if self._bar is not None and self._task is not None:
            self._bar.update(self._task, description=text, completed=done, total=total)

    def _start(self, text: str) -> None:
        from rich.console import Console
        from rich.progress import (
            BarColumn,
            MofNCompleteColumn,
            Progress,
            TextColumn,
            TimeElapsedColumn,
            TimeRemainingColumn,
        )

        self._bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(bar_width=30),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TextColumn("left:"),
            TimeRemainingColumn(),
            console=Console(stderr=True),
            transient=True,
        )
        self._task = self._bar.add_task(text, total=None)
        self._bar.start()


@contextmanager
def meter(*, quiet: bool) -> Iterator[Meter]:
    """A meter for one command; silent when asked to be, or when nobody looks at standard error."""
    shown = Meter(quiet=quiet or not sys.stderr.isatty())
    try:
        yield shown
    finally:
        shown.close()
