# `make demo` and `make test` need Python 3.11 and make, and do the rest themselves.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PROGRAM := $(VENV)/.program
INSTALLED := $(VENV)/.installed
PIP := $(BIN)/python -m pip install --disable-pip-version-check
SEED ?= 1

.PHONY: help demo test check lint types build smoke proof bench docs clean

help:
	@echo "make demo    a shop with two years of history, in demo-shop/"
	@echo "make test    every test, on SQLite and PostgreSQL"
	@echo "make check   what CI runs: lint, types, tests, build, smoke test of the wheel"
	@echo "make proof   kills, races and long property runs, at full length"
	@echo "make bench   the figures of docs/benchmarks.md"
	@echo "make docs    write the generated reference again"

# A demo needs the program, and what it stands on; pip says each thing that it fetches.
$(PROGRAM): pyproject.toml setup.cfg
	@echo "Installing retainctl into $(VENV); the first time this takes about a minute."
	test -d $(VENV) || $(PYTHON) -m venv $(VENV)
	$(PIP) --editable .
	touch $@

$(INSTALLED): pyproject.toml setup.cfg
	@echo "Installing retainctl and the development tools into $(VENV); the first time this takes some minutes."
	test -d $(VENV) || $(PYTHON) -m venv $(VENV)
	$(PIP) --quiet --editable '.[dev]'
	touch $@ $(PROGRAM)

demo: $(PROGRAM)
	$(BIN)/retainctl demo demo-shop
	@echo "The program is $(BIN)/retainctl; README.md says how to install it for good."

test: $(INSTALLED)
	$(BIN)/python -m pytest -q -n 2 --dist worksteal

lint: $(INSTALLED)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(INSTALLED)
	$(BIN)/mypy

build: $(INSTALLED)
	rm -rf build dist
	$(BIN)/python -m build --quiet

smoke: build
	$(BIN)/python tests/smoke.py dist

docs: $(INSTALLED)
	$(BIN)/python -m tests.write_reference

proof: $(INSTALLED)
	RETAINCTL_PROOF=full $(BIN)/python -m pytest -q -n 2 --dist worksteal -m proof --timeout=3000 tests

bench: $(INSTALLED)
	$(BIN)/python -m bench

check: lint types test smoke

clean:
	rm -rf build dist demo-shop .mypy_cache .pytest_cache .ruff_cache
