"""The command line: thin commands over `landfront.api`, with progress.

Exit codes: 0 done, 1 internal error, 2 bad input, 3 infeasible, 4 stopped early with what was found,
5 verify found a mismatch. Nothing heavy is imported before a command needs it.
"""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from landfront import cli_account, cli_change, cli_choices, cli_parcels, cli_regions, cli_report, cli_risk
from landfront.shell import DONE, EARLY, INFEASIBLE, MISMATCH, AsJson, Options, command, print_json, say, tell

app = typer.Typer(
    name="landfront",
    help="Finds and explains the trade-offs in land-use plans: exact fronts with maps, tables and proofs.",
    epilog="Exit codes: 0 done, 1 internal error, 2 bad input, 3 infeasible, 4 stopped early with what was "
    "found, 5 verify found a mismatch.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
generator = typer.Typer(help="Generate a synthetic study.", no_args_is_help=True, rich_markup_mode=None)
app.add_typer(generator, name="generate")


class LayerKind(StrEnum):
    """Formats that a generated county can have."""

    gpkg = "gpkg"
    parquet = "parquet"
    shp = "shp"


class DemoName(StrEnum):
    """The bundled demonstrations."""

    china = "china"
    county = "county"


StudyPath = Annotated[Path, typer.Argument(help="A study folder or its study.toml.", metavar="STUDY")]
RunPath = Annotated[Path, typer.Argument(help="A run directory.", metavar="RUN")]
Gap = Annotated[float | None, typer.Option(help="Relative gap to which each plan is proven.")]
Limit = Annotated[float | None, typer.Option(help="Seconds, after which it ends with what was found.")]
Points = Annotated[str | None, typer.Option(help="How many points, or all.", metavar="N|all")]
MaxSolves = Annotated[int | None, typer.Option(help="Most problems to solve.")]
Coverage = Annotated[
    float | None,
    typer.Option(
        help="End once no plan can be missed by more than this share of the range.", metavar="SHARE"
    ),
]
Workers = Annotated[int | None, typer.Option(help="Processes that solve at the same time.")]
Place = Annotated[Path | None, typer.Option(help="Where the study is now.", metavar="STUDY")]


@app.callback()
def common(
    debug: Annotated[bool, typer.Option("--debug", help="Show where an error arose.")] = False,
    version: Annotated[bool, typer.Option("--version", help="Print the version.", is_eager=True)] = False,
) -> None:
    """Set what holds for every command."""
    Options.debug = debug
    if version:
        from importlib.metadata import version as version_of

        typer.echo(version_of("landfront"))
        raise typer.Exit(DONE)


@app.command()
@command
def new(
    layer: Annotated[Path, typer.Argument(help="A layer or table of parcels.", metavar="LAYER")],
    output: Annotated[
        Path, typer.Option("-o", "--output", help="The study folder to make.", metavar="STUDY")
    ],
) -> int:
    """Draft a study from a layer by guessing columns and codes, and say what was guessed."""
    from landfront.instances.draft import draft_study

    path, guessed = draft_study(layer, output)
    typer.echo(f"Drafted {path}. Guessed, so check each:")
    for line in guessed:
        typer.echo(f"  - {line}")
    typer.echo(f"Next: landfront check {output}")
    return DONE


@app.command()
@command
def check(study: StudyPath, as_json: AsJson = False) -> int:
    """Read a study with all its tables and say what is in it, or what is wrong with it."""
    from landfront import api
    from landfront.report.progress import meter

    with meter(quiet=as_json) as shown:
        shown.stage("reading the study")
        found = api.check(study)
    tell(found, as_json=as_json)
    return INFEASIBLE if found.impossible else DONE


@app.command()
@command
def plan(
    study: StudyPath,
    maximise: Annotated[str | None, typer.Option(help="Criterion to maximise.")] = None,
    minimise: Annotated[str | None, typer.Option(help="Criterion to minimise.")] = None,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="Write the plan to .csv, .parquet, .gpkg or .shp.")
    ] = None,
    gap: Gap = None,
    time_limit: Limit = None,
    as_json: AsJson = False,
) -> int:
    """Find the best plan for one criterion: the first one when none is named."""
    from landfront.instances.study import read_study
    from landfront.models.formulate import formulate
    from landfront.report.outputs import check_plan_file, write_plan_file
    from landfront.report.progress import meter
    from landfront.report.search import EARLY_REASONS, find_plan, objective

    asked = read_study(study)
    gap = asked.front.gap if gap is None else gap
    criterion = objective(asked, maximise, minimise, gap=gap, time_limit=time_limit)
    if output is not None:
        check_plan_file(output)
    with meter(quiet=as_json) as shown:
        shown.stage("reading the study")
        formulation = formulate(asked)
        shown.stage(f"searching for the best {criterion}")
        best = find_plan(formulation, criterion, gap=gap, time_limit=time_limit)
    if output is not None:
        write_plan_file(best.plan, output)
    if as_json:
        print_json(best.to_json())
    else:
        typer.echo(str(best))
    return EARLY if best.point.termination in EARLY_REASONS else DONE


