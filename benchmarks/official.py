"""Time and memory of the England build and of switching areas, from the official files.

python benchmarks/official.py FOLDER
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import threading
import time
from pathlib import Path

import psutil

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.gravity_error import calibrate, model_error
from benchmarks.loaded import england_lsoas, england_registrations
from pcs_dash.measures.gravity import gravity_registrations
from pcs_dash.measures.registrations import catchment, lsoa_totals
from pcs_dash.official.built_tables import england_practices
from pcs_dash.official.store import Store
from pcs_dash.official.update import update_store


class Peak:
    """The largest resident memory of this process while it runs, MB."""

    def __init__(self) -> None:
        self.process = psutil.Process()
        self.megabytes = 0.0
        self.done = threading.Event()
        self.thread = threading.Thread(target=self._watch, daemon=True)

    def _watch(self) -> None:
        while not self.done.wait(0.02):
            self.megabytes = max(self.megabytes, self.process.memory_info().rss / 1e6)

    def __enter__(self) -> Peak:
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.done.set()
        self.thread.join()


def timed(label: str, work) -> object:  # type: ignore[no-untyped-def]
    """Run once, print wall and processor time."""
    wall, cpu = time.perf_counter(), time.process_time()
    result = work()
    print(
        f"{label:<52} {time.perf_counter() - wall:8.3f} s wall "
        f"{time.process_time() - cpu:8.3f} s processor"
    )
    return result


def main() -> None:
    """Build, switch areas, compute a catchment, calibrate the gravity model."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder
    with tempfile.TemporaryDirectory() as data:
        store = Store(Path(data))
        with Peak() as peak:
            timed("build England", lambda: update_store(store, origin=str(folder)))
        print(f"{'peak memory of the build':<52} {peak.megabytes:8.0f} MB")
        size = sum(p.stat().st_size for p in Path(data).rglob("*") if p.is_file())
        print(f"{'on disk':<52} {size / 1e6:8.1f} MB")
        timed("the same files again", lambda: update_store(store, origin=str(folder)))
        for area in ("Mid and South Essex", "QOP", "QH8", "Thurrock", "England"):
            timed(f"practices of {area}", lambda a=area: england_practices(a, store=store))
            timed(f"LSOAs of {area}", lambda a=area: england_lsoas(a, store=store))
        real = timed(
            "registrations of an ICB",
            lambda: england_registrations("Mid and South Essex", store=store),
        )
        everyone = timed("registrations of England", lambda: england_registrations(store=store))
        totals = timed("patients by LSOA, England", lambda: lsoa_totals(everyone))
        codes = list(real["practice_code"].cat.categories[:8])
        timed("catchment of a hub", lambda: catchment(real, codes, totals=totals))
        gravity(store)


def gravity(store: Store) -> None:
    """Calibrate on Mid and South Essex, test on the rest of Essex."""
    points = england_lsoas(store=store).dropna(subset=["easting"])
    parts = {
        "Mid and South Essex": ["07G", "99G", "99F", "99E", "06Q"],
        "North East and West Essex": ["06T", "07H"],
        "Essex": ["07G", "99G", "99F", "99E", "06Q", "06T", "07H"],
    }
    practices = england_practices(store=store)
    registrations = england_registrations(store=store)
    for name, places in parts.items():
        ours = practices[practices["sub_icb_code"].isin(places)]
        real = registrations[registrations["practice_code"].isin(ours.index)]
        lists = real.groupby("practice_code", observed=True)["patients"].sum()
        ours = ours[ours.index.isin(lists.index)].assign(
            patients=lambda t, lists=lists: lists.reindex(t.index).astype(float)
        )
        where = points[points["sub_icb_code"].isin(places)]
        if name == "Mid and South Essex":
            print(f"calibrated decay: {calibrate(real, ours, where):.3f} km")
        flows = timed(
            f"gravity model of {name}", lambda o=ours, w=where: gravity_registrations(o, w)
        )
        print(f"  {name}: {model_error(flows, real, ours, where)}")


if __name__ == "__main__":
    main()
