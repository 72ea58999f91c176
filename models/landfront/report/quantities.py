"""Numbers as people read them: four digits, a scale that fits, and the unit always beside them."""

from __future__ import annotations

import math
from dataclasses import dataclass

HA_PER_MU = 1 / 15
CURRENCIES = ("CNY", "USD", "EUR")
WORDS = ((1e12, "trillion"), (1e9, "billion"), (1e6, "million"), (1e3, "thousand"))
MONEY = ((1e12, "trillion"), (1e9, "bn"), (1e6, "million"), (1e3, "thousand"))
TONNES = ((1e9, "Gt"), (1e6, "Mt"), (1e3, "kt"))


@dataclass(frozen=True)
class Scale:
    """A divisor and the unit that a number has after division."""

    factor: float
    unit: str

    def text(self, value: float, *, digits: int = 4, signed: bool = False) -> str:
        """The number in this scale with its unit."""
        return f"{number(value / self.factor, digits=digits, signed=signed)} {self.unit}".rstrip()


def scale(magnitude: float, unit: str) -> Scale:
    """The scale in which numbers up to `magnitude` are read best.

    >>> scale(3.2e9, "t CO2e").text(3.2e9)
    '3.2 Gt CO2e'
    >>> scale(3.2e9, "CNY").text(-3.21e9)
    '-3.21 bn CNY'
    >>> scale(4.5e6, "m3/yr").text(4.5e6)
    '4.5 million m3/yr'
    """
    size = abs(magnitude) if math.isfinite(magnitude) else 0.0
    tonnes = unit == "t" or unit.startswith(("t ", "t/"))
    words = TONNES if tonnes else MONEY if unit.startswith(CURRENCIES) else WORDS
    for factor, word in words:
        # Ten thousand is still read well as digits, so that counts do not jump to words too early.
        if size >= factor and size >= 1e4:
            return Scale(factor, word + unit[1:] if tonnes else f"{word} {unit}".rstrip())
    return Scale(1.0, unit)


def number(value: float, *, digits: int = 4, signed: bool = False) -> str:
    """A number with this many digits, thousands separated, no exponent unless it is tiny.

    >>> number(1234567.8), number(0.01236), number(12.0), number(3.5, signed=True)
    ('1,234,568', '0.01236', '12', '+3.5')
    """
    if not math.isfinite(value):
        return "unknown" if math.isnan(value) else "no bound"
    sign = "+" if signed and value > 0 else ""
    if value == 0:
        return "0"
    if abs(value) < 1e-4:
        return f"{value:{sign}.{digits - 1}g}"
    decimals = max(0, digits - 1 - math.floor(math.log10(abs(value))))
    text = f"{value:{sign},.{decimals}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def quantity(value: float, unit: str, *, digits: int = 4, signed: bool = False) -> str:
    """A number in the scale that fits it, with its unit.

    >>> quantity(2_500_000, "t/yr"), quantity(-1.5e9, "CNY", signed=True)
    ('2.5 Mt/yr', '-1.5 bn CNY')
    """
    return scale(value, unit).text(value, digits=digits, signed=signed)


def area(hectares: float, *, mu: bool) -> str:
    """An area in ha and, for studies in yuan, in mu as well.

    >>> area(20_000, mu=True)
    '20 thousand ha (300 thousand mu)'
    """
    text = quantity(hectares, "ha", digits=3)
    return f"{text} ({quantity(hectares / HA_PER_MU, 'mu', digits=3)})" if mu else text


def percent(share: float) -> str:
    """A share as a percentage with two digits, never rounded to 0 or 100 when it is neither.

    >>> percent(0.0731), percent(0.99999), percent(0.000001), percent(1)
    ('7.3 %', 'nearly 100 %', 'under 0.01 %', '100 %')
    """
    if not math.isfinite(share):
        return "unknown"
    if 0 < abs(share) < 1e-4:
        return "under 0.01 %"
    if 0.9995 < share < 1:
        return "nearly 100 %"
    return f"{number(100 * share, digits=2 if abs(share) < 0.995 else 3)} %"
