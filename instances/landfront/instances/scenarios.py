"""Scenarios of coefficients: factors by which effects of interventions in regions are multiplied.

A table has one row per factor: ``scenario, effect, intervention, factor``, and where the study says so
``region`` and ``probability``. ``*`` stands for every intervention or region that no other row names; a row
with a name wins, that of the intervention before that of the region.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from landfront.instances.catalogue import Catalogue
from landfront.instances.faults import Fault, refuse
from landfront.instances.landscape import Landscape
from landfront.instances.paths import inside
from landfront.instances.readers import column_names
from landfront.instances.schema import near, some
from landfront.instances.sheet import Faults, Sheet, open_sheet
from landfront.instances.study import Study

Floats = NDArray[np.float64]
EVERY = "*"
SUM = 1e-6
"""How far probabilities may sum from 1: what six digits a number leave of it."""
KEY = ["scenario", "effect", "intervention", "region"]


@dataclass(frozen=True)
class Scenarios:
    """S scenarios of coefficients.

    Attributes
    ----------
    names, probability
        Name and probability of each, shape (S,).
    level
        Region level of the factors, empty where they hold everywhere.
    regions
        Regions of the level, R of them; one without a name where there is no level.
    factors
        By effect, factor of each scenario, intervention of the catalogue and region, shape (S, I, R).
    notes
        What a user should know of how they came about.
    """

    names: tuple[str, ...]
    probability: Floats
    level: str
    regions: tuple[str, ...]
    factors: Mapping[str, Floats]
    notes: tuple[str, ...] = ()

    def __len__(self) -> int:
        """Number of scenarios."""
        return len(self.names)

    def place(self, landscape: Landscape) -> NDArray[np.int64]:
        """Region of each parcel as an index, shape (n,)."""
        if not self.level:
            return np.zeros(len(landscape), dtype=np.int64)
        return landscape.regions[:, landscape.levels.index(self.level)].astype(np.int64)


def load_scenarios(study: Study, landscape: Landscape, catalogue: Catalogue) -> Scenarios | None:
    """The scenarios that a study names or has drawn, or None.

    Raises
    ------
    InputError
        If the table cannot be read, has faults or does not match parcels and catalogue; or ranges to draw
        from do not fit.
    """
    risk = study.risk
    if risk is None:
        return None
    regions = regions_of(risk.by, landscape)
    if risk.draw is not None:
        from landfront.instances.draws import drawn

        return drawn(study, regions, catalogue)
    assert risk.source is not None
    faults = Faults()
    sheet = _sheet(study, risk.source, faults)
    faults.refuse()
    assert sheet is not None
    found = _read(sheet, risk.by or "", regions, catalogue)
    faults.refuse()
    assert found is not None
    return found


def regions_of(level: str | None, landscape: Landscape) -> tuple[str, ...]:
    """Regions of a level, each parcel in one; a single one without a name where there is no level.

    Raises
    ------
    InputError
        If there is no such level, or parcels without a region of it.
    """
    if level is None:
        return ("",)
    if level not in landscape.levels:
        fix = f"Levels: {', '.join(landscape.levels) or 'none, name columns under parcels.regions'}."
        refuse(Fault("study.toml", "risk.by", f"unknown region level {level!r}", fix))
    at = landscape.levels.index(level)
    lost = np.flatnonzero(landscape.regions[:, at] < 0)
    if len(lost):
        rows = tuple((landscape.ids[p], "") for p in lost[:5])
        fix = "Give every parcel its region, or leave risk.by out."
        refuse(Fault("parcels", level, "no region, but risk.by needs it", fix, len(lost), rows))
    return landscape.region_names[at]


def _sheet(study: Study, source: str, faults: Faults) -> Sheet | None:
    """The table; region and probability may be left out."""
    path = inside(study, source, "risk.source")
    with faults.caught():
        known = column_names(path)
        more = [name for name in ("region", "probability") if name in known]
        return open_sheet(path, ["scenario", "effect", "intervention", "factor", *more], faults)
    return None


def _read(sheet: Sheet, level: str, regions: tuple[str, ...], catalogue: Catalogue) -> Scenarios | None:
    """Scenarios of a table, or None where it has faults."""
    before = len(sheet.faults.found)
    frame = pd.DataFrame({name: sheet.text(name).to_numpy() for name in KEY[:3]})
    frame["region"] = sheet.text("region", missing="keep").fillna(EVERY) if sheet.has("region") else EVERY
    frame["factor"] = sheet.number("factor")
    _check_rows(sheet, frame, level, regions, catalogue)
    names = tuple(dict.fromkeys(frame["scenario"]))
    probability = _probabilities(sheet, frame, names)
    if len(sheet.faults.found) > before:
        return None
    factors = {
        str(effect): _filled(part, names, catalogue.interventions, regions)
        for effect, part in frame.groupby("effect", sort=False)
    }
    _check_filled(sheet, factors, names, catalogue.interventions, regions)
    return Scenarios(names, probability, level, regions, factors)


def _check_rows(
    sheet: Sheet, frame: pd.DataFrame, level: str, regions: Sequence[str], catalogue: Catalogue
) -> None:
    """Names are known, factors are not negative, and no combination stands twice."""
    known = sorted({EVERY, *catalogue.interventions[1:], *catalogue.known} - {"keep"})
    _check_known(sheet, "intervention", frame["intervention"], known)
    if level:
        _check_known(sheet, "region", frame["region"], [EVERY, *regions])
    elif sheet.has("region"):
        fix = "Say which level they are of: risk.by."
        sheet.fault("region", "regions without a level", fix, where=(frame["region"] != EVERY).to_numpy())
    negative = (frame["factor"] < 0).to_numpy()
    sheet.fault("factor", "negative factor", "Give a number from 0 on: 1 leaves the effect.", where=negative)
    twice = frame.duplicated(KEY, keep=False).to_numpy()
    sheet.fault("scenario", f"duplicate row ({', '.join(KEY)})", "Keep one.", where=twice)


def _check_known(sheet: Sheet, column: str, values: pd.Series, known: Sequence[str]) -> None:
    unknown = ~values.isin(known).to_numpy()
    hint = near(str(values[unknown].iloc[0]), known) if unknown.any() else ""
    sheet.fault(column, f"unknown {column}", f"{hint} Known: {some(known, 30)}.".strip(), where=unknown)


def _probabilities(sheet: Sheet, frame: pd.DataFrame, names: Sequence[str]) -> Floats:
    """Probability of each scenario; the same for all where the table has none."""
    if not sheet.has("probability"):
        return np.full(len(names), 1.0 / max(len(names), 1))
    given = sheet.number("probability")
    outside = (given < 0) | (given > 1)
    sheet.fault("probability", "not between 0 and 1", "Give a share.", where=outside)
    by_name = pd.Series(given).groupby(frame["scenario"].to_numpy())
    differ = (by_name.transform("max") != by_name.transform("min")).to_numpy()
    rule = "several probabilities for one scenario"
    sheet.fault("probability", rule, "Repeat the same number in each of its rows.", where=differ)
    found = by_name.first().loc[list(names)].to_numpy(np.float64)
    total = float(found.sum())
    if not (outside.any() or differ.any() or np.isnan(total)) and abs(total - 1.0) > SUM:
        rule = f"probabilities of the {len(names)} scenarios sum to {total:.6g}, not to 1"
        sheet.fault("probability", rule, "Mend them, or leave the column out: all alike.")
    return np.asarray(found / total if total > 0 else found, dtype=np.float64)


def _filled(
    part: pd.DataFrame, names: Sequence[str], interventions: Sequence[str], regions: Sequence[str]
) -> Floats:
    """Factors of one effect, shape (S, I, R), nan where no row says one; rows with names win."""
    factors = np.full((len(names), len(interventions), len(regions)), np.nan)
    scenario = pd.Index(names).get_indexer(pd.Index(part["scenario"]))
    kind = pd.Index(interventions).get_indexer(pd.Index(part["intervention"]))
    region = pd.Index(regions).get_indexer(pd.Index(part["region"]))
    value = part["factor"].to_numpy(np.float64)
    any_kind = (part["intervention"] == EVERY).to_numpy()
    any_region = (part["region"] == EVERY).to_numpy()
    every = slice(None)
    at = any_kind & any_region
    factors[scenario[at]] = value[at, None, None]
    at = any_kind & ~any_region
    factors[scenario[at], :, region[at]] = value[at, None]
    at = ~any_kind & any_region & (kind >= 0)
    factors[scenario[at], kind[at], every] = value[at, None]
    at = ~any_kind & ~any_region & (kind >= 0)
    factors[scenario[at], kind[at], region[at]] = value[at]
    factors[:, 0] = 1.0  # keep changes nothing
    return factors


def _check_filled(
    sheet: Sheet,
    factors: Mapping[str, Floats],
    names: Sequence[str],
    interventions: Sequence[str],
    regions: Sequence[str],
) -> None:
    """Every scenario has a factor for each effect, intervention in use and region."""
    for effect, table in factors.items():
        empty = np.argwhere(np.isnan(table))
        if len(empty):
            first = [
                ", ".join(filter(None, (names[s], effect, interventions[i], regions[r])))
                for s, i, r in empty[:5].tolist()
            ]
            rule = f"no factor for {len(empty)} combinations, such as {'; '.join(first)}"
            fix = "Add their rows; * stands for every intervention or region without a row of its own."
            sheet.fault("factor", rule, fix)
