"""What the study and its numbers are called in English and in Chinese."""

from __future__ import annotations

from collections.abc import Mapping

from landfront.instances.schema import by_key
from landfront.instances.study import Study
from landfront.report.quantities import HA_PER_MU, area, number, percent, quantity

UNITS_ZH: Mapping[str, str] = {
    "CNY": "元", "USD": "美元", "EUR": "欧元", "ha": "公顷", "t CO2e": "吨CO2e", "t": "吨", "m3": "立方米",
    "GJ": "吉焦", "person days": "工日",
}  # fmt: skip
"""Units that Chinese readers know by another name."""

SCALES_ZH = (("亿", 1e8), ("万", 1e4))
"""Chinese counts in ten thousands."""


def amount(value: float, unit: str, language: str, *, signed: bool = False) -> str:
    """A quantity in the words of a language.

    >>> amount(15000.0, "CNY", "zh", signed=True), amount(15000.0, "CNY", "en")
    ('+1.5 万元', '15 thousand CNY')
    """
    if language == "en":
        return quantity(value, unit, signed=signed)
    word, factor = next(((word, factor) for word, factor in SCALES_ZH if abs(value) >= factor), ("", 1.0))
    return f"{number(value / factor, signed=signed)} {word}{UNITS_ZH.get(unit, unit)}"


def land(hectares: float, language: str, *, mu: bool) -> str:
    """An area in ha, and in mu as well where readers think in it.

    >>> land(3.0, "zh", mu=True), land(3.0, "en", mu=False)
    ('3 公顷（45 亩）', '3 ha')
    """
    if language == "en":
        return area(hectares, mu=mu)
    more = f"（{amount(hectares / HA_PER_MU, '亩', language)}）" if mu else ""
    return amount(hectares, "ha", language) + more


def criterion_label(study: Study, name: str, language: str) -> str:
    """A criterion in words: those of the study, else of the data dictionary, else its name."""
    entry, known = study.criteria[name], by_key("effects").get(study.effect_of(name))
    if language == "zh":
        return entry.label_zh or (str(known["label_zh"]) if known else name)
    return entry.label or name.replace("_", " ")


def title_in(study: Study, language: str) -> str:
    """The study's title in a language, else in its own."""
    return (study.study.title_zh or study.title) if language == "zh" else study.title


def effect_label(name: str, language: str) -> str:
    """What a limit sums that is no criterion, in words of the data dictionary, else its name."""
    known = by_key("effects").get(name)
    return str(known[f"label_{language}"]) if known else name.replace("_", " ")


def share_text(share: float, language: str) -> str:
    """A share as a percentage.

    >>> share_text(1e-6, "zh"), share_text(0.25, "en")
    ('不足 0.01 %', '25 %')
    """
    said = percent(share)
    if language == "zh":
        for english, chinese in (("under ", "不足 "), ("nearly ", "近 "), ("unknown", "未知")):
            said = said.replace(english, chinese)
    return said
