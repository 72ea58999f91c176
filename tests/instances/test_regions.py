"""The tree of regions holds every region once, and its areas add up."""

from __future__ import annotations

from pathlib import Path

import networkx as nx
import pytest

from landfront.instances.load import load_landscape
from landfront.instances.provinces import write_provinces
from landfront.instances.regions import ROOT, region_tree
from landfront.instances.study import read_study


def test_provinces_lie_in_their_regions_and_areas_add_up(tmp_path: Path) -> None:
    landscape = load_landscape(read_study(write_provinces(tmp_path / "china")))
    tree = region_tree(landscape)
    assert nx.is_arborescence(tree)
    assert len(tree) == 1 + 7 + 31
    assert list(tree.predecessors(("province", "Beijing"))) == [("region", "North")]
    for node in tree:
        inside = list(tree.successors(node))
        if inside:
            total = sum(tree.nodes[child]["area"] for child in inside)
            assert total == pytest.approx(tree.nodes[node]["area"])
    assert tree.nodes[ROOT]["parcels"] == len(landscape)
