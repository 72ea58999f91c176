"""Worker processes that end with the search, whatever ends it."""

from __future__ import annotations

import multiprocessing
import signal
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
    # Ctrl-C reaches every process of a terminal: only this one may act on it.
    pool = ProcessPoolExecutor(
        workers, mp_context=context, initializer=signal.signal, initargs=(signal.SIGINT, signal.SIG_IGN)
    )
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
