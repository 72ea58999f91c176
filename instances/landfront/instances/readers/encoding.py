"""Text encodings: which one a file is in, strictly, so that a wrong guess is a fault and not mojibake."""

from __future__ import annotations

import codecs
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from landfront.instances.faults import Fault, InputError

FALLBACK = "GB18030"
"""The superset of GBK and GB2312 in which Chinese offices write Shapefiles and Excel writes CSV."""

_CHUNK = 1 << 24
_SURE = 30
"""So many bytes above ASCII that are valid UTF-8 are no accident of another encoding."""


@dataclass(frozen=True)
class Encoding:
    """An encoding and how it was found; `note` is empty where there was nothing to tell."""

    name: str
    note: str = ""


def find_encoding(table: str, asked: str, chunks: Callable[[], Iterable[bytes]]) -> Encoding:
    """Settle the encoding of a file's bytes.

    Parameters
    ----------
    table
        Name of the file, for messages.
    asked
        "auto", or the encoding that the study names.
    chunks
        Gives the bytes that hold text, anew at each call.

    Raises
    ------
    InputError
        If the bytes are not valid in the encoding asked for, or in none of those tried.
    """
    if asked != "auto":
        return _check(table, asked, chunks)
    for name in ("utf-8", FALLBACK):
        if first_error(name, chunks()) is None:
            note = "" if name == "utf-8" else f"{table}: not valid UTF-8, read as {FALLBACK} (GBK)"
            return Encoding(name, note)
    fix = "Save it as UTF-8, or name its encoding in study.toml."
    raise InputError([Fault(table, "encoding", f"neither valid UTF-8 nor {FALLBACK}", fix)])


def _check(table: str, asked: str, chunks: Callable[[], Iterable[bytes]]) -> Encoding:
    try:
        name = codecs.lookup(asked).name
    except LookupError:
        fix = 'Give "auto", "utf-8" or "gbk".'
        raise InputError([Fault(table, "encoding", f"unknown encoding {asked!r}", fix)]) from None
    if name not in ("utf-8", "utf-8-sig") and _surely_utf8(chunks):
        fix = 'Leave encoding = "auto", or give "utf-8".'
        raise InputError([Fault(table, "encoding", f"the file is in UTF-8, not in {asked}", fix)])
    error = first_error(name, chunks())
    if error is not None:
        fix = 'Leave encoding = "auto", or name the encoding that the file was written in.'
        raise InputError([Fault(table, "encoding", f"the file is not in {asked} ({error})", fix)])
    return Encoding(name)


def first_error(name: str, chunks: Iterable[bytes]) -> str | None:
    """Say where bytes are not valid in an encoding, or return None."""
    decoder = codecs.getincrementaldecoder(name)("strict")
    read = 0
    try:
        for chunk in chunks:
            decoder.decode(chunk)
            read += len(chunk)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError as error:
        return f"byte {read + error.start} cannot be decoded"
    return None


def file_chunks(path: Path, skip: int = 0) -> Iterator[bytes]:
    """Bytes of a file in pieces, from byte `skip` on."""
    with path.open("rb") as file:
        file.seek(skip)
        while chunk := file.read(_CHUNK):
            yield chunk


def _surely_utf8(chunks: Callable[[], Iterable[bytes]]) -> bool:
    high = sum(len(chunk) - len(chunk.translate(None, _HIGH)) for chunk in chunks())
    return high >= _SURE and first_error("utf-8", chunks()) is None


_HIGH = bytes(range(128, 256))
