"""Seeded programs of national size: many parcels, at most eight options each, few limits.

`national` makes one: a grid of parcels with smooth random fields, from which budget, water, food, regional
caps of cropland and sparse feature targets follow. It is made strip by strip, so that ten million parcels
fit. `prototype` turns the tables of an older generator, where that is present, into a program of the same
form. Tests and benchmarks use the same.
"""

from __future__ import annotations

import importlib
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from landfront.optimizer.front import Floats
from landfront.optimizer.program import Block, Csr, Factored, Program, Stack
from tests.optimizer.grid import Grid

Singles = NDArray[np.float32]

FOLDER = Path(__file__).resolve().parents[2].parent / "shared" / "prototype"
ABSENT = f"the older generator {FOLDER} is not here"
OPTIMUM = 99195.3693302089
"""Best carbon of ``prototype(100_000, 100, seed=1)`` as shares, by HiGHS on the full model."""

KINDS = ("keep", "forest", "mixed", "grass", "wetland", "tillage", "agroforestry", "rice")
CARBON = np.array([0, 5.2, 4.4, 2.1, 5.8, 0.8, 2.6, 1.1], np.float32)
COST = np.array([0, 4.1, 4.5, 1.3, 4.9, 0.5, 2.0, 0.8], np.float32)
WATER = np.array([0, 2.4, 1.9, 0.5, 3.4, 0.1, 0.7, -0.6])
FOOD = -np.array([0, 1.0, 1.0, 0.9, 1.0, 0.02, 0.35, 0.08])
CROPLAND = -np.array([0, 1.0, 1.0, 1.0, 1.0, 0.0, 0.3, 0.0])
NATURE = np.array([[0, 0.5, 1.0, 0.6, 0.4, 0.0, 0.3, 0.1], [0, -0.3, -0.1, 0.2, 1.2, 0.0, 0.0, 0.3]])
GUILDS = np.array(
    [
        [0, 0.7, 1.0, -0.3, -0.1, 0.0, 0.35, 0.0],
        [0, -0.6, -0.5, 1.0, 0.0, 0.05, 0.1, 0.0],
        [0, -0.2, -0.1, 0.3, 1.0, 0.0, 0.0, 0.25],
        [0, 0.2, 0.3, 0.3, 0.2, 0.2, 0.5, 0.3],
    ]
)
COST_PRICES, WATER_PRICES, FOOD_PRICES = (2.2, 2.4), (0.3, 0.3), (0.45, 0.6)
"""Prices under which the two plans are best between which the limits lie: for carbon, for nature."""
MIX = 0.55


@dataclass(frozen=True)
class Features:
    """Feature amounts are where a random mix of fields is high.

    Attributes
    ----------
    mix
        Weights of the fields, shape (fields, S).
    above
        The mix above which a feature occurs, shape (S,).
    table
        Share gained or lost under each intervention, shape (S, kinds).
    """

    mix: Singles
    above: Singles
    table: Floats

    @classmethod
    def random(cls, count: int, grid: Grid, rng: np.random.Generator) -> Features:
        """Each on about 3 % of the parcels, from 0.2 % to 15 %."""
        mix = np.zeros((grid.down.shape[0], count), np.float32)
        for column in range(count):
            mix[rng.choice(len(mix), 3, replace=False), column] = rng.standard_normal(3)
        share = np.clip(0.03 * np.exp(0.7 * rng.standard_normal(count) - 0.245), 0.002, 0.15)
        sample = np.concatenate([grid.fields(*strip)[::37] for strip in list(grid.strips())[::5]])
        above = [np.quantile(sample @ mix[:, s], 1 - share[s]) for s in range(count)]
        table = GUILDS[rng.integers(0, len(GUILDS), count)] * rng.uniform(0.6, 1.4, (count, len(KINDS)))
        return cls(mix, np.array(above, np.float32), table)


@dataclass(frozen=True)
class Strip:
    """Some parcels in a row, with everything that the program needs of them.

    Attributes
    ----------
    alive
        Which interventions may go where, shape (n, kinds).
    carbon, cost
        Of the options that are alive, parcel by parcel, shape (options,).
    amount
        Harvest, water, cropland by region and features, shape (n, 2 + regions + S).
    nature
        What biodiversity is proportional to, shape (n, 2).
    used
        Cost, then the sums of the amounts, that each of the two plans uses here, shape (2, 1 + terms).
    """

    alive: NDArray[np.bool_]
    carbon: Singles
    cost: Singles
    amount: sp.csr_array
    nature: Singles
    used: Floats


