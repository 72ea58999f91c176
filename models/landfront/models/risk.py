r"""Risk: criteria over scenarios of coefficients, from the mean over the tail to the worst regret.

Formula, for the total q_s of a plan in the scenarios s = 1..S with probabilities p_s, where more is better
(``sense = "max"``; all turns round where less is):

    q_s           = b + sum over cells c of m_sc * g_c
    g_c           = sum over the options (p, i) of c of e(p, i) * x(p, i)
    expected      max sum of p_s * q_s
    conservative  max b + sum of v_c        with v_c <= lo_c * g_c, v_c <= hi_c * g_c
    worst_case    max t                     with t <= q_s
    cvar          max t - sum of p_s * u_s / (1 - a)        with u_s >= t - q_s, u_s >= 0
    quantile      max t                     with q_s >= t - M_s (1 - z_s), sum of p_s * z_s >= a
    reliability   max sum of p_s * z_s      with q_s >= T - M_s (1 - z_s)
    regret        min t                     with t >= B_s - q_s

| symbol | meaning |
|---|---|
| m_sc | factor of the cell c, interventions in regions with the same factors, in the scenario (`cells`) |
| b | baseline total, the same in every scenario; 0 with ``of = "change"`` |
| a | ``level``: 0.9 looks at the worst tenth |
| lo_c, hi_c | the largest factor that is reached, the least that is not exceeded, with probability a |
| T | ``target`` |
| B_s | the best q_s of any plan: its proven bound, from solving each scenario by itself |
| t, u_s, v_c, z_s | linking columns with finite bounds, z_s in {0, 1} |
| M_s | how far q_s can lie below |

CVaR is the mean of the worst 1 - a of the probability (R. T. Rockafellar and S. Uryasev, Optimization of
conditional value-at-risk, Journal of Risk 2, 2000); the quantile is the value-at-risk. A limit on
``reliability`` is a chance constraint. The cells' sums g_c are columns, so that each option stands in one
more row only, however many scenarios there are. The mean is one sum with the mean factor of each cell.

>>> q, p = np.array([10.0, 20.0, 30.0, 40.0]), np.full(4, 0.25)
>>> tail_mean(q, p, level=0.5, sign=1.0), round(tail_mean(q, p, level=0.625, sign=1.0), 6)  # half of 20
(15.0, 13.333333)
>>> value_at_risk(q, p, level=0.75, sign=1.0), value_at_risk(q, p, level=0.75, sign=-1.0)
(20.0, 30.0)
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from landfront.instances.faults import Fault, InputError
from landfront.instances.study_rules import Criterion
from landfront.instances.units import UnitError, convert
from landfront.models.cells import Cells, cells_of
from landfront.models.measure import Amounts, Measure, Statistic
from landfront.models.registry import Effects
from landfront.models.widening import Linking
from landfront.optimizer.program import Csr

if TYPE_CHECKING:
    from landfront.instances.scenarios import Scenarios

Floats = NDArray[np.float64]
inf = float("inf")
LIKELY = 1e-9
"""Probability that may lack where a level is called reached: what sums of shares leave of it."""
MET = 1e-9
"""Share of a target that may lack where it is called reached: what solvers leave of a row."""


@dataclass(frozen=True)
class Risk:
    """What a measure over scenarios is made of.

    Attributes
    ----------
    cells
        What it looks at.
    sign
        1 where more is better, -1 where less is.
    level, target
        As the criterion says them; 0 where it says none.
    best
        Best total of each scenario, in its own sense, shape (S,); empty but for the regret.
    """

    cells: Cells
    sign: float
    level: float = 0.0
    target: float = 0.0
    best: Floats = field(default_factory=lambda: np.zeros(0))

    @property
    def probability(self) -> Floats:
        """Of each scenario, shape (S,)."""
        return self.cells.probability

    def totals(self, amounts: Floats) -> Floats:
        """Total in each scenario, shape (S,)."""
        return self.cells.totals(amounts)


def risk_of(
    name: str, entry: Criterion, effects: Effects, scenarios: Scenarios | None, best: Floats | None = None
) -> Measure:
    """A criterion over scenarios; `best` is the best total of each where it is a regret.

    Raises
    ------
    InputError
        If there are no scenarios of its effect, or its scope or target do not fit.
    """
    cells = cells_of(name, entry, effects, scenarios)
    if entry.target is not None and not isinstance(entry.target, float | int):
        fix = f"Give a number in {cells.unit}."
        raise InputError([Fault("study.toml", f"criteria.{name}.target", "takes a number here", fix)])
    more = entry.better == "more" if entry.better is not None else entry.sense == "max"
    if entry.measure == "regret" and entry.better is None:
        more = True  # the sense is that of the regret, which is to be small
    risk = Risk(
        cells, 1.0 if more else -1.0, entry.level or 0.0, _target(name, entry, cells.unit),
        cells.ends()[1 if more else 0] if best is None else best,
    )  # fmt: skip
    if entry.measure == "expected":
        return _expected(name, cells)
    build = KINDS[entry.measure]
    linking, statistic = build(risk)
    unit = "share" if entry.measure == "reliability" else cells.unit
    return Measure(name, unit, amounts_of(cells), linking, statistic)


def _target(name: str, entry: Criterion, unit: str) -> float:
    """The target of a criterion in a unit, 0 without one.

    Raises
    ------
    InputError
        If it is in a unit that is none of these, or a unit stands without a target.
    """
    key = f"criteria.{name}.unit"
    if entry.unit is not None and entry.target is None:
        rule = f"is the unit of a target, and {entry.measure!r} has none"
        raise InputError([Fault("study.toml", key, rule, f"Leave it out: values are in {unit}.")])
    given = float(entry.target) if isinstance(entry.target, float | int) else 0.0
    if entry.unit is None:
        return given
    try:
        return float(convert(given, entry.unit, unit))
    except UnitError as error:
        raise InputError([Fault("study.toml", key, str(error), f"Give the target in {unit}.")]) from error


def amounts_of(cells: Cells) -> Amounts:
    """The cells' sums as the amounts of a measure."""
    none = np.full(len(cells.low), np.nan)
    constant = np.zeros(len(cells.low))
    return Amounts(cells.rows, constant, cells.low, cells.high, none, cells.labels, cells.unit)


