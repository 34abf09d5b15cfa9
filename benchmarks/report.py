"""How long the exports take and how large they are: `python -m benchmarks.report [AREA ...]`.

To reach on 2 cores: PowerPoint of ten slides 10 s, HTML 5 s, search 5 ms a key. Reading the data
and importing the libraries (once per process) stand apart.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from pcs_dash.official.any_area import find_area
from pcs_dash.render.report_files import KINDS, make
from pcs_dash.tables.dataset import build_dataset
from pcs_dash.views.content import build_deck
from pcs_dash.views.search import build_index
from pcs_dash.views.story import ready_made

QUERIES = (
    "a", "su", "surgery", "F810", "grays surg", "ss7 4zz", "thurrock 001", "zzqq", "basildon",
)  # fmt: skip


def main() -> None:
    """Print one line a measurement."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", metavar="AREA")
    names = parser.parse_args().names
    start = time.perf_counter()
    dataset = build_dataset()
    print(f"data set: {time.perf_counter() - start:.2f} s")
    for name in names or ["Thurrock", "Mid and South Essex", "Essex"]:
        area = find_area(name)
        story = ready_made(area)
        for kind in KINDS:
            make(build_deck(dataset, story, area=area), kind)  # imports and font caches
            times = []
            for _ in range(3):
                start = time.perf_counter()
                content = make(build_deck(dataset, story, area=area), kind)
                times.append(time.perf_counter() - start)
            print(f"{name} {kind}: {statistics.median(times):.2f} s, {len(content):,} bytes")
    start = time.perf_counter()
    index = build_index(dataset)
    print(f"search index of {len(index):,} entries: {time.perf_counter() - start:.2f} s")
    for query in QUERIES:
        times = []
        for _ in range(50):
            start = time.perf_counter()
            index.find(query)
            times.append(1_000 * (time.perf_counter() - start))
        print(
            f"search {query!r}: median {statistics.median(times):.2f} ms, worst {max(times):.2f} ms"
        )


if __name__ == "__main__":
    main()