def national(
    parcels: int = 100_000, features: int = 100, *, regions: int = 30, seed: int = 1, whole: bool = True
) -> Program:
    """A program of `parcels` groups and 3 + regions + features rows with three objectives.

    Objectives are carbon, food and biodiversity, all maximised. Rows are, in terms of change: a budget from
    above, food from below, water from above, cropland of each region and features from below. A mix of two
    plans meets every limit, so that shares are feasible, and dozens of rows are tight at the best.
    """
    rng = np.random.default_rng(seed)
    grid = Grid.random(parcels, rng)
    kinds = Features.random(features, grid, rng)
    table = np.concatenate([[FOOD, WATER], np.tile(CROPLAND, (regions, 1)), kinds.table])
    prices = np.zeros((2, len(table)))
    prices[:, 0], prices[:, 1] = FOOD_PRICES, np.negative(WATER_PRICES)
    prices[1, 2 + regions :] = rng.uniform(0, 3, features) * np.sqrt(10 / max(features, 10))
    strips = [
        _strip(
            grid,
            kinds,
            table,
            prices,
            strip=strip,
            regions=regions,
            rng=np.random.default_rng((seed, number)),
        )
        for number, strip in enumerate(grid.strips())
    ]
    return _program(strips, table, regions=regions, whole=whole)


def _strip(
    grid: Grid,
    kinds: Features,
    table: Floats,
    prices: Floats,
    *,
    strip: tuple[int, int],
    regions: int,
    rng: np.random.Generator,
) -> Strip:
    fields = grid.fields(*strip)
    normal = rng.standard_normal((len(fields), 8), dtype=np.float32)
    area = np.exp(0.35 * normal[:, 0])
    fertile = 0.6 * fields[:, 3] + 0.4 * fields[:, 8] + 0.5 * fields[:, 0]
    is_crop = 0.8 * fields[:, 0] + 0.4 * fields[:, 9] + 0.2 * normal[:, 1] > 0.35
    suits = fields[:, [0, 2, 5, 6, 4, 3, 7, 1]] + 0.4 * normal
    growth = np.clip(0.55 * suits + 0.2 * (fields[:, 2] + fields[:, 6])[:, None], -4, 4)
    noise = rng.standard_normal(suits.shape, dtype=np.float32)
    carbon = CARBON * area[:, None] * np.exp(0.55 * growth)
    cost = COST * area[:, None] * np.exp(0.9 * (0.35 * growth + 0.55 * fertile[:, None] + 0.35 * noise))
    crop = np.where(is_crop, area, np.float32(0))
    water = area * np.exp(0.4 * fields[:, 1])
    parts = [
        sp.csr_array(np.stack([crop * np.exp(0.5 * fertile), water], axis=1)),
        _by_region(crop, _regions(grid, np.arange(*strip), regions), regions),
        _amounts(fields, kinds, area, rng),
    ]
    amount = sp.csr_array(sp.hstack(parts, format="csr", dtype=np.float32))
    alive = _alive(suits, is_crop=is_crop, wet=fields[:, 4] + 0.3 * fields[:, 9] > 1.0)
    used = [_used(carbon, cost, amount, table, alive=alive, prices=row, dear=dear)
            for row, dear in zip(prices, COST_PRICES, strict=True)]  # fmt: skip
    nature = area[:, None] * np.exp(0.4 * fields[:, [10, 11]])
    return Strip(alive, carbon[alive], cost[alive], amount, nature, np.array(used))


