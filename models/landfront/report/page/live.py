"""The page of a run, served live: what nobody has solved yet is asked for, proven, and joins the run."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np

from landfront.instances.faults import InputError
from landfront.optimizer.store import Store
from landfront.optimizer.task import Solve
from landfront.report import ask
from landfront.report.ask import Asked, Asking
from landfront.report.folder import held_folder
from landfront.report.page.content import content_of
from landfront.report.page.solved import solved_of
from landfront.report.page.write import checked_result, created, html_of
from landfront.report.plans import read_columns
from landfront.report.result import Result
from landfront.report.run import ALSO
from landfront.report.search import Request, find_front
from landfront.report.stored import read_run

Told = dict[str, Any]


@dataclass(frozen=True)
class Limits:
    """How long questions may take.

    Attributes
    ----------
    gap
        Gap of an answer.
    seconds
        Longest search for one.
    solving
        Seconds for the prices of safeguards, and as many for the abatement cost curve, at the start.
    """

    gap: float = ask.GAP
    seconds: float = ask.SECONDS
    solving: float = 0.0


class Live:
    """A run that grows while people look at it: questions are answered one after the other.

    Every answer is in the run's journal before it is told; `finish` writes tables, figures and layers with
    all of them. Where the process is killed before, ``landfront resume`` does.

    Raises
    ------
    InputError
        If the folder is no finished run, or is damaged (see `write.report`).
    """

    def __init__(self, folder: Path, *, study: Path | None = None, limits: Limits | None = None) -> None:
        self._folder, self._study, self._limits = folder, study, limits or Limits()
        self._result = checked_result(folder, study)
        run = read_run(folder)
        request = run.record["request"]
        self._request = Request(**{**request, "criteria": tuple(request["criteria"])})
        self._asking = Asking(run, self._result.formulation, gap=self._limits.gap)
        with held_folder(folder), Store.reopen(folder / "run.sqlite") as store:
            self._journal = list(store.journal(self._columns))
            self._also: list[str] = store.read().meta.get(ALSO, [])
        self._solved = solved_of(self._result, self._limits.solving)
        self._page = ""
        self._lock = Lock()
        self._worker = ThreadPoolExecutor(1)
        self._answers: list[Future[Told]] = []
        self.grown = 0

    @property
    def result(self) -> Result:
        """The run with every answer so far."""
        return self._result

    def page(self) -> str:
        """The page of the run as it is now."""
        with self._lock:
            if not self._page:
                content, arrays = content_of(self._result)
                content["solved"] = self._solved
                about = created(self._folder)
                self._page = html_of(content | about, arrays, live=True)
            return self._page

    def ask(self, thresholds: Mapping[str, Any]) -> int:
        """Put a question in the queue; its number.

        Raises
        ------
        InputError
            If a threshold is of no criterion of the front, or no number.
        """
        self._asking.check(thresholds)
        self._answers.append(self._worker.submit(self._answer, dict(thresholds)))
        return len(self._answers) - 1

    def answer(self, number: int) -> Told:
        """What is known of a question: ``state`` is ``busy`` or ``done``.

        Raises
        ------
        IndexError
            If there is no such question.
        """
        if number < 0:
            raise IndexError(number)
        found = self._answers[number]
        return found.result() if found.done() else {"state": "busy"}

    def finish(self) -> None:
        """Wait for the question under way, and write the run with all answers where there are any."""
        self._worker.shutdown(cancel_futures=True)
        if self.grown:
            ask.join(self._folder, study=self._study)

    def _columns(self, key: str) -> np.ndarray[Any, Any]:
        return np.asarray(read_columns(self._result.formulation, self._folder, key), dtype=np.float64)

    def _answer(self, thresholds: dict[str, float]) -> Told:
        """Solve, keep, and take the plan into the front."""
        try:
            found = self._asking.ask(thresholds, seconds=self._limits.seconds)
            kept = ask.keep(self._folder, self._result.formulation, found)
            point = self._join(found, kept)
        except InputError as error:
            return {"state": "done", "reason": str(error.faults[0]), "point": None}
        values = {} if found.plan is None else dict(found.plan.values)
        gap = None if not np.isfinite(found.gap) else found.gap
        told = {"criterion": found.criterion, "values": values, "gap": gap}
        return {"state": "done", "reason": found.reason, "point": point, **told}

    def _join(self, found: Asked, kept: tuple[Solve, ...]) -> int | None:
        """Position of the plan on the front with it; None without a plan."""
        known = {solve.task.key for solve in self._journal}
        new = [solve for solve in kept if solve.task.key not in known]
        self._journal += new
        self._also = list(dict.fromkeys([*self._also, *(solve.task.key for solve in kept)]))
        request = replace(self._request, time_limit=0.0, workers=1)
        front = find_front(self._result.formulation, request, resume=self._journal, also=self._also)
        if not front.complete:
            before = self._result.front
            front = replace(front, reason=before.reason, detail=before.detail)
        with self._lock:
            # What is costly to read of the study stays the same.
            self._result = Result(self._result.formulation, front, self._result.kept)
            self._page = ""
            self.grown += bool(new)
        if found.plan is None or found.plan.point is None:
            return None
        values = np.array([found.plan.values[name] for name in front.criteria])
        spread = np.maximum(np.ptp(front.values, axis=0), np.finfo(float).tiny)
        return int(np.argmin(np.abs((front.values - values) / spread).max(axis=1)))
