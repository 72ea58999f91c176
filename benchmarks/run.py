"""Run benchmark cases: ``python benchmarks/run.py startup build``, or ``--all``; each says its needs."""

from __future__ import annotations

import importlib
import sys

CASES = ("startup", "sibuyan", "build", "fronts", "national_io", "moo", "certified", "parallel", "moo_peers")


def main(names: list[str]) -> None:
    """Run the named cases in turn and say where each result stands."""
    for name in CASES if names == ["--all"] else names:
        if name not in CASES:
            sys.exit(f"unknown case {name!r}: choose from {', '.join(CASES)}")
        print(f"{name}: {importlib.import_module(name).main()}")


if __name__ == "__main__":
    main(sys.argv[1:] or ["--all"])