@app.command()
@command
def nested(
    study: StudyPath,
    criterion: Annotated[str | None, typer.Option(help="Criterion; the first one when left out.")] = None,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="Write the table to this .csv file.")
    ] = None,
    plan: Annotated[
        Path | None, typer.Option("--plan", help="Write the plan to .csv, .parquet, .gpkg or .shp.")
    ] = None,
    gap: Gap = None,
    time_limit: Limit = None,
    as_json: AsJson = False,
) -> int:
    """Find one plan for all milestones, and what it costs at each of them that it is one plan."""
    from landfront.instances.study import read_study
    from landfront.report.nested import find_nested
    from landfront.report.outputs import check_plan_file, check_table_file, write_plan_file
    from landfront.report.progress import meter
    from landfront.report.search import EARLY_REASONS

    asked = read_study(study)
    for path, check_file in ((output, check_table_file), (plan, check_plan_file)):
        if path is not None:
            check_file(path)
    with meter(quiet=as_json) as shown:
        shown.stage("searching the best plan of each milestone, then one for all")
        gap = asked.front.gap if gap is None else gap
        found = find_nested(asked, criterion, gap=gap, time_limit=time_limit)
    if output is not None:
        found.to_frame().to_csv(output, index=False)
    if plan is not None:
        write_plan_file(found.plan, plan)
    tell(found, as_json=as_json)
    return EARLY if found.termination in EARLY_REASONS else DONE


@app.command()
@command
def safeguards(
    study: StudyPath,
    maximise: Annotated[str | None, typer.Option(help="Criterion to maximise.")] = None,
    minimise: Annotated[str | None, typer.Option(help="Criterion to minimise.")] = None,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="Write the table to this .csv file.")
    ] = None,
    gap: Gap = None,
    time_limit: Limit = None,
    as_json: AsJson = False,
) -> int:
    """Find what each limit costs: the best plan without it against the best plan with all."""
    from landfront.instances.study import read_study
    from landfront.report.outputs import check_table_file
    from landfront.report.progress import meter
    from landfront.report.safeguards import find_safeguards
    from landfront.report.search import EARLY_REASONS

    asked = read_study(study)
    if output is not None:
        check_table_file(output)
    gap = asked.front.gap if gap is None else gap
    with meter(quiet=as_json) as shown:
        shown.stage("searching the best plan, then without each limit")
        found = find_safeguards(asked, maximise=maximise, minimise=minimise, gap=gap, time_limit=time_limit)
    if output is not None:
        found.to_frame().to_csv(output, index=False)
    tell(found, as_json=as_json)
    early = any(price.plan is None or price.termination in EARLY_REASONS for price in found.prices)
    return EARLY if early or not found.proven else DONE


@app.command()
@command
def front(
    study: StudyPath,
    output: Annotated[Path, typer.Option("-o", "--output", help="The run directory to make.", metavar="RUN")],
    criteria: Annotated[
        str | None, typer.Option(help="Two criteria or more, separated by commas.", metavar="A,B,...")
    ] = None,
    points: Points = None,
    gap: Gap = None,
    time_limit: Limit = None,
    max_solves: MaxSolves = None,
    coverage: Coverage = None,
    method: Annotated[
        str | None,
        typer.Option(help="auto, sandwich, boxes, facets, zones or spread.", metavar="NAME"),
    ] = None,
    solver: Annotated[
        str | None,
        typer.Option(help="highs, structured, or a solver that Pyomo knows, such as scip.", metavar="NAME"),
    ] = None,
    workers: Workers = None,
    seed: Annotated[int, typer.Option(help="Kept with the run.")] = 0,
    as_json: AsJson = False,
) -> int:
    """Find every trade-off between criteria, and write tables, maps, figures and proofs to RUN."""
    from landfront.instances.study import read_study
    from landfront.report.progress import meter
    from landfront.report.run import Watch, write_run
    from landfront.report.search import request

    asked = read_study(study)
    names = tuple(name.strip() for name in criteria.split(",")) if criteria is not None else None
    budget = {"max_solves": max_solves, "coverage": coverage, "solver": solver, "workers": workers}
    named = {name: value for name, value in budget.items() if value is not None}
    wanted = request(
        asked, names, _points(points), gap, time_limit=time_limit, method=method, seed=seed, **named
    )
    with meter(quiet=as_json) as shown:
        result = write_run(asked, output, wanted, watch=Watch(shown.stage, shown.progress))
    return _report(result, output, as_json=as_json)


