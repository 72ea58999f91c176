"""Writes the page of a run: reads and checks the run, fills the template, and puts one file in place."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Callable
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path
from typing import Any

from landfront.instances.faults import Fault, InputError, refuse
from landfront.models.formulate import Formulation, formulate
from landfront.optimizer.points import key_of
from landfront.report.folder import disk_full
from landfront.report.page.content import content_of
from landfront.report.page.pack import packed
from landfront.report.page.solved import SECONDS, solved_of
from landfront.report.plans import read_columns
from landfront.report.result import Result
from landfront.report.resume import changed
from landfront.report.run import PAGE, input_digests
from landfront.report.stored import Run, read_run, result_of

SCRIPTS = ("format.js", "state.js", "plots.js", "map.js", "tables.js", "more.js", "live.js", "main.js")
"""Parts of the page's script, in their order."""
MODEL = re.compile(r'(?<=")p\d+(?=")')
"""How bokeh names its models."""
Stage = Callable[[str], None]


def report(
    run: str | Path,
    output: str | Path | None = None,
    *,
    study: str | Path | None = None,
    seconds: float = SECONDS,
    stage: Stage | None = None,
) -> Path:
    """Write the interactive page of a run: one HTML file that needs no network.

    Parameters
    ----------
    run, study
        A run directory; where the study is now, if not where it was.
    output
        The file to write; ``report.html`` in the run where left out. A file that is there is replaced by the
        whole new one, or stays as it was.
    seconds
        Time for the prices of safeguards, and as much for the abatement cost curve; 0 leaves both out.
    stage
        Called with what is done next.

    Returns
    -------
    pathlib.Path
        The file.

    Raises
    ------
    InputError
        If the folder is no finished run, is damaged or from a newer version, its input is missing or has
        changed, or the file cannot be written.
    """
    say = stage or (lambda text: None)
    folder = Path(run)
    target = folder / PAGE if output is None else Path(output)
    if not (folder / "run.toml").is_file():
        read_run(folder)  # says what is wrong with it
    _check_target(target)
    refuse(*seconds_faults(seconds))
    say("reading the run")
    result = checked_result(folder, Path(study) if study is not None else None)
    say("gathering what it tells")
    content, arrays = content_of(result)
    say("pricing safeguards and carbon")
    content["solved"] = solved_of(result, seconds)
    content |= created(folder)
    say("writing the page")
    _put(target, html_of(content, arrays))
    return target


def created(folder: Path) -> dict[str, str]:
    """Which run a page is of, and what made it when."""
    made = str(read_run(folder).record.get("created", ""))
    return {"run": folder.resolve().name, "version": version("landfront"), "created": made}


def said_for_page(**asked: object) -> None:
    """Refuse what only documents on one plan can be told.

    Raises
    ------
    InputError
        Naming each option that has a value.
    """
    rule, fix = (
        "is for documents on one plan; the page shows all",
        "Add --criterion6 or --xlsx, or leave it out.",
    )
    refuse(*(Fault("report", name, rule, fix) for name, value in asked.items() if value is not None))


def _check_target(target: Path) -> None:
    if target.suffix.lower() not in (".html", ".htm"):
        refuse(Fault(str(target), "", f"{target.suffix or 'no suffix'!r} is not a page's kind", "Use .html."))
    if target.is_dir():
        refuse(Fault(str(target), "", "is a folder", "Name a file."))
    if not target.absolute().parent.is_dir():
        refuse(Fault(str(target), "", "its folder is missing", "Make the folder first."))


def seconds_faults(seconds: float) -> list[Fault]:
    """What is wrong with the seconds that may be spent on prices."""
    if 0 <= seconds < float("inf"):
        return []
    return [Fault("report", "solve", f"must be a number of seconds from 0 on, found {seconds}", "Mend it.")]


def checked_result(folder: Path, place: Path | None) -> Result:
    """The run as a result, after what could make its figures untrue has been looked at."""
    run = read_run(folder)
    refuse(*_newer(run), *_damage(run))
    study = run.study(place)
    refuse(*changed(run.record["inputs"], input_digests(study)))
    formulation = formulate(study)
    columns = {point.key: _columns(formulation, run, point.key) for point in run.stored.points}
    return result_of(run, formulation, columns)


