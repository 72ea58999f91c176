"""Writes the document of a run as a Word file and a PDF, both or neither."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from landfront.instances.faults import refuse
from landfront.instances.study import Study
from landfront.report.criterion6.asked import Source
from landfront.report.criterion6.content import document
from landfront.report.criterion6.words import Words
from landfront.report.documents import put, subject_of
from landfront.report.page.write import seconds_faults
from landfront.report.safeguards import Safeguards, find_safeguards
from landfront.report.search import NothingFoundError

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
    refuse(*seconds_faults(seconds))
    on = subject_of(Path(run), point=point, language=language, study=study)
    priced = None
    if prices and on.result.formulation.limits:
        priced = _prices(on.result.formulation.study, on.result.front.criteria[0], seconds)
    source = Source(on.result, on.folder, on.record, on.point, on.chosen, Words(language), priced)
    word, page = put(Path(output or run), _writers(source))
    return word, page


def _prices(study: Study, criterion: str, seconds: float) -> Safeguards | None:
    """What each limit costs in a criterion; None where the time was too short for a plan."""
    try:
        if study.criteria[criterion].sense == "max":
            return find_safeguards(study, maximise=criterion, time_limit=seconds)
        return find_safeguards(study, minimise=criterion, time_limit=seconds)
    except NothingFoundError:
        return None


def _writers(source: Source) -> dict[str, Callable[[Path], None]]:
    """What writes each of the two files."""
    from landfront.report.criterion6.pdf_file import chinese_is_embedded, write_pdf
    from landfront.report.criterion6.word_file import write_word

    notes = () if chinese_is_embedded() else (source.words("no_font"),)
    name = f"{NAME}_{source.language}"
    return {
        f"{name}.docx": lambda path: write_word(document(source), path),
        f"{name}.pdf": lambda path: write_pdf(document(source, notes=notes), path),
    }
