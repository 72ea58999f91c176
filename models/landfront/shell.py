"""What every command shares: exit codes, errors as plain text, JSON for scripts."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Annotated, Any, ParamSpec

import typer

DONE, INTERNAL, BAD_INPUT, INFEASIBLE, EARLY, MISMATCH = range(6)
P = ParamSpec("P")
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")]


class Options:
    """What holds for every command: set by the options before the command."""

    debug = False


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
    except KeyboardInterrupt as stopped:
        kept = getattr(stopped, "__notes__", ["Nothing was written."])
        say("\n".join(["Stopped before it was done.", *kept]))
        raise typer.Exit(EARLY) from None
    except BrokenPipeError:
        # The reader of our output has seen enough, as `head` does.
        sys.stdout = None
        raise typer.Exit(DONE) from None
    except Exception as error:
        if Options.debug:
            raise
        code = code_of(error)
        notes = getattr(error, "__notes__", [])
        if isinstance(error, PermissionError):
            say(f"{error.filename}: permission denied. Name a file or folder that you may read and write.")
            raise typer.Exit(BAD_INPUT) from None
        say(str(error) if code != INTERNAL else f"Internal error: {type(error).__name__}: {error}")
        if code == INTERNAL:
            say("Please report it with the output of `landfront --debug ...`.")
        if notes:
            say("\n".join(notes))
        raise typer.Exit(code) from None


def code_of(error: Exception) -> int:
    """The exit code of an exception, by the names of its classes, so that nothing is imported to tell."""
    names = {kind.__name__ for kind in type(error).__mro__}
    codes = {"InputError": BAD_INPUT, "InfeasibleError": INFEASIBLE, "NothingFoundError": EARLY}
    return next((code for name, code in codes.items() if name in names), INTERNAL)


def say(text: str) -> None:
    """Tell the person, not the script."""
    typer.echo(text, err=True)


def print_json(data: Any) -> None:
    """Tell the script."""
    typer.echo(json.dumps(_plain(data), ensure_ascii=False, indent=2, allow_nan=False))


def tell(found: Any, *, as_json: bool) -> None:
    """Tell what was found: to the script as its ``to_json`` says, to the person in words."""
    if as_json:
        print_json(found.to_json())
    else:
        typer.echo(str(found))


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
