"""A plan that somebody has: totals, limits broken, and what the front offers instead, in plain words."""

from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest

import landfront.api as lf


def write(path: Path, choice: dict[str, str]) -> Path:
    """A plan of the squares study: keep, but for the parcels named."""
    ids = [f"p{number:03d}" for number in range(36)]
    frame = pd.DataFrame({"parcel": ids, "intervention": [choice.get(name, "keep") for name in ids]})
    frame.to_csv(path, index=False)
    return path


def test_doing_nothing_is_worse_than_possible(squares: Path, squares_run: Path, tmp_path: Path) -> None:
    found = lf.score(squares, write(tmp_path / "plan.csv", {}), run=squares_run)
    assert found.plan.values == pytest.approx({"carbon": 0.0, "food": 1000.0, "cost": 0.0})
    assert found.broken.empty
    assert found.comparison is not None
    assert found.comparison.distance > 0
    assert found.comparison.better is not None
    text = str(found)
    assert "less carbon than possible at the same food" in text
    assert "at least as good in both" in text
    assert "Limits: all 1 hold." in text


def test_the_share_that_is_missed_is_right(squares: Path, squares_run: Path, tmp_path: Path) -> None:
    front = pd.read_csv(squares_run / "front.csv")
    best = front.iloc[-1]
    found = lf.score(squares, write(tmp_path / "plan.csv", {"p000": "mixed_plantation"}), run=squares_run)
    assert found.comparison is not None
    words = found.comparison.sentences[0]
    value = found.plan.values
    if value["food"] <= best["food"]:
        share = (best["carbon"] - value["carbon"]) / best["carbon"]
        assert words.startswith(f"{100 * share:.2g} %")
    assert "instead of" in words


def test_broken_limits_are_named_with_owner_and_by_how_much(
    squares: Path, squares_run: Path, tmp_path: Path
) -> None:
    everywhere = {f"p{number:03d}": "mixed_plantation" for number in range(36)}
    found = lf.score(squares, write(tmp_path / "plan.csv", everywhere), run=squares_run)
    assert found.broken["name"].tolist() == ["budget"]
    text = str(found)
    assert "Limits: 1 of 1 are broken" in text
    assert "budget: cost at most 400 thousand CNY (finance bureau); the plan has" in text
    assert "No plan of the front" in text or "breaks limits" in text or "than possible" in text
    data = found.to_json()
    assert data["limits_broken"][0]["lower"] is None
    assert data["criteria"]["cost"] > 4e5


def test_a_layer_is_a_plan_too(squares: Path, tmp_path: Path) -> None:
    layer = gpd.read_file(squares / "parcels.gpkg").assign(intervention="keep")
    layer.to_file(tmp_path / "plan.gpkg", driver="GPKG")
    assert lf.score(squares, tmp_path / "plan.gpkg").plan.values["food"] == pytest.approx(1000)


@pytest.mark.parametrize(
    ("edit", "words"),
    [
        (lambda frame: frame.drop(columns="intervention"), "intervention"),
        (lambda frame: frame.drop(index=3), "p003"),
        (lambda frame: frame.assign(parcel=["x1", *frame["parcel"][1:]]), "unknown parcel"),
        (lambda frame: frame.assign(intervention="planting"), "planting"),
        (lambda frame: pd.concat([frame, frame.head(1)]), "p000"),
    ],
)
def test_what_is_no_plan_of_the_study_is_refused(
    squares: Path, tmp_path: Path, edit: object, words: str
) -> None:
    path = write(tmp_path / "plan.csv", {})
    edit(pd.read_csv(path)).to_csv(path, index=False)  # type: ignore[operator]
    with pytest.raises(lf.InputError, match=words):
        lf.score(squares, path)


def test_a_run_of_another_study_is_refused(tiny_run: Path, squares: Path, tmp_path: Path) -> None:
    with pytest.raises(lf.InputError):
        lf.score(squares, write(tmp_path / "plan.csv", {}), run=tiny_run)
