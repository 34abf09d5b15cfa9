"""`travel`: build over a made-up extract, reach and sites as another program would ask them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import osmium
import osmium.osm.mutable as osm
import pytest

from pcs_dash.__main__ import main
from pcs_dash.official.any_area import find_area
from pcs_dash.official.store import Store
from pcs_dash.tables.dataset import Dataset
from pcs_dash.travel.minutes import minutes_per_km
from tests.official.samples import write


def shown(capsys: pytest.CaptureFixture[str], *arguments: str) -> Any:
    assert main(["travel", *arguments, "--format", "json"]) == 0
    return json.loads(capsys.readouterr().out)


def extract(dataset: Dataset, path: Path) -> Path:
    """A path from every practice of Essex to the next: all that a county needs here."""
    places = dataset.practices[["longitude", "latitude"]].to_numpy()
    with osmium.SimpleWriter(str(path)) as writer:
        for number, place in enumerate(places, 1):
            writer.add_node(osm.Node(id=number, location=tuple(place)))
        nodes = list(range(1, len(places) + 1))
        writer.add_way(osm.Way(id=1, nodes=nodes, tags={"highway": "residential"}))
    return path


def test_build_stores_minutes_that_reach_uses_and_roll_back(
    capsys, dataset: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PCS_DASH_DATA_DIR", str(tmp_path / "data"))
    path = extract(dataset, tmp_path / "made.osm.pbf")
    assert main(["travel", "build", "--osm", str(path)]) == 0
    said = capsys.readouterr()
    assert "stored as version 1" in said.out
    assert "have no minutes" in said.err
    table = Store().read("travel_minutes")
    assert set(table["mode"]) == {"walk", "cycle", "drive"}
    assert set(table["source"]) == {"own network, made.osm.pbf"}
    shown(capsys, "reach", "F81110", "--within", "30")
    assert main(["travel", "reach", "F81110", "--minutes", "measured"]) == 0
    assert "measured (own network, made.osm.pbf" in capsys.readouterr().err
    assert main(["travel", "build", "--osm", str(tmp_path / "no.osm.pbf")]) == 2
    other = path.rename(tmp_path / "other.osm.pbf")
    with Store().writing():  # another build is at it
        assert main(["travel", "build", "--osm", str(other)]) == 2
    assert "Another update of these data is running" in capsys.readouterr().err
    assert Store().current().version == 1
    assert main(["travel", "build", "--osm", str(other)]) == 0
    assert set(Store().read("travel_minutes")["source"]) == {"own network, other.osm.pbf"}
    assert main(["rollback"]) == 0
    assert set(Store().read("travel_minutes")["source"]) == {"own network, made.osm.pbf"}


def test_reach_by_band_and_by_small_area(capsys, dataset: Dataset) -> None:
    bands = shown(capsys, "reach", "f81110", "--mode", "walk", "--within", "20")
    rows = shown(capsys, "reach", "F81110", "--mode", "walk", "--within", "20", "--by", "lsoa")
    assert bands[-1]["lsoas"] == len(rows) == sum(row["lsoas"] for row in bands[:-1])
    assert [row["band"] for row in bands] == ["5 to 10", "10 to 15", "15 to 20", "within 20"]
    practice = dataset.practices.loc["F81110"]
    first = dataset.lsoas.geometry[rows[0]["lsoa_code"]].representative_point()
    km = ((first.x - practice["easting"]) ** 2 + (first.y - practice["northing"]) ** 2) ** 0.5
    assert rows[0]["minutes"] == pytest.approx(km / 1000 * minutes_per_km("walk"))


def test_sites_are_proven_and_each_more_buys_something(capsys, dataset: Dataset) -> None:
    found = shown(
        capsys, "sites", "--area", "Thurrock", "--sites", "4", "--aim", "p-median", "--curve"
    )
    assert found["status"] == "proven"
    assert found["bound"] == pytest.approx(found["value"])
    assert found["curve"][-1]["value"] == pytest.approx(found["value"])
    codes = [row["site"] for row in found["sites"]]
    assert len(codes) == 4
    assert set(codes) <= set(find_area("Thurrock").select(dataset.practices).index)
    assert all(step["bought"] > 0 for step in found["curve"][1:])
    anywhere = shown(capsys, "sites", "--area", "Thurrock", "--sites", "1", "--candidates", "lsoas")
    # Anywhere is worse than one of the premises by the way to the next middle at most.
    assert anywhere["value"] < found["curve"][0]["value"] * 1.1


def test_what_can_not_be_served_has_a_status_of_its_own(capsys) -> None:
    asked = ["travel", "sites", "--area", "Thurrock", "--aim", "set-cover", "--within", "1"]
    assert main(asked) == 3
    assert "No choice of sites has everyone within 1 minutes" in capsys.readouterr().out
    assert main(["travel", "sites", "--area", "Thurrock", "--sites", "0"]) == 2
    assert main(["travel", "reach", "F81110", "--mode", "transit"]) == 2
    assert "not modelled" in capsys.readouterr().err


FILE_7 = (
    "LSOA code (2011),LSOA name (2011),Local Authority District code (2019),"
    "Local Authority District name (2019),Index of Multiple Deprivation (IMD) Rank,"
    "Index of Multiple Deprivation (IMD) Decile,Index of Multiple Deprivation (IMD) Score,"
    '"Total population: mid 2015 (excluding prisoners)"\n'
    "E01000001,Place 1,E07000069,Castle Point,29199,9,6.2,1296\n"
    "E01000002,Place 2,E07000069,Castle Point,100,1,70.1,1156\n"
)


def test_shares_of_england_name_what_is_not_loaded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """File 1 of the deprivation index has no populations; without boundaries nobody has a place."""
    monkeypatch.setenv("PCS_DASH_DATA_DIR", str(tmp_path / "data"))
    folder = write(tmp_path / "files", "list_sizes", "allocations", "imd2019")
    assert main(["update", "--from", str(folder)]) == 0
    assert main(["travel", "todd"]) == 2
    assert "load its File 7 (python -m pcs_dash update imd2019)" in capsys.readouterr().err
    file = tmp_path / "File_7_IoD2019.csv"
    file.write_text(FILE_7)
    assert main(["update", "imd2019", "--from", str(file)]) == 0
    assert main(["travel", "todd"]) == 2
    assert "load the boundaries (python -m pcs_dash update bound" in capsys.readouterr().err
