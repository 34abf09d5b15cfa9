from __future__ import annotations

import shutil
from pathlib import Path

import pandas as pd
import pytest

from pcs_dash.tables import load, schemas
from pcs_dash.tables.errors import InputFileError
from pcs_dash.tables.paths import DATA_DIR

WORKFORCE = "gp_workforce_practice_2025-12_essex.csv"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    shutil.copytree(DATA_DIR, tmp_path / "data")
    return tmp_path / "data"


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), "utf-8")


def test_na_is_missing_and_zero_is_a_figure() -> None:
    workforce = load.load_workforce().set_index("practice_code")
    assert workforce["TOTAL_NURSES_FTE"].isna().sum() == 9
    assert workforce["TOTAL_DPC_FTE"].isna().sum() == 5
    assert workforce.loc["F81032", "TOTAL_GP_EXTGL_FTE"] == 0
    assert workforce["TOTAL_GP_EXTG_FTE"].notna().all()


def test_a_practice_called_na_keeps_its_name(folder: Path) -> None:
    """Only figures know NA; no code or name of the tables may turn into a missing value."""
    for name in ("practice_code", "practice_name", "postcode", "pcn_name"):
        assert load.load_practices(folder)[name].notna().all()


def test_a_negative_fte_names_file_line_and_column(folder: Path) -> None:
    edit(folder / WORKFORCE, ",12.0933333334,", ",-1,")
    with pytest.raises(InputFileError, match=rf"{WORKFORCE}.*line 2, column 'TOTAL_GP_FTE'.*-1"):
        load.load_workforce(folder)


def test_a_missing_column_is_named(folder: Path) -> None:
    path = folder / WORKFORCE
    pd.read_csv(path, keep_default_na=False).drop(columns="TOTAL_PATIENTS").to_csv(
        path, index=False
    )
    with pytest.raises(InputFileError, match="column 'TOTAL_PATIENTS' is missing"):
        load.load_workforce(folder)


def test_a_word_where_a_number_belongs_is_named(folder: Path) -> None:
    edit(folder / WORKFORCE, ",13602,", ",many,")
    with pytest.raises(InputFileError, match=rf"{WORKFORCE}.*TOTAL_PATIENTS"):
        load.load_workforce(folder)


def test_a_duplicated_practice_is_refused(folder: Path) -> None:
    path = folder / "practices_essex.csv"
    lines = path.read_text("utf-8").splitlines()
    path.write_text("\n".join([*lines, lines[1]]) + "\n", "utf-8")
    with pytest.raises(InputFileError, match=r"practices_essex\.csv.*practice_code"):
        load.load_practices(folder)


def test_fully_qualified_can_not_exceed_all(folder: Path) -> None:
    edit(folder / WORKFORCE, ",12.0933333334,7.4,", ",12.0933333334,99,")
    with pytest.raises(InputFileError, match="fully qualified"):
        load.load_workforce(folder)


def test_a_file_that_is_not_there_says_so(tmp_path: Path) -> None:
    with pytest.raises(InputFileError, match=r"practices_essex\.csv: The file is not there"):
        load.load_practices(tmp_path)


@pytest.mark.parametrize(
    "schema",
    [
        schemas.practices,
        schemas.pcn_codes,
        schemas.workforce,
        schemas.context,
        schemas.quintile_mix_2019,
        schemas.quintile_mix_2025,
        schemas.lsoa11_areas,
        schemas.imd2019,
        schemas.imd2025,
        schemas.lsoa_splits,
        schemas.published_figures,
        schemas.gp_age_profile_2014,
        schemas.closure_dispersal,
        schemas.planning_parameters,
        schemas.homes,
        schemas.road_speeds,
        schemas.pcn_staff,
        schemas.relative_need,
        schemas.pcn_codes,
    ],
)
def test_every_column_states_meaning_and_source(schema) -> None:
    table = schemas.dictionary(schema)
    assert (table["meaning"].str.len() > 3).all()
    assert (table["source"].str.len() > 3).all()


def test_names_are_written_as_one_writes_them() -> None:
    names = pd.Series(["ST LUKE'S HEALTH CENTRE", "Chajed'S Practice", "O'SHEA SURGERY", None])
    written = ["St Luke's Health Centre", "Chajed's Practice", "O'Shea Surgery", None]
    assert load.as_names(names).astype(object).where(names.notna(), None).tolist() == written
    assert not load.load_practices()["practice_name"].str.contains("'S").any()


def test_the_age_profile_loads() -> None:
    assert len(load.load_gp_age_profile_2014()) == 8


def test_what_plans_ahead_need_loads() -> None:
    parameters = load.load_planning_parameters().set_index("parameter")
    assert parameters.loc["residents_per_dwelling", "central"] == 2.4
    homes = load.load_homes().set_index("district")["homes_needed_a_year"]
    assert homes.iloc[:-1].sum() == homes["Essex, Southend-on-Sea and Thurrock"] == 14_088
    mix = load.load_quintile_mix("2025").set_index("practice_code").sum(axis=1)
    gone = load.load_closure_dispersal().set_index("practice_code").drop(columns="destination")
    # Each of up to 60 rows is rounded to a tenth in six columns.
    assert (gone.sum(axis=1).groupby(level=0).sum() - mix).abs().max() < 2


def test_an_assumption_whose_central_value_is_outside_its_range_is_refused(folder: Path) -> None:
    edit(folder / "planning_parameters.csv", "dwelling,1.54,2.4,", "dwelling,9,2.4,")
    with pytest.raises(InputFileError, match="central does not lie between"):
        load.load_planning_parameters(folder)
