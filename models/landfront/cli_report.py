"""The command that writes the page of a run: ``report``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from landfront.shell import DONE, command


@command
def report(
    run: Annotated[Path, typer.Argument(help="A run directory.", metavar="RUN")],
    output: Annotated[
        Path | None,
        typer.Option("-o", "--output", help="The .html file; report.html in RUN when left out."),
    ] = None,
    study: Annotated[Path | None, typer.Option(help="Where the study is now.", metavar="STUDY")] = None,
    solve: Annotated[
        float | None,
        typer.Option(
            help="Seconds to price safeguards, and as many for the cost of carbon; 0 leaves both out.",
            metavar="SECONDS",
        ),
    ] = None,
) -> int:
    """Write the interactive page of a run: one file that needs no network, in English and Chinese."""
    from landfront import api
    from landfront.report.progress import meter

    seconds = {} if solve is None else {"seconds": solve}
    with meter(quiet=False) as shown:
        written = api.report(run, output, study=study, stage=shown.stage, **seconds)
    typer.echo(f"Written to {written}. Open it in a browser.")
    return DONE


@command
def explore(
    run: Annotated[Path, typer.Argument(help="A run directory.", metavar="RUN")],
    port: Annotated[int, typer.Option(help="Port on this machine; any free one when left out.")] = 0,
    gap: Annotated[float, typer.Option(help="Gap to which an answer is proven.")] = 1e-3,
    seconds: Annotated[float, typer.Option(help="Longest search for one answer.")] = 30.0,
    solve: Annotated[
        float, typer.Option(help="Seconds to price safeguards at the start; 0 leaves them out.")
    ] = 0.0,
    browser: Annotated[bool, typer.Option(help="Open the page in the browser.")] = True,
    study: Annotated[Path | None, typer.Option(help="Where the study is now.", metavar="STUDY")] = None,
) -> int:
    """Serve the page of a run on this machine: thresholds beyond its plans are solved, and join the run."""
    import webbrowser

    from landfront import api

    def ready(address: str) -> None:
        typer.echo(f"Open {address} (only on this machine; Ctrl-C ends).")
        if browser:
            webbrowser.open(address)

    grown = api.explore(run, port=port, gap=gap, seconds=seconds, solving=solve, study=study, ready=ready)
    if grown:
        typer.echo(f"The run has {grown} new answers; its tables, figures and layers are written again.")
    return DONE
