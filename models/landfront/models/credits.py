r"""Credit schemes: which parcels and interventions each may credit, for how long, at what price.

Formula, for the schemes of ``[[credits]]`` in the order of the file:

    fits_c(p, i) = 1 where the intervention is the scheme's, the land cover is and the column says so, else 0
    c(p, i)      = the first scheme c with fits_c(p, i) = 1
    u(p, i, t)   = price_c * (1 + g_c) ** t * (1 - b)     in the years t that c(p, i) credits, else 0

| symbol | meaning | unit |
|---|---|---|
| t | years from the start of the study, the first year is 0 | yr |
| g_c | ``price_growth`` of the scheme | 1/yr |
| b | ``buffer`` of the scheme, else that of the intervention in the catalogue | 1 |

A scheme credits ``period`` years from the start of the option. The first scheme that fits counts, not the one
that pays best: an option cannot be sold twice, and which programme it joins is for people to say.

>>> first_of(np.array([[1, 1, 0], [1, 0, 0]], dtype=bool)).tolist()  # schemes by interventions
[0, 0, -1]
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from landfront.instances.codes import advice, read_code
from landfront.instances.faults import Fault, refuse
from landfront.instances.masks import CREDITS
from landfront.instances.schema import by_key, near, some
from landfront.instances.study_land import Credit
from landfront.models.component import Inputs, coefficient
from landfront.models.menu import admits

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
ALL = "*"
"""In the interventions of a methodology: every one."""


@dataclass(frozen=True)
class Scheme:
    """A scheme with what its methodology fills in.

    Attributes
    ----------
    name, price, growth
        Name; price in currency per t CO2e; its growth per year.
    interventions, codes
        Eligible interventions (``*`` for all) and land-cover codes (none for all).
    buffer
        Share held back; None for the catalogue's.
    period
        Years that are credited.
    """

    name: str
    price: float
    growth: float
    interventions: tuple[str, ...]
    codes: tuple[str, ...]
    buffer: float | None
    period: int


def scheme_of(credit: Credit) -> Scheme:
    """A scheme of study.toml, completed from ``tables/methodologies.csv``."""
    row = by_key("methodologies")[credit.methodology] if credit.methodology else {}

    def listed(given: tuple[str, ...], column: str) -> tuple[str, ...]:
        return given or tuple(name for name in row.get(column, "").split("|") if name)

    held = row.get("buffer", "")
    return Scheme(
        credit.scheme,
        credit.price,
        credit.price_growth,
        listed(credit.interventions, "interventions"),
        listed(credit.cover, "cover"),
        credit.buffer if credit.buffer is not None else float(held) if held else None,
        credit.period or int(row["period"]),
    )


@dataclass(frozen=True)
class Schemes:
    """What credits where.

    Attributes
    ----------
    schemes
        In the order of the file.
    place
        Which set of schemes may credit each parcel, index into `sets`, shape (n,).
    sets
        Schemes that may, shape (sets, schemes).
    kind
        Kinds of one intervention that each scheme credits, shape (schemes, S).
    """

    schemes: tuple[Scheme, ...]
    place: NDArray[np.int64]
    sets: Flags
    kind: Flags

    def chosen(self) -> NDArray[np.int64]:
        """The scheme that credits each kind of one intervention, -1 for none, shape (sets, S)."""
        return np.stack([first_of(here[:, None] & self.kind) for here in self.sets])

    def held(self, inputs: Inputs) -> Floats:
        """Share held back: the scheme's that credits, the catalogue's where none does, shape (sets, S)."""
        shares = np.stack([*(_held(scheme, inputs) for scheme in self.schemes), held_back(inputs)])
        return np.asarray(shares[self.chosen(), np.arange(inputs.singles)])  # -1 is the last

    def payments(self, inputs: Inputs, years: range) -> Floats:
        """Payment per t CO2e of each set, year and kind of one intervention, shape (sets, years, S)."""
        offers = np.stack([_offer(scheme, inputs, years) for scheme in self.schemes])
        chosen = self.chosen()
        paid = offers[np.maximum(chosen, 0), :, np.arange(inputs.singles)]  # (sets, S, years)
        return np.asarray(np.where((chosen >= 0)[:, :, None], paid, 0.0).swapaxes(1, 2))


def first_of(fits: Flags) -> NDArray[np.int64]:
    """The first scheme that fits each intervention, -1 for none; `fits` has shape (schemes, S)."""
    return np.where(fits.any(axis=0), fits.argmax(axis=0), -1)


def held_back(inputs: Inputs) -> Floats:
    """Share that the catalogue holds back of each kind of one intervention, shape (S,)."""
    return coefficient(inputs, "buffer", default=0.0) / 100.0


def _held(scheme: Scheme, inputs: Inputs) -> Floats:
    """Share that a scheme holds back of each kind of one intervention, shape (S,)."""
    return held_back(inputs) if scheme.buffer is None else np.full(inputs.singles, scheme.buffer)


def _offer(scheme: Scheme, inputs: Inputs, years: range) -> Floats:
    """Payment per t CO2e of a scheme in each year for each kind, shape (years, S)."""
    year = np.array(years, dtype=np.float64)[:, None]
    starts = inputs.starts[None, :]
    running = (year >= starts) & (year < starts + scheme.period)
    price = scheme.price * (1.0 + scheme.growth) ** (year - inputs.first)
    return np.asarray(running * price * (1.0 - _held(scheme, inputs)))


def schemes_of(inputs: Inputs) -> Schemes:
    """The schemes of a study, and where they credit.

    Raises
    ------
    InputError
        If there is none, one names an unknown intervention or code, or the study gives no land cover though
        one asks for it.
    """
    schemes = tuple(scheme_of(credit) for credit in inputs.study.credits)
    refuse(*_faults(inputs, schemes))
    places = np.column_stack([_place(inputs, scheme) for scheme in schemes])
    code, place = np.unique(places @ (1 << np.arange(len(schemes))), return_inverse=True)
    sets = (code[:, None] >> np.arange(len(schemes))) & 1 == 1
    names = [inputs.catalogue.interventions[base] for base in inputs.menu.kinds.base]
    kind = [[k > 0 and _takes(scheme, name) for k, name in enumerate(names)] for scheme in schemes]
    return Schemes(schemes, place.astype(np.int64), sets, np.array(kind, dtype=bool))


def _takes(scheme: Scheme, intervention: str) -> bool:
    return ALL in scheme.interventions or intervention in scheme.interventions


def _place(inputs: Inputs, scheme: Scheme) -> Flags:
    """Parcels that a scheme may credit, shape (n,)."""
    landscape = inputs.landscape
    here = landscape.masks.get(CREDITS + scheme.name, np.ones(len(landscape), dtype=bool))
    if not scheme.codes:
        return here
    codes = _codes(inputs, scheme)
    fits = np.array([*(admits(codes, code) for code in landscape.cover_codes), False])
    return np.asarray(here & fits[landscape.cover])


def _codes(inputs: Inputs, scheme: Scheme) -> set[str]:
    """Codes of the land survey that a scheme's stand for."""
    return {code for code in (_code(inputs, text) for text in scheme.codes) if code}


