"""A study of 16 parcels of every ecosystem in the land-survey schema, whose plans can be read at a glance."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from landfront.instances.study import Study, study_from
from landfront.models.formulate import Formulation, formulate
from landfront.models.plan import Plan
from landfront.report.search import find_plan

PARCELS = """\
id,code,ha,slope,rain,yield,quality,county,town,basin,tenure,ecosystem,degraded,poor,key,stock,soil,could,people,foul,dry,crop,belt
p01,0103,10,30,800,2,0.5,hill,upper,east,collective,cropland,0,1,0,0,30,45,1,0,0,maize,1
p02,0103,20,28,800,4,1.2,plain,lower,west,state,cropland,0,0,0,0,33,40,2,1,0,wheat,2
p03,0101,30,1,900,8,1.5,plain,lower,west,contract,cropland,0,0,0,0,33,47,3,0,0,rice,1
p04,0102,40,2,700,6,1.3,plain,lower,east,contract,cropland,0,0,0,0,33,47,4,0,0,wheat,1
p05,0404,10,12,800,0,0,hill,upper,east,collective,grassland,1,1,0,0,50,60,0.5,0,1,none,3
p06,0404,30,20,400,0,0,plain,lower,west,contract,grassland,0,0,0,0,40,50,0.5,0,1,none,1
p07,0401,50,8,600,0,0,hill,upper,west,contract,grassland,1,1,1,0,60,70,0.2,0,0,none,3
p08,0301,60,25,900,0,0,hill,upper,east,state,forest,0,1,1,90,90,95,0.1,0,0,none,3
p09,0307,20,20,900,0,0,hill,mid,east,collective,forest,1,1,0,20,60,80,0.3,0,0,none,2
p10,0307,20,15,800,0,0,plain,lower,west,state,forest,1,0,0,20,60,80,0.4,0,0,none,1
p11,1108,10,1,900,0,0,plain,lower,west,state,wetland,1,0,1,0,90,120,0.1,0,0,none,1
p12,1104A,10,0,1000,0,0,plain,coast,west,state,wetland,1,0,0,0,50,90,0.6,0,0,none,2
p13,0602,10,5,800,0,0,hill,mid,east,state,built,1,1,0,0,5,40,1,0,0,none,1
p14,1205,20,3,300,0,0,plain,lower,east,state,other,1,0,0,0,5,20,0.1,0,1,none,1
p15,0307K,10,4,800,0,0,plain,lower,west,collective,forest,1,0,0,10,40,60,0.5,0,0,none,1
p16,0701,10,2,800,0,0,plain,lower,east,state,built,0,0,0,0,5,5,60,0,0,none,1
"""
BASE: dict[str, Any] = {
    "study": {"title": "Village", "milestones": [2030, 2035, 2060]},
    "parcels": {
        "source": "parcels.csv", "id": "id", "area": {"column": "ha", "unit": "ha"},
        "regions": ["county", "town"],
        "groups": ["basin", "tenure", "ecosystem", "degraded", "key", "foul", "crop"],
        "cover": {"column": "code", "code_system": "TD/T 1055"},
        "slope": {"column": "slope", "unit": "deg"}, "precipitation": {"column": "rain", "unit": "mm"},
        "grain_yield": {"column": "yield", "unit": "t/ha"}, "quality": {"column": "quality", "unit": "share"},
        "soil_carbon": {"column": "soil", "unit": "t C/ha"},
        "soil_carbon_potential": {"column": "could", "unit": "t C/ha"},
    },
    "criteria": {
        "carbon": {"sense": "max"}, "food": {"sense": "max"}, "biodiversity": {"sense": "max"},
        "cost": {"sense": "min"},
    },
}  # fmt: skip


def study(
    folder: Path, use: tuple[str, ...] = (), *, cover: Mapping[str, str] | None = None, **sections: Any
) -> Study:
    """The study in a folder; `sections` are added to study.toml, mappings to the section of that name.

    `cover` gives other land codes to some parcels.
    """
    text = PARCELS
    for parcel, code in (cover or {}).items():
        text = re.sub(rf"^{parcel},\w+,", f"{parcel},{code},", text, flags=re.MULTILINE)
    (folder / "parcels.csv").write_text(text, encoding="utf-8")
    data = {**BASE, **({"interventions": {"use": list(use)}} if use else {})}
    for name, section in sections.items():
        data[name] = {**data[name], **section} if isinstance(data.get(name), dict) else section
    return study_from(data, folder / "study.toml")


def village(folder: Path, use: tuple[str, ...] = (), **sections: Any) -> Formulation:
    """The study, formulated."""
    return formulate(study(folder, use, **sections))


def best(found: Formulation, criterion: str = "carbon") -> Plan:
    """The best plan, proven to 1e-6."""
    plan: Plan = find_plan(found, criterion, gap=1e-6).plan
    assert plan.limits()["holds"].all()
    return plan


def choice(plan: Plan) -> dict[str, str]:
    """What is done on each parcel."""
    frame = plan.to_frame()
    return dict(zip(frame["parcel"], frame["intervention"], strict=True))


def done(plan: Plan, intervention: str) -> set[str]:
    """Parcels on which an intervention is done."""
    return {parcel for parcel, name in choice(plan).items() if name == intervention}


def limit(name: str, criterion: str, **more: Any) -> dict[str, Any]:
    """An entry of ``[[limits]]``."""
    return {"name": name, "criterion": criterion, **more}


def parcels() -> pd.DataFrame:
    """The parcels as a table, by id."""
    from io import StringIO

    return pd.read_csv(StringIO(PARCELS), dtype={"code": str}).set_index("id")
