"""Serves a run until Ctrl-C, then writes it again with what was asked."""

from __future__ import annotations

from collections.abc import Callable
from math import isfinite
from pathlib import Path

from landfront.instances.faults import Fault, refuse
from landfront.report import ask
from landfront.report.page.live import Limits, Live


def explore(
    run: str | Path,
    *,
    port: int = 0,
    gap: float = ask.GAP,
    seconds: float = ask.SECONDS,
    solving: float = 0.0,
    study: str | Path | None = None,
    ready: Callable[[str], None] = print,
) -> int:
    """Serve the page of a run on 127.0.0.1 until Ctrl-C; how many questions got an answer that joined it.

    Parameters
    ----------
    run, study
        A run directory; where the study is now, if not where it was.
    port
        0 for any that is free.
    gap, seconds
        Gap of an answer, and the longest search for one.
    solving
        Seconds for the prices of safeguards, and as many for the abatement cost curve, at the start.
    ready
        Told the address, which holds a token that is new each time.

    Raises
    ------
    InputError
        If the folder is no finished run, is damaged, or is written by another process; a number is out of
        range; or the port cannot be opened.
    """
    from landfront.report.page.serve import serve

    refuse(*_faults(port, gap=gap, seconds=seconds, solving=solving))
    limits = Limits(gap, seconds, solving)
    live = Live(Path(run), study=None if study is None else Path(study), limits=limits)
    live.page()
    try:
        serve(live, port=port, ready=ready)
    finally:
        live.finish()
    return live.grown


def _faults(port: int, *, gap: float, seconds: float, solving: float) -> list[Fault]:
    checks = (
        ("port", 0 <= port <= 65_535, "a number from 0 to 65535", port),
        ("gap", 0 < gap < 1, "above 0 and below 1", gap),
        ("seconds", seconds > 0 and isfinite(seconds), "a number of seconds above 0", seconds),
        ("solve", solving >= 0 and isfinite(solving), "a number of seconds from 0 on", solving),
    )
    return [
        Fault("explore", name, f"must be {rule}, found {value}", "Mend it.")
        for name, fine, rule, value in checks
        if not fine
    ]
