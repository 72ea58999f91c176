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
