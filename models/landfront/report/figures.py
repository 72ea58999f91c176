"""Which figures a run has, and under which names."""

from __future__ import annotations

from pathlib import Path

from landfront.report.bars import no_regret_figure, region_figure
from landfront.report.canvas import save
from landfront.report.front_figure import front_figure
from landfront.report.result import Result
from landfront.report.style import Labels
from landfront.report.tradeoffs import tradeoff_figure


def write_figures(result: Result, folder: Path) -> list[str]:
    """Draw every figure of a result as PNG and SVG; returns warnings for the summary."""
    labels = Labels.of_system()
    save(front_figure(result, labels), folder, "front", labels)
    if len(result.criteria) > 2:
        save(tradeoff_figure(result, labels), folder, "tradeoffs", labels)
    save(region_figure(result, labels), folder, "plans", labels)
    save(no_regret_figure(result, labels), folder, "no_regret", labels)
    if result.formulation.landscape.geometry is not None:
        _write_maps(result, folder, labels)
    return [labels.warning] if labels.warning else []


def _write_maps(result: Result, folder: Path, labels: Labels) -> None:
    from landfront.report.maps import Ground, no_regret_map, plan_map

    ground = Ground.of(result)
    for named in result.named:
        save(plan_map(result, ground, named, labels), folder, f"map_{named.name}", labels)
    save(no_regret_map(result, ground, labels), folder, "map_no_regret", labels)
