# Set-up, checks, tests, demo: the same commands for people and for continuous integration.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV ?= .venv
RUNS ?= runs
BIN = $(VENV)/bin

.PHONY: setup setup-dev demo test test-fast lint types layers check format lock bench clean

setup: $(VENV)/.ready
setup-dev: $(VENV)/.ready-dev

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.ready: requirements.lock pyproject.toml | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	touch $@

$(VENV)/.ready-dev: requirements-dev.lock $(VENV)/.ready
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.lock
	touch $@

demo: setup  ## run both bundled studies end to end into runs/demo
	rm -rf $(RUNS)/demo
	$(BIN)/landfront demo --output $(RUNS)/demo

test: setup-dev  ## the whole suite
	$(BIN)/python -m pytest -q -n auto --durations=10

test-fast: setup-dev  ## without the tests marked slow
	$(BIN)/python -m pytest -q -n auto -m "not slow"

lint: setup-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: setup-dev
	$(BIN)/mypy

layers: setup-dev
	$(BIN)/lint-imports

check: lint types layers test  ## everything that continuous integration runs

format: setup-dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

lock: setup-dev  ## renew the pinned dependencies
	$(BIN)/python -m pip install --quiet uv
	$(BIN)/uv pip compile --quiet --no-header --no-annotate --python-version 3.11 \
		pyproject.toml build-requirements.in -o requirements.lock
	$(BIN)/uv pip compile --quiet --no-header --no-annotate --python-version 3.11 \
		pyproject.toml build-requirements.in --group dev -o requirements-dev.lock

bench: setup-dev  ## all figures of benchmarks/README.md
	$(BIN)/python benchmarks/run.py --all

clean:
	rm -rf $(VENV) $(RUNS) .pytest_cache .mypy_cache .ruff_cache .hypothesis
