# Everything a person can do here; `make help` lists it. All of it needs only git, make and Python 3.11 or newer.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
RUNTIME_READY := $(VENV)/.ready-runtime
DEMO_ARGS ?=

.PHONY: help
help: ## List what can be done here
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 20

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "jobwatchd needs Python 3.11 or newer; $(PYTHON) is $$($(PYTHON) --version 2>&1). Try make PYTHON=python3.12 …"; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { echo "Creating $(VENV) failed: is the venv module installed (Debian: apt install python3-venv)?"; exit 1; }

$(RUNTIME_READY): requirements.lock pyproject.toml | $(BIN)/python
	@echo "Installing jobwatchd into $(VENV) …"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

$(READY): requirements-dev.lock pyproject.toml | $(RUNTIME_READY)
	@echo "Installing the development tools into $(VENV) …"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@touch $@

.PHONY: install
install: $(RUNTIME_READY) ## Install jobwatchd into .venv

.PHONY: demo
demo: $(RUNTIME_READY) ## See it work: both APIs simulated, the real daemon, a receiver (DEMO_ARGS=--exit-when-done)
	@$(BIN)/jobwatchd demo $(DEMO_ARGS)

.PHONY: test
test: $(READY) ## Run all tests that are quick enough to run always (under five minutes)
	$(BIN)/python -Im pytest

.PHONY: coverage
coverage: $(READY) ## Line and branch coverage of the pure model and the engine, at least 95 %
	$(BIN)/python -Im pytest tests/unit tests/conformance --cov=jobwatchd.model --cov=jobwatchd.engine --cov-branch --cov-report=term-missing --cov-fail-under=95

.PHONY: lint
lint: $(READY) ## ruff, mypy --strict and the import contracts
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

.PHONY: format
format: $(READY) ## Let ruff format and fix what it can
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

.PHONY: lock
lock: $(READY) ## Pin the newest versions that pyproject.toml allows
	$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --upgrade pyproject.toml --group build -o requirements.lock --custom-compile-command 'make lock'
	$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --upgrade pyproject.toml --group build --group dev -c requirements.lock -o requirements-dev.lock --custom-compile-command 'make lock'

.PHONY: clean
clean: ## Remove the virtual environment and everything that was built
	rm -rf $(VENV) build dist .coverage .coverage.* htmlcov .mypy_cache .ruff_cache .pytest_cache .hypothesis