def _alive(suits: Singles, *, is_crop: NDArray[np.bool_], wet: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """About 60 % of all pairs; ``keep`` goes everywhere."""
    alive = suits > np.array([-np.inf, -0.9, -0.6, -0.9, 0.5, -1.5, -0.9, -1.2], np.float32)
    alive[:, 4] |= wet
    alive[:, 5] &= is_crop | (suits[:, 5] > 0)
    alive[:, 6] &= is_crop | (suits[:, 6] > 0.3)
    alive[:, 7] &= is_crop
    return alive


def _regions(grid: Grid, parcel: NDArray[np.int64], regions: int) -> NDArray[np.int64]:
    """Blocks of the grid, five down and the rest across."""
    height, across = grid.down.shape[1], -(-regions // 5)
    block = (parcel // grid.width) * 5 // height * across + (parcel % grid.width) * across // grid.width
    return np.asarray(np.minimum(block, regions - 1))


def _by_region(crop: Singles, region: NDArray[np.int64], regions: int) -> sp.csr_array:
    used = crop > 0
    ends = np.append(0, np.cumsum(used)).astype(np.int32)
    return sp.csr_array((crop[used], region[used].astype(np.int32), ends), shape=(len(crop), regions))


def _amounts(fields: Singles, kinds: Features, area: Singles, rng: np.random.Generator) -> sp.csr_array:
    """Feature amounts, shape (n, S): part of the area where the mix of fields is high."""
    parcel, feature = np.nonzero(fields @ kinds.mix > kinds.above)
    amount = area[parcel] * (0.3 + 0.7 * rng.random(len(parcel), dtype=np.float32))
    ends = np.append(0, np.cumsum(np.bincount(parcel, minlength=len(area)))).astype(np.int32)
    return sp.csr_array((amount, feature.astype(np.int32), ends), shape=(len(area), kinds.mix.shape[1]))


def _used(
    carbon: Singles,
    cost: Singles,
    amount: sp.csr_array,
    table: Floats,
    *,
    alive: NDArray[np.bool_],
    prices: Floats,
    dear: float,
) -> Floats:
    """Cost and sums of amounts of the plan that is best under prices, shape (1 + terms,)."""
    score = carbon - dear * cost + amount @ (prices[:, None] * table).astype(np.float32)
    choice = np.where(alive, score, -np.inf).argmax(axis=1)
    paid = cost[np.arange(len(choice)), choice].sum(dtype=np.float64)
    parcel = np.repeat(np.arange(len(choice)), np.diff(amount.indptr))
    changed = amount.data * table[amount.indices, choice[parcel]]
    return np.append(paid, np.bincount(amount.indices, weights=changed, minlength=len(table)))


def _program(strips: list[Strip], table: Floats, *, regions: int, whole: bool) -> Program:
    used = np.sum([strip.used for strip in strips], axis=0)
    alive = np.concatenate([strip.alive for strip in strips])
    amount = sp.csr_array(sp.vstack([strip.amount for strip in strips], format="csr"))
    nature = sp.csr_array(np.concatenate([strip.nature for strip in strips]))
    carbon, cost = (np.concatenate([getattr(strip, name) for strip in strips]) for name in ("carbon", "cost"))
    strips.clear()
    group, kind, starts = options_of(alive)
    harvest = amount[:, [0]]
    welfare = sp.csr_array(sp.hstack([harvest, nature], format="csr"))
    every = np.arange(len(group), dtype=np.int32)
    return assemble(
        (
            one_row(carbon, every),
            Factored(group, kind, welfare, np.concatenate([[FOOD], NATURE]), np.array([0, 1, 1]), 2),
        ),
        (one_row(cost, every), Factored(group, kind, amount, table, np.arange(len(table)), len(table))),
        _limits(MIX * used[0] + (1 - MIX) * used[1]),
        starts=starts,
        names=("budget", "food", "water", *(f"cropland of region {r + 1}" for r in range(regions))),
        offsets=np.array([0.0, harvest.sum(dtype=np.float64), 0.0]),
        whole=whole,
    )


def _limits(used: Floats) -> tuple[Floats, Floats]:
    """A budget and a water cap from above, everything else from below, a little looser than what is used."""
    lower, upper = used - 0.02 * np.abs(used), used + 0.01 * np.abs(used)
    lower[[0, 2]], upper[1], upper[3:] = -np.inf, np.inf, np.inf
    return lower, upper


def options_of(
    alive: NDArray[np.bool_],
) -> tuple[NDArray[np.int32], NDArray[np.int16], NDArray[np.int64]]:
    """Group and kind of each option, and where the options of each group start."""
    count = np.count_nonzero(alive, axis=1)
    starts = np.append(0, np.cumsum(count, dtype=np.int64))
    kinds = np.broadcast_to(np.arange(alive.shape[1], dtype=np.int16), alive.shape)
    return np.repeat(np.arange(len(alive), dtype=np.int32), count), kinds[alive], starts


def one_row(values: Singles, every: NDArray[np.int32]) -> Csr:
    """A row with a number for every option; rows share the list of all columns."""
    ends = np.array([0, len(values)], dtype=np.int32)
    return Csr(sp.csr_array((values, every, ends), shape=(1, len(values))))


def assemble(
    objectives: tuple[Block, ...],
    rows: tuple[Block, ...],
    limits: tuple[Floats, Floats],
    *,
    starts: NDArray[np.int64],
    names: tuple[str, ...],
    offsets: Floats,
    whole: bool,
) -> Program:
    """The program of these blocks; rows without a name are features. Column bounds take no memory."""
    m, count = int(starts[-1]), len(limits[0])
    features = tuple(f"feature {s + 1}" for s in range(count - len(names)))
    return Program(
        objectives=Stack(objectives, m),
        senses=np.array([-1, -1, -1], dtype=np.int8),
        offsets=offsets,
        rows=Stack(rows, m),
        row_lower=limits[0],
        row_upper=limits[1],
        lower=np.broadcast_to(0.0, m),
        upper=np.broadcast_to(1.0, m),
        integer=np.broadcast_to(whole, m),
        starts=starts,
        objective_names=("carbon", "food", "biodiversity"),
        row_names=(*names, *features),
    )


def prototype(parcels: int, features: int, *, seed: int = 1, whole: bool = True) -> Program:
    """The program of the older generator's tables.

    Raises
    ------
    FileNotFoundError
        If it is not here.
    """
    if not (FOLDER / "gen.py").is_file():
        raise FileNotFoundError(ABSENT)
    sys.path.insert(0, str(FOLDER))
    try:
        gen = importlib.import_module("gen")
        tables = gen.gen(parcels, features, seed=seed)
    finally:
        sys.path.remove(str(FOLDER))
    return from_tables(tables, food=gen.LOSS, cropland=gen.CONV, whole=whole)


def from_tables(tables: dict[str, Any], *, food: Singles, cropland: Singles, whole: bool = True) -> Program:
    """A program with the rows of the tables in their order, and three objectives to be maximised.

    Parameters
    ----------
    tables
        Dense effects per parcel and intervention, harvest and cropland per parcel, features sparse by parcel,
        and the right-hand sides: rows from above first, features from below.
    food, cropland
        Share of the harvest and of the cropland that each intervention takes.
    """
    alive = tables["el"]
    group, kind, starts = options_of(alive)
    every = np.arange(len(group), dtype=np.int32)
    n, features, regions = (int(tables[key]) for key in ("N", "S", "R"))
    harvest = sp.csr_array(tables["food"][:, None])
    capped = _by_region(tables["croparea"], tables["reg"].astype(np.int64), regions)
    habitat = sp.csr_array((tables["fval"], tables["fidx"], tables["fptr"]), shape=(n, features))
    change = tables["E"].astype(np.float64)
    amount = sp.csr_array(sp.hstack([capped, habitat], format="csr"))
    table = np.concatenate([np.tile(cropland, (regions, 1)), change]).astype(np.float64)
    takes, rows = food.astype(np.float64)[None, :], regions + features
    limit, below = tables["rhs"].astype(np.float64), tables["sense"] < 0
    return assemble(
        (
            one_row(tables["c"][alive], every),
            Factored(group, kind, harvest, -takes, np.zeros(1, np.int64), 1),
            Factored(group, kind, habitat, change, np.zeros(features, np.int64), 1),
        ),
        (
            one_row(tables["cost"][alive], every),
            Factored(group, kind, harvest, takes, np.zeros(1, np.int64), 1),
            one_row(tables["wat"][alive], every),
            Factored(group, kind, amount, table, np.arange(rows), rows),
        ),
        (np.where(below, limit, -np.inf), np.where(below, np.inf, limit)),
        starts=starts,
        names=("budget", "food loss", "water", *(f"cropland of region {r + 1}" for r in range(regions))),
        offsets=np.zeros(3),
        whole=whole,
    )
