"""The command line: thin commands over `landfront.api`, exit codes, progress, and errors as plain text.

Exit codes: 0 done, 1 internal error, 2 bad input, 3 infeasible, 4 stopped early with what was found,
5 verify found a mismatch. Nothing heavy is imported before a command needs it.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import StrEnum
from functools import wraps
from pathlib import Path
from typing import Annotated, Any, ParamSpec

import typer

DONE, INTERNAL, BAD_INPUT, INFEASIBLE, EARLY, MISMATCH = range(6)
P = ParamSpec("P")

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


class Options:
    """What holds for every command: set by the options before the command."""

    debug = False


StudyPath = Annotated[Path, typer.Argument(help="A study folder or its study.toml.", metavar="STUDY")]
RunPath = Annotated[Path, typer.Argument(help="A run directory.", metavar="RUN")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")]
Gap = Annotated[float | None, typer.Option(help="Relative gap to which each plan is proven.")]
Limit = Annotated[float | None, typer.Option(help="Seconds, after which it ends with what was found.")]


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


def command(function: Callable[P, int]) -> Callable[P, None]:
    """Turn the code that a command returns, and every exception, into an exit code and plain words."""

    @wraps(function)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        with _plain_errors():
            raise typer.Exit(function(*args, **kwargs))

    return run


@contextmanager
def _plain_errors() -> Iterator[None]:
    try:
        yield
    except (typer.Exit, typer.Abort):
        raise
    except KeyboardInterrupt:
        _say("Stopped before it was done; nothing was written.")
        raise typer.Exit(EARLY) from None
    except BrokenPipeError:
        # The reader of our output has seen enough, as `head` does.
        sys.stdout = None
        raise typer.Exit(DONE) from None
    except Exception as error:
        if Options.debug:
            raise
        code = _code_of(error)
        if isinstance(error, PermissionError):
            _say(f"{error.filename}: permission denied. Name a file or folder that you may read and write.")
            raise typer.Exit(BAD_INPUT) from None
        _say(str(error) if code != INTERNAL else f"Internal error: {type(error).__name__}: {error}")
        if code == INTERNAL:
            _say("Please report it with the output of `landfront --debug ...`.")
        raise typer.Exit(code) from None


def _code_of(error: Exception) -> int:
    """The exit code of an exception, by the names of its classes, so that nothing is imported to tell."""
    names = {kind.__name__ for kind in type(error).__mro__}
    codes = {"InputError": BAD_INPUT, "InfeasibleError": INFEASIBLE, "NothingFoundError": EARLY}
    return next((code for name, code in codes.items() if name in names), INTERNAL)


def _say(text: str) -> None:
    typer.echo(text, err=True)


def _print_json(data: Any) -> None:
    typer.echo(json.dumps(_plain(data), ensure_ascii=False, indent=2, allow_nan=False))


def _plain(data: Any) -> Any:
    """JSON knows no nan and no infinity: both are null."""
    if isinstance(data, dict):
        return {str(name): _plain(value) for name, value in data.items()}
    if isinstance(data, list | tuple):
        return [_plain(value) for value in data]
    if hasattr(data, "item"):
        data = data.item()
    if isinstance(data, float) and data - data != 0:
        return None
    return data


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
    if as_json:
        _print_json(found.to_json())
    else:
        typer.echo(str(found))
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
        _print_json(best.to_json())
    else:
        typer.echo(str(best))
    return EARLY if best.point.termination in EARLY_REASONS else DONE


@app.command()
@command
def front(
    study: StudyPath,
    output: Annotated[Path, typer.Option("-o", "--output", help="The run directory to make.", metavar="RUN")],
    criteria: Annotated[str | None, typer.Option(help="Two criteria, separated by a comma.")] = None,
    points: Annotated[str | None, typer.Option(help="How many points, or all.", metavar="N|all")] = None,
    gap: Gap = None,
    time_limit: Limit = None,
    method: Annotated[str | None, typer.Option(help="auto, sandwich or boxes.")] = None,
    seed: Annotated[int, typer.Option(help="Kept with the run.")] = 0,
    as_json: AsJson = False,
) -> int:
    """Find every trade-off between two criteria, and write tables, maps, figures and proofs to RUN."""
    from landfront.instances.study import read_study
    from landfront.report.progress import meter
    from landfront.report.run import write_run
    from landfront.report.search import request

    asked = read_study(study)
    names = tuple(name.strip() for name in criteria.split(",")) if criteria is not None else None
    wanted = request(asked, names, _points(points), gap, time_limit=time_limit, method=method, seed=seed)
    with meter(quiet=as_json) as shown:
        result = write_run(asked, output, wanted, on_progress=shown.progress, on_stage=shown.stage)
    return _report(result, output, as_json=as_json)


def _points(text: str | None) -> Any:
    """A number of points, or "all"; what is neither is refused with the rest of the request."""
    return int(text) if text is not None and text.isdecimal() else text


def _report(result: Any, folder: Path, *, as_json: bool) -> int:
    from landfront.report.search import EARLY_REASONS

    if as_json:
        from landfront.report.outputs import front_json

        _print_json(front_json(result, folder))
    else:
        typer.echo((folder / "summary.txt").read_text(encoding="utf-8"))
        typer.echo(f"Written to {folder}. Check it with: landfront verify {folder}")
    if result.front.reason in EARLY_REASONS:
        _say(f"Stopped early: {result.front.detail or result.front.reason}.")
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
    if as_json:
        _print_json(found.to_json())
    else:
        typer.echo(str(found))
    return DONE


@app.command()
@command
def verify(
    run: RunPath,
    study: Annotated[Path | None, typer.Option(help="Where the study is now.", metavar="STUDY")] = None,
    as_json: AsJson = False,
) -> int:
    """Check a run: digests of its input, every figure computed again, every proof."""
    from landfront import api
    from landfront.report.progress import meter

    with meter(quiet=as_json) as shown:
        shown.stage("computing everything again")
        found = api.verify(run, study=study)
    if as_json:
        _print_json(found.to_json())
    else:
        typer.echo(str(found))
    return DONE if found.holds else MISMATCH


@app.command()
@command
def figures(
    run: RunPath,
    study: Annotated[Path | None, typer.Option(help="Where the study is now.", metavar="STUDY")] = None,
) -> int:
    """Draw the figures of a run again, for example after installing a font."""
    from landfront.report.outputs import redraw
    from landfront.report.progress import meter

    with meter(quiet=False) as shown:
        shown.stage("drawing figures")
        warnings = redraw(run, study)
    for warning in warnings:
        _say(warning)
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
        _print_json(catalogue_json(intervention))
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

    runs = {name: output} if name is not None else {each: output / each.value for each in DemoName}
    codes = []
    for each, folder in runs.items():
        with meter(quiet=False) as shown:
            result = run_demo(each.value, folder, on_progress=shown.progress, on_stage=shown.stage)
        codes.append(_report(result, folder, as_json=False))
    return max(codes)


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