def _newer(run: Run) -> list[Fault]:
    """A run of a later version may hold what this one would tell wrongly."""
    made = str(run.record.get("versions", {}).get("landfront", ""))
    if _numbers(made) <= _numbers(version("landfront")):
        return []
    rule = f"was made by landfront {made}, this is {version('landfront')}"
    return [Fault(str(run.folder), "versions", rule, "Install that version or a later one.")]


def _numbers(text: str) -> tuple[int, ...]:
    """The numbers of a version, up to the first part that is none.

    >>> _numbers("0.10.2"), _numbers("1.2rc1"), _numbers("")
    ((0, 10, 2), (1,), ())
    """
    found = []
    for part in text.split("."):
        if not part.isdecimal():
            break
        found.append(int(part))
    return tuple(found)


def _damage(run: Run) -> list[Fault]:
    fix = "Make the run again."
    found = [Fault(str(run.folder / "run.sqlite"), "", words, fix) for words in run.stored.damaged]
    if not run.stored.points:
        found.append(Fault(str(run.folder), "", "holds no plan, so there is nothing to show", fix))
    return found


def _columns(formulation: Formulation, run: Run, key: str) -> Any:
    x = read_columns(formulation, run.folder, key)
    if key_of(x) != key:
        rule = "is not the plan that was found: its digest differs"
        refuse(Fault(f"plans/{key}.parquet", "", rule, "Make the run again."))
    return x


def html_of(content: dict[str, Any], arrays: dict[str, Any], *, live: bool = False) -> str:
    """The page: words in both languages, scripts and data inside, and leave to run these scripts only.

    A `live` page may ask the server that it came from, and nobody else.
    """
    import jinja2
    from bokeh.resources import Resources

    from landfront.report.page.plots import plots_of

    assets = files("landfront.report.page") / "assets"
    content["bokeh"], plots = _embedded(plots_of(content, arrays))
    content["words"] = _json(assets / "words.json")
    library = Resources(mode="inline", components=["bokeh"]).js_raw[0]
    script = "\n".join(
        ['"use strict";', "(() => {", *((assets / name).read_text("utf-8") for name in SCRIPTS), "})();"]
    )
    environment = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True)
    template = environment.from_string((assets / "page.html.j2").read_text("utf-8"))
    return template.render(
        title=content["title"]["en"],
        words=content["words"]["en"],
        plots=plots,
        style=_raw((assets / "page.css").read_text("utf-8")),
        library=_raw(library),
        script=_raw(script),
        live=live,
        hashes=[_hash(library), _hash(script)],
        data=_raw(packed(content, arrays)),
    )


def _embedded(plots: list[Any]) -> tuple[dict[str, Any], list[str]]:
    """The plots as bokeh's script reads them, and their names; the same plots always give the same text."""
    from bokeh.document import Document
    from bokeh.embed.util import standalone_docs_json_and_render_items

    document = Document()
    for plot in plots:
        document.add_root(plot)
    (told,) = standalone_docs_json_and_render_items(document.roots)[0].values()
    places = {root.id: f"plot-{root.name}" for root in document.roots}
    items = [{"docid": "run", "roots": places, "root_ids": list(places)}]
    text = json.dumps({"documents": {"run": told}, "items": items})
    # bokeh counts its models through all documents of a process.
    numbers = {name: f"m{place}" for place, name in enumerate(dict.fromkeys(MODEL.findall(text)))}
    renamed = json.loads(MODEL.sub(lambda found: numbers[found[0]], text))
    return renamed, [str(root.name) for root in document.roots]


def _json(path: Any) -> Any:
    return json.loads(path.read_text("utf-8"))


def _raw(text: str) -> Any:
    """Text that stands in a script or style as it is; it must not end the element."""
    from markupsafe import Markup

    return Markup(text.replace("</script", "<\\/script"))


def _hash(script: str) -> str:
    """What the page's security policy knows a script by."""
    digest = hashlib.sha256(str(_raw(script)).encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"


def _put(target: Path, text: str) -> None:
    """Write the file beside its place, then put it there in one step."""
    partial = target.with_name(f".{target.name}.partial")
    try:
        try:
            partial.write_text(text, encoding="utf-8", newline="\n")
            partial.replace(target)
        finally:
            partial.unlink(missing_ok=True)
    except OSError as error:
        if disk_full(error, target.absolute().parent):
            rule = "the disk is full or fails, so what was there stays as it was"
            raise InputError([Fault(str(target), "", rule, "Make room or name another disk.")]) from error
        raise
