"""Totals by tag: what a plan does, by type of restoration, societal challenge, gas, reversibility and flag.

The tags of the packaged interventions stand in ``tables/intervention_tags.csv``; others are ``untagged``. The
seven challenges are those of criterion 1 of the IUCN Global Standard (``tables/challenges.csv``).
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from landfront.instances.catalogue import KEEP
from landfront.instances.schema import by_key, rows
from landfront.models.formulate import Formulation
from landfront.models.kinds import interventions_of
from landfront.models.plan import Plan
from landfront.report.land_account import effect_of

SYSTEMS = (
    "restoration_type", "restoration_mode", "challenge", "eu_area", "gas", "reversible", "finance_flag",
)  # fmt: skip
UNTAGGED = "untagged"
ECOSYSTEMS = ("forest", "grassland", "cropland", "wetland")
CLASS_OF = {"orchard": "cropland", "water": "wetland"}


def tags_of(intervention: str, system: str) -> tuple[str, ...]:
    """Tags of an intervention in a system; ``untagged`` where the table has none.

    >>> tags_of("mangrove", "challenge"), tags_of("pond", "gas")
    (('climate', 'disaster', 'degradation'), ('untagged',))
    """
    row = by_key("intervention_tags").get(intervention)
    return tuple(row[system].split("|")) if row and row[system] else (UNTAGGED,)


def tag_totals(plan: Plan) -> pd.DataFrame:
    """Parcels, area and carbon by tag: ``system, tag, parcels, area_ha, carbon_t_co2e``.

    What has several tags of a system counts under each of them, so only systems with one tag add up.
    """
    names = plan.formulation.menu.interventions
    chosen = plan.chosen[plan.chosen["kind"] > 0]
    area = plan.formulation.landscape.area[chosen["parcel"].to_numpy()] * chosen["share"].to_numpy()
    carbon = effect_of(plan, "carbon")
    gained = (
        np.full(len(chosen), np.nan) if carbon is None
        else plan.change_by_option(carbon)[(plan.chosen["kind"] > 0).to_numpy()]
    )  # fmt: skip
    kind = chosen["kind"].to_numpy()
    found = []
    for system in SYSTEMS:
        tags = [{tag for i in interventions_of(name) for tag in tags_of(i, system)} for name in names]
        for tag in sorted({tag for k in np.unique(kind) for tag in tags[k]}):
            here = np.array([tag in own for own in tags])[kind]
            found.append((system, tag, int(here.sum()), float(area[here].sum()), float(gained[here].sum())))
    return pd.DataFrame(found, columns=["system", "tag", "parcels", "area_ha", "carbon_t_co2e"])


def coverage(formulation: Formulation) -> pd.DataFrame:
    """Which societal challenges a study looks at: ``challenge, label_en, label_zh, criteria, limits``."""
    study = formulation.study
    own = {entry.name: entry.challenges for entry in study.indicators}

    def about(names: list[tuple[str, str]], challenge: str, effects: str) -> str:
        listed = effects.split("|")
        return ", ".join(
            name for name, effect in names if effect in listed or challenge in own.get(effect, ())
        )

    criteria = [(name, study.effect_of(name)) for name in study.criteria]
    limits = [(limit.name, study.effect_of(limit.criterion)) for limit in study.limits]
    return pd.DataFrame(
        [
            {
                **{key: row[key] for key in ("challenge", "label_en", "label_zh")},
                "criteria": about(criteria, row["challenge"], row["effects"]),
                "limits": about(limits, row["challenge"], row["effects"]),
            }
            for row in rows("challenges")
        ]
    )


def eu_areas(formulation: Formulation) -> pd.DataFrame:
    """The twelve areas of the EU handbook on impacts: ``area, criteria, interventions`` that tell of each."""
    study = formulation.study
    own = {entry.name: entry.challenges for entry in study.indicators}
    used = formulation.menu.kinds.interventions[1:]
    found = []
    for row in rows("eu_areas"):
        told = [
            name
            for name in study.criteria
            if study.effect_of(name) in row["effects"].split("|")
            or row["challenge"] in own.get(study.effect_of(name), ())
        ]
        done = [name for name in used if row["area"] in tags_of(name, "eu_area")]
        found.append((row["area"], ", ".join(told), ", ".join(done)))
    return pd.DataFrame(found, columns=["area", "criteria", "interventions"])


def barometer(plan: Plan) -> pd.DataFrame:
    """Totals by ecosystem as the Restoration Barometer has them: area, carbon, biodiversity, jobs, money.

    Only what restores counts: interventions with a restoration type and mode. What a study does not compute
    is nan. Progress in policies and planning is for people to report.
    """
    names = plan.formulation.menu.interventions
    kinds = plan.chosen["kind"].to_numpy()
    first = [interventions_of(name)[0] for name in names]
    types = np.array(["|".join(tags_of(name, "restoration_type")) for name in first])
    restores = np.array(["none" not in tags_of(name, "restoration_mode") + tags_of(name, "restoration_type")
                         and tags_of(name, "restoration_mode") != (UNTAGGED,) for name in first])  # fmt: skip
    area = plan.formulation.landscape.area[plan.chosen["parcel"].to_numpy()] * plan.chosen["share"].to_numpy()
    frame = pd.DataFrame({"ecosystem": types[kinds], "area_ha": area})
    for name, column in (
        ("carbon", "carbon_t_co2e"),
        ("biodiversity", "msa_ha"),
        ("labour", "person_days"),
        ("cost", "money"),
    ):
        effect = effect_of(plan, name)
        frame[column] = np.nan if effect is None else plan.change_by_option(effect)
    found: pd.DataFrame = (
        frame[restores[kinds]].groupby("ecosystem", sort=True).sum(min_count=1).reset_index()
    )
    return found


def criteria_by_ecosystem(plan: Plan) -> pd.DataFrame:
    """The eight criteria of the standard by ecosystem: what the plan says to each, in words and figures.

    It answers with what was computed; whether that is enough is for people to judge.
    """
    from landfront.instances.codes import class_of

    formulation, chosen = plan.formulation, plan.chosen
    landscape, study = formulation.landscape, formulation.study
    class_by_code = [*(class_of(code) for code in landscape.cover_codes), "none"]
    kinds = np.array([CLASS_OF.get(name, name) for name in class_by_code])
    where = kinds[landscape.cover[chosen["parcel"].to_numpy()]]
    area = landscape.area[chosen["parcel"].to_numpy()] * chosen["share"].to_numpy()
    treated = chosen["kind"].to_numpy() > 0
    owners = {limit.owner for limit in study.limits if limit.owner}
    times = f"{len(study.spans)} start periods, {len(study.study.milestones)} milestones"
    found = []
    for ecosystem in ECOSYSTEMS:
        here = where == ecosystem
        names = {
            i
            for k in np.unique(chosen["kind"].to_numpy()[here & treated])
            for i in interventions_of(formulation.menu.interventions[k])
        } - {KEEP}
        met = sorted({tag for name in names for tag in tags_of(name, "challenge")})
        answers = {
            "1 societal challenges": ", ".join(met) or "none",
            "2 scale": f"{len(landscape.nested)} levels of regions, {float(area[here].sum()):.6g} ha",
            "3 biodiversity": _sum(plan, "biodiversity", here),
            "4 economy": _sum(plan, "cost", here),
            "5 participation": "consent is asked for" if study.consent else "no column of consent",
            "6 trade-offs": f"{len(study.limits)} limits, of {len(owners)} owners",
            "7 adaptive management": times,
            "8 mainstreaming": ", ".join(study.policy.templates) if study.policy else "no policy template",
        }
        treated_ha = float(area[here & treated].sum())
        found += [(name, ecosystem, treated_ha, text) for name, text in answers.items()]
    return pd.DataFrame(found, columns=["criterion", "ecosystem", "treated_ha", "answer"])


def _sum(plan: Plan, name: str, here: NDArray[np.bool_]) -> str:
    effect = effect_of(plan, name)
    if effect is None:
        return "not computed"
    return f"{float(plan.change_by_option(effect)[here].sum()):+.6g} {effect.unit}"
