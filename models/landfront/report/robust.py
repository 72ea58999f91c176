"""The same front under every set of coefficients, side by side, and how far any of its plans can be off.

Cases are the sets of the catalogue that disagree, its levels low, mean and high, or the scenarios of
``[risk]``. Each case has a front of its own, proven like any other. The *band* of a plan are its values under
all cases: what it promises by one set, and what others say it would bring. A parcel is treated in all, some
or none of the cases, by the most balanced plan of each.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from landfront.instances.book import DEFAULT, read_book
from landfront.instances.faults import Fault, refuse
from landfront.instances.load import load_inputs
from landfront.instances.scenarios import Scenarios
from landfront.instances.schema import some
from landfront.instances.sheet import Faults
from landfront.instances.study import Study
from landfront.instances.study_rules import ON_MAP, RISKS
from landfront.models.formulate import Formulation, Tables, formulate, formulate_from
from landfront.models.habitat import ALL, PREFIX
from landfront.report.folder import new_folder
from landfront.report.infeasible import InfeasibleError
from landfront.report.quantities import percent, quantity
from landfront.report.result import Result
from landfront.report.search import NothingFoundError, Request, find_front, request

if TYPE_CHECKING:
    import pandas as pd

Floats = NDArray[np.float64]
Kind = Literal["sets", "levels", "scenarios"]
LEVELS = ("low", "mean", "high")
MOST = 30
"""Scenarios that get a front each; a band of more is what CVaR and the like are for."""


@dataclass(frozen=True)
class Robust:
    """Fronts of several cases.

    Attributes
    ----------
    results
        The front of each case, by its name.
    values
        Values of the plans of each case's front under every case, shape (points, cases, q) by name.
    weight
        Of each case in a mean, shape (cases,): the probability of a scenario, else the same for all.
    """

    results: dict[str, Result]
    values: dict[str, Floats]
    weight: Floats

    @property
    def cases(self) -> tuple[str, ...]:
        """Names of the cases."""
        return tuple(self.results)

    @property
    def criteria(self) -> tuple[str, ...]:
        """Criteria of the fronts."""
        return next(iter(self.results.values())).front.criteria

    @property
    def units(self) -> dict[str, str]:
        """Unit of each criterion."""
        return dict(next(iter(self.results.values())).units)

    @property
    def early(self) -> bool:
        """Whether some search ended before what was asked was reached."""
        return any(not np.isfinite(result.front.gap) or result.front.gap > result.front.asked
                   for result in self.results.values())  # fmt: skip

    def fronts_frame(self) -> pd.DataFrame:
        """One row per case and point: ``case, point``, the front's criteria, ``bound, gap, termination``."""
        import pandas as pd

        parts = [
            result.front.to_frame().reset_index().assign(case=name) for name, result in self.results.items()
        ]
        frame = pd.concat(parts, ignore_index=True)
        keep = ["case", "point", *self.criteria, "bound", "gap", "termination"]
        return frame[[name for name in keep if name in frame.columns]]

    def band_frame(self) -> pd.DataFrame:
        """What each plan is worth by all: ``case, point, criterion, unit, value, least, mean, most``.

        The mean of scenarios counts each by its probability.
        """
        import pandas as pd

        rows = []
        for place, (name, values) in enumerate(self.values.items()):
            for point, q in ((p, q) for p in range(len(values)) for q in range(len(self.criteria))):
                now = values[point, :, q]
                unit, mean = self.units[self.criteria[q]], float(np.average(now, weights=self.weight))
                rows.append((name, point, self.criteria[q], unit, now[place], now.min(), mean, now.max()))
        columns = ["case", "point", "criterion", "unit", "value", "least", "mean", "most"]
        return pd.DataFrame(rows, columns=columns)

    def stress_frame(self) -> pd.DataFrame:
        """Each plan under each case: ``case, point, criterion, unit, under, value, left``.

        `left` is the share of what the plan's own case promises; nan where that is 0.
        """
        import pandas as pd

        parts = []
        for place, (name, values) in enumerate(self.values.items()):
            points, cases, count = values.shape
            own = np.broadcast_to(values[:, place : place + 1, :], values.shape).ravel()
            left = np.divide(values.ravel(), own, out=np.full(own.shape, np.nan), where=own != 0)
            criterion = np.tile(self.criteria, points * cases)
            part = {
                "case": name,
                "point": np.repeat(np.arange(points), cases * count),
                "criterion": criterion,
                "unit": [self.units[said] for said in criterion],
                "under": np.tile(np.repeat(self.cases, count), points),
                "value": values.ravel(),
                "left": left,
            }
            parts.append(pd.DataFrame(part))
        return pd.concat(parts, ignore_index=True)

    def parcels_frame(self) -> pd.DataFrame:
        """Each parcel: ``parcel, cases`` in which it is treated, ``agreed`` (all, some, none), one per case.

        The plan of a case is its knee, or the one in the middle of a front without one.
        """
        import pandas as pd

        first = next(iter(self.results.values())).formulation
        columns = {}
        for name, result in self.results.items():
            point = result.knee if result.knee is not None else len(result.front) // 2
            columns[name] = _treated(result.formulation, result.front.points[point].x)
        treated = np.column_stack(list(columns.values()))
        count = treated.sum(axis=1)
        agreed = np.where(count == treated.shape[1], "all", np.where(count > 0, "some", "none"))
        frame = pd.DataFrame({"parcel": first.landscape.ids, "cases": count, "agreed": agreed})
        return pd.concat([frame, pd.DataFrame(columns)], axis=1)

    def write(self, folder: Path) -> None:
        """Write ``fronts``, ``band``, ``stress`` and ``parcels.csv``, ``summary.txt``, ``robust.png`` anew.

        Raises
        ------
        InputError
            If the folder holds something, or cannot be written.
        """
        from landfront.report.canvas import save
        from landfront.report.robust_figure import robust_figure
        from landfront.report.style import Labels

        labels = Labels.of_system(next(iter(self.results.values())).formulation.study)
        with new_folder(folder):
            self.fronts_frame().to_csv(folder / "fronts.csv", index=False)
            self.band_frame().to_csv(folder / "band.csv", index=False)
            self.stress_frame().to_csv(folder / "stress.csv", index=False)
            self.parcels_frame().to_csv(folder / "parcels.csv", index=False)
            (folder / "summary.txt").write_text(f"{self}\n", encoding="utf-8")
            save(robust_figure(self, labels), folder, "robust", labels)

    def __str__(self) -> str:
        """Say it in words."""
        return "\n".join(self._lines())

    def _lines(self) -> Iterator[str]:
        yield f"{len(self.cases)} cases: {some(self.cases, 8)}"
        for name, result in self.results.items():
            front = result.front
            ends = "; ".join(
                f"{criterion} {quantity(float(low), self.units[criterion])} to "
                f"{quantity(float(high), self.units[criterion])}"
                for criterion, low, high in zip(
                    front.criteria, front.values.min(axis=0), front.values.max(axis=0), strict=True
                )
            )
            yield f"  {name}: {len(front)} plans, gap {percent(front.gap)}; {ends}"
        for q, criterion in enumerate(self.criteria):
            yield self._widest(q, criterion)
        counts = self.parcels_frame()["agreed"].value_counts()
        said = ", ".join(f"{int(counts.get(word, 0))} in {word}" for word in ("all", "some", "none"))
        yield f"parcels treated by the most balanced plans: {said} of the cases"

    def _widest(self, q: int, criterion: str) -> str:
        """The plan whose values by the cases are furthest apart."""
        spans = {name: np.ptp(values[:, :, q], axis=1) for name, values in self.values.items()}
        case = max(spans, key=lambda name: float(spans[name].max()))
        point, unit = int(np.argmax(spans[case])), self.units[criterion]
        now = self.values[case][point, :, q]
        promised, least, most = (
            quantity(float(value), unit) for value in (now[self.cases.index(case)], now.min(), now.max())
        )
        return f"{criterion}: plan {point} of {case} promises {promised}; by all cases {least} to {most}"