@app.command()
@command
def resume(
    run: RunPath,
    points: Points = None,
    time_limit: Annotated[
        float | None, typer.Option(help="Seconds for this sitting; without it, on to the end.")
    ] = None,
    max_solves: MaxSolves = None,
    coverage: Coverage = None,
    workers: Workers = None,
    study: Place = None,
    as_json: AsJson = False,
) -> int:
    """Go on with a run that was killed or stopped, or add points to a finished one."""
    from landfront.report.progress import meter
    from landfront.report.resume import resume_run
    from landfront.report.run import Watch

    with meter(quiet=as_json) as shown:
        result, words = resume_run(
            run,
            study_folder=study,
            watch=Watch(shown.stage, shown.progress),
            time_limit=time_limit,
            points=_points(points),
            max_solves=max_solves,
            coverage=coverage,
            workers=workers,
        )
    if words and not as_json:
        typer.echo(f"Nothing to do: {words}.")
        return DONE
    return _report(result, run, as_json=as_json)


def _points(text: str | None) -> Any:
    """A number of points, or "all"; what is neither is refused with the rest of the request."""
    return int(text) if text is not None and text.isdecimal() else text


def _report(result: Any, folder: Path, *, as_json: bool) -> int:
    from landfront.report.search import EARLY_REASONS

    if as_json:
        from landfront.report.outputs import front_json

        print_json(front_json(result, folder))
    else:
        typer.echo((folder / "summary.txt").read_text(encoding="utf-8"))
        typer.echo(f"Written to {folder}. Check it with: landfront verify {folder}")
        page = folder / "report.html"
        typer.echo(
            f"Open {page} in a browser." if page.is_file() else f"Walk through it: landfront report {folder}"
        )
    if result.front.reason in EARLY_REASONS:
        say(f"Stopped early: {result.front.detail or result.front.reason}.")
        return EARLY
    return DONE


@app.command()
@command
def score(
    study: StudyPath,
    plan: Annotated[
        Path, typer.Argument(help="A table or layer: parcel id and intervention.", metavar="PLAN")
    ],
    run: Annotated[
        Path | None, typer.Option(help="A run of the study to compare with.", metavar="RUN")
    ] = None,
    as_json: AsJson = False,
) -> int:
    """Score a plan that you already have: totals, limits broken, and what the front offers instead."""
    from landfront import api
    from landfront.report.progress import meter

    with meter(quiet=as_json) as shown:
        shown.stage("reading study and plan")
        found = api.score(study, plan, run=run)
    tell(found, as_json=as_json)
    return DONE


@app.command()
@command
def verify(
    run: RunPath,
    study: Place = None,
    replay: Annotated[
        bool, typer.Option("--replay", help="Solve again what rests on the solver's word.")
    ] = False,
    solver: Annotated[
        str | None, typer.Option(help="Who solves again; scip where installed, else highs.", metavar="NAME")
    ] = None,
    time_limit: Annotated[float, typer.Option(help="Seconds for each fact that is solved again.")] = 60.0,
    as_json: AsJson = False,
) -> int:
    """Check a run: digests of its input, every figure computed again, every proof."""
    from landfront import api
    from landfront.report.progress import meter

    with meter(quiet=as_json) as shown:
        shown.stage("computing everything again")
        found = api.verify(run, study=study, replay=replay, solver=solver, time_limit=time_limit)
    tell(found, as_json=as_json)
    return DONE if found.holds else MISMATCH


