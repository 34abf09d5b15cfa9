"""All benchmarks, one after the other: python -m benchmarks [NAME ...]."""

from __future__ import annotations

import argparse
import subprocess
import sys

# What each measures; the official data want their folder, so they are run by name only.
NAMES = {
    "pages": "the pages in a browser: paint, click, bytes, start, memory",
    "hub_map": "the hub builder's map: click to colour, click to figures",
    "suggest": "suggested hubs: seconds and gaps for three areas",
    "store": "the plan library with 1,000 plans",
    "load": "many users at once: waits, processor time, memory (takes minutes)",
    "report": "board papers: PowerPoint, PDF, HTML, Excel",
    "coverage": "whether the intervals hold what they promise (takes minutes)",
}


def main() -> int:
    """Run the named benchmarks, each in a process of its own; the worst exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(NAMES))
    chosen = parser.parse_args().names or list(NAMES)
    unknown = [name for name in chosen if name not in NAMES]
    if unknown:
        parser.error(f"no benchmark called {', '.join(unknown)}; there are {', '.join(NAMES)}")
    worst = 0
    for name in chosen:
        print(f"\n## {name}: {NAMES[name]}\n", flush=True)
        answer = subprocess.run([sys.executable, "-m", f"benchmarks.{name}"], check=False)
        worst = max(worst, answer.returncode)
    return worst


if __name__ == "__main__":
    sys.exit(main())