def robust(
    study: Study | str | Path,
    criteria: Sequence[str] | None = None,
    *,
    over: Kind = "levels",
    sets: Sequence[str] = (),
    points: int = 10,
    gap: float = 1e-4,
    time_limit: float | None = None,
    stage: Callable[[str], None] | None = None,
) -> Robust:
    """The same front under every case, and the band of each plan.

    Parameters
    ----------
    study
        A study, its folder or its study.toml.
    criteria
        Of the fronts; those of ``[front]``, else the first two, when left out.
    over
        ``"levels"`` (low, mean, high), ``"sets"`` of the catalogue, or the ``"scenarios"`` of ``[risk]``.
    sets
        Which sets, each instead of ``interventions.set``; every one of the catalogue when left out.
    points, gap, time_limit
        Of each front; no time limit but that of ``[front]`` when left out.
    stage
        Is told which case is under way.

    Raises
    ------
    InputError
        If study or request are at fault, there are no such cases, or they admit different options.
    InfeasibleError
        If no plan meets the limits in some case; a note says in which.
    NothingFoundError
        If the time was over before some case had a plan.
    """
    from landfront.instances.study import read_study

    base = study if isinstance(study, Study) else read_study(study)
    asked = request(base, criteria, points, gap, time_limit=time_limit, method="auto")
    weights, found = {}, {}
    for name, weight, formulation in _cases(base, asked.criteria, over, sets):
        weights[name], found[name] = weight, formulation
    _refuse_different(found)
    results = {}
    for name, formulation in found.items():
        if stage is not None:
            stage(f"the front by {name}")
        results[name] = _result(name, formulation, asked)
    values = {name: _scored(result, found, asked.criteria) for name, result in results.items()}
    return Robust(results, values, np.array(list(weights.values())))