@app.command()
@command
def mac(
    study: StudyPath,
    prices: Annotated[
        str, typer.Option(help="first:last:step, or a list, in the study's currency per t CO2e.")
    ] = "0:500:20",
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="The folder to make.", metavar="OUT")
    ] = None,
    carbon: Annotated[str | None, typer.Option(help="Criterion on carbon; found where left out.")] = None,
    cost: Annotated[str | None, typer.Option(help="Criterion on cost; found where left out.")] = None,
    no_budget: Annotated[
        bool, typer.Option("--no-budget", help="Leave out limits on money in the sweep too.")
    ] = False,
    gap: Gap = None,
    time_limit: Limit = None,
) -> int:
    """Sweep the carbon price: the marginal abatement cost curve, technical and economic potential."""
    from landfront.instances.study import read_study
    from landfront.report.folder import check_new
    from landfront.report.mac import asked_of, find_mac
    from landfront.report.progress import meter

    asked_study = read_study(study)
    asked = asked_of(
        asked_study, prices, carbon=carbon, cost=cost, money=not no_budget, gap=gap, time_limit=time_limit
    )
    if output is not None:
        check_new(output)
    with meter(quiet=False) as shown:
        found = find_mac(asked_study, asked, stage=shown.stage)
    if output is not None:
        found.write(output)
    typer.echo(str(found))
    return DONE if found.complete else EARLY


@app.command()
@command
def figures(
    run: RunPath,
    study: Place = None,
) -> int:
    """Draw the figures of a run again, for example after installing a font."""
    from landfront.report.outputs import redraw
    from landfront.report.progress import meter

    with meter(quiet=False) as shown:
        shown.stage("drawing figures")
        warnings = redraw(run, study)
    for warning in warnings:
        say(warning)
    typer.echo(f"Drawn in {run / 'figures'}.")
    return DONE


@generator.command()
@command
def county(
    parcels: Annotated[int, typer.Option(help="How many parcels, from 1,000 to 10,000,000.")],
    output: Annotated[Path, typer.Option("-o", "--output", help="The study folder to make.", metavar="DIR")],
    seed: Annotated[int, typer.Option(help="The same seed gives the same county.")] = 1,
    layer: Annotated[LayerKind, typer.Option(help="Format of the parcels.")] = LayerKind.gpkg,
) -> int:
    """Generate a synthetic Chinese county in the land-survey schema."""
    from landfront.instances.generate import generate_county
    from landfront.report.progress import meter

    with meter(quiet=False) as shown:
        shown.stage(f"generating {parcels:,} parcels")
        path = generate_county(output, parcels, seed, layer=layer.value)
    typer.echo(f"Generated {path}. Next: landfront check {output}")
    return DONE


@app.command()
@command
def catalogue(
    intervention: Annotated[str | None, typer.Argument(help="Show only this intervention.")] = None,
    as_json: AsJson = False,
) -> int:
    """List the packaged interventions, or every number of one of them with its source and mark."""
    from landfront.report.outputs import catalogue_json, catalogue_text

    if as_json:
        print_json(catalogue_json(intervention))
    else:
        typer.echo(catalogue_text(intervention))
    return DONE


@app.command()
@command
def demo(
    output: Annotated[Path, typer.Option("-o", "--output", help="The run directory to make.", metavar="RUN")],
    name: Annotated[DemoName | None, typer.Argument(help="One of them; both when left out.")] = None,
) -> int:
    """Run the bundled studies: China's provinces, and a synthetic county of 20,000 parcels."""
    from landfront.report.demo import run_demo
    from landfront.report.progress import meter
    from landfront.report.run import Watch

    runs = {name: output} if name is not None else {each: output / each.value for each in DemoName}
    codes = []
    for each, folder in runs.items():
        with meter(quiet=False) as shown:
            result = run_demo(each.value, folder, watch=Watch(shown.stage, shown.progress))
        codes.append(_report(result, folder, as_json=False))
    return max(codes)


app.command()(cli_regions.cascade)
app.command()(cli_regions.compensate)
app.command()(cli_account.account)
app.command()(cli_report.report)
app.command()(cli_report.explore)
app.command()(cli_risk.robust)
app.command()(cli_risk.mrv)
cli_change.add_to(app)
cli_parcels.add_to(app)
app.command()(cli_choices.importance)
app.command()(cli_choices.alternatives)
app.command("no-regret")(cli_choices.no_regret)
app.command()(cli_choices.prices)


def main() -> None:
    """Run the command line."""
    from landfront.report.interrupts import pass_on

    sys.unraisablehook = pass_on
    try:
        app()
    except KeyboardInterrupt:  # before a command has begun: the code that shells give for it
        raise SystemExit(130) from None


if __name__ == "__main__":
    main()
