"""How long ``landfront --help`` and ``import landfront.api`` take, each as a fresh process."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from measure import median, save, timed

RUNS = 7


def main() -> Path:
    """Median wall seconds of both, beside a bare interpreter."""
    program = str(Path(sys.executable).with_name("landfront"))
    commands = {
        "python -c pass": [sys.executable, "-c", "pass"],
        "landfront --help": [program, "--help"],
        "import landfront.api": [sys.executable, "-c", "import landfront.api"],
    }
    seconds = {}
    for name, command in commands.items():

        def run(command: list[str] = command) -> None:
            subprocess.run(command, check=True, capture_output=True)

        run()  # the first start writes byte code
        seconds[name] = median(timed(run, RUNS)[0])
    return save("startup", {"runs": RUNS, "median_seconds": seconds})


if __name__ == "__main__":
    print(main().read_text())