def _result(name: str, formulation: Formulation, asked: Request) -> Result:
    """The front of one case, which has a point at least."""
    try:
        front = find_front(formulation, asked)
    except InfeasibleError as error:
        error.add_note(f"This is so in the case {name!r}.")
        raise
    if not len(front):
        rule = (
            f"The search for the front of the case {name!r} stopped ({front.reason}) before it found a plan."
        )
        raise NothingFoundError(rule)
    return Result(formulation, front)


def _scored(result: Result, cases: dict[str, Formulation], named: Sequence[str]) -> Floats:
    """Values of the plans of a front under every case, shape (points, cases, q)."""
    place = [list(result.formulation.study.criteria).index(name) for name in named]
    rows = [[case.values(point.x)[place] for case in cases.values()] for point in result.front.points]
    return np.array(rows).reshape(len(rows), len(cases), len(named))


def _treated(formulation: Formulation, x: NDArray[np.floating]) -> NDArray[np.bool_]:
    """Whether each parcel is treated on more than half of it, shape (n,)."""
    menu = formulation.menu
    share = np.where(menu.kind > 0, x[: len(menu)], 0.0)
    return np.asarray(np.add.reduceat(share, menu.starts[:-1]) > 0.5)


def _cases(
    study: Study, named: Sequence[str], over: Kind, sets: Sequence[str]
) -> Iterator[tuple[str, float, Formulation]]:
    """Each case by its name, its weight and formulated, for a front of the criteria that are named."""
    if over == "scenarios":
        yield from _by_scenario(study, named)
        return
    if study.effects is not None:
        rule = f"effects of a table have no {over} of coefficients"
        refuse(Fault("study.toml", "effects", rule, 'Give [risk] source and take over = "scenarios".'))
    study = _without_draws(study, named) if over == "levels" else study
    for name in LEVELS if over == "levels" else _sets(study, sets):
        # A set stands alone: the study's own would overrule the default one, which has the lowest rank.
        change = {"level": name} if over == "levels" else {"set": () if name == DEFAULT else (name,)}
        yield name, 1.0, formulate(_with(study, **change))


def _with(study: Study, **change: object) -> Study:
    """The study with other keys of ``[interventions]``."""
    return study.model_copy(update={"interventions": study.interventions.model_copy(update=change)})


def _without_draws(study: Study, named: Sequence[str]) -> Study:
    """The study without drawn scenarios, which are about the mean: other levels would count a range twice.

    Criteria over scenarios that nobody asks for go with them.
    """
    if study.risk is None or study.risk.draw is None:
        return study
    risky = {name for name, entry in study.criteria.items() if entry.measure in RISKS}
    limits = [limit.name for limit in study.limits if limit.criterion in risky]
    asked = [name for name in named if name in risky]
    fix = 'Take sums, or over = "sets" or "scenarios".'
    refuse(*(Fault("robust", "over", f'"levels", but {what} {some(names)} look at drawn scenarios, which are '
                   f"about the mean", fix)
             for what, names in (("the criteria", asked), ("the limits", limits)) if names))  # fmt: skip
    kept = {name: entry for name, entry in study.criteria.items() if name not in risky}
    return study.model_copy(update={"risk": None, "criteria": kept})


