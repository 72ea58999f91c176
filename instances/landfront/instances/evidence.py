"""Evidence: the numbers of a catalogue that a study uses, chosen among sets, in its currency."""

from __future__ import annotations

from collections.abc import Container, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from landfront.instances import codes
from landfront.instances.book import (
    COEFFICIENTS,
    DEFAULT,
    INTERVENTIONS,
    MONEY,
    Book,
    packaged,
    packaged_book,
    read_book,
    split_codes,
)
from landfront.instances.catalogue import KEEP, KEEP_LABELS, Catalogue
from landfront.instances.effect_table import interventions_of_table
from landfront.instances.faults import Fault
from landfront.instances.money import to_currency
from landfront.instances.paths import inside
from landfront.instances.profiles import read_profiles
from landfront.instances.readers import read_table
from landfront.instances.schema import by_key, near, some
from landfront.instances.sheet import Faults
from landfront.instances.study import Study
from landfront.instances.units import UnitError, convert

REGRESSION, REGROWTH = "regrowth_by_precipitation.csv", "natural_forest_restoration"
COLUMNS = (
    "intervention",
    "parameter",
    "set",
    "value",
    "low",
    "high",
    "unit",
    "period",
    "source",
    "verified",
    "note",
)
FLUXES = ("flux_1", "years_1", "flux_2", "years_2")
"""What a profile replaces."""
WOOD = ("wood_harvest", "wood_halflife", "wood_substitution", "below_share")
FORAGE = ("forage_effect", "forage_added", "livestock_effect")
QUIET = ("takes_cropland", "makes_cropland", "msa_gain", "yield_after", *FORAGE, *WOOD)
"""Parameters that nobody misses where they are not given: their default makes no row of evidence."""

FROM_DICTIONARY = "data dictionary (tables/coefficients.csv)"


def build(study: Study, named: Sequence[str] | None) -> Catalogue:
    """See `catalogue.load_catalogue`."""
    faults = Faults()
    book = read_book(study, faults)
    faults.refuse()
    assert book is not None
    if study.effects is not None:
        return _labels_only(study, book, faults, named)
    by_default = tuple(book.interventions.index[book.interventions["by_default"] == "1"])
    names = _in_use(study, tuple(book.interventions.index), book.name, faults, by_default=by_default)
    _check_sets(study, book, faults)
    profiles = read_profiles(study, tuple(book.interventions.index), faults)
    faults.refuse()
    chosen = _choose(book.numbers, names, study)
    _check_needed(book, chosen, names, faults, profiles)
    _check_factors(study, names, faults)
    evidence = _modified(_in_currency(_with_defaults(chosen, names, book), study, faults), study)
    faults.refuse()
    replaced = evidence["parameter"].isin(FLUXES) & evidence["intervention"].isin(profiles)
    evidence = evidence[~replaced].reset_index(drop=True)
    matrix = _matrix(book, names, evidence)
    curved = np.array([name in profiles for name in (KEEP, *names)])
    for key in FLUXES:
        matrix[key][curved] = 0.0
    return replace(_catalogue(book, names, coefficients=matrix, evidence=evidence), profiles=profiles)


def known_interventions(study: Study) -> tuple[str, ...]:
    """Interventions that a study can use: those of its effect table, else those of its catalogue."""
    faults = Faults()
    if study.effects is not None:
        return interventions_of_table(study, inside(study, study.effects.source, "effects.source"))
    book = read_book(study, faults)
    faults.refuse()
    assert book is not None
    return tuple(book.interventions.index)


def zone_names(study: Study) -> dict[str, str]:
    """Growth zones of a study's catalogue by each spelling that is known."""
    book = read_book(study, Faults())
    return {} if book is None else book.zones


def describe(study: Study | None, language: str) -> pd.DataFrame:
    """See `catalogue.describe`."""
    if study is None:
        book = packaged_book()
        table = book.numbers.rename(columns={"mean": "value"})
        labels = book.interventions[f"name_{language}"]
    else:
        catalogue = build(study, None)
        table = catalogue.evidence
        labels = pd.Series(catalogue.labels[language], index=catalogue.interventions)
    if study is None or study.carbon.curve == "precipitation":
        table = pd.concat([table, _regression()], ignore_index=True)
    table = table[[*COLUMNS]].reset_index(drop=True)
    table.insert(1, "name", table["intervention"].map(labels))
    return table


def _regression() -> pd.DataFrame:
    """Constants of regrowth by precipitation (``[carbon] curve = "precipitation"``), as rows of evidence."""
    table = read_table(packaged() / REGRESSION).fillna("")
    table = table.rename(columns={"constant": "parameter"})
    return table.assign(intervention=REGROWTH, set="precipitation", low=np.nan, high=np.nan, period="")


