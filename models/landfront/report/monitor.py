r"""Observations held against a plan: what was expected by then, what is short of it, and early warnings.

Formula, for what a criterion c has in a scope S (a parcel, a region, everything) by the year t:

    expected_c(S, t) = sum over p in S of (b_c(p) + sum over chosen options (p, k) of e_c(p, k, t) * x(p, k))
    short            = (expected - observed) in the criterion's sense, over |expected - baseline|

A row warns when it is short by more than the tolerance. `calibration` gives for each intervention the
observed change of its parcels over the expected one: a factor by which its coefficients may be updated before
the plan is made again.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from landfront.instances.faults import Fault, refuse
from landfront.instances.paths import inside
from landfront.instances.readers import column_names
from landfront.instances.schema import near
from landfront.instances.sheet import Faults, Sheet, match_ids, open_sheet
from landfront.instances.study import Study
from landfront.models.effects import Effect
from landfront.models.plan import Plan
from landfront.models.registry import Effects
from landfront.optimizer.show import table
from landfront.report.chosen import chosen
from landfront.report.quantities import percent, quantity

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
TINY = 1e-9
"""Smallest expected change that a shortfall is a share of."""
SHOWN = 15
WANTED = ("parcel", "level", "region", "source")
TOLERANCE = 0.1


@dataclass(frozen=True)
class Monitored:
    """A plan beside what was observed.

    Attributes
    ----------
    plan
        The plan.
    rows
        ``criterion, year, parcel, level, region, source, observed, expected, baseline, short, warns``;
        `short` is a share of the expected change, negative where more was observed than expected.
    tolerance
        Share by which a row may be short.
    """

    plan: Plan
    rows: pd.DataFrame
    tolerance: float

    @property
    def warnings(self) -> pd.DataFrame:
        """The rows that warn, the shortest first."""
        found = self.rows[self.rows["warns"]]
        return found.sort_values("short", ascending=False, kind="stable", ignore_index=True)

    def disagreements(self) -> pd.DataFrame:
        """Where two sources observed the same and differ by more than the tolerance of the expected change.

        ``criterion, year, parcel, level, region, sources, least, most``.
        """
        key = ["criterion", "year", "parcel", "level", "region"]
        frame = self.rows.assign(size=(self.rows["expected"] - self.rows["baseline"]).abs())
        grouped = frame.groupby(key, dropna=False)
        found = grouped.agg(
            sources=("source", "nunique"),
            least=("observed", "min"),
            most=("observed", "max"),
            size=("size", "max"),
        ).reset_index()
        apart = (found["sources"] > 1) & (found["most"] - found["least"] > self.tolerance * found["size"])
        return found.loc[apart, [*key, "sources", "least", "most"]].reset_index(drop=True)

    def calibration(self) -> pd.DataFrame:
        """``criterion, intervention, parcels, observed, expected, factor`` of rows about single parcels.

        Changes against the baseline; only parcels that the plan gives one intervention as a whole.
        """
        frame = self.rows[self.rows["parcel"] != ""]
        menu, landscape = self.plan.formulation.menu, self.plan.formulation.landscape
        held = self.plan.chosen
        whole = held[(held["share"] > 1 - 1e-6) & (held["kind"] > 0)]
        names = pd.Series(
            np.array(menu.interventions, dtype=object)[whole["kind"].to_numpy()],
            index=landscape.ids.astype("str")[whole["parcel"].to_numpy()],
        )
        frame = frame.assign(
            intervention=frame["parcel"].map(names), seen=frame["observed"] - frame["baseline"],
            due=frame["expected"] - frame["baseline"],
        ).dropna(subset=["intervention"])  # fmt: skip
        grouped = frame.groupby(["criterion", "intervention"])
        found = grouped.agg(
            parcels=("parcel", "nunique"), observed=("seen", "sum"), expected=("due", "sum")
        ).reset_index()
        due = found["expected"].to_numpy(np.float64)
        found["factor"] = np.divide(
            found["observed"].to_numpy(np.float64),
            due,
            out=np.full(len(due), np.nan),
            where=np.abs(due) > TINY,
        )
        return found

    def to_json(self) -> dict[str, Any]:
        """The rows, the factors and where sources disagree, as plain values."""
        tables = {"rows": self.rows, "calibration": self.calibration(), "disagreements": self.disagreements()}
        return {name: frame.to_dict("records") for name, frame in tables.items()}

    def __str__(self) -> str:
        """Say it in words."""
        found, units = self.warnings, self.plan.formulation.units
        head = (
            f"{self.plan.formulation.study.title}: {len(self.rows):,} observations, {len(found):,} warn "
            f"(short of the expected change by more than {percent(self.tolerance)})"
        )
        lines = [head]
        if len(found):
            rows = [
                [row["criterion"], str(row["year"]), _where(row),
                 quantity(row["observed"], units[row["criterion"]]),
                 quantity(row["expected"], units[row["criterion"]]), percent(row["short"])]
                for row in found.head(SHOWN).to_dict("records")
            ]  # fmt: skip
            lines.append(table(("criterion", "year", "where", "observed", "expected", "short"), rows))
        return "\n".join([*lines, *self._factors(), *self._apart()])

    def _factors(self) -> Iterator[str]:
        for row in self.calibration().to_dict("records"):
            if np.isfinite(row["factor"]):
                yield (
                    f"{row['intervention']}: {row['criterion']} on {row['parcels']:,} parcels is "
                    f"{row['factor']:.3g} of what was expected."
                )

    def _apart(self) -> Iterator[str]:
        units = self.plan.formulation.units
        for row in self.disagreements().head(SHOWN).to_dict("records"):
            low, high = (quantity(row[end], units[row["criterion"]]) for end in ("least", "most"))
            place = f"{row['criterion']} of {_where(row)} in {row['year']}"
            yield f"Sources disagree on {place}: {low} to {high}."


def _where(row: Any) -> str:
    return str(row["parcel"] or row["region"] or "everything")


def monitor(
    plan: Plan | str | Path,
    observed: str | Path,
    *,
    tolerance: float = TOLERANCE,
    study: Study | str | Path | None = None,
) -> Monitored:
    """Hold a plan against a table of observations.

    Parameters
    ----------
    plan
        A plan, a run (``"RUN:3"`` for a point), or a table of a plan.
    observed
        Table: criterion, year, observed (a total), and parcel, or level and region, or neither; as wanted
        source.
    tolerance
        Share of the expected change by which an observation may be short before it warns.
    study
        Where the study of a run is now, or the study of a table.

    Raises
    ------
    InputError
        If the plan or the table is at fault; every fault of the table is listed.
    """
    if not 0 <= tolerance < 1:
        rule = f"must be a share from 0 to 1, 1 excluded, found {tolerance!r}"
        refuse(Fault("monitor", "tolerance", rule, "Mend that value."))
    held = plan if isinstance(plan, Plan) else chosen(plan, study=study).plan
    return held_against(held, Path(observed), tolerance)


def monitored_by_study(plan: Plan) -> Monitored | None:
    """A plan against the observations that its study names, or None where it names none."""
    asked = plan.formulation.study.monitoring
    if asked is None:
        return None
    path = inside(plan.formulation.study, asked.source, "monitoring.source")
    return held_against(plan, path, asked.tolerance)


def held_against(plan: Plan, path: Path, tolerance: float) -> Monitored:
    """A plan against a table of observations."""
    faults = Faults()
    names: list[str] = []
    with faults.caught():
        names = column_names(path)
    faults.refuse()
    columns = [name for name in WANTED if name in names]
    sheet = open_sheet(path, ["criterion", "year", "observed", *columns], faults)
    faults.refuse()
    assert sheet is not None
    frame, places = _read(plan, sheet)
    faults.refuse()
    expected, baseline = _expected(plan, frame, places)
    senses = plan.formulation.study.criteria
    sign = frame["criterion"].map(
        {name: 1.0 if entry.sense == "max" else -1.0 for name, entry in senses.items()}
    )
    off = sign.to_numpy(np.float64) * (expected - frame["observed"].to_numpy(np.float64))
    short = off / np.maximum(np.abs(expected - baseline), TINY)
    rows = frame.assign(expected=expected, baseline=baseline, short=short, warns=short > tolerance)
    return Monitored(plan, rows, tolerance)


def _read(plan: Plan, sheet: Sheet) -> tuple[pd.DataFrame, Ints]:
    """The rows as text and numbers, and the place of each one's parcel, -1 for none."""
    study, landscape = plan.formulation.study, plan.formulation.landscape
    blank = pd.Series("", index=sheet.frame.index, dtype="str")
    text = {name: sheet.text(name, missing="ok").fillna("") if sheet.has(name) else blank for name in WANTED}
    criterion = sheet.text("criterion")
    sums = plan.formulation.sums
    unknown = ~criterion.isin(sums).to_numpy()
    hint = near(str(criterion[unknown].iloc[0]), sums) if unknown.any() else ""
    sheet.fault("criterion", "is no criterion of the plan that is a sum",
                f"{hint} Criteria: {', '.join(sums)}.".strip(), where=unknown)  # fmt: skip
    year = sheet.number("year")
    sheet.fault("year", f"is no year from {study.study.start_year} on", "Give a year such as 2027.",
                where=~((year >= study.study.start_year) & (year % 1 == 0)))  # fmt: skip
    given = (text["parcel"] != "").to_numpy()
    place = match_ids(landscape.ids, text["parcel"])
    if sheet.has("parcel"):
        sheet.fault("parcel", "unknown parcel", "Use the ids of the study.", where=given & (place < 0))
    _regions(sheet, plan, (text["level"], text["region"]), given)
    frame = pd.DataFrame({"criterion": criterion, "year": np.nan_to_num(year).astype(np.int64), **text})
    return frame.assign(observed=sheet.number("observed")), np.where(given, place, -1)


