"""Writing a study folder all or nothing: files are made aside and moved in when all of them are whole."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from landfront.instances.faults import Fault, InputError, refuse

FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO)


@contextmanager
def staged(folder: Path) -> Iterator[Path]:
    """Give a scratch folder whose files are moved into `folder` when the block ends well.

    Raises
    ------
    InputError
        If a file of that name is there already, or the disk refuses; `folder` is then as it was.
    """
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(prefix=".landfront-", dir=folder.parent) as scratch:
            yield Path(scratch)
            _move(sorted(Path(scratch).iterdir()), folder)
    except OSError as error:
        rule = f"cannot be written ({error.strerror or error})"
        fix = "Free some space, or give another folder." if error.errno in FULL else "Give another folder."
        raise InputError([Fault(str(folder), "", rule, fix)]) from error


def _move(files: list[Path], folder: Path) -> None:
    there = [file.name for file in files if (folder / file.name).exists()]
    refuse(*(Fault(str(folder / name), "", "is there already", "Give a new folder.") for name in there))
    folder.mkdir(exist_ok=True)
    for file in files:
        file.rename(folder / file.name)