def _expected(name: str, cells: Cells) -> Measure:
    """The total under mean factors: one sum over the options, and one column equal to it."""
    values, cell = cells.column
    mean = cells.probability @ cells.factor
    known = np.flatnonzero((cell >= 0) & (values != 0))
    row = sp.csr_array(
        (values[known] * mean[cell[known]], known, np.array([0, len(known)])), shape=(1, len(values))
    )
    base, (low, high) = _one(cells.base), cells.probability @ np.stack(cells.ends(), axis=1)
    amounts = Amounts(
        Csr(row), base, _one(low), _one(high), _one(np.nan), ("the mean of the scenarios",), cells.unit
    )
    linking = Linking(
        _one(low), _one(high), np.zeros(1, dtype=bool), _column(1, -1.0), np.stack([-base, -base]),
        sp.csr_array((0, 1)), np.zeros((2, 0)), np.ones(1),
    )  # fmt: skip
    return Measure(name, cells.unit, amounts, linking, Statistic(lambda q: float(q[0]), lambda q: q))


@dataclass(frozen=True)
class Columns:
    """Linking columns behind the cells' sums, and rows over all of them.

    Attributes
    ----------
    lower, upper, weights
        Bounds and weights of the columns behind the sums, shape (L,).
    rows
        Coefficients of the sums and of these columns, shapes (E, C) and (E, L).
    within
        Bounds of the rows, shape (2, E).
    whole
        Whether the columns are whole, shape (L,).
    """

    lower: Floats
    upper: Floats
    weights: Floats
    rows: tuple[Floats, sp.csr_array]
    within: Floats
    whole: NDArray[np.bool_] | None = None

    def linking(self, cells: Cells, said: tuple[str, ...]) -> Linking:
        """The columns with those of the cells' sums before them."""
        count, more = len(cells.low), len(self.lower)
        coupling = sp.hstack([-sp.eye_array(count), sp.csr_array((count, more))], format="csr")
        whole = np.zeros(more, dtype=bool) if self.whole is None else self.whole
        rows = sp.hstack([sp.csr_array(self.rows[0]), self.rows[1]], format="csr")
        return Linking(
            np.concatenate([cells.low, self.lower]), np.concatenate([cells.high, self.upper]),
            np.concatenate([np.zeros(count, dtype=bool), whole]), sp.csr_array(coupling),
            np.zeros((2, count)), sp.csr_array(rows), self.within,
            np.concatenate([np.zeros(count), self.weights]), said,
        )  # fmt: skip


Built = tuple[Linking, Statistic]


def _statistic(risk: Risk, value: Callable[[Floats], float], more: Callable[[Floats], Floats]) -> Statistic:
    """Value and columns by the totals of the scenarios: the sums of the cells, then `more`."""
    return Statistic(
        lambda amounts: value(risk.totals(amounts)),
        lambda amounts: np.concatenate([amounts, more(risk.totals(amounts))]),
    )


