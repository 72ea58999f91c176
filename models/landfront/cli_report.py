"""The commands that show a run to people: ``report``, ``explore``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from landfront.shell import DONE, command

Point = Annotated[int | None, typer.Option(help="Position of the plan on the front; the knee when left out.")]
Place = Annotated[Path | None, typer.Option(help="Where the study is now.", metavar="STUDY")]


@command
def report(
    run: Annotated[Path, typer.Argument(help="A run directory.", metavar="RUN")],
    output: Annotated[
        Path | None,
        typer.Option(
            "-o", "--output", help="The .html file, or the folder for documents; RUN when left out."
        ),
    ] = None,
    criterion6: Annotated[
        bool,
        typer.Option(help="Write a Word file and a PDF that answer criterion 6 of the IUCN standard."),
    ] = False,
    xlsx: Annotated[
        bool, typer.Option(help="Write a planner's tables: indicators, land balance, change matrix.")
    ] = False,
    point: Point = None,
    language: Annotated[
        str | None,
        typer.Option(help="Language of documents, en or zh; the tables are in zh when left out."),
    ] = None,
    study: Place = None,
    solve: Annotated[
        float | None,
        typer.Option(
            help="Seconds to price safeguards, and as many for the cost of carbon; 0 leaves both out.",
            metavar="SECONDS",
        ),
    ] = None,
) -> int:
    """Write the interactive page of a run: one file that needs no network, in English and Chinese.

    With --criterion6 or --xlsx, write those documents on one plan of it instead.
    """
    from landfront import api
    from landfront.report.criterion6.write import SECONDS
    from landfront.report.page.write import said_for_page
    from landfront.report.progress import meter

    if not (criterion6 or xlsx):
        said_for_page(point=point, language=language)
        seconds = {} if solve is None else {"seconds": solve}
        with meter(quiet=False) as shown:
            written = api.report(run, output, study=study, stage=shown.stage, **seconds)
        typer.echo(f"Written to {written}. Open it in a browser.")
        return DONE
    if criterion6:
        found = api.criterion6(
            run, point=point, language=language or "en", prices=solve != 0,
            seconds=SECONDS if solve is None else solve, output=output, study=study,
        )  # fmt: skip
        typer.echo(f"Written to {found[0]} and {found[1].name}. Shaded fields are for people to fill in.")
    if xlsx:
        table = api.workbook(run, point=point, language=language or "zh", output=output, study=study)
        typer.echo(f"Written to {table}.")
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
    study: Place = None,
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
