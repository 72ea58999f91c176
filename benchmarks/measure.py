"""What every benchmark shares: the machine, medians over runs, peak memory, results as JSON."""

from __future__ import annotations

import importlib.metadata
import json
import os
import platform
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).parent / "results"
ROOT = Path(__file__).resolve().parents[1]
RUNS = 3
LIBRARIES = ("highspy", "pyomo", "numpy", "scipy", "pandas", "landfront")


def machine() -> dict[str, Any]:
    """Processor, cores, memory, Python and library versions."""
    model = next(
        (line.split(":")[1].strip() for line in _lines("/proc/cpuinfo") if line.startswith("model name")),
        platform.processor(),
    )
    kib = next((int(line.split()[1]) for line in _lines("/proc/meminfo") if line.startswith("MemTotal")), 0)
    return {
        "processor": model,
        "cores": os.cpu_count(),
        "memory_gib": round(kib / 2**20, 1),
        "python": platform.python_version(),
        "versions": {name: importlib.metadata.version(name) for name in LIBRARIES},
    }


def _lines(path: str) -> list[str]:
    try:
        return Path(path).read_text().splitlines()
    except OSError:
        return []


def timed(function: Callable[[], Any], runs: int = RUNS) -> tuple[list[float], Any]:
    """Wall seconds of each run, and the last result."""
    seconds, result = [], None
    for _ in range(runs):
        start = time.perf_counter()
        result = function()
        seconds.append(round(time.perf_counter() - start, 3))
    return seconds, result


def in_fresh_process(script: str, *arguments: str) -> dict[str, Any]:
    """Run a benchmark script as its own process and read the JSON that it prints last."""
    done = subprocess.run([sys.executable, script, *arguments], capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{script} failed:\n{done.stderr}")
    answer: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return answer


def peak_gib() -> float:
    """Peak resident memory of this process in GiB."""
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20, 3)


def median(values: list[float]) -> float:
    """The median, rounded to what a wall clock tells."""
    return round(statistics.median(values), 3)


def save(case: str, result: dict[str, Any]) -> Path:
    """Write the result of a case beside the machine that made it."""
    RESULTS.mkdir(exist_ok=True)
    file = RESULTS / f"{case}.json"
    file.write_text(
        json.dumps({"case": case, "machine": machine(), **result}, indent=2, ensure_ascii=False) + "\n"
    )
    return file


def stored(case: str) -> dict[str, Any]:
    """The stored result of a case, empty without one."""
    file = RESULTS / f"{case}.json"
    return json.loads(file.read_text()) if file.exists() else {}
