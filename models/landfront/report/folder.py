"""The folder of a run: new or refused, one writer at a time, and what is left of it when a run fails."""

from __future__ import annotations

import errno
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from landfront.instances.faults import Fault, InputError, refuse

FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
UNWRITTEN = (sqlite3.SQLITE_IOERR, sqlite3.SQLITE_FULL)
PROBE_BYTES = 256 * 1024
CLAIM = ".writing"
"""An empty file in a folder while a run is being written, so that a second run keeps out."""
SCRATCH = (
    CLAIM,
    f"{CLAIM}-journal",
    ".probe",
    ".outputs-*",
    ".documents-*",
    "run.toml.partial",
    "plans/*.partial",
)
"""What a killed run may leave behind that nobody needs."""
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
        refuse(_held(folder, held.name))


def _held(folder: Path, name: str) -> Fault:
    if (folder / "run.toml").exists():
        fix = f"{FIX} To add points to it: landfront resume {folder} --points N."
        return Fault(str(folder), "", "already holds a run", fix)
    if (folder / CLAIM).exists() or (folder / "run.sqlite").exists():
        rule = "holds a run that is not finished: it is being written, or was killed"
        return Fault(
            str(folder), "", rule, f"Go on with it: landfront resume {folder}. Or name a new folder."
        )
    return Fault(str(folder), "", f"is not empty ({name})", FIX)


@contextmanager
def new_folder(folder: Path) -> Iterator[Path]:
    """Make a folder to write in. If anything goes wrong, what was written and made is removed, unless plans
    were found, from which the run can go on.

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
        refuse(_held(folder, CLAIM))
    except OSError as error:
        _remove_made(made)
        raise InputError(
            [Fault(str(folder), "", f"cannot be written ({error.strerror})", "Name another folder.")]
        ) from error
    try:
        with alone(folder):
            yield folder
    except BaseException as error:
        if disk_full(error, folder):
            _remove(folder, made)
            raise InputError([_full(folder)]) from error
        if _resumable(folder):
            _tell_kept(error, folder)
        else:
            _remove(folder, made)
        raise


@contextmanager
def held_folder(folder: Path) -> Iterator[Path]:
    """The folder of an earlier run to go on with; whatever goes wrong, what it holds stays.

    Raises
    ------
    InputError
        If another process is writing there, or the disk is full.
    """
    try:
        with alone(folder):
            clear_scratch(folder, lock=False)
            yield folder
    except InputError:
        raise
    except BaseException as error:
        if disk_full(error, folder):
            rule, fix = "the disk is full or fails; what was found is kept", "Make room and resume again."
            raise InputError([Fault(str(folder), "", rule, fix)]) from error
        _tell_kept(error, folder)
        raise


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Keep other processes from writing in the folder; a process that is killed keeps nobody out.

    Raises
    ------
    InputError
        If another process is writing there.
    """
    # SQLite's lock is one that every system knows and frees by itself.
    lock = sqlite3.connect(folder / CLAIM, isolation_level=None, timeout=0)
    try:
        lock.execute("BEGIN EXCLUSIVE")
    except sqlite3.OperationalError as error:
        lock.close()
        # A full disk cannot lock either.
        if "locked" not in str(error):
            raise
        refuse(Fault(str(folder), "", "is being written by another process", "Wait until that has ended."))
    try:
        yield
    finally:
        lock.close()
        clear_scratch(folder)


def clear_scratch(folder: Path, *, lock: bool = True) -> None:
    """Remove what nobody needs, the lock only when it is not held."""
    for pattern in SCRATCH if lock else SCRATCH[2:]:
        for entry in folder.glob(pattern):
            if entry.is_dir():
                shutil.rmtree(entry, ignore_errors=True)
            else:
                with suppress(OSError):
                    entry.unlink()


def _resumable(folder: Path) -> bool:
    """Whether a plan was found."""
    return (folder / "run.sqlite").exists() and any((folder / "plans").glob("*.parquet"))


def _tell_kept(error: BaseException, folder: Path) -> None:
    error.add_note(f"What was found is kept. Go on with: landfront resume {folder}")


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
