"""Times of the plan library with 1,000 plans: save, open, list, search, drafts, links.

    python -m benchmarks.store                      a new SQLite file in the temporary directory
    python -m benchmarks.store postgresql://...     an empty PostgreSQL database

Prints median and 95th percentile in milliseconds. The plans are what the tool makes: 204 practices
in 8 hubs, 3 versions of every tenth plan.
"""

from __future__ import annotations

import argparse
import secrets
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from pcs_dash.hubs.palette import PALETTE
from pcs_dash.store.database import Database, open_database
from pcs_dash.store.drafts import load_draft, save_draft
from pcs_dash.store.links import make_link, make_short_link, open_link, open_short_link
from pcs_dash.store.plan_library import PlanLibrary, three_way_merge

PLANS = 1_000
CODES = [f"F81{number:03d}" for number in range(0, 816, 4)]


def document(seed: int) -> dict[str, Any]:
    """A plan of all practices in eight hubs, different for each seed."""
    hubs = [
        {"id": f"h{n}", "name": f"Hub {n}", "colour": PALETTE[n - 1], "note": "", "locked": False}
        for n in range(1, 9)
    ]
    assignment = {code: f"h{1 + (i * 7 + seed * 31) % 8}" for i, code in enumerate(CODES)}
    return {"version": 1, "hubs": hubs, "assignment": assignment}


def timed(name: str, action: Callable[[int], object], *, times: int = 100) -> None:
    milliseconds = []
    for number in range(times):
        start = time.perf_counter()
        action(number)
        milliseconds.append((time.perf_counter() - start) * 1000)
    median = statistics.median(milliseconds)
    p95 = statistics.quantiles(milliseconds, n=20)[-1]
    print(f"{name:42} {median:8.2f} {p95:8.2f}")


def fill(library: PlanLibrary) -> None:
    sizes = dict.fromkeys(CODES, 8_500)
    for number in range(PLANS):
        name = f"Plan {number} of {'Thurrock' if number % 7 == 0 else 'Essex'}"
        id = library.create(document(number), name=name, author="Ann", list_sizes=sizes).id
        for version in range(1, 3 if number % 10 == 0 else 1):
            library.save(id, version, document(number + version), name=name, list_sizes=sizes)


def measure(database: Database) -> None:
    library = PlanLibrary(database)
    fill(library)
    ids = [entry.id for entry in library.entries()]
    assert len(ids) == PLANS
    base, mine, theirs = document(1), document(2), document(3)
    token = secrets.token_urlsafe(16)
    links = [make_link(document(number), CODES, data_period="p") for number in range(100)]
    short = make_short_link(database, library.open(ids[0]))

    print(f"{database.kind}, {PLANS:,} plans{'':19}  median     p95  (ms)")
    timed("save a new plan", lambda n: library.create(document(n), name=f"New {n}"))
    edited = library.entries()[50]
    timed(
        "save a version",
        lambda n: library.save(edited.id, edited.version + n, document(n), name=edited.name),
    )
    timed("open a plan", lambda n: library.open(ids[n * 9]))
    timed("list all", lambda _: library.entries(), times=30)
    timed("list the first 50", lambda _: library.entries(limit=50))
    timed("search, 1 in 7 found", lambda _: library.entries("thurrock plan"), times=30)
    timed("find by name", lambda n: library.find(f"New {n}"))
    timed("save a draft", lambda n: save_draft(database, token, document(n)), times=300)
    timed("load a draft", lambda _: load_draft(database, token))
    timed("make a link", lambda n: make_link(document(n), CODES, data_period="p"))
    timed("open a link", lambda n: open_link(links[n], CODES))
    timed("open a short link", lambda _: open_short_link(library, database, short))
    timed("merge", lambda _: three_way_merge(base, mine, theirs))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("url", nargs="?", help="an empty database; a new SQLite file without")
    url = parser.parse_args().url
    if url:
        with open_database(url) as database:
            measure(database)
        return
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "plans.sqlite"
        with open_database(path) as database:
            measure(database)
        timed("open the database, tables present", lambda _: open_database(path).close())
        print(f"size of the file: {path.stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
