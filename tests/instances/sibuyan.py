"""A study of Sibuyan Island from the shared data set: 7,226 real parcels and a table of their options."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

DATA = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "sibuyan"
FOOD = 5040.0
"""Harvest today, t of grain per year."""

STUDY = """
[study]
title = "Sibuyan Island (demonstration data)"
currency = "USD"
decision = "{decision}"
start_year = 2025
milestones = [2045]

[parcels]
source = "showcase_parcels.csv"
id = "parcel_id"
area = {{ column = "area_ha", unit = "ha" }}
regions = ["admin"]
geometry = false

[effects]
source = "showcase_options.csv"
layout = "wide"
parcel = "parcel_id"
intervention = "intervention_id"

[effects.columns]
carbon = "carbon_tCO2e_20yr"
cost = "cost_usd_20yr"
food = "food_t_yr"
biodiversity = "msa_ha"

[baseline]
food = {food}

[criteria]
carbon = {{ sense = "max" }}
food = {{ sense = "max" }}
biodiversity = {{ sense = "max" }}
cost = {{ sense = "min" }}

[front]
criteria = ["carbon", "food"]
points = 20
"""

LIMIT = """
[[limits]]
name = "{name}"
criterion = "{criterion}"
{bound}
owner = "test"
reason = "{reason}"
"""


def available() -> bool:
    """Tell whether the shared data set is at hand; tests skip without it."""
    return DATA.is_dir()


def write_sibuyan(
    folder: Path,
    *,
    decision: str = "share",
    budget: float | None = None,
    food: float | None = None,
    msa: float | None = None,
) -> Path:
    """Write the study into `folder` and return its study.toml.

    Parameters
    ----------
    decision
        "whole" or "share".
    budget
        Greatest cost in USD.
    food
        Least harvest as a share of today's (0.9: at most 504 t less).
    msa
        Least change of intactness x ha.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("showcase_parcels.csv", "showcase_options.csv"):
        shutil.copyfile(DATA / name, folder / name)
    text = STUDY.format(decision=decision, food=json.dumps(FOOD))
    if budget is not None:
        text += LIMIT.format(name="budget", criterion="cost", bound=f"max = {budget!r}", reason="Funds")
    if food is not None:
        bound = f'min = {{ share = {food!r}, of = "baseline" }}'
        text += LIMIT.format(name="grain", criterion="food", bound=bound, reason="Food security")
    if msa is not None:
        bound = f'min = {float(msa)!r}\nof = "change"'
        text += LIMIT.format(name="intactness", criterion="biodiversity", bound=bound, reason="Nature")
    (folder / "study.toml").write_text(text, encoding="utf-8")
    return folder / "study.toml"
