"""Writes a run: the journal and the plans while the search goes, then every table, figure and layer."""

from __future__ import annotations

import hashlib
import os
import platform
import shutil
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from numpy.typing import NDArray

from landfront.instances.faults import refuse
from landfront.instances.load import input_files
from landfront.instances.study import Study
from landfront.models.formulate import Formulation, formulate
from landfront.optimizer.store import Store
from landfront.optimizer.task import Solve
from landfront.report import toml
from landfront.report.folder import check_new, new_folder
from landfront.report.interrupts import finish_first
from landfront.report.plans import write_columns
from landfront.report.result import Result, front_program
from landfront.report.search import NothingFoundError, OnProgress, Request, find_front, run_faults
from landfront.report.tables import TABLES

PACKAGES = ("landfront", "highspy", "numpy", "scipy", "pandas", "geopandas", "matplotlib", "moocore")
PAGE = "report.html"
"""The interactive page in a run's folder; `landfront.report.page.write` makes it."""
ALSO, JOINED = "also", "joined"
"""Under which names a store notes the keys of tasks that somebody asked beside the search: all of them, and
those that are in the front that was written."""

TOLD = (PAGE, "criterion6_*.docx", "criterion6_*.pdf", "tables_*.xlsx")
"""What other commands write into a run's folder about its front."""

Stage = Callable[[str], None]


@dataclass(frozen=True)
class Watch:
    """Who is told how a run gets on.

    Attributes
    ----------
    stage
        Called with what is done next.
    progress
        Called with how far the search is.
    """

    stage: Stage = field(default=lambda text: None)
    progress: OnProgress | None = None


def write_run(study: Study, folder: Path, asked: Request, *, watch: Watch | None = None) -> Result:
    """Compute a front and write its run directory.

    Everything that can be checked is checked before the folder is made. If the run fails before it found a
    plan, the folder is removed again; else it can be resumed. A search that was stopped early is finished
    with what it found.

    Raises
    ------
    InputError
        If the study is at fault, the folder is not new, or the disk is full.
    InfeasibleError
        If no plan meets the limits.
    NothingFoundError
        If the search was stopped before it found a plan.
    """
    watch = watch or Watch()
    refuse(*run_faults(asked))
    check_new(folder)
    watch.stage("reading the study")
    formulation = formulate(study)
    begun = beginning(study, folder)
    with new_folder(folder):
        program = front_program(formulation, asked.criteria)
        with Store.create(folder / "run.sqlite", program) as store:
            store.note(begun=begun)
            return Sitting(formulation, folder, store, begun, watch).run(asked)


@dataclass(frozen=True)
class Sitting:
    """One search into a run directory, the first one or a later one.

    Attributes
    ----------
    formulation, folder, store
        The study, the run directory, and the store in it.
    begun
        What was noted when the run began (`beginning`).
    watch
        Who is told.
    """

    formulation: Formulation
    folder: Path
    store: Store
    begun: Mapping[str, Any]
    watch: Watch

    def run(
        self,
        asked: Request,
        journal: Iterable[Solve] = (),
        *,
        earlier: float = 0.0,
        also: Sequence[str] = (),
        joining: bool = False,
    ) -> Result:
        """Search, from where a journal ends, and write everything; `earlier` sittings took these seconds.

        `also` are keys of tasks in the journal that somebody asked beside the search; `joining` only takes
        these into the front.
        """
        self.store.note(request=asdict(asked))
        self.watch.stage("searching")
        front = find_front(
            self.formulation,
            replace(asked, time_limit=0.0) if joining else asked,
            resume=journal,
            also=also,
            on_solve=lambda solve: self.store.add(solve, self._keep),
            on_progress=self.watch.progress,
        )
        if joining and not front.complete:
            ended = self.store.read().meta
            front = replace(front, reason=ended["reason"], detail=ended["detail"])
        if not len(front):
            raise NothingFoundError(f"The search stopped ({front.reason}) before it found a plan.")
        result = Result(self.formulation, replace(front, seconds=front.seconds + earlier))
        with finish_first():
            self._write(result, asked, also)
        return result

    def _keep(self, key: str, x: NDArray[Any]) -> None:
        write_columns(self.formulation, self.folder, key, x)

    def _write(self, result: Result, asked: Request, also: Sequence[str]) -> None:
        """Replace what an earlier sitting wrote by what this one found, in one go at the end."""
        for point in result.front.points:
            self._keep(point.key, point.x)
        with TemporaryDirectory(prefix=".outputs-", dir=self.folder) as scratch:
            write_outputs(result, Path(scratch), stage=self.watch.stage)
            self.watch.stage("writing run.toml")
            # Written last: a folder with run.toml is a whole run.
            (self.folder / "run.toml").unlink(missing_ok=True)
            self.store.finish(result.front, **{JOINED: list(also)})
            for name in ("figures", "rasters"):
                shutil.rmtree(self.folder / name, ignore_errors=True)
            # They tell of the front that was there when they were written.
            for told in (path for name in TOLD for path in self.folder.glob(name)):
                told.unlink()
            for output in sorted(Path(scratch).iterdir()):
                output.replace(self.folder / output.name)
        partial = self.folder / "run.toml.partial"
        partial.write_text(toml.dumps(run_record(result, asked, self.begun)), encoding="utf-8")
        partial.replace(self.folder / "run.toml")


