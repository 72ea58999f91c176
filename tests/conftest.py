"""Makes ``tests.*`` helpers importable however pytest is started, and says how hypothesis draws."""

from __future__ import annotations

import signal
import sys
from pathlib import Path

from hypothesis import settings

ROOT = str(Path(__file__).resolve().parents[1])
if ROOT not in sys.path:
    sys.path.insert(0, ROOT)

# The same cases in each run, so that a change is judged by itself.
# `--hypothesis-profile random` draws others.
settings.register_profile("fixed", derandomize=True)
settings.register_profile("random", derandomize=False, print_blob=True)
settings.load_profile("fixed")

# A job in the background of a shell ignores Ctrl-C, and so would what tests interrupt.
if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
