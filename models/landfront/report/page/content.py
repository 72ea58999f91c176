"""What the page tells of a run, as plain values and arrays; every figure is one of the run's own tables."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from landfront.optimizer.rates import all_trade_offs, edges
from landfront.report.bars import level_of
from landfront.report.bounds_text import bounds_text
from landfront.report.explain_text import rule_words
from landfront.report.ground import Ground
from landfront.report.languages import criterion_label
from landfront.report.layers import LANGUAGES
from landfront.report.maps import AGREED
from landfront.report.no_regret import no_regret_of
from landfront.report.page.pack import differences
from landfront.report.page.picture import borders_of, picture_of
from landfront.report.proof_words import statement
from landfront.report.result import Result, labels_in
from landfront.report.shares import agreed_share, main_choice, range_of_shares
from landfront.report.style import colours
from landfront.report.summary import binding_limits, mark_counts
from landfront.report.tables import coefficients_table, limit_prices, menu_table

if TYPE_CHECKING:
    from landfront.instances.landscape import Landscape

Arrays = dict[str, NDArray[Any]]
MOST_REGIONS = 120
"""Regions of a level above which the page leaves the level to ``balance.csv``: too many to read."""
MOST_NAMES = 25
CONTESTED, FOUND, PROVEN = range(3)


def content_of(result: Result) -> tuple[dict[str, Any], Arrays]:
    """Everything that follows from the run and its study without solving anything again."""
    arrays: Arrays = {}
    content = {
        **_study(result),
        "criteria": _criteria(result),
        "kinds": _kinds(result),
        "front": _front(result),
        "rates": _rates(result),
        "levels": _levels(result, arrays),
        "limits": _limits(result, arrays),
        "regret": _regret(result, arrays),
        "map": _map(result, arrays),
        "evidence": _evidence(result),
        "excluded": [
            {**row, "why": {language: rule_words(str(row["reason"]), language) for language in LANGUAGES}}
            for row in menu_table(result.formulation).to_dict("records")
        ],
        "notes": list(result.formulation.notes),
    }
    _plans(result, arrays)
    return content, arrays


def _both(english: str, chinese: str | None) -> dict[str, str]:
    return {"en": english, "zh": chinese or english}


def _study(result: Result) -> dict[str, Any]:
    study, landscape = result.formulation.study.study, result.formulation.landscape
    return {
        "title": _both(study.title, study.title_zh),
        "sums": list(result.formulation.sums),
        "currency": study.currency,
        "price_year": study.price_year,
        "shared": study.decision == "share",
        "milestones": list(study.milestones),
        "parcels": len(landscape),
        "options": len(result.formulation.menu),
        "area": float(landscape.area.sum()),
        "yuan": result.in_yuan,
    }


def _criteria(result: Result) -> list[dict[str, Any]]:
    study = result.formulation.study
    chinese = {name: criterion_label(study, name, "zh") for name in result.criteria}
    several = Counter(chinese.values())
    return [
        {
            "name": name,
            # Two milestones of one effect have one word in the data dictionary.
            "label": _both(result.label(name), f"{label}（{name}）" if several[label] > 1 else label),
            "unit": result.units[name],
            "sense": study.criteria[name].sense,
            "baseline": result.baseline[name],
            "front": name in result.front.criteria,
            "steady": result.steady(name),
        }
        for name, label in chinese.items()
    ]


def _kinds(result: Result) -> list[dict[str, Any]]:
    names = result.formulation.menu.interventions
    palette = colours(names)
    english, chinese = (labels_in(result.formulation, language) for language in ("en", "zh"))
    return [
        {"name": name, "label": _both(english[name], chinese[name]), "colour": palette[name]}
        for name in names
    ]  # fmt: skip


def _front(result: Result) -> dict[str, Any]:
    front = result.front
    proofs = [fact.proof for fact in front.facts]
    return {
        "criteria": [result.criteria.index(name) for name in front.criteria],
        "values": result.values,
        "bounds": [point.bound for point in front.points],
        "gaps": [point.gap for point in front.points],
        "terminations": [point.termination for point in front.points],
        "named": [{"name": named.name, "point": named.point} for named in result.named],
        "knee": result.knee,
        "ideal": front.ideal,
        "nadir": front.nadir,
        "whole": bool(result.program.integer.any()),
        "complete": front.complete,
        "coverage": front.coverage,
        "bulge": front.bulge,
        "gap": front.gap,
        "reason": front.detail or front.reason,
        "method": front.method,
        "solver": front.solver,
        "seconds": front.seconds,
        "solves": front.solves,
        "facts": len(proofs),
        "recomputed": proofs.count("recomputed"),
        "statement": statement(result) if len(front) else "",
    }


def _rates(result: Result) -> dict[str, Any]:
    """Rates of exchange: by the half-planes at each point, and on edges of a front of two criteria."""
    front = result.front
    if len(front) < 2:
        return {}
    rates: dict[str, Any] = {"points": [frame.to_dict("records") for frame in all_trade_offs(front)]}
    if len(front.criteria) == 2:
        frame = edges(front, program=result.program)
        first, second = front.criteria
        names = {f"{first} from": "from", f"{first} to": "to", f"{second} from": "other_from",
                 f"{second} to": "other_to"}  # fmt: skip
        rates["edges"] = frame.rename(columns=names).to_dict("records")
    return rates


def _levels(result: Result, arrays: Arrays) -> list[dict[str, Any]]:
    """Areas by region and intervention, and who gains and loses, of every plan; the whole study first."""
    landscape = result.formulation.landscape
    levels: list[str | None] = [None]
    levels += [name for name in shown_levels(landscape) if len(result.front)]
    found = []
    for place, level in enumerate(levels):
        names, arrays[f"areas{place}"] = _areas(result, level)
        entry: dict[str, Any] = {"level": level or "", "regions": names}
        if level is not None:
            regions, arrays[f"changes{place}"], entry["area"] = _changes(result, level)
            assert regions == names
        found.append(entry)
    return found


def shown_levels(landscape: Landscape) -> list[str]:
    """Levels of regions that a reader can walk through, the one that fits a page first."""
    sizes = {level: len(names) for level, names in zip(landscape.levels, landscape.region_names, strict=True)}
    first = level_of(landscape)
    names = [name for name, size in sizes.items() if 1 < size <= MOST_REGIONS]
    return sorted(names, key=lambda name: name != first)


def _areas(result: Result, level: str | None) -> tuple[list[str], NDArray[np.float32]]:
    """Regions, and area in ha by plan, region and intervention, shape (s, R, K)."""
    kinds = pd.Index(result.formulation.menu.interventions)
    regions = pd.Index(_regions(result, level))
    found = np.zeros((len(result.front), len(regions), len(kinds)), np.float32)
    for point in range(len(result.front)):
        frame = result.plan(point).areas(level)
        row = regions.get_indexer(pd.Index(frame["region"].astype(str)))
        column = kinds.get_indexer(pd.Index(frame["intervention"].astype(str)))
        found[point, row, column] = frame["area_ha"]
    return regions.tolist(), found


def _regions(result: Result, level: str | None) -> list[str]:
    if level is None:
        return [""]
    return [str(name) for name in result.plan(0).balance(level)["region"]]


def _changes(result: Result, level: str) -> tuple[list[str], NDArray[np.float32], list[float]]:
    """Regions; treated ha, change and share of each summed criterion, shape (s, R, 1 + 2 q); area in ha."""
    sums = result.formulation.sums
    columns = ["treated_ha", *sums, *(f"{name}_share" for name in sums)]
    frames = [result.plan(point).balance(level) for point in range(len(result.front))]
    changes = np.array([frame[columns].to_numpy(np.float64) for frame in frames]).astype(np.float32)
    return [str(name) for name in frames[0]["region"]], changes, frames[0]["area_ha"].tolist()


def _limits(result: Result, arrays: Arrays) -> list[dict[str, Any]]:
    """Every limit row; its value, price and gain by 1 % in each plan, nan gain where it does not bind."""
    rows = result.formulation.limits
    shape = (len(result.front), len(rows))
    values, prices, gains = np.zeros(shape, np.float32), np.zeros(shape), np.full(shape, np.nan)
    for point in range(len(result.front) if rows else 0):
        values[point] = result.plan(point).limits()["value"]
        prices[point] = limit_prices(result, point)
        binding = binding_limits(result, point)
        gains[point, binding["row"].to_numpy(np.int64)] = binding["gain"]
    arrays |= {
        "limit_values": values,
        "limit_prices": prices.astype(np.float32),
        "limit_gains": gains.astype(np.float32),
    }
    return [
        {
            "name": row.name, "limit": row.limit, "region": row.region, "criterion": row.criterion,
            "unit": row.unit, "lower": row.lower, "upper": row.upper, "of": row.of, "owner": row.owner,
            "reason": row.reason, "words": bounds_text(row),
        }
        for row in rows
    ]  # fmt: skip


def _regret(result: Result, arrays: Arrays) -> dict[str, Any]:
    """What plans agree on: by parcel `PROVEN`, `FOUND` or `CONTESTED`, and ha by intervention of each."""
    if len(result.front) < 2:
        return {}
    formulation = result.formulation
    classes = np.full(len(formulation.landscape), CONTESTED, np.uint8)
    proven = len(result.front.criteria) == 2
    if proven:
        parcels = no_regret_of(result).parcels
        classes[parcels["agreed"]], classes[parcels["proven"]] = FOUND, PROVEN
    else:
        classes[agreed_share(result) >= AGREED] = FOUND
    arrays["regret"] = classes
    choice = main_choice(result, range_of_shares(result)[0])
    area, kinds = formulation.landscape.area, len(formulation.menu.interventions)
    cells = np.bincount(classes * kinds + choice, weights=area, minlength=3 * kinds).reshape(3, kinds)
    counts = np.bincount(classes, minlength=3)
    return {"proven": proven, "parcels": counts, "ha": cells.sum(axis=1), "by_kind": cells}


def _map(result: Result, arrays: Arrays) -> dict[str, Any]:
    """The picture of parcel numbers, borders and names of regions; empty without geometry."""
    landscape = result.formulation.landscape
    if landscape.geometry is None or not len(result.front):
        return {}
    if "picture" not in result.kept:
        ground = Ground.of(result)
        picture = picture_of(ground)
        result.kept["picture"] = ground, picture, borders_of(ground, picture)
    ground, picture, lines = result.kept["picture"]
    arrays["picture"] = picture.parcel
    arrays["parcel_region"] = ground.regions.astype(np.int32)
    arrays["borders"] = np.concatenate([np.zeros((0, 2)), *lines])
    arrays["border_ends"] = np.cumsum([len(line) for line in lines]).astype(np.int32)
    named = 1 < len(ground.names) <= MOST_NAMES
    return {
        "extent": list(picture.extent),
        "aspect": ground.aspect,
        "metres": ground.metres,
        "exact": picture.exact,
        "hidden": picture.hidden,
        "names": list(ground.names) if named else [],
        "places": ground.places if named else [],
        "regions": list(ground.names),
        "ids": [str(name) for name in landscape.ids.tolist()],
        "areas": landscape.area.astype(np.float32),
    }


def _plans(result: Result, arrays: Arrays) -> None:
    """The main choice of each parcel in each plan, as differences from plan to plan, shape (s, n)."""
    if "picture" not in arrays:
        return
    options = len(result.formulation.menu)
    shares = (np.asarray(point.x[:options], np.float64) for point in result.front.points)
    small = np.min_scalar_type(len(result.formulation.menu.interventions))
    arrays["choices"] = differences(np.array([main_choice(result, row) for row in shares]).astype(small))


def _evidence(result: Result) -> dict[str, Any]:
    """Coefficients with source and mark, and how many carry each mark."""
    frame = coefficients_table(result.formulation)
    return {"marks": mark_counts(frame) if len(frame) else {}, "rows": frame.to_dict("records")}