def _in_use(
    study: Study, known: Sequence[str], where: str, faults: Faults, *, by_default: Sequence[str] | None = None
) -> tuple[str, ...]:
    """Interventions in use, in the order that the study gives; without it those `by_default`, else all."""
    use = study.interventions.use
    usual = known if by_default is None else by_default
    names = tuple(dict.fromkeys(name for name in use if name != KEEP)) or tuple(usual)
    for name in names:
        if name not in known:
            fix = f"{near(name, known)} Known: {some(known, 30)}.".strip()
            rule = f"unknown intervention {name!r} (catalogue {where})"
            faults.found.append(Fault("study.toml", "interventions.use", rule, fix))
    return names


def _check_sets(study: Study, book: Book, faults: Faults) -> None:
    known = tuple(dict.fromkeys(book.numbers["set"]))
    for name in study.interventions.set:
        if name not in known:
            fix = f"{near(name, known)} Known sets: {some(known)}.".strip()
            faults.found.append(Fault("study.toml", "interventions.set", f"unknown set {name!r}", fix))


def _choose(numbers: pd.DataFrame, names: Sequence[str], study: Study) -> pd.DataFrame:
    """One row per intervention and parameter: later sets win over earlier ones, and any over the default."""
    order = {
        name: rank
        for rank, name in enumerate(dict.fromkeys((DEFAULT, *_last_counts(study.interventions.set))))
    }
    rows = numbers[numbers["set"].isin(order) & numbers["intervention"].isin(names)]
    rows = rows.assign(rank=rows["set"].map(order)).sort_values("rank", kind="stable")
    rows = rows.drop_duplicates(["intervention", "parameter"], keep="last").sort_index()
    level = study.interventions.level
    leveled = rows["parameter"].map(lambda name: by_key("coefficients")[name]["level"] == "1")
    rows["value"] = rows["mean"].where(~leveled | rows[level].isna(), rows[level])
    return rows.drop(columns="rank")


def _last_counts(sets: Sequence[str]) -> tuple[str, ...]:
    """Sets in rising rank; one that is named twice counts where it stands last."""
    return tuple(reversed(dict.fromkeys(reversed(sets))))


def _check_needed(
    book: Book, chosen: pd.DataFrame, names: Sequence[str], faults: Faults, profiles: Container[str]
) -> None:
    """Every intervention has what the formulation cannot do without; fluxes are replaced by profiles."""
    given = set(zip(chosen["intervention"], chosen["parameter"], strict=True))
    for name in names:
        row = book.interventions.loc[name]
        needed = [key for key, entry in by_key("coefficients").items() if entry["required"] == "1"]
        needed += ["msa_after"] if row["msa_basis"] == "after" else []
        curved = FLUXES if name in profiles else ()
        needed += ["yield_after"] if row["makes_cropland"] == "1" else []
        missing = [key for key in needed if (name, key) not in given and key not in curved]
        if missing:
            fix = f"Add a row for each, or leave {name} out of interventions.use."
            place = f"{book.name}/{COEFFICIENTS}"
            faults.found.append(Fault(place, name, f"intervention without {some(missing)}", fix))
        if not split_codes(row["codes"]):
            place, fix = (
                f"{book.name}/{INTERVENTIONS}",
                "List the land codes on which it is admissible, as 0103|0102.",
            )
            faults.found.append(Fault(place, name, "intervention without codes", fix))


def _with_defaults(chosen: pd.DataFrame, names: Sequence[str], book: Book) -> pd.DataFrame:
    """Add a row, marked as assumed, for each number that the data dictionary supplies."""
    given = set(zip(chosen["intervention"], chosen["parameter"], strict=True))
    rows = [
        {
            "intervention": name,
            "parameter": key,
            "set": DEFAULT,
            "value": float(entry["default"]),
            "unit": entry["unit"],
            "low": np.nan,
            "high": np.nan,
            "period": "",
            "source": FROM_DICTIONARY,
            "verified": "assumed",
            "note": "not given in the catalogue",
        }
        for name in names
        for key, entry in by_key("coefficients").items()
        if entry["default"] and key not in QUIET and (name, key) not in given
    ]
    if not rows:
        return chosen
    return pd.concat([chosen, pd.DataFrame(rows)], ignore_index=True)


def _check_factors(study: Study, names: Sequence[str], faults: Faults) -> None:
    for name in study.interventions.cost_factors:
        if name not in names:
            fix = f"{near(name, names)} In use: {some(names, 30)}.".strip()
            rule = f"no intervention {name!r} in use"
            faults.found.append(Fault("study.toml", "interventions.cost_factors", rule, fix))


