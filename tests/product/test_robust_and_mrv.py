"""Fronts under every case of the coefficients, and plans of monitoring: files, numbers, faults."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray
from typer.testing import CliRunner

import landfront.api as lf
from landfront.cli import app
from landfront.report.mrv import Asked, monitor
from landfront.report.sampling import along, grid, half_width, needed, neyman
from tests.product.page import write_files


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_files("risk.md", tmp_path / "study")


def test_sets_that_disagree_run_side_by_side(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "robust"
    arguments = ["robust", str(folder), "-o", str(out), "--over", "sets", "--criteria", "carbon,cost"]
    done = CliRunner().invoke(app, [*arguments, "--points", "4"])
    assert done.exit_code == 0, done.output
    assert {"fronts.csv", "band.csv", "parcels.csv", "summary.txt", "robust.png"} <= {
        path.name for path in out.iterdir()
    }
    band = pd.read_csv(out / "band.csv")
    best = band[(band["criterion"] == "carbon") & (band["case"] == "default")].iloc[-1]
    assert (best["value"], best["least"], best["most"]) == (400.0, 250.0, 400.0)  # two woods by 4 and by 2.5
    parcels = pd.read_csv(out / "parcels.csv")
    assert set(parcels["agreed"]) <= {"all", "some", "none"}
    assert (parcels["cases"] == parcels[["default", "plots"]].sum(axis=1)).all()
    again = CliRunner().invoke(app, [*arguments, "--points", "4"])
    assert again.exit_code == 2


def test_the_case_default_is_the_default_set_whatever_the_study_takes(folder: Path) -> None:
    """Each case counts by one set: that of the study is none of them but where it is named."""
    text = (folder / "study.toml").read_text(encoding="utf-8")
    (folder / "study.toml").write_text(text.replace("[risk]", 'set = ["plots"]\n\n[risk]'), encoding="utf-8")
    found = lf.robust(folder, ["carbon", "cost"], over="sets", points=3)
    best = {name: float(result.front.values[:, 0].max()) for name, result in found.results.items()}
    assert best == {"default": 400.0, "plots": 300.0}  # woods by 4; by 2.5 reed beds are better


def test_each_scenario_has_its_own_front(folder: Path) -> None:
    found = lf.robust(folder, ["carbon", "cost"], over="scenarios", points=4)
    best = {name: float(result.front.values[:, 0].max()) for name, result in found.results.items()}
    assert best == {"usual": 400.0, "fire": 360.0, "drought": 360.0, "wet": 440.0}


def test_the_mean_of_a_band_is_that_of_the_probabilities(folder: Path) -> None:
    odds = {"usual": 0.97, "fire": 0.01, "drought": 0.01, "wet": 0.01}
    table = pd.read_csv(folder / "scenarios.csv")
    table["probability"] = table["scenario"].map(odds)
    table.to_csv(folder / "scenarios.csv", index=False)
    found = lf.robust(folder, ["carbon", "cost"], over="scenarios", points=3)
    band = found.band_frame()
    means = [
        float(np.dot(values[point, :, 0], list(odds.values())))
        for values in found.values.values()
        for point in range(len(values))
    ]
    rows = band[band["criterion"] == "carbon"]
    np.testing.assert_allclose(rows["mean"], means)
    # A wood in the north brings 200, 40, 180 and 220 t: 198.4 t, where an even mean would be 160 t; one in
    # the south 200, 180, 60 and 220 t: 198.6 t.
    wood = rows[(rows["case"] == "usual") & np.isclose(rows["value"], 200.0)]
    assert 198.39 < wood["mean"].item() < 198.61


@pytest.mark.parametrize(
    ("more", "match"),
    [
        ('[[limits]]\nname = "enough"\ncriterion = "carbon"\nmin = 100\n', "enough"),
        ('[[limits]]\nname = "enough"\ncriterion = "co2"\nmin = 100\n', "enough"),
        ('[[funds]]\nname = "purse"\namount = 20000\n', "purse"),
        ("", "least"),
    ],
)
def test_nothing_goes_on_by_the_mean_beside_one_scenario(folder: Path, more: str, match: str) -> None:
    """Limits on what factors change by any name, funds where costs change, and measures over regions."""
    study = folder / "study.toml"
    text = study.read_text(encoding="utf-8")
    named = 'co2 = { effect = "carbon", sense = "max" }\n' + (
        "" if more else 'least = { effect = "carbon", sense = "max", measure = "smallest", by = "valley" }\n'
    )
    text = text.replace('carbon = { sense = "max" }\n', named)
    if "funds" in more:
        with (folder / "scenarios.csv").open("a", encoding="utf-8") as file:
            file.write("usual,cost,*,*,1\nfire,cost,*,*,2\ndrought,cost,*,*,1\nwet,cost,*,*,1\n")
        text = text.replace('[[limits]]\nname = "budget"\ncriterion = "cost"\nmax = 20000\n', "")
    study.write_text(text.replace("[front]", f"{more}\n[front]"), encoding="utf-8")
    with pytest.raises(lf.InputError, match=match):
        lf.robust(folder, ["co2", "cost", *([] if more else ["least"])], over="scenarios", points=3)


def test_limits_that_no_factor_changes_hold_in_each_scenario(folder: Path) -> None:
    """A limit on the tail counts by the scenario: 300 t are not reached in the drought by reed beds alone."""
    study = folder / "study.toml"
    limit = '[[limits]]\nname = "tail"\ncriterion = "tail"\nmin = 300\n\n[front]'
    study.write_text(study.read_text(encoding="utf-8").replace("[front]", limit), encoding="utf-8")
    found = lf.robust(folder, ["carbon", "cost"], over="scenarios", points=3)
    for result in found.results.values():
        assert (result.front.values[:, 0] >= 300 - 1e-6).all()


def _drawn(folder: Path) -> None:
    """Scenarios are drawn from the catalogue instead of read from a table."""
    study = folder / "study.toml"
    text = study.read_text(encoding="utf-8")
    study.write_text(text.replace('source = "scenarios.csv"', "draw = { count = 5 }"), encoding="utf-8")


def test_levels_beside_drawn_scenarios(folder: Path) -> None:
    """Drawn scenarios are about the mean: levels count without them, as they do without [risk]."""
    expected = lf.robust(folder, ["carbon", "cost"], points=3)
    _drawn(folder)
    found = lf.robust(folder, ["carbon", "cost"], points=3)
    assert found.cases == ("low", "mean", "high")
    pd.testing.assert_frame_equal(found.band_frame(), expected.band_frame())


def test_levels_of_what_looks_at_drawn_scenarios(folder: Path) -> None:
    _drawn(folder)
    with pytest.raises(lf.InputError, match=r"(?s)tail.*over"):  # of [front]
        lf.robust(folder, points=3)
    study = folder / "study.toml"
    limit = '[[limits]]\nname = "held"\ncriterion = "worst"\nmin = 1\n\n[front]'
    study.write_text(study.read_text(encoding="utf-8").replace("[front]", limit), encoding="utf-8")
    with pytest.raises(lf.InputError, match=r"(?s)held.*over"):
        lf.robust(folder, ["carbon", "cost"], points=3)


@pytest.mark.parametrize(
    ("keys", "match"),
    [
        ({"criteria": ["joy", "cost"]}, "has no criterion 'joy'"),
        ({"over": "sets", "sets": ["nobody"]}, "unknown set 'nobody'"),
    ],
)
def test_cases_that_do_not_exist(folder: Path, keys: dict[str, object], match: str) -> None:
    with pytest.raises(lf.InputError, match=match):
        lf.robust(folder, **{"criteria": ["carbon", "cost"], **keys})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("keys", "match"),
    [
        ({"criteria": ["carbon"]}, "two different criteria"),
        ({"points": 1}, "at least 2"),
        ({"gap": 2.0}, "between 0 and 1"),
        ({"time_limit": -1.0}, "positive number of seconds"),
    ],
)
def test_what_makes_no_sense_is_refused_before_any_work(
    folder: Path, keys: dict[str, object], match: str
) -> None:
    (folder / "parcels.csv").unlink()  # not looked at
    with pytest.raises(lf.InputError, match=match):
        lf.robust(folder, **{"criteria": ["carbon", "cost"], **keys})  # type: ignore[arg-type]


def test_limits_that_a_case_cannot_meet_are_named(folder: Path, tmp_path: Path) -> None:
    """300 t are in reach by the mean and the high coefficients, but not by the low ones."""
    study, out = folder / "study.toml", tmp_path / "out"
    limit = '[[limits]]\nname = "enough"\ncriterion = "carbon"\nmin = 300\n\n[front]'
    study.write_text(study.read_text(encoding="utf-8").replace("[front]", limit), encoding="utf-8")
    done = CliRunner().invoke(app, ["robust", str(folder), "-o", str(out), "--criteria", "carbon,cost"])
    assert done.exit_code == 3, done.output
    assert "enough" in done.stderr
    assert "'low'" in done.stderr
    assert not out.exists()


def test_a_case_without_time_for_a_single_plan(folder: Path, tmp_path: Path) -> None:
    arguments = ["robust", str(folder), "-o", str(tmp_path / "out"), "--criteria", "carbon,cost"]
    done = CliRunner().invoke(app, [*arguments, "--time-limit", "1e-9"])
    assert done.exit_code == 4, done.output
    assert "'low'" in done.stderr
    assert not (tmp_path / "out").exists()


def test_plots_reach_the_precision_and_one_fewer_does_not() -> None:
    rng = np.random.default_rng(1)
    cv, population = rng.uniform(0.05, 1.5, 200), rng.uniform(3, 1e6, 200)
    plots = needed(cv, population, precision=0.1, confidence=0.9)
    most = np.floor(population)
    assert (plots <= most).all()
    enough = half_width(plots, cv, most, confidence=0.9) <= 0.1
    assert (enough | (plots == most)).all()
    more = plots > 2
    fewer = half_width(plots[more] - 1, cv[more], most[more], confidence=0.9)
    assert (fewer > 0.1).all()


def test_neyman_samples_reach_the_precision_of_the_total() -> None:
    """By simulation: the mean of samples of that size lies within a tenth in nine of ten cases."""
    rng = np.random.default_rng(2)
    cv, mean, area = np.array([0.5, 0.8, 0.3]), np.array([10.0, 4.0, 20.0]), np.array([500.0, 300.0, 200.0])
    plots = neyman(cv, mean, area, area * 15, precision=0.1, confidence=0.9)
    weight = area / area.sum()
    draws = sum(
        w * rng.normal(m, c * m, (4000, n)).mean(axis=1)
        for w, m, c, n in zip(weight, mean, cv, plots.tolist(), strict=True)
    )
    within = np.abs(draws / (weight @ mean) - 1) <= 0.1
    assert 0.88 <= within.mean() <= 0.97
    alone = needed(cv, area * 15, precision=0.1, confidence=0.9)
    assert plots.sum() < alone.sum()


def test_neyman_samples_no_more_plots_than_there_are() -> None:
    """A stratum whose share is more than all of its plots is counted whole, and others make up for it."""
    cv, mean = np.array([1.5, 0.3, 0.2]), np.array([20.0, 1.0, 1.0])
    area = np.array([0.5, 40.0, 0.1])
    plots = neyman(cv, mean, area, area * 15, precision=0.1, confidence=0.9)
    assert plots.tolist() == [7, 17, 1]  # 12^2 t^2 (1 / n - 1 / 600) <= 5.01^2 with t = 1.746
    rng = np.random.default_rng(3)
    for _ in range(200):
        h = int(rng.integers(1, 7))
        cv, mean = rng.uniform(0.05, 2, h), rng.uniform(-5, 20, h)
        area = np.exp(rng.uniform(-3, 6, h))
        most = np.maximum(np.floor(area * 15), 1.0)
        plots = neyman(cv, mean, area, area * 15, precision=0.1, confidence=0.9)
        assert ((plots >= np.minimum(2, most)) & (plots <= most)).all()
        assert _half_width_of_total(plots, cv, mean, area) <= 0.1 * abs(float(area @ mean)) * (1 + 1e-9)


def _half_width_of_total(
    plots: NDArray[np.int64], cv: NDArray[np.float64], mean: NDArray[np.float64], area: NDArray[np.float64]
) -> float:
    """Half the interval of the total at 90 %, by the variance of a stratified mean."""
    from scipy.stats import t

    most = np.maximum(np.floor(area * 15), 1.0)
    part = plots < most
    variance = ((area * cv * mean) ** 2 * (1 / plots - 1 / most))[part].sum()
    return float(t.ppf(0.95, max(plots[part].sum() - part.sum(), 1)) * np.sqrt(variance))


def test_systematic_points_lie_inside_and_are_as_many_as_asked() -> None:
    import geopandas as gpd
    from shapely import box

    rng = np.random.default_rng(0)
    parcel, within = along(np.array([10.0, 30.0]), 40, rng)
    assert np.bincount(parcel).tolist() == [10, 30]
    assert ((within >= 0) & (within <= 1)).all()
    shapes = gpd.GeoSeries([box(0, 0, 100, 100), box(500, 0, 700, 100)])
    shape, xy = grid(shapes, 30, np.random.default_rng(0))
    again = grid(shapes, 30, np.random.default_rng(0))[1]
    assert 30 <= len(xy) <= 45
    np.testing.assert_array_equal(xy, again)
    assert all(shapes[s].intersects(p) for s, p in zip(shape, gpd.points_from_xy(*xy.T), strict=True))


def test_what_covers_95_percent_is_counted_and_the_rest_listed(folder: Path) -> None:
    plan = lf.plan(folder, maximise="carbon")
    found = monitor(plan, 0.4, "a pilot", by="valley", asked=Asked(covered=0.4))
    assert found.strata["counted"].tolist() == [True, *[False] * (len(found.strata) - 1)]
    assert len(found.dropped) + 1 == len(found.strata)
    assert (found.dropped["plots"] == 0).all()


def test_a_run_gets_points_and_a_checklist(folder: Path, tmp_path: Path) -> None:
    run, out = tmp_path / "run", tmp_path / "mrv"
    assert CliRunner().invoke(app, ["front", str(folder), "-o", str(run)]).exit_code == 0
    arguments = ["mrv", str(run), "-o", str(out), "--cv", "0.4"]
    assert CliRunner().invoke(app, arguments).exit_code == 2  # a number without its source
    done = CliRunner().invoke(app, [*arguments, "--cv-source", "a pilot"])
    assert done.exit_code == 0, done.output
    points, strata = pd.read_csv(out / "points.csv"), pd.read_csv(out / "strata.csv")
    assert len(points) == strata["plots"].sum()
    text = (out / "checklist.md").read_text(encoding="utf-8")
    assert text.count("| | | |") == 5
    assert CliRunner().invoke(app, ["verify", str(run)]).exit_code == 0


@pytest.mark.parametrize(
    ("cv", "keys", "match"),
    [
        (-1.0, {}, "a number above 0"),
        (0.4, {"by": "galaxy"}, "unknown region level"),
        (0.4, {"criterion": "tail"}, "no criterion that is a sum"),
        (0.4, {"asked": Asked(precision=2)}, "between 0 and 1"),
        (0.4, {"asked": Asked(plot=0)}, "above 0 ha"),
        (pd.DataFrame({"intervention": ["x"], "cv": [1], "source": ["y"]}), {}, "no row for"),
        (pd.DataFrame({"intervention": ["trees"], "cv": [1]}), {}, "is missing"),
    ],
)
def test_monitoring_without_sense(folder: Path, cv: object, keys: dict[str, object], match: str) -> None:
    plan = lf.plan(folder, maximise="carbon")
    with pytest.raises(lf.InputError, match=match):
        monitor(plan, cv, "a pilot", **keys)  # type: ignore[arg-type]
