# make run    sets everything up and runs the daemon with config.toml
# make test   sets everything up and passes the tests
# make demo   shows the whole way, offline, in under a minute
SHELL := /bin/bash
PYTHON ?= python3.11
VENV := .venv
VIGIE := $(VENV)/bin/vigie
STAMP := $(VENV)/.ready
DEV := $(VENV)/.ready-dev

.PHONY: run demo test lint torture bench screenshots clean
.DEFAULT_GOAL := run

run: $(STAMP)
	@exec $(VIGIE) run

demo: $(STAMP)
	@$(VIGIE) demo

# --dist loadfile keeps the tests of a file, and what they share, in one process
test: $(DEV)
	@$(VENV)/bin/python -m pytest -n 2 --dist loadfile -m "not torture" $(ARGS)

lint: $(DEV)
	@$(VENV)/bin/ruff check .
	@$(VENV)/bin/mypy
	@$(VENV)/bin/lint-imports

torture: $(DEV)
	@$(VENV)/bin/python -m pytest -m torture tests $(ARGS)

bench: $(DEV)
	@$(VENV)/bin/python -m benchmarks.first_pass
	@$(VENV)/bin/python -m benchmarks.detect

screenshots: $(DEV)
	@$(VENV)/bin/python tests/screenshots.py

clean:
	rm -rf $(VENV) build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache

$(VENV)/bin/python:
	@command -v $(PYTHON) >/dev/null || { echo "vigie needs Python 3.11 or newer: install it, or name one with make PYTHON=python3.12"; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "vigie needs Python 3.11 or newer, not $$($(PYTHON) --version)"; exit 1; }
	@echo "Making the virtual environment $(VENV) ..."
	@$(PYTHON) -m venv $(VENV)

$(STAMP): $(VENV)/bin/python pyproject.toml constraints.txt
	@echo "Installing what vigie runs on (once) ..."
	@$(VENV)/bin/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e .
	@touch $@

$(DEV): $(STAMP) pyproject.toml constraints.txt
	@echo "Installing what the tests need (once) ..."
	@$(VENV)/bin/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev,metrics]'
	@touch $@
