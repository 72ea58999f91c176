"""The commands about what else could be chosen: importance, alternatives, no-regret, and prices of limits."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from landfront.shell import DONE, EARLY, AsJson, command, tell


class Mode(StrEnum):
    """Which near-optimal plans are looked for."""

    best = "best"
    far = "far"


Source = Annotated[
    Path, typer.Argument(help="A study folder, its study.toml, or a run directory.", metavar="STUDY|RUN")
]
Folder = Annotated[Path, typer.Option("-o", "--output", help="The folder to make.", metavar="OUT")]
Maximise = Annotated[str | None, typer.Option(help="Criterion to maximise.")]
Minimise = Annotated[str | None, typer.Option(help="Criterion to minimise.")]
Point = Annotated[int | None, typer.Option(help="Of a run: position of the plan on the front, from 0.")]
Gap = Annotated[float, typer.Option(help="Relative gap to which plans are proven.")]
Limit = Annotated[float | None, typer.Option(help="Seconds for the plan.")]
Place = Annotated[Path | None, typer.Option(help="Of a run: where the study is now.", metavar="STUDY")]


@command
def importance(
    source: Source,
    output: Folder,
    maximise: Maximise = None,
    minimise: Minimise = None,
    point: Point = None,
    every: Annotated[
        bool, typer.Option("--every-option", help="Search for plans with each option of each parcel.")
    ] = False,
    seconds: Annotated[float, typer.Option(help="For parcels whose interval stays wide.")] = 20.0,
    gap: Gap = 1e-6,
    time_limit: Limit = None,
    study: Place = None,
    as_json: AsJson = False,
) -> int:
    """Find what the best plan loses if a parcel cannot be treated, as a proven interval for every parcel."""
    from landfront import api
    from landfront.report.folder import check_new
    from landfront.report.progress import meter

    check_new(output)
    with meter(quiet=as_json) as shown:
        shown.stage("searching the plan, then what each parcel is worth")
        found = api.importance(
            source, maximise=maximise, minimise=minimise, point=point, every=every, seconds=seconds, gap=gap,
            time_limit=time_limit, place=study,
        )  # fmt: skip
    return _told(found, output, as_json=as_json, early=not found.proven)


@command
def alternatives(
    source: Source,
    loss: Annotated[str, typer.Option(help="What a plan may lose.", metavar="SHARE%|AMOUNT")],
    differ: Annotated[
        str, typer.Option(help="By how much plans differ at least.", metavar="500ha|20parcels")
    ],
    output: Folder,
    plans: Annotated[int, typer.Option(help="How many beside the best one, at most.")] = 5,
    mode: Annotated[Mode, typer.Option(help="The best that differ so much, or the farthest.")] = Mode.best,
    maximise: Maximise = None,
    minimise: Minimise = None,
    point: Point = None,
    seconds: Annotated[float, typer.Option(help="For each plan.")] = 60.0,
    settle: Annotated[float, typer.Option(help="For options that stay undecided.")] = 20.0,
    gap: Gap = 1e-6,
    time_limit: Limit = None,
    study: Place = None,
    as_json: AsJson = False,
) -> int:
    """Find near-optimal plans that differ, and what is chosen in all, none or some of all such plans."""
    from landfront import api
    from landfront.report.folder import check_new
    from landfront.report.progress import meter

    check_new(output)
    with meter(quiet=as_json) as shown:
        shown.stage("searching the best plan, then others that differ")
        found = api.alternatives(
            source, loss=loss, differ=differ, plans=plans, mode=mode.value, maximise=maximise,
            minimise=minimise, point=point, seconds=seconds, settle=settle, gap=gap, time_limit=time_limit,
            place=study,
        )  # fmt: skip
    return _told(found, output, as_json=as_json, early=not found.settled)


@command
def no_regret(
    run: Annotated[Path, typer.Argument(help="A run directory of two criteria.", metavar="RUN")],
    output: Folder,
    study: Place = None,
    as_json: AsJson = False,
) -> int:
    """Find the parcels that get the same option in every plan of a front: in those found, and proven."""
    from landfront import api
    from landfront.report.folder import check_new
    from landfront.report.progress import meter

    check_new(output)
    with meter(quiet=as_json) as shown:
        shown.stage("reading the run")
        found = api.no_regret(run, study=study)
    return _told(found, output, as_json=as_json, early=False)


@command
def prices(
    source: Source,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="Write the table to this .csv file.")
    ] = None,
    maximise: Maximise = None,
    minimise: Minimise = None,
    point: Point = None,
    step: Annotated[
        float, typer.Option(help="Of whole parcels: the share of a bound to move it by; 0 for none.")
    ] = 0.01,
    gap: Gap = 1e-6,
    time_limit: Limit = None,
    study: Place = None,
    as_json: AsJson = False,
) -> int:
    """Find what a unit of each binding limit costs, and between which bounds that holds."""
    from landfront import api
    from landfront.report.outputs import check_table_file
    from landfront.report.progress import meter

    if output is not None:
        check_table_file(output)
    with meter(quiet=as_json) as shown:
        shown.stage("searching the plan, then the price of each limit")
        found = api.prices(
            source, maximise=maximise, minimise=minimise, point=point, step=step, gap=gap,
            time_limit=time_limit, place=study,
        )  # fmt: skip
    if output is not None:
        found.write(output)
    _tell(found, as_json=as_json)
    return DONE if found.standing.best.reason == "optimal" else EARLY


def _told(found: Any, folder: Path, *, as_json: bool, early: bool) -> int:
    """Write a result, print it, and give the exit code."""
    found.write(folder)
    _tell(found, as_json=as_json)
    if not as_json:
        typer.echo(f"\nWritten to {folder}.")
    return EARLY if early else DONE


def _tell(found: Any, *, as_json: bool) -> None:
    tell(found, as_json=as_json)
