"""Worker processes end with whoever started them: in peace, in a hurry, and when it is killed."""

import multiprocessing
import os
import signal
import subprocess
import sys
import time
from operator import neg
from pathlib import Path

from landfront.report.processes import processes

PARENT = """
import os, time
from landfront.report.processes import processes
if __name__ == "__main__":
    with processes(2) as pool:
        print(pool.submit(os.getpid).result(), flush=True)
        time.sleep(300)
"""

LEAVING = """
import time
from landfront.report.processes import processes
if __name__ == "__main__":
    with processes(2) as pool:
        assert pool.submit(abs, -1).result() == 1
        pool.submit(time.sleep, 300)
"""


def test_one_process_is_this_one() -> None:
    with processes(1) as pool:
        assert pool is None


def test_what_is_still_under_way_is_not_waited_for() -> None:
    with processes(2) as pool:
        assert pool is not None
        assert list(pool.map(neg, (1, 2, 3))) == [-1, -2, -3]
        waiting = [pool.submit(time.sleep, 300) for _ in range(3)]
        began = time.monotonic()
    assert time.monotonic() - began < 60
    assert multiprocessing.active_children() == []
    assert not any(future.done() and not future.cancelled() and not future.exception() for future in waiting)


def test_nothing_is_said_when_they_are_left_early(tmp_path: Path) -> None:
    (tmp_path / "leaving.py").write_text(LEAVING, "utf-8")
    command = [sys.executable, str(tmp_path / "leaving.py")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_workers_end_with_a_parent_that_is_killed(tmp_path: Path) -> None:
    (tmp_path / "parent.py").write_text(PARENT, "utf-8")
    command = [sys.executable, str(tmp_path / "parent.py")]
    child = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    assert child.stdout is not None
    assert int(child.stdout.readline()) != child.pid
    os.kill(child.pid, signal.SIGKILL)
    # The workers hold the other end of the pipe: it closes when the last of them has ended.
    child.communicate(timeout=60)
    assert child.returncode == -signal.SIGKILL
