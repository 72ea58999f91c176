"""Which figures a run has, under which names, and in words that the fonts at hand can draw."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from landfront.report.bars import no_regret_figure, region_figure
from landfront.report.canvas import save
from landfront.report.front_figure import badges, front_figure
from landfront.report.pairs_figure import pairs_figure
from landfront.report.parallel_figure import parallel_figure
from landfront.report.result import Named, Result
from landfront.report.style import Labels
from landfront.report.tradeoffs import panels, tradeoff_figure


def write_figures(result: Result, folder: Path) -> list[str]:
    """Draw every figure of a result as PNG and SVG; returns warnings for the summary."""
    labels = Labels.of_system(result.formulation.study)
    result = drawable_result(result, labels)
    if len(result.front.criteria) == 2:
        save(front_figure(result), folder, "front", labels)
    else:
        save(pairs_figure(result), folder, "front", labels)
        save(parallel_figure(result), folder, "parallel", labels)
    if panels(result):
        save(tradeoff_figure(result), folder, "tradeoffs", labels)
    save(region_figure(result), folder, "plans", labels)
    save(no_regret_figure(result), folder, "no_regret", labels)
    if result.formulation.landscape.geometry is not None:
        _write_maps(result, folder, labels)
    return [labels.warning] if labels.warning else []


def _write_maps(result: Result, folder: Path, labels: Labels) -> None:
    """A map of each plan that has a letter: plans that are one point of the front are one map."""
    from landfront.report.ground import Ground
    from landfront.report.maps import no_regret_map, plan_map

    ground = Ground.of(result)
    for letter, group in badges(result).items():
        save(plan_map(result, ground, group, letter), folder, f"map_{_file_name(group)}", labels)
    save(no_regret_map(result, ground), folder, "map_no_regret", labels)


def _file_name(group: tuple[Named, ...]) -> str:
    """The knee's map is found under its name even where the knee is best in something too."""
    names = [named.name for named in group]
    return "knee" if "knee" in names else names[0]


def drawable_result(result: Result, labels: Labels) -> Result:
    """The same result in words that these fonts can draw: a study, its criteria, regions, interventions."""
    formulation = result.formulation
    study, landscape, catalogue = formulation.study, formulation.landscape, formulation.catalogue
    criteria = {
        name: entry.model_copy(
            update={"label": labels.text(result.label(name), labels.text(name, f"criterion {place}"))}
        )
        for place, (name, entry) in enumerate(study.criteria.items(), start=1)
    }
    heading = study.study.model_copy(update={"title": labels.text(study.title, "Study")})
    levels = labels.texts(landscape.levels, "level")
    regions = [
        tuple(labels.texts(names, level.lower()))
        for level, names in zip(levels, landscape.region_names, strict=True)
    ]
    words = {**catalogue.labels, "en": tuple(labels.texts(catalogue.labels["en"], "intervention"))}
    shown = replace(
        formulation,
        study=study.model_copy(update={"criteria": criteria, "study": heading}),
        landscape=replace(landscape, levels=tuple(levels), region_names=tuple(regions)),
        catalogue=replace(catalogue, labels=words),
    )
    return replace(result, formulation=shown)