def _modified(evidence: pd.DataFrame, study: Study) -> pd.DataFrame:
    """Costs times the study's factors; the note says so."""
    factor = evidence["intervention"].map(study.interventions.cost_factors)
    changed = factor.notna() & evidence["parameter"].isin(MONEY)
    if not changed.any():
        return evidence
    numbers = ["value", "low", "high"]
    evidence.loc[changed, numbers] = evidence.loc[changed, numbers].mul(factor[changed], axis=0)
    words = factor[changed].map(lambda value: f"times {value:g} (interventions.cost_factors)")
    evidence.loc[changed, "note"] = (evidence.loc[changed, "note"] + "; " + words).str.removeprefix("; ")
    return evidence


def _in_currency(evidence: pd.DataFrame, study: Study, faults: Faults) -> pd.DataFrame:
    """Values, lows and highs in canonical units; costs in the study's currency."""
    evidence = evidence.copy()
    for (parameter, unit), part in evidence.groupby(["parameter", "unit"]):
        key, per = str(parameter), MONEY.get(str(parameter))
        target = by_key("coefficients")[key]["unit"] if per is None else study.study.currency + per
        numbers = part[["value", "low", "high"]].to_numpy(dtype=np.float64)
        try:
            if per is None:
                numbers = convert(numbers, str(unit), target)
            else:
                numbers = to_currency(numbers, str(unit), study, per=per)
        except UnitError as error:
            faults.found.append(Fault("study.toml", "study.exchange_rate", f"costs in {unit}", f"{error}."))
            continue
        evidence.loc[part.index, ["value", "low", "high"]] = numbers
        evidence.loc[part.index, "unit"] = target
    return evidence[[*COLUMNS]].reset_index(drop=True)


def _matrix(book: Book, names: Sequence[str], evidence: pd.DataFrame) -> dict[str, NDArray[np.float64]]:
    """Coefficients per parameter, shape (K,); 0 for keep, nan where an intervention has none."""
    place = {name: kind for kind, name in enumerate((KEEP, *names))}
    matrix = {}
    for key, entry in by_key("coefficients").items():
        values = np.full(len(place), float(entry["default"]) if key in QUIET else np.nan)
        values[0] = 0.0
        part = evidence[evidence["parameter"] == key]
        values[part["intervention"].map(place).to_numpy(dtype=np.int64)] = part["value"]
        matrix[key] = values
    rows = book.interventions.loc[list(names)]
    for flag in ("takes_cropland", "makes_cropland"):
        matrix[flag][1:] = (rows[flag] == "1").to_numpy(dtype=np.float64)
    matrix["msa_gain"][1:] = (rows["msa_basis"] == "gain").to_numpy(dtype=np.float64)
    return matrix


def _labels_only(study: Study, book: Book, faults: Faults, named: Sequence[str] | None) -> Catalogue:
    """Catalogue of a study with an effect table: its interventions, and the labels that are known."""
    assert study.effects is not None
    with faults.caught():
        if named is None:
            named = interventions_of_table(study, inside(study, study.effects.source, "effects.source"))
        names = _in_use(study, named, study.effects.source, faults)
    faults.refuse()
    empty = {key: np.array([0.0, *(np.nan for _ in names)]) for key in by_key("coefficients")}
    # Which interventions end cropping is no coefficient but what they are: masks need it ("conversions").
    listed = book.interventions["takes_cropland"].reindex(list(names))
    empty["takes_cropland"][1:] = listed.map({"0": 0.0, "1": 1.0}).to_numpy(dtype=np.float64)
    return _catalogue(book, names, coefficients=empty, evidence=pd.DataFrame(columns=[*COLUMNS]))


def _catalogue(
    book: Book, names: Sequence[str], *, coefficients: dict[str, NDArray[np.float64]], evidence: pd.DataFrame
) -> Catalogue:
    table = book.interventions
    labels = {
        language: (KEEP_LABELS[language], *(_label(table, name, f"name_{language}") for name in names))
        for language in KEEP_LABELS
    }
    admissible = (
        ()
        if evidence.empty
        else tuple(codes.with_suffixes(split_codes(table.loc[name, "codes"])) for name in names)
    )
    return Catalogue(
        interventions=(KEEP, *names),
        labels=labels,
        coefficients=coefficients,
        codes=(frozenset(), *(admissible or (frozenset(),) * len(names))),
        curves=book.curves,
        evidence=evidence,
        known=frozenset(table.index) | frozenset(names),
        codes_after=("", *(str(table["code_after"].get(name, "")) for name in names)),
    )


def _label(table: pd.DataFrame, name: str, column: str) -> str:
    return str(table.loc[name, column]) if name in table.index else name
