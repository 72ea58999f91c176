"""Files of a study: their paths stay inside its folder, and all of them can be listed."""

from __future__ import annotations

import os
from pathlib import Path

from landfront.instances.faults import Fault, InputError
from landfront.instances.study import Study

_SIDECARS = (".shx", ".dbf", ".cpg", ".prj")


def inside(study: Study, name: str, key: str) -> Path:
    """Path of a file that study.toml names; `key` is the dotted key, for messages.

    The path as written is judged, so that a link inside the folder may point elsewhere.

    Raises
    ------
    InputError
        If the path leaves the study's folder.
    """
    folder = os.path.abspath(study.folder)
    path = os.path.normpath(os.path.join(folder, name))
    if path != folder and not path.startswith(folder.rstrip(os.sep) + os.sep):
        fix = "Copy or link the file into the folder of study.toml and name it from there."
        raise InputError([Fault("study.toml", key, f"{name!r} lies outside the study folder", fix)])
    return Path(path)


def beside(study: Study, name: str) -> Path:
    """Path of a file that earlier work has left, such as a plan of a run, which need not lie inside."""
    return Path(os.path.normpath(os.path.join(os.path.abspath(study.folder), name)))


def input_files(study: Study) -> dict[str, Path]:
    """Every file that a study reads, by its path relative to the study folder, in a fixed order.

    Files that do not exist are left out; reading them says so.
    """
    folder = Path(os.path.abspath(study.folder))
    paths = [folder / "study.toml"]
    for key, name in _named(study):
        path = inside(study, name, key)
        paths += [path, *_beside(path)]
    found = {path.relative_to(folder).as_posix(): path for path in paths if path.is_file()}
    for name, part in (("previous", study.previous), ("requests", study.requests)):
        if part is not None and (path := beside(study, part.source)).is_file():
            found[f"{name}{path.suffix}"] = path  # wherever it lies, so that runs can be moved
    return found


def _named(study: Study) -> list[tuple[str, str]]:
    named = [("parcels.source", study.parcels.source)]
    if study.effects is not None:
        named.append(("effects.source", study.effects.source))
    if study.features is not None:
        named += [("features.source", study.features.source), ("features.effects", study.features.effects)]
    if study.space is not None and study.space.edges is not None:
        named.append(("space.edges.source", study.space.edges.source))
    if study.carbon.profiles is not None:
        named.append(("carbon.profiles", study.carbon.profiles))
    if study.risk is not None and study.risk.source is not None:
        named.append(("risk.source", study.risk.source))
    if study.history is not None:
        named.append(("history.source", study.history.source))
    if study.monitoring is not None:
        named.append(("monitoring.source", study.monitoring.source))
    named += [("masks.source", mask.source) for mask in study.masks if mask.source]
    if isinstance(study.baseline, str):
        named.append(("baseline", study.baseline))
    named += [("limits.bounds", limit.bounds) for limit in study.limits if limit.bounds]
    if study.interventions.catalogue != "default":
        folder = study.interventions.catalogue
        named += [("interventions.catalogue", f"{folder}/{name}") for name in CATALOGUE_FILES]
    return named


CATALOGUE_FILES = ("interventions.csv", "coefficients.csv", "growth_curves.csv")
"""Files of a catalogue; the growth curves may be left out."""


def _beside(path: Path) -> list[Path]:
    """Files that belong to a Shapefile."""
    if path.suffix.lower() != ".shp":
        return []
    names = [path.with_suffix(case(suffix)) for suffix in _SIDECARS for case in (str.lower, str.upper)]
    return [name for name in names if name.is_file()]
