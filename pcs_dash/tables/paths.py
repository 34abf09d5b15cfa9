"""Where the project keeps its files."""

from __future__ import annotations

from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[1]
ROOT = PACKAGE.parent
ASSETS_DIR = PACKAGE / "assets"


def _embedded(name: str) -> Path:
    """A folder of the checkout; of the package itself where that was installed with pip."""
    installed = PACKAGE / name
    return installed if installed.is_dir() else ROOT / name


DATA_DIR = _embedded("data")
GEO_DIR = _embedded("geo")
# Made at start-up and served at /app/static: Leaflet's files and the web copies of the layers.
STATIC_DIR = ROOT / "static"
# Scripts and styles of our own.

# Where `make run` starts the app.
LOCAL_APP = "http://localhost:8501"
# What stands before the app's own addresses: nothing, or a server.baseUrlPath.
BASES = ("", "/{base:path}")
