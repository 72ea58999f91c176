"""Loading a study: its tables become a landscape, a catalogue and effects, or one list of all faults."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
import pyarrow as pa

from landfront.instances import evidence
from landfront.instances.baselines import load_baselines
from landfront.instances.catalogue import Catalogue, load_catalogue
from landfront.instances.contiguous import block_faults, read_blocks
from landfront.instances.effect_table import effect_unit, names_in, read_effect_table
from landfront.instances.faults import Fault
from landfront.instances.habitats import Habitat, load_feature_effects, read_features
from landfront.instances.history import area_faults, read_earlier, read_granted, read_past
from landfront.instances.landscape import Geometry, Landscape
from landfront.instances.locks import read_locks
from landfront.instances.masks import read_masks
from landfront.instances.neighbours import read_neighbours
from landfront.instances.parcels import (
    needed_columns,
    read_area,
    read_covariates,
    read_cover,
    read_ids,
    read_regions,
    read_zones,
)
from landfront.instances.paths import input_files, inside
from landfront.instances.readers import has_geometry
from landfront.instances.references import name_faults
from landfront.instances.scenarios import Scenarios, load_scenarios
from landfront.instances.sheet import Faults, Floats, Sheet, open_sheet
from landfront.instances.study import Study

__all__ = [
    "Inputs",
    "effect_unit",
    "input_files",
    "load_baselines",
    "load_effect_table",
    "load_feature_effects",
    "load_inputs",
    "load_landscape",
    "load_scenarios",
]


@dataclass(frozen=True)
class Inputs:
    """What a study's tables hold.

    Attributes
    ----------
    landscape, catalogue
        The parcels and the interventions.
    effects
        The effect table, or None (`load_effect_table`).
    baselines
        Baseline per parcel by effect, shape (n,), where the study gives one (`load_baselines`).
    feature_change
        What interventions do to habitat, shape (features, K) (`load_feature_effects`).
    scenarios
        Of coefficients, where the study has any (`load_scenarios`).
    """

    landscape: Landscape
    catalogue: Catalogue
    effects: pd.DataFrame | None
    baselines: Mapping[str, Floats] = field(default_factory=dict)
    feature_change: Floats | None = None
    scenarios: Scenarios | None = None


def load_inputs(study: Study) -> Inputs:
    """Read everything a study names.

    Raises
    ------
    InputError
        With the faults of all tables together.
    """
    faults = Faults()
    landscape, ids = _landscape(study, faults)
    effects = read_effect_table(study, ids, faults)
    catalogue: Catalogue | None = None
    baselines: Mapping[str, Floats] = {}
    change: Floats | None = None
    scenarios: Scenarios | None = None
    with faults.caught():
        catalogue = load_catalogue(study, named=None if effects is None else names_in(effects))
    if landscape is not None and catalogue is not None:
        with faults.caught():
            baselines = load_baselines(study, landscape)
        with faults.caught():
            change = load_feature_effects(study, landscape, catalogue) if study.features else None
        with faults.caught():
            scenarios = load_scenarios(study, landscape, catalogue)
    if faults.found:
        # The models judge names when the tables are sound; else what study.toml alone shows is told here.
        faults.found += name_faults(study)
    faults.refuse()
    assert landscape is not None
    assert catalogue is not None
    pa.default_memory_pool().release_unused()  # what was read is many times what is kept
    return Inputs(landscape, catalogue, effects, baselines, change, scenarios)


def load_landscape(study: Study) -> Landscape:
    """Read the parcels, their regions, covariates, masks, locks and habitat features.

    Raises
    ------
    InputError
        With every fault of the parcel table and of the feature table.
    """
    faults = Faults()
    landscape, _ = _landscape(study, faults)
    faults.refuse()
    assert landscape is not None
    return landscape


def load_effect_table(study: Study, landscape: Landscape | None = None) -> pd.DataFrame:
    """Read the study's ``[effects]`` table.

    Parameters
    ----------
    study
        A study with a section ``[effects]``.
    landscape
        The study's landscape where it is at hand; read otherwise.

    Returns
    -------
    One row per option of the table, in its order and without ``keep``: parcel (int32, index into
    ``Landscape.ids``), intervention (a category among the file's names), and one float64 column per effect in
    its canonical unit.

    Raises
    ------
    InputError
        If there is no such section, or with every fault of the table.
    """
    faults = Faults()
    if study.effects is None:
        faults.found.append(Fault("study.toml", "effects", "missing", "Add a section [effects]."))
        faults.refuse()
    ids = (landscape or load_landscape(study)).ids
    table = read_effect_table(study, ids, faults)
    faults.refuse()
    assert table is not None
    return table


def _landscape(study: Study, faults: Faults) -> tuple[Landscape | None, pd.Index | None]:
    """Landscape, or None where there are faults; and the parcel ids where at least they could be read."""
    before = len(faults.found)
    parcels = study.parcels
    sheet = None
    with faults.caught():
        path = inside(study, parcels.source, "parcels.source")
        sheet = open_sheet(
            path,
            needed_columns(study),
            faults,
            layer=parcels.layer,
            encoding=parcels.encoding,
            named=(*parcels.regions, *parcels.groups),
        )
    ids = read_ids(sheet, parcels.id) if sheet is not None and sheet.has(parcels.id) else None
    features = read_features(study, ids, faults)
    landscape = _assemble(sheet, study, ids, features) if sheet is not None else None
    return (landscape if len(faults.found) == before else None), ids


def _assemble(sheet: Sheet, study: Study, ids: pd.Index | None, features: Habitat) -> Landscape | None:
    parcels, faults = study.parcels, sheet.faults
    area = read_area(sheet, parcels.area) if sheet.has(parcels.area.column) else None
    cover = read_cover(sheet, study)
    regions, region_names = read_regions(sheet, study)
    covariates = read_covariates(sheet, study, cover, area)
    zoned = parcels.growth_zone or parcels.growth_zone_shares
    zones, zone_share = read_zones(sheet, study, evidence.zone_names(study) if zoned else {})
    interventions = _interventions(study)
    masks = read_masks(sheet, study, interventions, area)
    locks = read_locks(sheet, study, interventions, area)
    geometry = _geometry(sheet, study)
    neighbours = read_neighbours(sheet, study, ids)
    levels = study.space.blocks if study.space else ()
    faults.found += block_faults(study, cover)
    if ids is None or area is None:
        return None
    past, earlier = read_past(study, ids, area, faults), read_earlier(study, ids, faults)
    granted = read_granted(study, ids, faults)
    faults.found += area_faults(study, ids, area, (past, earlier))
    if faults.found:
        return None
    blocks, block_names = read_blocks(study, ids, cover, neighbours)
    return Landscape(
        ids=ids,
        area=area,
        cover=cover[0],
        cover_codes=cover[1],
        levels=(*parcels.regions, *parcels.groups, *(said.name for said in levels)),
        groups=len(parcels.groups) + len(levels),
        regions=np.concatenate([regions, blocks], axis=1),
        region_names=(*region_names, *block_names),
        covariates=covariates,
        masks=masks,
        growth_zones=zones,
        zone_share=zone_share,
        features=features[0],
        feature_names=features[1],
        geometry=geometry,
        notes=tuple(dict.fromkeys(faults.notes)),
        locks=locks,
        past=past,
        earlier=earlier,
        granted=granted,
        neighbours=neighbours,
    )


def _interventions(study: Study) -> tuple[str, ...]:
    """What masks and locks may name; nothing where that table is at fault itself, which is told elsewhere."""
    if study.masks or study.locks:
        with Faults().caught():
            return evidence.known_interventions(study)
    return ()


def _geometry(sheet: Sheet, study: Study) -> Geometry | None:
    """Where the geometry is: wanted unless the study says no, and a fault if it is asked for and absent."""
    parcels = study.parcels
    if parcels.geometry is False:
        return None
    path = inside(study, parcels.source, "parcels.source")
    if has_geometry(path, layer=parcels.layer):
        encoding = str(sheet.frame.attrs.get("encoding", "utf-8"))
        return Geometry(path, parcels.layer, encoding, parcels.id)
    if parcels.geometry:
        sheet.fault("", "holds no geometry, but parcels.geometry = true", "Give a layer, or set it to false.")
    return None
