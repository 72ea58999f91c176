"""Bundled studies end to end: their tables load, they are feasible, and carbon trades off against grain."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from landfront.instances.draft import draft_study
from landfront.instances.generate import generate_county
from landfront.instances.load import load_landscape
from landfront.instances.provinces import write_provinces
from landfront.instances.study import read_study, study_from
from landfront.models.formulate import Formulation, formulate
from tests.instances.relaxation import best

TINY = Path(__file__).resolve().parents[2] / "instances" / "landfront" / "instances" / "examples" / "tiny"


def carbon_range(formulation: Formulation) -> float:
    """Share of the largest carbon that the plan with most grain gives up."""
    program = formulation.program
    carbon, food = (program.objective_names.index(name) for name in ("carbon", "food"))
    most = best(program, carbon)
    fed = best(program, food)[food]
    assert fed > most[food]
    return float(1 - best(program, carbon, {food: fed - 1e-6 * abs(fed)})[carbon] / most[carbon])


def test_china_is_feasible_and_trades_carbon_for_grain(tmp_path: Path) -> None:
    formulation = formulate(read_study(write_provinces(tmp_path)))
    assert formulation.landscape.area.sum() == pytest.approx(720.22e6, rel=1e-4)
    assert formulation.landscape.geometry is None
    assert carbon_range(formulation) > 0.1
    program = formulation.program
    carbon, cost = (program.objective_names.index(name) for name in ("carbon", "cost"))
    values = best(program, carbon)
    assert values[cost] == pytest.approx(2e12), "the budget binds"
    # Lu et al. 2022 put the most that China's ecosystems can add at 0.6 to 1.4 Gt a year until 2060.
    assert 0.3e9 < values[carbon] / 35 < 1.4e9


def test_the_county_is_feasible_and_trades_carbon_for_grain(tmp_path: Path) -> None:
    formulation = formulate(read_study(generate_county(tmp_path, 4000, 2)))
    assert carbon_range(formulation) > 0.1
    parcels = np.bincount(formulation.menu.kind, minlength=len(formulation.menu.interventions))
    unused = {name for name, count in zip(formulation.menu.interventions, parcels, strict=True) if count == 0}
    assert not unused, "every intervention fits somewhere"


def test_a_township_without_harvest_has_no_grain_floor(tmp_path: Path) -> None:
    study = read_study(generate_county(tmp_path, 1500, 2))
    by_town = next(limit for limit in study.limits if limit.name == "grain_by_township")
    formulation = formulate(study)
    (towns,) = formulation.landscape.region_names
    assert 0 < len(by_town.regions) < len(towns)


@pytest.mark.parametrize(("layer", "name"), [("gpkg", "parcels.gpkg"), ("shp", "parcels.shp")])
def test_a_drafted_county_loads_and_formulates(tmp_path: Path, layer: str, name: str) -> None:
    generate_county(tmp_path / "county", 1000, 8, layer=layer)  # type: ignore[arg-type]
    study = read_study(draft_study(tmp_path / "county" / name, tmp_path / "draft")[0])
    landscape = load_landscape(study)
    original = load_landscape(read_study(tmp_path / "county"))
    np.testing.assert_allclose(landscape.area, original.area)
    assert landscape.region_names == original.region_names
    assert formulate(study).program.groups == 1000


# Land cover on which a measure of the packaged catalogue is admissible, and t CO2e per ha from 2025 to 2060.
MEASURES = {
    "natural_forest_restoration": ("0305", 30 * 4.6 + 5 * 1.98),
    "mixed_plantation": ("0307", 20 * 14.7 + 15 * 3.7),
    "mono_plantation": ("0307", 20 * 7.3 + 15 * 1.9),
    "improved_forest_mgmt": ("0301", 35 * 1.8),
    "avoided_forest_conv": ("0301", 20 * 4.7),
    "cropland_to_forest": ("0103", 20 * 5.3 + 15 * 2.0),
    "cropland_to_grass": ("0103", 20 * 1.6),
    "grazing_exclusion": ("0401", 20 * 2.49 + 15 * 0.3),
    "grazing_balance": ("0401", 20 * 0.45),
    "degraded_grass_restoration": ("0404", 20 * 2.5 + 15 * 0.3),
    "sown_pasture": ("0403", 20 * 2.0),
    "conservation_tillage": ("0102", 20 * 1.06),
    "organic_cover": ("0101", 20 * 1.2),
    "agroforestry": ("0103", 35 * 5.04),
    "rice_water": ("0101", 35 * 1.6),
    "nutrient_mgmt": ("0103", 35 * 0.33),
    "wetland_restoration": ("1108", 35 * 1.5),
    "peat_rewetting": ("0402", 35 * 16.5),
    "mangrove": ("1104A", 15 * 14.67 + 20 * 25.67),
    "saltmarsh": ("1105", 35 * 5.35),
}


@pytest.fixture(scope="module")
def measures(tmp_path_factory: pytest.TempPathFactory) -> Formulation:
    """A parcel of 2 ha for each measure where its rules of slope and rainfall hold, and one of built land."""
    folder = tmp_path_factory.mktemp("measures")
    place = {"cropland_to_forest": "30,800", "cropland_to_grass": "20,450"}
    rows = [f"{name},{code},2,{place.get(name, '1,800')}" for name, (code, _) in MEASURES.items()]
    header = "id,code,area,slope,rain\n"
    (folder / "p.csv").write_text(header + "\n".join([*rows, "town,0701,2,1,800"]), encoding="utf-8")
    parcels = {
        "source": "p.csv", "id": "id", "area": {"column": "area", "unit": "ha"},
        "cover": {"column": "code", "code_system": "TD/T 1055"}, "slope": {"column": "slope", "unit": "deg"},
        "precipitation": {"column": "rain", "unit": "mm"},
    }  # fmt: skip
    criteria = {"carbon": {"sense": "max"}, "cost": {"sense": "min"}}
    said = {"study": {"title": "Measures"}, "parcels": parcels, "criteria": criteria}
    return formulate(study_from(said, folder / "study.toml"))


@pytest.mark.parametrize("name", MEASURES)
def test_measures_of_every_ecosystem_stand_in_one_account(measures: Formulation, name: str) -> None:
    menu, place = measures.menu, list(MEASURES).index(name)
    kind = menu.interventions.index(name)
    option = menu.find(np.array([place, len(MEASURES)]), np.array([kind, kind]))
    assert option[0] >= 0
    assert option[1] == -1, "built land is not on its menu"
    assert measures.effects["carbon"].values(menu)[option[0]] == pytest.approx(2 * MEASURES[name][1])
    assert measures.effects["cost"].values(menu)[option[0]] > 0


def test_tiny_holds_what_its_readme_says() -> None:
    formulation = formulate(read_study(TINY))
    program = formulation.program
    baseline = dict(zip(program.objective_names, program.offsets, strict=True))
    assert formulation.landscape.area.sum() == pytest.approx(160)
    assert baseline["food"] == pytest.approx(250)
    assert baseline["cropland"] == pytest.approx(60)
    assert baseline["quality"] == pytest.approx(46, rel=1e-6)
    assert baseline["habitat"] == pytest.approx(64)
    menu = formulation.menu
    kept = [parcel for parcel in range(12) if menu.starts[parcel + 1] - menu.starts[parcel] == 1]
    assert 11 in kept, "p12 gives no consent"
    park = {menu.interventions[kind] for kind in menu.kind[menu.starts[7] : menu.starts[8]]}
    assert park == {"keep", "natural_forest_restoration"}
    assert carbon_range(formulation) > 0.1
