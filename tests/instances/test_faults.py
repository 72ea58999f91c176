"""Bad input: each fault names table, column, row, value, rule and what to do, and all are told at once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from landfront.instances.faults import Fault, InputError
from landfront.instances.load import load_baselines, load_effect_table, load_inputs, load_landscape
from landfront.instances.study import Study, read_study, study_from

Make = Callable[..., Study]
Change = Callable[[dict[str, Any]], object]


def faults(study: Study, load: Callable[[Study], object] = load_landscape) -> list[str]:
    """Give the faults of a study, as text."""
    with pytest.raises(InputError) as error:
        load(study)
    return [str(fault) for fault in error.value.faults]


def cell(column: str, row: int, value: object) -> Callable[[pd.DataFrame], pd.DataFrame]:
    """Put a value into a cell."""

    def change(frame: pd.DataFrame) -> pd.DataFrame:
        cells = frame[column].tolist()
        cells[row] = value
        return frame.assign(**{column: pd.Series(cells, dtype=object)})

    return change


@pytest.mark.parametrize(
    ("bend", "message"),
    [
        (
            lambda f: f.drop(columns="TBMJ").assign(TBMj=1),
            "parcels.csv: TBMJ: no such column. Did you mean 'TBMj'? Its columns are BSM, DLBM, ",
        ),
        (lambda f: f.drop(columns="COUNTY"), "parcels.csv: COUNTY: no such column."),
        (
            cell("BSM", 3, 110101080000000001),
            "parcels.csv: BSM: duplicate parcel id (2 rows: row 2: 110101080000000001, row 5: "
            "110101080000000001). "
            "Give every row its own.",
        ),
        (cell("BSM", 3, ""), "parcels.csv: BSM: missing value (1 row: row 5: nan). Fill it in."),
        (
            cell("TBMJ", 1, -20000.5),
            "parcels.csv: TBMJ: negative area (1 row: row 3: -20000.5). Give an area above 0.",
        ),
        (
            cell("TBMJ", 1, 0),
            "parcels.csv: TBMJ: area is 0 (1 row: row 3: 0.0). Give an area above 0, or drop",
        ),
        (
            cell("TBMJ", 1, ""),
            "parcels.csv: TBMJ: missing value (NaN) (1 row: row 3: nan). Fill it in; nothing is "
            "filled for you.",
        ),
        (
            cell("TBMJ", 1, "20,000"),
            "parcels.csv: TBMJ: text where a number is needed (1 row: row 3: '20,000'). Give a "
            "plain number (1234.5).",
        ),
        (cell("TBMJ", 1, "NaN"), "parcels.csv: TBMJ: text where a number is needed (1 row: row 3: 'NaN')."),
        (cell("TBMJ", 1, "inf"), "parcels.csv: TBMJ: not a finite number (1 row: row 3: 'inf')."),
        (
            cell("DLBM", 4, "0999"),
            "parcels.csv: DLBM: unknown TD/T 1055 land codes 0999 (1 row: row 6: '0999'). "
            "Give four-digit TD/T 1055 codes as text, such as 0103",
        ),
        (
            lambda f: f.assign(DLBM=103),
            "Three digits: a leading zero was lost, or these are codes of an older standard.",
        ),
        (cell("DLBM", 4, ""), "parcels.csv: DLBM: missing value (1 row: row 6"),
        (cell("COUNTY", 4, ""), "parcels.csv: COUNTY: missing value (1 row: row 6"),
        (
            cell("PROVINCE", 0, "贵州"),
            "parcels.csv: COUNTY: the same name in more than one PROVINCE (3 rows: row 2: '甲县', row "
            "3: '甲县', ",
        ),
        (
            cell("SLOPE", 5, 91),
            "parcels.csv: SLOPE: outside 0 to 90 deg (the column is in deg) (1 row: row 7: 91.0). "
            "Mend it, or parcels.slope.unit.",
        ),
        (cell("MAP", 5, ""), "parcels.csv: MAP: missing value (NaN) (1 row: row 7"),
        (cell("YIELD", 0, ""), "parcels.csv: YIELD: missing value (NaN) (1 row: row 2"),
        (lambda f: f.head(0), "parcels.csv: no rows. Give at least one record."),
    ],
)
def test_parcels(
    make: Make, table: pd.DataFrame, bend: Callable[[pd.DataFrame], pd.DataFrame], message: str
) -> None:
    assert any(message in found for found in faults(make(bend(table))))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            lambda data: data["parcels"]["area"].update(unit="acre"),
            "study.toml: parcels.area.unit: wrong unit. Unknown unit 'acre'; give one of ha, m2, km2, mu",
        ),
        (
            lambda data: data["parcels"]["area"].update(unit="t"),
            "study.toml: parcels.area.unit: wrong unit. 't' does not measure the same as 'ha'; give "
            "one of ha, m2",
        ),
        (
            lambda data: data["parcels"]["grain_yield"].update(unit="kg"),
            "study.toml: parcels.grain_yield.unit: wrong unit. 'kg' does not measure the same as 't/ha'",
        ),
        (
            lambda data: data["parcels"]["cover"].update(code_system="plain"),
            "parcels.csv: DLBM: unknown plain land codes 0103, 0101, 0404, 0307K, 0301",
        ),
        (
            lambda data: data["parcels"].update(source="parcel.csv"),
            "parcel.csv: no such file. Did you mean 'parcels.csv'?",
        ),
        (
            lambda data: data["parcels"].update(slope_class="SLOPE"),
            "parcels.csv: SLOPE: slope class is not 1 to 5",
        ),
        (
            lambda data: data["parcels"].update(growth_zone="COUNTY"),
            "parcels.csv: COUNTY: unknown growth zone (6 rows",
        ),
        (
            lambda data: data["parcels"].update(growth_zone_shares={"tropcal": "CONSENT"}),
            "study.toml: parcels.growth_zone_shares.tropcal: unknown growth zone. Did you mean 'tropical'",
        ),
        (
            lambda data: data["parcels"].update(growth_zone_shares={"tropical": "CONSENT"}),
            "the shares of CONSENT do not sum to 1 (1 row: row 5: 0)",
        ),
        (
            lambda data: data.update(masks=[{"name": "m", "column": "LIEN", "forbid": ["*"]}]),
            "parcels.csv: LIEN: no such column. Did you mean 'LINE'?",
        ),
        (
            lambda data: data.update(masks=[{"name": "m", "column": "LINE", "forbid": ["bambo"]}]),
            "study.toml: masks.0.forbid: unknown intervention 'bambo'. Did you mean 'bamboo'?",
        ),
        (
            lambda data: data.update(
                masks=[{"name": "m", "column": "LINE", "when": [0, 1], "forbid": ["*"]}]
            ),
            "parcels.csv: LINE: masks exclude every intervention on every parcel: m (LINE) (6 rows: "
            "row 2: 0, row 3: 1",
        ),
        (
            lambda data: data.update(consent={"column": "CONSENT", "when": ["ja"]}),
            "parcels.csv: CONSENT: no parcel gives consent (the column holds 1, 0) (6 rows: row 2: 1",
        ),
    ],
)
def test_study_against_its_parcels(make: Make, change: Change, message: str) -> None:
    assert any(message in found for found in faults(make(change=change)))


def test_all_faults_of_all_tables_are_told_at_once(make: Make, table: pd.DataFrame, tmp_path: Path) -> None:
    table = table.assign(TBMJ=pd.Series([-1, 0, "x", "", 5, 6], dtype=object), DLBM="0999")
    (tmp_path / "f.csv").write_text("parcel,feature,amount\n1,crane,-2\n")
    (tmp_path / "fe.csv").write_text("feature,intervention\n")

    def change(data: dict[str, Any]) -> None:
        data["parcels"]["slope"]["unit"] = "furlong"
        data["parcels"]["elevation"] = {"column": "DEM", "unit": "m"}
        data["features"] = {"source": "f.csv", "effects": "fe.csv"}
        data["interventions"] = {"set": "nobody", "use": ["nothing"]}

    found = faults(make(table, change), load_inputs)
    for part in (
        "negative area", "area is 0", "text where a number", "missing value (NaN)", "unknown TD/T "
        "1055", "furlong",
        "DEM: no such column", "f.csv: amount: negative amount", "f.csv: parcel: no such parcel",
        "unknown set 'nobody'",
        "unknown intervention 'nothing'",
    ):  # fmt: skip
        assert sum(part in text for text in found) == 1, part


def test_a_fault_shows_five_rows_and_counts_the_rest(make: Make, table: pd.DataFrame) -> None:
    long = pd.concat([table] * 3, ignore_index=True).assign(TBMJ=-1.0, BSM=range(18))
    (message,) = faults(make(long))
    assert (
        "(18 rows: row 2: -1.0, row 3: -1.0, row 4: -1.0, row 5: -1.0, row 6: -1.0, and 13 more)" in message
    )


def test_rows_of_a_layer_count_from_one(table: pd.DataFrame, make: Make, tmp_path: Path) -> None:
    table.assign(TBMJ=[1.0, 2.0, -3.0, 4.0, 5.0, 6.0]).to_parquet(tmp_path / "p.parquet")
    (message,) = faults(make(change=lambda data: data["parcels"].update(source="p.parquet")))
    assert message.startswith("p.parquet: TBMJ: negative area (1 row: row 3: -3.0)")


def effects(data: dict[str, Any]) -> None:
    data["effects"] = {
        "source": "e.csv", "layout": "wide", "parcel": "pid", "intervention": "iv", "columns": {"carbon": "c"}
    }  # fmt: skip


A, B = 110101080000000001, 110101080000000002


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (
            f"pid,iv,c\n{A},bamboo,1\n7,bamboo,2\n",
            "e.csv: pid: no such parcel (1 row: row 3: 7). Give an id of parcels.csv",
        ),
        (
            f"pid,iv,c\n{A},bamboo,1\n{B},bamboo,1\n{A},bamboo,2\n",
            f"e.csv: pid: the same parcel and intervention twice (2 rows: row 2: {A}, row 4: {A})",
        ),
        (f"pid,iv,c\n{A},bamboo,much\n", "e.csv: c: text where a number is needed (1 row: row 2: 'much')"),
        (f"pid,iv,c\n{A},bamboo,\n{B},bamboo,1\n", "e.csv: c: missing value (NaN) (1 row: row 2"),
        (f"pid,iv,c\n{A},,1\n", "e.csv: iv: missing value (1 row: row 2"),
        (f"pid,iv,c\n{A},keep,1\n", "e.csv: 'keep' has effects other than 0. Give changes against keep"),
        (f"pid,iv,C\n{A},bamboo,1\n", "e.csv: c: no such column. Did you mean 'C'?"),
        ("pid,iv,c\n", "e.csv: no rows"),
    ],
)
def test_effect_table(make: Make, tmp_path: Path, rows: str, message: str) -> None:
    (tmp_path / "e.csv").write_text(rows)
    assert any(message in found for found in faults(make(change=effects), load_effect_table))


def test_effect_table_units_and_long_gaps(make: Make, tmp_path: Path) -> None:
    (tmp_path / "e.csv").write_text(f"pid,iv,c\n{A},bamboo,1\n")

    def unit(data: dict[str, Any]) -> None:
        effects(data)
        data["effects"]["units"] = {"carbon": "t"}

    (message,) = faults(make(change=unit), load_effect_table)
    assert (
        "study.toml: effects.units.carbon: wrong unit. 't' does not measure the same as 't CO2e'" in message
    )

    rows = f"pid,iv,criterion,value\n{A},bamboo,c,1\n{A},bamboo,d,2\n{B},bamboo,c,3\n"
    (tmp_path / "e.csv").write_text(rows)

    def long(data: dict[str, Any]) -> None:
        effects(data)
        data["effects"].update(layout="long", columns={})

    (message,) = faults(make(change=long), load_effect_table)
    assert "e.csv: criterion: no row with 'd' for a parcel and intervention (1 row: row 4: 'c')" in message


def test_no_effects_section(make: Make) -> None:
    assert faults(make(), load_effect_table) == ["study.toml: effects: missing. Add a section [effects]."]


@pytest.mark.parametrize(
    ("baseline", "rows", "message"),
    [
        ({"fod": 1.0}, "", "study.toml: baseline.fod: unknown criterion. Did you mean 'food'"),
        (
            "b.csv",
            "criterion,value\nfod,1\n",
            "b.csv: criterion: unknown criterion (1 row: row 2: 'fod'). Did you mean",
        ),
        ("b.csv", "criterion,value\nfood,x\n", "b.csv: value: text where a number is needed"),
        ("b.csv", "criterion,value\nfood,1\nfood,2\n", "the same criterion and region twice (2 rows"),
        (
            "b.csv",
            "criterion,value,level,region\nfood,1,TOWN,x\n",
            "unknown level 'TOWN'. Levels of this study: PROVINCE",
        ),
        ("b.csv", "criterion,value,level,region\nfood,1,COUNTY,甲县\n", "b.csv: region: no row for 乙县"),
        ("b.csv", "criterion,value,level,region\nfood,1,COUNTY,\n", "level without region"),
        ("b.csv", "criterion,value,unit\nfood,1,ha\n", "wrong unit for food"),
    ],
)
def test_baselines(make: Make, tmp_path: Path, baseline: object, rows: str, message: str) -> None:
    (tmp_path / "b.csv").write_text(rows, encoding="utf-8")
    study = make(change=lambda data: data.update(baseline=baseline))
    landscape = load_landscape(study)
    assert any(message in found for found in faults(study, lambda study: load_baselines(study, landscape)))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            lambda data: data.update(colour="red"),
            "study.toml: colour: unknown key. Remove it or mend its spelling.",
        ),
        (lambda data: data["parcels"].update(slop=1), "study.toml: parcels.slop: unknown key."),
        (lambda data: data["study"].pop("title"), "study.toml: study.title: missing"),
        (
            lambda data: data["study"].update(currency="GBP"),
            "study.toml: study.currency: must be 'CNY', 'USD' or",
        ),
        (
            lambda data: data["study"].update(milestones=[2060, 2030]),
            "milestones 2060, 2030 must rise and lie after start_year 2025",
        ),
        (lambda data: data["parcels"].pop("area"), "study.toml: parcels.area: missing"),
        (
            lambda data: data["parcels"]["cover"].pop("code_system"),
            "parcels.cover.code_system: missing",
        ),
        (
            lambda data: data["parcels"]["cover"].update(code_system="CLC"),
            "must be 'TD/T 1055' or 'plain'",
        ),
        (
            lambda data: data.update(criteria={}),
            "study.toml: criteria: Dictionary should have at least 1 item",
        ),
        (
            lambda data: data.update(limits=[{"name": "a", "criterion": "food"}]),
            "a limit needs min, max, equal or bounds",
        ),
        (lambda data: data.update(front={"points": 1}), "study.toml: front.points"),
    ],
)
def test_study_toml(make: Make, change: Change, message: str) -> None:
    with pytest.raises(InputError) as error:
        make(change=change)
    assert message in str(error.value)


def test_study_toml_that_is_none(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"study\.toml: cannot be read"):
        read_study(tmp_path)
    (tmp_path / "study.toml").write_text("[study\n")
    with pytest.raises(InputError, match=r"is not valid TOML in UTF-8 .*line 1"):
        read_study(tmp_path)
    (tmp_path / "study.toml").write_bytes("[study]\ntitle = '云南'\n".encode("gbk"))
    with pytest.raises(InputError, match="is not valid TOML in UTF-8"):
        read_study(tmp_path)


def test_message_counts_its_faults() -> None:
    one = Fault("t.csv", "c", "is wrong", "Mend it.", 7, ((2, "x"), (3, "y")))
    assert str(one) == "t.csv: c: is wrong (7 rows: row 2: 'x', row 3: 'y', and 5 more). Mend it."
    assert str(InputError([one])).startswith("1 fault in the input:\n  - t.csv")
    assert str(InputError([one, one])).startswith("2 faults in the input:")


junk = st.one_of(st.text(max_size=6), st.floats(), st.integers(-(10**20), 10**20), st.none(), st.booleans())


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.sampled_from(["BSM", "DLBM", "TBMJ", "COUNTY", "SLOPE", "MAP", "YIELD", "LINE"]),
    st.integers(0, 5),
    junk,
)
def test_any_cell_is_read_or_refused(
    make: Make, said: Callable[[str], dict[str, Any]], tmp_path: Path, column: str, row: int, value: object
) -> None:
    study = make()
    frame = pd.read_csv(tmp_path / "parcels.csv", dtype=str)
    frame.loc[row, column] = None if value is None else str(value)
    frame.to_csv(tmp_path / "parcels.csv", index=False, encoding="utf-8", errors="replace")
    study = study_from(
        said("parcels.csv") | {"masks": [{"name": "m", "column": "LINE", "forbid": ["bamboo"]}]},
        study.folder / "study.toml",
    )
    try:
        landscape = load_landscape(study)
    except InputError:
        return
    assert np.isfinite(landscape.area).all()
    assert (landscape.area > 0).all()
    assert landscape.ids.is_unique
    assert all(np.isfinite(values).all() for values in landscape.covariates.values())
