"""A first study.toml for a layer: columns and codes are guessed, and every guess is said."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from landfront.instances.faults import Fault, InputError, refuse
from landfront.instances.guess import Guesses, guess
from landfront.instances.readers import LAYERS, TABLES, read_table
from landfront.instances.staging import staged

if TYPE_CHECKING:
    import pandas as pd

PLACEHOLDER = "FILL_IN"
SHAPEFILE_PARTS = (".shp", ".shx", ".dbf", ".prj", ".cpg")
HEAD = (
    "# A draft: what is marked 'guessed' is a guess from the layer's columns.\n"
    "# Check each guess, then run landfront check."
)
INTERVENTIONS = (
    "[interventions]\n"
    '# guessed: the whole catalogue; name fewer with use = ["..."] (landfront catalogue lists them)\n'
    'catalogue = "default"'
)
NO_NET_LOSS = (
    "# By default; loosen it or take it out with whoever answers for nature.\n"
    "[[limits]]\n"
    'name = "no_net_loss"\n'
    'criterion = "biodiversity"\n'
    'min = { share = 1.0, of = "baseline" }\n'
    'owner = "environment bureau"\n'
    'reason = "Drafted: no net loss of intactness against today"'
)
FORBIDS = (
    (r"line_pf|.*farmland.*", ("conversions", "agroforestry"), "permanent basic farmland stays open field"),
    (r"line_ud|.*urban.*", ("*",), "land for urban growth is not planned here"),
    (r".*", ("mixed_plantation", "mono_plantation", "sown_pasture"), "protected land: no plantations"),
)


def draft_study(layer: str | Path, folder: str | Path) -> tuple[Path, list[str]]:
    """Draft a study folder for a layer.

    Parameters
    ----------
    layer
        CSV, Parquet, Arrow, GeoPackage or Shapefile; copied into the folder unless it lies there already.
    folder
        Made if absent; must not hold a study yet.

    Returns
    -------
    tuple
        The study.toml, and one line for each guess and each gap. The file says the same in comments.

    Raises
    ------
    InputError
        If the layer cannot be read, is empty, or the folder already holds a study or cannot be written.
    """
    layer, folder = Path(layer), Path(folder)
    refuse(*_faults(layer, folder))
    name, notes = _layer_name(layer)
    frame = _read(layer, name)
    found = guess(frame)
    with staged(folder) as scratch:
        source = _bring(layer, folder, scratch)
        (scratch / "study.toml").write_text(_text(found, source, name), encoding="utf-8")
    return folder / "study.toml", notes + list(frame.attrs.get("notes", ())) + _notes(found)


def _faults(layer: Path, folder: Path) -> list[Fault]:
    faults = []
    if not layer.is_file():
        faults.append(Fault(str(layer), "", "no such file", "Give a table, a GeoPackage or a Shapefile."))
    elif layer.suffix.lower() not in TABLES | LAYERS:
        kinds = ", ".join(sorted(TABLES | LAYERS))
        faults.append(Fault(str(layer), "", f"{layer.suffix!r} is not read", f"Use one of {kinds}."))
    if (folder / "study.toml").exists():
        faults.append(Fault(str(folder), "", "already holds a study.toml", "Give a new folder."))
    return faults


def _layer_name(layer: Path) -> tuple[str | None, list[str]]:
    if layer.suffix.lower() != ".gpkg":
        return None, []
    import pyogrio

    try:
        names = [str(name) for name in pyogrio.list_layers(layer)[:, 0]]
    except pyogrio.errors.DataSourceError as error:
        fault = Fault(str(layer), "", f"cannot be read ({error})", "Check that it is a GeoPackage.")
        raise InputError([fault]) from error
    if not names:
        raise InputError([Fault(str(layer), "", "holds no layer", "Give a GeoPackage with parcels.")])
    others = f" (also there: {', '.join(names[1:])})" if len(names) > 1 else ""
    return names[0], [f"layer: {names[0]}, the first of {len(names)}{others}"]


def _read(layer: Path, name: str | None) -> pd.DataFrame:
    frame = read_table(layer, layer=name)
    if frame.empty:
        raise InputError([Fault(str(layer), "", "holds no rows", "Give a layer with parcels.")])
    return frame


def _bring(layer: Path, folder: Path, scratch: Path) -> str:
    """Copy the layer unless it lies inside the folder; returns the path as the study gives it."""
    inside = layer.resolve().is_relative_to(folder.resolve())
    if inside:
        return layer.resolve().relative_to(folder.resolve()).as_posix()
    shapefile = layer.suffix.lower() == ".shp"
    parts = [part for part in layer.parent.glob(f"{layer.stem}.*") if part.suffix.lower() in SHAPEFILE_PARTS]
    for part in parts if shapefile else [layer]:
        shutil.copy2(part, scratch / part.name)
    return layer.name


def _notes(found: Guesses) -> list[str]:
    guessed = [
        f"{key}: {column}{f' in {unit}' if unit else ''} ({found.why[key]})"
        for key, (column, unit) in found.columns.items()
    ]
    if found.regions:
        guessed.append(f"regions: {', '.join(found.regions)} (their names; each lies within the one before)")
    guessed += [
        f"mask: {name} (0 and 1, its name) forbids {', '.join(_forbid(name)[0])}" for name in found.masks
    ]
    if found.consent:
        guessed.append(f"consent: {found.consent} (0 and 1, its name)")
    guessed.append("interventions: the whole catalogue; currency: CNY; decision: whole")
    if _knows_intactness(found):
        guessed.append("limit no_net_loss: biodiversity stays at least what it is today, by default")
    return guessed + [f"missing {key}: {gap}" for key, gap in found.missing.items()]


def _forbid(name: str) -> tuple[tuple[str, ...], str]:
    return next((what, why) for pattern, what, why in FORBIDS if re.fullmatch(pattern, name, re.IGNORECASE))


def _quote(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


def _text(found: Guesses, source: str, layer: str | None) -> str:
    parts = [
        HEAD,
        _about(source),
        _parcels(found, source, layer),
        INTERVENTIONS,
        *(_mask(name) for name in found.masks),
        *([_consent(found.consent)] if found.consent else []),
        _criteria(found),
        _limits(found),
        _front(found),
    ]
    return "\n\n".join(parts) + "\n"


def _about(source: str) -> str:
    return "\n".join(
        [
            "[study]",
            f"title = {_quote(f'Draft for {source}')}",
            "# guessed: costs in CNY, one intervention per parcel",
            'currency = "CNY"',
            'decision = "whole"',
            "milestones = [2030, 2060]",
        ]
    )


def _parcels(found: Guesses, source: str, layer: str | None) -> str:
    lines = ["[parcels]", f"source = {_quote(source)}"]
    lines += [f"layer = {_quote(layer)}"] if layer else []
    for key in ("id", "area"):
        if key in found.missing:
            lines += [
                f"# MISSING: {found.missing[key]}",
                _line(found, key, (PLACEHOLDER, "ha" if key == "area" else "")),
            ]
    for key, place in found.columns.items():
        lines += [f"# guessed: {found.why[key]}", _line(found, key, place)]
    if found.regions:
        lines += [
            "# guessed: their names; each lies within the one before",
            f"regions = {_quote(list(found.regions))}",
        ]
    lines += [f"# missing {key}: {gap}" for key, gap in found.missing.items() if key not in ("id", "area")]
    return "\n".join(lines)


def _line(found: Guesses, key: str, place: tuple[str, str]) -> str:
    column, unit = place
    if key == "cover":
        return f"cover = {{ column = {_quote(column)}, code_system = {_quote(found.code_system)} }}"
    return (
        f"{key} = {{ column = {_quote(column)}, unit = {_quote(unit)} }}"
        if unit
        else f"{key} = {_quote(column)}"
    )


def _mask(column: str) -> str:
    forbid, why = _forbid(column)
    name = re.sub(r"\W|^(?=\d)", "_", column, flags=re.ASCII).lower()
    return "\n".join(
        [
            f"# guessed: {column} holds 0 and 1, and its name; what it forbids is a proposal",
            "[[masks]]",
            f"name = {_quote(name)}",
            f"column = {_quote(column)}",
            f"forbid = {_quote(list(forbid))}",
            f"reason = {_quote(f'Drafted: {why}')}",
        ]
    )


def _consent(column: str) -> str:
    return f"# guessed: parcels where {column} is 0 can only be kept\n[consent]\ncolumn = {_quote(column)}"


def _criteria(found: Guesses) -> str:
    lines = ["[criteria]", 'carbon = { sense = "max", milestone = 2060 }']
    lines += ['food = { sense = "max" }'] if _measures_food(found) else []
    lines += ['biodiversity = { sense = "max" }'] if _knows_intactness(found) else []
    lines += ['cropland = { sense = "max" }'] if "cover" in found.columns else []
    return "\n".join([*lines, 'cost = { sense = "min" }'])


def _measures_food(found: Guesses) -> bool:
    """Food is the harvest of cropland, so it needs both."""
    return {"grain_yield", "cover"} <= set(found.columns)


def _knows_intactness(found: Guesses) -> bool:
    """Intactness has a column, or follows from the land cover."""
    return not {"intactness", "cover"}.isdisjoint(found.columns)


def _limits(found: Guesses) -> str:
    return "\n\n".join([NO_NET_LOSS, _examples(found)] if _knows_intactness(found) else [_examples(found)])


def _examples(found: Guesses) -> str:
    scope = f"# by = {_quote(found.regions[-1])}\n" if found.regions else ""
    budget = '# [[limits]]\n# name = "budget"\n# criterion = "cost"\n# max = 1e9\n# owner = "finance bureau"'
    if not _measures_food(found):
        return f"# Limits are yours to set; an example:\n{budget}"
    return (
        f"# Limits are yours to set; two examples:\n{budget}\n#\n"
        '# [[limits]]\n# name = "grain"\n# criterion = "food"\n# min = { share = 0.95, of = "baseline" }\n'
        f'{scope}# owner = "agriculture bureau"'
    )


def _front(found: Guesses) -> str:
    second = "food" if _measures_food(found) else "cost"
    return f'[front]\ncriteria = ["carbon", "{second}"]\npoints = 40'
