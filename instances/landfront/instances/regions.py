"""The tree of regions: nation, provinces, counties, as a graph that people can look at."""

from __future__ import annotations

from typing import Any

import networkx as nx
import numpy as np

from landfront.instances.landscape import Landscape

ROOT = "all"


def region_tree(landscape: Landscape) -> nx.DiGraph[Any]:
    """Regions as a tree from `ROOT` outwards, each region pointing at the regions inside it.

    Returns
    -------
    networkx.DiGraph
        Nodes are `ROOT` and (level, region) pairs with ``name``, ``parcels`` and ``area`` in ha.
    """
    tree: nx.DiGraph[Any] = nx.DiGraph()
    tree.add_node(ROOT, name=ROOT, parcels=len(landscape), area=float(landscape.area.sum()))
    for depth, level in enumerate(landscape.nested):
        names, index = landscape.region_names[depth], landscape.regions[:, depth]
        parcels = np.bincount(index, minlength=len(names))
        area = np.bincount(index, weights=landscape.area, minlength=len(names))
        for code, name in enumerate(names):
            tree.add_node((level, name), name=name, parcels=int(parcels[code]), area=float(area[code]))
        tree.add_edges_from(_parents(landscape, depth))
    return tree


def _parents(landscape: Landscape, depth: int) -> list[tuple[object, tuple[str, str]]]:
    """Edges from the next level out to the regions of a level; regions nest, so one parcel of each tells."""
    level, names = landscape.levels[depth], landscape.region_names[depth]
    if depth == 0:
        return [(ROOT, (level, name)) for name in names]
    codes, first = np.unique(landscape.regions[:, depth], return_index=True)
    outer = landscape.regions[first, depth - 1]
    above, outer_names = landscape.levels[depth - 1], landscape.region_names[depth - 1]
    pairs = zip(codes.tolist(), outer.tolist(), strict=True)
    return [((above, outer_names[parent]), (level, names[code])) for code, parent in pairs]
