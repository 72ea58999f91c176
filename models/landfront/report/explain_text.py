"""Explanations of parcels in plain words, English and Chinese, with the terms of the catalogue."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from landfront.models.plan import NO_SHARE
from landfront.optimizer.show import table
from landfront.report.explain import LINKS, Explanation
from landfront.report.languages import amount, criterion_label, land
from landfront.report.quantities import quantity
from landfront.report.result import labels_in

SHOWN = 6
"""Drivers and reasons that are listed."""

RULES: Mapping[str, Mapping[str, str]] = {
    "en": {
        "land_cover": "not meant for this land cover", "slope": "the slope is outside its range",
        "rainfall": "rainfall is outside its range", "elevation": "elevation is outside its range",
        "consent": "there is no consent", "done": "another measure is done here already",
        "past": "its start has passed", "request": "a granted request rules it out",
        "effects": "the table of effects does not have it here",
        "combinations": "only together with another measure",
        "mask": "protected by {}", "lock": "settled by {}",
    },
    "zh": {
        "land_cover": "不适用于该地类", "slope": "坡度不在适宜范围", "rainfall": "降水不在适宜范围",
        "elevation": "海拔不在适宜范围", "consent": "权利人未同意", "done": "该地块已实施其他措施",
        "past": "启动期已过", "request": "已批准的诉求排除了该措施", "effects": "效应表中无此选项",
        "combinations": "只能与其他措施同时实施", "mask": "受“{}”管控", "lock": "由“{}”锁定",
    },
}  # fmt: skip
WORDS: Mapping[str, Mapping[str, str]] = {
    "en": {
        "head": "Parcel {id}: {size}", "choice": "The plan: {option}{share}.",
        "share": " on {share:.0%} of it, the largest part",
        "worth": "Worth {worth} against keeping it as it is, counted in {main} at the plan's prices.",
        "kept": "Nothing that is possible here is worth more than keeping it as it is.",
        "for": "What speaks for it, beside the second choice: {parts}.",
        "against": "What speaks for the second choice: {parts}.",
        "second": "Second choice: {option}, worth {gap} less. Chosen instead, it would change {changes}.",
        "behind": "{option} would be worth {gap} more at these prices; whole parcels, or what one limit or "
                  "criterion leaves over, keep the plan from it. Chosen instead, it would change {changes}.",
        "only": "There is no other choice here.", "off": "The plan has here what the study does not allow.",
        "none": "Not possible here: {rules}.", "nothing": "nothing",
        "limit": "limit {}", "links": "funds and measures",
    },
    "zh": {
        "head": "地块 {id}：{size}", "choice": "规划措施：{option}{share}。",
        "share": "（占地块的 {share:.0%}，为主要部分）",
        "worth": "与维持现状相比，按规划影子价格以{main}计，价值 {worth}。",
        "kept": "此处没有比维持现状更有价值的措施。",
        "for": "与次选措施相比的主要理由：{parts}。", "against": "次选措施的理由：{parts}。",
        "second": "次选措施：{option}，价值低 {gap}。若改选，将使{changes}变化。",
        "behind": "按此价格，{option}的价值高 {gap}；因整块决策或约束余量所限，规划未选它。"
                  "若改选，将使{changes}变化。",
        "only": "此处没有其他可选措施。", "off": "规划在此采用了研究所不允许的措施。",
        "none": "此处不可行：{rules}。", "nothing": "任何指标均无",
        "limit": "约束“{}”", "links": "资金与综合指标",
    },
}  # fmt: skip
JOINT = {"en": ", ", "zh": "、"}


def sheet(found: Explanation, place: int, language: str = "en") -> str:
    """What there is to say of the parcel at a place of the landscape."""
    words, landscape = WORDS[language], found.plan.formulation.landscape
    mu = found.plan.formulation.study.study.currency == "CNY"
    size = land(float(landscape.area[place]), language, mu=mu)
    lines = [words["head"].format(id=landscape.ids[place], size=size)]
    if found.chosen[place] < 0:
        return "\n".join([*lines, words["off"], *_excluded(found, place, language)])
    return "\n".join(
        [*lines, *_choice(found, place, language), *_other(found, place, language),
         *_excluded(found, place, language)]
    )  # fmt: skip


def _choice(found: Explanation, place: int, language: str) -> Iterator[str]:
    """The option, and what it is worth."""
    words, menu = WORDS[language], found.plan.formulation.menu
    option = int(found.chosen[place])
    share = float(found.plan.x[option])
    part = words["share"].format(share=share) if share < 1 - NO_SHARE else ""
    yield words["choice"].format(option=_option(found, option, language), share=part)
    if menu.kind[option] == 0:
        if not found.margin[place] < 0 and found.second[place] >= 0:
            yield words["kept"]
        return
    worth = amount(float(found.worth[option]), found.unit, language, signed=True)
    yield words["worth"].format(
        worth=worth, main=criterion_label(found.plan.formulation.study, found.traded[0], language)
    )


def _other(found: Explanation, place: int, language: str) -> Iterator[str]:
    """The second choice, why it is second, and what it would change."""
    words, option = WORDS[language], int(found.second[place])
    if option < 0:
        yield words["only"]
        return
    gains = {name: float(one[place] - two[place]) for name, (one, two) in found.parts.items()}
    for key, sign in (("for", 1), ("against", -1)):
        parts = sorted((name for name in gains if sign * gains[name] > 0), key=lambda name: -abs(gains[name]))
        if parts:
            listed = [
                f"{_name(found, name, language)} {amount(abs(gains[name]), found.unit, language)}"
                for name in parts[:SHOWN]
            ]
            yield words[key].format(parts=JOINT[language].join(listed))
    margin = float(found.margin[place])
    changes = JOINT[language].join(_changes(found, place, language)) or words["nothing"]
    yield words["second" if margin >= 0 else "behind"].format(
        option=_option(found, option, language),
        gap=amount(abs(margin), found.unit, language),
        changes=changes,
    )


def _changes(found: Explanation, place: int, language: str) -> Iterator[str]:
    """What the second choice would change in each criterion and limit."""
    formulation = found.plan.formulation
    units = {**formulation.units, **{f"limit:{row.limit}": row.unit for row in formulation.limits}}
    for name, (one, two) in found.amounts.items():
        change = float(two[place] - one[place])
        if change:
            yield f"{_name(found, name, language)} {amount(change, units[name], language, signed=True)}"


def _excluded(found: Explanation, place: int, language: str) -> Iterator[str]:
    """What is not possible, by rule."""
    rules: dict[str, list[str]] = {}
    labels = labels_in(found.plan.formulation, language)
    for name, rule in found.reasons.of(place).items():
        if name != "keep":
            rules.setdefault(rule, []).append(labels.get(name, name))
    if rules:
        mark = {"en": "; ", "zh": "；"}[language]
        listed = [
            f"{JOINT[language].join(names)} ({rule_words(rule, language)})" for rule, names in rules.items()
        ]
        yield WORDS[language]["none"].format(rules=mark.join(listed))


def rule_words(rule: str, language: str) -> str:
    """Why something is not on the menu, by the name of the rule."""
    kind, _, name = rule.partition(":")
    return RULES[language].get(kind, kind).format(name)


def _option(found: Explanation, option: int, language: str) -> str:
    formulation = found.plan.formulation
    name = formulation.menu.interventions[int(formulation.menu.kind[option])]
    return labels_in(formulation, language)[name]


def _name(found: Explanation, name: str, language: str) -> str:
    """A criterion or limit in words."""
    if name == LINKS:
        return WORDS[language]["links"]
    if name.startswith("limit:"):
        return WORDS[language]["limit"].format(name.removeprefix("limit:"))
    return criterion_label(found.plan.formulation.study, name, language)


def overview(found: Explanation) -> str:
    """The plan as a whole: what decides on how much land, and how far parcels are from the prices."""
    formulation = found.plan.formulation
    main = found.traded[0]
    names, hectares = found.driver[0], formulation.landscape.area
    rows = [
        [_name(found, str(name), "en") if name else "nothing else to choose, or all the same",
         f"{int((names == name).sum()):,}", f"{float(hectares[names == name].sum()):,.6g}"]
        for name in sorted(set(names.tolist()), key=lambda name: -float(hectares[names == name].sum()))
    ]  # fmt: skip
    close = np.sort(found.margin[np.isfinite(found.margin)])
    lines = [
        formulation.study.title,
        f"What speaks most for the option of each parcel, at prices of {main}"
        + (f" with {', '.join(found.traded[1:])} kept" if len(found.traded) > 1 else ""),
        table(("decided by", "parcels", "ha"), rows),
    ]
    if len(close):
        behind = int((close < -1e-9 * max(abs(close[0]), abs(close[-1]), 1e-300)).sum())
        lines.append(
            f"Second choices: half of the parcels have one that is worth less by "
            f"{quantity(float(np.median(close)), found.unit)} or more; on {behind:,} it would be worth more."
        )
    lines.append(
        f"The options are {quantity(max(found.loss, 0.0), found.unit)} below those worth most, and the plan "
        f"is {quantity(max(found.distance, 0.0), found.unit)} from the bound that these prices prove."
    )
    return "\n".join(lines)