def _code(inputs: Inputs, text: str) -> str | None:
    """A code as listed: in the study's code system, or, as methodologies say it, in that of the survey."""
    cover = inputs.study.parcels.cover
    system = cover.code_system if cover else "TD/T 1055"
    return read_code(text, system) or read_code(text, "TD/T 1055")


def _faults(inputs: Inputs, schemes: tuple[Scheme, ...]) -> list[Fault]:
    if not schemes:
        fix = "Add [[credits]] with scheme, methodology and price, or drop revenue."
        return [Fault("study.toml", "credits", "missing, but revenue needs it", fix)]
    if inputs.study.effects is not None:
        rule = "revenue needs carbon by year, which a table of effects has not"
        return [Fault("study.toml", "credits", rule, "Give revenue as a column of the table.")]
    found = []
    known = {*inputs.catalogue.interventions[1:], *inputs.catalogue.known}
    for credit, scheme in zip(inputs.study.credits, schemes, strict=True):
        place = f"credits.{scheme.name}"
        for name in credit.interventions:
            if name != ALL and name not in known:
                fix = f"{near(name, known)} Known: {some(sorted(known), 30)}.".strip()
                found.append(
                    Fault("study.toml", f"{place}.interventions", f"unknown intervention {name!r}", fix)
                )
        if scheme.codes and not inputs.landscape.cover_codes:
            rule = f"missing, but the scheme {scheme.name} is for some land covers only"
            found.append(Fault("study.toml", "parcels.cover", rule, "Name the land-cover column."))
            continue
        for text in credit.cover:
            if _code(inputs, text) is None:
                fix = advice("TD/T 1055")
                found.append(Fault("study.toml", f"{place}.cover", f"unknown land code {text!r}", fix))
    return found
