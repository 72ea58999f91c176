"""pymoo's NSGA-II on a 0/1 knapsack written by `moo_peers.write_program`; runs in an interpreter of its own.

Usage: ``PEER_PYTHON nsga2.py MODEL.npz --cpu SECONDS [--seed N] [--population N]``. Prints one line of JSON:
all nondominated points that were seen, in own senses, generations and processor seconds. Solutions are
repaired greedily: items leave and enter in the order of their best profit per weight (Z. Michalewicz,
J. Arabas, Genetic algorithms for the 0/1 knapsack problem, ISMIS 1994), so that all are feasible and none
has room for another item.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import json
import platform
import time
from typing import Any

import moocore
import numpy as np
from pymoo.algorithms.moo.nsga2 import NSGA2
from pymoo.config import Config
from pymoo.core.problem import Problem
from pymoo.core.repair import Repair
from pymoo.operators.crossover.pntx import TwoPointCrossover
from pymoo.operators.mutation.bitflip import BitflipMutation
from pymoo.operators.sampling.rnd import BinaryRandomSampling

Config.warnings["not_compiled"] = False


class Knapsack(Problem):
    """Maximise all profits within all capacities; pymoo minimises."""

    def __init__(self, profits: Any, weights: Any, capacity: Any) -> None:
        super().__init__(n_var=profits.shape[1], n_obj=len(profits), xl=0, xu=1, vtype=bool)
        self.profits, self.weights, self.capacity = profits, weights, capacity

    def _evaluate(self, x: Any, out: Any, *_: Any, **__: Any) -> None:
        out["F"] = -(x.astype(float) @ self.profits.T)


class Greedy(Repair):
    """Keep chosen items from the best down while they fit, then add others that fit."""

    def _do(self, problem: Any, x: Any, **_: Any) -> Any:
        ratio = (problem.profits[:, None] / problem.weights[None, :]).max(axis=(0, 1))
        order = np.argsort(-ratio)
        kept, left = np.zeros_like(x, dtype=bool), np.tile(problem.capacity, (len(x), 1))
        for wanted in (x.astype(bool), ~x.astype(bool)):
            for item in order.tolist():
                fits = wanted[:, item] & np.all(left >= problem.weights[:, item], axis=1)
                kept[fits, item] = True
                left[fits] -= problem.weights[:, item]
        return kept


def run(problem: Knapsack, *, cpu: float, seed: int, population: int) -> dict[str, Any]:
    """As many generations as the processor seconds allow."""
    start = time.process_time()
    algorithm = NSGA2(
        pop_size=population,
        sampling=BinaryRandomSampling(),
        crossover=TwoPointCrossover(),
        mutation=BitflipMutation(prob_var=1.0 / problem.n_var),
        repair=Greedy(),
        eliminate_duplicates=True,
    )
    algorithm.setup(problem, termination=("n_gen", 10**9), seed=seed, verbose=False)
    seen = np.zeros((0, problem.n_obj))
    while time.process_time() - start < cpu:
        algorithm.next()
        seen = moocore.filter_dominated(np.vstack([seen, algorithm.pop.get("F")]))
    return {
        "points": (-np.unique(seen, axis=0)).tolist(),
        "generations": algorithm.n_gen - 1,
        "cpu_seconds": round(time.process_time() - start, 3),
    }


def read(file: str) -> Knapsack:
    """The knapsack of a program file: every objective maximised, every row at most its capacity."""
    with np.load(file) as data:
        weights = np.zeros((len(data["row_upper"]), len(data["upper"])))
        row = np.repeat(np.arange(len(weights)), np.diff(data["indptr"]))
        weights[row, data["indices"]] = data["data"]
        return Knapsack(data["objectives"], weights, data["row_upper"])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model")
    parser.add_argument("--cpu", type=float, required=True, help="processor seconds")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--population", type=int, default=200)
    asked = parser.parse_args()
    rng = np.random.default_rng(0)
    tiny = Knapsack(rng.integers(1, 9, (2, 9)), rng.integers(1, 9, (2, 9)), np.array([20.0, 20.0]))
    run(tiny, cpu=0.2, seed=1, population=20)
    answer = run(read(asked.model), cpu=asked.cpu, seed=asked.seed, population=asked.population)
    versions = {name: importlib.metadata.version(name) for name in ("pymoo", "moocore", "numpy")}
    print(json.dumps({**answer, "python": platform.python_version(), "versions": versions}))


if __name__ == "__main__":
    main()
