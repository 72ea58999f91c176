"""Writes the document of a run as a Word file and a PDF, both or neither."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

from landfront.instances.faults import Fault, InputError, refuse
from landfront.instances.study import Study
from landfront.report.criterion6.asked import Source
from landfront.report.criterion6.content import document
from landfront.report.criterion6.words import LANGUAGES, Words
from landfront.report.folder import disk_full
from landfront.report.lineage import chosen_point
from landfront.report.page.write import checked_result, seconds_faults
from landfront.report.safeguards import Safeguards, find_safeguards
from landfront.report.search import NothingFoundError
from landfront.report.stored import read_run

NAME = "criterion6"
SECONDS = 60.0
"""Longest search for what the limits cost."""


def criterion6(
    run: str | Path,
    *,
    point: int | None = None,
    language: str = "en",
    prices: bool = False,
    seconds: float = SECONDS,
    output: str | Path | None = None,
    study: str | Path | None = None,
) -> tuple[Path, Path]:
    """Answer criterion 6 of the IUCN Global Standard from a run, in a Word file and a PDF.

    Parameters
    ----------
    run
        A run directory.
    point
        The plan that was chosen, as a position on the front; by default the knee, as an example.
    language
        ``"en"`` or ``"zh"``.
    prices
        Find what each limit costs in the front's first criterion, by solving without it.
    seconds
        Longest search for all prices together.
    output
        Folder to write into, by default the run's.
    study
        Where the study is now, if not where it was.

    Returns
    -------
    tuple of Path
        ``criterion6_<language>.docx`` and ``.pdf``.

    Raises
    ------
    InputError
        If the folder is no finished run, is damaged or from a newer version, its input has changed, it has no
        such point or plan, the language is not known, a file cannot be written, or the disk is full.
    """
    folder, target = Path(run), Path(output or run)
    if language not in LANGUAGES:
        rule = f"{language!r} is not a language of the document"
        refuse(Fault("report", "language", rule, f"Choose among: {', '.join(LANGUAGES)}."))
    found = read_run(folder)
    count = len(found.stored.points)
    if not count:
        refuse(
            Fault(str(folder), "", "the front has no plan", "Give the run more time, with landfront resume.")
        )
    place = chosen_point(found) if point is None else point
    if not 0 <= place < count:
        refuse(
            Fault(str(folder), "point", f"the front has no point {place}", f"Name one from 0 to {count - 1}.")
        )
    if not target.is_dir():
        refuse(Fault(str(target), "", "the folder is missing", "Make it first."))
    where = None if study is None else Path(study)
    refuse(*seconds_faults(seconds))
    result = checked_result(folder, where)
    priced = None
    if prices and result.formulation.limits:
        priced = _prices(result.formulation.study, result.front.criteria[0], seconds)
    source = Source(result, folder, found.record, place, point is not None, Words(language), priced)
    return _write(source, target)


def _prices(study: Study, criterion: str, seconds: float) -> Safeguards | None:
    """What each limit costs in a criterion; None where the time was too short for a plan."""
    try:
        if study.criteria[criterion].sense == "max":
            return find_safeguards(study, maximise=criterion, time_limit=seconds)
        return find_safeguards(study, minimise=criterion, time_limit=seconds)
    except NothingFoundError:
        return None


def _write(source: Source, target: Path) -> tuple[Path, Path]:
    from landfront.report.criterion6.pdf_file import chinese_is_embedded, write_pdf
    from landfront.report.criterion6.word_file import write_word

    words = source.words
    notes = () if chinese_is_embedded() else (words("no_font"),)
    names = f"{NAME}_{source.language}.docx", f"{NAME}_{source.language}.pdf"
    try:
        with TemporaryDirectory(prefix=".criterion6-", dir=target) as scratch:
            write_word(document(source), Path(scratch) / names[0])
            write_pdf(document(source, notes=notes), Path(scratch) / names[1])
            for name in names:
                (Path(scratch) / name).replace(target / name)
    except OSError as error:
        if disk_full(error, target):
            rule = "the disk is full or fails, so nothing was written"
            raise InputError([Fault(str(target), "", rule, "Make room or name another folder.")]) from error
        if isinstance(error, PermissionError):
            raise InputError(
                [Fault(str(target), "", "cannot be written", "Name another folder with -o.")]
            ) from error
        raise
    return target / names[0], target / names[1]