def _words(risk: Risk, what: str) -> tuple[str, ...]:
    return tuple(f"{what} in {name}" for name in risk.cells.scenarios)


def _one(value: float) -> Floats:
    return np.array([value])


def _column(size: int, entry: float) -> sp.csr_array:
    """A column of the same number, shape (size, 1)."""
    return sp.csr_array(np.full((size, 1), entry))


def _conservative(risk: Risk) -> Built:
    """One column for the sum; one more for each cell that may gain as well as lose."""
    cells, sign = risk.cells, risk.sign
    low = -quantiles(-cells.factor, risk.probability, risk.level)
    high = quantiles(cells.factor, risk.probability, risk.level)
    cautious, bold = (low, high) if sign > 0 else (high, low)

    def each(amounts: Floats) -> Floats:
        return np.asarray(sign * np.minimum(sign * cautious * amounts, sign * bold * amounts))

    mixed = np.flatnonzero((cells.low < 0) & (cells.high > 0))
    plain = np.where(cells.low < 0, bold, cautious)
    plain[mixed] = 0.0
    count, pick = len(mixed), np.zeros((len(mixed), len(cells.low)))
    pick[np.arange(count), mixed] = 1.0
    eye, nothing = sp.eye_array(count), sp.csr_array((count, 1))
    total = sp.hstack([sp.csr_array(np.full((1, count), -1.0)), _column(1, 1.0)])
    behind = sp.vstack([sp.hstack([-sign * eye, nothing])] * 2 + [total], format="csr")
    over = np.vstack([sign * pick * cautious, sign * pick * bold, -plain[None, :]])
    ends = np.stack([each(cells.low), each(cells.high), np.zeros(len(cells.low))])
    least, most = ends.min(axis=0), ends.max(axis=0)
    within = np.concatenate([np.tile([[0.0], [inf]], 2 * count), np.full((2, 1), cells.base)], axis=1)
    columns = Columns(
        np.append(least[mixed], cells.base + least.sum()), np.append(most[mixed], cells.base + most.sum()),
        np.append(np.zeros(count), 1.0), (over, sp.csr_array(behind)), within,
    )  # fmt: skip
    said = (*(f"cautious {cells.labels[c]}" for _ in range(2) for c in mixed), "the sum of cautious cells")

    def value(amounts: Floats) -> float:
        return float(cells.base + each(amounts).sum())

    return columns.linking(cells, said), Statistic(
        value, lambda amounts: np.concatenate([amounts, each(amounts)[mixed], [value(amounts)]])
    )


def _worst_case(risk: Risk) -> Built:
    """One column that no total falls short of."""
    cells, sign, count = risk.cells, risk.sign, len(risk.probability)
    low, high = cells.ends()
    worst = np.min if sign > 0 else np.max
    within = np.stack([np.full(count, -sign * cells.base), np.full(count, inf)])
    columns = Columns(
        _one(worst(low)), _one(worst(high)), np.ones(1), (sign * cells.factor, _column(count, -sign)), within
    )
    return columns.linking(cells, _words(risk, "no better than")), _statistic(
        risk, lambda totals: float(worst(totals)), lambda totals: _one(worst(totals))
    )


def _cvar(risk: Risk) -> Built:
    """The value-at-risk, and what each scenario lacks of it."""
    cells, sign, count = risk.cells, risk.sign, len(risk.probability)
    low, high = cells.ends()
    weight = -sign * risk.probability / (1 - risk.level)
    behind = sp.hstack([_column(count, -sign), sp.eye_array(count)], format="csr")
    within = np.stack([np.full(count, -sign * cells.base), np.full(count, inf)])
    columns = Columns(
        np.append(low.min(), np.zeros(count)), np.append(high.max(), np.full(count, high.max() - low.min())),
        np.append(1.0, weight), (sign * cells.factor, sp.csr_array(behind)), within,
    )  # fmt: skip

    def more(totals: Floats) -> Floats:
        at = value_at_risk(totals, risk.probability, level=risk.level, sign=sign)
        return np.append(at, np.maximum(sign * (at - totals), 0.0))

    def value(totals: Floats) -> float:
        return tail_mean(totals, risk.probability, level=risk.level, sign=sign)

    return columns.linking(cells, _words(risk, "what lacks")), _statistic(risk, value, more)