def _regions(sheet: Sheet, plan: Plan, scope: tuple[pd.Series, pd.Series], given: NDArray[np.bool_]) -> None:
    """Faults of levels and regions: both or none, known, and not beside a parcel."""
    landscape, (level, region) = plan.formulation.landscape, scope
    if not (sheet.has("level") and sheet.has("region")):
        if sheet.has("level") or sheet.has("region"):
            sheet.fault("level", "level and region belong together", "Give both columns.")
        return
    half = ((level == "") != (region == "")).to_numpy()
    sheet.fault("region", "level without region, or region without level", "Give both or none.", where=half)
    sheet.fault("region", "stands beside a parcel", "Give either.", where=given & (region != "").to_numpy())
    fix = f"Levels: {', '.join(landscape.levels) or 'none'}."
    wrong = (level != "").to_numpy() & ~level.isin(landscape.levels).to_numpy()
    sheet.fault("level", "unknown region level", fix, where=wrong)
    for place, name in enumerate(landscape.levels):
        here = (level == name).to_numpy() & ~half & ~region.isin(landscape.region_names[place]).to_numpy()
        sheet.fault("region", f"unknown region of {name}", "Use the names of the parcels' table.", where=here)


def _expected(plan: Plan, frame: pd.DataFrame, places: Ints) -> tuple[Floats, Floats]:
    """Total that the plan has in each row's scope by its year, and its baseline, shape (rows,) each."""
    count = len(plan.formulation.landscape)
    change, baseline = np.zeros(len(frame)), np.zeros(len(frame))
    parcel = plan.chosen["parcel"].to_numpy(np.int64)
    order, found = pd.factorize(pd.MultiIndex.from_frame(frame[["criterion", "year"]]))
    for number, (criterion, year) in enumerate(found):
        at = np.flatnonzero(order == number)
        effect = _effect_by(plan, str(criterion), int(year))
        gained: Floats = np.zeros(count)
        np.add.at(gained, parcel, plan.change_by_option(effect))
        rows, where = frame.iloc[at], places[at]
        change[at] = _in_scopes(plan, rows, where, gained)
        baseline[at] = _in_scopes(plan, rows, where, np.asarray(effect.baseline, dtype=np.float64))
    return baseline + change, baseline


def _effect_by(plan: Plan, criterion: str, year: int) -> Effect:
    """The effect of a criterion by a year; effects of a table have no years and stand as they are."""
    formulation = plan.formulation
    effects, effect = formulation.effects, formulation.study.effect_of(criterion)
    if isinstance(effects, Effects) and effects.sources.by_milestone(effect):
        return effects.sources.effect(effect, key=criterion, year=year)
    return effects[criterion]


def _in_scopes(plan: Plan, rows: pd.DataFrame, places: Ints, values: Floats) -> Floats:
    """Sum over each row's parcel, region or everything of values per parcel, shape (rows,)."""
    landscape = plan.formulation.landscape
    found = np.where(places >= 0, values[places], values.sum())
    level = rows["level"].to_numpy()
    for at, name in enumerate(landscape.levels):
        here = np.flatnonzero(level == name)
        if len(here):
            region = landscape.regions[:, at]
            sums = np.bincount(region[region >= 0], weights=values[region >= 0],
                               minlength=len(landscape.region_names[at]))  # fmt: skip
            index = pd.Index(landscape.region_names[at]).get_indexer(
                pd.Index(rows["region"].to_numpy()[here])
            )
            found[here] = sums[index]
    return np.asarray(found)
