"""Lets Ctrl-C wait until what was found is written; a second Ctrl-C gives up."""

from __future__ import annotations

import _thread
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any


@contextmanager
def finish_first() -> Iterator[None]:
    """Hold back the first Ctrl-C inside the block; the second one interrupts as usual."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.getsignal(signal.SIGINT)

    def hold(number: int, frame: FrameType | None) -> None:
        print("Writing what was found. Press Ctrl-C again to give up.", file=sys.stderr)
        signal.signal(signal.SIGINT, before)

    signal.signal(signal.SIGINT, hold)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def pass_on(unraisable: Any) -> None:
    """Interrupt again where Ctrl-C fell into code that may not raise; it would be lost with a traceback.

    Meant as `sys.unraisablehook`.
    """
    if unraisable.exc_type is KeyboardInterrupt:
        # From another thread: raised in here, it would be lost again.
        threading.Timer(0.01, _thread.interrupt_main).start()
    else:
        sys.__unraisablehook__(unraisable)
