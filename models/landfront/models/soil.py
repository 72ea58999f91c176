r"""Soil carbon: a soil takes up no more than it lacks, and less than practices could bring when it nears that.

Formula, for an option (p, k) that starts the interventions I_k, with ``[carbon] soil``:

    carbon(p, k) = j_k * (sum over i in I_k of (1 - h_i) * c(p, i)) + G_p(u)
    u            = j_k * (sum over i in I_k of h_i * c(p, i))
    G_p(u)       = min(u, t_p + b * max(u - t_p, 0), D_p)                 concave, piecewise; losses as they are
    D_p          = a_p * max(P_p - C_p, 0) * 44 / 12
    t_p          = w * D_p,  or  a_p * T_p * 44 / 12  where ``parcels.soil_carbon_technical`` is named

| symbol | meaning | unit |
|---|---|---|
| c(p, i) | carbon of one intervention without a cap (`carbon`) | t CO2e |
| h_i | ``soil_share`` of the intervention, the part of its carbon that is soil carbon | 1 |
| j_k | joint factor of carbon for a combination, else 1 (`kinds`) | 1 |
| u, G | potential gain of the soil, and the gain that counts | t CO2e |
| a_p | area of the parcel | ha |
| P_p, C_p | ``parcels.soil_carbon_potential`` and ``parcels.soil_carbon`` | t C/ha |
| D_p | deficit until the soil is saturated, the biophysical cap | t CO2e |
| t_p | technical cap, up to which practices work in full | t CO2e |
| w, b | ``technical`` and ``beyond`` of ``[carbon] soil``: the cap as a share of the deficit, and the share of the gain beyond it that is still reached | 1 |
| T_p | ``parcels.soil_carbon_technical`` | t C/ha |

Interventions that share a parcel share its one deficit. The defaults of w and b are assumed.
"""  # noqa: E501

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from landfront.instances.faults import Fault, refuse
from landfront.models.component import Inputs, coefficient, no_baseline
from landfront.models.effects import Effect, Term

Floats = NDArray[np.float64]
CO2_PER_C = 44.0 / 12.0
STOCK, POTENTIAL, TECHNICAL = "soil_carbon", "soil_carbon_potential", "soil_carbon_technical"


def gain(potential: Floats, technical: Floats, deficit: Floats, *, beyond: float) -> Floats:
    """What a soil takes up of a potential gain, same shape and unit as its arguments.

    >>> u = np.array([-5.0, 30.0, 70.0, 300.0])
    >>> gain(u, np.full(4, 50.0), np.full(4, 100.0), beyond=0.25).tolist()  # 50 + 0.25 * 20; 50 + 62.5 > 100
    [-5.0, 30.0, 55.0, 100.0]
    """
    reached = technical + beyond * np.maximum(potential - technical, 0.0)
    return np.asarray(np.minimum(np.minimum(potential, reached), deficit))


def outside(inputs: Inputs, stock: tuple[Term, ...]) -> tuple[Term, ...]:
    """The part of the carbon of single interventions that is not in the soil; all of it without a cap."""
    if inputs.study.carbon.soil is None:
        return stock
    rest = 1.0 - _share(inputs)
    return tuple(Term(term.amount, term.table * rest) for term in stock)


def inside(inputs: Inputs, stock: tuple[Term, ...], effect: str) -> Floats | None:
    """What the soil takes up under each option, shape (m,), t CO2e; None without a cap.

    `stock` is the carbon of single interventions; joint factors are those of `effect`.

    Raises
    ------
    InputError
        If the study names no column for the carbon that soils hold or could hold.
    """
    asked = inputs.study.carbon.soil
    if asked is None:
        return None
    menu, share = inputs.menu, _share(inputs)
    terms = tuple(Term(term.amount, menu.kinds.merged(term.table * share, effect)) for term in stock)
    potential = Effect(effect, "", no_baseline(inputs), terms).values(menu)
    technical, deficit = _caps(inputs, asked.technical)
    return gain(potential, technical[menu.parcel], deficit[menu.parcel], beyond=asked.beyond)


def _share(inputs: Inputs) -> Floats:
    """Part of the carbon of each single intervention that is soil carbon, shape (S,)."""
    return coefficient(inputs, "soil_share", default=0.0)


def _caps(inputs: Inputs, technical: float) -> tuple[Floats, Floats]:
    """Technical cap and deficit per parcel, shape (n,), t CO2e."""
    known = inputs.landscape.covariates
    fix = "Name the column and its unit, or leave out carbon.soil."
    refuse(
        *(
            Fault("study.toml", f"parcels.{name}", "missing, but carbon.soil needs it", fix)
            for name in (STOCK, POTENTIAL)
            if name not in known
        )
    )
    per_ha = inputs.landscape.area * CO2_PER_C
    held, could = (known[name].astype(np.float64) for name in (STOCK, POTENTIAL))
    deficit = per_ha * np.maximum(could - held, 0.0)
    given = known.get(TECHNICAL)
    return technical * deficit if given is None else per_ha * given.astype(np.float64), deficit
