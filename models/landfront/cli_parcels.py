"""The commands about single parcels: ``explain`` and ``request``."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from landfront.shell import DONE, EARLY, AsJson, command, print_json, tell


class Language(StrEnum):
    """Languages of a parcel's sheet."""

    en = "en"
    zh = "zh"


class Verdict(StrEnum):
    """Answers to a request."""

    open = "open"
    granted = "granted"
    refused = "refused"


@command
def explain(
    run: Annotated[
        str, typer.Argument(help="A run, a point of it as RUN:3, or a table of a plan.", metavar="RUN")
    ],
    point: Annotated[int | None, typer.Option(help="Position of the plan on the front, from 0.")] = None,
    parcel: Annotated[
        list[str] | None, typer.Option(help="Print the sheet of this parcel.", metavar="ID")
    ] = None,
    language: Annotated[Language, typer.Option(help="Language of the sheets.")] = Language.en,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="Write the table of all parcels to this .csv file.")
    ] = None,
    study: Annotated[Path | None, typer.Option(help="Where the study is now.", metavar="STUDY")] = None,
    time_limit: Annotated[float | None, typer.Option(help="Seconds for the prices.")] = None,
    as_json: AsJson = False,
) -> int:
    """Say why each parcel has its option, what comes second, and what is not possible there."""
    from landfront.report.chosen import chosen
    from landfront.report.explain import explain_plan
    from landfront.report.outputs import check_table_file
    from landfront.report.progress import meter

    if output is not None:
        check_table_file(output)
    with meter(quiet=as_json) as shown:
        shown.stage("reading the plan")
        known = chosen(run, point, study=study)
        shown.stage("finding its prices")
        found = explain_plan(known.plan, known.traded, time_limit=time_limit)
        frame = found.to_frame()
    places = [found.place(name) for name in parcel or ()]
    if output is not None:
        frame.to_csv(output, index=False)
    if as_json:
        rows = frame.iloc[places] if parcel else frame
        print_json(rows.to_dict("records"))
    else:
        sheets = [found.sheet(name, language.value) for name in parcel or ()]
        typer.echo("\n\n".join(sheets) if sheets else str(found))
    return EARLY if found.prices.reason == "time limit" else DONE


@command
def request(
    place: Annotated[str, typer.Argument(help="A run, a point of it, or a study.", metavar="RUN|STUDY")],
    lock: Annotated[
        list[str] | None, typer.Option(help="A parcel that is to get it.", metavar="PARCEL=INTERVENTION")
    ] = None,
    reject: Annotated[
        list[str] | None, typer.Option(help="A parcel that is not to.", metavar="PARCEL[=INTERVENTION]")
    ] = None,
    criterion: Annotated[str | None, typer.Option(help="What is lost.")] = None,
    log: Annotated[
        Path | None, typer.Option(help="Add the requests to this .csv file.", metavar="FILE")
    ] = None,
    who: Annotated[str, typer.Option(help="Who asks.")] = "",
    reason: Annotated[str, typer.Option(help="Why.")] = "",
    answer: Annotated[Verdict, typer.Option(help="The answer; replan keeps what is granted.")] = Verdict.open,
    at_once: Annotated[bool, typer.Option("--at-once", help="Prices only: do not solve again.")] = False,
    study: Annotated[Path | None, typer.Option(help="Where the study is now.", metavar="STUDY")] = None,
    gap: Annotated[float, typer.Option(help="Relative gap to which each plan is proven.")] = 1e-4,
    time_limit: Annotated[float | None, typer.Option(help="Seconds for each search.")] = None,
    as_json: AsJson = False,
) -> int:
    """Say what it costs to lock parcels or to reject what a plan does there: a proven interval."""
    from landfront.report.parcel_requests import cost_of_requests
    from landfront.report.progress import meter
    from landfront.report.request_costs import add_to_log, check_log

    if log is not None:
        check_log(log)
    with meter(quiet=as_json) as shown:
        shown.stage("pricing the requests")
        found = cost_of_requests(
            place, lock or (), reject or (), criterion=criterion, study=study, solve=not at_once, gap=gap,
            time_limit=time_limit,
        )  # fmt: skip
    if log is not None:
        add_to_log(found.to_frame(who=who, reason=reason, answer=answer.value), log)
    tell(found, as_json=as_json)
    return EARLY if found.early else DONE


def add_to(app: typer.Typer) -> None:
    """Attach the commands."""
    app.command()(explain)
    app.command()(request)
