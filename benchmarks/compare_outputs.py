"""What two checkouts say to the same questions, line against line; by hand, after a big move.

python benchmarks/compare_outputs.py OLD NEW FOLDER AREA [AREA ...]

Each command and each page's downloads are made in FOLDER by both, with this Python and the data of
PCS_DASH_DATA_DIR, turned into lines and compared; docs/decisions/0016 has how it was judged.
"""

from __future__ import annotations

import argparse
import contextlib
import difflib
import io
import json
import os
import re
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import openpyxl
from bs4 import BeautifulSoup
from pypdf import PdfReader
from streamlit.testing.v1 import AppTest

COMMANDS = (
    "metrics", "metrics --by pcn", "metrics --by practice --gp-definition all", "correlate",
    "correlate --method pearson --weighted --exclude-flagged", "inequality", "specifications",
    "inequality --level practice --measure fte_gp_per_10000", "sentence", "compare pcn district",
    "hubs plan.csv", "report --to paper.xlsx --plan plan.csv", "report --to paper.html",
    "report --to paper.pptx --plan plan.csv", "report --to paper.pdf",
)  # fmt: skip


def collect(checkout: Path, out: Path, area: str) -> None:
    """Make every output of a checkout; a fault of one is kept in the place of its file."""
    out.mkdir(parents=True)
    os.environ["PCS_DASH_DATABASE"] = str(out / "library.sqlite")
    sys.path.insert(0, str(checkout))
    os.chdir(out)
    rows = json.loads(_told(["metrics", "--area", area, "--by", "practice", "--format", "json"]))
    groups = [f"{row['area']},{'East' if i % 3 else 'West'}" for i, row in enumerate(rows)]
    Path("plan.csv").write_text("\n".join(["practice_code,hub", *groups[:-1]]))
    for words in COMMANDS:
        said = _told([*words.split(), "--area", area, "--format", "json"])
        Path(words.replace(" ", "_").replace(".", "-") + ".json").write_text(said)
    os.chdir(checkout)
    for name, page, asked in _sheets():
        _downloads(name, page, asked | {"area": area}, out)


def _sheets() -> list[tuple[str, Path, dict[str, str]]]:
    """What is shown at one time: name, page, what opens it; in 954cac2 each is a page."""
    try:
        from pcs_dash.views.places import SHEETS
    except ImportError:
        return [(page.stem, page, {}) for page in sorted(Path("pages").glob("*.py"))]
    sheets = [(s.key, Path(f"pages/{s.path or 'overview'}.py"), s.asked) for s in SHEETS]
    return [*sheets, ("data_and_methods", Path("pages/data_and_methods.py"), {})]


def _told(words: list[str]) -> str:
    from pcs_dash.__main__ import main

    said = io.StringIO()
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        main(words)
    return said.getvalue()


def _downloads(sheet: str, page: Path, asked: dict[str, str], out: Path) -> None:
    import streamlit as st

    def keep(_: str, data: Any, file_name: str, **__: Any) -> bool:
        content = data() if callable(data) else data
        whole = content.encode() if isinstance(content, str) else content
        (out / file_name).write_bytes(whole)
        return False

    st.download_button = keep  # type: ignore[assignment]
    app = AppTest.from_file(str(Path("app.py").resolve()), default_timeout=600)
    if page.stem not in ("overview", "under_doctoring"):  # which open first
        app.switch_page(str(page))
    for name, text in asked.items():
        app.query_params[name] = text
    app.run()
    if sheet == "hubs":
        app.session_state["hub-tab"] = "Compare"
        app.button(key="hub-start-go").click().run()
    (out / f"{sheet}.fault").write_text("\n".join(e.message for e in app.exception))


def _cells(path: Path) -> Iterator[str]:
    for sheet in openpyxl.load_workbook(path).worksheets:
        for row in sheet.iter_rows():
            yield from (f"{sheet.title}!{cell.coordinate}: {cell.value}" for cell in row)


def _texts(path: Path) -> Iterator[str]:
    with zipfile.ZipFile(path) as slides:
        for name in sorted(slides.namelist(), key=lambda name: (len(name), name)):
            if re.search(r"/(slides|notesSlides|charts)/[^/]*xml$", name):
                yield from re.findall(r"<(?:a:t|c:v)>([^<]*)", slides.read(name).decode())


def _values(path: Path) -> list[str]:
    return json.dumps(json.loads(path.read_text()), indent=1, sort_keys=True).splitlines()


READERS: dict[str, Callable[[Path], Iterable[str]]] = {
    ".json": _values,
    ".geojson": _values,
    ".xlsx": _cells,
    ".pptx": _texts,
    ".pdf": lambda path: "\n".join(p.extract_text() for p in PdfReader(path).pages).splitlines(),
    ".html": lambda path: BeautifulSoup(path.read_text(), "lxml").get_text("\n").splitlines(),
}


def _lines_of(path: Path) -> list[str]:
    try:
        found = list(READERS[path.suffix](path))
    except (KeyError, ValueError, TypeError):
        found = path.read_text(errors="replace").splitlines()  # a GeoPackage's are its texts
    return [re.sub(r"-?\d+\.\d{7,}(e-?\d+)?", lambda n: f"{float(n[0]):.9g}", x) for x in found]


def compare(old: Path, new: Path) -> None:
    """Print a file's differences as in a patch; name the files that only one side has."""
    names = {path.relative_to(side) for side in (old, new) for path in side.glob("*/*.[!s]*")}
    for name in sorted(names):
        if not (old / name).exists() or not (new / name).exists():
            print(f"=== {name}: on one side only")
            continue
        changes = list(difflib.unified_diff(_lines_of(old / name), _lines_of(new / name), n=0))
        print(f"=== {name}", *(line for line in changes[2:] if line[0] != "@"), sep="\n")


def main() -> None:
    """Collect from both, each area in a process of its own, and print what differs."""
    if sys.argv[1:2] == ["--collect"]:
        collect(Path(sys.argv[2]), Path(sys.argv[3]), sys.argv[4])
        return
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("old", "new", "folder"):
        parser.add_argument(name, type=Path)
    parser.add_argument("areas", nargs="+")
    args = parser.parse_args()
    folder = args.folder.resolve()
    for side, checkout in zip("ab", (args.old, args.new), strict=True):
        for area in args.areas:
            wanted = [str(checkout.resolve()), str(folder / side / area), area]
            subprocess.run([sys.executable, __file__, "--collect", *wanted], check=True)
    compare(folder / "a", folder / "b")


if __name__ == "__main__":
    main()
