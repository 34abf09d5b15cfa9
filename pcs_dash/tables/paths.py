"""Where the project keeps its files."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DATA_DIR = ROOT / "data"
GEO_DIR = ROOT / "geo"
# Made at start-up and served at /app/static: Leaflet's files and the web copies of the layers.
STATIC_DIR = ROOT / "static"

# Where `make run` starts the app.
LOCAL_APP = "http://localhost:8501"
