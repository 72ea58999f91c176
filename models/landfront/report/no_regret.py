r"""No-regret and contested parcels over a front of two criteria: in its plans, and proven for all best plans.

Formula, in minimisation form, for an option j, a recomputed fact with weights w >= 0, bound beta and the
losses of its prices (`landfront.optimizer.reduced`), and two neighbouring points y^1, y^2 of the front:

    every plan with s of the parcel in it, or more, has  w y >= beta + s * loss_j
    every nondominated plan between them has  w y <= w u,   u = (y^2_1, y^1_2)    (some column is integer)
                                              w y <= max(w y^1, w y^2)            (none is: plans mix)

with s = 1 for whole parcels, 1/2 for shares. So where beta + s * loss_j > w u, no nondominated plan between
the two has the option. An option that is shut out so between all neighbours, and in no point, is in none; one
beside which all others are is in all. For shares one fact must shut out all others at once: by two facts each
of two others has less than half, and both together may have more; by one they have not, for a plan with less
than s = 1/2 of option i has  w y >= beta + sum of x_j * loss_j >= beta + s * min of loss_j  over all others.
Beyond the ends of the front w has all its weight on that end's criterion, and w y <= w y^end.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from landfront.instances.faults import Fault, refuse
from landfront.models.formulate import formulate
from landfront.optimizer.certify import half_plane, recomputed
from landfront.optimizer.engine import choose_engine
from landfront.optimizer.front import Fact, Floats
from landfront.optimizer.program import Program
from landfront.optimizer.reduced import reduced
from landfront.optimizer.show import table
from landfront.report.choices import ALL, HALF, NONE, SOME, UNDECIDED
from landfront.report.result import Result
from landfront.report.shares import range_of_shares
from landfront.report.stored import read_run, result_of

if TYPE_CHECKING:
    import pandas as pd

Flags = NDArray[np.bool_]

FACTS = 3
"""Facts that are asked about each gap between neighbours, those nearest to it first."""

WHERE = ("none", "some", "all")


@dataclass(frozen=True)
class NoRegret:
    """What the plans of a front agree on, and what every nondominated plan agrees on by proof.

    Attributes
    ----------
    result
        The front.
    found
        In how many of the returned plans each option is chosen: `NONE`, `SOME` or `ALL`, shape (options,).
    proven
        The same for all nondominated plans, known or not: `NONE` or `ALL` by proof, `SOME` by two returned
        plans, else `UNDECIDED`, shape (options,).
    """

    result: Result
    found: NDArray[np.int8]
    proven: NDArray[np.int8]

    @property
    def parcels(self) -> dict[str, NDArray[np.bool_]]:
        """Parcels by what is known of them, each of shape (n,)."""
        heads = self.result.formulation.menu.starts[:-1]
        agreed = np.maximum.reduceat(self.found == ALL, heads)
        sure = np.maximum.reduceat(self.proven == ALL, heads)
        return {"proven": sure, "agreed": agreed & ~sure, "contested": ~agreed}

    def to_frame(self) -> pd.DataFrame:
        """``parcel, intervention, in_plans, in_all_best``: each option, in the plans and by proof."""
        import pandas as pd

        formulation = self.result.formulation
        menu = formulation.menu
        words = pd.Index([*WHERE, "undecided"])
        return pd.DataFrame(
            {
                "parcel": formulation.landscape.ids.take(menu.parcel),
                "intervention": pd.Categorical.from_codes(menu.kind, pd.Index(menu.interventions)),
                "in_plans": pd.Categorical.from_codes(self.found, words),
                "in_all_best": pd.Categorical.from_codes(self.proven, words),
            }
        )

    def to_json(self) -> dict[str, Any]:
        """What ``no-regret --json`` prints."""
        area = self.result.formulation.landscape.area
        return {
            "criteria": list(self.result.front.criteria),
            "points": len(self.result.front),
            **{
                name: {"parcels": int(flags.sum()), "area_ha": float(area[flags].sum())}
                for name, flags in self.parcels.items()
            },
        }

    def write(self, folder: str | Path) -> Path:
        """Write ``no_regret.parquet``, ``summary.txt`` and a map to a new folder.

        Raises
        ------
        InputError
            If the folder is not new or cannot be written.
        """
        from landfront.report.choices_figure import no_regret_map
        from landfront.report.folder import new_folder

        target = Path(folder)
        with new_folder(target):
            self.to_frame().to_parquet(target / "no_regret.parquet", index=False)
            (target / "summary.txt").write_text(f"{self}\n", encoding="utf-8")
            no_regret_map(self, target)
        return target

    def __str__(self) -> str:
        """Say it in words."""
        front, formulation = self.result.front, self.result.formulation
        area = formulation.landscape.area
        words = {
            "proven": "same option in every nondominated plan, found or not, proven",
            "agreed": f"same option in the {len(front)} plans found, not proven of others",
            "contested": "options differ between plans",
        }
        rows = [
            [words[name], f"{int(flags.sum()):,}", f"{float(area[flags].sum()):,.0f}"]
            for name, flags in self.parcels.items()
        ]
        return "\n".join(
            [
                formulation.study.study.title,
                f"What the front between {' and '.join(front.criteria)} agrees on",
                "",
                table(("parcels with the", "count", "ha"), rows),
            ]
        )


def no_regret(run: str | Path, *, study: str | Path | None = None) -> NoRegret:
    """Parcels on which all plans of a front agree, and those on which all best plans must agree.

    Parameters
    ----------
    run, study
        A run directory; where the study is now, if not where it was.

    Raises
    ------
    InputError
        If the folder is no run, its study is not found, or its front has not two criteria or no point.
    """
    stored = read_run(Path(run))
    if len(stored.criteria) != 2 or not stored.stored.points:
        rule = f"has {len(stored.stored.points)} points over {len(stored.criteria)} criteria"
        refuse(Fault(str(run), "criteria", rule, "No-regret parcels are proven for fronts of two criteria."))
    result = result_of(stored, formulate(stored.study(Path(study) if study is not None else None)))
    return no_regret_of(result)


def no_regret_of(result: Result) -> NoRegret:
    """The same for a front that is known."""
    whole = bool(result.program.integer[: result.program.starts[-1]].all())
    level = 1.0 if whole else HALF
    least, most = range_of_shares(result)
    found = np.where(least >= level, ALL, np.where(most >= level, SOME, NONE)).astype(np.int8)
    out, beside = _shut_out(result, level=level)
    out &= found == NONE
    every = _others_flagged(out, result.program) if whole else beside
    proven = np.where(found == SOME, SOME, np.where(every, ALL, UNDECIDED))
    return NoRegret(result, found, np.where(out, NONE, proven).astype(np.int8))


def _others_flagged(flags: Flags, program: Program) -> Flags:
    """Whether all other columns of the group have a flag, shape (options,)."""
    starts = program.starts
    left = np.add.reduceat((~flags).astype(np.int64), starts[:-1])
    return np.asarray(np.repeat(left, np.diff(starts)) - ~flags == 0)


def _shut_out(result: Result, *, level: float) -> tuple[Flags, Flags]:
    """What the facts of the front prove of all nondominated plans, shape (options,) each.

    Options that no such plan has; and those beside which all others are shut out at once by one fact,
    between each two neighbours and beyond each end.
    """
    front, program = result.front, result.program
    y = front.values * front.senses
    y = y[np.argsort(y[:, 0], kind="stable")]
    facts = [fact for fact in front.facts if fact.proof == "recomputed"] + _alone(program)
    planes = np.array([(*half_plane(fact)[0], half_plane(fact)[1]) for fact in facts]).reshape(-1, 3)
    out = np.ones(int(program.starts[-1]), dtype=bool)
    beside, losses = out.copy(), dict[int, Floats]()
    # What a weighing is worth along the whole front, so that facts can be compared.
    size = planes[:, :2] @ np.maximum(np.ptp(y, axis=0), program.objective_scale)
    for reach in _reaches(y, planes, mixes=not program.integer.any()):
        here = np.zeros(len(out), dtype=bool)
        at_once = _others_flagged(here, program)
        for place in np.argsort((reach - planes[:, 2]) / size, kind="stable")[:FACTS].tolist():
            if not np.isfinite(reach[place]):
                continue
            if place not in losses:
                losses[place] = reduced(program, _free(facts[place])).loss
            shut = planes[place, 2] + level * losses[place] > reach[place]
            here |= shut
            at_once |= _others_flagged(shut, program)
        out &= here
        beside &= at_once
        if not (out.any() or beside.any()):
            break
    return out, beside


def _alone(program: Program) -> list[Fact]:
    """What the relaxation proves of each objective alone, without the others."""
    engine, facts = choose_engine(program)[0], []
    for weights in np.eye(len(program.senses)):
        free = np.full(len(weights), np.inf)
        answer = engine.relax(weights, free, seconds=np.inf)
        fact = Fact(weights, free, -np.inf, "recomputed", answer.row_prices, np.zeros(len(weights)))
        facts.append(recomputed(program, fact))
    return facts


def _free(fact: Fact) -> Fact:
    """The half-plane that a fact's multipliers prove, whatever the caps."""
    weights, beta = half_plane(fact)
    none = np.zeros(len(weights))
    return Fact(weights, np.full(len(weights), np.inf), beta, "recomputed", fact.row_prices, none)


def _reaches(y: Floats, planes: Floats, *, mixes: bool) -> list[Floats]:
    """The largest ``w y`` of nondominated plans between each two neighbours and beyond each end, per fact."""
    weights = planes[:, :2]
    found = []
    for one, two in pairwise(y):
        corner = weights @ np.array([two[0], one[1]])
        found.append(np.maximum(weights @ one, weights @ two) if mixes else corner)
    for axis, end in ((0, y[0]), (1, y[-1])):
        alone = (weights[:, 1 - axis] == 0) & (weights[:, axis] > 0)
        found.append(np.where(alone, weights[:, axis] * end[axis], np.inf))
    return found
