# Needs make and Python 3.11 or newer, nothing else: each command first makes .venv if there is none,
# and installs into it, from a lock with hashes, what it needs.

PYTHON ?= python3
RECIPIENTS ?= 10000
# For how long chaos begins new rounds.
MINUTES ?= 2
# More arguments for pytest: make test ARGS="tests/domain -x"
ARGS ?=

VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --no-input
UV := uv==0.13.8

# Each command starts many processes, and without this each would compile our sources anew where the
# environment forbids to keep what was compiled.
export PYTHONDONTWRITEBYTECODE :=

# Read from the disk, so that a missing part is not an error of the tools.
PACKAGES := $(wildcard activities channels chaos client domain embedded sandbox settings store surfaces workers workflows)
MODULES := $(wildcard cli.py wiring.py worker.py)

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help demo up test check lint types arrows format bench chaos lock install clean

help: ## Show this list
	@echo "Frontfoot: make <target>"
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-9s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: $(VENV)/.run ## Play a whole incident against the sandbox (RECIPIENTS=10000)
	@$(BIN)/frontfoot demo --recipients $(RECIPIENTS)

up: $(VENV)/.run ## Start Temporal, sandbox, worker and receiver here, and keep them running
	@$(BIN)/frontfoot up

test: $(VENV)/.dev ## Run the tests (ARGS="tests/domain -x" for some of them)
	$(BIN)/python -m pytest -n auto $(ARGS)

check: lint types arrows ## Lint, formatting, types and the import arrows; changes nothing

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/.dev
	$(BIN)/mypy $(PACKAGES) $(MODULES)

arrows: $(VENV)/.dev
	$(BIN)/lint-imports --no-cache --no-logo

format: $(VENV)/.dev ## Fix what the linter and the formatter can fix by themselves
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(VENV)/.dev ## Measure the numbers that the design promises
	@if [ -f benchmarks/__main__.py ]; then \
	  $(BIN)/python -m benchmarks; \
	else \
	  echo "There are no benchmarks in this version yet, so there is nothing to measure."; \
	fi

chaos: $(VENV)/.dev ## Random incidents under random failures (MINUTES=2, ARGS="--seed 7 --rounds 1")
	$(BIN)/python -m chaos --minutes $(MINUTES) $(ARGS)

install: $(VENV)/.dev ## Make .venv with everything in it

# A stamp is written only when all of its step went well, so an interrupted one starts again.
$(VENV)/.made:
	@command -v $(PYTHON) >/dev/null 2>&1 || { \
	  echo "There is no command '$(PYTHON)'. Frontfoot needs Python 3.11 to 3.14."; \
	  echo "Install one, or name it: make $(or $(MAKECMDGOALS),help) PYTHON=/path/to/python3.12"; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 15))' || { \
	  echo "'$(PYTHON)' is $$($(PYTHON) --version 2>&1), and Frontfoot needs Python 3.11 to 3.14."; \
	  echo "Name another one: make $(or $(MAKECMDGOALS),help) PYTHON=python3.12"; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { \
	  echo "'$(PYTHON)' could not make a virtual environment in $(VENV)."; \
	  echo "On Debian and Ubuntu: apt install python3-venv, then again."; exit 1; }
	@touch $@

$(VENV)/.run: $(VENV)/.made requirements/run.lock pyproject.toml
	@echo "Installing Frontfoot into $(VENV) (only when the lock has changed) ..."
	@$(PIP) install --quiet --require-hashes -r requirements/run.lock
	@# The lock holds the build backend too, so that nothing unpinned is fetched for this line.
	@$(PIP) install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.dev: $(VENV)/.run requirements/dev.lock
	@echo "Installing the tools for tests and checks into $(VENV) (only when the lock has changed) ..."
	@$(PIP) install --quiet --require-hashes -r requirements/dev.lock
	@touch $@

COMPILE = build/uv/bin/uv --no-config pip compile --quiet --universal --python-version 3.11 \
  --generate-hashes --no-emit-index-url --no-annotate --custom-compile-command "make lock"

lock: $(VENV)/.made ## Choose the newest versions again and write requirements/*.lock (network)
	@$(BIN)/python -m venv build/uv && build/uv/bin/python -m pip install --quiet $(UV)
	$(COMPILE) --upgrade --extra embedded --extra postgres -o requirements/run.lock \
	  -c requirements/limits.in pyproject.toml requirements/build.in
	$(COMPILE) --upgrade --extra embedded --extra postgres --extra calendar --extra dev -o requirements/dev.lock \
	  -c requirements/run.lock pyproject.toml requirements/build.in

clean: ## Remove .venv and what the tools left (.frontfoot, your data, stays)
	rm -rf $(VENV) build dist .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
