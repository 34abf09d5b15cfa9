"""Routing programs beside the app: what is asked of them, and what is made of their answers.

Stand-ins take the programs' places, as neither is a part of the app.
"""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any, ClassVar

import pandas as pd
import pytest
from made_up_map import positions, write

from pcs_dash.tables.errors import UserError
from pcs_dash.travel import engines
from pcs_dash.travel.engines import Asked, computed
from pcs_dash.travel.roads import Roads, read_roads

ORIGINS = positions("AD").set_axis(["E01000001", "E01000002"])
PRACTICES = positions("CG").set_axis(["F81001", "F81002"])


@pytest.fixture(scope="module")
def osm(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("osm") / "x.osm.pbf")


@pytest.fixture(scope="module")
def roads(osm: Path) -> Roads:
    return read_roads(osm, 4.8, 16)


def minutes_of(built: Any) -> dict[tuple[str, str, str], float]:
    return built.table.set_index(["origin", "destination", "mode"])["minutes"].to_dict()


class Actor:
    """Valhalla's: seconds are 60 a thousandth of a degree east; nobody cycles."""

    asked: ClassVar[list[dict[str, Any]]] = []

    def __init__(self, path: str) -> None:
        self.limits = json.loads(Path(path).read_text("utf-8"))["service_limits"]

    def matrix(self, asked: dict[str, Any]) -> dict[str, Any]:
        Actor.asked.append(asked)
        costing = asked["costing"]
        pairs = len(asked["sources"]) * len(asked["targets"])
        assert pairs <= self.limits[costing]["max_matrix_location_pairs"]
        return {
            "sources_to_targets": [
                [
                    {"time": None if costing == "bicycle" else 6e4 * (goal["lon"] - start["lon"])}
                    for goal in asked["targets"]
                ]
                for start in asked["sources"]
            ]
        }


@pytest.fixture
def valhalla(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    ran: list[list[str]] = []
    limits = {name: {} for name in engines.VALHALLA.values()}
    package = SimpleNamespace(
        __version__="3.9", Actor=Actor, get_config=lambda **_: {"service_limits": limits}
    )
    monkeypatch.setitem(sys.modules, "valhalla", package)

    def run(command: list[str], **_: Any) -> subprocess.CompletedProcess[str]:
        ran.append(command)
        return subprocess.CompletedProcess(command, 0, "", "")

    monkeypatch.setattr(engines.subprocess, "run", run)
    monkeypatch.setattr(engines, "_AT_ONCE", 3)
    Actor.asked = []
    return ran


def test_valhalla_is_asked_in_parts_for_each_mode_at_the_speeds_of_the_app(
    valhalla: list[list[str]], osm: Path, roads: Roads
) -> None:
    far = ORIGINS.iloc[:1].set_axis(["E01000003"]) + 9_000
    built = computed("valhalla", Asked(osm), roads, pd.concat([ORIGINS, far]), PRACTICES)
    found = minutes_of(built)
    east = PRACTICES.loc["F81001", "longitude"] - ORIGINS.loc["E01000001", "longitude"]
    assert found[("E01000001", "F81001", "walk")] == pytest.approx(1_000 * east, abs=0.02)
    # Nobody cycles; a small area away from every road has no minutes and is counted.
    assert {(origin, mode) for origin, _, mode in found} == {
        (origin, mode) for origin in ORIGINS.index for mode in ("walk", "drive")
    }
    assert "1 of 3 small areas" in built.notes[0]
    assert set(built.table["source"]) == {"valhalla 3.9 x.osm.pbf"}
    assert valhalla[0][3:4] + valhalla[0][-1:] == ["valhalla_build_tiles", str(osm)]
    # Two small areas by two practices, at most three pairs at once: one small area at a time.
    assert [len(asked["sources"]) for asked in Actor.asked] == [1] * 6
    walking = Actor.asked[0]["costing_options"]["pedestrian"]
    assert walking == {"walking_speed": pytest.approx(4.8)}


@pytest.mark.usefixtures("valhalla")
def test_what_stops_valhalla_is_told(
    osm: Path, roads: Roads, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failed(command: list[str], **_: Any) -> subprocess.CompletedProcess[str]:
        return subprocess.CompletedProcess(command, 1, "", "no such program")

    monkeypatch.setattr(engines.subprocess, "run", failed)
    with pytest.raises(UserError, match="no such program"):
        computed("valhalla", Asked(osm), roads, ORIGINS, PRACTICES)
    monkeypatch.setitem(sys.modules, "valhalla", None)
    with pytest.raises(UserError, match="pip install pyvalhalla"):
        computed("valhalla", Asked(osm), roads, ORIGINS, PRACTICES)
    with pytest.raises(UserError, match="where 0 of 2 practices lie"):
        computed("valhalla", Asked(osm), roads, ORIGINS, PRACTICES.assign(longitude=-3.0))


def test_r5_goes_by_public_transport_where_timetables_are_given(
    osm: Path, roads: Roads, monkeypatch: pytest.MonkeyPatch
) -> None:
    networks, matrices = [], []

    def matrix(_network: Any, **asked: Any) -> pd.DataFrame:
        matrices.append(asked)
        rows = [(a, b, 7.0) for a in asked["origins"]["id"] for b in asked["destinations"]["id"]]
        table = pd.DataFrame(rows, columns=["from_id", "to_id", "travel_time"])
        table.loc[0, "travel_time"] = None
        return table

    package = SimpleNamespace(
        __version__="1.1", TransportNetwork=lambda *paths: networks.append(paths),
        TravelTimeMatrix=matrix,
    )  # fmt: skip
    monkeypatch.setitem(sys.modules, "r5py", package)
    asked = Asked(osm, (Path("bus.zip"),), datetime(2026, 11, 24, 9))
    built = computed("r5py", asked, roads, ORIGINS, PRACTICES)
    assert networks == [(str(osm), ["bus.zip"])]
    assert [each["transport_modes"] for each in matrices] == [
        ["WALK"], ["BICYCLE"], ["CAR"], ["TRANSIT"],
    ]  # fmt: skip
    assert matrices[3]["departure"] == datetime(2026, 11, 24, 9)
    assert matrices[0]["origins"].geometry.x.iloc[0] == pytest.approx(
        ORIGINS["longitude"].iloc[0], abs=1e-6
    )
    found = minutes_of(built)
    assert len(found) == 4 * 3
    assert found[("E01000002", "F81001", "transit")] == 7
    with pytest.raises(UserError, match="--departure"):
        computed("r5py", Asked(osm, (Path("bus.zip"),)), roads, ORIGINS, PRACTICES)


def test_r5py_absent_unable_to_start_or_failing_is_told(
    osm: Path, roads: Roads, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_jar(*_: Any, **__: Any) -> Any:
        raise RuntimeError("r5-all.jar could not be fetched")

    def run() -> None:
        computed("r5py", Asked(osm), roads, ORIGINS, PRACTICES)

    monkeypatch.setitem(sys.modules, "r5py", None)
    with pytest.raises(UserError, match="pip install r5py"):
        run()
    monkeypatch.setitem(sys.modules, "r5py", SimpleNamespace(TransportNetwork=no_jar))
    with pytest.raises(UserError, match=r"r5py failed \(RuntimeError: r5-all.jar could not"):
        run()
    monkeypatch.setattr(engines.importlib, "import_module", no_jar)
    with pytest.raises(UserError, match=r"r5py can't start: r5-all.jar could not"):
        run()
