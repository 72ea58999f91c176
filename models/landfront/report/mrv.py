"""Monitoring, reporting and verification of a plan: what to count, how many plots, where, and a checklist.

Sources and sinks are the plan's strata, interventions by region. By the 95 % rule the largest are counted
until they make up that share of all absolute changes; what is dropped is listed. A checklist asks about the
five principles of the IPCC; people fill it, and no grade is given.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from landfront.instances.faults import Fault, refuse
from landfront.models.plan import Plan
from landfront.report.folder import new_folder
from landfront.report.quantities import percent, quantity
from landfront.report.sampling import along, grid, half_width, needed, neyman

if TYPE_CHECKING:
    import geopandas as gpd

Floats = NDArray[np.float64]
PLOT = 1.0 / 15.0
"""Area of a plot in ha where none is said: 1 mu, as in China's national forest inventory."""
COVERED = 0.95
PRINCIPLES = {
    "Transparency": "Are data, methods and assumptions written down so that others can repeat the figures?",
    "Accuracy": "Are estimates neither above nor below the truth as far as can be judged, and how uncertain?",
    "Consistency": "Are definitions, boundary, strata and methods the same in every year?",
    "Comparability": "Are categories and units those that the reporting scheme asks for?",
    "Completeness": "Are all sources, sinks, gases and parcels counted, and is what was left out listed?",
}


@dataclass(frozen=True)
class Asked:
    """What a monitoring plan shall reach.

    Attributes
    ----------
    precision, confidence
        Half the confidence interval as a share of the mean, and its confidence.
    plot
        Area of a plot, ha.
    covered
        Share of all absolute changes that must be counted.
    seed
        Of the random starts.
    """

    precision: float = 0.1
    confidence: float = 0.9
    plot: float = PLOT
    covered: float = COVERED
    seed: int = 0


@dataclass(frozen=True)
class Mrv:
    """A monitoring plan.

    Attributes
    ----------
    plan, criterion
        What is monitored, and the effect whose change is measured.
    asked
        What it shall reach.
    strata
        One row per stratum: ``region, intervention, parcels, area_ha, change, share, covered, counted, cv,
        cv_source, plots, half_width, plots_neyman``; what is dropped has no plots.
    points
        One row per plot: ``plot, region, intervention, parcel`` and ``x, y`` or ``within``, the share of
        the parcel's area before it.
    layer
        The plots as points, where the study has geometry.
    """

    plan: Plan
    criterion: str
    asked: Asked
    strata: pd.DataFrame
    points: pd.DataFrame
    layer: gpd.GeoDataFrame | None

    @property
    def dropped(self) -> pd.DataFrame:
        """Sources and sinks that are not counted."""
        return self.strata[~self.strata["counted"]].reset_index(drop=True)

    def write(self, folder: Path) -> None:
        """Write ``strata.csv``, ``dropped.csv``, ``points`` (.gpkg or .csv), a summary and the checklist.

        Raises
        ------
        InputError
            If the folder holds something, or cannot be written.
        """
        with new_folder(folder):
            self.strata.to_csv(folder / "strata.csv", index=False)
            self.dropped.to_csv(folder / "dropped.csv", index=False)
            if self.layer is not None:
                self.layer.to_file(folder / "points.gpkg", layer="points")
            else:
                self.points.to_csv(folder / "points.csv", index=False)
            (folder / "summary.txt").write_text(f"{self}\n", encoding="utf-8")
            (folder / "checklist.md").write_text(checklist(self.plan), encoding="utf-8")

    def __str__(self) -> str:
        """Say it in words."""
        return "\n".join(self._lines())

    def _lines(self) -> Iterator[str]:
        counted, asked = self.strata[self.strata["counted"]], self.asked
        unit = self.plan.formulation.effects[self.criterion].unit
        yield (
            f"Counted: {len(counted)} of {len(self.strata)} strata with "
            f"{percent(float(counted['share'].sum()))} of all changes of {self.criterion}"
        )
        if len(self.dropped):
            lost = quantity(float(self.dropped["change"].sum()), unit, signed=True)
            yield f"Dropped: {len(self.dropped)} strata with {lost} (dropped.csv)"
        yield (
            f"Plots of {asked.plot:.4g} ha for {percent(asked.precision)} at {percent(asked.confidence)} "
            f"confidence: {int(counted['plots'].sum())} in each stratum by itself, "
            f"{int(counted['plots_neyman'].sum())} for the total alone (Neyman)"
        )
        for row in counted.itertuples():
            name = " / ".join(filter(None, (str(row.region), str(row.intervention))))
            yield f"  {name}: {row.plots} plots on {row.area_ha:.4g} ha (cv {row.cv:g}, {row.cv_source})"
        yield f"Sample: {len(self.points)} points, systematic from a random start (seed {asked.seed})"