def _sets(study: Study, asked: Sequence[str]) -> tuple[str, ...]:
    """Sets of the study's catalogue, the default one first; those asked for are checked on reading."""
    if asked:
        return tuple(asked)
    faults = Faults()
    book = read_book(study, faults)
    faults.refuse()
    assert book is not None
    known = tuple(dict.fromkeys(book.numbers["set"]))
    others = [name for name in known if name != DEFAULT]
    if not others:
        rule = "the catalogue has one set of coefficients only"
        refuse(Fault("study.toml", "interventions.catalogue", rule, 'Take over = "levels".'))
    return (DEFAULT, *others) if DEFAULT in known else tuple(others)


def _by_scenario(study: Study, named: Sequence[str]) -> Iterator[tuple[str, float, Formulation]]:
    """One case per scenario: sums whose effect has factors are counted by that scenario alone."""
    inputs = load_inputs(study)
    known = inputs.scenarios
    if known is None:
        refuse(Fault("study.toml", "risk", "missing, but scenarios are asked for", "Add [risk]."))
    assert known is not None
    if len(known) > MOST:
        fix = "Take fewer, or a criterion with measure = cvar, which looks at all of them at once."
        refuse(Fault("study.toml", "risk", f"{len(known)} scenarios are too many for a front each", fix))
    _refuse_by_mean(study, named, known.factors)
    for place, name in enumerate(known.names):
        one = replace(
            known,
            names=(name,),
            probability=np.ones(1),
            factors={effect: table[place : place + 1] for effect, table in known.factors.items()},
        )
        tables = Tables(inputs.effects, inputs.feature_change, inputs.baselines, one)
        case = formulate_from(_by_one(study, one), inputs.landscape, inputs.catalogue, tables=tables)
        yield name, float(known.probability[place]), case


def _by_one(study: Study, scenarios: Scenarios) -> Study:
    """The study with criteria that are sums counted by the scenario."""
    changed = {
        name: entry.model_copy(update={"measure": "expected", "effect": study.effect_of(name)})
        for name, entry in study.criteria.items()
        if entry.measure == "sum" and study.effect_of(name) in scenarios.factors
    }
    return study.model_copy(update={"criteria": {**study.criteria, **changed}})


def _refuse_by_mean(study: Study, named: Sequence[str], effects: Collection[str]) -> None:
    """Refuse what would go on by the mean of the coefficients: only sums of the front are by one scenario.

    `effects` are those that scenarios change.
    """

    def by_mean(name: str) -> bool:
        measure = study.criteria[name].measure if name in study.criteria else "sum"
        if measure in (*RISKS, *ON_MAP):
            return False
        effect = study.effect_of(name)
        return effect in effects or (effect == ALL and any(e.startswith(PREFIX) for e in effects))

    limits = [limit.name for limit in study.limits if by_mean(limit.criterion)]
    funds = [fund.name for fund in study.funds if "cost" in effects]
    wholes = [name for name in named if study.criteria[name].measure != "sum" and by_mean(name)]
    over = "Put the limit on a criterion with a measure over scenarios, or leave it out."
    told = (
        ("limits", limits, "limits on what scenarios change", over),
        ("funds", funds, "funds, while scenarios change costs,", "Leave them out, or the factors of cost."),
        ("criteria", wholes, "measures of what scenarios change", "Name criteria that are sums."),
    )
    rule = "hold by the mean of the coefficients only"
    refuse(*(Fault("study.toml", key, f"{said} ({some(names)}) {rule}", fix)
             for key, names, said, fix in told if names))  # fmt: skip


def _refuse_different(cases: dict[str, Formulation]) -> None:
    """Refuse cases whose plans cannot be told from one another: they admit other options."""
    first = next(iter(cases.values()))
    for name, case in cases.items():
        same = np.array_equal(case.menu.parcel, first.menu.parcel) and np.array_equal(
            case.menu.kind, first.menu.kind
        )
        if not same:
            rule = f"admits other options than {next(iter(cases))!r}, so its plans cannot be scored by it"
            refuse(Fault("interventions", name, rule, "Take sets that differ in effects only."))
