"""The folder of a run: new or refused, whole or removed, and clear words when the disk is full."""

from __future__ import annotations

import errno
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from landfront.instances.faults import Fault, InputError, refuse

FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
UNWRITTEN = (sqlite3.SQLITE_IOERR, sqlite3.SQLITE_FULL)
PROBE_BYTES = 256 * 1024
CLAIM = ".writing"
"""An empty file in a folder while a run is being written, so that a second run keeps out."""
FIX = "Name a new folder; nothing is ever overwritten."


def check_new(folder: Path) -> None:
    """Refuse a folder that holds anything.

    Raises
    ------
    InputError
        If it is a file, or a folder with something in it, or cannot be read.
    """
    try:
        if folder.exists() and not folder.is_dir():
            refuse(Fault(str(folder), "", "is a file", "Name a new folder."))
        held = next(iter(folder.iterdir()), None) if folder.is_dir() else None
    except OSError as error:
        raise InputError(
            [Fault(str(folder), "", f"cannot be read ({error.strerror})", "Name another folder.")]
        ) from error
    if held is not None:
        refuse(Fault(str(folder), "", _held(folder, held.name), FIX))


def _held(folder: Path, name: str) -> str:
    if (folder / "run.toml").exists():
        return "already holds a run"
    if (folder / CLAIM).exists() or (folder / "run.sqlite").exists():
        return "holds a run that is not finished: it is being written, or was killed"
    return f"is not empty ({name})"


@contextmanager
def new_folder(folder: Path) -> Iterator[Path]:
    """Make a folder to write in; if anything goes wrong, remove what was written and made.

    Raises
    ------
    InputError
        If the folder is not new, cannot be made, or the disk is full.
    """
    check_new(folder)
    made = [parent for parent in (folder, *folder.parents) if not parent.exists()]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        # Of two runs that found the folder empty, only one can make this file.
        (folder / CLAIM).touch(exist_ok=False)
    except FileExistsError:
        refuse(Fault(str(folder), "", _held(folder, CLAIM), FIX))
    except OSError as error:
        _remove_made(made)
        raise InputError(
            [Fault(str(folder), "", f"cannot be written ({error.strerror})", "Name another folder.")]
        ) from error
    try:
        yield folder
        (folder / CLAIM).unlink()
    except BaseException as error:
        full = disk_full(error, folder)
        _remove(folder, made)
        if full:
            raise InputError([_full(folder)]) from error
        raise


def disk_full(error: BaseException | None, folder: Path) -> bool:
    """True when an error, or what caused it, says that there was no room to write."""
    while error is not None:
        if isinstance(error, OSError) and error.errno in FULL:
            return True
        if isinstance(error, sqlite3.OperationalError) and error.sqlite_errorcode & 0xFF in UNWRITTEN:
            return True
        # GDAL and SQLite report some failed writes without a reason; then a small file tells.
        if isinstance(error, sqlite3.OperationalError | RuntimeError | OSError) and _scarce(folder):
            return True
        error = error.__cause__ or error.__context__
    return False


def _scarce(folder: Path) -> bool:
    """Whether a small file cannot be written: quotas and caps count as well as a full disk."""
    probe = folder / ".probe"
    try:
        probe.write_bytes(bytes(PROBE_BYTES))
    except OSError as error:
        return error.errno in FULL
    finally:
        probe.unlink(missing_ok=True)
    return False


def _full(folder: Path) -> Fault:
    return Fault(
        str(folder),
        "",
        "the disk is full or fails, so nothing was kept",
        "Make room or name a folder on another disk, and run it again.",
    )


def _remove(folder: Path, made: list[Path]) -> None:
    """Remove the folder's content, and the folders that were made for it."""
    for entry in folder.iterdir():
        if entry.is_dir() and not entry.is_symlink():
            shutil.rmtree(entry, ignore_errors=True)
        else:
            entry.unlink(missing_ok=True)
    _remove_made(made)


def _remove_made(made: list[Path]) -> None:
    for parent in made:
        try:
            parent.rmdir()
        except OSError:
            return
