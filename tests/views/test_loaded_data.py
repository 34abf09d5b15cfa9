"""The official data around a data set, against the published files read by pandas alone."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from pcs_dash.official.any_area import dataset_for
from pcs_dash.official.loaded_areas import find_official_area, several
from pcs_dash.official.store import Store
from pcs_dash.tables.dataset import Dataset
from pcs_dash.views import loaded_data


@pytest.fixture(scope="module")
def store(england_data: Path) -> Store:
    return Store(england_data)


@pytest.fixture(autouse=True)
def data_folder(england_data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PCS_DASH_DATA_DIR", str(england_data))


def published(official: Path, month: str) -> pd.DataFrame:
    return pd.read_csv(next((official / "registrations").glob(f"*prac-all-{month}*")))


def patients(history: pd.DataFrame, month: str) -> int:
    return int(history.loc[history["period"] == pd.Timestamp(month), "patients"].sum())


@pytest.mark.parametrize("code", ["QKS", "QH8"])
def test_the_lists_of_an_icb_are_those_published(store: Store, official: Path, code: str) -> None:
    """Practices that have closed since are among them."""
    mapping = pd.read_csv(next((official / "organisations").glob("practice-pcn-icb-mapping*")))
    places = mapping.loc[mapping["ICB_CODE"] == code, "SUB_ICB_LOCATION_CODE"].unique()
    area = find_official_area(code, store)
    found = area.select(loaded_data.history(store, dataset_for(area)))
    for month in ("2025-05", "2026-03"):
        raw = published(official, month)
        own = raw[raw["SUB_ICB_LOCATION_CODE"].isin(places)]
        assert patients(found, f"{month}-01") == own["NUMBER_OF_PATIENTS"].sum()
    if code == "QKS":
        now = area.select(dataset_for(area).practices).index
        assert set(now) < set(found["practice_code"])


def test_the_lists_of_a_sub_icb_are_those_published(store: Store, official: Path) -> None:
    area = find_official_area("91Q", store)
    found = area.select(loaded_data.history(store, dataset_for(area)))
    raw = published(official, "2025-10")
    own = raw[raw["SUB_ICB_LOCATION_CODE"] == "91Q"]
    assert patients(found, "2025-10-01") == own["NUMBER_OF_PATIENTS"].sum()


def test_the_lists_of_districts_are_those_of_their_practices(store: Store, official: Path) -> None:
    area = several([find_official_area(code, store) for code in ("E07000107", "E07000109")])
    data = dataset_for(area)
    own = area.select(data.practices).index
    found = area.select(loaded_data.history(store, data))
    raw = published(official, "2026-03").set_index("CODE")["NUMBER_OF_PATIENTS"]
    assert patients(found, "2026-03-01") == raw[own].sum()
    # The postcodes loaded are those of Essex: in Kent a closed practice has no district.
    assert set(found["practice_code"]) == set(own)


def test_a_closed_practice_of_essex_is_in_the_district_of_its_postcode(
    store: Store, dataset: Dataset
) -> None:
    """Of a sub-ICB location of West Essex, with a postcode of Southend."""
    loaded = loaded_data.history(store, dataset_for(find_official_area("QM7", store)))
    embedded = loaded_data.history(store, dataset)
    for history in (loaded, embedded):
        closed = history[history["practice_code"] == "Y07016"]
        assert set(closed["sub_icb_code"]) == {"07H"}
        assert set(closed["district_code"]) == {"E06000033"}
    # The loaded ICB has no practice in Southend, so none that says the district's name.
    assert set(closed["district"]) == {"Southend-on-Sea"}
