"""Contiguous blocks: parcels of some land covers that hang together by neighbours, as levels of their own.

Formula: parcels p and q are in one block when neighbours lead from p to q over parcels that all have one of
the land covers listed, or, where none is listed, the land cover of p.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import scipy.sparse as sp
from numpy.typing import NDArray
from scipy.sparse.csgraph import connected_components

from landfront.instances.faults import Fault
from landfront.instances.neighbours import Neighbours
from landfront.instances.parcels import Cover
from landfront.instances.schema import some
from landfront.instances.study import Study
from landfront.instances.study_space import Blocks

Ints = NDArray[np.int64]
Levels = tuple[NDArray[np.int32], tuple[tuple[str, ...], ...]]


def read_blocks(study: Study, ids: pd.Index, cover: Cover, neighbours: Neighbours | None) -> Levels:
    """Block of each parcel per level of blocks, -1 for none, shape (n, levels), and the blocks' names.

    A block is named by its level and its first parcel. Faults are left to `block_faults`.
    """
    asked = study.space.blocks if study.space else ()
    index = np.full((len(ids), len(asked)), -1, dtype=np.int32)
    names: list[tuple[str, ...]] = []
    for level, said in enumerate(asked):
        assert neighbours is not None
        index[:, level] = blocks_of(neighbours, classes_of(said, cover))
        first = np.unique(index[:, level][index[:, level] >= 0], return_index=True)[1]
        inside = np.flatnonzero(index[:, level] >= 0)
        names.append(tuple(f"{said.name} {ids[p]}" for p in inside[first]))
    return index, tuple(names)


def classes_of(said: Blocks, cover: Cover) -> Ints:
    """Class of each parcel, of which blocks are made; -1 for none, shape (n,)."""
    if not said.cover:
        return cover[0].astype(np.int64)
    wanted = np.array([*(code in said.cover for code in cover[1]), False])
    return np.where(wanted[cover[0]], 0, -1)


def blocks_of(neighbours: Neighbours, classes: Ints) -> Ints:
    """Block of each parcel, numbered from 0 in order of their first parcels, -1 for none, shape (n,).

    >>> from landfront.instances.neighbours import grid_neighbours
    >>> row = grid_neighbours(np.zeros(5, dtype=int), np.arange(5), 30.0)
    >>> blocks_of(row, np.array([0, 0, -1, 0, 1])).tolist()
    [0, 0, -1, 1, 2]
    """
    a, b, _ = neighbours.edges
    joined = (classes[a] == classes[b]) & (classes[a] >= 0)
    n = len(classes)
    graph = sp.csr_array((np.ones(int(joined.sum())), (a[joined], b[joined])), shape=(n, n))
    found = connected_components(graph, directed=False)[1].astype(np.int64)
    found = np.where(classes >= 0, found, -1)
    inside = np.flatnonzero(found >= 0)
    block, first = np.unique(found[inside], return_index=True)
    number = np.empty(n, dtype=np.int64)
    number[block[np.argsort(first)]] = np.arange(len(block))
    return np.where(found >= 0, number[found], -1)


def block_faults(study: Study, cover: Cover) -> list[Fault]:
    """Levels of blocks that cannot be made: names that occur twice, land covers that are not there."""
    asked = study.space.blocks if study.space else ()
    faults, seen = [], [*study.parcels.regions, *study.parcels.groups]
    for place, said in enumerate(asked):
        key = f"space.blocks.{place}"
        if said.name in seen:
            rule = f"{said.name!r} is the name of another level"
            faults.append(Fault("study.toml", f"{key}.name", rule, "Rename one."))
        seen.append(said.name)
        if not cover[1]:
            fix = "Name the land-cover column under parcels.cover."
            faults.append(Fault("study.toml", "parcels.cover", f"missing, but {key} needs it", fix))
        elif gone := [code for code in said.cover if code not in cover[1]]:
            fix = f"Land covers of the parcels: {some(cover[1], 30)}."
            faults.append(Fault("study.toml", f"{key}.cover", f"no parcel has {some(gone)}", fix))
    return faults
