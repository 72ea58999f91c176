"""The commands about what is not certain: ``robust`` and ``mrv``."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from landfront.shell import DONE, EARLY, AsJson, command, print_json


class Over(StrEnum):
    """What the cases of robust fronts are."""

    levels = "levels"
    sets = "sets"
    scenarios = "scenarios"


Folder = Annotated[Path, typer.Option("-o", "--output", help="The folder to make.", metavar="OUT")]


@command
def robust(
    study: Annotated[Path, typer.Argument(help="A study folder or its study.toml.", metavar="STUDY")],
    output: Folder,
    over: Annotated[Over, typer.Option(help="Levels, sets of the catalogue, or scenarios.")] = Over.levels,
    sets: Annotated[str, typer.Option(help="Which sets; all when left out.", metavar="A,B,...")] = "",
    criteria: Annotated[str, typer.Option(help="Criteria of the fronts.", metavar="A,B")] = "",
    points: Annotated[int, typer.Option(help="Plans of each front.")] = 10,
    gap: Annotated[float, typer.Option(help="Relative gap to which each plan is proven.")] = 1e-4,
    time_limit: Annotated[float | None, typer.Option(help="Seconds for each front.")] = None,
    as_json: AsJson = False,
) -> int:
    """Compute the same front under every case of the coefficients, and the band of each plan."""
    from landfront.report.folder import check_new
    from landfront.report.progress import meter
    from landfront.report.robust import robust as compute

    check_new(output)
    with meter(quiet=as_json) as shown:
        shown.stage("reading the study")
        found = compute(
            study, _names(criteria) or None, over=over.value, sets=_names(sets), points=points, gap=gap,
            time_limit=time_limit, stage=shown.stage,
        )  # fmt: skip
    found.write(output)
    if as_json:
        print_json({"fronts": found.fronts_frame().astype({"termination": str}).to_dict("records"),
                    "band": found.band_frame().to_dict("records")})  # fmt: skip
    else:
        typer.echo(f"{found}\n\nWritten to {output}.")
    return EARLY if found.early else DONE


@command
def mrv(
    run: Annotated[Path, typer.Argument(help="A run directory, or a study with --plan.", metavar="RUN")],
    output: Folder,
    cv: Annotated[str, typer.Option(help="Coefficient of variation, or a table.", metavar="NUMBER|FILE")],
    cv_source: Annotated[str, typer.Option(help="Where that number is from.")] = "",
    point: Annotated[int, typer.Option(help="Position of the plan on the front, from 0.")] = 0,
    plan: Annotated[Path | None, typer.Option(help="A plan's file, of the study.", metavar="FILE")] = None,
    by: Annotated[str | None, typer.Option(help="Region level of the strata.", metavar="LEVEL")] = None,
    criterion: Annotated[str, typer.Option(help="The effect that is measured.")] = "carbon",
    precision: Annotated[float, typer.Option(help="Half the interval, as a share of the mean.")] = 0.1,
    confidence: Annotated[float, typer.Option(help="Confidence of the interval.")] = 0.9,
    plot: Annotated[float, typer.Option(help="Area of a plot, ha.")] = 1.0 / 15.0,
    seed: Annotated[int, typer.Option(help="Of the random starts.")] = 0,
    as_json: AsJson = False,
) -> int:
    """Plan the monitoring of a plan: what to count, how many plots, where, and a checklist."""
    from landfront.report.folder import check_new
    from landfront.report.mrv import Asked
    from landfront.report.mrv import mrv as compute

    check_new(output)
    found = compute(
        run, cv, cv_source, point=point, plan_file=plan, criterion=criterion, by=by,
        asked=Asked(precision=precision, confidence=confidence, plot=plot, seed=seed),
    )  # fmt: skip
    found.write(output)
    if as_json:
        print_json({"strata": found.strata.to_dict("records"), "points": len(found.points)})
    else:
        typer.echo(f"{found}\n\nWritten to {output}.")
    return DONE


def _names(text: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in text.split(",") if name.strip())