def write_outputs(result: Result, folder: Path, *, stage: Stage) -> None:
    """Write tables, texts, figures and layers of a result into its run directory."""
    from landfront.report.figures import write_figures
    from landfront.report.layers import layer_of
    from landfront.report.summary import summary

    stage("writing tables")
    for name, table in TABLES.items():
        table(result).to_csv(folder / name, index=False)
    with ThreadPoolExecutor(1) as beside:
        layers = None
        if result.formulation.landscape.geometry is not None:
            stage("writing plans.gpkg")
            layer_of(result)
            # Layers are written by GDAL and SQLite, figures drawn by Python: one core each.
            layers = beside.submit(_write_maps, result, folder)
        stage("drawing figures")
        warnings = write_figures(result, folder / "figures")
        if layers is not None:
            layers.result()
    result.kept.clear()  # a million shapes
    (folder / "summary.txt").write_text(summary(result, warnings=warnings), encoding="utf-8")


def _write_maps(result: Result, folder: Path) -> None:
    """Layers, and rasters where parcels are cells."""
    from landfront.report.layers import write_layers
    from landfront.report.rasters import FOLDER, write_rasters

    write_layers(result, folder / "plans.gpkg")
    write_rasters(result, folder / FOLDER)


def input_digests(study: Study) -> dict[str, str]:
    """SHA-256 of every file that the study reads, by name."""
    return {name: digest(path) for name, path in sorted(input_files(study).items())}


def digest(path: Path) -> str:
    """SHA-256 of a file, or of every file in a folder."""
    if path.is_dir():
        parts = [f"{entry.name} {digest(entry)}" for entry in sorted(path.iterdir())]
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def beginning(study: Study, folder: Path) -> dict[str, Any]:
    """What does not change while a run is made or resumed."""
    return {
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "study_path": _relative(study, folder),
        "study_digest": study.digest,
        "inputs": input_digests(study),
        "study": study.model_dump(mode="json", exclude_none=True, by_alias=True),
    }


def run_record(result: Result, asked: Request, begun: Mapping[str, Any]) -> dict[str, Any]:
    """What run.toml says."""
    return {
        "created": begun["created"],
        "study_path": begun["study_path"],
        "study_digest": begun["study_digest"],
        "seed": asked.seed,
        "request": asdict(asked),
        "versions": {"python": platform.python_version(), **{name: version(name) for name in PACKAGES}},
        "inputs": begun["inputs"],
        **result_record(result),
        "study": begun["study"],
    }


def result_record(result: Result) -> dict[str, Any]:
    """The part of run.toml that follows from the front and the input: `verify` computes it again."""
    front = result.front
    facts = [fact.proof for fact in front.facts]
    ideal, nadir, reference = (
        dict(zip(front.criteria, map(float, row), strict=True))
        for row in (front.ideal, front.nadir, front.reference)
    )
    return {
        "units": dict(result.units),
        "senses": {name: entry.sense for name, entry in result.formulation.study.criteria.items()},
        "baseline": dict(result.baseline),
        "ideal": ideal,
        "nadir": nadir,
        "reference": reference,
        "plans": [
            {
                "name": named.name,
                "point": named.point,
                "key": front.points[named.point].key,
                "label": named.label,
            }
            for named in result.named
        ],
        "certificate": {
            "complete": front.complete,
            "reason": front.reason,
            "detail": front.detail,
            "points": len(front),
            "gap": float(front.gap),
            "coverage": float(front.coverage),
            "bulge": float(front.bulge),
            "hypervolume": [float(value) for value in np.atleast_1d(front.hypervolume)],
            "facts": len(facts),
            "facts_recomputed": facts.count("recomputed"),
            "facts_claimed": facts.count("claimed"),
            "method": front.method,
            "solver": front.solver,
            "seconds": front.seconds,
            "solves": front.solves,
            "searches": front.searches,
        },
    }


def _relative(study: Study, folder: Path) -> str:
    """Path from the run to the study, so that both can be moved together."""
    return Path(os.path.relpath(study.folder.resolve(), folder.resolve())).as_posix()
