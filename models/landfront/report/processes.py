"""Worker processes that end with the search, whatever ends it."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Iterator
from concurrent.futures import Executor, ProcessPoolExecutor
from contextlib import contextmanager


@contextmanager
def processes(workers: int) -> Iterator[Executor | None]:
    """So many processes to solve in; None where one is enough, which is this one."""
    if workers < 2:
        yield None
        return
    context = multiprocessing.get_context("spawn")
    others = set(multiprocessing.active_children())
    pool = ProcessPoolExecutor(workers, mp_context=context, initializer=_obey)
    try:
        yield pool
    finally:
        # What is still being solved is wanted by nobody, and may take minutes.
        mine = [child for child in multiprocessing.active_children() if child not in others]
        pool.shutdown(wait=False, cancel_futures=True)
        for child in mine:
            child.terminate()
        for child in mine:
            child.join()
        pool.shutdown()


def _obey() -> None:
    """Leave Ctrl-C, which reaches every process of a terminal, to the one that started this; end with it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    """A process that is killed cannot end its workers, which would wait for it for good."""
    parent = multiprocessing.parent_process()
    assert parent is not None
    parent.join()
    os._exit(1)