def monitor(
    plan: Plan,
    cv: float | pd.DataFrame,
    source: str = "",
    *,
    criterion: str = "carbon",
    by: str | None = None,
    asked: Asked | None = None,
) -> Mrv:
    """A monitoring plan for a plan.

    Parameters
    ----------
    cv
        Coefficient of variation of the change per ha between plots of a stratum: one for all, or a table
        ``intervention, cv, source``.
    source
        Where that number is from.
    criterion
        The effect that is measured.
    by
        Region level of the strata; none = interventions alone.

    Raises
    ------
    InputError
        If a number, criterion, level or the table is at fault, or the plan changes nothing.
    """
    asked = asked or Asked()
    _refuse_unfit(plan, criterion, by, asked)
    strata = _strata(plan, criterion, by, asked.covered)
    strata["cv"], strata["cv_source"] = _variation(strata, cv, source)
    counted = strata["counted"].to_numpy()
    strata["plots"], strata["plots_neyman"], strata["half_width"] = 0, 0, np.nan
    area, mean = (strata.loc[counted, name].to_numpy(np.float64) for name in ("area_ha", "change"))
    spread, population = strata.loc[counted, "cv"].to_numpy(np.float64), area / asked.plot
    ask = {"precision": asked.precision, "confidence": asked.confidence}
    plots = needed(spread, population, **ask)
    width = half_width(plots, spread, np.maximum(np.floor(population), 1.0), confidence=asked.confidence)
    strata.loc[counted, "plots"] = plots
    strata.loc[counted, "half_width"] = width
    strata.loc[counted, "plots_neyman"] = neyman(spread, mean / area, area, population, **ask)
    points, layer = _points(plan, strata, by, asked.seed)
    return Mrv(plan, criterion, asked, strata, points, layer)


def _refuse_unfit(plan: Plan, criterion: str, by: str | None, asked: Asked) -> None:
    formulation = plan.formulation
    if criterion not in formulation.sums:
        fix = f"Sums of this study: {', '.join(formulation.sums)}."
        refuse(Fault("mrv", "criterion", f"{criterion!r} is no criterion that is a sum", fix))
    if by is not None and by not in formulation.landscape.levels:
        fix = f"Levels: {', '.join(formulation.landscape.levels) or 'none'}."
        refuse(Fault("mrv", "by", f"unknown region level {by!r}", fix))
    for name in ("precision", "confidence", "covered"):
        value = getattr(asked, name)
        if not 0 < value < 1 and not (name == "covered" and value == 1):
            refuse(Fault("mrv", name, f"lies between 0 and 1, found {value:g}", "Give a share, such as 0.1."))
    if not (asked.plot > 0 and np.isfinite(asked.plot)):
        refuse(Fault("mrv", "plot", f"is an area above 0 ha, found {asked.plot:g}", "Give it in ha."))


def _strata(plan: Plan, criterion: str, by: str | None, covered: float) -> pd.DataFrame:
    """Treated strata by size of their change, and which of them count."""
    totals = plan.totals(by)
    totals = totals[(totals["intervention"] != "keep") & (totals["area_ha"] > 0)]
    columns = ["region", "intervention", "parcels", "area_ha", criterion]
    strata = totals[columns].rename(columns={criterion: "change"})
    size = strata["change"].abs()
    if not size.sum():
        fix = "Take a plan that changes it, or another criterion."
        refuse(Fault("mrv", "plan", f"changes nothing in {criterion}", fix))
    order = np.argsort(-size.to_numpy(), kind="stable")
    strata = strata.iloc[order].reset_index(drop=True)
    strata["share"] = strata["change"].abs() / size.sum()
    strata["covered"] = strata["share"].cumsum()
    # A stratum counts while those before it do not cover enough.
    strata["counted"] = strata["covered"] - strata["share"] < covered - 1e-12
    return strata


def _variation(strata: pd.DataFrame, cv: float | pd.DataFrame, source: str) -> tuple[Any, Any]:
    """Coefficient of variation of each stratum, and where it is from."""
    if not isinstance(cv, pd.DataFrame):
        if not (cv > 0 and np.isfinite(cv)):
            refuse(Fault("mrv", "cv", f"is a number above 0, found {cv:g}", "Give it as 0.4, say."))
        if not source.strip():
            rule = "a coefficient of variation without its source"
            refuse(Fault("mrv", "cv-source", rule, "Say where it is from: a pilot, an inventory, a paper."))
        return float(cv), source.strip()
    missing = [name for name in ("intervention", "cv", "source") if name not in cv.columns]
    refuse(*(Fault("cv table", name, "is missing", "Columns: intervention, cv, source.") for name in missing))
    twice = cv["intervention"][cv["intervention"].duplicated()].tolist()
    refuse(*(Fault("cv table", "intervention", f"{name} stands twice", "Keep one.") for name in twice))
    table = cv.set_index("intervention")
    lost = sorted(set(strata["intervention"]) - set(table.index))
    refuse(*(Fault("cv table", "intervention", f"no row for {name}", "Add it.") for name in lost))
    found = pd.to_numeric(strata["intervention"].map(table["cv"]), errors="coerce")
    said = strata["intervention"].map(table["source"]).fillna("").astype(str).str.strip()
    bad = strata["intervention"][~(found > 0) | (said == "")].tolist()
    fix = "Give a number above 0 and its source."
    refuse(*(Fault("cv table", "cv", f"{name} has no number or no source", fix) for name in bad))
    return found, said


