"""The commands about change over time: ``replan``, ``diff``, ``versions``, ``triggers`` and ``monitor``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from landfront.shell import DONE, EARLY, MISMATCH, AsJson, command, tell

Place = Annotated[Path | None, typer.Option(help="Where the study is now.", metavar="STUDY")]
PlanPlace = Annotated[
    str, typer.Argument(help="A run, a point of it as RUN:3, or a table of a plan.", metavar="PLAN")
]


@command
def replan(
    run: Annotated[str, typer.Argument(help="A run, a point of it as RUN:3, or a table.", metavar="RUN")],
    data: Annotated[Path, typer.Argument(help="The study with its new data.", metavar="NEW_DATA")],
    output: Annotated[Path, typer.Option("-o", "--output", help="The run to make.", metavar="OUT")],
    point: Annotated[int | None, typer.Option(help="Position of the plan on the front, from 0.")] = None,
    criterion: Annotated[str | None, typer.Option(help="What is to be as good as can be.")] = None,
    weight: Annotated[
        float, typer.Option(help="Units of the criterion that a hectare of change must bring.")
    ] = 0.0,
    most_change: Annotated[float | None, typer.Option(help="Most hectares that may change.")] = None,
    requests: Annotated[
        Path | None, typer.Option(help="A log of requests; the granted ones are kept.", metavar="FILE")
    ] = None,
    points: Annotated[int, typer.Option(help="Points of the front of criterion and change.")] = 10,
    gap: Annotated[float | None, typer.Option(help="Relative gap to which each plan is proven.")] = None,
    time_limit: Annotated[float | None, typer.Option(help="Seconds for each search.")] = None,
    author: Annotated[str, typer.Option(help="Who plans again.")] = "",
    reason: Annotated[str, typer.Option(help="Why.")] = "",
    as_json: AsJson = False,
) -> int:
    """Plan again with new data: what is done stays, and change is kept small by a stated weight."""
    from landfront import api
    from landfront.report.chosen import split_point
    from landfront.report.progress import meter
    from landfront.report.replan import Stability
    from landfront.report.run import Watch

    place, behind = split_point(run)
    with meter(quiet=as_json) as shown:
        found = api.replan(
            place, data, output, point=behind if point is None else point,
            stability=Stability(criterion, weight, most_change), requests=requests, points=points, gap=gap,
            time_limit=time_limit, author=author, reason=reason, watch=Watch(shown.stage, shown.progress),
        )  # fmt: skip
    tell(found, as_json=as_json)
    if not as_json:
        typer.echo(f"Written to {output}. Check it with: landfront verify {output}")
    return EARLY if found.early else DONE


@command
def diff(
    first: PlanPlace,
    second: PlanPlace,
    study: Annotated[Path | None, typer.Option(help="The study of tables of plans.", metavar="STUDY")] = None,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="The folder to make.", metavar="OUT")
    ] = None,
    as_json: AsJson = False,
) -> int:
    """Tell what a second plan does differently from a first one, in words, tables and a map."""
    from landfront.report.chosen import chosen
    from landfront.report.diff import diff as compare
    from landfront.report.folder import check_new, new_folder
    from landfront.report.progress import meter
    from landfront.report.replan_files import write_diff

    if output is not None:
        check_new(output)
    with meter(quiet=as_json) as shown:
        shown.stage("reading the plans")
        one, two = chosen(first, study=study), chosen(second, study=study)
        found = compare(one.plan, two.plan, names=(one.label, two.label))
        if output is not None:
            shown.stage("writing the difference")
            with new_folder(output):
                write_diff(found, output)
    tell(found, as_json=as_json)
    return DONE


@command
def versions(
    run: Annotated[Path, typer.Argument(help="A run directory.", metavar="RUN")], as_json: AsJson = False
) -> int:
    """Show the plans that a run follows, what changed at each step, and whether their digests hold."""
    from landfront import api

    found = api.versions(run)
    tell(found, as_json=as_json)
    return DONE if found.holds else MISMATCH


@command
def triggers(
    plan: PlanPlace,
    study: Place = None,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="Write the table to this .csv file.")
    ] = None,
    as_json: AsJson = False,
) -> int:
    """List the thresholds at which a plan is to be reviewed or ceases to hold, what to do then, and who."""
    from landfront import api
    from landfront.report.outputs import check_table_file
    from landfront.report.progress import meter

    if output is not None:
        check_table_file(output)
    with meter(quiet=as_json) as shown:
        shown.stage("reading the plan")
        found = api.triggers(plan, study=study)
    if output is not None:
        found.to_frame().to_csv(output, index=False)
    tell(found, as_json=as_json)
    return DONE


@command
def monitor(
    plan: PlanPlace,
    observed: Annotated[
        Path, typer.Argument(help="Table: criterion, year, observed, and parcel or level and region.")
    ],
    tolerance: Annotated[float, typer.Option(help="Share of the expected change that may be missing.")] = 0.1,
    study: Place = None,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="Write the table to this .csv file.")
    ] = None,
    as_json: AsJson = False,
) -> int:
    """Hold a plan against what was observed: what is short, which sources disagree, factors to update."""
    from landfront.report.monitor import monitor as hold
    from landfront.report.outputs import check_table_file
    from landfront.report.progress import meter

    if output is not None:
        check_table_file(output)
    with meter(quiet=as_json) as shown:
        shown.stage("reading the plan")
        found = hold(plan, observed, tolerance=tolerance, study=study)
    if output is not None:
        found.rows.to_csv(output, index=False)
    tell(found, as_json=as_json)
    return DONE


def add_to(app: typer.Typer) -> None:
    """Attach the commands."""
    app.command()(replan)
    app.command()(diff)
    app.command()(versions)
    app.command()(triggers)
    app.command()(monitor)