def _quantile(risk: Risk) -> Built:
    """A value, and which scenarios reach it: enough of them."""
    cells, sign, count = risk.cells, risk.sign, len(risk.probability)
    low, high = (sign * end for end in cells.reach()[:: int(sign)])  # in a sense where more is better

    def at(totals: Floats) -> float:
        return value_at_risk(totals, risk.probability, level=risk.level, sign=1.0)

    least, most = at(low), at(high)
    room = np.maximum(most - low, 0.0)
    enough = np.append(0.0, risk.probability)[None, :]
    behind = sp.vstack(
        [sp.hstack([_column(count, -sign), -sp.diags_array(room)]), sp.csr_array(enough)], format="csr"
    )
    within = np.stack([np.append(-sign * cells.base - room, risk.level - LIKELY), np.full(count + 1, inf)])
    over = np.vstack([sign * cells.factor, np.zeros(cells.factor.shape[1])])
    columns = Columns(
        np.append(min(sign * least, sign * most), np.zeros(count)),
        np.append(max(sign * least, sign * most), np.ones(count)),
        np.append(1.0, np.zeros(count)), (over, sp.csr_array(behind)), within,
        np.append(False, np.ones(count, dtype=bool)),
    )  # fmt: skip

    def more(totals: Floats) -> Floats:
        value = sign * at(sign * totals)
        return np.append(value, sign * totals >= sign * value)

    words = (*_words(risk, "reached"), f"reached with probability {risk.level:g}")
    return columns.linking(cells, words), _statistic(risk, lambda totals: sign * at(sign * totals), more)


def _reliability(risk: Risk) -> Built:
    """Which scenarios reach the target; one that they cannot miss needs no room, one out of reach is none."""
    cells, sign, count = risk.cells, risk.sign, len(risk.probability)
    low, high = (sign * end for end in cells.reach()[:: int(sign)])
    goal = sign * risk.target
    room = np.maximum(goal - low, 0.0)
    bound = np.where(room > 0, goal - room - sign * cells.base, -inf)
    columns = Columns(
        np.zeros(count), (goal <= high + MET * abs(goal)).astype(np.float64), risk.probability,
        (sign * cells.factor, sp.csr_array(-sp.diags_array(room))), np.stack([bound, np.full(count, inf)]),
        np.ones(count, dtype=bool),
    )  # fmt: skip

    def met(totals: Floats) -> Floats:
        return (sign * totals >= goal - MET * abs(goal)).astype(np.float64)

    return columns.linking(cells, _words(risk, "target reached")), _statistic(
        risk, lambda totals: float(risk.probability @ met(totals)), met
    )


def _regret(risk: Risk) -> Built:
    """One column that no regret exceeds."""
    cells, sign, count = risk.cells, risk.sign, len(risk.probability)
    lost = [sign * (risk.best - end) for end in cells.ends()]
    within = np.stack([sign * (risk.best - cells.base), np.full(count, inf)])
    columns = Columns(
        _one(float(np.minimum(*lost).max())), _one(float(np.maximum(*lost).max())), np.ones(1),
        (sign * cells.factor, _column(count, 1.0)), within,
    )  # fmt: skip

    def value(totals: Floats) -> float:
        return float((sign * (risk.best - totals)).max())

    return columns.linking(cells, _words(risk, "regret")), _statistic(
        risk, value, lambda totals: _one(value(totals))
    )


KINDS: Mapping[str, Callable[[Risk], Built]] = {
    "conservative": _conservative,
    "worst_case": _worst_case,
    "cvar": _cvar,
    "quantile": _quantile,
    "reliability": _reliability,
    "regret": _regret,
}


def tail_mean(totals: Floats, probability: Floats, *, level: float, sign: float) -> float:
    """Mean of the worst ``1 - level`` of the probability; the scenario at its edge counts in part."""
    order = np.argsort(sign * totals, kind="stable")
    before = np.concatenate([[0.0], np.cumsum(probability[order])[:-1]])
    taken = np.clip(1 - level - before, 0.0, probability[order])
    return float(taken @ totals[order] / taken.sum())


def value_at_risk(totals: Floats, probability: Floats, *, level: float, sign: float) -> float:
    """The best value that totals are at least as good as with probability `level`."""
    order = np.argsort(-sign * totals, kind="stable")
    reached = np.cumsum(probability[order]) >= level - LIKELY
    return float(totals[order[np.argmax(reached)]])


def quantiles(factor: Floats, probability: Floats, share: float) -> Floats:
    """Least factor that is not exceeded with probability `share`, of each cell, shape (C,)."""
    order = np.argsort(factor, axis=0, kind="stable")
    reached = np.cumsum(probability[order], axis=0) >= share - LIKELY
    first = np.argmax(reached, axis=0)
    place = np.take_along_axis(order, first[None, :], axis=0)
    return np.asarray(np.take_along_axis(factor, place, axis=0)[0])
