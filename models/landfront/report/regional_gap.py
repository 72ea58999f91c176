"""Sources, sinks and the gap between them, per region and year: what emissions a plan leaves."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from landfront.instances.faults import Fault, refuse
from landfront.instances.readers import read_table
from landfront.instances.schema import near, some
from landfront.models.plan import Plan
from landfront.report.land_account import effect_of

COLUMNS = ("region", "year", "emissions")


def regional_gap(plan: Plan, emissions: str | Path, by: str) -> pd.DataFrame:
    """Table ``region, year, source, sink, gap`` in t CO2e per year, the whole land as region ``all``.

    Parameters
    ----------
    plan
        The plan, whose sink is that of the year that ends with each milestone.
    emissions
        Table ``region, year, emissions`` (t CO2e per year) for regions of the level `by` and milestones.
    by
        Region level or group.

    Raises
    ------
    InputError
        If the table, its regions or years do not fit the study.
    """
    table = _read(Path(emissions), plan, by)
    landscape = plan.formulation.landscape
    at = landscape.levels.index(by)
    names = landscape.region_names[at]
    parts = []
    for year in plan.formulation.study.study.milestones:
        here = table[table["year"] == year]
        rate = effect_of(plan, "carbon_rate", year)
        if here.empty or rate is None:
            continue
        region = landscape.regions[:, at].astype(np.int64) + 1
        sink = np.bincount(region, weights=plan.change_by_parcel(rate), minlength=len(names) + 1)[1:]
        source = here.set_index("region")["emissions"].reindex(names).fillna(0.0).to_numpy(np.float64)
        frame = pd.DataFrame({"region": names, "year": year, "source": source, "sink": sink})
        total = pd.DataFrame({"region": ["all"], "year": year, "source": source.sum(), "sink": sink.sum()})
        parts += [frame, total]
    if not parts:
        years = ", ".join(map(str, plan.formulation.study.study.milestones))
        rule = "nothing to compare: the table has no row of a milestone, or the study no carbon by year"
        refuse(Fault(Path(emissions).name, "year", rule, f"Give emissions in {years}."))
    found = pd.concat(parts, ignore_index=True)
    return found.assign(gap=found["source"] - found["sink"])


def _read(path: Path, plan: Plan, by: str) -> pd.DataFrame:
    landscape, study = plan.formulation.landscape, plan.formulation.study
    if by not in landscape.levels:
        fix = f"{near(by, landscape.levels)} Levels: {some(landscape.levels) or 'none'}.".strip()
        refuse(Fault("study.toml", "parcels.regions", f"unknown region level {by!r}", fix))
    if not path.is_file():
        refuse(Fault(str(path), "", "is missing", "Give a table with region, year and emissions."))
    table = read_table(path)
    gone = [name for name in COLUMNS if name not in table.columns]
    if gone:
        refuse(Fault(path.name, some(gone), "no such column", f"The table needs {', '.join(COLUMNS)}."))
    table = table[[*COLUMNS]].assign(
        year=pd.to_numeric(table["year"], errors="coerce"),
        emissions=pd.to_numeric(table["emissions"], errors="coerce"),
        region=table["region"].astype(str),
    )
    names, years = landscape.region_names[landscape.levels.index(by)], study.study.milestones
    wrong = table[table["emissions"].isna() | ~np.isfinite(table["emissions"])]
    strange = table[~table["region"].isin(names)]
    late = table[~table["year"].isin(years)]
    twice = table[table.duplicated(["region", "year"])]
    refuse(
        *_told(path, wrong, "emissions", "a number is needed", "Give t CO2e per year."),
        *_told(path, strange, "region", f"no region of the level {by!r}", f"Known: {some(names)}."),
        *_told(path, late, "year", "no milestone of the study", f"Milestones: {some(years)}."),
        *_told(path, twice, "region", "the same region and year twice", "Keep one."),
    )
    return table


def _told(path: Path, rows: pd.DataFrame, column: str, rule: str, fix: str) -> list[Fault]:
    """A fault with the first rows, or none."""
    if rows.empty:
        return []
    first = tuple((int(place) + 2, rows.loc[place, column]) for place in rows.index[:5])
    return [Fault(path.name, column, rule, fix, len(rows), first)]
