"""The commands about regions: ``cascade`` and ``compensate``."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from landfront.shell import DONE, EARLY, AsJson, command, print_json


class Basis(StrEnum):
    """What weighs regions."""

    attainable = "attainable"
    area = "area"
    weights = "weights"


class Of(StrEnum):
    """What a target is a number of."""

    total = "total"
    change = "change"


class Scope(StrEnum):
    """Whom a region may pay."""

    all = "all"
    own = "own"


class Share(StrEnum):
    """What each region must have in the end."""

    none = "none"
    equal = "equal"


Folder = Annotated[Path, typer.Option("-o", "--output", help="The folder to make.", metavar="OUT")]


@command
def cascade(
    study: Annotated[Path, typer.Argument(help="A study folder or its study.toml.", metavar="STUDY")],
    criterion: Annotated[str, typer.Option(help="The criterion whose target is split.")],
    target: Annotated[
        str, typer.Option(help="An amount, or a share of what is attainable.", metavar="AMOUNT|SHARE%")
    ],
    levels: Annotated[str, typer.Option(help="Region levels, outermost first.", metavar="A,B,...")],
    output: Folder,
    of: Annotated[Of, typer.Option(help="What the target is a number of.")] = Of.total,
    minimise: Annotated[str, typer.Option(help="The criterion that is minimised.")] = "cost",
    pro_rata: Annotated[Basis, typer.Option(help="Weights of the pro-rata split.")] = Basis.attainable,
    burden: Annotated[Basis, typer.Option(help="What burdens are per unit of.")] = Basis.attainable,
    weights: Annotated[
        Path | None, typer.Option(help="Table: region, and weight or share.", metavar="FILE")
    ] = None,
    relaxed: Annotated[bool, typer.Option("--relaxed", help="Let parcels be shared.")] = False,
    gap: Annotated[float, typer.Option(help="Relative gap to which each plan is proven.")] = 1e-4,
    time_limit: Annotated[float | None, typer.Option(help="Seconds for each program.")] = None,
    as_json: AsJson = False,
) -> int:
    """Split a target among regions pro rata, at least cost and by burden, and say who gains and loses."""
    from landfront import api
    from landfront.report.folder import check_new
    from landfront.report.progress import meter

    check_new(output)
    names = [name.strip() for name in levels.split(",")]
    with meter(quiet=as_json) as shown:
        shown.stage("reading the study")
        found = api.cascade(
            study, criterion, target, names, minimise=minimise, of=of.value, pro_rata=pro_rata.value,
            burden=burden.value, weights=weights, relaxed=relaxed, gap=gap, time_limit=time_limit,
            stage=shown.stage,
        )  # fmt: skip
    found.write(output)
    tables = {"splits": found.splits_frame(), "regions": found.regions_frame()}
    _tell(found, output, tables, as_json=as_json)
    return EARLY if found.early else DONE


@command
def compensate(
    run: Annotated[Path, typer.Argument(help="A run directory.", metavar="RUN")],
    point: Annotated[int, typer.Option(help="Position of the plan on the front, from 0.")],
    by: Annotated[str, typer.Option(help="Region level.", metavar="LEVEL")],
    output: Folder,
    price: Annotated[
        str | None,
        typer.Option(help="Prices; the plan's shadow prices when left out.", metavar="carbon=60,..."),
    ] = None,
    cost: Annotated[str, typer.Option(help="The criterion that is paid for.")] = "cost",
    basis: Annotated[
        str, typer.Option(help="increment or stock, for all or by criterion.", metavar="stock|carbon=stock")
    ] = "increment",
    scope: Annotated[Scope, typer.Option(help="Whom a region may pay.")] = Scope.all,
    quota: Annotated[
        str | None,
        typer.Option(
            help="Credit only above it: one for all, or a table by region.", metavar="FILE|carbon=9"
        ),
    ] = None,
    share: Annotated[Share, typer.Option(help="What each region must have in the end.")] = Share.none,
    study: Annotated[Path | None, typer.Option(help="Where the study is now.", metavar="STUDY")] = None,
    as_json: AsJson = False,
) -> int:
    """Find the least transfers between regions after which none is worse off under a plan."""
    from landfront import api
    from landfront.report.compensation_asked import read_basis, read_pairs, read_quota
    from landfront.report.folder import check_new
    from landfront.report.progress import meter

    check_new(output)
    value = None if price is None else read_pairs("price", price)
    with meter(quiet=as_json) as shown:
        shown.stage("reading the run")
        found = api.compensate(
            run, by=by, value=value, point=point, study=study, cost=cost, scope=scope.value,
            share=share.value, basis=read_basis(basis), quota=read_quota(quota),
        )  # fmt: skip
    found.write(output)
    tables = {"balances": found.balances_frame(), "transfers": found.transfers_frame()}
    _tell(found, output, tables, as_json=as_json)
    return DONE


def _tell(found: Any, folder: Path, tables: dict[str, Any], *, as_json: bool) -> None:
    """Print a result in words or as JSON."""
    if as_json:
        print_json({name: frame.to_dict("records") for name, frame in tables.items()})
        return
    typer.echo(str(found))
    typer.echo(f"\nWritten to {folder}.")
