"""The command about a plan's account: ``account``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from landfront.shell import DONE, AsJson, command, tell


@command
def account(
    run: Annotated[Path, typer.Argument(help="A run directory.", metavar="RUN")],
    point: Annotated[int, typer.Option(help="Position of the plan on the front, from 0.")],
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="The folder to make.", metavar="OUT")
    ] = None,
    by: Annotated[
        str | None, typer.Option(help="Region level of targets and of the gap.", metavar="LEVEL")
    ] = None,
    emissions: Annotated[
        Path | None, typer.Option(help="Table: region, year, emissions (t CO2e a year).", metavar="FILE")
    ] = None,
    other: Annotated[
        float | None, typer.Option(help="Emission cuts outside the land, t CO2e by the last milestone.")
    ] = None,
    income: Annotated[str | None, typer.Option(help="The criterion that is an income.")] = None,
    study: Annotated[Path | None, typer.Option(help="Where the study is now.", metavar="STUDY")] = None,
    as_json: AsJson = False,
) -> int:
    """Account for a plan: land before and after, inventory categories, pools, tags, targets, ratios."""
    from landfront import api
    from landfront.report.folder import check_new

    if output is not None:
        check_new(output)
    found = api.account(
        run, point=point, study=study, by=by, emissions=emissions, other=other, income=income
    )  # fmt: skip
    if output is not None:
        found.write(output)
    tell(found, as_json=as_json)
    return DONE