def _points(
    plan: Plan, strata: pd.DataFrame, by: str | None, seed: int
) -> tuple[pd.DataFrame, gpd.GeoDataFrame | None]:
    """Plots of each counted stratum."""
    landscape = plan.formulation.landscape
    region_of, names = plan._regions(by)
    parcel, kind = plan.chosen["parcel"].to_numpy(), plan.chosen["kind"].to_numpy()
    kinds = np.array(plan.formulation.menu.interventions, dtype=object)[kind]
    regions = np.array(names, dtype=object)[region_of[parcel]]
    area = landscape.area[parcel] * plan.chosen["share"].to_numpy()
    shapes = _metric(plan)
    rows: list[pd.DataFrame] = []
    for number, row in enumerate(strata[strata["counted"]].itertuples()):
        rng = np.random.default_rng([seed, number])
        inside = np.flatnonzero((kinds == row.intervention) & (regions == row.region) & (area > 0))
        if shapes is None:
            place, within = along(area[inside], int(str(row.plots)), rng)
            where = {"within": within.round(4)}
        else:
            place, xy = grid(shapes.iloc[parcel[inside]], int(str(row.plots)), rng)
            where = {"x": xy[:, 0], "y": xy[:, 1]}
        found = landscape.ids.take(parcel[inside][place])
        rows.append(
            pd.DataFrame({"region": row.region, "intervention": row.intervention, "parcel": found, **where})
        )
    frame = pd.concat(rows, ignore_index=True)
    frame.insert(0, "plot", np.arange(1, len(frame) + 1))
    return (frame, None) if shapes is None else _layer(frame, shapes)


def _metric(plan: Plan) -> gpd.GeoSeries | None:
    """Shapes of the parcels in metres, None where the study has no geometry."""
    geometry = plan.formulation.landscape.geometry
    if geometry is None:
        return None
    from landfront.instances.readers import read_geometry

    shapes = read_geometry(geometry).geometry
    if shapes.crs is not None and shapes.crs.is_geographic:
        return shapes.to_crs(shapes.estimate_utm_crs())
    return shapes


def _layer(frame: pd.DataFrame, shapes: gpd.GeoSeries) -> tuple[pd.DataFrame, gpd.GeoDataFrame]:
    import geopandas as gpd

    place = gpd.points_from_xy(frame["x"], frame["y"], crs=shapes.crs)
    return frame, gpd.GeoDataFrame(frame.drop(columns=["x", "y"]), geometry=place)


def checklist(plan: Plan) -> str:
    """The five principles as questions to answer; nothing is filled in and nothing judged."""
    study = plan.formulation.study
    lines = [
        f"# Monitoring, reporting and verification: {study.title}",
        "",
        "The principles are those of the IPCC's guidelines. People answer; landfront gives no grade.",
        "",
        "| principle | question | answer and evidence | who | date |",
        "|---|---|---|---|---|",
        *(f"| {name} | {question} | | | |" for name, question in PRINCIPLES.items()),
        "",
    ]
    return "\n".join(lines)


def mrv(
    plan: Plan | str | Path,
    cv: float | str | pd.DataFrame,
    source: str = "",
    *,
    point: int = 0,
    plan_file: str | Path | None = None,
    criterion: str = "carbon",
    by: str | None = None,
    asked: Asked | None = None,
) -> Mrv:
    """A monitoring plan for a plan, for a point of a run, or for somebody's plan of a study.

    Parameters
    ----------
    plan
        A plan; a run directory with `point`; or a study with `plan_file`.
    cv, source, criterion, by, asked
        As `monitor`; `cv` may also be the name of a table's file.

    Raises
    ------
    InputError
        If run, study, plan, table or a number is at fault.
    """
    if isinstance(plan, str | Path):
        plan = _plan(Path(plan), point, plan_file)
    return monitor(plan, _read_cv(cv), source, criterion=criterion, by=by, asked=asked)


def _plan(place: Path, point: int, plan_file: str | Path | None) -> Plan:
    """The plan of a run's point, or that of a file."""
    if plan_file is None:
        from landfront.report.stored import plan_at

        return plan_at(place, point)[0]
    from landfront.instances.study import read_study
    from landfront.models.formulate import formulate
    from landfront.report.score import score

    return score(formulate(read_study(place)), Path(plan_file)).plan


def _read_cv(cv: float | str | pd.DataFrame) -> float | pd.DataFrame:
    if not isinstance(cv, str):
        return cv
    try:
        return float(cv)
    except ValueError:
        from landfront.instances.readers import read_table

        return read_table(Path(cv))
