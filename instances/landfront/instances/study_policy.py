"""Section ``[policy]``: published targets that become limits of a study (``tables/policies.csv``)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field, ValidationError, model_validator

from landfront.instances.codes import CLASS, classes
from landfront.instances.schema import Row, by_key, near, rows, some
from landfront.instances.study_base import Section

if TYPE_CHECKING:
    from landfront.instances.study import Study

START = 2025
"""First year of a study that names none (`study_land.About`)."""


class Policy(Section):
    """Section ``[policy]``: templates of targets, each with its owner, reason and source.

    Binding targets become limits, expected ones too with ``bind_expected = true``; a limit of the study with
    the name of a target replaces it. Amounts of the whole nation count where ``national = true``.
    """

    templates: Annotated[tuple[str, ...], Field(min_length=1)]
    national: bool = False
    bind_expected: bool = False
    leave_out: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _known(self) -> Policy:
        known = tuple(dict.fromkeys(row["template"] for row in rows("policies")))
        for name in self.templates:
            if name not in known:
                raise ValueError(
                    f"unknown template {name!r}. {near(name, known)} Known: {some(known)}".strip()
                )
        targets = [row["name"] for row in self.rows]
        for name in self.leave_out:
            if name not in targets:
                raise ValueError(
                    f"leave_out: no target {name!r} in these templates, which have {some(targets)}"
                )
        return self

    @property
    def rows(self) -> tuple[Row, ...]:
        """Targets of its templates."""
        return tuple(row for row in rows("policies") if row["template"] in self.templates)


@dataclass(frozen=True)
class Target:
    """A target of a template in a study.

    Attributes
    ----------
    row
        What the table says of it.
    why_not
        Why the study cannot look at it; empty where it can.
    binds
        Whether it is a limit.
    """

    row: Row
    why_not: str
    binds: bool


def targets(policy: Policy, data: Mapping[str, Any]) -> Iterator[Target]:
    """The targets of a policy in a study, whose sections are `data` as parsed."""
    for row in policy.rows:
        if row["name"] not in policy.leave_out:
            why_not = _why_not(row, policy, data)
            binds = not why_not and (row["kind"] == "binding" or policy.bind_expected)
            yield Target(row, why_not, binds)


def policy_notes(study: Study) -> Iterator[str]:
    """Targets of a study's policy that are no limits, and why."""
    if study.policy is None:
        return
    for target in targets(study.policy, study.model_dump(mode="json", by_alias=True, exclude_none=True)):
        if target.why_not:
            yield f"policy {target.row['name']}: not looked at, {target.why_not}"
        elif not target.binds:
            yield f"policy {target.row['name']}: expected, so it is told and no limit (policy.bind_expected)"


def _why_not(row: Row, policy: Policy, data: Mapping[str, Any]) -> str:
    """Why a study cannot look at a target; empty where it can."""
    criterion = row["criterion"]
    own = {entry.get("name") for entry in _listed(data, "indicators")}
    known = criterion in by_key("effects") or criterion.removeprefix(CLASS) in classes() or criterion in own
    if not known:
        return f"it needs [[indicators]] {criterion}"
    if row["national"] == "1" and not policy.national:
        return "it is an amount of the whole nation (policy.national)"
    if row["milestone"] and int(row["milestone"]) not in _milestones(data):
        return f"it needs {row['milestone']} among study.milestones"
    used = _section(data, "interventions").get("use", ())
    missing = [name for name in _split(row["interventions"]) if name not in used]
    return f"it needs {some(missing)} among interventions.use" if missing else ""


def with_policy(data: dict[str, Any]) -> dict[str, Any]:
    """What study.toml says, with the limits of its policy behind its own; faults of the policy are left."""
    try:
        policy = Policy.model_validate(data["policy"])
    except ValidationError:
        return data
    own = _listed(data, "limits")
    taken = {entry.get("name") for entry in own}
    found = [
        limit_of(target.row, data)
        for target in targets(policy, data)
        if target.binds and target.row["name"] not in taken
    ]
    return {**data, "limits": [*own, *found]}


def limit_of(row: Row, data: Mapping[str, Any]) -> dict[str, Any]:
    """A target as an entry of ``[[limits]]``."""
    value = float(row["value"])
    if row["growth"]:
        value *= (1.0 + float(row["growth"])) ** (
            _milestones(data)[-1] - _section(data, "study").get("start_year", START)
        )
    optional = {"milestone": int(row["milestone"] or 0), "interventions": _split(row["interventions"])}
    return {
        "name": row["name"],
        "criterion": row["criterion"],
        row["side"]: {"share": value, "of": row["of"]} if row["of"] else value,
        "of": row["counts"],
        "owner": row["owner"],
        "reason": f"{row['text_en']} ({row['source']})",
        **{key: entry for key, entry in optional.items() if entry},
    }


def _milestones(data: Mapping[str, Any]) -> tuple[int, ...]:
    return tuple(_section(data, "study").get("milestones", (2030, 2035, 2060)))


def _section(data: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = data.get(name)
    return found if isinstance(found, Mapping) else {}


def _listed(data: Mapping[str, Any], name: str) -> list[Any]:
    found = data.get(name) or []
    return [entry for entry in found if isinstance(entry, Mapping)] if isinstance(found, list | tuple) else []


def _split(text: str) -> list[str]:
    return [part for part in text.split("|") if part]
