# make run    start the app on the embedded data (creates .venv and installs what it needs)
# make test   install what the tests need (on Debian and Ubuntu: Chromium and PostgreSQL too), run all
# make soak   the tests that take minutes: two servers, many users, one of the servers killed
# make lint   ruff and mypy; where node is, eslint for the scripts in pcs_dash/assets
# make bench  the benchmarks, by hand, on a quiet machine
# make mutants  whether the tests of the core notice when its code is made wrong; by hand, minutes
# make lock   requirements*.in -> requirements*.txt, with the hashes that pip then checks
# make data   rebuild geo/ from its sources

PYTHON ?= python3
PORT ?= 8501
VENV := .venv
BIN := $(VENV)/bin

.PHONY: run test soak lint bench mutants lock data

$(VENV)/.app: requirements.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "pcs_dash needs Python 3.11 or later; set PYTHON=/path/to/python3.11"; exit 1; }
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	touch $@

$(VENV)/.dev: $(VENV)/.app requirements-dev.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	touch $@

run: $(VENV)/.app
	$(BIN)/python -m streamlit run app.py --server.port $(PORT)

test: $(VENV)/.dev
	sh tests/install_system_packages.sh
	$(BIN)/python -m pytest -n 2 --dist loadfile

soak: $(VENV)/.dev
	sh tests/install_system_packages.sh
	$(BIN)/python -m pytest -m soak -s

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	sh tests/lint_scripts.sh

bench: $(VENV)/.dev
	$(BIN)/python -m benchmarks

mutants: $(VENV)/.dev
	$(BIN)/python -m benchmarks.mutants $(MODULES)

lock:
	uv pip compile --universal --python-version 3.11 --no-emit-index-url --no-header -q --generate-hashes requirements.in -o requirements.txt
	uv pip compile --universal --python-version 3.11 --no-emit-index-url --no-header -q --generate-hashes requirements-dev.in -o requirements-dev.txt

data: $(VENV)/.dev
	$(BIN)/python -m pcs_dash.tables.rebuild
